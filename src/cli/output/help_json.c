// The option tables of all commands as one JSON object, for programs: `imprint help --json`. The
// documentation's reference of commands and the completions of shells are made of it, so that
// they follow from the same tables as the parser and the help. The object has the key `commands`:
// a list with name, summary, operands, details and examples of each, and its options.
#include "cli/output/help_json.h"

#include <stdlib.h>
#include <string.h>

#include "cli/options/help.h"
#include "cli/options/settings_file.h"
#include "cli/output/json_output.h"

// The words that an option takes, where it takes one of a list; else NULL.
static json_t *choices_to_json(const imp_options *options, int index)
{
    if (options->table[index].type != IMP_OPTION_CHOICE)
        return NULL;
    json_t *words = json_array();
    const imp_name_list choices = imp_option_choices(options, index);
    for (int k = 0; choices(k) != NULL; k++)
        imp_json_append(words, json_string(choices(k)));
    return words;
}

// One option. The default is left out where the help shows none.
static json_t *option_to_json(const imp_options *options, int index)
{
    static const char *const types[] = {"flag", "number", "seed", "number", "text",
                                        "list", "pair",   "pose", "choice", "member"};
    const imp_option *option = &options->table[index];
    const char letter[2] = {option->letter, '\0'};
    char value[256];
    imp_help_format_default(value, sizeof value, options, index);
    return json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:s?, s:b, s:o*}", "name", option->name,
                     "letter", letter, "type", types[option->type], "placeholder",
                     option->placeholder, "help", option->help, "default", value, "group",
                     options->groups[index], "common", imp_help_is_common_option(options, index),
                     "choices", choices_to_json(options, index));
}

// A command: its words and its options, in the order of their table.
static json_t *command_to_json(const imp_command *command)
{
    imp_options options;
    void *state = calloc(1, command->state_size + 1);
    if (state == NULL)
        return NULL;
    imp_options_init(&options, command);
    if (command->set_up != NULL)
        command->set_up(state, &options);
    json_t *list = json_array();
    for (int k = 0; k < options.count; k++)
        imp_json_append(list, option_to_json(&options, k));
    if (command->tear_down != NULL)
        command->tear_down(state);
    imp_options_free(&options);
    free(state);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", command->name, "summary",
                     command->summary, "operands", command->operands, "details", command->details,
                     "examples", command->examples, "options", list);
}

json_t *imp_help_to_json(const imp_command *const *commands, int count)
{
    json_t *list = json_array();
    for (int k = 0; k < count; k++)
        imp_json_append(list, command_to_json(commands[k]));
    return json_pack("{s:s, s:o}", "version", imp_version(), "commands", list);
}
