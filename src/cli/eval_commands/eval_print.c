// Prints the results of an evaluation as tables: figures, endings, paired comparisons with the
// first policy, and figures per map. Below each row stands the half-width of the 95 % confidence
// interval, where there are enough episodes. Unknown figures are printed as "-". A policy's name
// is shortened to what distinguishes it from the others; a name that is still too long gets a
// line of its own.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/eval_commands/eval.h"
#include "cli/output/console.h"

// The map as the user named it.
const char *imp_eval_map_name(const imp_eval_settings *s)
{
    return s->sim.maps.count == 1 ? s->sim.maps.items[0] : "several maps";
}

enum { NAME_WIDTH = 10 }; // of a policy in a table; a longer name has a line of its own

// Prints the first column of a row. A long name gets its own line, and the row starts with spaces.
static void print_policy_name(const imp_eval_settings *s, int p)
{
    // the name is the end of the path that no other policy shares
    const char *name =
        imp_path_shortest_unique_tail((const char *const *)s->policies.items, s->policies.count, p);
    if (strlen(name) > NAME_WIDTH)
        printf("%s\n%-*s", name, NAME_WIDTH, "");
    else
        printf("%-*s", NAME_WIDTH, name);
}

// "+-0.12", or "" where the interval is unknown.
static const char *format_error_margin(char out[24], imp_estimate e, double unit, int digits)
{
    out[0] = '\0';
    // the half-width, in the unit of the column
    if (!isnan(e.low))
        snprintf(out, 24, "+-%.*f", digits, unit * (e.high - e.low) / 2.0);
    return out;
}

// "83.9-96.5%", or "" where there are too few episodes. A bound of 100 % has no decimals.
static const char *format_interval(char out[32], imp_estimate share)
{
    out[0] = '\0';
    if (isnan(share.low))
        return out;
    const double high = 100.0 * share.high;
    snprintf(out, 32, "%.1f-%.*f%%", 100.0 * share.low, high < 99.95 ? 1 : 0, high);
    return out;
}

// The main table: completion, progress, lane distance, distance, speed, reward.
static void print_metrics_table(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    printf("%-*s  %10s  %9s  %12s  %8s  %9s  %8s\n", NAME_WIDTH, "policy", "completed", "progress",
           "|lane dist.|", "distance", "speed", "reward");
    for (int p = 0; p < o->count; p++) {
        const imp_evaluation *e = &o->evaluations[p];
        const imp_eval_stats *f = &e->stats;
        char share[32], m[5][24], stats[3][24];
        print_policy_name(s, p);
        // the figures, and below them how certain they are
        printf("  %4d/%-5d  %7s %%  %9s cm  %6.2f m  %5s m/s  %8.1f\n", f->completed, f->episodes,
               imp_format_real_or_dash(stats[0], 100.0 * f->progress.value, 1),
               imp_format_real_or_dash(stats[1], 100.0 * e->lane_distance_mean, 2),
               e->distance_mean, imp_format_real_or_dash(stats[2], e->speed_mean, 3),
               e->mean_reward);
        printf("%-*s  %10s  %9s  %12s  %8s  %9s  %8s\n", NAME_WIDTH, "",
               format_interval(share, f->completion),
               format_error_margin(m[0], f->progress, 100.0, 1),
               format_error_margin(m[1], f->lane_distance, 100.0, 2),
               format_error_margin(m[2], f->distance, 1.0, 2),
               format_error_margin(m[3], f->speed, 1.0, 3),
               format_error_margin(m[4], f->reward, 1.0, 1));
    }
}

static int count_episodes_with_ending(const imp_evaluation *evaluation, imp_end_reason ending)
{
    int count = 0;
    for (int e = 0; e < evaluation->episodes; e++)
        count += evaluation->results[e].ending == ending;
    return count;
}

// The second table: survival, stalls, reasons of ends, 95th percentile of the lane distance, and
// how far actions are from the expert's.
static void print_episode_endings(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    printf("\n%-*s  %9s  %7s  %12s  %9s  %8s  %12s\n", NAME_WIDTH, "policy", "survived", "stalled",
           imp_end_reason_name(IMP_END_INVALID_POSE), imp_end_reason_name(IMP_END_COLLISION), "p95",
           "|a-a exp.|");
    for (int p = 0; p < o->count; p++) {
        const imp_evaluation *e = &o->evaluations[p];
        const imp_estimate error = e->stats.action_error;
        char p95[24], m[24], text[48] = "-", survived[24];
        // unknown unless the expert was asked at every step
        if (!isnan(error.value))
            snprintf(text, sizeof text, "%.3f%s", error.value,
                     format_error_margin(m, error, 1.0, 3));
        snprintf(survived, sizeof survived, "%d/%d", e->survived, e->episodes);
        print_policy_name(s, p);
        printf("  %9s  %7d  %12d  %9d  %5s cm  %12s\n", survived, e->stalled,
               count_episodes_with_ending(e, IMP_END_INVALID_POSE),
               count_episodes_with_ending(e, IMP_END_COLLISION),
               imp_format_real_or_dash(p95, 100.0 * e->lane_distance_p95, 2), text);
    }
}

// "91.0 (83.9-96.5%)", or "-" where nothing is known.
static void format_share(char out[64], imp_estimate share)
{
    char interval[32];
    strcpy(out, "-");
    if (!isnan(share.low))
        snprintf(out, 64, "%.1f (%s)", 100.0 * share.value, format_interval(interval, share));
    else if (!isnan(share.value))
        snprintf(out, 64, "%.1f", 100.0 * share.value);
}

// What became of navigation commands, where any were given.
static void print_navigation_commands(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    if (s->eval.sim.env.commands == IMP_COMMANDS_NONE)
        return;
    printf("\n%-*s  %13s  %8s  %8s  %18s  %11s\n", NAME_WIDTH, "policy", "intersections",
           "commands", "followed", "followed [%]", "wrong turns");
    for (int p = 0; p < o->count; p++) {
        const imp_eval_stats *f = &o->evaluations[p].stats;
        char share[64];
        format_share(share, f->obedience);
        print_policy_name(s, p);
        printf("  %13d  %8d  %8d  %18s  %11d\n", f->crossed, f->commanded, f->followed, share,
               f->wrong_turns);
    }
}

// How many routes were completed, where there were any.
static void print_routes(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    if (s->eval.sim.env.commands != IMP_COMMANDS_ROUTE)
        return;
    printf("\n%-*s  %8s  %8s  %18s  %14s\n", NAME_WIDTH, "policy", "routes", "arrived",
           "arrived [%]", "driven/planned");
    for (int p = 0; p < o->count; p++) {
        const imp_eval_stats *f = &o->evaluations[p].stats;
        char share[64], detour[24];
        format_share(share, f->arrival);
        print_policy_name(s, p);
        printf("  %8d  %8d  %18s  %14s\n", f->routes, f->arrived, share,
               imp_format_real_or_dash(detour, f->detour.value, 3));
    }
}

// How near the robot's speed was to the one that episodes asked for.
static void print_wanted_speeds(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    if (s->eval.sim.env.wanted_speed_max == 0.0)
        return;
    printf("\n%-*s  %22s\n", NAME_WIDTH, "policy", "|speed - wanted| [m/s]");
    for (int p = 0; p < o->count; p++) {
        const imp_estimate error = o->evaluations[p].stats.speed_error;
        char m[24], text[48] = "-";
        if (!isnan(error.value))
            snprintf(text, sizeof text, "%.3f%s", error.value,
                     format_error_margin(m, error, 1.0, 3));
        print_policy_name(s, p);
        printf("  %22s\n", text);
    }
}

// How well doubt predicted failures, for policies that have it.
static void print_doubts(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    bool any = false;
    for (int p = 0; p < o->count; p++)
        any = any || o->evaluations[p].doubt.decisions > 0;
    if (!any)
        return;
    printf("\ndoubt: how likely the policy holds it that it fails within %.0f s\n"
           "%-*s  %9s  %19s  %9s  %9s  %11s\n",
           IMP_DOUBT_HORIZON, NAME_WIDTH, "policy", "failures", "AUROC", "doubt", "failed",
           "calibration");
    for (int p = 0; p < o->count; p++) {
        const imp_doubt_stats *d = &o->evaluations[p].doubt;
        char area[48] = "-";
        if (d->decisions == 0)
            continue;
        if (!isnan(d->auroc.value))
            snprintf(area, sizeof area, "%.3f (%.3f-%.3f)", d->auroc.value, d->auroc.low,
                     d->auroc.high);
        print_policy_name(s, p);
        printf("  %9d  %19s  %7.2f %%  %7.2f %%  %9.2f %%\n", d->failed_episodes, area,
               100.0 * d->mean, 100.0 * (double)d->failing / (double)d->decisions,
               100.0 * d->calibration_error);
    }
}

// Names the worst episodes that were not completed.
static void print_worst_episodes(const char *name, const imp_evaluation *e)
{
    enum { NAMED = 3 };
    for (int k = 0; k < e->worst_count && k < NAMED; k++) {
        const imp_episode_result *r = &e->results[e->worst[k]];
        const char *with = imp_episode_collided_with(r);
        if (imp_episode_terminated(r))
            printf("%s: episode %d on %s ended by %s%s%s after %s\n", name, e->worst[k], r->map,
                   imp_end_reason_name(r->ending), with[0] != '\0' ? " with a " : "", with,
                   IMP_PLURAL(r->steps, "step"));
        else if (r->stalled)
            printf("%s: episode %d on %s stalled by step %d\n", name, e->worst[k], r->map,
                   r->stalled_step);
    }
}

// Paired comparison with the first policy: both drove the same starts, so differences per episode
// have much less variance than differences of means.
static void print_comparisons(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    // a comparison needs a second policy and several episodes
    if (o->count < 2 || s->eval.episodes < 2)
        return;
    // header, which names the policy that is subtracted
    printf("\nminus %s, paired by episode: completed by only one, with a sign test\n"
           "%-*s  %7s  %8s  %5s  %9s  %10s  %9s  %8s\n",
           s->policies.items[0], NAME_WIDTH, "policy", "only it", "only 1st", "p", "progress",
           "lane dist.", "distance", "reward");
    for (int p = 1; p < o->count; p++) {
        imp_comparison c;
        char m[4][24], progress[24], lane[24];
        if (imp_evaluation_compare(&c, &o->evaluations[p], &o->evaluations[0], NULL) != IMP_OK)
            continue;
        // differences, and below them the half-widths of their intervals
        print_policy_name(s, p);
        printf("  %7d  %8d  %5.3f  %7s %%  %7s cm  %+7.2f m  %+8.1f\n", c.completed_only_first,
               c.completed_only_second, c.completion_p,
               imp_format_real_or_dash(progress, 100.0 * c.progress.value, 1),
               imp_format_real_or_dash(lane, 100.0 * c.lane_distance.value, 2), c.distance.value,
               c.reward.value);
        printf("%-*s  %7s  %8s  %5s  %9s  %10s  %9s  %8s\n", NAME_WIDTH, "", "", "", "",
               format_error_margin(m[0], c.progress, 100.0, 1),
               format_error_margin(m[1], c.lane_distance, 100.0, 2),
               format_error_margin(m[2], c.distance, 1.0, 2),
               format_error_margin(m[3], c.reward, 1.0, 1));
    }
}

// Figures per map, if there is more than one.
static void print_map_table(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    enum { MAPS_MAX = 60 };
    const imp_evaluation *first = &o->evaluations[0];
    // the table would repeat the main one
    if (first->map_count < 2)
        return;
    printf("\n%-*s  %9s  %10s  %9s  %12s  %8s\n", NAME_WIDTH, "per map", "completed", "",
           "progress", "|lane dist.|", "distance");
    for (int k = 0; k < first->map_count && k < MAPS_MAX; k++) {
        if (first->maps[k].stats.episodes > 0)
            printf("%s\n", first->maps[k].name);
        // one row per policy, under the map's name
        for (int p = 0; p < o->count; p++) {
            const imp_eval_stats *f = &o->evaluations[p].maps[k].stats;
            char share[32], lane[24], progress[24];
            // a map without episodes has no row
            if (f->episodes == 0)
                continue;
            print_policy_name(s, p);
            printf("  %4d/%-4d  %10s  %7s %%  %9s cm  %6.2f m\n", f->completed, f->episodes,
                   format_interval(share, f->completion),
                   imp_format_real_or_dash(progress, 100.0 * f->progress.value, 1),
                   imp_format_real_or_dash(lane, 100.0 * f->lane_distance.value, 2),
                   f->distance.value);
        }
    }
    if (first->map_count > MAPS_MAX)
        printf("%s: see --json or --out\n", IMP_PLURAL(first->map_count - MAPS_MAX, "more map"));
}

// Says on how many of the maps a network was trained: results there do not show generalisation.
static void print_training_maps(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    // a map is recognised by its name
    for (int p = 0; p < o->count; p++) {
        int count = 0;
        for (int k = 0; k < o->evaluations[p].map_count; k++)
            count += imp_policy_factory_was_trained_on_map(o->drivers[p],
                                                           o->evaluations[p].maps[k].name);
        const int all = o->evaluations[p].map_count;
        if (count > 0 && all == 1)
            printf("%s was trained on a map of this name; for others see --split\n",
                   s->policies.items[p]);
        else if (count > 0)
            printf("%s was trained on maps of the names of %d of these %s: see --split\n",
                   s->policies.items[p], count, IMP_PLURAL(all, "map"));
    }
}

void imp_eval_warn_training_maps(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    // training maps are a concern only if the split claims that they are unseen
    for (int p = 0; p < o->count && s->eval.sim.split == IMP_SPLIT_TEST; p++) {
        const imp_evaluation *e = &o->evaluations[p];
        for (int k = 0; k < e->map_count; k++)
            if (imp_policy_factory_was_trained_on_map(o->drivers[p], e->maps[k].name))
                fprintf(stderr, "imprint: warning: %s was trained on %s, which is a test map\n",
                        s->policies.items[p], e->maps[k].name);
    }
}

// What the columns mean. An episode with a route ends on arriving, which other columns do not show.
static void print_definitions(const imp_eval_settings *s)
{
    if (s->eval.sim.env.commands != IMP_COMMANDS_ROUTE) {
        printf("completed: to the last step without a stall; progress: share of the expert's\n\n");
        return;
    }
    printf("arrived: what counts with routes; an episode ends there\n"
           "completed: arrived, or still on the way at the last step without a stall\n"
           "progress: share of the distance that the expert drove until it arrived\n\n");
}

// Prints everything. The last lines are the two rewards that the baseline prints, in its format.
void imp_eval_print(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    // the width of the longest name aligns the lines of rewards
    size_t width = 0;
    for (int p = 0; p < o->count; p++)
        width = strlen(s->policies.items[p]) > width ? strlen(s->policies.items[p]) : width;
    // conditions and definitions
    printf("%s, %s of at most %s, ", imp_eval_map_name(s), IMP_PLURAL(s->eval.episodes, "episode"),
           IMP_PLURAL(s->eval.steps, "step"));
    if (s->starts_path != NULL)
        printf("starts from %s\n", s->starts_path);
    else
        printf("the same starts for all\n");
    print_definitions(s);
    // tables
    print_metrics_table(s, o);
    print_episode_endings(s, o);
    print_navigation_commands(s, o);
    print_routes(s, o);
    print_wanted_speeds(s, o);
    print_doubts(s, o);
    print_comparisons(s, o);
    print_map_table(s, o);
    printf("\n");
    print_training_maps(s, o);
    for (int p = 0; p < o->count; p++)
        print_worst_episodes(s->policies.items[p], &o->evaluations[p]);
    for (int p = 0; p < o->count; p++)
        printf("%-*s  total reward: %.2f, mean reward: %.2f\n", (int)width, s->policies.items[p],
               o->evaluations[p].total_reward, o->evaluations[p].mean_reward);
    for (int p = 0; p < o->count && o->robustness != NULL; p++)
        imp_robustness_print(s->policies.items[p], &o->robustness[p]);
    if (s->out != NULL)
        printf("\nwritten: %s/report.html, metrics.json, episodes.csv and images%s\n", s->out,
               s->videos > 0 ? ", and videos of the worst episodes" : "");
}
