#include "pipeline/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct imp_ahead {
    void (*work)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; // of what follows
    pthread_cond_t changed;
    bool wanted, quit;
};

static void *run(void *context)
{
    imp_ahead *ahead = context;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->quit) {
        if (!ahead->wanted) {
            pthread_cond_wait(&ahead->changed, &ahead->lock);
            continue;
        }
        pthread_mutex_unlock(&ahead->lock);
        ahead->work(ahead->context);
        pthread_mutex_lock(&ahead->lock);
        ahead->wanted = false;
        pthread_cond_broadcast(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

imp_status imp_ahead_create(imp_ahead **out, void (*work)(void *context), void *context,
                            imp_error *err)
{
    imp_ahead *ahead = calloc(1, sizeof *ahead);
    if (ahead == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a thread");
    ahead->work = work;
    ahead->context = context;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    // signals are for the caller's thread
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int code = pthread_create(&ahead->thread, NULL, run, ahead);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        free(ahead);
        return imp_fail(err, IMP_INTERNAL, "cannot start a thread: %s", strerror(code));
    }
    *out = ahead;
    return IMP_OK;
}

void imp_ahead_destroy(imp_ahead *ahead)
{
    if (ahead == NULL)
        return;
    imp_ahead_wait(ahead);
    pthread_mutex_lock(&ahead->lock);
    ahead->quit = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}

void imp_ahead_start(imp_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->wanted = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
}

void imp_ahead_wait(imp_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    while (ahead->wanted)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    pthread_mutex_unlock(&ahead->lock);
}
