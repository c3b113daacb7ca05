// Measures start time, latency and memory of an agent through its protocol. Images are rendered and
// encoded before, so that only the agent is measured. After every 100 requests the baseline thread
// is measured as often, so that both see the same load of the machine. Percentiles are exact: all
// latencies are kept and sorted.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/image/jpeg_codec.h"
#include "base/text/plural.h"
#include "deploy/evaluator/agent_session.h"
#include "deploy/evaluator/latency_baseline.h"
#include "imprint/sim.h"

// Sizes of the benchmark. The views are different images of one drive; an episode has 1200 frames,
// which is 60 s at 20 Hz. The baseline is measured after each block of 100 frames.
enum {
    VIEW_COUNT = 64,
    START_COUNT = 5,
    STEPS_BETWEEN_VIEWS = 15,
    EARLY_FRAMES = 1000,
    EPISODE_FRAMES = 1200,
    BASELINE_BLOCK = 100
};

// Encoded camera images of a drive.
typedef struct image_set {
    imp_jpeg_writer
        *writers[VIEW_COUNT]; // one per image, because a writer owns the bytes it encodes
    imp_agent_session_frame views[VIEW_COUNT];
} image_set;

// Creates a simulation in which the expert drives.
static imp_status create_expert_sim(imp_sim **sim, const char *map, imp_error *err)
{
    // The environment is the default one; only map and camera differ.
    imp_sim_def def = imp_default_sim_def();
    def.map = map;
    def.camera.width = IMP_AGENT_CAMERA_WIDTH;
    def.camera.height = IMP_AGENT_CAMERA_HEIGHT;
    def.expert_actions = true;
    const imp_status status = imp_sim_create(sim, &def, err);
    return status == IMP_OK ? imp_sim_reset(*sim, 0, err) : status;
}

// Renders and encodes camera images along a drive.
static imp_status render_views(image_set *a, imp_sim *sim, int quality, imp_error *err)
{
    imp_status status = IMP_OK;
    uint32_t episode = 0;
    uint8_t *rgb = malloc((size_t)3 * IMP_AGENT_CAMERA_WIDTH * IMP_AGENT_CAMERA_HEIGHT);
    if (rgb == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for images");
    for (int k = 0; k < VIEW_COUNT && status == IMP_OK; k++) {
        imp_sim_observe(sim, rgb);
        status = imp_jpeg_writer_create(&a->writers[k], IMP_AGENT_CAMERA_WIDTH,
                                        IMP_AGENT_CAMERA_HEIGHT, quality, err);
        if (status == IMP_OK)
            status = imp_jpeg_writer_encode(a->writers[k], rgb, &a->views[k].jpeg,
                                            &a->views[k].length, err);
        // Drive on to a different view; begin another episode if this one ends.
        // Consecutive frames would be nearly equal and would compress alike.
        for (int j = 0; j < STEPS_BETWEEN_VIEWS && !imp_sim_needs_reset(sim); j++)
            imp_sim_step(sim, imp_sim_expert_action(sim));
        if (imp_sim_needs_reset(sim) && status == IMP_OK)
            status = imp_sim_reset(sim, ++episode, err);
    }
    free(rgb);
    return status;
}

// Orders floats for qsort(), ascending. Latencies are never NaN.
static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// Returns the 99.9th percentile. Sorts the array.
static double percentile_999(float *seconds, int n)
{
    qsort(seconds, (size_t)n, sizeof *seconds, compare_floats);
    return (double)seconds[(int)floor(0.999 * (n - 1))];
}

// Measured latencies, one per frame [s].
typedef struct latencies {
    // The arrays have one element per frame and are owned by benchmark_agent().
    float *agent, *baseline_times;
    imp_latency_baseline *floor;
} latencies;

// Computes percentiles from all latencies. The arrays are sorted afterwards.
static void summarize_latencies(imp_agent_benchmark *out, const latencies *t)
{
    const int n = out->frames;
    out->p999 = percentile_999(t->agent, n);
    out->median = (double)t->agent[n / 2];
    out->worst = (double)t->agent[n - 1];
    out->floor = percentile_999(t->baseline_times, n);
}

// Sends one image and requests commands. Announcing an episode is not part of the time.
static imp_status time_one_request(float *seconds, imp_agent_session *session,
                                   const imp_agent_process_def *def, const image_set *a, int k,
                                   imp_error *err)
{
    // Frames cycle through the views, with the times of a drive at 20 Hz.
    imp_agent_session_frame view = a->views[k % VIEW_COUNT];
    imp_action action;
    imp_status status = IMP_OK;
    view.time = 0.05 * (k % EPISODE_FRAMES);
    // The time-out covers the announcement and both messages together.
    const double from = imp_monotonic_seconds(), until = from + def->reply_timeout;
    if (k % EPISODE_FRAMES == 0)
        status = imp_agent_session_begin_episode(session, "episode", until, err);
    // The latency covers both messages: the agent may compute during either.
    const double start = imp_monotonic_seconds();
    if (status == IMP_OK)
        status = imp_agent_session_send_image(session, &view, until, err);
    if (status == IMP_OK)
        status = imp_agent_session_get_action(session, view.time, &action, until, err);
    *seconds = (float)(imp_monotonic_seconds() - start);
    return status;
}

// Measures the baseline for the last `count` frames before number `end`. Its duration is set to the
// agent's median over the first block.
static imp_status measure_baseline_latency(latencies *t, int end, int count, imp_error *err)
{
    // Create the baseline thread after the first block, when the agent's median is known.
    if (t->floor == NULL) {
        float some[BASELINE_BLOCK];
        memcpy(some, t->agent, (size_t)count * sizeof *some);
        qsort(some, (size_t)count, sizeof *some, compare_floats);
        IMP_TRY(imp_latency_baseline_create(&t->floor, (double)some[count / 2], err));
    }
    // The same number of measurements as the agent had in this block.
    for (int k = end - count; k < end; k++)
        t->baseline_times[k] = (float)imp_latency_baseline_measure(t->floor);
    return IMP_OK;
}

// Measures all frames, in alternating blocks of agent and baseline.
static imp_status time_all_requests(imp_agent_benchmark *out, imp_agent_session *session,
                                    const imp_agent_process_def *def, const image_set *a,
                                    latencies *t, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int k = 0; k < out->frames && status == IMP_OK; k++) {
        status = time_one_request(&t->agent[k], session, def, a, k, err);
        // Memory after the first frames and at the end: a leak shows as their difference.
        if (k + 1 == EARLY_FRAMES)
            out->memory_early = imp_agent_process_memory(session->agent);
        // The last block may be shorter than the others.
        const int count = k % BASELINE_BLOCK + 1;
        if (status == IMP_OK && (count == BASELINE_BLOCK || k + 1 == out->frames))
            status = measure_baseline_latency(t, k + 1, count, err);
        if (imp_monitor_should_stop(def->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    if (status == IMP_OK)
        out->memory_end = imp_agent_process_memory(session->agent);
    if (out->frames < EARLY_FRAMES)
        out->memory_early = out->memory_end;
    return status;
}

// Measures the median time of several starts; the last agent is left running.
static imp_status time_startups(imp_agent_benchmark *out, imp_agent_session *session,
                                const imp_agent_process_def *def, imp_error *err)
{
    float seconds[START_COUNT];
    for (int k = 0; k < START_COUNT; k++) {
        // Each start includes process creation, model loading and handshake.
        imp_agent_session_stop(session, true);
        const double from = imp_monotonic_seconds();
        IMP_TRY(imp_agent_session_start(session, def, 0, err));
        seconds[k] = (float)(imp_monotonic_seconds() - from);
    }
    qsort(seconds, START_COUNT, sizeof *seconds, compare_floats);
    out->start = (double)seconds[START_COUNT / 2];
    return IMP_OK;
}

// Runs the benchmark with prepared images. Everything that it allocates is freed before it
// returns, whether it succeeds or not.
static imp_status benchmark_agent(imp_agent_benchmark *out, const imp_agent_process_def *def,
                                  const image_set *a, imp_error *err)
{
    imp_agent_session session;
    const size_t frames = (size_t)out->frames;
    latencies t = {.agent = calloc(frames, sizeof *t.agent),
                   .baseline_times = calloc(frames, sizeof *t.baseline_times)};
    imp_status status = imp_agent_session_alloc(&session, err);
    if (status == IMP_OK && (t.agent == NULL || t.baseline_times == NULL))
        status =
            imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(out->frames, "time"));
    if (status == IMP_OK)
        status = time_startups(out, &session, def, err);
    if (status == IMP_OK)
        status = time_all_requests(out, &session, def, a, &t, err);
    if (status == IMP_OK)
        summarize_latencies(out, &t);
    imp_agent_session_close(&session);
    imp_latency_baseline_destroy(t.floor);
    free(t.agent);
    free(t.baseline_times);
    return status;
}

// Measures an agent on `map`. `frames` is the number of images that are sent to it.
imp_status imp_agent_benchmark_run(imp_agent_benchmark *out, const imp_agent_process_def *def,
                                   const char *map, int frames, imp_error *err)
{
    *out = (imp_agent_benchmark){.frames = frames};
    if (frames < 1)
        return imp_fail(err, IMP_USAGE, "%s: at least 1 is needed", IMP_PLURAL(frames, "image"));
    // Prepare the images, close the simulation, then measure.
    image_set images = {0};
    imp_sim *sim = NULL;
    IMP_TRY(imp_agent_process_def_check(def, err));
    imp_status status = create_expert_sim(&sim, map, err);
    if (status == IMP_OK)
        status = render_views(&images, sim, def->jpeg_quality, err);
    imp_sim_destroy(sim);
    if (status == IMP_OK)
        status = benchmark_agent(out, def, &images, err);
    for (int k = 0; k < VIEW_COUNT; k++)
        imp_jpeg_writer_destroy(images.writers[k]);
    return status;
}
