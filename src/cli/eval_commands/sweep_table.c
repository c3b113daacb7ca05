// Results of a sweep over options. A candidate is a combination of values; its score is the mean of
// one figure over its seeds. Candidates are put in order by a stable sort, so that equal ones keep
// the order of the grid. The text shows each run when it is done, then the candidates in order and
// the command that trains the best one again. CSV and JSON hold all runs, without times, so that a
// sweep that was interrupted writes the same bytes as one that was not.
#include "cli/eval_commands/sweep_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/csv.h"
#include "base/text/number_format.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "cli/eval_commands/sweep_trial.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"

// Candidates that the text lists at the end.
enum { LISTED = 20, COLUMN_MAX = 20 };

const char *imp_sweep_format_remaining_time(char out[IMP_SWEEP_TIME_MAX], double seconds)
{
    out[0] = '\0';
    if (!isfinite(seconds) || seconds < 0.0 || seconds > 1e8)
        return out;
    const int all = (int)ceil(seconds);
    if (all >= 3600)
        snprintf(out, IMP_SWEEP_TIME_MAX, "%d:%02d:%02d", all / 3600, all / 60 % 60, all % 60);
    else
        snprintf(out, IMP_SWEEP_TIME_MAX, "%d:%02d", all / 60, all % 60);
    return out;
}

const char *imp_sweep_criterion_name(int rank)
{
    static const char *const names[] = {
        [IMP_SWEEP_BY_PROGRESS] = "progress",
        [IMP_SWEEP_BY_COMPLETED] = "completed",
        [IMP_SWEEP_BY_LANE_DISTANCE] = "lane-distance",
        [IMP_SWEEP_BY_REWARD] = "reward",
        [IMP_SWEEP_BY_LOSS] = "loss",
    };
    return rank < (int)(sizeof names / sizeof names[0]) ? names[rank] : NULL;
}

double imp_sweep_row_score(const imp_sweep_settings *s, const imp_sweep_row *row)
{
    switch (s->rank) {
    case IMP_SWEEP_BY_PROGRESS:
        return row->progress;
    case IMP_SWEEP_BY_COMPLETED:
        return row->failure[0] != '\0' ? (double)NAN : row->completed;
    case IMP_SWEEP_BY_LANE_DISTANCE:
        return -row->lane_distance;
    case IMP_SWEEP_BY_REWARD:
        return row->reward;
    case IMP_SWEEP_BY_LOSS:
        return -row->loss;
    }
    return NAN;
}

double imp_sweep_candidate_score(const imp_sweep_settings *s, int candidate)
{
    double sum = 0.0;
    for (int k = 0; k < s->seeds; k++)
        sum += imp_sweep_row_score(s, imp_sweep_row_at(s, candidate, k));
    return sum / s->seeds;
}

// Whether a candidate is better than another, without regard to their order.
static bool is_better(const imp_sweep_settings *s, int candidate, int other)
{
    const int budget = s->space.candidates[candidate].budget,
              its_budget = s->space.candidates[other].budget;
    if (budget != its_budget)
        return budget > its_budget;
    const double score = imp_sweep_candidate_score(s, candidate),
                 its_score = imp_sweep_candidate_score(s, other);
    return score > its_score || (isfinite(score) && !isfinite(its_score));
}

// By insertion: there are few, and it keeps the order of equal ones.
void imp_sweep_sort(int *indices, int count, const imp_sweep_settings *s)
{
    for (int k = 1; k < count; k++) {
        const int present = indices[k];
        int to = k;
        for (; to > 0 && is_better(s, present, indices[to - 1]); to--)
            indices[to] = indices[to - 1];
        indices[to] = present;
    }
}

// All candidates in order; the caller frees them. NULL: without memory.
static int *sorted_candidates(const imp_sweep_settings *s)
{
    int *indices = calloc((size_t)s->space.candidate_count, sizeof *indices);
    if (indices == NULL)
        return NULL;
    for (int k = 0; k < s->space.candidate_count; k++)
        indices[k] = k;
    imp_sweep_sort(indices, s->space.candidate_count, s);
    return indices;
}

bool imp_sweep_find_best_trial(const imp_sweep_settings *s, int *candidate, int *seed)
{
    int best = 0;
    for (int k = 1; k < s->space.candidate_count; k++)
        best = is_better(s, k, best) ? k : best;
    *candidate = best;
    *seed = 0;
    for (int k = 1; k < s->seeds; k++)
        if (imp_sweep_row_score(s, imp_sweep_row_at(s, best, k)) >
            imp_sweep_row_score(s, imp_sweep_row_at(s, best, *seed)))
            *seed = k;
    return isfinite(imp_sweep_candidate_score(s, best));
}

char *imp_sweep_best_command(const imp_sweep_settings *s, int candidate, int seed)
{
    imp_sweep_job job = {0};
    char *line = imp_sweep_trial_open(&job, s, candidate, seed, 0, NULL) == IMP_OK
                     ? imp_sweep_job_command_line(&job)
                     : NULL;
    imp_sweep_job_close(&job);
    return line;
}

// How wide the column of an axis is.
static int axis_width(const imp_sweep_settings *s, int axis)
{
    size_t width = strlen(s->space.axes[axis].name);
    for (int k = 0; k < s->space.candidate_count; k++) {
        const size_t length = strlen(s->space.candidates[k].values[axis]);
        width = length > width ? length : width;
    }
    return width < COLUMN_MAX ? (int)width : COLUMN_MAX;
}

// The columns of names and values, and of figures.
static void print_column_names_of_candidates(const imp_sweep_settings *s, const char *first)
{
    printf("%-14s  ", first);
    for (int k = 0; k < s->space.axis_count; k++)
        printf("%-*.*s  ", axis_width(s, k), COLUMN_MAX, s->space.axes[k].name);
    printf("%6s  %8s  %9s  %8s  %10s", s->command->budget, "loss", "completed", "progress",
           "lane dist.");
}

static void print_option_values_of_candidate(const imp_sweep_settings *s, const char *first,
                                             int candidate)
{
    printf("%-14s  ", first);
    for (int k = 0; k < s->space.axis_count; k++)
        printf("%-*.*s  ", axis_width(s, k), COLUMN_MAX,
               candidate >= 0 ? s->space.candidates[candidate].values[k] : "");
}

static void print_row_metrics(const imp_sweep_row *row, const char *budget)
{
    char loss[24], progress[24], lane[24];
    printf("%6s  %8s  %4d/%-4d  %6s %%  %7s cm", budget,
           imp_format_real_or_dash(loss, row->loss, 5), row->completed, row->episodes,
           imp_format_real_or_dash(progress, 100.0 * row->progress, 1),
           imp_format_real_or_dash(lane, 100.0 * row->lane_distance, 2));
}

void imp_sweep_print_candidates_header(const imp_sweep_settings *s)
{
    imp_sweep_row expert = s->expert;
    expert.loss = NAN; // it is not trained
    printf("%s, %s each, %s of at most %s each, the same starts for all\n\n",
           IMP_PLURAL(s->space.candidate_count, "combination"), IMP_PLURAL(s->seeds, "seed"),
           IMP_PLURAL(s->eval.episodes, "episode"), IMP_PLURAL(s->eval.steps, "step"));
    print_column_names_of_candidates(s, "trial");
    printf("  %7s  %7s\n", "trained", "left");
    print_option_values_of_candidate(s, "expert", -1);
    print_row_metrics(&expert, "-");
    printf("\n");
}

void imp_sweep_print_trial(const imp_sweep_settings *s, int candidate, int seed, double left)
{
    char seconds[24], time[IMP_SWEEP_TIME_MAX], name[48], budget[24];
    const imp_sweep_row *row = imp_sweep_row_at(s, candidate, seed);
    const imp_sweep_candidate *of = &s->space.candidates[candidate];
    snprintf(name, sizeof name, s->seeds > 1 ? "%s %" PRIu64 : "%s", of->name, row->seed);
    snprintf(budget, sizeof budget, "%d", of->budget);
    print_option_values_of_candidate(s, name, candidate);
    print_row_metrics(row, budget);
    printf("  %7s  %7s\n", imp_format_real_or_dash(seconds, row->train_seconds, 1),
           imp_sweep_format_remaining_time(time, left));
    if (row->failure[0] != '\0')
        printf("  %s\n", row->failure);
    fflush(stdout);
}

// The means over the seeds of a candidate, as a row; episodes are those of all seeds.
static imp_sweep_row compute_mean_row_of_seeds(const imp_sweep_settings *s, int candidate)
{
    imp_sweep_row mean = {0};
    for (int k = 0; k < s->seeds; k++) {
        const imp_sweep_row *row = imp_sweep_row_at(s, candidate, k);
        mean.loss += row->loss / s->seeds;
        mean.progress += row->progress / s->seeds;
        mean.lane_distance += row->lane_distance / s->seeds;
        mean.completed += row->completed;
        mean.episodes += row->episodes;
    }
    return mean;
}

void imp_sweep_print_candidates(const imp_sweep_settings *s)
{
    int candidate, seed, *order = sorted_candidates(s);
    if (order == NULL)
        return;
    printf("\nby %s%s, the best first\n\n", imp_sweep_criterion_name((int)s->rank),
           s->seeds > 1 ? ", mean over seeds" : "");
    print_column_names_of_candidates(s, "trial");
    printf("\n");
    for (int k = 0; k < s->space.candidate_count && k < LISTED; k++) {
        char budget[24];
        const imp_sweep_row row = compute_mean_row_of_seeds(s, order[k]);
        snprintf(budget, sizeof budget, "%d", s->space.candidates[order[k]].budget);
        print_option_values_of_candidate(s, s->space.candidates[order[k]].name, order[k]);
        print_row_metrics(&row, budget);
        printf("\n");
    }
    if (s->space.candidate_count > LISTED)
        printf("... and %d more in trials.csv\n", s->space.candidate_count - LISTED);
    free(order);
    printf("\nwritten: %s/sweep.json, trials.csv, report.html, and a model for every trial\n",
           s->out);
    if (!imp_sweep_find_best_trial(s, &candidate, &seed)) {
        puts("none has a policy");
        return;
    }
    char *line = imp_sweep_best_command(s, candidate, seed);
    printf("best: %s, seed %" PRIu64 ". To train it again:\n  %s\n",
           s->space.candidates[candidate].name, s->first_seed + (uint64_t)seed,
           line != NULL ? line : "");
    free(line);
}

// A candidate with its place, values and seeds.
static json_t *candidate_to_json(const imp_sweep_settings *s, int candidate, int place)
{
    const imp_sweep_candidate *of = &s->space.candidates[candidate];
    json_t *values = json_object(), *seeds = json_array();
    for (int k = 0; k < s->space.axis_count; k++)
        imp_json_set(values, s->space.axes[k].name, json_string(of->values[k]));
    for (int k = 0; k < s->seeds; k++)
        imp_json_append(seeds, imp_sweep_row_to_json(imp_sweep_row_at(s, candidate, k)));
    const double score = imp_sweep_candidate_score(s, candidate);
    const bool falls = s->rank == IMP_SWEEP_BY_LOSS || s->rank == IMP_SWEEP_BY_LANE_DISTANCE;
    return json_pack("{s:i, s:s, s:o, s:i, s:o, s:o}", "rank", place, "trial", of->name, "values",
                     values, s->command->budget, of->budget, "mean",
                     imp_json_real_or_null(falls ? -score : score), "seeds", seeds);
}

json_t *imp_sweep_candidates_to_json(const imp_sweep_settings *s)
{
    int candidate, seed, *order = sorted_candidates(s);
    json_t *trials = json_array(), *options = json_array(), *best = json_null();
    for (int k = 0; k < s->space.axis_count; k++)
        imp_json_append(options, json_string(s->space.axes[k].name));
    for (int k = 0; order != NULL && k < s->space.candidate_count; k++)
        imp_json_append(trials, candidate_to_json(s, order[k], k + 1));
    free(order);
    if (imp_sweep_find_best_trial(s, &candidate, &seed)) {
        char *line = imp_sweep_best_command(s, candidate, seed);
        best = json_pack("{s:s, s:I, s:s}", "trial", s->space.candidates[candidate].name, "seed",
                         (json_int_t)imp_sweep_row_at(s, candidate, seed)->seed, "command_line",
                         line != NULL ? line : "");
        free(line);
    }
    return imp_sweep_conditions_to_json(
        s, json_pack("{s:s, s:s, s:o, s:o, s:o}", "command", s->command->command->name, "rank_by",
                     imp_sweep_criterion_name((int)s->rank), "options", options, "trials", trials,
                     "best", best));
}

// One training: its place, its values, then its figures; empty where there is none.
static void write_csv_row(FILE *out, const imp_sweep_settings *s, int candidate, int place,
                          int seed)
{
    char number[IMP_NUMBER_TEXT_MAX];
    const imp_sweep_candidate *of = &s->space.candidates[candidate];
    const imp_sweep_row *row = imp_sweep_row_at(s, candidate, seed);
    fprintf(out, "%d,%s,%" PRIu64, place, of->name, row->seed);
    for (int k = 0; k < s->space.axis_count; k++) {
        fputc(',', out);
        imp_csv_write_field(out, of->values[k]);
    }
    fprintf(out, ",%d,%d,%d,%d,%d", of->budget, row->episodes, row->completed, row->survived,
            row->stalled);
    for (int k = 0; imp_sweep_metric_name(k) != NULL; k++) {
        const double value = imp_sweep_row_metric(row, k);
        fprintf(out, ",%s", isfinite(value) ? imp_number_format(number, value) : "");
    }
    fputc(',', out);
    imp_csv_write_field(out, row->failure);
    fputc('\n', out);
}

imp_status imp_sweep_write_csv(const imp_sweep_settings *s, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_text_stream text;
    int *order = sorted_candidates(s);
    if (order == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a table");
    imp_status status = imp_path_join(path, s->out, "trials.csv", err);
    if (status == IMP_OK)
        status = imp_text_stream_open(&text, "a table", err);
    if (status == IMP_OK) {
        fputs("rank,trial,seed", text.out);
        for (int k = 0; k < s->space.axis_count; k++)
            fprintf(text.out, ",%s", s->space.axes[k].name);
        fprintf(text.out, ",%s,episodes,completed,survived,stalled", s->command->budget);
        for (int k = 0; imp_sweep_metric_name(k) != NULL; k++)
            fprintf(text.out, ",%s", imp_sweep_metric_name(k));
        fputs(",failure\n", text.out);
        for (int k = 0; k < s->space.candidate_count; k++)
            for (int seed = 0; seed < s->seeds; seed++)
                write_csv_row(text.out, s, order[k], k + 1, seed);
        status = imp_text_stream_close(&text, "a table", err);
        if (status == IMP_OK)
            status = imp_file_write(path, text.bytes, text.length, err);
        if (text.bytes != NULL)
            free(text.bytes);
    }
    free(order);
    return status;
}
