// What a training run keeps on the disk: its state, and models that say where they come from.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/io/file.h"
#include "base/text/text_stream.h"
#include "learn/checkpoint/settings_tables.h"
#include "learn/imitation/train.h"

enum { HASH_BYTES = 17 };

static const char MODEL_DESCRIPTION[] = "a model's description";

static imp_status save_model(void *context, const char *name, double loss, imp_error *err)
{
    return imp_train_save_model(context, name, loss, err);
}

static imp_checkpoint make_checkpoint(imp_train_run *r)
{
    return (imp_checkpoint){
        .folder = r->folder,
        .identity = r->identity,
        .trainer = r->trainer,
        .history = &r->history,
        .at = &r->at,
        .epoch_steps = r->online == NULL ? imp_train_epoch_steps(r) : 0,
        .latest_is_best = r->online != NULL,
        .save_model = save_model,
        .context = r,
    };
}

imp_status imp_train_save_state(imp_train_run *r, imp_error *err)
{
    const imp_checkpoint checkpoint = make_checkpoint(r);
    const imp_status status = imp_checkpoint_save(&checkpoint, err);
    if (status == IMP_OK)
        r->saved = r->at;
    return status;
}

imp_status imp_train_restore_state(imp_train_run *r, imp_error *err)
{
    bool found;
    const imp_checkpoint checkpoint = make_checkpoint(r);
    imp_status status = imp_checkpoint_restore(&checkpoint, &found, err);
    if (status == IMP_OK && found && r->online != NULL)
        status = imp_online_buffer_check_files(r->online, r->at.epoch, r->at.step == 0, err);
    if (status == IMP_OK && found)
        r->saved = r->at;
    return status;
}

// A text of all datasets, or "several".
static const char *common_dataset_text(const imp_train_run *r, size_t member)
{
    const char *first = (const char *)&r->info + member;
    for (int k = 1; k < r->dataset_count; k++)
        if (strcmp(first, (const char *)imp_dataset_get_info(r->datasets[k]) + member) != 0)
            return "several";
    return first;
}

// Hashes of the datasets, each and all together, with a space between two.
static imp_status hash_datasets(imp_train_run *r, imp_error *err)
{
    uint64_t hash = 0;
    r->hashes = calloc((size_t)r->dataset_count + 1, HASH_BYTES);
    if (r->hashes == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a model's description");
    for (int k = 0; k < r->dataset_count; k++) {
        const uint64_t one = imp_dataset_hash(r->datasets[k]);
        hash = hash * IMP_HASH_PRIME + one;
        snprintf(r->hashes + (size_t)k * HASH_BYTES, HASH_BYTES, "%016llx",
                 (unsigned long long)one);
        if (k > 0)
            r->hashes[(size_t)k * HASH_BYTES - 1] = ' ';
    }
    snprintf(r->hash, sizeof r->hash, "%016llx", (unsigned long long)hash);
    return IMP_OK;
}

// The settings without what has no part in this training, so that they may be given otherwise.
static imp_train_def normalize_train_def(const imp_train_run *r)
{
    const imp_train_def plain = imp_default_train_def();
    imp_train_def def = *r->def;
    // a rate that does not depend on the end may be trained on with for longer
    if (def.schedule != IMP_SCHEDULE_COSINE)
        def.epochs = 0;
    if (def.schedule != IMP_SCHEDULE_STEP) {
        def.decay_factor = plain.decay_factor;
        def.decay_epochs = plain.decay_epochs;
    }
    def.window = r->loader.def.window < r->training.count ? (int)r->loader.def.window : 0;
    return def;
}

imp_status imp_train_write_identity(imp_train_run *r, imp_error *err)
{
    const imp_train_def def = normalize_train_def(r);
    imp_text_stream text;
    imp_status status = hash_datasets(r, err);
    if (status == IMP_OK)
        status = imp_text_stream_open(&text, MODEL_DESCRIPTION, err);
    if (status != IMP_OK)
        return status;
    FILE *out = text.out;
    if (r->online != NULL) {
        imp_online_buffer_write_identity(r->online, out);
    } else {
        fprintf(out, "data: %s\n", r->hash);
    }
    imp_settings_write_hash(out, "initial", r->initial_hash);
    for (int k = 0; k < r->dataset_count && def.data_weights != NULL; k++)
        fprintf(out, "data_weight: %.17g\n", def.data_weights[k]);
    imp_struct_write_text(out, "", &imp_train_members, &def);
    status = imp_text_stream_close(&text, MODEL_DESCRIPTION, err);
    r->identity = text.bytes;
    if (status == IMP_OK && r->online != NULL) // its settings stand for the data
        snprintf(r->hash, sizeof r->hash, "%016llx",
                 (unsigned long long)imp_hash_text(IMP_HASH_START, r->identity));
    return status == IMP_OK ? imp_train_list_maps(r, err) : status;
}

imp_status imp_train_save_model(imp_train_run *r, const char *name, double loss, imp_error *err)
{
    char path[IMP_PATH_MAX], epoch[16], judged[32], time_step[32];
    imp_status status = imp_path_join(path, r->folder, name, err);
    if (status != IMP_OK)
        return status;
    snprintf(epoch, sizeof epoch, "%d", r->at.epoch);
    snprintf(judged, sizeof judged, IMP_MODEL_LOSS_FORMAT, loss);
    snprintf(time_step, sizeof time_step, "%.9g", r->info.time_step);
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "time_step", time_step,
        "observation", r->info.observation, "lens", r->info.lens, "map",
        common_dataset_text(r, offsetof(imp_dataset_info, map)), "maps", r->maps, "teacher",
        common_dataset_text(r, offsetof(imp_dataset_info, policy)), "dataset_hash", r->hash,
        "dataset_hashes", r->hashes, "settings", r->def->settings, "epoch", epoch,
        r->held_out.count > 0 ? "validation_loss" : "training_loss", judged);
    char *metadata = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (metadata == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a model's description");
    imp_trainer_sync_network(r->trainer);
    status = imp_network_save(r->network, path, metadata, err);
    free(metadata);
    return status;
}
