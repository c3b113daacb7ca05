// temporary_folder.h: a folder of a test's own, made before it and removed after it.
#ifndef IMP_TESTS_TEMPORARY_FOLDER_H
#define IMP_TESTS_TEMPORARY_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "testing.h"

static char folder[64];

// A path in the folder; the next call overwrites it.
static inline const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static inline int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/imprint-test-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static inline int remove_folder(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+w '%s' && rm -rf '%s'", folder, folder);
    return system(command);
}

#endif
