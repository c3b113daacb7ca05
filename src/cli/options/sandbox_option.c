// Decides whether agents run in a sandbox: if the user wants it and the machine can create one.
// Without a sandbox an agent has the rights of the user, so the fallback prints a note.
// --no-sandbox accepts the risk and silences the note.
#include "cli/options/sandbox_option.h"

#include <stdio.h>

#include "imprint/evaluator.h"

// Returns whether agents run in a sandbox. A fallback to none prints a note.
bool imp_sandbox_option_resolve(bool wanted)
{
    imp_error err = {0};
    if (!wanted || imp_sandbox_check_available(&err) == IMP_OK)
        return wanted;
    fprintf(stderr,
            "imprint: note: agents run without a sandbox, with your rights and your network: %s. "
            "--no-sandbox accepts that without this note\n",
            err.message);
    return false;
}
