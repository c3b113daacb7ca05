// cli/options/sandbox_option.h: whether commands run other people's agents in a sandbox.
#ifndef IMP_CLI_OPTIONS_SANDBOX_OPTION_H
#define IMP_CLI_OPTIONS_SANDBOX_OPTION_H

#include <stdbool.h>

// The help of the option --sandbox, the same for all commands.
#define IMP_SANDBOX_HELP                                                                           \
    "run agents without network, environment and write access (needs bubblewrap)"

// Whether agents are to run in a sandbox. Where one is wanted and there is none, says so on
// standard error, with what to do about it.
bool imp_sandbox_option_resolve(bool wanted);

#endif
