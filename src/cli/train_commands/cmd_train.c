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

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "cli/options/settings_file.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/run_folder.h"
#include "cli/train_commands/train_settings.h"
#include "learn/imitation/train.h"
#include "learn/settings/settings_tables.h"

// The defaults of what is no member of the definition.
imp_train_settings imp_default_train_settings(imp_train_def *train)
{
    return (imp_train_settings){
        .train = train,
        .data = {{"runs/data"}, 1},
        .architecture = "one-residual",
        .loss = imp_loss_name((int)train->trainer.loss),
        .augment = "none",
        .out = "runs/model",
    };
}

// Adds rows, of which some are members of the definition.
static void add_member_options(imp_options *options, const imp_option *table, size_t bytes,
                               imp_train_settings *s)
{
    imp_options_add_members(options, NULL, table, (int)(bytes / sizeof *table), &imp_train_members,
                            s->train);
}

// Options of data, network, loss and optimiser.
static void add_training_options(imp_options *options, imp_train_settings *s)
{
    const imp_option table[] = {
        {"data", 'd', IMP_OPTION_LIST, &s->data, "DIR[:WEIGHT]",
         "dataset to train on; may be repeated, then with its share of an epoch as WEIGHT",
         IMP_INPUT_PATH},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "folder of the new model", IMP_TRANSIENT},
        IMP_MEMBER_OPTION("initial", 0, IMP_INPUT_PATH),
        // the network
        {"network", 0, IMP_OPTION_TEXT, &s->architecture, "NAME",
         "built-in network or YAML file, see imprint model list", IMP_INPUT_PATH},
        IMP_MEMBER_OPTION("network.batch_norm", 0, IMP_SETTING),
        IMP_MEMBER_OPTION_WITH_HELP("epochs", 'e', IMP_SETTING, "epochs; with --online: 60"),
        // optimiser
        IMP_MEMBER_OPTION_WITH_HELP("trainer.batch", 'b', IMP_SETTING, "samples per step"),
        IMP_MEMBER_OPTION_WITH_HELP("trainer.learning_rate", 0, IMP_SETTING, "learning rate"),
        IMP_MEMBER_OPTION_WITH_HELP("trainer.optimiser", 0, IMP_SETTING, "adam, adamw or sgd"),
        IMP_MEMBER_OPTION_WITH_HELP("trainer.momentum", 0, IMP_SETTING, "momentum of sgd"),
        IMP_MEMBER_OPTION_WITH_HELP("trainer.nesterov", 0, IMP_SETTING,
                                    "use Nesterov's momentum with sgd"),
        IMP_MEMBER_OPTION_WITH_HELP("trainer.clip_norm", 0, IMP_SETTING,
                                    "maximum norm of the gradient; 0: no limit"),
        IMP_MEMBER_OPTION_WITH_HELP("trainer.ema_decay", 0, IMP_SETTING, IMP_EMA_HELP),
        // loss and weights of samples
        {"loss", 0, IMP_OPTION_TEXT, &s->loss, "NAME", "mse or huber", IMP_SETTING},
        IMP_MEMBER_OPTION_WITH_HELP("trainer.huber_delta", 0, IMP_SETTING,
                                    "error at which huber changes from quadratic to linear"),
        {"augment", 0, IMP_OPTION_TEXT, &s->augment, "LIST",
         "augment images: all, none, or some of brightness, contrast, colour, blur, noise, "
         "shift, turn and cut-out, for example turn:0.05",
         IMP_SETTING},
        IMP_MEMBER_OPTION("turn_weight", 0, IMP_SETTING),
    };
    add_member_options(options, table, sizeof table, s);
}

// Options of the learning rate, of validation and of running.
static void add_schedule_options(imp_options *options, imp_train_settings *s)
{
    const imp_option table[] = {
        IMP_MEMBER_OPTION_WITH_HELP(
            "schedule", 0, IMP_SETTING,
            "learning rate schedule: constant, step, or cosine (down to a hundredth; the default "
            "with --online)"),
        IMP_MEMBER_OPTION("decay_factor", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("decay_epochs", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("warm_up_steps", 0, IMP_SETTING),
        // regularisation and validation
        IMP_MEMBER_OPTION_WITH_HELP("trainer.weight_decay", 0, IMP_SETTING,
                                    "weight decay of convolution and dense weights"),
        IMP_MEMBER_OPTION("validation", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("patience", 0, IMP_SETTING),
        // order of samples, threads and files
        IMP_MEMBER_OPTION("shuffle_buffer", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("seed", 's', IMP_SETTING),
        IMP_MEMBER_OPTION_WITH_HELP(
            "trainer.shards", 0, IMP_SETTING,
            "parts of a batch that threads compute; changes results bit for bit"),
        {"threads", 'j', IMP_OPTION_INT, &s->train->trainer.threads, "N",
         "number of threads, 0: one per processor; results do not depend on it", IMP_TRANSIENT},
        IMP_MEMBER_OPTION("checkpoint_steps", 0, IMP_FLEXIBLE),
        IMP_MEMBER_OPTION_WITH_HELP("tensorboard", 0, IMP_FLEXIBLE,
                                    "write a TensorBoard log, too; --no-tensorboard does not"),
        IMP_MEMBER_OPTION("resume", 0, IMP_TRANSIENT),
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    add_member_options(options, table, sizeof table, s);
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
    imp_options_copy_named(options, &all, names);
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

// Losses of actions come first in the enumeration; those of segmentation follow.
static const char *action_loss_name(int k)
{
    return k <= IMP_LOSS_HUBER ? imp_loss_name(k) : NULL;
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
        IMP_TRY(parse_dataset_weight(s, k, err));
        weighted += s->weights[k] > 0.0;
    }
    if (weighted > 0 && weighted < s->data.count)
        return imp_fail(err, IMP_USAGE, "--data: give all datasets a weight, or none");
    s->train->data_weights = weighted > 0 ? s->weights : NULL;
    return IMP_OK;
}

// Frees the folders that were split from their weights.
void imp_train_settings_free(imp_train_settings *s)
{
    for (int k = 0; k < IMP_LIST_MAX; k++)
        free(s->owned[k]);
}

// Converts texts to values and checks them.
imp_status imp_train_settings_convert_and_check(imp_train_settings *s, imp_error *err)
{
    imp_network_def *network = &s->train->network;
    imp_error why = {0};
    int loss = 0;
    // the definition holds the name itself, so its length is limited
    if (strlen(s->architecture) >= sizeof network->architecture)
        return imp_fail(err, IMP_USAGE, "--network: unknown architecture '%s'", s->architecture);
    strcpy(network->architecture, s->architecture);
    if (s->loss != NULL) {
        IMP_TRY(imp_name_lookup(&loss, "--loss: ", s->loss, action_loss_name, err));
        s->train->trainer.loss = (imp_loss)loss;
    }
    // the message of the parser lacks the name of the option
    const imp_status status = imp_augment_parse(&s->train->augment, s->augment, &why);
    if (status != IMP_OK)
        return imp_fail(err, status, "--augment: %s", why.message);
    IMP_TRY(parse_dataset_weights(s, err));
    return imp_check_thread_count(s->train->trainer.threads, err);
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
    imp_train_def def; // of training on datasets
    online_settings online;
    imp_train_summary summary;
} train_state;

// --online and everything below it; the position in the table separates them from the others.
static void add_online_options(imp_options *options, online_settings *o)
{
    o->first = options->count;
    const imp_option online[] = {
        {"online", 0, IMP_OPTION_FLAG, &o->online, NULL,
         "train on episodes that are driven during the training instead of a dataset: first "
         "by the expert, then by the network; see the options below",
         IMP_SETTING},
    };
    static const imp_option table[] = {
        IMP_MEMBER_OPTION("replay_buffer", 0, IMP_SETTING),
        IMP_MEMBER_OPTION_WITH_HELP("collect.episodes", 'n', IMP_SETTING,
                                    "new episodes per epoch, which replace the oldest"),
        IMP_MEMBER_OPTION("collect.steps", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("collect.noise", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("collect.expert_share", 0, IMP_SETTING),
    };
    // --online itself, then what it allows
    imp_options_add_all(options, online, 1);
    imp_options_add_members(options, "With --online, as everything below", table,
                            (int)(sizeof table / sizeof table[0]), &imp_online_members, &o->def);
    imp_sim_options_add_without_seed(options, &o->sim);
}

// Sets the defaults that differ with --online. They are saved as settings.
static void set_defaults_for_online_training(imp_train_settings *s, const online_settings *o,
                                             const imp_options *options)
{
    s->data.count = 0;
    if (!imp_option_is_given(options, &s->train->epochs))
        s->train->epochs = o->def.train.epochs;
    if (!imp_option_is_given(options, &s->train->schedule))
        s->train->schedule = o->def.train.schedule;
}

// Applies the options of the simulation to collecting. Seed and threads are those of the training.
static imp_status apply_online_options(online_settings *o, const imp_train_settings *s,
                                       const imp_options *options, imp_error *err)
{
    // one seed and one number of threads serve both collecting and training
    o->def.collect.sim.env.seed = s->train->seed;
    o->def.collect.sim.threads = s->train->trainer.threads;
    o->def.train = *s->train;
    return imp_sim_options_complete_def(options, &o->sim, &o->assets, err);
}

// Refuses options that have no effect: those of the simulation without --online, those of datasets
// with it.
static imp_status refuse_options_without_effect(const imp_train_settings *s,
                                                const online_settings *o,
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
    const char *refused = imp_option_is_given(options, &s->data)             ? "data"
                          : s->train->validation != train.validation         ? "validation"
                          : s->train->shuffle_buffer != train.shuffle_buffer ? "shuffle-buffer"
                          : s->train->patience != train.patience             ? "patience"
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
    imp_train_def train = *s->train;
    train.settings = settings;
    if (!o->online)
        return imp_train(summary, s->out, s->folders, s->data.count, &train, monitor, err);
    o->def.train.settings = o->def.collect.settings = settings;
    o->def.train.communicator = train.communicator;
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
imp_status imp_train_settings_refuse_input_as_output(const imp_train_settings *s, imp_error *err)
{
    if (is_same_folder(s->train->initial, s->out))
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

// Whether the datasets can be read, and a network be made for their images.
static imp_status check_datasets(const imp_train_settings *s, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int k = 0; k < s->data.count && status == IMP_OK; k++) {
        imp_dataset *dataset;
        IMP_TRY(imp_dataset_open(&dataset, s->folders[k], err));
        const imp_dataset_info *info = imp_dataset_get_info(dataset);
        status = imp_train_check_def(s->train, info->width, info->height, err);
        imp_dataset_close(dataset);
    }
    return status;
}

// Checks and converts the options.
static imp_status check_train_command(void *state, const imp_options *options, imp_error *err)
{
    train_state *all = state;
    imp_train_settings *s = &all->train;
    online_settings *o = &all->online;
    IMP_TRY(imp_run_folder_check_resume(options, s->out, s->train->resume, s->force, err));
    IMP_TRY(refuse_options_without_effect(s, o, options, err));
    if (o->online)
        set_defaults_for_online_training(s, o, options);
    IMP_TRY(imp_train_settings_convert_and_check(s, err));
    if (!o->online)
        return check_datasets(s, err);
    IMP_TRY(apply_online_options(o, s, options, err));
    const imp_camera_def *camera = &o->def.collect.sim.camera;
    return imp_train_check_def(s->train, camera->width, camera->height, err);
}

// Claims the folder, trains.
static imp_status run_train_command(void *state, const imp_options *options, imp_error *err)
{
    train_state *all = state;
    imp_train_settings *s = &all->train;
    online_settings *o = &all->online;
    imp_run_folder folder;
    // without --online, its options are not saved
    imp_options saved_options = *options;
    if (!o->online)
        saved_options.count = o->first;
    imp_status status = imp_train_settings_refuse_input_as_output(s, err);
    const bool writes = imp_options_is_writing_rank(options);
    s->train->communicator = options->ranks;
    if (status == IMP_OK && writes)
        status = imp_run_folder_create_or_resume(&folder, &saved_options, s->out, s->train->resume,
                                                 s->force, err);
    if (status != IMP_OK)
        return status;
    if (!o->online && writes)
        warn_unfinished_datasets(s);
    // settings are stored in the model
    char *json;
    status = imp_options_to_json(&json, &saved_options, err);
    imp_monitor monitor = imp_console_create_monitor(options);
    if (status == IMP_OK)
        status = train_offline_or_online(&all->summary, s, o, json, &monitor, err);
    imp_console_clear_progress();
    free(json);
    return writes ? imp_run_folder_keep_or_restore(&folder, &saved_options, status, err) : status;
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
    s->def = imp_default_train_def();
    s->train = imp_default_train_settings(&s->def);
    s->online.def = imp_default_online_def();
    s->online.sim = imp_default_sim_options(&s->online.def.collect.sim);
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
    .operand_option = "data",
    .details =
        "Behaviour cloning: the input is an image, the output the expert's two duty cycles. "
        "Writes the best and the last weights (safetensors), the state for --resume, the "
        "loss as a table (CSV, JSON lines) and a plot (SVG), and a log for TensorBoard. With "
        "--online, episodes are driven during the training and kept in memory.",
    .examples = "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-d --force &&\n"
                "  imprint train --data /tmp/imprint-d --epochs 2 --out /tmp/imprint-m --force\n"
                "  imprint train --online --network one-residual-actions --start-angle-deg 60 \\\n"
                "    --replay-buffer 16 --episodes 4 --epochs 3 --out /tmp/imprint-o --force",
    .works_in_ranks = true,
    .state_size = sizeof(train_state),
    .set_up = set_up_train_command,
    .check = check_train_command,
    .run = run_train_command,
    .report = print_train_result,
    .tear_down = free_train_command,
};
