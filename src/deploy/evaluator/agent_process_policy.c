// An agent's process as a policy. Each policy has one process, which serves several episodes and is
// started again after a failure. In every step the observation is encoded as JPEG, the wheel
// odometry is derived from the pose, and both are sent before commands are requested. If wanted, an
// episode's messages are logged to a file that gets its name only once it is complete.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/image/jpeg_codec.h"
#include "base/io/atomic_file.h"
#include "deploy/evaluator/agent_session.h"

// A definition whose cookie differs was not made by the function below.
enum { AGENT_PROCESS_COOKIE = 0x6E57 };

// The time-outs are seconds. They are long, because models may load from slow disks.
imp_agent_process_def imp_default_agent_process_def(void)
{
    return (imp_agent_process_def){
        .sandbox = true,
        .memory_limit = (int64_t)8 << 30,
        .start_timeout = 120.0,
        .reply_timeout = 120.0,
        .jpeg_quality = 95,
        .log_name = "agent",
        .cookie = AGENT_PROCESS_COOKIE,
    };
}

typedef struct agent_process_policy {
    // The base must come first: pointers to both are converted into each other.
    imp_policy policy;
    const imp_agent_process_def *def;
    imp_agent_session session; // has no agent before the first episode and after a failure
    imp_jpeg_writer *writer;
    imp_error err;       // why the episode failed
    imp_pose pose;       // at the last observation
    double left, right;  // angle that each wheel has turned since the start [rad]
    double time;         // of the next observation [s]
    imp_atomic_file log; // the episode's messages, if a log is wanted
} agent_process_policy;

// Completes the episode's log by renaming it. A failure to write it fails the next episode.
static imp_status commit_episode_log(agent_process_policy *self, imp_error *err)
{
    // A log that is not open has nothing to complete.
    if (self->session.log == NULL)
        return IMP_OK;
    self->session.log = NULL;
    return imp_atomic_file_commit(&self->log, err);
}

// Opens the log of the episode that begins, if logs are wanted.
static imp_status open_episode_log(agent_process_policy *self, const imp_env *env, imp_error *err)
{
    char name[64], path[IMP_PATH_MAX];
    if (self->def->log == NULL)
        return IMP_OK;
    // The name holds the number of the episode, so no log replaces another.
    snprintf(name, sizeof name, "%s-episode%u.cbor", self->def->log_name, env->episode);
    imp_status status = imp_folder_create(self->def->log, err);
    if (status == IMP_OK)
        status = imp_path_join(path, self->def->log, name, err);
    if (status == IMP_OK)
        status = imp_atomic_file_open(&self->log, path, err);
    self->session.log = self->log.stream;
    return status;
}

// Fails the episode and stops the agent. The next episode starts a new one.
static void stop_agent_and_fail_episode(agent_process_policy *self)
{
    // An agent that has failed may be in any state, so it is killed.
    imp_agent_session_stop(&self->session, false);
    self->policy.failure_reason = self->err.message;
}

// The policy's reset. A failure is recorded in the policy and makes the episode fail.
static void agent_policy_begin(imp_policy *policy, const imp_env *env)
{
    agent_process_policy *self = (agent_process_policy *)policy;
    char name[32];
    imp_agent_session *session = &self->session;
    const imp_agent_process_def *def = self->def;
    self->policy.failure_reason = NULL;
    self->pose = env->pose;
    self->left = self->right = self->time = 0.0;
    snprintf(name, sizeof name, "episode%u", env->episode);
    // Start an agent if there is none, and announce the episode to it.
    imp_status status = commit_episode_log(self, &self->err);
    if (status == IMP_OK && session->agent == NULL)
        status = imp_agent_session_start(session, def, env->def.seed, &self->err);
    if (status == IMP_OK)
        status = open_episode_log(self, env, &self->err);
    if (status == IMP_OK)
        status = imp_agent_session_begin_episode(
            session, name, imp_monotonic_seconds() + def->reply_timeout, &self->err);
    if (status != IMP_OK)
        stop_agent_and_fail_episode(self);
}

// Advances the wheel angles by the circular arc from the last pose to this one. The chord's
// component along the mean heading gives the arc's length; the turn gives the difference between
// the wheels.
static void integrate_wheel_odometry(agent_process_policy *self, imp_pose pose)
{
    // Headings are compared modulo a full turn.
    const imp_pose before = self->pose;
    const double turn = remainder(pose.heading - before.heading, 2.0 * IMP_PI);
    const double middle = before.heading + turn / 2.0;
    const imp_sine_cosine mean = imp_sincos(middle);
    const double chord = (pose.x - before.x) * mean.cosine - (pose.z - before.z) * mean.sine;
    const double distance = fabs(turn) > 1e-9 ? chord * (turn / 2.0) / imp_sin(turn / 2.0) : chord;
    self->left += (distance - turn * IMP_WHEEL_DISTANCE / 2.0) / IMP_WHEEL_RADIUS;
    self->right += (distance + turn * IMP_WHEEL_DISTANCE / 2.0) / IMP_WHEEL_RADIUS;
    self->pose = pose;
}

// The policy's action. After a failure it returns zeros until the episode is over.
static imp_action agent_policy_act(imp_policy *policy, const imp_env *env,
                                   const uint8_t *observation)
{
    agent_process_policy *self = (agent_process_policy *)policy;
    const double until = imp_monotonic_seconds() + self->def->reply_timeout;
    imp_action action = {0};
    imp_agent_session_frame view = {0};
    if (self->policy.failure_reason != NULL)
        return action;
    // Send the image with time and odometry, then request commands.
    integrate_wheel_odometry(self, env->pose);
    imp_status status =
        imp_jpeg_writer_encode(self->writer, observation, &view.jpeg, &view.length, &self->err);
    // The observation's time and wheel angles.
    view.time = self->time;
    view.left = self->left;
    view.right = self->right;
    // The true pose goes to the log only. Agents do not receive it.
    imp_agent_session_log_pose(&self->session, self->time, env->pose);
    if (status == IMP_OK)
        status = imp_agent_session_send_image(&self->session, &view, until, &self->err);
    if (status == IMP_OK)
        status =
            imp_agent_session_get_action(&self->session, self->time, &action, until, &self->err);
    self->time += env->def.drive.time_step;
    if (status != IMP_OK)
        stop_agent_and_fail_episode(self);
    return action;
}

// Ends the agent and frees the policy. A log that is open is completed first.
static void agent_policy_destroy(imp_policy *policy)
{
    agent_process_policy *self = (agent_process_policy *)policy;
    (void)commit_episode_log(self, NULL);
    imp_agent_session_close(&self->session);
    imp_jpeg_writer_destroy(self->writer);
    free(self);
}

// Creates one policy for the factory. Its process starts with the first episode.
static imp_status create_agent_policy(const void *context, imp_policy **out, imp_error *err)
{
    static const imp_policy_vtable vtable = {.name = "agent",
                                             .needs_observation = true,
                                             .reset = agent_policy_begin,
                                             .act = agent_policy_act,
                                             .destroy = agent_policy_destroy};
    agent_process_policy *self = calloc(1, sizeof *self);
    if (self == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    self->policy.vtable = &vtable;
    self->def = context;
    imp_status status = imp_agent_session_alloc(&self->session, err);
    if (status == IMP_OK)
        status = imp_jpeg_writer_create(&self->writer, IMP_AGENT_CAMERA_WIDTH,
                                        IMP_AGENT_CAMERA_HEIGHT, self->def->jpeg_quality, err);
    // The policy's destroy function accepts a partly created policy.
    if (status != IMP_OK) {
        agent_policy_destroy(&self->policy);
        return status;
    }
    *out = &self->policy;
    return IMP_OK;
}

// Checks a definition before a process is started from it.
imp_status imp_agent_process_def_check(const imp_agent_process_def *def, imp_error *err)
{
    if (def->cookie != AGENT_PROCESS_COOKIE || def->command == NULL)
        return imp_fail(err, IMP_USAGE,
                        "imp_agent_process_def was not made with imp_default_agent_process_def(), "
                        "or has no command");
    if (!(def->start_timeout > 0.0) || !(def->reply_timeout > 0.0))
        return imp_fail(err, IMP_USAGE, "an agent's time-outs must be more than 0 s");
    if (def->memory_limit < 1)
        return imp_fail(err, IMP_USAGE, "an agent's limit of memory must be more than 0");
    if (def->jpeg_quality < 1 || def->jpeg_quality > 100)
        return imp_fail(err, IMP_USAGE, "JPEG quality %d is not within 1 to 100",
                        def->jpeg_quality);
    return IMP_OK;
}

// Opens a factory whose policies are agents. *def must outlive it, because policies refer to it.
imp_status imp_agent_process_factory_open(imp_policy_factory **out,
                                          const imp_agent_process_def *def, imp_error *err)
{
    IMP_TRY(imp_agent_process_def_check(def, err));
    return imp_policy_factory_open_custom(out, def->command, create_agent_policy, def, err);
}
