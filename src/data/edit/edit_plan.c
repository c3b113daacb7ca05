// Plans of new datasets: opens the sources, says whether they fit, and lists pieces of episodes.
// Episodes that occur twice are found by their stored hashes.
#include "data/edit/edit_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/common/try.h"
#include "base/text/plural.h"

// The kind of observations; datasets of earlier versions do not say it.
static const char *observation_kind(const imp_dataset_info *info)
{
    return info->observation[0] != '\0' ? info->observation : "pictures";
}

// Fails unless two datasets have the same kind of images and steps.
static imp_status check_same_images_and_steps(const imp_edit_plan *plan, int source, imp_error *err)
{
    const imp_dataset_info *a = imp_dataset_get_info(plan->sources[0]);
    const imp_dataset_info *b = imp_dataset_get_info(plan->sources[source]);
    const char *first = plan->paths[0], *other = plan->paths[source];
    // one tensor of images needs one size, one kind and one camera
    if (a->width != b->width || a->height != b->height)
        return imp_fail(err, IMP_USAGE,
                        "%s has images of %dx%d, %s of %dx%d: record or import one of them again "
                        "with images of %dx%d",
                        first, a->width, a->height, other, b->width, b->height, a->width,
                        a->height);
    if (strcmp(observation_kind(a), observation_kind(b)) != 0)
        return imp_fail(err, IMP_USAGE,
                        "%s has %s as observations, %s has %s: these cannot be one dataset", first,
                        observation_kind(a), other, observation_kind(b));
    if (strcmp(a->lens, b->lens) != 0)
        return imp_fail(err, IMP_USAGE,
                        "%s was seen through the lens %s, %s through %s: record one of them again "
                        "with the same lens",
                        first, a->lens, other, b->lens);
    if (strcmp(a->robot, b->robot) != 0)
        return imp_fail(err, IMP_USAGE,
                        "%s and %s were made with different robots, as their attribute \"robot\" "
                        "says: record one of them again with the same robot",
                        first, other);
    // an action means what it does in one time step
    if (a->time_step != b->time_step)
        return imp_fail(err, IMP_USAGE,
                        "an action of %s lasts %g s, of %s %g s: record one of them again with the "
                        "same frame skip and time step",
                        first, a->time_step, other, b->time_step);
    return IMP_OK;
}

// A lens of the user's own has no name that says which; the settings hold the hash of its file.
static imp_status check_calibration(const imp_edit_plan *plan, int source, imp_error *err)
{
    const imp_dataset_info *a = imp_dataset_get_info(plan->sources[0]);
    const imp_dataset_info *b = imp_dataset_get_info(plan->sources[source]);
    if (strcmp(a->lens, "calibrated") != 0)
        return IMP_OK;
    json_t *one = json_loads(a->settings, 0, NULL), *two = json_loads(b->settings, 0, NULL);
    const json_t *lens = json_object_get(one, "lens"), *other = json_object_get(two, "lens");
    const bool same = lens == NULL || other == NULL || json_equal(lens, other);
    json_decref(one);
    json_decref(two);
    return same ? IMP_OK
                : imp_fail(err, IMP_USAGE,
                           "%s and %s were seen through lenses with different calibrations: record "
                           "one of them again with the same calibration",
                           plan->paths[0], plan->paths[source]);
}

// An episode of a source, by its hash.
typedef struct known_episode {
    uint64_t hash;
    int source, episode;
} known_episode;

static int compare_episode_hashes(const void *a, const void *b)
{
    const known_episode *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->source != y->source ? x->source - y->source : x->episode - y->episode;
}

// Fails if two sources hold the same episode. A source may repeat its own.
static imp_status check_no_common_episodes(const imp_edit_plan *plan, imp_error *err)
{
    // sorted by hash, equal episodes are neighbours
    size_t count = 0;
    for (int s = 0; s < plan->source_count; s++)
        count += (size_t)imp_dataset_episode_count(plan->sources[s]);
    known_episode *known = calloc(count + 1, sizeof *known);
    if (known == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL((int64_t)count, "episode"));
    count = 0;
    for (int s = 0; s < plan->source_count; s++)
        for (int e = 0; e < imp_dataset_episode_count(plan->sources[s]); e++)
            known[count++] =
                (known_episode){imp_dataset_episode_stored_hash(plan->sources[s], e), s, e};
    qsort(known, count, sizeof *known, compare_episode_hashes);
    imp_status status = IMP_OK;
    for (size_t k = 1; k < count && status == IMP_OK; k++) {
        const known_episode *a = &known[k - 1], *b = &known[k];
        if (a->hash == b->hash && a->source != b->source)
            status =
                imp_fail(err, IMP_USAGE,
                         "episode %d of %s is episode %d of %s: give each dataset once, or "
                         "leave that episode out of one of them first",
                         b->episode, plan->paths[b->source], a->episode, plan->paths[a->source]);
    }
    free(known);
    return status;
}

// Replaces a text by "several" if another source has another one.
static void set_several_if_names_differ(char *name, size_t capacity, const char *other)
{
    if (strcmp(name, other) != 0)
        snprintf(name, capacity, "several");
}

// Removes the members of an object that another does not have with the same value.
static void keep_common_members(json_t *object, const json_t *other)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, key, value)
    {
        if (!json_equal(value, json_object_get(other, key)))
            json_object_del(object, key);
    }
}

// Keeps the settings that all sources share, so that those who read one of them read what is true.
// Where memory is short none is kept, which is true as well.
static void keep_common_settings(imp_dataset_info *info, const imp_edit_plan *plan)
{
    json_t *common = json_loads(info->settings, 0, NULL);
    for (int s = 1; s < plan->source_count; s++) {
        json_t *other = json_loads(imp_dataset_get_info(plan->sources[s])->settings, 0, NULL);
        keep_common_members(common, other);
        json_decref(other);
    }
    char *text = common == NULL ? NULL : json_dumps(common, JSON_COMPACT | JSON_PRESERVE_ORDER);
    snprintf(info->settings, sizeof info->settings, "%s", text != NULL ? text : "{}");
    free(text);
    json_decref(common);
}

// The attributes of a dataset that holds episodes of all sources.
static void merge_dataset_info(imp_edit_plan *plan)
{
    bool differ = false;
    plan->info = *imp_dataset_get_info(plan->sources[0]);
    plan->info.share = plan->info.shares = plan->info.whole_episodes = 0;
    for (int s = 1; s < plan->source_count; s++) {
        const imp_dataset_info *other = imp_dataset_get_info(plan->sources[s]);
        set_several_if_names_differ(plan->info.map, sizeof plan->info.map, other->map);
        set_several_if_names_differ(plan->info.policy, sizeof plan->info.policy, other->policy);
        differ = differ || strcmp(plan->info.settings, other->settings) != 0;
    }
    if (differ)
        keep_common_settings(&plan->info, plan);
}

imp_status imp_edit_plan_open(imp_edit_plan *plan, const char *const *paths, int count,
                              const imp_monitor *monitor, imp_error *err)
{
    plan->paths = paths;
    plan->monitor = monitor;
    plan->sources = calloc((size_t)count, sizeof(imp_dataset *));
    if (plan->sources == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "dataset"));
    for (int s = 0; s < count; s++) {
        IMP_TRY(imp_dataset_open(&plan->sources[s], paths[s], err));
        plan->source_count++;
        if (imp_dataset_episode_count(plan->sources[s]) == 0)
            return imp_add_hint(
                err, IMP_HINT_RESUME_DATASET,
                imp_fail(err, IMP_BAD_INPUT, "%s: has no episode that is safe", paths[s]));
        IMP_TRY(check_same_images_and_steps(plan, s, err));
        IMP_TRY(check_calibration(plan, s, err));
    }
    merge_dataset_info(plan);
    return check_no_common_episodes(plan, err);
}

void imp_edit_plan_free(imp_edit_plan *plan)
{
    for (int s = 0; s < plan->source_count; s++)
        imp_dataset_close(plan->sources[s]);
    free(plan->sources);
    free(plan->pieces);
    *plan = (imp_edit_plan){0};
}

imp_status imp_edit_plan_add(imp_edit_plan *plan, const imp_edit_piece *piece, imp_error *err)
{
    if (plan->piece_count == plan->capacity) {
        const size_t capacity = plan->capacity == 0 ? 256 : 2 * plan->capacity;
        imp_edit_piece *grown = realloc(plan->pieces, capacity * sizeof *grown);
        if (grown == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for %zu pieces", capacity);
        plan->pieces = grown;
        plan->capacity = capacity;
    }
    plan->pieces[plan->piece_count++] = *piece;
    plan->total += piece->last - piece->first;
    return IMP_OK;
}

imp_status imp_edit_plan_add_source(imp_edit_plan *plan, int source, imp_error *err)
{
    const imp_dataset *dataset = plan->sources[source];
    for (int e = 0; e < imp_dataset_episode_count(dataset); e++) {
        const imp_edit_piece piece = {source, e, 0, imp_dataset_episode(dataset, e)->steps};
        IMP_TRY(imp_edit_plan_add(plan, &piece, err));
    }
    return IMP_OK;
}

void imp_edit_plan_summarize(const imp_edit_plan *plan, imp_dataset_edit_summary *summary)
{
    summary->sources = plan->source_count;
    summary->source_episodes = 0;
    summary->source_steps = 0;
    for (int s = 0; s < plan->source_count; s++) {
        summary->source_episodes += imp_dataset_episode_count(plan->sources[s]);
        summary->source_steps += imp_dataset_step_count(plan->sources[s]);
    }
    summary->episodes = (int)plan->piece_count;
    summary->steps = (int64_t)plan->total;
}

void imp_edit_plan_set_definition_hash(imp_edit_plan *plan)
{
    uint64_t hash = imp_hash_text(IMP_HASH_START, "imprint data");
    for (int s = 0; s < plan->source_count; s++) {
        const uint64_t source = imp_dataset_stored_hash(plan->sources[s]);
        hash = imp_hash_bytes(hash, &source, sizeof source);
    }
    for (size_t k = 0; k < plan->piece_count; k++)
        hash = imp_hash_bytes(hash, &plan->pieces[k], sizeof plan->pieces[k]);
    snprintf(plan->info.definition, sizeof plan->info.definition, "%016" PRIx64, hash);
}
