// Searches the folders of PATH for a program that may be run.
#include "base/io/program_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool imp_program_find(char out[IMP_PATH_MAX], const char *name)
{
    const char *path = getenv("PATH");
    for (path = path != NULL ? path : "/usr/bin:/bin"; *path != '\0';) {
        const size_t length = strcspn(path, ":");
        const int used = snprintf(out, IMP_PATH_MAX, "%.*s/%s", (int)length, path, name);
        if (used < IMP_PATH_MAX && length > 0 && access(out, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}
