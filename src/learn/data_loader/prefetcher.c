#include "learn/data_loader/prefetcher.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct imp_prefetcher {
    void (*work)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; // of what follows
    pthread_cond_t changed;
    bool wanted, quit;
};

static void *prefetch_thread_main(void *context)
{
    imp_prefetcher *prefetcher = context;
    pthread_mutex_lock(&prefetcher->lock);
    while (!prefetcher->quit) {
        if (!prefetcher->wanted) {
            pthread_cond_wait(&prefetcher->changed, &prefetcher->lock);
            continue;
        }
        pthread_mutex_unlock(&prefetcher->lock);
        prefetcher->work(prefetcher->context);
        pthread_mutex_lock(&prefetcher->lock);
        prefetcher->wanted = false;
        pthread_cond_broadcast(&prefetcher->changed);
    }
    pthread_mutex_unlock(&prefetcher->lock);
    return NULL;
}

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

void imp_prefetcher_wait(imp_prefetcher *prefetcher)
{
    pthread_mutex_lock(&prefetcher->lock);
    while (prefetcher->wanted)
        pthread_cond_wait(&prefetcher->changed, &prefetcher->lock);
    pthread_mutex_unlock(&prefetcher->lock);
}
