// Computes statistics with confidence intervals from the results of episodes, and compares two
// policies. Most metrics are ratios: a mean over steps is the sum of values over the sum of weights
// (steps that count), with episodes as independent samples. A comparison pairs the episodes with
// equal starts and analyses their differences.
#include <math.h>
#include <stdlib.h>

#include "base/text/plural.h"
#include "evaluate/evaluation/evaluate.h"

// A metric: value and weight of an episode.
typedef struct metric_column {
    double (*value)(const imp_episode_result *result);
    double (*weight)(const imp_episode_result *result);
} metric_column;

// Weights. With a weight of 1 the estimate is the mean over episodes; else it is a mean over steps.
static double constant_episode_weight(const imp_episode_result *r)
{
    (void)r;
    return 1.0;
}

static double step_count_after_settling(const imp_episode_result *r)
{
    return r->settled;
}

static double in_lane_step_count(const imp_episode_result *r)
{
    return r->in_lane;
}

static double episode_steps(const imp_episode_result *r)
{
    return r->steps;
}

// Values: sums over one episode, which the weights divide.
static double episode_reward(const imp_episode_result *r)
{
    return r->reward;
}

static double episode_distance(const imp_episode_result *r)
{
    return r->distance;
}

static double episode_net_distance(const imp_episode_result *r)
{
    return r->net_distance;
}

// Net distances of the policy and of the expert; 0 if progress is unknown, so that both drop out of
// the ratio.
static double net_distance_if_measurable(const imp_episode_result *r)
{
    return isnan(r->progress) ? 0.0 : r->net_distance;
}

static double expert_net_distance_if_measurable(const imp_episode_result *r)
{
    return isnan(r->progress) ? 0.0 : r->expert_net_distance;
}

// The recorder keeps means; times their counts they are sums again.
static double episode_speed(const imp_episode_result *r)
{
    return r->speed_mean * r->settled;
}

static double lane_distance_sum(const imp_episode_result *r)
{
    return r->lane_distance_mean * r->in_lane;
}

static double action_error_sum(const imp_episode_result *r)
{
    return r->action_error * r->steps;
}

static double followed_command_count(const imp_episode_result *r)
{
    return r->followed;
}

static double command_count(const imp_episode_result *r)
{
    return r->commanded;
}

static double speed_error_sum(const imp_episode_result *r)
{
    return r->speed_error * r->settled;
}

static double speed_asked_step_count(const imp_episode_result *r)
{
    return r->wanted_speed > 0.0 ? r->settled : 0.0;
}

static double distance_of_completed_route(const imp_episode_result *r)
{
    return r->ending == IMP_END_ARRIVED ? r->distance : 0.0;
}

static double length_of_completed_route(const imp_episode_result *r)
{
    return r->ending == IMP_END_ARRIVED ? r->route_length : 0.0;
}

// A selection of episodes, with memory for a value and a weight of each.
typedef struct selection {
    const imp_episode_result **episodes;
    int count;
    double *values, *weights;
} selection;

// Values and weights of a metric, into the memory of the selection.
static void fill_metric(const selection *s, metric_column c)
{
    for (int k = 0; k < s->count; k++) {
        s->values[k] = c.value(s->episodes[k]);
        s->weights[k] = c.weight(s->episodes[k]);
    }
}

// Estimates a share that cannot leave 0 and 1.
static imp_estimate estimate_share(const selection *s, metric_column c)
{
    fill_metric(s, c);
    return imp_estimate_share(s->values, s->weights, s->count);
}

// Estimates a metric over the selected episodes.
static imp_estimate estimate_metric(const selection *s, metric_column c)
{
    fill_metric(s, c);
    return imp_estimate_ratio(s->values, s->weights, s->count);
}

// Computes all statistics of the selected episodes.
static imp_eval_stats compute_stats(const selection *s)
{
    // Counts of episodes give shares with Wilson's interval.
    imp_eval_stats stats = {.episodes = s->count};
    for (int k = 0; k < s->count; k++) {
        stats.completed += imp_episode_completed(s->episodes[k]);
        stats.survived += !imp_episode_terminated(s->episodes[k]);
        stats.stalled += s->episodes[k]->stalled;
        stats.crossed += s->episodes[k]->crossed;
        stats.commanded += s->episodes[k]->commanded;
        stats.followed += s->episodes[k]->followed;
        stats.wrong_turns += s->episodes[k]->wrong_turns;
        stats.routes += s->episodes[k]->route_length > 0.0;
        stats.arrived += s->episodes[k]->ending == IMP_END_ARRIVED;
    }
    stats.completion = imp_estimate_proportion(stats.completed, s->count);
    stats.progress = estimate_metric(
        s, (metric_column){net_distance_if_measurable, expert_net_distance_if_measurable});
    // Sums of each episode, with one vote per episode.
    stats.net_distance =
        estimate_metric(s, (metric_column){episode_net_distance, constant_episode_weight});
    stats.survival = imp_estimate_proportion(stats.survived, s->count);
    stats.reward = estimate_metric(s, (metric_column){episode_reward, constant_episode_weight});
    stats.distance = estimate_metric(s, (metric_column){episode_distance, constant_episode_weight});
    // Means over steps: longer episodes weigh more.
    stats.speed = estimate_metric(s, (metric_column){episode_speed, step_count_after_settling});
    stats.lane_distance =
        estimate_metric(s, (metric_column){lane_distance_sum, in_lane_step_count});
    stats.action_error = estimate_metric(s, (metric_column){action_error_sum, episode_steps});
    stats.obedience = estimate_share(s, (metric_column){followed_command_count, command_count});
    stats.speed_error =
        estimate_metric(s, (metric_column){speed_error_sum, speed_asked_step_count});
    stats.arrival = imp_estimate_proportion(stats.arrived, stats.routes);
    stats.detour =
        estimate_metric(s, (metric_column){distance_of_completed_route, length_of_completed_route});
    return stats;
}

// Allocates room for all episodes; selections of a map use a part of it.
static imp_status alloc_episode_selection(selection *s, int episodes, imp_error *err)
{
    const size_t count = (size_t)episodes;
    *s = (selection){calloc(count, sizeof(imp_episode_result *)), 0, calloc(count, sizeof(double)),
                     calloc(count, sizeof(double))};
    return s->episodes != NULL && s->values != NULL && s->weights != NULL
               ? IMP_OK
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for figures of %s",
                          IMP_PLURAL(episodes, "episode"));
}

static void free_episode_selection(selection *s)
{
    free(s->episodes);
    free(s->values);
    free(s->weights);
}

// Returns the 95th percentile of |lane distance| from a histogram that is symmetric about 0, as the
// centre of its bin.
static double lane_distance_percentile(const imp_histogram *lanes)
{
    // Bins `half` and `half - 1` are those next to 0.
    const int half = lanes->bins / 2;
    int64_t total = 0, below = 0;
    for (int bin = 0; bin < lanes->bins; bin++)
        total += lanes->counts[bin];
    if (total == 0)
        return NAN;
    // Add up both sides outwards from the middle until the rank is reached.
    const int64_t rank = (int64_t)(0.95 * (double)(total - 1));
    int bin = 0;
    for (; bin < half - 1; bin++) {
        below += lanes->counts[half + bin] + lanes->counts[half - 1 - bin];
        if (below > rank)
            break;
    }
    return (bin + 0.5) * (lanes->high - lanes->low) / lanes->bins;
}

// Orders episodes: terminated ones first, then stalled ones, each the earlier the worse; then by
// mean lane distance.
static bool is_worse_episode(const imp_episode_result *a, const imp_episode_result *b)
{
    if (imp_episode_terminated(a) != imp_episode_terminated(b))
        return imp_episode_terminated(a);
    if (imp_episode_terminated(a) && a->steps != b->steps)
        return a->steps < b->steps;
    if (a->stalled != b->stalled)
        return a->stalled;
    if (a->stalled && a->stalled_step != b->stalled_step)
        return a->stalled_step < b->stalled_step;
    return a->lane_distance_mean > b->lane_distance_mean;
}

// Keeps the worst episodes by insertion sort; equal ones keep their order.
static void find_worst_episodes(imp_evaluation *out)
{
    for (int e = 0; e < out->episodes; e++) {
        // Find the place among the kept ones; an episode behind the last place is not kept.
        int place = out->worst_count;
        while (place > 0 &&
               is_worse_episode(&out->results[e], &out->results[out->worst[place - 1]]))
            place--;
        if (place == IMP_WORST_EPISODES_MAX)
            continue;
        if (out->worst_count < IMP_WORST_EPISODES_MAX)
            out->worst_count++;
        // Make room by moving the better ones back; the last one drops out of a full list.
        for (int k = out->worst_count - 1; k > place; k--)
            out->worst[k] = out->worst[k - 1];
        out->worst[place] = e;
    }
}

imp_status imp_eval_compute_stats(imp_evaluation *out, imp_error *err)
{
    // One selection serves all maps in turn.
    selection s;
    const imp_status status = alloc_episode_selection(&s, out->episodes, err);
    // Statistics of each map.
    for (int map = 0; map < out->map_count && status == IMP_OK; map++) {
        s.count = 0;
        for (int e = 0; e < out->episodes; e++)
            if (out->results[e].map_index == map)
                s.episodes[s.count++] = &out->results[e];
        out->maps[map].stats = compute_stats(&s);
    }
    if (status == IMP_OK) {
        for (int e = 0; e < out->episodes; e++) {
            s.episodes[e] = &out->results[e];
            out->total_reward += out->results[e].reward;
        }
        // Statistics of all episodes, and the fields that repeat them without intervals.
        s.count = out->episodes;
        out->stats = compute_stats(&s);
        out->completed = out->stats.completed;
        out->survived = out->stats.survived;
        out->stalled = out->stats.stalled;
        out->mean_reward = out->total_reward / out->episodes;
        out->distance_mean = out->stats.distance.value;
        out->lane_distance_mean = out->stats.lane_distance.value;
        out->speed_mean = out->stats.speed.value;
        out->lane_distance_p95 = lane_distance_percentile(&out->lanes);
        out->doubt = imp_doubt_compute_stats(out->safe_doubts.counts, out->failing_doubts.counts,
                                             out->doubt.episodes, out->doubt.failed_episodes);
        find_worst_episodes(out);
    }
    free_episode_selection(&s);
    return status;
}

// Pairing removes the variance between starts, so fewer episodes show a
// difference.
imp_status imp_evaluation_compare(imp_comparison *out, const imp_evaluation *first,
                                  const imp_evaluation *second, imp_error *err)
{
    if (first->episodes != second->episodes)
        return imp_fail(err, IMP_USAGE, "an evaluation of %s and one of %s cannot be compared",
                        IMP_PLURAL(first->episodes, "episode"),
                        IMP_PLURAL(second->episodes, "episode"));
    selection s;
    const imp_status status = alloc_episode_selection(&s, first->episodes, err);
    if (status == IMP_OK) {
        *out = (imp_comparison){0};
        const int count = first->episodes;
        const imp_episode_result *a = first->results, *b = second->results;
        // Episodes in which only one of the two succeeded decide the sign tests.
        for (int e = 0; e < count; e++) {
            out->completed_only_first +=
                imp_episode_completed(&a[e]) && !imp_episode_completed(&b[e]);
            out->completed_only_second +=
                !imp_episode_completed(&a[e]) && imp_episode_completed(&b[e]);
            out->survived_only_first +=
                !imp_episode_terminated(&a[e]) && imp_episode_terminated(&b[e]);
            out->survived_only_second +=
                imp_episode_terminated(&a[e]) && !imp_episode_terminated(&b[e]);
        }
        // Differences of progress are weighted by the expert's distance, all others equally. Lane
        // distance counts only if both policies were in a lane.
        out->completion_p = imp_sign_test(out->completed_only_first, out->completed_only_second);
        for (int e = 0; e < count; e++) {
            s.values[e] = net_distance_if_measurable(&a[e]) - net_distance_if_measurable(&b[e]);
            s.weights[e] = expert_net_distance_if_measurable(&a[e]);
        }
        out->progress = imp_estimate_ratio(s.values, s.weights, count);
        out->survival_p = imp_sign_test(out->survived_only_first, out->survived_only_second);
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
    free_episode_selection(&s);
    return status;
}
