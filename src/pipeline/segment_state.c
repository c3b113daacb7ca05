// What training a segmenter keeps on the disk.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "pipeline/segment_train.h"

enum { PROGRESS_BYTES = 1024 };

// What must be the same for the same bytes to follow.
void imp_seg_identify(imp_seg_run *r)
{
    const imp_seg_train_def *def = r->def;
    uint64_t maps = IMP_HASH_START, randomization = IMP_HASH_START;
    for (int k = 0; k < r->maps.count; k++)
        maps = imp_hash(maps, r->maps.worlds[k]->source, r->maps.worlds[k]->source_length);
    // number by number: what lies between members may be anything
    const imp_randomization *spec = &def->randomization;
    for (int k = 0; k < IMP_GROUP_COUNT; k++)
        randomization = imp_hash(randomization, &spec->strength[k], sizeof spec->strength[k]);
    for (int k = 0; k < IMP_QUANTITY_COUNT; k++) {
        const imp_distribution *from = &spec->quantities[k];
        randomization = imp_hash(randomization, &from->kind, sizeof from->kind);
        randomization = imp_hash(randomization, from->low, sizeof from->low);
        randomization = imp_hash(randomization, from->high, sizeof from->high);
        randomization = imp_hash(randomization, &from->absent, sizeof from->absent);
    }
    snprintf(r->identity, sizeof r->identity,
             "segments, maps %016llx, randomisation %016llx, %d x %d, lens %s, %d pictures in %d "
             "epochs, seed %llu",
             (unsigned long long)maps, (unsigned long long)randomization, def->camera.width,
             def->camera.height, imp_lens_name(def->camera.lens.kind), def->pictures, def->epochs,
             (unsigned long long)def->seed);
}

imp_status imp_seg_save_state(imp_seg_run *r, imp_error *err)
{
    char path[IMP_PATH_MAX], text[PROGRESS_BYTES];
    const imp_status status = imp_path_join(path, r->folder, "state.safetensors", err);
    if (status != IMP_OK)
        return status;
    // numbers in hexadecimal come back to the bit
    snprintf(text, sizeof text,
             "{\"run\": \"%s\", \"epoch\": %d, \"step\": %d, \"loss_sum\": \"%a\", "
             "\"best_loss\": \"%a\", \"best_epoch\": %d}",
             r->identity, r->at.epoch, r->at.step, r->at.loss_sum, r->at.best_loss,
             r->at.best_epoch);
    return imp_trainer_save(r->trainer, path, text, err);
}

// Where training stood. The file may be anybody's.
static imp_status read_position(imp_seg_run *r, const char *path, const char *text, imp_error *err)
{
    json_t *root = json_loads(text, 0, NULL);
    const char *identity = "", *loss_sum = "", *best_loss = "";
    imp_seg_position at = {0};
    const bool read =
        root != NULL && json_unpack(root, "{s:s, s:i, s:i, s:s, s:s, s:i}", "run", &identity,
                                    "epoch", &at.epoch, "step", &at.step, "loss_sum", &loss_sum,
                                    "best_loss", &best_loss, "best_epoch", &at.best_epoch) == 0;
    const bool same = read && strcmp(identity, r->identity) == 0;
    at.loss_sum = strtod(loss_sum, NULL);
    at.best_loss = strtod(best_loss, NULL);
    json_decref(root);
    if (!read || at.epoch < 0 || at.step < 0 || at.step > imp_seg_epoch_steps(r) ||
        at.best_epoch < 0 || at.best_epoch > at.epoch || !isfinite(at.loss_sum) ||
        isnan(at.best_loss))
        return imp_fail(err, IMP_BAD_INPUT, "%s: not a state of training segmenters", path);
    if (!same)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: was trained on other maps or with other settings: resume with the "
                        "same, or start anew with --force",
                        path);
    r->at = at;
    return IMP_OK;
}

imp_status imp_seg_restore_state(imp_seg_run *r, imp_error *err)
{
    char path[IMP_PATH_MAX], text[PROGRESS_BYTES];
    imp_status status = imp_path_join(path, r->folder, "state.safetensors", err);
    if (status != IMP_OK || !imp_path_exists(path))
        return status;
    status = imp_trainer_restore(r->trainer, path, text, sizeof text, err);
    if (status == IMP_OK)
        status = read_position(r, path, text, err);
    if (status == IMP_OK)
        status = imp_history_read(&r->history, r->folder, r->at.epoch, err);
    return status;
}

imp_status imp_seg_save_model(imp_seg_run *r, const char *name, double loss, imp_error *err)
{
    char path[IMP_PATH_MAX], classes[256], epoch[16], judged[32];
    imp_status status = imp_path_join(path, r->folder, name, err);
    if (status != IMP_OK)
        return status;
    imp_class_list(classes, sizeof classes);
    snprintf(epoch, sizeof epoch, "%d", r->at.epoch);
    snprintf(judged, sizeof judged, "%.9g", loss);
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "purpose", IMP_SEGMENTER_PURPOSE, "classes",
                  classes, "lens", imp_lens_name(r->def->camera.lens.kind), "settings",
                  r->def->settings, "epoch", epoch, "validation_loss", judged);
    char *metadata = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (metadata == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a model's description");
    imp_trainer_sync(r->trainer);
    status = imp_network_save(r->network, path, metadata, err);
    free(metadata);
    return status;
}
