#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/run_folder.h"

typedef struct settings {
    imp_seg_train_def train;
    imp_assets *assets; // NULL: ours
    imp_sim_options sim;
    imp_text_list maps;
    const char *architecture, *out;
    bool resume, force;
    imp_seg_train_summary summary;
} settings;

static void add_options(imp_options *options, settings *s)
{
    imp_seg_train_def *train = &s->train;
    imp_sim_options *sim = &s->sim;
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "folder of the new segmenter", IMP_TRANSIENT},
        {"map", 'm', IMP_OPTION_LIST, &s->maps, "MAP",
         "map or folder of maps to take pictures on; may be repeated [all built-in maps]",
         IMP_INPUT_PATH},
        {"split", 0, IMP_OPTION_TEXT, &sim->split, "PART",
         "maps to learn on: train, test or all; the others are for judging", IMP_SETTING},
        {"network", 0, IMP_OPTION_TEXT, &s->architecture, "NAME",
         "segmenter, or the YAML file of one (docs/segmentation.md)", IMP_INPUT_PATH},
        {"epochs", 'e', IMP_OPTION_INT, &train->epochs, "N", "how often progress is judged",
         IMP_SETTING},
        {"images", 0, IMP_OPTION_INT, &train->pictures, "N", "new ones in each epoch", IMP_SETTING},
        {"validation-images", 0, IMP_OPTION_INT, &train->held_out, "N", "pictures to judge by",
         IMP_SETTING},
        {"batch", 'b', IMP_OPTION_INT, &train->trainer.batch, "N", "pictures per step",
         IMP_SETTING},
        {"learning-rate", 0, IMP_OPTION_REAL, &train->trainer.learning_rate, "R",
         "at the start; falls along half a cosine", IMP_SETTING},
        {"seed", 's', IMP_OPTION_SEED, &train->seed, "N", "of pictures and weights", IMP_SETTING},
        {"size", 0, IMP_OPTION_PAIR, sim->size, "WxH", "size of a picture [80x60]", IMP_SETTING},
        {"lens", 0, IMP_OPTION_TEXT, &sim->lens, "LENS",
         "duckiebot, none, or a robot's calibration (YAML)", IMP_INPUT_PATH},
        {"assets", 0, IMP_OPTION_TEXT, &sim->assets, "DIR",
         "draw with the textures and meshes of duckietown-world or gym-duckietown in this folder",
         IMP_INPUT_PATH},
        {"style", 0, IMP_OPTION_TEXT, &sim->style, "STYLE",
         "of the assets' tiles: photos, synthetic, synthetic-F or smooth", IMP_SETTING},
        {"shards", 0, IMP_OPTION_INT, &train->trainer.shards, "N",
         "parts of a batch that threads work on; part of the result", IMP_SETTING},
        {"threads", 'j', IMP_OPTION_INT, &train->trainer.threads, "N",
         "threads, 0 for one per processor; never changes results", IMP_TRANSIENT},
        {"checkpoint-steps", 0, IMP_OPTION_INT, &train->checkpoint_steps, "N",
         "save the state every so many steps", IMP_FLEXIBLE},
        {"resume", 0, IMP_OPTION_FLAG, &s->resume, NULL,
         "continue an interrupted training, with its settings", IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
    imp_randomization_options_add(options, sim);
}

static json_t *score_json(const imp_seg_score *score)
{
    json_t *classes = json_object();
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        json_object_set_new(classes, imp_class_name(c), imp_json_real_or_null(score->iou[c]));
    return json_pack("{s:o, s:o, s:o}", "mean_iou", imp_json_real_or_null(score->mean_iou),
                     "accuracy", imp_json_real_or_null(score->accuracy), "iou", classes);
}

static int print_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    const imp_seg_train_summary *sum = &s->summary;
    if (options->json)
        return imp_console_finish_with_json(
            json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:i, s:i, s:o, s:f, s:f}", "out", s->out,
                      "pictures", (json_int_t)sum->pictures, "parameters",
                      (json_int_t)sum->parameters, "loss", imp_json_real_or_null(sum->loss),
                      "validation_loss", imp_json_real_or_null(sum->validation_loss), "best_loss",
                      imp_json_real_or_null(sum->best_loss), "best_epoch", sum->best_epoch,
                      "held_out", sum->held_out, "score", score_json(&sum->score), "seconds",
                      sum->seconds, "pictures_per_second", sum->pictures_per_second));
    printf("%s: %s in %.1f s (%.0f pictures/s), loss %.5f, validation %.5f, best %.5f "
           "in epoch %d\n\n",
           s->out, IMP_PLURAL(sum->pictures, "picture"), sum->seconds, sum->pictures_per_second,
           sum->loss, sum->validation_loss, sum->best_loss, sum->best_epoch);
    printf("on %s   intersection over union\n", IMP_PLURAL(sum->held_out, "held-out picture"));
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        if (isfinite(sum->score.iou[c]))
            printf("  %-12s %5.1f %%\n", imp_class_name(c), 100.0 * sum->score.iou[c]);
        else
            printf("  %-12s     none seen\n", imp_class_name(c));
    printf("  %-12s %5.1f %%   (%.1f %% of all pixels are right)\n", "mean",
           100.0 * sum->score.mean_iou, 100.0 * sum->score.accuracy);
    return imp_console_flush();
}

static imp_status apply_options(settings *s, const imp_options *options, imp_error *err)
{
    imp_seg_train_def *train = &s->train;
    imp_calibration calibration;
    imp_camera probe;
    imp_status status = imp_check_thread_count(train->trainer.threads, err);
    if (strlen(s->architecture) >= sizeof train->network.architecture)
        status = imp_fail(err, IMP_USAGE, "--network: unknown architecture '%s'", s->architecture);
    train->randomization = imp_randomization_none();
    if (status == IMP_OK)
        status = imp_randomization_options_parse(options, &s->sim, &train->randomization, err);
    if (status == IMP_OK)
        status = imp_parse_lens_option(s->sim.lens, &calibration, err);
    if (status == IMP_OK)
        status = imp_sim_options_read_split(&s->sim, &train->split, err);
    if (status == IMP_OK)
        status = imp_sim_options_open_assets(options, &s->sim, &train->scene, &s->assets, err);
    if (status != IMP_OK)
        return status;
    strcpy(train->network.architecture, s->architecture);
    train->camera.lens = calibration.lens;
    train->camera.width = s->sim.size[0];
    train->camera.height = s->sim.size[1];
    train->maps = s->maps.count > 0 ? s->maps.items : NULL;
    train->map_count = s->maps.count;
    return imp_camera_init(&probe, &train->camera, err);
}

static imp_status train_segmenter(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    imp_run_folder folder;
    imp_status status = apply_options(s, options, err);
    if (status == IMP_OK)
        status = imp_run_folder_begin(&folder, options, s->out, s->resume, s->force, err);
    if (status != IMP_OK)
        return status;
    char *json = imp_options_to_json(options);
    const imp_monitor monitor = imp_console_monitor(options);
    s->train.resume = s->resume;
    s->train.settings = json != NULL ? json : "{}";
    status = imp_train_segmenter(&s->summary, s->out, &s->train, &monitor, err);
    imp_console_clear_progress();
    free(json);
    return imp_run_folder_finish(&folder, options, status, err);
}

static void set_up(void *state, imp_options *options)
{
    settings *s = state;
    s->sim = imp_default_sim_options();
    s->train = imp_default_seg_train_def();
    s->architecture = "segmenter";
    s->sim.randomize = "looks";
    s->sim.split = imp_map_split_name(s->train.split);
    s->out = "runs/segmenter";
    add_options(options, s);
}

static void tear_down(void *state)
{
    settings *s = state;
    imp_assets_close(s->assets);
}

const imp_command imp_command_seg_train = {
    .name = "seg-train",
    .summary = "train a network to tell road, lines and obstacles apart",
    .operands = "",
    .details =
        "Learns from pictures that are rendered as they are needed, each seen once, and "
        "judges by pictures of maps that it does not learn on. A policy that was trained on "
        "segments (--observe segments) then drives on what it finds: imprint eval --segmenter "
        "DIR. Writes the model, the loss as a table and a picture, and segments.png: picture, "
        "truth, and what the model finds.",
    .examples = "  imprint seg-train --map loop_empty --split all --epochs 2 --images 160 "
                "--validation-images 32 \\\n"
                "    --out /tmp/imprint-s --force",
    .state_size = sizeof(settings),
    .set_up = set_up,
    .run = train_segmenter,
    .report = print_summary,
    .tear_down = tear_down,
};
