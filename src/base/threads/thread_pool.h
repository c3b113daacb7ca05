// base/threads/thread_pool.h: a pool of threads that runs numbered, independent pieces of work.
#ifndef IMP_BASE_THREADS_THREAD_POOL_H
#define IMP_BASE_THREADS_THREAD_POOL_H

#include "imprint/base.h"

typedef struct imp_thread_pool imp_thread_pool;

// Processors this process may use, at least 1.
int imp_cpu_count(void);

// A pool of `threads` workers (0: one per processor), the calling thread being one of them.
imp_status imp_thread_pool_create(imp_thread_pool **out, int threads, imp_error *err);
void imp_thread_pool_destroy(imp_thread_pool *pool); // nullable
int imp_thread_pool_size(const imp_thread_pool *pool);

// While the caller of imp_thread_pool_run() has no work left and waits for the others, it calls
// idle(context) ten times a second. NULL: nothing.
void imp_thread_pool_set_idle(imp_thread_pool *pool, void (*idle)(void *context), void *context);

// Calls work(context, index, worker) once for every index in [0, count), on any worker in any
// order, and returns when all are done. worker in [0, threads) is the same for no two calls under
// way at once, so that it can pick scratch memory. Results must not depend on the order. Not
// re-entrant.
void imp_thread_pool_run(imp_thread_pool *pool, int count,
                         void (*work)(void *context, int index, int worker), void *context);

#endif
