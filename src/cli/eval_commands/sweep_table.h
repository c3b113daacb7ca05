// cli/eval_commands/sweep_table.h: the results of a sweep over options, as text, CSV and JSON.
#ifndef IMP_CLI_EVAL_COMMANDS_SWEEP_TABLE_H
#define IMP_CLI_EVAL_COMMANDS_SWEEP_TABLE_H

#include "cli/eval_commands/sweep.h"

enum { IMP_SWEEP_TIME_MAX = 32 };

// Seconds as "4:05" or "1:02:03"; "" if unknown. Returns out.
const char *imp_sweep_format_remaining_time(char out[IMP_SWEEP_TIME_MAX], double seconds);

// What is compared, as --rank-by names it; NULL past the last.
const char *imp_sweep_criterion_name(int rank);

// The figure that candidates are compared by, of one row and as the mean over the seeds of a
// candidate; the larger the better. NAN: unknown, which is worse than any other.
double imp_sweep_row_score(const imp_sweep_settings *s, const imp_sweep_row *row);
double imp_sweep_candidate_score(const imp_sweep_settings *s, int candidate);

// Puts indices of candidates in order, the best first: those that were trained for longer, then
// those with better scores, then the earlier ones.
void imp_sweep_sort(int *indices, int count, const imp_sweep_settings *s);

// The best run of all: of the best candidate, the best seed. False if none has a policy.
bool imp_sweep_find_best_trial(const imp_sweep_settings *s, int *candidate, int *seed);

// The command that trains the best run again; the caller frees it. NULL: without memory.
char *imp_sweep_best_command(const imp_sweep_settings *s, int candidate, int seed);

// The table while it grows: its head and the expert, then a row at a time.
void imp_sweep_print_candidates_header(const imp_sweep_settings *s);
void imp_sweep_print_trial(const imp_sweep_settings *s, int candidate, int seed, double left);
// The candidates in order, and the best run with its command.
void imp_sweep_print_candidates(const imp_sweep_settings *s);

json_t *imp_sweep_candidates_to_json(const imp_sweep_settings *s);

// Writes OUT/trials.csv: a row for each candidate and seed.
imp_status imp_sweep_write_csv(const imp_sweep_settings *s, imp_error *err);

#endif
