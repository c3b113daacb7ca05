// Results of an evaluation as JSON, for --json and for metrics.json. The file version (`stored`)
// is compared byte by byte: it names policies and tables by their content instead of their
// paths, and holds no times. NaN marks an unknown figure and becomes null. Estimates are objects
// of value and confidence interval. Very long evaluations list only their first episodes; all
// are in episodes.csv.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/eval_commands/eval_failures.h"
#include "cli/output/json_output.h"

// At most this many episodes are listed; all have a row in episodes.csv.
enum { LISTED_MAX = 10000 };

// Adds what became of navigation commands, if any were given.
static json_t *add_navigation_command_counts(json_t *to, int crossed, int commanded, int followed,
                                             int wrong_turns)
{
    if (crossed == 0 && commanded == 0)
        return to;
    imp_json_set(to, "commands",
                 json_pack("{s:i, s:i, s:i, s:i}", "intersections", crossed, "given", commanded,
                           "followed", followed, "wrong_turns", wrong_turns));
    return to;
}

// Adds what became of routes, if there were any.
static json_t *add_routes(json_t *to, const imp_eval_stats *f)
{
    if (f->routes > 0)
        imp_json_set(to, "routes",
                     json_pack("{s:i, s:i, s:o, s:o}", "planned", f->routes, "arrived", f->arrived,
                               "arrival", imp_estimate_json(f->arrival), "driven_over_planned",
                               imp_estimate_json(f->detour)));
    return to;
}

// The statistics of a set of episodes: of all, of one map, or of one level of a robustness test.
json_t *imp_eval_stats_json(const imp_eval_stats *f)
{
    // estimates keep their interval, so that a reader can judge a difference
    json_t *json = json_pack(
        "{s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "episodes",
        f->episodes, "completed", f->completed, "survived", f->survived, "stalled", f->stalled,
        "completion", imp_estimate_json(f->completion), "progress", imp_estimate_json(f->progress),
        "net_distance_m", imp_estimate_json(f->net_distance), "survival",
        imp_estimate_json(f->survival), "reward", imp_estimate_json(f->reward), "distance_m",
        imp_estimate_json(f->distance), "speed_m_s", imp_estimate_json(f->speed), "lane_distance_m",
        imp_estimate_json(f->lane_distance), "action_error", imp_estimate_json(f->action_error));
    if (f->commanded > 0)
        imp_json_set(json, "commands_followed", imp_estimate_json(f->obedience));
    if (!isnan(f->speed_error.value))
        imp_json_set(json, "speed_error_m_s", imp_estimate_json(f->speed_error));
    add_navigation_command_counts(json, f->crossed, f->commanded, f->followed, f->wrong_turns);
    return add_routes(json, f);
}

// Null if the robot was never in a lane.
static json_t *lane_distance_json(const imp_episode_result *r)
{
    return imp_json_real_or_null(r->in_lane > 0 ? r->lane_distance_mean : NAN);
}

// One episode, with start and end pose, so that it can be repeated with --starts.
static json_t *episode_json(const imp_episode_result *r)
{
    const char *with = imp_episode_collided_with(r);
    json_t *json = json_pack(
        "{s:s, s:i, s:s, s:s?, s:b, s:b, s:o, s:f, s:f, s:b, s:f, s:f, s:o, s:o, s:o, s:[f,f,f], "
        "s:[f,f,f]}",
        "map", r->map, "steps", r->steps, "ending", imp_end_reason_name(r->ending), "collided_with",
        with[0] != '\0' ? with : NULL, "completed", imp_episode_completed(r), "stalled", r->stalled,
        "progress", imp_json_real_or_null(r->progress), "net_distance_m", r->net_distance,
        "expert_net_distance_m", r->expert_net_distance, "expert_stalled", r->expert_stalled,
        "reward", r->reward, "distance_m", r->distance, "speed_mean_m_s",
        imp_json_real_or_null(r->settled > 0 ? r->speed_mean : NAN), "lane_distance_mean_m",
        lane_distance_json(r), "action_error", imp_json_real_or_null(r->action_error), "start",
        r->start.x, r->start.z, r->start.heading, "end", r->end.x, r->end.z, r->end.heading);
    if (r->wanted_speed > 0.0)
        imp_json_update(json, json_pack("{s:f, s:f}", "wanted_speed_m_s", r->wanted_speed,
                                        "speed_error_m_s", r->speed_error));
    if (r->route_length > 0.0)
        imp_json_set(json, "route_length_m", json_real(r->route_length));
    return add_navigation_command_counts(json, r->crossed, r->commanded, r->followed,
                                         r->wrong_turns);
}

// The first episodes, up to the limit.
static json_t *episodes_json(const imp_evaluation *evaluation)
{
    // the array keeps the order of the starts
    json_t *array = json_array();
    for (int e = 0; e < evaluation->episodes && e < LISTED_MAX; e++)
        imp_json_append(array, episode_json(&evaluation->results[e]));
    return array;
}

// The worst episodes, for which images are written.
static json_t *worst_episodes_json(const imp_evaluation *evaluation)
{
    json_t *array = json_array();
    // the index is the number of the episode, as in episodes.csv
    for (int k = 0; k < evaluation->worst_count; k++) {
        const imp_episode_result *r = &evaluation->results[evaluation->worst[k]];
        imp_json_append(array,
                        json_pack("{s:i, s:s, s:s, s:b, s:i, s:o}", "episode", evaluation->worst[k],
                                  "map", r->map, "ending", imp_end_reason_name(r->ending),
                                  "stalled", r->stalled, "steps", r->steps, "lane_distance_mean_m",
                                  lane_distance_json(r)));
    }
    return array;
}

// Statistics of each map, and whether the network was trained on it.
static json_t *maps_json(const imp_evaluation *evaluation, const imp_policy_factory *driver)
{
    json_t *array = json_array();
    for (int k = 0; k < evaluation->map_count; k++) {
        // the same statistics as for all maps together
        json_t *stats = imp_eval_stats_json(&evaluation->maps[k].stats);
        const char *name = evaluation->maps[k].name;
        imp_json_set(stats, "map", json_string(name));
        imp_json_set(stats, "trained_on",
                     json_boolean(imp_policy_factory_was_trained_on_map(driver, name)));
        imp_json_append(array, stats);
    }
    return array;
}

// A policy's name: as the user gave it on the screen; by its content in files, which are compared.
static const char *policy_label(char out[IMP_POLICY_IDENTITY_MAX], const imp_eval_settings *s,
                                const imp_eval_outcome *o, int p, bool stored)
{
    if (!stored)
        return s->policies.items[p];
    // the identity is a hash of the weights, or the name of an expert
    imp_policy_factory_identity(o->drivers[p], out);
    return out;
}

// Every policy minus the first one, paired by episode.
static json_t *comparisons_json(const imp_eval_settings *s, const imp_eval_outcome *o, bool stored)
{
    char name[IMP_POLICY_IDENTITY_MAX], first[IMP_POLICY_IDENTITY_MAX];
    json_t *array = json_array();
    for (int p = 1; p < o->count; p++) {
        // a comparison that is not possible is left out
        imp_comparison c;
        if (imp_evaluation_compare(&c, &o->evaluations[p], &o->evaluations[0], NULL) != IMP_OK)
            continue;
        imp_json_append(
            array,
            json_pack("{s:s, s:s, s:i, s:i, s:f, s:o, s:i, s:i, s:f, s:o, s:o, s:o}", "policy",
                      policy_label(name, s, o, p, stored), "minus",
                      policy_label(first, s, o, 0, stored), "only_it_completed",
                      c.completed_only_first, "only_the_other_completed", c.completed_only_second,
                      "completion_p", c.completion_p, "progress", imp_estimate_json(c.progress),
                      "only_it_survived", c.survived_only_first, "only_the_other_survived",
                      c.survived_only_second, "survival_p", c.survival_p, "reward",
                      imp_estimate_json(c.reward), "distance_m", imp_estimate_json(c.distance),
                      "lane_distance_m", imp_estimate_json(c.lane_distance)));
    }
    return array;
}

// How well doubt predicted failures.
static json_t *doubt_json(const imp_doubt_stats *d)
{
    return json_pack("{s:f, s:I, s:I, s:i, s:i, s:o, s:o, s:o}", "horizon_s", IMP_DOUBT_HORIZON,
                     "decisions", (json_int_t)d->decisions, "failing", (json_int_t)d->failing,
                     "episodes", d->episodes, "failed_episodes", d->failed_episodes, "auroc",
                     imp_estimate_json(d->auroc), "mean", imp_json_real_or_null(d->mean),
                     "calibration_error", imp_json_real_or_null(d->calibration_error));
}

// All results of one policy. "figures" has confidence intervals; the others are plain numbers.
static json_t *policy_json(const char *name, const imp_evaluation *e,
                           const imp_policy_factory *driver)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:o, s:f, s:f, s:o, s:o, s:f, s:o, s:o, s:o, "
                     "s:o, s:o}",
                     "policy", name, "episodes", e->episodes, "completed", e->completed, "survived",
                     e->survived, "stalled", e->stalled, "progress",
                     imp_json_real_or_null(e->stats.progress.value), "total_reward",
                     e->total_reward, "mean_reward", e->mean_reward, "lane_distance_mean_m",
                     imp_json_real_or_null(e->lane_distance_mean), "lane_distance_p95_m",
                     imp_json_real_or_null(e->lane_distance_p95), "distance_mean_m",
                     e->distance_mean, "speed_mean_m_s", imp_json_real_or_null(e->speed_mean),
                     "figures", imp_eval_stats_json(&e->stats), "maps", maps_json(e, driver),
                     "worst", worst_episodes_json(e), "results", episodes_json(e));
}

// The table of --starts: its path, or a hash of its content in files. NULL if there is none.
static const char *describe_start_list(char out[40], const imp_eval_settings *s, bool stored)
{
    if (s->starts_path == NULL || !stored)
        return s->starts_path;
    snprintf(out, 40, "content %016" PRIx64, s->starts_hash);
    return out;
}

// The whole evaluation.
json_t *imp_eval_json(const imp_eval_settings *s, const imp_eval_outcome *o, bool stored)
{
    json_t *policies = json_array();
    for (int p = 0; p < o->count; p++) {
        const imp_evaluation *e = &o->evaluations[p];
        char name[IMP_POLICY_IDENTITY_MAX];
        json_t *policy = policy_json(policy_label(name, s, o, p, stored), e, o->drivers[p]);
        if (e->doubt.decisions > 0)
            imp_json_set(policy, "doubt", doubt_json(&e->doubt));
        // times differ from run to run
        if (!stored)
            imp_json_set(policy, "seconds", json_real(e->seconds));
        if (o->robustness != NULL)
            imp_json_set(policy, "robustness", imp_robustness_json(&o->robustness[p]));
        if (o->failures != NULL)
            imp_json_set(policy, "failures", imp_eval_failures_json(&o->failures[p]));
        imp_json_append(policies, policy);
    }
    // all policies drove on the same maps
    const imp_evaluation *first = &o->evaluations[0];
    const char *map = first->map_count == 1 ? first->maps[0].name : "several maps";
    char table[40];
    return json_pack(
        "{s:s, s:s?, s:s, s:i, s:i, s:i, s:I, s:b, s:o, s:o}", "map",
        stored ? map : imp_eval_map_name(s), "starts", describe_start_list(table, s, stored),
        "split", imp_map_split_name((int)s->eval.sim.split), "episodes", s->eval.episodes, "steps",
        s->eval.steps, "settle_steps", s->eval.settle_steps, "seed",
        (json_int_t)s->eval.sim.env.seed, "all_episodes_listed", s->eval.episodes <= LISTED_MAX,
        "policies", policies, "comparisons", comparisons_json(s, o, stored));
}
