// cli/help.h: the words of --help.
#ifndef IMP_CLI_HELP_H
#define IMP_CLI_HELP_H

#include "cli/options.h"

void imp_help_command(const imp_options *options);
void imp_help_program(const imp_command *const *commands, int count);

#endif
