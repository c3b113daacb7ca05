// The evaluator's side of the conversation.
#include "arena/talk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/vector.h"

enum { MESSAGE_MAX = 2 << 20 };

// An encoder's steps [rad].
static const double RESOLUTION = 2.0 * IMP_PI / 135.0;

imp_status imp_talk_open(imp_talk *talk, imp_error *err)
{
    *talk = (imp_talk){.out = {.bytes = malloc(MESSAGE_MAX), .capacity = MESSAGE_MAX}};
    return talk->out.bytes != NULL ? IMP_OK
                                   : imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
}

void imp_talk_stop(imp_talk *talk, bool gently)
{
    imp_guest_stop(talk->guest, gently);
    talk->guest = NULL;
}

void imp_talk_close(imp_talk *talk)
{
    imp_talk_stop(talk, true);
    free(talk->out.bytes);
    *talk = (imp_talk){0};
}

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
           imp_cbor_find(z2, "protocol-reflection", &flag) && imp_cbor_value(&flag, &item) &&
           item.kind == IMP_CBOR_BOOL && item.integer == 1;
}

static void note(imp_talk *talk, const void *bytes, size_t length)
{
    if (talk->log != NULL)
        fwrite(bytes, 1, length, talk->log);
}

// Writes to the log what an agent said, in a form that an agent passes over.
static void note_reply(imp_talk *talk, const imp_message *message)
{
    uint8_t head[128];
    imp_cbor_out out = {.bytes = head, .capacity = sizeof head};
    imp_cbor rest = message->data;
    const bool has_data = message->has_data && imp_cbor_skip(&rest);
    imp_put_remark(&out, message->name);
    if (!has_data)
        imp_cbor_put_null(&out);
    note(talk, out.bytes, out.length);
    if (has_data)
        note(talk, message->data.at, (size_t)(rest.at - message->data.at));
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

static imp_status read_reply(imp_talk *talk, reply *r, double until, imp_error *err)
{
    imp_message message;
    imp_status status = imp_guest_receive(talk->guest, &message, until, err);
    if (status == IMP_OK && !imp_message_is(&message, IMP_MESSAGE_CONTROL, "understood"))
        return refusal(&message, err);
    while (status == IMP_OK) {
        status = imp_guest_receive(talk->guest, &message, until, err);
        if (status != IMP_OK)
            break;
        if (imp_message_is(&message, IMP_MESSAGE_CONTROL, "over"))
            return r->topic == NULL || r->topic_came
                       ? IMP_OK
                       : imp_fail(err, IMP_CHECK_FAILED, "the agent did not say '%s'", r->topic);
        if (imp_message_is(&message, IMP_MESSAGE_CONTROL, "aborted"))
            return refusal(&message, err);
        if (message.kind == IMP_MESSAGE_TOPIC)
            note_reply(talk, &message);
        status = take_message(r, &message, err);
    }
    return status;
}

// Sends what has been put together, and takes the reply.
static imp_status exchange(imp_talk *talk, reply *r, double until, imp_error *err)
{
    if (talk->out.full)
        return imp_fail(err, IMP_INTERNAL, "a message of more than %d bytes", MESSAGE_MAX);
    note(talk, talk->out.bytes, talk->out.length);
    const imp_status status = imp_guest_send(talk->guest, &talk->out, until, err);
    return status == IMP_OK ? read_reply(talk, r, until, err) : status;
}

static imp_cbor_out *start_message(imp_talk *talk)
{
    talk->out.length = 0;
    talk->out.full = false;
    return &talk->out;
}

static imp_status shake_hands(imp_talk *talk, uint64_t seed, double until, imp_error *err)
{
    imp_cbor_out *out = start_message(talk);
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
    imp_status status = exchange(talk, &capabilities, until, err);
    if (status == IMP_OK && capabilities.reflects) {
        reply description = {.topic = "protocol_description"};
        out = start_message(talk);
        imp_put_topic(out, "wrapper.describe_protocol", true);
        imp_cbor_put_null(out);
        imp_put_no_timing(out);
        status = exchange(talk, &description, until, err);
    }
    if (status != IMP_OK)
        return status;
    out = start_message(talk);
    imp_put_topic(out, "seed", true);
    // nodes take it into what NumPy and others want: 32 bits
    imp_cbor_put_integer(out, (int64_t)(seed & UINT32_MAX));
    imp_put_no_timing(out);
    return exchange(talk, &nothing, until, err);
}

imp_status imp_talk_start(imp_talk *talk, const imp_guest_def *def, uint64_t seed, imp_error *err)
{
    const double until = imp_clock() + def->start_timeout;
    imp_status status = imp_guest_start(&talk->guest, def, until, err);
    return status == IMP_OK ? shake_hands(talk, seed, until, err) : status;
}

imp_status imp_talk_begin(imp_talk *talk, const char *episode, double until, imp_error *err)
{
    reply nothing = {0};
    imp_cbor_out *out = start_message(talk);
    imp_put_topic(out, "episode_start", true);
    imp_cbor_put_map(out, 1);
    imp_cbor_put_text(out, "episode_name");
    imp_cbor_put_text(out, episode);
    imp_put_no_timing(out);
    return exchange(talk, &nothing, until, err);
}

imp_status imp_talk_show(imp_talk *talk, const imp_talk_view *view, double until, imp_error *err)
{
    reply nothing = {0};
    imp_cbor_out *out = start_message(talk);
    imp_put_topic(out, "observations", true);
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "camera");
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "jpg_data");
    imp_cbor_put_bytes(out, view->jpeg, view->length);
    imp_cbor_put_text(out, "timestamp");
    imp_cbor_put_real(out, view->time);
    imp_cbor_put_text(out, "odometry");
    imp_cbor_put_map(out, 4);
    imp_cbor_put_text(out, "timestamp");
    imp_cbor_put_real(out, view->time);
    imp_cbor_put_text(out, "axis_left_rad");
    imp_cbor_put_real(out, view->left);
    imp_cbor_put_text(out, "axis_right_rad");
    // only this one comes in steps, as in the challenge's simulator
    imp_cbor_put_real(out, floor(view->right / RESOLUTION) * RESOLUTION);
    imp_cbor_put_text(out, "resolution_rad");
    imp_cbor_put_real(out, RESOLUTION);
    imp_put_no_timing(out);
    return exchange(talk, &nothing, until, err);
}

imp_status imp_talk_ask(imp_talk *talk, double time, imp_action *out, double until, imp_error *err)
{
    reply commands = {.topic = "commands"};
    imp_cbor_out *message = start_message(talk);
    imp_put_topic(message, "get_commands", true);
    imp_cbor_put_map(message, 1);
    imp_cbor_put_text(message, "at_time");
    imp_cbor_put_real(message, time);
    imp_put_no_timing(message);
    const imp_status status = exchange(talk, &commands, until, err);
    *out = status == IMP_OK ? commands.action : (imp_action){0};
    return status;
}

void imp_talk_note_pose(imp_talk *talk, double time, imp_pose pose)
{
    if (talk->log == NULL)
        return;
    imp_cbor_out *out = start_message(talk);
    imp_put_remark(out, "robot_state");
    imp_cbor_put_map(out, 3);
    imp_cbor_put_text(out, "robot_name");
    imp_cbor_put_text(out, "ego0");
    imp_cbor_put_text(out, "t_effective");
    imp_cbor_put_real(out, time);
    imp_cbor_put_text(out, "pose");
    imp_cbor_put_map(out, 3);
    imp_cbor_put_text(out, "x");
    imp_cbor_put_real(out, pose.x);
    imp_cbor_put_text(out, "z");
    imp_cbor_put_real(out, pose.z);
    imp_cbor_put_text(out, "heading");
    imp_cbor_put_real(out, pose.heading);
    note(talk, out->bytes, out->length);
}
