#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/image.h"
#include "base/plural.h"
#include "logs/bag_survey.h"
#include "logs/import.h"
#include "logs/mapped.h"
#include "robot/eye.h"

#define NANOSECONDS 1e9

// One bag among those that are imported.
typedef struct source {
    imp_mapped file;
    imp_bag bag;
    imp_bag_survey survey;
} source;

typedef struct importer {
    imp_import_summary *summary;
    const imp_import_def *def;
    const imp_monitor *monitor;
    imp_recorder *recorder;
    imp_eye *eye;
    uint8_t *rows; // of a raw picture, as RGB
    size_t rows_capacity;
    // of the bag
    int era;
    int64_t previous; // time of the picture before [ns]; INT64_MIN if there is none
    int64_t last;     // of the last one that was taken in this era
} importer;

// Why a picture cannot be used; NULL if it can.
typedef const char *verdict;

// The latest command of an era at a time or before; NULL if there is none.
static const imp_bag_command *find_command(const imp_bag_survey *survey, int era, int64_t time)
{
    size_t low = 0, high = survey->command_count;
    const int wanted = survey->one_era ? 0 : era;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const imp_bag_command *command = &survey->commands[middle];
        if (command->era < wanted || (command->era == wanted && command->time <= time))
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 || survey->commands[low - 1].era != wanted ? NULL : &survey->commands[low - 1];
}

// What a robot's kinematics make of a command.
static imp_action action_of(const imp_import_def *def, const imp_bag_survey *survey,
                            const imp_bag_command *command)
{
    if (survey->command_kind == IMP_MESSAGE_WHEELS)
        return imp_action_clip((imp_action){command->numbers[0], command->numbers[1]});
    const imp_action plain = imp_action_from_velocity(command->numbers[0], command->numbers[1]);
    return imp_action_clip(
        (imp_action){plain.left * (def->gain - def->trim), plain.right * (def->gain + def->trim)});
}

static verdict choose_action(const importer *i, const imp_bag_survey *survey, int64_t time,
                             imp_moment *moment)
{
    const int64_t until = time + (int64_t)(i->def->delay * NANOSECONDS);
    const imp_bag_command *command = find_command(survey, i->era, until);
    if (command == NULL)
        return "pictures before the first command";
    if ((double)(until - command->time) > i->def->command_age * NANOSECONDS)
        return "pictures without a recent command";
    const imp_action action = action_of(i->def, survey, command);
    if (i->def->moving_only && action.left == 0.0 && action.right == 0.0)
        return "pictures of a robot that stands still";
    moment->action[0] = moment->expert[0] = (float)action.left;
    moment->action[1] = moment->expert[1] = (float)action.right;
    return NULL;
}

// A raw picture as RGB; NULL without memory.
static const uint8_t *convert(importer *i, const imp_pixels *pixels)
{
    const size_t size = 3 * (size_t)pixels->width * (size_t)pixels->height;
    if (size > i->rows_capacity) {
        uint8_t *grown = realloc(i->rows, size);
        if (grown == NULL)
            return NULL;
        i->rows = grown;
        i->rows_capacity = size;
    }
    imp_pixels_to_rgb(i->rows, pixels);
    return i->rows;
}

// Makes an observation of a picture. IMP_BAD_INPUT if it is none.
static imp_status see(importer *i, const imp_ros_picture *picture, uint8_t *out, imp_error *err)
{
    const imp_pixels *pixels = &picture->pixels;
    if (pixels->encoding != NULL) {
        const uint8_t *rows = convert(i, pixels);
        return rows == NULL ? imp_fail(err, IMP_NO_MEMORY, "out of memory for a picture")
                            : imp_eye_look(i->eye, rows, pixels->width, pixels->height, out, err);
    }
    if (picture->length > 2 && picture->data[0] == 0xFF && picture->data[1] == 0xD8)
        return imp_eye_see(i->eye, picture->data, picture->length, out, err);
    int width, height;
    uint8_t *rgb;
    imp_status status =
        imp_image_decode(&rgb, &width, &height, picture->data, picture->length, "a picture", err);
    if (status != IMP_OK)
        return status;
    status = width <= IMP_SIDE_MAX && height <= IMP_SIDE_MAX
                 ? imp_eye_look(i->eye, rgb, width, height, out, err)
                 : imp_fail(err, IMP_BAD_INPUT, "a picture is too large");
    free(rgb);
    return status;
}

static bool read_picture(const imp_bag_survey *survey, const imp_bag_message *message,
                         imp_ros_picture *out)
{
    return survey->camera_kind == IMP_MESSAGE_IMAGE
               ? imp_read_image(out, message->data, message->length)
               : imp_read_compressed_image(out, message->data, message->length);
}

// Ends the episode where the clock jumped back.
static imp_status follow_clock(importer *i, int64_t time, imp_error *err)
{
    const bool jumps = i->previous != INT64_MIN && imp_bag_jumps(i->previous, time);
    i->previous = time;
    if (!jumps)
        return IMP_OK;
    i->era++;
    i->last = INT64_MIN;
    return imp_import_end(i->recorder, i->summary, IMP_ENDING_OPEN, false, err);
}

// What is wrong with the time of a picture; NULL if nothing is.
static verdict judge_time(const importer *i, int64_t time)
{
    return i->last == INT64_MIN || time > i->last ? NULL
           : time == i->last                      ? "pictures with the time of the one before"
                                                  : "pictures out of order";
}

// Makes an observation of the picture, and adds it.
static imp_status add_picture(importer *i, const source *s, const imp_ros_picture *picture,
                              int64_t time, const imp_moment *moment, verdict *why, imp_error *err)
{
    imp_status status = IMP_OK;
    if (i->last != INT64_MIN && (double)(time - i->last) > i->def->gap * NANOSECONDS)
        status = imp_import_end(i->recorder, i->summary, IMP_ENDING_OPEN, false, err);
    uint8_t *place = imp_recorder_picture(i->recorder);
    if (place == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for pictures");
    if (status != IMP_OK)
        return status;
    imp_error cause = {0};
    status = see(i, picture, place, &cause);
    if (status == IMP_BAD_INPUT) {
        *why = "pictures that cannot be read";
        return IMP_OK;
    }
    if (status == IMP_OK && imp_is_black(place, i->def->width, i->def->height)) {
        *why = "pictures that are black";
        return IMP_OK;
    }
    // such as a calibration that no lens has
    if (status != IMP_OK)
        return imp_fail(err, status == IMP_USAGE ? IMP_BAD_INPUT : status, "%s: %s", s->bag.name,
                        cause.message);
    i->last = time;
    return imp_recorder_add(i->recorder, moment, err);
}

// Takes a picture; *why tells if it is of no use, and then the status is IMP_OK.
static imp_status take_picture(importer *i, const source *s, const imp_bag_message *message,
                               verdict *why, imp_error *err)
{
    imp_ros_picture picture;
    imp_moment moment = imp_unknown_moment();
    if (!read_picture(&s->survey, message, &picture)) {
        *why = picture.unread[0] != '\0' ? "pictures of an encoding or format that is not read"
                                         : "pictures that cannot be read";
        return IMP_OK;
    }
    const int64_t time = s->survey.by_receipt ? message->time : picture.stamp;
    const imp_status status = follow_clock(i, time, err);
    if (status != IMP_OK)
        return status;
    *why = judge_time(i, time);
    if (*why == NULL)
        *why = choose_action(i, &s->survey, time, &moment);
    return *why == NULL ? add_picture(i, s, &picture, time, &moment, why, err) : IMP_OK;
}

static imp_status import_pictures(importer *i, source *s, imp_error *err)
{
    imp_bag_next next = IMP_BAG_RECORD;
    i->era = 0;
    i->previous = i->last = INT64_MIN;
    while (next != IMP_BAG_END) {
        imp_bag_message message;
        imp_status status = imp_bag_watch(&s->bag, "import", i->monitor, err);
        if (status != IMP_OK)
            return status;
        next = imp_bag_read(&s->bag, &message, err);
        if (next == IMP_BAG_FAILED)
            return s->bag.failure;
        if (next != IMP_BAG_MESSAGE)
            continue;
        const imp_bag_connection *connection = &s->bag.connections[message.connection];
        if (strcmp(connection->topic, s->survey.camera) != 0 ||
            imp_message_kind_of(connection->type) != s->survey.camera_kind)
            continue;
        verdict why = NULL;
        status = take_picture(i, s, &message, &why, err);
        if (status != IMP_OK)
            return status;
        if (why != NULL)
            imp_summary_drop(i->summary, why, 1);
    }
    return imp_import_end(i->recorder, i->summary, IMP_ENDING_OPEN, false, err);
}

// ---- what is in the bags ------------------------------------------------------------------------

static void note_survey(imp_import_summary *summary, const source *s, const imp_import_def *def)
{
    const imp_bag_survey *v = &s->survey;
    const char *name = imp_base_name(s->bag.name);
    char encoding[96] = "";
    const imp_encoding *e = imp_encoding_find((const uint8_t *)v->encoding, strlen(v->encoding));
    if (e != NULL)
        snprintf(encoding, sizeof encoding, " (%s%s%s)", v->encoding,
                 imp_encoding_taken_as(e) != NULL ? ", taken as " : "",
                 imp_encoding_taken_as(e) != NULL ? imp_encoding_taken_as(e) : "");
    imp_summary_note(summary, "%.60s: %s of %.60s%s, %.1f s, %.1f a second", name,
                     IMP_COUNT(v->pictures, "picture"), v->camera, encoding, v->duration,
                     v->interval > 0.0 ? 1.0 / v->interval : 0.0);
    if (v->command_kind == IMP_MESSAGE_WHEELS)
        imp_summary_note(summary, "%.60s: %s of %.60s (wheels)", name,
                         IMP_COUNT((int64_t)v->command_count, "command"), v->commander);
    else
        imp_summary_note(summary,
                         "%.60s: %s of %.60s (speed and turn rate; by gain %g and trim "
                         "%g)",
                         name, IMP_COUNT((int64_t)v->command_count, "command"), v->commander,
                         def->gain, def->trim);
    if (v->unread[0] != '\0')
        imp_summary_note(summary, "%.60s: pictures of %s \"%s\" are not read; these are: %s", name,
                         v->camera_kind == IMP_MESSAGE_IMAGE ? "encoding" : "format", v->unread,
                         v->camera_kind == IMP_MESSAGE_IMAGE ? IMP_ENCODINGS : "jpeg, png");
    if (!def->undistort && !v->has_calibration)
        imp_summary_note(
            summary,
            "%.60s: holds no calibration of this camera: the dataset's lens is " IMP_LENS_UNKNOWN,
            name);
    if (v->is_cut)
        imp_summary_note(summary,
                         "%.60s is cut off in what begins at byte %zu: whole messages before the "
                         "cut are read",
                         name, v->cut_at);
    else if (!v->has_index)
        imp_summary_note(summary, "%.60s has no index: its recording was cut off", name);
    imp_summary_drop(summary, "damaged chunks", v->damaged_chunks);
    imp_summary_drop(summary, "commands that cannot be read", v->unreadable);
    summary->pictures += v->pictures;
}

// Whether there is what an import needs.
static imp_status check_survey(const source *s, const imp_import_def *def, imp_error *err)
{
    const imp_bag_survey *v = &s->survey;
    const char *cut = v->is_cut ? ", and it is cut off" : "";
    if (v->camera[0] == '\0')
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: holds no pictures%s%.200s (sensor_msgs/CompressedImage or Image)%s",
                        s->bag.name, def->camera_topic != NULL ? " of " : "",
                        def->camera_topic != NULL ? def->camera_topic : "", cut);
    if (v->readable == 0 && v->unread[0] != '\0')
        return imp_fail(
            err, IMP_BAD_INPUT, "%s: the pictures of %.120s are of %s \"%s\"; read are %s",
            s->bag.name, v->camera, v->camera_kind == IMP_MESSAGE_IMAGE ? "encoding" : "format",
            v->unread, v->camera_kind == IMP_MESSAGE_IMAGE ? IMP_ENCODINGS : "jpeg and png");
    if (v->commander[0] == '\0' || v->command_count == 0)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: holds no commands%s%.200s (duckietown_msgs/WheelsCmdStamped or "
                        "Twist2DStamped)%s",
                        s->bag.name, def->command_topic != NULL ? " of " : "",
                        def->command_topic != NULL ? def->command_topic : "", cut);
    if (def->undistort && def->calibration == NULL && !v->has_calibration)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: tells no camera calibration to undistort by: give one with "
                        "--calibration",
                        s->bag.name);
    return IMP_OK;
}

static imp_status survey_bag(source *s, const char *path, importer *i, imp_error *err)
{
    imp_status status = imp_mapped_open(&s->file, path, err);
    if (status == IMP_OK)
        status = imp_bag_open(&s->bag, s->file.bytes, s->file.length, path, err);
    if (status == IMP_OK)
        status = imp_bag_survey_make(&s->survey, &s->bag, i->def, i->summary, i->monitor, err);
    if (status == IMP_OK)
        status = check_survey(s, i->def, err);
    if (status == IMP_OK)
        note_survey(i->summary, s, i->def);
    return status;
}

static imp_status import_bag(importer *i, source *s, imp_error *err)
{
    const imp_calibration *calibration =
        i->def->calibration != NULL ? i->def->calibration : &s->survey.calibration;
    imp_recorder_time_step(i->recorder, s->survey.interval);
    imp_status status = imp_eye_create(&i->eye, i->def->width, i->def->height,
                                       i->def->undistort ? calibration : NULL, err);
    if (status == IMP_OK)
        status = import_pictures(i, s, err);
    imp_eye_destroy(i->eye);
    i->eye = NULL;
    return status;
}

static imp_status check_def(const imp_import_def *def, imp_error *err)
{
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"delay", def->delay, -10.0, 10.0}, {"command age", def->command_age, 0.0, 1e6},
        {"gap", def->gap, 0.0, 1e6},        {"gain", def->gain, 0.0, 100.0},
        {"trim", def->trim, -100.0, 100.0},
    };
    imp_status status = imp_import_check(def, err);
    for (size_t k = 0; status == IMP_OK && k < sizeof ranges / sizeof ranges[0]; k++)
        if (!(ranges[k].value >= ranges[k].low && ranges[k].value <= ranges[k].high))
            status = imp_fail(err, IMP_USAGE, "%s must be %g to %g, not %g", ranges[k].name,
                              ranges[k].low, ranges[k].high, ranges[k].value);
    if (status == IMP_OK && (def->width < 1 || def->height < 1))
        status = imp_fail(err, IMP_USAGE, "pictures of a bag want a size");
    return status;
}

// A lens is calibrated if its calibration is known; the dataset's if all of them are.
static const char *name_lens(const imp_import_def *def, const source *sources, int count)
{
    if (def->undistort)
        return imp_lens_name(IMP_LENS_NONE);
    for (int k = 0; k < count; k++)
        if (!sources[k].survey.has_calibration)
            return IMP_LENS_UNKNOWN;
    return imp_lens_name(IMP_LENS_CALIBRATED);
}

static imp_status import_all(importer *i, source *sources, int count, const char *folder,
                             imp_error *err)
{
    imp_dataset_info info = imp_import_info(i->def, i->def->width, i->def->height);
    snprintf(info.lens, sizeof info.lens, "%s", name_lens(i->def, sources, count));
    if (sources[0].survey.interval > 0.0)
        info.time_step = sources[0].survey.interval;
    imp_status status = imp_recorder_create(&i->recorder, folder, &info, err);
    for (int k = 0; k < count && status == IMP_OK; k++)
        status = import_bag(i, &sources[k], err);
    if (status == IMP_OK)
        status = imp_import_finish(i->recorder, i->summary, "rosbag", sources[0].bag.name, err);
    imp_recorder_destroy(i->recorder);
    free(i->rows);
    return status;
}

imp_status imp_import_rosbag(imp_import_summary *out, const char *const *paths, int count,
                             const char *folder, const imp_import_def *def,
                             const imp_monitor *monitor, imp_error *err)
{
    importer i = {.summary = out, .def = def, .monitor = monitor};
    *out = (imp_import_summary){0};
    imp_status status = check_def(def, err);
    if (status == IMP_OK && count < 1)
        status = imp_fail(err, IMP_USAGE, "no bag to import");
    if (status != IMP_OK)
        return status;
    source *sources = calloc((size_t)count, sizeof *sources);
    if (sources == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_COUNT(count, "bag"));
    for (int k = 0; k < count && status == IMP_OK; k++)
        status = survey_bag(&sources[k], paths[k], &i, err);
    if (status == IMP_OK)
        status = import_all(&i, sources, count, folder, err);
    for (int k = 0; k < count; k++) {
        imp_bag_survey_free(&sources[k].survey);
        imp_bag_close(&sources[k].bag);
        imp_mapped_close(&sources[k].file);
    }
    free(sources);
    return status;
}
