// How fast an agent decides, and how much memory it takes, from outside.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena/floor.h"
#include "arena/talk.h"
#include "base/file.h"
#include "base/jpeg.h"
#include "base/plural.h"

enum { VIEWS = 64, STARTS = 5, STEPS_APART = 15, FIRST = 1000, EPISODE = 1200, BLOCK = 100 };

// The camera's pictures of a drive, encoded.
typedef struct album {
    imp_jpeg_writer *writers[VIEWS]; // a writer's bytes are its own
    imp_talk_view views[VIEWS];
} album;

typedef struct stage {
    imp_world *world;
    imp_scene *scene;
    imp_renderer *renderer;
    imp_policy *expert;
    uint8_t *rgb;
    imp_env env;
} stage;

static void close_stage(stage *s)
{
    free(s->rgb);
    imp_policy_destroy(s->expert);
    imp_renderer_destroy(s->renderer);
    imp_scene_destroy(s->scene);
    imp_world_destroy(s->world);
}

static imp_status open_stage(stage *s, const char *map, imp_error *err)
{
    const imp_env_def env = imp_default_env_def();
    const imp_expert_def expert = imp_default_expert_def();
    imp_camera_def camera = imp_default_camera_def();
    camera.width = IMP_GUEST_CAMERA_WIDTH;
    camera.height = IMP_GUEST_CAMERA_HEIGHT;
    *s = (stage){.rgb = malloc((size_t)3 * IMP_GUEST_CAMERA_WIDTH * IMP_GUEST_CAMERA_HEIGHT)};
    if (s->rgb == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for pictures");
    imp_status status = imp_world_load(&s->world, map, err);
    if (status == IMP_OK)
        status = imp_scene_create(&s->scene, s->world, err);
    if (status == IMP_OK)
        status = imp_renderer_create(&s->renderer, &camera, IMP_RENDER_AUTO, err);
    if (status == IMP_OK)
        status = imp_env_init(&s->env, s->world, &env, err);
    if (status == IMP_OK)
        status = imp_expert_create(&s->expert, &expert, err);
    return status == IMP_OK ? imp_env_reset(&s->env, 0, err) : status;
}

static imp_status take_views(album *a, stage *s, int quality, imp_error *err)
{
    imp_status status = IMP_OK;
    uint32_t episode = 0;
    imp_policy_begin(s->expert, &s->env);
    for (int k = 0; k < VIEWS && status == IMP_OK; k++) {
        const imp_view view = imp_env_view(&s->env);
        imp_render(s->renderer, s->scene, &view, s->rgb);
        status = imp_jpeg_writer_create(&a->writers[k], IMP_GUEST_CAMERA_WIDTH,
                                        IMP_GUEST_CAMERA_HEIGHT, quality, err);
        if (status == IMP_OK)
            status =
                imp_jpeg_write(a->writers[k], s->rgb, &a->views[k].jpeg, &a->views[k].length, err);
        bool over = false;
        for (int j = 0; j < STEPS_APART && !over; j++) {
            const imp_step step = imp_env_step(&s->env, imp_policy_act(s->expert, &s->env, s->rgb));
            over = step.terminated || step.truncated;
        }
        if (over && status == IMP_OK) {
            status = imp_env_reset(&s->env, ++episode, err);
            imp_policy_begin(s->expert, &s->env);
        }
    }
    return status;
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// What is left when all but one in a thousand are taken away. Sorts.
static double all_but_few(float *seconds, int n)
{
    qsort(seconds, (size_t)n, sizeof *seconds, by_size);
    return (double)seconds[(int)floor(0.999 * (n - 1))];
}

// What is measured, one for each frame [s].
typedef struct times {
    float *agent, *idle;
    imp_floor *floor;
} times;

static void summarize(imp_guest_speed *out, const times *t)
{
    const int n = out->frames;
    out->p999 = all_but_few(t->agent, n);
    out->median = (double)t->agent[n / 2];
    out->worst = (double)t->agent[n - 1];
    out->floor = all_but_few(t->idle, n);
}

// Shows a frame and asks for commands.
static imp_status ask_once(float *seconds, imp_talk *talk, const imp_guest_def *def, const album *a,
                           int k, imp_error *err)
{
    imp_talk_view view = a->views[k % VIEWS];
    imp_action action;
    imp_status status = IMP_OK;
    view.time = 0.05 * (k % EPISODE);
    const double from = imp_clock(), until = from + def->reply_timeout;
    if (k % EPISODE == 0)
        status = imp_talk_begin(talk, "episode", until, err);
    const double start = imp_clock();
    if (status == IMP_OK)
        status = imp_talk_show(talk, &view, until, err);
    if (status == IMP_OK)
        status = imp_talk_ask(talk, view.time, &action, until, err);
    *seconds = (float)(imp_clock() - start);
    return status;
}

// Measures what a machine takes for nothing, as often as the agent was just asked: the last `count`
// frames before number `end`.
static imp_status measure_floor(times *t, int end, int count, imp_error *err)
{
    if (t->floor == NULL) {
        float some[BLOCK];
        memcpy(some, t->agent, (size_t)count * sizeof *some);
        qsort(some, (size_t)count, sizeof *some, by_size);
        const imp_status status = imp_floor_create(&t->floor, (double)some[count / 2], err);
        if (status != IMP_OK)
            return status;
    }
    for (int k = end - count; k < end; k++)
        t->idle[k] = (float)imp_floor_ask(t->floor);
    return IMP_OK;
}

// Shows all frames and asks after each.
static imp_status ask_all(imp_guest_speed *out, imp_talk *talk, const imp_guest_def *def,
                          const album *a, times *t, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int k = 0; k < out->frames && status == IMP_OK; k++) {
        status = ask_once(&t->agent[k], talk, def, a, k, err);
        if (k + 1 == FIRST)
            out->memory_first = imp_guest_memory(talk->guest);
        const int count = k % BLOCK + 1;
        if (status == IMP_OK && (count == BLOCK || k + 1 == out->frames))
            status = measure_floor(t, k + 1, count, err);
        if (imp_monitor_should_stop(def->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    if (status == IMP_OK)
        out->memory_last = imp_guest_memory(talk->guest);
    if (out->frames < FIRST)
        out->memory_first = out->memory_last;
    return status;
}

// The median of a few starts; the last agent is left running.
static imp_status start_often(imp_guest_speed *out, imp_talk *talk, const imp_guest_def *def,
                              imp_error *err)
{
    float seconds[STARTS];
    for (int k = 0; k < STARTS; k++) {
        imp_talk_stop(talk, true);
        const double from = imp_clock();
        const imp_status status = imp_talk_start(talk, def, 0, err);
        if (status != IMP_OK)
            return status;
        seconds[k] = (float)(imp_clock() - from);
    }
    qsort(seconds, STARTS, sizeof *seconds, by_size);
    out->start = (double)seconds[STARTS / 2];
    return IMP_OK;
}

static imp_status measure(imp_guest_speed *out, const imp_guest_def *def, const album *a,
                          imp_error *err)
{
    imp_talk talk;
    const size_t frames = (size_t)out->frames;
    times t = {.agent = calloc(frames, sizeof *t.agent), .idle = calloc(frames, sizeof *t.idle)};
    imp_status status = imp_talk_open(&talk, err);
    if (status == IMP_OK && (t.agent == NULL || t.idle == NULL))
        status =
            imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_COUNT(out->frames, "time"));
    if (status == IMP_OK)
        status = start_often(out, &talk, def, err);
    if (status == IMP_OK)
        status = ask_all(out, &talk, def, a, &t, err);
    if (status == IMP_OK)
        summarize(out, &t);
    imp_talk_close(&talk);
    imp_floor_destroy(t.floor);
    free(t.agent);
    free(t.idle);
    return status;
}

imp_status imp_guest_measure(imp_guest_speed *out, const imp_guest_def *def, const char *map,
                             int frames, imp_error *err)
{
    *out = (imp_guest_speed){.frames = frames};
    if (frames < 1)
        return imp_fail(err, IMP_USAGE, "%s: at least 1 is needed", IMP_COUNT(frames, "picture"));
    album pictures = {0};
    stage s;
    imp_status status = imp_guest_check(def, err);
    if (status != IMP_OK)
        return status;
    status = open_stage(&s, map, err);
    if (status == IMP_OK)
        status = take_views(&pictures, &s, def->jpeg_quality, err);
    close_stage(&s);
    if (status == IMP_OK)
        status = measure(out, def, &pictures, err);
    for (int k = 0; k < VIEWS; k++)
        imp_jpeg_writer_destroy(pictures.writers[k]);
    return status;
}
