// cli/output/ranks.h: the processes that mpirun started, as commands see them.
#ifndef IMP_CLI_OUTPUT_RANKS_H
#define IMP_CLI_OUTPUT_RANKS_H

#include "cli/options/options.h"
#include "imprint/communicator.h"

// Joins the other processes, if mpirun started several: loads the plug-in for this MPI. Without
// mpirun, or with one process, it is alone. What ranks other than 0 print goes nowhere. IMP_USAGE:
// the command works in one process only. IMP_IO, IMP_BAD_INPUT: there is no such plug-in.
imp_status imp_command_open_communicator(imp_communicator *out, const imp_command *command,
                                         imp_error *err);

// Leaves the others; after a failure, which has an exit code, ends them all.
void imp_command_close_communicator(imp_communicator *ranks, int code);

#endif
