// deploy/evaluator/latency_baseline.h: what a machine takes for work that cannot be late by itself:
// a thread that waits at a pipe, counts for a while and answers. Where others use the machine, or a
// host takes its processors away, it is late as often as anything else that runs.
#ifndef IMP_DEPLOY_EVALUATOR_LATENCY_BASELINE_H
#define IMP_DEPLOY_EVALUATOR_LATENCY_BASELINE_H

#include "imprint/base.h"

typedef struct imp_latency_baseline imp_latency_baseline;

// A thread whose answers take about so long [s], on the processors of the thread that calls.
imp_status imp_latency_baseline_create(imp_latency_baseline **out, double seconds, imp_error *err);
void imp_latency_baseline_destroy(imp_latency_baseline *baseline); // nullable

// Asks once; returns how long the answer took [s].
double imp_latency_baseline_measure(imp_latency_baseline *baseline);

#endif
