// What a training run keeps on the disk: its state, and models that say where they come from.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "pipeline/train.h"

enum { PROGRESS_BYTES = 1024, HASH_BYTES = 17 };

imp_status imp_train_save_state(imp_train_run *r, imp_error *err)
{
    char path[IMP_PATH_MAX], text[PROGRESS_BYTES];
    imp_status status = imp_path_join(path, r->folder, "state.safetensors", err);
    if (status != IMP_OK)
        return status;
    // numbers in hexadecimal come back to the bit
    snprintf(text, sizeof text,
             "{\"run\": \"%s\", \"epoch\": %d, \"step\": %d, \"loss_sum\": \"%a\", "
             "\"best_loss\": \"%a\", \"best_epoch\": %d}",
             r->identity, r->at.epoch, r->at.step, r->at.loss_sum, r->at.best_loss,
             r->at.best_epoch);
    status = imp_trainer_save(r->trainer, path, text, err);
    if (status == IMP_OK)
        r->saved = r->at;
    return status;
}

// In what the run that left a state differs from this one.
static const char *difference(const imp_train_run *r, const char *left)
{
    static const char SCHEDULE[] = ", schedule ";
    const char *now = r->identity;
    if (r->online == NULL && strncmp(left, now, strcspn(now, ",") + 1) != 0)
        return "on other data";
    const char *before = strstr(left, SCHEDULE), *after = strstr(now, SCHEDULE);
    if (before != NULL && after != NULL) {
        before += sizeof SCHEDULE - 1;
        after += sizeof SCHEDULE - 1;
        if (strncmp(before, after, strcspn(after, ",") + 1) != 0)
            return "along another schedule of the learning rate (cosine goes by the number of "
                   "epochs)";
    }
    return r->online == NULL ? "with other settings"
                             : "with other settings, perhaps of the driving";
}

// Where training stood, from the text that was kept. The file may be anybody's.
static imp_status read_position(imp_train_run *r, const char *path, const char *text,
                                imp_error *err)
{
    json_error_t problem;
    json_t *root = json_loads(text, 0, &problem);
    const char *identity = "", *loss_sum = "", *best_loss = "";
    imp_train_position at = {0};
    bool read =
        root != NULL && json_unpack(root, "{s:s, s:i, s:i, s:s, s:s, s:i}", "run", &identity,
                                    "epoch", &at.epoch, "step", &at.step, "loss_sum", &loss_sum,
                                    "best_loss", &best_loss, "best_epoch", &at.best_epoch) == 0;
    const bool same = read && strcmp(identity, r->identity) == 0;
    const char *why = same ? "" : difference(r, identity);
    at.loss_sum = strtod(loss_sum, NULL);
    at.best_loss = strtod(best_loss, NULL);
    json_decref(root);
    if (!read || at.epoch < 0 || at.step < 0 ||
        (r->online == NULL && at.step > imp_train_epoch_steps(r)) || at.best_epoch < 0 ||
        at.best_epoch > at.epoch || !isfinite(at.loss_sum) || isnan(at.best_loss))
        return imp_fail(err, IMP_BAD_INPUT, "%s: not a training state of this version", path);
    if (!same)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: was trained %s: resume with the same, or start anew with --force",
                        path, why);
    r->at = r->saved = at;
    return IMP_OK;
}

imp_status imp_train_restore_state(imp_train_run *r, imp_error *err)
{
    char path[IMP_PATH_MAX], text[PROGRESS_BYTES];
    imp_status status = imp_path_join(path, r->folder, "state.safetensors", err);
    if (status != IMP_OK || !imp_path_exists(path))
        return status; // not there: stopped before the first checkpoint
    status = imp_trainer_restore(r->trainer, path, text, sizeof text, err);
    if (status == IMP_OK)
        status = read_position(r, path, text, err);
    if (status == IMP_OK)
        status = imp_history_read(&r->history, r->folder, r->at.epoch, err);
    return status;
}

// A text of all datasets, or "several".
static const char *common(const imp_train_run *r, size_t member)
{
    const char *first = (const char *)&r->facts + member;
    for (int k = 1; k < r->dataset_count; k++)
        if (strcmp(first, (const char *)imp_dataset_facts(r->datasets[k]) + member) != 0)
            return "several";
    return first;
}

imp_status imp_train_identify(imp_train_run *r, imp_error *err)
{
    const imp_train_def *def = r->def;
    char schedule[96] = "", window[32] = "", origin[32] = "", turns[48] = "";
    char augment[256] = "", mix[40] = "";
    uint64_t hash = r->online != NULL ? imp_online_hash(r->online) : 0;
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
    // a rate that does not depend on the end may be trained on with for longer
    if (def->schedule == IMP_SCHEDULE_STEP)
        snprintf(schedule, sizeof schedule, ", decay %a/%d", def->decay_factor, def->decay_epochs);
    if (def->warm_up_steps > 0)
        snprintf(schedule + strlen(schedule), sizeof schedule - strlen(schedule), ", warm-up %d",
                 def->warm_up_steps);
    if (r->feed.def.window < r->training.count)
        snprintf(window, sizeof window, ", window %zu", r->feed.def.window);
    if (r->origin != 0)
        snprintf(origin, sizeof origin, ", from %016llx", (unsigned long long)r->origin);
    if (def->weight_turns > 0.0)
        snprintf(turns, sizeof turns, ", turns %a", def->weight_turns);
    if (r->augmenter != NULL)
        strcpy(augment, ", augment ");
    imp_augment_text(&def->augment, augment + strlen(augment), sizeof augment - strlen(augment));
    if (def->data_weights != NULL)
        snprintf(
            mix, sizeof mix, ", mix %016llx",
            (unsigned long long)imp_hash(IMP_HASH_START, def->data_weights,
                                         (size_t)r->dataset_count * sizeof *def->data_weights));
    snprintf(r->hash, sizeof r->hash, "%016llx", (unsigned long long)hash);
    snprintf(r->identity, sizeof r->identity,
             "data %s, validation %a, seed %llu, schedule %d/%d%s%s%s%s%s%s", r->hash,
             def->validation, (unsigned long long)def->seed, (int)def->schedule,
             def->schedule == IMP_SCHEDULE_COSINE ? def->epochs : 0, schedule, window, origin,
             turns, augment, mix);
    return imp_train_name_maps(r, err);
}

imp_status imp_train_save_model(imp_train_run *r, const char *name, double loss, imp_error *err)
{
    char path[IMP_PATH_MAX], epoch[16], judged[32], time_step[32];
    imp_status status = imp_path_join(path, r->folder, name, err);
    if (status != IMP_OK)
        return status;
    snprintf(epoch, sizeof epoch, "%d", r->at.epoch);
    snprintf(judged, sizeof judged, "%.9g", loss);
    snprintf(time_step, sizeof time_step, "%.9g", r->facts.time_step);
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "time_step", time_step,
                  "observation", r->facts.observation, "lens", r->facts.lens, "map",
                  common(r, offsetof(imp_dataset_info, map)), "maps", r->maps, "teacher",
                  common(r, offsetof(imp_dataset_info, policy)), "dataset_hash", r->hash,
                  "dataset_hashes", r->hashes, "settings", r->def->settings, "epoch", epoch,
                  r->held_out.count > 0 ? "validation_loss" : "training_loss", judged);
    char *metadata = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (metadata == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a model's description");
    imp_trainer_sync(r->trainer);
    status = imp_network_save(r->network, path, metadata, err);
    free(metadata);
    return status;
}
