// deploy/evaluator/latency_baseline.h: measures the latency of a machine itself. A thread waits on
// a pipe, computes for a fixed time and answers. On a machine that is shared, it is delayed as
// often as every other program, so its latency is a baseline for an agent's.
#ifndef IMP_DEPLOY_EVALUATOR_LATENCY_BASELINE_H
#define IMP_DEPLOY_EVALUATOR_LATENCY_BASELINE_H

#include "imprint/base.h"

typedef struct imp_latency_baseline imp_latency_baseline;

// Starts a thread whose answers take about so long [s], on the processors of the calling thread.
imp_status imp_latency_baseline_create(imp_latency_baseline **out, double seconds, imp_error *err);
void imp_latency_baseline_destroy(imp_latency_baseline *baseline); // nullable

// Sends one request; returns the time until the answer [s].
double imp_latency_baseline_measure(imp_latency_baseline *baseline);

#endif
