// cli/bench_commands/bench_sim.h: how fast many simulators step together, images included.
#ifndef IMP_CLI_BENCH_COMMANDS_BENCH_SIM_H
#define IMP_CLI_BENCH_COMMANDS_BENCH_SIM_H

#include <jansson.h>

#include "imprint/learn.h"

typedef struct imp_sim_bench_def {
    const char *map;
    const imp_env_def *env;
    const imp_camera_def *camera;
    const imp_scene_def *scene;
    const imp_expert_def *expert;
    imp_render_backend backend;
    int threads;    // 0: one per processor
    double seconds; // that it lasts at least
    const imp_monitor *monitor;
} imp_sim_bench_def;

// Steps 64 environments with images through imp_sim_step_many(), and compares with rendering and
// stepping apart. Adds to results (names to {value, unit}), and prints rows if it is to.
imp_status imp_bench_sim(const imp_sim_bench_def *def, json_t *results, bool print, imp_error *err);

#endif
