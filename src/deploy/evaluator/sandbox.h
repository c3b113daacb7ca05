// deploy/evaluator/sandbox.h: runs a stranger's program so that it can read most files, write none,
// and reach nobody.
#ifndef IMP_DEPLOY_EVALUATOR_SANDBOX_H
#define IMP_DEPLOY_EVALUATOR_SANDBOX_H

#include "imprint/base.h"

enum { IMP_SANDBOX_ARGUMENTS_MAX = 160, IMP_SANDBOX_TEXT_MAX = 32768 };

// A command line under construction, and the texts that it points to.
typedef struct imp_sandbox {
    char *words[IMP_SANDBOX_ARGUMENTS_MAX]; // ends with NULL
    int count;
    size_t used;
    char text[IMP_SANDBOX_TEXT_MAX];
    bool full; // something did not fit
} imp_sandbox;

// What is written to standard output when the sandbox stands. The command begins when it then finds
// a line on its standard input, and does not if that ends first.
#define IMP_SANDBOX_READY "imprint-sandbox-ready"

// Writes to *box what starts a shell's command in a sandbox: bubblewrap with its options. folder is
// the one place where the command may write. IMP_CHECK_FAILED if bubblewrap is not installed or the
// command is too long.
imp_status imp_sandbox_build_command(imp_sandbox *box, const char *command, const char *folder,
                                     imp_error *err);

// The environment of a command in a sandbox: PATH, HOME, LANG and TMPDIR, to which the caller adds.
// Texts are constant or those of the present environment. Returns how many there are.
enum { IMP_SANDBOX_VARIABLES = 4 };
void imp_sandbox_environment(char *variables[IMP_SANDBOX_VARIABLES], imp_sandbox *box);

// Limits what the calling process, and what it becomes, may use: memory, open files, file sizes,
// processor time, no core dumps. Safe between fork() and exec().
void imp_sandbox_set_limits(void);

#endif
