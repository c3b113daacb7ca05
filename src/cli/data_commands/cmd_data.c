// imprint data: `info` prints what a dataset contains, `check` reads every byte of it and fails
// if anything is wrong. data/dataset does the reading and checking. Imported recordings may lack
// poses or rewards. Their statistics are then null in JSON and reported as unknown in text. The
// other subcommands are in data_edit.c.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "cli/data_commands/data_edit.h"
#include "cli/data_commands/randomization_summary.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/settings_print.h"

// Whether any step has a known pose. Imported recordings may have none.
// The pose gives lane position, distance and speed.
static bool has_poses(const imp_dataset_summary *sum)
{
    return sum->unknown_positions < sum->steps;
}

// A statistic, or null where the recording does not have the values for it.
static json_t *real_or_null(bool is_known, double value)
{
    return is_known ? json_real(value) : json_null();
}

// Which part of a dataset it is, or null.
static json_t *dataset_part_json(const imp_dataset_info *info)
{
    return info->shares == 0 ? json_null()
                             : json_pack("{s:i, s:i, s:i}", "part", info->share, "of", info->shares,
                                         "whole_episodes", info->whole_episodes);
}

// In how many frames each command was given.
static json_t *navigation_command_counts_json(const imp_dataset_summary *sum)
{
    json_t *counts = json_object();
    for (int k = 0; k < IMP_COMMAND_COUNT; k++)
        imp_json_set(counts, imp_navigation_command_name(k), json_integer(sum->commands[k]));
    return counts;
}

// The dataset's attributes and statistics as one JSON object.
static json_t *dataset_info_json(const imp_dataset *dataset, const imp_dataset_summary *sum)
{
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    char hash[32];
    // the hash is printed as 16 hexadecimal digits, as in other outputs
    snprintf(hash, sizeof hash, "%016" PRIx64, imp_dataset_hash(dataset));
    // settings and origin are stored as JSON text, which other programs may have written
    json_t *settings = json_loads(info->settings, 0, NULL);
    json_t *origin = json_loads(imp_dataset_origin(dataset), 0, NULL);
    const bool placed = has_poses(sum), rewarded = sum->rewarded > 0;
    return json_pack(
        "{s:b, s:i, s:I, s:s, s:i, s:i, s:f, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:o, s:o, s:o, "
        "s:o, "
        "s:o, s:f, s:o, s:o, s:o, s:o, s:o}",
        "finished", imp_dataset_is_finished(dataset), "episodes", sum->episodes, "steps",
        (json_int_t)sum->steps, "observation", info->observation, "width", info->width, "height",
        info->height, "time_step_s", info->time_step, "map", info->map, "lens", info->lens,
        "policy", info->policy, "hash", hash, "terminated", sum->terminated, "truncated",
        sum->truncated, "open_ended", sum->open_ended, "lane_distance_mean_m",
        real_or_null(placed, sum->lane_distance_mean), "lane_distance_max_m",
        real_or_null(placed, sum->lane_distance_max), "mean_reward",
        real_or_null(rewarded, sum->reward_mean), "distance_m", real_or_null(placed, sum->distance),
        "speed_mean_m_s", real_or_null(placed, sum->speed_mean), "expert_difference_rms",
        sum->expert_difference, "settings", settings != NULL ? settings : json_null(), "origin",
        origin != NULL ? origin : json_null(), "randomization",
        imp_randomization_summary_json(dataset), "share", dataset_part_json(info), "commands",
        navigation_command_counts_json(sum));
}

// Statistics that need poses and rewards.
static void print_pose_statistics(const imp_dataset_summary *sum)
{
    // without poses nothing about lane and speed can be said
    if (has_poses(sum)) {
        if (sum->off_lane + sum->unknown_positions == sum->steps)
            puts("  lane            never in a lane, or unknown");
        else
            printf("  lane            |distance| %.2f cm on average, %.2f cm at most, |angle| %.1f "
                   "degrees\n",
                   100.0 * sum->lane_distance_mean, 100.0 * sum->lane_distance_max,
                   sum->lane_angle_mean * 57.29577951308232);
        printf("  driven          %.1f m at %.2f m/s\n", sum->distance, sum->speed_mean);
    } else {
        puts("  lane, driven    unknown: the recording has no poses");
    }
    if (sum->rewarded > 0)
        printf("  reward          %.1f per episode (%.1f to %.1f)\n", sum->reward_mean,
               sum->reward_min, sum->reward_max);
    else
        puts("  reward          unknown");
}

// Prints which files were imported, and how many messages were dropped for which reason.
static void print_import_origin(const imp_dataset *dataset)
{
    json_t *origin = json_loads(imp_dataset_origin(dataset), 0, NULL);
    // the origin is a JSON object; a dataset of this program's own episodes has none
    const char *key;
    json_t *value;
    size_t index;
    // notes of the import, or of the datasets that it was made of, one a line
    const char *label = json_object_get(origin, "sources") != NULL ? "made of " : "imported";
    json_array_foreach(json_object_get(origin, "notes"), index, value)
    {
        printf("  %s        %s\n", index == 0 ? label : "        ", json_string_value(value));
    }
    // reasons and counts
    bool first = true;
    json_object_foreach(json_object_get(origin, "dropped"), key, value)
    {
        printf("  %s         %s (%" JSON_INTEGER_FORMAT ")\n", first ? "dropped" : "       ", key,
               json_integer_value(value));
        first = false;
    }
    json_decref(origin);
}

// The text of `data info`: one aligned line per fact.
static void print_info(const char *folder, const imp_dataset *dataset,
                       const imp_dataset_summary *sum)
{
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    // whether it is complete, then size, observations and driver
    printf("%s: %s\n", folder,
           imp_dataset_is_finished(dataset) ? "finished"
                                            : "not finished: continue with imprint log --resume");
    printf("  episodes        %d, of %d to %s, %" PRId64 " in all\n", sum->episodes, sum->steps_min,
           IMP_PLURAL(sum->steps_max, "step"), sum->steps);
    if (info->shares > 0)
        printf("  part            %d of %d of a dataset of %s\n", info->share, info->shares,
               IMP_PLURAL(info->whole_episodes, "episode"));
    printf("  observations    %s of %d x %d, lens %s, every %.4f s%s\n", info->observation,
           info->width, info->height, info->lens, info->time_step,
           info->compressed ? ", compressed" : "");
    printf("  driver          %s on %s\n", info->policy, info->map);
    printf("  endings         %d terminated, %d truncated, %d open\n", sum->terminated,
           sum->truncated, sum->open_ended);
    // statistics of actions, poses, rewards and draws
    printf("  duty cycles     left %.2f to %.2f (mean %.3f), right %.2f to %.2f (mean %.3f)\n",
           sum->action_min[0], sum->action_max[0], sum->action_mean[0], sum->action_min[1],
           sum->action_max[1], sum->action_mean[1]);
    printf("  expert differs  %.4f rms\n", sum->expert_difference);
    if (sum->commands[IMP_COMMAND_NONE] < sum->steps)
        printf("  commands        none: %" PRId64 ", left: %" PRId64 ", straight: %" PRId64
               ", right: %" PRId64 "\n",
               sum->commands[IMP_COMMAND_NONE], sum->commands[IMP_COMMAND_LEFT],
               sum->commands[IMP_COMMAND_STRAIGHT], sum->commands[IMP_COMMAND_RIGHT]);
    print_pose_statistics(sum);
    print_import_origin(dataset);
    imp_randomization_summary_print(dataset);
    // what identifies the dataset, and what it was recorded with
    printf("  hash            %016" PRIx64 "\n", imp_dataset_hash(dataset));
    printf("  settings        ");
    imp_settings_print(stdout, info->settings);
    printf("\n");
}

// Runs the subcommand on an open dataset. `check` names the first finding and counts the others.
static imp_status run_data_check_or_info(const imp_options *options, const imp_dataset *dataset,
                                         imp_error *err)
{
    const char *folder = options->operands[1];
    if (strcmp(options->operands[0], "check") == 0) {
        // read and check every byte, and report the first finding
        int64_t findings = 0;
        imp_error first = {0};
        imp_status status = imp_dataset_check(dataset, &findings, &first);
        if (status == IMP_CHECK_FAILED)
            return imp_fail(err, status, "%s, the first: %s", IMP_PLURAL(findings, "finding"),
                            first.message);
        if (status != IMP_OK)
            return imp_fail(err, status, "%s", first.message);
    }
    // compute the statistics over all steps
    imp_dataset_summary summary;
    imp_dataset_summarize(dataset, &summary);
    // both subcommands print the same JSON
    if (options->json)
        return imp_console_print_json(dataset_info_json(dataset, &summary), err);
    if (strcmp(options->operands[0], "check") == 0)
        printf("%s: %s, %s, no errors\n", folder, IMP_PLURAL(summary.episodes, "episode"),
               IMP_PLURAL(summary.steps, "step"));
    else
        print_info(folder, dataset, &summary);
    return IMP_OK;
}

static const imp_subcommand SUBCOMMANDS[] = {[IMP_DATA_INFO] = {"info", 1, 1, "DIR"},
                                             [IMP_DATA_CHECK] = {"check", 1, 1, "DIR"},
                                             [IMP_DATA_LIST] = {"list", 1, 1, "DIR"},
                                             [IMP_DATA_DROP] = {"drop", 1, 1, "DIR"},
                                             [IMP_DATA_COPY] = {"copy", 1, 1, "DIR"},
                                             [IMP_DATA_MERGE] = {"merge", 2, -1, "DIR DIR..."},
                                             [IMP_DATA_SPLIT] = {"split", 1, 1, "DIR"},
                                             [IMP_DATA_APPEND] = {"append", 2, -1, "DIR FROM..."},
                                             [IMP_DATA_JOIN] = {"join", 1, -1, "PART..."},
                                             [IMP_DATA_ACTION_COUNT] = {0}};

// The first operand is the subcommand, the next one a folder.
static imp_status run_data_command(void *state, const imp_options *options, imp_error *err)
{
    imp_data_edit *edit = state;
    int action;
    imp_dataset *dataset;
    IMP_TRY(imp_options_find_subcommand(&action, options, SUBCOMMANDS, err));
    IMP_TRY(imp_data_edit_check_action_options(edit, (imp_data_action)action, options, err));
    if (action > IMP_DATA_CHECK)
        return imp_data_edit_run(edit, (imp_data_action)action, options, err);
    IMP_TRY(imp_dataset_open(&dataset, options->operands[1], err));
    const imp_status status = run_data_check_or_info(options, dataset, err);
    imp_dataset_close(dataset);
    return status;
}

static void set_up_data_command(void *state, imp_options *options)
{
    imp_data_edit_add_options(state, options);
}

const imp_command imp_command_data = {
    .name = "data",
    .summary = "look at datasets, check, clean, join and split them",
    .operands =
        "(info | check | list | drop | copy | split) DIR | merge DIR DIR... | append DIR FROM... | "
        "join PART...",
    .details =
        "`info` prints attributes and statistics. `check` reads every byte; its exit code is "
        "1 if any number, flag or total is wrong. `list` prints figures of every episode, or of "
        "those that the options find.\n\n"
        "`drop` writes a copy without bad episodes and frames, `copy` one that is compressed or no "
        "longer is. `merge` joins datasets with the "
        "same size, lens and time step. `split` writes DIR/train and DIR/validation by episodes. "
        "`append` makes the first dataset longer. `join` puts the parts of `imprint log --share` "
        "together, into the bytes that one process would have written. Images, actions, labels "
        "and seeds stay the same to the last bit, and what was done is in `imprint data info`. "
        "Until everything is written nothing changes, however the program ends.",
    .examples =
        "  imprint log --episodes 4 --steps 60 --noise 0.3 --out /tmp/imprint-i --force &&\n"
        "  imprint data info /tmp/imprint-i &&\n"
        "  imprint data list /tmp/imprint-i &&\n"
        "  imprint data drop /tmp/imprint-i --episodes 0 --out /tmp/imprint-clean --force &&\n"
        "  imprint data split /tmp/imprint-clean --validation 0.4 --out /tmp/imprint-parts --force "
        "&&\n"
        "  imprint log --share 1/2 --episodes 4 --out /tmp/imprint-1 --force &&\n"
        "  imprint log --share 2/2 --episodes 4 --out /tmp/imprint-2 --force &&\n"
        "  imprint data join /tmp/imprint-1 /tmp/imprint-2 --out /tmp/imprint-all --force",
    .state_size = sizeof(imp_data_edit),
    .set_up = set_up_data_command,
    .run = run_data_command,
};
