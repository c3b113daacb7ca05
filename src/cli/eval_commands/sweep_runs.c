// The trials of a sweep. Each is trained and evaluated by one process alone, in a folder of its
// own: so more trials than processes keep all of them busy, and shards limit nothing. A process
// that has done one is dealt the next. Their figures go to rank 0, which prints them in the order
// of the trials, and to all others at the end, because all choose who goes on.
#include "cli/eval_commands/sweep_runs.h"

#include <math.h>
#include <stdlib.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/communicator/dealing.h"
#include "cli/eval_commands/sweep_table.h"
#include "cli/eval_commands/sweep_trial.h"
#include "cli/output/console.h"

// Trials that are run together.
typedef struct trial_batch {
    imp_sweep_settings *s;
    const imp_options *options;
    imp_monitor monitor;
    const int *candidates;
    int budget;
    double work; // of each
    imp_sweep_clock *clock;
    bool *worked; // (trials) whether there was anything to do
} trial_batch;

static int candidate_of_trial(const trial_batch *batch, int trial)
{
    return batch->candidates[trial / batch->s->seeds];
}

static imp_sweep_row *row_of_trial(const trial_batch *batch, int trial)
{
    return imp_sweep_row_at(batch->s, candidate_of_trial(batch, trial), trial % batch->s->seeds);
}

static imp_status run_trial(void *context, int trial, imp_error *err)
{
    const trial_batch *batch = context;
    return imp_sweep_trial_run(batch->s, &batch->worked[trial], batch->options,
                               candidate_of_trial(batch, trial), trial % batch->s->seeds,
                               batch->budget, &batch->monitor, err);
}

static imp_status send_trial(void *context, int trial, imp_error *err)
{
    const trial_batch *batch = context;
    imp_communicator *ranks = batch->options->ranks;
    IMP_TRY(
        imp_communicator_send(ranks, 0, row_of_trial(batch, trial), sizeof(imp_sweep_row), err));
    return imp_communicator_send(ranks, 0, &batch->worked[trial], sizeof(bool), err);
}

static imp_status receive_trial(void *context, int trial, int from, imp_error *err)
{
    const trial_batch *batch = context;
    imp_communicator *ranks = batch->options->ranks;
    IMP_TRY(imp_communicator_receive(ranks, from, row_of_trial(batch, trial), sizeof(imp_sweep_row),
                                     err));
    return imp_communicator_receive(ranks, from, &batch->worked[trial], sizeof(bool), err);
}

// Seconds until the end; NAN if nothing was trained yet.
static double estimate_remaining_seconds(const imp_sweep_clock *clock)
{
    const double worked = clock->done - clock->skipped;
    return worked > 0.0
               ? (imp_monotonic_seconds() - clock->started) / worked * (clock->total - clock->done)
               : (double)NAN;
}

// Prints a row as soon as it is known, and those before it.
static imp_status print_trial(void *context, int trial, imp_error *err)
{
    const trial_batch *batch = context;
    imp_sweep_settings *s = batch->s;
    const int candidate = candidate_of_trial(batch, trial), seed = trial % s->seeds;
    (void)err;
    batch->clock->done += batch->work;
    batch->clock->skipped += batch->worked[trial] ? 0.0 : batch->work;
    if (batch->budget > 0)
        s->space.candidates[candidate].budget = batch->budget;
    if (!batch->options->json && s->space.axis_count > 0)
        imp_sweep_print_trial(s, candidate, seed, estimate_remaining_seconds(batch->clock));
    else if (!batch->options->json)
        imp_sweep_print_row(row_of_trial(batch, trial), estimate_remaining_seconds(batch->clock));
    return IMP_OK;
}

static imp_status run_all_trials(trial_batch *batch, int count, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int trial = 0; trial < count && status == IMP_OK; trial++) {
        status = run_trial(batch, trial, err);
        if (status == IMP_OK)
            status = print_trial(batch, trial, err);
    }
    return status;
}

// Deals trials to all ranks, and gives all of them all rows.
static imp_status deal_all_trials(trial_batch *batch, int count, imp_error *err)
{
    imp_sweep_settings *s = batch->s;
    imp_communicator *ranks = batch->options->ranks;
    const size_t rows = (size_t)s->space.candidate_count * (size_t)s->seeds;
    const imp_dealing dealing = {
        .pieces = count,
        .context = batch,
        .work = run_trial,
        .send = send_trial,
        .receive = receive_trial,
        .settle = print_trial,
    };
    imp_status status = imp_deal(ranks, &dealing, err);
    IMP_TRY(imp_communicator_agree_on_status(ranks, status, err));
    for (int trial = 0; trial < count && batch->budget > 0; trial++)
        s->space.candidates[candidate_of_trial(batch, trial)].budget = batch->budget;
    return imp_communicator_broadcast(ranks, s->rows, rows * sizeof *s->rows, err);
}

static bool has_other_ranks(const imp_options *options)
{
    return options->ranks != NULL && options->ranks->size > 1;
}

imp_status imp_sweep_run_candidates(imp_sweep_settings *s, const imp_options *options,
                                    const int *candidates, int count, int budget, double work,
                                    imp_sweep_clock *clock, imp_error *err)
{
    const int trials = count * s->seeds;
    trial_batch batch = {
        .s = s,
        .options = options,
        .monitor = imp_console_create_monitor(options),
        .candidates = candidates,
        .budget = budget,
        .work = work,
        .clock = clock,
        .worked = calloc((size_t)trials, sizeof *batch.worked),
    };
    if (batch.worked == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for trials");
    const imp_status status = has_other_ranks(options) ? deal_all_trials(&batch, trials, err)
                                                       : run_all_trials(&batch, trials, err);
    free(batch.worked);
    return status;
}

// All ranks share the expert's episodes, if there are enough of them.
imp_status imp_sweep_run_expert(imp_sweep_settings *s, const imp_options *options, imp_error *err)
{
    const imp_monitor monitor = imp_console_create_monitor(options);
    const bool shared = has_other_ranks(options) && s->eval.episodes >= options->ranks->size;
    imp_status status = IMP_OK;
    s->eval.communicator = shared ? options->ranks : NULL;
    if (shared || imp_options_is_writing_rank(options))
        status = imp_sweep_evaluate(&s->expert, s, options, "expert", &monitor, err);
    s->eval.communicator = NULL;
    if (!has_other_ranks(options))
        return status;
    IMP_TRY(imp_communicator_agree_on_status(options->ranks, status, err));
    return imp_communicator_broadcast(options->ranks, &s->expert, sizeof s->expert, err);
}
