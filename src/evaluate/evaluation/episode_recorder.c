// One episode of an evaluation: an observer adds up what each step shows: reward, speed, distance
// to the lane centre, and the expert's action. At the end it turns the sums into means. Figures
// that depend on progress come from the lane progress of the policy and of the expert from one
// start.
#include <math.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "evaluate/evaluation/evaluate.h"
#include "evaluate/evaluation/given_starts.h"

// Poses have one entry more than steps: the state before the first one.
imp_status imp_episode_result_alloc(imp_episode_result *result, int steps, bool actions, bool drive,
                                    imp_error *err)
{
    result->poses = calloc((size_t)steps + 1, sizeof *result->poses);
    result->lane_distances = calloc((size_t)steps, sizeof *result->lane_distances);
    if (actions)
        result->actions = calloc((size_t)steps, sizeof *result->actions);
    if (drive)
        result->drive = calloc(1, sizeof *result->drive);
    if (result->poses == NULL || result->lane_distances == NULL ||
        (actions && result->actions == NULL) || (drive && result->drive == NULL))
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode of %s",
                        IMP_PLURAL(steps, "step"));
    return IMP_OK;
}

void imp_episode_result_release(imp_episode_result *result)
{
    free(result->poses);
    free(result->lane_distances);
    free(result->actions);
    imp_demonstration_free(result->drive);
    free(result->drive);
}

const char *imp_episode_collided_with(const imp_episode_result *result)
{
    const int kind = result->collided_with;
    return result->ending != IMP_END_COLLISION || kind < 0 || kind >= IMP_OBJECT_KIND_COUNT ? ""
           : kind == IMP_OBJECT_SIGN                                                        ? "sign"
                                     : imp_object_class_get((imp_object_kind)kind)->name;
}

// Observer: notes where the episode starts.
static void record_episode_start(void *context, const imp_env *env)
{
    imp_episode_result *result = ((imp_episode_recorder *)context)->result;
    result->map_index = env->world_index;
    result->start = result->end = env->pose;
    result->collided_with = -1;
    if (result->poses != NULL)
        result->poses[0] = env->pose;
}

// Observer: notes when the policy decides.
static void record_decision_time(void *context, const imp_env *env, const uint8_t *observation)
{
    (void)observation;
    ((imp_episode_recorder *)context)->decision_time = env->drive.time;
}

// Adds what the policy did, and what the expert would have done.
static void record_actions(imp_episode_recorder *r, const imp_transition *transition)
{
    const imp_action action = transition->chosen;
    // The error is the mean over both wheels of the difference in duty cycle.
    imp_action expert = {NAN, NAN};
    if (r->asks_expert) {
        expert = transition->expert;
        r->action_error +=
            0.5 * (fabs(action.left - expert.left) + fabs(action.right - expert.right));
    }
    if (r->result->actions != NULL)
        r->result->actions[r->result->steps] = (imp_action_pair){
            (float)action.left, (float)action.right, (float)expert.left, (float)expert.right};
}

// Adds where the step led.
static void record_state_after_step(imp_episode_recorder *r, const imp_env *env, double reward)
{
    imp_episode_result *result = r->result;
    // The worst step is the first of those farthest from the lane centre; off the lanes counts
    // as infinitely far.
    const double off = env->in_lane ? fabs(env->lane.distance) : INFINITY;
    if (off > r->farthest) {
        r->farthest = off;
        result->worst_step = result->steps;
    }
    if (result->lane_distances != NULL)
        result->lane_distances[result->steps] = env->in_lane ? (float)env->lane.distance : NAN;
    result->steps++;
    if (result->poses != NULL)
        result->poses[result->steps] = env->pose;
    result->reward += reward;
    // The distance driven is the movement projected on the lane's direction, so backward is
    // negative.
    if (env->in_lane)
        result->distance += (env->pose.x - result->end.x) * env->lane.tangent.x +
                            (env->pose.z - result->end.z) * env->lane.tangent.z;
    result->end = env->pose;
}

// Returns the bin of a value. Values outside the range count in the first or last bin.
static int histogram_bin(double value, double low, double high, int bins)
{
    const double place = floor((value - low) / (high - low) * bins);
    return place < 0.0 ? 0 : (place >= bins ? bins - 1 : (int)place);
}

// Adds a step after the first `settle_steps` to the figures of speed and lane.
static void add_to_speed_and_lane_sums(imp_episode_recorder *r, const imp_env *env)
{
    imp_eval_counts *counts = r->counts;
    r->result->settled++;
    r->speed += env->speed;
    if (env->wanted_speed > 0.0)
        r->speed_error += fabs(env->speed - env->wanted_speed);
    if (counts != NULL)
        counts->speeds[histogram_bin(env->speed, 0.0, IMP_SPEED_REACH, IMP_SPEED_BINS)]++;
    if (!env->in_lane)
        return;
    // rounded as it is kept, so that figures can be found again from what is kept
    const double distance = (double)(float)env->lane.distance;
    r->result->in_lane++;
    r->lane += fabs(distance);
    if (counts != NULL)
        counts->lanes[histogram_bin(distance, -IMP_LANE_REACH, IMP_LANE_REACH, IMP_LANE_BINS)]++;
}

// Adds the policy's doubt, if the episode could last long enough to judge it.
static void record_doubt(imp_episode_recorder *r, const imp_env *env)
{
    const double longest = env->def.max_steps * env->def.drive.time_step;
    if (r->counts != NULL && r->policy->has_doubt &&
        r->decision_time + IMP_DOUBT_HORIZON <= longest + 1e-6)
        imp_doubt_watch_add(&r->doubts, &r->counts->doubts, r->decision_time, r->policy->doubt);
}

// Observer: adds one step to all figures.
static void record_step(void *context, const imp_env *env, const imp_transition *transition)
{
    imp_episode_recorder *r = context;
    imp_episode_result *result = r->result;
    record_actions(r, transition);
    record_doubt(r, env);
    imp_drive_recorder_add(&r->drive, env);
    record_state_after_step(r, env, transition->result.reward);
    // The first step at which the robot counts as stalled is kept.
    if (r->progress.stalled && result->stalled_step == 0)
        result->stalled_step = result->steps;
    if (result->steps > r->settle_steps)
        add_to_speed_and_lane_sums(r, env);
}

// Compares the policy's progress with the expert's.
static void compare_progress_with_expert(const imp_episode_recorder *r, const imp_env *env)
{
    imp_episode_result *result = r->result;
    result->net_distance = imp_lane_progress_distance(&r->progress, env);
    result->expert_net_distance = r->expert.distance;
    result->expert_stalled = r->expert.stalled;
    // An expert that stalls or gets nowhere leaves progress unknown.
    const bool measured = !r->expert.stalled && r->expert.distance > 0.0;
    result->progress = measured ? result->net_distance / r->expert.distance : NAN;
    result->stalled = imp_lane_progress_stalled(&r->progress, env, r->expert.distance);
    // In a short episode the stall is known only at its end.
    if (result->stalled && !r->progress.stalled)
        result->stalled_step = result->steps;
}

// What became of the navigation commands. One at an intersection on which the episode terminated
// was not followed; one on which time ended does not count.
static void count_commands(imp_episode_result *result, const imp_navigation *navigation)
{
    const bool failed_there = imp_episode_terminated(result) && navigation->inside &&
                              navigation->command != IMP_COMMAND_NONE;
    result->crossed = navigation->crossed;
    result->followed = navigation->followed;
    result->wrong_turns = navigation->wrong;
    result->commanded = navigation->followed + navigation->wrong + failed_there;
    result->route_length = navigation->planned;
}

// Observer: turns the sums into means. A mean without a step is 0; without an expert the action
// error is NaN.
static void fill_episode_result(void *context, const imp_env *env, const uint8_t *observation,
                                imp_end_reason ending)
{
    imp_episode_recorder *r = context;
    imp_episode_result *result = r->result;
    (void)observation;
    result->ending = ending;
    if (r->counts != NULL)
        imp_doubt_watch_end(&r->doubts, &r->counts->doubts, env->drive.time,
                            imp_episode_terminated(result));
    count_commands(result, &env->navigation);
    const imp_object *partner =
        ending == IMP_END_COLLISION ? imp_env_find_collided_object(env) : NULL;
    result->collided_with = partner != NULL ? (int)partner->kind : -1;
    compare_progress_with_expert(r, env);
    result->speed_mean = result->settled > 0 ? r->speed / result->settled : 0.0;
    result->wanted_speed = env->wanted_speed;
    result->speed_error = result->settled > 0 ? r->speed_error / result->settled : 0.0;
    result->lane_distance_mean = result->in_lane > 0 ? r->lane / result->in_lane : 0.0;
    result->action_error = r->asks_expert ? r->action_error / result->steps : NAN;
}

imp_status imp_eval_begin_episode(imp_episode_loop_def *out, imp_episode_recorder *recorder,
                                  imp_rollout_workers *workers, int slot, int episode,
                                  const imp_eval_def *def, imp_episode_result *result,
                                  imp_eval_counts *counts, imp_error *err)
{
    imp_rollout_slot *self = &workers->slots[slot];
    *recorder = (imp_episode_recorder){.result = result,
                                       .counts = counts,
                                       .settle_steps = def->settle_steps,
                                       .asks_expert = self->label_expert != NULL,
                                       .policy = self->policy,
                                       .farthest = -1.0};

    // start the episode, and see how far the expert gets from there
    IMP_TRY(imp_rollout_slot_reset_sim(workers, self, (uint32_t)episode, err));
    if (def->starts != NULL)
        IMP_TRY(imp_eval_check_given_start(self->env, def, episode, err));
    IMP_TRY(imp_measure_expert_progress(&recorder->expert, workers, slot, true, err));

    // progress first: the recorder reads it after every step
    *out = imp_episode_loop_def_of_slot(workers, slot);
    IMP_TRY(imp_drive_recorder_begin(&recorder->drive, out, result->drive, self->env,
                                     def->starts != NULL, err));
    imp_episode_loop_add_observer(out, imp_lane_progress_observer(&recorder->progress));
    imp_episode_loop_add_observer(out, (imp_episode_observer){.context = recorder,
                                                              .begin = record_episode_start,
                                                              .before_step = record_decision_time,
                                                              .after_step = record_step,
                                                              .end = fill_episode_result});
    return IMP_OK;
}
