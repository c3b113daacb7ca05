// cli/options/argument_parser.h: the command line, as options and operands.
#ifndef IMP_CLI_OPTIONS_ARGUMENT_PARSER_H
#define IMP_CLI_OPTIONS_ARGUMENT_PARSER_H

#include "cli/options/options.h"

// Sets the options that the command line gives and keeps its operands. only_file_options: sets none
// but those that say where other settings are. argv[0] is not read. Texts are borrowed.
imp_status imp_arguments_parse(imp_options *options, int argc, char **argv, bool only_file_options,
                               imp_error *err);

#endif
