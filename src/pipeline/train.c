#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/vector.h"
#include "imprint/pipeline.h"
#include "pipeline/history.h"
#include "pipeline/samples.h"

enum { TRAIN_COOKIE = 0x76A1, PROGRESS_BYTES = 1024 };

imp_train_def imp_default_train_def(void)
{
    return (imp_train_def){
        .network = imp_default_network_def(),
        .trainer = imp_default_trainer_def(),
        .epochs = 10,
        .validation = 0.1,
        .seed = 1,
        .checkpoint_steps = 500,
        .settings = "{}",
        .cookie = TRAIN_COOKIE,
    };
}

// How far training has come. It is saved with every checkpoint, exactly, so that what follows is
// the same.
typedef struct position {
    int epoch;       // being worked on, from 0
    int step;        // next one in it
    double loss_sum; // over its samples so far
    double best_loss;
    int best_epoch; // from 1; 0 if none yet
} position;

typedef struct run {
    const imp_train_def *def;
    const char *folder;
    const imp_monitor *monitor;
    imp_train_summary *summary;
    imp_dataset **datasets;
    int dataset_count;
    imp_samples training, held_out;
    imp_network *network;
    imp_trainer *trainer;
    imp_history history;
    position at;
    uint32_t *order;        // (training.count) of the present epoch
    const uint8_t **frames; // (batch)
    float *labels;          // (batch x 2)
    char identity[160];     // data and settings that a state belongs to
    char *metadata;         // JSON text for model files
    double step_seconds;    // spent in training steps
    int64_t step_samples;
} run;

static int steps_per_epoch(const run *r)
{
    const size_t batch = (size_t)r->def->trainer.batch;
    return (int)((r->training.count + batch - 1) / batch);
}

static imp_status save_state(run *r, imp_error *err)
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
    return imp_trainer_save(r->trainer, path, text, err);
}

// Where training stood, from the text that save_state() kept. The file may be anybody's.
static imp_status read_position(run *r, const char *path, const char *text, imp_error *err)
{
    json_error_t problem;
    json_t *root = json_loads(text, 0, &problem);
    const char *identity = "", *loss_sum = "", *best_loss = "";
    position at = {0};
    bool read =
        root != NULL && json_unpack(root, "{s:s, s:i, s:i, s:s, s:s, s:i}", "run", &identity,
                                    "epoch", &at.epoch, "step", &at.step, "loss_sum", &loss_sum,
                                    "best_loss", &best_loss, "best_epoch", &at.best_epoch) == 0;
    bool same = read && strcmp(identity, r->identity) == 0;
    at.loss_sum = strtod(loss_sum, NULL);
    at.best_loss = strtod(best_loss, NULL);
    json_decref(root);
    if (!read || at.epoch < 0 || at.step < 0 || at.step > steps_per_epoch(r) || at.best_epoch < 0 ||
        at.best_epoch > at.epoch || !isfinite(at.loss_sum) || isnan(at.best_loss))
        return imp_fail(err, IMP_BAD_INPUT, "%s: not a training state of this version", path);
    if (!same)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: was trained on other data or with other settings: resume with the "
                        "same, or start anew with --force",
                        path);
    r->at = at;
    return IMP_OK;
}

static imp_status restore_state(run *r, imp_error *err)
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

static imp_status save_model(run *r, const char *name, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, r->folder, name, err);
    if (status != IMP_OK)
        return status;
    imp_trainer_sync(r->trainer);
    return imp_network_save(r->network, path, r->metadata, err);
}

// A number for all datasets together.
static uint64_t hash_of_all(const run *r)
{
    uint64_t hash = 0;
    for (int k = 0; k < r->dataset_count; k++)
        hash = hash * 1099511628211U + imp_dataset_hash(r->datasets[k]);
    return hash;
}

// What a model file says besides its architecture: where it comes from.
static imp_status describe(run *r, imp_error *err)
{
    const imp_dataset_info *info = imp_dataset_facts(r->datasets[0]);
    const imp_train_def *def = r->def;
    char hash[32];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)hash_of_all(r));
    // a constant rate may be trained on for longer; a schedule depends on its end
    snprintf(r->identity, sizeof r->identity, "data %s, validation %a, seed %llu, schedule %d/%d",
             hash, def->validation, (unsigned long long)def->seed, (int)def->schedule,
             def->schedule == IMP_SCHEDULE_CONSTANT ? 0 : def->epochs);
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "lens", info->lens, "map", info->map, "teacher",
                  info->policy, "dataset_hash", hash, "settings", r->def->settings);
    r->metadata = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (r->metadata == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a model's description");
    return IMP_OK;
}

static imp_status open_datasets(run *r, const char *const *datasets, int count, imp_error *err)
{
    r->datasets = calloc((size_t)count, sizeof *r->datasets);
    if (r->datasets == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %d datasets", count);
    for (int k = 0; k < count; k++) {
        imp_status status = imp_dataset_open(&r->datasets[k], datasets[k], err);
        if (status != IMP_OK)
            return status;
        r->dataset_count++;
        const imp_dataset_info *first = imp_dataset_facts(r->datasets[0]);
        const imp_dataset_info *info = imp_dataset_facts(r->datasets[k]);
        if (info->width != first->width || info->height != first->height ||
            strcmp(info->lens, first->lens) != 0 || info->time_step != first->time_step)
            return imp_fail(err, IMP_BAD_INPUT,
                            "%s has observations of %d x %d, lens %s, every %g s; %s of %d x %d, "
                            "lens %s, every %g s: they do not mix",
                            datasets[k], info->width, info->height, info->lens, info->time_step,
                            datasets[0], first->width, first->height, first->lens,
                            first->time_step);
        status = imp_samples_add(&r->training, &r->held_out, r->datasets[k], k, r->def->validation,
                                 r->def->seed, err);
        if (status != IMP_OK)
            return status;
    }
    return IMP_OK;
}

static imp_status prepare_network(run *r, imp_error *err)
{
    imp_network_def network = r->def->network;
    network.width = imp_dataset_facts(r->datasets[0])->width;
    network.height = imp_dataset_facts(r->datasets[0])->height;
    imp_status status = imp_network_create(&r->network, &network, r->def->seed, err);
    if (status == IMP_OK)
        status = imp_trainer_create(&r->trainer, r->network, &r->def->trainer, err);
    return status == IMP_OK ? describe(r, err) : status;
}

static imp_status prepare(run *r, const char *const *datasets, int count, imp_error *err)
{
    imp_status status = open_datasets(r, datasets, count, err);
    if (status == IMP_OK)
        status = prepare_network(r, err);
    if (status == IMP_OK)
        status = imp_folder_create(r->folder, err);
    if (status != IMP_OK)
        return status;
    const size_t batch = (size_t)r->def->trainer.batch;
    r->order = malloc(r->training.count * sizeof *r->order);
    r->frames = malloc(batch * sizeof *r->frames);
    r->labels = malloc(batch * 2 * sizeof *r->labels);
    if (r->order == NULL || r->frames == NULL || r->labels == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
    r->at = (position){.best_loss = INFINITY};
    r->summary->samples = (int64_t)r->training.count;
    r->summary->validation_samples = (int64_t)r->held_out.count;
    r->summary->parameters = imp_network_parameter_count(r->network);
    return r->def->resume ? restore_state(r, err) : IMP_OK;
}

static void shuffle_epoch(run *r)
{
    for (size_t k = 0; k < r->training.count; k++)
        r->order[k] = (uint32_t)k;
    imp_random random =
        imp_random_stream(r->def->seed, 0, (uint32_t)r->at.epoch, IMP_PURPOSE_SHUFFLE);
    imp_random_shuffle(&random, r->order, r->training.count);
}

static void report(const run *r, int steps)
{
    char detail[64];
    double seen = (double)r->at.step * r->def->trainer.batch;
    snprintf(detail, sizeof detail, "epoch %d/%d loss %.4f", r->at.epoch + 1, r->def->epochs,
             seen > 0.0 ? r->at.loss_sum / seen : 0.0);
    imp_progress progress = {
        .task = "train",
        .unit = "samples",
        .done = ((double)r->at.epoch * steps + r->at.step) * r->def->trainer.batch,
        .total = (double)r->def->epochs * steps * r->def->trainer.batch,
        .detail = detail,
    };
    imp_monitor_progress(r->monitor, &progress);
}

// The factor of the learning rate at the present step.
static double rate_factor(const run *r)
{
    const double floor = 0.01;
    if (r->def->schedule == IMP_SCHEDULE_CONSTANT)
        return 1.0;
    double seen = (double)r->at.epoch * (double)r->training.count +
                  (double)r->at.step * r->def->trainer.batch;
    double share = seen / ((double)r->def->epochs * (double)r->training.count);
    return floor + (1.0 - floor) * 0.5 * (1.0 + cos(IMP_PI * share));
}

static imp_status train_step(run *r, imp_error *err)
{
    const size_t batch = (size_t)r->def->trainer.batch;
    size_t first = (size_t)r->at.step * batch;
    size_t left = r->training.count - first;
    int count = (int)(left < batch ? left : batch);
    for (int k = 0; k < count; k++) {
        size_t i = r->order[first + (size_t)k];
        r->frames[k] = r->training.frames[i];
        memcpy(&r->labels[2 * k], &r->training.labels[2 * i], 2 * sizeof r->labels[0]);
    }
    imp_trainer_set_rate_factor(r->trainer, rate_factor(r));
    double start = imp_clock(), loss;
    imp_status status = imp_trainer_step(r->trainer, r->frames, r->labels, count, &loss, err);
    if (status != IMP_OK)
        return status;
    r->step_seconds += imp_clock() - start;
    r->step_samples += count;
    r->at.loss_sum += loss * count;
    r->at.step++;
    return IMP_OK;
}

// Mean squared error on what was held out; NaN if nothing was.
static double validate(run *r)
{
    const size_t batch = (size_t)r->def->trainer.batch;
    if (r->held_out.count == 0)
        return NAN;
    double sum = 0.0;
    for (size_t first = 0; first < r->held_out.count; first += batch) {
        size_t left = r->held_out.count - first;
        int count = (int)(left < batch ? left : batch);
        sum += count * imp_trainer_loss(r->trainer, r->held_out.frames + first,
                                        r->held_out.labels + 2 * first, count);
    }
    return sum / (double)r->held_out.count;
}

static imp_status finish_epoch(run *r, imp_error *err)
{
    double loss = r->at.loss_sum / (double)r->training.count;
    double validation_loss = validate(r);
    double judged = isnan(validation_loss) ? loss : validation_loss;
    r->at.epoch++;
    r->at.step = 0;
    r->at.loss_sum = 0.0;
    imp_status status = imp_history_add(&r->history, r->at.epoch, loss, validation_loss, err);
    if (status == IMP_OK && judged < r->at.best_loss) {
        r->at.best_loss = judged;
        r->at.best_epoch = r->at.epoch;
        status = save_model(r, "model.safetensors", err);
    }
    if (status == IMP_OK)
        status = save_model(r, "last.safetensors", err);
    if (status == IMP_OK)
        status = imp_history_write(&r->history, r->folder, err);
    return status == IMP_OK ? save_state(r, err) : status;
}

static imp_status train_epoch(run *r, imp_error *err)
{
    enum { STEPS_BETWEEN_REPORTS = 8 };
    const int steps = steps_per_epoch(r);
    shuffle_epoch(r);
    while (r->at.step < steps) {
        imp_status status = train_step(r, err);
        if (status != IMP_OK)
            return status;
        if (r->at.step % STEPS_BETWEEN_REPORTS == 0)
            report(r, steps);
        bool stop = imp_monitor_should_stop(r->monitor);
        if (stop || r->at.step % r->def->checkpoint_steps == 0)
            status = save_state(r, err);
        if (status != IMP_OK)
            return status;
        if (stop)
            return imp_fail(err, IMP_INTERRUPTED,
                            "interrupted in epoch %d: the state is saved, continue with --resume",
                            r->at.epoch + 1);
    }
    return finish_epoch(r, err);
}

static void summarize(run *r)
{
    imp_train_summary *summary = r->summary;
    int last = r->history.count - 1;
    summary->epochs = r->at.epoch;
    summary->best_loss = r->at.best_loss;
    summary->best_epoch = r->at.best_epoch;
    summary->loss = last >= 0 ? r->history.losses[last] : NAN;
    summary->validation_loss = last >= 0 ? r->history.validation_losses[last] : NAN;
    summary->samples_per_second =
        r->step_seconds > 0.0 ? (double)r->step_samples / r->step_seconds : 0.0;
}

static void clean_up(run *r)
{
    imp_history_free(&r->history);
    imp_trainer_destroy(r->trainer);
    imp_network_destroy(r->network);
    imp_samples_free(&r->training);
    imp_samples_free(&r->held_out);
    for (int k = 0; k < r->dataset_count; k++)
        imp_dataset_close(r->datasets[k]);
    free(r->datasets);
    free(r->order);
    free(r->frames);
    free(r->labels);
    free(r->metadata);
}

static imp_status check(const imp_train_def *def, imp_error *err)
{
    if (def->cookie != TRAIN_COOKIE)
        return imp_fail(err, IMP_USAGE, "imp_train_def was not made with imp_default_train_def()");
    if (def->epochs < 1 || def->checkpoint_steps < 1)
        return imp_fail(err, IMP_USAGE, "epochs (%d) and checkpoint steps (%d) must be at least 1",
                        def->epochs, def->checkpoint_steps);
    if (!(def->validation >= 0.0 && def->validation < 1.0))
        return imp_fail(err, IMP_USAGE, "the share for validation, %g, must lie within 0 to 1",
                        def->validation);
    return IMP_OK;
}

imp_status imp_train(imp_train_summary *summary, const char *folder, const char *const *datasets,
                     int count, const imp_train_def *def, const imp_monitor *monitor,
                     imp_error *err)
{
    imp_status status = check(def, err);
    if (status == IMP_OK && count < 1)
        status = imp_fail(err, IMP_USAGE, "no dataset to train on");
    if (status != IMP_OK)
        return status;
    double start = imp_clock();
    *summary = (imp_train_summary){0};
    run r = {.def = def, .folder = folder, .monitor = monitor, .summary = summary};
    status = prepare(&r, datasets, count, err);
    while (status == IMP_OK && r.at.epoch < def->epochs)
        status = train_epoch(&r, err);
    summarize(&r);
    clean_up(&r);
    summary->seconds = imp_clock() - start;
    return status;
}
