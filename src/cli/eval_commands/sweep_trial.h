// cli/eval_commands/sweep_trial.h: one training of a sweep, and its evaluation.
#ifndef IMP_CLI_EVAL_COMMANDS_SWEEP_TRIAL_H
#define IMP_CLI_EVAL_COMMANDS_SWEEP_TRIAL_H

#include "base/io/file.h"
#include "cli/eval_commands/sweep.h"

// Opens and parses the job of a candidate and seed. budget: 0, or epochs or rounds to train.
imp_status imp_sweep_trial_open(imp_sweep_job *job, const imp_sweep_settings *s, int candidate,
                                int seed, int budget, imp_error *err);

// Where it trains.
imp_status imp_sweep_trial_folder(char out[IMP_PATH_MAX], const imp_sweep_settings *s,
                                  const imp_sweep_job *job, int candidate, int seed, int budget,
                                  imp_error *err);

// Evaluates a model or the expert, and stores the figures in a row.
imp_status imp_sweep_evaluate(imp_sweep_row *row, const imp_sweep_settings *s,
                              const imp_options *options, const char *policy,
                              const imp_monitor *monitor, imp_error *err);

// Trains and evaluates, unless that was done before; fills the row. *worked: whether there was
// anything to do. A training that fails because of its settings is a result if there are
// candidates: row->failure.
imp_status imp_sweep_trial_run(imp_sweep_settings *s, bool *worked, const imp_options *options,
                               int candidate, int seed, int budget, const imp_monitor *monitor,
                               imp_error *err);

#endif
