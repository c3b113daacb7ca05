#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/eval.h"
#include "cli/session.h"

const char *imp_eval_map_name(const imp_eval_settings *s)
{
    return s->sim.maps.count == 1 ? s->sim.maps.items[0] : "several maps";
}

// The width of a column that holds the names, of policies or maps.
static int name_width(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    size_t width = strlen("policy");
    for (int p = 0; p < o->count; p++)
        if (strlen(s->policies.items[p]) > width)
            width = strlen(s->policies.items[p]);
    return (int)width;
}

// "± 0.12", or nothing where too few episodes say how sure a figure is.
static const char *margin(char out[24], imp_estimate e, double unit, int digits)
{
    out[0] = '\0';
    if (!isnan(e.low))
        snprintf(out, 24, "+-%.*f", digits, unit * (e.high - e.low) / 2.0);
    return out;
}

// Why episodes ended before their last step, e.g. "3 ended by invalid pose"; empty if none did.
static void print_endings(const imp_evaluation *evaluation)
{
    static const imp_ending endings[] = {IMP_ENDING_INVALID_POSE, IMP_ENDING_COLLISION};
    for (int k = 0; k < 2; k++) {
        int count = 0;
        for (int e = 0; e < evaluation->episodes; e++)
            count += evaluation->results[e].ending == endings[k];
        if (count > 0)
            printf("  %d ended by %s", count, imp_ending_name(endings[k]));
    }
}

static void print_policy(const char *name, int width, const imp_evaluation *e)
{
    const imp_figures *f = &e->figures;
    char survival[32], m[5][24], figures[3][24];
    printf("%-*s  %5d/%-5d  %8.1f  %10s cm  %5s cm  %7.2f m  %5s m/s", width, name, e->survived,
           e->episodes, e->mean_reward,
           imp_session_figure(figures[0], 100.0 * e->lane_distance_mean, 2),
           imp_session_figure(figures[1], 100.0 * e->lane_distance_p95, 2), e->distance_mean,
           imp_session_figure(figures[2], e->speed_mean, 3));
    if (!isnan(f->action_error.value))
        printf("  %9.3f", f->action_error.value);
    print_endings(e);
    snprintf(survival, sizeof survival, "%.1f-%.1f%%", 100.0 * f->survival.low,
             100.0 * f->survival.high);
    printf("\n%-*s  %11s  %8s  %10s     %8s  %7s    %5s    ", width, "", survival,
           margin(m[0], f->reward, 1.0, 1), margin(m[1], f->lane_distance, 100.0, 2), "",
           margin(m[2], f->distance, 1.0, 2), margin(m[3], f->speed, 1.0, 3));
    if (!isnan(f->action_error.value))
        printf("  %9s", margin(m[4], f->action_error, 1.0, 3));
    printf("\n");
}

// Which episodes ended badly, the worst ones.
static void print_worst(const char *name, const imp_evaluation *e)
{
    enum { NAMED = 3 };
    for (int k = 0; k < e->worst_count && k < NAMED; k++) {
        const imp_episode_result *r = &e->results[e->worst[k]];
        if (imp_ended_badly(r))
            printf("%s: episode %d on %s ended by %s after %d steps\n", name, e->worst[k], r->map,
                   imp_ending_name(r->ending), r->steps);
    }
}

static void print_comparisons(const imp_eval_settings *s, const imp_eval_outcome *o, int width)
{
    if (o->count < 2 || s->eval.episodes < 2)
        return;
    printf("\nminus %s, episode by episode (only one survived; sign test)\n", s->policies.items[0]);
    for (int p = 1; p < o->count; p++) {
        imp_comparison c;
        char m[3][24];
        if (imp_evaluation_compare(&c, &o->evaluations[p], &o->evaluations[0], NULL) != IMP_OK)
            continue;
        printf("%-*s  %+d %+d p %.3f  reward %+.1f %s  distance %+.2f m %s  |lane dist.| %+.2f cm "
               "%s\n",
               width, s->policies.items[p], c.only_first, -c.only_second, c.survival_p,
               c.reward.value, margin(m[0], c.reward, 1.0, 1), c.distance.value,
               margin(m[1], c.distance, 1.0, 2), 100.0 * c.lane_distance.value,
               margin(m[2], c.lane_distance, 100.0, 2));
    }
}

static void print_maps(const imp_eval_settings *s, const imp_eval_outcome *o, int width)
{
    enum { MAPS_MAX = 60 };
    const imp_evaluation *first = &o->evaluations[0];
    if (first->map_count < 2)
        return;
    printf("\n%-28s  %-*s  survived             |lane dist.|  distance\n", "map", width, "policy");
    for (int k = 0; k < first->map_count && k < MAPS_MAX; k++)
        for (int p = 0; p < o->count; p++) {
            const imp_figures *f = &o->evaluations[p].maps[k].figures;
            char share[32], lane[24];
            if (f->episodes == 0)
                continue;
            snprintf(share, sizeof share, "%.0f-%.0f%%", 100.0 * f->survival.low,
                     100.0 * f->survival.high);
            printf("%-28s  %-*s  %4d/%-4d  %8s  %10s cm  %6.2f m\n",
                   p == 0 ? first->maps[k].name : "", width, s->policies.items[p], f->survived,
                   f->episodes, share, imp_session_figure(lane, 100.0 * f->lane_distance.value, 2),
                   f->distance.value);
        }
    if (first->map_count > MAPS_MAX)
        printf("%d more maps: see --json or --out\n", first->map_count - MAPS_MAX);
}

// On how many of the maps networks were trained: what they do there proves little.
static void print_training_maps(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    for (int p = 0; p < o->count; p++) {
        int count = 0;
        for (int k = 0; k < o->evaluations[p].map_count; k++)
            count += imp_driver_was_trained_on(o->drivers[p], o->evaluations[p].maps[k].name);
        if (count > 0)
            printf("%s was trained on %d of these %d maps: see --split\n", s->policies.items[p],
                   count, o->evaluations[p].map_count);
    }
}

void imp_eval_print(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    const int width = name_width(s, o);
    printf("%s, %d episodes of at most %d steps, the same starts for all\n\n", imp_eval_map_name(s),
           s->eval.episodes, s->eval.steps);
    printf("%-*s  %11s  %8s  %13s  %8s  %9s  %9s  %9s\n", width, "policy", "survived", "reward",
           "|lane dist.|", "p95", "distance", "speed", "|a-a exp.|");
    for (int p = 0; p < o->count; p++)
        print_policy(s->policies.items[p], width, &o->evaluations[p]);
    print_comparisons(s, o, width);
    print_maps(s, o, width);
    printf("\n");
    print_training_maps(s, o);
    for (int p = 0; p < o->count; p++)
        print_worst(s->policies.items[p], &o->evaluations[p]);
    for (int p = 0; p < o->count; p++)
        printf("%-*s  total reward: %.2f, mean reward: %.2f\n", width, s->policies.items[p],
               o->evaluations[p].total_reward, o->evaluations[p].mean_reward);
    for (int p = 0; p < o->count && o->robustness != NULL; p++)
        imp_robust_print(s->policies.items[p], &o->robustness[p]);
    if (s->out != NULL)
        printf("\nwritten: %s/report.html, metrics.json, episodes.csv and pictures\n", s->out);
}
