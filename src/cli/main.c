#include <stdio.h>
#include <string.h>

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

int main(int argc, char **argv)
{
    imp_session_tame_signals();
    const char *word = argc > 1 ? argv[1] : "--help";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        imp_help_program(COMMANDS, COMMAND_COUNT);
        return argc > 1 ? imp_session_finish() : IMP_USAGE;
    }
    if (strcmp(word, "--version") == 0) {
        printf("imprint %s\n", imp_version());
        return imp_session_finish();
    }
    for (int k = 0; k < COMMAND_COUNT; k++)
        if (strcmp(word, COMMANDS[k]->name) == 0)
            return COMMANDS[k]->run(COMMANDS[k], argc - 1, argv + 1);
    fprintf(stderr, "imprint: unknown command '%s': see imprint --help\n", word);
    return IMP_USAGE;
}
