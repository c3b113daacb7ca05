// cli/output/help_json.h: the option tables of all commands as JSON, for other programs.
#ifndef IMP_CLI_OUTPUT_HELP_JSON_H
#define IMP_CLI_OUTPUT_HELP_JSON_H

#include <jansson.h>

#include "cli/options/options.h"

// A new reference to {"version", "commands": [{"name", "summary", "operands", "details",
// "examples", "options": [{"name", "letter", "type", "placeholder", "help", "default", "group",
// "common", "choices"}]}]}. NULL if out of memory.
json_t *imp_help_to_json(const imp_command *const *commands, int count);

#endif
