// imprint log: drives episodes in the simulator and records them as a dataset. learn/collection
// does the work; this file converts the options and reports the result. A dataset grows by whole
// episodes. An interrupted run keeps those that are complete, and --resume continues with the
// saved settings. Each episode depends only on the seed and its number, so the result has the
// same bytes as a run without interruption.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "cli/data_commands/dataset_preview.h"
#include "cli/options/share_option.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/run_folder.h"
#include "learn/settings/settings_tables.h"

// Options and the result for the report.
typedef struct settings {
    imp_sim_options sim;
    imp_collect_def collect;
    imp_assets *assets; // NULL: ours
    // folder of the dataset
    const char *out;
    const char *share; // NULL: all episodes
    bool resume, force;
    imp_collect_summary summary;
} settings;

// --episodes is flexible: a finished dataset can be continued up to more episodes.
static void add_log_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "folder of the new dataset", IMP_TRANSIENT},
        IMP_MEMBER_OPTION("policy", 'p', IMP_INPUT_PATH),
        IMP_MEMBER_OPTION("label_policy", 0, IMP_INPUT_PATH),
        IMP_MEMBER_OPTION("segmenter", 0, IMP_INPUT_PATH),
        IMP_MEMBER_OPTION("episodes", 'n', IMP_FLEXIBLE),
        IMP_MEMBER_OPTION("steps", 0, IMP_SETTING),
        // exploration: what disturbs the driving, so that recoveries are recorded
        IMP_MEMBER_OPTION("noise", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("noise_time", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("start_offset", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("speed_spread", 0, IMP_SETTING),
        {"compress", 0, IMP_OPTION_FLAG, &s->collect.compress, NULL,
         "store the images compressed, without loss: a third of the room, slower to open",
         IMP_SETTING},
        IMP_SHARE_OPTION(
            &s->share, "record only part K of N of the episodes, anywhere; imprint data join puts "
                       "all parts together"),
        {"resume", 0, IMP_OPTION_FLAG, &s->resume, NULL,
         "continue an interrupted dataset with its settings, or extend a finished one to more "
         "--episodes",
         IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    // the help prints groups after these options
    imp_sim_options_add_for_many_maps(options, &s->sim);
    imp_sim_options_add_observation(options, &s->sim);
    imp_options_add_members(options, NULL, table, (int)(sizeof table / sizeof table[0]),
                            &imp_collect_members, &s->collect);
    imp_options_save_only_if_given(options, &s->share);
    // otherwise datasets of earlier versions would have other settings
    imp_options_save_only_if_given(options, &s->collect.compress);
}

// Prints what this call recorded; episodes of earlier calls are mentioned apart.
static int print_log_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    const imp_collect_summary *summary = &s->summary;
    // a call that found everything done took no measurable time
    // frames per second of this call, without those of earlier calls
    double rate = summary->seconds > 0.0 ? (double)summary->frames / summary->seconds : 0.0;
    if (options->json)
        return imp_console_finish_with_json(
            json_pack("{s:s, s:i, s:i, s:I, s:o, s:i, s:i, s:f, s:f}", "out", s->out, "episodes",
                      summary->episodes, "resumed", summary->resumed, "frames",
                      (json_int_t)summary->frames, "mean_reward",
                      imp_json_real_or_null(summary->episodes > 0 ? summary->reward_mean : NAN),
                      "left_road", summary->left_road, "collided", summary->collided, "seconds",
                      summary->seconds, "frames_per_second", rate));
    if (summary->resumed > 0)
        printf("%s %s there already\n", IMP_PLURAL(summary->resumed, "episode"),
               summary->resumed == 1 ? "was" : "were");
    // nothing was driven, so there are no statistics
    if (summary->episodes == 0) {
        printf("%s: is complete, nothing to do\n", s->out);
        return imp_console_flush();
    }
    printf("%s: %s, %s in %.1f s (%.0f frames/s), mean reward %.1f per episode, "
           "%d ended by %s, %d by %s\n",
           s->out, IMP_PLURAL(summary->episodes, "episode"), IMP_PLURAL(summary->frames, "frame"),
           summary->seconds, rate, summary->reward_mean, summary->left_road,
           imp_end_reason_name(IMP_END_INVALID_POSE), summary->collided,
           imp_end_reason_name(IMP_END_COLLISION));
    return imp_console_flush();
}

// Converts the options, claims the folder, records, and writes a preview.
static imp_status run_log_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    imp_collect_summary *summary = &s->summary;
    imp_run_folder folder;
    // convert and check all options before the folder is touched
    IMP_TRY(imp_share_option_parse(&s->collect.share, &s->collect.shares, s->share, err));
    IMP_TRY(imp_sim_options_complete_def(options, &s->sim, &s->assets, err));
    const bool writes = imp_options_is_writing_rank(options);
    if (writes)
        IMP_TRY(
            imp_run_folder_create_or_resume(&folder, options, s->out, s->resume, s->force, err));
    s->collect.communicator = options->ranks;
    // settings are stored in the dataset
    char *json;
    imp_status status = imp_options_to_json(&json, options, err);
    imp_monitor monitor = imp_console_create_monitor(options);
    s->collect.resume = true; // the folder is claimed: it is new, or to be continued
    s->collect.settings = json;
    if (status == IMP_OK)
        status = imp_collect(summary, s->out, &s->collect, &monitor, err);
    imp_console_clear_progress();
    free(json);
    // say what is safe and how to continue
    if (status == IMP_INTERRUPTED)
        imp_fail(err, status, "interrupted with %s safe, continue with --out %s --resume",
                 IMP_PLURAL(summary->resumed + summary->episodes, "episode"), s->out);
    if (writes)
        status = imp_run_folder_keep_or_restore(&folder, options, status, err);
    return status == IMP_OK && writes ? imp_dataset_preview_write(s->out, err) : status;
}

// The same defaults as in the library, except for the output folder.
static void set_up_log_command(void *state, imp_options *options)
{
    settings *s = state;
    s->collect = imp_default_collect_def();
    s->sim = imp_default_sim_options(&s->collect.sim);
    s->out = "runs/data";
    add_log_options(options, s);
}

// Closes the assets, which the simulators of the workers shared.
static void free_log_command(void *state)
{
    settings *s = state;
    imp_assets_close(s->assets);
}

const imp_command imp_command_log = {
    .name = "log",
    .summary = "record episodes driven by an expert",
    .operands = "",
    .operand_option = "map",
    .details = "Drives episodes in the simulator and writes observations, executed actions and the "
               "expert's actions to a dataset folder (HDF5, readable with h5py and Minari).",
    .examples =
        "  imprint log --map loop_empty --episodes 20 --noise 0.2 --out /tmp/imprint-data --force",
    .works_in_ranks = true,
    .state_size = sizeof(settings),
    .set_up = set_up_log_command,
    .run = run_log_command,
    .report = print_log_summary,
    .tear_down = free_log_command,
};
