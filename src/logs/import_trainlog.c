#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/kind.h"
#include "base/plural.h"
#include "logs/import.h"
#include "logs/mapped.h"
#include "logs/pickle.h"
#include "robot/eye.h"

// What an entry of a log says, by whatever shape it has.
typedef struct entry {
    imp_value picture, action, pose, reward, done, info;
} entry;

typedef struct importer {
    imp_import_summary *summary;
    const imp_import_def *def;
    const imp_monitor *monitor;
    const char *folder;
    imp_recorder *recorder; // made with the first picture, whose size may be wanted
    imp_dataset_info info;
    imp_eye *eye;
    uint8_t *rgb; // of a picture whose bytes do not lie as they should
    size_t rgb_capacity;
    // of the file
    const char *name;
    imp_pickle *pickle;
    uint64_t seen, seen_most; // bytes of pictures
    // of the episode
    bool done;
    bool ours;                      // was written by an export of ours
    const char *lens, *observation; // that it tells; NULL if it does not
    double time_step;               // that it tells [s]; 0 if it does not
} importer;

// ---- entries ------------------------------------------------------------------------------------

// {"step": [picture, action], "metadata": [pose, reward, done, info]}
static entry read_dict(const imp_pickle *p, imp_value value)
{
    const imp_value step = imp_value_find(p, value, "step");
    const imp_value metadata = imp_value_find(p, value, "metadata");
    return (entry){imp_value_item(p, step, 0),     imp_value_item(p, step, 1),
                   imp_value_item(p, metadata, 0), imp_value_item(p, metadata, 1),
                   imp_value_item(p, metadata, 2), imp_value_item(p, metadata, 3)};
}

static entry read_step(const imp_pickle *p, imp_value value)
{
    return (entry){
        imp_value_find(p, value, "obs"),    imp_value_find(p, value, "action"), IMP_NO_VALUE,
        imp_value_find(p, value, "reward"), imp_value_find(p, value, "done"),   IMP_NO_VALUE};
}

// (picture, action, reward, done, info)
static entry read_tuple(const imp_pickle *p, imp_value value)
{
    return (entry){
        imp_value_item(p, value, 0), imp_value_item(p, value, 1), IMP_NO_VALUE,
        imp_value_item(p, value, 2), imp_value_item(p, value, 3), imp_value_item(p, value, 4)};
}

static entry read_entry(const imp_pickle *p, imp_value value)
{
    const imp_value_kind kind = imp_value_kind_of(p, value);
    return kind == IMP_VALUE_DICT     ? read_dict(p, value)
           : kind == IMP_VALUE_RECORD ? read_step(p, value)
                                      : read_tuple(p, value);
}

// Takes so many numbers from a list, tuple or array; false if there are others.
static bool take_numbers(const imp_pickle *p, imp_value value, double *out, uint32_t count)
{
    const imp_array *array = imp_value_array(p, value);
    if (array != NULL) {
        uint64_t size = 1;
        for (int k = 0; k < array->dimensions; k++)
            size *= size > count ? 1 : array->shape[k];
        if (size != count)
            return false;
        for (uint32_t k = 0; k < count; k++)
            out[k] = imp_array_number(array, k);
        return true;
    }
    if (imp_value_count(p, value) != count)
        return false;
    for (uint32_t k = 0; k < count; k++)
        if (!imp_value_number(p, imp_value_item(p, value, k), &out[k]))
            return false;
    return true;
}

static double number_or_nan(const imp_pickle *p, imp_value value)
{
    double number;
    return imp_value_number(p, value, &number) ? number : NAN;
}

static bool action_of(const importer *i, imp_value value, float out[2])
{
    double numbers[2];
    if (!take_numbers(i->pickle, value, numbers, 2) || !isfinite(numbers[0] + numbers[1]))
        return false;
    const imp_action action = i->def->velocities
                                  ? imp_action_from_velocity(numbers[0], numbers[1])
                                  : imp_action_clip((imp_action){numbers[0], numbers[1]});
    out[0] = (float)action.left;
    out[1] = (float)action.right;
    return true;
}

// What the simulator told beside: what was executed, and where in its lane the robot was.
static void take_info(const importer *i, imp_value info, imp_moment *moment)
{
    const imp_pickle *p = i->pickle;
    const imp_value simulator = imp_value_find(p, info, "Simulator");
    const imp_value lane = imp_value_find(p, simulator, "lane_position");
    double executed[2];
    if (i->ours && take_numbers(p, imp_value_find(p, simulator, "action"), executed, 2)) {
        const imp_action action = imp_action_clip((imp_action){executed[0], executed[1]});
        moment->action[0] = (float)action.left;
        moment->action[1] = (float)action.right;
    }
    moment->lane[0] = number_or_nan(p, imp_value_find(p, lane, "dist"));
    moment->lane[1] = number_or_nan(p, imp_value_find(p, lane, "angle_rad"));
}

static imp_moment moment_of(const importer *i, const entry *e)
{
    imp_moment moment = imp_unknown_moment();
    double pose[4];
    if (take_numbers(i->pickle, e->pose, pose, 4)) {
        moment.pose[0] = pose[0];
        moment.pose[1] = pose[2];
        moment.pose[2] = pose[3];
    }
    moment.reward = (float)number_or_nan(i->pickle, e->reward);
    return moment;
}

// ---- pictures -----------------------------------------------------------------------------------

// Whether an array is a picture: bytes of height x width x 3.
static bool is_picture(const imp_array *array)
{
    return array != NULL && array->kind == 'u' && array->size == 1 && array->dimensions == 3 &&
           array->shape[2] == 3 && array->shape[0] >= 1 && array->shape[1] >= 1 &&
           array->shape[0] <= IMP_SIDE_MAX && array->shape[1] <= IMP_SIDE_MAX;
}

// The pixels row by row, red first; NULL without memory.
static const uint8_t *pixels_of(importer *i, const imp_array *array)
{
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
    uint8_t *out = i->rgb;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t c = 0; c < 3; c++) {
                const size_t channel = i->def->swap_red_blue ? 2 - c : c;
                *out++ = array->data[array->fortran ? y + height * (x + width * channel)
                                                    : (y * width + x) * 3 + channel];
            }
    return i->rgb;
}

// The one of some words that a text is; NULL if it is none.
static const char *find_word(const imp_pickle *p, imp_value text, const char *const *words)
{
    while (*words != NULL && !imp_value_is_text(p, text, *words))
        words++;
    return *words;
}

// What an export of ours says of its pictures.
static void take_origin(importer *i, imp_value info)
{
    static const char *const lenses[] = {"none",       "duckiebot",      "custom",
                                         "calibrated", IMP_LENS_UNKNOWN, NULL};
    static const char *const observations[] = {"pictures", "segments", NULL};
    const imp_pickle *p = i->pickle;
    const imp_value ours = imp_value_find(p, info, "imprint");
    double time_step = 0.0;
    i->ours = ours != IMP_NO_VALUE;
    i->lens = find_word(p, imp_value_find(p, ours, "lens"), lenses);
    i->observation = find_word(p, imp_value_find(p, ours, "observation"), observations);
    imp_value_number(p, imp_value_find(p, ours, "time_step"), &time_step);
    i->time_step = time_step > 0.0 && time_step < 1e6 ? time_step : 0.0;
}

static imp_status start_dataset(importer *i, const imp_array *first, imp_error *err)
{
    const bool as_recorded = i->def->width == 0;
    i->info = imp_import_info(i->def, as_recorded ? (int)first->shape[1] : i->def->width,
                              as_recorded ? (int)first->shape[0] : i->def->height);
    snprintf(i->info.lens, sizeof i->info.lens, "%s", i->lens != NULL ? i->lens : i->def->lens);
    if (i->observation != NULL)
        snprintf(i->info.observation, sizeof i->info.observation, "%s", i->observation);
    if (i->time_step > 0.0)
        i->info.time_step = i->time_step;
    if (i->lens == NULL)
        imp_summary_note(i->summary,
                         "%.60s does not say its lens and time step: taken are %s (--lens) and "
                         "%.4f s",
                         imp_base_name(i->name), i->info.lens, i->info.time_step);
    const imp_status status = imp_eye_create(&i->eye, i->info.width, i->info.height, NULL, err);
    return status == IMP_OK ? imp_recorder_create(&i->recorder, i->folder, &i->info, err) : status;
}

// A simulator's sky is blue. Where it is orange, red and blue are the wrong way round.
static void look_at_sky(importer *i, const uint8_t *rgb)
{
    int64_t red = 0, blue = 0;
    for (int x = 0; x < i->info.width; x++) {
        red += rgb[3 * x];
        blue += rgb[3 * x + 2];
    }
    if (i->summary->pictures == 1 && red > blue + 40 * (int64_t)i->info.width)
        imp_summary_note(i->summary, "the sky of the first picture is orange: if red and blue are "
                                     "swapped, as the baseline's log.py does, use --swap-red-blue");
}

// Puts a picture where the recorder wants it; *why tells if it is none.
static imp_status take_picture(importer *i, imp_value value, const char **why, imp_error *err)
{
    const imp_array *array = imp_value_array(i->pickle, value);
    *why = NULL;
    if (!is_picture(array)) {
        *why = "entries without a picture of bytes (height, width, 3)";
        return IMP_OK;
    }
    // equal pictures can be stored once and named many times
    i->seen += (uint64_t)array->shape[0] * array->shape[1] * 3;
    if (i->seen > i->seen_most)
        return imp_fail(err, IMP_BAD_INPUT, "%s shows the same picture over and over: refused",
                        i->name);
    imp_status status = i->recorder == NULL ? start_dataset(i, array, err) : IMP_OK;
    if (status != IMP_OK)
        return status;
    const uint8_t *pixels = pixels_of(i, array);
    uint8_t *place = imp_recorder_picture(i->recorder);
    if (pixels == NULL || place == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for pictures");
    status = imp_eye_look(i->eye, pixels, (int)array->shape[1], (int)array->shape[0], place, err);
    if (status != IMP_OK)
        return status;
    look_at_sky(i, place);
    if (imp_is_black(place, i->info.width, i->info.height))
        *why = "pictures that are black";
    return IMP_OK;
}

// ---- episodes -----------------------------------------------------------------------------------

static imp_status end_episode(importer *i, imp_ending ending, imp_error *err)
{
    if (i->recorder == NULL)
        return IMP_OK;
    return imp_import_end(i->recorder, i->summary, ending, !i->def->following, err);
}

// What is wrong with an entry, or NULL; then its picture lies where the recorder wants it.
static imp_status judge(importer *i, const entry *e, imp_moment *moment, const char **why,
                        imp_error *err)
{
    take_origin(i, e->info);
    if (i->ours && (i->def->following || i->def->swap_red_blue))
        return imp_fail(err, IMP_USAGE,
                        "%s was written by imprint: leave out --following and --swap-red-blue",
                        i->name);
    *why = "entries without an action of two numbers";
    if (!action_of(i, e->action, moment->expert))
        return IMP_OK;
    memcpy(moment->action, moment->expert, sizeof moment->action);
    take_info(i, e->info, moment);
    return take_picture(i, e->picture, why, err);
}

// Where pictures go with the next entry's action, that is what the moment before was waiting for.
static void pass_back(importer *i, const imp_moment *moment)
{
    imp_moment *last = i->def->following ? imp_recorder_last(i->recorder) : NULL;
    if (last == NULL)
        return;
    memcpy(last->action, moment->action, sizeof last->action);
    memcpy(last->expert, moment->expert, sizeof last->expert);
    last->reward = moment->reward;
}

// Why a log says done. The simulator gives -1000 where the robot left the road.
static imp_ending ending_of(const importer *i, const entry *e, const imp_moment *moment)
{
    double terminated = moment->reward <= -1000.0F;
    const imp_value ours = imp_value_find(i->pickle, e->info, "imprint");
    imp_value_number(i->pickle, imp_value_find(i->pickle, ours, "terminated"), &terminated);
    return terminated != 0.0 ? IMP_ENDING_TERMINATED : IMP_ENDING_TRUNCATED;
}

// What an entry must have is not made by this reader: the log cannot be read.
static imp_status check_read(const importer *i, imp_value value, const entry *e, imp_error *err)
{
    const imp_value needed[] = {value, e->picture, e->action, e->done};
    for (size_t k = 0; k < sizeof needed / sizeof needed[0]; k++) {
        const char *name = imp_value_unread(i->pickle, needed[k]);
        if (name != NULL)
            return imp_fail(err, IMP_BAD_INPUT,
                            "%s: the pickle at byte %zu: %s is refused: entries, pictures and "
                            "actions are plain data and numpy arrays",
                            i->name, imp_pickle_start(i->pickle), name);
    }
    return IMP_OK;
}

static imp_status add_entry(importer *i, imp_value value, imp_error *err)
{
    const entry e = read_entry(i->pickle, value);
    const imp_status readable = check_read(i, value, &e, err);
    if (readable != IMP_OK)
        return readable;
    imp_moment moment = moment_of(i, &e);
    double done = 0.0;
    imp_value_number(i->pickle, e.done, &done);
    i->summary->pictures++;
    if (i->done && done != 0.0) {
        imp_summary_drop(i->summary, "entries after the end of an episode", 1);
        return IMP_OK;
    }
    i->done = done != 0.0;
    const char *why = NULL;
    imp_status status = judge(i, &e, &moment, &why, err);
    if (status != IMP_OK)
        return status;
    if (why != NULL) {
        imp_summary_drop(i->summary, why, 1);
        status = i->def->following ? end_episode(i, IMP_ENDING_OPEN, err) : IMP_OK;
    } else {
        pass_back(i, &moment);
        imp_recorder_time_step(i->recorder, i->time_step);
        status = imp_recorder_add(i->recorder, &moment, err);
    }
    if (status != IMP_OK || !i->done)
        return status;
    return end_episode(i, ending_of(i, &e, &moment), err);
}

// One pickle: a list of entries, or an Episode of them.
static imp_status add_pickle(importer *i, imp_value root, imp_error *err)
{
    const imp_pickle *p = i->pickle;
    const imp_value steps = imp_value_find(p, root, "steps");
    const imp_value list = steps != IMP_NO_VALUE ? steps : root;
    const imp_value_kind kind = imp_value_kind_of(p, list);
    i->done = false;
    if (imp_value_unread(p, list) != NULL)
        return imp_fail(
            err, IMP_BAD_INPUT,
            "%s: the pickle at byte %zu: %s is refused: wanted is a list of entries, or "
            "an Episode",
            i->name, imp_pickle_start(p), imp_value_unread(p, list));
    if (kind != IMP_VALUE_LIST)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: the pickle at byte %zu is no log: wanted is a list of entries, or an "
                        "Episode",
                        i->name, imp_pickle_start(p));
    const uint32_t count = imp_value_count(p, list);
    for (uint32_t k = 0; k < count; k++) {
        if (imp_monitor_should_stop(i->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted: nothing was imported");
        const imp_status status = add_entry(i, imp_value_item(p, list, k), err);
        if (status != IMP_OK)
            return status;
    }
    return i->done ? IMP_OK : end_episode(i, IMP_ENDING_OPEN, err);
}

// ---- files --------------------------------------------------------------------------------------

static imp_status watch(const importer *i, const imp_mapped *file, imp_error *err)
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

// Names what nobody needed.
static void note_unread(const importer *i)
{
    const char *first = imp_pickle_unread(i->pickle, 0), *second = imp_pickle_unread(i->pickle, 1);
    if (first == NULL)
        return;
    imp_summary_note(i->summary, "%.60s: ignored what no dataset needs: %.50s%s%.50s%s",
                     imp_base_name(i->name), first, second != NULL ? ", " : "",
                     second != NULL ? second : "",
                     imp_pickle_unread(i->pickle, 2) != NULL ? ", ..." : "");
}

static imp_status add_stream(importer *i, const imp_mapped *file, imp_error *err)
{
    const int64_t before = i->summary->pictures;
    int pickles = 0;
    for (bool more = true; more;) {
        imp_value root = IMP_NO_VALUE;
        imp_status status = watch(i, file, err);
        if (status != IMP_OK)
            return status;
        status = imp_pickle_next(i->pickle, &root, &more, err);
        if (status == IMP_BAD_INPUT && imp_pickle_is_cut(i->pickle) && pickles > 0) {
            imp_summary_note(i->summary,
                             "%.80s is cut off: what begins at byte %zu of %zu is missing",
                             imp_base_name(i->name), imp_pickle_start(i->pickle), file->length);
            break;
        }
        if (status == IMP_OK && more)
            status = add_pickle(i, root, err);
        if (status != IMP_OK)
            return status;
        pickles += more;
    }
    imp_summary_note(i->summary, "%.80s: %s in %s", imp_base_name(i->name),
                     IMP_COUNT(i->summary->pictures - before, "entry"),
                     IMP_COUNT(pickles, "pickle"));
    note_unread(i);
    return IMP_OK;
}

static imp_status add_file(importer *i, const char *path, imp_error *err)
{
    // a picture is stored with its bytes, and sometimes named again
    enum { TIMES_NAMED = 4 };
    imp_mapped file = {0};
    imp_status status = imp_mapped_open(&file, path, err);
    if (status != IMP_OK)
        return status;
    const imp_kind kind = imp_kind_of(path, file.bytes, file.length);
    // old pickles are text
    if (kind != IMP_KIND_PICKLE && kind != IMP_KIND_TEXT && kind != IMP_KIND_UNKNOWN) {
        imp_mapped_close(&file);
        return imp_fail(err, IMP_BAD_INPUT, "%s: is %s; a train.log holds Python pickles", path,
                        imp_kind_words(kind));
    }
    i->name = path;
    i->seen = 0;
    i->seen_most = TIMES_NAMED * (uint64_t)file.length;
    status = imp_pickle_create(&i->pickle, file.bytes, file.length, path, err);
    if (status == IMP_OK)
        status = add_stream(i, &file, err);
    imp_pickle_destroy(i->pickle);
    i->pickle = NULL;
    imp_mapped_close(&file);
    return status;
}

imp_status imp_import_trainlog(imp_import_summary *out, const char *const *paths, int count,
                               const char *folder, const imp_import_def *def,
                               const imp_monitor *monitor, imp_error *err)
{
    importer i = {.summary = out, .def = def, .monitor = monitor, .folder = folder};
    *out = (imp_import_summary){0};
    imp_status status = imp_import_check(def, err);
    if (status == IMP_OK && count < 1)
        status = imp_fail(err, IMP_USAGE, "no log to import");
    for (int k = 0; k < count && status == IMP_OK; k++)
        status = add_file(&i, paths[k], err);
    if (status == IMP_OK)
        status = imp_import_finish(i.recorder, out, "trainlog", paths[0], err);
    imp_recorder_destroy(i.recorder);
    imp_eye_destroy(i.eye);
    free(i.rgb);
    return status;
}
