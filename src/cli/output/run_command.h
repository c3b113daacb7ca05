// cli/output/run_command.h: runs a command from its arguments to its exit code.
#ifndef IMP_CLI_OUTPUT_RUN_COMMAND_H
#define IMP_CLI_OUTPUT_RUN_COMMAND_H

#include "cli/options/options.h"

// How long the other ranks wait for rank 0 to report a failure that all ranks know.
enum { IMP_SECONDS_FOR_RANK_0 = 3 };

// Reads the arguments, runs the command, reports its results or its failure, and frees its state.
// ranks: the processes that share the work; NULL: this one alone. argv[0] is how the command was
// called. Returns the exit code.
int imp_command_run(const imp_command *command, imp_communicator *ranks, int argc, char **argv);

#endif
