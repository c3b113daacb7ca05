// cli/bench_random.h: how fast randomised worlds are drawn.
#ifndef IMP_CLI_BENCH_RANDOM_H
#define IMP_CLI_BENCH_RANDOM_H

#include "imprint/pipeline.h"

typedef struct imp_random_bench imp_random_bench;

// Prepares to draw a map that is randomised, which spec says how. Freed with
// imp_random_bench_close().
imp_status imp_random_bench_open(imp_random_bench **out, const char *map,
                                 const imp_randomization *spec, const imp_env_def *env,
                                 const imp_camera_def *camera, const imp_scene_def *scene,
                                 imp_error *err);
void imp_random_bench_close(imp_random_bench *bench); // nullable

// Draws on, a new episode with a new camera every 512 pictures. Returns how many it drew.
int imp_random_bench_draw(imp_random_bench *bench, uint8_t *rgb);

#endif
