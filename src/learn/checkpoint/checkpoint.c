// Checkpoints of trainings. Resuming must end with the bytes of a run that nobody disturbed, or
// refuse: so it looks at every file that the state goes on from before it changes any.
#include "learn/checkpoint/checkpoint.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/struct_text.h"

enum { POSITION_BYTES_MAX = 1 << 16 };

imp_status imp_checkpoint_save(const imp_checkpoint *c, imp_error *err)
{
    char path[IMP_PATH_MAX], loss_sum[40], best_loss[40];
    imp_status status = imp_path_join(path, c->folder, "state.safetensors", err);
    if (status != IMP_OK)
        return status;
    // numbers in hexadecimal come back to the bit
    snprintf(loss_sum, sizeof loss_sum, "%a", c->at->loss_sum);
    snprintf(best_loss, sizeof best_loss, "%a", c->at->best_loss);
    json_t *root = json_pack("{s:s, s:i, s:i, s:s, s:s, s:i}", "run", c->identity, "epoch",
                             c->at->epoch, "step", c->at->step, "loss_sum", loss_sum, "best_loss",
                             best_loss, "best_epoch", c->at->best_epoch);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    status = imp_trainer_save(c->trainer, path, text, err);
    free(text);
    return status;
}

static bool file_exists(const imp_checkpoint *c, const char *name)
{
    char path[IMP_PATH_MAX];
    return imp_path_join(path, c->folder, name, NULL) == IMP_OK && imp_path_exists(path);
}

// The first file in the folder that only a training that has come somewhere leaves; NULL if there
// is none.
static const char *find_result_file(const imp_checkpoint *c)
{
    static const char *const names[] = {
        "model.safetensors", "last.safetensors", "history.csv", "history.jsonl",
        "loss.svg",          "segments.png",     "drivers"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (file_exists(c, names[k]))
            return names[k];
    return NULL;
}

static imp_status fail_missing_file(const imp_checkpoint *c, const char *name, const char *what,
                                    imp_error *err)
{
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s/%s is missing, %s: copy it there from where this was trained, or train in "
                    "a new folder (imprint train --from takes up a model), or start over with "
                    "--force",
                    c->folder, name, what);
}

static imp_status fail_other_settings(const char *path, const char *difference, imp_error *err)
{
    if (strncmp(difference, "data:", 5) == 0)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: was trained on other data: resume with the same, or start over with "
                        "--force",
                        path);
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s: was trained with other settings (%s%s): resume with the same, or start "
                    "over with --force",
                    path, difference,
                    strncmp(difference, "epochs:", 7) == 0
                        ? "; the learning rate falls along the schedule that they give"
                        : "");
}

// Where training stood, from the text that was kept. The file may be anybody's.
static imp_status read_position(const imp_checkpoint *c, const char *path, const char *text,
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
    if (read)
        imp_struct_text_difference(difference, identity, c->identity);
    at.loss_sum = strtod(loss_sum, NULL);
    at.best_loss = strtod(best_loss, NULL);
    json_decref(root);
    if (!read || at.epoch < 0 || at.step < 0 || at.best_epoch < 0 || at.best_epoch > at.epoch ||
        !isfinite(at.loss_sum) || isnan(at.best_loss))
        return imp_fail(err, IMP_BAD_INPUT, "%s: not a training state of this version", path);
    if (difference[0] != '\0')
        return fail_other_settings(path, difference, err);
    if (c->epoch_steps > 0 && at.step > c->epoch_steps)
        return imp_fail(err, IMP_BAD_INPUT, "%s: not a training state of this version", path);
    *c->at = at;
    return IMP_OK;
}

// What an epoch is judged by.
static double epoch_score(const imp_training_history *history, int epoch)
{
    const double validation = history->validation_losses[epoch - 1];
    return isnan(validation) ? history->losses[epoch - 1] : validation;
}

static imp_status check_history(const imp_checkpoint *c, imp_error *err)
{
    const imp_training_history *history = c->history;
    if (c->at->epoch > 0 && !file_exists(c, "history.csv"))
        return fail_missing_file(c, "history.csv", "which holds the epochs before", err);
    bool whole = history->count == c->at->epoch;
    for (int k = 0; k < history->count && whole; k++)
        whole = history->epochs[k] == k + 1;
    if (!whole ||
        (c->at->best_epoch > 0 && epoch_score(history, c->at->best_epoch) != c->at->best_loss))
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s/history.csv: is not the history of %s/state.safetensors, which has "
                        "had %s: copy both from where this was trained, or start over with --force",
                        c->folder, c->folder, IMP_PLURAL(c->at->epoch, "epoch"));
    return IMP_OK;
}

// Whether the state holds the weights of the epoch that has just ended, so that models of them can
// be written again.
static bool is_at_epoch_end(const imp_checkpoint *c)
{
    return c->at->epoch > 0 && c->at->step == 0;
}

// Whether a model is of an epoch that the history has, or of a later one: a kill may have come
// after it was written, before the state.
static imp_status check_model_epoch(const imp_checkpoint *c, const char *path, int wanted,
                                    imp_error *err)
{
    char loss[32];
    imp_network *network = NULL;
    const imp_status status = imp_network_load(&network, path, err);
    if (status != IMP_OK)
        return status;
    const char *epoch = imp_network_metadata(network, "epoch");
    const char *judged = imp_network_metadata(network, "validation_loss");
    if (judged == NULL)
        judged = imp_network_metadata(network, "training_loss");
    snprintf(loss, sizeof loss, IMP_MODEL_LOSS_FORMAT, epoch_score(c->history, wanted));
    const long found = epoch != NULL ? strtol(epoch, NULL, 10) : 0;
    const bool fits =
        found > c->at->epoch || (found == wanted && judged != NULL && strcmp(judged, loss) == 0);
    imp_network_destroy(network);
    return fits ? IMP_OK
                : imp_fail(err, IMP_BAD_INPUT,
                           "%s: is not the model of epoch %d that state.safetensors tells of: copy "
                           "both from where this was trained, or start over with --force",
                           path, wanted);
}

// The best model cannot be made again unless it is the latest.
static imp_status check_model_files(const imp_checkpoint *c, imp_error *err)
{
    char path[IMP_PATH_MAX];
    const int best = c->at->best_epoch;
    imp_status status = imp_path_join(path, c->folder, "model.safetensors", err);
    if (status == IMP_OK && best > 0 && imp_path_exists(path))
        status = check_model_epoch(c, path, best, err);
    else if (status == IMP_OK && best > 0 && !c->latest_is_best &&
             !(is_at_epoch_end(c) && best == c->at->epoch))
        status =
            fail_missing_file(c, "model.safetensors", "which holds the best weights so far", err);
    if (status == IMP_OK)
        status = imp_path_join(path, c->folder, "last.safetensors", err);
    return status == IMP_OK && c->at->epoch > 0 && imp_path_exists(path)
               ? check_model_epoch(c, path, c->at->epoch, err)
               : status;
}

// Writes again what is missing and follows from the state and the history.
static imp_status rewrite_missing_files(const imp_checkpoint *c, imp_error *err)
{
    imp_status status = IMP_OK;
    if (!is_at_epoch_end(c))
        return IMP_OK; // the end of the epoch writes all of it
    const double judged = epoch_score(c->history, c->at->epoch);
    if (c->at->best_epoch == c->at->epoch && !file_exists(c, "model.safetensors"))
        status = c->save_model(c->context, "model.safetensors", judged, err);
    if (status == IMP_OK && !file_exists(c, "last.safetensors"))
        status = c->save_model(c->context, "last.safetensors", judged, err);
    if (status == IMP_OK && (!file_exists(c, "history.jsonl") || !file_exists(c, "loss.svg")))
        status = imp_training_history_write(c->history, c->folder, err);
    return status;
}

imp_status imp_checkpoint_restore(const imp_checkpoint *c, bool *found, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, c->folder, "state.safetensors", err);
    *found = status == IMP_OK && imp_path_exists(path);
    if (status != IMP_OK)
        return status;
    if (!*found)
        return find_result_file(c) == NULL // stopped before the first checkpoint
                   ? IMP_OK
                   : fail_missing_file(c, "state.safetensors",
                                       "without which training cannot go on", err);
    char *text = malloc(POSITION_BYTES_MAX);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    status = imp_trainer_load(c->trainer, path, text, POSITION_BYTES_MAX, err);
    if (status == IMP_OK)
        status = read_position(c, path, text, err);
    free(text);
    if (status == IMP_OK)
        status = imp_training_history_read(c->history, c->folder, c->at->epoch, err);
    if (status == IMP_OK)
        status = check_history(c, err);
    if (status == IMP_OK)
        status = check_model_files(c, err);
    return status == IMP_OK ? rewrite_missing_files(c, err) : status;
}

bool imp_checkpoint_is_complete(const char *folder)
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
