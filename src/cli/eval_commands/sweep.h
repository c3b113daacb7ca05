// cli/eval_commands/sweep.h: `imprint sweep` as the files that make it up share it.
#ifndef IMP_CLI_EVAL_COMMANDS_SWEEP_H
#define IMP_CLI_EVAL_COMMANDS_SWEEP_H

#include <jansson.h>

#include "cli/eval_commands/sweep_job.h"
#include "cli/options/sim_options.h"

enum { IMP_SWEEP_FAILURE_TEXT_MAX = 256 };

// How the policy of one candidate and one seed came out.
typedef struct imp_sweep_row {
    uint64_t seed;
    double loss; // the smallest, of validation if there is one
    int best_epoch;
    double train_seconds; // of this call, for the screen; NaN: it was trained before
    int episodes, completed, survived, stalled;
    double progress;                                                  // of the expert's
    double lane_distance, lane_distance_p95, distance, speed, reward; // as of an evaluation
    double action_error;                                              // to the expert's
    char failure[IMP_SWEEP_FAILURE_TEXT_MAX]; // why there is no policy; "": there is one
} imp_sweep_row;

// By which figure candidates are compared.
typedef enum imp_sweep_rank {
    IMP_SWEEP_BY_PROGRESS,
    IMP_SWEEP_BY_COMPLETED,
    IMP_SWEEP_BY_LANE_DISTANCE,
    IMP_SWEEP_BY_REWARD,
    IMP_SWEEP_BY_LOSS,
} imp_sweep_rank;

typedef struct imp_sweep_settings {
    imp_sim_options sim;
    imp_eval_def eval;
    imp_assets *assets;         // NULL: ours
    imp_text_list words;        // the command and its options
    imp_text_list grid, random; // what differs
    int trials;                 // draws
    uint64_t draw_seed;
    int halving, first_rung; // halving 0: all candidates are trained to the end
    const char *rank_by;
    int seeds;
    uint64_t first_seed;
    double require_completed, require_progress, require_survival, require_lane_distance;
    const char *out;
    bool resume;
    // found out before anything is run
    const imp_sweep_command *command;
    int first_word; // of the options among the words
    imp_sweep_space space;
    imp_sweep_rank rank;
    int budget; // epochs or rounds to the end
    // results
    imp_sweep_row expert; // on the same starts, to compare with
    imp_sweep_row *rows;  // (candidates x seeds)
} imp_sweep_settings;

// The row of a candidate and a seed, by their indices.
imp_sweep_row *imp_sweep_row_at(const imp_sweep_settings *s, int candidate, int seed);

// Takes up what an evaluation found.
void imp_sweep_row_from_evaluation(imp_sweep_row *row, const imp_evaluation *evaluation);

// A row as an object, and back; false if it is not one.
json_t *imp_sweep_row_to_json(const imp_sweep_row *row);
bool imp_sweep_row_from_json(imp_sweep_row *row, const json_t *object);

// A figure of a row by its place among those that tables have; NULL ends the names.
const char *imp_sweep_metric_name(int figure);
double imp_sweep_row_metric(const imp_sweep_row *row, int figure);

// All rows, and their spread.
json_t *imp_sweep_to_json(const imp_sweep_settings *s);
// The conditions, for both kinds of sweeps; `rest` is consumed and put behind them.
json_t *imp_sweep_conditions_to_json(const imp_sweep_settings *s, json_t *rest);

// The table of seeds: its head and the expert, a row as soon as it is there, and the spread. left:
// seconds until all are done.
void imp_sweep_print_header(const imp_sweep_settings *s);
void imp_sweep_print_row(const imp_sweep_row *row, double left);
void imp_sweep_print_statistics(const imp_sweep_settings *s);

#endif
