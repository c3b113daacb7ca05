// Puts the parts of a dataset together again, into the bytes that one process would have written.
// All parts are looked at first: none is missing, twice there, unfinished or of another dataset.
// Then they are copied in the order of their numbers, and only one is open at a time. So memory
// grows neither with the parts nor with their episodes, but for a few bytes a part.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/common/share.h"
#include "base/common/try.h"
#include "base/text/plural.h"
#include "data/dataset/dataset_format.h"
#include "data/dataset/partial_dataset.h"
#include "imprint/dataset_edit.h"

typedef struct share_join {
    const char *const *paths; // (count) in the order in which they were given
    int count;
    int *order;            // (count) the place in paths of each part; -1: not found yet
    imp_dataset_info info; // of the first path, then of the whole
    const imp_monitor *monitor;
    double done, total; // steps
} share_join;

// The name of the first setting in which two texts differ.
static void find_different_setting(char out[64], const char *one, const char *other)
{
    json_t *a = json_loads(one, 0, NULL), *b = json_loads(other, 0, NULL);
    const char *key;
    json_t *value;
    out[0] = '\0';
    json_object_foreach(a, key, value)
    {
        if (out[0] == '\0' && !json_equal(value, json_object_get(b, key)))
            snprintf(out, 64, "%s", key);
    }
    json_object_foreach(b, key, value)
    {
        if (out[0] == '\0' && json_object_get(a, key) == NULL)
            snprintf(out, 64, "%s", key);
    }
    json_decref(a);
    json_decref(b);
}

static imp_status fail_not_a_part(const char *path, imp_error *err)
{
    return imp_fail(err, IMP_USAGE,
                    "%s: is a whole dataset, not a part of one: whole datasets are joined by "
                    "imprint data merge",
                    path);
}

// Fails unless a dataset is a part of the same whole as the first one.
static imp_status check_part_of_same_dataset(const share_join *join, const char *path,
                                             const imp_dataset_info *info, imp_error *err)
{
    const imp_dataset_info *first = &join->info;
    char setting[64];
    if (info->shares == 0)
        return fail_not_a_part(path, err);
    if (info->shares != first->shares || info->whole_episodes != first->whole_episodes)
        return imp_fail(err, IMP_USAGE,
                        "%s is one of %s of %s, %s one of %d of %d: give the parts of one dataset",
                        join->paths[0], IMP_PLURAL(first->shares, "part"),
                        IMP_PLURAL(first->whole_episodes, "episode"), path, info->shares,
                        info->whole_episodes);
    // settings first, since their difference can be named
    if (strcmp(info->settings, first->settings) != 0) {
        find_different_setting(setting, first->settings, info->settings);
        return imp_fail(err, IMP_USAGE,
                        "%s and %s are not parts of one dataset: they have different settings%s%s: "
                        "record one of them again",
                        join->paths[0], path, setting[0] != '\0' ? ", such as " : "", setting);
    }
    // the same settings can stand for different files, such as models
    if (info->width != first->width || info->height != first->height ||
        info->time_step != first->time_step || info->compressed != first->compressed ||
        strcmp(info->map, first->map) != 0 || strcmp(info->lens, first->lens) != 0 ||
        strcmp(info->policy, first->policy) != 0 || strcmp(info->robot, first->robot) != 0 ||
        strcmp(info->observation, first->observation) != 0 ||
        strcmp(info->definition, first->definition) != 0)
        return imp_fail(err, IMP_USAGE,
                        "%s and %s are not parts of one dataset: a file that their settings name "
                        "was not the same: record one of them again",
                        join->paths[0], path);
    return IMP_OK;
}

// Notes the place of a part, and checks that it has all of its episodes.
static imp_status check_part_and_store_position(share_join *join, int at,
                                                const imp_dataset *dataset, imp_error *err)
{
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    const char *path = join->paths[at];
    const int episodes = imp_dataset_episode_count(dataset);
    if (!imp_dataset_is_finished(dataset))
        return imp_add_hint(err, IMP_HINT_RESUME_DATASET,
                            imp_fail(err, IMP_USAGE, "%s: is not finished", path));
    IMP_TRY(check_part_of_same_dataset(join, path, info, err));
    const int wanted = imp_share_begin(info->whole_episodes, info->share + 1, info->shares) -
                       imp_share_begin(info->whole_episodes, info->share, info->shares);
    if (episodes != wanted)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: has %s, but part %d of %d of %d has %d: record it again", path,
                        IMP_PLURAL(episodes, "episode"), info->share, info->shares,
                        info->whole_episodes, wanted);
    int *place = &join->order[info->share - 1];
    if (*place >= 0)
        return imp_fail(err, IMP_USAGE, "%s and %s are both part %d of %d: give each part once",
                        join->paths[*place], path, info->share, info->shares);
    *place = at;
    return IMP_OK;
}

// Looks at the first part, which says how many there are.
static imp_status read_info_of_first_part(share_join *join, imp_error *err)
{
    imp_dataset *dataset;
    IMP_TRY(imp_dataset_open(&dataset, join->paths[0], err));
    join->info = *imp_dataset_get_info(dataset);
    imp_dataset_close(dataset);
    if (join->info.shares == 0)
        return fail_not_a_part(join->paths[0], err);
    join->order = calloc((size_t)join->info.shares, sizeof *join->order);
    if (join->order == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(join->info.shares, "part"));
    for (int k = 0; k < join->info.shares; k++)
        join->order[k] = -1;
    return IMP_OK;
}

// Looks at all parts, one after the other.
static imp_status check_all_parts(share_join *join, imp_dataset_edit_summary *summary,
                                  imp_error *err)
{
    IMP_TRY(read_info_of_first_part(join, err));
    for (int at = 0; at < join->count; at++) {
        imp_dataset *dataset;
        IMP_TRY(imp_dataset_open(&dataset, join->paths[at], err));
        // one dataset is open at a time, as there may be many
        const imp_status status = check_part_and_store_position(join, at, dataset, err);
        summary->sources++;
        summary->source_episodes += imp_dataset_episode_count(dataset);
        summary->source_steps += imp_dataset_step_count(dataset);
        imp_dataset_close(dataset);
        if (status != IMP_OK)
            return status;
        if (imp_monitor_should_stop(join->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted, nothing was changed");
    }
    // every part must have been among them
    for (int k = 0; k < join->info.shares; k++)
        if (join->order[k] < 0)
            return imp_fail(err, IMP_USAGE,
                            "part %d of %d is not among those given: record it, and give all",
                            k + 1, join->info.shares);
    join->total = (double)summary->source_steps;
    summary->episodes = summary->source_episodes;
    summary->steps = summary->source_steps;
    return IMP_OK;
}

// Copies the episodes of one part. What its files say must be what was written.
static imp_status copy_part(share_join *join, imp_dataset_writer *writer, const char *path,
                            const imp_dataset *dataset, imp_error *err)
{
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    const size_t image = (size_t)info->width * (size_t)info->height * 3;
    for (int e = 0; e < imp_dataset_episode_count(dataset); e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        const imp_progress progress = {
            .task = "join", .unit = "steps", .done = join->done, .total = join->total};
        imp_monitor_progress(join->monitor, &progress);
        if (imp_monitor_should_stop(join->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted, nothing was changed");
        if (imp_episode_hash(info, episode) != imp_dataset_episode_stored_hash(dataset, e))
            return imp_fail(err, IMP_BAD_INPUT, "%s: episode %d is damaged: record the part again",
                            path, e);
        IMP_TRY(imp_dataset_writer_add(writer, episode, err));
        imp_dataset_advise_readahead(dataset, episode->observations,
                                     ((size_t)episode->steps + 1) * image, IMP_READ_DONE);
        join->done += episode->steps;
    }
    return IMP_OK;
}

// Copies all parts in the order of their numbers. context: share_join.
static imp_status copy_parts(void *context, imp_dataset_writer *writer, imp_error *err)
{
    share_join *join = context;
    imp_status status = IMP_OK;
    for (int k = 0; k < join->count && status == IMP_OK; k++) {
        const char *path = join->paths[join->order[k]];
        imp_dataset *dataset;
        status = imp_dataset_open(&dataset, path, err);
        if (status != IMP_OK)
            break;
        status = copy_part(join, writer, path, dataset, err);
        imp_dataset_close(dataset);
    }
    return status == IMP_OK ? imp_dataset_writer_finish(writer, err) : status;
}

imp_status imp_dataset_join(imp_dataset_edit_summary *summary, const char *folder,
                            const char *const *parts, int count, const imp_monitor *monitor,
                            imp_error *err)
{
    share_join join = {.paths = parts, .count = count, .monitor = monitor};
    *summary = (imp_dataset_edit_summary){0};
    if (count < 1)
        return imp_fail(err, IMP_USAGE, "give the parts of a dataset");
    imp_status status = check_all_parts(&join, summary, err);
    join.info.share = join.info.shares = join.info.whole_episodes = 0;
    if (status == IMP_OK)
        status = imp_partial_dataset_write(folder, &join.info, copy_parts, &join, err);
    free(join.order);
    return status;
}
