// Starts from a table: plain CSV whose header tells which column is what, so that a list that
// somebody wrote and the episodes.csv of an evaluation are read alike.
// Only the first policy of an episodes.csv counts, because all policies have the same starts there.
// Errors name the file and the line. A start is checked against its map before it is used.
#include "evaluate/evaluation/given_starts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/csv.h"
#include "base/text/csv_table.h"
#include "base/text/plural.h"

// Limit on the bytes of a table.
enum { FILE_MAX = 1 << 30 };

// The first three are numbers and required; the others are text and optional.
enum { COLUMN_X, COLUMN_Z, COLUMN_HEADING, COLUMN_MAP, COLUMN_POLICY, COLUMN_COUNT };

// Names of each column in a list of starts, and in episodes.csv.
static const char *const COLUMN_NAMES[COLUMN_COUNT][2] = {
    {"x", "start_x_m"}, {"z", "start_z_m"},   {"heading", "start_heading_rad"},
    {"map", "map"},     {"policy", "policy"},
};

// Reads a finite number; anything behind it is an error.
static imp_status read_number_field(const imp_csv_table *t, int column, double *out, imp_error *err)
{
    const char *text = imp_csv_field(t, column);
    const char *name = COLUMN_NAMES[column][0];
    char *end;
    if (*text == '\0')
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: column '%s' is empty", t->path, t->line, name);
    *out = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(*out))
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: column '%s': '%.40s' is not a number", t->path,
                        t->line, name, text);
    return IMP_OK;
}

// Reads one row: pose in m and rad, and the name of the map, if the table has that column.
static imp_status read_start_pose_row(const imp_csv_table *t, imp_episode_start *out,
                                      imp_error *err)
{
    // x, z and heading, in the order of the columns.
    double numbers[COLUMN_HEADING + 1];
    const char *map = imp_csv_strip_apostrophe(imp_csv_field(t, COLUMN_MAP));
    for (int c = 0; c <= COLUMN_HEADING; c++) {
        IMP_TRY(read_number_field(t, c, &numbers[c], err));
    }
    // A column of maps must be filled in every row; a name that does not fit cannot be a map's.
    if (t->place[COLUMN_MAP] >= 0 && *map == '\0')
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: column 'map' is empty", t->path, t->line);
    if (strlen(map) >= sizeof out->map)
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: column 'map': '%.40s...' is too long for a map",
                        t->path, t->line, map);
    *out = (imp_episode_start){
        .pose = {numbers[COLUMN_X], numbers[COLUMN_Z], numbers[COLUMN_HEADING]}, .line = t->line};
    snprintf(out->map, sizeof out->map, "%s", map);
    return IMP_OK;
}

// Reads all rows of one policy, the first one in the table.
static imp_status read_start_rows(imp_csv_table *t, imp_start_list *out, imp_error *err)
{
    // The first row decides which policy's rows are read.
    const char *policy = NULL; // whose rows count
    int capacity = 0;
    imp_status status = IMP_OK;
    while (status == IMP_OK && imp_csv_table_next(t)) {
        // Rows of further policies repeat the same starts.
        const char *whose = imp_csv_field(t, COLUMN_POLICY);
        if (policy == NULL)
            policy = whose; // stays in the text
        if (strcmp(whose, policy) != 0)
            continue;
        // The list grows by doubling.
        if (out->count == capacity) {
            capacity = 2 * capacity + 64;
            imp_episode_start *more = realloc(out->items, (size_t)capacity * sizeof *more);
            if (more == NULL)
                return imp_fail(err, IMP_NO_MEMORY, "out of memory for the starts of %s", t->path);
            out->items = more;
        }
        status = read_start_pose_row(t, &out->items[out->count], err);
        out->count += status == IMP_OK;
    }
    if (status == IMP_OK && out->count == 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: holds no start below its header", t->path);
    return status;
}

// Reads into a local list, so that the caller's is untouched after a failure.
imp_status imp_start_list_read(imp_start_list *out, const char *path, imp_error *err)
{
    static const imp_csv_columns columns = {
        COLUMN_NAMES, COLUMN_COUNT, COLUMN_HEADING + 1, "starts",
        "a table of starts begins with a line such as x,z,heading or x,z,heading,map (in m and "
        "rad)"};
    char *text;
    size_t length;
    imp_start_list starts = {0};
    IMP_TRY(imp_file_read(&text, &length, path, FILE_MAX, err));
    imp_csv_table t;
    imp_status status = imp_csv_table_init(&t, text, path, &columns, err);
    if (status == IMP_OK)
        status = read_start_rows(&t, &starts, err);
    free(text);
    if (status != IMP_OK) {
        imp_start_list_free(&starts);
        return status;
    }
    *out = starts;
    return IMP_OK;
}

void imp_start_list_free(imp_start_list *starts)
{
    if (starts == NULL)
        return;
    free(starts->items);
    *starts = (imp_start_list){0};
}

// "three.csv:2", or "start 1".
// Names a start in messages: by file and line if it has them, else by its number.
static void format_start_name(char out[256], const imp_eval_def *def, int k)
{
    if (def->starts_name != NULL && def->starts[k].line > 0)
        snprintf(out, 256, "%.200s:%d", def->starts_name, def->starts[k].line);
    else
        snprintf(out, 256, "start %d", k);
}

// Finds the map of start k among those of the evaluation. A sole map needs no name.
static imp_status find_map_of_start_pose(int *index, const imp_map_set *maps,
                                         const imp_eval_def *def, int k, imp_error *err)
{
    const char *map = def->starts[k].map;
    char name[256];
    *index = 0;
    if (*map == '\0' && maps->count == 1)
        return IMP_OK;
    for (; *map != '\0' && *index < maps->count; (*index)++)
        if (strcmp(maps->worlds[*index]->name, map) == 0)
            return IMP_OK;
    format_start_name(name, def, k);
    if (*map == '\0')
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: does not say which of the %s: add a column 'map', or let "
                        "one take part",
                        name, IMP_PLURAL(maps->count, "map"));
    return imp_add_hint(err, IMP_HINT_MAP,
                        imp_fail(err, IMP_BAD_INPUT,
                                 "%s: the map '%s' is not among those that take part", name, map));
}

imp_status imp_eval_find_start_maps(int *map_indices, const imp_map_set *maps,
                                    const imp_eval_def *def, imp_error *err)
{
    for (int k = 0; k < def->episodes; k++)
        IMP_TRY(find_map_of_start_pose(&map_indices[k], maps, def, k, err));
    return IMP_OK;
}

// Checks that the environment, reset to start k, may begin there by its own rules.
imp_status imp_eval_check_given_start(const imp_env *env, const imp_eval_def *def, int k,
                                      imp_error *err)
{
    // The pose after the reset is the given one.
    const imp_pose pose = env->pose;
    const imp_object *met = imp_env_find_collision(env, pose, 2.0 * IMP_CENTRE_FORWARD);
    const bool on_road = imp_env_is_on_road(env->world, pose, 1.0);
    char name[256];
    // The challenge ends on its own conditions; otherwise road and objects decide.
    if (env->def.rules == IMP_RULES_CHALLENGE ? imp_env_challenge_end_reason(env) == IMP_END_NONE
                                              : on_road && met == NULL)
        return IMP_OK;
    format_start_name(name, def, k);
    if (on_road && met != NULL)
        return imp_fail(err, IMP_BAD_INPUT, "%s: a robot at x %g m, z %g m on %s would stand in %s",
                        name, pose.x, pose.z, env->world->name, met->name);
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s: a robot at x %g m, z %g m, heading %g rad on %s would not stand on the "
                    "road",
                    name, pose.x, pose.z, pose.heading, env->world->name);
}
