// cli/bench_render.h: what else is measured of the renderer: two cores, the ground alone, and how
// fast this processor could at best read and mix the texels that the ground takes.
#ifndef IMP_CLI_BENCH_RENDER_H
#define IMP_CLI_BENCH_RENDER_H

#include "imprint/env.h"

typedef struct imp_render_bench imp_render_bench;

imp_status imp_render_bench_create(imp_render_bench **out, const imp_camera_def *camera,
                                   imp_render_path path, const imp_scene *scene, imp_error *err);
void imp_render_bench_destroy(imp_render_bench *bench); // nullable

// Each draws, or does the work of, so many pictures as it returns. Turns: only two-core pictures
// are drawn by two threads.
int imp_render_bench_pair(imp_render_bench *bench, const imp_env *env);
int imp_render_bench_ground(imp_render_bench *bench, const imp_env *env);
int imp_render_bench_bound(imp_render_bench *bench);

#endif
