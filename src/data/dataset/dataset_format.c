// The dataset format in tables and functions: the arrays of an episode, their shapes and types,
// names of files and groups, and the attributes of the whole dataset. Writer, reader, check and
// hash all use the same table.
#include "data/dataset/dataset_format.h"

#include "base/common/try.h"
#include "base/text/plural.h"
#include "imprint/robot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// The arrays of every episode. Their texts are stored with the arrays as attributes.
const imp_dataset_field imp_dataset_fields[IMP_FIELD_COUNT] = {
    {"observations", IMP_FIELD_BYTE, offsetof(imp_episode, observations), true, -1,
     "sRGB, 0 to 255", "step, row (top first), column (left first), channel (red, green, blue)",
     "what the camera saw before each action, and at the end"},
    {"actions", IMP_FIELD_FLOAT, offsetof(imp_episode, actions), false, 2, "duty cycle, -1 to 1",
     "step, wheel (left, right)", "the action that was executed"},
    {"rewards", IMP_FIELD_FLOAT, offsetof(imp_episode, rewards), false, 0, "1", "step",
     "the reward that the action earned"},
    {"terminations", IMP_FIELD_FLAG, offsetof(imp_episode, terminations), false, 0, "boolean",
     "step", "whether the action ended the episode by leaving the road"},
    {"truncations", IMP_FIELD_FLAG, offsetof(imp_episode, truncations), false, 0, "boolean", "step",
     "whether the episode was cut off after the action"},
    {"infos/expert_actions", IMP_FIELD_FLOAT, offsetof(imp_episode, expert_actions), false, 2,
     "duty cycle, -1 to 1", "step, wheel (left, right)",
     "what the expert would have done in the same place"},
    {"infos/poses", IMP_FIELD_DOUBLE, offsetof(imp_episode, poses), true, 3, "m, m, rad",
     "step, coordinate (x, z, heading)",
     "where the robot was before each action, and at the end: x grows with the tile column, z with "
     "the tile row, heading 0 looks along +x and grows counter-clockwise seen from above"},
    {"infos/lane", IMP_FIELD_DOUBLE, offsetof(imp_episode, lane), true, 2, "m, rad",
     "step, coordinate (distance, angle)",
     "position in the lane before each action, and at the end: distance to the right of the lane's "
     "centre, angle to the right of its direction; NaN off lanes"},
};

// Only episodes on maps that are not built in have this array.
const imp_dataset_field imp_map_text_field = {"map_text",
                                              IMP_FIELD_BYTE,
                                              offsetof(imp_episode, map_text),
                                              false,
                                              0,
                                              "UTF-8",
                                              "byte",
                                              "the map that the episode took place on, as YAML"};

// Only episodes of which it is known have this array.
const imp_dataset_field imp_drivers_field = {
    "infos/drivers",
    IMP_FIELD_BYTE,
    offsetof(imp_episode, drivers),
    false,
    0,
    "0 expert, 1 policy, 2 person",
    "step",
    "who drove",
};

// Only episodes in which commands were given have this array.
const imp_dataset_field imp_commands_field = {
    "infos/commands",
    IMP_FIELD_BYTE,
    offsetof(imp_episode, commands),
    false,
    0,
    "0 none, 1 left, 2 straight, 3 right",
    "step",
    "navigation command: the way to take at the next intersection",
};

// Rows are steps, plus one if the array also describes the final state.
int imp_dataset_field_shape(const imp_dataset_field *field, const imp_dataset_info *info, int steps,
                            hsize_t shape[4])
{
    // -1 columns: an image of the dataset's size
    shape[0] = (hsize_t)steps + (field->has_final_row ? 1 : 0);
    if (field->columns == 0)
        return 1;
    if (field->columns > 0) {
        shape[1] = (hsize_t)field->columns;
        return 2;
    }
    shape[1] = (hsize_t)info->height;
    shape[2] = (hsize_t)info->width;
    shape[3] = 3;
    return 4;
}

// Bytes and flags take one byte.
size_t imp_dataset_type_size(imp_dataset_field_type type)
{
    return type == IMP_FIELD_FLOAT ? 4 : type == IMP_FIELD_DOUBLE ? 8 : 1;
}

uint64_t imp_dataset_field_bytes(const imp_dataset_field *field, const imp_dataset_info *info,
                                 int steps)
{
    // for the limits of shards and for hashes
    hsize_t shape[4];
    const int rank = imp_dataset_field_shape(field, info, steps, shape);
    uint64_t bytes = imp_dataset_type_size(field->type);
    for (int axis = 0; axis < rank; axis++)
        bytes *= shape[axis];
    return bytes;
}

// h5py reads an enumeration of FALSE and TRUE as bool.
static hid_t create_hdf5_bool_type(hid_t base)
{
    const hid_t type = H5Tenum_create(base);
    const int8_t off = 0, on = 1;
    H5Tenum_insert(type, "FALSE", &off);
    H5Tenum_insert(type, "TRUE", &on);
    return type;
}

// Types on disk are little-endian on all machines.
hid_t imp_dataset_field_disk_type(imp_dataset_field_type type)
{
    switch (type) {
    // flags: an enumeration of one byte
    case IMP_FIELD_FLAG:
        return create_hdf5_bool_type(H5T_STD_I8LE);
    case IMP_FIELD_FLOAT:
        return H5Tcopy(H5T_IEEE_F32LE);
    case IMP_FIELD_DOUBLE:
        return H5Tcopy(H5T_IEEE_F64LE);
    case IMP_FIELD_BYTE:
        break;
    }
    return H5Tcopy(H5T_STD_U8LE);
}

hid_t imp_dataset_field_memory_type(imp_dataset_field_type type)
{
    // the same types in this machine's byte order
    switch (type) {
    case IMP_FIELD_FLAG:
        return create_hdf5_bool_type(H5T_NATIVE_INT8);
    case IMP_FIELD_FLOAT:
        return H5Tcopy(H5T_NATIVE_FLOAT);
    case IMP_FIELD_DOUBLE:
        return H5Tcopy(H5T_NATIVE_DOUBLE);
    case IMP_FIELD_BYTE:
        break;
    }
    return H5Tcopy(H5T_NATIVE_UINT8);
}

// The pointer is copied with memcpy(), because the members have different types.
const void *imp_dataset_field_get_array(const imp_dataset_field *field, const imp_episode *episode)
{
    const void *data;
    memcpy(&data, (const char *)episode + field->member, sizeof data);
    return data;
}

void imp_dataset_field_set_array(const imp_dataset_field *field, imp_episode *episode,
                                 const void *data)
{
    memcpy((char *)episode + field->member, &data, sizeof data);
}

imp_status imp_dataset_file_path(char out[PATH_MAX], const char *folder, const char *name,
                                 imp_error *err)
{
    const int length = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    // Leave room for the suffix of a temporary name.
    if (length < 0 || length >= PATH_MAX - 8)
        return imp_fail(err, IMP_IO, "%.200s...: path too long", folder);
    return IMP_OK;
}

// Names are part of the format: five digits for shards.
void imp_dataset_shard_name(char out[32], int shard)
{
    snprintf(out, 32, "shard-%05d.hdf5", shard);
}

void imp_dataset_episode_name(char out[32], int episode)
{
    snprintf(out, 32, "episode_%d", episode);
}

// Files of older releases have no such attribute: they hold images.
static const char *observation_kind_with_default(const imp_dataset_info *info)
{
    return info->observation[0] != '\0' ? info->observation : "pictures";
}

// Writes all attributes; "robot" and "definition" only if there is one.
bool imp_dataset_info_write(hid_t file, const imp_dataset_info *info)
{
    // IMP_DATASET_FORMAT tells readers whether they understand the file
    return imp_hdf5_write_text(file, "format", IMP_DATASET_FORMAT) &&
           imp_hdf5_write_text(file, "imprint_version", imp_version()) &&
           imp_hdf5_write_int(file, "width", info->width) &&
           imp_hdf5_write_int(file, "height", info->height) &&
           imp_hdf5_write_double(file, "time_step", info->time_step) &&
           imp_hdf5_write_text(file, "map", info->map) &&
           imp_hdf5_write_text(file, "lens", info->lens) &&
           imp_hdf5_write_text(file, "policy", info->policy) &&
           imp_hdf5_write_text(file, "observation", observation_kind_with_default(info)) &&
           imp_hdf5_write_text(file, "settings", info->settings) &&
           (!info->compressed || imp_hdf5_write_text(file, "compression", "deflate")) &&
           (info->robot[0] == '\0' || imp_hdf5_write_text(file, "robot", info->robot)) &&
           (info->shares == 0 ||
            (imp_hdf5_write_int(file, "share", info->share) &&
             imp_hdf5_write_int(file, "shares", info->shares) &&
             imp_hdf5_write_int(file, "whole_episodes", info->whole_episodes))) &&
           (info->definition[0] == '\0' ||
            imp_hdf5_write_text(file, "definition", info->definition));
}

// Reads which part of a dataset it is; it is none unless all three attributes say so.
static void read_dataset_part(hid_t file, imp_dataset_info *info)
{
    int64_t share, shares, whole;
    if (!imp_hdf5_read_int(file, "shares", 1, INT_MAX, &shares) ||
        !imp_hdf5_read_int(file, "share", 1, shares, &share) ||
        !imp_hdf5_read_int(file, "whole_episodes", 1, INT_MAX, &whole))
        return;
    info->share = (int)share;
    info->shares = (int)shares;
    info->whole_episodes = (int)whole;
}

// Reads the attributes in order; the first that is missing or out of range is reported.
imp_status imp_dataset_info_read(hid_t file, const char *path, imp_dataset_info *info,
                                 imp_error *err)
{
    char format[64];
    // distinguish a damaged file from one without the attribute
    if (H5Aexists(file, "format") < 0)
        return imp_hdf5_fail(err, IMP_BAD_INPUT, path, "is damaged");
    if (!imp_hdf5_read_text(file, "format", format, sizeof format))
        return imp_fail(err, IMP_BAD_INPUT, "%s: is HDF5, but not a dataset of imprint", path);
    // format first: it decides what the other attributes mean
    if (strcmp(format, IMP_DATASET_FORMAT) != 0)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: unknown format %s, expected is " IMP_DATASET_FORMAT, path, format);
    imp_dataset_info found = {0};
    int64_t width, height;
    const char *missing = NULL;
    // an empty image or time step would cause divisions by zero
    if (!imp_hdf5_read_int(file, "width", 1, IMP_MAX_IMAGE_SIDE, &width))
        missing = "width";
    else if (!imp_hdf5_read_int(file, "height", 1, IMP_MAX_IMAGE_SIDE, &height))
        missing = "height";
    else if (!imp_hdf5_read_double(file, "time_step", &found.time_step) || !(found.time_step > 0) ||
             !isfinite(found.time_step))
        missing = "time_step";
    else if (!imp_hdf5_read_text(file, "map", found.map, sizeof found.map))
        missing = "map";
    else if (!imp_hdf5_read_text(file, "lens", found.lens, sizeof found.lens))
        missing = "lens";
    else if (!imp_hdf5_read_text(file, "policy", found.policy, sizeof found.policy))
        missing = "policy";
    else if (!imp_hdf5_read_text(file, "settings", found.settings, sizeof found.settings))
        missing = "settings";
    // attributes that older releases did not write have defaults
    if (missing != NULL)
        return imp_fail(err, IMP_BAD_INPUT, "%s: attribute %s is missing or wrong", path, missing);
    if (!imp_hdf5_read_text(file, "observation", found.observation, sizeof found.observation))
        snprintf(found.observation, sizeof found.observation, "%s",
                 observation_kind_with_default(&found));
    if (!imp_hdf5_read_text(file, "definition", found.definition, sizeof found.definition))
        found.definition[0] = '\0';
    char compression[16];
    found.compressed = imp_hdf5_read_text(file, "compression", compression, sizeof compression) &&
                       strcmp(compression, "deflate") == 0;
    if (!imp_hdf5_read_text(file, "robot", found.robot, sizeof found.robot))
        found.robot[0] = '\0';
    read_dataset_part(file, &found);
    // written only on success
    found.width = (int)width;
    found.height = (int)height;
    *info = found;
    return IMP_OK;
}

// What part of which dataset something is, in words.
static void format_dataset_part(char out[96], const imp_dataset_info *info)
{
    if (info->shares == 0)
        snprintf(out, 96, "a whole dataset");
    else
        snprintf(out, 96, "part %d of %d of %s", info->share, info->shares,
                 IMP_PLURAL(info->whole_episodes, "episode"));
}

// A part is continued as the same part of as many episodes.
static imp_status check_same_dataset_part(const imp_dataset_info *stored,
                                          const imp_dataset_info *wanted, const char *folder,
                                          imp_error *err)
{
    char is[96], should[96];
    if (stored->share == wanted->share && stored->shares == wanted->shares &&
        stored->whole_episodes == wanted->whole_episodes)
        return IMP_OK;
    format_dataset_part(is, stored);
    format_dataset_part(should, wanted);
    return imp_fail(err, IMP_USAGE, "%s: is %s, not %s: resume it as what it is", folder, is,
                    should);
}

// Compares sizes, texts, settings and definition, and names the first difference.
imp_status imp_dataset_info_compare(const imp_dataset_info *stored, const imp_dataset_info *wanted,
                                    const char *folder, imp_error *err)
{
    if (stored->width != wanted->width || stored->height != wanted->height)
        return imp_fail(err, IMP_USAGE, "%s: holds images of %d x %d, not %d x %d", folder,
                        stored->width, stored->height, wanted->width, wanted->height);
    if (stored->time_step != wanted->time_step)
        return imp_fail(err, IMP_USAGE, "%s: has a time step of %g s, not %g s", folder,
                        stored->time_step, wanted->time_step);
    if (stored->compressed != wanted->compressed)
        return imp_fail(err, IMP_USAGE, "%s: holds its observations %s", folder,
                        stored->compressed ? "compressed" : "as they are, not compressed");
    // names and kinds are compared as text
    const struct {
        const char *name, *stored, *wanted;
    } texts[] = {{"map", stored->map, wanted->map},
                 {"lens", stored->lens, wanted->lens},
                 {"policy", stored->policy, wanted->policy},
                 {"observation", observation_kind_with_default(stored),
                  observation_kind_with_default(wanted)}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].stored, texts[i].wanted) != 0)
            return imp_fail(err, IMP_USAGE, "%s: has %s %s, not %s", folder, texts[i].name,
                            texts[i].stored, texts[i].wanted);
    IMP_TRY(check_same_dataset_part(stored, wanted, folder, err));
    // settings can only be compared if the dataset recorded them
    if (stored->definition[0] == '\0' && wanted->definition[0] != '\0')
        return imp_fail(
            err, IMP_USAGE,
            "%s: was started by an earlier version of imprint, which did not "
            "record everything its episodes depend on: it can be read, but not continued",
            folder);
    // settings: what the user wrote; definition: everything that follows from it
    if (strcmp(stored->settings, wanted->settings) != 0)
        return imp_fail(err, IMP_USAGE,
                        "%s: was started with other settings, see its attribute \"settings\": "
                        "resume with those",
                        folder);
    if (strcmp(stored->definition, wanted->definition) != 0)
        return imp_add_hint(
            err, IMP_HINT_START_OVER,
            imp_fail(err, IMP_USAGE,
                     "%s: was started with other settings than these, in a definition or in a "
                     "file that they name: resume with the same",
                     folder));
    return IMP_OK;
}

// The first finding is described, all are counted.
static void count_finding_and_keep_first(int64_t *findings, char first[120], const char *path,
                                         int64_t row, const char *what)
{
    if ((*findings)++ == 0)
        snprintf(first, 120, "%s: step %lld %s", path, (long long)row, what);
}

// may_be_unknown: both duty cycles of a step may be NaN.
static void check_duty_cycles(int64_t *findings, char first[120], const char *path,
                              const float *duty, int64_t count, bool may_be_unknown)
{
    // Duty cycles beyond 1 cannot have been executed.
    for (int64_t i = 0; i < count; i++) {
        const bool unknown = may_be_unknown && isnan(duty[i]) && isnan(duty[i ^ 1]);
        if (!unknown && !(fabsf(duty[i]) <= 1))
            count_finding_and_keep_first(findings, first, path, i / 2, "is not in [-1, 1]");
    }
}

// Numbers of drivers that later versions may add are not known here.
static void check_drivers(int64_t *findings, char first[120], const imp_episode *episode)
{
    for (int i = 0; i < episode->steps && episode->drivers != NULL; i++)
        if (imp_driver_name(episode->drivers[i]) == NULL)
            count_finding_and_keep_first(findings, first, imp_drivers_field.path, i,
                                         "names no driver");
}

// Numbers of commands that later versions may add are not known here.
static void check_navigation_commands(int64_t *findings, char first[120],
                                      const imp_episode *episode)
{
    for (int i = 0; i < episode->steps && episode->commands != NULL; i++)
        if (imp_navigation_command_name(episode->commands[i]) == NULL)
            count_finding_and_keep_first(findings, first, imp_commands_field.path, i,
                                         "names no command");
}

// Only the last step may end an episode.
static void check_end_flags(int64_t *findings, char first[120], const char *path,
                            const uint8_t *flags, int64_t count)
{
    // NaN and infinity
    for (int64_t i = 0; i < count; i++) {
        if (flags[i] > 1)
            count_finding_and_keep_first(findings, first, path, i, "is neither 0 nor 1");
        else if (flags[i] == 1 && i + 1 < count)
            count_finding_and_keep_first(findings, first, path, i,
                                         "ends the episode, but more steps follow");
    }
}

// A value must be finite, or NaN if the whole array is unknown.
static void check_finite_or_unknown(int64_t *findings, char first[120], const char *path,
                                    double number, bool unknown, int64_t row)
{
    if (unknown ? !isnan(number) : !isfinite(number))
        count_finding_and_keep_first(findings, first, path, row,
                                     unknown ? "is known, others are not" : "is not finite");
}

// Checks every value of an episode; the first value of an array tells whether it is known.
int64_t imp_episode_check(const imp_episode *episode, char first[120])
{
    int64_t findings = 0;
    const int64_t steps = episode->steps;
    // both kinds of actions
    check_duty_cycles(&findings, first, "actions", episode->actions, 2 * steps, false);
    check_duty_cycles(&findings, first, "infos/expert_actions", episode->expert_actions, 2 * steps,
                      episode->drivers != NULL);
    check_drivers(&findings, first, episode);
    check_navigation_commands(&findings, first, episode);
    // rewards are known for all steps or for none
    for (int64_t i = 0; i < steps; i++)
        check_finite_or_unknown(&findings, first, "rewards", episode->rewards[i],
                                isnan(episode->rewards[0]), i);
    check_end_flags(&findings, first, "terminations", episode->terminations, steps);
    check_end_flags(&findings, first, "truncations", episode->truncations, steps);
    // the same for poses
    for (int64_t i = 0; i < 3 * (steps + 1); i++)
        check_finite_or_unknown(&findings, first, "infos/poses", episode->poses[i],
                                isnan(episode->poses[0]), i / 3);
    // off lanes, both lane values are NaN
    for (int64_t i = 0; i <= steps; i++) {
        const double distance = episode->lane[2 * i], angle = episode->lane[2 * i + 1];
        const bool off = isnan(distance) && isnan(angle);
        if (!off && !(isfinite(distance) && isfinite(angle)))
            count_finding_and_keep_first(&findings, first, "infos/lane", i,
                                         "is neither a position nor NaN");
    }
    return findings;
}
