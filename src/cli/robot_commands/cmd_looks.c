// imprint looks: prints how images look, as percentiles of a few figures: those of files, folders,
// videos and datasets, and those that episodes under a randomisation begin with. So it shows where
// what was rendered differs from what a robot saw.
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/robot_commands/image_frames.h"
#include "evaluate/image_looks/image_looks.h"
#include "imprint/sim.h"
#include "sim/robot/image_preprocessor.h"

enum { PERCENTILES = 3, ROWS_MAX = 64, EPISODES_MAX = 100000 };
static const double SHARES[PERCENTILES] = {0.1, 0.5, 0.9};

// How long the expert drives before an episode's image is taken [s].
static const double DRIVE_SECONDS = 0.6;

// A row of the table: the images of one source.
typedef struct looks_row {
    char name[64];
    int count;
    double figures[PERCENTILES][IMP_LOOK_COUNT];
} looks_row;

typedef struct settings {
    imp_sim_def def;
    imp_sim_options sim;
    int episodes, every;
    double horizon;
    imp_image_preprocessor *input; // to the size at which images are measured
    imp_image_statistics looks;    // of the present row
    looks_row rows[ROWS_MAX];
    int row_count;
} settings;

// Scales an image to the size of an observation, and adds its figures.
static imp_status measure_image_statistics_of_frame(void *context, const imp_image_frame *frame,
                                                    imp_error *err)
{
    settings *s = context;
    uint8_t small[IMP_LOOKS_HEIGHT * IMP_LOOKS_WIDTH * 3];
    double figures[IMP_LOOK_COUNT];
    IMP_TRY(
        imp_image_preprocessor_run(s->input, frame->rgb, frame->width, frame->height, small, err));
    imp_image_statistics_compute(figures, small, s->horizon);
    return imp_image_statistics_add(&s->looks, figures, err);
}

// Makes a row of what was measured since the last one.
static imp_status compute_percentiles_of_row(settings *s, const char *name, imp_error *err)
{
    looks_row *row = &s->rows[s->row_count++];
    snprintf(row->name, sizeof row->name, "%s", name);
    row->count = s->looks.count;
    const imp_status status =
        imp_image_statistics_percentiles(row->figures, &s->looks, SHARES, PERCENTILES, err);
    imp_image_statistics_free(&s->looks);
    return status;
}

static imp_status measure_statistics_of_images(settings *s, const char *path,
                                               const imp_monitor *monitor, imp_error *err)
{
    IMP_TRY(
        imp_image_frames_visit(path, s->every, measure_image_statistics_of_frame, s, monitor, err));
    const char *name = imp_path_base_name(path);
    return compute_percentiles_of_row(s, name[0] != '\0' ? name : path, err);
}

// The image of an episode, after the expert drove for a moment.
static imp_status measure_image_of_episode(settings *s, imp_sim *sim, int episode, imp_error *err)
{
    const imp_env *env = imp_sim_env(sim);
    uint8_t rgb[IMP_LOOKS_HEIGHT * IMP_LOOKS_WIDTH * 3];
    const imp_image_frame frame = {"", rgb, IMP_LOOKS_WIDTH, IMP_LOOKS_HEIGHT, true};
    IMP_TRY(imp_sim_reset(sim, (uint32_t)episode, err));
    while (env->frame * env->def.drive.time_step < DRIVE_SECONDS)
        if (imp_sim_step(sim, imp_sim_expert_action(sim)).terminated)
            break;
    imp_sim_observe(sim, rgb);
    return measure_image_statistics_of_frame(s, &frame, err);
}

// Measures the images of our own episodes, which the expert drives.
static imp_status measure_images_of_episodes(settings *s, const imp_monitor *monitor,
                                             imp_error *err)
{
    imp_sim *sim = NULL;
    char name[64];
    s->def.expert_actions = true;
    s->def.threads = 1;
    imp_status status = imp_sim_create(&sim, &s->def, err);
    for (int k = 0; k < s->episodes && status == IMP_OK; k++) {
        const imp_progress progress = {
            .task = "look", .unit = "episodes", .done = k, .total = s->episodes};
        imp_monitor_progress(monitor, &progress);
        status = imp_monitor_should_stop(monitor) ? imp_fail(err, IMP_INTERRUPTED, "interrupted")
                                                  : measure_image_of_episode(s, sim, k, err);
    }
    imp_sim_destroy(sim);
    snprintf(name, sizeof name, "episodes of %.40s",
             s->sim.randomize[0] != '\0' ? s->sim.randomize : "none");
    return status == IMP_OK ? compute_percentiles_of_row(s, name, err) : status;
}

// A row for each source of images, then one for our own.
static imp_status measure_all_rows(settings *s, const imp_options *options, imp_error *err)
{
    const imp_monitor monitor = imp_console_create_monitor(options);
    IMP_TRY(imp_image_preprocessor_create(&s->input, IMP_LOOKS_WIDTH, IMP_LOOKS_HEIGHT, NULL, err));
    imp_status status = imp_image_statistics_find_horizon(&s->horizon, &s->def.camera, err);
    for (int k = 0; k < options->operand_count && status == IMP_OK; k++)
        status = measure_statistics_of_images(s, options->operands[k], &monitor, err);
    if (status == IMP_OK && s->episodes > 0)
        status = measure_images_of_episodes(s, &monitor, err);
    imp_console_clear_progress();
    return status;
}

// Checks the options, then measures at the size of an observation.
static imp_status run_looks_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    imp_assets *assets = NULL;
    if (s->every < 1)
        return imp_fail(err, IMP_USAGE, "--every must be at least 1");
    if (s->episodes < 0 || s->episodes > EPISODES_MAX)
        return imp_fail(err, IMP_USAGE, "--episodes must be within 0 to %d", (int)EPISODES_MAX);
    if (options->operand_count + (s->episodes > 0) > ROWS_MAX)
        return imp_fail(err, IMP_USAGE, "at most %d sources at a time", (int)ROWS_MAX - 1);
    if (options->operand_count < 1 && s->episodes == 0)
        return imp_fail(err, IMP_USAGE,
                        "give images (files, folders, videos, datasets) or --episodes, as in "
                        "imprint looks frames/ --randomize looks --episodes 200");
    // randomisation is asked for to be compared, so there must be episodes
    if (s->episodes == 0 && (s->sim.randomize[0] != '\0' || s->sim.randomization[0] != '\0'))
        s->episodes = 200;
    imp_status status = imp_sim_options_complete_def(options, &s->sim, &assets, err);
    s->def.camera.width = IMP_LOOKS_WIDTH;
    s->def.camera.height = IMP_LOOKS_HEIGHT;
    if (status == IMP_OK)
        status = measure_all_rows(s, options, err);
    imp_assets_close(assets);
    return status;
}

// Percentiles of each figure.
static json_t *row_as_json(const looks_row *row)
{
    json_t *one = json_pack("{s:s, s:i}", "name", row->name, "images", row->count);
    for (int n = 0; n < IMP_LOOK_COUNT; n++) {
        json_t *list = json_array();
        for (int k = 0; k < PERCENTILES; k++)
            imp_json_append(list, json_real(row->figures[k][n]));
        imp_json_set(one, imp_image_statistic_name(n), list);
    }
    return one;
}

// Three percentiles below each figure.
static int print_image_statistics(const void *state, const imp_options *options)
{
    const settings *s = state;
    if (options->json) {
        json_t *rows = json_array();
        for (int k = 0; k < s->row_count; k++)
            imp_json_append(rows, row_as_json(&s->rows[k]));
        return imp_console_finish_with_json(json_pack("{s:f, s:[f,f,f], s:o}", "horizon",
                                                      s->horizon, "shares", SHARES[0], SHARES[1],
                                                      SHARES[2], "sources", rows));
    }
    printf("10th, 50th and 90th percentile of images of 80x60; the horizon is row %.1f\n",
           s->horizon);
    // a column for each figure, a row for each source
    printf("%-24s %6s", "", "images");
    for (int n = 0; n < IMP_LOOK_COUNT; n++)
        printf("  %18s", imp_image_statistic_name(n));
    printf("\n");
    for (int k = 0; k < s->row_count; k++) {
        const looks_row *row = &s->rows[k];
        printf("%-24.24s %6d", row->name, row->count);
        for (int n = 0; n < IMP_LOOK_COUNT; n++)
            printf("  %6.1f%6.1f%6.1f", row->figures[0][n], row->figures[1][n], row->figures[2][n]);
        printf("\n");
    }
    return imp_console_flush();
}

static void free_looks_command(void *state)
{
    settings *s = state;
    imp_image_statistics_free(&s->looks);
    imp_image_preprocessor_destroy(s->input);
}

// Defaults and options; maps and randomisation have tables of their own.
static void set_up_looks_command(void *state, imp_options *options)
{
    settings *s = state;
    s->def = imp_default_sim_def();
    s->sim = imp_default_sim_options(&s->def);
    s->every = 1;
    const imp_option table[] = {
        {"episodes", 0, IMP_OPTION_INT, &s->episodes, "N",
         "measure images of so many episodes, too [200 with --randomize]", IMP_TRANSIENT},
        {"every", 0, IMP_OPTION_INT, &s->every, "N", "use every N-th image", IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
    imp_sim_options_add_for_many_maps(options, &s->sim);
    imp_randomization_options_add(options, &s->sim);
}

const imp_command imp_command_looks = {
    .name = "looks",
    .summary = "compare how images of robots and simulated ones look",
    .operands = "[IMAGES...]",
    .details =
        "IMAGES are PNG or JPEG files, folders of them, videos (decoded by the program ffmpeg), or "
        "datasets; each is a row. --episodes adds a row of images that episodes begin with, under "
        "--randomize. Prints percentiles of: mean luma above the horizon minus that below it; mean "
        "change of luma from pixel to pixel above the horizon; the colourfulness of the road "
        "(largest minus smallest channel); pixels darker than 20; the first row of 60 in which the "
        "road is seen. --robot says where the horizon is.",
    .examples = "  imprint looks --map loop_empty --randomize all,indoors --episodes 20\n"
                "  imprint log --episodes 2 --steps 60 --out /tmp/imprint-looks --force &&\n"
                "  imprint looks /tmp/imprint-looks --every 10 --randomize looks --episodes 20",
    .state_size = sizeof(settings),
    .set_up = set_up_looks_command,
    .run = run_looks_command,
    .report = print_image_statistics,
    .tear_down = free_looks_command,
};
