// Writes logs for TensorBoard: protocol buffers of its types Event and Summary, each framed as a
// TFRecord: length (8 bytes), checksum of the length, message, checksum of the message. Checksums
// are masked CRC-32C. Records are collected in memory and appended to the file by flush.
#include "base/common/try.h"
#include "imprint/report.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/image/image.h"
#include "base/io/file.h"
#include "base/io/protobuf_writer.h"
#include "evaluate/report/report_formats/hyperparameters.h"

// Field numbers from TensorFlow's event.proto, summary.proto and histogram.proto.
enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_NUMBER = 2, VALUE_IMAGE = 4, VALUE_HISTOGRAM = 5 };
enum { IMAGE_HEIGHT = 1, IMAGE_WIDTH = 2, IMAGE_CHANNELS = 3, IMAGE_PNG = 4 };
enum { HISTOGRAM_MIN = 1, HISTOGRAM_MAX, HISTOGRAM_COUNT, HISTOGRAM_SUM, HISTOGRAM_SQUARES };
enum { HISTOGRAM_LIMITS = 6, HISTOGRAM_BUCKETS = 7, SESSION_STATUS = 1, SESSION_START = 1 };

enum { VALUE_TENSOR = 8, VALUE_METADATA = 9, METADATA_PLUGIN = 1, PLUGIN_NAME = 1 };
enum { PLUGIN_CONTENT = 2, TENSOR_TYPE = 1, TENSOR_SHAPE = 2, TENSOR_FLOAT = 1 };
// From the plug-in's plugin_data.proto, and Google's struct.proto.
enum { DATA_SESSION_START = 3, DATA_SESSION_END = 4, START_SETTINGS = 1, START_TIME = 5 };
enum { END_STATUS = 1, END_TIME = 2, END_SUCCESS = 1, ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { STRUCT_NUMBER = 2, STRUCT_TEXT = 3, STRUCT_FLAG = 4 };

// Buckets of a histogram, and attempts to find a free file name.
enum { BUCKETS = 30, FILE_NAME_TRIES = 1000 };

// A log that is open for appending.
struct imp_tensorboard {
    char path[IMP_PATH_MAX];
    int file;
    imp_protobuf_writer message; // the event under construction
    imp_protobuf_writer records; // complete records that are not in the file yet
    uint32_t table[256];         // of CRC-32C
    size_t summary, value;       // open submessages of the event
};

// Builds the table of CRC-32C (Castagnoli), reflected, for one byte per step.
static void make_crc_table(uint32_t table[256])
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t rest = i;
        for (int bit = 0; bit < 8; bit++)
            rest = rest >> 1 ^ (rest & 1 ? 0x82f63b78U : 0);
        table[i] = rest;
    }
}

// Returns the masked checksum of TFRecord files: rotated by 15 bits plus a constant.
static uint32_t masked_crc(const uint32_t table[256], const uint8_t *bytes, size_t length)
{
    uint32_t crc = ~0U;
    for (size_t i = 0; i < length; i++)
        crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

// TFRecord numbers are little-endian; checksums cover these bytes.
static void put_little_endian(uint8_t *out, uint64_t value, int count)
{
    for (int i = 0; i < count; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

// Frames the message under construction and starts a new one.
// A failure of memory is kept in the writers and reported by flush.
static void append_event_record(imp_tensorboard *e)
{
    // The length has a checksum of its own, so readers can trust it before they read the message.
    uint8_t head[12], tail[4];
    put_little_endian(head, e->message.length, 8);
    put_little_endian(head + 8, masked_crc(e->table, head, 8), 4);
    put_little_endian(tail, masked_crc(e->table, e->message.bytes, e->message.length), 4);
    imp_protobuf_put_raw(&e->records, head, sizeof head);
    imp_protobuf_put_raw(&e->records, e->message.bytes, e->message.length);
    imp_protobuf_put_raw(&e->records, tail, sizeof tail);
    e->message.length = 0;
}

// Seconds since 1970, as TensorBoard expects.
static double get_seconds_since_1970(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Starts an event with the current time and a step.
static void begin_event(imp_tensorboard *e, int64_t step)
{
    imp_protobuf_put_double(&e->message, EVENT_TIME, get_seconds_since_1970());
    imp_protobuf_put_int(&e->message, EVENT_STEP, step);
}

// Starts an event with a summary of one value; the caller writes the value, then end_value().
static void begin_value(imp_tensorboard *e, int64_t step, const char *tag)
{
    begin_event(e, step);
    e->summary = imp_protobuf_begin_message(&e->message, EVENT_SUMMARY);
    e->value = imp_protobuf_begin_message(&e->message, SUMMARY_VALUE);
    imp_protobuf_put_string(&e->message, VALUE_TAG, tag);
}

// Closes value and summary, in the reverse order of begin_value().
static void end_value(imp_tensorboard *e)
{
    imp_protobuf_end_message(&e->message, e->value);
    imp_protobuf_end_message(&e->message, e->summary);
    append_event_record(e);
}

// Creates a new log file. TensorBoard finds logs by name and reads them in alphabetical order. If
// the name of this second exists, the next second's is tried.
static imp_status create_log_file(imp_tensorboard *e, const char *folder, imp_error *err)
{
    // O_EXCL makes sure that two processes never share a file.
    e->file = -1;
    // names have no sign: a clock before 1970 counts as 1970
    const time_t clock = time(NULL);
    const long long now = clock > 0 ? (long long)clock : 0;
    for (int later = 0; e->file < 0 && later < FILE_NAME_TRIES; later++) {
        char name[64];
        snprintf(name, sizeof name, "events.out.tfevents.%010lld.imprint", now + later);
        IMP_TRY(imp_path_join(e->path, folder, name, err));
        e->file = open(e->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (e->file < 0 && errno != EEXIST)
            break;
    }
    return e->file >= 0 ? IMP_OK : imp_fail(err, IMP_IO, "%s: %s", e->path, strerror(errno));
}

// Every run has a log file of its own; TensorBoard merges those of a folder.
imp_status imp_tensorboard_open(imp_tensorboard **out, const char *folder, int64_t first_step,
                                imp_error *err)
{
    imp_tensorboard *e = calloc(1, sizeof *e);
    if (e == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a log");
    imp_status status = create_log_file(e, folder, err);
    if (status == IMP_OK) {
        // A log begins with the file version and the start of a session at first_step, from which
        // TensorBoard discards events of earlier logs.
        make_crc_table(e->table);
        begin_event(e, 0);
        imp_protobuf_put_string(&e->message, EVENT_VERSION, "brain.Event:2");
        append_event_record(e);
        begin_event(e, first_step);
        const size_t session = imp_protobuf_begin_message(&e->message, EVENT_SESSION);
        imp_protobuf_put_int(&e->message, SESSION_STATUS, SESSION_START);
        imp_protobuf_end_message(&e->message, session);
        append_event_record(e);
        status = imp_tensorboard_flush(e, err);
    }
    if (status == IMP_OK)
        *out = e;
    else
        imp_tensorboard_destroy(e);
    return status;
}

void imp_tensorboard_destroy(imp_tensorboard *events)
{
    if (events == NULL)
        return;
    if (events->file >= 0)
        close(events->file);
    imp_protobuf_free(&events->message);
    imp_protobuf_free(&events->records);
    free(events);
}

// Adds one point of a curve named `tag`.
void imp_tensorboard_add_scalar(imp_tensorboard *events, int64_t step, const char *tag,
                                double value)
{
    begin_value(events, step, tag);
    imp_protobuf_put_float(&events->message, VALUE_NUMBER, (float)value);
    end_value(events);
}

// Images are stored as PNG, which TensorBoard shows without conversion.
void imp_tensorboard_add_image(imp_tensorboard *events, int64_t step, const char *tag, int width,
                               int height, const uint8_t *rgb)
{
    // An image that cannot be encoded marks the log as failed; flush reports it.
    uint8_t *png;
    size_t length;
    if (imp_png_encode(&png, &length, width, height, rgb, NULL) != IMP_OK) {
        events->message.failed = true;
        return;
    }
    begin_value(events, step, tag);
    const size_t image = imp_protobuf_begin_message(&events->message, VALUE_IMAGE);
    imp_protobuf_put_int(&events->message, IMAGE_HEIGHT, height);
    imp_protobuf_put_int(&events->message, IMAGE_WIDTH, width);
    imp_protobuf_put_int(&events->message, IMAGE_CHANNELS, 3);
    imp_protobuf_put_bytes(&events->message, IMAGE_PNG, png, length);
    imp_protobuf_end_message(&events->message, image);
    end_value(events);
    free(png);
}

// Statistics of a histogram besides its counts.
typedef struct value_moments {
    double min, max, count, sum, squares;
} value_moments;

// Computes the statistics of all finite values.
// NaN and infinity are left out, because one of them would make every sum NaN or infinite.
static value_moments compute_value_moments(const float *values, size_t count)
{
    value_moments m = {.min = INFINITY, .max = -INFINITY};
    for (size_t i = 0; i < count; i++) {
        const double value = values[i];
        if (!isfinite(value))
            continue;
        m.min = fmin(m.min, value);
        m.max = fmax(m.max, value);
        m.count++;
        m.sum += value;
        m.squares += value * value;
    }
    return m;
}

void imp_tensorboard_add_histogram(imp_tensorboard *events, int64_t step, const char *tag,
                                   const float *values, size_t count)
{
    // Without a finite value there is nothing to show.
    value_moments m = compute_value_moments(values, count);
    if (m.count == 0.0)
        return;
    // Equal buckets from min to max; `limits` are their upper bounds.
    double limits[BUCKETS], buckets[BUCKETS] = {0};
    // Equal values still need a bucket of positive width.
    const double width = m.max > m.min ? (m.max - m.min) / BUCKETS : 1e-12;
    for (int k = 0; k < BUCKETS; k++)
        limits[k] = k + 1 < BUCKETS ? m.min + (k + 1) * width : fmax(m.max, m.min + width);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            continue;
        const int k = (int)((values[i] - m.min) / width);
        buckets[k < BUCKETS ? k : BUCKETS - 1]++;
    }
    begin_value(events, step, tag);
    const size_t histogram = imp_protobuf_begin_message(&events->message, VALUE_HISTOGRAM);
    imp_protobuf_put_double(&events->message, HISTOGRAM_MIN, m.min);
    imp_protobuf_put_double(&events->message, HISTOGRAM_MAX, m.max);
    imp_protobuf_put_double(&events->message, HISTOGRAM_COUNT, m.count);
    imp_protobuf_put_double(&events->message, HISTOGRAM_SUM, m.sum);
    imp_protobuf_put_double(&events->message, HISTOGRAM_SQUARES, m.squares);
    imp_protobuf_put_packed_reals(&events->message, HISTOGRAM_LIMITS, limits, BUCKETS);
    imp_protobuf_put_packed_reals(&events->message, HISTOGRAM_BUCKETS, buckets, BUCKETS);
    imp_protobuf_end_message(&events->message, histogram);
    end_value(events);
}

// A setting as an entry of the map: number, text or flag, or else its JSON text.
static void put_hyperparameter_entry(imp_protobuf_writer *out, const char *name,
                                     const json_t *value)
{
    const size_t entry = imp_protobuf_begin_message(out, START_SETTINGS);
    imp_protobuf_put_string(out, ENTRY_KEY, name);
    const size_t inner = imp_protobuf_begin_message(out, ENTRY_VALUE);
    if (json_is_number(value)) {
        imp_protobuf_put_double(out, STRUCT_NUMBER, json_number_value(value));
    } else if (json_is_boolean(value)) {
        imp_protobuf_put_int(out, STRUCT_FLAG, json_is_true(value));
    } else if (json_is_string(value)) {
        imp_protobuf_put_string(out, STRUCT_TEXT, json_string_value(value));
    } else {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        imp_protobuf_put_string(out, STRUCT_TEXT, text != NULL ? text : "");
        free(text);
    }
    imp_protobuf_end_message(out, inner);
    imp_protobuf_end_message(out, entry);
}

// Adds a value for the plug-in, which reads its content and ignores the tensor that must be there.
static void add_plugin_value(imp_tensorboard *events, const char *tag,
                             const imp_protobuf_writer *content)
{
    imp_protobuf_writer *out = &events->message;
    begin_value(events, 0, tag);
    const size_t tensor = imp_protobuf_begin_message(out, VALUE_TENSOR);
    imp_protobuf_put_int(out, TENSOR_TYPE, TENSOR_FLOAT);
    imp_protobuf_end_message(out, imp_protobuf_begin_message(out, TENSOR_SHAPE));
    imp_protobuf_end_message(out, tensor);
    const size_t metadata = imp_protobuf_begin_message(out, VALUE_METADATA);
    const size_t plugin = imp_protobuf_begin_message(out, METADATA_PLUGIN);
    imp_protobuf_put_string(out, PLUGIN_NAME, "hparams");
    imp_protobuf_put_bytes(out, PLUGIN_CONTENT, content->bytes, content->length);
    imp_protobuf_end_message(out, plugin);
    imp_protobuf_end_message(out, metadata);
    events->message.failed = events->message.failed || content->failed;
    end_value(events);
}

void imp_tensorboard_add_hyperparameters(imp_tensorboard *events, const char *settings)
{
    imp_protobuf_writer content = {0};
    const char *name;
    json_t *value, *object = json_loads(settings, 0, NULL);
    const size_t start = imp_protobuf_begin_message(&content, DATA_SESSION_START);
    json_object_foreach(object, name, value) put_hyperparameter_entry(&content, name, value);
    imp_protobuf_put_double(&content, START_TIME, get_seconds_since_1970());
    imp_protobuf_end_message(&content, start);
    add_plugin_value(events, "_hparams_/session_start_info", &content);
    imp_protobuf_free(&content);
    json_decref(object);
}

void imp_tensorboard_add_session_end(imp_tensorboard *events)
{
    imp_protobuf_writer content = {0};
    const size_t end = imp_protobuf_begin_message(&content, DATA_SESSION_END);
    imp_protobuf_put_int(&content, END_STATUS, END_SUCCESS);
    imp_protobuf_put_double(&content, END_TIME, get_seconds_since_1970());
    imp_protobuf_end_message(&content, end);
    add_plugin_value(events, "_hparams_/session_end_info", &content);
    imp_protobuf_free(&content);
}

imp_status imp_tensorboard_flush(imp_tensorboard *events, imp_error *err)
{
    if (events->message.failed || events->records.failed)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", events->path);
    // write() may write a part only, or be interrupted.
    for (size_t at = 0; at < events->records.length;) {
        const ssize_t written =
            write(events->file, events->records.bytes + at, events->records.length - at);
        if (written < 0 && errno != EINTR)
            return imp_fail(err, IMP_IO, "%s: %s", events->path, strerror(errno));
        at += written > 0 ? (size_t)written : 0;
    }
    events->records.length = 0;
    return IMP_OK;
}
