// cli/options/command_table.h: all commands of the program, for those that describe them. Defined
// in cli/main.c.
#ifndef IMP_CLI_OPTIONS_COMMAND_TABLE_H
#define IMP_CLI_OPTIONS_COMMAND_TABLE_H

#include "cli/options/options.h"

// In the order of `imprint --help`.
extern const imp_command *const imp_commands[];
extern const int imp_command_count;

#endif
