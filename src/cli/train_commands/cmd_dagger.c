// imprint dagger: DAgger (Ross et al. 2011) as one command. learn/imitation runs the rounds;
// this file converts the options and prints the table of rounds. Collection and evaluation share
// the options of the simulation, so that a policy is judged in the world that it learns in. The
// evaluation uses starts that are never recorded from. A run continues after any interruption
// with the same bytes: each round has folders of its own for data and model, and rounds that are
// complete are not repeated.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/run_folder.h"
#include "cli/train_commands/train_settings.h"
#include "learn/imitation/train.h"
#include "learn/settings/settings_tables.h"

// Options, and the result for the report.
typedef struct settings {
    imp_sim_options sim;
    imp_train_settings training;
    imp_dagger_def dagger;
    imp_assets *assets;
    const char *out;
    bool resume, force;
    imp_text_list take_overs;
    imp_dagger_result done;
} settings;

// Adds rows, of which some are members of the definition.
static void add_member_options(imp_options *options, const char *group, const imp_option *table,
                               size_t bytes, settings *s)
{
    imp_options_add_members(options, group, table, (int)(bytes / sizeof *table),
                            &imp_dagger_members, &s->dagger);
}

// Options of recording: rounds, episodes, and who drives when.
static void add_collection_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "folder of all rounds and of the best policy",
         IMP_TRANSIENT},
        IMP_MEMBER_OPTION_WITH_HELP("collect.label_policy", 0, IMP_INPUT_PATH,
                                    "policy that drives in round 0 and labels all rounds: expert "
                                    "(the default), pure-pursuit, or a plug-in (.so)"),
        IMP_MEMBER_OPTION("collect.segmenter", 0, IMP_INPUT_PATH),
        IMP_MEMBER_OPTION("rounds", 'r', IMP_FLEXIBLE),
        IMP_MEMBER_OPTION_WITH_HELP("collect.episodes", 'n', IMP_SETTING, "episodes per round"),
        IMP_MEMBER_OPTION("first_episodes", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("collect.steps", 0, IMP_SETTING),
        // who drives, and which episodes are kept
        IMP_MEMBER_OPTION("beta", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("beta_decay", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("collect.mix_steps", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("collect.hardest_of", 0, IMP_SETTING),
        // exploration
        IMP_MEMBER_OPTION_WITH_HELP("collect.noise", 0, IMP_SETTING,
                                    "standard deviation of the disturbance of duty cycles in round "
                                    "0; labels are the undisturbed actions"),
        IMP_MEMBER_OPTION("collect.noise_time", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("collect.start_offset", 0, IMP_SETTING),
    };
    add_member_options(options, NULL, table, sizeof table, s);
}

// Options of the training after each round: those of `imprint train` that make sense here.
static void add_training_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"network", 0, IMP_OPTION_TEXT, &s->training.architecture, "NAME",
         "built-in network or YAML file, see imprint model list", IMP_INPUT_PATH},
        IMP_MEMBER_OPTION("train.network.batch_norm", 0, IMP_SETTING),
        // training of a round
        IMP_MEMBER_OPTION_WITH_HELP("train.epochs", 'e', IMP_SETTING,
                                    "epochs over all frames after a round"),
        IMP_MEMBER_OPTION("last_epochs", 0, IMP_SETTING),
        IMP_MEMBER_OPTION_WITH_HELP("train.trainer.batch", 'b', IMP_SETTING, "samples per step"),
        IMP_MEMBER_OPTION_WITH_HELP(
            "train.trainer.shards", 0, IMP_SETTING,
            "parts of a batch that threads and processes compute; changes results bit for bit"),
        {"loss", 0, IMP_OPTION_TEXT, &s->training.loss, "NAME",
         "mse, or huber, which gives large errors less weight", IMP_SETTING},
        {"augment", 0, IMP_OPTION_TEXT, &s->training.augment, "LIST",
         "augmentation of images, see imprint train --help", IMP_SETTING},
        IMP_MEMBER_OPTION_WITH_HELP("train.trainer.ema_decay", 0, IMP_SETTING, IMP_EMA_HELP),
        IMP_MEMBER_OPTION_WITH_HELP(
            "train.trainer.learning_rate", 0, IMP_SETTING,
            "learning rate at the start of a round; it falls along half a cosine"),
        {"train-seed", 0, IMP_OPTION_SEED, &s->dagger.train.seed, "N",
         "seed of weights, order and split", IMP_SETTING},
    };
    add_member_options(options, "Learning", table, sizeof table, s);
    // runs of earlier versions have no such setting
    imp_options_save_only_if_given(options, &s->dagger.train.trainer.shards);
}

// The options of the simulation come first, as in `imprint log`.
static void add_dagger_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        IMP_MEMBER_OPTION_WITH_HELP("eval.episodes", 0, IMP_SETTING,
                                    "episodes that evaluate each round's policy"),
        IMP_MEMBER_OPTION_WITH_HELP("eval.steps", 0, IMP_SETTING,
                                    "maximum number of steps of an evaluation episode"),
        IMP_MEMBER_OPTION("patience", 0, IMP_FLEXIBLE),
        {"take-overs", 0, IMP_OPTION_LIST, &s->take_overs, "PATH",
         "add one round whose data are demonstrations (files, or a folder of *.drive.json) in "
         "which a person took over from a policy: it learns the person's actions; may be "
         "repeated",
         IMP_TRANSIENT},
        {"resume", 0, IMP_OPTION_FLAG, &s->resume, NULL,
         "continue an interrupted run with its settings, or add rounds", IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    imp_sim_options_add_for_many_maps(options, &s->sim);
    imp_sim_options_add_observation(options, &s->sim);
    add_collection_options(options, s);
    add_training_options(options, s);
    add_member_options(options, NULL, table, sizeof table, s);
}

// One object per round, with the names of the columns of rounds.csv.
static json_t *rounds_json(const imp_dagger_result *done)
{
    json_t *rounds = json_array();
    for (int k = 0; k < done->count; k++) {
        const imp_dagger_round *row = &done->rounds[k];
        imp_json_append(
            rounds,
            json_pack("{s:o, s:I, s:i, s:o, s:o, s:i, s:i, s:i, s:o, s:f, s:o, s:f, s:o}",
                      "expert_share", imp_json_real_or_null(row->expert_share), "frames",
                      (json_int_t)row->frames, "ended_badly", row->terminated, "loss",
                      imp_json_real_or_null(row->loss), "validation_loss",
                      imp_json_real_or_null(row->validation_loss), "completed", row->completed,
                      "stalled", row->stalled, "survived", row->survived, "progress",
                      imp_json_real_or_null(row->progress), "net_distance", row->net_distance,
                      "lane_distance", imp_json_real_or_null(row->lane_distance), "distance",
                      row->distance, "speed", imp_json_real_or_null(row->speed)));
    }
    return rounds;
}

// The table of rounds; the best one is marked.
static int print_dagger_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    const imp_dagger_result *done = &s->done;
    if (options->json)
        return imp_console_finish_with_json(
            json_pack("{s:s, s:i, s:b, s:I, s:i, s:f, s:o}", "out", s->out, "best", done->best,
                      "stopped_early", done->stopped_early, "frames", (json_int_t)done->frames,
                      "eval_episodes", s->dagger.eval.episodes, "seconds", done->seconds, "rounds",
                      rounds_json(done)));
    printf("round  expert   frames     loss  completed  progress  lane dist.  distance\n");
    for (int k = 0; k < done->count; k++) {
        const imp_dagger_round *row = &done->rounds[k];
        // with --beta switch, the expert's share is not fixed in advance
        char share[16] = "safe", lane[24], progress[24];
        if (isfinite(row->expert_share))
            snprintf(share, sizeof share, "%.0f %%", 100.0 * row->expert_share);
        printf("%5d  %6s  %7lld  %7.5f  %4d/%-4d  %6s %%  %7s cm  %6.2f m%s\n", k, share,
               (long long)row->frames, row->loss, row->completed, s->dagger.eval.episodes,
               imp_format_real_or_dash(progress, 100.0 * row->progress, 1),
               imp_format_real_or_dash(lane, 100.0 * row->lane_distance, 2), row->distance,
               k == done->best ? "  best" : "");
    }
    printf("%s: %s%s, %s in %.1f s\n", s->out, IMP_PLURAL(done->count, "round"),
           done->stopped_early ? " (stopped early)" : "", IMP_PLURAL(done->frames, "frame"),
           done->seconds);
    return imp_console_flush();
}

// Applies the options of the simulation to recording and evaluation alike.
static imp_status apply_simulation_options(settings *s, const imp_options *options, imp_error *err)
{
    imp_collect_def *collect = &s->dagger.collect;
    imp_eval_def *eval = &s->dagger.eval;
    // rounds are judged by the expert that collects; what resuming compares has the default here
    const imp_expert_def expert = eval->sim.expert;
    IMP_TRY(imp_sim_options_complete_def(options, &s->sim, &s->assets, err));
    // the evaluation happens in the world of the recordings
    eval->sim = collect->sim;
    eval->sim.expert = expert;
    s->dagger.train.trainer.threads = collect->sim.threads;
    return IMP_OK;
}

// Take-overs are the data of one more round, which is the last one of this call.
static imp_status set_take_overs_as_last_round(settings *s, imp_error *err)
{
    int done = 0;
    s->dagger.take_overs = s->take_overs.items;
    s->dagger.take_over_count = s->take_overs.count;
    if (s->take_overs.count == 0)
        return IMP_OK;
    if (s->resume)
        IMP_TRY(imp_dagger_count_rounds(&done, s->out, err));
    s->dagger.rounds = done > 1 ? done : 1;
    return IMP_OK;
}

// Converts the options. Networks that images of this size do not fit are refused, too.
static imp_status check_dagger_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    IMP_TRY(imp_train_settings_convert_and_check(&s->training, err));
    IMP_TRY(apply_simulation_options(s, options, err));
    const imp_camera_def *camera = &s->dagger.collect.sim.camera;
    return imp_train_check_def(&s->dagger.train, camera->width, camera->height, err);
}

// Claims the folder, and runs the rounds.
static imp_status run_dagger_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    imp_dagger_result *done = &s->done;
    imp_run_folder folder;
    IMP_TRY(set_take_overs_as_last_round(s, err));
    const bool writes = imp_options_is_writing_rank(options);
    s->dagger.collect.communicator = options->ranks;
    if (writes)
        IMP_TRY(
            imp_run_folder_create_or_resume(&folder, options, s->out, s->resume, s->force, err));
    // settings are stored in datasets and models
    char *json;
    imp_status status = imp_options_to_json(&json, options, err);
    const imp_monitor monitor = imp_console_create_monitor(options);
    s->dagger.resume = s->resume;
    s->dagger.settings = json;
    if (status == IMP_OK)
        status = imp_run_dagger(done, s->out, &s->dagger, &monitor, err);
    imp_console_clear_progress();
    free(json);
    // say how to continue
    if (status == IMP_INTERRUPTED)
        imp_fail(err, status, "interrupted after %s: continue with --out %s --resume",
                 IMP_PLURAL(done->count, "round"), s->out);
    return writes ? imp_run_folder_keep_or_restore(&folder, options, status, err) : status;
}

// Values of named options are taken from the library's defaults, so that the help shows them.
static void set_up_dagger_command(void *state, imp_options *options)
{
    settings *s = state;
    s->dagger = imp_default_dagger_def();
    s->sim = imp_default_sim_options(&s->dagger.collect.sim);
    s->training = imp_default_train_settings(&s->dagger.train);
    s->training.data.count = 0;
    s->out = "runs/dagger";
    add_dagger_options(options, s);
}

// Frees the result, which exists even after an interruption.
static void free_dagger_command(void *state)
{
    settings *s = state;
    imp_dagger_result_free(&s->done);
    imp_assets_close(s->assets);
}

const imp_command imp_command_dagger = {
    .name = "dagger",
    .summary = "train a policy with DAgger: it drives, an expert labels",
    .operands = "",
    .operand_option = "map",
    .details =
        "DAgger: the expert drives, and a network is trained on its actions. Then, in each "
        "round, the network drives, the expert labels the observations, and the network is "
        "trained on all rounds. Each round's policy is evaluated on starts that are never "
        "recorded from. The best one is kept as DIR/model.safetensors. After an "
        "interruption, --resume produces the same bytes as a run without it. --take-overs adds a "
        "round from drives in which a person took over (docs/dagger.md).",
    .examples =
        "  imprint dagger --pose-only --speed 0.52 --tracking-rate 1.4 --turn-rate-gain 5 \\\n"
        "    --start-angle-deg 60 --rounds 1 --episodes 8 --epochs 1 --eval-episodes 4 \\\n"
        "    --out /tmp/imprint-g --force &&\n"
        "  imprint drive --policy /tmp/imprint-g --take-over 0.08 --start-angle-deg 60 \\\n"
        "    --episodes 4 --steps 200 --out /tmp/imprint-helped --force &&\n"
        "  imprint dagger --out /tmp/imprint-g --resume --take-overs /tmp/imprint-helped",
    .works_in_ranks = true,
    .state_size = sizeof(settings),
    .set_up = set_up_dagger_command,
    .check = check_dagger_command,
    .run = run_dagger_command,
    .report = print_dagger_summary,
    .tear_down = free_dagger_command,
};
