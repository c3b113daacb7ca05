#include "cli/bench_random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pipeline/crew.h"

// An episode's pictures come in turns of so many.
enum { FRAMES = 64, EPISODE_FRAMES = 512, PLAIN = 0, RANDOM = 1 };

typedef struct bench {
    imp_driver *driver;
    imp_crew crews[2]; // without and with randomisation
    uint8_t *rgb;
    double seconds[2]; // of the processor
} bench;

// What others do on the machine does not count.
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static imp_status open_bench(bench *b, const imp_bench_random_settings *s, imp_error *err)
{
    const imp_expert_def expert = imp_default_expert_def();
    b->rgb = malloc((size_t)s->camera->width * (size_t)s->camera->height * 3);
    if (b->rgb == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a benchmark");
    imp_status status = imp_driver_open(&b->driver, "expert", &expert, err);
    for (int k = 0; k < 2 && status == IMP_OK; k++) {
        const imp_crew_def def = {.map = s->map,
                                  .env = s->env,
                                  .camera = s->camera,
                                  .scene = s->scene,
                                  .driver = b->driver,
                                  .threads = 1,
                                  .randomization = k == RANDOM ? s->spec : NULL};
        status = imp_crew_hire(&b->crews[k], &def, err);
    }
    return status;
}

static void close_bench(bench *b)
{
    imp_crew_dismiss(&b->crews[PLAIN]);
    imp_crew_dismiss(&b->crews[RANDOM]);
    imp_driver_close(b->driver);
    free(b->rgb);
}

// Looks around from where the randomised robot is.
static void draw_turn(bench *b, int which)
{
    imp_crew_member *member = &b->crews[which].members[0];
    const imp_pose pose = b->crews[RANDOM].members[0].env.pose;
    const double start = now();
    for (int k = 0; k < FRAMES; k++) {
        member->env.pose = pose;
        member->env.pose.heading += 0.01 * k;
        imp_crew_look(&b->crews[which], member, b->rgb);
    }
    b->seconds[which] += now() - start;
    member->env.pose = pose;
}

static imp_status draw_episode(bench *b, uint32_t episode, imp_error *err)
{
    imp_crew_member *member = &b->crews[RANDOM].members[0];
    for (int k = 0; k < 2; k++) {
        const double start = now();
        const imp_status status =
            imp_crew_reset(&b->crews[k], &b->crews[k].members[0], episode, err);
        b->seconds[k] += now() - start;
        if (status != IMP_OK)
            return status;
    }
    imp_policy_begin(member->driver, &member->env);
    for (int n = 0; n < EPISODE_FRAMES; n += FRAMES) {
        draw_turn(b, PLAIN);
        draw_turn(b, RANDOM);
        if (imp_env_step(&member->env, imp_policy_act(member->driver, &member->env, NULL))
                .terminated)
            imp_policy_begin(member->driver, &member->env);
    }
    return IMP_OK;
}

static void put(json_t *results, bool print, const char *name, double value, const char *unit)
{
    json_object_set_new(results, name, json_pack("{s:f, s:s}", "value", value, "unit", unit));
    if (print)
        printf("%-8s %12.0f  %s\n", name, value, unit);
}

imp_status imp_bench_random(const imp_bench_random_settings *s, json_t *results, bool print,
                            imp_error *err)
{
    bench b = {0};
    imp_status status = open_bench(&b, s, err);
    uint32_t episodes = 0;
    while (status == IMP_OK && b.seconds[PLAIN] + b.seconds[RANDOM] < s->seconds)
        status = imp_monitor_should_stop(s->monitor) ? imp_fail(err, IMP_INTERRUPTED, "interrupted")
                                                     : draw_episode(&b, episodes++, err);
    if (status == IMP_OK) {
        const double frames = (double)episodes * EPISODE_FRAMES;
        put(results, print, "plain", frames / b.seconds[PLAIN],
            "frames/s on one core, where the randomised ones are drawn");
        put(results, print, "random", frames / b.seconds[RANDOM],
            "frames/s on one core of randomised worlds, 512 an episode");
        put(results, print, "cost", 100.0 * (b.seconds[RANDOM] / b.seconds[PLAIN] - 1.0),
            "% more time than plain worlds take");
    }
    close_bench(&b);
    return status;
}
