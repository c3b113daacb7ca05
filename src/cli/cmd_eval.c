#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/contest.h"
#include "cli/session.h"
#include "imprint/report.h"

typedef struct settings {
    imp_sim_options sim;
    imp_eval_def eval;
    imp_expert_def expert;
    imp_assets *assets; // NULL: ours
    imp_text_list policies;
    const char *protocol; // "baseline" or a challenge's name
    imp_contest_settings contest;
    const char *out; // NULL: write nothing
    bool force;
} settings;

typedef struct outcome {
    int count;
    imp_evaluation evaluations[IMP_LIST_MAX];
    bool is_contest; // whether this holds what happened, not the above
    imp_contest_outcome contest;
} outcome;

static void add_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"policy", 'p', IMP_OPTION_LIST, &s->policies, "POLICY",
         "expert, reference, or a model; may be repeated", false},
        {"protocol", 0, IMP_OPTION_TEXT, &s->protocol, "NAME",
         "baseline, or AI-DO's aido-lf, aido-lfp, aido-lfv, aido-lfi", false},
        {"test-starts", 0, IMP_OPTION_FLAG, &s->contest.def.test, NULL,
         "AI-DO's test starts instead of those of its validation", false},
        {"episodes", 'n', IMP_OPTION_INT, &s->eval.episodes, "N",
         "episodes to drive (AI-DO's official ones if not given)", false},
        {"steps", 0, IMP_OPTION_INT, &s->eval.steps, "N", "steps of the longest episode", false},
        {"settle-steps", 0, IMP_OPTION_INT, &s->eval.settle_steps, "N",
         "first steps left out of the lane and speed figures (60 if --steps is at least 300)",
         false},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR",
         "write metrics.json, trajectories.png and settings.yaml there", true},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists", true},
    };
    imp_sim_options_add_several(options, &s->sim);
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

static json_t *episodes_json(const imp_evaluation *evaluation)
{
    json_t *array = json_array();
    for (int e = 0; e < evaluation->episodes; e++) {
        const imp_episode_result *r = &evaluation->results[e];
        json_array_append_new(
            array,
            json_pack("{s:s, s:i, s:s, s:f, s:f, s:f, s:f, s:[f,f,f], s:[f,f,f]}", "map", r->map,
                      "steps", r->steps, "ending", imp_ending_name(r->ending), "reward", r->reward,
                      "distance_m", r->distance, "speed_mean_m_s", r->speed_mean,
                      "lane_distance_mean_m", r->lane_distance_mean, "start", r->start.x,
                      r->start.z, r->start.heading, "end", r->end.x, r->end.z, r->end.heading));
    }
    return array;
}

// The map, or folder of maps, if only one was given.
static const char *map_name(const settings *s)
{
    return s->sim.maps.count == 1 ? s->sim.maps.items[0] : "several maps";
}

static json_t *metrics_json(const settings *s, const outcome *o)
{
    json_t *policies = json_array();
    for (int p = 0; p < o->count; p++) {
        const imp_evaluation *e = &o->evaluations[p];
        json_array_append_new(
            policies,
            json_pack("{s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "policy",
                      s->policies.items[p], "episodes", e->episodes, "survived", e->survived,
                      "total_reward", e->total_reward, "mean_reward", e->mean_reward,
                      "lane_distance_mean_m", e->lane_distance_mean, "lane_distance_p95_m",
                      e->lane_distance_p95, "distance_mean_m", e->distance_mean, "speed_mean_m_s",
                      e->speed_mean, "seconds", e->seconds, "results", episodes_json(e)));
    }
    return json_pack("{s:s, s:i, s:i, s:i, s:I, s:o}", "map", map_name(s), "episodes",
                     s->eval.episodes, "steps", s->eval.steps, "settle_steps", s->eval.settle_steps,
                     "seed", (json_int_t)s->eval.env.seed, "policies", policies);
}

// Why episodes ended before their last step, e.g. "invalid pose 3"; empty if none did.
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

static int print_table(const settings *s, const outcome *o)
{
    size_t width = strlen("policy");
    for (int p = 0; p < o->count; p++)
        if (strlen(s->policies.items[p]) > width)
            width = strlen(s->policies.items[p]);
    printf("%s, %d episodes of at most %d steps, the same starts for all\n\n", map_name(s),
           s->eval.episodes, s->eval.steps);
    printf("%-*s  %9s  %8s  %13s  %8s  %9s  %8s\n", (int)width, "policy", "survived", "reward",
           "|lane dist.|", "p95", "distance", "speed");
    for (int p = 0; p < o->count; p++) {
        const imp_evaluation *e = &o->evaluations[p];
        printf("%-*s  %4d/%-4d  %8.1f  %10.2f cm  %5.2f cm  %7.2f m  %4.2f m/s", (int)width,
               s->policies.items[p], e->survived, e->episodes, e->mean_reward,
               100.0 * e->lane_distance_mean, 100.0 * e->lane_distance_p95, e->distance_mean,
               e->speed_mean);
        print_endings(e);
        printf("\n");
    }
    printf("\n");
    for (int p = 0; p < o->count; p++)
        printf("%-*s  total reward: %.2f, mean reward: %.2f\n", (int)width, s->policies.items[p],
               o->evaluations[p].total_reward, o->evaluations[p].mean_reward);
    if (s->out != NULL)
        printf("\nwritten: %s/metrics.json and pictures of trajectories\n", s->out);
    return imp_session_finish();
}

// The episodes of an evaluation that took place on one of the maps.
static imp_status fill_panel(imp_trajectory_panel *panel, const imp_evaluation *evaluation,
                             int map_index, imp_error *err)
{
    imp_trajectory *trajectories = calloc((size_t)evaluation->episodes, sizeof *trajectories);
    if (trajectories == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for trajectories");
    panel->trajectories = trajectories;
    for (int e = 0; e < evaluation->episodes; e++) {
        const imp_episode_result *r = &evaluation->results[e];
        if (r->map_index == map_index && r->poses != NULL)
            trajectories[panel->count++] =
                (imp_trajectory){r->poses, r->steps + 1, r->ending == IMP_ENDING_INVALID_POSE};
    }
    return IMP_OK;
}

// The last part of a policy's path names it well enough in a picture.
static const char *short_name(const char *policy)
{
    const char *slash = strrchr(policy, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : policy;
}

static imp_status draw_map(const char *path, const settings *s, const outcome *o,
                           const imp_map_set *maps, int index, imp_error *err)
{
    enum { PANEL_SIZE = 640 };
    imp_trajectory_panel panels[IMP_LIST_MAX] = {0};
    imp_status status = IMP_OK;
    for (int p = 0; p < o->count && status == IMP_OK; p++) {
        panels[p].title = short_name(s->policies.items[p]);
        status = fill_panel(&panels[p], &o->evaluations[p], index, err);
    }
    if (status == IMP_OK)
        status = imp_report_trajectories(path, maps->worlds[index], maps->scenes[index], panels,
                                         o->count, PANEL_SIZE, err);
    for (int p = 0; p < o->count; p++)
        free((void *)(uintptr_t)panels[p].trajectories);
    return status;
}

// A picture of the map, or one of each of the first maps.
static imp_status draw_trajectories(const settings *s, const outcome *o, imp_error *err)
{
    enum { PICTURES_MAX = 32 };
    imp_map_set maps = {0};
    imp_status status =
        imp_map_set_load(&maps, s->sim.maps.items, s->sim.maps.count, &s->eval.scene, err);
    for (int k = 0; k < maps.count && k < PICTURES_MAX && status == IMP_OK; k++) {
        char path[IMP_PATH_MAX], name[64];
        snprintf(name, sizeof name, "trajectories-%d.png", k + 1);
        status = imp_path_join(path, s->out, maps.count == 1 ? "trajectories.png" : name, err);
        if (status == IMP_OK)
            status = draw_map(path, s, o, &maps, k, err);
    }
    imp_map_set_free(&maps);
    return status;
}

static imp_status write_results(const settings *s, const imp_options *options, const outcome *o,
                                imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, s->out, "metrics.json", err);
    if (status != IMP_OK)
        return status;
    json_t *metrics = metrics_json(s, o);
    char *text =
        metrics != NULL ? json_dumps(metrics, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) : NULL;
    json_decref(metrics);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    status = imp_session_save_settings(options, s->out, err);
    if (status == IMP_OK)
        status = imp_file_write(path, text, strlen(text), err);
    free(text);
    return status == IMP_OK ? draw_trajectories(s, o, err) : status;
}

static imp_status evaluate_all(const settings *s, const imp_options *options, outcome *o,
                               imp_error *err)
{
    imp_monitor monitor = imp_session_monitor(options);
    imp_driver *drivers[IMP_LIST_MAX] = {0};
    imp_status status = IMP_OK;
    // a policy that cannot be opened is better known before the first has driven for a minute
    for (int p = 0; p < s->policies.count && status == IMP_OK; p++)
        status = imp_driver_open(&drivers[p], s->policies.items[p], &s->expert, err);
    for (int p = 0; p < s->policies.count && status == IMP_OK; p++) {
        imp_eval_def eval = s->eval;
        status = imp_sim_options_fit(options, &s->sim, drivers[p], &eval.camera, err);
        if (status == IMP_OK)
            status = imp_evaluate(&o->evaluations[p], drivers[p], &eval, &monitor, err);
        imp_session_clear();
        o->count += status == IMP_OK;
    }
    for (int p = 0; p < s->policies.count; p++)
        imp_driver_close(drivers[p]);
    return status;
}

// What a challenge sets itself cannot be asked for. Defaults may: saved settings name them.
static imp_status check_contest(const settings *s, imp_error *err)
{
    const imp_eval_def eval = imp_default_eval_def();
    const imp_sim_options sim = imp_default_sim_options();
    const bool own_map = s->sim.maps.count == 1 && strcmp(s->sim.maps.items[0], sim.map) == 0;
    const char *odd = !own_map                                          ? "map"
                      : s->eval.steps != eval.steps                     ? "steps"
                      : s->eval.settle_steps != eval.settle_steps       ? "settle-steps"
                      : s->sim.frame_skip != sim.frame_skip             ? "frame-skip"
                      : s->sim.randomize_objects                        ? "randomize-objects"
                      : s->sim.start_tile[0] + s->sim.start_tile[1] > 0 ? "start-tile"
                                                                        : NULL;
    if (odd != NULL)
        return imp_fail(err, IMP_USAGE, "--%s: --protocol %s has its own", odd, s->protocol);
    if (s->eval.episodes < 1)
        return imp_fail(err, IMP_USAGE, "episodes (%d) must be at least 1", s->eval.episodes);
    return IMP_OK;
}

static imp_status run_contest(settings *s, const imp_options *options, outcome *o, imp_error *err)
{
    imp_contest_settings *contest = &s->contest;
    if (!imp_options_given(options, &s->eval.episodes))
        s->eval.episodes = imp_challenge_episodes(contest->def.challenge);
    contest->def.episodes = s->eval.episodes;
    contest->def.seed = s->eval.env.seed;
    contest->def.camera = s->eval.camera;
    contest->def.scene = s->eval.scene;
    contest->def.threads = s->sim.threads;
    contest->sim = &s->sim;
    contest->policies = &s->policies;
    contest->expert = &s->expert;
    contest->out = s->out;
    o->is_contest = true;
    return imp_contest_run(&o->contest, contest, options, err);
}

static imp_status choose_protocol(settings *s, bool *is_contest, imp_error *err)
{
    *is_contest = strcmp(s->protocol, "baseline") != 0;
    if (!*is_contest)
        return IMP_OK;
    if (!imp_challenge_find(&s->contest.def.challenge, s->protocol))
        return imp_fail(err, IMP_USAGE,
                        "--protocol '%s': give baseline, aido-lf, aido-lfp, aido-lfv or aido-lfi",
                        s->protocol);
    return check_contest(s, err);
}

static imp_status run_settings(settings *s, const imp_options *options, outcome *o, imp_error *err)
{
    bool is_contest = false;
    imp_status status =
        imp_sim_options_apply(options, &s->sim, &s->eval.env, &s->eval.camera, &s->expert, err);
    if (status == IMP_OK)
        status = choose_protocol(s, &is_contest, err);
    if (status == IMP_OK)
        status = imp_sim_options_scene(options, &s->sim, &s->eval.scene, &s->assets, err);
    if (status == IMP_OK && s->out != NULL)
        status = imp_session_claim(s->out, false, s->force, err);
    if (status != IMP_OK)
        return status;
    // what was not asked for is each model's own, and is when these settings are used again
    if (!imp_options_given(options, s->sim.size))
        s->sim.size[0] = 0;
    if (!imp_options_given(options, &s->sim.lens))
        s->sim.lens = NULL;
    if (!imp_options_given(options, &s->eval.settle_steps) && !is_contest)
        s->eval.settle_steps = s->eval.steps >= 300 ? 60 : 0;
    s->eval.maps = s->sim.maps.items;
    s->eval.map_count = s->sim.maps.count;
    s->eval.threads = s->sim.threads;
    status = is_contest ? run_contest(s, options, o, err) : evaluate_all(s, options, o, err);
    if (status == IMP_OK && s->out != NULL && !is_contest)
        status = write_results(s, options, o, err);
    if (s->out != NULL)
        imp_session_settle(s->out, s->force);
    return status;
}

static int tell(const settings *s, const imp_options *options, const outcome *o)
{
    if (options->json)
        return imp_session_print_json(o->is_contest ? imp_contest_json(&s->contest, &o->contest)
                                                    : metrics_json(s, o));
    if (!o->is_contest)
        return print_table(s, o);
    imp_contest_print(&s->contest, &o->contest);
    return imp_session_finish();
}

static int run(const imp_command *command, int argc, char **argv)
{
    settings s = {.sim = imp_default_sim_options(),
                  .eval = imp_default_eval_def(),
                  .expert = imp_default_expert_def(),
                  .protocol = "baseline",
                  .contest = {.def = imp_default_contest_def()},
                  .policies = {{"expert", "runs/model"}, 2}};
    imp_options options;
    imp_error err = {0};
    outcome o = {0};
    imp_options_init(&options, command);
    add_options(&options, &s);
    imp_status status = imp_options_read(&options, argc, argv, &err);
    if (status == IMP_OK && !options.help)
        status = run_settings(&s, &options, &o, &err);
    int code = status != IMP_OK ? imp_session_fail(status, &err)
               : options.help   ? imp_session_finish()
                                : tell(&s, &options, &o);
    imp_contest_outcome_free(&o.contest);
    for (int p = 0; p < o.count; p++)
        imp_evaluation_free(&o.evaluations[p]);
    imp_assets_close(s.assets);
    imp_options_free(&options);
    return code;
}

const imp_command imp_command_eval = {
    .name = "eval",
    .summary = "measure how policies drive",
    .operands = "",
    .details =
        "Lets each policy drive from the same random starts. The defaults are the baseline's "
        "protocol (10\n"
        "episodes of 65 steps); --episodes 100 --steps 1500 tells who survives. An episode ends "
        "when the\n"
        "robot leaves the road. Starts differ from those of `imprint log` with the same seed.\n\n"
        "--protocol aido-lf, -lfp, -lfv or -lfi drives AI-DO's challenges instead, on their maps, "
        "with their\n"
        "starts, rules, metrics and ranking: 60 s, the policy being asked every 0.05 s.",
    .examples = "  imprint eval --policy expert --policy reference --episodes 20 --steps 1500\n"
                "  imprint eval --policy expert --protocol aido-lf",
    .run = run,
};
