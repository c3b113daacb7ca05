#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/plural.h"
#include "base/text.h"
#include "pipeline/rollout.h"
#include "pipeline/settings.h"

typedef struct job {
    imp_recorder recorder;
    const imp_collect_def *def;
    const char *more; // lines that the dataset's definition has as well
    imp_collect_summary *summary;
} job;

static imp_status write_rollout(job *work, imp_dataset_writer *writer, int index, imp_error *err)
{
    const imp_rollout *b = &work->recorder.rollouts[index];
    const imp_episode record = imp_recorder_episode(&work->recorder, index);
    imp_status status = imp_dataset_writer_add(writer, &record, err);
    if (status != IMP_OK)
        return status;
    work->summary->episodes++;
    work->summary->frames += b->steps;
    work->summary->reward_mean += b->reward;
    work->summary->left_road += b->ending == IMP_ENDING_INVALID_POSE;
    work->summary->collided += b->ending == IMP_ENDING_COLLISION;
    return IMP_OK;
}

// How many drives there are to an episode that is recorded. An expert does not differ from itself.
static int drives_to_one(const job *work)
{
    return work->recorder.teacher != NULL ? work->def->hardest_of : 1;
}

static bool is_harder(const imp_rollout *a, const imp_rollout *b)
{
    const bool failed_a = a->ending != IMP_ENDING_MAX_STEPS;
    const bool failed_b = b->ending != IMP_ENDING_MAX_STEPS;
    return failed_a != failed_b ? failed_a : a->dispute > b->dispute;
}

// The hardest of some rollouts that are all whole.
static imp_status choose(const job *work, int first, int count, int *chosen, imp_error *err)
{
    const imp_rollout *rollouts = work->recorder.rollouts;
    *chosen = first;
    for (int k = first; k < first + count; k++) {
        const imp_error *error = &rollouts[k].error;
        if (error->status != IMP_OK)
            return imp_fail(err, error->status, "%s", error->message);
        if (is_harder(&rollouts[k], &rollouts[*chosen]))
            *chosen = k;
    }
    return IMP_OK;
}

// Drives a wave of episodes on all threads and writes them, or the hardest of each few, in order;
// stops at the first that is not whole.
static imp_status drive_wave(job *work, imp_dataset_writer *writer, int first, int count,
                             imp_error *err)
{
    const int few = drives_to_one(work);
    imp_recorder_drive(&work->recorder, 0, first * few, count * few);
    for (int k = 0; k < count; k++) {
        int chosen;
        imp_status status = choose(work, k * few, few, &chosen, err);
        if (status == IMP_OK)
            status = write_rollout(work, writer, chosen, err);
        if (status != IMP_OK)
            return status;
    }
    return IMP_OK;
}

static imp_status drive_all(job *work, imp_dataset_writer *writer, int written, imp_error *err)
{
    const int episodes = work->def->episodes;
    const int wave = work->recorder.capacity / drives_to_one(work);
    imp_status status = IMP_OK;
    for (int first = written; first < episodes && status == IMP_OK; first += wave) {
        const int left = episodes - first;
        status = drive_wave(work, writer, first, left < wave ? left : wave, err);
    }
    if (status == IMP_OK)
        return imp_dataset_writer_finish(writer, err);
    // what is whole is kept, whatever stopped us; the first failure is the one to tell
    imp_error second = {0};
    imp_status flushed = imp_dataset_writer_flush(writer, &second);
    if (status == IMP_INTERRUPTED && flushed != IMP_OK)
        return imp_fail(err, flushed, "interrupted, and the last episodes are lost: %s",
                        second.message);
    return status;
}

// A number for all that the episodes follow from.
static imp_status define(char out[32], const job *work, imp_error *err)
{
    static const char what[] = "a dataset's definition";
    char identity[IMP_DRIVER_IDENTITY_MAX];
    imp_text text;
    imp_status status = imp_text_open(&text, what, err);
    if (status != IMP_OK)
        return status;
    FILE *lines = text.out;
    imp_driver_identity(work->recorder.driver, identity);
    fprintf(lines, "driver: %s\n%s", identity, work->more);
    imp_settings_write_maps(lines, "maps", &work->recorder.crew.maps);
    imp_settings_write_assets(lines, &work->def->scene);
    imp_members_write(lines, "", &imp_collect_members, work->def);
    status = imp_text_close(&text, what, err);
    if (status == IMP_OK)
        snprintf(out, 32, "%016" PRIx64, imp_hash_text(IMP_HASH_START, text.bytes));
    free(text.bytes);
    return status;
}

static imp_status open_writer(imp_dataset_writer **writer, const char *folder, const job *work,
                              int *written, imp_error *err)
{
    const imp_collect_def *def = work->def;
    imp_dataset_info info = {
        .width = def->camera.width,
        .height = def->camera.height,
        .time_step = def->env.drive.time_step * def->env.frame_skip,
    };
    snprintf(info.map, sizeof info.map, "%s", imp_map_set_name(&work->recorder.crew.maps));
    snprintf(info.lens, sizeof info.lens, "%s", imp_lens_name(def->camera.lens.kind));
    imp_driver_identity(work->recorder.driver, info.policy);
    if (def->policy_name != NULL)
        snprintf(info.policy, sizeof info.policy, "%s", def->policy_name);
    snprintf(info.observation, sizeof info.observation, "%s",
             imp_observation_word((int)def->observe));
    if ((size_t)snprintf(info.settings, sizeof info.settings, "%s", def->settings) >=
        sizeof info.settings)
        return imp_fail(err, IMP_USAGE, "settings are longer than %zu bytes", sizeof info.settings);
    imp_status status = define(info.definition, work, err);
    if (status == IMP_OK)
        status = imp_dataset_writer_create(writer, folder, &info, def->resume, written, err);
    if (status == IMP_OK && *written > def->episodes)
        status = imp_fail(err, IMP_USAGE,
                          "%s: has %s already, more than the %d that are asked for: ask for as "
                          "many or more, or start over with --force",
                          folder, IMP_COUNT(*written, "episode"), def->episodes);
    return status;
}

// Episodes to drive before any is written: enough that threads seldom wait for the last one, and no
// more memory where only one of a few is kept.
static int episodes_of_wave(const job *work)
{
    const int threads = work->recorder.crew.threads, few = drives_to_one(work);
    return few == 1 ? 2 * threads : 1 + (8 * threads - 1) / few;
}

static imp_status collect(job *work, const char *folder, imp_error *err)
{
    imp_dataset_writer *writer = NULL;
    int written = 0;
    imp_status status = open_writer(&writer, folder, work, &written, err);
    if (status == IMP_OK) {
        const int left = work->def->episodes > written ? work->def->episodes - written : 0;
        const int wave = episodes_of_wave(work), few = drives_to_one(work);
        work->summary->resumed = written;
        work->recorder.crew.progress.total = (double)left * few * work->def->steps;
        status = imp_recorder_reserve(&work->recorder, few * (left < wave ? left : wave), err);
    }
    if (status == IMP_OK)
        status = drive_all(work, writer, written, err);
    imp_dataset_writer_destroy(writer);
    return status;
}

imp_status imp_collect_more(imp_collect_summary *summary, const char *folder,
                            const imp_collect_def *def, const char *more,
                            const imp_monitor *monitor, imp_error *err)
{
    const double start = imp_clock();
    *summary = (imp_collect_summary){0};
    job work = {.def = def, .more = more, .summary = summary};
    imp_status status = imp_recorder_open(&work.recorder, def, monitor, err);
    work.recorder.crew.progress.task = "log";
    if (status == IMP_OK)
        status = collect(&work, folder, err);
    imp_recorder_close(&work.recorder);
    if (summary->episodes > 0)
        summary->reward_mean /= summary->episodes;
    summary->seconds = imp_clock() - start;
    return status;
}

imp_status imp_collect(imp_collect_summary *summary, const char *folder, const imp_collect_def *def,
                       const imp_monitor *monitor, imp_error *err)
{
    return imp_collect_more(summary, folder, def, "", monitor, err);
}
