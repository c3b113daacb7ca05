// Rows of a sweep, and the results of one over seeds: mean, standard deviation and extremes over
// the seeds. The macro COLUMNS lists the figures with their JSON keys, so that writing,
// reading and statistics cover the same ones. Rows are written to evaluation.json and read back
// by --resume. An unknown figure is NaN in memory and null in JSON.
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/text/plural.h"
#include "cli/eval_commands/sweep.h"
#include "cli/eval_commands/sweep_table.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"

// The figures of a row: X(member, JSON key).
// A figure that is added here is written, read and summarised without further changes.
#define COLUMNS(X)                                                                                 \
    X(loss, "best_loss")                                                                           \
    X(progress, "progress")                                                                        \
    X(lane_distance, "lane_distance_mean_m")                                                       \
    X(lane_distance_p95, "lane_distance_p95_m")                                                    \
    X(distance, "distance_mean_m")                                                                 \
    X(speed, "speed_mean_m_s")                                                                     \
    X(reward, "mean_reward")                                                                       \
    X(action_error, "action_error")

imp_sweep_row *imp_sweep_row_at(const imp_sweep_settings *s, int candidate, int seed)
{
    return &s->rows[candidate * s->seeds + seed];
}

const char *imp_sweep_metric_name(int figure)
{
    static const char *const names[] = {
#define NAME(member, key) key,
        COLUMNS(NAME)
#undef NAME
            NULL};
    return names[figure];
}

double imp_sweep_row_metric(const imp_sweep_row *row, int figure)
{
    static const size_t members[] = {
#define PLACE(member, key) offsetof(imp_sweep_row, member),
        COLUMNS(PLACE)
#undef PLACE
    };
    return *(const double *)(const void *)((const char *)row + members[figure]);
}

// Copies the figures of an evaluation into a row.
void imp_sweep_row_from_evaluation(imp_sweep_row *row, const imp_evaluation *evaluation)
{
    row->episodes = evaluation->episodes;
    row->completed = evaluation->completed;
    row->survived = evaluation->survived;
    row->stalled = evaluation->stalled;
    row->progress = evaluation->stats.progress.value;
    row->lane_distance = evaluation->lane_distance_mean;
    row->lane_distance_p95 = evaluation->lane_distance_p95;
    row->distance = evaluation->distance_mean;
    row->speed = evaluation->speed_mean;
    row->reward = evaluation->mean_reward;
    row->action_error = evaluation->stats.action_error.value;
}

// Writes a row. The times are left out, because they differ from run to run.
json_t *imp_sweep_row_to_json(const imp_sweep_row *row)
{
    // sizes and counts first, then the figures of COLUMNS
    json_t *object =
        json_pack("{s:I, s:i, s:i, s:i, s:i, s:i}", "seed", (json_int_t)row->seed, "best_epoch",
                  row->best_epoch, "episodes", row->episodes, "completed", row->completed,
                  "survived", row->survived, "stalled", row->stalled);
#define PUT(member, key) imp_json_set(object, key, imp_json_real_or_null(row->member));
    COLUMNS(PUT)
#undef PUT
    if (row->failure[0] != '\0')
        imp_json_set(object, "failure", json_string(row->failure));
    return object;
}

// Reads a row. False if a figure is missing or the seed is another: then the seed is trained again.
bool imp_sweep_row_from_json(imp_sweep_row *row, const json_t *object)
{
    json_int_t seed;
    imp_sweep_row read = {.train_seconds = NAN};
    // jansson's reader takes an object that it could change, but does not
    json_t *root = (json_t *)(uintptr_t)object;
    if (json_unpack(root, "{s:I, s:i, s:i, s:i, s:i, s:i}", "seed", &seed, "best_epoch",
                    &read.best_epoch, "episodes", &read.episodes, "completed", &read.completed,
                    "survived", &read.survived, "stalled", &read.stalled) != 0 ||
        (uint64_t)seed != row->seed)
        return false;
    read.seed = row->seed;
#define GET(member, key)                                                                           \
    const json_t *member = json_object_get(object, key);                                           \
    if (!json_is_number(member) && !json_is_null(member))                                          \
        return false;                                                                              \
    read.member = json_is_null(member) ? NAN : json_number_value(member);
    COLUMNS(GET)
#undef GET
    const char *failure = json_string_value(json_object_get(object, "failure"));
    snprintf(read.failure, sizeof read.failure, "%s", failure != NULL ? failure : "");
    *row = read;
    return true;
}

// Statistics of one figure over the seeds; NaN where it is unknown.
typedef struct spread {
    double mean, deviation, low, high;
} spread;

// A figure of a row by its offset. Counts of episodes become shares.
static double sweep_row_member_value(const imp_sweep_row *row, size_t member)
{
    // counts are integers, all other members are doubles
    if (member == offsetof(imp_sweep_row, completed))
        return (double)row->completed / row->episodes;
    if (member == offsetof(imp_sweep_row, survived))
        return (double)row->survived / row->episodes;
    return *(const double *)(const void *)((const char *)row + member);
}

// Mean, sample standard deviation and extremes of the rows that know the figure.
static spread compute_spread(const imp_sweep_row *rows, int count, size_t member)
{
    spread s = {.low = NAN, .high = NAN};
    int known = 0;
    for (int k = 0; k < count; k++)
        known += isfinite(sweep_row_member_value(&rows[k], member));
    // fmin() and fmax() ignore NaN
    for (int k = 0; k < count; k++) {
        const double value = sweep_row_member_value(&rows[k], member);
        s.mean += isfinite(value) ? value / known : 0.0;
        s.low = fmin(s.low, value);
        s.high = fmax(s.high, value);
    }
    for (int k = 0; k < count; k++) {
        const double apart = sweep_row_member_value(&rows[k], member) - s.mean;
        s.deviation += isfinite(apart) ? apart * apart : 0.0;
    }
    s.mean = known > 0 ? s.mean : NAN;
    s.deviation = known > 1 ? sqrt(s.deviation / (known - 1)) : NAN;
    return s;
}

// Statistics of one figure as JSON.
static json_t *spread_json(spread s)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "mean", imp_json_real_or_null(s.mean),
                     "standard_deviation", imp_json_real_or_null(s.deviation), "smallest",
                     imp_json_real_or_null(s.low), "largest", imp_json_real_or_null(s.high));
}

// The conditions, then the rest.
json_t *imp_sweep_conditions_to_json(const imp_sweep_settings *s, json_t *rest)
{
    // the expert's row has the same form as the row of a seed
    json_t *expert = imp_sweep_row_to_json(&s->expert);
    // the expert is not trained
    static const char *const unfit[] = {"seed", "best_epoch", "best_loss"};
    for (size_t k = 0; k < sizeof unfit / sizeof unfit[0]; k++)
        json_object_del(expert, unfit[k]);
    json_t *all =
        json_pack("{s:s, s:i, s:i, s:I, s:o}", "split", imp_map_split_name((int)s->eval.sim.split),
                  "episodes", s->eval.episodes, "steps", s->eval.steps, "eval_seed",
                  (json_int_t)s->eval.sim.env.seed, "expert", expert);
    imp_json_update(all, rest);
    return all;
}

// A sweep over seeds: every seed, statistics.
json_t *imp_sweep_to_json(const imp_sweep_settings *s)
{
    const imp_sweep_row *rows = s->rows;
    if (s->space.axis_count > 0)
        return imp_sweep_candidates_to_json(s);
    json_t *seeds = json_array(), *spreads = json_object();
    for (int k = 0; k < s->seeds; k++)
        imp_json_append(seeds, imp_sweep_row_to_json(&rows[k]));
    imp_json_set(spreads, "completion",
                 spread_json(compute_spread(rows, s->seeds, offsetof(imp_sweep_row, completed))));
    imp_json_set(spreads, "survival",
                 spread_json(compute_spread(rows, s->seeds, offsetof(imp_sweep_row, survived))));
#define PUT(member, key)                                                                           \
    imp_json_set(spreads, key,                                                                     \
                 spread_json(compute_spread(rows, s->seeds, offsetof(imp_sweep_row, member))));
    COLUMNS(PUT)
#undef PUT
    return imp_sweep_conditions_to_json(s,
                                        json_pack("{s:o, s:o}", "seeds", seeds, "spread", spreads));
}

// Prints one row and flushes it: the next one takes minutes.
static void print_named_row(const char *name, const imp_sweep_row *row, const char *left)
{
    // unknown values are printed as a dash, so the columns stay aligned
    char loss[24], progress[24], lane[24], speed[24], seconds[24];
    printf("%-6s  %7s  %4d/%-4d  %6s %%  %7s cm  %6.2f m  %5s m/s  %7s%s%s\n", name,
           imp_format_real_or_dash(loss, row->loss, 5), row->completed, row->episodes,
           imp_format_real_or_dash(progress, 100.0 * row->progress, 1),
           imp_format_real_or_dash(lane, 100.0 * row->lane_distance, 2), row->distance,
           imp_format_real_or_dash(speed, row->speed, 3),
           imp_format_real_or_dash(seconds, row->train_seconds, 1), left[0] != '\0' ? "  " : "",
           left);
    fflush(stdout);
}

// Conditions, the header of the table, and the expert's row for comparison.
void imp_sweep_print_header(const imp_sweep_settings *s)
{
    imp_sweep_row expert = s->expert;
    expert.loss = expert.train_seconds = NAN; // it is not trained
    printf("%s, %s of at most %s each, the same starts for all\n\n", IMP_PLURAL(s->seeds, "seed"),
           IMP_PLURAL(s->eval.episodes, "episode"), IMP_PLURAL(s->eval.steps, "step"));
    printf("%-6s  %7s  %9s  %8s  %10s  %8s  %9s  %7s  %7s\n", "seed", "loss", "completed",
           "progress", "lane dist.", "distance", "speed", "trained", "left");
    print_named_row("expert", &expert, "");
}

// Prints the row of a seed as soon as the seed is done.
void imp_sweep_print_row(const imp_sweep_row *row, double left)
{
    char seed[24], time[IMP_SWEEP_TIME_MAX];
    snprintf(seed, sizeof seed, "%" PRIu64, row->seed);
    print_named_row(seed, row, imp_sweep_format_remaining_time(time, left));
}

// Mean, standard deviation and worst value of each column. The worst loss is the highest, the worst
// progress the lowest.
void imp_sweep_print_statistics(const imp_sweep_settings *s)
{
    const imp_sweep_row *rows = s->rows;
#define SPREAD(member) compute_spread(rows, s->seeds, offsetof(imp_sweep_row, member))
    const spread completed = SPREAD(completed), progress = SPREAD(progress), loss = SPREAD(loss);
    const spread lane = SPREAD(lane_distance), distance = SPREAD(distance), speed = SPREAD(speed);
#undef SPREAD
    // the lines of the table
    const struct {
        const char *name;
        double loss, completed, progress, lane, distance, speed;
    } lines[] = {
        {"mean", loss.mean, completed.mean, progress.mean, lane.mean, distance.mean, speed.mean},
        {"+-", loss.deviation, completed.deviation, progress.deviation, lane.deviation,
         distance.deviation, speed.deviation},
        {"worst", loss.high, completed.low, progress.low, lane.high, distance.low, speed.low},
    };
    printf("\n");
    // numbers as in the rows of the seeds
    for (int k = 0; k < 3; k++) {
        char t[6][24];
        printf("%-6s  %7s  %7s %%  %6s %%  %7s cm  %6s m  %5s m/s\n", lines[k].name,
               imp_format_real_or_dash(t[0], lines[k].loss, 5),
               imp_format_real_or_dash(t[1], 100.0 * lines[k].completed, 1),
               imp_format_real_or_dash(t[2], 100.0 * lines[k].progress, 1),
               imp_format_real_or_dash(t[3], 100.0 * lines[k].lane, 2),
               imp_format_real_or_dash(t[4], lines[k].distance, 2),
               imp_format_real_or_dash(t[5], lines[k].speed, 3));
    }
    printf("\n+-: standard deviation over seeds\n"
           "written: %s/sweep.json, trials.csv, and a model in every seed-<n>\n",
           s->out);
}
