// cli/eval_commands/sweep_runs.h: the trials of a sweep, one after the other or dealt to the
// processes that mpirun started.
#ifndef IMP_CLI_EVAL_COMMANDS_SWEEP_RUNS_H
#define IMP_CLI_EVAL_COMMANDS_SWEEP_RUNS_H

#include "cli/eval_commands/sweep.h"

// How far the work is, to tell how long the rest takes. Work is counted in epochs or rounds.
typedef struct imp_sweep_clock {
    double started, done, skipped, total;
} imp_sweep_clock;

// All ranks: evaluates the expert, and tells all.
imp_status imp_sweep_run_expert(imp_sweep_settings *s, const imp_options *options, imp_error *err);

// All ranks: runs all seeds of some candidates, and prints each row in their order. work: of a run.
// Afterwards all ranks have all rows.
imp_status imp_sweep_run_candidates(imp_sweep_settings *s, const imp_options *options,
                                    const int *candidates, int count, int budget, double work,
                                    imp_sweep_clock *clock, imp_error *err);

#endif
