// imprint train: behaviour cloning on recorded datasets, or on episodes that are driven during
// the training (--online). learn/imitation and learn/training do the work; this file has the
// options, which sweep and seg-train use, too, and the summary. Options after --online in the
// table describe the simulation. They are refused and not saved without --online, so that
// settings and models of offline trainings do not contain them. Datasets may have weights
// (DIR:WEIGHT), which determine their shares of an epoch.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "cli/options/settings_file.h"
#include "cli/output/console.h"
#include "cli/output/run_folder.h"
#include "cli/train_commands/train_settings.h"

// Values of --schedule, by imp_rate_schedule.
static const char *const SCHEDULES[] = {
    [IMP_SCHEDULE_CONSTANT] = "constant",
    [IMP_SCHEDULE_COSINE] = "cosine",
    [IMP_SCHEDULE_STEP] = "step",
};

// The defaults of the library, with names for enumerations.
imp_train_settings imp_default_train_settings(void)
{
    // every number is the library's default
    const imp_train_def train = imp_default_train_def();
    return (imp_train_settings){
        .train = train,
        .data = {{"runs/data"}, 1},
        .architecture = "one-residual",
        .schedule = "constant",
        .optimiser = imp_optimiser_name((int)train.trainer.optimiser),
        .loss = imp_loss_name((int)train.trainer.loss),
        .augment = "none",
        .out = "runs/model",
    };
}

// Options of data, network, loss and optimiser.
static void add_training_options(imp_options *options, imp_train_settings *s)
{
    imp_train_def *train = &s->train;
    const imp_option table[] = {
        {"data", 'd', IMP_OPTION_LIST, &s->data, "DIR[:WEIGHT]",
         "dataset to train on; may be repeated, then with its share of an epoch as WEIGHT",
         IMP_INPUT_PATH},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "folder of the new model", IMP_TRANSIENT},
        {"from", 0, IMP_OPTION_TEXT, &train->initial, "MODEL",
         "start from the weights of this model instead of random ones", IMP_INPUT_PATH},
        // the network
        {"network", 0, IMP_OPTION_TEXT, &s->architecture, "NAME",
         "built-in network or YAML file, see imprint model list", IMP_INPUT_PATH},
        {"batch-norm", 0, IMP_OPTION_FLAG, &train->network.batch_norm, NULL,
         "true batch normalisation instead of the baseline's frozen one", IMP_SETTING},
        {"epochs", 'e', IMP_OPTION_INT, &train->epochs, "N", "epochs; with --online: 60",
         IMP_SETTING},
        // optimiser
        {"batch", 'b', IMP_OPTION_INT, &train->trainer.batch, "N", "samples per step", IMP_SETTING},
        {"learning-rate", 0, IMP_OPTION_REAL, &train->trainer.learning_rate, "R", "learning rate",
         IMP_SETTING},
        {"optimiser", 0, IMP_OPTION_TEXT, &s->optimiser, "NAME", "adam, adamw or sgd", IMP_SETTING},
        {"momentum", 0, IMP_OPTION_REAL, &train->trainer.momentum, "R", "momentum of sgd",
         IMP_SETTING},
        {"nesterov", 0, IMP_OPTION_FLAG, &train->trainer.nesterov, NULL,
         "use Nesterov's momentum with sgd", IMP_SETTING},
        {"clip-norm", 0, IMP_OPTION_REAL, &train->trainer.clip_norm, "R",
         "maximum norm of the gradient; 0: no limit", IMP_SETTING},
        {"ema-decay", 0, IMP_OPTION_REAL, &train->trainer.average, "R",
         "decay of the exponential moving average of the weights that becomes the model; 0: "
         "none",
         IMP_SETTING},
        // loss and weights of samples
        {"loss", 0, IMP_OPTION_TEXT, &s->loss, "NAME", "mse or huber", IMP_SETTING},
        {"huber-delta", 0, IMP_OPTION_REAL, &train->trainer.huber_delta, "R",
         "error at which huber changes from quadratic to linear", IMP_SETTING},
        {"augment", 0, IMP_OPTION_TEXT, &s->augment, "LIST",
         "augment images: all, none, or some of brightness, contrast, colour, blur, noise, "
         "shift, turn and cut-out, for example turn:0.05",
         IMP_SETTING},
        {"turn-weight", 0, IMP_OPTION_REAL, &train->weight_turns, "X",
         "weight samples by (1 + X t) / (1 + X), t: |right - left| duty cycle over its mean; 0: "
         "all equal",
         IMP_SETTING},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// Options of the learning rate, of validation and of running.
static void add_schedule_options(imp_options *options, imp_train_settings *s)
{
    imp_train_def *train = &s->train;
    const imp_option table[] = {
        {"schedule", 0, IMP_OPTION_TEXT, &s->schedule, "NAME",
         "learning rate schedule: constant, step, or cosine (down to a hundredth; the default "
         "with --online)",
         IMP_SETTING},
        {"decay-factor", 0, IMP_OPTION_REAL, &train->decay_factor, "R",
         "factor of the learning rate in the step schedule", IMP_SETTING},
        {"decay-epochs", 0, IMP_OPTION_INT, &train->decay_epochs, "N",
         "epochs between the steps of the step schedule", IMP_SETTING},
        {"warm-up-steps", 0, IMP_OPTION_INT, &train->warm_up_steps, "N",
         "steps during which the learning rate first grows from 0", IMP_SETTING},
        // regularisation and validation
        {"weight-decay", 0, IMP_OPTION_REAL, &train->trainer.weight_decay, "R",
         "weight decay of convolution and dense weights", IMP_SETTING},
        {"validation", 0, IMP_OPTION_REAL, &train->validation, "SHARE",
         "share of the episodes used for validation", IMP_SETTING},
        {"patience", 0, IMP_OPTION_INT, &train->patience, "N",
         "stop after N epochs without a better model; 0: never", IMP_SETTING},
        // order of samples, threads and files
        {"shuffle-buffer", 0, IMP_OPTION_INT, &train->window, "N",
         "samples that are shuffled together, 0: all; two buffers must fit into memory",
         IMP_SETTING},
        {"seed", 's', IMP_OPTION_SEED, &train->seed, "N", "seed of weights, order and split",
         IMP_SETTING},
        {"shards", 0, IMP_OPTION_INT, &train->trainer.shards, "N",
         "parts of a batch that threads compute; changes results bit for bit", IMP_SETTING},
        {"threads", 'j', IMP_OPTION_INT, &train->trainer.threads, "N",
         "number of threads, 0: one per processor; results do not depend on it", IMP_TRANSIENT},
        {"checkpoint-steps", 0, IMP_OPTION_INT, &train->checkpoint_steps, "N",
         "save the state of the training every N steps", IMP_FLEXIBLE},
        {"tensorboard", 0, IMP_OPTION_FLAG, &train->tensorboard, NULL,
         "write a TensorBoard log, too; --no-tensorboard does not", IMP_FLEXIBLE},
        {"resume", 0, IMP_OPTION_FLAG, &s->resume, NULL,
         "continue an interrupted training with its settings", IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// All options, for train and sweep.
void imp_train_options_add(imp_options *options, imp_train_settings *s)
{
    add_training_options(options, s);
    add_schedule_options(options, s);
}

// Copies the named options from the full table, for seg-train.
void imp_train_options_add_named(imp_options *options, imp_train_settings *s,
                                 const char *const *names)
{
    imp_options all;
    // the full table exists only while options are copied from it
    imp_options_init(&all, options->command);
    imp_train_options_add(&all, s);
    for (int k = 0; names[k] != NULL; k++)
        imp_options_add(options, all.table[imp_option_find(&all, names[k])]);
    imp_options_free(&all);
}

// Prints the summary. Episodes that occur in two datasets cause a warning: they count twice.
static int print_train_summary(const imp_train_settings *s, const imp_options *options,
                               const imp_train_summary *summary)
{
    if (summary->repeated_episodes > 0)
        fprintf(
            stderr,
            "imprint: warning: %s of --data %s the same images as an earlier one: counted again, "
            "on the earlier one's side of --validation\n",
            IMP_PLURAL(summary->repeated_episodes, "episode"),
            summary->repeated_episodes == 1 ? "has" : "have");
    // unknown losses, without validation, are null
    if (options->json)
        return imp_console_finish_with_json(json_pack(
            "{s:s, s:I, s:I, s:i, s:I, s:i, s:b, s:o, s:o, s:o, s:i, s:f, s:f}", "out", s->out,
            "samples", (json_int_t)summary->samples, "validation_samples",
            (json_int_t)summary->validation_samples, "repeated_episodes",
            summary->repeated_episodes, "parameters", (json_int_t)summary->parameters, "epochs",
            summary->epochs, "stopped_early", summary->stopped_early, "loss",
            imp_json_real_or_null(summary->loss), "validation_loss",
            imp_json_real_or_null(summary->validation_loss), "best_loss",
            imp_json_real_or_null(summary->best_loss), "best_epoch", summary->best_epoch, "seconds",
            summary->seconds, "samples_per_second", summary->samples_per_second));
    // one line of text
    printf("%s: %s, %s%s in %.1f s (%.0f samples/s), loss %.5f", s->out,
           IMP_PLURAL(summary->samples, "sample"), IMP_PLURAL(summary->epochs, "epoch"),
           summary->stopped_early ? " (stopped early)" : "", summary->seconds,
           summary->samples_per_second, summary->loss);
    if (isfinite(summary->validation_loss))
        printf(", validation %.5f, best %.5f in epoch %d", summary->validation_loss,
               summary->best_loss, summary->best_epoch);
    printf("\n");
    return imp_console_flush();
}

// Parses --augment; errors name the option.
imp_status imp_parse_augment_option(imp_augment *out, const char *text, imp_error *err)
{
    // the message of the parser lacks the name of the option
    imp_error why = {0};
    const imp_status status = imp_augment_parse(out, text, &why);
    return status == IMP_OK ? IMP_OK : imp_fail(err, status, "--augment: %s", why.message);
}

// The k-th value of --schedule; NULL after the last.
static const char *schedule_name(int k)
{
    return k < (int)(sizeof SCHEDULES / sizeof SCHEDULES[0]) ? SCHEDULES[k] : NULL;
}

// Losses of actions come first in the enumeration; those of segmentation follow.
const char *imp_action_loss_name(int k)
{
    return k <= IMP_LOSS_HUBER ? imp_loss_name(k) : NULL;
}

// Converts names to enumerations.
static imp_status parse_train_choices(imp_train_settings *s, imp_error *err)
{
    // the indices of the names are the values of the enumerations
    int schedule = 0, optimiser = 0, loss = 0;
    imp_status status = imp_name_lookup(&schedule, "--schedule: ", s->schedule, schedule_name, err);
    if (status == IMP_OK)
        status =
            imp_name_lookup(&optimiser, "--optimiser: ", s->optimiser, imp_optimiser_name, err);
    if (status == IMP_OK)
        status = imp_name_lookup(&loss, "--loss: ", s->loss, imp_action_loss_name, err);
    if (status != IMP_OK)
        return status;
    s->train.schedule = (imp_rate_schedule)schedule;
    s->train.trainer.optimiser = (imp_optimiser)optimiser;
    s->train.trainer.loss = (imp_loss)loss;
    return IMP_OK;
}

// Splits DIR:WEIGHT. An existing folder with a colon in its name is taken as it is. *weight 0: none
// was given.
static imp_status parse_dataset_weight(imp_train_settings *s, int k, imp_error *err)
{
    const char *given = s->data.items[k], *colon = strrchr(given, ':');
    char *end = NULL;
    s->weights[k] = 0.0;
    s->folders[k] = given;
    if (colon == NULL || imp_path_exists(given))
        return IMP_OK;
    // the text behind the last colon must be a positive number
    s->weights[k] = strtod(colon + 1, &end);
    if (end == colon + 1 || *end != '\0' || !(s->weights[k] > 0.0))
        return imp_fail(err, IMP_USAGE,
                        "--data %s: '%s' is not a weight above 0, as in runs/data:0.5", given,
                        colon + 1);
    // sweep applies the settings repeatedly
    free(s->owned[k]);
    s->owned[k] = strndup(given, (size_t)(colon - given));
    if (s->owned[k] == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory");
    s->folders[k] = s->owned[k];
    return IMP_OK;
}

// Parses the weights of all datasets. Either all have one or none.
static imp_status parse_dataset_weights(imp_train_settings *s, imp_error *err)
{
    // datasets that have a weight
    int weighted = 0;
    for (int k = 0; k < s->data.count; k++) {
        const imp_status status = parse_dataset_weight(s, k, err);
        if (status != IMP_OK)
            return status;
        weighted += s->weights[k] > 0.0;
    }
    if (weighted > 0 && weighted < s->data.count)
        return imp_fail(err, IMP_USAGE, "--data: give all datasets a weight, or none");
    s->train.data_weights = weighted > 0 ? s->weights : NULL;
    return IMP_OK;
}

// Frees the folders that were split from their weights.
void imp_train_settings_free(imp_train_settings *s)
{
    for (int k = 0; k < IMP_LIST_MAX; k++)
        free(s->owned[k]);
}

// Converts texts to values and checks them.
imp_status imp_train_settings_apply(imp_train_settings *s, imp_error *err)
{
    imp_network_def *network = &s->train.network;
    // the definition holds the name itself, so its length is limited
    if (strlen(s->architecture) >= sizeof network->architecture)
        return imp_fail(err, IMP_USAGE, "--network: unknown architecture '%s'", s->architecture);
    strcpy(network->architecture, s->architecture);
    imp_status status = parse_train_choices(s, err);
    if (status == IMP_OK)
        status = imp_parse_augment_option(&s->train.augment, s->augment, err);
    if (status == IMP_OK)
        status = parse_dataset_weights(s, err);
    return status == IMP_OK ? imp_check_thread_count(s->train.trainer.threads, err) : status;
}

// Settings of --online.
typedef struct online_settings {
    bool online;
    int first; // of its options: those from there on say nothing without --online
    imp_sim_options sim;
    imp_online_def def;
    imp_assets *assets;
} online_settings;

// Settings and results, kept together for the report.
typedef struct train_state {
    imp_train_settings train;
    online_settings online;
    imp_train_summary summary;
} train_state;

// --online and everything below it; the position in the table separates them from the others.
static void add_online_options(imp_options *options, online_settings *o)
{
    imp_collect_def *collect = &o->def.collect;
    o->first = options->count;
    const imp_option online[] = {
        {"online", 0, IMP_OPTION_FLAG, &o->online, NULL,
         "train on episodes that are driven during the training instead of a dataset: first "
         "by the expert, then by the network; see the options below",
         IMP_SETTING},
    };
    const imp_option table[] = {
        {"replay-buffer", 0, IMP_OPTION_INT, &o->def.buffer, "N",
         "episodes in memory; an epoch visits each once", IMP_SETTING},
        {"episodes", 'n', IMP_OPTION_INT, &collect->episodes, "N",
         "new episodes per epoch, which replace the oldest", IMP_SETTING},
        {"steps", 0, IMP_OPTION_INT, &collect->steps, "N", "maximum number of steps of an episode",
         IMP_SETTING},
        {"noise", 0, IMP_OPTION_REAL, &collect->noise, "SIGMA",
         "standard deviation of the disturbance of executed duty cycles; labels are the "
         "undisturbed actions",
         IMP_SETTING},
        {"expert-share", 0, IMP_OPTION_REAL, &collect->expert_share, "SHARE",
         "the expert's share of the driving, once the network drives", IMP_SETTING},
    };
    // --online itself, then what it allows
    imp_options_add_all(options, online, 1);
    imp_options_add_group(options, "With --online, as everything below", table,
                          (int)(sizeof table / sizeof table[0]));
    imp_sim_options_add_unseeded(options, &o->sim);
}

// Sets the defaults that differ with --online. They are saved as settings.
static void use_online_defaults(imp_train_settings *s, const online_settings *o,
                                const imp_options *options)
{
    s->data.count = 0;
    if (!imp_option_is_given(options, &s->train.epochs))
        s->train.epochs = o->def.train.epochs;
    if (!imp_option_is_given(options, &s->schedule))
        s->schedule = SCHEDULES[o->def.train.schedule];
}

// Applies the options of the simulation to collecting. Seed and threads are those of the training.
static imp_status apply_online_options(online_settings *o, const imp_train_settings *s,
                                       const imp_options *options, imp_error *err)
{
    // one seed and one number of threads serve both collecting and training
    o->sim.seed = s->train.seed;
    o->sim.threads = s->train.trainer.threads;
    o->def.train = s->train;
    return imp_sim_options_to_def(options, &o->sim, &o->def.collect.sim, &o->assets, err);
}

// Refuses options that have no effect: those of the simulation without --online, those of datasets
// with it.
static imp_status check_online_options(const imp_train_settings *s, const online_settings *o,
                                       const imp_options *options, imp_error *err)
{
    const imp_train_def train = imp_default_train_def();
    // the options behind --online are those of the simulation
    for (int k = o->first; k < options->count && !o->online; k++)
        if (options->given[k] && options->table[k].value != &o->online)
            return imp_fail(err, IMP_USAGE, "--%s has no effect without --online",
                            options->table[k].name);
    // a training with --online has no dataset to split, weight or shuffle
    if (!o->online)
        return IMP_OK;
    const char *refused = imp_option_is_given(options, &s->data)    ? "data"
                          : s->train.validation != train.validation ? "validation"
                          : s->train.window != train.window         ? "shuffle-buffer"
                          : s->train.patience != train.patience     ? "patience"
                                                                    : NULL;
    return refused == NULL ? IMP_OK
                           : imp_fail(err, IMP_USAGE,
                                      "--%s cannot be combined with --online, which records new "
                                      "data for every epoch",
                                      refused);
}

// Runs the training that the options ask for.
static imp_status train_offline_or_online(imp_train_summary *summary, const imp_train_settings *s,
                                          online_settings *o, const char *settings,
                                          const imp_monitor *monitor, imp_error *err)
{
    imp_train_def train = s->train;
    train.resume = s->resume;
    train.settings = settings;
    if (!o->online)
        return imp_train(summary, s->out, s->folders, s->data.count, &train, monitor, err);
    o->def.train.resume = s->resume;
    o->def.train.settings = o->def.collect.settings = settings;
    return imp_train_online(summary, s->out, &o->def, monitor, err);
}

// Whether two paths lead to the same folder, through links, too.
static bool is_same_folder(const char *a, const char *b)
{
    struct stat one, other;
    // two paths lead to one folder if device and inode are equal
    return a != NULL && stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

// Refuses an output that is also an input: it would be replaced while it is read.
imp_status imp_train_settings_check_output(const imp_train_settings *s, imp_error *err)
{
    if (is_same_folder(s->train.initial, s->out))
        return imp_fail(err, IMP_USAGE, "--out %s: is the folder of --from, choose another",
                        s->out);
    for (int k = 0; k < s->data.count; k++)
        if (is_same_folder(s->folders[k], s->out))
            return imp_fail(err, IMP_USAGE, "--out %s: is a folder of --data, choose another",
                            s->out);
    return IMP_OK;
}

// Warns about datasets that may still grow: a training is bound to the data it started with.
static void warn_unfinished_datasets(const imp_train_settings *s)
{
    for (int k = 0; k < s->data.count; k++) {
        imp_dataset *dataset;
        if (imp_dataset_open(&dataset, s->folders[k], NULL) != IMP_OK)
            continue; // the training itself reports that
        if (!imp_dataset_is_finished(dataset))
            fprintf(
                stderr,
                "imprint: warning: %s is not finished: if imprint log --resume continues it, this "
                "training cannot be resumed\n",
                s->folders[k]);
        imp_dataset_close(dataset);
    }
}

// Checks and converts the options, claims the folder, trains.
static imp_status run_train_command(void *state, const imp_options *options, imp_error *err)
{
    train_state *all = state;
    imp_train_settings *s = &all->train;
    online_settings *o = &all->online;
    imp_run_folder folder;
    imp_status status = check_online_options(s, o, options, err);
    if (o->online)
        use_online_defaults(s, o, options);
    if (status == IMP_OK)
        status = imp_train_settings_apply(s, err);
    if (status == IMP_OK && o->online)
        status = apply_online_options(o, s, options, err);
    // without --online, its options are not saved
    imp_options saved_options = *options;
    if (!o->online)
        saved_options.count = o->first;
    if (status == IMP_OK)
        status = imp_train_settings_check_output(s, err);
    if (status == IMP_OK)
        status = imp_run_folder_begin(&folder, &saved_options, s->out, s->resume, s->force, err);
    if (status != IMP_OK)
        return status;
    if (!o->online)
        warn_unfinished_datasets(s);
    // settings are stored in the model
    char *json = imp_options_to_json(&saved_options);
    imp_monitor monitor = imp_console_monitor(options);
    status =
        train_offline_or_online(&all->summary, s, o, json != NULL ? json : "{}", &monitor, err);
    imp_console_clear_progress();
    free(json);
    return imp_run_folder_finish(&folder, &saved_options, status, err);
}

// The report is the same for both kinds of training.
static int print_train_result(const void *state, const imp_options *options)
{
    const train_state *s = state;
    return print_train_summary(&s->train, options, &s->summary);
}

// The table holds the options of both kinds of training.
static void set_up_train_command(void *state, imp_options *options)
{
    train_state *s = state;
    s->train = imp_default_train_settings();
    s->online.sim = imp_default_sim_options();
    s->online.def = imp_default_online_def();
    imp_train_options_add(options, &s->train);
    add_online_options(options, &s->online);
}

// Frees what the options and the simulation have opened.
static void free_train_command(void *state)
{
    train_state *s = state;
    imp_assets_close(s->online.assets);
    imp_train_settings_free(&s->train);
}

const imp_command imp_command_train = {
    .name = "train",
    .summary = "train a network on a recorded dataset",
    .operands = "",
    .details =
        "Behaviour cloning: the input is an image, the output the expert's two duty cycles. "
        "Writes the best and the last weights (safetensors), the state for --resume, the "
        "loss as a table (CSV, JSON lines) and a plot (SVG), and a log for TensorBoard. With "
        "--online, episodes are driven during the training and kept in memory.",
    .examples = "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-d --force &&\n"
                "  imprint train --data /tmp/imprint-d --epochs 2 --out /tmp/imprint-m --force\n"
                "  imprint train --online --network one-residual-actions --start-angle-deg 60 \\\n"
                "    --replay-buffer 16 --episodes 4 --epochs 3 --out /tmp/imprint-o --force",
    .state_size = sizeof(train_state),
    .set_up = set_up_train_command,
    .run = run_train_command,
    .report = print_train_result,
    .tear_down = free_train_command,
};
