// Collects a dataset: episodes are driven in waves on all threads and written in the order of their
// numbers, so that files do not depend on threads. Several processes are dealt blocks of episodes
// as they ask for them, which the first process writes in their order. With hardest_of, each
// recorded episode is the hardest of a few: one that failed, or else the one in which policy and
// expert differ most. A hash of all settings that episodes follow from decides whether a folder can
// be resumed. The file order is an invariant: an interrupted dataset is a prefix of the complete
// one, so that resuming appends to it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/hash.h"
#include "base/common/share.h"
#include "base/common/try.h"
#include "base/communicator/dealing.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "learn/collection/collector.h"
#include "learn/collection/rank_episodes.h"
#include "learn/settings/settings_tables.h"

// What one call of imp_collect() works with.
typedef struct collect_job {
    imp_collector collector;
    const imp_collect_def *def;
    const char *more;    // lines that the dataset's definition has as well
    int first, episodes; // the number of the first, and how many there are to drive in all
    int wave;            // episodes that a rank drives before any is written
    int written;         // episodes that were there before
    imp_communicator *ranks;
    imp_dataset_writer *writer; // of rank 0
    imp_rollout_buffer *kept;   // (kept_blocks * wave) what rank 0 has to write, by block
    int kept_blocks;
    imp_collect_summary *summary;
} collect_job;

// Appends a rollout to the dataset and to the summary. The summary holds sums; the caller divides
// the reward by the number of episodes at the end.
static imp_status write_episode(collect_job *work, const imp_rollout_buffer *b, imp_error *err)
{
    const imp_episode record = imp_collector_episode(&work->collector, b);
    IMP_TRY(imp_dataset_writer_add(work->writer, &record, err));
    work->summary->episodes++;
    work->summary->frames += b->steps;
    work->summary->reward_mean += b->reward;
    work->summary->left_road += b->ending == IMP_END_INVALID_POSE;
    work->summary->collided += b->ending == IMP_END_COLLISION;
    return IMP_OK;
}

// How many drives there are to an episode that is recorded. An expert does not differ from itself.
// The choice needs a disagreement, which only exists where an expert labels what a network drives.
static int rollouts_per_episode(const collect_job *work)
{
    return work->collector.label_expert != NULL ? work->def->hardest_of : 1;
}

// Whether rollout a is harder than b: a failure is harder than any success. Between two of a kind,
// the one with the larger mean disagreement is. A tie is not harder, so that the lower number
// stays.
static bool is_rollout_harder_for_policy(const imp_rollout_buffer *a, const imp_rollout_buffer *b)
{
    const bool failed_a = imp_end_is_failure(a->ending);
    const bool failed_b = imp_end_is_failure(b->ending);
    return failed_a != failed_b ? failed_a : a->disagreement > b->disagreement;
}

// The hardest of some rollouts that are all whole. *chosen is its index among the rollouts in
// memory. A rollout that is not whole is an error.
static imp_status choose_hardest_rollout(const collect_job *work, int first, int count, int *chosen,
                                         imp_error *err)
{
    const imp_rollout_buffer *rollouts = work->collector.rollouts;
    // a rollout with an error ends the search, even if it would not be chosen
    *chosen = first;
    for (int k = first; k < first + count; k++) {
        const imp_error *error = &rollouts[k].error;
        if (error->status != IMP_OK)
            return imp_fail(err, error->status, "%s", error->message);
        if (is_rollout_harder_for_policy(&rollouts[k], &rollouts[*chosen]))
            *chosen = k;
    }
    return IMP_OK;
}

// Drives a wave of episodes on all threads, and writes them, or the hardest of each few, in order;
// stops at the first that is not whole.
static imp_status collect_and_write_episode_wave(collect_job *work, int first, int count,
                                                 imp_error *err)
{
    // rollout number first * few + k is a function of the episode alone, so that waves of any size
    // agree
    const int few = rollouts_per_episode(work);
    imp_collector_run_episodes(&work->collector, 0, (work->first + first) * few, count * few);
    for (int k = 0; k < count; k++) {
        int chosen;
        IMP_TRY(choose_hardest_rollout(work, k * few, few, &chosen, err));
        IMP_TRY(write_episode(work, &work->collector.rollouts[chosen], err));
    }
    return IMP_OK;
}

static imp_status collect_all_waves(collect_job *work, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int first = work->written; first < work->episodes && status == IMP_OK;
         first += work->wave) {
        // the last wave may be smaller
        const int left = work->episodes - first;
        status =
            collect_and_write_episode_wave(work, first, left < work->wave ? left : work->wave, err);
    }
    return status;
}

// The first episode of a block, and how many there are.
static int find_block(const collect_job *work, int block, int *count)
{
    const int first = work->written + block * work->wave, left = work->episodes - first;
    *count = left < work->wave ? left : work->wave;
    return first;
}

// Where rank 0 keeps a block until it is written.
static imp_rollout_buffer *kept_block(const collect_job *work, int block)
{
    return &work->kept[(size_t)(block % work->kept_blocks) * (size_t)work->wave];
}

// The rollout of episode k of a block that is recorded. *first: the error of the first that is not
// whole; it becomes that of all behind, which are not recorded.
static imp_rollout_buffer choose_rollout(const collect_job *work, int k, imp_error *first)
{
    const int few = rollouts_per_episode(work);
    int chosen = k * few;
    if (first->status == IMP_OK)
        (void)choose_hardest_rollout(work, k * few, few, &chosen, first);
    imp_rollout_buffer rollout = work->collector.rollouts[chosen];
    if (first->status != IMP_OK)
        rollout.error = *first;
    return rollout;
}

// Drives a block. Rank 0 makes copies, because it drives the next one before this one is written.
static imp_status drive_block(void *context, int block, imp_error *err)
{
    collect_job *work = context;
    imp_rollout_workers *workers = &work->collector.workers;
    const int few = rollouts_per_episode(work);
    imp_error not_whole = {0};
    int count;
    const int first = find_block(work, block, &count);
    const double blocks = (double)(work->episodes - work->written) / work->wave;
    // blocks are dealt in order: so many are done, and this rank has done its share of them
    if (block > 0)
        workers->progress.total = (double)workers->frames * blocks / block;
    imp_collector_run_episodes(&work->collector, 0, (work->first + first) * few, count * few);
    for (int k = 0; k < count && work->ranks->rank == 0; k++) {
        const imp_rollout_buffer rollout = choose_rollout(work, k, &not_whole);
        IMP_TRY(imp_rollout_copy(&kept_block(work, block)[k], &rollout, work->def, err));
    }
    return IMP_OK;
}

// Sends what this rank has driven to rank 0, which waits for all episodes of the block.
static imp_status send_block(void *context, int block, imp_error *err)
{
    const collect_job *work = context;
    imp_error not_whole = {0};
    int count;
    (void)find_block(work, block, &count);
    for (int k = 0; k < count; k++) {
        const imp_rollout_buffer rollout = choose_rollout(work, k, &not_whole);
        IMP_TRY(imp_rollout_send(work->ranks, &rollout, work->def, err));
    }
    return IMP_OK;
}

static imp_status receive_block(void *context, int block, int from, imp_error *err)
{
    const collect_job *work = context;
    int count;
    (void)find_block(work, block, &count);
    for (int k = 0; k < count; k++)
        IMP_TRY(
            imp_rollout_receive(&kept_block(work, block)[k], work->ranks, from, work->def, err));
    return IMP_OK;
}

// Writes a block; stops at the first episode that is not whole.
static imp_status write_block(void *context, int block, imp_error *err)
{
    collect_job *work = context;
    imp_rollout_buffer *kept = kept_block(work, block);
    int count;
    (void)find_block(work, block, &count);
    for (int k = 0; k < count; k++) {
        const imp_error *error = &kept[k].error;
        if (error->status != IMP_OK)
            return imp_fail(err, error->status, "%s", error->message);
        IMP_TRY(write_episode(work, &kept[k], err));
        imp_rollout_buffer_free(&kept[k]);
        kept[k] = (imp_rollout_buffer){0};
    }
    return IMP_OK;
}

// Deals the episodes to all ranks in blocks. A rank may be slower than the others by as much as
// rank 0 keeps.
static imp_status deal_all_blocks(collect_job *work, imp_error *err)
{
    const int left = work->episodes - work->written;
    work->kept_blocks = 2 * work->ranks->size + 2;
    const size_t room = (size_t)work->kept_blocks * (size_t)work->wave;
    work->kept = calloc(room, sizeof *work->kept);
    imp_status status = work->kept != NULL ? IMP_OK
                                           : imp_fail(err, IMP_NO_MEMORY,
                                                      "out of memory for episodes of all ranks");
    status = imp_communicator_agree_on_status(work->ranks, status, err);
    const imp_dealing dealing = {
        .pieces = left > 0 ? (left + work->wave - 1) / work->wave : 0,
        .ahead = work->kept_blocks,
        .context = work,
        .work = drive_block,
        .send = send_block,
        .receive = receive_block,
        .settle = write_block,
    };
    if (status == IMP_OK) {
        status = imp_deal(work->ranks, &dealing, err);
        status = imp_communicator_agree_on_status(work->ranks, status, err);
    }
    for (size_t k = 0; work->kept != NULL && k < room; k++)
        imp_rollout_buffer_free(&work->kept[k]);
    free(work->kept);
    return status;
}

// Drives and writes what is not written yet. After a failure it writes out what the writer still
// holds, so that a later call can resume behind it.
static imp_status collect_and_finish(collect_job *work, imp_error *err)
{
    imp_dataset_writer *writer = work->writer;
    const imp_status status =
        work->ranks->size > 1 ? deal_all_blocks(work, err) : collect_all_waves(work, err);
    if (writer == NULL)
        return status; // rank 0 writes
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

// Datasets keep the first name of pure pursuit, so that those of earlier versions can be continued.
static void stored_policy_identity(const imp_policy_factory *policy,
                                   char out[IMP_POLICY_IDENTITY_MAX])
{
    imp_policy_factory_identity(policy, out);
    if (strcmp(out, "pure-pursuit") == 0)
        strcpy(out, "reference");
}

// A number for all that the episodes follow from. It is a hash of a text with one setting a line. A
// resumed dataset must have the same value.
static imp_status compute_definition_hash(char out[32], const collect_job *work, imp_error *err)
{
    static const char what[] = "a dataset's definition";
    char identity[IMP_POLICY_IDENTITY_MAX];
    imp_text_stream text;
    IMP_TRY(imp_text_stream_open(&text, what, err));
    FILE *lines = text.out;
    // who drives and who labels, by contents instead of paths
    stored_policy_identity(work->collector.policy, identity);
    fprintf(lines, "driver: %s\n%s", identity, work->more);
    if (work->collector.label_expert != NULL &&
        strcmp(imp_policy_factory_name(work->collector.label_expert), "expert") != 0) {
        stored_policy_identity(work->collector.label_expert, identity);
        fprintf(lines, "labels: %s\n", identity);
    }
    imp_collector_write_segmenter(&work->collector, lines);
    // what the definition refers to, then the definition itself
    imp_settings_write_maps(lines, "maps", work->collector.workers.maps);
    imp_settings_write_assets(lines, &work->def->sim.scene);
    imp_struct_write_text(lines, "", &imp_collect_members, work->def);
    const imp_status status = imp_text_stream_close(&text, what, err);
    if (status == IMP_OK)
        snprintf(out, 32, "%016" PRIx64, imp_hash_text(IMP_HASH_START, text.bytes));
    free(text.bytes);
    return status;
}

// Creates or resumes the dataset's files. *written is the number of episodes that are there
// already.
static imp_status open_dataset_writer(imp_dataset_writer **writer, const char *folder,
                                      const collect_job *work, int *written, imp_error *err)
{
    const imp_collect_def *def = work->def;
    imp_dataset_info info = {
        .width = def->sim.camera.width,
        .height = def->sim.camera.height,
        .time_step = def->sim.env.drive.time_step * def->sim.env.frame_skip,
        .compressed = def->compress,
        .share = def->share,
        .shares = def->shares,
        .whole_episodes = def->shares > 0 ? def->episodes : 0,
    };
    // what every file of the dataset says about its episodes
    snprintf(info.map, sizeof info.map, "%s",
             imp_map_set_common_name(work->collector.workers.maps));
    snprintf(info.lens, sizeof info.lens, "%s", imp_lens_name(def->sim.camera.lens.kind));
    if (def->sim.robot != NULL)
        snprintf(info.robot, sizeof info.robot, "%s", def->sim.robot);
    stored_policy_identity(work->collector.policy, info.policy);
    if (def->policy_name != NULL)
        snprintf(info.policy, sizeof info.policy, "%s", def->policy_name);
    snprintf(info.observation, sizeof info.observation, "%s",
             imp_observation_kind_name((int)def->sim.observation));
    if ((size_t)snprintf(info.settings, sizeof info.settings, "%s", def->settings) >=
        sizeof info.settings)
        return imp_fail(err, IMP_USAGE, "settings are longer than %zu bytes", sizeof info.settings);
    // a resumed dataset must have the same definition, and no more episodes than asked for
    IMP_TRY(compute_definition_hash(info.definition, work, err));
    IMP_TRY(imp_dataset_writer_create(writer, folder, &info, def->resume, written, err));
    // episodes of other datasets are among them, so their number is not that of the next one
    if (imp_dataset_writer_origin(*writer)[0] != '\0')
        return imp_fail(err, IMP_USAGE,
                        "%s: episodes of other datasets were appended to it, so it cannot be "
                        "continued: record more in another folder, and append them",
                        folder);
    if (*written > work->episodes)
        IMP_TRY(imp_add_hint(
            err, IMP_HINT_START_OVER,
            imp_fail(err, IMP_USAGE,
                     "%s: has %s already, more than the %d that are asked for: ask for as "
                     "many or more",
                     folder, IMP_PLURAL(*written, "episode"), work->episodes)));
    return IMP_OK;
}

// Episodes to drive before any is written: enough that threads seldom wait for the last one, and no
// more memory where only one of a few is kept. Two episodes a thread suffice in the plain case, or
// what is driven in lock step. With hardest_of, eight rollouts a thread are driven, or what is
// driven in lock step, rounded up to whole episodes.
static int episodes_per_wave(const collect_job *work)
{
    const imp_rollout_workers *workers = &work->collector.workers;
    const int threads = workers->threads, few = rollouts_per_episode(work);
    const bool waits_for_itself_only = work->ranks->size > 1 && threads == 1;
    const int usual = few > 1                 ? 8
                      : waits_for_itself_only ? 1
                                              : 2,
              slots = usual > workers->batch ? usual : workers->batch;
    return 1 + (slots * threads - 1) / few;
}

// Opens the files on rank 0, and tells the others how much there is. All must have the same
// definition.
static imp_status open_dataset_on_rank_0(collect_job *work, const char *folder, imp_error *err)
{
    char definition[32];
    imp_status status = compute_definition_hash(definition, work, err);
    IMP_TRY(imp_communicator_agree_on_status(work->ranks, status, err));
    IMP_TRY(imp_communicator_check_same_text(work->ranks, definition, "the settings or their files",
                                             err));
    if (work->ranks->rank == 0)
        status = open_dataset_writer(&work->writer, folder, work, &work->written, err);
    IMP_TRY(imp_communicator_agree_on_status(work->ranks, status, err));
    int told[3] = {work->written, episodes_per_wave(work), work->episodes};
    IMP_TRY(imp_communicator_broadcast(work->ranks, told, sizeof told, err));
    work->written = told[0];
    work->wave = told[1];
    work->episodes = told[2];
    return IMP_OK;
}

// Opens the files, reserves memory for one wave of rollouts, and drives what is not written yet.
static imp_status collect_dataset(collect_job *work, const char *folder, imp_error *err)
{
    imp_status status = open_dataset_on_rank_0(work, folder, err);
    if (status == IMP_OK) {
        // progress counts steps of all rollouts, also of those that are not chosen
        const int left = work->episodes > work->written ? work->episodes - work->written : 0;
        const int few = rollouts_per_episode(work), ranks = work->ranks->size;
        work->summary->resumed = work->written;
        work->collector.workers.progress.total = (double)left * few * work->def->steps / ranks;
        // no rank should have nothing to do while another has a large block
        const int each = left > 0 ? (left + ranks - 1) / ranks : 1;
        work->wave = each < work->wave ? each : work->wave;
        status = imp_collector_alloc_buffers(&work->collector, few * work->wave, err);
        status = imp_communicator_agree_on_status(work->ranks, status, err);
    }
    if (status == IMP_OK)
        status = collect_and_finish(work, err);
    imp_dataset_writer_destroy(work->writer);
    return imp_communicator_agree_on_status(work->ranks, status, err);
}

// All episodes, or those of part `share` of `shares`.
static imp_status choose_episodes_of_part(collect_job *work, imp_error *err)
{
    const imp_collect_def *def = work->def;
    work->episodes = def->episodes;
    if (def->share == 0 && def->shares == 0)
        return IMP_OK;
    if (def->share < 1 || def->share > def->shares || def->shares > def->episodes)
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE,
                     "share %d of %d of %s: there are at most as many parts as episodes, numbered "
                     "from 1",
                     def->share, def->shares, IMP_PLURAL(def->episodes, "episode")));
    work->first = imp_share_begin(def->episodes, def->share, def->shares);
    work->episodes = imp_share_begin(def->episodes, def->share + 1, def->shares) - work->first;
    return IMP_OK;
}

// The summary is valid after a failure too, for the episodes that were written.
imp_status imp_collect_with_identity(imp_collect_summary *summary, const char *folder,
                                     const imp_collect_def *def, const char *more,
                                     const imp_monitor *monitor, imp_error *err)
{
    // wall-clock time goes to the summary only, never to files
    const double start = imp_monotonic_seconds();
    *summary = (imp_collect_summary){0};
    imp_communicator alone = imp_communicator_single_process();
    collect_job work = {.def = def,
                        .more = more,
                        .ranks = def->communicator != NULL ? def->communicator : &alone,
                        .summary = summary};
    imp_status status = imp_collector_open(&work.collector, def, monitor, err);
    if (status == IMP_OK)
        status = choose_episodes_of_part(&work, err);
    status = imp_communicator_agree_on_status(work.ranks, status, err);
    work.collector.workers.progress.task = "log";
    if (status == IMP_OK)
        status = collect_dataset(&work, folder, err);
    imp_collector_close(&work.collector);
    if (summary->episodes > 0)
        summary->reward_mean /= summary->episodes;
    summary->seconds = imp_monotonic_seconds() - start;
    return status;
}

// Adds no lines to the definition's hash; DAgger does.
imp_status imp_collect(imp_collect_summary *summary, const char *folder, const imp_collect_def *def,
                       const imp_monitor *monitor, imp_error *err)
{
    return imp_collect_with_identity(summary, folder, def, "", monitor, err);
}
