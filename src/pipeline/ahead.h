// pipeline/ahead.h: a thread that does one thing beforehand, while its owner does another.
#ifndef IMP_PIPELINE_AHEAD_H
#define IMP_PIPELINE_AHEAD_H

#include "imprint/base.h"

typedef struct imp_ahead imp_ahead;

// A thread that calls work(context) each time it is told to.
imp_status imp_ahead_create(imp_ahead **out, void (*work)(void *context), void *context,
                            imp_error *err);
void imp_ahead_destroy(imp_ahead *ahead); // nullable; waits for what is under way
// Starts the work and returns. The last one must have been waited for.
void imp_ahead_start(imp_ahead *ahead);
// Waits until it is done, if any was started.
void imp_ahead_wait(imp_ahead *ahead);

#endif
