#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/config.h"

static void print_option(const imp_option *option)
{
    char left[64], value[256];
    char letter[8] = "    ";
    if (option->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name,
             option->placeholder != NULL ? " " : "",
             option->placeholder != NULL ? option->placeholder : "");
    imp_option_text(option, value, sizeof value);
    printf("  %-28s %s", left, option->help);
    if (option->type != IMP_OPTION_FLAG && value[0] != '\0' && option->type != IMP_OPTION_PAIR &&
        option->type != IMP_OPTION_POSE)
        printf(" [%s]", value);
    if (option->type == IMP_OPTION_FLAG && strcmp(value, "true") == 0)
        printf(" [on]");
    printf("\n");
}

void imp_help_command(const imp_options *options)
{
    const imp_command *command = options->command;
    printf("imprint %s: %s\n\n", command->name, command->summary);
    printf("Usage: imprint %s [options]%s%s\n", command->name,
           command->operands[0] != '\0' ? " " : "", command->operands);
    if (command->details[0] != '\0')
        printf("\n%s\n", command->details);
    printf("\nOptions (values in brackets are the defaults):\n");
    // the options of the command before those of every command
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < options->count; k++) {
            const imp_option *option = &options->table[k];
            bool common = option->value == &options->config || option->value == &options->json ||
                          option->value == &options->quiet || option->value == &options->help;
            if (common == (pass == 1))
                print_option(option);
        }
    printf("\nExample:\n%s\n", command->examples);
}

void imp_help_program(const imp_command *const *commands, int count)
{
    printf("imprint %s: imitation learning from simulation, for Duckiebots\n\n", imp_version());
    printf("Usage: imprint COMMAND [options]\n\nCommands:\n");
    for (int k = 0; k < count; k++)
        printf("  %-10s %s\n", commands[k]->name, commands[k]->summary);
    printf(
        "\n`imprint COMMAND --help` explains a command. The whole way, from nothing to a driver:\n"
        "  imprint log && imprint train && imprint eval\n\n"
        "Exit codes: 0 ok, 1 a check failed, 2 wrong arguments, 3 bad input, 4 input or output\n"
        "failed, 130 interrupted.\n");
}
