// The node against recordings of the real one, and what it does when a decision is late or a
// picture broken.
#include "deploy/agent/message_files.h"

#include <signal.h>

#include "deploy/agent/protocol_server.h"

enum { ACTIONS_MAX = 32 };

static const imp_action ACTION = {0.25, -0.5};

// What the last decision was told [s].
static double heard_time_step;

// Decides in no time; "late" pictures take their time, "broken" ones cannot be read.
static bool decide(void *context, const imp_action_history *action_history, const uint8_t *jpeg,
                   size_t length, imp_action *out, char *why, size_t capacity)
{
    (void)context;
    heard_time_step = action_history->time_step;
    if (length == 4 && memcmp(jpeg, "late", 4) == 0)
        usleep(400000);
    if (length == 6 && memcmp(jpeg, "broken", 6) == 0) {
        snprintf(why, capacity, "no picture");
        return false;
    }
    *out = ACTION;
    return true;
}

static char told[512];

static void record_warning(void *context, const char *text)
{
    (void)context;
    strncat(told, text, sizeof told - strlen(told) - 1);
}

static imp_status serve_file(const char *in, const char *out, imp_error *err)
{
    imp_async_inference *inference;
    assert_ok(imp_async_inference_create(&inference, decide, NULL, err), *err);
    const imp_protocol_server_def def = {.inference = inference,
                                         .deadline = 0.1,
                                         .time_step = 0.05,
                                         .report_warning = record_warning};
    const int input = open(in, O_RDONLY), output = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(input >= 0 && output >= 0);
    told[0] = '\0';
    const imp_status status = imp_protocol_server_run(&def, input, output, err);
    close(input);
    close(output);
    imp_async_inference_destroy(inference);
    return status;
}

static void check_replay(const char *in, const char *recorded, imp_status wanted)
{
    char ours[8192], theirs[8192];
    imp_error err = {0};
    const imp_status status = serve_file(in, in_folder("out"), &err);
    list_messages(in_folder("out"), ours, sizeof ours);
    list_messages(recorded, theirs, sizeof theirs);
    if (strcmp(ours, theirs) != 0)
        fail_msg("%s\nours:     %s\nrecorded: %s", in, ours, theirs);
    if (status != wanted)
        fail_msg("%s: status %d, wanted %d: %s", in, status, wanted, err.message);
}

static void test_recorded_replies(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        imp_status status;
    } cases[] = {
        {"unknown-control", IMP_OK},
        {"obs-extra-field", IMP_OK},
        {"wrong-compat", IMP_OK},
        {"no-seed", IMP_OK},
        {"minimal-keys", IMP_OK},
        {"with-timing", IMP_OK},
        {"meta", IMP_OK},
        {"not-a-map", IMP_OK},
        {"whole-run", IMP_OK},
        {"db18-tiny", IMP_OK},
        {"db20-tiny", IMP_OK},
        {"db20-fullstate-tiny", IMP_OK},
        {"unknown-topic", IMP_CHECK_FAILED},
        {"commands-before-episode", IMP_CHECK_FAILED},
        {"bad-data-type", IMP_CHECK_FAILED},
        {"seed-twice", IMP_CHECK_FAILED},
        {"int-at-time", IMP_CHECK_FAILED},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char in[512], out[512];
        snprintf(in, sizeof in, IMP_TEST_DATA "/golden/aido-node/%s.in.cbor", cases[k].name);
        snprintf(out, sizeof out, IMP_TEST_DATA "/golden/aido-node/%s.out.cbor", cases[k].name);
        check_replay(in, out, cases[k].status);
    }
}

static void test_recorded_streams(void **state)
{
    (void)state;
    static const char *const names[] = {"db18-tiny", "db20-tiny", "db20-fullstate-tiny",
                                        "db20-timestamps", "db20-timestamps-noreflection"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        char in[512], out[512];
        snprintf(in, sizeof in, IMP_SHARED "/golden/aido/streams/%s/host_to_agent.cbor", names[k]);
        snprintf(out, sizeof out, IMP_SHARED "/golden/aido/streams/%s/agent_to_host.cbor",
                 names[k]);
        check_replay(in, out, IMP_OK);
    }
}

// A stream under construction.
static uint8_t bytes[1 << 16];

static imp_cbor_writer start_stream(void)
{
    imp_cbor_writer out = {.bytes = bytes, .capacity = sizeof bytes};
    imp_protocol_write_topic(&out, "episode_start", false);
    imp_cbor_write_map(&out, 1);
    imp_cbor_write_text(&out, "episode_name");
    imp_cbor_write_text(&out, "e");
    return out;
}

static void write_observation(imp_cbor_writer *out, const char *image)
{
    imp_protocol_write_topic(out, "observations", false);
    imp_cbor_write_map(out, 1);
    imp_cbor_write_text(out, "camera");
    imp_cbor_write_map(out, 1);
    imp_cbor_write_text(out, "jpg_data");
    imp_cbor_write_bytes(out, image, strlen(image));
}

// As hosts of 2019 ask, without a time.
static void write_get_commands(imp_cbor_writer *out)
{
    imp_protocol_write_topic(out, "get_commands", false);
    imp_cbor_write_null(out);
}

// Serves the stream, and reads the actions that were answered.
static imp_status serve_and_read_actions(const imp_cbor_writer *stream, imp_action *actions,
                                         int *count, imp_error *err)
{
    char in[600];
    snprintf(in, sizeof in, "%s", in_folder("in"));
    assert_ok(imp_file_write(in, stream->bytes, stream->length, err), *err);
    const imp_status status = serve_file(in, in_folder("out"), err);
    *count = read_actions(in_folder("out"), actions, ACTIONS_MAX);
    return status;
}

static void test_decisions(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_action actions[ACTIONS_MAX];
    int count;
    imp_cbor_writer stream = start_stream();
    write_get_commands(&stream); // nothing seen yet
    write_observation(&stream, "fine");
    write_observation(&stream, "fine");
    write_get_commands(&stream);
    write_get_commands(&stream); // the same picture once more
    write_observation(&stream, "broken");
    write_get_commands(&stream);
    write_observation(&stream, "fine");
    write_get_commands(&stream);
    assert_ok(serve_and_read_actions(&stream, actions, &count, &err), err);
    const imp_action zeros = {0}, wanted[] = {zeros, ACTION, ACTION, zeros, ACTION};
    assert_int_equal(count, 5);
    assert_memory_equal(actions, wanted, sizeof wanted);
    assert_non_null(strstr(told, "no picture"));
}

static void test_late_inference_gives_zeros(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_action actions[ACTIONS_MAX];
    int count;
    imp_cbor_writer stream = start_stream();
    write_observation(&stream, "late");
    write_get_commands(&stream);
    assert_ok(serve_and_read_actions(&stream, actions, &count, &err), err);
    assert_int_equal(count, 1);
    assert_close(actions[0].left, 0.0, 0.0);
    assert_close(actions[0].right, 0.0, 0.0);
    assert_non_null(strstr(told, "no action within 0.1 s"));
}

static void test_new_episode_resets(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_action actions[ACTIONS_MAX];
    int count;
    imp_cbor_writer stream = start_stream();
    write_observation(&stream, "fine");
    write_get_commands(&stream);
    imp_protocol_write_topic(&stream, "episode_start", false);
    imp_cbor_write_map(&stream, 1);
    imp_cbor_write_text(&stream, "episode_name");
    imp_cbor_write_text(&stream, "f");
    write_get_commands(&stream);
    assert_ok(serve_and_read_actions(&stream, actions, &count, &err), err);
    assert_int_equal(count, 2);
    assert_close(actions[0].left, ACTION.left, 0.0);
    assert_close(actions[1].left, 0.0, 0.0);
}

static void write_timed_get_commands(imp_cbor_writer *out, double at_time)
{
    imp_protocol_write_topic(out, "get_commands", false);
    imp_cbor_write_map(out, 1);
    imp_cbor_write_text(out, "at_time");
    imp_cbor_write_double(out, at_time);
}

// Who was trained at 0.05 s and is asked at another time step is told of once, a robot's unrest
// not.
static void test_request_interval_warning(void **state)
{
    (void)state;
    static const double steps[] = {0.05, 0.1};
    for (size_t k = 0; k < 2; k++) {
        imp_error err = {0};
        imp_action actions[ACTIONS_MAX];
        int count;
        imp_cbor_writer stream = start_stream();
        for (int i = 0; i < 25; i++)
            write_timed_get_commands(&stream, 3.0 + steps[k] * i + (i % 2) * 0.02);
        assert_ok(serve_and_read_actions(&stream, actions, &count, &err), err);
        const char *first = strstr(told, "time step of 0.05 s");
        assert_int_equal(first != NULL, steps[k] > 0.05);
        if (first != NULL) {
            assert_non_null(strstr(told, "requested every 0.1 s"));
            assert_null(strstr(first + 1, "time step of 0.05 s"));
        }
    }
}

static void test_garbage(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_action actions[ACTIONS_MAX];
    int count;
    imp_cbor_writer stream = start_stream();
    const size_t whole = stream.length;
    write_observation(&stream, "fine");
    // ends within a message
    stream.length = whole + 5;
    assert_int_equal(serve_and_read_actions(&stream, actions, &count, &err), IMP_BAD_INPUT);
    // four gigabytes announced
    static const uint8_t lies[] = {0xa1, 0x61, 0x61, 0x5a, 0xff, 0xff, 0xff, 0xff, 0x00};
    memcpy(bytes + whole, lies, sizeof lies);
    stream.length = whole + sizeof lies;
    assert_int_equal(serve_and_read_actions(&stream, actions, &count, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "longer than the limit"));
}

// Writes what is at the cursor with every string in two pieces, or with one tag more.
static void write_reencoded(FILE *file, imp_cbor_cursor cursor, bool in_pieces)
{
    while (cursor.at < cursor.end) {
        const uint8_t *from = cursor.at;
        imp_cbor_item item;
        assert_true(imp_cbor_read_item(&cursor, &item));
        if (item.bytes == NULL || !in_pieces) {
            fwrite(from, 1, (size_t)(cursor.at - from), file);
            continue;
        }
        uint8_t piece[1 << 15];
        imp_cbor_writer out = {.bytes = piece, .capacity = sizeof piece};
        const size_t first = item.count / 2, parts[2] = {first, item.count - first};
        const int major = item.kind == IMP_CBOR_TEXT ? 0x60 : 0x40;
        fputc(major | 31, file);
        for (int k = 0; k < 2; k++) {
            out.length = 0;
            imp_cbor_write_bytes(&out, item.bytes + (k == 0 ? 0 : first), parts[k]);
            assert_false(out.full);
            piece[0] = (uint8_t)(piece[0] & 31) | (uint8_t)major;
            fwrite(piece, 1, out.length, file);
        }
        fputc(0xff, file);
    }
}

// A host may send strings in pieces, keys and pictures too, and tag its messages as CBOR.
static void test_chunked_strings(void **state)
{
    (void)state;
    static const char recorded[] = IMP_TEST_DATA "/golden/aido-node/whole-run";
    char in[512], out[512], other[512];
    snprintf(in, sizeof in, "%s.in.cbor", recorded);
    snprintf(out, sizeof out, "%s.out.cbor", recorded);
    snprintf(other, sizeof other, "%s", in_folder("pieces"));
    for (int in_pieces = 0; in_pieces < 2; in_pieces++) {
        char *stream;
        size_t length;
        imp_error err = {0};
        assert_ok(imp_file_read(&stream, &length, in, 1 << 24, &err), err);
        FILE *file = fopen(other, "wb");
        assert_non_null(file);
        imp_cbor_cursor rest = {(uint8_t *)stream, (uint8_t *)stream + length};
        while (rest.at < rest.end) {
            imp_cbor_cursor item = rest;
            assert_true(imp_cbor_skip_item(&rest));
            item.end = rest.at;
            if (!in_pieces)
                fwrite("\xd9\xd9\xf7", 1, 3, file);
            write_reencoded(file, item, in_pieces == 1);
        }
        assert_int_equal(fclose(file), 0);
        check_replay(other, out, IMP_OK);
        free(stream);
    }
}

// What the host must not wait for: an answer to a message that cannot be read.
static void test_malformed_topics_are_answered(void **state)
{
    (void)state;
    static const char *const keys[] = {"topic", "control"};
    for (int k = 0; k < 2; k++) {
        imp_error err = {0};
        char words[512];
        imp_cbor_writer out = {.bytes = bytes, .capacity = sizeof bytes};
        imp_cbor_write_map(&out, 2);
        imp_cbor_write_text(&out, "compat");
        imp_cbor_write_array(&out, 1);
        imp_cbor_write_text(&out, "z2");
        imp_cbor_write_text(&out, keys[k]);
        imp_cbor_write_integer(&out, 7);
        char in[600];
        snprintf(in, sizeof in, "%s", in_folder("in"));
        assert_ok(imp_file_write(in, out.bytes, out.length, &err), err);
        assert_int_equal(serve_file(in, in_folder("out"), &err), IMP_CHECK_FAILED);
        list_messages(in_folder("out"), words, sizeof words);
        assert_string_equal(words, "not-understood over aborted over ");
    }
}

static void test_ignored_messages_warn_once(void **state)
{
    (void)state;
    imp_error err = {0};
    assert_ok(
        serve_file(IMP_TEST_DATA "/golden/aido-node/wrong-compat.in.cbor", in_folder("out"), &err),
        err);
    const char *first = strstr(told, "ignored a message");
    assert_non_null(first);
    assert_null(strstr(first + 1, "ignored a message"));
    // what recordings hold besides is no host's
    imp_cbor_writer out = {.bytes = bytes, .capacity = sizeof bytes};
    imp_protocol_write_log_topic(&out, "robot_state");
    imp_cbor_write_null(&out);
    imp_protocol_write_log_topic(&out, "commands");
    imp_cbor_write_null(&out);
    char in[600];
    snprintf(in, sizeof in, "%s", in_folder("in"));
    assert_ok(imp_file_write(in, out.bytes, out.length, &err), err);
    assert_ok(serve_file(in, in_folder("out"), &err), err);
    assert_string_equal(told, "");
}

static void test_closed_output(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_async_inference *inference;
    int pipes[2];
    imp_cbor_writer stream = start_stream();
    assert_ok(imp_file_write(in_folder("in"), stream.bytes, stream.length, &err), err);
    assert_ok(imp_async_inference_create(&inference, decide, NULL, &err), err);
    const imp_protocol_server_def def = {.inference = inference, .deadline = 0.1};
    assert_int_equal(pipe(pipes), 0);
    close(pipes[0]);
    const int input = open(in_folder("in"), O_RDONLY);
    assert_ok(imp_protocol_server_run(&def, input, pipes[1], &err), err);
    close(input);
    close(pipes[1]);
    imp_async_inference_destroy(inference);
}

// What the mind is told before each picture, as text.
static char history_text[512];

static bool act_and_record_history(void *context, const imp_action_history *action_history,
                                   const uint8_t *jpeg, size_t length, imp_action *out, char *why,
                                   size_t capacity)
{
    (void)context;
    (void)jpeg;
    (void)length;
    (void)why;
    (void)capacity;
    const size_t used = strlen(history_text);
    snprintf(history_text + used, sizeof history_text - used,
             "%s%d:", action_history->begins ? "begin " : "", action_history->count);
    for (int k = 0; k < action_history->count; k++)
        snprintf(history_text + strlen(history_text), sizeof history_text - strlen(history_text),
                 "%g,", action_history->actions[k].left);
    strcat(history_text, " ");
    *out = (imp_action){0.25, 0.5};
    return length > 0;
}

// A network that goes by the past is told what was answered, in every episode anew.
static void test_action_history(void **state)
{
    (void)state;
    static const uint8_t image[4] = {1, 2, 3, 4};
    imp_error err = {0};
    imp_async_inference *inference;
    imp_action action;
    history_text[0] = '\0';
    assert_ok(imp_async_inference_create(&inference, act_and_record_history, NULL, &err), err);
    for (int episode = 0; episode < 2; episode++) {
        imp_async_inference_reset(inference);
        imp_async_inference_await(inference, 1.0, &action, NULL); // nothing was shown: zeros
        for (int k = 0; k < 3; k++) {
            assert_true(imp_async_inference_submit(inference, image, k == 1 ? 0 : sizeof image));
            for (int again = 0; again <= k; again++)
                imp_async_inference_await(inference, 1.0, &action, NULL);
        }
        for (int k = 0; k < IMP_ACTION_HISTORY_MAX && episode == 1; k++)
            imp_async_inference_await(inference, 1.0, &action, NULL); // more than are kept
    }
    assert_true(imp_async_inference_submit(inference, image, sizeof image));
    imp_async_inference_await(inference, 1.0, &action, NULL);
    imp_async_inference_destroy(inference);
    const char *episode = "begin 1:0, 1:0.25, 2:0,0, ";
    assert_int_equal(strncmp(history_text, episode, strlen(episode)), 0);
    assert_int_equal(strncmp(history_text + strlen(episode), episode, strlen(episode)), 0);
    assert_int_equal(strncmp(history_text + 2 * strlen(episode), "64:0.25,", 8), 0);
}

// A network that takes the time step is told that of the requests, from the second one on.
static void test_the_clock_tells_the_time_step(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_action actions[ACTIONS_MAX];
    int count;
    for (int requests = 2; requests <= 4; requests++) {
        imp_cbor_writer stream = start_stream();
        for (int i = 0; i < requests; i++) {
            write_observation(&stream, "fine");
            write_timed_get_commands(&stream, 3.0 + 0.08 * i);
        }
        assert_ok(serve_and_read_actions(&stream, actions, &count, &err), err);
        assert_int_equal(count, requests);
        assert_close(heard_time_step, requests == 2 ? 0.0 : 0.08, 1e-9);
    }
}

static bool stop_always(void *context)
{
    (void)context;
    return true;
}

static void test_monitor_stops(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_async_inference *inference;
    int pipes[2];
    const imp_monitor monitor = {.should_stop = stop_always};
    assert_ok(imp_async_inference_create(&inference, decide, NULL, &err), err);
    const imp_protocol_server_def def = {
        .inference = inference, .deadline = 0.1, .monitor = &monitor};
    // a pipe on which nothing comes and that does not end
    assert_int_equal(pipe(pipes), 0);
    assert_ok(imp_protocol_server_run(&def, pipes[0], pipes[1], &err), err);
    close(pipes[0]);
    close(pipes[1]);
    imp_async_inference_destroy(inference);
}

int main(int argc, char **argv)
{
    (void)argv;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_replies),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_late_inference_gives_zeros),
        cmocka_unit_test(test_new_episode_resets),
        cmocka_unit_test(test_request_interval_warning),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_chunked_strings),
        cmocka_unit_test(test_malformed_topics_are_answered),
        cmocka_unit_test(test_ignored_messages_warn_once),
        cmocka_unit_test(test_closed_output),
        cmocka_unit_test(test_action_history),
        cmocka_unit_test(test_the_clock_tells_the_time_step),
        cmocka_unit_test(test_monitor_stops),
    };
    const struct CMUnitTest shared[] = {cmocka_unit_test(test_recorded_streams)};
    signal(SIGPIPE, SIG_IGN);
    return argc > 1 ? run_shared("golden/aido/streams", shared, make_folder, remove_folder)
                    : cmocka_run_group_tests(tests, make_folder, remove_folder);
}
