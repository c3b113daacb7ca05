// cli/bench_commands/bench_randomization.h: what randomised worlds cost to draw.
#ifndef IMP_CLI_BENCH_COMMANDS_BENCH_RANDOMIZATION_H
#define IMP_CLI_BENCH_COMMANDS_BENCH_RANDOMIZATION_H

#include <jansson.h>

#include "imprint/learn.h"

typedef struct imp_randomization_bench_def {
    const char *map;
    const imp_randomization *spec;
    const imp_env_def *env;
    const imp_camera_def *camera;
    const imp_scene_def *scene;
    double seconds; // that it lasts at least
    const imp_monitor *monitor;
} imp_randomization_bench_def;

// Draws whole episodes on one core, plain and randomised by turns from the same poses; counts what
// a new episode takes, too. Adds to results (names to {value, unit}), and prints rows if it is to.
imp_status imp_bench_randomization(const imp_randomization_bench_def *s, json_t *results,
                                   bool print, imp_error *err);

#endif
