#include "logs/bag_survey.h"

#include <stdlib.h>
#include <string.h>

// Times of the pictures of a topic, or its commands, or its camera's calibration.
typedef struct topic {
    char name[256];
    imp_message_kind kind;
    int64_t *times;            // (count) of pictures
    imp_bag_command *commands; // (count)
    size_t count, capacity;
    int64_t unreadable;
    imp_calibration calibration;
    bool has_calibration;
} topic;

enum { TOPICS_MAX = 64 };

typedef struct topics {
    topic all[TOPICS_MAX];
    int count;
    const imp_import_def *def;
} topics;

static void free_topics(topics *s)
{
    for (int k = 0; k < s->count; k++) {
        free(s->all[k].times);
        free(s->all[k].commands);
    }
    free(s);
}

// The topic of a connection; NULL if it is none that driving is made of.
static topic *find_topic(topics *s, const imp_bag_connection *connection)
{
    const imp_message_kind kind = imp_message_kind_of(connection->type);
    if (kind == IMP_MESSAGE_OTHER)
        return NULL;
    for (int k = 0; k < s->count; k++)
        if (s->all[k].kind == kind && strcmp(s->all[k].name, connection->topic) == 0)
            return &s->all[k];
    if (s->count == TOPICS_MAX)
        return NULL;
    topic *made = &s->all[s->count++];
    *made = (topic){.kind = kind};
    memcpy(made->name, connection->topic, sizeof made->name);
    return made;
}

static bool grow(topic *t)
{
    if (t->count < t->capacity)
        return true;
    const size_t capacity = 2 * t->capacity + 256;
    const bool picture = t->kind == IMP_MESSAGE_COMPRESSED_IMAGE || t->kind == IMP_MESSAGE_IMAGE;
    void *grown = picture ? realloc(t->times, capacity * sizeof *t->times)
                          : realloc(t->commands, capacity * sizeof *t->commands);
    if (grown == NULL)
        return false;
    if (picture)
        t->times = grown;
    else
        t->commands = grown;
    t->capacity = capacity;
    return true;
}

static int64_t time_of(const topics *s, int64_t stamp, int64_t received)
{
    return stamp != 0 && !s->def->received_times ? stamp : received;
}

// Takes in a message; false without memory.
static bool take_message(topics *s, topic *t, const imp_bag_message *message)
{
    imp_ros_picture picture = {0};
    imp_bag_command command = {.order = t->count};
    int64_t stamp = 0;
    switch (t->kind) {
    case IMP_MESSAGE_CAMERA_INFO:
        if (!t->has_calibration)
            t->has_calibration =
                imp_read_camera_info(&t->calibration, message->data, message->length);
        return true;
    case IMP_MESSAGE_WHEELS:
    case IMP_MESSAGE_CAR:
        if (!imp_read_command(&stamp, command.numbers, message->data, message->length)) {
            t->unreadable++;
            return true;
        }
        if (!grow(t))
            return false;
        command.time = time_of(s, stamp, message->time);
        t->commands[t->count++] = command;
        return true;
    case IMP_MESSAGE_COMPRESSED_IMAGE:
        imp_read_compressed_image(&picture, message->data, message->length);
        break;
    case IMP_MESSAGE_IMAGE:
        imp_read_image(&picture, message->data, message->length);
        break;
    case IMP_MESSAGE_OTHER:
        return true;
    }
    if (!grow(t))
        return false;
    t->times[t->count++] = time_of(s, picture.stamp, message->time);
    return true;
}

imp_status imp_bag_watch(const imp_bag *bag, const char *task, const imp_monitor *monitor,
                         imp_error *err)
{
    const double megabyte = 1e6;
    const imp_progress progress = {.task = task,
                                   .unit = "MB",
                                   .done = (double)imp_bag_position(bag) / megabyte,
                                   .total = (double)bag->length / megabyte};
    imp_monitor_progress(monitor, &progress);
    if (imp_monitor_should_stop(monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted: nothing was imported");
    return IMP_OK;
}

static imp_status read_all(topics *s, imp_bag *bag, const imp_monitor *monitor, imp_error *err)
{
    for (;;) {
        imp_bag_message message;
        imp_status status = imp_bag_watch(bag, "look through", monitor, err);
        if (status != IMP_OK)
            return status;
        switch (imp_bag_read(bag, &message, err)) {
        case IMP_BAG_END:
            return IMP_OK;
        case IMP_BAG_FAILED:
            return bag->failure;
        case IMP_BAG_RECORD:
            break;
        case IMP_BAG_MESSAGE: {
            topic *t = find_topic(s, &bag->connections[message.connection]);
            if (t != NULL && !take_message(s, t, &message))
                return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
            break;
        }
        }
    }
}

// Of two kinds of topics, the one that is wanted, else the first kind's with the most messages,
// else the second's.
static topic *choose(topics *s, imp_message_kind first, imp_message_kind second, const char *wanted)
{
    topic *best = NULL;
    for (int k = 0; k < s->count; k++) {
        topic *t = &s->all[k];
        if (t->count == 0 || (t->kind != first && t->kind != second) ||
            (wanted != NULL && strcmp(t->name, wanted) != 0))
            continue;
        if (best == NULL || (t->kind == first && best->kind == second) ||
            (t->kind == best->kind && t->count > best->count))
            best = t;
    }
    return best;
}

static int by_time(const void *a, const void *b)
{
    const imp_bag_command *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

// The median of the times between pictures, in place.
static void measure_times(imp_bag_survey *out, int64_t *times, size_t count)
{
    const double nanosecond = 1e-9;
    if (count < 2)
        return;
    out->duration = (double)(times[count - 1] - times[0]) * nanosecond;
    for (size_t k = 0; k + 1 < count; k++)
        times[k] = times[k + 1] - times[k];
    qsort(times, count - 1, sizeof *times, by_number);
    out->interval = (double)times[(count - 1) / 2] * nanosecond;
}

// How many characters two texts begin with in common.
static size_t in_common(const char *a, const char *b)
{
    size_t count = 0;
    while (a[count] != '\0' && a[count] == b[count])
        count++;
    return count;
}

static void find_calibration(imp_bag_survey *out, const topics *s)
{
    size_t best = 0;
    for (int k = 0; k < s->count; k++) {
        const topic *t = &s->all[k];
        if (!t->has_calibration || in_common(t->name, out->camera) < best)
            continue;
        best = in_common(t->name, out->camera);
        out->calibration = t->calibration;
        out->has_calibration = true;
    }
}

static void conclude(imp_bag_survey *out, topics *s, const imp_bag *bag)
{
    *out = (imp_bag_survey){.is_cut = bag->is_cut,
                            .has_index = bag->has_index,
                            .cut_at = bag->cut_at,
                            .damaged_chunks = bag->damaged_chunks};
    topic *camera =
        choose(s, IMP_MESSAGE_COMPRESSED_IMAGE, IMP_MESSAGE_IMAGE, s->def->camera_topic);
    topic *commander = choose(s, IMP_MESSAGE_WHEELS, IMP_MESSAGE_CAR, s->def->command_topic);
    if (camera != NULL) {
        memcpy(out->camera, camera->name, sizeof out->camera);
        out->camera_kind = camera->kind;
        out->pictures = (int64_t)camera->count;
        measure_times(out, camera->times, camera->count);
        find_calibration(out, s);
    }
    if (commander != NULL) {
        memcpy(out->commander, commander->name, sizeof out->commander);
        out->command_kind = commander->kind;
        out->unreadable = commander->unreadable;
        out->commands = commander->commands;
        out->command_count = commander->count;
        commander->commands = NULL;
        qsort(out->commands, out->command_count, sizeof *out->commands, by_time);
    }
}

imp_status imp_bag_survey_make(imp_bag_survey *out, imp_bag *bag, const imp_import_def *def,
                               const imp_monitor *monitor, imp_error *err)
{
    topics *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
    s->def = def;
    imp_bag_rewind(bag);
    const imp_status status = read_all(s, bag, monitor, err);
    if (status == IMP_OK)
        conclude(out, s, bag);
    free_topics(s);
    imp_bag_rewind(bag);
    return status;
}

void imp_bag_survey_free(imp_bag_survey *survey)
{
    free(survey->commands);
    *survey = (imp_bag_survey){0};
}
