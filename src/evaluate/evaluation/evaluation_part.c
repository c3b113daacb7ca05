// Parts of evaluations as files, and their way back to one evaluation. A part is lines of JSON:
// first what it is a part of, then an episode a line, then its histograms. Real numbers have 17
// digits, so they come back to the last bit; null is NaN. Lines are read one at a time, so that
// memory grows with the evaluation alone. docs/formats.md describes the file.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/common/hash.h"
#include "base/common/share.h"
#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "evaluate/evaluation/eval_settings.h"
#include "evaluate/evaluation/evaluate.h"
#include "evaluate/evaluation/evaluation_part.h"
#include "sim/render/assets/assets.h"

#define PART_FORMAT "imprint-evaluation-part-1"

// The plain numbers of an episode's result. An index may be -1, for none.
typedef enum number_type { WHOLE, INDEX, REAL, FLAG } number_type;
typedef struct number_field {
    const char *name;
    number_type type;
    size_t at;
} number_field;
#define FIELD(type, name)                                                                          \
    {                                                                                              \
#name, type, offsetof(imp_episode_result, name)                                            \
    }
static const number_field FIELDS[] = {
    FIELD(WHOLE, ending),
    FIELD(WHOLE, map_index),
    FIELD(WHOLE, steps),
    FIELD(WHOLE, settled),
    FIELD(WHOLE, in_lane),
    FIELD(WHOLE, worst_step),
    FIELD(REAL, reward),
    FIELD(REAL, distance),
    FIELD(REAL, speed_mean),
    FIELD(REAL, lane_distance_mean),
    FIELD(REAL, action_error),
    FIELD(REAL, net_distance),
    FIELD(REAL, expert_net_distance),
    FIELD(REAL, progress),
    FIELD(FLAG, stalled),
    FIELD(FLAG, expert_stalled),
    FIELD(WHOLE, stalled_step),
    FIELD(WHOLE, crossed),
    FIELD(WHOLE, commanded),
    FIELD(WHOLE, followed),
    FIELD(WHOLE, wrong_turns),
    FIELD(REAL, wanted_speed),
    FIELD(REAL, speed_error),
    FIELD(REAL, route_length),
    FIELD(INDEX, collided_with),
};
enum { FIELD_COUNT = sizeof FIELDS / sizeof FIELDS[0] };

imp_status imp_eval_definition_hash(uint64_t *out, const imp_eval_def *def, const imp_map_set *maps,
                                    imp_error *err)
{
    static const char what[] = "an evaluation's definition";
    imp_text_stream text;
    IMP_TRY(imp_text_stream_open(&text, what, err));
    imp_struct_write_text(text.out, "", &imp_eval_members, def);
    fprintf(text.out, "keep: %d\nrecord_drives: %d\n", def->plot_episodes, def->record_drives);
    for (int k = 0; k < maps->count; k++)
        fprintf(text.out, "map: %s %016" PRIx64 "\n", maps->worlds[k]->name,
                imp_world_text_hash(maps->worlds[k]));
    for (int k = 0; def->starts != NULL && k < def->episodes; k++)
        fprintf(text.out, "start: %s %.17g %.17g %.17g\n", def->starts[k].map,
                def->starts[k].pose.x, def->starts[k].pose.z, def->starts[k].pose.heading);
    if (def->sim.scene.assets != NULL)
        fprintf(text.out, "assets: %016" PRIx64 "\n", imp_assets_hash(def->sim.scene.assets));
    IMP_TRY(imp_text_stream_close(&text, what, err));
    *out = imp_hash_text(IMP_HASH_START, text.bytes);
    free(text.bytes);
    return IMP_OK;
}

static json_t *real_to_json(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

// What is added to objects and arrays returns 0, or -1 without memory.
static int append_reals(json_t *array, const double *values, int count)
{
    int failed = 0;
    for (int k = 0; k < count; k++)
        failed |= json_array_append_new(array, real_to_json(values[k]));
    return failed;
}

static int add_pose(json_t *line, const char *name, imp_pose pose)
{
    json_t *array = json_array();
    const int failed = append_reals(array, (double[]){pose.x, pose.z, pose.heading}, 3);
    return failed | json_object_set_new(line, name, array);
}

// Adds where the robot was, and what it did.
static int add_states(json_t *line, const imp_episode_result *r)
{
    json_t *poses = json_array(), *lanes = json_array();
    int failed = 0;
    for (int k = 0; k <= r->steps; k++)
        failed |=
            append_reals(poses, (double[]){r->poses[k].x, r->poses[k].z, r->poses[k].heading}, 3);
    for (int k = 0; k < r->steps; k++)
        failed |= append_reals(lanes, (double[]){(double)r->lane_distances[k]}, 1);
    failed |= json_object_set_new(line, "poses", poses);
    failed |= json_object_set_new(line, "lane_distances", lanes);
    if (r->actions == NULL)
        return failed;
    json_t *actions = json_array();
    for (int k = 0; k < r->steps; k++) {
        const imp_action_pair a = r->actions[k];
        failed |= append_reals(actions,
                               (double[]){(double)a.left, (double)a.right, (double)a.expert_left,
                                          (double)a.expert_right},
                               4);
    }
    return failed | json_object_set_new(line, "actions", actions);
}

// Adds the trajectory, where it is kept.
static imp_status add_trajectory(json_t *line, const imp_episode_result *r, imp_error *err)
{
    int failed = r->poses != NULL ? add_states(line, r) : 0;
    if (r->drive != NULL && failed == 0) {
        char *text;
        IMP_TRY(imp_demonstration_to_json(&text, r->drive, err));
        failed = json_object_set_new(line, "drive", json_string(text));
        free(text);
    }
    return failed == 0 ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode");
}

// Seventeen digits give the same double again. The caller looks for a write that failed.
static imp_status write_line(FILE *out, json_t *line, imp_error *err)
{
    const bool good =
        line != NULL && json_dumpf(line, out, JSON_COMPACT | JSON_REAL_PRECISION(17)) == 0;
    json_decref(line);
    fputc('\n', out);
    return good || ferror(out) != 0 ? IMP_OK
                                    : imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode");
}

// An episode's numbers; NULL without memory.
static json_t *numbers_to_json(int number, const imp_episode_result *r)
{
    json_t *line = json_pack("{s:i}", "episode", number);
    int failed = 0;
    for (int k = 0; k < FIELD_COUNT; k++) {
        const void *at = (const char *)r + FIELDS[k].at;
        failed |= json_object_set_new(line, FIELDS[k].name,
                                      FIELDS[k].type == REAL   ? real_to_json(*(const double *)at)
                                      : FIELDS[k].type != FLAG ? json_integer(*(const int *)at)
                                                               : json_boolean(*(const bool *)at));
    }
    failed |= add_pose(line, "start", r->start);
    failed |= add_pose(line, "end", r->end);
    if (failed == 0)
        return line;
    json_decref(line);
    return NULL;
}

// Numbers, and the trajectory if it was kept.
static imp_status write_episode(FILE *out, int number, const imp_episode_result *r, imp_error *err)
{
    json_t *line = numbers_to_json(number, r);
    const imp_status status = line != NULL ? add_trajectory(line, r, err) : IMP_OK;
    if (status == IMP_OK)
        return write_line(out, line, err);
    json_decref(line);
    return status;
}

// The bins that are not empty, each with its count; NULL without memory.
static json_t *histogram_to_json(const imp_histogram *histogram)
{
    json_t *array = json_array();
    int failed = 0;
    for (int k = 0; k < histogram->bins; k++)
        if (histogram->counts[k] > 0)
            failed |= json_array_append_new(
                array, json_pack("[i, I]", k, (json_int_t)histogram->counts[k]));
    if (failed == 0)
        return array;
    json_decref(array);
    return NULL;
}

imp_status imp_evaluation_write_part_to_stream(FILE *out, const imp_evaluation *evaluation,
                                               const imp_policy_factory *policy,
                                               const imp_eval_def *def, imp_error *err)
{
    char identity[IMP_POLICY_IDENTITY_MAX], definition[20];
    imp_policy_factory_identity(policy, identity);
    snprintf(definition, sizeof definition, "%016" PRIx64, evaluation->definition);
    imp_status status =
        write_line(out,
                   json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:f}", "format", PART_FORMAT,
                             "imprint_version", imp_version(), "policy", identity, "definition",
                             definition, "share", def->share, "shares", def->shares,
                             "whole_episodes", def->episodes, "seconds", evaluation->seconds),
                   err);
    for (int e = 0; e < evaluation->episodes && status == IMP_OK; e++)
        status = write_episode(out, evaluation->first + e, &evaluation->results[e], err);
    if (status == IMP_OK)
        status = write_line(out,
                            json_pack("{s:o, s:o, s:o, s:o, s:i, s:i}", "lanes",
                                      histogram_to_json(&evaluation->lanes), "speeds",
                                      histogram_to_json(&evaluation->speeds), "safe_doubts",
                                      histogram_to_json(&evaluation->safe_doubts), "failing_doubts",
                                      histogram_to_json(&evaluation->failing_doubts),
                                      "doubt_episodes", evaluation->doubt.episodes,
                                      "doubt_failed_episodes", evaluation->doubt.failed_episodes),
                            err);
    return status;
}

imp_status imp_evaluation_write_part(const imp_evaluation *evaluation,
                                     const imp_policy_factory *policy, const imp_eval_def *def,
                                     const char *path, imp_error *err)
{
    imp_atomic_file file;
    IMP_TRY(imp_atomic_file_open(&file, path, err));
    const imp_status status =
        imp_evaluation_write_part_to_stream(file.stream, evaluation, policy, def, err);
    if (status == IMP_OK)
        return imp_atomic_file_commit(&file, err);
    imp_atomic_file_discard(&file);
    return status;
}

// A part that is being read.
typedef struct part_reader {
    const char *path;
    FILE *in;
    char *text; // the present line
    size_t capacity;
    int line; // its number
} part_reader;

static void close_part_file(part_reader *reader)
{
    if (reader->in != NULL)
        fclose(reader->in);
    free(reader->text);
    *reader = (part_reader){0};
}

static imp_status fail_bad_part_file(const part_reader *reader, imp_error *err)
{
    return imp_fail(err, IMP_BAD_INPUT, "%s:%d: is not as imprint writes parts of evaluations",
                    reader->path, reader->line);
}

// Reads the next line as an object, which the caller frees.
static imp_status read_line(part_reader *reader, json_t **out, imp_error *err)
{
    reader->line++;
    const ssize_t length = getline(&reader->text, &reader->capacity, reader->in);
    *out = length > 0 ? json_loadb(reader->text, (size_t)length, 0, NULL) : NULL;
    if (json_is_object(*out))
        return IMP_OK;
    json_decref(*out);
    return fail_bad_part_file(reader, err);
}

// What the first line of a part says.
typedef struct part_header {
    char policy[IMP_POLICY_IDENTITY_MAX];
    char definition[20];
    int share, shares, whole_episodes;
    double seconds;
} part_header;

// Reads the first line, and refuses parts of another program.
static imp_status read_header(part_reader *reader, part_header *header, imp_error *err)
{
    const char *format, *version, *policy, *definition;
    json_t *line;
    IMP_TRY(read_line(reader, &line, err));
    imp_status status = IMP_OK;
    if (json_unpack(line, "{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:F}", "format", &format,
                    "imprint_version", &version, "policy", &policy, "definition", &definition,
                    "share", &header->share, "shares", &header->shares, "whole_episodes",
                    &header->whole_episodes, "seconds", &header->seconds) != 0 ||
        strcmp(format, PART_FORMAT) != 0 || header->share < 1 || header->shares < header->share ||
        header->whole_episodes < header->shares)
        status = fail_bad_part_file(reader, err);
    else if (strcmp(version, imp_version()) != 0)
        status = imp_fail(err, IMP_USAGE, "%s: was driven by imprint %s, this is %s: use the same",
                          reader->path, version, imp_version());
    if (status == IMP_OK) {
        snprintf(header->policy, sizeof header->policy, "%s", policy);
        snprintf(header->definition, sizeof header->definition, "%s", definition);
    }
    json_decref(line);
    return status;
}

static imp_status open_part(part_reader *reader, part_header *header, const char *path,
                            imp_error *err)
{
    *reader = (part_reader){.path = path, .in = fopen(path, "re")};
    if (reader->in == NULL)
        return imp_fail(err, IMP_IO, "%s: cannot be read: drive the part again", path);
    return read_header(reader, header, err);
}

static bool real_from_json(double *out, const json_t *value)
{
    *out = json_is_null(value) ? NAN : json_number_value(value);
    return json_is_null(value) || json_is_number(value);
}

// Reads an array of exactly `count` numbers.
static bool reals_from_json(double *out, const json_t *array, size_t count)
{
    bool good = json_is_array(array) && json_array_size(array) == count;
    for (size_t k = 0; k < count && good; k++)
        good = real_from_json(&out[k], json_array_get(array, k));
    return good;
}

// Reads the plain numbers of a result by a table of its members.
static bool episode_result_from_json(imp_episode_result *r, const json_t *line)
{
    bool good = true;
    for (int k = 0; k < FIELD_COUNT && good; k++) {
        void *at = (char *)r + FIELDS[k].at;
        const json_t *value = json_object_get(line, FIELDS[k].name);
        if (FIELDS[k].type == REAL)
            good = real_from_json(at, value);
        else if (FIELDS[k].type == WHOLE || FIELDS[k].type == INDEX) {
            good = json_is_integer(value) &&
                   json_integer_value(value) >= (FIELDS[k].type == INDEX ? -1 : 0) &&
                   json_integer_value(value) <= INT32_MAX;
            *(int *)at = good ? (int)json_integer_value(value) : 0;
        } else {
            good = json_is_boolean(value);
            *(bool *)at = json_is_true(value);
        }
    }
    return good;
}

// Reads the trajectory into the result's memory, for r->steps steps.
static bool trajectory_from_json(imp_episode_result *r, const json_t *line, imp_error *err)
{
    const size_t steps = (size_t)r->steps;
    double *values = calloc(4 * (steps + 1), sizeof *values);
    bool good =
        values != NULL && reals_from_json(values, json_object_get(line, "poses"), 3 * (steps + 1));
    // three numbers a pose, one a lane distance, four a pair of actions
    for (size_t k = 0; k <= steps && good; k++)
        r->poses[k] = (imp_pose){values[3 * k], values[3 * k + 1], values[3 * k + 2]};
    good = good && reals_from_json(values, json_object_get(line, "lane_distances"), steps);
    for (size_t k = 0; k < steps && good; k++)
        r->lane_distances[k] = (float)values[k];
    if (r->actions != NULL) {
        good = good && reals_from_json(values, json_object_get(line, "actions"), 4 * steps);
        for (size_t k = 0; k < steps && good; k++)
            r->actions[k] = (imp_action_pair){(float)values[4 * k], (float)values[4 * k + 1],
                                              (float)values[4 * k + 2], (float)values[4 * k + 3]};
    }
    free(values);
    // the drive is a text of its own format
    if (r->drive == NULL || !good)
        return good;
    const char *text = json_string_value(json_object_get(line, "drive"));
    return text != NULL &&
           imp_demonstration_parse(r->drive, text, strlen(text), "drive", err) == IMP_OK;
}

// Reads the line of an episode, which has its number.
static imp_status read_episode(part_reader *reader, imp_evaluation *out, int number,
                               const imp_eval_def *def, imp_error *err)
{
    imp_episode_result *r = &out->results[number];
    double start[3], end[3];
    json_t *line;
    if (number < def->plot_episodes)
        IMP_TRY(imp_episode_result_alloc(r, def->steps, def->ask_expert, def->record_drives, err));
    IMP_TRY(read_line(reader, &line, err));
    imp_error inner = {0};
    const bool good = json_integer_value(json_object_get(line, "episode")) == number &&
                      episode_result_from_json(r, line) && r->steps <= def->steps &&
                      r->map_index < out->map_count &&
                      reals_from_json(start, json_object_get(line, "start"), 3) &&
                      reals_from_json(end, json_object_get(line, "end"), 3) &&
                      (r->poses == NULL || trajectory_from_json(r, line, &inner));
    json_decref(line);
    if (!good)
        return fail_bad_part_file(reader, err);
    r->start = (imp_pose){start[0], start[1], start[2]};
    r->end = (imp_pose){end[0], end[1], end[2]};
    r->map = out->maps[r->map_index].name;
    return IMP_OK;
}

// Adds counts of a histogram, of which only bins that are not empty are listed.
static bool add_histogram(imp_histogram *histogram, const json_t *array)
{
    bool good = json_is_array(array);
    for (size_t k = 0; good && k < json_array_size(array); k++) {
        int bin = -1;
        json_int_t count = 0;
        good = json_unpack(json_array_get(array, k), "[i, I]", &bin, &count) == 0 && bin >= 0 &&
               bin < histogram->bins;
        if (good)
            histogram->counts[bin] += count;
    }
    return good;
}

// The last line: counts of all steps of a part.
static imp_status read_step_counts(part_reader *reader, imp_evaluation *out, imp_error *err)
{
    json_t *line;
    int episodes = -1, failed = -1;
    IMP_TRY(read_line(reader, &line, err));
    const bool good =
        add_histogram(&out->lanes, json_object_get(line, "lanes")) &&
        add_histogram(&out->speeds, json_object_get(line, "speeds")) &&
        add_histogram(&out->safe_doubts, json_object_get(line, "safe_doubts")) &&
        add_histogram(&out->failing_doubts, json_object_get(line, "failing_doubts")) &&
        json_unpack(line, "{s:i, s:i}", "doubt_episodes", &episodes, "doubt_failed_episodes",
                    &failed) == 0 &&
        episodes >= 0 && failed >= 0 && episodes <= out->episodes - out->doubt.episodes &&
        failed <= out->episodes - out->doubt.failed_episodes;
    json_decref(line);
    if (!good)
        return fail_bad_part_file(reader, err);
    out->doubt.episodes += episodes;
    out->doubt.failed_episodes += failed;
    return IMP_OK;
}

// A header, a line for each episode, and a line with the histograms.
imp_status imp_evaluation_read_part(imp_evaluation *out, FILE *in, const char *name,
                                    const imp_eval_def *def, imp_error *err)
{
    part_reader reader = {.path = name, .in = in};
    part_header header = {.share = 1, .shares = 1};
    imp_status status = read_header(&reader, &header, err);
    if (status == IMP_OK) {
        // a line for each episode of the part
        const int last = imp_share_begin(def->episodes, header.share + 1, header.shares);
        for (int e = imp_share_begin(def->episodes, header.share, header.shares);
             e < last && status == IMP_OK; e++)
            status = read_episode(&reader, out, e, def, err);
    }
    // then one with the counts of all its steps
    if (status == IMP_OK)
        status = read_step_counts(&reader, out, err);
    out->seconds += header.seconds;
    close_part_file(&reader);
    return status;
}

static imp_status read_part(imp_evaluation *out, const char *path, const imp_eval_def *def,
                            imp_error *err)
{
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return imp_fail(err, IMP_IO, "%s: cannot be read: drive the part again", path);
    return imp_evaluation_read_part(out, in, path, def, err);
}

// What is put together.
typedef struct part_join {
    const char *const *paths;
    int count;
    int *order; // (shares) the place in paths of each part; -1: not found yet
    int shares;
    char policy[IMP_POLICY_IDENTITY_MAX]; // who drives now
    char definition[20];                  // of the whole
} part_join;

// Checks that a part belongs to the whole, and notes its place.
static imp_status check_part_header_and_position(part_join *join, int at, const part_header *header,
                                                 const imp_eval_def *def, imp_error *err)
{
    const char *path = join->paths[at];
    // the first part says how many there are; no place is taken yet
    if (at == 0) {
        join->shares = header->shares;
        join->order = calloc((size_t)header->shares, sizeof *join->order);
        if (join->order == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                            IMP_PLURAL(header->shares, "part"));
        for (int k = 0; k < header->shares; k++)
            join->order[k] = -1;
    }
    // all parts are of one evaluation: its division, its settings, its policy
    if (header->shares != join->shares || header->whole_episodes != def->episodes)
        return imp_fail(err, IMP_USAGE,
                        "%s is one of %s of %s, %s one of %d of %d: give the parts of one "
                        "evaluation",
                        join->paths[0], IMP_PLURAL(join->shares, "part"),
                        IMP_PLURAL(def->episodes, "episode"), path, header->shares,
                        header->whole_episodes);
    if (strcmp(header->definition, join->definition) != 0)
        return imp_fail(err, IMP_USAGE,
                        "%s: was driven with other settings than those of the first part, or on "
                        "other maps: drive it again with the same",
                        path);
    if (strcmp(header->policy, join->policy) != 0)
        return imp_fail(err, IMP_USAGE,
                        "%s: was driven by %s, but the policy is %s here: drive it again with the "
                        "same",
                        path, header->policy, join->policy);
    // each place is taken once
    int *place = &join->order[header->share - 1];
    if (*place >= 0)
        return imp_fail(err, IMP_USAGE, "%s and %s are both part %d of %d: give each part once",
                        join->paths[*place], path, header->share, header->shares);
    *place = at;
    return IMP_OK;
}

// Looks at all parts, one after the other.
static imp_status check_parts(part_join *join, const imp_eval_def *def, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int at = 0; at < join->count && status == IMP_OK; at++) {
        part_reader reader;
        part_header header;
        status = open_part(&reader, &header, join->paths[at], err);
        close_part_file(&reader);
        if (status == IMP_OK)
            status = check_part_header_and_position(join, at, &header, def, err);
    }
    for (int k = 0; k < join->shares && status == IMP_OK; k++)
        if (join->order[k] < 0)
            status = imp_fail(err, IMP_USAGE,
                              "part %d of %d is not among those given: drive it, and give all",
                              k + 1, join->shares);
    return status;
}

// The maps of an evaluation, which nothing is drawn on.
static imp_status load_maps(imp_map_set *out, const imp_sim_def *sim, imp_error *err)
{
    if (sim->map_text != NULL)
        IMP_TRY(imp_map_set_parse(out, sim->map_text, sim->map_text_bytes, sim->map, NULL, err));
    else if (sim->map_count > 0)
        IMP_TRY(imp_map_set_load(out, sim->maps, sim->map_count, NULL, err));
    else
        IMP_TRY(imp_map_set_load(out, &sim->map, 1, NULL, err));
    return imp_map_set_keep_split(out, sim->split, err);
}

// Reads all headers, then all parts, and computes the statistics of the whole anew.
imp_status imp_evaluation_join_parts(imp_evaluation *out, const char *const *paths, int count,
                                     const imp_policy_factory *policy, const imp_eval_def *def,
                                     imp_error *err)
{
    part_join join = {.paths = paths, .count = count};
    imp_map_set maps = {0};
    *out = (imp_evaluation){0};
    IMP_TRY(imp_eval_check_def(def, err));
    if (count < 1)
        return imp_fail(err, IMP_USAGE, "give the parts of an evaluation");
    // what the parts must have in common: policy, settings and maps
    imp_policy_factory_identity(policy, join.policy);
    imp_status status = load_maps(&maps, &def->sim, err);
    if (status == IMP_OK)
        status = imp_eval_definition_hash(&out->definition, def, &maps, err);
    snprintf(join.definition, sizeof join.definition, "%016" PRIx64, out->definition);
    if (status == IMP_OK)
        // all headers before any row: a wrong part is found at once
        status = check_parts(&join, def, err);
    if (status == IMP_OK)
        status = imp_evaluation_alloc(out, def->episodes, &maps, err);
    // in the order of the episodes, whatever order the files were given in
    for (int k = 0; k < join.shares && status == IMP_OK; k++)
        status = read_part(out, paths[join.order[k]], def, err);
    if (status == IMP_OK)
        status = imp_eval_compute_stats(out, err);
    free(join.order);
    imp_map_set_free(&maps);
    if (status != IMP_OK)
        imp_evaluation_free(out);
    return status;
}
