#include "cli/bench_random.h"

#include <stdlib.h>

#include "pipeline/crew.h"

enum { FRAMES = 64, EPISODE_FRAMES = 512 };

struct imp_random_bench {
    imp_randomization spec;
    imp_driver *driver;
    imp_crew crew;
    uint32_t episode;
    int drawn; // of the present episode
};

imp_status imp_random_bench_open(imp_random_bench **out, const char *map,
                                 const imp_randomization *spec, const imp_env_def *env,
                                 const imp_camera_def *camera, const imp_scene_def *scene,
                                 imp_error *err)
{
    imp_random_bench *made = calloc(1, sizeof *made);
    if (made == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a benchmark");
    const imp_expert_def expert = imp_default_expert_def();
    made->spec = *spec;
    made->drawn = EPISODE_FRAMES;
    imp_status status = imp_driver_open(&made->driver, "expert", &expert, err);
    const imp_crew_def def = {.map = map,
                              .env = env,
                              .camera = camera,
                              .scene = scene,
                              .driver = made->driver,
                              .threads = 1,
                              .randomization = &made->spec};
    if (status == IMP_OK)
        status = imp_crew_hire(&made->crew, &def, err);
    if (status == IMP_OK)
        *out = made;
    else
        imp_random_bench_close(made);
    return status;
}

void imp_random_bench_close(imp_random_bench *bench)
{
    if (bench == NULL)
        return;
    imp_crew_dismiss(&bench->crew);
    imp_driver_close(bench->driver);
    free(bench);
}

int imp_random_bench_draw(imp_random_bench *bench, uint8_t *rgb)
{
    imp_crew_member *member = &bench->crew.members[0];
    imp_env *env = &member->env;
    imp_error err;
    if (bench->drawn >= EPISODE_FRAMES) {
        imp_crew_reset(&bench->crew, member, bench->episode++, &err);
        imp_policy_begin(member->driver, env);
        bench->drawn = 0;
    }
    for (int k = 0; k < FRAMES; k++) {
        env->pose.heading += 0.01;
        imp_crew_look(&bench->crew, member, rgb);
    }
    bench->drawn += FRAMES;
    env->pose.heading -= 0.01 * FRAMES;
    if (imp_env_step(env, imp_policy_act(member->driver, env, NULL)).terminated)
        bench->drawn = EPISODE_FRAMES;
    return FRAMES;
}
