// imprint seg-train: trains a segmentation network on rendered images with ground-truth masks.
// Images are rendered during the training, each is seen once; other maps provide the images for
// validation. The training options are those of `imprint train`: their definitions are taken from
// its table by name, so both commands have the same names, defaults and help texts. Models store
// the settings. Options that this command gained later are stored only if they differ from their
// defaults, so that models keep the bytes they had before.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/run_folder.h"
#include "cli/train_commands/train_settings.h"
#include "learn/settings/settings_tables.h"
#include "sim/simulator/sim_settings.h"

// Options of `imprint train` that this command gained later.
static const char *const ADDED[] = {
    "from",         "optimiser", "momentum",     "nesterov",     "clip-norm",
    "ema-decay",    "schedule",  "decay-factor", "decay-epochs", "warm-up-steps",
    "weight-decay", "patience",  "tensorboard",  NULL,
};
// Options of `imprint train` that this command always had.
static const char *const SHARED[] = {
    "shards", "threads", "checkpoint-steps", "resume", "force", NULL,
};

// Options and the result for the report.
typedef struct settings {
    imp_seg_train_def def;
    imp_train_settings training; // its definition's, which is put into def
    imp_assets *assets;          // NULL: ours
    imp_sim_options sim;
    imp_text_list maps;
    imp_seg_train_summary summary;
} settings;

// The options of this command first, then those of `imprint train`, then randomisation.
static void add_seg_train_options(imp_options *options, settings *s)
{
    imp_train_settings *training = &s->training;
    imp_sim_options *sim = &s->sim;
    const imp_option maps[] = {
        {"out", 'o', IMP_OPTION_TEXT, &training->out, "DIR", "folder of the new model",
         IMP_TRANSIENT},
        {"map", 'm', IMP_OPTION_LIST, &s->maps, "MAP",
         "map or folder of maps for the images; may be repeated [all built-in maps]",
         IMP_INPUT_PATH},
        IMP_MEMBER_OPTION_WITH_HELP(
            "split", 0, IMP_SETTING,
            "maps to train on: train, test or all; the others are for validation"),
    };
    const imp_option table[] = {
        {"network", 0, IMP_OPTION_TEXT, &training->architecture, "NAME",
         "segmentation network, built in or a YAML file (docs/segmentation.md)", IMP_INPUT_PATH},
        IMP_MEMBER_OPTION_WITH_HELP("train.epochs", 'e', IMP_SETTING,
                                    "number of epochs; each ends with a validation"),
        IMP_MEMBER_OPTION("images", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("validation_images", 0, IMP_SETTING),
        IMP_MEMBER_OPTION_WITH_HELP("train.trainer.batch", 'b', IMP_SETTING, "images per step"),
        IMP_MEMBER_OPTION_WITH_HELP(
            "train.trainer.learning_rate", 0, IMP_SETTING,
            "learning rate at the start; it falls along half a cosine, or as --schedule says"),
        IMP_MEMBER_OPTION_WITH_HELP("train.seed", 's', IMP_SETTING, "seed of images and weights"),
        // camera and scene
        {"size", 0, IMP_OPTION_PAIR, &sim->def->camera.width, "WxH", "size of an image [80x60]",
         IMP_SETTING},
        {"lens", 0, IMP_OPTION_TEXT, &sim->lens, "LENS",
         "duckiebot, none, or a robot's calibration (YAML)", IMP_INPUT_PATH},
    };
    imp_options_add_members(options, NULL, maps, (int)(sizeof maps / sizeof maps[0]),
                            &imp_sim_members, sim->def);
    imp_options_add_members(options, NULL, table, (int)(sizeof table / sizeof table[0]),
                            &imp_seg_train_members, &s->def);
    imp_sim_options_add_robot(options, sim, NULL);
    imp_sim_options_add_assets(options, sim, NULL);
    imp_train_options_add_named(options, training, ADDED);
    imp_train_options_add_named(options, training, SHARED);
    imp_randomization_options_add(options, sim);
}

// Settings of `imprint train`, with the defaults of segmentation.
static imp_train_settings default_seg_train_settings(imp_train_def *train)
{
    imp_train_settings training = imp_default_train_settings(train);
    training.data.count = 0;
    training.architecture = "segmenter";
    training.loss = NULL; // there is one loss for classes
    training.out = "runs/segmenter";
    return training;
}

// The settings that models store, as JSON: without the added options that have their defaults. The
// caller frees it.
static imp_status settings_stored_in_model(char **out, const imp_options *options, imp_error *err)
{
    imp_train_def train = imp_default_seg_train_def().train;
    imp_train_settings training = default_seg_train_settings(&train);
    imp_options added;
    // the defaults of the added options
    imp_options_init(&added, options->command);
    imp_train_options_add_named(&added, &training, ADDED);
    // both sets of options in the form in which models store them
    char *texts[2] = {NULL, NULL};
    imp_status status = imp_options_to_json(&texts[0], options, err);
    if (status == IMP_OK)
        status = imp_options_to_json(&texts[1], &added, err);
    json_t *all = texts[0] != NULL ? json_loads(texts[0], 0, NULL) : NULL, *value;
    json_t *defaults = texts[1] != NULL ? json_loads(texts[1], 0, NULL) : NULL;
    const char *key;
    // remove what equals its default
    json_object_foreach(defaults, key, value) if (json_equal(json_object_get(all, key), value))
        json_object_del(all, key);
    *out = all != NULL ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    if (status == IMP_OK && (*out == NULL || defaults == NULL))
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for settings");
    json_decref(defaults);
    json_decref(all);
    free(texts[0]);
    free(texts[1]);
    imp_options_free(&added);
    return status;
}

// Intersection over union of each class; null for a class that no image shows.
static json_t *segmentation_score_json(const imp_seg_score *score)
{
    // the classes are named, so that their order does not matter
    json_t *classes = json_object();
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        imp_json_set(classes, imp_class_name(c), imp_json_real_or_null(score->iou[c]));
    return json_pack("{s:o, s:o, s:o}", "mean_iou", imp_json_real_or_null(score->mean_iou),
                     "accuracy", imp_json_real_or_null(score->accuracy), "iou", classes);
}

// Prints loss, rate and score.
static int print_seg_train_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    const imp_seg_train_summary *sum = &s->summary;
    const imp_train_summary *train = &sum->train;
    // an epoch consists of new images, so the total counts each image once
    const int64_t seen = train->epochs * train->samples;
    const char *out = s->training.out;
    if (options->json)
        return imp_console_finish_with_json(json_pack(
            "{s:s, s:I, s:I, s:i, s:b, s:o, s:o, s:o, s:i, s:I, s:o, s:f, s:f}", "out", out,
            "pictures", (json_int_t)seen, "parameters", (json_int_t)train->parameters, "epochs",
            train->epochs, "stopped_early", train->stopped_early, "loss",
            imp_json_real_or_null(train->loss), "validation_loss",
            imp_json_real_or_null(train->validation_loss), "best_loss",
            imp_json_real_or_null(train->best_loss), "best_epoch", train->best_epoch, "held_out",
            (json_int_t)train->validation_samples, "score", segmentation_score_json(&sum->score),
            "seconds", train->seconds, "pictures_per_second", train->samples_per_second));
    printf("%s: %s%s in %.1f s (%.0f images/s), loss %.5f, validation %.5f, best %.5f in epoch "
           "%d\n\n",
           out, IMP_PLURAL(seen, "image"), train->stopped_early ? " (stopped early)" : "",
           train->seconds, train->samples_per_second, train->loss, train->validation_loss,
           train->best_loss, train->best_epoch);
    // the score on the validation images
    printf("on %s   intersection over union\n",
           IMP_PLURAL(train->validation_samples, "validation image"));
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        if (isfinite(sum->score.iou[c]))
            printf("  %-12s %5.1f %%\n", imp_class_name(c), 100.0 * sum->score.iou[c]);
        else
            printf("  %-12s     none seen\n", imp_class_name(c));
    printf("  %-12s %5.1f %%   (%.1f %% of all pixels are correct)\n", "mean",
           100.0 * sum->score.mean_iou, 100.0 * sum->score.accuracy);
    return imp_console_flush();
}

// Converts the options to the library's definition.
static imp_status read_seg_train_options(settings *s, const imp_options *options, imp_error *err)
{
    imp_seg_train_def *def = &s->def;
    imp_calibration calibration;
    imp_camera probe;
    // nothing is randomised unless the options ask for it
    def->sim.randomization = imp_randomization_none();
    IMP_TRY(imp_train_settings_convert_and_check(&s->training, err));
    IMP_TRY(imp_randomization_options_parse(options, &s->sim, &def->sim.randomization, err));
    IMP_TRY(imp_parse_lens_option(s->sim.lens, &calibration, err));
    IMP_TRY(imp_sim_options_open_assets(options, &s->sim, &s->assets, err));
    def->sim.camera.lens = calibration.lens;
    IMP_TRY(imp_sim_options_apply_robot(options, &s->sim, err));
    def->sim.maps = s->maps.count > 0 ? s->maps.items : NULL;
    def->sim.map_count = s->maps.count;
    return imp_camera_init(&probe, &def->sim.camera, err);
}

// Checks the output, claims the folder, trains.
static imp_status run_seg_train_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    const imp_train_settings *training = &s->training;
    imp_run_folder folder;
    const bool writes = imp_options_is_writing_rank(options);
    IMP_TRY(read_seg_train_options(s, options, err));
    IMP_TRY(imp_train_settings_refuse_input_as_output(training, err));
    if (writes)
        IMP_TRY(imp_run_folder_create_or_resume(&folder, options, training->out,
                                                training->train->resume, training->force, err));
    char *json;
    imp_status status = settings_stored_in_model(&json, options, err);
    const imp_monitor monitor = imp_console_create_monitor(options);
    s->def.train.settings = json;
    s->def.train.communicator = options->ranks;
    if (status == IMP_OK)
        status = imp_train_segmenter(&s->summary, training->out, &s->def, &monitor, err);
    imp_console_clear_progress();
    free(json);
    return writes ? imp_run_folder_keep_or_restore(&folder, options, status, err) : status;
}

// Appearance is randomised by default: the network should work under other light and on other
// ground.
static void set_up_seg_train_command(void *state, imp_options *options)
{
    settings *s = state;
    s->def = imp_default_seg_train_def();
    s->training = default_seg_train_settings(&s->def.train);
    s->sim = imp_default_sim_options(&s->def.sim);
    s->sim.randomize = "looks";
    add_seg_train_options(options, s);
}

// Closes the assets, if any were opened.
static void free_seg_train_command(void *state)
{
    settings *s = state;
    imp_assets_close(s->assets);
}

const imp_command imp_command_seg_train = {
    .name = "seg-train",
    .summary = "train a network for semantic segmentation",
    .operands = "",
    .operand_option = "map",
    .details =
        "Trains on images that are rendered during the training, each seen once, and "
        "validates on images of other maps. A policy that was trained on masks (--observation "
        "segments) can then drive from images: imprint eval --segmenter DIR. Writes the model, "
        "the loss as a table and a plot, and segments.png: image, true mask and predicted "
        "mask.",
    .examples = "  imprint seg-train --map loop_empty --split all --epochs 2 --images 160 "
                "--validation-images 32 \\\n"
                "    --out /tmp/imprint-s --force",
    .works_in_ranks = true,
    .state_size = sizeof(settings),
    .set_up = set_up_seg_train_command,
    .run = run_seg_train_command,
    .report = print_seg_train_summary,
    .tear_down = free_seg_train_command,
};
