// thread_ranks.h: a communicator whose ranks are threads of one process, so that tests in C run
// what mpirun runs. Messages are handed over from hand to hand: a sender waits for its receiver, so
// that an order of calls that could block for ever does block here.
#ifndef IMP_TESTS_THREAD_RANKS_H
#define IMP_TESTS_THREAD_RANKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "imprint/communicator.h"

enum { THREAD_RANKS_MAX = 4 };

struct thread_ranks;

typedef struct thread_rank {
    struct thread_ranks *all;
    int rank;
} thread_rank;

// A message that lies ready: of a rank to another.
typedef struct thread_message {
    bool ready;
    const void *bytes;
    size_t count;
} thread_message;

typedef struct thread_ranks {
    int size;
    bool fails; // every call from now on
    thread_rank ranks[THREAD_RANKS_MAX];
    imp_communicator communicators[THREAD_RANKS_MAX];
    thread_message messages[THREAD_RANKS_MAX][THREAD_RANKS_MAX]; // from, to
    void *parts[THREAD_RANKS_MAX];                               // of calls of all
    const size_t *counts[THREAD_RANKS_MAX];
    pthread_barrier_t meeting;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
} thread_ranks;

static inline imp_status thread_ranks_status(const thread_rank *self, char *reason)
{
    if (!self->all->fails)
        return IMP_OK;
    snprintf(reason, 256, "the cable is cut");
    return IMP_IO;
}

static inline imp_status thread_ranks_send(void *context, int to, const void *bytes, size_t count,
                                           char *reason)
{
    const thread_rank *self = context;
    thread_ranks *all = self->all;
    thread_message *message = &all->messages[self->rank][to];
    if (thread_ranks_status(self, reason) != IMP_OK)
        return IMP_IO;
    pthread_mutex_lock(&all->mutex);
    *message = (thread_message){true, bytes, count};
    pthread_cond_broadcast(&all->changed);
    while (message->ready)
        pthread_cond_wait(&all->changed, &all->mutex);
    pthread_mutex_unlock(&all->mutex);
    return IMP_OK;
}

static inline imp_status thread_ranks_receive(void *context, int from, void *bytes, size_t count,
                                              char *reason)
{
    const thread_rank *self = context;
    thread_ranks *all = self->all;
    thread_message *message = &all->messages[from][self->rank];
    if (thread_ranks_status(self, reason) != IMP_OK)
        return IMP_IO;
    pthread_mutex_lock(&all->mutex);
    while (!message->ready)
        pthread_cond_wait(&all->changed, &all->mutex);
    const bool fits = message->count == count;
    if (fits && count > 0)
        memcpy(bytes, message->bytes, count);
    message->ready = false;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->mutex);
    if (!fits)
        snprintf(reason, 256, "a message of another length");
    return fits ? IMP_OK : IMP_IO;
}

static inline imp_status thread_ranks_poll(void *context, int *from, char *reason)
{
    const thread_rank *self = context;
    thread_ranks *all = self->all;
    if (thread_ranks_status(self, reason) != IMP_OK)
        return IMP_IO;
    pthread_mutex_lock(&all->mutex);
    for (int k = 0; k < all->size; k++)
        if (all->messages[k][self->rank].ready)
            *from = k;
    pthread_mutex_unlock(&all->mutex);
    return IMP_OK;
}

static inline imp_status thread_ranks_broadcast(void *context, void *bytes, size_t count,
                                                char *reason)
{
    const thread_rank *self = context;
    thread_ranks *all = self->all;
    if (thread_ranks_status(self, reason) != IMP_OK)
        return IMP_IO;
    all->parts[self->rank] = bytes;
    pthread_barrier_wait(&all->meeting);
    if (self->rank != 0)
        memcpy(bytes, all->parts[0], count);
    pthread_barrier_wait(&all->meeting);
    return IMP_OK;
}

// Fails where ranks do not agree on the lengths.
static inline imp_status thread_ranks_gather(void *context, void *bytes, const size_t *counts,
                                             char *reason)
{
    const thread_rank *self = context;
    thread_ranks *all = self->all;
    bool fits = true;
    if (thread_ranks_status(self, reason) != IMP_OK)
        return IMP_IO;
    all->parts[self->rank] = bytes;
    all->counts[self->rank] = counts;
    pthread_barrier_wait(&all->meeting);
    size_t place = 0;
    for (int k = 0; k < all->size; place += counts[k++]) {
        fits = fits && memcmp(counts, all->counts[k], (size_t)all->size * sizeof *counts) == 0;
        if (fits && k != self->rank)
            memcpy((char *)bytes + place, (char *)all->parts[k] + place, counts[k]);
    }
    pthread_barrier_wait(&all->meeting);
    if (!fits)
        snprintf(reason, 256, "ranks gather other lengths");
    return fits ? IMP_OK : IMP_IO;
}

static inline void thread_ranks_abort(void *context, int code)
{
    (void)context, (void)code;
}

static inline void thread_ranks_close(void *context)
{
    (void)context;
}

static const imp_communicator_vtable thread_ranks_vtable = {
    .version = IMP_COMMUNICATOR_ABI_VERSION,
    .name = "threads",
    .send = thread_ranks_send,
    .receive = thread_ranks_receive,
    .poll = thread_ranks_poll,
    .broadcast = thread_ranks_broadcast,
    .all_gather = thread_ranks_gather,
    .abort = thread_ranks_abort,
    .close = thread_ranks_close,
};

// Must not be moved afterwards.
static inline void thread_ranks_init(thread_ranks *all, int size)
{
    *all = (thread_ranks){.size = size};
    pthread_barrier_init(&all->meeting, NULL, (unsigned)size);
    pthread_mutex_init(&all->mutex, NULL);
    pthread_cond_init(&all->changed, NULL);
    for (int k = 0; k < size; k++) {
        all->ranks[k] = (thread_rank){all, k};
        all->communicators[k] = (imp_communicator){
            .rank = k, .size = size, .vtable = &thread_ranks_vtable, .context = &all->ranks[k]};
    }
}

static inline void thread_ranks_destroy(thread_ranks *all)
{
    pthread_barrier_destroy(&all->meeting);
    pthread_mutex_destroy(&all->mutex);
    pthread_cond_destroy(&all->changed);
}

typedef struct thread_ranks_job {
    void (*task)(imp_communicator *communicator, void *item);
    imp_communicator *communicator;
    void *item;
} thread_ranks_job;

static inline void *thread_ranks_begin(void *context)
{
    const thread_ranks_job *job = context;
    job->task(job->communicator, job->item);
    return NULL;
}

// Runs a task on all ranks at once; items: (size) of `bytes` each, one for each rank. Tasks must
// not assert, because cmocka does so in its own thread only.
static inline void thread_ranks_run(thread_ranks *all,
                                    void (*task)(imp_communicator *communicator, void *item),
                                    void *items, size_t bytes)
{
    thread_ranks_job jobs[THREAD_RANKS_MAX];
    pthread_t threads[THREAD_RANKS_MAX];
    for (int k = 0; k < all->size; k++) {
        jobs[k] =
            (thread_ranks_job){task, &all->communicators[k], (char *)items + (size_t)k * bytes};
        pthread_create(&threads[k], NULL, thread_ranks_begin, &jobs[k]);
    }
    for (int k = 0; k < all->size; k++)
        pthread_join(threads[k], NULL);
}

#endif
