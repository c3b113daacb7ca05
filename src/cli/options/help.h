// cli/options/help.h: the words of --help.
#ifndef IMP_CLI_OPTIONS_HELP_H
#define IMP_CLI_OPTIONS_HELP_H

#include "cli/options/options.h"

// An option's default as the help shows it in brackets; "" where it shows none.
void imp_help_format_default(char *out, size_t capacity, const imp_options *options, int index);

// Whether every command has the option.
bool imp_help_is_common_option(const imp_options *options, int index);

void imp_help_print_command(const imp_options *options);
void imp_help_print_program(const imp_command *const *commands, int count);

#endif
