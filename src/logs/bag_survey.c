// Looks through a bag: the times of all messages that driving is made of, and what commands say.
// Pictures themselves are read later.
#include "logs/bag_survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/bag_topics.h"

static void free_topics(imp_bag_topics *s)
{
    for (int k = 0; k < s->count; k++) {
        free(s->all[k].moments);
        free(s->all[k].numbers);
    }
    free(s);
}

// The topic of a connection; NULL if it is none that driving is made of.
static imp_bag_topic *find_topic(imp_bag_topics *s, const imp_bag_connection *connection)
{
    const imp_message_kind kind = imp_message_kind_of(connection->type);
    if (kind == IMP_MESSAGE_OTHER)
        return NULL;
    for (int k = 0; k < s->count; k++)
        if (s->all[k].kind == kind && strcmp(s->all[k].name, connection->topic) == 0)
            return &s->all[k];
    if (s->count == IMP_BAG_TOPICS_MAX)
        return NULL;
    imp_bag_topic *made = &s->all[s->count++];
    *made = (imp_bag_topic){.kind = kind};
    memcpy(made->name, connection->topic, sizeof made->name);
    return made;
}

bool imp_bag_is_picture(const imp_bag_topic *topic)
{
    return topic->kind == IMP_MESSAGE_COMPRESSED_IMAGE || topic->kind == IMP_MESSAGE_IMAGE;
}

bool imp_bag_is_command(const imp_bag_topic *topic)
{
    return topic->kind == IMP_MESSAGE_WHEELS || topic->kind == IMP_MESSAGE_CAR;
}

static bool grow(imp_bag_topic *t)
{
    if (t->count < t->capacity)
        return true;
    const size_t capacity = 2 * t->capacity + 256;
    imp_bag_moment *moments = realloc(t->moments, capacity * sizeof *moments);
    if (moments != NULL)
        t->moments = moments;
    double(*numbers)[2] = NULL;
    if (imp_bag_is_command(t) &&
        (numbers = realloc(t->numbers, capacity * sizeof *numbers)) != NULL)
        t->numbers = numbers;
    if (moments == NULL || (imp_bag_is_command(t) && numbers == NULL))
        return false;
    t->capacity = capacity;
    return true;
}

// Whether the head of a picture's message is one that can be read.
static bool read_picture_head(imp_bag_topic *t, const imp_bag_message *message, int64_t *stamp)
{
    imp_ros_picture picture;
    const bool raw = t->kind == IMP_MESSAGE_IMAGE;
    const bool readable = raw ? imp_read_image(&picture, message->data, message->length)
                              : imp_read_compressed_image(&picture, message->data, message->length);
    *stamp = picture.stamp;
    if (picture.unread[0] != '\0' && t->unread[0] == '\0')
        memcpy(t->unread, picture.unread, sizeof t->unread);
    if (readable && raw && t->encoding[0] == '\0')
        snprintf(t->encoding, sizeof t->encoding, "%s", imp_encoding_name(picture.pixels.encoding));
    return readable;
}

// Takes in a message; false without memory.
static bool take_message(imp_bag_topic *t, const imp_bag_message *message, size_t place)
{
    imp_bag_moment moment = {.received = message->time, .place = place};
    double numbers[2] = {0};
    bool readable = false;
    if (t->kind == IMP_MESSAGE_CAMERA_INFO) {
        if (!t->has_calibration)
            t->has_calibration =
                imp_read_camera_info(&t->calibration, message->data, message->length);
        return true;
    }
    if (imp_bag_is_command(t))
        readable = imp_read_command(&moment.stamp, numbers, message->data, message->length);
    else
        readable = read_picture_head(t, message, &moment.stamp);
    t->messages++;
    t->unreadable += !readable;
    if (!readable)
        return true;
    if (!grow(t))
        return false;
    if (t->numbers != NULL)
        memcpy(t->numbers[t->count], numbers, sizeof numbers);
    t->moments[t->count++] = moment;
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

static imp_status read_all(imp_bag_topics *s, imp_bag *bag, const imp_monitor *monitor,
                           imp_error *err)
{
    for (size_t place = 0;; place++) {
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
            imp_bag_topic *t = find_topic(s, &bag->connections[message.connection]);
            if (t != NULL && !take_message(t, &message, place))
                return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
            break;
        }
        }
    }
}

static void describe_camera(imp_bag_survey *out, const imp_bag_topics *s,
                            const imp_bag_topic *camera)
{
    const imp_bag_topic *info = imp_bag_find_calibration(s, camera);
    memcpy(out->camera, camera->name, sizeof out->camera);
    memcpy(out->robot, camera->robot, sizeof out->robot);
    memcpy(out->encoding, camera->encoding, sizeof out->encoding);
    memcpy(out->unread, camera->unread, sizeof out->unread);
    out->camera_kind = camera->kind;
    out->pictures = camera->messages;
    out->readable = (int64_t)camera->count;
    out->has_calibration = info != NULL;
    if (info != NULL)
        out->calibration = info->calibration;
}

static imp_status conclude(imp_bag_survey *out, imp_bag_topics *s, const imp_bag *bag,
                           imp_error *err)
{
    imp_bag_topic *camera = NULL, *commander = NULL;
    *out = (imp_bag_survey){.is_cut = bag->is_cut,
                            .has_index = bag->has_index,
                            .cut_at = bag->cut_at,
                            .damaged_chunks = bag->damaged_chunks};
    imp_bag_name_robots(s, bag);
    const imp_status status = imp_bag_choose(&camera, &commander, s, err);
    if (status != IMP_OK)
        return status;
    if (camera != NULL)
        describe_camera(out, s, camera);
    if (commander != NULL) {
        memcpy(out->commander, commander->name, sizeof out->commander);
        out->command_kind = commander->kind;
        out->unreadable = commander->unreadable;
    }
    return camera != NULL && commander != NULL && commander->count > 0
               ? imp_bag_choose_times(out, s, camera, commander, err)
               : IMP_OK;
}

imp_status imp_bag_survey_make(imp_bag_survey *out, imp_bag *bag, const imp_import_def *def,
                               imp_import_summary *summary, const imp_monitor *monitor,
                               imp_error *err)
{
    imp_bag_topics *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
    s->bag = bag->name;
    s->def = def;
    s->summary = summary;
    imp_bag_rewind(bag);
    imp_status status = read_all(s, bag, monitor, err);
    if (status == IMP_OK)
        status = conclude(out, s, bag, err);
    free_topics(s);
    imp_bag_rewind(bag);
    return status;
}

void imp_bag_survey_free(imp_bag_survey *survey)
{
    free(survey->commands);
    *survey = (imp_bag_survey){0};
}
