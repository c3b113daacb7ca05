// A thread that does one piece of work at a time on request. One flag, `wanted`, is the state: the
// owner sets it, and the thread clears it when the work is done. Both wait on the same condition
// variable. The lock is not held during the work, which the owner's data must allow: owner and
// thread use different slots.
#include "learn/data_loader/prefetcher.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

// `wanted`: work was requested and is not finished. `quit`: the thread must end.
struct imp_prefetcher {
    void (*work)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; // of what follows
    pthread_cond_t changed;
    bool wanted, quit;
};

// The thread waits until work is wanted, does it, and announces the end.
static void *prefetch_thread_main(void *context)
{
    imp_prefetcher *prefetcher = context;
    pthread_mutex_lock(&prefetcher->lock);
    while (!prefetcher->quit) {
        if (!prefetcher->wanted) {
            pthread_cond_wait(&prefetcher->changed, &prefetcher->lock);
            continue;
        }
        // the owner can start no other work meanwhile: it waits for this one first
        pthread_mutex_unlock(&prefetcher->lock);
        prefetcher->work(prefetcher->context);
        pthread_mutex_lock(&prefetcher->lock);
        prefetcher->wanted = false;
        pthread_cond_broadcast(&prefetcher->changed);
    }
    pthread_mutex_unlock(&prefetcher->lock);
    return NULL;
}

// The thread starts at once, and sleeps until the first request.
imp_status imp_prefetcher_create(imp_prefetcher **out, void (*work)(void *context), void *context,
                                 imp_error *err)
{
    imp_prefetcher *prefetcher = calloc(1, sizeof *prefetcher);
    if (prefetcher == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a thread");
    prefetcher->work = work;
    prefetcher->context = context;
    pthread_mutex_init(&prefetcher->lock, NULL);
    pthread_cond_init(&prefetcher->changed, NULL);
    // signals are for the caller's thread
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int code = pthread_create(&prefetcher->thread, NULL, prefetch_thread_main, prefetcher);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        free(prefetcher);
        return imp_fail(err, IMP_INTERNAL, "cannot start a thread: %s", strerror(code));
    }
    *out = prefetcher;
    return IMP_OK;
}

// Work in progress is finished first; it cannot be cancelled.
void imp_prefetcher_destroy(imp_prefetcher *prefetcher)
{
    if (prefetcher == NULL)
        return;
    imp_prefetcher_wait(prefetcher);
    pthread_mutex_lock(&prefetcher->lock);
    prefetcher->quit = true;
    pthread_cond_broadcast(&prefetcher->changed);
    pthread_mutex_unlock(&prefetcher->lock);
    pthread_join(prefetcher->thread, NULL);
    pthread_cond_destroy(&prefetcher->changed);
    pthread_mutex_destroy(&prefetcher->lock);
    free(prefetcher);
}

void imp_prefetcher_start(imp_prefetcher *prefetcher)
{
    pthread_mutex_lock(&prefetcher->lock);
    prefetcher->wanted = true;
    pthread_cond_broadcast(&prefetcher->changed);
    pthread_mutex_unlock(&prefetcher->lock);
}

// The lock also makes the results of the work visible to the caller.
void imp_prefetcher_wait(imp_prefetcher *prefetcher)
{
    pthread_mutex_lock(&prefetcher->lock);
    while (prefetcher->wanted)
        pthread_cond_wait(&prefetcher->changed, &prefetcher->lock);
    pthread_mutex_unlock(&prefetcher->lock);
}
