// Episodes of an evaluation driven once more to keep images, which evaluating does not. An episode
// follows from its number alone, so the second drive equals the first. An observer keeps the images
// and actions that are asked for, and what a network knew when it acted.
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "evaluate/evaluation/evaluate.h"

// The observer of an episode that is driven again.
typedef struct replay_recorder {
    const imp_replay_def *which;
    imp_replay *replay;
    int step;  // of the episode
    bool full; // all frames that are asked for are kept
    bool kept; // the state before the present step is one of them
} replay_recorder;

// What an episode is observed with.
typedef struct replay_slot {
    replay_recorder frames;
    imp_episode_recorder figures;
} replay_slot;

// What all threads share. Episode k writes to out[k] and errors[k] only.
typedef struct replay_job {
    imp_rollout_workers workers;
    const imp_network *network; // of the policy, if it is one; else NULL
    imp_eval_def def;
    // which episodes and frames to keep (count)
    const imp_replay_def *which;
    imp_replay *out;
    imp_error *errors;  // (count)
    replay_slot *slots; // of the workers
} replay_job;

// Allocates what a replay keeps; the network's inputs only if the policy is a network. "+ 1" avoids
// allocations of 0 bytes.
static imp_status alloc_replay(imp_replay *replay, const replay_job *work,
                               const imp_replay_def *which, imp_error *err)
{
    // Frames and actions.
    const imp_camera_def *camera = &work->def.sim.camera;
    const size_t image = (size_t)3 * (size_t)camera->width * (size_t)camera->height;
    const size_t frames = (size_t)which->count;
    replay->width = camera->width;
    replay->height = camera->height;
    replay->frames = malloc(frames * image + 1);
    replay->actions = calloc(2 * frames + 1, sizeof *replay->actions);
    imp_status status = IMP_OK;
    // The network's input at each frame.
    if (work->network != NULL) {
        const imp_input_spec *inputs = imp_network_inputs(work->network);
        replay->input_frames = malloc(frames * (size_t)inputs->frames * image + 1);
        replay->input_values = calloc(frames * (size_t)imp_input_value_count(inputs) + 1,
                                      sizeof *replay->input_values);
        status = imp_obs_history_create(&replay->history, work->network, err);
    }
    if (status == IMP_OK &&
        (replay->frames == NULL || replay->actions == NULL ||
         (work->network != NULL && (replay->input_frames == NULL || replay->input_values == NULL))))
        status =
            imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(which->count, "frame"));
    return status != IMP_OK
               ? status
               : imp_episode_result_alloc(&replay->result, work->def.steps, true, true, err);
}

// Keeps the network's current input as that of frame number `frame`.
static void copy_network_inputs_of_frame(imp_replay *replay, size_t frame)
{
    const imp_input_spec *inputs = imp_obs_history_input_spec(replay->history);
    const size_t image = (size_t)3 * (size_t)replay->width * (size_t)replay->height;
    const size_t frames = (size_t)inputs->frames;
    const size_t values = (size_t)imp_input_value_count(inputs);
    for (size_t k = 0; k < frames; k++)
        memcpy(replay->input_frames + (frame * frames + k) * image,
               imp_obs_history_frames(replay->history)[k], image);
    if (values > 0)
        memcpy(replay->input_values + frame * values, imp_obs_history_values(replay->history),
               values * sizeof *replay->input_values);
}

// Before a step: decides whether its frame is kept, updates the history, and keeps frame and input.
static void record_image_if_wanted(void *context, const imp_env *env, const uint8_t *observation)
{
    replay_recorder *r = context;
    imp_replay *replay = r->replay;
    const imp_replay_def *which = r->which;
    const size_t image = (size_t)3 * (size_t)replay->width * (size_t)replay->height;
    // Kept are the frames first, first + every, first + 2 every, ... until there are `count`.
    r->full = replay->count == which->count;
    r->kept = !r->full && r->step >= which->first && (r->step - which->first) % which->every == 0;
    // The history takes every frame, also those that are not kept, because the network saw them
    // all.
    if (!r->full && replay->history != NULL) {
        imp_obs_history_push_frame(replay->history, observation);
        const imp_conditions conditions = imp_env_conditions(env);
        imp_obs_history_set_conditions(replay->history, &conditions);
    }
    if (!r->kept)
        return;
    memcpy(replay->frames + image * (size_t)replay->count, observation, image);
    if (replay->history != NULL)
        copy_network_inputs_of_frame(replay, (size_t)replay->count);
}

// After a step: completes a kept frame with its action. The history is needed until the last frame
// is kept.
static void record_action(void *context, const imp_env *env, const imp_transition *transition)
{
    replay_recorder *r = context;
    imp_replay *replay = r->replay;
    const imp_action action = transition->chosen;
    (void)env;
    // Actions of a kept frame follow its image, so the count grows only here.
    r->step++;
    if (r->kept) {
        replay->actions[2 * replay->count] = (float)action.left;
        replay->actions[2 * replay->count + 1] = (float)action.right;
        replay->count++;
    }
    if (!r->full && replay->history != NULL)
        imp_obs_history_push_action(replay->history, (float)action.left, (float)action.right);
}

// Images that are to be kept are rendered even if the policy does not need any.
static imp_status begin_replay(void *context, int index, int slot, imp_episode_loop_def *out,
                               imp_error *err)
{
    replay_job *work = context;
    imp_replay *replay = &work->out[index];
    const imp_replay_def *which = &work->which[index];
    replay_slot *self = &work->slots[slot];
    self->frames = (replay_recorder){.which = which, .replay = replay};
    IMP_TRY(alloc_replay(replay, work, which, err));
    IMP_TRY(imp_eval_begin_episode(out, &self->figures, &work->workers, slot, which->episode,
                                   &work->def, &replay->result, NULL, err));
    imp_episode_loop_add_observer(out,
                                  (imp_episode_observer){.context = &self->frames,
                                                         .before_step = record_image_if_wanted,
                                                         .after_step = record_action,
                                                         .needs_observations = which->count > 0});
    return IMP_OK;
}

static void finish_replay(void *context, int index, int slot, const imp_error *error)
{
    replay_job *work = context;
    const imp_error *unrecorded = &work->slots[slot].figures.drive.error;
    work->errors[index] = error->status == IMP_OK ? *unrecorded : *error;
}

// Runs all replays on the pool, and returns the first error in their order.
static imp_status replay_all_episodes(replay_job *work, int count, const imp_policy_factory *policy,
                                      const imp_policy_factory *progress_expert,
                                      const imp_monitor *monitor, imp_error *err)
{
    imp_rollout_workers *workers = &work->workers;
    imp_status status = imp_eval_create_workers(workers, policy, progress_expert, true, count,
                                                &work->def, monitor, err);
    if (status != IMP_OK)
        return status;
    work->slots = calloc((size_t)workers->threads * (size_t)workers->batch, sizeof *work->slots);
    if (work->slots == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a replay");
    workers->progress.task = "replay";
    workers->progress.total = (double)count * work->def.steps;
    imp_run_episodes(workers, count, &(imp_episode_task){work, begin_replay, finish_replay});
    for (int k = 0; k < count && status == IMP_OK; k++)
        if (work->errors[k].status != IMP_OK)
            status = imp_fail(err, work->errors[k].status, "%s", work->errors[k].message);
    for (int k = 0; k < count && status == IMP_OK; k++)
        imp_drive_set_author(work->out[k].result.drive, policy);
    return status;
}

imp_status imp_replay_episodes(imp_replay *out, const imp_replay_def *which, int count,
                               const imp_policy_factory *policy, const imp_eval_def *def,
                               const imp_monitor *monitor, imp_error *err)
{
    // All replays are made empty first, so that the caller can free them after any failure.
    for (int k = 0; k < count; k++)
        out[k] = (imp_replay){0};
    imp_status status = imp_eval_check_def(def, err);
    for (int k = 0; k < count && status == IMP_OK; k++)
        if (which[k].episode < 0 || which[k].first < 0 || which[k].every < 1 || which[k].count < 0)
            status = imp_fail(err, IMP_USAGE,
                              "replay of episode %d: %s from step %d, every %d: not possible",
                              which[k].episode, IMP_PLURAL(which[k].count, "frame"), which[k].first,
                              which[k].every);
    // The expert is part of an evaluation, so the replay needs it too.
    if (status != IMP_OK || count < 1)
        return status;
    imp_policy_factory *progress_expert = NULL;
    replay_job work = {
        .network = imp_policy_factory_network(policy), .def = *def, .which = which, .out = out};
    work.errors = calloc((size_t)count, sizeof *work.errors);
    status = work.errors != NULL ? imp_eval_open_expert(&progress_expert, def, err)
                                 : imp_fail(err, IMP_NO_MEMORY, "out of memory for a replay");
    if (status == IMP_OK)
        status = replay_all_episodes(&work, count, policy, progress_expert, monitor, err);
    imp_rollout_workers_destroy(&work.workers);
    imp_policy_factory_close(progress_expert);
    free(work.slots);
    free(work.errors);
    return status;
}

void imp_replay_free(imp_replay *replay)
{
    if (replay == NULL)
        return;
    imp_episode_result_release(&replay->result);
    free(replay->frames);
    free(replay->actions);
    imp_obs_history_destroy(replay->history);
    free(replay->input_frames);
    free(replay->input_values);
    *replay = (imp_replay){0};
}
