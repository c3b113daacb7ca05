#include "learn/imitation/online_buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io/file.h"
#include "base/text/plural.h"
#include "learn/checkpoint/settings_tables.h"
#include "learn/collection/collector.h"

enum { ONLINE_COOKIE = 0x0711E, NOT_COLLECTED = -1 };

imp_online_def imp_default_online_def(void)
{
    imp_online_def def = {
        .collect = imp_default_collect_def(),
        .train = imp_default_train_def(),
        .buffer = 256,
        .cookie = ONLINE_COOKIE,
    };
    def.collect.episodes = 32;
    def.collect.steps = 64;
    def.collect.noise = 0.08;
    def.collect.expert_share = 0.25;
    def.collect.mix_steps = 30;
    def.train.epochs = 60;
    def.train.schedule = IMP_SCHEDULE_COSINE;
    return def;
}

// Places are filled in turn, `episodes` of them in every epoch.
struct imp_online_buffer {
    const imp_online_def *def; // borrowed
    imp_collector collector;
    imp_collect_def collect;
    imp_monitor quiet_monitor; // reports only while the buffer is filled first: later training does
    const imp_monitor *monitor;
    char folder[IMP_PATH_MAX]; // of the networks that drove
    int slots;                 // parts of the buffer
    int *epochs;               // (slots) in which a part was driven; EMPTY
};

static bool should_stop(void *context)
{
    return imp_monitor_should_stop(((const imp_online_buffer *)context)->monitor);
}

static void forward_progress(void *context, const imp_progress *progress)
{
    imp_monitor_progress(((const imp_online_buffer *)context)->monitor, progress);
}

static imp_status check_online_def(const imp_online_def *def, imp_error *err)
{
    if (def->cookie != ONLINE_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_online_def was not made with imp_default_online_def()");
    if (def->collect.episodes < 1 || def->buffer < def->collect.episodes ||
        def->buffer % def->collect.episodes != 0)
        return imp_fail(err, IMP_USAGE,
                        "a buffer of %s is not a multiple of the %d that %s driven for "
                        "an epoch",
                        IMP_PLURAL(def->buffer, "episode"), def->collect.episodes,
                        def->collect.episodes == 1 ? "is" : "are");
    return IMP_OK;
}

static void fill_dataset_info(imp_dataset_info *info, const imp_online_buffer *o)
{
    const imp_collect_def *def = &o->collect;
    *info = (imp_dataset_info){.width = def->camera.width,
                               .height = def->camera.height,
                               .time_step = def->env.drive.time_step * def->env.frame_skip};
    snprintf(info->map, sizeof info->map, "%s", imp_map_set_name(&o->collector.workers.maps));
    snprintf(info->lens, sizeof info->lens, "%s", imp_lens_name(def->camera.lens.kind));
    snprintf(info->policy, sizeof info->policy, "expert, then itself and expert");
    snprintf(info->observation, sizeof info->observation, "%s",
             imp_observation_kind_name((int)def->observe));
}

imp_status imp_online_buffer_open(imp_online_buffer **out, imp_dataset_info *info,
                                  const imp_online_def *def, const char *folder,
                                  const imp_monitor *monitor, imp_error *err)
{
    imp_status status = check_online_def(def, err);
    if (status != IMP_OK)
        return status;
    imp_online_buffer *o = calloc(1, sizeof *o);
    const int slots = def->buffer / def->collect.episodes;
    int *epochs = calloc((size_t)slots, sizeof *epochs);
    if (o == NULL || epochs == NULL) {
        free(o);
        free(epochs);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(def->buffer, "episode"));
    }
    o->def = def;
    o->slots = slots;
    o->epochs = epochs;
    o->monitor = monitor;
    o->quiet_monitor = (imp_monitor){NULL, should_stop, o};
    o->collect = def->collect;
    o->collect.policy = "expert";
    for (int k = 0; k < slots; k++)
        epochs[k] = NOT_COLLECTED;
    status = imp_path_join(o->folder, folder, "drivers", err);
    if (status == IMP_OK)
        status = imp_collector_open(&o->collector, &o->collect, &o->quiet_monitor, err);
    if (status == IMP_OK)
        status = imp_collector_reserve(&o->collector, def->buffer, err);
    if (status != IMP_OK) {
        imp_online_buffer_close(o);
        return status;
    }
    o->collector.workers.progress.task = "first drive";
    o->collector.workers.progress.total = (double)def->buffer * def->collect.steps;
    fill_dataset_info(info, o);
    *out = o;
    return IMP_OK;
}

void imp_online_buffer_close(imp_online_buffer *o)
{
    if (o == NULL)
        return;
    imp_collector_close(&o->collector);
    free(o->epochs);
    free(o);
}

void imp_online_buffer_write_identity(const imp_online_buffer *o, FILE *out)
{
    // how many episodes an epoch has is part of the result, unlike a dataset's number
    fprintf(out, "online.collect.episodes: %d\n", o->collect.episodes);
    imp_settings_write_maps(out, "online.maps", &o->collector.workers.maps);
    imp_settings_write_assets(out, &o->collect.scene);
    imp_struct_write_text(out, "online", &imp_online_members, o->def);
}

const imp_map_set *imp_online_buffer_maps(const imp_online_buffer *o)
{
    return &o->collector.workers.maps;
}

static imp_status policy_file_path(char out[IMP_PATH_MAX], const imp_online_buffer *o, int epoch,
                                   imp_error *err)
{
    char name[48];
    snprintf(name, sizeof name, "epoch-%06d.safetensors", epoch);
    return imp_path_join(out, o->folder, name, err);
}

// Keeps the network that is about to drive, and drops the one whose episodes have left the buffer.
static imp_status save_epoch_policy(const imp_online_buffer *o, int epoch,
                                    const imp_network *network, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_folder_create(o->folder, err);
    if (status == IMP_OK)
        status = policy_file_path(path, o, epoch, err);
    if (status == IMP_OK)
        status = imp_network_save(network, path, NULL, err);
    if (status == IMP_OK && epoch > o->slots) {
        status = policy_file_path(path, o, epoch - o->slots, err);
        unlink(path); // not there after a run that was cut off in between
    }
    return status;
}

// Drives a part of the buffer as in a given epoch. In epoch 0 the expert drives all parts.
static imp_status collect_buffer_part(imp_online_buffer *o, int slot, int epoch, imp_error *err)
{
    const int count = o->collect.episodes, at = slot * count;
    char policy[IMP_PATH_MAX] = "expert";
    imp_status status = epoch > 0 ? policy_file_path(policy, o, epoch, err) : IMP_OK;
    if (status == IMP_OK && (epoch > 0 || imp_policy_factory_is_network(o->collector.policy)))
        status = imp_collector_set_policy(&o->collector, policy, err);
    if (status != IMP_OK)
        return status;
    imp_collector_run_episodes(&o->collector, at, epoch > 0 ? (o->slots + epoch - 1) * count : at,
                               count);
    for (int k = at; k < at + count; k++) {
        const imp_error *error = &o->collector.rollouts[k].error;
        if (error->status != IMP_OK)
            return imp_fail(err, error->status, "%s", error->message);
    }
    o->epochs[slot] = epoch;
    return IMP_OK;
}

// The last epoch up to a given one in which a part is driven.
static int collection_epoch(const imp_online_buffer *o, int slot, int epoch)
{
    if (epoch < slot + 1)
        return 0;
    return epoch - (epoch - 1 - slot) % o->slots;
}

imp_status imp_online_buffer_check_files(const imp_online_buffer *o, int epoch, bool begins,
                                         imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = policy_file_path(path, o, epoch, err);
    // until an epoch's own network is there, the oldest of those before is
    const bool own = status == IMP_OK && (!begins || imp_path_exists(path));
    const int oldest = own ? epoch - o->slots + 1 : epoch - o->slots;
    for (int k = oldest > 1 ? oldest : 1; k < epoch + !begins && status == IMP_OK; k++) {
        status = policy_file_path(path, o, k, err);
        if (status == IMP_OK && !imp_path_exists(path))
            status = imp_fail(err, IMP_BAD_INPUT,
                              "%s is missing, the network that drove what is learned from: copy "
                              "it there from where this was trained, or start over with --force",
                              path);
    }
    return status;
}

imp_status imp_online_buffer_fill(imp_online_buffer *o, imp_training_samples *samples, int epoch,
                                  bool begins, const imp_network *network, imp_error *err)
{
    imp_status status = IMP_OK;
    o->quiet_monitor.progress = o->epochs[o->slots - 1] == NOT_COLLECTED ? forward_progress : NULL;
    if (begins && epoch > 0)
        status = save_epoch_policy(o, epoch, network, err);
    for (int slot = 0; slot < o->slots && status == IMP_OK; slot++) {
        const int wanted = collection_epoch(o, slot, epoch);
        if (o->epochs[slot] != wanted)
            status = collect_buffer_part(o, slot, wanted, err);
    }
    imp_training_samples_free(samples);
    const imp_camera_def *camera = &o->collect.camera;
    samples->image = (size_t)camera->width * (size_t)camera->height * 3;
    for (int k = 0; k < o->collector.capacity && status == IMP_OK; k++) {
        const imp_episode episode = imp_collector_episode(&o->collector, k);
        status = imp_training_samples_add_episode(samples, &episode, err);
    }
    return status;
}
