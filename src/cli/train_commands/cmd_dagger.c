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

#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/run_folder.h"
#include "cli/train_commands/train_settings.h"

// Options, and the result for the report.
typedef struct settings {
    imp_sim_options sim;
    imp_dagger_def dagger;
    imp_assets *assets;
    const char *beta, *architecture, *loss, *augment, *out;
    bool resume, force;
    imp_dagger_result done;
} settings;

// Options of recording: rounds, episodes, and who drives when.
static void add_collection_options(imp_options *options, settings *s)
{
    imp_dagger_def *dagger = &s->dagger;
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "folder of all rounds and of the best policy",
         IMP_TRANSIENT},
        {"expert", 0, IMP_OPTION_TEXT, &dagger->collect.label_policy, "POLICY",
         "policy that drives in round 0 and labels all rounds: expert (the default), or a "
         "plug-in (.so)",
         IMP_INPUT_PATH},
        {"rounds", 'r', IMP_OPTION_INT, &dagger->rounds, "N",
         "number of rounds in which the network drives", IMP_FLEXIBLE},
        {"episodes", 'n', IMP_OPTION_INT, &dagger->collect.episodes, "N", "episodes per round",
         IMP_SETTING},
        {"first-episodes", 0, IMP_OPTION_INT, &dagger->first_episodes, "N",
         "episodes of round 0, in which only the expert drives; 0: as in the other rounds",
         IMP_SETTING},
        {"steps", 0, IMP_OPTION_INT, &dagger->collect.steps, "N",
         "maximum number of steps of an episode", IMP_SETTING},
        // who drives, and which episodes are kept
        {"beta", 0, IMP_OPTION_TEXT, &s->beta, "NAME",
         "schedule of the expert's share of the driving: linear, exponential, or switch (the "
         "expert drives where it is needed)",
         IMP_SETTING},
        {"beta-decay", 0, IMP_OPTION_REAL, &dagger->beta_decay, "R",
         "decrease of that share per round: of the whole (linear), or of the rest "
         "(exponential)",
         IMP_SETTING},
        {"mix-steps", 0, IMP_OPTION_INT, &dagger->collect.mix_steps, "N",
         "draw anew who drives every N steps; 0: once per episode", IMP_SETTING},
        {"hardest-of", 0, IMP_OPTION_INT, &dagger->collect.hardest_of, "N",
         "of N episodes that the network drives, record the hardest: one that terminated, or "
         "the one that differs most from the expert",
         IMP_SETTING},
        // exploration
        {"noise", 0, IMP_OPTION_REAL, &dagger->collect.noise, "SIGMA",
         "standard deviation of the disturbance of duty cycles in round 0; labels are the "
         "undisturbed actions",
         IMP_SETTING},
        {"noise-time", 0, IMP_OPTION_REAL, &dagger->collect.noise_time, "S",
         "duration of a disturbance", IMP_SETTING},
        {"start-offset", 0, IMP_OPTION_REAL, &dagger->collect.start_offset, "M",
         "maximum distance of a start from the lane centre; without it, anywhere on the tile",
         IMP_SETTING},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// Options of the training after each round: those of `imprint train` that make sense here.
static void add_training_options(imp_options *options, settings *s)
{
    imp_dagger_def *dagger = &s->dagger;
    imp_train_def *train = &dagger->train;
    const imp_option table[] = {
        {"network", 0, IMP_OPTION_TEXT, &s->architecture, "NAME",
         "built-in network or YAML file, see imprint model list", IMP_INPUT_PATH},
        {"batch-norm", 0, IMP_OPTION_FLAG, &train->network.batch_norm, NULL,
         "true batch normalisation instead of the baseline's frozen one", IMP_SETTING},
        // training of a round
        {"epochs", 'e', IMP_OPTION_INT, &train->epochs, "N", "epochs over all frames after a round",
         IMP_SETTING},
        {"last-epochs", 0, IMP_OPTION_INT, &dagger->last_epochs, "N",
         "epochs after the last round; 0: as after the others", IMP_SETTING},
        {"batch", 'b', IMP_OPTION_INT, &train->trainer.batch, "N", "samples per step", IMP_SETTING},
        {"loss", 0, IMP_OPTION_TEXT, &s->loss, "NAME",
         "mse, or huber, which gives large errors less weight", IMP_SETTING},
        {"augment", 0, IMP_OPTION_TEXT, &s->augment, "LIST",
         "augmentation of images, see imprint train --help", IMP_SETTING},
        {"ema-decay", 0, IMP_OPTION_REAL, &train->trainer.average, "R",
         "decay of the exponential moving average of the weights that becomes the model; 0: "
         "none",
         IMP_SETTING},
        {"learning-rate", 0, IMP_OPTION_REAL, &train->trainer.learning_rate, "R",
         "learning rate at the start of a round; it falls along half a cosine", IMP_SETTING},
        {"train-seed", 0, IMP_OPTION_SEED, &train->seed, "N", "seed of weights, order and split",
         IMP_SETTING},
    };
    imp_options_add_group(options, "Learning", table, (int)(sizeof table / sizeof table[0]));
}

// The options of the simulation come first, as in `imprint log`.
static void add_dagger_options(imp_options *options, settings *s)
{
    imp_dagger_def *dagger = &s->dagger;
    const imp_option table[] = {
        {"eval-episodes", 0, IMP_OPTION_INT, &dagger->eval.episodes, "N",
         "episodes that evaluate each round's policy", IMP_SETTING},
        {"eval-steps", 0, IMP_OPTION_INT, &dagger->eval.steps, "N",
         "maximum number of steps of an evaluation episode", IMP_SETTING},
        {"patience", 0, IMP_OPTION_INT, &dagger->patience, "N",
         "stop after N rounds without a better policy; 0: never", IMP_FLEXIBLE},
        {"resume", 0, IMP_OPTION_FLAG, &s->resume, NULL,
         "continue an interrupted run with its settings, or add rounds", IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    imp_sim_options_add_multi_map(options, &s->sim);
    imp_sim_options_add_observe(options, &s->sim);
    add_collection_options(options, s);
    add_training_options(options, s);
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// One object per round, with the names of the columns of rounds.csv.
static json_t *rounds_json(const imp_dagger_result *done)
{
    json_t *rounds = json_array();
    for (int k = 0; k < done->count; k++) {
        const imp_dagger_round *row = &done->rounds[k];
        json_array_append_new(
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

// Converts names to enumerations.
static imp_status parse_dagger_choices(settings *s, imp_error *err)
{
    imp_network_def *network = &s->dagger.train.network;
    int beta = 0, loss = 0;
    imp_status status = imp_name_lookup(&beta, "--beta: ", s->beta, imp_beta_schedule_name, err);
    if (status == IMP_OK)
        status = imp_name_lookup(&loss, "--loss: ", s->loss, imp_action_loss_name, err);
    if (status != IMP_OK)
        return status;
    if (strlen(s->architecture) >= sizeof network->architecture)
        return imp_fail(err, IMP_USAGE, "--network: unknown architecture '%s'", s->architecture);
    strcpy(network->architecture, s->architecture);
    s->dagger.beta = (imp_beta_schedule)beta;
    s->dagger.train.trainer.loss = (imp_loss)loss;
    return imp_parse_augment_option(&s->dagger.train.augment, s->augment, err);
}

// Applies the options of the simulation to recording and evaluation alike.
static imp_status apply_simulation_options(settings *s, const imp_options *options, imp_error *err)
{
    imp_collect_def *collect = &s->dagger.collect;
    imp_eval_def *eval = &s->dagger.eval;
    // rounds are judged by the expert that collects; what resuming compares has the default here
    const imp_expert_def expert = eval->sim.expert;
    const imp_status status =
        imp_sim_options_to_def(options, &s->sim, &collect->sim, &s->assets, err);
    // the evaluation happens in the world of the recordings
    eval->sim = collect->sim;
    eval->sim.expert = expert;
    s->dagger.train.trainer.threads = collect->sim.threads;
    return status;
}

// Converts the options, claims the folder, and runs the rounds.
static imp_status run_dagger_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    imp_dagger_result *done = &s->done;
    imp_run_folder folder;
    imp_status status = parse_dagger_choices(s, err);
    if (status == IMP_OK)
        status = apply_simulation_options(s, options, err);
    if (status == IMP_OK)
        status = imp_run_folder_begin(&folder, options, s->out, s->resume, s->force, err);
    if (status != IMP_OK)
        return status;
    // settings are stored in datasets and models
    char *json = imp_options_to_json(options);
    const imp_monitor monitor = imp_console_monitor(options);
    s->dagger.resume = s->resume;
    s->dagger.settings = json != NULL ? json : "{}";
    status = imp_run_dagger(done, s->out, &s->dagger, &monitor, err);
    imp_console_clear_progress();
    free(json);
    // say how to continue
    if (status == IMP_INTERRUPTED)
        imp_fail(err, status, "interrupted after %s: continue with --out %s --resume",
                 IMP_PLURAL(done->count, "round"), s->out);
    return imp_run_folder_finish(&folder, options, status, err);
}

// Values of named options are taken from the library's defaults, so that the help shows them.
static void set_up_dagger_command(void *state, imp_options *options)
{
    settings *s = state;
    s->sim = imp_default_sim_options();
    s->dagger = imp_default_dagger_def();
    s->architecture = "one-residual";
    s->beta = imp_beta_schedule_name((int)s->dagger.beta);
    s->loss = imp_loss_name((int)s->dagger.train.trainer.loss);
    s->augment = "none";
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
    .details = "DAgger: the expert drives, and a network is trained on its actions. Then, in each "
               "round, the network drives, the expert labels the observations, and the network is "
               "trained on all rounds. Each round's policy is evaluated on starts that are never "
               "recorded from. The best one is kept as DIR/model.safetensors. After an "
               "interruption, --resume produces the same bytes as a run without it.",
    .examples =
        "  imprint dagger --pose-only --speed 0.52 --tracking-rate 1.4 --turn-rate-gain 5 \\\n"
        "    --start-angle-deg 60 --rounds 1 --episodes 8 --epochs 1 --eval-episodes 4 \\\n"
        "    --out /tmp/imprint-g --force",
    .state_size = sizeof(settings),
    .set_up = set_up_dagger_command,
    .run = run_dagger_command,
    .report = print_dagger_summary,
    .tear_down = free_dagger_command,
};
