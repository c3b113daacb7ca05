// Logs for TensorBoard: framing and checksums, and that the real TensorBoard reads them.
#include "temporary_folder.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "evaluate/report/report_formats/hyperparameters.h"
#include "imprint/report.h"

static bool is_before_1970;

// Stands in for the C library's.
time_t time(time_t *out)
{
    struct timespec now = {.tv_sec = -86400};
    if (!is_before_1970)
        clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

// The one log of the test's folder, freed by the caller.
static uint8_t *read_log(size_t *length)
{
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    uint8_t *bytes = NULL;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (strncmp(entry->d_name, "events.out.tfevents.", 20) != 0)
            continue;
        assert_null(bytes);
        FILE *file = fopen(in_folder(entry->d_name), "rb");
        assert_non_null(file);
        bytes = malloc(1 << 16);
        assert_non_null(bytes);
        *length = fread(bytes, 1, 1 << 16, file);
        fclose(file);
    }
    closedir(stream);
    assert_non_null(bytes);
    return bytes;
}

static uint64_t read_little_endian(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

// CRC-32C bit by bit, masked: slow, and written apart from what is tested.
static uint32_t checksum(const uint8_t *bytes, size_t length)
{
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < 8 * length; i++) {
        const uint32_t bit = (crc ^ (uint32_t)bytes[i / 8] >> (i % 8)) & 1;
        crc = crc >> 1 ^ bit * 0x82f63b78U;
    }
    crc ^= 0xffffffffU;
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

static void write_test_events(void)
{
    imp_tensorboard *events;
    imp_error err = {0};
    uint8_t image[4 * 3 * 3] = {255, 128, 7};
    const float values[] = {-1.0F, 0.5F, 0.25F, NAN, 3.0F};
    assert_ok(imp_tensorboard_open(&events, folder, 1, &err), err);
    imp_tensorboard_add_scalar(events, 7, "loss", 0.25);
    imp_tensorboard_add_image(events, 7, "picture", 4, 3, image);
    imp_tensorboard_add_histogram(events, 7, "weights", values, 5);
    imp_tensorboard_add_histogram(events, 7, "nothing", values + 3, 1);
    imp_tensorboard_add_histogram(events, 7, "one", values, 1);
    assert_ok(imp_tensorboard_flush(events, &err), err);
    imp_tensorboard_add_scalar(events, 8, "loss", 1.0); // never flushed
    imp_tensorboard_destroy(events);
}

static void records_are_framed_and_have_checksums(void **state)
{
    (void)state;
    // the check value that the checksum's definition gives
    assert_int_equal(checksum((const uint8_t *)"123456789", 9),
                     ((0xe3069283U >> 15) | (0xe3069283U << 17)) + 0xa282ead8U);
    write_test_events();
    size_t length = 0, at = 0;
    uint8_t *log = read_log(&length);
    int records = 0;
    while (at < length) {
        assert_true(length - at >= 16);
        const size_t body = (size_t)read_little_endian(log + at, 8);
        assert_int_equal(read_little_endian(log + at + 8, 4), checksum(log + at, 8));
        assert_true(body <= length - at - 16);
        assert_int_equal(read_little_endian(log + at + 12 + body, 4),
                         checksum(log + at + 12, body));
        // the first says which version this is
        if (records++ == 0)
            assert_memory_equal(log + at + 12 + body - 13, "brain.Event:2", 13);
        at += body + 16;
    }
    assert_int_equal(records, 2 + 4);
    free(log);
}

static void logs_of_one_second_get_own_files(void **state)
{
    (void)state;
    imp_tensorboard *events[3];
    imp_error err = {0};
    for (int i = 0; i < 3; i++)
        assert_ok(imp_tensorboard_open(&events[i], folder, i, &err), err);
    for (int i = 0; i < 3; i++)
        imp_tensorboard_destroy(events[i]);
    assert_int_equal(imp_tensorboard_open(&events[0], "/nowhere", 0, &err), IMP_IO);
    assert_non_null(strstr(err.message, "/nowhere"));
}

static void names_have_no_sign(void **state)
{
    (void)state;
    imp_tensorboard *events;
    imp_error err = {0};
    is_before_1970 = true;
    const imp_status status = imp_tensorboard_open(&events, folder, 1, &err);
    is_before_1970 = false;
    assert_ok(status, err);
    imp_tensorboard_destroy(events);
    assert_int_equal(access(in_folder("events.out.tfevents.0000000000.imprint"), F_OK), 0);
}

static void tensorboard_can_read_the_log(void **state)
{
    (void)state;
    const char *const python = getenv("IMPRINT_PYTHON") ? getenv("IMPRINT_PYTHON") : "python3";
    char command[PATH_MAX + 1024];
    snprintf(command, sizeof command, "%s -c 'import tensorboard' 2>/dev/null", python);
    // NOLINTNEXTLINE(cert-env33-c): the tester's own interpreter
    if (system(command) != 0)
        skip_because("no python with tensorboard");
    write_test_events();
    snprintf(command, sizeof command,
             "%s -c '\n"
             "from tensorboard.backend.event_processing.event_accumulator import *\n"
             "log = EventAccumulator(\"%s\")\n"
             "log.Reload()\n"
             "scalar, = log.Scalars(\"loss\")\n"
             "assert (scalar.step, scalar.value) == (7, 0.25)\n"
             "picture, = log.Images(\"picture\")\n"
             "assert (picture.width, picture.height) == (4, 3)\n"
             "assert picture.encoded_image_string[1:4] == b\"PNG\"\n"
             "weights = log.Histograms(\"weights\")[0].histogram_value\n"
             "assert (weights.min, weights.max, weights.num) == (-1, 3, 4)\n"
             "assert sum(weights.bucket) == 4 and weights.bucket_limit[-1] == 3\n"
             "assert sum(log.Histograms(\"one\")[0].histogram_value.bucket) == 1\n"
             "' >/dev/null",
             python, folder);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
}

// Two runs in folders of their own, as a sweep leaves them.
static void write_runs(void)
{
    static const char *const settings[] = {
        "{\"loss\": \"huber\", \"epochs\": 3, \"average\": 0.5, \"nesterov\": true, \"data\": "
        "[\"a\"]}",
        "no object",
    };
    static const char *const names[] = {"one", "two"};
    imp_error err = {0};
    for (int k = 0; k < 2; k++) {
        imp_tensorboard *events;
        char run[PATH_MAX];
        snprintf(run, sizeof run, "%s", in_folder(names[k]));
        assert_int_equal(mkdir(run, 0777), 0);
        assert_ok(imp_tensorboard_open(&events, run, 1, &err), err);
        imp_tensorboard_add_hyperparameters(events, settings[k]);
        imp_tensorboard_add_scalar(events, 3, "final/best_loss", 0.25 + k);
        imp_tensorboard_add_session_end(events);
        assert_ok(imp_tensorboard_flush(events, &err), err);
        imp_tensorboard_destroy(events);
    }
}

static void tensorboard_lists_hyperparameters_and_figures(void **state)
{
    (void)state;
    const char *const python = getenv("IMPRINT_PYTHON") ? getenv("IMPRINT_PYTHON") : "python3";
    char command[PATH_MAX + 2048];
    snprintf(command, sizeof command, "%s -c 'import tensorboard' 2>/dev/null", python);
    // NOLINTNEXTLINE(cert-env33-c): the tester's own interpreter
    if (system(command) != 0)
        skip_because("no python with tensorboard");
    write_runs();
    snprintf(command, sizeof command,
             "%s -c '\n"
             "from tensorboard.backend.event_processing import data_provider\n"
             "from tensorboard.backend.event_processing.plugin_event_multiplexer import *\n"
             "from tensorboard.context import RequestContext\n"
             "from tensorboard.plugins.base_plugin import TBContext\n"
             "from tensorboard.plugins.hparams import api_pb2, backend_context\n"
             "from tensorboard.plugins.hparams import list_session_groups\n"
             "runs = EventMultiplexer().AddRunsFromDirectory(\"%s\")\n"
             "runs.Reload()\n"
             "provider = data_provider.MultiplexerDataProvider(runs, \"x\")\n"
             "context = backend_context.Context(TBContext(data_provider=provider))\n"
             "request = api_pb2.ListSessionGroupsRequest(start_index=0, slice_size=9)\n"
             "request.allowed_statuses.extend([api_pb2.STATUS_SUCCESS])\n"
             "groups = list_session_groups.Handler(\n"
             "    RequestContext(), context, \"x\", request).run().session_groups\n"
             "one, = [g for g in groups if g.name.endswith(\"one\")]\n"
             "two, = [g for g in groups if g.name.endswith(\"two\")]\n"
             "h = one.hparams\n"
             "assert h[\"loss\"].string_value == \"huber\", h\n"
             "assert h[\"epochs\"].number_value == 3 and h[\"average\"].number_value == 0.5\n"
             "assert h[\"nesterov\"].bool_value and h[\"data\"].string_value == \"[\\\"a\\\"]\"\n"
             "assert one.sessions[0].end_time_secs >= one.sessions[0].start_time_secs > 1e9\n"
             "assert len(two.hparams) == 0 or all(v.WhichOneof(\"kind\") is None\n"
             "    for v in two.hparams.values())\n"
             "value, = [v.value for v in two.metric_values]\n"
             "assert value == 1.25, value\n"
             "' >/dev/null",
             python, folder);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_are_framed_and_have_checksums, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(logs_of_one_second_get_own_files, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(names_have_no_sign, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(tensorboard_can_read_the_log, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(tensorboard_lists_hyperparameters_and_figures, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
