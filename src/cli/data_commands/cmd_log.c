#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text/plural.h"
#include "cli/data_commands/dataset_preview.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/run_folder.h"

typedef struct settings {
    imp_sim_options sim;
    imp_collect_def collect;
    imp_assets *assets; // NULL: ours
    const char *out;
    bool resume, force;
    imp_collect_summary summary;
} settings;

static void add_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "folder of the new dataset", IMP_TRANSIENT},
        {"policy", 'p', IMP_OPTION_TEXT, &s->collect.policy, "POLICY",
         "who drives: expert, pure-pursuit (gym-duckietown's expert), a plug-in (.so), or a model",
         IMP_INPUT_PATH},
        {"expert", 0, IMP_OPTION_TEXT, &s->collect.label_policy, "POLICY",
         "whose actions are the labels where a model drives: expert (unless given), or a plug-in "
         "(.so)",
         IMP_INPUT_PATH},
        {"episodes", 'n', IMP_OPTION_INT, &s->collect.episodes, "N", "episodes to drive",
         IMP_FLEXIBLE},
        {"steps", 0, IMP_OPTION_INT, &s->collect.steps, "N", "steps of the longest episode",
         IMP_SETTING},
        {"noise", 0, IMP_OPTION_REAL, &s->collect.noise, "SIGMA",
         "disturb the executed duty cycles by so much; labels stay the expert's", IMP_SETTING},
        {"noise-time", 0, IMP_OPTION_REAL, &s->collect.noise_time, "S",
         "how long a disturbance lasts", IMP_SETTING},
        {"start-offset", 0, IMP_OPTION_REAL, &s->collect.start_offset, "M",
         "start within this of the lane's centre instead of anywhere on the tile", IMP_SETTING},
        {"speed-spread", 0, IMP_OPTION_REAL, &s->collect.speed_spread, "SHARE",
         "drive each episode faster or slower by up to this share; labels stay the expert's",
         IMP_SETTING},
        {"resume", 0, IMP_OPTION_FLAG, &s->resume, NULL,
         "continue an interrupted dataset with its settings, or a finished one up to more "
         "--episodes",
         IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    imp_sim_options_add_multi_map(options, &s->sim);
    imp_sim_options_add_observe(options, &s->sim);
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

static int print_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    const imp_collect_summary *summary = &s->summary;
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
    if (summary->episodes == 0) {
        printf("%s: is complete, nothing was left to do\n", s->out);
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

static imp_status collect_dataset(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    imp_collect_summary *summary = &s->summary;
    imp_run_folder folder;
    imp_status status = imp_sim_options_to_def(options, &s->sim, &s->collect.sim, &s->assets, err);
    if (status == IMP_OK)
        status = imp_run_folder_begin(&folder, options, s->out, s->resume, s->force, err);
    if (status != IMP_OK)
        return status;
    char *json = imp_options_to_json(options);
    imp_monitor monitor = imp_console_monitor(options);
    s->collect.resume = true; // the folder is claimed: it is new, or to be continued
    s->collect.settings = json != NULL ? json : "{}";
    status = imp_collect(summary, s->out, &s->collect, &monitor, err);
    imp_console_clear_progress();
    free(json);
    if (status == IMP_INTERRUPTED)
        imp_fail(err, status, "interrupted with %s safe, continue with --out %s --resume",
                 IMP_PLURAL(summary->resumed + summary->episodes, "episode"), s->out);
    status = imp_run_folder_finish(&folder, options, status, err);
    return status == IMP_OK ? imp_dataset_preview_write(s->out, err) : status;
}

static void set_up(void *state, imp_options *options)
{
    settings *s = state;
    s->sim = imp_default_sim_options();
    s->collect = imp_default_collect_def();
    s->out = "runs/data";
    add_options(options, s);
}

static void tear_down(void *state)
{
    settings *s = state;
    imp_assets_close(s->assets);
}

const imp_command imp_command_log = {
    .name = "log",
    .summary = "record an expert's driving",
    .operands = "",
    .details =
        "Drives episodes in the simulator and writes what the robot saw, what it did and what "
        "the expert would have done to a dataset folder (HDF5, readable with h5py and "
        "Minari).",
    .examples =
        "  imprint log --map loop_empty --episodes 20 --noise 0.2 --out /tmp/imprint-data --force",
    .state_size = sizeof(settings),
    .set_up = set_up,
    .run = collect_dataset,
    .report = print_summary,
    .tear_down = tear_down,
};
