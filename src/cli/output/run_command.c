// Runs a command: allocate its state, set defaults and options, parse and check the arguments,
// work, report, clean up. A command supplies these steps as functions of its imp_command. Each step
// runs only if the one before succeeded; cleaning up always runs, so tear_down must accept a state
// that was only zeroed and set up.
#include "cli/output/run_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/common/clock.h"
#include "cli/output/console.h"

// Says how much of the time went into communication, which a faster network would save.
static void print_communication(const imp_communicator *ranks, double seconds)
{
    fprintf(stderr,
            "imprint: %d processes, %.1f s, of which the first spent %.1f s (%.0f %%) in "
            "communication, waiting included\n",
            ranks->size, seconds, ranks->seconds, 100.0 * ranks->seconds / seconds);
}

// The one function that the program calls for every command. Returns the exit code.
int imp_command_run(const imp_command *command, imp_communicator *ranks, int argc, char **argv)
{
    const double start = imp_monotonic_seconds();
    imp_options options;
    imp_error err = {0};
    void *state = calloc(1, command->state_size + 1); // NULL only without memory
    if (state == NULL)
        return imp_console_print_error(IMP_NO_MEMORY, &err);
    // defaults and option table
    imp_options_init(&options, command);
    options.ranks = ranks;
    if (command->set_up != NULL)
        command->set_up(state, &options);
    // parse and work
    imp_status status = imp_options_parse(&options, argc, argv, &err);
    if (status == IMP_OK && !options.help && command->check != NULL)
        status = command->check(state, &options, &err);
    if (status == IMP_OK && !options.help)
        status = command->run(state, &options, &err);
    // rank 0 reports the failure and ends all, unless it does not know of it
    if (status != IMP_OK && ranks != NULL && ranks->rank > 0)
        sleep(IMP_SECONDS_FOR_RANK_0);
    // the message of a failure, or the report
    if (status != IMP_OK)
        imp_options_name_settings(&options, &err);
    const int code = status != IMP_OK ? imp_console_print_error(status, &err)
                     : options.help || command->report == NULL ? imp_console_flush()
                                                               : command->report(state, &options);
    if (code == 0 && ranks != NULL && ranks->size > 1 && ranks->rank == 0 && !options.quiet &&
        !options.help)
        print_communication(ranks, imp_monotonic_seconds() - start);
    if (command->tear_down != NULL)
        command->tear_down(state);
    imp_options_free(&options);
    free(state);
    return code;
}
