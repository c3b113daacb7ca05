// fake_plugin.h: what fake_plugin.c does and has seen, as the variable fake_state.
#ifndef IMP_TESTS_FAKE_PLUGIN_H
#define IMP_TESTS_FAKE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "imprint/communicator.h"

enum { FAKE_BYTES_MAX = 4096 };

typedef struct fake_record {
    // set by the test: this process's place, and what calls return
    int rank, size;
    imp_status opening, status; // of opening, and of every other call
    // what the test wants the others to give: of all_gather their parts in order, this one's too
    unsigned char others[FAKE_BYTES_MAX];
    bool others_say_the_same; // instead
    // what happened
    int calls, closed, aborted; // aborted: with this code
    int peer;                   // of the last message
    unsigned char bytes[FAKE_BYTES_MAX];
    size_t count; // of the last message, this rank's
} fake_record;

#endif
