// The program imprint-agent: `imprint agent` without everything that records, trains and simulates,
// for small images and small robots.
#include <stdio.h>

#include "cli/clean_output.h"
#include "cli/commands.h"
#include "cli/session.h"

int main(int argc, char **argv)
{
    imp_session_tame_signals();
    imp_clean_output();
    imp_error err = {0};
    if (imp_instruction_set_check(&err) != IMP_OK) {
        fprintf(stderr, "imprint-agent: %s\n", err.message);
        return IMP_USAGE;
    }
    return imp_command_agent.run(&imp_command_agent, argc, argv);
}
