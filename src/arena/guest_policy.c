// The evaluator's side of the conversation, as a policy.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "arena/guest.h"
#include "base/file.h"
#include "base/jpeg.h"
#include "base/vector.h"
#include "imprint/arena.h"

enum { GUEST_COOKIE = 0x6E57, OBSERVATION_MAX = 2 << 20 };

// An encoder's steps [rad].
static const double RESOLUTION = 2.0 * IMP_PI / 135.0;

imp_guest_def imp_default_guest_def(void)
{
    return (imp_guest_def){
        .start_timeout = 120.0,
        .reply_timeout = 120.0,
        .jpeg_quality = 95,
        .cookie = GUEST_COOKIE,
    };
}

typedef struct guest_policy {
    imp_policy policy;
    const imp_guest_def *def;
    imp_guest *guest; // NULL until the first episode, and after a failure
    imp_jpeg_writer *writer;
    imp_cbor_out out;
    imp_error err;      // why it gave up
    imp_pose pose;      // at the last observation
    double left, right; // how far the wheels have turned since the start [rad]
    double time;        // of the next observation [s]
} guest_policy;

// What is wanted of a reply, and what it said.
typedef struct reply {
    const char *topic; // NULL: none
    bool topic_came;
    bool reflects; // of capabilities
    imp_action action;
} reply;

static bool says_reflection(const imp_message *message)
{
    imp_cbor z2, flag;
    imp_cbor_item item;
    return message->has_data && imp_cbor_find(message->data, "z2", &z2) &&
           imp_cbor_find(z2, "protocol-reflection", &flag) && imp_cbor_next(&flag, &item) &&
           item.kind == IMP_CBOR_BOOL && item.integer == 1;
}

// Takes a message between `understood` and `over`.
static imp_status take_message(reply *r, const imp_message *message, imp_error *err)
{
    if (imp_message_is(message, IMP_MESSAGE_CONTROL, "capabilities")) {
        r->reflects = says_reflection(message);
        return IMP_OK;
    }
    if (r->topic == NULL || !imp_message_is(message, IMP_MESSAGE_TOPIC, r->topic))
        return imp_fail(err, IMP_CHECK_FAILED, "the agent said '%s' instead of '%s'", message->name,
                        r->topic != NULL ? r->topic : "over");
    if (r->topic_came)
        return imp_fail(err, IMP_CHECK_FAILED, "the agent said '%s' twice", r->topic);
    r->topic_came = true;
    if (!imp_message_is(message, IMP_MESSAGE_TOPIC, "commands"))
        return IMP_OK;
    const char *wrong = imp_read_commands(message, &r->action);
    return wrong == NULL ? IMP_OK : imp_fail(err, IMP_CHECK_FAILED, "%s", wrong);
}

static imp_status refusal(const imp_message *message, imp_error *err)
{
    char text[200];
    imp_message_text(message, text, sizeof text);
    return imp_fail(err, IMP_CHECK_FAILED, "the agent said '%s': %s", message->name, text);
}

static imp_status read_reply(guest_policy *self, reply *r, double until, imp_error *err)
{
    imp_message message;
    imp_status status = imp_guest_receive(self->guest, &message, until, err);
    if (status == IMP_OK && !imp_message_is(&message, IMP_MESSAGE_CONTROL, "understood"))
        return refusal(&message, err);
    while (status == IMP_OK) {
        status = imp_guest_receive(self->guest, &message, until, err);
        if (status != IMP_OK)
            break;
        if (imp_message_is(&message, IMP_MESSAGE_CONTROL, "over"))
            return r->topic == NULL || r->topic_came
                       ? IMP_OK
                       : imp_fail(err, IMP_CHECK_FAILED, "the agent did not say '%s'", r->topic);
        if (imp_message_is(&message, IMP_MESSAGE_CONTROL, "aborted"))
            return refusal(&message, err);
        status = take_message(r, &message, err);
    }
    return status;
}

// Sends what has been put together, and takes the reply.
static imp_status ask(guest_policy *self, reply *r, double until, imp_error *err)
{
    if (self->out.full)
        return imp_fail(err, IMP_INTERNAL, "an observation of more than %d bytes", OBSERVATION_MAX);
    const imp_status status = imp_guest_send(self->guest, &self->out, until, err);
    return status == IMP_OK ? read_reply(self, r, until, err) : status;
}

static imp_cbor_out *start_message(guest_policy *self)
{
    self->out.length = 0;
    self->out.full = false;
    return &self->out;
}

static imp_status shake_hands(guest_policy *self, uint64_t seed, double until, imp_error *err)
{
    imp_cbor_out *out = start_message(self);
    reply capabilities = {0}, nothing = {0};
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "control");
    imp_cbor_put_text(out, "capabilities");
    imp_cbor_put_text(out, "data");
    imp_cbor_put_map(out, 1);
    imp_cbor_put_text(out, "z2");
    imp_cbor_put_map(out, 1);
    imp_cbor_put_text(out, "protocol-reflection");
    imp_cbor_put_bool(out, true);
    imp_status status = ask(self, &capabilities, until, err);
    if (status == IMP_OK && capabilities.reflects) {
        reply description = {.topic = "protocol_description"};
        out = start_message(self);
        imp_put_topic(out, "wrapper.describe_protocol", true);
        imp_cbor_put_null(out);
        imp_put_no_timing(out);
        status = ask(self, &description, until, err);
    }
    if (status != IMP_OK)
        return status;
    out = start_message(self);
    imp_put_topic(out, "seed", true);
    // nodes take it into what NumPy and others want: 32 bits
    imp_cbor_put_integer(out, (int64_t)(seed & UINT32_MAX));
    imp_put_no_timing(out);
    return ask(self, &nothing, until, err);
}

static imp_status start(guest_policy *self, const imp_env *env, imp_error *err)
{
    const imp_guest_def *def = self->def;
    const double until = imp_clock() + def->start_timeout;
    imp_status status = imp_guest_start(&self->guest, def->command, until, def->monitor, err);
    return status == IMP_OK ? shake_hands(self, env->def.seed, until, err) : status;
}

// It cannot go on in this episode; another one takes its place in the next.
static void give_up(guest_policy *self)
{
    imp_guest_stop(self->guest, false);
    self->guest = NULL;
    self->policy.gave_up = self->err.message;
}

static void guest_begin(imp_policy *policy, const imp_env *env)
{
    guest_policy *self = (guest_policy *)policy;
    reply nothing = {0};
    char name[32];
    self->policy.gave_up = NULL;
    self->pose = env->pose;
    self->left = self->right = self->time = 0.0;
    imp_status status = self->guest == NULL ? start(self, env, &self->err) : IMP_OK;
    if (status == IMP_OK) {
        imp_cbor_out *out = start_message(self);
        snprintf(name, sizeof name, "episode%u", env->episode);
        imp_put_topic(out, "episode_start", true);
        imp_cbor_put_map(out, 1);
        imp_cbor_put_text(out, "episode_name");
        imp_cbor_put_text(out, name);
        imp_put_no_timing(out);
        status = ask(self, &nothing, imp_clock() + self->def->reply_timeout, &self->err);
    }
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

static imp_status put_observations(guest_policy *self, const uint8_t *rgb, imp_error *err)
{
    const uint8_t *jpeg;
    size_t length;
    imp_cbor_out *out = start_message(self);
    const imp_status status = imp_jpeg_write(self->writer, rgb, &jpeg, &length, err);
    if (status != IMP_OK)
        return status;
    imp_put_topic(out, "observations", true);
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "camera");
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "jpg_data");
    imp_cbor_put_bytes(out, jpeg, length);
    imp_cbor_put_text(out, "timestamp");
    imp_cbor_put_real(out, self->time);
    imp_cbor_put_text(out, "odometry");
    imp_cbor_put_map(out, 4);
    imp_cbor_put_text(out, "timestamp");
    imp_cbor_put_real(out, self->time);
    imp_cbor_put_text(out, "axis_left_rad");
    imp_cbor_put_real(out, self->left);
    imp_cbor_put_text(out, "axis_right_rad");
    // only this one comes in steps, as in the challenge's simulator
    imp_cbor_put_real(out, floor(self->right / RESOLUTION) * RESOLUTION);
    imp_cbor_put_text(out, "resolution_rad");
    imp_cbor_put_real(out, RESOLUTION);
    imp_put_no_timing(out);
    return IMP_OK;
}

static imp_action guest_act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    guest_policy *self = (guest_policy *)policy;
    const double until = imp_clock() + self->def->reply_timeout;
    reply nothing = {0}, commands = {.topic = "commands"};
    if (self->policy.gave_up != NULL)
        return commands.action;
    turn_wheels(self, env->pose);
    imp_status status = put_observations(self, observation, &self->err);
    if (status == IMP_OK)
        status = ask(self, &nothing, until, &self->err);
    if (status == IMP_OK) {
        imp_cbor_out *out = start_message(self);
        imp_put_topic(out, "get_commands", true);
        imp_cbor_put_map(out, 1);
        imp_cbor_put_text(out, "at_time");
        imp_cbor_put_real(out, self->time);
        imp_put_no_timing(out);
        status = ask(self, &commands, until, &self->err);
    }
    self->time += env->def.drive.time_step;
    if (status != IMP_OK)
        give_up(self);
    return commands.action;
}

static void guest_destroy(imp_policy *policy)
{
    guest_policy *self = (guest_policy *)policy;
    imp_guest_stop(self->guest, true);
    imp_jpeg_writer_destroy(self->writer);
    free(self->out.bytes);
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
    self->out = (imp_cbor_out){.bytes = malloc(OBSERVATION_MAX), .capacity = OBSERVATION_MAX};
    imp_status status =
        imp_jpeg_writer_create(&self->writer, IMP_GUEST_CAMERA_WIDTH, IMP_GUEST_CAMERA_HEIGHT,
                               self->def->jpeg_quality, err);
    if (status == IMP_OK && self->out.bytes == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    if (status != IMP_OK) {
        guest_destroy(&self->policy);
        return status;
    }
    *out = &self->policy;
    return IMP_OK;
}

imp_status imp_guest_driver(imp_driver **out, const imp_guest_def *def, imp_error *err)
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
    return imp_driver_open_foreign(out, def->command, make_policy, def, err);
}
