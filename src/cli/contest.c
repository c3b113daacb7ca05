#include "cli/contest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/plural.h"
#include "cli/eval.h"
#include "cli/out_folder.h"
#include "cli/session.h"
#include "imprint/arena.h"
#include "imprint/report.h"

// The ranked metrics in their order, then the others.
static void order_metrics(imp_challenge challenge, imp_metric order[IMP_METRIC_COUNT])
{
    const imp_ranked *ranking = imp_challenge_ranking(challenge);
    int count = 0;
    for (; count < IMP_RANKED_COUNT; count++)
        order[count] = ranking[count].metric;
    for (int m = 0; m < IMP_METRIC_COUNT; m++) {
        bool ranked = false;
        for (int r = 0; r < IMP_RANKED_COUNT; r++)
            ranked = ranked || ranking[r].metric == (imp_metric)m;
        if (!ranked)
            order[count++] = (imp_metric)m;
    }
}

static void rank_policies(imp_contest_outcome *o, imp_challenge challenge)
{
    for (int p = 0; p < o->count; p++) {
        int better = 0, before = 0;
        for (int q = 0; q < o->count; q++) {
            int order = imp_challenge_compare(challenge, &o->contests[q].aggregate,
                                              &o->contests[p].aggregate);
            better += order < 0;
            before += order < 0 || (order == 0 && q < p);
        }
        o->rank[p] = better + 1;
        o->best_first[before] = p;
    }
}

static void add_values(json_t *object, const char *suffix, const imp_metrics *metrics)
{
    char key[64];
    for (int m = 0; m < IMP_METRIC_COUNT; m++) {
        snprintf(key, sizeof key, "%s%s", imp_metric_key((imp_metric)m), suffix);
        json_object_set_new(object, key, json_real(metrics->value[m]));
    }
}

static void add_crossings(json_t *object, imp_crossings crossings)
{
    json_object_set_new(object, "crossings", json_integer(crossings.count));
    json_object_set_new(object, "legal_crossings", json_integer(crossings.legal));
}

static json_t *contest_json(const char *policy, int rank, const imp_contest *contest)
{
    const imp_aggregate *a = &contest->aggregate;
    json_t *scores = json_object(), *episodes = json_object();
    add_values(scores, "_mean", &a->mean);
    add_values(scores, "_median", &a->median);
    add_values(scores, "_min", &a->min);
    add_values(scores, "_max", &a->max);
    for (int e = 0; e < contest->episodes; e++) {
        const imp_contest_episode *result = &contest->results[e];
        json_t *episode = json_pack(
            "{s:s, s:b, s:b, s:o, s:f, s:f, s:i}", "ending", imp_ending_name(result->ending),
            "completed", result->ending == IMP_ENDING_MAX_STEPS && !result->stalled, "stalled",
            result->stalled, "progress", imp_session_real(result->progress), "net_distance_m",
            result->net_distance, "expert_net_distance_m", result->expert_net_distance, "samples",
            result->samples);
        if (result->ending == IMP_ENDING_GAVE_UP)
            json_object_set_new(episode, "reason", json_string(result->reason));
        add_values(episode, "", &result->metrics);
        add_crossings(episode, result->crossings);
        json_object_set_new(episodes, result->name, episode);
    }
    json_t *all =
        json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:o}", "policy", policy, "rank", rank,
                  "episodes", contest->episodes, "completed", contest->completed, "survived",
                  contest->survived, "stalled", contest->stalled, "progress",
                  imp_estimate_json(contest->progress), "scores", scores, "per-episodes", episodes);
    add_crossings(all, contest->crossings);
    return all;
}

json_t *imp_contest_json(const imp_contest_settings *s, const imp_contest_outcome *o, bool stored)
{
    const imp_ranked *ranking = imp_challenge_ranking(s->def.challenge);
    json_t *ranked = json_array(), *policies = json_array();
    for (int r = 0; r < IMP_RANKED_COUNT; r++) {
        char key[64];
        snprintf(key, sizeof key, "%s_median", imp_metric_key(ranking[r].metric));
        json_array_append_new(ranked, json_pack("{s:s, s:s, s:f}", "score", key, "better",
                                                ranking[r].more_is_better ? "higher" : "lower",
                                                "step", ranking[r].step));
    }
    for (int p = 0; p < o->count; p++) {
        const char *name = stored ? o->identities[p] : s->policies->items[p];
        json_t *policy = contest_json(name, o->rank[p], &o->contests[p]);
        if (!stored)
            json_object_set_new(policy, "seconds", json_real(o->contests[p].seconds));
        json_array_append_new(policies, policy);
    }
    return json_pack("{s:s, s:s, s:I, s:o, s:o}", "protocol", imp_challenge_name(s->def.challenge),
                     "starts", s->def.test ? "test" : "validation", "seed", (json_int_t)s->def.seed,
                     "ranking", ranked, "policies", policies);
}

static void print_row(const char *name, const char *ending, const imp_metrics *metrics,
                      const imp_metric *order)
{
    printf("  %-12s  %-13s", name, ending);
    for (int m = 0; m < IMP_METRIC_COUNT; m++)
        printf("  %9.3f", metrics->value[order[m]]);
    printf("\n");
}

static void print_contest(const imp_contest *contest, const imp_metric *order)
{
    const imp_aggregate *a = &contest->aggregate;
    printf("  %-12s  %-13s", "episode", "ended by");
    for (int m = 0; m < IMP_METRIC_COUNT; m++)
        printf("  %9s", imp_metric_label(order[m]));
    printf("\n  %-12s  %-13s", "", "");
    for (int m = 0; m < IMP_METRIC_COUNT; m++)
        printf("  %9s", imp_metric_unit(order[m]));
    printf("\n");
    for (int e = 0; e < contest->episodes; e++) {
        const imp_contest_episode *result = &contest->results[e];
        const bool stuck = result->ending == IMP_ENDING_MAX_STEPS && result->stalled;
        print_row(result->name, stuck ? "stalled" : imp_ending_name(result->ending),
                  &result->metrics, order);
    }
    print_row("median", "", &a->median, order);
    print_row("mean", "", &a->mean, order);
    print_row("min", "", &a->min, order);
    print_row("max", "", &a->max, order);
    for (int e = 0; e < contest->episodes; e++)
        if (contest->results[e].ending == IMP_ENDING_GAVE_UP)
            printf("  %s gave up: %s\n", contest->results[e].name, contest->results[e].reason);
}

void imp_contest_print(const imp_contest_settings *s, const imp_contest_outcome *o)
{
    imp_metric order[IMP_METRIC_COUNT];
    order_metrics(s->def.challenge, order);
    printf("%s, %s starts, the same for all; the medians of the first four columns rank\n",
           imp_challenge_name(s->def.challenge), s->def.test ? "test" : "validation");
    for (int place = 0; place < o->count; place++) {
        int p = o->best_first[place];
        const imp_contest *c = &o->contests[p];
        char progress[24];
        printf("\n%d. %s: %d of %s completed, %d stalled, progress %s %%", o->rank[p],
               s->policies->items[p], c->completed, IMP_COUNT(c->episodes, "episode"), c->stalled,
               imp_session_figure(progress, 100.0 * c->progress.value, 1));
        const imp_crossings crossings = c->crossings;
        if (crossings.count > 0)
            printf(", %d of %s %s legal", crossings.legal, IMP_COUNT(crossings.count, "crossing"),
                   crossings.count == 1 ? "was" : "were");
        printf("\n");
        print_contest(&o->contests[p], order);
    }
    if (s->out != NULL)
        printf("\nwritten: %s/metrics.json, %s/trajectories.csv, pictures%s\n", s->out, s->out,
               s->keep_messages ? ", messages" : "");
}

static imp_status write_metrics(const imp_contest_settings *s, const imp_contest_outcome *o,
                                imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, s->out, "metrics.json", err);
    if (status != IMP_OK)
        return status;
    return imp_session_write_json(path, imp_contest_json(s, o, true), 10, err);
}

static void put_trajectories(FILE *out, const imp_contest_outcome *o)
{
    fputs("policy,episode,t,x,z,heading\n", out);
    for (int p = 0; p < o->count; p++)
        for (int e = 0; e < o->contests[p].episodes; e++) {
            const imp_contest_episode *r = &o->contests[p].results[e];
            for (int k = 0; k < r->samples; k++) {
                imp_csv_put(out, o->identities[p]);
                fprintf(out, ",%s,%.2f,%.6f,%.6f,%.6f\n", r->name, r->times[k], r->poses[k].x,
                        r->poses[k].z, r->poses[k].heading);
            }
        }
}

static imp_status write_trajectories(const imp_contest_settings *s, const imp_contest_outcome *o,
                                     imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_atomic_file file;
    imp_status status = imp_path_join(path, s->out, "trajectories.csv", err);
    if (status == IMP_OK)
        status = imp_atomic_file_open(&file, path, err);
    if (status != IMP_OK)
        return status;
    put_trajectories(file.stream, o);
    return imp_atomic_file_commit(&file, err);
}

// The last part of a policy's path names it well enough in a picture.
static const char *short_name(const char *policy)
{
    const char *slash = strrchr(policy, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : policy;
}

// One picture of an episode, a panel for each policy.
static imp_status draw_episode(const imp_contest_settings *s, const imp_contest_outcome *o,
                               int episode, imp_error *err)
{
    enum { PANEL_SIZE = 640 };
    const imp_scenario_def def = {s->def.challenge, s->def.test, episode, s->def.seed};
    char path[IMP_PATH_MAX], name[96];
    imp_scenario scenario = {0};
    imp_scene *scene = NULL;
    imp_trajectory ways[IMP_LIST_MAX];
    imp_trajectory_panel panels[IMP_LIST_MAX];
    for (int p = 0; p < o->count; p++) {
        const imp_contest_episode *r = &o->contests[p].results[episode];
        const bool lasted = r->ending == IMP_ENDING_MAX_STEPS;
        ways[p] = (imp_trajectory){r->poses, r->samples, lasted ? NULL : imp_ending_name(r->ending),
                                   r->stalled};
        panels[p] = (imp_trajectory_panel){short_name(s->policies->items[p]), &ways[p], 1};
    }
    imp_status status = imp_scenario_create(&scenario, &def, err);
    if (status == IMP_OK)
        status = imp_scene_create_with(&scene, scenario.world, &s->def.scene, err);
    snprintf(name, sizeof name, "trajectories-%s.png", scenario.name);
    if (status == IMP_OK)
        status = imp_path_join(path, s->out, name, err);
    if (status == IMP_OK)
        status =
            imp_report_trajectories(path, scenario.world, scene, panels, o->count, PANEL_SIZE, err);
    imp_scene_destroy(scene);
    imp_scenario_free(&scenario);
    return status;
}

static imp_status write_results(const imp_contest_settings *s, const imp_options *options,
                                const imp_contest_outcome *o, imp_error *err)
{
    imp_status status = imp_out_save_settings(options, s->out, err);
    if (status == IMP_OK)
        status = write_metrics(s, o, err);
    if (status == IMP_OK)
        status = write_trajectories(s, o, err);
    const int pictures = imp_challenge_episodes(s->def.challenge);
    for (int e = 0; e < pictures && e < o->contests[0].episodes && status == IMP_OK; e++)
        status = draw_episode(s, o, e, err);
    return status;
}

int imp_contest_gave_up(const imp_contest_outcome *o)
{
    int count = 0;
    for (int p = 0; p < o->count; p++)
        for (int e = 0; e < o->contests[p].episodes; e++)
            count += o->contests[p].results[e].ending == IMP_ENDING_GAVE_UP;
    return count;
}

// Who takes part; agents keep their messages in files that are numbered like them.
typedef struct entrant {
    imp_driver *driver;
    imp_guest_def guest;
    char folder[IMP_PATH_MAX], name[24];
} entrant;

static imp_status open_agent(entrant *e, const imp_contest_settings *s, int index, imp_error *err)
{
    e->guest.command = s->policies->items[index];
    e->guest.sandbox = s->sandbox;
    e->guest.start_timeout = e->guest.reply_timeout = s->agent_timeout;
    imp_status status = IMP_OK;
    if (s->keep_messages) {
        status = imp_path_join(e->folder, s->out, "messages", err);
        snprintf(e->name, sizeof e->name, "agent%d", index - s->first_agent + 1);
        e->guest.log = e->folder;
        e->guest.log_name = e->name;
    }
    return status == IMP_OK ? imp_guest_driver(&e->driver, &e->guest, err) : status;
}

static imp_status open_entrant(entrant *e, const imp_contest_settings *s, int index, imp_error *err)
{
    const char *name = s->policies->items[index];
    if (index < s->first_agent) {
        const imp_status status = imp_driver_open(&e->driver, name, s->expert, err);
        return status == IMP_OK ? imp_sim_options_look_through(s->sim, e->driver, err) : status;
    }
    return open_agent(e, s, index, err);
}

static imp_status fit_camera(const imp_contest_settings *s, int index, const imp_options *options,
                             const imp_driver *driver, imp_camera_def *camera, imp_error *err)
{
    if (index < s->first_agent)
        return imp_sim_options_fit(options, s->sim, driver, camera, err);
    camera->width = IMP_GUEST_CAMERA_WIDTH;
    camera->height = IMP_GUEST_CAMERA_HEIGHT;
    return IMP_OK;
}

imp_status imp_contest_run(imp_contest_outcome *o, const imp_contest_settings *s,
                           const imp_options *options, imp_error *err)
{
    imp_monitor monitor = imp_session_monitor(options);
    imp_status status = IMP_OK;
    entrant *entrants = calloc((size_t)s->policies->count, sizeof *entrants);
    if (entrants == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for those who take part");
    for (int p = 0; p < s->policies->count; p++) {
        entrants[p].guest = imp_default_guest_def();
        entrants[p].guest.monitor = &monitor;
    }
    bool segmented = false;
    for (int p = 0; p < s->policies->count && status == IMP_OK; p++) {
        status = open_entrant(&entrants[p], s, p, err);
        segmented =
            segmented || (status == IMP_OK && imp_driver_segmenter(entrants[p].driver) != NULL);
    }
    if (status == IMP_OK)
        status = imp_sim_options_check_segmenter(s->sim, segmented, err);
    imp_drive_def drive = imp_default_drive_def();
    imp_challenge_set_clock(&drive);
    for (int p = 0; p < s->policies->count && status == IMP_OK; p++) {
        imp_contest_def def = s->def;
        status = fit_camera(s, p, options, entrants[p].driver, &def.camera, err);
        imp_sim_options_warn(entrants[p].driver, drive.time_step);
        if (status == IMP_OK)
            status = imp_run_contest(&o->contests[p], entrants[p].driver, &def, &monitor, err);
        imp_session_clear();
        o->count += status == IMP_OK;
        imp_driver_identity(entrants[p].driver, o->identities[p]);
        if (p >= s->first_agent) // a command may have paths in it
            snprintf(o->identities[p], sizeof o->identities[p], "agent%d", p - s->first_agent + 1);
    }
    for (int p = 0; p < s->policies->count; p++)
        imp_driver_close(entrants[p].driver);
    free(entrants);
    rank_policies(o, s->def.challenge);
    return status == IMP_OK && s->out != NULL ? write_results(s, options, o, err) : status;
}

void imp_contest_outcome_free(imp_contest_outcome *o)
{
    for (int p = 0; p < o->count; p++)
        imp_contest_free(&o->contests[p]);
}
