#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "learn/checkpoint/settings_tables.h"
#include "learn/imitation/train.h"
#include "nn/network/network.h"

enum { TRAIN_COOKIE = 0x76A1, VALIDATION_WINDOW = 1024 };

// Duty cycles lie within 1 of 0, so that the worst driver's error is 4: this far off, training has
// lost its way.
static const double LOSS_LIMIT = 1e3;

imp_train_def imp_default_train_def(void)
{
    return (imp_train_def){
        .network = imp_default_network_def(),
        .trainer = imp_default_trainer_def(),
        .decay_factor = 0.1,
        .decay_epochs = 10,
        .epochs = 10,
        .validation = 0.1,
        .seed = 1,
        .window = 32768,
        .checkpoint_steps = 500,
        .tensorboard = true,
        .settings = "{}",
        .cookie = TRAIN_COOKIE,
    };
}

int imp_train_epoch_steps(const imp_train_run *r)
{
    const size_t batch = (size_t)r->def->trainer.batch;
    return (int)((r->training.count + batch - 1) / batch);
}

static imp_status open_datasets(imp_train_run *r, const char *const *datasets, int count,
                                imp_error *err)
{
    r->datasets = calloc((size_t)count, sizeof *r->datasets);
    r->holdout = (imp_validation_split){.validation = r->def->validation, .seed = r->def->seed};
    if (r->datasets == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "dataset"));
    for (int k = 0; k < count; k++) {
        imp_status status = imp_dataset_open(&r->datasets[k], datasets[k], err);
        if (status != IMP_OK)
            return status;
        r->dataset_count++;
        const imp_dataset_info *first = imp_dataset_get_info(r->datasets[0]);
        const imp_dataset_info *info = imp_dataset_get_info(r->datasets[k]);
        if (info->width != first->width || info->height != first->height ||
            strcmp(info->lens, first->lens) != 0 || info->time_step != first->time_step ||
            strcmp(info->observation, first->observation) != 0)
            return imp_fail(err, IMP_BAD_INPUT,
                            "%s has %s of %d x %d, lens %s, every %g s; %s has %s of %d x %d, "
                            "lens %s, every %g s: they do not mix",
                            datasets[k], info->observation, info->width, info->height, info->lens,
                            info->time_step, datasets[0], first->observation, first->width,
                            first->height, first->lens, first->time_step);
        status =
            imp_training_samples_add(&r->training, &r->held_out, &r->holdout, r->datasets[k], err);
        if (status != IMP_OK)
            return status;
    }
    r->info = *imp_dataset_get_info(r->datasets[0]);
    return IMP_OK;
}

// A sound model of another network is a reason of its own.
static imp_status explain_import_error(const imp_train_run *r, const char *model, imp_status status,
                                       const char *why, imp_error *err)
{
    imp_network *other;
    if (imp_network_load(&other, model, NULL) != IMP_OK)
        return imp_fail(err, status, "%s", why);
    const char *name = imp_network_info(other)->architecture;
    const char *ours = imp_network_info(r->network)->architecture;
    if (strcmp(name, ours) == 0)
        imp_fail(err, status, "%s", why);
    else
        imp_fail(err, status,
                 "%s: is of the network %.64s, not of %.64s: give --network %.64s, too", model,
                 name, ours, name);
    imp_network_destroy(other);
    return status;
}

// Puts the weights of another model in the place of the random ones.
static imp_status load_initial_weights(imp_train_run *r, const char *model, imp_error *err)
{
    imp_error why = {0};
    imp_status status = imp_network_import_weights(r->network, model, &why);
    if (status != IMP_OK)
        return explain_import_error(r, model, status, why.message, err);
    r->initial_hash = imp_network_weights_hash(r->network);
    return IMP_OK;
}

static imp_status prepare_network(imp_train_run *r, imp_error *err)
{
    imp_network_def network = r->def->network;
    network.width = r->info.width;
    network.height = r->info.height;
    imp_trainer_def trainer = r->def->trainer;
    trainer.seed = r->def->seed;
    imp_status status = imp_network_create(&r->network, &network, r->def->seed, err);
    // duty cycles end at 1, whatever the teacher would have liked
    if (status == IMP_OK && imp_network_output_kind(r->network) == IMP_OUTPUT_DUTY_CYCLES)
        trainer.limit = 1.0;
    if (status == IMP_OK && r->def->initial != NULL)
        status = load_initial_weights(r, r->def->initial, err);
    if (status == IMP_OK)
        status = imp_trainer_create(&r->trainer, r->network, &trainer, err);
    return status;
}

static imp_status prepare_augmenter(imp_train_run *r, imp_error *err)
{
    bool any;
    const imp_status status = imp_augment_check(&r->def->augment, &any, err);
    return status == IMP_OK && any
               ? imp_augmenter_create(&r->augmenter, &r->def->augment, &r->info, err)
               : status;
}

static imp_status prepare_loaders(imp_train_run *r, imp_error *err)
{
    const size_t batch = (size_t)r->def->trainer.batch;
    for (int k = 0; k < r->training.part_count && r->def->data_weights != NULL; k++)
        r->training.parts[k].weight = r->def->data_weights[k];
    const size_t window = r->online != NULL ? 0 : (size_t)r->def->window;
    const bool streams = window > 0 && window < r->training.count;
    const imp_data_loader_def training = {
        .inputs = *imp_network_inputs(r->network),
        .head = imp_network_output_kind(r->network),
        .weight_turns = r->def->weight_turns,
        .augmenter = r->augmenter,
        .window = window,
        .batch = batch,
        .shuffle = true,
        .streams = streams,
    };
    imp_data_loader_def held_out = training;
    held_out.weight_turns = 0.0;
    held_out.augmenter = NULL;
    held_out.window = VALIDATION_WINDOW;
    held_out.shuffle = false;
    const imp_status status = imp_data_loader_init(&r->loader, &r->training, &training, err);
    return status == IMP_OK
               ? imp_data_loader_init(&r->held_out_loader, &r->held_out, &held_out, err)
               : status;
}

// Drives the samples of an epoch, where they are not in datasets.
static imp_status refill_online_buffer(imp_train_run *r, imp_error *err)
{
    if (r->online == NULL)
        return IMP_OK;
    imp_trainer_sync_network(r->trainer);
    imp_status status = imp_online_buffer_fill(r->online, &r->training, r->at.epoch,
                                               r->at.step == 0, r->network, err);
    if (status == IMP_INTERRUPTED)
        return imp_fail(err, status, "interrupted before epoch %d: continue with --resume",
                        r->at.epoch + 1);
    imp_data_loader_free(&r->loader);
    imp_data_loader_free(&r->held_out_loader);
    if (status == IMP_OK)
        status = prepare_loaders(r, err);
    r->summary->samples = (int64_t)r->training.count;
    return status;
}

static imp_status prepare_run(imp_train_run *r, imp_error *err)
{
    imp_status status = prepare_network(r, err);
    if (status == IMP_OK)
        status = prepare_augmenter(r, err);
    if (status == IMP_OK && r->online == NULL)
        status = prepare_loaders(r, err);
    if (status == IMP_OK)
        status = imp_train_write_identity(r, err);
    if (status == IMP_OK)
        status = imp_folder_create(r->folder, err);
    if (status != IMP_OK)
        return status;
    for (int k = 0; k < r->dataset_count && r->loader.def.streams; k++) {
        imp_dataset_advise(r->datasets[k], NULL, 0, IMP_READ_DONE); // all of it was just hashed
        imp_dataset_advise(r->datasets[k], NULL, 0, IMP_READ_RANDOM);
    }
    r->at = (imp_training_position){.best_loss = INFINITY};
    r->saved.epoch = -1;
    r->summary->samples = (int64_t)r->training.count;
    r->summary->validation_samples = (int64_t)r->held_out.count;
    r->summary->repeated_episodes = r->holdout.repeated;
    r->summary->parameters = imp_network_parameter_count(r->network);
    if (r->def->resume)
        status = imp_train_restore_state(r, err);
    if (status == IMP_OK && r->at.epoch > r->def->epochs)
        status = imp_fail(err, IMP_USAGE, "%s: has had %s already, more than the %d asked for",
                          r->folder, IMP_PLURAL(r->at.epoch, "epoch"), r->def->epochs);
    return status;
}

// The factor of the learning rate at the present step.
static double rate_factor(const imp_train_run *r)
{
    const double floor = 0.01;
    const imp_train_def *def = r->def;
    const double samples = (double)r->training.count;
    const double steps = (double)r->at.epoch * imp_train_epoch_steps(r) + r->at.step;
    double factor = 1.0;
    if (def->schedule == IMP_SCHEDULE_COSINE) {
        const double seen = r->at.epoch + r->at.step * (double)def->trainer.batch / samples;
        const double share = seen / def->epochs;
        factor = floor + (1.0 - floor) * 0.5 * (1.0 + cos(IMP_PI * share));
    } else if (def->schedule == IMP_SCHEDULE_STEP) {
        factor = pow(def->decay_factor, r->at.epoch / def->decay_epochs);
    }
    if (steps < def->warm_up_steps)
        factor *= (steps + 1.0) / def->warm_up_steps;
    return factor;
}

// Ends training that has lost its way: says what is still good.
static imp_status fail_diverged(const imp_train_run *r, const char *why, imp_error *err)
{
    char checkpoint[64] = "there is no checkpoint yet";
    if (r->saved.epoch >= 0)
        snprintf(checkpoint, sizeof checkpoint, "the last good checkpoint is of epoch %d, step %d",
                 r->saved.epoch + 1, r->saved.step);
    return imp_fail(err, IMP_CHECK_FAILED, "epoch %d, step %d: %.240s; %s", r->at.epoch + 1,
                    r->at.step + 1, why, checkpoint);
}

static imp_status train_step(imp_train_run *r, imp_error *err)
{
    const imp_batch batch =
        imp_data_loader_get_batch(&r->loader, (size_t)r->at.step * r->loader.def.batch);
    const double factor = rate_factor(r), start = imp_monotonic_seconds();
    double loss = 0.0;
    imp_error why = {0};
    imp_trainer_set_lr_factor(r->trainer, factor);
    const imp_status status = imp_trainer_step(r->trainer, &batch, &loss, &why);
    if (status == IMP_CHECK_FAILED)
        return fail_diverged(r, why.message, err);
    if (status != IMP_OK)
        return imp_fail(err, status, "%s", why.message);
    if (loss > LOSS_LIMIT)
        return fail_diverged(r, "the loss exploded: lower the learning rate", err);
    r->step_seconds += imp_monotonic_seconds() - start;
    r->step_samples += batch.count;
    r->at.loss_sum += loss * batch.count;
    r->at.step++;
    return imp_train_logger_step(r, loss, batch.count, factor * r->def->trainer.learning_rate, err);
}

// Mean loss on what was held out; NaN if nothing was.
static double validate(imp_train_run *r)
{
    imp_data_loader *loader = &r->held_out_loader;
    if (r->held_out.count == 0)
        return NAN;
    double sum = 0.0;
    imp_data_loader_start_epoch(loader, 0, 0);
    for (size_t first = 0; first < r->held_out.count; first += loader->def.batch) {
        const imp_batch batch = imp_data_loader_get_batch(loader, first);
        sum += batch.count * imp_trainer_evaluate_loss(r->trainer, &batch);
    }
    return sum / (double)r->held_out.count;
}

static imp_status finish_epoch(imp_train_run *r, imp_error *err)
{
    // results without a state could not be told from those whose state is lost
    if (r->saved.epoch < 0) {
        const imp_status status = imp_train_save_state(r, err);
        if (status != IMP_OK)
            return status;
    }
    const double loss = r->at.loss_sum / (double)r->training.count;
    const double rate = rate_factor(r) * r->def->trainer.learning_rate;
    const double validation_loss = validate(r);
    const double judged = isnan(validation_loss) ? loss : validation_loss;
    r->at.epoch++;
    r->at.step = 0;
    r->at.loss_sum = 0.0;
    imp_status status =
        imp_training_history_add(&r->history, r->at.epoch, loss, validation_loss, rate, err);
    // losses on samples that are other ones every time do not compare: the latest is kept
    if (status == IMP_OK && (judged < r->at.best_loss || r->online != NULL)) {
        r->at.best_loss = judged;
        r->at.best_epoch = r->at.epoch;
        status = imp_train_save_model(r, "model.safetensors", judged, err);
    }
    if (status == IMP_OK)
        status = imp_train_save_model(r, "last.safetensors", judged, err);
    if (status == IMP_OK)
        status = imp_training_history_write(&r->history, r->folder, err);
    if (status == IMP_OK)
        status = imp_train_save_state(r, err);
    return status == IMP_OK ? imp_train_logger_epoch(r, err) : status;
}

static imp_status train_epoch(imp_train_run *r, imp_error *err)
{
    const int steps = imp_train_epoch_steps(r);
    imp_data_loader_start_epoch(&r->loader, r->def->seed, (uint32_t)r->at.epoch);
    while (r->at.step < steps) {
        imp_status status = train_step(r, err);
        if (status != IMP_OK)
            return status;
        const bool stop = imp_monitor_should_stop(r->monitor);
        if (stop || r->at.step % r->def->checkpoint_steps == 0)
            status = imp_train_save_state(r, err);
        if (status != IMP_OK)
            return status;
        if (stop)
            return imp_fail(err, IMP_INTERRUPTED,
                            "interrupted in epoch %d: the state is saved, continue with --resume",
                            r->at.epoch + 1);
    }
    return finish_epoch(r, err);
}

// Whether so many epochs in a row have brought no better model that no more are wanted.
static bool out_of_patience(const imp_train_run *r)
{
    return r->def->patience > 0 && r->at.epoch - r->at.best_epoch >= r->def->patience;
}

static bool is_finished(const imp_train_run *r)
{
    return r->at.epoch >= r->def->epochs || out_of_patience(r);
}

static imp_status train(imp_train_run *r, imp_error *err)
{
    if (is_finished(r))
        return IMP_OK; // it is left as it is
    imp_status status = refill_online_buffer(r, err);
    if (status == IMP_OK)
        status = imp_train_logger_start(r, err);
    while (status == IMP_OK && !is_finished(r)) {
        status = train_epoch(r, err);
        if (status == IMP_OK && !is_finished(r))
            status = refill_online_buffer(r, err);
    }
    imp_train_logger_end(r);
    return status;
}

static void summarize_run(imp_train_run *r)
{
    imp_train_summary *summary = r->summary;
    int last = r->history.count - 1;
    summary->epochs = r->at.epoch;
    summary->stopped_early = r->at.epoch < r->def->epochs && out_of_patience(r);
    summary->best_loss = r->at.best_loss;
    summary->best_epoch = r->at.best_epoch;
    summary->loss = last >= 0 ? r->history.losses[last] : NAN;
    summary->validation_loss = last >= 0 ? r->history.validation_losses[last] : NAN;
    summary->samples_per_second =
        r->step_seconds > 0.0 ? (double)r->step_samples / r->step_seconds : 0.0;
}

static void free_run(imp_train_run *r)
{
    imp_training_history_free(&r->history);
    imp_trainer_destroy(r->trainer);
    imp_network_destroy(r->network);
    imp_data_loader_free(&r->loader);
    imp_data_loader_free(&r->held_out_loader);
    imp_augmenter_destroy(r->augmenter);
    imp_training_samples_free(&r->training);
    imp_training_samples_free(&r->held_out);
    imp_validation_split_free(&r->holdout);
    imp_online_buffer_close(r->online);
    for (int k = 0; k < r->dataset_count; k++)
        imp_dataset_close(r->datasets[k]);
    free(r->datasets);
    free(r->hashes);
    free(r->identity);
    free(r->maps);
}

static imp_status check_train_def(const imp_train_def *def, imp_error *err)
{
    if (def->cookie != TRAIN_COOKIE)
        return imp_fail(err, IMP_USAGE, "imp_train_def was not made with imp_default_train_def()");
    if (def->epochs < 1 || def->checkpoint_steps < 1 || def->decay_epochs < 1)
        return imp_fail(err, IMP_USAGE,
                        "epochs (%d), checkpoint steps (%d) and decay epochs (%d) must be at "
                        "least 1",
                        def->epochs, def->checkpoint_steps, def->decay_epochs);
    if (def->patience < 0 || def->window < 0 || def->warm_up_steps < 0)
        return imp_fail(err, IMP_USAGE,
                        "patience (%d), window (%d) and warm-up steps (%d) must not be negative",
                        def->patience, def->window, def->warm_up_steps);
    if (!(def->decay_factor > 0.0 && def->decay_factor <= 1.0))
        return imp_fail(err, IMP_USAGE, "the decay factor, %g, must lie above 0 and up to 1",
                        def->decay_factor);
    if (!(def->weight_turns >= 0.0 && def->weight_turns <= 1e6))
        return imp_fail(err, IMP_USAGE, "the weight of turns, %g, must not be negative",
                        def->weight_turns);
    if (!(def->validation >= 0.0 && def->validation < 1.0))
        return imp_fail(err, IMP_USAGE,
                        "the share for validation, %g, must be at least 0 and less than 1",
                        def->validation);
    return IMP_OK;
}

imp_status imp_train_check(const imp_train_def *def, int width, int height, imp_error *err)
{
    bool any;
    imp_train_run trial = {.def = def, .info = {.width = width, .height = height}};
    imp_status status = check_train_def(def, err);
    if (status == IMP_OK)
        status = imp_augment_check(&def->augment, &any, err);
    if (status == IMP_OK)
        status = prepare_network(&trial, err);
    imp_trainer_destroy(trial.trainer);
    imp_network_destroy(trial.network);
    return status;
}

// Trains on what was opened, if that went well, and ends the run.
static imp_status run_training(imp_train_run *r, imp_status opened, double start, imp_error *err)
{
    imp_status status = opened;
    if (status == IMP_OK)
        status = prepare_run(r, err);
    if (status == IMP_OK)
        status = train(r, err);
    summarize_run(r);
    free_run(r);
    r->summary->seconds = imp_monotonic_seconds() - start;
    return status;
}

imp_status imp_train(imp_train_summary *summary, const char *folder, const char *const *datasets,
                     int count, const imp_train_def *def, const imp_monitor *monitor,
                     imp_error *err)
{
    *summary = (imp_train_summary){0};
    imp_status status = check_train_def(def, err);
    if (status == IMP_OK && count < 1)
        status = imp_fail(err, IMP_USAGE, "no dataset to train on");
    for (int k = 0; k < count && status == IMP_OK && def->data_weights != NULL; k++)
        if (!(def->data_weights[k] > 0.0 && def->data_weights[k] <= 1e6))
            status = imp_fail(err, IMP_USAGE, "%s: a weight of %g: must lie above 0", datasets[k],
                              def->data_weights[k]);
    if (status != IMP_OK)
        return status;
    const double start = imp_monotonic_seconds();
    imp_train_run r = {.def = def, .folder = folder, .monitor = monitor, .summary = summary};
    return run_training(&r, open_datasets(&r, datasets, count, err), start, err);
}

imp_status imp_train_online(imp_train_summary *summary, const char *folder,
                            const imp_online_def *def, const imp_monitor *monitor, imp_error *err)
{
    *summary = (imp_train_summary){0};
    imp_status status = check_train_def(&def->train, err);
    if (status != IMP_OK)
        return status;
    const double start = imp_monotonic_seconds();
    imp_train_run r = {
        .def = &def->train, .folder = folder, .monitor = monitor, .summary = summary};
    return run_training(&r, imp_online_buffer_open(&r.online, &r.info, def, folder, monitor, err),
                        start, err);
}
