// cli/output/run_command.h: runs a command from its arguments to its exit code.
#ifndef IMP_CLI_OUTPUT_RUN_COMMAND_H
#define IMP_CLI_OUTPUT_RUN_COMMAND_H

#include "cli/options/options.h"

// Reads the arguments, runs the command, reports its results or its failure, and frees its state.
// argv[0] is how the command was called. Returns the exit code.
int imp_command_run(const imp_command *command, int argc, char **argv);

#endif
