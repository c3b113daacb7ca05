#include "pipeline/online.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/plural.h"
#include "pipeline/rollout.h"
#include "pipeline/settings.h"

enum { ONLINE_COOKIE = 0x0711E, EMPTY = -1 };

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
struct imp_online {
    const imp_online_def *def; // borrowed
    imp_recorder recorder;
    imp_collect_def collect;
    imp_monitor listener; // reports only while the buffer is filled first: later training does
    const imp_monitor *monitor;
    char folder[IMP_PATH_MAX]; // of the networks that drove
    int slots;                 // parts of the buffer
    int *epochs;               // (slots) in which a part was driven; EMPTY
};

static bool should_stop(void *context)
{
    return imp_monitor_should_stop(((const imp_online *)context)->monitor);
}

static void report(void *context, const imp_progress *progress)
{
    imp_monitor_progress(((const imp_online *)context)->monitor, progress);
}

static imp_status check(const imp_online_def *def, imp_error *err)
{
    if (def->cookie != ONLINE_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_online_def was not made with imp_default_online_def()");
    if (def->collect.episodes < 1 || def->buffer < def->collect.episodes ||
        def->buffer % def->collect.episodes != 0)
        return imp_fail(err, IMP_USAGE,
                        "a buffer of %s is not a multiple of the %d that %s driven for "
                        "an epoch",
                        IMP_COUNT(def->buffer, "episode"), def->collect.episodes,
                        def->collect.episodes == 1 ? "is" : "are");
    return IMP_OK;
}

static void tell_facts(imp_dataset_info *facts, const imp_online *o)
{
    const imp_collect_def *def = &o->collect;
    *facts = (imp_dataset_info){.width = def->camera.width,
                                .height = def->camera.height,
                                .time_step = def->env.drive.time_step * def->env.frame_skip};
    snprintf(facts->map, sizeof facts->map, "%s", imp_map_set_name(&o->recorder.crew.maps));
    snprintf(facts->lens, sizeof facts->lens, "%s", imp_lens_name(def->camera.lens.kind));
    snprintf(facts->policy, sizeof facts->policy, "expert, then itself and expert");
    snprintf(facts->observation, sizeof facts->observation, "%s",
             imp_observation_word((int)def->observe));
}

imp_status imp_online_open(imp_online **out, imp_dataset_info *facts, const imp_online_def *def,
                           const char *folder, const imp_monitor *monitor, imp_error *err)
{
    imp_status status = check(def, err);
    if (status != IMP_OK)
        return status;
    imp_online *o = calloc(1, sizeof *o);
    const int slots = def->buffer / def->collect.episodes;
    int *epochs = calloc((size_t)slots, sizeof *epochs);
    if (o == NULL || epochs == NULL) {
        free(o);
        free(epochs);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_COUNT(def->buffer, "episode"));
    }
    o->def = def;
    o->slots = slots;
    o->epochs = epochs;
    o->monitor = monitor;
    o->listener = (imp_monitor){NULL, should_stop, o};
    o->collect = def->collect;
    o->collect.policy = "expert";
    for (int k = 0; k < slots; k++)
        epochs[k] = EMPTY;
    status = imp_path_join(o->folder, folder, "drivers", err);
    if (status == IMP_OK)
        status = imp_recorder_open(&o->recorder, &o->collect, &o->listener, err);
    if (status == IMP_OK)
        status = imp_recorder_reserve(&o->recorder, def->buffer, err);
    if (status != IMP_OK) {
        imp_online_close(o);
        return status;
    }
    o->recorder.crew.progress.task = "first drive";
    o->recorder.crew.progress.total = (double)def->buffer * def->collect.steps;
    tell_facts(facts, o);
    *out = o;
    return IMP_OK;
}

void imp_online_close(imp_online *o)
{
    if (o == NULL)
        return;
    imp_recorder_close(&o->recorder);
    free(o->epochs);
    free(o);
}

void imp_online_describe(const imp_online *o, FILE *out)
{
    // how many episodes an epoch has is part of the result, unlike a dataset's number
    fprintf(out, "online.collect.episodes: %d\n", o->collect.episodes);
    imp_settings_write_maps(out, "online.maps", &o->recorder.crew.maps);
    imp_settings_write_assets(out, &o->collect.scene);
    imp_members_write(out, "online", &imp_online_members, o->def);
}

const imp_map_set *imp_online_maps(const imp_online *o)
{
    return &o->recorder.crew.maps;
}

static imp_status name_driver(char out[IMP_PATH_MAX], const imp_online *o, int epoch,
                              imp_error *err)
{
    char name[48];
    snprintf(name, sizeof name, "epoch-%06d.safetensors", epoch);
    return imp_path_join(out, o->folder, name, err);
}

// Keeps the network that is about to drive, and drops the one whose episodes have left the buffer.
static imp_status keep_driver(const imp_online *o, int epoch, const imp_network *network,
                              imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_folder_create(o->folder, err);
    if (status == IMP_OK)
        status = name_driver(path, o, epoch, err);
    if (status == IMP_OK)
        status = imp_network_save(network, path, NULL, err);
    if (status == IMP_OK && epoch > o->slots) {
        status = name_driver(path, o, epoch - o->slots, err);
        unlink(path); // not there after a run that was cut off in between
    }
    return status;
}

// Drives a part of the buffer as in a given epoch. In epoch 0 the expert drives all parts.
static imp_status drive_part(imp_online *o, int slot, int epoch, imp_error *err)
{
    const int count = o->collect.episodes, at = slot * count;
    char driver[IMP_PATH_MAX] = "expert";
    imp_status status = epoch > 0 ? name_driver(driver, o, epoch, err) : IMP_OK;
    if (status == IMP_OK && (epoch > 0 || imp_driver_is_network(o->recorder.driver)))
        status = imp_recorder_seat(&o->recorder, driver, err);
    if (status != IMP_OK)
        return status;
    imp_recorder_drive(&o->recorder, at, epoch > 0 ? (o->slots + epoch - 1) * count : at, count);
    for (int k = at; k < at + count; k++) {
        const imp_error *error = &o->recorder.rollouts[k].error;
        if (error->status != IMP_OK)
            return imp_fail(err, error->status, "%s", error->message);
    }
    o->epochs[slot] = epoch;
    return IMP_OK;
}

// The last epoch up to a given one in which a part is driven.
static int epoch_of(const imp_online *o, int slot, int epoch)
{
    if (epoch < slot + 1)
        return 0;
    return epoch - (epoch - 1 - slot) % o->slots;
}

imp_status imp_online_check(const imp_online *o, int epoch, bool begins, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = name_driver(path, o, epoch, err);
    // until an epoch's own network is there, the oldest of those before is
    const bool own = status == IMP_OK && (!begins || imp_path_exists(path));
    const int oldest = own ? epoch - o->slots + 1 : epoch - o->slots;
    for (int k = oldest > 1 ? oldest : 1; k < epoch + !begins && status == IMP_OK; k++) {
        status = name_driver(path, o, k, err);
        if (status == IMP_OK && !imp_path_exists(path))
            status = imp_fail(err, IMP_BAD_INPUT,
                              "%s is missing, the network that drove what is learned from: copy "
                              "it there from where this was trained, or start over with --force",
                              path);
    }
    return status;
}

imp_status imp_online_fill(imp_online *o, imp_samples *samples, int epoch, bool begins,
                           const imp_network *network, imp_error *err)
{
    imp_status status = IMP_OK;
    o->listener.progress = o->epochs[o->slots - 1] == EMPTY ? report : NULL;
    if (begins && epoch > 0)
        status = keep_driver(o, epoch, network, err);
    for (int slot = 0; slot < o->slots && status == IMP_OK; slot++) {
        const int wanted = epoch_of(o, slot, epoch);
        if (o->epochs[slot] != wanted)
            status = drive_part(o, slot, wanted, err);
    }
    imp_samples_free(samples);
    const imp_camera_def *camera = &o->collect.camera;
    samples->picture = (size_t)camera->width * (size_t)camera->height * 3;
    for (int k = 0; k < o->recorder.capacity && status == IMP_OK; k++) {
        const imp_episode episode = imp_recorder_episode(&o->recorder, k);
        status = imp_samples_add_episode(samples, &episode, err);
    }
    return status;
}
