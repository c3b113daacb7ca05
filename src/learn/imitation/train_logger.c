// What a training run shows while it runs: its progress, and a log for TensorBoard.
#include <math.h>
#include <stdio.h>

#include "base/common/clock.h"
#include "learn/imitation/train.h"

enum { STEPS_BETWEEN_REPORTS = 8, STEPS_BETWEEN_POINTS = 16, LOGGED_IMAGES = 4 };

// Steps done so far.
static int64_t steps_done(const imp_train_run *r)
{
    return (int64_t)r->at.epoch * imp_train_epoch_steps(r) + r->at.step;
}

imp_status imp_train_logger_start(imp_train_run *r, imp_error *err)
{
    r->logger = (imp_train_logger){.since = imp_monotonic_seconds()};
    if (!r->def->tensorboard)
        return IMP_OK;
    imp_status status = imp_tensorboard_open(&r->logger.events, r->folder, steps_done(r) + 1, err);
    if (status != IMP_OK || steps_done(r) > 0)
        return status;
    for (int k = 0; k < LOGGED_IMAGES; k++) {
        char tag[32];
        snprintf(tag, sizeof tag, "observations/%d", k);
        imp_tensorboard_add_image(
            r->logger.events, 0, tag, r->info.width, r->info.height,
            r->training.frames[(size_t)k * r->training.count / LOGGED_IMAGES]);
    }
    return imp_tensorboard_flush(r->logger.events, err);
}

static void report_progress(const imp_train_run *r)
{
    char detail[96];
    const int steps = imp_train_epoch_steps(r), last = r->history.count - 1;
    const double seen = (double)r->at.step * r->def->trainer.batch;
    int used = snprintf(detail, sizeof detail, "epoch %d/%d loss %.4f", r->at.epoch + 1,
                        r->def->epochs, seen > 0.0 ? r->at.loss_sum / seen : 0.0);
    if (last >= 0 && !isnan(r->history.validation_losses[last]))
        snprintf(detail + used, sizeof detail - (size_t)used, " validation %.4f",
                 r->history.validation_losses[last]);
    imp_progress progress = {
        .task = "train",
        .unit = "samples",
        .done = (double)steps_done(r) * r->def->trainer.batch,
        .total = (double)r->def->epochs * steps * r->def->trainer.batch,
        .detail = detail,
    };
    imp_monitor_progress(r->monitor, &progress);
}

imp_status imp_train_logger_step(imp_train_run *r, double loss, int count, double rate,
                                 imp_error *err)
{
    imp_train_logger *logger = &r->logger;
    if (r->at.step % STEPS_BETWEEN_REPORTS == 0)
        report_progress(r);
    logger->loss_sum += loss * count;
    logger->samples += count;
    if (logger->events == NULL || r->at.step % STEPS_BETWEEN_POINTS != 0)
        return IMP_OK;
    const double time = imp_monotonic_seconds();
    imp_tensorboard_add_scalar(logger->events, steps_done(r), "step/loss",
                               logger->loss_sum / (double)logger->samples);
    imp_tensorboard_add_scalar(logger->events, steps_done(r), "step/learning_rate", rate);
    imp_tensorboard_add_scalar(logger->events, steps_done(r), "step/gradient_norm",
                               imp_trainer_gradient_norm(r->trainer));
    imp_tensorboard_add_scalar(logger->events, steps_done(r), "step/samples_per_second",
                               (double)logger->samples / fmax(time - logger->since, 1e-9));
    logger->since = time;
    logger->loss_sum = 0.0;
    logger->samples = 0;
    return imp_tensorboard_flush(logger->events, err);
}

imp_status imp_train_logger_epoch(imp_train_run *r, imp_error *err)
{
    imp_train_logger *logger = &r->logger;
    const int last = r->history.count - 1;
    if (logger->events == NULL)
        return IMP_OK;
    imp_tensorboard_add_scalar(logger->events, steps_done(r), "epoch/loss",
                               r->history.losses[last]);
    if (!isnan(r->history.validation_losses[last]))
        imp_tensorboard_add_scalar(logger->events, steps_done(r), "epoch/validation_loss",
                                   r->history.validation_losses[last]);
    const imp_tensor *tensor;
    for (int i = 0; (tensor = imp_network_tensor(r->network, i)) != NULL; i++)
        imp_tensorboard_add_histogram(logger->events, steps_done(r), tensor->name,
                                      imp_network_values(r->network, tensor),
                                      (size_t)tensor->count);
    return imp_tensorboard_flush(logger->events, err);
}

void imp_train_logger_end(imp_train_run *r)
{
    imp_tensorboard_destroy(r->logger.events);
    r->logger.events = NULL;
}
