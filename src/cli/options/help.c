// Prints the help of the program and of its commands in the width of the terminal. All of it is
// generated from the option tables and the imp_command definitions, so the help cannot disagree
// with the parser. Options are printed in the order of their tables: first those without a group,
// then each group under its title, then those that all commands share. Defaults are read from the
// variables that the options point to, before any argument is parsed.
#include "cli/options/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/options/settings_file.h"
#include "cli/options/text_width.h"

// Where the texts of options start; in a terminal narrower than NARROW they stand below the option.
enum { TEXT_COLUMN = 31, NARROW = 70, NARROW_COLUMN = 8, USAGE_INDENT = 7 };

// Prints paragraphs, which two newlines separate, with an empty line before each.
static void print_paragraphs(const char *text)
{
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        const size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        printf("\n");
        imp_print_wrapped(text, (int)length, 0);
        text += length + (end != NULL ? 2 : 0);
    }
}

void imp_help_format_default(char *out, size_t capacity, const imp_options *options, int index)
{
    const imp_option *option = &options->table[index];
    out[0] = '\0';
    // sizes and poses show none: their help text says it
    if (option->type == IMP_OPTION_FLAG)
        snprintf(out, capacity, "%s", *(const bool *)option->value ? "on" : "");
    else if (option->type != IMP_OPTION_PAIR && option->type != IMP_OPTION_POSE)
        imp_option_format_value(options, index, out, capacity);
}

// Appends an option's default in brackets.
static void append_default_value(char *text, size_t capacity, const imp_options *options, int index)
{
    char value[256];
    const size_t used = strlen(text);
    imp_help_format_default(value, sizeof value, options, index);
    if (value[0] != '\0')
        snprintf(text + used, capacity - used, " [%s]", value);
}

// Prints one option: letter, name and placeholder on the left, help and default on the right. A
// left part that is too wide gets a line of its own.
static void print_option(const imp_options *options, int index, bool with_default)
{
    const imp_option *option = &options->table[index];
    char left[64], text[512];
    // options without a letter are indented by as much
    char letter[8] = "    ";
    if (option->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name,
             option->placeholder != NULL ? " " : "",
             option->placeholder != NULL ? option->placeholder : "");
    snprintf(text, sizeof text, "%s", option->help);
    if (with_default)
        append_default_value(text, sizeof text, options, index);
    // the right part starts in the same column for all options
    const int column = imp_text_width() < NARROW ? NARROW_COLUMN : TEXT_COLUMN;
    const int used = printf("  %s", left);
    if (used < column)
        printf("%*s", column - used, "");
    else
        printf("\n%*s", column, "");
    imp_print_wrapped(text, (int)strlen(text), column);
}

bool imp_help_is_common_option(const imp_options *options, int index)
{
    const void *value = options->table[index].value;
    return value == &options->config || value == &options->json || value == &options->quiet ||
           value == &options->help || value == &options->version;
}

// Prints the options of a group under its title if option k is the first of that group. A group may
// be added in several parts.
static void print_group(const imp_options *options, int k)
{
    const char *title = options->groups[k];
    // the first option of a group prints all of it, so the others print nothing
    for (int i = 0; i < k; i++)
        if (options->groups[i] != NULL && strcmp(options->groups[i], title) == 0)
            return;
    printf("\n%s:\n", title);
    for (int i = k; i < options->count; i++)
        if (options->groups[i] != NULL && strcmp(options->groups[i], title) == 0)
            print_option(options, i, true);
}

// The help of one command: summary, usage, details, its options, its option groups, common options,
// examples.
void imp_help_print_command(const imp_options *options)
{
    const imp_command *command = options->command;
    const char *program = imp_options_program_name(options);
    char text[256];
    snprintf(text, sizeof text, "%s: %s", program, command->summary);
    imp_print_wrapped(text, (int)strlen(text), 0);
    snprintf(text, sizeof text, "%s [options] %s", program, command->operands);
    printf("\nUsage: ");
    imp_print_wrapped(text, (int)strlen(text), USAGE_INDENT);
    print_paragraphs(command->details);
    printf("\nOptions (values in brackets are the defaults):\n");
    // options without a group
    for (int k = 0; k < options->count; k++)
        if (options->groups[k] == NULL && !imp_help_is_common_option(options, k))
            print_option(options, k, true);
    for (int k = 0; k < options->count; k++)
        if (options->groups[k] != NULL)
            print_group(options, k);
    printf("\nOf every command:\n");
    for (int k = 0; k < options->count; k++)
        if (imp_help_is_common_option(options, k))
            print_option(options, k, false);
    printf("\nExample:\n%s\n", command->examples);
}

// A row of the overview: a word, and what it means, wrapped beside it.
static void print_row(const char *word, int width, const char *meaning)
{
    printf("  %-*s ", width, word);
    imp_print_wrapped(meaning, (int)strlen(meaning), width + 3);
}

// The overview: commands, options of the program, environment, exit codes.
void imp_help_print_program(const imp_command *const *commands, int count)
{
    char title[96];
    snprintf(title, sizeof title, "imprint %s: imitation learning from simulation, for Duckiebots",
             imp_version());
    imp_print_wrapped(title, (int)strlen(title), 0);
    printf("\nUsage: imprint COMMAND [options]\n\nCommands:\n");
    for (int k = 0; k < count; k++)
        print_row(commands[k]->name, 10, commands[k]->summary);
    printf("\nOptions:\n");
    print_row("-h, --help", 13, "show this help; `imprint help COMMAND` shows that of a command");
    print_row("-V, --version", 13, "show the version");
    print_paragraphs(
        "`imprint COMMAND --help` explains a command. From an empty folder to a trained "
        "policy and its evaluation:");
    printf("  imprint log && imprint train && imprint eval\n");
    print_paragraphs("The environment variable IMPRINT_INSTRUCTION_SET (plain, avx2 or avx512) "
                     "limits the vector instructions that the program uses; `imprint bench` prints "
                     "the set.\n\nExit codes: 0 ok, 1 a check failed, 2 wrong arguments, 3 bad "
                     "input, 4 input or output failed, 130 interrupted.");
}
