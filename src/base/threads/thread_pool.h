// base/threads/thread_pool.h: runs numbered, independent pieces of work on a pool of threads, which
// imprint/base.h creates and destroys.
#ifndef IMP_BASE_THREADS_THREAD_POOL_H
#define IMP_BASE_THREADS_THREAD_POOL_H

#include "imprint/base.h"

// Processors that this process may use, at least 1.
int imp_cpu_count(void);

// While the caller of imp_thread_pool_run() has no task left and waits for the others, it calls
// idle(context) ten times a second. NULL: no callback.
void imp_thread_pool_set_idle_hook(imp_thread_pool *pool, void (*idle)(void *context),
                                   void *context);

// Calls work(context, index, worker) once for every index in [0, count), on any worker in any
// order, and returns when all are done. Two calls that run at the same time have different `worker`
// in [0, threads), so it can select scratch memory. Results must not depend on the order. Not
// re-entrant.
void imp_thread_pool_run(imp_thread_pool *pool, int count,
                         void (*work)(void *context, int index, int worker), void *context);

#endif
