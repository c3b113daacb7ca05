// Evaluation: every episode is driven once by the policy and once by the expert, which its progress
// is measured by. Episodes run on all threads; each thread counts histograms of its own. Whole
// numbers add up to the same in any order, so the result does not depend on the threads.
// Episodes up to `plot_episodes` store their trajectories; the others leave only their figures. The
// error of the earliest episode is reported, so that messages do not depend on timing.
#include "evaluate/evaluation/evaluate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/share.h"
#include "base/common/try.h"
#include "base/text/plural.h"
#include "evaluate/evaluation/eval_settings.h"
#include "evaluate/evaluation/evaluation_part.h"
#include "evaluate/evaluation/given_starts.h"

// What all threads share. Episodes write at their own index, workers at theirs.
typedef struct eval_job {
    imp_rollout_workers workers;
    const imp_eval_def *def;
    const imp_policy_factory *policy;
    uint64_t definition;             // a number for what the episodes follow from
    imp_evaluation *out;             // of the part that is being driven
    bool dealt;                      // parts are dealt to several processes
    imp_episode_recorder *recorders; // (slots)
    // histograms of speed and lane distance, summed up at the end
    imp_eval_counts *worker_counts; // (threads)
    struct failure {
        int episode;
        imp_error error;
    } * failures; // (threads) the first of each worker
} eval_job;

// Only episodes to be kept need memory for their trajectory.
static imp_status begin_episode(void *context, int index, int slot, imp_episode_loop_def *out,
                                imp_error *err)
{
    eval_job *work = context;
    const imp_eval_def *def = work->def;
    imp_episode_result *result = &work->out->results[index];
    const int episode = work->out->first + index;
    if (episode < def->plot_episodes)
        IMP_TRY(
            imp_episode_result_alloc(result, def->steps, def->ask_expert, def->record_drives, err));
    return imp_eval_begin_episode(out, &work->recorders[slot], &work->workers, slot, episode, def,
                                  result, &work->worker_counts[slot / work->workers.batch], err);
}

// A thread keeps its earliest failure only.
static void finish_episode(void *context, int index, int slot, const imp_error *error)
{
    eval_job *work = context;
    struct failure *failure = &work->failures[slot / work->workers.batch];
    const imp_error *unrecorded = &work->recorders[slot].drive.error;
    if (error->status == IMP_OK && unrecorded->status != IMP_OK)
        error = unrecorded;
    if (error->status != IMP_OK && (failure->error.status == IMP_OK || index < failure->episode))
        *failure = (struct failure){index, *error};
}

// The earliest failure of all threads.
static imp_status fail_with_earliest_failure(const eval_job *work, imp_error *err)
{
    const struct failure *first = NULL;
    // The smallest number of an episode wins.
    for (int k = 0; k < work->workers.threads; k++) {
        const struct failure *failure = &work->failures[k];
        if (failure->error.status != IMP_OK && (first == NULL || failure->episode < first->episode))
            first = failure;
    }
    return first == NULL ? IMP_OK : imp_fail(err, first->error.status, "%s", first->error.message);
}

// Gives workers the starts of a definition. Of a plain world it is known beforehand whether a robot
// can stand there.
static imp_status set_and_check_start_poses(imp_rollout_workers *workers, const imp_eval_def *def,
                                            imp_error *err)
{
    workers->starts = def->starts;
    workers->start_maps = calloc((size_t)def->episodes, sizeof *workers->start_maps);
    if (workers->start_maps == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(def->episodes, "start"));
    // Every start is tried in the first simulator before any episode runs.
    imp_status status = imp_eval_find_start_maps(workers->start_maps, workers->maps, def, err);
    imp_rollout_slot *self = &workers->slots[0];
    // With randomisation, objects may differ from episode to episode, so each start is checked
    // later.
    const bool randomized = imp_sim_randomization_sample(self->sim) != NULL;
    for (int k = 0; k < def->episodes && status == IMP_OK && !randomized; k++) {
        status = imp_rollout_slot_reset_sim(workers, self, (uint32_t)k, err);
        if (status == IMP_OK)
            status = imp_eval_check_given_start(self->env, def, k, err);
    }
    return status;
}

// The label expert is asked at each step; the progress expert drives from each start by itself.
imp_status imp_eval_create_workers(imp_rollout_workers *workers, const imp_policy_factory *policy,
                                   const imp_policy_factory *progress_expert, bool asks,
                                   int episodes, const imp_eval_def *def,
                                   const imp_monitor *monitor, imp_error *err)
{
    imp_rollout_workers_def workers_def = {.sim = def->sim,
                                           .steps = def->steps,
                                           .policy = policy,
                                           .label_expert = asks ? progress_expert : NULL,
                                           .progress_expert = progress_expert,
                                           .episodes = episodes,
                                           .monitor = monitor};
    workers_def.sim.observation = imp_policy_factory_observation(policy);
    const imp_status status = imp_rollout_workers_create(workers, &workers_def, err);
    return status == IMP_OK && def->starts != NULL ? set_and_check_start_poses(workers, def, err)
                                                   : status;
}

// Creates an empty histogram of equal bins from `low` to `high`.
static imp_status create_histogram(imp_histogram *out, double low, double high, int bins,
                                   imp_error *err)
{
    *out = (imp_histogram){low, high, bins, calloc((size_t)bins, sizeof *out->counts)};
    return out->counts != NULL
               ? IMP_OK
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(bins, "bin"));
}

// Names the maps, too. imp_evaluation_free() frees a partial result.
imp_status imp_evaluation_alloc(imp_evaluation *out, int episodes, const imp_map_set *maps,
                                imp_error *err)
{
    out->results = calloc((size_t)episodes, sizeof *out->results);
    out->maps = calloc((size_t)maps->count, sizeof *out->maps);
    if (out->results == NULL || out->maps == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(episodes, "episode"));
    out->episodes = episodes;
    out->map_count = maps->count;
    for (int k = 0; k < maps->count; k++)
        memcpy(out->maps[k].name, maps->worlds[k]->name, sizeof out->maps[k].name);
    IMP_TRY(create_histogram(&out->lanes, -IMP_LANE_REACH, IMP_LANE_REACH, IMP_LANE_BINS, err));
    IMP_TRY(create_histogram(&out->safe_doubts, -IMP_DOUBT_REACH, IMP_DOUBT_REACH, IMP_DOUBT_BINS,
                             err));
    IMP_TRY(create_histogram(&out->failing_doubts, -IMP_DOUBT_REACH, IMP_DOUBT_REACH,
                             IMP_DOUBT_BINS, err));
    return create_histogram(&out->speeds, 0.0, IMP_SPEED_REACH, IMP_SPEED_BINS, err);
}

// Allocates what the threads need.
static imp_status alloc_workers_memory(eval_job *work, imp_error *err)
{
    const size_t threads = (size_t)work->workers.threads;
    work->worker_counts = calloc(threads, sizeof *work->worker_counts);
    work->failures = calloc(threads, sizeof *work->failures);
    work->recorders = calloc(threads * (size_t)work->workers.batch, sizeof *work->recorders);
    if (work->worker_counts == NULL || work->failures == NULL || work->recorders == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(work->workers.threads, "thread"));
    return IMP_OK;
}

// Adds the counts of all threads, and sets the map name of each episode.
static void sum_histograms_of_workers(eval_job *work)
{
    imp_evaluation *out = work->out;
    for (int k = 0; k < work->workers.threads; k++) {
        for (int bin = 0; bin < IMP_LANE_BINS; bin++)
            out->lanes.counts[bin] += work->worker_counts[k].lanes[bin];
        for (int bin = 0; bin < IMP_SPEED_BINS; bin++)
            out->speeds.counts[bin] += work->worker_counts[k].speeds[bin];
        const imp_doubt_counts *doubts = &work->worker_counts[k].doubts;
        for (int bin = 0; bin < IMP_DOUBT_BINS; bin++) {
            out->safe_doubts.counts[bin] += doubts->safe[bin];
            out->failing_doubts.counts[bin] += doubts->failing[bin];
        }
        out->doubt.episodes += doubts->episodes;
        out->doubt.failed_episodes += doubts->failed_episodes;
    }
    // The names live in the evaluation, which does not move any more.
    for (int e = 0; e < out->episodes; e++)
        out->results[e].map = out->maps[out->results[e].map_index].name;
}

// Makes what all episodes of this process are driven with. episodes: at most, at a time.
static imp_status prepare_evaluation(eval_job *work, const imp_policy_factory *policy,
                                     const imp_policy_factory *progress_expert, int episodes,
                                     const imp_monitor *monitor, imp_error *err)
{
    const imp_eval_def *def = work->def;
    IMP_TRY(imp_eval_create_workers(&work->workers, policy, progress_expert, def->ask_expert,
                                    episodes, def, monitor, err));
    IMP_TRY(alloc_workers_memory(work, err));
    work->policy = policy;
    work->workers.progress.task = imp_policy_factory_name(policy);
    work->workers.progress.total = (double)episodes * def->steps;
    return imp_eval_definition_hash(&work->definition, def, work->workers.maps, err);
}

// Drives part `share` of `shares` of the episodes, under their numbers in the whole. The caller
// frees the result, after a failure too.
static imp_status drive_part(void *context, imp_evaluation *out, int share, int shares,
                             imp_error *err)
{
    eval_job *work = context;
    const int first = imp_share_begin(work->def->episodes, share, shares);
    const int episodes = imp_share_begin(work->def->episodes, share + 1, shares) - first;
    const size_t threads = (size_t)work->workers.threads;
    IMP_TRY(imp_evaluation_alloc(out, episodes, work->workers.maps, err));
    // parts are dealt in order: so many are done, and this process has done its share of them
    if (work->dealt && share > 1)
        work->workers.progress.total = (double)work->workers.frames * shares / (share - 1);
    out->first = first;
    out->definition = work->definition;
    work->out = out;
    memset(work->worker_counts, 0, threads * sizeof *work->worker_counts);
    memset(work->failures, 0, threads * sizeof *work->failures);
    imp_run_episodes(&work->workers, episodes,
                     &(imp_episode_task){work, begin_episode, finish_episode});
    // what the threads counted by themselves
    IMP_TRY(fail_with_earliest_failure(work, err));
    sum_histograms_of_workers(work);
    for (int e = 0; e < episodes; e++)
        if (out->results[e].drive != NULL)
            imp_drive_set_author(out->results[e].drive, work->policy);
    return IMP_OK;
}

// The expert assumes the dynamics that the evaluation was defined with, not randomised ones.
imp_status imp_eval_open_expert(imp_policy_factory **out, const imp_eval_def *def, imp_error *err)
{
    imp_expert_def expert = def->sim.expert;
    expert.assumed_drive = &def->sim.env.drive;
    return imp_policy_factory_open(out, "expert", &expert, err);
}

imp_status imp_eval_check_def(const imp_eval_def *def, imp_error *err)
{
    IMP_TRY(imp_struct_check_ranges(&imp_eval_members, def, err));
    // Each episode takes the start with its number.
    if (def->starts != NULL && def->start_count < def->episodes)
        return imp_fail(err, IMP_USAGE, "%s holds %s, too few for %s",
                        def->starts_name != NULL ? def->starts_name : "the list",
                        IMP_PLURAL(def->start_count, "start"),
                        IMP_PLURAL(def->episodes, "episode"));
    if ((def->share != 0 || def->shares != 0) &&
        (def->share < 1 || def->share > def->shares || def->shares > def->episodes))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE,
                     "share %d of %d of %s: there are at most as many parts as episodes, "
                     "numbered from 1",
                     def->share, def->shares, IMP_PLURAL(def->episodes, "episode")));
    return imp_rollout_check_length(def->steps, def->sim.env.frame_skip, err);
}

// All ranks must drive by the same policy, with the same settings.
static imp_status compare_definitions(imp_communicator *ranks, const eval_job *work, imp_error *err)
{
    char identity[IMP_POLICY_IDENTITY_MAX], text[IMP_POLICY_IDENTITY_MAX + 32];
    imp_policy_factory_identity(work->policy, identity);
    snprintf(text, sizeof text, "%s %016" PRIx64, identity, work->definition);
    return imp_communicator_check_same_text(ranks, text, "policy, settings or maps", err);
}

// Drives together with other ranks; rank 0 gets the whole. `prepared`: how preparing ended here.
static imp_status drive_with_ranks(imp_evaluation *out, eval_job *work, imp_communicator *ranks,
                                   imp_status prepared, imp_error *err)
{
    const int episodes = work->def->episodes;
    IMP_TRY(imp_communicator_agree_on_status(ranks, prepared, err));
    IMP_TRY(compare_definitions(ranks, work, err));
    imp_status status = IMP_OK;
    if (ranks->rank == 0)
        status = imp_evaluation_alloc(out, episodes, work->workers.maps, err);
    IMP_TRY(imp_communicator_agree_on_status(ranks, status, err));
    out->definition = work->definition;
    work->dealt = true;
    const imp_evaluation_parts parts = {
        .policy = work->policy,
        .def = work->def,
        .at_once = work->workers.threads * work->workers.batch,
        .drive = drive_part,
        .context = work,
    };
    return imp_evaluation_drive_parts(out, ranks, &parts, err);
}

// Drives all, or what this process has to drive of it.
static imp_status run_evaluation(imp_evaluation *out, const imp_policy_factory *policy,
                                 const imp_eval_def *def, const imp_monitor *monitor,
                                 imp_error *err)
{
    imp_communicator *ranks = def->communicator;
    const bool shared = ranks != NULL && ranks->size > 1;
    const int share = def->shares > 0 ? def->share : 1, shares = def->shares > 0 ? def->shares : 1;
    const int parts = shared ? ranks->size : shares;
    eval_job work = {.def = def};
    imp_policy_factory *progress_expert = NULL;
    imp_status status = imp_eval_open_expert(&progress_expert, def, err);
    if (status == IMP_OK)
        status = prepare_evaluation(&work, policy, progress_expert,
                                    (def->episodes + parts - 1) / parts, monitor, err);
    if (shared)
        status = drive_with_ranks(out, &work, ranks, status, err);
    else if (status == IMP_OK)
        status = drive_part(&work, out, share, shares, err);
    // other ranks have nothing
    if (status == IMP_OK && out->episodes > 0)
        status = imp_eval_compute_stats(out, err);
    imp_rollout_workers_destroy(&work.workers);
    imp_policy_factory_close(progress_expert);
    free(work.recorders);
    free(work.worker_counts);
    free(work.failures);
    return status;
}

imp_status imp_evaluate(imp_evaluation *out, const imp_policy_factory *policy,
                        const imp_eval_def *def, const imp_monitor *monitor, imp_error *err)
{
    IMP_TRY(imp_eval_check_def(def, err));
    // The clock includes the start of the workers and the expert's drives.
    const double start = imp_monotonic_seconds();
    *out = (imp_evaluation){0};
    if (def->communicator != NULL && def->communicator->size > def->episodes)
        return imp_fail(err, IMP_USAGE, "%s for %s: start at most as many processes",
                        IMP_PLURAL(def->episodes, "episode"),
                        IMP_PLURAL(def->communicator->size, "process"));
    const imp_status status = run_evaluation(out, policy, def, monitor, err);
    out->seconds = imp_monotonic_seconds() - start;
    if (status != IMP_OK)
        imp_evaluation_free(out);
    return status;
}

void imp_evaluation_free(imp_evaluation *evaluation)
{
    if (evaluation == NULL)
        return;
    for (int e = 0; e < evaluation->episodes && evaluation->results != NULL; e++)
        imp_episode_result_release(&evaluation->results[e]);
    free(evaluation->results);
    free(evaluation->maps);
    free(evaluation->lanes.counts);
    free(evaluation->speeds.counts);
    free(evaluation->safe_doubts.counts);
    free(evaluation->failing_doubts.counts);
    *evaluation = (imp_evaluation){0};
}
