// What all commands do alike: defaults, options, work, report, cleaning up. A command differs in
// the functions that its imp_command names.
#include "cli/output/run_command.h"

#include <stdlib.h>

#include "cli/output/console.h"

int imp_command_run(const imp_command *command, int argc, char **argv)
{
    imp_options options;
    imp_error err = {0};
    void *state = calloc(1, command->state_size + 1); // NULL only without memory
    if (state == NULL)
        return imp_console_print_error(IMP_NO_MEMORY, &err);
    imp_options_init(&options, command);
    if (command->set_up != NULL)
        command->set_up(state, &options);
    imp_status status = imp_options_parse(&options, argc, argv, &err);
    if (status == IMP_OK && !options.help)
        status = command->run(state, &options, &err);
    const int code = status != IMP_OK ? imp_console_print_error(status, &err)
                     : options.help || command->report == NULL ? imp_console_flush()
                                                               : command->report(state, &options);
    if (command->tear_down != NULL)
        command->tear_down(state);
    imp_options_free(&options);
    free(state);
    return code;
}
