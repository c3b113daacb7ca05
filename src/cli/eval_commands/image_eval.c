// Policies scored on images whose right side is known. An action steers to a side by the sign of
// (right - left); within STRAIGHT it counts as straight. Figures: the share of images labelled left
// or right on which the action has that sign; the balanced accuracy, which is the mean over the
// classes left, straight and right of the share that is classed right; and both by class and by
// light. An image whose label says that it is not sure (confidence "unsure") is left out.
#include "cli/eval_commands/image_eval.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "base/text/csv_table.h"
#include "base/text/plural.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/settings_print.h"
#include "cli/robot_commands/predictor.h"

enum { LABELS_MAX = 100000, LIGHTS_MAX = 16, TABLE_BYTES_MAX = 16 << 20, CLASSES = 3 };
static const double STRAIGHT = 0.1;
static const char *const CLASS_NAMES[CLASSES] = {"right", "straight", "left"};

// Images of one group: how many, on how many the sign and the class are right.
typedef struct group_score {
    int64_t count, sided, right_side, right_class;
    double difference; // sum of (right - left)
} group_score;

typedef struct policy_score {
    char name[128];
    group_score all, classes[CLASSES], lights[LIGHTS_MAX];
} policy_score;

struct imp_image_scores {
    policy_score policies[IMP_PREDICTOR_POLICIES_MAX];
    int policy_count, light_count;
    char lights[LIGHTS_MAX][32];
    int64_t images, left_out;
};

// Column of the table.
enum { FILE_NAME, STEER, LIGHT, CONFIDENCE, COLUMN_COUNT };
static const char *const COLUMN_NAMES[COLUMN_COUNT][2] = {
    {"file", "image"}, {"steer", "side"}, {"light", "lighting"}, {"confidence", "sure"}};
static const imp_csv_columns COLUMNS = {
    COLUMN_NAMES, COLUMN_COUNT, STEER + 1, "images",
    "a table of labelled images begins with a line such as file,steer,light"};

// The number of a light, which is added if it is new; the last stands for all others.
static int find_or_add_light_condition(imp_image_scores *scores, const char *name)
{
    for (int k = 0; k < scores->light_count; k++)
        if (strncmp(scores->lights[k], name, sizeof scores->lights[0] - 1) == 0)
            return k;
    if (scores->light_count == LIGHTS_MAX)
        return LIGHTS_MAX - 1;
    snprintf(scores->lights[scores->light_count], sizeof scores->lights[0], "%s", name);
    return scores->light_count++;
}

// A label of 0 is straight ahead, which has no right side.
static void add_prediction_to_group_score(group_score *g, int label, imp_action action)
{
    const double difference = action.right - action.left;
    g->count++;
    g->sided += label != 0;
    g->right_side += label != 0 && difference * label > 0.0;
    g->right_class += imp_action_turn_direction(action, STRAIGHT) == label;
    g->difference += difference;
}

// Scores one row of the table.
static imp_status score_image_of_row(imp_image_scores *scores, imp_predictor *predictor,
                                     const imp_csv_table *table, const char *folder, imp_error *err)
{
    const char *file = imp_csv_field(table, FILE_NAME), *steer = imp_csv_field(table, STEER);
    char path[IMP_PATH_MAX], *end;
    const long label = strtol(steer, &end, 10);
    if (end == steer || *end != '\0' || label < -1 || label > 1)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s:%d: steer must be 1 (left), 0 (straight) or -1 (right), not '%.20s'",
                        table->path, table->line, steer);
    if (strcmp(imp_csv_field(table, CONFIDENCE), "unsure") == 0) {
        scores->left_out++;
        return IMP_OK;
    }
    // names are relative to the table
    if (file[0] == '/')
        snprintf(path, sizeof path, "%s", file);
    else
        IMP_TRY(imp_path_join(path, folder, file, err));
    imp_image_frame frame = {.name = file, .begins = true};
    uint8_t *rgb;
    IMP_TRY(imp_image_read(&rgb, &frame.width, &frame.height, path, err));
    frame.rgb = rgb;
    const imp_status status = imp_predictor_act(predictor, &frame, err);
    free(rgb);
    IMP_TRY(status);
    const int light = find_or_add_light_condition(scores, imp_csv_field(table, LIGHT));
    scores->images++;
    // each image counts in three groups: all, its class and its light
    for (int k = 0; k < predictor->count; k++) {
        policy_score *p = &scores->policies[k];
        add_prediction_to_group_score(&p->all, (int)label, predictor->actions[k]);
        add_prediction_to_group_score(&p->classes[label + 1], (int)label, predictor->actions[k]);
        add_prediction_to_group_score(&p->lights[light], (int)label, predictor->actions[k]);
    }
    return IMP_OK;
}

// Scores every row of the table. Files are named relative to its folder.
static imp_status score_images_of_table(imp_image_scores *scores, imp_predictor *predictor,
                                        char *text, const char *path, const imp_monitor *monitor,
                                        imp_error *err)
{
    imp_csv_table table;
    char folder[IMP_PATH_MAX];
    IMP_TRY(imp_path_parent(folder, path, err));
    IMP_TRY(imp_csv_table_init(&table, text, path, &COLUMNS, err));
    while (imp_csv_table_next(&table)) {
        if (imp_monitor_should_stop(monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
        if (scores->images + scores->left_out == LABELS_MAX)
            return imp_fail(err, IMP_BAD_INPUT, "%s: more than %d images", path, (int)LABELS_MAX);
        IMP_TRY(score_image_of_row(scores, predictor, &table, folder, err));
    }
    return scores->images > 0
               ? IMP_OK
               : imp_fail(err, IMP_BAD_INPUT, "%s: names no image with a sure label", path);
}

imp_status imp_image_eval_run(imp_image_scores **out, const char *table,
                              const imp_text_list *policies, const char *segmenter,
                              const char *robot, const imp_options *options, imp_error *err)
{
    const imp_monitor monitor = imp_console_create_monitor(options);
    imp_predictor predictor;
    char *text = NULL;
    size_t length;
    imp_image_scores *scores = calloc(1, sizeof *scores);
    if (scores == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for scores");
    imp_status status =
        imp_predictor_open(&predictor, policies, segmenter, robot, options->quiet, err);
    // names are copied, because the predictor is closed before the report
    for (int k = 0; k < predictor.count; k++)
        snprintf(scores->policies[k].name, sizeof scores->policies[k].name, "%s",
                 predictor.names[k]);
    scores->policy_count = predictor.count;
    if (status == IMP_OK)
        status = imp_file_read(&text, &length, table, TABLE_BYTES_MAX, err);
    if (status == IMP_OK)
        status = score_images_of_table(scores, &predictor, text, table, &monitor, err);
    imp_predictor_close(&predictor);
    free(text);
    if (status == IMP_OK)
        *out = scores;
    else
        free(scores);
    return status;
}

void imp_image_scores_free(imp_image_scores *scores)
{
    free(scores);
}

static double ratio_or_nan(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

// The mean over the classes that occur.
static double balanced_accuracy(const policy_score *p)
{
    double sum = 0.0;
    int classes = 0;
    for (int k = 0; k < CLASSES; k++)
        if (p->classes[k].count > 0) {
            sum += ratio_or_nan(p->classes[k].right_class, p->classes[k].count);
            classes++;
        }
    return sum / classes;
}

static json_t *group_score_json(const group_score *g)
{
    return json_pack("{s:I, s:o, s:o, s:o}", "images", (json_int_t)g->count, "right_side",
                     imp_json_real_or_null(ratio_or_nan(g->right_side, g->sided)), "accuracy",
                     imp_json_real_or_null(ratio_or_nan(g->right_class, g->count)),
                     "mean_difference", imp_json_real_or_null(g->difference / (double)g->count));
}

// Scores of a policy: of all images, by class and by light.
static json_t *policy_json(const imp_image_scores *scores, const policy_score *p)
{
    json_t *classes = json_object(), *lights = json_object();
    for (int k = 0; k < CLASSES; k++)
        imp_json_set(classes, CLASS_NAMES[k], group_score_json(&p->classes[k]));
    for (int k = 0; k < scores->light_count; k++)
        imp_json_set(lights, scores->lights[k][0] != '\0' ? scores->lights[k] : "unknown",
                     group_score_json(&p->lights[k]));
    return json_pack("{s:s, s:o, s:f, s:o, s:o}", "policy", p->name, "all",
                     group_score_json(&p->all), "balanced_accuracy", balanced_accuracy(p),
                     "classes", classes, "lights", lights);
}

// A line, unless the group is empty.
static void print_group_score(const char *name, const group_score *g)
{
    if (g->count == 0)
        return;
    printf("    %-16.16s %4lld images", name, (long long)g->count);
    if (g->sided > 0)
        printf(", right side on %lld of %lld", (long long)g->right_side, (long long)g->sided);
    printf(", class right on %lld, right - left %+.3f on average\n", (long long)g->right_class,
           g->difference / (double)g->count);
}

int imp_image_eval_print(const imp_image_scores *scores, const imp_options *options)
{
    json_t *list = json_array();
    for (int k = 0; k < scores->policy_count; k++) {
        const policy_score *p = &scores->policies[k];
        if (options->json) {
            imp_json_append(list, policy_json(scores, p));
            continue;
        }
        printf("%s\n  right side on %lld of %lld images with a curve (%.1f %%), balanced accuracy "
               "%.1f %%\n",
               p->name, (long long)p->all.right_side, (long long)p->all.sided,
               100.0 * ratio_or_nan(p->all.right_side, p->all.sided), 100.0 * balanced_accuracy(p));
        // by class, then by light
        for (int c = 0; c < CLASSES; c++)
            print_group_score(CLASS_NAMES[c], &p->classes[c]);
        for (int c = 0; c < scores->light_count; c++)
            print_group_score(scores->lights[c][0] != '\0' ? scores->lights[c] : "unknown light",
                              &p->lights[c]);
    }
    if (options->json)
        return imp_console_finish_with_json(
            json_pack("{s:I, s:I, s:o}", "images", (json_int_t)scores->images, "left_out",
                      (json_int_t)scores->left_out, "policies", list));
    json_decref(list);
    printf("%s, %lld left out as unsure; up to %g counts as straight\n",
           IMP_PLURAL(scores->images, "image"), (long long)scores->left_out, STRAIGHT);
    return imp_console_flush();
}
