// What a training run shows while it runs: its progress, and a log for TensorBoard.
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "pipeline/train.h"

enum { STEPS_BETWEEN_REPORTS = 8, STEPS_BETWEEN_POINTS = 16, PICTURES = 4 };

// Steps done so far.
static int64_t now(const imp_train_run *r)
{
    return (int64_t)r->at.epoch * imp_train_epoch_steps(r) + r->at.step;
}

imp_status imp_train_watch_start(imp_train_run *r, imp_error *err)
{
    r->watch = (imp_train_watch){.since = imp_clock()};
    if (!r->def->tensorboard)
        return IMP_OK;
    imp_status status = imp_events_open(&r->watch.events, r->folder, now(r) + 1, err);
    if (status != IMP_OK || now(r) > 0)
        return status;
    for (int k = 0; k < PICTURES; k++) {
        char tag[32];
        snprintf(tag, sizeof tag, "observations/%d", k);
        imp_events_image(r->watch.events, 0, tag, r->facts.width, r->facts.height,
                         r->training.frames[(size_t)k * r->training.count / PICTURES]);
    }
    return imp_events_flush(r->watch.events, err);
}

static void report(const imp_train_run *r)
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
        .done = (double)now(r) * r->def->trainer.batch,
        .total = (double)r->def->epochs * steps * r->def->trainer.batch,
        .detail = detail,
    };
    imp_monitor_progress(r->monitor, &progress);
}

imp_status imp_train_watch_step(imp_train_run *r, double loss, int count, double rate,
                                imp_error *err)
{
    imp_train_watch *watch = &r->watch;
    if (r->at.step % STEPS_BETWEEN_REPORTS == 0)
        report(r);
    watch->loss_sum += loss * count;
    watch->samples += count;
    if (watch->events == NULL || r->at.step % STEPS_BETWEEN_POINTS != 0)
        return IMP_OK;
    const double time = imp_clock();
    imp_events_scalar(watch->events, now(r), "step/loss", watch->loss_sum / (double)watch->samples);
    imp_events_scalar(watch->events, now(r), "step/learning_rate", rate);
    imp_events_scalar(watch->events, now(r), "step/gradient_norm",
                      imp_trainer_gradient_norm(r->trainer));
    imp_events_scalar(watch->events, now(r), "step/samples_per_second",
                      (double)watch->samples / fmax(time - watch->since, 1e-9));
    watch->since = time;
    watch->loss_sum = 0.0;
    watch->samples = 0;
    return imp_events_flush(watch->events, err);
}

imp_status imp_train_watch_epoch(imp_train_run *r, imp_error *err)
{
    imp_train_watch *watch = &r->watch;
    const int last = r->history.count - 1;
    if (watch->events == NULL)
        return IMP_OK;
    imp_events_scalar(watch->events, now(r), "epoch/loss", r->history.losses[last]);
    if (!isnan(r->history.validation_losses[last]))
        imp_events_scalar(watch->events, now(r), "epoch/validation_loss",
                          r->history.validation_losses[last]);
    const imp_tensor *tensor;
    for (int i = 0; (tensor = imp_network_tensor(r->network, i)) != NULL; i++)
        imp_events_histogram(watch->events, now(r), tensor->name,
                             imp_network_values(r->network, tensor), (size_t)tensor->count);
    return imp_events_flush(watch->events, err);
}

void imp_train_watch_end(imp_train_run *r)
{
    imp_events_destroy(r->watch.events);
    r->watch.events = NULL;
}
