// What a module of the page has instead of a system: one thread, on which pieces of work are done
// one after the other, and one memory, which takes no hints.
#include <sys/mman.h>

#include "base/threads/thread_pool.h"

int madvise(void *memory, size_t bytes, int advice)
{
    (void)memory;
    (void)bytes;
    (void)advice;
    return 0;
}

int imp_cpu_count(void)
{
    return 1;
}

void imp_thread_pool_run(imp_thread_pool *pool, int count,
                         void (*work)(void *context, int index, int worker), void *context)
{
    (void)pool;
    for (int k = 0; k < count; k++)
        work(context, k, 0);
}
