// The program imprint-agent: `imprint agent` without everything that records, trains and simulates,
// for small images and small robots.
#include "cli/commands.h"
#include "cli/session.h"

int main(int argc, char **argv)
{
    imp_session_tame_signals();
    return imp_command_agent.run(&imp_command_agent, argc, argv);
}
