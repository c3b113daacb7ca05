// The agent's side of the AI-DO protocol (docs/agent.md). Reads CBOR messages from one stream
// and answers each on the other before it reads the next. A handler writes its whole reply to a
// fixed buffer, which is then sent. `protocol_stage` is the state machine: seed first, then
// episodes, each with observations and requests for commands in any order. A forbidden message
// is answered with "aborted" and ends the run. Everything that waits checks the monitor, so it
// can be interrupted.
#include "deploy/agent/protocol_server.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/common/try.h"
#include "deploy/agent/agent.h"
#include "deploy/protocol/message_reader.h"
#include "deploy/protocol/protocol_message.h"

// A reply holds no image, so 4 KiB are ample. The poll interval bounds the reaction to an
// interruption [ms].
enum { REPLY_MAX = 4096, POLL_INTERVAL_MS = 200 };

// What the protocol allows next: seed? (episode_start (observations | get_commands)*)*
typedef enum protocol_stage { STAGE_SEED, STAGE_EPISODE, STAGE_DRIVING } protocol_stage;

// The state of one run. A run serves one host from its first message to the end of the input.
typedef struct server {
    // settings of the run and its inference; borrowed
    const imp_protocol_server_def *def;
    int output;
    protocol_stage protocol_stage;
    bool peer_closed;          // nobody reads the replies
    int request_count;         // requests for commands in this episode
    double first_request_time; // at_time of the episode's first request [s]
    bool interval_warned;      // the warning about the time step was given
    bool ignored_warned;       // the warning about an ignored message was given
    // The reply to the current message. It is built here as a whole and then sent.
    imp_cbor_writer reply;
    uint8_t bytes[REPLY_MAX];
} server;

// Reports why a request was answered with zeros. `at_time` is the time of the request [s].
static void report_warning(const server *n, double at_time, const char *what)
{
    char text[IMP_ASYNC_ERROR_MAX + 128];
    if (n->def->report_warning == NULL)
        return;
    snprintf(text, sizeof text, "at %.3f s: %s; the answer is zero for both wheels", at_time, what);
    n->def->report_warning(n->def->context, text);
}

// Appends a control message without data to the reply.
// AI-DO's control messages are maps {"control": code, "data": null or a text}.
static void write_reply(server *n, const char *code)
{
    imp_protocol_write_control(&n->reply, code, NULL);
}

// Answers a message that cannot be handled, with the reason, and returns the error that ends the
// run.
static imp_status reply_aborted_and_fail(server *n, imp_error *err, const char *topic,
                                         const char *why)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %s", topic, why);
    write_reply(n, "understood");
    imp_protocol_write_control(&n->reply, "aborted", text);
    write_reply(n, "over");
    return imp_fail(err, IMP_CHECK_FAILED, "%s", text);
}

// Answers a message that needs no data: "understood" confirms it, "over" ends the reply.
static imp_status write_understood_reply(server *n)
{
    write_reply(n, "understood");
    write_reply(n, "over");
    return IMP_OK;
}

// `seed`: checked and otherwise ignored, because inference uses no random numbers.
static imp_status on_seed(server *n, const imp_protocol_message *message, imp_error *err)
{
    imp_cbor_item value = {.kind = IMP_CBOR_NULL};
    imp_cbor_cursor data = message->data;
    // The challenge seeds a node once, before the first episode. A second seed is an error.
    if (n->protocol_stage != STAGE_SEED)
        return reply_aborted_and_fail(n, err, "seed",
                                      "it may come only once, before all other messages");
    if (!message->has_data || !imp_cbor_read_value(&data, &value) || value.kind != IMP_CBOR_INTEGER)
        return reply_aborted_and_fail(n, err, "seed", "it is not an integer");
    n->protocol_stage = STAGE_EPISODE;
    return write_understood_reply(n);
}

// `episode_start`: clears the history, so that episodes do not influence each other.
static imp_status on_episode_start(server *n, const imp_protocol_message *message, imp_error *err)
{
    imp_cbor_cursor name;
    imp_cbor_item value;
    // The name of the episode must be a text; its content is not used.
    if (!message->has_data || !imp_cbor_find_key(message->data, "episode_name", &name) ||
        !imp_cbor_read_value(&name, &value) || value.kind != IMP_CBOR_TEXT)
        return reply_aborted_and_fail(n, err, "episode_start", "no episode_name");
    n->protocol_stage = STAGE_DRIVING;
    // The interval between requests is measured anew in each episode.
    n->request_count = 0;
    imp_async_inference_reset(n->def->inference);
    return write_understood_reply(n);
}

// `observations`: submits the image, so that inference runs before commands are requested.
static imp_status on_observations(server *n, const imp_protocol_message *message, imp_error *err)
{
    const uint8_t *jpeg;
    size_t length;
    if (n->protocol_stage != STAGE_DRIVING)
        return reply_aborted_and_fail(n, err, "observations", "no episode has started");
    // The bytes of the image lie in the reader's buffer, and the inference copies them.
    const char *wrong = imp_protocol_read_observation(message, &jpeg, &length);
    if (wrong != NULL)
        return reply_aborted_and_fail(n, err, "observations", wrong);
    if (!imp_async_inference_submit(n->def->inference, jpeg, length))
        return reply_aborted_and_fail(n, err, "observations", "out of memory");
    return write_understood_reply(n);
}

// Measures the time step by the requests of the present episode, and tells the inference. Returns
// the mean interval [s]: NaN without times in the requests, 0 before the second request.
static double measure_interval(server *n, double at_time)
{
    if (n->request_count++ == 0)
        n->first_request_time = at_time;
    if (n->request_count == 1)
        return 0.0;
    const double mean = (at_time - n->first_request_time) / (n->request_count - 1);
    if (mean > 0.0 && isfinite(mean))
        imp_async_inference_set_time_step(n->def->inference, mean);
    return mean;
}

// Warns once if the host requests commands at another time step than the network was trained at.
// The mean over the first intervals of an episode is compared, with 10 % tolerance.
static void warn_if_interval_differs(server *n, double found)
{
    enum { INTERVALS = 10 };
    const double wanted = n->def->time_step;
    char text[256];
    // Ten intervals lie between the first request and the eleventh.
    if (n->request_count != INTERVALS + 1 || n->interval_warned || !(wanted > 0.0) ||
        n->def->report_warning == NULL)
        return;
    // Without times in the requests the mean is NaN, and no warning is given.
    if (!(found > 0.0) || fabs(found / wanted - 1.0) < 0.1)
        return;
    snprintf(text, sizeof text,
             "the model uses its history and was trained at a time step of %.3g s; commands are "
             "requested every %.3g s: train it at that time step",
             wanted, found);
    n->def->report_warning(n->def->context, text);
    n->interval_warned = true;
}

// `get_commands`: waits for the action. Failures are reported as a warning and answered with zeros,
// which stops the robot but does not end the episode.
static imp_status on_get_commands(server *n, const imp_protocol_message *message, imp_error *err)
{
    double at_time;
    imp_action action;
    char why[IMP_ASYNC_ERROR_MAX];
    if (n->protocol_stage != STAGE_DRIVING)
        return reply_aborted_and_fail(n, err, "get_commands", "no episode has started");
    // Check the request.
    const char *wrong = imp_protocol_read_get_commands(message, &at_time);
    if (wrong != NULL)
        return reply_aborted_and_fail(n, err, "get_commands", wrong);
    warn_if_interval_differs(n, measure_interval(n, at_time));
    // Wait for the action. Requests before the first image of an episode get zeros silently.
    switch (imp_async_inference_await(n->def->inference, n->def->deadline, &action, why)) {
    case IMP_ASYNC_TIMEOUT:
        snprintf(why, sizeof why, "no action within %g s", n->def->deadline);
        report_warning(n, at_time, why);
        break;
    case IMP_ASYNC_BAD_INPUT:
        report_warning(n, at_time, why);
        break;
    case IMP_ASYNC_NO_INPUT:
    case IMP_ASYNC_READY:
        break;
    }
    // The reply is "understood", the topic "commands" with the wheels, and "over".
    write_reply(n, "understood");
    imp_protocol_write_topic(&n->reply, "commands", false);
    const imp_wheels *wheels = n->def->wheels;
    imp_protocol_write_commands(
        &n->reply, wheels != NULL ? imp_wheels_correct_action(wheels, action) : action);
    write_reply(n, "over");
    return IMP_OK;
}

// The data of the four descriptions that a host can request. Hosts use only the names of inputs and
// outputs.
static void write_protocol_description(imp_cbor_writer *out)
{
    static const char *const inputs[] = {"seed", "episode_start", "observations", "get_commands"};
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "data");
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "inputs");
    imp_cbor_write_map(out, 4);
    for (int k = 0; k < 4; k++) {
        imp_cbor_write_text(out, inputs[k]);
        imp_cbor_write_map(out, 0);
    }
    imp_cbor_write_text(out, "outputs");
    imp_cbor_write_map(out, 1);
    imp_cbor_write_text(out, "commands");
    imp_cbor_write_map(out, 0);
    imp_cbor_write_text(out, "meta");
    imp_cbor_write_map(out, 0);
}

// Describes the node's settings. It has none that a host could change.
static void write_config_description(imp_cbor_writer *out)
{
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "config");
    imp_cbor_write_map(out, 0);
    imp_cbor_write_text(out, "current");
    imp_cbor_write_map(out, 0);
}

// Describes the node in one sentence, for people who read the host's log.
static void write_node_description(imp_cbor_writer *out)
{
    imp_cbor_write_map(out, 1);
    imp_cbor_write_text(out, "description");
    imp_cbor_write_text(out, "imprint: a neural network that drives by camera images");
}

// Describes the build by the version of the library.
static void write_build_description(imp_cbor_writer *out)
{
    imp_cbor_write_map(out, 1);
    imp_cbor_write_text(out, "version");
    imp_cbor_write_text(out, imp_version());
}

// Topics "wrapper.*": the node describes itself. They are allowed at any time.
static imp_status on_describe(server *n, const char *topic)
{
    static const struct {
        const char *topic, *answer;
        void (*describe)(imp_cbor_writer *out);
        // Requested topic, topic of the answer, and what writes its data.
    } table[] = {
        {"wrapper.describe_protocol", "protocol_description", write_protocol_description},
        {"wrapper.describe_config", "config_description", write_config_description},
        {"wrapper.describe_node", "node_description", write_node_description},
        {"wrapper.describe_build", "build_description", write_build_description},
    };
    // The reply has the form of every other: "understood", the data, "over".
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
        if (strcmp(topic, table[k].topic) == 0) {
            write_reply(n, "understood");
            imp_protocol_write_topic(&n->reply, table[k].answer, false);
            table[k].describe(&n->reply);
            write_reply(n, "over");
            return IMP_OK;
        }
    // An unknown wrapper topic is refused, but does not end the run.
    imp_protocol_write_control(
        &n->reply, "not-understood",
        "the wrapper topics are describe_protocol, describe_config, describe_node and "
        "describe_build");
    write_reply(n, "over");
    return IMP_OK;
}

// Calls the handler of a topic. An unknown topic ends the run.
static imp_status dispatch_topic_message(server *n, const imp_protocol_message *message,
                                         imp_error *err)
{
    static const struct {
        const char *topic;
        imp_status (*handle)(server *n, const imp_protocol_message *message, imp_error *err);
    } table[] = {
        {"seed", on_seed},
        {"episode_start", on_episode_start},
        {"observations", on_observations},
        {"get_commands", on_get_commands},
    };
    // Find the handler by name. The list is short, so a linear search suffices.
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
        if (strcmp(message->name, table[k].topic) == 0)
            return table[k].handle(n, message, err);
    if (strncmp(message->name, "wrapper.", 8) == 0)
        return on_describe(n, message->name);
    // Report the error to the host first, then end the run with it.
    imp_protocol_write_control(&n->reply, "not-understood",
                               "seed, episode_start, observations and get_commands are the topics");
    write_reply(n, "over");
    imp_protocol_write_control(&n->reply, "aborted", "unknown topic");
    write_reply(n, "over");
    return imp_fail(err, IMP_CHECK_FAILED, "unknown topic '%s'", message->name);
}

// Answers the control message "capabilities". Hosts send it first, to agree on a protocol.
static imp_status reply_to_capabilities(server *n, const imp_protocol_message *message)
{
    if (strcmp(message->name, "capabilities") != 0) {
        imp_protocol_write_control(&n->reply, "not-understood",
                                   "capabilities is the only control message");
        write_reply(n, "over");
        return IMP_OK;
    }
    // Announce protocol z2 without "protocol-reflection". The host then assumes the protocol that
    // the challenge defines.
    write_reply(n, "understood");
    imp_cbor_write_map(&n->reply, 2);
    imp_cbor_write_text(&n->reply, "control");
    imp_cbor_write_text(&n->reply, "capabilities");
    imp_cbor_write_text(&n->reply, "data");
    imp_cbor_write_map(&n->reply, 1);
    imp_cbor_write_text(&n->reply, "z2");
    imp_cbor_write_map(&n->reply, 0);
    write_reply(n, "over");
    return IMP_OK;
}

// Waits until a stream is ready; IMP_INTERRUPTED if the monitor stops it.
static imp_status wait_for_stream(const server *n, int stream, short events, imp_error *err)
{
    for (;;) {
        if (imp_monitor_should_stop(n->def->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
        // The short interval lets the loop check the monitor, even if no byte arrives.
        struct pollfd wanted = {.fd = stream, .events = events};
        const int ready = poll(&wanted, 1, POLL_INTERVAL_MS);
        if (ready > 0)
            return IMP_OK;
        if (ready < 0 && errno != EINTR)
            return imp_fail(err, IMP_IO, "waiting for a stream: %s", strerror(errno));
    }
}

// Sends the reply. A closed pipe is not an error: it ends the run.
static imp_status send_reply(server *n, imp_error *err)
{
    size_t sent = 0;
    // A FIFO may take a part of the reply only. The rest is sent when there is room.
    while (sent < n->reply.length && !n->peer_closed) {
        IMP_TRY(wait_for_stream(n, n->output, POLLOUT, err));
        const ssize_t count = write(n->output, n->bytes + sent, n->reply.length - sent);
        if (count >= 0)
            sent += (size_t)count;
        else if (errno == EPIPE)
            n->peer_closed = true;
        else if (errno != EINTR && errno != EAGAIN)
            return imp_fail(err, IMP_IO, "writing a reply: %s", strerror(errno));
    }
    // A reply that did not fit was sent incomplete, which ends the run.
    n->reply.length = 0;
    return n->reply.full ? imp_fail(err, IMP_INTERNAL, "a reply is too long") : IMP_OK;
}

// Answers a malformed message, because the host would wait for an answer without end.
static imp_status on_malformed_message(server *n, imp_error *err)
{
    // AI-DO demands that both keys have a text as value.
    static const char wrong[] = "a message's `control` or `topic` is not a text";
    imp_protocol_write_control(&n->reply, "not-understood", wrong);
    write_reply(n, "over");
    imp_protocol_write_control(&n->reply, "aborted", wrong);
    write_reply(n, "over");
    return imp_fail(err, IMP_CHECK_FAILED, "%s", wrong);
}

// Returns whether a message comes from a recording and not from a host (see
// imp_protocol_write_log_topic()).
static bool is_log_topic(imp_cbor_cursor item)
{
    static const char *const topics[] = {"commands", "robot_state"};
    imp_cbor_cursor place;
    imp_cbor_item topic;
    if (!imp_cbor_find_key(item, "topic", &place) || !imp_cbor_read_value(&place, &topic))
        return false;
    return imp_cbor_is_text(&topic, topics[0]) || imp_cbor_is_text(&topic, topics[1]);
}

// Warns once about a message that is ignored without an answer, as the protocol demands.
static void warn_ignored_message(server *n, imp_cbor_cursor item)
{
    if (n->ignored_warned || n->def->report_warning == NULL || is_log_topic(item))
        return;
    n->ignored_warned = true;
    n->def->report_warning(
        n->def->context,
        "ignored a message, as the protocol demands: it has neither `control` nor a `topic` "
        "with \"z2\" in its `compat`. Further ones are not reported");
}

// Handles one message and sends the reply.
static imp_status answer_message(server *n, imp_cbor_cursor item, imp_error *err)
{
    imp_protocol_message message;
    imp_status status = IMP_OK;
    // Messages without "z2" in `compat` are not for this node.
    imp_protocol_parse_message(&message, item, true);
    if (message.kind == IMP_PROTOCOL_CONTROL)
        status = reply_to_capabilities(n, &message);
    else if (message.kind == IMP_PROTOCOL_TOPIC)
        status = dispatch_topic_message(n, &message, err);
    else if (message.kind == IMP_PROTOCOL_MALFORMED)
        status = on_malformed_message(n, err);
    else
        warn_ignored_message(n, item);
    // The error of the handler takes precedence over an error while sending.
    const imp_status sent = send_reply(n, status == IMP_OK ? err : NULL);
    return status == IMP_OK ? sent : status;
}

// Reads what has arrived. *ended: the stream has ended.
static imp_status receive_bytes(const server *n, int input, imp_message_reader *reader, bool *ended,
                                imp_error *err)
{
    size_t room;
    IMP_TRY(wait_for_stream(n, input, POLLIN, err));
    uint8_t *target = imp_message_reader_reserve_space(reader, &room);
    if (target == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a message");
    // The count may be smaller than the room. A message can take several reads.
    const ssize_t count = read(input, target, room);
    if (count < 0 && errno != EINTR && errno != EAGAIN)
        return imp_fail(err, IMP_IO, "reading a message: %s", strerror(errno));
    *ended = count == 0;
    imp_message_reader_add_received(reader, count > 0 ? (size_t)count : 0);
    return IMP_OK;
}

// The main loop: takes whole messages from the reader, or reads more bytes if there is none.
static imp_status serve_messages(server *n, int input, imp_message_reader *reader, imp_error *err)
{
    imp_status status = IMP_OK;
    bool ended = false;
    while (status == IMP_OK && !n->peer_closed && !ended) {
        // The item borrows the reader's buffer and is valid until the next read.
        imp_cbor_cursor item;
        const char *why;
        switch (imp_message_reader_next(reader, &item, &why)) {
        case IMP_CBOR_COMPLETE:
            status = answer_message(n, item, err);
            break;
        case IMP_CBOR_INCOMPLETE:
            status = receive_bytes(n, input, reader, &ended, err);
            break;
        case IMP_CBOR_MALFORMED:
            // After malformed bytes the start of the next message is unknown: stop.
            imp_protocol_write_control(&n->reply, "aborted", why);
            write_reply(n, "over");
            (void)send_reply(n, NULL);
            return imp_fail(err, IMP_BAD_INPUT, "the input is not a message: %s", why);
        }
    }
    // An input that ends between messages, and an interruption, are normal ends.
    if (status == IMP_OK && ended && imp_message_reader_has_bytes(reader))
        return imp_fail(err, IMP_BAD_INPUT, "the input ends within a message");
    return status == IMP_INTERRUPTED ? IMP_OK : status;
}

// Serves one host until its input ends. The server owns neither stream.
imp_status imp_protocol_server_run(const imp_protocol_server_def *def, int input, int output,
                                   imp_error *err)
{
    server n = {.def = def, .output = output};
    imp_message_reader reader = {.limit = IMP_PROTOCOL_MESSAGE_MAX};
    n.reply = (imp_cbor_writer){.bytes = n.bytes, .capacity = sizeof n.bytes};
    const imp_status status = serve_messages(&n, input, &reader, err);
    imp_message_reader_free(&reader);
    return status;
}

// Connects the agent, its inference thread and the protocol server.
imp_status imp_agent_serve(imp_agent *agent, int input, int output, const imp_monitor *monitor,
                           imp_error *err)
{
    imp_async_inference *inference;
    IMP_TRY(imp_async_inference_create(&inference, imp_agent_infer, agent, err));
    const imp_protocol_server_def def = {.inference = inference,
                                         .deadline = agent->deadline,
                                         .time_step = agent->time_step,
                                         .wheels = agent->corrects_wheels ? &agent->wheels : NULL,
                                         .report_warning = agent->report_warning,
                                         .context = agent->context,
                                         .monitor = monitor};
    const imp_status status = imp_protocol_server_run(&def, input, output, err);
    imp_async_inference_destroy(inference);
    return status;
}
