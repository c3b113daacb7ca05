// arena/floor.h: what a machine takes for work that cannot be late by itself: a thread that waits
// at a pipe, counts for a while and answers. Where others use the machine, or a host takes its
// processors away, it is late as often as anything else that runs.
#ifndef IMP_ARENA_FLOOR_H
#define IMP_ARENA_FLOOR_H

#include "imprint/base.h"

typedef struct imp_floor imp_floor;

// A thread whose answers take about so long [s], on the processors of the thread that calls.
imp_status imp_floor_create(imp_floor **out, double seconds, imp_error *err);
void imp_floor_destroy(imp_floor *floor); // nullable

// Asks once; returns how long the answer took [s].
double imp_floor_ask(imp_floor *floor);

#endif
