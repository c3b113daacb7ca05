// The evaluator's side of the AI-DO protocol (docs/agent.md). Every message is built in one buffer,
// sent, and answered before the next. A reply is "understood", then the messages that the topic
// demands, then "over". Anything else fails the session. The log receives the messages as they were
// sent, so a log can be replayed to an agent.
#include "deploy/evaluator/agent_session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/common/vector2.h"

// The largest message holds one image; 2 MiB are more than any JPEG of 640 x 480 pixels needs.
enum { MESSAGE_CAPACITY = 2 << 20 };

// Angle between two ticks of a wheel encoder [rad].
static const double ENCODER_RESOLUTION = 2.0 * IMP_PI / 135.0;

// Allocates the message buffer. The agent itself starts with imp_agent_session_start().
imp_status imp_agent_session_alloc(imp_agent_session *session, imp_error *err)
{
    *session = (imp_agent_session){
        .out = {.bytes = malloc(MESSAGE_CAPACITY), .capacity = MESSAGE_CAPACITY}};
    return session->out.bytes != NULL ? IMP_OK
                                      : imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
}

// Ends the agent but keeps the buffer, so that another agent can be started.
void imp_agent_session_stop(imp_agent_session *session, bool gently)
{
    imp_agent_process_stop(session->agent, gently);
    session->agent = NULL;
}

void imp_agent_session_close(imp_agent_session *session)
{
    imp_agent_session_stop(session, true);
    free(session->out.bytes);
    *session = (imp_agent_session){0};
}

// What a reply must contain, and what it contained.
typedef struct reply {
    const char *topic; // topic that must be answered; NULL: none
    bool topic_came;
    bool reflects; // the capabilities offer protocol reflection
    imp_action action;
} reply;

// Returns whether capabilities contain {"z2": {"protocol-reflection": true}}.
static bool has_protocol_reflection(const imp_protocol_message *message)
{
    // A missing key anywhere on the way means that there is no reflection.
    imp_cbor_cursor z2, flag;
    imp_cbor_item item;
    return message->has_data && imp_cbor_find_key(message->data, "z2", &z2) &&
           imp_cbor_find_key(z2, "protocol-reflection", &flag) &&
           imp_cbor_read_value(&flag, &item) && item.kind == IMP_CBOR_BOOL && item.integer == 1;
}

// Writes to the episode's log if there is one. Errors are found when the file is committed.
static void write_to_session_log(imp_agent_session *session, const void *bytes, size_t length)
{
    if (session->log != NULL)
        fwrite(bytes, 1, length, session->log);
}

// Logs a message of the agent in a form that agents ignore.
static void log_agent_reply(imp_agent_session *session, const imp_protocol_message *message)
{
    // Write a new envelope and copy the data's bytes unchanged.
    uint8_t head[128];
    imp_cbor_writer out = {.bytes = head, .capacity = sizeof head};
    imp_cbor_cursor rest = message->data;
    const bool has_data = message->has_data && imp_cbor_skip_item(&rest);
    imp_protocol_write_log_topic(&out, message->name);
    if (!has_data)
        imp_cbor_write_null(&out);
    write_to_session_log(session, out.bytes, out.length);
    if (has_data)
        write_to_session_log(session, message->data.at, (size_t)(rest.at - message->data.at));
}

// Handles a message between `understood` and `over`.
static imp_status handle_reply_message(reply *r, const imp_protocol_message *message,
                                       imp_error *err)
{
    // Capabilities come as a control message, everything else as a topic.
    if (imp_protocol_message_is_named(message, IMP_PROTOCOL_CONTROL, "capabilities")) {
        r->reflects = has_protocol_reflection(message);
        return IMP_OK;
    }
    if (r->topic == NULL || !imp_protocol_message_is_named(message, IMP_PROTOCOL_TOPIC, r->topic))
        // A topic that was not asked for would be taken as the answer to the next message.
        return imp_fail(err, IMP_CHECK_FAILED, "the agent answered '%s' instead of '%s'",
                        message->name, r->topic != NULL ? r->topic : "over");
    if (r->topic_came)
        return imp_fail(err, IMP_CHECK_FAILED, "the agent answered '%s' twice", r->topic);
    r->topic_came = true;
    if (!imp_protocol_message_is_named(message, IMP_PROTOCOL_TOPIC, "commands"))
        return IMP_OK;
    const char *wrong = imp_protocol_read_commands(message, &r->action);
    return wrong == NULL ? IMP_OK : imp_fail(err, IMP_CHECK_FAILED, "%s", wrong);
}

// Fails with the reason that the agent gave.
static imp_status fail_with_agent_refusal(const imp_protocol_message *message, imp_error *err)
{
    char text[200];
    imp_protocol_message_text(message, text, sizeof text);
    return imp_fail(err, IMP_CHECK_FAILED, "the agent answered '%s': %s", message->name, text);
}

// Receives one reply, up to `over`. A failure may come instead of `understood` or after it.
static imp_status receive_reply(imp_agent_session *session, reply *r, double until, imp_error *err)
{
    imp_protocol_message message;
    // The first message of a reply decides whether the agent accepts what was sent.
    imp_status status = imp_agent_process_receive(session->agent, &message, until, err);
    if (status == IMP_OK &&
        !imp_protocol_message_is_named(&message, IMP_PROTOCOL_CONTROL, "understood"))
        return fail_with_agent_refusal(&message, err);
    while (status == IMP_OK) {
        status = imp_agent_process_receive(session->agent, &message, until, err);
        if (status != IMP_OK)
            break;
        // "over" ends the reply. The demanded topic must have come by then.
        if (imp_protocol_message_is_named(&message, IMP_PROTOCOL_CONTROL, "over"))
            return r->topic == NULL || r->topic_came
                       ? IMP_OK
                       : imp_fail(err, IMP_CHECK_FAILED, "the agent did not answer '%s'", r->topic);
        if (imp_protocol_message_is_named(&message, IMP_PROTOCOL_CONTROL, "aborted"))
            return fail_with_agent_refusal(&message, err);
        if (message.kind == IMP_PROTOCOL_TOPIC)
            log_agent_reply(session, &message);
        status = handle_reply_message(r, &message, err);
    }
    return status;
}

// Sends the message that was built and receives the reply.
static imp_status send_message_and_receive_reply(imp_agent_session *session, reply *r, double until,
                                                 imp_error *err)
{
    if (session->out.full)
        return imp_fail(err, IMP_INTERNAL, "a message of more than %d bytes", MESSAGE_CAPACITY);
    // The log gets the message before it is sent, so it also shows what an agent failed at.
    write_to_session_log(session, session->out.bytes, session->out.length);
    IMP_TRY(imp_agent_process_send(session->agent, &session->out, until, err));
    return receive_reply(session, r, until, err);
}

// Empties the buffer for a new message.
static imp_cbor_writer *clear_output_message(imp_agent_session *session)
{
    session->out.length = 0;
    session->out.full = false;
    return &session->out;
}

// Exchanges capabilities, requests the protocol description if offered, and sends the seed.
static imp_status exchange_capabilities_and_seed(imp_agent_session *session, uint64_t seed,
                                                 double until, imp_error *err)
{
    imp_cbor_writer *out = clear_output_message(session);
    // Announce z2 with protocol reflection.
    reply capabilities = {0}, nothing = {0};
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "control");
    imp_cbor_write_text(out, "capabilities");
    imp_cbor_write_text(out, "data");
    imp_cbor_write_map(out, 1);
    imp_cbor_write_text(out, "z2");
    imp_cbor_write_map(out, 1);
    imp_cbor_write_text(out, "protocol-reflection");
    imp_cbor_write_bool(out, true);
    imp_status status = send_message_and_receive_reply(session, &capabilities, until, err);
    if (status == IMP_OK && capabilities.reflects) {
        // The description itself is not used: agents that offer it expect to be asked.
        reply description = {.topic = "protocol_description"};
        out = clear_output_message(session);
        imp_protocol_write_topic(out, "wrapper.describe_protocol", true);
        imp_cbor_write_null(out);
        imp_protocol_write_null_timing(out);
        status = send_message_and_receive_reply(session, &description, until, err);
    }
    if (status != IMP_OK)
        return status;
    out = clear_output_message(session);
    imp_protocol_write_topic(out, "seed", true);
    // nodes take it into what NumPy and others want: 32 bits
    imp_cbor_write_integer(out, (int64_t)(seed & UINT32_MAX));
    imp_protocol_write_null_timing(out);
    return send_message_and_receive_reply(session, &nothing, until, err);
}

// Starts the process and performs the handshake within the start time-out.
imp_status imp_agent_session_start(imp_agent_session *session, const imp_agent_process_def *def,
                                   uint64_t seed, imp_error *err)
{
    const double until = imp_monotonic_seconds() + def->start_timeout;
    IMP_TRY(imp_agent_process_start(&session->agent, def, until, err));
    return exchange_capabilities_and_seed(session, seed, until, err);
}

// Announces an episode. Agents clear their history when they receive it.
imp_status imp_agent_session_begin_episode(imp_agent_session *session, const char *episode,
                                           double until, imp_error *err)
{
    reply nothing = {0};
    imp_cbor_writer *out = clear_output_message(session);
    imp_protocol_write_topic(out, "episode_start", true);
    imp_cbor_write_map(out, 1);
    imp_cbor_write_text(out, "episode_name");
    imp_cbor_write_text(out, episode);
    imp_protocol_write_null_timing(out);
    return send_message_and_receive_reply(session, &nothing, until, err);
}

imp_status imp_agent_session_send_image(imp_agent_session *session,
                                        const imp_agent_session_frame *view, double until,
                                        imp_error *err)
{
    // No topic is expected: the reply to observations is only "understood" and "over".
    reply nothing = {0};
    imp_cbor_writer *out = clear_output_message(session);
    // Data: the camera's image and the wheel odometry, both with the same time.
    imp_protocol_write_topic(out, "observations", true);
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "camera");
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "jpg_data");
    imp_cbor_write_bytes(out, view->jpeg, view->length);
    imp_cbor_write_text(out, "timestamp");
    imp_cbor_write_double(out, view->time);
    imp_cbor_write_text(out, "odometry");
    imp_cbor_write_map(out, 4);
    imp_cbor_write_text(out, "timestamp");
    imp_cbor_write_double(out, view->time);
    imp_cbor_write_text(out, "axis_left_rad");
    imp_cbor_write_double(out, view->left);
    imp_cbor_write_text(out, "axis_right_rad");
    // Only the right angle is rounded to encoder ticks, as in the challenge's simulator.
    imp_cbor_write_double(out, floor(view->right / ENCODER_RESOLUTION) * ENCODER_RESOLUTION);
    imp_cbor_write_text(out, "resolution_rad");
    imp_cbor_write_double(out, ENCODER_RESOLUTION);
    imp_protocol_write_null_timing(out);
    return send_message_and_receive_reply(session, &nothing, until, err);
}

// Requests the action for the time of the newest observation [s].
imp_status imp_agent_session_get_action(imp_agent_session *session, double time, imp_action *out,
                                        double until, imp_error *err)
{
    reply commands = {.topic = "commands"};
    imp_cbor_writer *message = clear_output_message(session);
    imp_protocol_write_topic(message, "get_commands", true);
    imp_cbor_write_map(message, 1);
    imp_cbor_write_text(message, "at_time");
    imp_cbor_write_double(message, time);
    imp_protocol_write_null_timing(message);
    const imp_status status = send_message_and_receive_reply(session, &commands, until, err);
    *out = status == IMP_OK ? commands.action : (imp_action){0};
    return status;
}

void imp_agent_session_log_pose(imp_agent_session *session, double time, imp_pose pose)
{
    if (session->log == NULL)
        return;
    // Nothing is sent: the message buffer only serves to build the entry.
    imp_cbor_writer *out = clear_output_message(session);
    imp_protocol_write_log_topic(out, "robot_state");
    imp_cbor_write_map(out, 3);
    imp_cbor_write_text(out, "robot_name");
    imp_cbor_write_text(out, "ego0");
    imp_cbor_write_text(out, "t_effective");
    imp_cbor_write_double(out, time);
    imp_cbor_write_text(out, "pose");
    imp_cbor_write_map(out, 3);
    imp_cbor_write_text(out, "x");
    imp_cbor_write_double(out, pose.x);
    imp_cbor_write_text(out, "z");
    imp_cbor_write_double(out, pose.z);
    imp_cbor_write_text(out, "heading");
    imp_cbor_write_double(out, pose.heading);
    write_to_session_log(session, out->bytes, out->length);
}
