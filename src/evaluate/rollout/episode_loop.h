// evaluate/rollout/episode_loop.h: the loop that drives an episode: observe, act, step, until it is
// over. What an episode is driven for (evaluation, a challenge, a dataset) is the business of
// observers.
#ifndef IMP_EVALUATE_ROLLOUT_EPISODE_LOOP_H
#define IMP_EVALUATE_ROLLOUT_EPISODE_LOOP_H

#include "evaluate/rollout/rollout_workers.h"

// What happened in one step.
typedef struct imp_transition {
    imp_action chosen;   // by the policy
    imp_action expert;   // the label expert's choice; `chosen` if there is no label expert
    imp_action executed; // what the robot did, after exploration and the environment's noise
    imp_step result;
} imp_transition;

// Functions that the loop calls with `context`; each may be NULL. env is the episode's environment
// as it is at the time of the call. observation is the image of that state; NULL if the loop
// renders none.
typedef struct imp_episode_observer {
    void *context;
    // The policies are reset and nothing has moved yet.
    void (*begin)(void *context, const imp_env *env);
    // The policy is about to act.
    void (*before_step)(void *context, const imp_env *env, const uint8_t *observation);
    // The environment has made a step.
    void (*after_step)(void *context, const imp_env *env, const imp_transition *transition);
    // The episode is over. It is not called if the loop was interrupted. observation is that of the
    // last state if `observe_last` is set, else NULL.
    void (*end)(void *context, const imp_env *env, const uint8_t *observation,
                imp_end_reason ending);
    bool needs_observations; // render every state before a step, even if the policy does not look
    bool observe_last;       // also render the state in which the episode ended
} imp_episode_observer;

enum { IMP_EPISODE_OBSERVERS_MAX = 4 };

// An episode to drive. Zero-initialise, then set sim, policy, workers and what else applies.
typedef struct imp_episode_loop_def {
    imp_rollout_workers *workers; // render, count steps, and may ask to stop
    int worker;                   // number of the calling thread
    imp_sim *sim;                 // the slot's, reset by the caller
    imp_env *env; // nullable: reset by the caller, and driven instead of sim; nothing is rendered
    imp_policy *policy;
    imp_policy *label_expert; // nullable
    // Nullable: the action to execute instead of `chosen`, called once per step.
    imp_action (*explore)(void *context, const imp_env *env, imp_action chosen, imp_action expert);
    void *explore_context;
    imp_end_reason ending;     // of an episode that is over before its first step
    uint8_t *observations;     // image of state k goes to observations + k * observation_stride
    size_t observation_stride; // [bytes]; 0: each image overwrites the last
    bool uncounted;            // its steps are not reported as progress
    imp_episode_observer observers[IMP_EPISODE_OBSERVERS_MAX]; // called in this order
    int observer_count;
} imp_episode_loop_def;

// A loop over a slot's own simulator, policy, label expert and image.
imp_episode_loop_def imp_episode_loop_def_of_slot(imp_rollout_workers *workers, int slot);

// Adds an observer; asserts that there is room.
void imp_episode_loop_add_observer(imp_episode_loop_def *loop, imp_episode_observer observer);

// An episode that is driven. A plain value: the caller sets def, the functions below the rest.
typedef struct imp_episode_run {
    imp_episode_loop_def def;
    imp_end_reason ending; // IMP_END_NONE while it goes on
    size_t steps;
    const uint8_t *image;      // of the present state; NULL if nobody looks
    imp_action chosen, expert; // in the present state
} imp_episode_run;

// Resets the policies and calls the observers.
void imp_episode_run_begin(imp_episode_run *run);
// One step of each of `count` episodes of one thread, which all go on; up to IMP_POLICY_BATCH_MAX.
// Their policies are of one kind and act together, and so are their label experts. An episode's
// `ending` tells whether it is over: that of the environment, or IMP_END_POLICY_FAILED when the
// policy sets a failure_reason. IMP_INTERRUPTED if the workers' monitor asks to stop: no episode
// goes on then. Allocates nothing.
imp_status imp_episode_run_step_many(imp_episode_run *const *runs, int count, imp_error *err);
// Calls the observers a last time.
void imp_episode_run_end(const imp_episode_run *run);

// All of these: drives one episode to its end.
imp_status imp_episode_loop_run(const imp_episode_loop_def *loop, imp_error *err);

// Why the policy or the label expert cannot go on in this episode, or NULL.
const char *imp_episode_loop_fail_reason(const imp_episode_loop_def *loop);

#endif
