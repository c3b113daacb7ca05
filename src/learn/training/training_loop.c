// The training loop, the same for all sources of samples. Each epoch takes the source's batches one
// after the other, at a learning rate that is a function of the position alone; then it measures
// the loss on held-out samples, keeps the weights if they are the best so far, and saves a
// checkpoint. Network and optimiser are in nn/trainer, samples behind
// learn/training/sample_source.h. The invariant: the weights after step n are a function of
// settings, data and n, so that a resumed training ends with the same bytes. Time and threads have
// no influence.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/io/atomic_file.h"
#include "base/io/file.h"
#include "base/io/folder_lock.h"
#include "base/text/plural.h"
#include "learn/training/training_run.h"
#include "nn/network/network.h"
#include "nn/trainer/trainer_ranks.h"

// Duty cycles lie within 1 of 0, so that the worst driver's error is 4, and the cross-entropy of a
// coin's guess is below 1: this far off, training has lost its way.
static const double LOSS_LIMIT = 1e3;

// Batches of an epoch; the last one may be smaller than the others.
int imp_training_epoch_steps(const imp_training *t)
{
    const int64_t batch = t->def->trainer.batch;
    return (int)((t->source->samples + batch - 1) / batch);
}

// A sound model of another network is a reason of its own. Weights of another architecture have
// other tensors, which `why` alone would not explain.
static imp_status fail_weights_do_not_fit(const imp_training *t, imp_status status, const char *why,
                                          imp_error *err)
{
    imp_network *other;
    const char *model = t->def->initial;
    if (imp_network_load(&other, model, NULL) != IMP_OK)
        return imp_fail(err, status, "%s", why);
    const char *name = imp_network_info(other)->architecture;
    const char *ours = imp_network_info(t->network)->architecture;
    if (strcmp(name, ours) == 0)
        imp_fail(err, status, "%s", why);
    else
        (void)imp_add_hint(
            err, IMP_HINT_NETWORK,
            imp_fail(err, status, "%s: is of the network %.64s, not of %.64s", model, name, ours));
    imp_network_destroy(other);
    return status;
}

// Puts the weights of another model in the place of the random ones. Their hash becomes part of the
// identity, so that a file that changed is noticed when training resumes.
static imp_status load_initial_weights(imp_training *t, imp_error *err)
{
    imp_error why = {0};
    const imp_status status = imp_network_import_weights(t->network, t->def->initial, &why);
    if (status != IMP_OK)
        return fail_weights_do_not_fit(t, status, why.message, err);
    t->initial_hash = imp_network_weights_hash(t->network);
    return IMP_OK;
}

// Creates the network for images of a size [px], and its optimiser: Adam, AdamW (Loshchilov &
// Hutter 2019) or SGD. The seed of the training sets the initial weights and the dropout.
static imp_status create_network_and_trainer(imp_training *t, int width, int height, imp_error *err)
{
    imp_network_def network = t->def->network;
    imp_trainer_def trainer = t->def->trainer;
    network.width = width;
    network.height = height;
    trainer.seed = t->def->seed;
    IMP_TRY(imp_network_create(&t->network, &network, t->def->seed, err));
    // duty cycles are limited to 1, also where the expert would give more
    if (trainer.loss != IMP_LOSS_CROSS_ENTROPY &&
        imp_network_output_kind(t->network) == IMP_OUTPUT_DUTY_CYCLES)
        trainer.limit = 1.0;
    if (t->def->initial != NULL)
        IMP_TRY(load_initial_weights(t, err));
    IMP_TRY(imp_trainer_create(&t->trainer, t->network, &trainer, err));
    return imp_trainer_set_communicator(t->trainer, t->def->communicator, err);
}

// Creates both for a test and frees them, so that every rule of the network and the optimiser
// applies.
imp_status imp_training_check_network_def(const imp_train_def *def, int width, int height,
                                          imp_error *err)
{
    imp_training trial = {.def = def};
    const imp_status status = create_network_and_trainer(&trial, width, height, err);
    imp_trainer_destroy(trial.trainer);
    imp_network_destroy(trial.network);
    return status;
}

// Creates all that a training needs and restores its state, if it resumes. Later steps use what
// earlier ones made, in this order.
static imp_status prepare_training(imp_training *t, imp_error *err)
{
    imp_sample_source *source = t->source;
    t->at = (imp_training_position){.best_loss = INFINITY};
    // -1 means that no state has been saved in this call
    t->saved.epoch = -1;
    // everything that may be refused is, before there is a folder
    imp_status status = create_network_and_trainer(t, source->width, source->height, err);
    if (status == IMP_OK)
        status = source->vtable->prepare(source, t->network, err);
    if (status == IMP_OK)
        status = imp_training_write_identity(t, err);
    if (status == IMP_OK && t->writes)
        status = imp_folder_create(t->folder, err);
    if (status == IMP_OK && t->writes)
        status = imp_folder_lock(&t->lock, t->folder, err);
    if (status == IMP_OK && t->def->resume)
        status = imp_training_restore(t, err);
    if (status == IMP_OK && t->at.epoch > t->def->epochs)
        status = imp_fail(err, IMP_USAGE,
                          "%s: has had %s already, more than the %d asked for: ask for as many or "
                          "more",
                          t->folder, IMP_PLURAL(t->at.epoch, "epoch"), t->def->epochs);
    // nothing can be refused any more: what a killed writer left may go
    return status == IMP_OK && t->def->resume && t->writes
               ? imp_atomic_file_remove_stale_files(t->folder, err)
               : status;
}

// Prepares all ranks, rank 0 first: what it finds missing in the folder, it writes again.
static imp_status prepare_training_on_all_ranks(imp_training *t, imp_error *err)
{
    imp_communicator alone = imp_communicator_single_process();
    imp_communicator *ranks = t->def->communicator != NULL ? t->def->communicator : &alone;
    imp_status status = t->writes ? prepare_training(t, err) : IMP_OK;
    IMP_TRY(imp_communicator_agree_on_status(ranks, status, err));
    status = t->writes ? IMP_OK : prepare_training(t, err);
    IMP_TRY(imp_communicator_agree_on_status(ranks, status, err));
    return imp_communicator_check_same_text(ranks, t->identity, "the settings or data", err);
}

// The factor of the learning rate at the present step. The cosine schedule is that of Loshchilov &
// Hutter 2017 (SGDR) without restarts. The step schedule multiplies by decay_factor every
// decay_epochs. Warm-up raises the rate linearly over the first steps, with any schedule.
static double learning_rate_factor(const imp_training *t)
{
    // the smallest factor of the cosine: a rate of 0 would waste the last steps
    const double floor = 0.01;
    const imp_train_def *def = t->def;
    const int epoch_steps = imp_training_epoch_steps(t);
    const double steps = (double)t->at.epoch * epoch_steps + t->at.step;
    // an epoch is counted in whole batches or in samples; these differ where the last batch is
    // smaller
    const double samples = t->source->vtable->schedule_counts_steps
                               ? (double)epoch_steps * def->trainer.batch
                               : (double)t->source->samples;
    double factor = 1.0;
    if (def->schedule == IMP_SCHEDULE_COSINE) {
        // half a cosine over all epochs, from 1 down to the floor
        const double seen = t->at.epoch + t->at.step * (double)def->trainer.batch / samples;
        const double share = seen / def->epochs;
        factor = floor + (1.0 - floor) * 0.5 * (1.0 + imp_cos(IMP_PI * share));
    } else if (def->schedule == IMP_SCHEDULE_STEP) {
        factor = imp_pow(def->decay_factor, t->at.epoch / def->decay_epochs);
    }
    if (steps < def->warm_up_steps)
        factor *= (steps + 1.0) / def->warm_up_steps;
    return factor;
}

// Ends training that has lost its way: says what is still good. `why` names the value that is not
// finite or too large.
static imp_status fail_diverged(const imp_training *t, const char *why, imp_error *err)
{
    char checkpoint[64] = "there is no checkpoint yet";
    if (t->saved.epoch >= 0)
        snprintf(checkpoint, sizeof checkpoint, "the last good checkpoint is of epoch %d, step %d",
                 t->saved.epoch + 1, t->saved.step);
    return imp_fail(err, IMP_CHECK_FAILED, "epoch %d, step %d: %.240s; %s", t->at.epoch + 1,
                    t->at.step + 1, why, checkpoint);
}

// Does one step of the optimiser on the batch at the present position, and adds its loss to the
// epoch's sum.
static imp_status train_step(imp_training *t, imp_error *err)
{
    const double factor = learning_rate_factor(t), start = imp_monotonic_seconds();
    const int64_t first = (int64_t)t->at.step * t->def->trainer.batch;
    const imp_batch batch = t->source->vtable->get_batch(t->source, first);
    double loss = 0.0;
    imp_error why = {0};
    imp_trainer_set_lr_factor(t->trainer, factor);
    const imp_status status = imp_trainer_step(t->trainer, &batch, &loss, &why);
    // a step that went wrong changed nothing; one whose loss is absurd is not saved
    if (status == IMP_CHECK_FAILED)
        return fail_diverged(t, why.message, err);
    if (status != IMP_OK)
        return imp_fail(err, status, "%s", why.message);
    if (loss > LOSS_LIMIT)
        return fail_diverged(t, "the loss exploded: lower the learning rate", err);
    t->step_seconds += imp_monotonic_seconds() - start;
    t->step_samples += batch.count;
    t->at.loss_sum += loss * batch.count;
    t->at.step++;
    return imp_training_logger_log_step(t, loss, batch.count,
                                        factor * t->def->trainer.learning_rate, err);
}

// Mean loss on what was held out; NaN if nothing was. The mean is over samples, so that a smaller
// last batch counts less.
static double compute_validation_loss(imp_training *t)
{
    imp_sample_source *source = t->source;
    double sum = 0.0;
    for (int64_t first = 0; first < source->held_out; first += t->def->trainer.batch) {
        const imp_batch batch = source->vtable->get_held_out_batch(source, first);
        sum += batch.count * imp_trainer_evaluate_loss(t->trainer, &batch);
    }
    return source->held_out > 0 ? sum / (double)source->held_out : NAN;
}

// Ends an epoch: validates, adds a row to the history, and writes models and state. The order of
// writes matters: a kill between two of them must leave files that restoring accepts.
static imp_status validate_and_save_epoch(imp_training *t, imp_error *err)
{
    imp_status status = IMP_OK;
    // results without a state would look like results whose state is lost
    if (t->saved.epoch < 0)
        status = imp_training_save_state(t, err);
    if (status != IMP_OK)
        return status;
    const double loss = t->at.loss_sum / (double)t->source->samples;
    const double rate = learning_rate_factor(t) * t->def->trainer.learning_rate;
    const double validation_loss = compute_validation_loss(t);
    // the learning rate is taken before the position moves on
    const double judged = isnan(validation_loss) ? loss : validation_loss;
    // the position is that of the next epoch; models name the number of epochs that they have had
    t->at.epoch++;
    t->at.step = 0;
    t->at.loss_sum = 0.0;
    status = imp_training_history_add(&t->history, t->at.epoch, loss, validation_loss, rate, err);
    if (status == IMP_OK && (judged < t->at.best_loss || t->source->vtable->latest_is_best)) {
        t->at.best_loss = judged;
        t->at.best_epoch = t->at.epoch;
        status = imp_training_save_model(t, "model.safetensors", judged, err);
    }
    if (status == IMP_OK)
        status = imp_training_save_model(t, "last.safetensors", judged, err);
    if (status == IMP_OK)
        status = t->writes ? imp_training_history_write(&t->history, t->folder, err) : IMP_OK;
    // the state comes last: with it the epoch is done
    if (status == IMP_OK)
        status = imp_training_save_state(t, err);
    return status == IMP_OK ? imp_training_logger_log_epoch(t, err) : status;
}

// Lets the source order, or drive, the samples of the epoch. Online training drives with the
// network, so that it must have the latest weights.
static imp_status begin_epoch(imp_training *t, imp_error *err)
{
    imp_trainer_copy_weights_to_network(t->trainer);
    imp_status status = t->source->vtable->begin_epoch(t->source, &t->at, err);
    status = imp_communicator_agree_on_status(t->def->communicator, status, err);
    return status == IMP_INTERRUPTED
               ? imp_add_hint(err, IMP_HINT_RESUME,
                              imp_fail(err, status, "interrupted before epoch %d", t->at.epoch + 1))
               : status;
}

// Trains from the present step to the end of the epoch. It saves the state every checkpoint_steps,
// and when the monitor wants to stop.
static imp_status train_epoch(imp_training *t, imp_error *err)
{
    const int steps = imp_training_epoch_steps(t);
    while (t->at.step < steps) {
        IMP_TRY(train_step(t, err));
        const bool stop =
            imp_trainer_agree_to_stop(t->trainer, imp_monitor_should_stop(t->monitor));
        if (stop || t->at.step % t->def->checkpoint_steps == 0)
            IMP_TRY(imp_training_save_state(t, err));
        if (stop)
            return imp_add_hint(err, IMP_HINT_RESUME,
                                imp_fail(err, IMP_INTERRUPTED,
                                         "interrupted in epoch %d: the state is saved",
                                         t->at.epoch + 1));
    }
    return validate_and_save_epoch(t, err);
}

// Whether so many epochs in a row have brought no better model that no more are wanted. A patience
// of 0 means that training never stops early.
static bool is_patience_exhausted(const imp_training *t)
{
    return t->def->patience > 0 && t->at.epoch - t->at.best_epoch >= t->def->patience;
}

static bool is_training_finished(const imp_training *t)
{
    return t->at.epoch >= t->def->epochs || is_patience_exhausted(t);
}

// Runs epochs until the last one, or until patience has run out. A training that is finished stays
// as it is.
static imp_status train_remaining_epochs(imp_training *t, imp_error *err)
{
    imp_status status = IMP_OK;
    for (bool started = false; status == IMP_OK && !is_training_finished(t); started = true) {
        status = begin_epoch(t, err);
        if (status == IMP_OK && !started) // its first images are those of an epoch
            status = imp_training_logger_start(t, err);
        if (status == IMP_OK)
            status = train_epoch(t, err);
    }
    if (status == IMP_OK)
        status = imp_training_logger_log_summary(t, err);
    imp_training_logger_close(t);
    return status;
}

// Also after a failure: then the network may not exist, and the history may be empty.
static void fill_train_summary(const imp_training *t, imp_train_summary *summary)
{
    const int last = t->history.count - 1;
    summary->samples = t->source->samples;
    summary->validation_samples = t->source->held_out;
    summary->parameters = t->network != NULL ? imp_network_parameter_count(t->network) : 0;
    summary->epochs = t->at.epoch;
    summary->stopped_early = t->at.epoch < t->def->epochs && is_patience_exhausted(t);
    summary->best_loss = t->at.best_loss;
    summary->best_epoch = t->at.best_epoch;
    summary->loss = last >= 0 ? t->history.losses[last] : NAN;
    summary->validation_loss = last >= 0 ? t->history.validation_losses[last] : NAN;
    summary->samples_per_second =
        t->step_seconds > 0.0 ? (double)t->step_samples / t->step_seconds : 0.0;
}

// The steps of a training: prepare or restore, train the epochs that remain, summarise.
imp_status imp_training_run(imp_train_summary *summary, const char *folder,
                            imp_sample_source *source, const imp_train_def *def,
                            const imp_monitor *monitor, imp_error *err)
{
    const double start = imp_monotonic_seconds();
    // all memory of a training belongs to this value, and is freed on every path
    imp_training t = {.def = def,
                      .folder = folder,
                      .lock = IMP_FOLDER_UNLOCKED,
                      .monitor = monitor,
                      .source = source,
                      .writes = def->communicator == NULL || def->communicator->rank == 0};
    imp_status status = prepare_training_on_all_ranks(&t, err);
    if (status == IMP_OK)
        status = train_remaining_epochs(&t, err);
    fill_train_summary(&t, summary);
    summary->seconds = imp_monotonic_seconds() - start;
    imp_training_history_free(&t.history);
    imp_trainer_destroy(t.trainer);
    imp_network_destroy(t.network);
    free(t.identity);
    imp_folder_unlock(t.lock);
    return status;
}
