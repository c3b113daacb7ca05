#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "cli/clean_output.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/session.h"

static const imp_command *const COMMANDS[] = {
    &imp_command_log,   &imp_command_train,  &imp_command_dagger, &imp_command_seg_train,
    &imp_command_eval,  &imp_command_render, &imp_command_map,    &imp_command_data,
    &imp_command_model, &imp_command_bench,  &imp_command_import, &imp_command_export,
    &imp_command_plot,  &imp_command_sweep,  &imp_command_agent,  &imp_command_submission,
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static const imp_command *find_command(const char *name)
{
    for (int k = 0; k < COMMAND_COUNT; k++)
        if (strcmp(name, COMMANDS[k]->name) == 0)
            return COMMANDS[k];
    return NULL;
}

// Refuses a word that is no command and no option of the program.
static int refuse(const char *word)
{
    char hint[IMP_GUESS_TEXT];
    const bool is_option = word[0] == '-';
    const char *bare = word + strspn(word, "-");
    imp_error err = {0};
    imp_guess guess = imp_guess_of(word, strlen(word));
    imp_guess_offer(&guess, is_option ? "--help" : "help");
    if (is_option)
        imp_guess_offer(&guess, "--version");
    for (int k = 0; k < COMMAND_COUNT && !is_option; k++)
        imp_guess_offer(&guess, COMMANDS[k]->name);
    imp_guess_tell(&guess, hint);
    if (is_option && find_command(bare) != NULL)
        snprintf(hint, sizeof hint, "; did you mean 'imprint %s'?", bare);
    imp_fail(&err, IMP_USAGE, "unknown %s '%.60s'%s%s imprint --help",
             is_option ? "option" : "command", word, hint, hint[0] == '\0' ? ": see" : " See");
    return imp_session_fail(IMP_USAGE, &err);
}

// The help of the program, or of the command that is named.
static int help(const char *name)
{
    char *argv[] = {NULL, (char *)(uintptr_t) "--help", NULL};
    const imp_command *command = name != NULL ? find_command(name) : NULL;
    if (name == NULL || is_one_of(name, "--help", "-h") || strcmp(name, "help") == 0) {
        imp_help_program(COMMANDS, COMMAND_COUNT);
        return imp_session_finish();
    }
    if (command == NULL)
        return refuse(name);
    argv[0] = (char *)(uintptr_t)command->name;
    return command->run(command, 2, argv);
}

int main(int argc, char **argv)
{
    imp_session_tame_signals();
    imp_clean_output();
    imp_error err = {0};
    if (imp_instruction_set_check(&err) != IMP_OK) {
        fprintf(stderr, "imprint: %s\n", err.message);
        return IMP_USAGE;
    }
    // at the end of the program HDF5 would touch files again that it could not close, and crash
    H5dont_atexit();
    if (argc < 2) {
        imp_help_program(COMMANDS, COMMAND_COUNT);
        return IMP_USAGE;
    }
    if (is_one_of(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    if (is_one_of(argv[1], "--version", "-V")) {
        printf("imprint %s\n", imp_version());
        return imp_session_finish();
    }
    const imp_command *command = find_command(argv[1]);
    return command == NULL ? refuse(argv[1]) : command->run(command, argc - 1, argv + 1);
}
