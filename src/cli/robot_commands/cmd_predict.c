// imprint predict: what policies would do on images: of files, folders, videos and datasets.
// Actions go to a table, and with --out to images on which they are drawn, and to a sheet of them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/image/image.h"
#include "base/io/atomic_file.h"
#include "base/io/file.h"
#include "base/text/csv.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"
#include "cli/robot_commands/prediction_overlay.h"
#include "sim/robot/image_preprocessor.h"

enum { SHEET_MAX = 60, SHEET_PIXELS = 1920 };

typedef struct settings {
    imp_text_list policies;
    const char *segmenter, *robot, *draw, *out;
    int every;
    bool images, force;
    imp_predictor predictor;
    imp_segmenter *masks; // NULL: no classes are drawn
    imp_image_preprocessor *mask_input;
    size_t mask_input_bytes;
    imp_overlay_parts parts;
    FILE *table;
    json_t *list; // NULL: print lines
    int count;
    // tiles of the sheet
    uint8_t *tiles[SHEET_MAX];
    int tile_height, tile_count;
    bool opened;
} settings;

// Opens the segmenter for --overlay classes and lane.
static imp_status open_segmenter(settings *s, imp_error *err)
{
    imp_network *network;
    if (s->segmenter[0] == '\0')
        return IMP_OK;
    IMP_TRY(imp_segmenter_load(&network, s->segmenter, err));
    imp_status status = imp_segmenter_create(&s->masks, network, err);
    const imp_network_def *info = imp_network_info(network);
    s->mask_input_bytes = (size_t)info->width * (size_t)info->height * 3;
    if (status == IMP_OK)
        status =
            imp_image_preprocessor_create(&s->mask_input, info->width, info->height, NULL, err);
    imp_network_destroy(network);
    return status;
}

// Paints each cell with the class of which it has most. shares: (IMP_CLASS_COUNT x cells).
static void paint_likeliest_classes(const float *shares, size_t cells, uint8_t *rgb)
{
    for (size_t k = 0; k < cells; k++) {
        int best = 0;
        for (int c = 1; c < IMP_CLASS_COUNT; c++)
            if (shares[(size_t)c * cells + k] > shares[(size_t)best * cells + k])
                best = c;
        memcpy(rgb + 3 * k, imp_class_colour(best), 3);
    }
}

// Finds the classes of an image and paints them. *masks: freed by the caller; NULL without one.
static imp_status segment_and_colour_image(settings *s, const imp_image_frame *frame,
                                           uint8_t **masks, imp_error *err)
{
    *masks = NULL;
    if (s->masks == NULL || !(s->parts.classes || s->parts.lane))
        return IMP_OK;
    const int width = imp_segmenter_width(s->masks), height = imp_segmenter_height(s->masks);
    uint8_t *input = malloc(s->mask_input_bytes);
    *masks = malloc((size_t)width * (size_t)height * 3);
    imp_status status = input != NULL && *masks != NULL
                            ? IMP_OK
                            : imp_fail(err, IMP_NO_MEMORY, "out of memory for classes");
    if (status == IMP_OK)
        status = imp_image_preprocessor_run(s->mask_input, frame->rgb, frame->width, frame->height,
                                            input, err);
    if (status == IMP_OK)
        paint_likeliest_classes(imp_segmenter_run(s->masks, input), (size_t)width * (size_t)height,
                                *masks);
    free(input);
    return status;
}

// Writes one line for each policy.
static void write_prediction_rows(settings *s, const imp_image_frame *frame)
{
    for (int k = 0; k < s->predictor.count; k++) {
        const imp_action a = s->predictor.actions[k];
        const double doubt = s->predictor.doubts[k];
        char doubtful[32] = "";
        double speed, turn_rate;
        imp_velocity_from_action(a, &speed, &turn_rate);
        if (doubt >= 0.0)
            snprintf(doubtful, sizeof doubtful, "  doubt %.3f", doubt);
        // small differences are straight
        const int side = imp_action_turn_direction(a, 0.1);
        if (s->table != NULL) {
            imp_csv_write_field(s->table, frame->name);
            fputc(',', s->table);
            imp_csv_write_field(s->table, s->predictor.names[k]);
            fprintf(s->table, ",%.4f,%.4f,%.4f,%.4f,%d,", a.left, a.right, speed, turn_rate, side);
            if (doubt >= 0.0)
                fprintf(s->table, "%.4f", doubt);
            fputc('\n', s->table);
        }
        if (s->list != NULL)
            imp_json_append(s->list, json_pack("{s:s, s:s, s:f, s:f, s:i, s:o}", "image",
                                               frame->name, "policy", s->predictor.names[k], "left",
                                               a.left, "right", a.right, "side", side, "doubt",
                                               imp_json_real_or_null(doubt >= 0.0 ? doubt : NAN)));
        else
            printf("%s  %s  %+.3f %+.3f  %s%s\n", frame->name, s->predictor.names[k], a.left,
                   a.right,
                   side > 0   ? "left"
                   : side < 0 ? "right"
                              : "straight",
                   doubtful);
    }
}

// Draws an image, writes it, and keeps it for the sheet.
static imp_status draw_frame(settings *s, const imp_image_frame *frame, imp_error *err)
{
    const int width = s->predictor.count * IMP_OVERLAY_WIDTH, height = imp_overlay_height(frame);
    // all tiles of a sheet have one size
    const bool on_sheet =
        s->tile_count < SHEET_MAX && (s->tile_count == 0 || height == s->tile_height);
    if (s->out == NULL || !(s->images || on_sheet))
        return IMP_OK;
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3), *masks = NULL;
    if (rgb == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an image");
    imp_status status = segment_and_colour_image(s, frame, &masks, err);
    if (status == IMP_OK)
        status = imp_overlay_draw_predictions(
            rgb, &s->predictor, frame, masks, masks != NULL ? imp_segmenter_width(s->masks) : 0,
            masks != NULL ? imp_segmenter_height(s->masks) : 0, &s->parts, err);
    if (status == IMP_OK && s->images) {
        char name[64], path[IMP_PATH_MAX];
        snprintf(name, sizeof name, "frame-%05d.png", s->count);
        status = imp_path_join(path, s->out, name, err);
        if (status == IMP_OK)
            status = imp_png_write(path, width, height, rgb, err);
    }
    free(masks);
    if (status == IMP_OK && on_sheet) {
        s->tile_height = height;
        s->tiles[s->tile_count++] = rgb;
    } else {
        free(rgb);
    }
    return status;
}

// All policies on one image.
static imp_status predict_and_draw_frame(void *context, const imp_image_frame *frame,
                                         imp_error *err)
{
    settings *s = context;
    IMP_TRY(imp_predictor_act(&s->predictor, frame, err));
    write_prediction_rows(s, frame);
    IMP_TRY(draw_frame(s, frame, err));
    s->count++;
    return IMP_OK;
}

// Puts the tiles into rows of one image.
static imp_status write_sheet(const settings *s, imp_error *err)
{
    // as many columns as fit into the width, and at least one
    const int tile = s->predictor.count * IMP_OVERLAY_WIDTH;
    const int fitting = SHEET_PIXELS / tile > 0 ? SHEET_PIXELS / tile : 1;
    const int columns = s->tile_count < fitting ? s->tile_count : fitting;
    char path[IMP_PATH_MAX];
    if (s->tile_count == 0)
        return IMP_OK;
    const int rows = (s->tile_count + columns - 1) / columns;
    const size_t row = (size_t)columns * (size_t)tile * 3, own = (size_t)tile * 3;
    uint8_t *sheet = calloc((size_t)rows * (size_t)s->tile_height, row);
    if (sheet == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the sheet");
    // row by row, since tiles lie side by side
    for (int k = 0; k < s->tile_count; k++)
        for (int y = 0; y < s->tile_height; y++)
            memcpy(sheet + ((size_t)(k / columns * s->tile_height) + (size_t)y) * row +
                       (size_t)(k % columns) * own,
                   s->tiles[k] + (size_t)y * own, own);
    imp_status status = imp_path_join(path, s->out, "sheet.png", err);
    if (status == IMP_OK)
        status = imp_png_write(path, columns * tile, rows * s->tile_height, sheet, err);
    free(sheet);
    return status;
}

// Visits all inputs, then writes table and sheet.
static imp_status predict_all_images(settings *s, const imp_options *options, imp_error *err)
{
    const imp_monitor monitor = imp_console_create_monitor(options);
    imp_atomic_file file;
    char path[IMP_PATH_MAX];
    imp_status status = IMP_OK;
    if (s->out != NULL) {
        IMP_TRY(imp_path_join(path, s->out, "predictions.csv", err));
        IMP_TRY(imp_atomic_file_open(&file, path, err));
        s->table = file.stream;
        fputs("image,policy,left,right,speed,turn_rate,side,doubt\n", s->table);
    }
    for (int k = 0; k < options->operand_count && status == IMP_OK; k++)
        status = imp_image_frames_visit(options->operands[k], s->every, predict_and_draw_frame, s,
                                        &monitor, err);
    if (s->out != NULL && status == IMP_OK)
        status = imp_atomic_file_commit(&file, err);
    else if (s->out != NULL)
        imp_atomic_file_discard(&file);
    return status == IMP_OK && s->out != NULL ? write_sheet(s, err) : status;
}

// What --overlay names.
static imp_status parse_overlay_parts(settings *s, imp_error *err)
{
    char copy[64], *rest = copy;
    snprintf(copy, sizeof copy, "%s", s->draw);
    for (char *word; (word = strsep(&rest, ",")) != NULL;) {
        s->parts.arrow |= strcmp(word, "arrow") == 0;
        s->parts.classes |= strcmp(word, "classes") == 0;
        s->parts.lane |= strcmp(word, "lane") == 0;
        if (strcmp(word, "arrow") != 0 && strcmp(word, "classes") != 0 &&
            strcmp(word, "lane") != 0 && strcmp(word, "none") != 0)
            return imp_fail(err, IMP_USAGE,
                            "--overlay: '%.40s' is none of arrow, lane, classes and none", word);
    }
    return IMP_OK;
}

// Opens everything, then predicts image by image.
static imp_status run_predict_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    if (options->operand_count < 1)
        return imp_fail(err, IMP_USAGE,
                        "give images: files, a folder, a video or a dataset, as in imprint predict "
                        "--policy MODEL image.png");
    if (s->every < 1)
        return imp_fail(err, IMP_USAGE, "--every must be at least 1");
    imp_output_folder folder = {0};
    // all options and models first: images may be many
    IMP_TRY(parse_overlay_parts(s, err));
    s->opened = true;
    IMP_TRY(imp_predictor_open(&s->predictor, &s->policies, s->segmenter, s->robot, options->quiet,
                               err));
    IMP_TRY(open_segmenter(s, err));
    if (s->out != NULL)
        IMP_TRY(imp_output_folder_claim(&folder, options, s->out, s->force, err));
    // images go by one at a time; what was there before comes back if one fails
    s->list = options->json ? json_array() : NULL;
    const imp_status status = predict_all_images(s, options, err);
    imp_console_clear_progress();
    if (s->out != NULL)
        imp_output_folder_restore_or_drop_backup(&folder, status, err);
    return status;
}

// Predictions as JSON, or where they were written.
static int print_prediction_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    if (options->json)
        return imp_console_finish_with_json(json_pack("{s:i, s:s?, s:O}", "images", s->count, "out",
                                                      s->out, "predictions", s->list));
    if (s->out != NULL)
        printf("%s: predictions.csv and sheet.png of %s\n", s->out, IMP_PLURAL(s->count, "image"));
    return imp_console_flush();
}

// What was opened in run_predict_command(), as far as it came.
static void free_predict_command(void *state)
{
    settings *s = state;
    if (s->opened)
        imp_predictor_close(&s->predictor);
    imp_segmenter_destroy(s->masks);
    imp_image_preprocessor_destroy(s->mask_input);
    json_decref(s->list);
    for (int k = 0; k < s->tile_count; k++)
        free(s->tiles[k]);
}

// Defaults and options.
static void set_up_predict_command(void *state, imp_options *options)
{
    settings *s = state;
    s->segmenter = "";
    s->robot = "";
    s->draw = "arrow,lane,classes";
    s->every = 1;
    const imp_option table[] = {
        {"policy", 'p', IMP_OPTION_LIST, &s->policies, "MODEL",
         "model file, or a folder of `imprint train`; may be repeated: policies side by side",
         IMP_TRANSIENT},
        {"segmenter", 0, IMP_OPTION_TEXT, &s->segmenter, "MODEL",
         "model of imprint seg-train: for policies on masks, and for the classes that are drawn",
         IMP_TRANSIENT},
        {"robot", 0, IMP_OPTION_TEXT, &s->robot, "ROBOT",
         "the robot whose camera took the images: they are converted to the camera of the training",
         IMP_TRANSIENT},
        {"every", 0, IMP_OPTION_INT, &s->every, "N", "use every N-th image", IMP_TRANSIENT},
        {"overlay", 0, IMP_OPTION_TEXT, &s->draw, "PARTS",
         "what is drawn, with commas between: arrow (path of the next second), lane (lines that "
         "the segmenter finds), classes (all that it finds), or none",
         IMP_TRANSIENT},
        {"images", 0, IMP_OPTION_FLAG, &s->images, NULL,
         "with --out, write an image for each input as well, beside the sheet of the first 60",
         IMP_TRANSIENT},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "write predictions.csv and sheet.png there",
         IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

const imp_command imp_command_predict = {
    .name = "predict",
    .summary = "what policies would do on images, as a table and drawn on them",
    .operands = "IMAGES...",
    .details =
        "IMAGES are PNG or JPEG files, folders of them, videos (decoded by the program ffmpeg), or "
        "datasets. Prints the duty cycles of each policy and the side that it steers to; a "
        "difference of up to 0.1 between the wheels counts as straight. Images of videos and "
        "datasets follow each other, so that policies with memory have their history.",
    .examples =
        "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-predict-d --force &&\n"
        "  imprint train --data /tmp/imprint-predict-d --epochs 1 --out /tmp/imprint-predict-m "
        "--force &&\n"
        "  imprint predict --policy /tmp/imprint-predict-m --every 50 --out /tmp/imprint-predict-o "
        "--force /tmp/imprint-predict-d",
    .state_size = sizeof(settings),
    .set_up = set_up_predict_command,
    .run = run_predict_command,
    .report = print_prediction_summary,
    .tear_down = free_predict_command,
};
