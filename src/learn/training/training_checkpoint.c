// What a training keeps in its folder: the state to go on from, and models that say where they come
// from. Resuming must end with the bytes of a run that nobody disturbed, or refuse: so it looks at
// every file that the state goes on from before it changes any. A state file holds the identity of
// the run: a text of all settings and data that the weights follow from. A state with another
// identity is refused, and the first line that differs is reported.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "learn/settings/settings_tables.h"
#include "learn/training/training_run.h"

// The longest text of a position that a state file may hold; identities with many randomised
// quantities take some kilobytes.
enum { POSITION_BYTES_MAX = 1 << 16 };

static const char MODEL_DESCRIPTION[] = "a model's description";
// The check of a model compares texts in this format, so that rounding is the same on both sides.
static const char LOSS_FORMAT[] = "%.9g"; // how model files tell the loss that they are judged by

// The settings without what has no part in this training, so that they may be given otherwise.
static imp_train_def reset_unused_settings(const imp_training *t)
{
    const imp_train_def plain = imp_default_train_def();
    imp_train_def def = *t->def;
    // a rate that does not depend on the end may be trained on with for longer
    if (def.schedule != IMP_SCHEDULE_COSINE)
        def.epochs = 0;
    if (def.schedule != IMP_SCHEDULE_STEP) {
        def.decay_factor = plain.decay_factor;
        def.decay_epochs = plain.decay_epochs;
    }
    // the source knows whether a window has an effect: one that holds all samples has none
    def.shuffle_buffer = t->source->window;
    return def;
}

// Lines of the source come first, then the hash of initial weights, weights of datasets and
// settings.
imp_status imp_training_write_identity(imp_training *t, imp_error *err)
{
    const imp_train_def def = reset_unused_settings(t);
    imp_text_stream text;
    IMP_TRY(imp_text_stream_open(&text, MODEL_DESCRIPTION, err));
    t->source->vtable->write_identity(t->source, text.out);
    imp_settings_write_hash(text.out, "initial", t->initial_hash);
    for (int k = 0; k < t->source->data_weight_count; k++)
        fprintf(text.out, "data_weight: %.17g\n", def.data_weights[k]);
    imp_struct_write_text(text.out, "", &imp_train_members, &def);
    const imp_status status = imp_text_stream_close(&text, MODEL_DESCRIPTION, err);
    t->identity = text.bytes;
    return status;
}

// Saves the weights with a description in JSON, from which a policy can be opened without the
// settings. `loss` is the one by which the epoch is judged.
imp_status imp_training_save_model(imp_training *t, const char *name, double loss, imp_error *err)
{
    char path[IMP_PATH_MAX], epoch[16], judged[32];
    IMP_TRY(imp_path_join(path, t->folder, name, err));
    // what the source says of the samples, then what the training says
    snprintf(epoch, sizeof epoch, "%d", t->at.epoch);
    snprintf(judged, sizeof judged, LOSS_FORMAT, loss);
    // keys of the training replace equal ones of the source
    json_t *root = t->source->vtable->describe(t->source, t->identity);
    json_t *rest = json_pack("{s:s, s:s, s:s}", "settings", t->def->settings, "epoch", epoch,
                             t->source->held_out > 0 ? "validation_loss" : "training_loss", judged);
    const bool whole = root != NULL && rest != NULL && json_object_update(root, rest) == 0;
    char *metadata = whole ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(rest);
    json_decref(root);
    if (metadata == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", MODEL_DESCRIPTION);
    // the network takes the trainer's weights, averaged ones (EMA) if the trainer averages
    imp_trainer_copy_weights_to_network(t->trainer);
    const imp_status status =
        t->writes ? imp_network_save(t->network, path, metadata, err) : IMP_OK;
    free(metadata);
    return status;
}

// Saves weights, optimiser state and position in one file, which is replaced at once. So a kill at
// any time leaves the old state or the new one.
imp_status imp_training_save_state(imp_training *t, imp_error *err)
{
    char path[IMP_PATH_MAX], loss_sum[40], best_loss[40];
    IMP_TRY(imp_path_join(path, t->folder, "state.safetensors", err));
    // numbers in hexadecimal come back to the bit
    snprintf(loss_sum, sizeof loss_sum, "%a", t->at.loss_sum);
    snprintf(best_loss, sizeof best_loss, "%a", t->at.best_loss);
    json_t *root = json_pack("{s:s, s:i, s:i, s:s, s:s, s:i}", "run", t->identity, "epoch",
                             t->at.epoch, "step", t->at.step, "loss_sum", loss_sum, "best_loss",
                             best_loss, "best_epoch", t->at.best_epoch);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    const imp_status status = t->writes ? imp_trainer_save(t->trainer, path, text, err) : IMP_OK;
    free(text);
    if (status == IMP_OK)
        t->saved = t->at;
    return status;
}

static bool file_exists(const imp_training *t, const char *name)
{
    char path[IMP_PATH_MAX];
    return imp_path_join(path, t->folder, name, NULL) == IMP_OK && imp_path_exists(path);
}

// The first file in the folder that only a training that has come somewhere leaves; NULL if there
// is none. Such files without a state mean that the state was lost, not that training never began.
static const char *find_file_of_earlier_training(const imp_training *t)
{
    static const char *const names[] = {
        "model.safetensors", "last.safetensors", "history.csv", "history.jsonl",
        "loss.svg",          "segments.png",     "drivers"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (file_exists(t, names[k]))
            return names[k];
    return NULL;
}

// `what` says in a clause what the file is for.
static imp_status fail_missing_file(const imp_training *t, const char *name, const char *what,
                                    imp_error *err)
{
    return imp_add_hint(err, IMP_HINT_NEW_TRAINING,
                        imp_fail(err, IMP_BAD_INPUT,
                                 "%s/%s is missing, %s: copy it there from where this was trained",
                                 t->folder, name, what));
}

// Fails because of a setting that differs. `difference` is the line of the identity that differs;
// its key selects the message.
static imp_status fail_because_settings_differ(const char *path, const char *difference,
                                               imp_error *err)
{
    static const char other_version[] = "another version of imprint";
    if (strncmp(difference, other_version, sizeof other_version - 1) == 0)
        return imp_add_hint(err, IMP_HINT_NEW_TRAINING,
                            imp_fail(err, IMP_BAD_INPUT,
                                     "%s: was saved by %s, and cannot be resumed", path,
                                     difference));
    if (strncmp(difference, "data:", 5) == 0)
        imp_fail(err, IMP_BAD_INPUT, "%s: was trained on other data: resume with the same", path);
    else
        imp_fail(err, IMP_BAD_INPUT,
                 "%s: was trained with other settings (%s%s): resume with the same", path,
                 difference,
                 strncmp(difference, "epochs:", 7) == 0
                     ? "; the learning rate falls along the schedule that they give"
                     : "");
    return imp_add_hint(err, IMP_HINT_START_OVER, IMP_BAD_INPUT);
}

// Parses the position of the training from its stored text. The file is not trusted. Afterwards
// t->at is the position to go on from; on failure it is unchanged.
static imp_status parse_training_position(imp_training *t, const char *path, const char *text,
                                          imp_error *err)
{
    char difference[IMP_STRUCT_DIFFERENCE_MAX] = "";
    const char *identity = "", *loss_sum = "", *best_loss = "";
    imp_training_position at = {0};
    json_t *root = json_loads(text, 0, NULL);
    const bool read =
        root != NULL && json_unpack(root, "{s:s, s:i, s:i, s:s, s:s, s:i}", "run", &identity,
                                    "epoch", &at.epoch, "step", &at.step, "loss_sum", &loss_sum,
                                    "best_loss", &best_loss, "best_epoch", &at.best_epoch) == 0;
    // settings first: a difference there explains all others
    if (read)
        imp_struct_text_difference(difference, identity, t->identity);
    at.loss_sum = strtod(loss_sum, NULL);
    at.best_loss = strtod(best_loss, NULL);
    json_decref(root);
    if (!read || at.epoch < 0 || at.step < 0 || at.best_epoch < 0 || at.best_epoch > at.epoch ||
        !isfinite(at.loss_sum) || isnan(at.best_loss))
        return imp_fail(err, IMP_BAD_INPUT, "%s: not a training state of this version", path);
    if (difference[0] != '\0')
        return fail_because_settings_differ(path, difference, err);
    // an online source does not know its number of samples before the first epoch
    if (t->source->samples > 0 && at.step > imp_training_epoch_steps(t))
        return imp_fail(err, IMP_BAD_INPUT, "%s: not a training state of this version", path);
    t->at = at;
    return IMP_OK;
}

// What an epoch is judged by. It is the validation loss, or the training loss where nothing is held
// out. Epochs count from 1.
static double epoch_selection_loss(const imp_training_history *history, int epoch)
{
    const double validation = history->validation_losses[epoch - 1];
    return isnan(validation) ? history->losses[epoch - 1] : validation;
}

// The history is a separate file, so that a copied folder can hold one of another run.
static imp_status check_history_matches_position(const imp_training *t, imp_error *err)
{
    const imp_training_history *history = &t->history;
    if (t->at.epoch > 0 && !file_exists(t, "history.csv"))
        return fail_missing_file(t, "history.csv", "which holds the epochs before", err);
    // the history must have a row for each epoch, in order, and the best loss to the bit
    bool whole = history->count == t->at.epoch;
    for (int k = 0; k < history->count && whole; k++)
        whole = history->epochs[k] == k + 1;
    if (!whole || (t->at.best_epoch > 0 &&
                   epoch_selection_loss(history, t->at.best_epoch) != t->at.best_loss))
        return imp_add_hint(
            err, IMP_HINT_START_OVER,
            imp_fail(err, IMP_BAD_INPUT,
                     "%s/history.csv: is not the history of %s/state.safetensors, which has "
                     "had %s: copy both from where this was trained",
                     t->folder, t->folder, IMP_PLURAL(t->at.epoch, "epoch")));
    return IMP_OK;
}

// Whether the state holds the weights of the epoch that has just ended, so that models of them can
// be written again.
static bool is_at_epoch_end(const imp_training *t)
{
    return t->at.epoch > 0 && t->at.step == 0;
}

// Whether a model is of an epoch that the history has, or of a later one: a kill may have come
// after it was written, before the state. `wanted` is the epoch that the file should be of.
static imp_status check_model_matches_history(const imp_training *t, const char *path, int wanted,
                                              imp_error *err)
{
    char loss[32];
    imp_network *network = NULL;
    IMP_TRY(imp_network_load(&network, path, err));
    // the file says its epoch, and the loss that the history must have there
    const char *epoch = imp_network_metadata(network, "epoch");
    const char *judged = imp_network_metadata(network, "validation_loss");
    if (judged == NULL)
        judged = imp_network_metadata(network, "training_loss");
    snprintf(loss, sizeof loss, LOSS_FORMAT, epoch_selection_loss(&t->history, wanted));
    const long found = epoch != NULL ? strtol(epoch, NULL, 10) : 0;
    const bool fits =
        found > t->at.epoch || (found == wanted && judged != NULL && strcmp(judged, loss) == 0);
    imp_network_destroy(network);
    return fits
               ? IMP_OK
               : imp_add_hint(
                     err, IMP_HINT_START_OVER,
                     imp_fail(err, IMP_BAD_INPUT,
                              "%s: is not the model of epoch %d that state.safetensors belongs to: "
                              "copy both from where this was trained",
                              path, wanted));
}

// Checks model.safetensors, the best weights, and last.safetensors, those of the last epoch. The
// best model cannot be made again unless it is the latest; the last one always can.
static imp_status check_model_files(const imp_training *t, imp_error *err)
{
    char path[IMP_PATH_MAX];
    const int best = t->at.best_epoch;
    imp_status status = imp_path_join(path, t->folder, "model.safetensors", err);
    if (status == IMP_OK && best > 0 && imp_path_exists(path))
        status = check_model_matches_history(t, path, best, err);
    else if (status == IMP_OK && best > 0 && !t->source->vtable->latest_is_best &&
             !(is_at_epoch_end(t) && best == t->at.epoch))
        status =
            fail_missing_file(t, "model.safetensors", "which holds the best weights so far", err);
    if (status == IMP_OK)
        status = imp_path_join(path, t->folder, "last.safetensors", err);
    return status == IMP_OK && t->at.epoch > 0 && imp_path_exists(path)
               ? check_model_matches_history(t, path, t->at.epoch, err)
               : status;
}

// Writes again what is missing and follows from the state and the history. In the middle of an
// epoch nothing is written, since its end writes these files anew.
static imp_status rewrite_missing_files(imp_training *t, imp_error *err)
{
    imp_status status = IMP_OK;
    if (!is_at_epoch_end(t) || !t->writes)
        return IMP_OK; // the end of the epoch writes all of it, or another process does
    const double judged = epoch_selection_loss(&t->history, t->at.epoch);
    if (t->at.best_epoch == t->at.epoch && !file_exists(t, "model.safetensors"))
        status = imp_training_save_model(t, "model.safetensors", judged, err);
    if (status == IMP_OK && !file_exists(t, "last.safetensors"))
        status = imp_training_save_model(t, "last.safetensors", judged, err);
    if (status == IMP_OK && (!file_exists(t, "history.jsonl") || !file_exists(t, "loss.svg")))
        status = imp_training_history_write(&t->history, t->folder, err);
    return status;
}

// A folder without a state and without results is a fresh start, not an error.
imp_status imp_training_restore(imp_training *t, imp_error *err)
{
    char path[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(path, t->folder, "state.safetensors", err));
    if (!imp_path_exists(path))
        return find_file_of_earlier_training(t) == NULL // stopped before the first checkpoint
                   ? IMP_OK
                   : fail_missing_file(t, "state.safetensors",
                                       "without which training cannot go on", err);
    char *text = malloc(POSITION_BYTES_MAX);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    // weights and optimiser first: the position is stored in the same file
    imp_status status = imp_trainer_load(t->trainer, path, text, POSITION_BYTES_MAX, err);
    if (status == IMP_OK)
        status = parse_training_position(t, path, text, err);
    free(text);
    // then whatever the state goes on from, and only then are files written
    if (status == IMP_OK)
        status = imp_training_history_read(&t->history, t->folder, t->at.epoch, err);
    if (status == IMP_OK)
        status = check_history_matches_position(t, err);
    if (status == IMP_OK)
        status = check_model_files(t, err);
    if (status == IMP_OK && t->source->vtable->check_files != NULL)
        status = t->source->vtable->check_files(t->source, &t->at, err);
    if (status == IMP_OK)
        status = rewrite_missing_files(t, err);
    if (status == IMP_OK)
        t->saved = t->at;
    return status;
}

// The names are those of all files that the end of an epoch writes.
bool imp_training_is_complete(const char *folder)
{
    static const char *const names[] = {"model.safetensors", "last.safetensors",
                                        "state.safetensors", "history.csv",
                                        "history.jsonl",     "loss.svg"};
    char path[IMP_PATH_MAX];
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (imp_path_join(path, folder, names[k], NULL) != IMP_OK || !imp_path_exists(path))
            return false;
    return true;
}
