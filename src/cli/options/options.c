// Option tables: adding options, reading the command line, and finding out what was given.
// Each option points to the variable that it sets, so a command's settings are an ordinary
// struct. Values come from three places, in this order: the defaults in the variables, a
// settings file (--config, or that of the run that --resume continues), the command line.
// Options that were renamed keep their old name as an alias. Results (datasets, models) store
// settings under the old names and values, so that their bytes stay comparable across versions.
#include "cli/options/options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/file.h"
#include "base/text/suggestion.h"
#include "cli/options/argument_parser.h"
#include "cli/options/help.h"
#include "cli/options/old_names.h"
#include "cli/options/settings_file.h"

// Starts a table with the options that all commands share.
void imp_options_init(imp_options *options, const imp_command *command)
{
    *options = (imp_options){.command = command};
    // none of these is saved: they say how to run, not what to compute
    imp_options_add(options, (imp_option){"config", 'c', IMP_OPTION_TEXT, &options->config, "FILE",
                                          "read settings from a YAML file; options override them",
                                          IMP_TRANSIENT});
    imp_options_add(options,
                    (imp_option){"json", 0, IMP_OPTION_FLAG, &options->json, NULL,
                                 "print one JSON object on standard output", IMP_TRANSIENT});
    imp_options_add(options, (imp_option){"quiet", 'q', IMP_OPTION_FLAG, &options->quiet, NULL,
                                          "print no progress bar and fewer notes", IMP_TRANSIENT});
    imp_options_add(options, (imp_option){"help", 'h', IMP_OPTION_FLAG, &options->help, NULL,
                                          "show this help", IMP_TRANSIENT});
    imp_options_add(options, (imp_option){"version", 'V', IMP_OPTION_FLAG, &options->version, NULL,
                                          "show the version", IMP_TRANSIENT});
}

// Copies an option into the table. Commands add a fixed number of options, so a full table is a
// programming error.
void imp_options_add(imp_options *options, imp_option option)
{
    assert(options->count < IMP_OPTIONS_MAX);
    options->old_names[options->count] = imp_old_option_name(options->command->name, option.name);
    options->table[options->count++] = option;
}

// Adds options in the order in which the help prints them.
void imp_options_add_all(imp_options *options, const imp_option *table, int count)
{
    for (int k = 0; k < count; k++)
        imp_options_add(options, table[k]);
}

// A title may be used several times; the help prints its options together.
void imp_options_add_group(imp_options *options, const char *title, const imp_option *table,
                           int count)
{
    const int first = options->count;
    imp_options_add_all(options, table, count);
    for (int k = first; k < options->count; k++)
        options->groups[k] = title;
}

// Writes the name of the option that sets a member: its last part with dashes, but for members of
// one definition in another, and for a word that Python does not allow as a name.
static void option_name_of_member(char out[IMP_OPTION_NAME_MAX], const char *path)
{
    static const char *const other_names[][2] = {
        {"eval.episodes", "eval-episodes"}, {"eval.steps", "eval-steps"}, {"initial", "from"},
        {"label_policy", "expert"},         {"max_steps", "steps"},
    };
    const char *dot = strrchr(path, '.'), *name = dot != NULL ? dot + 1 : path;
    for (size_t k = 0; k < sizeof other_names / sizeof other_names[0]; k++)
        if (strcmp(name, other_names[k][0]) == 0 || strcmp(path, other_names[k][0]) == 0)
            name = other_names[k][1];
    snprintf(out, IMP_OPTION_NAME_MAX, "%s", name);
    for (char *at = out; *at != '\0'; at++)
        *at = *at == '_' ? '-' : *at;
}

// The option that a row for a member stands for: type, placeholder and help follow from the member.
static imp_option make_option_for_member(const imp_option *row, const imp_struct_member *member,
                                         void *at)
{
    static const struct {
        imp_option_type type;
        const char *placeholder;
    } forms[] = {
        [IMP_MEMBER_BOOL] = {IMP_OPTION_FLAG, NULL},   [IMP_MEMBER_INT] = {IMP_OPTION_INT, "N"},
        [IMP_MEMBER_UINT64] = {IMP_OPTION_SEED, "N"},  [IMP_MEMBER_DOUBLE] = {IMP_OPTION_REAL, "R"},
        [IMP_MEMBER_TEXT] = {IMP_OPTION_TEXT, "NAME"},
    };
    // the kind of the member gives the usual type
    imp_option option = *row;
    option.type = forms[member->kind].type;
    option.placeholder = forms[member->kind].placeholder;
    // a list of words, or two numbers, follows from other properties of the member
    if (member->choices != NULL || member->word != NULL) {
        option.type = IMP_OPTION_CHOICE;
        option.placeholder = "NAME";
    } else if (member->kind == IMP_MEMBER_INT && member->size == 2 * sizeof(int)) {
        option.type = IMP_OPTION_PAIR;
    }
    // texts of the row have precedence over those of the member
    if (member->unit != NULL)
        option.placeholder = member->unit;
    if (option.help == NULL)
        option.help = member->help;
    option.value = at;
    return option;
}

// Rows that are no members are added as they are. That a member exists is up to the program.
void imp_options_add_members(imp_options *options, const char *group, const imp_option *table,
                             int count, const imp_struct_table *members, void *def)
{
    for (int k = 0; k < count; k++) {
        imp_option option = table[k];
        if (option.type == IMP_OPTION_MEMBER) {
            void *at = NULL;
            const imp_struct_member *member =
                imp_struct_find_member(&at, members, table[k].name, def);
            assert(member != NULL);
            option = make_option_for_member(&table[k], member, at);
            option_name_of_member(option.name, table[k].name);
            options->members[options->count] = member;
        }
        options->groups[options->count] = group;
        imp_options_add(options, option);
    }
}

void imp_options_copy_named(imp_options *options, const imp_options *from, const char *const *names)
{
    for (int k = 0; names[k] != NULL; k++) {
        const int index = imp_option_find(from, names[k]);
        options->members[options->count] = from->members[index];
        imp_options_add(options, from->table[index]);
    }
}

void imp_options_save_only_if_given(imp_options *options, const void *value)
{
    for (int k = 0; k < options->count; k++)
        if (options->table[k].value == value)
            options->only_given[k] = true;
}

// Whether a name that is not terminated by '\0' equals a known one.
static bool name_equals(const char *known, const char *name, size_t length)
{
    return known != NULL && strlen(known) == length && memcmp(known, name, length) == 0;
}

// Old names count, too.
int imp_option_find_n(const imp_options *options, const char *name, size_t length)
{
    // the table is short, so a linear search suffices
    for (int k = 0; k < options->count; k++)
        if (name_equals(options->table[k].name, name, length) ||
            name_equals(options->old_names[k], name, length))
            return k;
    return -1;
}

// The same for a whole text.
int imp_option_find(const imp_options *options, const char *name)
{
    return imp_option_find_n(options, name, strlen(name));
}

// Reads the settings of a folder that operands name, but for where that is.
static imp_status read_settings_of_named_folder(imp_options *options, const char *folder,
                                                imp_error *err)
{
    const char **out = options->table[imp_option_find(options, "out")].value;
    const char *given = *out;
    const imp_status status = imp_settings_file_read_saved(options, folder, err);
    *out = given;
    return status;
}

// Reads the settings file, if there is one: that of --config, that of a folder that operands name,
// or with --resume that of the run.
static imp_status read_settings_file(imp_options *options, imp_error *err)
{
    // commands without --resume never read the settings of a folder
    const int resume = imp_option_find(options, "resume"), out = imp_option_find(options, "out");
    if (options->config != NULL)
        return imp_settings_file_read(options, options->config, err);
    const imp_command *command = options->command;
    const char *folder =
        command->settings_folder != NULL ? command->settings_folder(options) : NULL;
    if (folder != NULL)
        return read_settings_of_named_folder(options, folder, err);
    return resume >= 0 && *(const bool *)options->table[resume].value
               ? imp_settings_file_read_saved(options,
                                              *(const char *const *)options->table[out].value, err)
               : IMP_OK;
}

// The name by which messages refer to the program, for example "imprint train".
const char *imp_options_program_name(const imp_options *options)
{
    return options->program;
}

bool imp_options_is_writing_rank(const imp_options *options)
{
    return options->ranks == NULL || options->ranks->rank == 0;
}

// Sets the program's name for messages: "imprint COMMAND", or the name of a program that is one
// command.
static void set_program_name_from_argv(imp_options *options, const char *called)
{
    const char *name = imp_path_base_name(called);
    if (strcmp(name, options->command->name) == 0)
        snprintf(options->program, sizeof options->program, "imprint %s", name);
    else
        snprintf(options->program, sizeof options->program, "%s", name);
}

// Refuses the first operand, and says which option it is most likely the value of.
static imp_status unexpected_argument_error(const imp_options *options, imp_error *err)
{
    const char *given = options->operands[0], *meant = options->command->operand_option;
    return meant == NULL
               ? imp_fail(err, IMP_USAGE, "unexpected argument '%.60s': see %s --help", given,
                          options->program)
               : imp_fail(err, IMP_USAGE,
                          "unexpected argument '%.60s': if it is the value of --%s, write --%s "
                          "%.60s. See %s --help",
                          given, meant, meant, given, options->program);
}

// Refuses operands of a command that takes none. "help" as an operand is most likely meant as
// --help.
static imp_status refuse_operands(const imp_options *options, imp_error *err)
{
    if (options->operand_count == 0)
        return IMP_OK;
    // a file that is named "help" can still be an operand
    const bool takes_none = options->command->operands[0] == '\0';
    if (strcmp(options->operands[0], "help") == 0 && (takes_none || !imp_path_exists("help")))
        return imp_fail(err, IMP_USAGE, "'help' is no argument; did you mean '%s --help'?",
                        options->program);
    return takes_none ? unexpected_argument_error(options, err) : IMP_OK;
}

// Prints the answer to --help or --version. The defaults are still in place, because no value was
// parsed.
static void print_help_or_version(imp_options *options)
{
    if (options->help)
        imp_help_print_command(options);
    else
        printf("imprint %s\n", imp_version());
    options->help = true;
}

// Two passes over the arguments with the settings file between them.
imp_status imp_options_parse(imp_options *options, int argc, char **argv, imp_error *err)
{
    // first pass: only --help, --version and what locates a settings file
    set_program_name_from_argv(options, argv[0]);
    imp_status status = imp_arguments_parse(options, argc, argv, true, err);
    if (status == IMP_OK && (options->help || options->version)) {
        print_help_or_version(options);
        return IMP_OK;
    }
    if (status == IMP_OK)
        status = read_settings_file(options, err);
    // the command line comes last: what it gives replaces what the file gave, lists too
    memset(options->appends, 0, sizeof options->appends);
    if (status == IMP_OK)
        status = imp_arguments_parse(options, argc, argv, false, err);
    return status == IMP_OK ? refuse_operands(options, err) : status;
}

// Writes the names of all subcommands into `out` and considers them for the suggestion.
static void list_subcommands(char *out, size_t capacity, imp_suggestion *suggestion,
                             const imp_subcommand *subcommands)
{
    size_t used = 0;
    out[0] = '\0';
    // a buffer that is full ends the list; the message is then incomplete
    for (int k = 0; subcommands[k].name != NULL && used < capacity; k++) {
        imp_suggestion_add_candidate(suggestion, subcommands[k].name);
        used += (size_t)snprintf(out + used, capacity - used, "%s%s", k == 0 ? "" : ", ",
                                 subcommands[k].name);
    }
}

// Finds the subcommand that the first operand names, and checks the number of the other operands.
imp_status imp_options_find_subcommand(int *out, const imp_options *options,
                                       const imp_subcommand *subcommands, imp_error *err)
{
    const char *given = options->operand_count > 0 ? options->operands[0] : "";
    char known[200], hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(given, strlen(given));
    // no subcommand, or an unknown one
    list_subcommands(known, sizeof known, &suggestion, subcommands);
    if (options->operand_count == 0)
        return imp_fail(err, IMP_USAGE, "say what to do: %s (see %s --help)", known,
                        options->program);
    int k = 0;
    while (subcommands[k].name != NULL && strcmp(subcommands[k].name, given) != 0)
        k++;
    if (subcommands[k].name == NULL && options->command->operand_option != NULL &&
        suggestion.count == 0)
        return unexpected_argument_error(options, err);
    if (subcommands[k].name == NULL)
        return imp_fail(err, IMP_USAGE, "'%.60s' is none of %s%s", given, known,
                        imp_suggestion_format(&suggestion, hint));
    // the number of operands; max_operands < 0 means any number
    const int count = options->operand_count - 1;
    if (count < subcommands[k].min_operands ||
        (subcommands[k].max_operands >= 0 && count > subcommands[k].max_operands))
        return imp_fail(err, IMP_USAGE, "too %s arguments: wanted is %s %s%s%s",
                        count < subcommands[k].min_operands ? "few" : "many", options->program,
                        given, subcommands[k].operands[0] != '\0' ? " " : "",
                        subcommands[k].operands);
    *out = k;
    return IMP_OK;
}

// Frees the texts of settings files, which options borrow.
void imp_options_free(imp_options *options)
{
    for (int k = 0; k < options->owned_count; k++)
        free(options->owned[k]);
    options->owned_count = 0;
}

// Finds the option by the variable that it sets. A settings file counts as given, too.
bool imp_option_is_given(const imp_options *options, const void *value)
{
    for (int k = 0; k < options->count; k++)
        if (options->table[k].value == value)
            return options->given[k];
    return false;
}
