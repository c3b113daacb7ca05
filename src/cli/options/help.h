// cli/options/help.h: the words of --help.
#ifndef IMP_CLI_OPTIONS_HELP_H
#define IMP_CLI_OPTIONS_HELP_H

#include "cli/options/options.h"

void imp_help_print_command(const imp_options *options);
void imp_help_print_program(const imp_command *const *commands, int count);

#endif
