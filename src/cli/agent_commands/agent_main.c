// The program imprint-agent: the command `imprint agent` as a program of its own. It links no
// recording, training or simulation, so that it fits into small container images and onto small
// robots. The command itself, with its options and help, is defined in cmd_agent.c; the start is
// that of main.c without the choice of a command.
#include <stdio.h>

#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/output_sanitizer.h"
#include "cli/output/run_command.h"

int main(int argc, char **argv)
{
    imp_console_setup_signals();
    imp_output_sanitizer_install();
    imp_error err = {0};
    if (imp_instruction_set_check(&err) != IMP_OK) {
        fprintf(stderr, "imprint-agent: %s\n", err.message);
        return IMP_USAGE;
    }
    return imp_command_run(&imp_command_agent, NULL, argc, argv);
}
