// Any bytes at all, read as a map: a world whose invariants hold, or one line that says why not.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/map_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_error err = {0};
    imp_world *world = NULL;
    const imp_status status = imp_world_parse(&world, (const char *)data, size, "fuzz.yaml", &err);
    if (status != IMP_OK) {
        wanted(status == IMP_BAD_INPUT && err.status == status, "bad input is the only failure");
        wanted(strncmp(err.message, "fuzz.yaml:", 10) == 0, "the message names the file");
        wanted(strchr(err.message, '\n') == NULL, "the message is one line");
        wanted(world == NULL, "no world after a failure");
        return 0;
    }
    imp_random random = imp_random_stream(size, 0, 0, IMP_PURPOSE_TEST);
    const char *broken = broken_invariant(world, &random, 64);
    wanted(broken == NULL, broken);
    imp_world_destroy(world);
    return 0;
}
