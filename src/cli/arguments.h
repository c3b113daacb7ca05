// cli/arguments.h: the command line, as options and operands.
#ifndef IMP_CLI_ARGUMENTS_H
#define IMP_CLI_ARGUMENTS_H

#include "cli/options.h"

// Sets the options that the command line gives and keeps its operands. only_sources: sets none but
// those that say where other settings are. argv[0] is not read. Texts are borrowed.
imp_status imp_arguments_read(imp_options *options, int argc, char **argv, bool only_sources,
                              imp_error *err);

#endif
