// Writes planned datasets. Pieces of episodes are views into the mapped sources, so that nothing
// but the writer's shard is in memory; what was copied is released. The origin says what a dataset
// was made of; it has a limited size, so that details are left out until it fits.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "data/dataset/partial_dataset.h"
#include "data/edit/edit_plan.h"

// How much of its sources an origin tells.
typedef enum origin_detail {
    ORIGIN_TOTALS,   // their number
    ORIGIN_SOURCES,  // hash, map, policy and totals of each
    ORIGIN_SETTINGS, // their settings too
    ORIGIN_ORIGINS,  // and what they were made of
} origin_detail;

// The object, or NULL if something could not be put into it.
static json_t *release_object_if_failed(json_t *object, int failed)
{
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

// A source as an object; NULL without memory.
static json_t *source_to_json(const imp_edit_plan *plan, int source, origin_detail detail)
{
    const imp_dataset *dataset = plan->sources[source];
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    char hash[17];
    snprintf(hash, sizeof hash, "%016" PRIx64, imp_dataset_stored_hash(dataset));
    json_t *all = json_pack("{s:s, s:i, s:I, s:s, s:s}", "hash", hash, "episodes",
                            imp_dataset_episode_count(dataset), "steps",
                            (json_int_t)imp_dataset_step_count(dataset), "map", info->map, "policy",
                            info->policy);
    json_t *settings = json_loads(info->settings, 0, NULL);
    json_t *origin = json_loads(imp_dataset_origin(dataset), 0, NULL);
    int failed = 0;
    if (settings != NULL && detail >= ORIGIN_SETTINGS)
        failed |= json_object_set(all, "settings", settings);
    if (origin != NULL && detail >= ORIGIN_ORIGINS)
        failed |= json_object_set(all, "origin", origin);
    json_decref(settings);
    json_decref(origin);
    return release_object_if_failed(all, failed);
}

// All of them, with what was dropped; NULL without memory.
static json_t *sources_to_json(const imp_edit_plan *plan, const char *command, const int *dropped,
                               origin_detail detail)
{
    char note[200];
    imp_dataset_edit_summary summary;
    imp_edit_plan_summarize(plan, &summary);
    // an append keeps the episodes of its first source without copying them
    if (strcmp(command, "append") == 0)
        summary.episodes = summary.source_episodes;
    snprintf(note, sizeof note, "%s of %s with %s, by imprint data %s",
             IMP_PLURAL(summary.episodes, "episode"), IMP_PLURAL(summary.sources, "dataset"),
             IMP_PLURAL(summary.source_episodes, "episode"), command);
    json_t *all = json_pack("{s:s, s:[s]}", "command", command, "notes", note);
    json_t *reasons = json_object(), *sources = json_array();
    int failed = 0;
    for (int k = 0; dropped != NULL && k < IMP_DROP_REASON_COUNT; k++)
        if (dropped[k] > 0)
            failed |=
                json_object_set_new(reasons, imp_drop_reason_name(k), json_integer(dropped[k]));
    for (int s = 0; s < plan->source_count && detail > ORIGIN_TOTALS; s++)
        failed |= json_array_append_new(sources, source_to_json(plan, s, detail));
    failed |= json_object_set_new(all, "dropped", reasons);
    failed |= json_object_set_new(all, "sources", sources);
    return release_object_if_failed(all, failed);
}

imp_status imp_edit_plan_format_origin(const imp_edit_plan *plan, char out[IMP_DATASET_ORIGIN_MAX],
                                       const char *command, const int *dropped, imp_error *err)
{
    for (int detail = ORIGIN_ORIGINS; detail >= ORIGIN_TOTALS; detail--) {
        json_t *all = sources_to_json(plan, command, dropped, (origin_detail)detail);
        char *text = all != NULL ? json_dumps(all, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
        json_decref(all);
        if (text == NULL)
            break;
        const bool fits = strlen(text) < IMP_DATASET_ORIGIN_MAX;
        if (fits)
            strcpy(out, text);
        free(text);
        if (fits)
            return IMP_OK;
    }
    return imp_fail(err, IMP_NO_MEMORY, "out of memory for the origin of a dataset");
}

// A view of frames first to last of an episode. Only its last step can have ended the episode, so
// that a shorter piece ends open.
static imp_episode episode_view_of_piece(const imp_dataset_info *info, const imp_episode *episode,
                                         const imp_edit_piece *piece)
{
    const size_t first = (size_t)piece->first;
    imp_episode view = *episode;
    view.steps = piece->last - piece->first;
    view.observations += first * (size_t)info->width * (size_t)info->height * 3;
    view.actions += 2 * first;
    view.expert_actions += 2 * first;
    view.poses += 3 * first;
    view.lane += 2 * first;
    view.rewards += first;
    view.terminations += first;
    view.truncations += first;
    if (view.drivers != NULL)
        view.drivers += first;
    if (view.commands != NULL)
        view.commands += first;
    return view;
}

// Adds one piece. What its source says must be what was written.
static imp_status copy_episode_piece(imp_edit_plan *plan, imp_dataset_writer *writer,
                                     const imp_edit_piece *piece, imp_error *err)
{
    const imp_dataset *dataset = plan->sources[piece->source];
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    const imp_episode *episode = imp_dataset_episode(dataset, piece->episode);
    const size_t image = (size_t)info->width * (size_t)info->height * 3;
    if (imp_episode_hash(info, episode) != imp_dataset_episode_stored_hash(dataset, piece->episode))
        return imp_fail(err, IMP_BAD_INPUT, "%s: episode %d is damaged: leave it out",
                        plan->paths[piece->source], piece->episode);
    const imp_episode view = episode_view_of_piece(info, episode, piece);
    const imp_status status = imp_dataset_writer_add(writer, &view, err);
    imp_dataset_advise_readahead(dataset, episode->observations,
                                 ((size_t)episode->steps + 1) * image, IMP_READ_DONE);
    plan->done += view.steps;
    return status;
}

imp_status imp_edit_plan_copy_episodes(imp_edit_plan *plan, imp_dataset_writer *writer,
                                       const char *origin, imp_error *err)
{
    imp_status status = IMP_OK;
    for (size_t k = 0; k < plan->piece_count && status == IMP_OK; k++) {
        const imp_progress progress = {
            .task = "data", .unit = "steps", .done = plan->done, .total = plan->total};
        imp_monitor_progress(plan->monitor, &progress);
        if (imp_monitor_should_stop(plan->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted, nothing was changed");
        status = copy_episode_piece(plan, writer, &plan->pieces[k], err);
    }
    if (status == IMP_OK)
        status = imp_dataset_writer_set_origin(writer, origin, err);
    if (status == IMP_OK)
        status = imp_dataset_writer_finish(writer, err);
    if (status != IMP_OK)
        imp_partial_dataset_strip_resume_hint(err);
    return status;
}

// What imp_edit_plan_write() copies.
typedef struct plan_copy {
    imp_edit_plan *plan;
    const char *origin;
} plan_copy;

static imp_status copy_plan(void *context, imp_dataset_writer *writer, imp_error *err)
{
    const plan_copy *copy = context;
    return imp_edit_plan_copy_episodes(copy->plan, writer, copy->origin, err);
}

imp_status imp_edit_plan_write(imp_edit_plan *plan, const char *folder, const char *origin,
                               imp_error *err)
{
    imp_edit_plan_set_definition_hash(plan);
    return imp_partial_dataset_write(folder, &plan->info, copy_plan, &(plan_copy){plan, origin},
                                     err);
}
