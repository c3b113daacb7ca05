// A pool of threads. A run is a counter of indices behind one mutex: every worker, the caller
// included, takes the next index until none is left. Between runs that follow each other at once,
// workers spin for some microseconds before they sleep, because waking a thread takes longer than
// many a piece of work.
#include "base/threads/thread_pool.h"

#include "base/common/clock.h"
#include "base/text/plural.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct imp_thread_pool {
    pthread_mutex_t lock;
    pthread_cond_t start, finish;
    int threads;
    int spawned;            // workers besides the caller
    bool busy_waits;        // who waits looks for a while before he sleeps
    _Atomic unsigned round; // grows with every run; written with the lock
    bool quit;
    int next, count;  // work not yet handed out
    _Atomic int busy; // spawned workers that have not finished the round; written with the lock
    void (*work)(void *context, int index, int worker);
    void *context;
    void (*idle)(void *context);
    void *idle_context;
    struct worker {
        imp_thread_pool *pool;
        int number;
        pthread_t thread;
    } * workers;
};

int imp_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

// Waking a thread takes longer than many a piece of work: while runs follow each other at once,
// nobody sleeps. But processors that are shared are needed by others.
static const double SPIN_SECONDS = 50e-6;

static void cpu_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    atomic_signal_fence(memory_order_seq_cst);
#endif
}

static void spin_until_start(imp_thread_pool *pool, unsigned seen)
{
    const double end = imp_monotonic_seconds() + SPIN_SECONDS;
    while (pool->round == seen && imp_monotonic_seconds() < end)
        cpu_pause();
}

static void spin_until_finish(imp_thread_pool *pool)
{
    const double end = imp_monotonic_seconds() + SPIN_SECONDS;
    while (pool->busy > 0 && imp_monotonic_seconds() < end)
        cpu_pause();
}

// Takes pieces of work until none is left. Called and returns with the lock held.
static void run_remaining_work(imp_thread_pool *pool, int worker)
{
    while (pool->next < pool->count) {
        int index = pool->next++;
        pthread_mutex_unlock(&pool->lock);
        pool->work(pool->context, index, worker);
        pthread_mutex_lock(&pool->lock);
    }
}

static void *worker_main(void *argument)
{
    struct worker *self = argument;
    imp_thread_pool *pool = self->pool;
    unsigned seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        if (pool->busy_waits && !pool->quit) {
            pthread_mutex_unlock(&pool->lock);
            spin_until_start(pool, seen);
            pthread_mutex_lock(&pool->lock);
        }
        while (pool->round == seen && !pool->quit)
            pthread_cond_wait(&pool->start, &pool->lock);
        if (pool->quit)
            break;
        seen = pool->round;
        run_remaining_work(pool, self->number);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->finish);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

imp_status imp_thread_pool_create(imp_thread_pool **out, int threads, imp_error *err)
{
    if (threads <= 0)
        threads = imp_cpu_count();
    imp_thread_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a thread pool");
    pool->threads = threads;
    pool->busy_waits = threads <= imp_cpu_count();
    pool->workers = calloc((size_t)threads, sizeof *pool->workers);
    if (pool->workers == NULL) {
        free(pool);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a pool of %s",
                        IMP_PLURAL(threads, "thread"));
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->start, NULL);
    pthread_cond_init(&pool->finish, NULL);
    for (int i = 1; i < threads; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        worker->number = i;
        if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
            imp_thread_pool_destroy(pool);
            return imp_fail(err, IMP_NO_MEMORY, "cannot start thread %d of %d: use fewer threads",
                            i + 1, threads);
        }
        pool->spawned++;
    }
    *out = pool;
    return IMP_OK;
}

void imp_thread_pool_destroy(imp_thread_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->quit = true;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 1; i <= pool->spawned; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->finish);
    pthread_cond_destroy(&pool->start);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

int imp_thread_pool_size(const imp_thread_pool *pool)
{
    return pool->threads;
}

void imp_thread_pool_set_idle(imp_thread_pool *pool, void (*idle)(void *context), void *context)
{
    pool->idle = idle;
    pool->idle_context = context;
}

// Waits until all workers have finished the round. Called and returns with the lock held.
static void wait_for_workers(imp_thread_pool *pool)
{
    const long tenth_of_a_second = 100000000L;
    while (pool->busy > 0) {
        if (pool->idle == NULL) {
            pthread_cond_wait(&pool->finish, &pool->lock);
            continue;
        }
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += tenth_of_a_second;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        if (pthread_cond_timedwait(&pool->finish, &pool->lock, &until) == ETIMEDOUT) {
            pthread_mutex_unlock(&pool->lock);
            pool->idle(pool->idle_context);
            pthread_mutex_lock(&pool->lock);
        }
    }
}

void imp_thread_pool_run(imp_thread_pool *pool, int count,
                         void (*work)(void *context, int index, int worker), void *context)
{
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->context = context;
    pool->next = 0;
    pool->count = count;
    pool->busy = pool->spawned;
    pool->round++;
    pthread_cond_broadcast(&pool->start);
    run_remaining_work(pool, 0);
    if (pool->busy_waits && pool->busy > 0) {
        pthread_mutex_unlock(&pool->lock);
        spin_until_finish(pool);
        pthread_mutex_lock(&pool->lock);
    }
    wait_for_workers(pool);
    pthread_mutex_unlock(&pool->lock);
}
