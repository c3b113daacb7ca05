// deploy/evaluator/sandbox.h: runs an untrusted program so that it can read most files but cannot
// write any and has no network.
#ifndef IMP_DEPLOY_EVALUATOR_SANDBOX_H
#define IMP_DEPLOY_EVALUATOR_SANDBOX_H

#include "imprint/base.h"

enum { IMP_SANDBOX_ARGUMENTS_MAX = 160, IMP_SANDBOX_TEXT_MAX = 32768 };

// A command line under construction, with the memory of its texts.
typedef struct imp_sandbox {
    char *words[IMP_SANDBOX_ARGUMENTS_MAX]; // ends with NULL
    int count;
    size_t used;
    char text[IMP_SANDBOX_TEXT_MAX];
    bool full; // something did not fit
} imp_sandbox;

// The sandbox writes this line to standard output when it is set up. The command begins after a
// line arrives on standard input, and never if that ends first.
#define IMP_SANDBOX_READY "imprint-sandbox-ready"

// Builds the command line that runs a shell command in a sandbox: bubblewrap with its options.
// folder holds the command's FIFOs. IMP_CHECK_FAILED if bubblewrap is not installed or the command
// is too long.
imp_status imp_sandbox_build_command(imp_sandbox *box, const char *command, const char *folder,
                                     imp_error *err);

// Fills in the environment of a sandboxed command: PATH, HOME, LANG and TMPDIR. The texts are
// stored in the box.
enum { IMP_SANDBOX_VARIABLES = 4 };
void imp_sandbox_environment(char *variables[IMP_SANDBOX_VARIABLES], imp_sandbox *box);

// Limits the resources of the calling process and its descendants: memory, open files, file sizes,
// processor time, no core dumps. Safe between fork() and exec().
void imp_sandbox_set_limits(void);

#endif
