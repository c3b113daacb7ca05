// A pool of threads that runs numbered tasks. A mutex guards one shared counter from which every
// worker, the caller included, takes the next index; so uneven tasks balance themselves.
// Waking a sleeping thread takes longer than many a task. Threads therefore spin before they sleep,
// unless the pool has more threads than processors.
#include "base/threads/thread_pool.h"

#include "base/common/clock.h"
#include "base/text/plural.h"

#include <errno.h>
#include <math.h>
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
    bool busy_waits;        // waiting threads spin for a while before they sleep
    double spin_seconds;    // for so long; written under the lock
    _Atomic unsigned round; // incremented by every run; written under the lock
    bool quit;
    int next, count;  // tasks [next, count) are not handed out yet
    _Atomic int busy; // spawned workers still in this round; written under the lock
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

// Respects the process's affinity mask; falls back to the processors that are online.
int imp_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

// How long a waiting thread spins: half as long as the last round took, within these limits. So a
// caller that does little between two rounds finds its workers awake, and spinning costs less than
// what the workers do for it.
static const double SPIN_SECONDS_MIN = 50e-6, SPIN_SECONDS_MAX = 250e-6;

// Tells the processor that this is a spin loop.
static void cpu_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    atomic_signal_fence(memory_order_seq_cst);
#endif
}

// Spins, without the lock, until a new round begins or the time is up.
static void spin_until_start(imp_thread_pool *pool, unsigned seen, double seconds)
{
    const double end = imp_monotonic_seconds() + seconds;
    while (pool->round == seen && imp_monotonic_seconds() < end)
        cpu_pause();
}

// Spins, without the lock, until all workers have finished or the time is up.
static void spin_until_finish(imp_thread_pool *pool, double seconds)
{
    const double end = imp_monotonic_seconds() + seconds;
    while (pool->busy > 0 && imp_monotonic_seconds() < end)
        cpu_pause();
}

// Runs tasks until none is left. Called and returns with the lock held; releases it during a task.
static void run_remaining_tasks(imp_thread_pool *pool, int worker)
{
    while (pool->next < pool->count) {
        int index = pool->next++;
        pthread_mutex_unlock(&pool->lock);
        pool->work(pool->context, index, worker);
        pthread_mutex_lock(&pool->lock);
    }
}

// Thread function of workers 1 and up: waits for a round, works, reports, repeats.
static void *worker_main(void *argument)
{
    struct worker *self = argument;
    imp_thread_pool *pool = self->pool;
    // the last round this worker took part in
    unsigned seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        // spin first, then sleep until a new round or the end of the pool
        if (pool->busy_waits && !pool->quit) {
            const double seconds = pool->spin_seconds;
            pthread_mutex_unlock(&pool->lock);
            spin_until_start(pool, seen, seconds);
            pthread_mutex_lock(&pool->lock);
        }
        while (pool->round == seen && !pool->quit)
            pthread_cond_wait(&pool->start, &pool->lock);
        if (pool->quit)
            break;
        seen = pool->round;
        // take part in this round; the last worker to finish wakes the caller
        run_remaining_tasks(pool, self->number);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->finish);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

// Creates the pool and starts threads - 1 workers; destroys what was started if one cannot be.
imp_status imp_thread_pool_create(imp_thread_pool **out, int threads, imp_error *err)
{
    if (threads <= 0)
        threads = imp_cpu_count();
    imp_thread_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a thread pool");
    // spinning helps only if every thread has a processor of its own
    pool->threads = threads;
    pool->busy_waits = threads <= imp_cpu_count();
    pool->spin_seconds = SPIN_SECONDS_MIN;
    pool->workers = calloc((size_t)threads, sizeof *pool->workers);
    if (pool->workers == NULL) {
        free(pool);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a pool of %s",
                        IMP_PLURAL(threads, "thread"));
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->start, NULL);
    pthread_cond_init(&pool->finish, NULL);
    // worker 0 is the calling thread
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

// Wakes all workers with `quit` set and joins those that were started.
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

void imp_thread_pool_set_idle_hook(imp_thread_pool *pool, void (*idle)(void *context),
                                   void *context)
{
    pool->idle = idle;
    pool->idle_context = context;
}

// Waits until all workers have finished the round. Called and returns with the lock held. Calls the
// idle function ten times a second, without the lock.
static void wait_for_workers(imp_thread_pool *pool)
{
    const long tenth_of_a_second = 100000000L;
    while (pool->busy > 0) {
        if (pool->idle == NULL) {
            pthread_cond_wait(&pool->finish, &pool->lock);
            continue;
        }
        // pthread_cond_timedwait() wants an absolute time
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

// The calling thread works too. The lock orders all writes of the tasks before the return.
void imp_thread_pool_run(imp_thread_pool *pool, int count,
                         void (*work)(void *context, int index, int worker), void *context)
{
    // publish the round and wake the workers
    const double begin = imp_monotonic_seconds();
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->context = context;
    pool->next = 0;
    pool->count = count;
    pool->busy = pool->spawned;
    pool->round++;
    pthread_cond_broadcast(&pool->start);
    // work along as worker 0, then wait for the others
    run_remaining_tasks(pool, 0);
    const double half = 0.5 * (imp_monotonic_seconds() - begin);
    const double seconds = fmin(fmax(half, SPIN_SECONDS_MIN), SPIN_SECONDS_MAX);
    pool->spin_seconds = seconds;
    if (pool->busy_waits && pool->busy > 0) {
        pthread_mutex_unlock(&pool->lock);
        spin_until_finish(pool, seconds);
        pthread_mutex_lock(&pool->lock);
    }
    wait_for_workers(pool);
    pthread_mutex_unlock(&pool->lock);
}
