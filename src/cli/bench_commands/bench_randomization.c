// Benchmark of domain randomisation: rendered frames per second with and without it. Two
// simulators render the same poses in turn, in blocks of FRAMES images, so that whatever else
// the machine does slows both alike. Processor time of the thread is measured instead of
// wall-clock time. Resets count, because randomised worlds prepare their textures there. An
// episode has 512 frames, so their share is that of real recordings.
#include "cli/bench_commands/bench_randomization.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/common/try.h"
#include "cli/bench_commands/bench_result.h"
#include "sim/simulator/simulator.h"

// FRAMES: images per block; PLAIN and RANDOM: index of a simulator.
enum { FRAMES = 64, EPISODE_FRAMES = 512, PLAIN = 0, RANDOM = 1 };

typedef struct randomization_bench {
    imp_sim *sims[2]; // without and with randomisation
    uint8_t *rgb;
    double seconds[2]; // of the processor
} randomization_bench;

// Processor time of this thread; other processes do not count.
static double thread_cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// Creates both simulators from one definition. The expert drives the randomised one.
static imp_status open_randomization_bench(randomization_bench *b,
                                           const imp_randomization_bench_def *s, imp_error *err)
{
    imp_sim_def def = imp_default_sim_def();
    def.map = s->map;
    def.env = *s->env;
    def.camera = *s->camera;
    def.scene = *s->scene;
    b->rgb = malloc((size_t)s->camera->width * (size_t)s->camera->height * 3);
    if (b->rgb == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a benchmark");
    IMP_TRY(imp_sim_create(&b->sims[PLAIN], &def, err));
    def.randomization = *s->spec;
    def.expert_actions = true;
    return imp_sim_create(&b->sims[RANDOM], &def, err);
}

// Accepts a state that was opened in part.
static void close_randomization_bench(randomization_bench *b)
{
    imp_sim_destroy(b->sims[PLAIN]);
    imp_sim_destroy(b->sims[RANDOM]);
    free(b->rgb);
}

// Renders one block of images from the randomised robot's pose, turning a little between them.
static void time_frame_block(randomization_bench *b, int which)
{
    imp_pose pose = imp_sim_get_state(b->sims[RANDOM]).pose;
    const double start = thread_cpu_seconds();
    for (int k = 0; k < FRAMES; k++) {
        imp_sim_observe_from_pose(b->sims[which], pose, b->rgb);
        pose.heading += 0.01;
    }
    b->seconds[which] += thread_cpu_seconds() - start;
}

// One episode: resets both simulators, then renders blocks in turn and steps once between them.
static imp_status render_episode(randomization_bench *b, uint32_t episode, imp_error *err)
{
    imp_sim *random = b->sims[RANDOM];
    for (int k = 0; k < 2; k++) {
        const double start = thread_cpu_seconds();
        IMP_TRY(imp_sim_reset(b->sims[k], episode, err));
        b->seconds[k] += thread_cpu_seconds() - start;
    }
    for (int n = 0; n < EPISODE_FRAMES; n += FRAMES) {
        time_frame_block(b, PLAIN);
        time_frame_block(b, RANDOM);
        imp_sim_step(random, imp_sim_expert_action(random));
    }
    return IMP_OK;
}

// Runs episodes until the time is used, then reports both rates and their ratio.
imp_status imp_bench_randomization(const imp_randomization_bench_def *s, json_t *results,
                                   bool print, imp_error *err)
{
    randomization_bench b = {0};
    imp_status status = open_randomization_bench(&b, s, err);
    uint32_t episodes = 0;
    while (status == IMP_OK && b.seconds[PLAIN] + b.seconds[RANDOM] < s->seconds)
        status = imp_monitor_should_stop(s->monitor) ? imp_fail(err, IMP_INTERRUPTED, "interrupted")
                                                     : render_episode(&b, episodes++, err);
    if (status == IMP_OK) {
        const double frames = (double)episodes * EPISODE_FRAMES;
        imp_bench_result_add(results, print, "plain", frames / b.seconds[PLAIN], 0,
                             "frames/s on one core without randomisation, at the same poses");
        imp_bench_result_add(results, print, "random", frames / b.seconds[RANDOM], 0,
                             "frames/s on one core with randomisation, 512 frames an episode");
        imp_bench_result_add(results, print, "cost",
                             100.0 * (b.seconds[RANDOM] / b.seconds[PLAIN] - 1.0), 0,
                             "% more time than without randomisation");
    }
    close_randomization_bench(&b);
    return status;
}
