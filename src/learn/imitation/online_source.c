// Samples that are driven while one trains. The buffer has a fixed number of slots, each of the
// episodes of one epoch. The expert fills all of them first; then every epoch the network in
// training drives those of the oldest slot anew. Which epoch a slot is of follows from the epoch in
// progress, and each network that drove is kept as a file: so after an interruption the same
// episodes can be driven again. It is DAgger with a sliding window of data: the buffer forgets what
// networks of long ago drove. Several processes share the episodes of a slot, and give them to each
// other, so that all have the same buffer.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/common/hash.h"
#include "base/common/share.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "learn/collection/collector.h"
#include "learn/collection/rank_episodes.h"
#include "learn/imitation/sample_sources.h"
#include "learn/settings/settings_tables.h"

// NOT_COLLECTED marks a slot that no episode has been driven into since the program started.
enum { NOT_COLLECTED = -1 };

// All buffers are allocated when the source is opened; epochs only overwrite them.
typedef struct online_source {
    imp_episode_source episodes; // first: it is the source
    const imp_online_def *def;
    imp_collector collector;
    imp_collect_def collect;
    imp_monitor quiet_monitor; // reports only while the buffer is filled first: later training does
    const imp_monitor *monitor;
    imp_communicator alone, *ranks; // that share the driving
    char folder[IMP_PATH_MAX];      // of the networks that drove
    int slot_count;
    int *slots; // (slot_count) the epoch that a slot was driven in, or NOT_COLLECTED
} online_source;

// The collector's monitor passes the question on to the monitor of the training.
static bool is_training_interrupted(void *context)
{
    return imp_monitor_should_stop(((const online_source *)context)->monitor);
}

// Reports the first filling of the buffer, which can take longer than an epoch.
static void report_buffer_progress(void *context, const imp_progress *progress)
{
    imp_monitor_progress(((const online_source *)context)->monitor, progress);
}

// A slot holds the episodes of exactly one epoch, so that the buffer must be a multiple of them.
static imp_status check_online_def(const imp_online_def *def, imp_error *err)
{
    IMP_TRY(imp_struct_check_ranges(&imp_online_members, def, err));
    if (def->replay_buffer % def->collect.episodes != 0)
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE,
                     "replay_buffer %d: must be a multiple of the %s that %s driven for an epoch",
                     def->replay_buffer, IMP_PLURAL(def->collect.episodes, "episode"),
                     def->collect.episodes == 1 ? "is" : "are"));
    return IMP_OK;
}

// Describes the samples as a dataset would, for the model's metadata and the data loader.
static void fill_dataset_info(imp_dataset_info *info, const online_source *o)
{
    const imp_collect_def *def = &o->collect;
    *info = (imp_dataset_info){.width = def->sim.camera.width,
                               .height = def->sim.camera.height,
                               .time_step = def->sim.env.drive.time_step * def->sim.env.frame_skip};
    snprintf(info->map, sizeof info->map, "%s", imp_map_set_common_name(o->collector.workers.maps));
    snprintf(info->lens, sizeof info->lens, "%s", imp_lens_name(def->sim.camera.lens.kind));
    if (def->sim.robot != NULL)
        snprintf(info->robot, sizeof info->robot, "%s", def->sim.robot);
    snprintf(info->policy, sizeof info->policy, "expert, then itself and expert");
    snprintf(info->observation, sizeof info->observation, "%s",
             imp_observation_kind_name((int)def->sim.observation));
}

// The path of the network that drove the episodes of an epoch.
static imp_status policy_file_path(char out[IMP_PATH_MAX], const online_source *o, int epoch,
                                   imp_error *err)
{
    char name[48];
    snprintf(name, sizeof name, "epoch-%06d.safetensors", epoch);
    return imp_path_join(out, o->folder, name, err);
}

// Keeps the network that is about to drive, and drops the one whose episodes have left the buffer;
// for rank 0. A slot lives for slot_count epochs. So only the last slot_count networks can be
// needed again.
static imp_status save_policy_and_drop_oldest(const online_source *o, int epoch, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_folder_create(o->folder, err);
    if (status == IMP_OK)
        status = policy_file_path(path, o, epoch, err);
    if (status == IMP_OK)
        status = imp_network_save(o->episodes.network, path, NULL, err);
    if (status == IMP_OK && epoch > o->slot_count) {
        status = policy_file_path(path, o, epoch - o->slot_count, err);
        unlink(path); // not there after a run that was cut off in between
    }
    return status;
}

// Drives this rank's episodes of those that begin at a place of the buffer, with a number, and gets
// the others' from their ranks.
static imp_status collect_episodes_with_all_ranks(online_source *o, int at, int first,
                                                  imp_status status, imp_error *err)
{
    const int count = o->collect.episodes, ranks = o->ranks->size;
    const int begin = imp_share_begin(count, o->ranks->rank + 1, ranks);
    const int end = imp_share_begin(count, o->ranks->rank + 2, ranks);
    if (status == IMP_OK)
        imp_collector_run_episodes(&o->collector, at + begin, first + begin, end - begin);
    for (int k = begin; k < end && status == IMP_OK; k++) {
        const imp_error *error = &o->collector.rollouts[at + k].error;
        if (error->status != IMP_OK)
            status = imp_fail(err, error->status, "%s", error->message);
    }
    IMP_TRY(imp_communicator_agree_on_status(o->ranks, status, err));
    for (int from = 0; from < ranks && ranks > 1; from++)
        for (int k = imp_share_begin(count, from + 1, ranks);
             k < imp_share_begin(count, from + 2, ranks); k++)
            IMP_TRY(imp_rollout_broadcast(o->ranks, from, &o->collector.rollouts[at + k],
                                          &o->collect, err));
    return IMP_OK;
}

// Drives a part of the buffer as in a given epoch. In epoch 0 the expert drives all parts.
static imp_status collect_buffer_part(online_source *o, int slot, int epoch, imp_error *err)
{
    // episode numbers count on from the first filling, so that each is of a stream of its own
    const int count = o->collect.episodes, at = slot * count;
    char policy[IMP_PATH_MAX] = "expert";
    imp_status status = epoch > 0 ? policy_file_path(policy, o, epoch, err) : IMP_OK;
    if (status == IMP_OK && (epoch > 0 || imp_policy_factory_is_network(o->collector.policy)))
        status = imp_collector_set_policy(&o->collector, policy, err);
    // epoch 0 takes numbers 0 to slot_count * count - 1, and each later epoch the next `count`
    const int first = epoch > 0 ? (o->slot_count + epoch - 1) * count : at;
    IMP_TRY(collect_episodes_with_all_ranks(o, at, first, status, err));
    o->slots[slot] = epoch;
    return IMP_OK;
}

// The last epoch up to a given one in which a part is driven. With n slots, slot s is driven in
// epochs s+1, s+1+n and so on; before these it holds epoch 0.
static int epoch_of_last_collection(const online_source *o, int slot, int epoch)
{
    if (epoch < slot + 1)
        return 0;
    return epoch - (epoch - 1 - slot) % o->slot_count;
}

// Whether the networks are there that drove what is in use in an epoch, or, if it begins, what is
// from those before. Without them the buffer of the interrupted run cannot be driven again.
static imp_status check_policy_files_exist(const imp_sample_source *source,
                                           const imp_training_position *at, imp_error *err)
{
    const online_source *o = (const online_source *)source;
    const int epoch = at->epoch;
    const bool begins = at->step == 0;
    char path[IMP_PATH_MAX];
    imp_status status = policy_file_path(path, o, epoch, err);
    // until an epoch's own network is there, the oldest of those before is
    const bool own = status == IMP_OK && (!begins || imp_path_exists(path));
    const int oldest = own ? epoch - o->slot_count + 1 : epoch - o->slot_count;
    for (int k = oldest > 1 ? oldest : 1; k < epoch + !begins && status == IMP_OK; k++) {
        status = policy_file_path(path, o, k, err);
        if (status == IMP_OK && !imp_path_exists(path))
            status = imp_add_hint(
                err, IMP_HINT_START_OVER,
                imp_fail(err, IMP_BAD_INPUT,
                         "%s is missing, the network that drove what is learned from: copy "
                         "it there from where this was trained",
                         path));
    }
    return status;
}

// Passes the network and the names of the maps to the common part; the data loader follows with the
// first epoch.
static imp_status online_source_set_network_and_maps(imp_sample_source *source,
                                                     const imp_network *network, imp_error *err)
{
    online_source *o = (online_source *)source;
    const imp_map_set *maps = o->collector.workers.maps;
    // the maps of the simulator are those of all samples
    const char **names = calloc((size_t)maps->count + 1, sizeof *names);
    if (names == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for map names");
    for (int k = 0; k < maps->count; k++)
        names[k] = maps->worlds[k]->name;
    imp_status status = imp_episode_source_set_network(&o->episodes, network, err);
    if (status == IMP_OK)
        status = imp_episode_source_set_maps(&o->episodes, names, (size_t)maps->count, err);
    free(names);
    return status;
}

// Brings the buffer to the state of an epoch and makes it the training set. In the usual case one
// slot is driven; after a resume, all slots are.
static imp_status online_source_begin_epoch(imp_sample_source *source,
                                            const imp_training_position *at, imp_error *err)
{
    online_source *o = (online_source *)source;
    imp_training_samples *samples = &o->episodes.training;
    const imp_camera_def *camera = &o->collect.sim.camera;
    const bool filled = o->slots[o->slot_count - 1] != NOT_COLLECTED;
    imp_status status = IMP_OK;
    // drive what is not of the wanted epoch: one slot, or after an interruption all
    o->quiet_monitor.progress = filled ? NULL : report_buffer_progress;
    if (at->step == 0 && at->epoch > 0 && o->ranks->rank == 0)
        status = save_policy_and_drop_oldest(o, at->epoch, err);
    status = imp_communicator_agree_on_status(o->ranks, status, err);
    for (int slot = 0; slot < o->slot_count && status == IMP_OK; slot++) {
        // a slot of another epoch is driven again; the network's file decides who drives
        const int wanted = epoch_of_last_collection(o, slot, at->epoch);
        if (o->slots[slot] != wanted)
            status = collect_buffer_part(o, slot, wanted, err);
    }
    // then all samples are those that are in the buffer
    imp_training_samples_free(samples);
    samples->image = (size_t)camera->width * (size_t)camera->height * 3;
    for (int k = 0; k < o->collector.capacity && status == IMP_OK; k++) {
        const imp_episode episode = imp_collector_episode(&o->collector, &o->collector.rollouts[k]);
        status = imp_training_samples_add_episode(samples, &episode, err);
    }
    if (status == IMP_OK)
        status = imp_episode_source_create_loaders(&o->episodes, 0, err);
    return status == IMP_OK ? imp_episode_source_begin_epoch(source, at, err) : status;
}

// Writes the settings that the samples follow from into the identity of the training.
static void online_source_write_identity(const imp_sample_source *source, FILE *out)
{
    const online_source *o = (const online_source *)source;
    // how many episodes an epoch has is part of the result, unlike a dataset's number
    fprintf(out, "online.collect.episodes: %d\n", o->collect.episodes);
    imp_collector_write_segmenter(&o->collector, out);
    imp_settings_write_maps(out, "online.maps", o->collector.workers.maps);
    imp_settings_write_assets(out, &o->collect.sim.scene);
    imp_struct_write_text(out, "online", &imp_online_members, o->def);
}

// The settings stand for the data. There is no file whose bytes could be hashed.
static json_t *online_source_describe(const imp_sample_source *source, const char *identity)
{
    return imp_episode_source_describe((const imp_episode_source *)source,
                                       imp_hash_text(IMP_HASH_START, identity), "");
}

// Also for a source that was opened in part. Samples point into the collector's buffers, so that
// they are freed first.
static void online_source_destroy(imp_sample_source *source)
{
    online_source *o = (online_source *)source;
    imp_episode_source_free(&o->episodes);
    imp_collector_close(&o->collector);
    free(o->slots);
    free(o);
}

// Nothing is held out: each epoch is judged by its training loss, whose data changes. So the latest
// weights count as the best.
static const imp_sample_source_vtable VTABLE = {
    .task = "train",
    .unit = "samples",
    .latest_is_best = true,
    .prepare = online_source_set_network_and_maps,
    .begin_epoch = online_source_begin_epoch,
    .get_batch = imp_episode_source_get_batch,
    .get_held_out_batch = imp_episode_source_get_held_out_batch,
    .get_image = imp_episode_source_get_image,
    .check_files = check_policy_files_exist,
    .write_identity = online_source_write_identity,
    .describe = online_source_describe,
    .destroy = online_source_destroy,
};

// Everything but the collector's own memory and the driving itself. All networks of the run lie in
// the folder "drivers" of the training.
static imp_status alloc_online_source(online_source *o, const imp_online_def *def,
                                      const char *folder, const imp_monitor *monitor,
                                      imp_error *err)
{
    o->episodes.base.vtable = &VTABLE;
    o->episodes.def = &def->train;
    o->def = def;
    o->monitor = monitor;
    o->quiet_monitor = (imp_monitor){NULL, is_training_interrupted, o};
    o->alone = imp_communicator_single_process();
    o->ranks = def->train.communicator != NULL ? def->train.communicator : &o->alone;
    o->collect = def->collect;
    o->collect.policy = "expert";
    o->collect.driver = NULL;
    o->slot_count = def->replay_buffer / def->collect.episodes;
    o->slots = calloc((size_t)o->slot_count, sizeof *o->slots);
    if (o->slots == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(def->replay_buffer, "episode"));
    for (int k = 0; k < o->slot_count; k++)
        o->slots[k] = NOT_COLLECTED;
    return imp_path_join(o->folder, folder, "drivers", err);
}

// Opens the collector and reserves the buffer; the first epoch drives it.
imp_status imp_online_source_open(imp_sample_source **out, const imp_online_def *def,
                                  const char *folder, const imp_monitor *monitor, imp_error *err)
{
    IMP_TRY(check_online_def(def, err));
    online_source *o = calloc(1, sizeof *o);
    if (o == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(def->replay_buffer, "episode"));
    // the collector reserves the memory of all episodes, so that nothing is allocated while it
    // drives
    imp_status status = alloc_online_source(o, def, folder, monitor, err);
    if (status == IMP_OK)
        status = imp_collector_open(&o->collector, &o->collect, &o->quiet_monitor, err);
    if (status == IMP_OK)
        status = imp_collector_alloc_buffers(&o->collector, def->replay_buffer, err);
    if (status != IMP_OK) {
        online_source_destroy(&o->episodes.base);
        return status;
    }
    o->collector.workers.progress.task = "first drive";
    o->collector.workers.progress.total =
        (double)def->replay_buffer * def->collect.steps / o->ranks->size;
    fill_dataset_info(&o->episodes.info, o);
    o->episodes.base.width = o->episodes.info.width;
    o->episodes.base.height = o->episodes.info.height;
    *out = &o->episodes.base;
    return IMP_OK;
}
