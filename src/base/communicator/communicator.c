// Communicators: what is common to all of them. Without a plug-in a process is alone, and every
// function returns at once. What agrees or compares is built on the gathering of bytes alone, so
// that a plug-in has little to do.
#include "imprint/communicator.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/hash.h"
#include "base/common/try.h"

enum { REASON_MAX = 256 };

imp_communicator imp_communicator_single_process(void)
{
    return (imp_communicator){.rank = 0, .size = 1};
}

imp_status imp_communicator_open(imp_communicator *out, const char *path, imp_error *err)
{
    char reason[REASON_MAX] = "";
    imp_communicator opened = imp_communicator_single_process();
    // the libraries of MPI load parts of their own, which look for symbols of the first
    opened.library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (opened.library == NULL)
        return imp_fail(err, IMP_BAD_INPUT, "%s: cannot be loaded as a shared object: %s", path,
                        dlerror());
    // POSIX lets pointers to data hold functions; C has no conversion
    imp_communicator_plugin_open open_plugin;
    *(void **)&open_plugin = dlsym(opened.library, IMP_COMMUNICATOR_PLUGIN_SYMBOL);
    imp_status status = IMP_OK;
    if (open_plugin == NULL)
        status = imp_fail(err, IMP_BAD_INPUT, "%s: is no plug-in for communication", path);
    else if (open_plugin(&opened, reason) != IMP_OK)
        status = imp_fail(err, IMP_IO, "%s: %s", path, reason);
    else if (opened.vtable->version != IMP_COMMUNICATOR_ABI_VERSION)
        status = imp_fail(err, IMP_BAD_INPUT, "%s: is of version %d of the interface, wanted is %d",
                          path, opened.vtable->version, IMP_COMMUNICATOR_ABI_VERSION);
    if (status == IMP_OK)
        *out = opened;
    else
        dlclose(opened.library);
    return status;
}

void imp_communicator_close(imp_communicator *communicator)
{
    if (communicator == NULL || communicator->vtable == NULL)
        return;
    communicator->vtable->close(communicator->context);
    // libraries of MPI leave functions to be called at the end of the process: they stay loaded
    *communicator = imp_communicator_single_process();
}

// A call of one of the plug-in's functions.
typedef struct plugin_call {
    enum { SEND, RECEIVE, POLL, BROADCAST, ALL_GATHER } function;
    int peer;  // whom the message is for, or who sent it
    int *from; // of a poll
    const void *sent;
    void *bytes;
    size_t count;
    const size_t *counts;
} plugin_call;

static imp_status call_function(const imp_communicator *communicator, const plugin_call *call,
                                char *reason)
{
    const imp_communicator_vtable *vtable = communicator->vtable;
    void *context = communicator->context;
    switch (call->function) {
    case SEND:
        return vtable->send(context, call->peer, call->sent, call->count, reason);
    case RECEIVE:
        return vtable->receive(context, call->peer, call->bytes, call->count, reason);
    case POLL:
        return vtable->poll(context, call->from, reason);
    case BROADCAST:
        return vtable->broadcast(context, call->bytes, call->count, reason);
    default:
        return vtable->all_gather(context, call->bytes, call->counts, reason);
    }
}

// Calls the plug-in, if there is one: adds the time, and makes a message of a failure.
static imp_status call_plugin(imp_communicator *communicator, const plugin_call *call,
                              imp_error *err)
{
    char reason[REASON_MAX] = "";
    if (communicator->vtable == NULL)
        return IMP_OK;
    const double start = imp_monotonic_seconds();
    const imp_status status = call_function(communicator, call, reason);
    communicator->seconds += imp_monotonic_seconds() - start;
    return status == IMP_OK ? IMP_OK
                            : imp_fail(err, status, "rank %d of %d: %s: %s", communicator->rank,
                                       communicator->size, communicator->vtable->name, reason);
}

imp_status imp_communicator_send(imp_communicator *communicator, int to, const void *bytes,
                                 size_t count, imp_error *err)
{
    return call_plugin(communicator,
                       &(plugin_call){SEND, .peer = to, .sent = bytes, .count = count}, err);
}

imp_status imp_communicator_receive(imp_communicator *communicator, int from, void *bytes,
                                    size_t count, imp_error *err)
{
    return call_plugin(communicator,
                       &(plugin_call){RECEIVE, .peer = from, .bytes = bytes, .count = count}, err);
}

imp_status imp_communicator_poll(imp_communicator *communicator, int *from, imp_error *err)
{
    *from = -1;
    return call_plugin(communicator, &(plugin_call){POLL, .from = from}, err);
}

imp_status imp_communicator_broadcast(imp_communicator *communicator, void *bytes, size_t count,
                                      imp_error *err)
{
    return call_plugin(communicator, &(plugin_call){BROADCAST, .bytes = bytes, .count = count},
                       err);
}

imp_status imp_communicator_all_gather(imp_communicator *communicator, void *bytes,
                                       const size_t *counts, imp_error *err)
{
    return call_plugin(communicator, &(plugin_call){ALL_GATHER, .bytes = bytes, .counts = counts},
                       err);
}

// A gathering to which the others give nothing.
imp_status imp_communicator_broadcast_from(imp_communicator *communicator, int from, void *bytes,
                                           size_t count, imp_error *err)
{
    if (communicator->vtable == NULL)
        return IMP_OK;
    size_t *counts = calloc((size_t)communicator->size, sizeof *counts);
    if (counts == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for messages");
    counts[from] = count;
    const imp_status status = imp_communicator_all_gather(communicator, bytes, counts, err);
    free(counts);
    return status;
}

// Gathers an item of each rank; item: this one's. The caller frees *items.
static imp_status gather_one_item_per_rank(imp_communicator *communicator, void **items,
                                           const void *item, size_t bytes, imp_error *err)
{
    const size_t ranks = (size_t)communicator->size;
    size_t *counts = calloc(ranks, sizeof *counts);
    char *all = calloc(ranks, bytes);
    imp_status status = counts != NULL && all != NULL
                            ? IMP_OK
                            : imp_fail(err, IMP_NO_MEMORY, "out of memory for messages");
    if (status == IMP_OK) {
        for (size_t k = 0; k < ranks; k++)
            counts[k] = bytes;
        memcpy(all + bytes * (size_t)communicator->rank, item, bytes);
        status = imp_communicator_all_gather(communicator, all, counts, err);
    }
    free(counts);
    if (status == IMP_OK)
        *items = all;
    else
        free(all);
    return status;
}

imp_status imp_communicator_agree_on_status(imp_communicator *communicator, imp_status status,
                                            imp_error *err)
{
    if (communicator == NULL || communicator->size == 1)
        return status;
    imp_error own = {.status = status}, unused = {0};
    void *items;
    if (status != IMP_OK && err != NULL)
        own = *err;
    IMP_TRY(gather_one_item_per_rank(communicator, &items, &own, sizeof own,
                                     err != NULL ? err : &unused));
    const imp_error *all = items;
    imp_status first = IMP_OK;
    for (int k = 0; k < communicator->size && first == IMP_OK; k++) {
        first = all[k].status;
        if (first != IMP_OK && err != NULL)
            *err = all[k];
    }
    free(items);
    return first;
}

imp_status imp_communicator_check_same_text(imp_communicator *communicator, const char *text,
                                            const char *what, imp_error *err)
{
    const uint64_t hash = imp_hash_text(IMP_HASH_START, text);
    void *items;
    if (communicator->size == 1)
        return IMP_OK;
    IMP_TRY(gather_one_item_per_rank(communicator, &items, &hash, sizeof hash, err));
    int other = 0;
    for (int k = communicator->size - 1; k > 0; k--)
        if (((const uint64_t *)items)[k] != ((const uint64_t *)items)[0])
            other = k;
    free(items);
    return other == 0 ? IMP_OK
                      : imp_fail(err, IMP_USAGE,
                                 "%s of rank 0 and rank %d differ: give all the same options and "
                                 "files",
                                 what, other);
}

void imp_communicator_abort(const imp_communicator *communicator, int code)
{
    if (communicator->vtable != NULL)
        communicator->vtable->abort(communicator->context, code);
}
