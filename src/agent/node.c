#include "agent/node.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/inbox.h"
#include "agent/message.h"

enum { REPLY_MAX = 4096, LOOK_UP_MS = 200 };

// What the protocol allows next: seed? (episode_start (observations | get_commands)*)*
typedef enum stage { STAGE_SEED, STAGE_EPISODE, STAGE_DRIVING } stage;

typedef struct node {
    const imp_node_def *def;
    int output;
    stage stage;
    bool reader_gone;  // nobody reads what is answered
    int asked;         // so often in this episode
    double first_at;   // the time of the first question [s]
    bool clock_told;   // that it is asked at another time step than it should be
    bool ignored_told; // that a message was ignored
    imp_cbor_out reply;
    uint8_t bytes[REPLY_MAX];
} node;

static void notice(const node *n, double at_time, const char *what)
{
    char text[IMP_MIND_WHY + 128];
    if (n->def->notice == NULL)
        return;
    snprintf(text, sizeof text, "at %.3f s: %s; answered with zeros", at_time, what);
    n->def->notice(n->def->context, text);
}

static void say(node *n, const char *code)
{
    imp_put_control(&n->reply, code, NULL);
}

// The message was not handled: says why, and ends.
static imp_status abort_with(node *n, imp_error *err, const char *topic, const char *why)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %s", topic, why);
    say(n, "understood");
    imp_put_control(&n->reply, "aborted", text);
    say(n, "over");
    return imp_fail(err, IMP_CHECK_FAILED, "%s", text);
}

static imp_status acknowledge(node *n)
{
    say(n, "understood");
    say(n, "over");
    return IMP_OK;
}

static imp_status on_seed(node *n, const imp_message *message, imp_error *err)
{
    imp_cbor_item value = {.kind = IMP_CBOR_NULL};
    imp_cbor data = message->data;
    if (n->stage != STAGE_SEED)
        return abort_with(n, err, "seed", "it comes once, before everything else");
    if (!message->has_data || !imp_cbor_value(&data, &value) || value.kind != IMP_CBOR_INTEGER)
        return abort_with(n, err, "seed", "it is no integer");
    n->stage = STAGE_EPISODE;
    return acknowledge(n);
}

static imp_status on_episode_start(node *n, const imp_message *message, imp_error *err)
{
    imp_cbor name;
    imp_cbor_item value;
    if (!message->has_data || !imp_cbor_find(message->data, "episode_name", &name) ||
        !imp_cbor_value(&name, &value) || value.kind != IMP_CBOR_TEXT)
        return abort_with(n, err, "episode_start", "no episode_name");
    n->stage = STAGE_DRIVING;
    n->asked = 0;
    imp_mind_forget(n->def->mind);
    return acknowledge(n);
}

static imp_status on_observations(node *n, const imp_message *message, imp_error *err)
{
    const uint8_t *jpeg;
    size_t length;
    if (n->stage != STAGE_DRIVING)
        return abort_with(n, err, "observations", "no episode has started");
    const char *wrong = imp_read_observations(message, &jpeg, &length);
    if (wrong != NULL)
        return abort_with(n, err, "observations", wrong);
    if (!imp_mind_show(n->def->mind, jpeg, length))
        return abort_with(n, err, "observations", "out of memory");
    return acknowledge(n);
}

// Once it is clear, tells if the host decides by another clock than the network was trained at.
static void check_clock(node *n, double at_time)
{
    enum { INTERVALS = 10 };
    const double wanted = n->def->time_step;
    char text[256];
    if (n->asked++ == 0)
        n->first_at = at_time;
    if (n->asked != INTERVALS + 1 || n->clock_told || !(wanted > 0.0) || n->def->notice == NULL)
        return;
    const double found = (at_time - n->first_at) / INTERVALS;
    // on robots steps are not all alike; without times this is no number, and nothing is told
    if (!(found > 0.0) || fabs(found / wanted - 1.0) < 0.1)
        return;
    snprintf(text, sizeof text,
             "the model learned to decide every %.3g s, and goes by what was before; here it is "
             "asked every %.3g s: train it at that (--clock, --frame-skip)",
             wanted, found);
    n->def->notice(n->def->context, text);
    n->clock_told = true;
}

static imp_status on_get_commands(node *n, const imp_message *message, imp_error *err)
{
    double at_time;
    imp_action action;
    char why[IMP_MIND_WHY];
    if (n->stage != STAGE_DRIVING)
        return abort_with(n, err, "get_commands", "no episode has started");
    const char *wrong = imp_read_get_commands(message, &at_time);
    if (wrong != NULL)
        return abort_with(n, err, "get_commands", wrong);
    check_clock(n, at_time);
    switch (imp_mind_ask(n->def->mind, n->def->deadline, &action, why)) {
    case IMP_MIND_LATE:
        snprintf(why, sizeof why, "no decision within %g s", n->def->deadline);
        notice(n, at_time, why);
        break;
    case IMP_MIND_UNREADABLE:
        notice(n, at_time, why);
        break;
    case IMP_MIND_NOTHING:
    case IMP_MIND_READY:
        break;
    }
    say(n, "understood");
    imp_put_topic(&n->reply, "commands", false);
    imp_put_commands(&n->reply, action);
    say(n, "over");
    return IMP_OK;
}

static void describe_protocol(imp_cbor_out *out)
{
    static const char *const inputs[] = {"seed", "episode_start", "observations", "get_commands"};
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "data");
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "inputs");
    imp_cbor_put_map(out, 4);
    for (int k = 0; k < 4; k++) {
        imp_cbor_put_text(out, inputs[k]);
        imp_cbor_put_map(out, 0);
    }
    imp_cbor_put_text(out, "outputs");
    imp_cbor_put_map(out, 1);
    imp_cbor_put_text(out, "commands");
    imp_cbor_put_map(out, 0);
    imp_cbor_put_text(out, "meta");
    imp_cbor_put_map(out, 0);
}

static void describe_config(imp_cbor_out *out)
{
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "config");
    imp_cbor_put_map(out, 0);
    imp_cbor_put_text(out, "current");
    imp_cbor_put_map(out, 0);
}

static void describe_node(imp_cbor_out *out)
{
    imp_cbor_put_map(out, 1);
    imp_cbor_put_text(out, "description");
    imp_cbor_put_text(out, "imprint: a network that drives by the camera's picture");
}

static void describe_build(imp_cbor_out *out)
{
    imp_cbor_put_map(out, 1);
    imp_cbor_put_text(out, "version");
    imp_cbor_put_text(out, imp_version());
}

// What is asked about the node itself, at any time.
static imp_status on_meta(node *n, const char *topic)
{
    static const struct {
        const char *topic, *answer;
        void (*describe)(imp_cbor_out *out);
    } table[] = {
        {"wrapper.describe_protocol", "protocol_description", describe_protocol},
        {"wrapper.describe_config", "config_description", describe_config},
        {"wrapper.describe_node", "node_description", describe_node},
        {"wrapper.describe_build", "build_description", describe_build},
    };
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
        if (strcmp(topic, table[k].topic) == 0) {
            say(n, "understood");
            imp_put_topic(&n->reply, table[k].answer, false);
            table[k].describe(&n->reply);
            say(n, "over");
            return IMP_OK;
        }
    imp_put_control(&n->reply, "not-understood", "this node can only be described");
    say(n, "over");
    return IMP_OK;
}

static imp_status on_topic(node *n, const imp_message *message, imp_error *err)
{
    static const struct {
        const char *topic;
        imp_status (*handle)(node *n, const imp_message *message, imp_error *err);
    } table[] = {
        {"seed", on_seed},
        {"episode_start", on_episode_start},
        {"observations", on_observations},
        {"get_commands", on_get_commands},
    };
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
        if (strcmp(message->name, table[k].topic) == 0)
            return table[k].handle(n, message, err);
    if (strncmp(message->name, "wrapper.", 8) == 0)
        return on_meta(n, message->name);
    imp_put_control(&n->reply, "not-understood",
                    "seed, episode_start, observations and get_commands are the topics");
    say(n, "over");
    imp_put_control(&n->reply, "aborted", "unknown topic");
    say(n, "over");
    return imp_fail(err, IMP_CHECK_FAILED, "unknown topic '%s'", message->name);
}

static imp_status on_control(node *n, const imp_message *message)
{
    if (strcmp(message->name, "capabilities") != 0) {
        imp_put_control(&n->reply, "not-understood", "capabilities is the only control message");
        say(n, "over");
        return IMP_OK;
    }
    // without "protocol-reflection" the host takes the protocol that it expects
    say(n, "understood");
    imp_cbor_put_map(&n->reply, 2);
    imp_cbor_put_text(&n->reply, "control");
    imp_cbor_put_text(&n->reply, "capabilities");
    imp_cbor_put_text(&n->reply, "data");
    imp_cbor_put_map(&n->reply, 1);
    imp_cbor_put_text(&n->reply, "z2");
    imp_cbor_put_map(&n->reply, 0);
    say(n, "over");
    return IMP_OK;
}

// Waits until a stream is ready; IMP_INTERRUPTED if the monitor says so.
static imp_status await(const node *n, int stream, short events, imp_error *err)
{
    for (;;) {
        if (imp_monitor_should_stop(n->def->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
        struct pollfd wanted = {.fd = stream, .events = events};
        const int ready = poll(&wanted, 1, LOOK_UP_MS);
        if (ready > 0)
            return IMP_OK;
        if (ready < 0 && errno != EINTR)
            return imp_fail(err, IMP_IO, "waiting for a stream: %s", strerror(errno));
    }
}

// Sends what has been put together.
static imp_status flush(node *n, imp_error *err)
{
    size_t sent = 0;
    while (sent < n->reply.length && !n->reader_gone) {
        const imp_status status = await(n, n->output, POLLOUT, err);
        if (status != IMP_OK)
            return status;
        const ssize_t count = write(n->output, n->bytes + sent, n->reply.length - sent);
        if (count >= 0)
            sent += (size_t)count;
        else if (errno == EPIPE)
            n->reader_gone = true;
        else if (errno != EINTR && errno != EAGAIN)
            return imp_fail(err, IMP_IO, "writing a reply: %s", strerror(errno));
    }
    n->reply.length = 0;
    return n->reply.full ? imp_fail(err, IMP_INTERNAL, "a reply is too long") : IMP_OK;
}

// The host waits for an answer, and would do so for ever without one.
static imp_status on_unreadable(node *n, imp_error *err)
{
    static const char wrong[] = "a message's `control` or `topic` is no text";
    imp_put_control(&n->reply, "not-understood", wrong);
    say(n, "over");
    imp_put_control(&n->reply, "aborted", wrong);
    say(n, "over");
    return imp_fail(err, IMP_CHECK_FAILED, "%s", wrong);
}

// Whether it is what recorded messages hold besides those of a host (see imp_put_remark()).
static bool is_remark(imp_cbor item)
{
    static const char *const topics[] = {"commands", "robot_state"};
    imp_cbor place;
    imp_cbor_item topic;
    if (!imp_cbor_find(item, "topic", &place) || !imp_cbor_value(&place, &topic))
        return false;
    return imp_cbor_is_text(&topic, topics[0]) || imp_cbor_is_text(&topic, topics[1]);
}

// The protocol's own node gives no answer to these. A person should know why nothing happens.
static void tell_ignored(node *n, imp_cbor item)
{
    if (n->ignored_told || n->def->notice == NULL || is_remark(item))
        return;
    n->ignored_told = true;
    n->def->notice(n->def->context,
                   "ignored a message without an answer, as the protocol says: it has neither "
                   "`control` nor a `topic` with \"z2\" in its `compat`. More are not reported");
}

static imp_status answer(node *n, imp_cbor item, imp_error *err)
{
    imp_message message;
    imp_status status = IMP_OK;
    imp_message_read(&message, item, true);
    if (message.kind == IMP_MESSAGE_CONTROL)
        status = on_control(n, &message);
    else if (message.kind == IMP_MESSAGE_TOPIC)
        status = on_topic(n, &message, err);
    else if (message.kind == IMP_MESSAGE_UNREADABLE)
        status = on_unreadable(n, err);
    else
        tell_ignored(n, item);
    // why a message was refused matters more than that this could not be said
    const imp_status sent = flush(n, status == IMP_OK ? err : NULL);
    return status == IMP_OK ? sent : status;
}

// Takes what has arrived. *ended: there will be no more.
static imp_status receive(const node *n, int input, imp_inbox *inbox, bool *ended, imp_error *err)
{
    size_t room;
    imp_status status = await(n, input, POLLIN, err);
    if (status != IMP_OK)
        return status;
    uint8_t *target = imp_inbox_room(inbox, &room);
    if (target == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a message");
    const ssize_t count = read(input, target, room);
    if (count < 0 && errno != EINTR && errno != EAGAIN)
        return imp_fail(err, IMP_IO, "reading a message: %s", strerror(errno));
    *ended = count == 0;
    imp_inbox_add(inbox, count > 0 ? (size_t)count : 0);
    return IMP_OK;
}

static imp_status converse(node *n, int input, imp_inbox *inbox, imp_error *err)
{
    imp_status status = IMP_OK;
    bool ended = false;
    while (status == IMP_OK && !n->reader_gone && !ended) {
        imp_cbor item;
        const char *why;
        switch (imp_inbox_take(inbox, &item, &why)) {
        case IMP_CBOR_WHOLE:
            status = answer(n, item, err);
            break;
        case IMP_CBOR_MORE:
            status = receive(n, input, inbox, &ended, err);
            break;
        case IMP_CBOR_BAD:
            imp_put_control(&n->reply, "aborted", why);
            say(n, "over");
            flush(n, NULL);
            return imp_fail(err, IMP_BAD_INPUT, "what came is no message: %s", why);
        }
    }
    if (status == IMP_OK && ended && imp_inbox_has_rest(inbox))
        return imp_fail(err, IMP_BAD_INPUT, "the input ends within a message");
    return status == IMP_INTERRUPTED ? IMP_OK : status;
}

imp_status imp_node_serve(const imp_node_def *def, int input, int output, imp_error *err)
{
    node n = {.def = def, .output = output};
    imp_inbox inbox = {.limit = IMP_NODE_MESSAGE_MAX};
    n.reply = (imp_cbor_out){.bytes = n.bytes, .capacity = sizeof n.bytes};
    const imp_status status = converse(&n, input, &inbox, err);
    imp_inbox_free(&inbox);
    return status;
}

imp_status imp_agent_serve(imp_agent *agent, int input, int output, const imp_monitor *monitor,
                           imp_error *err)
{
    imp_mind *mind;
    imp_status status = imp_mind_create(&mind, imp_agent_think, agent, err);
    if (status != IMP_OK)
        return status;
    const imp_node_def def = {.mind = mind,
                              .deadline = agent->deadline,
                              .time_step = agent->time_step,
                              .notice = agent->notice,
                              .context = agent->context,
                              .monitor = monitor};
    status = imp_node_serve(&def, input, output, err);
    imp_mind_destroy(mind);
    return status;
}
