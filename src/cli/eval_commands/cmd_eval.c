// imprint eval: measures how policies drive. This file converts and checks the options, runs the
// evaluation of each policy from the same starts, and chooses what is reported; eval_print.c and
// eval_json.c format the results. Two protocols share the command. The baseline's counts
// completed episodes on any maps, with randomisation, robustness tests and given starts. AI-DO's
// challenges (challenge_eval.c) bring their own maps, starts and lengths, so options for these
// are refused. All policies are opened before the first one drives: an evaluation takes minutes,
// and a misspelt path should not cost them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/content_hash.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "cli/eval_commands/eval_failures.h"
#include "cli/eval_commands/eval_page.h"
#include "cli/eval_commands/eval_parts.h"
#include "cli/eval_commands/eval_videos.h"
#include "cli/options/sandbox_option.h"
#include "cli/options/share_option.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"
#include "evaluate/evaluation/eval_settings.h"
#include "imprint/page.h"

// The options of what is written.
static void add_output_options(imp_options *options, imp_eval_settings *s)
{
    const imp_option table[] = {
        {"videos", 0, IMP_OPTION_INT, &s->videos, "N",
         "with --out, write videos of the N worst episodes of each policy, up to 8, with all "
         "policies "
         "side by side",
         IMP_SETTING},
        {"video-format", 0, IMP_OPTION_TEXT, &s->video_format, "NAME",
         "format of the videos: mp4, webm, gif, webp (by the program ffmpeg), or apng",
         IMP_SETTING},
        {"video-size", 0, IMP_OPTION_PAIR, s->video_size, "WxH",
         "size of each of their views: a robot's camera, and the map", IMP_SETTING},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR",
         "write report.html, metrics.json, episodes.csv, images and drives to this folder, and "
         "simulator.html, which shows the worst episodes",
         IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
        IMP_SHARE_OPTION(&s->share,
                         "with --out, drive only part K of N of the episodes, anywhere; imprint "
                         "eval join puts all parts together"),
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
    imp_options_save_only_if_given(options, &s->share);
}

// The options of both protocols. A challenge refuses those that it defines itself.
static void add_eval_options(imp_options *options, imp_eval_settings *s)
{
    const imp_option table[] = {
        {"policy", 'p', IMP_OPTION_LIST, &s->policies, "POLICY",
         "policy to evaluate: expert, pure-pursuit (gym-duckietown's expert), a plug-in "
         "(.so), or a model (robot comes with imprint); may be repeated",
         IMP_INPUT_PATH},
        // challenges
        {"agent", 0, IMP_OPTION_LIST, &s->agents, "COMMAND",
         "program that speaks AI-DO's protocol, with --protocol aido-...; may be repeated",
         IMP_SETTING},
        {"agent-timeout", 0, IMP_OPTION_REAL, &s->challenge_eval.agent_timeout, "S",
         "time limit of an agent's start and of each of its replies", IMP_SETTING},
        {"sandbox", 0, IMP_OPTION_FLAG, &s->challenge_eval.sandbox, NULL, IMP_SANDBOX_HELP,
         IMP_TRANSIENT},
        {"keep-messages", 0, IMP_OPTION_FLAG, &s->challenge_eval.keep_messages, NULL,
         "with --out, write all messages between agents and evaluator to files: 70 MB per "
         "minute of driving",
         IMP_SETTING},
        {"protocol", 0, IMP_OPTION_TEXT, &s->protocol, "NAME",
         "baseline, or AI-DO's aido-lf, aido-lfp, aido-lfv, aido-lfi", IMP_SETTING},
        {"test-starts", 0, IMP_OPTION_FLAG, &s->challenge_eval.def.test, NULL,
         "use AI-DO's test starts instead of its validation starts", IMP_SETTING},
        // episodes and what is measured
        IMP_MEMBER_OPTION_WITH_HELP("episodes", 'n', IMP_SETTING,
                                    "number of episodes (AI-DO's official ones if not given)"),
        IMP_MEMBER_OPTION("steps", 0, IMP_SETTING),
        {"starts", 0, IMP_OPTION_TEXT, &s->starts_path, "FILE",
         "table of starts (columns x, z, heading and optionally map, in m and rad), one "
         "episode per row; episodes.csv of an evaluation is such a table",
         IMP_SETTING},
        {"images", 0, IMP_OPTION_TEXT, &s->images, "FILE",
         "score policies on images instead of driving: a table with the columns file and steer (1 "
         "left, 0 straight, -1 right), and optionally light and others (models only)",
         IMP_INPUT_PATH},
        IMP_MEMBER_OPTION_WITH_HELP("settle_steps", 0, IMP_SETTING, IMP_SETTLE_STEPS_HELP),
        IMP_MEMBER_OPTION("plot_episodes", 0, IMP_SETTING),
        {"robustness", 0, IMP_OPTION_FLAG, &s->robustness_test, NULL,
         "measure robustness: perturb each group of --randomize (default: all groups) at "
         "growing strength",
         IMP_SETTING},
        {"explain", 0, IMP_OPTION_FLAG, &s->explain, NULL,
         "say why episodes failed: the last moment from which the expert drives on, and what the "
         "policy did instead",
         IMP_SETTING},
    };
    imp_sim_options_add_for_many_maps(options, &s->sim);
    imp_sim_options_add_segmenter(options, &s->sim);
    imp_options_add_members(options, NULL, table, (int)(sizeof table / sizeof table[0]),
                            &imp_eval_members, &s->eval);
    add_output_options(options, s);
    // without them, they belong to each model, so they must not be saved
    imp_options_save_only_if_given(options, &s->eval.sim.camera.width);
    imp_options_save_only_if_given(options, &s->sim.lens);
}

// Writes the JSON results without times, so that equal runs give equal files.
static imp_status write_metrics_json(const imp_eval_settings *s, const imp_eval_outcome *o,
                                     imp_error *err)
{
    char path[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(path, s->out, "metrics.json", err));
    return imp_json_write_file(path, imp_eval_json(s, o, true), 10, err);
}

// Writes settings, metrics.json and the report.
static imp_status write_report_and_metrics(const imp_eval_settings *s, const imp_options *options,
                                           const imp_eval_outcome *o, imp_error *err)
{
    char summary[768], extension[32];
    const imp_evaluation *first = &o->evaluations[0];
    // the report's subtitle: the conditions in a sentence
    snprintf(summary, sizeof summary,
             "imprint %s: %s of at most %s on %.200s, maps for %s, seed %llu; the first %s of "
             "each %s out of the lane and speed figures.%s%.200s",
             imp_version(), IMP_PLURAL(s->eval.episodes, "episode"),
             IMP_PLURAL(s->eval.steps, "step"),
             first->map_count == 1 ? first->maps[0].name : "several maps",
             s->eval.sim.split == IMP_SPLIT_ALL
                 ? "training and testing"
                 : (s->eval.sim.split == IMP_SPLIT_TEST ? "testing only" : "training only"),
             (unsigned long long)s->eval.sim.env.seed, IMP_PLURAL(s->eval.settle_steps, "step"),
             s->eval.settle_steps == 1 ? "is left" : "are left",
             s->starts_path != NULL ? " Starts from " : "",
             s->starts_path != NULL ? s->starts_path : "");
    snprintf(extension, sizeof extension, ".%s", s->video_format);
    // the report borrows everything
    const imp_eval_report_def report = {
        .folder = s->out,
        .count = o->count,
        .names = (const char *const *)s->policies.items,
        .drivers = (const imp_policy_factory *const *)o->drivers,
        .defs = o->defs,
        .evaluations = o->evaluations,
        .summary = summary,
        .robustness = o->robustness,
        .failures = o->failures,
        .write_simulator = imp_page_is_available() ? imp_eval_page_write : NULL,
        .simulator_context =
            &(imp_eval_page){.folder = s->out,
                             .title = "Evaluation",
                             .env = &s->eval.sim.env,
                             .count = o->count,
                             .policies = (const imp_policy_factory *const *)o->drivers},
        .video_extension = s->videos > 0 ? extension : NULL,
        .video_count = s->videos,
    };
    const imp_monitor monitor = imp_console_create_monitor(options);
    imp_status status = imp_output_folder_save_settings(options, s->out, err);
    if (status == IMP_OK)
        status = write_metrics_json(s, o, err);
    if (status == IMP_OK && o->failures != NULL)
        status = imp_eval_failures_write(s, o, err);
    if (status == IMP_OK)
        status = imp_eval_report_write(&report, &monitor, err);
    imp_console_clear_progress();
    return status;
}

// Evaluates every policy with the same definition, except for the camera, which a model brings
// along.
static imp_status evaluate_policies(const imp_eval_settings *s, const imp_options *options,
                                    imp_eval_outcome *o, imp_error *err)
{
    const imp_monitor monitor = imp_console_create_monitor(options);
    imp_status status = IMP_OK;
    imp_expert_def expert = s->eval.sim.expert;
    // a pose-only expert does not know what the randomisation drew for the dynamics
    expert.assumed_drive = &s->eval.sim.env.drive;
    // open all policies before the first one drives
    for (int p = 0; p < s->policies.count && status == IMP_OK; p++)
        status = imp_policy_factory_open(&o->drivers[p], s->policies.items[p], &expert, err);
    // a segmenter that no policy uses is a mistake
    bool segments = false;
    for (int p = 0; p < s->policies.count && status == IMP_OK; p++)
        segments = segments ||
                   imp_policy_factory_observation(o->drivers[p]) == IMP_OBSERVATION_SEGMENTATION;
    if (status == IMP_OK)
        status = imp_sim_options_refuse_unused_segmenter(&s->sim, segments, err);
    // prepare and evaluate one policy after the other
    for (int p = 0; p < s->policies.count && status == IMP_OK; p++) {
        o->defs[p] = s->eval;
        status = imp_sim_options_set_segmenter(&s->sim, o->drivers[p], err);
        if (status == IMP_OK)
            status = imp_sim_options_fit_camera_to_policy(options, &s->sim, o->drivers[p],
                                                          &o->defs[p].sim.camera, err);
        imp_sim_options_warn_time_step(o->drivers[p], s->eval.sim.env.drive.time_step *
                                                          s->eval.sim.env.frame_skip);
        imp_sim_options_warn_unheard(o->drivers[p], &s->eval.sim.env);
        if (status == IMP_OK && s->joins)
            status = imp_eval_parts_join(&o->evaluations[p], options, o->drivers[p], &o->defs[p], p,
                                         err);
        else if (status == IMP_OK)
            status = imp_evaluate(&o->evaluations[p], o->drivers[p], &o->defs[p], &monitor, err);
        imp_console_clear_progress();
        o->count += status == IMP_OK;
    }
    return status;
}

// The robustness test: repeats the evaluation with one group of perturbations at a time, at growing
// strength. The evaluations before it were of plain worlds, which are the baseline.
static imp_status evaluate_robustness(const imp_eval_settings *s, const imp_options *options,
                                      imp_eval_outcome *o, imp_error *err)
{
    // the perturbations come from the same options as the randomisation of a training
    const imp_monitor monitor = imp_console_create_monitor(options);
    imp_randomization spec = imp_randomization_none();
    imp_status status = imp_randomization_options_parse(options, &s->sim, &spec, err);
    // without --randomize, all groups are tested
    if (status == IMP_OK && !imp_randomization_is_on(&spec))
        status = imp_randomization_parse_list(&spec, "all", err);
    o->robustness = calloc((size_t)o->count + 1, sizeof *o->robustness);
    if (status == IMP_OK && o->robustness == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for the robustness test");
    for (int p = 0; p < o->count && status == IMP_OK; p++) {
        // the definition differs from the plain evaluation only in its randomisation
        imp_eval_def def = o->defs[p];
        def.sim.randomization = spec;
        status = imp_evaluate_robustness(&o->robustness[p], o->drivers[p], &def, &monitor, err);
        imp_console_clear_progress();
    }
    return status;
}

// Refuses options that a challenge defines itself. Values equal to the defaults pass, because saved
// settings contain them.
static imp_status refuse_options_fixed_by_challenge(const imp_eval_settings *s, imp_error *err)
{
    imp_eval_def eval = imp_default_eval_def();
    const imp_sim_options sim = imp_default_sim_options(&eval.sim);
    const imp_env_def *env = &s->eval.sim.env;
    // the first option that differs from its default
    const bool own_map = s->sim.maps.count == 1 && strcmp(s->sim.maps.items[0], eval.sim.map) == 0;
    const char *refused = !own_map                                        ? "map"
                          : s->eval.steps != eval.steps                   ? "steps"
                          : s->eval.settle_steps != eval.settle_steps     ? "settle-steps"
                          : s->eval.plot_episodes != eval.plot_episodes   ? "plot-episodes"
                          : s->sim.start_angle_deg != sim.start_angle_deg ? "start-angle-deg"
                          : env->frame_skip != eval.sim.env.frame_skip    ? "frame-skip"
                          : env->randomize_objects                        ? "randomize-objects"
                          : env->cars_yield                               ? "cars-yield"
                          : s->eval.sim.split != eval.sim.split           ? "split"
                          : s->sim.randomize[0] != '\0'                   ? "randomize"
                          : s->robustness_test                            ? "robustness"
                          : s->explain                                    ? "explain"
                          : s->starts_path != NULL                        ? "starts"
                          : s->sim.randomization[0] != '\0'               ? "randomization"
                          : env->has_start_tile                           ? "start-tile"
                                                                          : NULL;
    if (refused != NULL)
        return imp_fail(err, IMP_USAGE, "--%s: --protocol %s has its own", refused, s->protocol);
    return IMP_OK;
}

// Lists policies and agents. If agents are given, the default policies do not drive.
static imp_status merge_policies_and_agents(imp_eval_settings *s, const imp_options *options,
                                            imp_error *err)
{
    if (s->agents.count > 0 && !imp_option_is_given(options, &s->policies))
        s->policies.count = 0; // nor are they saved among the settings
    // policies first: their number is the index of the first agent
    s->participants = s->policies;
    s->challenge_eval.first_agent = s->participants.count;
    if (s->participants.count + s->agents.count > IMP_LIST_MAX)
        return imp_fail(err, IMP_USAGE, "more than %d policies and agents", IMP_LIST_MAX);
    for (int k = 0; k < s->agents.count; k++)
        s->participants.items[s->participants.count++] = s->agents.items[k];
    return IMP_OK;
}

// Copies the options into the challenge's settings and runs it.
static imp_status run_challenge(imp_eval_settings *s, const imp_options *options,
                                imp_eval_outcome *o, imp_error *err)
{
    imp_challenge_eval_settings *challenge_eval = &s->challenge_eval;
    // the challenge has a fixed number of official episodes
    if (!imp_option_is_given(options, &s->eval.episodes))
        s->eval.episodes = imp_challenge_episode_count(challenge_eval->def.challenge);
    // without agents there is nothing to isolate
    challenge_eval->sandbox =
        s->agents.count > 0 && imp_sandbox_option_resolve(challenge_eval->sandbox);
    challenge_eval->def.episodes = s->eval.episodes;
    challenge_eval->def.sim = s->eval.sim;
    challenge_eval->sim = &s->sim;
    challenge_eval->policies = &s->participants;
    challenge_eval->expert = &s->eval.sim.expert;
    challenge_eval->out = s->out;
    o->is_challenge = true;
    IMP_TRY(merge_policies_and_agents(s, options, err));
    return imp_challenge_eval_run(&o->challenge_eval, challenge_eval, options, err);
}

// Names of protocols: the baseline's first, then the challenges.
static const char *protocol_name(int k)
{
    if (k == 0)
        return "baseline";
    return k <= IMP_CHALLENGE_COUNT ? imp_challenge_name((imp_challenge)(k - 1)) : NULL;
}

// Parses --protocol and checks the options that need a challenge.
static imp_status parse_protocol(imp_eval_settings *s, bool *is_challenge, imp_error *err)
{
    *is_challenge = strcmp(s->protocol, "baseline") != 0;
    // options that have no meaning without agents, a challenge or --out
    if (!*is_challenge && s->agents.count > 0)
        return imp_fail(
            err, IMP_USAGE,
            "--agent: agents take part in challenges: give --protocol aido-lf, aido-lfp, "
            "aido-lfv or aido-lfi");
    if (s->challenge_eval.keep_messages && s->agents.count == 0)
        return imp_fail(err, IMP_USAGE,
                        "--keep-messages records the messages of agents: give one with --agent");
    if (s->challenge_eval.def.test && !*is_challenge)
        return imp_fail(
            err, IMP_USAGE,
            "--test-starts are AI-DO's: give --protocol aido-lf, aido-lfp, aido-lfv or aido-lfi");
    if (s->challenge_eval.keep_messages && s->out == NULL)
        return imp_fail(err, IMP_USAGE, "--keep-messages: give the folder for them with --out");
    if (!(s->challenge_eval.agent_timeout > 0.0))
        return imp_fail(err, IMP_USAGE, "--agent-timeout %g s must be more than 0",
                        s->challenge_eval.agent_timeout);
    if (!*is_challenge)
        return IMP_OK;
    // the name; 0 is the baseline
    int protocol;
    IMP_TRY(imp_name_lookup(&protocol, "--protocol: ", s->protocol, protocol_name, err));
    // challenges are numbered from 0, behind the baseline
    s->challenge_eval.def.challenge = (imp_challenge)(protocol - 1);
    return refuse_options_fixed_by_challenge(s, err);
}

// Takes the maps from the table of starts, each once, where --map was not given. Only built-in maps
// can be found by name.
static imp_status set_maps_from_start_poses(imp_eval_settings *s, imp_error *err)
{
    imp_text_list *maps = &s->sim.maps;
    maps->count = 0;
    for (int k = 0; k < s->starts.count; k++) {
        const char *map = s->starts.items[k].map;
        // a map that several rows name is listed once
        bool known = false;
        for (int m = 0; m < maps->count && !known; m++)
            known = strcmp(maps->items[m], map) == 0;
        if (known)
            continue;
        if (!imp_map_is_builtin(map))
            return imp_fail(err, IMP_BAD_INPUT,
                            "%s:%d: column 'map': '%s' is not a built-in map: give its file with "
                            "--map",
                            s->starts_path, s->starts.items[k].line, map);
        if (maps->count == IMP_LIST_MAX)
            return imp_fail(err, IMP_BAD_INPUT, "%s: names more than %d maps", s->starts_path,
                            IMP_LIST_MAX);
        maps->items[maps->count++] = map;
    }
    return IMP_OK;
}

// Reads --starts. The number of its rows is the default of --episodes.
static imp_status read_start_poses(imp_eval_settings *s, const imp_options *options, imp_error *err)
{
    if (s->starts_path == NULL)
        return IMP_OK;
    if (s->eval.sim.env.has_start_tile)
        return imp_fail(err, IMP_USAGE, "--start-tile: --starts already determines the starts");
    IMP_TRY(imp_start_list_read(&s->starts, s->starts_path, err));
    IMP_TRY(imp_content_hash(&s->starts_hash, s->starts_path, err));
    // the evaluation borrows the table until it is freed
    s->eval.starts = s->starts.items;
    s->eval.start_count = s->starts.count;
    s->eval.starts_name = s->starts_path;
    if (!imp_option_is_given(options, &s->eval.episodes))
        s->eval.episodes = s->starts.count;
    // --map has precedence over the table's maps
    return s->starts.items[0].map[0] != '\0' && !imp_option_is_given(options, &s->sim.maps)
               ? set_maps_from_start_poses(s, err)
               : IMP_OK;
}

// Settings and results, kept together for the report.
// The command's state is one allocation, so both parts are zero at first.
typedef struct eval_state {
    imp_eval_settings settings;
    imp_eval_outcome outcome;
} eval_state;

// Converts the options, claims the folder, evaluates, and writes results.
static imp_status run_eval_command(void *state, const imp_options *options, imp_error *err)
{
    imp_eval_settings *s = &((eval_state *)state)->settings;
    imp_eval_outcome *o = &((eval_state *)state)->outcome;
    imp_output_folder folder = {0};
    bool is_challenge = false;
    IMP_TRY(imp_eval_parts_check_operands(&s->joins, options, err));
    // results call pure pursuit by its present name
    for (int p = 0; p < s->policies.count; p++)
        if (strcmp(s->policies.items[p], "reference") == 0)
            s->policies.items[p] = "pure-pursuit";
    if (s->images[0] != '\0')
        return imp_image_eval_run(&o->image_scores, s->images, &s->policies, s->sim.segmenter,
                                  s->sim.robot, options, err);
    // convert and check all options first
    IMP_TRY(imp_sim_options_complete_def(options, &s->sim, &s->assets, err));
    IMP_TRY(parse_protocol(s, &is_challenge, err));
    IMP_TRY(read_start_poses(s, options, err));
    IMP_TRY(imp_eval_parts_check_options(s, s->joins, is_challenge, err));
    IMP_TRY(imp_eval_videos_check(s, is_challenge, err));
    IMP_TRY(imp_eval_parts_set_communicator(s, options, is_challenge, err));
    s->eval.record_drives = s->out != NULL || s->explain;
    if (!imp_options_is_writing_rank(options))
        s->out = NULL;
    // create the folder now: an evaluation takes minutes, and must not end with "permission denied"
    if (s->out != NULL)
        IMP_TRY(imp_output_folder_claim(&folder, options, s->out, s->force, err));
    if (!imp_option_is_given(options, &s->eval.steps) && !is_challenge)
        s->eval.steps = imp_route_options_default_steps(&s->eval.sim.env, s->eval.steps);
    if (!imp_option_is_given(options, &s->eval.settle_steps) && !is_challenge)
        s->eval.settle_steps = s->eval.steps >= 300 ? 60 : 0;
    s->eval.sim.map_count = s->sim.maps.count; // a table of starts may have set them
    // the plain evaluation is the baseline of the robustness test
    if (s->robustness_test)
        s->eval.sim.randomization = imp_randomization_none();
    // evaluate; then settle the folder, whatever happened
    imp_status status =
        is_challenge ? run_challenge(s, options, o, err) : evaluate_policies(s, options, o, err);
    if (status == IMP_OK && s->robustness_test && !is_challenge)
        status = evaluate_robustness(s, options, o, err);
    if (status == IMP_OK && s->explain)
        status = imp_eval_explain_failures(s, options, o, err);
    if (status == IMP_OK && s->share != NULL)
        status = imp_eval_parts_write(s, options, o, err);
    else if (status == IMP_OK && s->out != NULL && !is_challenge)
        status = write_report_and_metrics(s, options, o, err);
    if (status == IMP_OK && s->out != NULL)
        status = imp_eval_videos_write(s, options, o, err);
    if (status == IMP_INTERRUPTED)
        imp_eval_parts_say_what_is_kept(s, err);
    if (s->out != NULL)
        imp_output_folder_restore_or_drop_backup(&folder, status, err);
    return status;
}

// Prints the results. Exit code 1 if an agent failed in any episode.
static int print_eval_results(const void *state, const imp_options *options)
{
    const imp_eval_settings *s = &((const eval_state *)state)->settings;
    const imp_eval_outcome *o = &((const eval_state *)state)->outcome;
    if (o->image_scores != NULL)
        return imp_image_eval_print(o->image_scores, options);
    if (s->share != NULL)
        return imp_eval_parts_report(s, o, options);
    // warnings go to standard error, with --json, too
    imp_eval_warn_training_maps(s, o);
    int code = 0;
    if (options->json)
        code = imp_console_finish_with_json(
            o->is_challenge ? imp_challenge_eval_json(&s->challenge_eval, &o->challenge_eval, false)
                            : imp_eval_json(s, o, false));
    else if (o->is_challenge)
        imp_challenge_eval_print(&s->challenge_eval, &o->challenge_eval);
    else
        imp_eval_print(s, o);
    if (!options->json)
        imp_eval_failures_print(s, o);
    // failed agents make the exit code 1 after a complete report
    if (code == 0 && !options->json)
        code = imp_console_flush();
    const int failed_episodes = imp_challenge_eval_count_failures(&o->challenge_eval);
    if (code != 0 || failed_episodes == 0)
        return code;
    imp_error err = {0};
    imp_fail(&err, IMP_CHECK_FAILED, "%s ended because an agent failed",
             IMP_PLURAL(failed_episodes, "episode"));
    return imp_console_print_error(IMP_CHECK_FAILED, &err);
}

// By default, the expert and the model of `imprint train` are compared.
static void set_up_eval_command(void *state, imp_options *options)
{
    // the defaults of the library, and what the command adds to them
    imp_eval_settings *s = &((eval_state *)state)->settings;
    s->eval = imp_default_eval_def();
    s->sim = imp_default_sim_options(&s->eval.sim);
    s->eval.ask_expert = true;
    s->video_format = "mp4";
    s->video_size[0] = 480;
    s->video_size[1] = 360;
    s->protocol = "baseline";
    s->images = "";
    s->challenge_eval.def = imp_default_challenge_eval_def();
    s->challenge_eval.agent_timeout = 120.0;
    s->challenge_eval.sandbox = true;
    s->policies = (imp_text_list){{"expert", "runs/model"}, 2};
    add_eval_options(options, s);
}

// Factories are closed even if the evaluation of an earlier policy failed.
static void free_eval_command(void *state)
{
    imp_eval_settings *s = &((eval_state *)state)->settings;
    imp_eval_outcome *o = &((eval_state *)state)->outcome;
    imp_challenge_eval_outcome_free(&o->challenge_eval);
    imp_eval_failures_free(o);
    free(o->robustness);
    imp_image_scores_free(o->image_scores);
    // arrays that were never filled have a count of zero
    for (int p = 0; p < o->count; p++)
        imp_evaluation_free(&o->evaluations[p]);
    for (int p = 0; p < s->policies.count; p++)
        imp_policy_factory_close(o->drivers[p]);
    imp_assets_close(s->assets);
    imp_start_list_free(&s->starts);
}

const imp_command imp_command_eval = {
    .name = "eval",
    .summary = "evaluate policies",
    .operands = "[join PART...]",
    .operand_option = "policy",
    .details =
        "Lets each policy drive from the same random starts. The defaults are the baseline's "
        "protocol (10 episodes of 65 steps); --episodes 100 --steps 1500 is a thorough "
        "evaluation. An episode ends when the robot leaves the road. It is completed if it "
        "reaches its last step and the robot does not stall: progress of less than 0.1 m in "
        "10 s without a reason to wait. Progress is the distance along the road as a share "
        "of the expert's. Starts differ from those of `imprint log` with the same seed. "
        "Figures have 95 % confidence intervals. --out writes a report for a browser. "
        "--split test uses only maps that --split train excludes from training. --starts "
        "repeats the starts of an evaluation or of another simulator.\n\n"
        "--share K/N drives a part of the episodes and writes it to --out; `join` puts all parts "
        "together, with the settings of the first, into the report that one process would have "
        "written. It needs the policies, too.\n\n--protocol aido-lf, "
        "-lfp, -lfv or -lfi runs AI-DO's challenges instead, with their maps, starts, rules, "
        "metrics and ranking: 60 s, with one action every 0.05 s. --agent evaluates a "
        "program that speaks the challenge's protocol, for example `imprint agent` "
        "(docs/agent.md).",
    .examples =
        "  imprint eval --policy expert --policy pure-pursuit --episodes 20 --steps 1500\n"
        "  imprint eval --policy expert --robustness --randomize delay,trim,light\n"
        "  imprint eval --policy expert --protocol aido-lf\n"
        "  imprint eval --policy expert --out /tmp/imprint-eval --videos 1 --video-format apng \\\n"
        "    --video-size 160x120 --force &&\n"
        "  imprint eval --policy pure-pursuit --starts /tmp/imprint-eval/episodes.csv\n"
        "  imprint eval --policy expert --share 1/2 --out /tmp/imprint-e1 --force &&\n"
        "  imprint eval --policy expert --share 2/2 --out /tmp/imprint-e2 --force &&\n"
        "  imprint eval join /tmp/imprint-e1 /tmp/imprint-e2 --out /tmp/imprint-e --force",
    .state_size = sizeof(eval_state),
    .works_in_ranks = true,
    .settings_folder = imp_eval_parts_find_settings_folder,
    .set_up = set_up_eval_command,
    .run = run_eval_command,
    .report = print_eval_results,
    .tear_down = free_eval_command,
};
