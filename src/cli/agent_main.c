// The program imprint-agent: `imprint agent` without everything that records, trains and simulates,
// for small images and small robots.
#include "cli/clean_output.h"
#include "cli/commands.h"
#include "cli/session.h"

int main(int argc, char **argv)
{
    imp_session_tame_signals();
    imp_clean_output();
    return imp_command_agent.run(&imp_command_agent, argc, argv);
}
