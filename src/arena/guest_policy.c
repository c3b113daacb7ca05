// An agent's process as a policy.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena/talk.h"
#include "base/atomic_file.h"
#include "base/jpeg.h"
#include "base/vector.h"

enum { GUEST_COOKIE = 0x6E57 };

imp_guest_def imp_default_guest_def(void)
{
    return (imp_guest_def){
        .sandbox = true,
        .start_timeout = 120.0,
        .reply_timeout = 120.0,
        .jpeg_quality = 95,
        .log_name = "agent",
        .cookie = GUEST_COOKIE,
    };
}

typedef struct guest_policy {
    imp_policy policy;
    const imp_guest_def *def;
    imp_talk talk; // without an agent until the first episode, and after a failure
    imp_jpeg_writer *writer;
    imp_error err;       // why it gave up
    imp_pose pose;       // at the last observation
    double left, right;  // how far the wheels have turned since the start [rad]
    double time;         // of the next observation [s]
    imp_atomic_file log; // what was said in the episode, if it is kept
} guest_policy;

// Gives the log of the episode its name. That it could not be written ends the episode.
static imp_status finish_log(guest_policy *self, imp_error *err)
{
    if (self->talk.log == NULL)
        return IMP_OK;
    self->talk.log = NULL;
    return imp_atomic_file_commit(&self->log, err);
}

static imp_status start_log(guest_policy *self, const imp_env *env, imp_error *err)
{
    char name[64], path[IMP_PATH_MAX];
    if (self->def->log == NULL)
        return IMP_OK;
    snprintf(name, sizeof name, "%s-episode%u.cbor", self->def->log_name, env->episode);
    imp_status status = imp_folder_create(self->def->log, err);
    if (status == IMP_OK)
        status = imp_path_join(path, self->def->log, name, err);
    if (status == IMP_OK)
        status = imp_atomic_file_open(&self->log, path, err);
    self->talk.log = self->log.stream;
    return status;
}

// It cannot go on in this episode; another one takes its place in the next.
static void give_up(guest_policy *self)
{
    imp_talk_stop(&self->talk, false);
    self->policy.gave_up = self->err.message;
}

static void guest_begin(imp_policy *policy, const imp_env *env)
{
    guest_policy *self = (guest_policy *)policy;
    char name[32];
    imp_talk *talk = &self->talk;
    const imp_guest_def *def = self->def;
    self->policy.gave_up = NULL;
    self->pose = env->pose;
    self->left = self->right = self->time = 0.0;
    snprintf(name, sizeof name, "episode%u", env->episode);
    imp_status status = finish_log(self, &self->err);
    if (status == IMP_OK && talk->guest == NULL)
        status = imp_talk_start(talk, def, env->def.seed, &self->err);
    if (status == IMP_OK)
        status = start_log(self, env, &self->err);
    if (status == IMP_OK)
        status = imp_talk_begin(talk, name, imp_clock() + def->reply_timeout, &self->err);
    if (status != IMP_OK)
        give_up(self);
}

// Turns the wheels by the arc that leads from the last pose to this one.
static void turn_wheels(guest_policy *self, imp_pose pose)
{
    const imp_pose before = self->pose;
    const double turn = remainder(pose.heading - before.heading, 2.0 * IMP_PI);
    const double middle = before.heading + turn / 2.0;
    const double chord = (pose.x - before.x) * cos(middle) - (pose.z - before.z) * sin(middle);
    const double way = fabs(turn) > 1e-9 ? chord * (turn / 2.0) / sin(turn / 2.0) : chord;
    self->left += (way - turn * IMP_WHEEL_DISTANCE / 2.0) / IMP_WHEEL_RADIUS;
    self->right += (way + turn * IMP_WHEEL_DISTANCE / 2.0) / IMP_WHEEL_RADIUS;
    self->pose = pose;
}

static imp_action guest_act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    guest_policy *self = (guest_policy *)policy;
    const double until = imp_clock() + self->def->reply_timeout;
    imp_action action = {0};
    imp_talk_view view = {0};
    if (self->policy.gave_up != NULL)
        return action;
    turn_wheels(self, env->pose);
    imp_status status =
        imp_jpeg_write(self->writer, observation, &view.jpeg, &view.length, &self->err);
    view.time = self->time;
    view.left = self->left;
    view.right = self->right;
    imp_talk_note_pose(&self->talk, self->time, env->pose);
    if (status == IMP_OK)
        status = imp_talk_show(&self->talk, &view, until, &self->err);
    if (status == IMP_OK)
        status = imp_talk_ask(&self->talk, self->time, &action, until, &self->err);
    self->time += env->def.drive.time_step;
    if (status != IMP_OK)
        give_up(self);
    return action;
}

static void guest_destroy(imp_policy *policy)
{
    guest_policy *self = (guest_policy *)policy;
    finish_log(self, NULL);
    imp_talk_close(&self->talk);
    imp_jpeg_writer_destroy(self->writer);
    free(self);
}

static imp_status make_policy(const void *context, imp_policy **out, imp_error *err)
{
    static const imp_policy_class class = {"agent", true, guest_begin, guest_act, guest_destroy};
    guest_policy *self = calloc(1, sizeof *self);
    if (self == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    self->policy.class = &class;
    self->def = context;
    imp_status status = imp_talk_open(&self->talk, err);
    if (status == IMP_OK)
        status = imp_jpeg_writer_create(&self->writer, IMP_GUEST_CAMERA_WIDTH,
                                        IMP_GUEST_CAMERA_HEIGHT, self->def->jpeg_quality, err);
    if (status != IMP_OK) {
        guest_destroy(&self->policy);
        return status;
    }
    *out = &self->policy;
    return IMP_OK;
}

imp_status imp_guest_check(const imp_guest_def *def, imp_error *err)
{
    if (def->cookie != GUEST_COOKIE || def->command == NULL)
        return imp_fail(
            err, IMP_USAGE,
            "imp_guest_def was not made with imp_default_guest_def(), or has no command");
    if (!(def->start_timeout > 0.0) || !(def->reply_timeout > 0.0))
        return imp_fail(err, IMP_USAGE, "an agent's time-outs must be more than 0 s");
    if (def->jpeg_quality < 1 || def->jpeg_quality > 100)
        return imp_fail(err, IMP_USAGE, "JPEG quality %d is not within 1 to 100",
                        def->jpeg_quality);
    return IMP_OK;
}

imp_status imp_guest_driver(imp_driver **out, const imp_guest_def *def, imp_error *err)
{
    const imp_status status = imp_guest_check(def, err);
    if (status != IMP_OK)
        return status;
    return imp_driver_open_foreign(out, def->command, make_policy, def, err);
}
