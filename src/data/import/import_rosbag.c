// Imports bags of ROS. Every bag is scanned first: topics, times, commands, calibration. Then its
// images are read in order and each gets the latest command before it.
// Gaps and jumps of the clock end an episode. Images are preprocessed exactly as the agent does it.
// Reasons for dropped images are counted.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "base/io/mapped_file.h"
#include "base/text/plural.h"
#include "data/import/import_common.h"
#include "data/import/rosbag_paths.h"
#include "data/import/rosbag_scan.h"
#include "sim/robot/image_preprocessor.h"

#define NANOSECONDS 1e9

// One of the bags that are imported.
typedef struct bag_source {
    imp_mapped_file file;
    imp_rosbag bag;
    imp_rosbag_scan scan;
} bag_source;

typedef struct importer {
    imp_import_summary *summary;
    const imp_import_def *def;
    const imp_monitor *monitor;
    imp_dataset_builder *builder;
    imp_image_preprocessor *preprocessor;
    uint8_t *rows; // a raw image as RGB
    size_t rows_capacity;
    // State within the current bag.
    int epoch;
    int64_t previous; // time of the previous image [ns]; INT64_MIN: none
    int64_t last;     // time of the last image used in this epoch [ns]
    bool has_pose;    // that image
    // Sum and number of the commands' ages at their images.
    double age_sum;
    int64_t ages;
} importer;

// Why an image cannot be used; NULL if it can. The texts are stored in the dataset's origin.
typedef const char *drop_reason;

// The latest command of an epoch at or before a time; NULL if there is none. Commands are sorted by
// epoch and time.
static const imp_rosbag_command *find_command_before(const imp_rosbag_scan *scan, int epoch,
                                                     int64_t time)
{
    // binary search for the first command after the time
    size_t low = 0, high = scan->command_count;
    // with a single epoch all commands belong to 0
    const int wanted = scan->single_epoch ? 0 : epoch;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const imp_rosbag_command *command = &scan->commands[middle];
        if (command->epoch < wanted || (command->epoch == wanted && command->time <= time))
            low = middle + 1;
        else
            high = middle;
    }
    // the command before the first later one, if it is of this epoch
    return low == 0 || scan->commands[low - 1].epoch != wanted ? NULL : &scan->commands[low - 1];
}

// Duty cycles of a robot that is known become those of the default wheels.
static imp_action convert_to_default_wheels(const imp_import_def *def, imp_action action)
{
    action = imp_action_clip(action);
    return def->driven == NULL
               ? action
               : imp_action_clip(imp_wheels_normalise_action(&def->driven->wheels, action));
}

// Converts a command to duty cycles: wheel commands directly, car commands by the robot's
// kinematics with its gain and trim.
static imp_action command_to_action(const imp_import_def *def, const imp_rosbag_scan *scan,
                                    const imp_rosbag_command *command)
{
    if (scan->command_kind == IMP_ROS_WHEELS_CMD)
        return convert_to_default_wheels(def,
                                         (imp_action){command->numbers[0], command->numbers[1]});
    // gain and trim scale the wheels as in dt-core's kinematics
    const imp_action plain = imp_action_from_velocity(command->numbers[0], command->numbers[1]);
    return imp_action_clip(
        (imp_action){plain.left * (def->gain - def->trim), plain.right * (def->gain + def->trim)});
}

// Finds the command of an image, and checks its age and, if wanted, that the robot moves.
static drop_reason match_command_to_image(importer *i, const imp_rosbag_scan *scan, int64_t time,
                                          imp_import_step *step)
{
    // the command's delay is added to the image's time
    const int64_t until = time + (int64_t)(i->def->delay * NANOSECONDS);
    const imp_rosbag_command *command = find_command_before(scan, i->epoch, until);
    if (command == NULL)
        return "images before the first command";
    if ((double)(until - command->time) > i->def->max_command_age * NANOSECONDS)
        return "images without a recent command";
    // a standing robot is checked after conversion to wheels
    const imp_action action = command_to_action(i->def, scan, command);
    if (i->def->skip_standstill && action.left == 0.0 && action.right == 0.0)
        return "images of a robot that stands still";
    // the executed action is the label
    step->action[0] = step->expert[0] = (float)action.left;
    step->action[1] = step->expert[1] = (float)action.right;
    i->age_sum += (double)(time - command->time) / NANOSECONDS;
    i->ages++;
    return NULL;
}

// Converts a raw image to RGB; NULL without memory.
static const uint8_t *convert_to_rgb(importer *i, const imp_ros_pixels *pixels)
{
    // the buffer is kept for the next images
    const size_t size = 3 * (size_t)pixels->width * (size_t)pixels->height;
    if (size > i->rows_capacity) {
        uint8_t *grown = realloc(i->rows, size);
        if (grown == NULL)
            return NULL;
        i->rows = grown;
        i->rows_capacity = size;
    }
    imp_ros_pixels_to_rgb(i->rows, pixels);
    return i->rows;
}

// Makes an observation of an image. IMP_BAD_INPUT if it cannot be decoded.
static imp_status preprocess_image(importer *i, const imp_ros_image *image, uint8_t *out,
                                   imp_error *err)
{
    const imp_ros_pixels *pixels = &image->pixels;
    // raw images
    if (pixels->encoding != NULL) {
        const uint8_t *rows = convert_to_rgb(i, pixels);
        return rows == NULL ? imp_fail(err, IMP_NO_MEMORY, "out of memory for an image")
                            : imp_image_preprocessor_run(i->preprocessor, rows, pixels->width,
                                                         pixels->height, out, err);
    }
    // JPEG is decoded at a reduced size where possible
    if (image->length > 2 && image->data[0] == 0xFF && image->data[1] == 0xD8)
        return imp_image_preprocessor_run_jpeg(i->preprocessor, image->data, image->length, out,
                                               err);
    // PNG is decoded completely
    int width, height;
    uint8_t *rgb;
    // the size of a PNG is checked after decoding
    IMP_TRY(imp_image_decode(&rgb, &width, &height, image->data, image->length, "an image", err));
    const imp_status status =
        width <= IMP_IMPORT_SIDE_MAX && height <= IMP_IMPORT_SIDE_MAX
            ? imp_image_preprocessor_run(i->preprocessor, rgb, width, height, out, err)
            : imp_fail(err, IMP_BAD_INPUT, "an image is too large");
    free(rgb);
    return status;
}

// The kind of the topic decides how the message is parsed.
static bool parse_image(const imp_rosbag_scan *scan, const imp_rosbag_message *message,
                        imp_ros_image *out)
{
    return scan->camera_kind == IMP_ROS_IMAGE
               ? imp_ros_parse_image(out, message->data, message->length)
               : imp_ros_parse_compressed_image(out, message->data, message->length);
}

// Ends the episode if the clock jumped back, and starts a new epoch.
static imp_status end_episode_at_time_jump(importer *i, int64_t time, imp_error *err)
{
    // the first image has no predecessor
    const bool jumps = i->previous != INT64_MIN && imp_rosbag_time_jumps_back(i->previous, time);
    i->previous = time;
    if (!jumps)
        return IMP_OK;
    i->epoch++;
    i->last = INT64_MIN;
    return imp_import_end_episode(i->builder, i->summary, IMP_EPISODE_UNFINISHED, false, err);
}

// Whether an image comes after the one before it; otherwise why it is dropped.
static drop_reason check_time_order(const importer *i, int64_t time)
{
    return i->last == INT64_MIN || time > i->last ? NULL
           : time == i->last                      ? "images with the time of the one before"
                                                  : "images out of order";
}

// Preprocesses the image and adds it to the current episode.
static imp_status add_image_to_episode(importer *i, const bag_source *s, const imp_ros_image *image,
                                       int64_t time, const imp_import_step *step, drop_reason *why,
                                       imp_error *err)
{
    imp_status status = IMP_OK;
    // A gap ends the episode before this image, and so does a place where poses begin or end: an
    // episode has all of them or none.
    const bool has_pose = isfinite(step->pose[0]);
    if (i->last != INT64_MIN &&
        ((double)(time - i->last) > i->def->gap * NANOSECONDS || has_pose != i->has_pose))
        status = imp_import_end_episode(i->builder, i->summary, IMP_EPISODE_UNFINISHED, false, err);
    // the image is written directly to its place in the episode
    uint8_t *place = imp_dataset_builder_reserve_image(i->builder);
    if (place == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for images");
    if (status != IMP_OK)
        return status;
    // images that cannot be decoded are dropped
    imp_error cause = {0};
    status = preprocess_image(i, image, place, &cause);
    if (status == IMP_BAD_INPUT) {
        *why = "images that cannot be read";
        return IMP_OK;
    }
    if (status == IMP_OK && imp_import_image_is_black(place, i->def->width, i->def->height)) {
        *why = "images that are black";
        return IMP_OK;
    }
    // Other failures concern the whole bag, for example an impossible calibration.
    if (status != IMP_OK)
        return imp_fail(err, status == IMP_USAGE ? IMP_BAD_INPUT : status, "%s: %s", s->bag.name,
                        cause.message);
    i->last = time;
    i->has_pose = has_pose;
    return imp_dataset_builder_add_step(i->builder, step, err);
}

// Imports one image. *why: the reason if it is dropped; the status is IMP_OK then.
static imp_status import_image(importer *i, const bag_source *s, const imp_rosbag_message *message,
                               drop_reason *why, imp_error *err)
{
    imp_ros_image image;
    double pose[3];
    // nothing but the action and perhaps the pose is known
    imp_import_step step = imp_import_unknown_step();
    if (!parse_image(&s->scan, message, &image)) {
        *why = image.unsupported[0] != '\0' ? "images of an encoding or format that is not read"
                                            : "images that cannot be read";
        return IMP_OK;
    }
    // receive time or the message's own stamp, as the scan decided
    const int64_t time = s->scan.use_receive_times ? message->time : image.stamp;
    // jumps are handled for every image, also for dropped ones
    IMP_TRY(end_episode_at_time_jump(i, time, err));
    // order, command, then the image itself: cheap checks first
    *why = check_time_order(i, time);
    if (*why == NULL)
        *why = match_command_to_image(i, &s->scan, time, &step);
    if (imp_rosbag_pose_at(&s->scan, time, pose))
        memcpy(step.pose, pose, sizeof pose);
    return *why == NULL ? add_image_to_episode(i, s, &image, time, &step, why, err) : IMP_OK;
}

// Reads all records of the bag and imports the images of the chosen topic.
static imp_status import_bag_images(importer *i, bag_source *s, imp_error *err)
{
    imp_rosbag_read_result next = IMP_ROSBAG_OTHER_RECORD;
    i->epoch = 0;
    // times do not carry over from bag to bag
    i->previous = i->last = INT64_MIN;
    while (next != IMP_ROSBAG_END) {
        imp_rosbag_message message;
        // report and check for interruption
        IMP_TRY(imp_rosbag_report_progress(&s->bag, "import", i->monitor, err));
        next = imp_rosbag_read_record(&s->bag, &message, err);
        if (next == IMP_ROSBAG_FAILED)
            return s->bag.failure;
        if (next != IMP_ROSBAG_MESSAGE)
            continue;
        // only messages of the chosen topic
        const imp_rosbag_connection *connection = &s->bag.connections[message.connection];
        if (strcmp(connection->topic, s->scan.camera) != 0 ||
            imp_ros_message_kind_of(connection->type) != s->scan.camera_kind)
            continue;
        drop_reason why = NULL;
        IMP_TRY(import_image(i, s, &message, &why, err));
        // a dropped image does not end the episode
        if (why != NULL)
            imp_import_add_dropped(i->summary, why, 1);
    }
    return imp_import_end_episode(i->builder, i->summary, IMP_EPISODE_UNFINISHED, false, err);
}

// ---- what is in the bags ------------------------------------------------------------------------

// Notes what was found: topics, rates, encodings, calibration and damage.
static void add_notes_on_bag_scan(imp_import_summary *summary, const bag_source *s,
                                  const imp_import_def *def)
{
    const imp_rosbag_scan *v = &s->scan;
    const char *name = imp_path_base_name(s->bag.name);
    char encoding[96] = "";
    // encodings without colour information are named with the assumption
    const imp_ros_encoding *e =
        imp_ros_encoding_find((const uint8_t *)v->encoding, strlen(v->encoding));
    if (e != NULL)
        snprintf(encoding, sizeof encoding, " (%s%s%s)", v->encoding,
                 imp_ros_encoding_get_assumed(e) != NULL ? ", taken as " : "",
                 imp_ros_encoding_get_assumed(e) != NULL ? imp_ros_encoding_get_assumed(e) : "");
    // images and rate
    imp_import_add_note(summary, "%.60s: %s of %.60s%s, %.1f s, %.1f a second", name,
                        IMP_PLURAL(v->images, "image"), v->camera, encoding, v->duration,
                        v->interval > 0.0 ? 1.0 / v->interval : 0.0);
    // how commands are interpreted
    if (v->command_kind == IMP_ROS_WHEELS_CMD)
        imp_import_add_note(summary, "%.60s: %s of %.60s (wheels)", name,
                            IMP_PLURAL((int64_t)v->command_count, "command"), v->command_topic);
    else
        imp_import_add_note(summary,
                            "%.60s: %s of %.60s (speed and turn rate; by gain %g and trim "
                            "%g)",
                            name, IMP_PLURAL((int64_t)v->command_count, "command"),
                            v->command_topic, def->gain, def->trim);
    if (v->pose_count > 0)
        imp_import_add_note(summary, "%.60s: poses by %.100s, from where it began", name,
                            v->odometry_topic);
    if (v->unsupported[0] != '\0')
        imp_import_add_note(summary, "%.60s: images of %s \"%s\" are not read; these are: %s", name,
                            v->camera_kind == IMP_ROS_IMAGE ? "encoding" : "format", v->unsupported,
                            v->camera_kind == IMP_ROS_IMAGE ? IMP_ROS_ENCODING_NAMES : "jpeg, png");
    // without a calibration the lens of the dataset is unknown
    if (!def->undistort && !v->has_calibration && def->driven == NULL)
        imp_import_add_note(
            summary,
            "%.60s: holds no calibration of this camera: the dataset's lens is " IMP_LENS_UNKNOWN,
            name);
    // damage and truncation
    if (v->is_truncated)
        imp_import_add_note(
            summary,
            "%.60s is cut off in what begins at byte %zu: whole messages before the "
            "cut are read",
            name, v->truncated_at);
    else if (!v->has_index)
        imp_import_add_note(summary, "%.60s has no index: its recording was cut off", name);
    imp_import_add_dropped(summary, "damaged chunks", v->corrupt_chunks);
    imp_import_add_dropped(summary, "commands that cannot be read", v->unreadable);
    summary->images += v->images;
}

// Checks that the bag has images, commands and, if wanted, a calibration.
static imp_status check_bag_is_importable(const bag_source *s, const imp_import_def *def,
                                          imp_error *err)
{
    const imp_rosbag_scan *v = &s->scan;
    const char *cut = v->is_truncated ? ", and it is cut off" : "";
    // "and it is cut off" explains why something may be missing
    if (v->camera[0] == '\0')
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: holds no images%s%.200s (sensor_msgs/CompressedImage or Image)%s",
                        s->bag.name, def->camera_topic != NULL ? " of " : "",
                        def->camera_topic != NULL ? def->camera_topic : "", cut);
    // images exist, but none can be read
    if (v->readable == 0 && v->unsupported[0] != '\0')
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: the images of %.120s are of %s \"%s\"; supported are %s", s->bag.name,
                        v->camera, v->camera_kind == IMP_ROS_IMAGE ? "encoding" : "format",
                        v->unsupported,
                        v->camera_kind == IMP_ROS_IMAGE ? IMP_ROS_ENCODING_NAMES : "jpeg and png");
    // commands
    if (v->command_topic[0] == '\0' || v->command_count == 0)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: holds no commands%s%.200s (duckietown_msgs/WheelsCmdStamped or "
                        "Twist2DStamped)%s",
                        s->bag.name, def->command_topic != NULL ? " of " : "",
                        def->command_topic != NULL ? def->command_topic : "", cut);
    // calibration
    if (def->undistort && def->calibration == NULL && !v->has_calibration &&
        !(def->driven != NULL && (def->driven->known & IMP_ROBOT_INTRINSIC) != 0))
        return imp_add_hint(err, IMP_HINT_CALIBRATION,
                            imp_fail(err, IMP_BAD_INPUT,
                                     "%s: has no camera calibration for undistortion",
                                     s->bag.name));
    return IMP_OK;
}

// Maps the file, scans it and notes the result.
static imp_status scan_bag(bag_source *s, const char *path, importer *i, imp_error *err)
{
    // each step needs the one before
    IMP_TRY(imp_mapped_file_open(&s->file, path, err));
    IMP_TRY(imp_rosbag_open(&s->bag, s->file.bytes, s->file.length, path, err));
    IMP_TRY(imp_rosbag_scan_create(&s->scan, &s->bag, i->def, i->summary, i->monitor, err));
    IMP_TRY(check_bag_is_importable(s, i->def, err));
    add_notes_on_bag_scan(i->summary, s, i->def);
    return IMP_OK;
}

// Each bag has its own frame interval and calibration.
static imp_status import_bag(importer *i, bag_source *s, imp_error *err)
{
    // the user's calibration wins over the robot's, and that over the bag's
    const imp_robot_def *driven = i->def->driven;
    imp_calibration of_robot = {0};
    const imp_calibration *calibration =
        i->def->calibration != NULL ? i->def->calibration : &s->scan.calibration;
    if (i->def->calibration == NULL && driven != NULL &&
        (driven->known & IMP_ROBOT_INTRINSIC) != 0) {
        of_robot = (imp_calibration){driven->camera.lens, driven->projection};
        calibration = &of_robot;
    }
    imp_dataset_builder_set_dt(i->builder, s->scan.interval);
    imp_status status =
        imp_image_preprocessor_create(&i->preprocessor, i->def->width, i->def->height,
                                      i->def->undistort ? calibration : NULL, err);
    if (status == IMP_OK)
        status = import_bag_images(i, s, err);
    imp_image_preprocessor_destroy(i->preprocessor);
    i->preprocessor = NULL;
    return status;
}

// Ranges of the numbers; NaN fails too.
static imp_status check_rosbag_def(const imp_import_def *def, imp_error *err)
{
    // name, value and range
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"delay", def->delay, -10.0, 10.0}, {"command age", def->max_command_age, 0.0, 1e6},
        {"gap", def->gap, 0.0, 1e6},        {"gain", def->gain, 0.0, 100.0},
        {"trim", def->trim, -100.0, 100.0},
    };
    IMP_TRY(imp_import_def_check(def, err));
    for (size_t k = 0; k < sizeof ranges / sizeof ranges[0]; k++)
        if (!(ranges[k].value >= ranges[k].low && ranges[k].value <= ranges[k].high))
            return imp_fail(err, IMP_USAGE, "%s must be %g to %g, not %g", ranges[k].name,
                            ranges[k].low, ranges[k].high, ranges[k].value);
    if (def->width < 1 || def->height < 1)
        return imp_fail(err, IMP_USAGE, "images of a bag need a size");
    return IMP_OK;
}

// The dataset's lens: "none" after undistortion, "calibrated" if every bag has a calibration, else
// unknown.
static const char *dataset_lens_name(const imp_import_def *def, const bag_source *sources,
                                     int count)
{
    // undistorted images have no lens
    if (def->undistort)
        return imp_lens_name(IMP_LENS_NONE);
    if (def->driven != NULL && (def->driven->known & IMP_ROBOT_INTRINSIC) != 0)
        return imp_lens_name(IMP_LENS_CALIBRATED);
    for (int k = 0; k < count; k++)
        if (!sources[k].scan.has_calibration)
            return IMP_LENS_UNKNOWN;
    return imp_lens_name(IMP_LENS_CALIBRATED);
}

// All bags go into one dataset; the first one determines its time step.
static imp_status import_bags(importer *i, bag_source *sources, int count, const char *folder,
                              imp_error *err)
{
    // attributes of the dataset from the first bag
    imp_dataset_info info = imp_import_dataset_info(i->def, i->def->width, i->def->height);
    snprintf(info.lens, sizeof info.lens, "%s", dataset_lens_name(i->def, sources, count));
    if (sources[0].scan.interval > 0.0)
        info.time_step = sources[0].scan.interval;
    if (i->def->driven != NULL)
        imp_robot_format(i->def->driven, info.robot);
    imp_status status = imp_dataset_builder_create(&i->builder, folder, &info, err);
    for (int k = 0; k < count && status == IMP_OK; k++)
        status = import_bag(i, &sources[k], err);
    if (i->ages > 0)
        i->summary->command_age = i->age_sum / (double)i->ages;
    if (status == IMP_OK)
        status =
            imp_import_finish_dataset(i->builder, i->summary, "rosbag", sources[0].bag.name, err);
    imp_dataset_builder_destroy(i->builder);
    free(i->rows);
    return status;
}

// Scans all bags before anything is written, so that most failures come early.
static imp_status import_files(imp_import_summary *out, const char *const *paths, int count,
                               const char *folder, const imp_import_def *def,
                               const imp_monitor *monitor, imp_error *err)
{
    importer i = {.summary = out, .def = def, .monitor = monitor};
    *out = (imp_import_summary){0};
    imp_status status = check_rosbag_def(def, err);
    if (status == IMP_OK && count < 1)
        status = imp_fail(err, IMP_USAGE, "no bag to import");
    if (status != IMP_OK)
        return status;
    bag_source *sources = calloc((size_t)count, sizeof *sources);
    if (sources == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "bag"));
    // nothing is written if one of the bags is unusable
    for (int k = 0; k < count && status == IMP_OK; k++)
        status = scan_bag(&sources[k], paths[k], &i, err);
    if (status == IMP_OK)
        status = import_bags(&i, sources, count, folder, err);
    // bags may have been opened only in part
    for (int k = 0; k < count; k++) {
        imp_rosbag_scan_free(&sources[k].scan);
        imp_rosbag_close(&sources[k].bag);
        imp_mapped_file_close(&sources[k].file);
    }
    free(sources);
    return status;
}

imp_status imp_import_rosbag(imp_import_summary *out, const char *const *paths, int count,
                             const char *folder, const imp_import_def *def,
                             const imp_monitor *monitor, imp_error *err)
{
    imp_rosbag_paths files = {0};
    *out = (imp_import_summary){0};
    imp_status status = imp_rosbag_paths_expand(&files, paths, count, err);
    if (status == IMP_OK)
        status = import_files(out, (const char *const *)files.items, files.count, folder, def,
                              monitor, err);
    imp_rosbag_paths_free(&files);
    return status;
}
