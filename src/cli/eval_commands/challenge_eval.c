// imprint eval --protocol aido-...: lets policies and agents drive AI-DO's challenges, ranks
// them, and prints and writes the results. evaluate/challenge has the rules; evaluate/evaluation
// drives the episodes. Policies run in this process; agents are programs that speak AI-DO's
// protocol. Both become policy factories, so the evaluation does not distinguish them. Policies
// come first in the list, agents from first_agent on. Ranking: the medians of four metrics,
// compared in the challenge's order, each rounded to its step. Policies that are equal in all
// four share a rank.
#include "cli/eval_commands/challenge_eval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "base/io/file.h"
#include "base/text/csv.h"
#include "base/text/plural.h"
#include "cli/eval_commands/eval.h"
#include "cli/eval_commands/eval_page.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"
#include "evaluate/evaluation_report/challenge_report.h"
#include "imprint/evaluator.h"
#include "imprint/page.h"
#include "imprint/report.h"

// Computes ranks and the order of printing. A policy's rank is 1 plus the number of better ones;
// ties keep the order of the command line.
static void sort_policies_by_challenge_score(imp_challenge_eval_outcome *o, imp_challenge challenge)
{
    for (int p = 0; p < o->count; p++) {
        int better = 0, before = 0;
        // count the policies that are better than this one, and those that are printed before it
        for (int q = 0; q < o->count; q++) {
            int order = imp_challenge_compare_results(challenge, &o->results_by_policy[q].aggregate,
                                                      &o->results_by_policy[p].aggregate);
            better += order < 0;
            before += order < 0 || (order == 0 && q < p);
        }
        o->rank[p] = better + 1;
        o->best_first[before] = p;
    }
}

// Adds all metrics to an object, with a suffix for the statistic.
static void add_metrics_json(json_t *object, const char *suffix, const imp_metrics *metrics)
{
    char key[64];
    for (int m = 0; m < IMP_METRIC_COUNT; m++) {
        // the key is the name of the metric, followed by the statistic
        snprintf(key, sizeof key, "%s%s", imp_metric_key((imp_metric)m), suffix);
        imp_json_set(object, key, json_real(metrics->value[m]));
    }
}

// Crossings are counted but not ranked.
static void add_intersection_crossings_json(json_t *object, imp_crossing_counts crossings)
{
    imp_json_set(object, "crossings", json_integer(crossings.count));
    imp_json_set(object, "legal_crossings", json_integer(crossings.legal));
}

// Results of one policy: rank, statistics of each metric, and every episode.
static json_t *policy_json(const char *policy, int rank, const imp_challenge_result *contest)
{
    const imp_metrics_summary *a = &contest->aggregate;
    json_t *scores = json_object(), *episodes = json_object();
    // statistics over the episodes
    add_metrics_json(scores, "_mean", &a->mean);
    add_metrics_json(scores, "_median", &a->median);
    add_metrics_json(scores, "_min", &a->min);
    add_metrics_json(scores, "_max", &a->max);
    // episodes, with a reason where the policy or agent failed
    for (int e = 0; e < contest->episodes; e++) {
        const imp_challenge_episode *result = &contest->results[e];
        json_t *episode = json_pack(
            "{s:s, s:b, s:b, s:o, s:f, s:f, s:i}", "ending", imp_end_reason_name(result->ending),
            "completed", result->ending == IMP_END_MAX_STEPS && !result->stalled, "stalled",
            result->stalled, "progress", imp_json_real_or_null(result->progress), "net_distance_m",
            result->net_distance, "expert_net_distance_m", result->expert_net_distance, "samples",
            result->samples);
        if (result->ending == IMP_END_POLICY_FAILED)
            imp_json_set(episode, "reason", json_string(result->reason));
        add_metrics_json(episode, "", &result->metrics);
        add_intersection_crossings_json(episode, result->crossings);
        imp_json_set(episodes, result->name, episode);
    }
    json_t *all =
        json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:o}", "policy", policy, "rank", rank,
                  "episodes", contest->episodes, "completed", contest->completed, "survived",
                  contest->survived, "stalled", contest->stalled, "progress",
                  imp_estimate_json(contest->progress), "scores", scores, "per-episodes", episodes);
    add_intersection_crossings_json(all, contest->crossings);
    return all;
}

// All results. `stored`: for files, which are compared byte by byte; they name policies by content
// and hold no times.
json_t *imp_challenge_eval_json(const imp_challenge_eval_settings *s,
                                const imp_challenge_eval_outcome *o, bool stored)
{
    const imp_ranking_criterion *ranking = imp_challenge_ranking_criteria(s->def.challenge);
    json_t *ranked = json_array(), *policies = json_array();
    // how the ranking works, for programs that read the file
    for (int r = 0; r < IMP_RANKING_CRITERION_COUNT; r++) {
        char key[64];
        snprintf(key, sizeof key, "%s_median", imp_metric_key(ranking[r].metric));
        imp_json_append(ranked, json_pack("{s:s, s:s, s:f}", "score", key, "better",
                                          ranking[r].more_is_better ? "higher" : "lower", "step",
                                          ranking[r].step));
    }
    // the policies come in the order of the command line, with their rank
    for (int p = 0; p < o->count; p++) {
        const char *name = stored ? o->identities[p] : s->policies->items[p];
        json_t *policy = policy_json(name, o->rank[p], &o->results_by_policy[p]);
        if (!stored)
            imp_json_set(policy, "seconds", json_real(o->results_by_policy[p].seconds));
        imp_json_append(policies, policy);
    }
    return json_pack("{s:s, s:s, s:I, s:o, s:o}", "protocol", imp_challenge_name(s->def.challenge),
                     "starts", s->def.test ? "test" : "validation", "seed",
                     (json_int_t)s->def.sim.env.seed, "ranking", ranked, "policies", policies);
}

// One row: an episode or a statistic.
static void print_metrics_row(const char *name, const char *ending, const imp_metrics *metrics,
                              const imp_metric *order)
{
    printf("  %-12s  %-13s", name, ending);
    for (int m = 0; m < IMP_METRIC_COUNT; m++)
        printf("  %9.3f", metrics->value[order[m]]);
    printf("\n");
}

// The table of a policy: episodes, then statistics, then reasons of failures.
static void print_policy_table(const imp_challenge_result *contest, const imp_metric *order)
{
    const imp_metrics_summary *a = &contest->aggregate;
    // header: names and units
    printf("  %-12s  %-13s", "episode", "ended by");
    for (int m = 0; m < IMP_METRIC_COUNT; m++)
        printf("  %9s", imp_metric_label(order[m]));
    printf("\n  %-12s  %-13s", "", "");
    for (int m = 0; m < IMP_METRIC_COUNT; m++)
        printf("  %9s", imp_metric_unit(order[m]));
    printf("\n");
    // episodes; a robot that stood still to the end is "stalled"
    for (int e = 0; e < contest->episodes; e++) {
        const imp_challenge_episode *result = &contest->results[e];
        const bool stuck = result->ending == IMP_END_MAX_STEPS && result->stalled;
        print_metrics_row(result->name, stuck ? "stalled" : imp_end_reason_name(result->ending),
                          &result->metrics, order);
    }
    print_metrics_row("median", "", &a->median, order);
    print_metrics_row("mean", "", &a->mean, order);
    print_metrics_row("min", "", &a->min, order);
    print_metrics_row("max", "", &a->max, order);
    for (int e = 0; e < contest->episodes; e++)
        if (contest->results[e].ending == IMP_END_POLICY_FAILED)
            printf("  %s failed: %s\n", contest->results[e].name, contest->results[e].reason);
}

// Prints the policies from the best to the worst.
void imp_challenge_eval_print(const imp_challenge_eval_settings *s,
                              const imp_challenge_eval_outcome *o)
{
    imp_metric order[IMP_METRIC_COUNT];
    imp_challenge_order_metrics(order, s->def.challenge);
    printf("%s, %s starts, the same for all; the medians of the first four columns decide the "
           "rank\n",
           imp_challenge_name(s->def.challenge), s->def.test ? "test" : "validation");
    for (int place = 0; place < o->count; place++) {
        int p = o->best_first[place];
        const imp_challenge_result *c = &o->results_by_policy[p];
        char progress[24];
        printf("\n%d. %s: %d of %s completed, %d stalled, progress %s %%", o->rank[p],
               s->policies->items[p], c->completed, IMP_PLURAL(c->episodes, "episode"), c->stalled,
               imp_format_real_or_dash(progress, 100.0 * c->progress.value, 1));
        // only challenges with intersections count crossings
        const imp_crossing_counts crossings = c->crossings;
        if (crossings.count > 0)
            printf(", %d of %s %s legal", crossings.legal, IMP_PLURAL(crossings.count, "crossing"),
                   crossings.count == 1 ? "was" : "were");
        printf("\n");
        print_policy_table(&o->results_by_policy[p], order);
    }
    if (s->out != NULL)
        printf("\nwritten: %s/report.html, metrics.json, trajectories.csv, images, drives%s\n",
               s->out, s->keep_messages ? ", messages" : "");
}

// Writes the JSON results.
static imp_status write_challenge_metrics_json(const imp_challenge_eval_settings *s,
                                               const imp_challenge_eval_outcome *o, imp_error *err)
{
    char path[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(path, s->out, "metrics.json", err));
    return imp_json_write_file(path, imp_challenge_eval_json(s, o, true), 10, err);
}

// One row per sample of every trajectory.
static void write_trajectory_rows(FILE *out, const imp_challenge_eval_outcome *o)
{
    fputs("policy,episode,t,x,z,heading\n", out);
    for (int p = 0; p < o->count; p++)
        for (int e = 0; e < o->results_by_policy[p].episodes; e++) {
            // poses in metres and radians, at the times of the challenge's samples
            const imp_challenge_episode *r = &o->results_by_policy[p].results[e];
            for (int k = 0; k < r->samples; k++) {
                imp_csv_write_field(out, o->identities[p]);
                fprintf(out, ",%s,%.2f,%.6f,%.6f,%.6f\n", r->name, r->times[k], r->poses[k].x,
                        r->poses[k].z, r->poses[k].heading);
            }
        }
}

// Writes the trajectories of all policies as one table.
static imp_status write_trajectories(const imp_challenge_eval_settings *s,
                                     const imp_challenge_eval_outcome *o, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_atomic_file file;
    IMP_TRY(imp_path_join(path, s->out, "trajectories.csv", err));
    IMP_TRY(imp_atomic_file_open(&file, path, err));
    write_trajectory_rows(file.stream, o);
    return imp_atomic_file_commit(&file, err);
}

// Draws an episode as seen from above, with one panel per policy.
static imp_status draw_episode_trajectories(const imp_challenge_eval_settings *s,
                                            const imp_challenge_eval_outcome *o, int episode,
                                            imp_error *err)
{
    // side of a panel [px]
    enum { PANEL_SIZE = 640 };
    const imp_scenario_def def = {s->def.challenge, s->def.test, episode, s->def.sim.env.seed};
    char path[IMP_PATH_MAX], name[96];
    imp_scenario scenario = {0};
    imp_scene *scene = NULL;
    imp_trajectory trajectories[IMP_LIST_MAX];
    imp_trajectory_panel panels[IMP_LIST_MAX];
    // one panel per policy, with the reason of the end
    for (int p = 0; p < o->count; p++) {
        const imp_challenge_episode *r = &o->results_by_policy[p].results[episode];
        const bool lasted = r->ending == IMP_END_MAX_STEPS;
        trajectories[p] = (imp_trajectory){
            r->poses, r->samples, lasted ? NULL : imp_end_reason_name(r->ending), r->stalled};
        panels[p] =
            (imp_trajectory_panel){imp_path_base_name(s->policies->items[p]), &trajectories[p], 1};
    }
    // the scenario is created again for its world; the trajectories do not hold it
    imp_status status = imp_scenario_create(&scenario, &def, err);
    if (status == IMP_OK)
        status = imp_scene_create_with_def(&scene, scenario.world, &s->def.sim.scene, err);
    snprintf(name, sizeof name, "trajectories-%s.png", scenario.name);
    if (status == IMP_OK)
        status = imp_path_join(path, s->out, name, err);
    if (status == IMP_OK)
        status = imp_trajectory_plot_write(path, scenario.world, scene, panels, o->count,
                                           PANEL_SIZE, err);
    imp_scene_destroy(scene);
    imp_scenario_free(&scenario);
    return status;
}

// Episodes that ended because a policy or agent failed; they make the exit code 1.
int imp_challenge_eval_count_failures(const imp_challenge_eval_outcome *o)
{
    int count = 0;
    for (int p = 0; p < o->count; p++)
        for (int e = 0; e < o->results_by_policy[p].episodes; e++)
            count += o->results_by_policy[p].results[e].ending == IMP_END_POLICY_FAILED;
    return count;
}

// A participant: its policy factory, and for an agent its process definition and the name of its
// message files.
typedef struct participant {
    imp_policy_factory *driver;
    imp_agent_process_def agent;
    char folder[IMP_PATH_MAX], name[24];
} participant;

// Starts an agent. With --keep-messages, its messages go to files that are numbered like the
// agents.
static imp_status open_agent(participant *e, const imp_challenge_eval_settings *s, int index,
                             imp_error *err)
{
    // the agent gets the same time for its start and for each reply
    e->agent.command = s->policies->items[index];
    e->agent.sandbox = s->sandbox;
    e->agent.start_timeout = e->agent.reply_timeout = s->agent_timeout;
    imp_status status = IMP_OK;
    if (s->keep_messages) {
        status = imp_path_join(e->folder, s->out, "messages", err);
        snprintf(e->name, sizeof e->name, "agent%d", index - s->first_agent + 1);
        e->agent.log = e->folder;
        // this name and the number of the episode form the name of each file
        e->agent.log_name = e->name;
    }
    return status == IMP_OK ? imp_agent_process_factory_open(&e->driver, &e->agent, err) : status;
}

// Opens a policy, or starts an agent.
static imp_status open_policy_or_agent(participant *e, const imp_challenge_eval_settings *s,
                                       int index, imp_error *err)
{
    const char *name = s->policies->items[index];
    // the segmenter is set only if the policy was trained on masks
    if (index < s->first_agent) {
        IMP_TRY(imp_policy_factory_open(&e->driver, name, s->expert, err));
        return imp_sim_options_set_segmenter(s->sim, e->driver, err);
    }
    return open_agent(e, s, index, err);
}

// Sets the camera: a model's own for policies, AI-DO's for agents.
static imp_status set_camera_of_policy_or_agent(const imp_challenge_eval_settings *s, int index,
                                                const imp_options *options,
                                                const imp_policy_factory *driver,
                                                imp_camera_def *camera, imp_error *err)
{
    // a model may have been trained on another size than the default one
    if (index < s->first_agent)
        return imp_sim_options_fit_camera_to_policy(options, s->sim, driver, camera, err);
    camera->width = IMP_AGENT_CAMERA_WIDTH;
    camera->height = IMP_AGENT_CAMERA_HEIGHT;
    return IMP_OK;
}

// Writes settings, metrics, trajectories, images and the report into --out. factories: of all
// policies and agents.
static imp_status write_results(const imp_challenge_eval_settings *s, const imp_options *options,
                                imp_challenge_eval_outcome *o,
                                const imp_policy_factory *const *factories, imp_error *err)
{
    // the settings make the evaluation repeatable
    IMP_TRY(imp_output_folder_save_settings(options, s->out, err));
    IMP_TRY(write_challenge_metrics_json(s, o, err));
    IMP_TRY(write_trajectories(s, o, err));
    // with more episodes than official ones, only those are drawn
    const int images = imp_challenge_episode_count(s->def.challenge);
    for (int e = 0; e < images && e < o->results_by_policy[0].episodes; e++)
        IMP_TRY(draw_episode_trajectories(s, o, e, err));
    imp_eval_page page = {.folder = s->out,
                          .title = imp_challenge_name(s->def.challenge),
                          .env = &s->def.sim.env,
                          .count = o->count,
                          .policies = factories};
    const imp_challenge_report_def report = {
        .folder = s->out,
        .challenge = s->def.challenge,
        .test = s->def.test,
        .seed = s->def.sim.env.seed,
        .count = o->count,
        .names = (const char *const *)s->policies->items,
        .rank = o->rank,
        .best_first = o->best_first,
        .results = o->results_by_policy,
        .write_simulator = imp_page_is_available() ? imp_eval_page_write : NULL,
        .simulator_context = &page,
    };
    return imp_challenge_report_write(&report, err);
}

// Files call an agent by its number, since a command may have paths in it.
static void name_agent(imp_challenge_eval_outcome *o, int index, int number)
{
    const imp_challenge_result *result = &o->results_by_policy[index];
    snprintf(o->identities[index], sizeof o->identities[index], "agent%d", number);
    for (int e = 0; e < result->episodes && result->results != NULL; e++)
        if (result->results[e].drive != NULL) {
            snprintf(result->results[e].drive->policy, sizeof result->results[e].drive->policy,
                     "agent%d", number);
            result->results[e].drive->policy_hash[0] = '\0';
        }
}

// Opens everything, evaluates one participant after the other, ranks, and writes results.
imp_status imp_challenge_eval_run(imp_challenge_eval_outcome *o,
                                  const imp_challenge_eval_settings *s, const imp_options *options,
                                  imp_error *err)
{
    imp_monitor monitor = imp_console_create_monitor(options);
    imp_status status = IMP_OK;
    participant *participants = calloc((size_t)s->policies->count, sizeof *participants);
    if (participants == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for policies and agents");
    // all agents share the monitor, so an interruption ends them all
    for (int p = 0; p < s->policies->count; p++) {
        participants[p].agent = imp_default_agent_process_def();
        participants[p].agent.monitor = &monitor;
    }
    // open all before the first drives, so that a wrong path costs no time
    bool segmented = false;
    for (int p = 0; p < s->policies->count && status == IMP_OK; p++) {
        status = open_policy_or_agent(&participants[p], s, p, err);
        segmented = segmented || (status == IMP_OK &&
                                  imp_policy_factory_segmenter(participants[p].driver) != NULL);
    }
    if (status == IMP_OK)
        status = imp_sim_options_refuse_unused_segmenter(s->sim, segmented, err);
    // networks with history were trained at a rate; compare it with the challenge's
    imp_drive_def drive = imp_default_drive_def();
    imp_challenge_set_time_step(&drive);
    // evaluate; results count only if complete
    for (int p = 0; p < s->policies->count && status == IMP_OK; p++) {
        imp_challenge_eval_def def = s->def;
        def.record_drives = s->out != NULL;
        status = set_camera_of_policy_or_agent(s, p, options, participants[p].driver,
                                               &def.sim.camera, err);
        imp_sim_options_warn_time_step(participants[p].driver, drive.time_step);
        if (status == IMP_OK)
            status = imp_evaluate_challenge(&o->results_by_policy[p], participants[p].driver, &def,
                                            &monitor, err);
        imp_console_clear_progress();
        o->count += status == IMP_OK;
        imp_policy_factory_identity(participants[p].driver, o->identities[p]);
        if (p >= s->first_agent)
            name_agent(o, p, p - s->first_agent + 1);
    }
    sort_policies_by_challenge_score(o, s->def.challenge);
    const imp_policy_factory *factories[IMP_LIST_MAX];
    for (int p = 0; p < s->policies->count; p++)
        factories[p] = participants[p].driver;
    if (status == IMP_OK && s->out != NULL)
        status = write_results(s, options, o, factories, err);
    // ends the agents' processes
    for (int p = 0; p < s->policies->count; p++)
        imp_policy_factory_close(participants[p].driver);
    free(participants);
    return status;
}

// Frees the results of all policies that were evaluated.
void imp_challenge_eval_outcome_free(imp_challenge_eval_outcome *o)
{
    for (int p = 0; p < o->count; p++)
        imp_challenge_result_free(&o->results_by_policy[p]);
}
