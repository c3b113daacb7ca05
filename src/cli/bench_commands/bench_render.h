// cli/bench_commands/bench_render.h: what is measured of the renderer.
#ifndef IMP_CLI_BENCH_COMMANDS_BENCH_RENDER_H
#define IMP_CLI_BENCH_COMMANDS_BENCH_RENDER_H

#include "imprint/policy.h"

typedef struct imp_render_bench imp_render_bench;

// What is drawn are places of a drive, the same ones each time. The driver begins at the start of
// an episode and leaves the environment anywhere.
imp_status imp_render_bench_create(imp_render_bench **out, const imp_camera_def *camera,
                                   imp_render_backend path, const imp_scene *scene, imp_env *env,
                                   imp_policy *policy, imp_error *err);
void imp_render_bench_destroy(imp_render_bench *bench); // nullable

// Each draws, or does the work of, as many images as it returns: on one core, on two, of the
// ground alone, and what its samples would take if they only had to be read and mixed.
int imp_render_bench_draw_on_one_core(imp_render_bench *bench);
int imp_render_bench_draw_on_two_cores(imp_render_bench *bench);
int imp_render_bench_draw_ground_only(imp_render_bench *bench);
int imp_render_bench_blend_texels_only(imp_render_bench *bench);

#endif
