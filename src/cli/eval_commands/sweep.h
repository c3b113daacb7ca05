// cli/eval_commands/sweep.h: `imprint sweep` as the files that make it up share it.
#ifndef IMP_CLI_EVAL_COMMANDS_SWEEP_H
#define IMP_CLI_EVAL_COMMANDS_SWEEP_H

#include <jansson.h>

#include "cli/train_commands/train_settings.h"

// How the network of one seed came out.
typedef struct imp_sweep_row {
    uint64_t seed;
    double loss; // the smallest, of validation if there is one
    int best_epoch;
    double train_seconds; // of this call, for the screen; NaN: it was trained before
    int episodes, completed, survived, stalled;
    double progress;                                                  // of the expert's
    double lane_distance, lane_distance_p95, distance, speed, reward; // as of an evaluation
    double action_error;                                              // to the expert's
} imp_sweep_row;

typedef struct imp_sweep_settings {
    imp_sim_options sim;
    imp_eval_def eval;
    imp_train_settings train;
    imp_train_def train_def; // filled by them
    imp_assets *assets;      // NULL: ours
    int seeds;
    uint64_t first_seed;
    double require_completed, require_progress, require_survival, require_lane_distance;
    const char *out;
    bool resume;
    imp_sweep_row expert; // on the same starts, to compare with
} imp_sweep_settings;

// Takes up what an evaluation found.
void imp_sweep_row_from_evaluation(imp_sweep_row *row, const imp_evaluation *evaluation);

// A row as an object, and back; false if it is not one.
json_t *imp_sweep_row_to_json(const imp_sweep_row *row);
bool imp_sweep_row_from_json(imp_sweep_row *row, const json_t *object);

// All rows, and their spread.
json_t *imp_sweep_to_json(const imp_sweep_settings *s, const imp_sweep_row *rows);

// The table: its head and the expert, a row as soon as it is there, and the spread.
void imp_sweep_print_header(const imp_sweep_settings *s);
void imp_sweep_print_row(const imp_sweep_row *row);
void imp_sweep_print_statistics(const imp_sweep_settings *s, const imp_sweep_row *rows);

#endif
