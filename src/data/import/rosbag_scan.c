// Scans a bag: records the times of all images and commands by topic, the commands' values, and the
// calibrations. Image data are only checked here and read later. The topics are then chosen and the
// times matched.
#include "data/import/rosbag_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "data/import/rosbag_topics.h"

// Frees the arrays of all topics.
static void free_topics(imp_rosbag_topics *s)
{
    for (int k = 0; k < s->count; k++) {
        free(s->all[k].message_times);
        free(s->all[k].numbers);
    }
    free(s);
}

// The topic of a connection, created if necessary; NULL for other message types or too many topics.
static imp_rosbag_topic *find_or_add_topic(imp_rosbag_topics *s,
                                           const imp_rosbag_connection *connection)
{
    // only messages that matter for driving
    const imp_ros_message_kind kind = imp_ros_message_kind_of(connection->type);
    if (kind == IMP_ROS_OTHER)
        return NULL;
    // a name can occur with two types
    for (int k = 0; k < s->count; k++)
        if (s->all[k].kind == kind && strcmp(s->all[k].name, connection->topic) == 0)
            return &s->all[k];
    if (s->count == IMP_ROSBAG_TOPICS_MAX)
        return NULL;
    imp_rosbag_topic *made = &s->all[s->count++];
    *made = (imp_rosbag_topic){.kind = kind};
    memcpy(made->name, connection->topic, sizeof made->name);
    return made;
}

bool imp_rosbag_topic_is_image(const imp_rosbag_topic *topic)
{
    return topic->kind == IMP_ROS_COMPRESSED_IMAGE || topic->kind == IMP_ROS_IMAGE;
}

bool imp_rosbag_topic_is_command(const imp_rosbag_topic *topic)
{
    return topic->kind == IMP_ROS_WHEELS_CMD || topic->kind == IMP_ROS_TWIST_2D;
}

bool imp_rosbag_topic_is_odometry(const imp_rosbag_topic *topic)
{
    return topic->kind == IMP_ROS_ODOMETRY || topic->kind == IMP_ROS_ENCODER;
}

// Grows the arrays of a topic by doubling; images have no numbers.
static bool reserve_topic_message(imp_rosbag_topic *t)
{
    if (t->count < t->capacity)
        return true;
    const size_t capacity = 2 * t->capacity + 256;
    // each array is kept even if the other cannot grow
    imp_rosbag_message_time *message_times =
        realloc(t->message_times, capacity * sizeof *message_times);
    if (message_times != NULL)
        t->message_times = message_times;
    double(*numbers)[3] = NULL;
    const bool is_image = imp_rosbag_topic_is_image(t);
    if (!is_image && (numbers = realloc(t->numbers, capacity * sizeof *numbers)) != NULL)
        t->numbers = numbers;
    if (message_times == NULL || (!is_image && numbers == NULL))
        return false;
    t->capacity = capacity;
    return true;
}

// Whether an image message can be read, judged by its header. Remembers the encoding, and an
// unsupported one.
static bool parse_image_header(imp_rosbag_topic *t, const imp_rosbag_message *message,
                               int64_t *stamp)
{
    imp_ros_image image;
    const bool raw = t->kind == IMP_ROS_IMAGE;
    // raw images state their encoding, compressed ones a format
    const bool readable =
        raw ? imp_ros_parse_image(&image, message->data, message->length)
            : imp_ros_parse_compressed_image(&image, message->data, message->length);
    *stamp = image.stamp;
    // remember the first unsupported encoding for the message to the user
    if (image.unsupported[0] != '\0' && t->unsupported[0] == '\0')
        memcpy(t->unsupported, image.unsupported, sizeof t->unsupported);
    if (readable && raw && t->encoding[0] == '\0')
        snprintf(t->encoding, sizeof t->encoding, "%s",
                 imp_ros_encoding_name(image.pixels.encoding));
    return readable;
}

// Records a message; returns false without memory.
static bool record_topic_message(imp_rosbag_topic *t, const imp_rosbag_message *message,
                                 size_t place)
{
    imp_rosbag_message_time moment = {.received = message->time, .place = place};
    double numbers[3] = {0};
    bool readable = false;
    // the first valid calibration of a topic is used
    if (t->kind == IMP_ROS_CAMERA_INFO) {
        // a camera is calibrated once
        if (!t->has_calibration)
            t->has_calibration =
                imp_ros_parse_camera_info(&t->calibration, message->data, message->length);
        return true;
    }
    // unreadable messages are counted, but get no time
    if (imp_rosbag_topic_is_command(t))
        readable = imp_ros_parse_command(&moment.stamp, numbers, message->data, message->length);
    else if (t->kind == IMP_ROS_ODOMETRY)
        readable = imp_ros_parse_odometry(&moment.stamp, numbers, message->data, message->length);
    else if (t->kind == IMP_ROS_ENCODER)
        readable = imp_ros_parse_encoder(&moment.stamp, numbers, message->data, message->length);
    else
        readable = parse_image_header(t, message, &moment.stamp);
    t->messages++;
    t->unreadable += !readable;
    // only readable messages have a time
    if (!readable)
        return true;
    if (!reserve_topic_message(t))
        return false;
    if (t->numbers != NULL)
        memcpy(t->numbers[t->count], numbers, sizeof numbers);
    t->message_times[t->count++] = moment;
    return true;
}

// Progress is the position in the file.
imp_status imp_rosbag_report_progress(const imp_rosbag *bag, const char *task,
                                      const imp_monitor *monitor, imp_error *err)
{
    const double megabyte = 1e6;
    const imp_progress progress = {.task = task,
                                   .unit = "MB",
                                   .done = (double)imp_rosbag_position(bag) / megabyte,
                                   .total = (double)bag->length / megabyte};
    imp_monitor_progress(monitor, &progress);
    if (imp_monitor_should_stop(monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted: nothing was imported");
    return IMP_OK;
}

// `place` numbers the messages of the whole bag.
static imp_status scan_messages(imp_rosbag_topics *s, imp_rosbag *bag, const imp_monitor *monitor,
                                imp_error *err)
{
    for (size_t place = 0;; place++) {
        imp_rosbag_message message;
        IMP_TRY(imp_rosbag_report_progress(bag, "look through", monitor, err));
        switch (imp_rosbag_read_record(bag, &message, err)) {
        case IMP_ROSBAG_END:
            return IMP_OK;
        case IMP_ROSBAG_FAILED:
            return bag->failure;
        case IMP_ROSBAG_OTHER_RECORD:
            // chunks and indices
            break;
        case IMP_ROSBAG_MESSAGE: {
            imp_rosbag_topic *t = find_or_add_topic(s, &bag->connections[message.connection]);
            if (t != NULL && !record_topic_message(t, &message, place))
                return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
            break;
        }
        }
    }
}

// Copies the properties of the chosen camera topic.
static void fill_camera_info(imp_rosbag_scan *out, const imp_rosbag_topics *s,
                             const imp_rosbag_topic *camera)
{
    // the calibration may come from another topic
    const imp_rosbag_topic *info = imp_rosbag_find_calibration(s, camera);
    memcpy(out->camera, camera->name, sizeof out->camera);
    memcpy(out->robot, camera->robot, sizeof out->robot);
    memcpy(out->encoding, camera->encoding, sizeof out->encoding);
    memcpy(out->unsupported, camera->unsupported, sizeof out->unsupported);
    out->camera_kind = camera->kind;
    // messages that could not be read count as images, too
    out->images = camera->messages;
    out->readable = (int64_t)camera->count;
    out->has_calibration = info != NULL;
    if (info != NULL)
        out->calibration = info->calibration;
}

// Assigns robots, chooses topics, and matches times if both topics exist.
static imp_status select_topics_and_match_times(imp_rosbag_scan *out, imp_rosbag_topics *s,
                                                const imp_rosbag *bag, imp_error *err)
{
    imp_rosbag_topic *camera = NULL, *command_topic = NULL;
    // damage is known after the scan
    *out = (imp_rosbag_scan){.is_truncated = bag->is_truncated,
                             .has_index = bag->has_index,
                             .truncated_at = bag->truncated_at,
                             .corrupt_chunks = bag->corrupt_chunks};
    imp_rosbag_assign_topics_to_robots(s, bag);
    IMP_TRY(imp_rosbag_select_topics(&camera, &command_topic, s, err));
    // either may be missing; the importer reports it
    if (camera != NULL)
        fill_camera_info(out, s, camera);
    if (command_topic != NULL) {
        memcpy(out->command_topic, command_topic->name, sizeof out->command_topic);
        out->command_kind = command_topic->kind;
        out->unreadable = command_topic->unreadable;
    }
    if (camera == NULL || command_topic == NULL || command_topic->count == 0)
        return IMP_OK;
    IMP_TRY(imp_rosbag_match_command_times(out, s, camera, command_topic, err));
    return imp_rosbag_find_odometry(out, s, camera, err);
}

// The bag is rewound before and after, so it can be read again.
imp_status imp_rosbag_scan_create(imp_rosbag_scan *out, imp_rosbag *bag, const imp_import_def *def,
                                  imp_import_summary *summary, const imp_monitor *monitor,
                                  imp_error *err)
{
    imp_rosbag_topics *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
    // context for the functions of rosbag_topics.h
    s->bag = bag->name;
    s->def = def;
    s->summary = summary;
    imp_rosbag_rewind(bag);
    imp_status status = scan_messages(s, bag, monitor, err);
    if (status == IMP_OK)
        status = select_topics_and_match_times(out, s, bag, err);
    free_topics(s);
    imp_rosbag_rewind(bag);
    return status;
}

void imp_rosbag_scan_free(imp_rosbag_scan *scan)
{
    free(scan->commands);
    free(scan->poses);
    *scan = (imp_rosbag_scan){0};
}
