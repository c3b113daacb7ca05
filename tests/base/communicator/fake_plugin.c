// fake_plugin.c: a plug-in for communication without other processes. It says what its test wants
// the others to say, and keeps what it was given, so that one process tests what many do.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/communicator/fake_plugin.h"

#ifndef FAKE_VERSION
#define FAKE_VERSION IMP_COMMUNICATOR_ABI_VERSION
#endif

__attribute__((visibility("default"))) fake_record fake_state;

// Counts a call and ends it as the test wants.
static imp_status finish(char *reason)
{
    fake_state.calls++;
    if (fake_state.status != IMP_OK)
        strcpy(reason, "the cable is cut");
    return fake_state.status;
}

static imp_status send_bytes(void *context, int to, const void *bytes, size_t count, char *reason)
{
    fake_record *self = context;
    self->peer = to;
    self->count = count;
    memcpy(self->bytes, bytes, count);
    return finish(reason);
}

static imp_status receive_bytes(void *context, int from, void *bytes, size_t count, char *reason)
{
    fake_record *self = context;
    self->peer = from;
    self->count = count;
    memcpy(bytes, self->others, count);
    return finish(reason);
}

static imp_status poll_ranks(void *context, int *from, char *reason)
{
    *from = ((fake_record *)context)->peer;
    return finish(reason);
}

static imp_status broadcast_bytes(void *context, void *bytes, size_t count, char *reason)
{
    fake_record *self = context;
    self->count = count;
    if (self->rank == 0)
        memcpy(self->bytes, bytes, count);
    else
        memcpy(bytes, self->others, count);
    return finish(reason);
}

static imp_status gather_bytes(void *context, void *bytes, const size_t *counts, char *reason)
{
    fake_record *self = context;
    size_t own = 0, place = 0;
    for (int k = 0; k < self->rank; k++)
        own += counts[k];
    self->count = counts[self->rank];
    memcpy(self->bytes, (char *)bytes + own, self->count);
    for (int k = 0; k < self->size; place += counts[k++])
        if (k != self->rank)
            memcpy((char *)bytes + place,
                   self->others_say_the_same ? self->bytes : self->others + place, counts[k]);
    return finish(reason);
}

static void abort_all(void *context, int code)
{
    ((fake_record *)context)->aborted = code;
}

static void close_fake(void *context)
{
    ((fake_record *)context)->closed++;
}

static const imp_communicator_vtable VTABLE = {
    .version = FAKE_VERSION,
    .name = "fake",
    .send = send_bytes,
    .receive = receive_bytes,
    .poll = poll_ranks,
    .broadcast = broadcast_bytes,
    .all_gather = gather_bytes,
    .abort = abort_all,
    .close = close_fake,
};

// Its type is imp_communicator_plugin_open.
imp_status imp_communicator_plugin(imp_communicator *out, char *reason);

__attribute__((visibility("default"))) imp_status imp_communicator_plugin(imp_communicator *out,
                                                                          char *reason)
{
    if (fake_state.opening != IMP_OK) {
        strcpy(reason, "nobody answers");
        return fake_state.opening;
    }
    out->rank = fake_state.rank;
    out->size = fake_state.size;
    out->vtable = &VTABLE;
    out->context = &fake_state;
    return IMP_OK;
}
