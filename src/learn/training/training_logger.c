// What a training shows while it runs: progress for a display, and a log for TensorBoard. A point
// of the log is the mean over the steps since the one before. Nothing here changes results.
#include <math.h>
#include <stdio.h>

#include "base/common/clock.h"
#include "evaluate/report/report_formats/hyperparameters.h"
#include "learn/training/training_run.h"

// Reports are for a display, points for TensorBoard; both are counted in steps of the optimiser.
// LOGGED_IMAGES is the number of observations that a log begins with.
enum { STEPS_BETWEEN_REPORTS = 8, STEPS_BETWEEN_POINTS = 16, LOGGED_IMAGES = 4 };

// Steps done so far. The count is the x-axis of the log.
static int64_t steps_done(const imp_training *t)
{
    return (int64_t)t->at.epoch * imp_training_epoch_steps(t) + t->at.step;
}

// Opens the log, if one is wanted. A training without a log still reports progress.
imp_status imp_training_logger_start(imp_training *t, imp_error *err)
{
    t->logger = (imp_training_logger){.since = imp_monotonic_seconds()};
    if (!t->def->tensorboard || !t->writes)
        return IMP_OK;
    // from a resumed step on, earlier logs of the folder are forgotten
    imp_status status = imp_tensorboard_open(&t->logger.events, t->folder, steps_done(t) + 1, err);
    if (status != IMP_OK)
        return status;
    imp_tensorboard_add_hyperparameters(t->logger.events, t->def->settings);
    if (steps_done(t) > 0)
        return imp_tensorboard_flush(t->logger.events, err);
    // a new log begins with some of the images that are learned from
    for (int k = 0; k < LOGGED_IMAGES; k++) {
        char tag[32];
        snprintf(tag, sizeof tag, "observations/%d", k);
        imp_tensorboard_add_image(t->logger.events, 0, tag, t->source->width, t->source->height,
                                  t->source->vtable->get_image(t->source, k, LOGGED_IMAGES));
    }
    return imp_tensorboard_flush(t->logger.events, err);
}

// Passes the position, the mean loss of the epoch so far and the last validation loss to the
// monitor. The amount of work is counted in samples.
static void report_progress(const imp_training *t)
{
    char detail[96];
    const int steps = imp_training_epoch_steps(t), last = t->history.count - 1;
    const double seen = (double)t->at.step * t->def->trainer.batch;
    // "epoch 2/8 loss 0.1234 validation 0.2345"
    int used = snprintf(detail, sizeof detail, "epoch %d/%d loss %.4f", t->at.epoch + 1,
                        t->def->epochs, seen > 0.0 ? t->at.loss_sum / seen : 0.0);
    if (last >= 0 && !isnan(t->history.validation_losses[last]))
        snprintf(detail + used, sizeof detail - (size_t)used, " validation %.4f",
                 t->history.validation_losses[last]);
    // done and total count full batches, so that the last step reaches 100 %
    imp_progress progress = {
        .task = t->source->vtable->task,
        .unit = t->source->vtable->unit,
        .done = (double)steps_done(t) * t->def->trainer.batch,
        .total = (double)t->def->epochs * steps * t->def->trainer.batch,
        .detail = detail,
    };
    imp_monitor_progress(t->monitor, &progress);
}

imp_status imp_training_logger_log_step(imp_training *t, double loss, int count, double rate,
                                        imp_error *err)
{
    imp_training_logger *logger = &t->logger;
    if (t->at.step % STEPS_BETWEEN_REPORTS == 0)
        report_progress(t);
    // the mean is weighted by samples, because the last batch of an epoch may be smaller
    logger->loss_sum += loss * count;
    logger->samples += count;
    if (logger->events == NULL || t->at.step % STEPS_BETWEEN_POINTS != 0)
        return IMP_OK;
    // a point: means since the last one, which then begin anew
    const double time = imp_monotonic_seconds();
    imp_tensorboard_add_scalar(logger->events, steps_done(t), "step/loss",
                               logger->loss_sum / (double)logger->samples);
    imp_tensorboard_add_scalar(logger->events, steps_done(t), "step/learning_rate", rate);
    imp_tensorboard_add_scalar(logger->events, steps_done(t), "step/gradient_norm",
                               imp_trainer_gradient_norm(t->trainer));
    imp_tensorboard_add_scalar(logger->events, steps_done(t), "step/samples_per_second",
                               (double)logger->samples / fmax(time - logger->since, 1e-9));
    logger->since = time;
    logger->loss_sum = 0.0;
    logger->samples = 0;
    return imp_tensorboard_flush(logger->events, err);
}

// Writes the points of an epoch that has ended.
imp_status imp_training_logger_log_epoch(imp_training *t, imp_error *err)
{
    imp_training_logger *logger = &t->logger;
    const int last = t->history.count - 1;
    if (logger->events == NULL)
        return IMP_OK;
    // the losses, then how the weights of each tensor are distributed
    imp_tensorboard_add_scalar(logger->events, steps_done(t), "epoch/loss",
                               t->history.losses[last]);
    if (!isnan(t->history.validation_losses[last]))
        imp_tensorboard_add_scalar(logger->events, steps_done(t), "epoch/validation_loss",
                                   t->history.validation_losses[last]);
    const imp_tensor *tensor;
    for (int i = 0; (tensor = imp_network_tensor(t->network, i)) != NULL; i++)
        imp_tensorboard_add_histogram(logger->events, steps_done(t), tensor->name,
                                      imp_network_tensor_values(t->network, tensor),
                                      (size_t)tensor->count);
    return imp_tensorboard_flush(logger->events, err);
}

// The figures by which runs are compared, and that there will be no others.
imp_status imp_training_logger_log_summary(imp_training *t, imp_error *err)
{
    imp_tensorboard *events = t->logger.events;
    if (events == NULL)
        return IMP_OK;
    imp_tensorboard_add_scalar(events, steps_done(t), "final/best_loss", t->at.best_loss);
    imp_tensorboard_add_scalar(events, steps_done(t), "final/best_epoch", t->at.best_epoch);
    imp_tensorboard_add_session_end(events);
    return imp_tensorboard_flush(events, err);
}

// May be called without a start.
void imp_training_logger_close(imp_training *t)
{
    imp_tensorboard_destroy(t->logger.events);
    t->logger.events = NULL;
}
