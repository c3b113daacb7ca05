// Episodes driven into memory on all threads: the common episode loop, with an observer that fills
// the arrays of a dataset's episode, and exploration that changes which action is executed. Each
// episode has a buffer of its own, and its random streams follow from its number. So the content of
// a buffer depends neither on the thread nor on the order of episodes.
#include "learn/collection/collector.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "evaluate/rollout/episode_batch.h"
#include "evaluate/rollout/plugin_policy.h"
#include "learn/collection/exploration.h"
#include "learn/settings/settings_tables.h"
#include "nn/network/network.h"
#include "sim/simulator/simulator.h"

// Allocates the arrays for the longest episode. States are one more than steps: the last state has
// an observation and a pose, but no action. On failure the caller frees what is there.
static imp_status alloc_rollout_buffer(imp_rollout_buffer *b, const imp_collect_def *def,
                                       imp_error *err)
{
    size_t steps = (size_t)def->steps;
    size_t image = (size_t)def->sim.camera.width * (size_t)def->sim.camera.height * 3;
    // bytes of images are not cleared, because the renderer writes all of them
    b->observations = malloc((steps + 1) * image);
    b->actions = calloc(2 * steps, sizeof *b->actions);
    b->expert_actions = calloc(2 * steps, sizeof *b->expert_actions);
    b->rewards = calloc(steps, sizeof *b->rewards);
    b->poses = calloc(3 * (steps + 1), sizeof *b->poses);
    b->lane = calloc(2 * (steps + 1), sizeof *b->lane);
    b->terminations = calloc(steps, 1);
    b->truncations = calloc(steps, 1);
    const bool has_commands = def->sim.env.commands != IMP_COMMANDS_NONE;
    b->commands = has_commands ? calloc(steps, 1) : NULL;
    if (b->observations == NULL || b->actions == NULL || b->expert_actions == NULL ||
        b->rewards == NULL || b->poses == NULL || b->lane == NULL || b->terminations == NULL ||
        b->truncations == NULL || (has_commands && b->commands == NULL))
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for episodes of %s",
                        IMP_PLURAL(def->steps, "step"));
    return IMP_OK;
}

// Also for a buffer that was allocated in part only.
void imp_rollout_buffer_free(imp_rollout_buffer *b)
{
    free(b->observations);
    free(b->actions);
    free(b->expert_actions);
    free(b->rewards);
    free(b->poses);
    free(b->lane);
    free(b->terminations);
    free(b->truncations);
    free(b->commands);
}

// What the observer of an episode knows, and what explores. Each slot has one.
typedef struct imp_rollout_recorder {
    imp_rollout_buffer *buffer;
    imp_exploration exploration;
    bool has_expert; // whether labels are another's opinion
} imp_rollout_recorder;

// Records pose, place in the lane and command of state number `steps`. Its image is in the buffer
// already.
static void record_pose_and_lane(void *context, const imp_env *env, const uint8_t *observation)
{
    imp_rollout_buffer *b = ((imp_rollout_recorder *)context)->buffer;
    const int k = b->steps;
    (void)observation;
    memcpy(&b->poses[3 * k], (double[]){env->pose.x, env->pose.z, env->pose.heading},
           3 * sizeof(double));
    // outside any lane there is no lane position
    b->lane[2 * k] = env->in_lane ? env->lane.distance : NAN;
    b->lane[2 * k + 1] = env->in_lane ? env->lane.angle : NAN;
    if (b->commands != NULL && env->ending == IMP_END_NONE)
        b->commands[k] = (uint8_t)env->navigation.command;
}

// Stores what happened in step k, and moves on to state k + 1. `actions` holds what was executed
// after exploration, and `expert_actions` the label of the same state.
static void record_step(void *context, const imp_env *env, const imp_transition *transition)
{
    const imp_rollout_recorder *r = context;
    imp_rollout_buffer *b = r->buffer;
    const int k = b->steps++;
    const imp_action chosen = transition->chosen, expert = transition->expert;
    (void)env;
    b->actions[2 * k] = (float)transition->executed.left;
    b->actions[2 * k + 1] = (float)transition->executed.right;
    b->expert_actions[2 * k] = (float)expert.left;
    b->expert_actions[2 * k + 1] = (float)expert.right;
    b->rewards[k] = (float)transition->result.reward;
    b->terminations[k] = transition->result.terminated;
    b->truncations[k] = transition->result.truncated;
    b->reward += transition->result.reward;
    // differences of both wheels are summed here; the mean follows at the end of the episode
    if (r->has_expert)
        b->disagreement += fabs(chosen.left - expert.left) + fabs(chosen.right - expert.right);
}

// Records the last state, and turns the sum of disagreement into a mean per wheel and step.
static void record_final_state(void *context, const imp_env *env, const uint8_t *observation,
                               imp_end_reason ending)
{
    imp_rollout_buffer *b = ((imp_rollout_recorder *)context)->buffer;
    record_pose_and_lane(context, env, observation);
    b->disagreement /= 2.0 * b->steps;
    b->ending = ending;
}

// The hook of the episode loop between policy and environment: who drives first, then noise.
// Without a label expert the policy is the expert itself, and there is nothing to choose.
static imp_action choose_and_disturb_action(void *context, const imp_env *env, imp_action chosen,
                                            imp_action expert)
{
    imp_rollout_recorder *r = context;
    imp_action action = chosen;
    if (r->has_expert)
        action = imp_exploration_choose_action(&r->exploration, env, chosen, expert);
    return imp_exploration_add_noise(&r->exploration, action);
}

// What is known of an episode before it begins.
static void begin_rollout_buffer(imp_rollout_buffer *b, const imp_rollout_slot *self)
{
    const imp_env *env = self->env;
    b->steps = 0;
    b->map_index = env->world_index;
    b->time_step = env->def.drive.time_step * env->def.frame_skip;
    b->conditions = imp_env_conditions(env);
    b->randomization[0] = '\0';
    if (imp_sim_randomization_sample(self->sim) != NULL)
        imp_randomization_sample_json(imp_sim_randomization_sample(self->sim), b->randomization);
    b->reward = b->disagreement = 0.0;
}

// Starts an episode and describes how it is driven into its buffer.
static imp_status begin_episode(void *context, int index, int slot, imp_episode_loop_def *out,
                                imp_error *err)
{
    imp_collector *r = context;
    imp_rollout_buffer *b = &r->rollouts[r->at + index];
    imp_rollout_slot *self = &r->workers.slots[slot];
    IMP_TRY(imp_rollout_slot_reset_sim(&r->workers, self, (uint32_t)(r->first + index), err));
    // the renderer and the expert must see the new start, so that the simulator restarts there
    imp_pose start;
    if (imp_exploration_sample_start(&start, r->def, self->env))
        imp_sim_restart_episode_at(self->sim, start);
    begin_rollout_buffer(b, self);

    // images of all states, the last one included, go straight into the buffer
    imp_rollout_recorder *recorder = &r->recorders[slot];
    *recorder =
        (imp_rollout_recorder){.buffer = b,
                               .exploration = imp_exploration_begin_episode(r->def, self->env),
                               .has_expert = self->label_expert != NULL};
    *out = imp_episode_loop_def_of_slot(&r->workers, slot);
    out->explore = choose_and_disturb_action;
    out->explore_context = recorder;
    out->observations = b->observations;
    out->observation_stride =
        (size_t)r->def->sim.camera.width * (size_t)r->def->sim.camera.height * 3;
    imp_episode_loop_add_observer(out, (imp_episode_observer){.context = recorder,
                                                              .before_step = record_pose_and_lane,
                                                              .after_step = record_step,
                                                              .end = record_final_state,
                                                              .needs_observations = true,
                                                              .observe_last = true});
    return IMP_OK;
}

// Errors stay in the buffer, because threads must not share one. A failed policy ends its episode
// in the loop; here it becomes an error with the policy's name.
static void finish_episode(void *context, int index, int slot, const imp_error *error)
{
    imp_collector *r = context;
    imp_rollout_buffer *b = &r->rollouts[r->at + index];
    b->error = *error;
    b->number = (uint32_t)(r->first + index);
    if (error->status != IMP_OK || b->ending != IMP_END_POLICY_FAILED)
        return;
    const imp_episode_loop_def loop = imp_episode_loop_def_of_slot(&r->workers, slot);
    imp_fail(
        &b->error, IMP_BAD_INPUT, "%s: failed in episode %u: %s",
        imp_policy_factory_name(loop.policy->failure_reason != NULL ? r->policy : r->label_expert),
        b->number, imp_episode_loop_fail_reason(&loop));
}

void imp_collector_write_segmenter(const imp_collector *r, FILE *out)
{
    if (r->segmenter != NULL)
        fprintf(out, "segmenter: %016" PRIx64 "\n", imp_network_weights_hash(r->segmenter));
}

const char *imp_label_policy_name(const imp_collect_def *def)
{
    return def->label_policy != NULL ? def->label_policy : "expert";
}

// A network cannot give labels: it is not told of another observation than its own. The experts and
// plug-ins read the state, so that they can label any episode.
static bool is_label_policy(const char *name)
{
    return name == NULL || strcmp(name, "expert") == 0 || strcmp(name, "pure-pursuit") == 0 ||
           strcmp(name, "reference") == 0 || imp_is_plugin_path(name);
}

// What the table of settings cannot say.
imp_status imp_collector_check_def(const imp_collect_def *def, imp_error *err)
{
    IMP_TRY(imp_struct_check_ranges(&imp_collect_members, def, err));
    if (imp_observation_kind_name((int)def->sim.observation) == NULL)
        return imp_fail(err, IMP_USAGE, "unknown kind of observation");
    if (def->segmenter != NULL && def->sim.observation != IMP_OBSERVATION_SEGMENTATION)
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE,
                     "segmenter: it finds %s, the observations are %s: observe %s as well",
                     imp_observation_kind_name(IMP_OBSERVATION_SEGMENTATION),
                     imp_observation_kind_name((int)def->sim.observation),
                     imp_observation_kind_name(IMP_OBSERVATION_SEGMENTATION)));
    if (!is_label_policy(def->label_policy))
        return imp_fail(err, IMP_USAGE, "%s: only an expert or a plug-in (.so) can give labels",
                        def->label_policy);
    if (def->labeller != NULL && imp_policy_factory_is_network(def->labeller))
        return imp_fail(err, IMP_USAGE, "%s: a network cannot give labels",
                        imp_policy_factory_name(def->labeller));
    // the number of a rollout is an int
    if (def->episodes > INT_MAX / def->hardest_of)
        return imp_fail(err, IMP_USAGE, "%s times %s are too many to drive",
                        IMP_PLURAL(def->hardest_of, "drive"), IMP_PLURAL(def->episodes, "episode"));
    return imp_rollout_check_length(def->steps, def->sim.env.frame_skip, err);
}

// Who drives: the caller's, or by name.
static imp_status open_policy(imp_collector *r, imp_error *err)
{
    if (r->def->driver != NULL) {
        r->policy = r->def->driver;
        return IMP_OK;
    }
    IMP_TRY(imp_policy_factory_open(&r->owned_policy, r->def->policy, &r->expert, err));
    r->policy = r->owned_policy;
    return IMP_OK;
}

// The action of an expert or a plug-in is the label itself; what a network drives is labelled by
// the label policy, and what the caller's policy drives if one is named. label_expert stays NULL
// where none is needed.
static imp_status open_label_expert(imp_collector *r, imp_error *err)
{
    const imp_collect_def *def = r->def;
    const bool named = def->driver != NULL && def->label_policy != NULL;
    if (def->labeller != NULL)
        r->label_expert = def->labeller;
    if (def->labeller != NULL || !(named || imp_policy_factory_is_network(r->policy)))
        return IMP_OK;
    IMP_TRY(imp_policy_factory_open(&r->owned_label_expert, imp_label_policy_name(def), &r->expert,
                                    err));
    r->label_expert = r->owned_label_expert;
    return IMP_OK;
}

// Every episode in lock step has a buffer for all its images. This limits what they take.
static int largest_batch(const imp_collect_def *def)
{
    const double bytes_max = 128e6; // for each thread
    const double bytes = 3.0 * def->sim.camera.width * def->sim.camera.height * (def->steps + 1.0);
    return bytes_max / bytes < 1.0                    ? 1
           : bytes_max / bytes > IMP_POLICY_BATCH_MAX ? IMP_POLICY_BATCH_MAX
                                                      : (int)(bytes_max / bytes);
}

// Checks the definition, opens policy and label expert, and creates the workers.
imp_status imp_collector_open(imp_collector *r, const imp_collect_def *def,
                              const imp_monitor *monitor, imp_error *err)
{
    IMP_TRY(imp_collector_check_def(def, err));
    r->def = def;
    r->expert = def->sim.expert;
    // an image does not show which drive was drawn, so labels must not depend on it
    r->expert.assumed_drive = &def->sim.env.drive;
    IMP_TRY(open_policy(r, err));
    IMP_TRY(open_label_expert(r, err));
    if (def->segmenter != NULL)
        IMP_TRY(imp_segmenter_load(&r->segmenter, def->segmenter, err));
    const imp_rollout_workers_def workers = {.sim = def->sim,
                                             .steps = def->steps,
                                             .policy = r->policy,
                                             .label_expert = r->label_expert,
                                             .segmenter = r->segmenter,
                                             .episodes = def->episodes * def->hardest_of,
                                             .batch_max = largest_batch(def),
                                             .monitor = monitor};
    IMP_TRY(imp_rollout_workers_create(&r->workers, &workers, err));
    r->recorders =
        calloc((size_t)r->workers.threads * (size_t)r->workers.batch, sizeof *r->recorders);
    return r->recorders != NULL ? IMP_OK
                                : imp_fail(err, IMP_NO_MEMORY, "out of memory for a recorder");
}

// One more buffer than asked for avoids calloc(0), whose result may be NULL.
imp_status imp_collector_alloc_buffers(imp_collector *r, int capacity, imp_error *err)
{
    r->rollouts = calloc((size_t)capacity + 1, sizeof *r->rollouts);
    if (r->rollouts == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(capacity, "episode"));
    r->capacity = capacity;
    for (int k = 0; k < capacity; k++)
        IMP_TRY(alloc_rollout_buffer(&r->rollouts[k], r->def, err));
    return IMP_OK;
}

// The new policy is opened first, so that a bad name leaves the collector as it was.
imp_status imp_collector_set_policy(imp_collector *r, const char *name_or_path, imp_error *err)
{
    imp_policy_factory *policy = NULL;
    IMP_TRY(imp_policy_factory_open(&policy, name_or_path, &r->expert, err));
    // policies borrow their factories, so that they are destroyed before these
    imp_rollout_workers_destroy_policies(&r->workers);
    imp_policy_factory_close(r->owned_label_expert);
    imp_policy_factory_close(r->owned_policy);
    r->policy = r->owned_policy = policy;
    r->label_expert = r->owned_label_expert = NULL;
    // the new factories, then policies of each for every thread
    IMP_TRY(open_label_expert(r, err));
    IMP_TRY(imp_rollout_check_image_size(r->policy, &r->def->sim.camera, err));
    if (r->label_expert != NULL)
        IMP_TRY(imp_rollout_check_image_size(r->label_expert, &r->def->sim.camera, err));
    return imp_rollout_workers_create_policies(&r->workers, r->policy, r->label_expert, err);
}

// It returns when all episodes have ended. The caller reads each buffer's error afterwards.
void imp_collector_run_episodes(imp_collector *r, int at, int first, int count)
{
    r->at = at;
    r->first = first;
    imp_run_episodes(&r->workers, count, &(imp_episode_task){r, begin_episode, finish_episode});
}

// Describes a rollout as an episode of a dataset. Its arrays stay those of the buffer, so that they
// hold until the buffer is driven again.
imp_episode imp_collector_episode(const imp_collector *r, const imp_rollout_buffer *b)
{
    imp_episode episode = {
        .steps = b->steps,
        .observations = b->observations,
        .actions = b->actions,
        .expert_actions = b->expert_actions,
        .poses = b->poses,
        .lane = b->lane,
        .rewards = b->rewards,
        .terminations = b->terminations,
        .truncations = b->truncations,
        .commands = b->commands,
        .seed = r->def->sim.env.seed,
        .number = b->number,
        .time_step = b->time_step,
        .conditions = b->conditions,
        .has_conditions = true,
        .randomization = b->randomization[0] != '\0' ? b->randomization : NULL,
    };
    // a map that is not built in travels with the episode
    const imp_world *world = r->workers.maps->worlds[b->map_index];
    snprintf(episode.map, sizeof episode.map, "%s", world->name);
    if (!imp_world_is_builtin(world)) {
        episode.map_text = world->source;
        episode.map_bytes = world->source_length;
    }
    return episode;
}

// Workers hold policies, which borrow from the factories; so workers end before these.
void imp_collector_close(imp_collector *r)
{
    for (int k = 0; k < r->capacity; k++)
        imp_rollout_buffer_free(&r->rollouts[k]);
    free(r->rollouts);
    free(r->recorders);
    imp_rollout_workers_destroy(&r->workers);
    imp_network_destroy(r->segmenter);
    imp_policy_factory_close(r->owned_label_expert);
    imp_policy_factory_close(r->owned_policy);
    *r = (imp_collector){0};
}
