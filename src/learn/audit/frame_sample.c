// Draws the frames of an audit: counts those that can be used, takes one from each of equally long
// parts of them, and collects its label, its situation and what else a learner could be given.
#include "learn/audit/frame_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"
#include "imprint/world.h"

static const double DELAYS[IMP_AUDIT_DELAYS] = {0.1, 0.3, 0.5}; // [s]
static const double ACTION_DELAY = 0.1;                         // between the two past actions [s]
// Farther off the lane than this is off its centre.
static const double CENTRE_DISTANCE = 0.08, CENTRE_ANGLE = 20.0 * IMP_PI / 180.0;

// The map of the episode that is being read.
typedef struct current_map {
    const imp_episode *of; // NULL: none yet
    imp_world *world;      // NULL: unknown
} current_map;

bool imp_episodes_share_map(const imp_episode *a, const imp_episode *b)
{
    return strcmp(a->map, b->map) == 0 && a->map_bytes == b->map_bytes &&
           (a->map_bytes == 0 || memcmp(a->map_text, b->map_text, a->map_bytes) == 0);
}

// Loads the map of an episode unless it is the one before. Of a map that is neither built in nor in
// the dataset, as that of a real room, tiles are unknown.
static imp_status load_map_of_episode(current_map *map, const imp_episode *episode, imp_error *err)
{
    if (map->of != NULL && imp_episodes_share_map(map->of, episode))
        return IMP_OK;
    imp_world_destroy(map->world);
    map->world = NULL;
    map->of = episode;
    if (episode->map_text != NULL)
        return imp_world_parse(&map->world, episode->map_text, episode->map_bytes, episode->map,
                               err);
    return imp_map_is_builtin(episode->map) ? imp_world_load(&map->world, episode->map, err)
                                            : IMP_OK;
}

static double time_step_of(const imp_dataset *dataset, const imp_episode *episode)
{
    return episode->time_step > 0.0 ? episode->time_step : imp_dataset_get_info(dataset)->time_step;
}

// Steps in a time, at least 1.
static int steps_of_seconds(double seconds, double time_step)
{
    const double steps = rint(seconds / time_step);
    return steps > 1.0 ? (int)steps : 1;
}

// The first step that has everything before it.
static int first_usable_step(const imp_dataset *dataset, const imp_episode *episode)
{
    return steps_of_seconds(DELAYS[IMP_AUDIT_DELAYS - 1], time_step_of(dataset, episode));
}

static bool has_label(const imp_episode *episode, int step)
{
    const float *label = episode->expert_actions + 2 * (size_t)step;
    return isfinite(label[0]) && isfinite(label[1]);
}

// Which situations a frame is in.
static unsigned find_situations(const imp_audit_frame *frame, const imp_world *world, int command)
{
    unsigned bits = 1U << IMP_AUDIT_ANYWHERE;
    const imp_tile *tile =
        world != NULL && isfinite(frame->x) ? imp_world_tile_at(world, frame->x, frame->z) : NULL;
    if (imp_tile_is_intersection(tile))
        bits |= 1U << IMP_AUDIT_INTERSECTION;
    else if (tile != NULL && tile->kind == IMP_TILE_STRAIGHT)
        bits |= 1U << IMP_AUDIT_STRAIGHT;
    else if (tile != NULL && tile->drivable)
        bits |= 1U << IMP_AUDIT_CURVE;
    if (command != IMP_COMMAND_NONE)
        bits |= 1U << IMP_AUDIT_COMMANDED;
    if (fabs((double)frame->lane[0]) > CENTRE_DISTANCE ||
        fabs((double)frame->lane[1]) > CENTRE_ANGLE)
        bits |= 1U << IMP_AUDIT_OFF_CENTRE;
    return bits;
}

// Speed and turn rate over the step before; NaN without poses.
static void compute_motion(float out[IMP_AUDIT_MOTION_VALUES], const double *pose, double time_step)
{
    const double *before = pose - 3;
    const double along =
        imp_cos(pose[2]) * (pose[0] - before[0]) - imp_sin(pose[2]) * (pose[1] - before[1]);
    out[0] = (float)(along / time_step);
    out[1] = (float)(remainder(pose[2] - before[2], 2.0 * IMP_PI) / time_step);
}

// Collects what an audit needs of one step.
static void fill_frame(imp_audit_frame *frame, const imp_episode *data, double time_step,
                       const imp_world *world)
{
    const size_t t = (size_t)frame->step;
    const float *label = data->expert_actions + 2 * t;
    frame->data = data;
    frame->label[IMP_AUDIT_STEERING] = 0.5f * (label[1] - label[0]);
    frame->label[IMP_AUDIT_DRIVE] = 0.5f * (label[0] + label[1]);
    for (int k = 0; k < IMP_AUDIT_DELAYS; k++)
        frame->earlier[k] = frame->step - steps_of_seconds(DELAYS[k], time_step);
    const int command = data->commands != NULL ? data->commands[t] : IMP_COMMAND_NONE;
    for (int k = 0; k < IMP_AUDIT_COMMAND_VALUES; k++)
        frame->command[k] = command == k + 1 ? 1.0f : 0.0f;
    // the last executed action, and one before the delay of commands
    memcpy(frame->actions, data->actions + 2 * (t - 1), 2 * sizeof(float));
    const int back = frame->step - 1 - steps_of_seconds(ACTION_DELAY, time_step);
    memcpy(frame->actions + 2, data->actions + 2 * (size_t)(back > 0 ? back : 0),
           2 * sizeof(float));
    compute_motion(frame->motion, data->poses + 3 * t, time_step);
    for (int k = 0; k < IMP_AUDIT_LANE_VALUES; k++)
        frame->lane[k] = (float)data->lane[2 * t + (size_t)k];
    frame->x = data->poses[3 * t];
    frame->z = data->poses[3 * t + 1];
    frame->situations = find_situations(frame, world, command);
}

// Frames of all datasets that can be used.
static int64_t count_usable_frames(imp_dataset *const *datasets, int count)
{
    int64_t usable = 0;
    for (int d = 0; d < count; d++)
        for (int e = 0; e < imp_dataset_episode_count(datasets[d]); e++) {
            const imp_episode *data = imp_dataset_episode(datasets[d], e);
            for (int t = first_usable_step(datasets[d], data); t < data->steps; t++)
                usable += has_label(data, t);
        }
    return usable;
}

// Takes frames as a counter of usable ones reaches the places that were drawn.
typedef struct frame_draw {
    imp_audit_sample *sample;
    imp_random random;
    int wanted;
    int64_t usable, seen, next;
} frame_draw;

// The place of the next frame: anywhere in its part.
static void draw_next_place(frame_draw *draw)
{
    const double part = (double)draw->usable / draw->wanted;
    draw->next =
        (int64_t)((draw->sample->count + imp_random_uniform(&draw->random, 0.0, 1.0)) * part);
}

// Takes the frames of one episode.
static void take_frames_of_episode(frame_draw *draw, const imp_dataset *dataset,
                                   const imp_episode *data, const imp_world *world)
{
    imp_audit_sample *sample = draw->sample;
    const double time_step = time_step_of(dataset, data);
    const int before = sample->count;
    for (int t = first_usable_step(dataset, data); t < data->steps; t++) {
        if (!has_label(data, t))
            continue;
        if (sample->count < draw->wanted && draw->seen >= draw->next) {
            imp_audit_frame *frame = &sample->frames[sample->count++];
            *frame = (imp_audit_frame){.episode = sample->episodes, .step = t};
            fill_frame(frame, data, time_step, world);
            sample->commands |= (frame->situations >> IMP_AUDIT_COMMANDED & 1) != 0;
            draw_next_place(draw);
        }
        draw->seen++;
    }
    sample->used_episodes += sample->count > before;
    sample->episodes++;
}

imp_status imp_audit_sample_draw(imp_audit_sample *out, imp_dataset *const *datasets, int count,
                                 const imp_audit_def *def, imp_error *err)
{
    current_map map = {0};
    imp_status status = IMP_OK;
    const imp_dataset_info *first = imp_dataset_get_info(datasets[0]);
    *out = (imp_audit_sample){.width = first->width, .height = first->height};
    for (int d = 1; d < count; d++) {
        const imp_dataset_info *info = imp_dataset_get_info(datasets[d]);
        if (info->width != first->width || info->height != first->height)
            return imp_fail(err, IMP_USAGE,
                            "the datasets have images of %dx%d and of %dx%d: audit one at a time",
                            first->width, first->height, info->width, info->height);
    }
    frame_draw draw = {.sample = out, .usable = count_usable_frames(datasets, count)};
    draw.random = imp_random_stream(def->seed, 0, 0, IMP_PURPOSE_SHUFFLE);
    draw.wanted = draw.usable < def->frames ? (int)draw.usable : def->frames;
    out->frames = calloc((size_t)draw.wanted + 1, sizeof *out->frames);
    if (out->frames == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(draw.wanted, "frame"));
    if (draw.wanted > 0)
        draw_next_place(&draw);
    for (int d = 0; d < count; d++)
        for (int e = 0; e < imp_dataset_episode_count(datasets[d]) && status == IMP_OK; e++) {
            const imp_episode *data = imp_dataset_episode(datasets[d], e);
            status = load_map_of_episode(&map, data, err);
            if (status == IMP_OK)
                take_frames_of_episode(&draw, datasets[d], data, map.world);
        }
    imp_world_destroy(map.world);
    return status;
}

void imp_audit_sample_free(imp_audit_sample *sample)
{
    free(sample->frames);
    sample->frames = NULL;
}
