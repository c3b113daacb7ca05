// Imports train.log files of Duckietown's behaviour cloning baseline: streams of Python pickles,
// one per episode. Entries have one of three shapes, depending on the logger's version.
// Everything is looked up by key or position in the finished values of the pickle reader; what is
// missing is unknown or the reason why an entry is dropped.
// Logs that were exported by imprint contain additional data, from which the dataset is restored.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/io/mapped_file.h"
#include "base/text/plural.h"
#include "data/import/import_common.h"
#include "data/pickle/pickle.h"
#include "sim/robot/image_preprocessor.h"

// Parts of an entry, whatever its shape. A missing part is IMP_PICKLE_NO_VALUE.
typedef struct entry {
    imp_pickle_value image, action, pose, reward, done, info;
} entry;

typedef struct importer {
    imp_import_summary *summary;
    const imp_import_def *def;
    const imp_monitor *monitor;
    const char *folder;
    imp_dataset_builder *builder; // created with the first image, whose size may be needed
    imp_dataset_info info;
    imp_image_preprocessor *preprocessor;
    uint8_t *rgb; // an image that had to be reordered
    size_t rgb_capacity;
    // State of the current file.
    const char *name;
    imp_pickle *pickle;
    uint64_t image_bytes, image_bytes_max; // bytes of images, and their limit
    // State of the current episode.
    bool done;
    bool is_imprint_export;         // the log was exported by imprint
    const char *lens, *observation; // stated in the log; NULL if not
    double time_step;               // stated in the log [s]; 0 if not
} importer;

// ---- entries ------------------------------------------------------------------------------------

// {"step": [image, action], "metadata": [pose, reward, done, info]}
static entry parse_dict_entry(const imp_pickle *p, imp_pickle_value value)
{
    // step and metadata are lists or tuples
    const imp_pickle_value step = imp_pickle_find_key(p, value, "step");
    const imp_pickle_value metadata = imp_pickle_find_key(p, value, "metadata");
    return (entry){imp_pickle_item(p, step, 0),     imp_pickle_item(p, step, 1),
                   imp_pickle_item(p, metadata, 0), imp_pickle_item(p, metadata, 1),
                   imp_pickle_item(p, metadata, 2), imp_pickle_item(p, metadata, 3)};
}

// Objects of class Step with attributes.
static entry parse_step_entry(const imp_pickle *p, imp_pickle_value value)
{
    // the logger's Step has no pose and no info
    return (entry){imp_pickle_find_key(p, value, "obs"),
                   imp_pickle_find_key(p, value, "action"),
                   IMP_PICKLE_NO_VALUE,
                   imp_pickle_find_key(p, value, "reward"),
                   imp_pickle_find_key(p, value, "done"),
                   IMP_PICKLE_NO_VALUE};
}

// (image, action, reward, done, info)
static entry parse_tuple_entry(const imp_pickle *p, imp_pickle_value value)
{
    return (entry){imp_pickle_item(p, value, 0), imp_pickle_item(p, value, 1),
                   IMP_PICKLE_NO_VALUE,          imp_pickle_item(p, value, 2),
                   imp_pickle_item(p, value, 3), imp_pickle_item(p, value, 4)};
}

// The kind of the value tells the shape.
static entry parse_entry(const imp_pickle *p, imp_pickle_value value)
{
    const imp_pickle_kind kind = imp_pickle_kind_of(p, value);
    return kind == IMP_PICKLE_DICT     ? parse_dict_entry(p, value)
           : kind == IMP_PICKLE_RECORD ? parse_step_entry(p, value)
                                       : parse_tuple_entry(p, value);
}

// Reads exactly `count` numbers from a list, tuple or array.
static bool read_numbers(const imp_pickle *p, imp_pickle_value value, double *out, uint32_t count)
{
    // arrays may have any shape with that many elements
    const imp_numpy_array *array = imp_pickle_array(p, value);
    if (array != NULL) {
        // the product of the shape, stopped before it overflows
        uint64_t size = 1;
        for (int k = 0; k < array->dimensions; k++)
            size *= size > count ? 1 : array->shape[k];
        if (size != count)
            return false;
        for (uint32_t k = 0; k < count; k++)
            out[k] = imp_numpy_array_number(array, k);
        return true;
    }
    // lists and tuples
    if (imp_pickle_item_count(p, value) != count)
        return false;
    for (uint32_t k = 0; k < count; k++)
        if (!imp_pickle_number(p, imp_pickle_item(p, value, k), &out[k]))
            return false;
    return true;
}

// NaN stands for unknown.
static double number_or_nan(const imp_pickle *p, imp_pickle_value value)
{
    double number;
    return imp_pickle_number(p, value, &number) ? number : NAN;
}

// Actions are duty cycles, or velocities if the definition says so.
static bool parse_action(const importer *i, imp_pickle_value value, float out[2])
{
    double numbers[2];
    // both must be finite
    if (!read_numbers(i->pickle, value, numbers, 2) || !isfinite(numbers[0] + numbers[1]))
        return false;
    const imp_action action = i->def->actions_are_velocities
                                  ? imp_action_from_velocity(numbers[0], numbers[1])
                                  : imp_action_clip((imp_action){numbers[0], numbers[1]});
    out[0] = (float)action.left;
    out[1] = (float)action.right;
    return true;
}

// Reads the simulator's info: the executed action (in our exports) and the lane position.
static void read_simulator_info(const importer *i, imp_pickle_value info, imp_import_step *step)
{
    // every level may be missing
    const imp_pickle *p = i->pickle;
    const imp_pickle_value simulator = imp_pickle_find_key(p, info, "Simulator");
    const imp_pickle_value lane = imp_pickle_find_key(p, simulator, "lane_position");
    double executed[2];
    if (i->is_imprint_export &&
        read_numbers(p, imp_pickle_find_key(p, simulator, "action"), executed, 2)) {
        const imp_action action = imp_action_clip((imp_action){executed[0], executed[1]});
        step->action[0] = (float)action.left;
        step->action[1] = (float)action.right;
    }
    step->lane[0] = number_or_nan(p, imp_pickle_find_key(p, lane, "dist"));
    step->lane[1] = number_or_nan(p, imp_pickle_find_key(p, lane, "angle_rad"));
}

// gym-duckietown's pose is x, y (up), z, angle.
static imp_import_step entry_to_step(const importer *i, const entry *e)
{
    imp_import_step step = imp_import_unknown_step();
    double pose[4];
    // y (up) is always 0
    if (read_numbers(i->pickle, e->pose, pose, 4)) {
        step.pose[0] = pose[0];
        step.pose[1] = pose[2];
        step.pose[2] = pose[3];
    }
    step.reward = (float)number_or_nan(i->pickle, e->reward);
    return step;
}

// ---- images -------------------------------------------------------------------------------------

// Whether an array is an image: height x width x 3 bytes.
static bool is_rgb_image(const imp_numpy_array *array)
{
    // 8-bit unsigned, three dimensions, three channels, sensible sizes
    return array != NULL && array->kind == 'u' && array->size == 1 && array->dimensions == 3 &&
           array->shape[2] == 3 && array->shape[0] >= 1 && array->shape[1] >= 1 &&
           array->shape[0] <= IMP_IMPORT_SIDE_MAX && array->shape[1] <= IMP_IMPORT_SIDE_MAX;
}

// The image row by row, red first; NULL without memory. Images that are stored that way are not
// copied.
static const uint8_t *array_to_rgb_rows(importer *i, const imp_numpy_array *array)
{
    // the common case needs no copy
    const size_t height = array->shape[0], width = array->shape[1], size = height * width * 3;
    if (!array->fortran && !i->def->swap_red_blue)
        return array->data;
    if (size > i->rgb_capacity) {
        uint8_t *grown = realloc(i->rgb, size);
        if (grown == NULL)
            return NULL;
        i->rgb = grown;
        i->rgb_capacity = size;
    }
    // reorder from column-major order, or from BGR
    uint8_t *out = i->rgb;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t c = 0; c < 3; c++) {
                const size_t channel = i->def->swap_red_blue ? 2 - c : c;
                // position in row-major or column-major order
                *out++ = array->data[array->fortran ? y + height * (x + width * channel)
                                                    : (y * width + x) * 3 + channel];
            }
    return i->rgb;
}

// The text among known ones that a value equals; NULL if none.
static const char *find_text_among_known(const imp_pickle *p, imp_pickle_value text,
                                         const char *const *words)
{
    while (*words != NULL && !imp_pickle_is_text(p, text, *words))
        words++;
    return *words;
}

// Reads what our own export says about its images.
static void read_export_info(importer *i, imp_pickle_value info)
{
    // only known words are taken over
    static const char *const lenses[] = {"none",       "duckiebot",      "custom",
                                         "calibrated", IMP_LENS_UNKNOWN, NULL};
    static const char *const observations[] = {"pictures", "segments", NULL};
    const imp_pickle *p = i->pickle;
    const imp_pickle_value is_imprint_export = imp_pickle_find_key(p, info, "imprint");
    double time_step = 0.0;
    // the entry "imprint" exists only in our exports
    i->is_imprint_export = is_imprint_export != IMP_PICKLE_NO_VALUE;
    i->lens = find_text_among_known(p, imp_pickle_find_key(p, is_imprint_export, "lens"), lenses);
    i->observation = find_text_among_known(
        p, imp_pickle_find_key(p, is_imprint_export, "observation"), observations);
    imp_pickle_number(p, imp_pickle_find_key(p, is_imprint_export, "time_step"), &time_step);
    // an implausible time step is ignored
    i->time_step = time_step > 0.0 && time_step < 1e6 ? time_step : 0.0;
}

// Creates dataset and preprocessor; the first image decides the size if it is "as recorded".
static imp_status create_dataset_from_image(importer *i, const imp_numpy_array *first,
                                            imp_error *err)
{
    const bool as_recorded = i->def->width == 0;
    // the first image's size, or the definition's
    i->info = imp_import_dataset_info(i->def, as_recorded ? (int)first->shape[1] : i->def->width,
                                      as_recorded ? (int)first->shape[0] : i->def->height);
    snprintf(i->info.lens, sizeof i->info.lens, "%s", i->lens != NULL ? i->lens : i->def->lens);
    if (i->observation != NULL)
        snprintf(i->info.observation, sizeof i->info.observation, "%s", i->observation);
    if (i->time_step > 0.0)
        i->info.time_step = i->time_step;
    // without that information the definition's values are used, with a warning
    if (i->lens == NULL)
        imp_import_add_note(i->summary,
                            "%.60s does not say its lens and time step: taken are %s and %.4f s",
                            imp_path_base_name(i->name), i->info.lens, i->info.time_step);
    IMP_TRY(
        imp_image_preprocessor_create(&i->preprocessor, i->info.width, i->info.height, NULL, err));
    return imp_dataset_builder_create(&i->builder, i->folder, &i->info, err);
}

// The sky of the simulator is blue. If it is orange, red and blue are swapped.
static void note_swapped_colours(importer *i, const uint8_t *rgb)
{
    // the top row of the first image
    int64_t red = 0, blue = 0;
    // 40 levels on average: a clear difference
    for (int x = 0; x < i->info.width; x++) {
        red += rgb[3 * x];
        blue += rgb[3 * x + 2];
    }
    if (i->summary->images == 1 && red > blue + 40 * (int64_t)i->info.width)
        imp_import_add_note(
            i->summary, "the sky of the first image is orange: if red and blue are "
                        "swapped, as the baseline's log.py does, import it with them swapped back");
}

// Writes an image to the builder. *why: the reason if it is dropped.
static imp_status import_image(importer *i, imp_pickle_value value, const char **why,
                               imp_error *err)
{
    const imp_numpy_array *array = imp_pickle_array(i->pickle, value);
    *why = NULL;
    if (!is_rgb_image(array)) {
        *why = "entries without a image of bytes (height, width, 3)";
        return IMP_OK;
    }
    // Equal images can be stored once and referenced many times; limit their total.
    i->image_bytes += (uint64_t)array->shape[0] * array->shape[1] * 3;
    if (i->image_bytes > i->image_bytes_max)
        return imp_fail(err, IMP_BAD_INPUT, "%s shows the same image over and over: refused",
                        i->name);
    // the dataset is created with the first image
    if (i->builder == NULL)
        IMP_TRY(create_dataset_from_image(i, array, err));
    const uint8_t *pixels = array_to_rgb_rows(i, array);
    uint8_t *place = imp_dataset_builder_reserve_image(i->builder);
    if (pixels == NULL || place == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for images");
    IMP_TRY(imp_image_preprocessor_run(i->preprocessor, pixels, (int)array->shape[1],
                                       (int)array->shape[0], place, err));
    note_swapped_colours(i, place);
    if (imp_import_image_is_black(place, i->info.width, i->info.height))
        *why = "images that are black";
    return IMP_OK;
}

// ---- episodes -----------------------------------------------------------------------------------

// With repeat unless actions are taken from the next entry.
static imp_status end_episode(importer *i, imp_episode_end ending, imp_error *err)
{
    if (i->builder == NULL)
        return IMP_OK;
    // repeated only if every entry has its own action
    return imp_import_end_episode(i->builder, i->summary, ending, !i->def->use_next_action, err);
}

// Checks and converts an entry. *why: the reason if it is dropped; otherwise its image is in the
// builder.
static imp_status validate_entry(importer *i, const entry *e, imp_import_step *step,
                                 const char **why, imp_error *err)
{
    read_export_info(i, e->info);
    // our exports need no correction
    if (i->is_imprint_export && (i->def->use_next_action || i->def->swap_red_blue))
        return imp_fail(
            err, IMP_USAGE,
            "%s was written by imprint: its actions are the next ones, and red and blue "
            "are not swapped",
            i->name);
    // why is the reason until the image has been imported
    *why = "entries without an action of two numbers";
    if (!parse_action(i, e->action, step->expert))
        return IMP_OK;
    memcpy(step->action, step->expert, sizeof step->action);
    read_simulator_info(i, e->info, step);
    return import_image(i, e->image, why, err);
}

// If actions come from the next entry, the previous step receives this entry's action and reward.
static void copy_action_to_last_step(importer *i, const imp_import_step *step)
{
    // nothing to complete at the beginning of an episode
    imp_import_step *last =
        i->def->use_next_action ? imp_dataset_builder_get_last_step(i->builder) : NULL;
    if (last == NULL)
        return;
    memcpy(last->action, step->action, sizeof last->action);
    memcpy(last->expert, step->expert, sizeof last->expert);
    last->reward = step->reward;
}

// Why an episode ended. gym-duckietown gives the reward -1000 when the robot leaves the road.
static imp_episode_end find_end_reason(const importer *i, const entry *e,
                                       const imp_import_step *step)
{
    // our exports say it exactly
    double terminated = step->reward <= -1000.0F;
    const imp_pickle_value is_imprint_export = imp_pickle_find_key(i->pickle, e->info, "imprint");
    imp_pickle_number(i->pickle, imp_pickle_find_key(i->pickle, is_imprint_export, "terminated"),
                      &terminated);
    return terminated != 0.0 ? IMP_EPISODE_TERMINATED : IMP_EPISODE_TRUNCATED;
}

// An entry that depends on unsupported objects cannot be imported: the file is rejected.
static imp_status check_entry_types_supported(const importer *i, imp_pickle_value value,
                                              const entry *e, imp_error *err)
{
    // pose, reward and info may be anything
    const imp_pickle_value needed[] = {value, e->image, e->action, e->done};
    for (size_t k = 0; k < sizeof needed / sizeof needed[0]; k++) {
        const char *name = imp_pickle_unsupported_type(i->pickle, needed[k]);
        if (name != NULL)
            return imp_fail(err, IMP_BAD_INPUT,
                            "%s: the pickle at byte %zu: %s is refused: entries, images and "
                            "actions are plain data and numpy arrays",
                            i->name, imp_pickle_start_offset(i->pickle), name);
    }
    return IMP_OK;
}

// Imports one entry: convert, check, add, and end the episode if it is done.
static imp_status import_entry(importer *i, imp_pickle_value value, imp_error *err)
{
    const entry e = parse_entry(i->pickle, value);
    const imp_status readable = check_entry_types_supported(i, value, &e, err);
    if (readable != IMP_OK)
        return readable;
    // an entry without the flag is not done
    imp_import_step step = entry_to_step(i, &e);
    double done = 0.0;
    imp_pickle_number(i->pickle, e.done, &done);
    i->summary->images++;
    // some loggers repeat the last entry
    if (i->done && done != 0.0) {
        imp_import_add_dropped(i->summary, "entries after the end of an episode", 1);
        return IMP_OK;
    }
    i->done = done != 0.0;
    const char *why = NULL;
    imp_status status = validate_entry(i, &e, &step, &why, err);
    if (status != IMP_OK)
        return status;
    // a dropped entry also breaks the chain of next actions
    if (why != NULL) {
        imp_import_add_dropped(i->summary, why, 1);
        status = i->def->use_next_action ? end_episode(i, IMP_EPISODE_UNFINISHED, err) : IMP_OK;
    } else {
        copy_action_to_last_step(i, &step);
        imp_dataset_builder_set_dt(i->builder, i->time_step);
        status = imp_dataset_builder_add_step(i->builder, &step, err);
    }
    if (status != IMP_OK || !i->done)
        return status;
    return end_episode(i, find_end_reason(i, &e, &step), err);
}

// Imports one pickle: a list of entries, or an Episode with a list of steps.
static imp_status import_pickle(importer *i, imp_pickle_value root, imp_error *err)
{
    const imp_pickle *p = i->pickle;
    const imp_pickle_value steps = imp_pickle_find_key(p, root, "steps");
    const imp_pickle_value list = steps != IMP_PICKLE_NO_VALUE ? steps : root;
    const imp_pickle_kind kind = imp_pickle_kind_of(p, list);
    i->done = false;
    // other contents are an error, not an empty log
    if (imp_pickle_unsupported_type(p, list) != NULL)
        return imp_fail(
            err, IMP_BAD_INPUT,
            "%s: the pickle at byte %zu: %s is refused: expected is a list of entries or "
            "an Episode",
            i->name, imp_pickle_start_offset(p), imp_pickle_unsupported_type(p, list));
    // a dict or number is no log
    if (kind != IMP_PICKLE_LIST)
        return imp_fail(
            err, IMP_BAD_INPUT,
            "%s: the pickle at byte %zu is not a log: expected is a list of entries or an "
            "Episode",
            i->name, imp_pickle_start_offset(p));
    const uint32_t count = imp_pickle_item_count(p, list);
    // interruption is checked per entry, because a pickle can be large
    for (uint32_t k = 0; k < count; k++) {
        if (imp_monitor_should_stop(i->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted: nothing was imported");
        IMP_TRY(import_entry(i, imp_pickle_item(p, list, k), err));
    }
    // the list ended without done
    return i->done ? IMP_OK : end_episode(i, IMP_EPISODE_UNFINISHED, err);
}

// ---- files --------------------------------------------------------------------------------------

// Progress is the position in the file.
static imp_status report_progress(const importer *i, const imp_mapped_file *file, imp_error *err)
{
    const double megabyte = 1e6;
    const imp_progress progress = {.task = "import",
                                   .unit = "MB",
                                   .done = (double)imp_pickle_position(i->pickle) / megabyte,
                                   .total = (double)file->length / megabyte};
    imp_monitor_progress(i->monitor, &progress);
    if (imp_monitor_should_stop(i->monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted: nothing was imported");
    return IMP_OK;
}

// Notes the names of unsupported objects that were not needed.
static void add_note_on_unsupported_objects(const importer *i)
{
    const char *first = imp_pickle_unsupported_name(i->pickle, 0),
               *second = imp_pickle_unsupported_name(i->pickle, 1);
    if (first == NULL)
        return;
    imp_import_add_note(i->summary, "%.60s: ignored what no dataset needs: %.50s%s%.50s%s",
                        imp_path_base_name(i->name), first, second != NULL ? ", " : "",
                        second != NULL ? second : "",
                        imp_pickle_unsupported_name(i->pickle, 2) != NULL ? ", ..." : "");
}

// Reads pickle after pickle. A truncated last pickle is dropped with a note if there were complete
// ones.
static imp_status import_pickle_stream(importer *i, const imp_mapped_file *file, imp_error *err)
{
    const int64_t before = i->summary->images;
    int pickles = 0;
    for (bool more = true; more;) {
        imp_pickle_value root = IMP_PICKLE_NO_VALUE;
        IMP_TRY(report_progress(i, file, err));
        imp_status status = imp_pickle_read_next(i->pickle, &root, &more, err);
        // only a truncation after a complete pickle is forgiven
        if (status == IMP_BAD_INPUT && imp_pickle_is_truncated(i->pickle) && pickles > 0) {
            imp_import_add_note(
                i->summary, "%.80s is cut off: what begins at byte %zu of %zu is missing",
                imp_path_base_name(i->name), imp_pickle_start_offset(i->pickle), file->length);
            break;
        }
        if (status == IMP_OK && more)
            status = import_pickle(i, root, err);
        if (status != IMP_OK)
            return status;
        pickles += more;
    }
    imp_import_add_note(i->summary, "%.80s: %s in %s", imp_path_base_name(i->name),
                        IMP_PLURAL(i->summary->images - before, "entry"),
                        IMP_PLURAL(pickles, "pickle"));
    add_note_on_unsupported_objects(i);
    return IMP_OK;
}

// Checks the file type, then reads the stream.
static imp_status import_log_file(importer *i, const char *path, imp_error *err)
{
    // Every image is stored with its bytes and may be referenced a few times.
    enum { TIMES_NAMED = 4 };
    imp_mapped_file file = {0};
    IMP_TRY(imp_mapped_file_open(&file, path, err));
    const imp_file_type kind = imp_file_type_of_bytes(path, file.bytes, file.length);
    // Pickles of old protocols are text; the reader rejects them with its own message.
    // files that are clearly something else
    if (kind != IMP_FILE_TYPE_PICKLE && kind != IMP_FILE_TYPE_TEXT &&
        kind != IMP_FILE_TYPE_UNKNOWN) {
        imp_mapped_file_close(&file);
        return imp_fail(err, IMP_BAD_INPUT, "%s: is %s; a train.log holds Python pickles", path,
                        imp_file_type_description(kind));
    }
    i->name = path;
    i->image_bytes = 0;
    i->image_bytes_max = TIMES_NAMED * (uint64_t)file.length;
    imp_status status = imp_pickle_create(&i->pickle, file.bytes, file.length, path, err);
    if (status == IMP_OK)
        status = import_pickle_stream(i, &file, err);
    imp_pickle_destroy(i->pickle);
    i->pickle = NULL;
    imp_mapped_file_close(&file);
    return status;
}

// All files go into one dataset.
imp_status imp_import_trainlog(imp_import_summary *out, const char *const *paths, int count,
                               const char *folder, const imp_import_def *def,
                               const imp_monitor *monitor, imp_error *err)
{
    importer i = {.summary = out, .def = def, .monitor = monitor, .folder = folder};
    *out = (imp_import_summary){0};
    imp_status status = imp_import_def_check(def, err);
    if (status == IMP_OK && count < 1)
        status = imp_fail(err, IMP_USAGE, "no log to import");
    for (int k = 0; k < count && status == IMP_OK; k++)
        status = import_log_file(&i, paths[k], err);
    if (status == IMP_OK)
        status = imp_import_finish_dataset(i.builder, out, "trainlog", paths[0], err);
    imp_dataset_builder_destroy(i.builder);
    imp_image_preprocessor_destroy(i.preprocessor);
    free(i.rgb);
    return status;
}
