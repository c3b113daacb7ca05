// The program `imprint`. It finds the command that the first argument names in a table and hands
// the remaining arguments to imp_command_run(), which does everything that commands have in
// common. Only the program's own options (--help, --version) and unknown words are handled here.
// An unknown word gets a suggestion: the known word with the smallest edit distance. Signals and
// the filter of control characters are installed before anything is printed, so that they also
// hold for error messages.
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text/suggestion.h"
#include "cli/options/command_table.h"
#include "cli/options/help.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/help_json.h"
#include "cli/output/json_output.h"
#include "cli/output/output_sanitizer.h"
#include "cli/output/ranks.h"
#include "cli/output/run_command.h"

// In the order of `imprint --help`: the usual sequence of work first, then looking and driving,
// what these work with, other machines, and this machine.
const imp_command *const imp_commands[] = {
    &imp_command_init,       &imp_command_log,       &imp_command_train,  &imp_command_dagger,
    &imp_command_eval,       &imp_command_sweep,     &imp_command_runs,   &imp_command_plot,
    &imp_command_page,       &imp_command_drive,     &imp_command_render, &imp_command_predict,
    &imp_command_looks,      &imp_command_map,       &imp_command_route,  &imp_command_robot,
    &imp_command_data,       &imp_command_audit,     &imp_command_import, &imp_command_export,
    &imp_command_model,      &imp_command_seg_train, &imp_command_doubt,  &imp_command_agent,
    &imp_command_submission, &imp_command_bench,     &imp_command_doctor, &imp_command_completion,
};
const int imp_command_count = sizeof imp_commands / sizeof imp_commands[0];

// Whether a word equals the long or the short spelling of an option.
static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

// The command with this name, or NULL.
static const imp_command *find_command(const char *name)
{
    for (int k = 0; k < imp_command_count; k++)
        if (strcmp(name, imp_commands[k]->name) == 0)
            return imp_commands[k];
    return NULL;
}

// Refuses a word that is no command and no option of the program.
static int print_unknown_command_error(const char *word)
{
    char hint[IMP_SUGGESTION_TEXT_MAX];
    const bool is_option = word[0] == '-';
    // the word without its dashes, for a command that was written as an option
    const char *bare = word + strspn(word, "-");
    imp_error err = {0};
    // offer only words of the same kind: options for an option, commands for a command
    imp_suggestion suggestion = imp_suggestion_begin(word, strlen(word));
    imp_suggestion_add_candidate(&suggestion, is_option ? "--help" : "help");
    if (is_option)
        imp_suggestion_add_candidate(&suggestion, "--version");
    for (int k = 0; k < imp_command_count && !is_option; k++)
        imp_suggestion_add_candidate(&suggestion, imp_commands[k]->name);
    imp_suggestion_format(&suggestion, hint);
    // "--train" is most likely meant to be the command "train"
    if (is_option && find_command(bare) != NULL)
        snprintf(hint, sizeof hint, "; did you mean 'imprint %s'?", bare);
    const char *where = hint[0] != '\0' ? " See"
                        : is_option     ? ": a command comes first. See"
                                        : ": see";
    imp_fail(&err, IMP_USAGE, "unknown %s '%.60s'%s%s imprint --help",
             is_option ? "option" : "command", word, hint, where);
    return imp_console_print_error(IMP_USAGE, &err);
}

// Names go into settings, datasets and JSON, all of which are UTF-8: a name that is not would be
// found out when the work is done.
static imp_status check_arguments_are_text(int argc, char **argv, imp_error *err)
{
    for (int k = 1; k < argc; k++) {
        // jansson takes valid UTF-8 only
        json_t *text = json_string(argv[k]);
        if (text == NULL)
            return imp_fail(err, IMP_USAGE,
                            "argument %d, '%.60s', is not UTF-8 text: rename the file or folder", k,
                            argv[k]);
        json_decref(text);
    }
    return IMP_OK;
}

// The help of the program, of the command that is named, or of all as JSON.
static int print_help(const char *name)
{
    char *argv[] = {NULL, (char *)(uintptr_t) "--help", NULL};
    // `imprint help` and `imprint help --help` show the overview
    const imp_command *command = name != NULL ? find_command(name) : NULL;
    if (name == NULL || is_one_of(name, "--help", "-h") || strcmp(name, "help") == 0) {
        imp_help_print_program(imp_commands, imp_command_count);
        return imp_console_flush();
    }
    if (strcmp(name, "--json") == 0)
        return imp_console_finish_with_json(imp_help_to_json(imp_commands, imp_command_count));
    if (command == NULL)
        return print_unknown_command_error(name);
    // `imprint help COMMAND` is the same as `imprint COMMAND --help`
    argv[0] = (char *)(uintptr_t)command->name;
    return imp_command_run(command, NULL, 2, argv);
}

// Runs a command, together with the other processes that mpirun started, if there are any.
static int run_command_with_communicator(const imp_command *command, int argc, char **argv)
{
    imp_communicator ranks;
    imp_error err = {0};
    const imp_status status = imp_command_open_communicator(&ranks, command, &err);
    int code = (int)status;
    if (status == IMP_OK)
        code = imp_command_run(command, &ranks, argc, argv);
    else if (ranks.rank == 0)
        code = imp_console_print_error(status, &err);
    else
        sleep(IMP_SECONDS_FOR_RANK_0);
    imp_command_close_communicator(&ranks, code);
    return code;
}

int main(int argc, char **argv)
{
    // before any output
    imp_console_setup_signals();
    imp_output_sanitizer_install();
    imp_error err = {0};
    // a wrong IMPRINT_INSTRUCTION_SET would fail later, in every renderer and network
    if (imp_instruction_set_check(&err) != IMP_OK) {
        fprintf(stderr, "imprint: %s\n", err.message);
        return IMP_USAGE;
    }
    // at the end of the program HDF5 would touch files again that it could not close, and crash
    H5dont_atexit();
    if (argc < 2) {
        imp_help_print_program(imp_commands, imp_command_count);
        return IMP_USAGE;
    }
    // the program's own options
    if (is_one_of(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0)
        return print_help(argc > 2 ? argv[2] : NULL);
    if (is_one_of(argv[1], "--version", "-V")) {
        printf("imprint %s\n", imp_version());
        return imp_console_flush();
    }
    const imp_command *command = find_command(argv[1]);
    if (check_arguments_are_text(argc, argv, &err) != IMP_OK)
        return imp_console_print_error(IMP_USAGE, &err);
    return command == NULL ? print_unknown_command_error(argv[1])
                           : run_command_with_communicator(command, argc - 1, argv + 1);
}
