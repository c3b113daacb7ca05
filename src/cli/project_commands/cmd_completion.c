// imprint completion: a script for bash, zsh or fish that completes commands and options. It is
// made of the option tables, which the parser and the help use, too. The words of a choice and the
// built-in maps are completed; where an option takes something else, the shell completes file
// names.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "cli/options/command_table.h"
#include "cli/options/help.h"
#include "cli/options/settings_file.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"

// Prints what a shell needs to know about one command.
typedef void describe_command(const imp_options *options);

// Makes the option table of every command in turn, as if it were run.
static imp_status for_each_command(describe_command *describe, imp_error *err)
{
    for (int k = 0; k < imp_command_count; k++) {
        const imp_command *command = imp_commands[k];
        imp_options options;
        void *state = calloc(1, command->state_size + 1);
        if (state == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory");
        imp_options_init(&options, command);
        if (command->set_up != NULL)
            command->set_up(state, &options);
        describe(&options);
        if (command->tear_down != NULL)
            command->tear_down(state);
        imp_options_free(&options);
        free(state);
    }
    return IMP_OK;
}

// Prints the words that a command may begin with, "list" and "check" of "list | check MAP...", with
// `separator` before each.
static void print_subcommands(const char *operands, const char *separator)
{
    bool is_first = true; // of an alternative
    for (const char *at = operands; *at != '\0';) {
        const size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
        const char after = at[length];
        const bool is_word = length > 1 && (after == '\0' || strchr(" |)", after) != NULL);
        if (is_first && is_word)
            printf("%s%.*s", separator, (int)length, at);
        if (length > 0 || strchr("|( ", *at) == NULL)
            is_first = false;
        at += length;
        if (*at == '|' || *at == '(')
            is_first = true;
        if (*at != '\0')
            at++;
    }
}

// Prints the words of a choice, separated by spaces.
static void print_choices(const imp_options *options, int index)
{
    const imp_name_list choices = imp_option_choices(options, index);
    for (int k = 0; choices(k) != NULL; k++)
        printf("%s%s", k > 0 ? " " : "", choices(k));
}

// Prints text in which a shell finds nothing to act on, within single quotes.
static void print_quoted(const char *text, const char *refused)
{
    for (; *text != '\0'; text++)
        putchar(*text == '\'' || strchr(refused, *text) != NULL ? ' ' : *text);
}

static bool is_map_option(const imp_option *option)
{
    return strcmp(option->name, "map") == 0;
}

static const char MAPS[] = "$(imprint map list 2>/dev/null | awk 'NR > 1 { print $1 }')";

// A case of the function that bash calls: the words of one command.
static void print_command_for_bash(const imp_options *options)
{
    printf("    %s)\n        words='", options->command->name);
    for (int k = 0; k < options->count; k++)
        printf("%s--%s", k > 0 ? " " : "", options->table[k].name);
    print_subcommands(options->command->operands, " ");
    printf("'\n        case $previous in\n");
    for (int k = 0; k < options->count; k++) {
        const imp_option *option = &options->table[k];
        // what may stand behind an option that takes a value
        if (option->type == IMP_OPTION_FLAG)
            continue;
        printf("        --%s", option->name);
        if (option->letter != 0)
            printf(" | -%c", option->letter);
        printf(") words=");
        if (option->type == IMP_OPTION_CHOICE) {
            printf("'");
            print_choices(options, k);
            printf("'");
        } else if (is_map_option(option)) {
            printf("%s", MAPS);
        }
        printf(" ;;\n");
    }
    printf("        esac\n        ;;\n");
}

// A function that offers words for the command and the option before the cursor.
static imp_status print_script_for_bash(imp_error *err)
{
    printf("# completions of imprint for bash: imprint completion bash\n"
           "_imprint() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
           "    local words='help --help --version'\n"
           "    if [ \"$current\" = = ]; then\n        current=\n"
           "    elif [ \"$previous\" = = ]; then\n"
           "        previous=${COMP_WORDS[COMP_CWORD - 2]}\n    fi\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ] || [ \"$previous\" = help ]; then\n        words+='");
    for (int k = 0; k < imp_command_count; k++)
        printf(" %s", imp_commands[k]->name);
    printf("'\n    else\n    case ${COMP_WORDS[1]} in\n");
    IMP_TRY(for_each_command(print_command_for_bash, err));
    printf("    esac\n    fi\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "}\n"
           "complete -o default -F _imprint imprint\n");
    return IMP_OK;
}

// A case with _arguments: each option with its help and what follows it.
static void print_command_for_zsh(const imp_options *options)
{
    printf("    %s)\n        _arguments", options->command->name);
    for (int k = 0; k < options->count; k++) {
        const imp_option *option = &options->table[k];
        printf(" \\\n            ");
        const char *equals = option->type != IMP_OPTION_FLAG ? "=" : "";
        if (option->letter != 0)
            printf("{-%c,--%s%s}", option->letter, option->name, equals);
        else
            printf("--%s%s", option->name, equals);
        printf("'[");
        print_quoted(option->help, "[]:");
        printf("]");
        if (option->type != IMP_OPTION_FLAG)
            printf(":value:");
        // what may follow: words of the option, names of maps, or files
        if (option->type == IMP_OPTION_CHOICE) {
            printf("(");
            print_choices(options, k);
            printf(")");
        } else if (is_map_option(option)) {
            printf("->maps");
        } else if (option->type != IMP_OPTION_FLAG) {
            printf("_files");
        }
        printf("'");
    }
    printf(" \\\n            '1: :{_alternative \"words:word:(");
    print_subcommands(options->command->operands, " ");
    printf(")\" files:file:_files}' '*:file:_files'\n        ;;\n");
}

// Commands with their summaries, then the cases, then names of maps.
static imp_status print_script_for_zsh(imp_error *err)
{
    printf("#compdef imprint\n# completions of imprint for zsh: imprint completion zsh\n"
           "local state\nif (( CURRENT == 2 )); then\n    local -a commands=(\n");
    for (int k = 0; k < imp_command_count; k++) {
        printf("        '%s:", imp_commands[k]->name);
        print_quoted(imp_commands[k]->summary, ":");
        printf("'\n");
    }
    printf("    )\n    _describe command commands\n    return\nfi\n"
           "local command=${words[2]}\nshift words\n(( CURRENT-- ))\ncase $command in\n");
    IMP_TRY(for_each_command(print_command_for_zsh, err));
    printf("esac\n[[ $state != maps ]] || { _alternative 'maps:map:(%s)' 'files:file:_files' }\n",
           "${(f)\"$(imprint map list 2>/dev/null | awk \"NR > 1 { print \\$1 }\")\"}");
    return IMP_OK;
}

// A line for the command, one for its subcommands, and one for each option.
static void print_command_for_fish(const imp_options *options)
{
    const char *name = options->command->name;
    printf("complete -c imprint -n __fish_use_subcommand -f -a %s -d '", name);
    print_quoted(options->command->summary, "\\");
    printf("'\ncomplete -c imprint -n '__fish_seen_subcommand_from %s' -a '", name);
    print_subcommands(options->command->operands, " ");
    printf("'\n");
    for (int k = 0; k < options->count; k++) {
        const imp_option *option = &options->table[k];
        printf("complete -c imprint -n '__fish_seen_subcommand_from %s' -l %s", name, option->name);
        if (option->letter != 0)
            printf(" -s %c", option->letter);
        // what may follow: words of the option, names of maps, or files
        if (option->type == IMP_OPTION_CHOICE) {
            printf(" -x -a '");
            print_choices(options, k);
            printf("'");
        } else if (is_map_option(option)) {
            printf(" -r -a '(imprint map list 2>/dev/null | awk \"NR > 1 { print \\$1 }\")'");
        } else if (option->type != IMP_OPTION_FLAG) {
            printf(" -r");
        }
        printf(" -d '");
        print_quoted(option->help, "\\");
        printf("'\n");
    }
}

static imp_status print_script_for_fish(imp_error *err)
{
    printf("# completions of imprint for fish: imprint completion fish\n");
    return for_each_command(print_command_for_fish, err);
}

// Prints the script of one shell.
static imp_status run_completion_command(void *state, const imp_options *options, imp_error *err)
{
    (void)state;
    static const imp_subcommand shells[] = {
        {"bash", 0, 0, ""}, {"zsh", 0, 0, ""}, {"fish", 0, 0, ""}, {0}};
    static imp_status (*const print[])(imp_error *) = {print_script_for_bash, print_script_for_zsh,
                                                       print_script_for_fish};
    int shell;
    IMP_TRY(imp_options_find_subcommand(&shell, options, shells, err));
    if (options->json)
        return imp_fail(err, IMP_USAGE,
                        "a script cannot be JSON: leave out --json; `imprint help "
                        "--json` prints all options");
    return print[shell](err);
}

const imp_command imp_command_completion = {
    .name = "completion",
    .summary = "print completions of commands and options for your shell",
    .operands = "bash | zsh | fish",
    .details = "Prints a script that lets the shell complete commands, options, maps and words. "
               "Debian's packages install it.\n\nbash: write it to "
               "~/.local/share/bash-completion/completions/imprint. zsh: to _imprint in a folder "
               "of $fpath. fish: to ~/.config/fish/completions/imprint.fish.",
    .examples = "  imprint completion bash >/tmp/imprint-completion.bash",
    .run = run_completion_command,
};
