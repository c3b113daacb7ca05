// Names of the navigation commands, from the list in the header.
#include <stddef.h>

#include "imprint/observation.h"

const char *imp_navigation_command_name(int command)
{
    static const char *const names[] = {
#define COMMAND_NAME(name, word) word,
        IMP_COMMAND_MAP(COMMAND_NAME)
#undef COMMAND_NAME
    };
    return command >= 0 && command < IMP_COMMAND_COUNT ? names[command] : NULL;
}
