// cli/bench_random.h: what randomised worlds cost to draw.
#ifndef IMP_CLI_BENCH_RANDOM_H
#define IMP_CLI_BENCH_RANDOM_H

#include <jansson.h>

#include "imprint/pipeline.h"

typedef struct imp_bench_random_settings {
    const char *map;
    const imp_randomization *spec;
    const imp_env_def *env;
    const imp_camera_def *camera;
    const imp_scene_def *scene;
    double seconds; // that it lasts at least
    const imp_monitor *monitor;
} imp_bench_random_settings;

// Draws whole episodes on one core, plain and randomised by turns from the same poses; counts what
// a new episode takes, too. Adds to results (names to {value, unit}), and prints rows if it is to.
imp_status imp_bench_random(const imp_bench_random_settings *s, json_t *results, bool print,
                            imp_error *err);

#endif
