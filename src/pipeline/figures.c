// From the results of episodes to figures with intervals, and from two policies to a comparison.
#include <math.h>
#include <stdlib.h>

#include "base/plural.h"
#include "pipeline/evaluate.h"

// Which number of an episode, and what it weighs.
typedef struct column {
    double (*value)(const imp_episode_result *result);
    double (*weight)(const imp_episode_result *result);
} column;

static double one(const imp_episode_result *r)
{
    (void)r;
    return 1.0;
}

static double settled(const imp_episode_result *r)
{
    return r->settled;
}

static double in_lane(const imp_episode_result *r)
{
    return r->in_lane;
}

static double steps(const imp_episode_result *r)
{
    return r->steps;
}

static double reward(const imp_episode_result *r)
{
    return r->reward;
}

static double distance(const imp_episode_result *r)
{
    return r->distance;
}

static double net_distance(const imp_episode_result *r)
{
    return r->net_distance;
}

// Of an episode that progress is known of, and what the expert makes of it.
static double measured_net_distance(const imp_episode_result *r)
{
    return isnan(r->progress) ? 0.0 : r->net_distance;
}

static double expert_net_distance(const imp_episode_result *r)
{
    return isnan(r->progress) ? 0.0 : r->expert_net_distance;
}

static double speed(const imp_episode_result *r)
{
    return r->speed_mean * r->settled;
}

static double lane_distance(const imp_episode_result *r)
{
    return r->lane_distance_mean * r->in_lane;
}

static double action_error(const imp_episode_result *r)
{
    return r->action_error * r->steps;
}

// Some episodes, and room for a number of each and its weight.
typedef struct selection {
    const imp_episode_result **episodes;
    int count;
    double *values, *weights;
} selection;

static imp_estimate estimate(const selection *s, column c)
{
    for (int k = 0; k < s->count; k++) {
        s->values[k] = c.value(s->episodes[k]);
        s->weights[k] = c.weight(s->episodes[k]);
    }
    return imp_estimate_ratio(s->values, s->weights, s->count);
}

static imp_figures figures_of(const selection *s)
{
    imp_figures figures = {.episodes = s->count};
    for (int k = 0; k < s->count; k++) {
        figures.completed += imp_completed(s->episodes[k]);
        figures.survived += !imp_ended_badly(s->episodes[k]);
        figures.stalled += s->episodes[k]->stalled;
    }
    figures.completion = imp_estimate_share(figures.completed, s->count);
    figures.progress = estimate(s, (column){measured_net_distance, expert_net_distance});
    figures.net_distance = estimate(s, (column){net_distance, one});
    figures.survival = imp_estimate_share(figures.survived, s->count);
    figures.reward = estimate(s, (column){reward, one});
    figures.distance = estimate(s, (column){distance, one});
    figures.speed = estimate(s, (column){speed, settled});
    figures.lane_distance = estimate(s, (column){lane_distance, in_lane});
    figures.action_error = estimate(s, (column){action_error, steps});
    return figures;
}

static imp_status select_room(selection *s, int episodes, imp_error *err)
{
    const size_t count = (size_t)episodes;
    *s = (selection){calloc(count, sizeof(imp_episode_result *)), 0, calloc(count, sizeof(double)),
                     calloc(count, sizeof(double))};
    return s->episodes != NULL && s->values != NULL && s->weights != NULL
               ? IMP_OK
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for figures of %s",
                          IMP_COUNT(episodes, "episode"));
}

static void select_free(selection *s)
{
    free(s->episodes);
    free(s->values);
    free(s->weights);
}

// The 95th percentile of |lane distance|, from counts that are symmetric about 0.
static double lane_percentile(const imp_histogram *lanes)
{
    const int half = lanes->bins / 2;
    int64_t total = 0, below = 0;
    for (int bin = 0; bin < lanes->bins; bin++)
        total += lanes->counts[bin];
    if (total == 0)
        return NAN;
    const int64_t rank = (int64_t)(0.95 * (double)(total - 1));
    int bin = 0;
    for (; bin < half - 1; bin++) {
        below += lanes->counts[half + bin] + lanes->counts[half - 1 - bin];
        if (below > rank)
            break;
    }
    return (bin + 0.5) * (lanes->high - lanes->low) / lanes->bins;
}

// Whether an episode went worse than another one.
static bool is_worse(const imp_episode_result *a, const imp_episode_result *b)
{
    if (imp_ended_badly(a) != imp_ended_badly(b))
        return imp_ended_badly(a);
    if (imp_ended_badly(a) && a->steps != b->steps)
        return a->steps < b->steps;
    if (a->stalled != b->stalled)
        return a->stalled;
    if (a->stalled && a->stalled_step != b->stalled_step)
        return a->stalled_step < b->stalled_step;
    return a->lane_distance_mean > b->lane_distance_mean;
}

// Equals keep the order of their numbers.
static void find_worst(imp_evaluation *out)
{
    for (int e = 0; e < out->episodes; e++) {
        int place = out->worst_count;
        while (place > 0 && is_worse(&out->results[e], &out->results[out->worst[place - 1]]))
            place--;
        if (place == IMP_WORST_MAX)
            continue;
        if (out->worst_count < IMP_WORST_MAX)
            out->worst_count++;
        for (int k = out->worst_count - 1; k > place; k--)
            out->worst[k] = out->worst[k - 1];
        out->worst[place] = e;
    }
}

imp_status imp_eval_summarize(imp_evaluation *out, imp_error *err)
{
    selection s;
    const imp_status status = select_room(&s, out->episodes, err);
    for (int map = 0; map < out->map_count && status == IMP_OK; map++) {
        s.count = 0;
        for (int e = 0; e < out->episodes; e++)
            if (out->results[e].map_index == map)
                s.episodes[s.count++] = &out->results[e];
        out->maps[map].figures = figures_of(&s);
    }
    if (status == IMP_OK) {
        for (int e = 0; e < out->episodes; e++) {
            s.episodes[e] = &out->results[e];
            out->total_reward += out->results[e].reward;
        }
        s.count = out->episodes;
        out->figures = figures_of(&s);
        out->completed = out->figures.completed;
        out->survived = out->figures.survived;
        out->stalled = out->figures.stalled;
        out->mean_reward = out->total_reward / out->episodes;
        out->distance_mean = out->figures.distance.value;
        out->lane_distance_mean = out->figures.lane_distance.value;
        out->speed_mean = out->figures.speed.value;
        out->lane_distance_p95 = lane_percentile(&out->lanes);
        find_worst(out);
    }
    select_free(&s);
    return status;
}

imp_status imp_evaluation_compare(imp_comparison *out, const imp_evaluation *first,
                                  const imp_evaluation *second, imp_error *err)
{
    if (first->episodes != second->episodes)
        return imp_fail(err, IMP_USAGE, "an evaluation of %s and one of %s cannot be compared",
                        IMP_COUNT(first->episodes, "episode"),
                        IMP_COUNT(second->episodes, "episode"));
    selection s;
    const imp_status status = select_room(&s, first->episodes, err);
    if (status == IMP_OK) {
        *out = (imp_comparison){0};
        const int count = first->episodes;
        const imp_episode_result *a = first->results, *b = second->results;
        for (int e = 0; e < count; e++) {
            out->completed_only_first += imp_completed(&a[e]) && !imp_completed(&b[e]);
            out->completed_only_second += !imp_completed(&a[e]) && imp_completed(&b[e]);
            out->only_first += !imp_ended_badly(&a[e]) && imp_ended_badly(&b[e]);
            out->only_second += imp_ended_badly(&a[e]) && !imp_ended_badly(&b[e]);
        }
        out->completion_p = imp_sign_test(out->completed_only_first, out->completed_only_second);
        for (int e = 0; e < count; e++) {
            s.values[e] = measured_net_distance(&a[e]) - measured_net_distance(&b[e]);
            s.weights[e] = expert_net_distance(&a[e]);
        }
        out->progress = imp_estimate_ratio(s.values, s.weights, count);
        out->survival_p = imp_sign_test(out->only_first, out->only_second);
        for (int e = 0; e < count; e++)
            s.values[e] = a[e].reward - b[e].reward;
        out->reward = imp_estimate_ratio(s.values, NULL, count);
        for (int e = 0; e < count; e++)
            s.values[e] = a[e].distance - b[e].distance;
        out->distance = imp_estimate_ratio(s.values, NULL, count);
        for (int e = 0; e < count; e++) {
            s.values[e] = a[e].lane_distance_mean - b[e].lane_distance_mean;
            s.weights[e] = a[e].in_lane > 0 && b[e].in_lane > 0;
        }
        out->lane_distance = imp_estimate_ratio(s.values, s.weights, count);
    }
    select_free(&s);
    return status;
}
