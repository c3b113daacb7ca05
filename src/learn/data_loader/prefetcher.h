// learn/data_loader/prefetcher.h: a thread that does one thing beforehand, while its owner does
// another.
#ifndef IMP_LEARN_DATA_LOADER_PREFETCHER_H
#define IMP_LEARN_DATA_LOADER_PREFETCHER_H

#include "imprint/base.h"

typedef struct imp_prefetcher imp_prefetcher;

// A thread that calls work(context) on each request.
imp_status imp_prefetcher_create(imp_prefetcher **out, void (*work)(void *context), void *context,
                                 imp_error *err);
void imp_prefetcher_destroy(imp_prefetcher *prefetcher); // nullable; waits for what is under way
// Starts the work and returns. The last one must have been waited for.
void imp_prefetcher_start(imp_prefetcher *prefetcher);
// Waits until it is done, if any was started.
void imp_prefetcher_wait(imp_prefetcher *prefetcher);

#endif
