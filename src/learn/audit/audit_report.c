// The report of an audit: a map of the spread of the steering, a sheet of frames that look alike,
// and a page with both, the numbers and what follows from them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "evaluate/report/report_formats/html_page.h"
#include "imprint/audit.h"
#include "imprint/report.h"
#include "learn/audit/frame_sample.h"

// The dataset and the index in it of an episode that is counted over all datasets.
static const imp_episode *find_episode(imp_dataset *const *datasets, int count, int episode)
{
    for (int d = 0; d < count; d++) {
        const int here = imp_dataset_episode_count(datasets[d]);
        if (episode < here)
            return imp_dataset_episode(datasets[d], episode);
        episode -= here;
    }
    return NULL;
}

// An episode on the map with most places, of up to 64 maps.
static const imp_episode *find_common_map(const imp_audit *audit, imp_dataset *const *datasets,
                                          int count)
{
    enum { MAPS_MAX = 64 };
    const imp_episode *maps[MAPS_MAX];
    int places[MAPS_MAX] = {0}, known = 0, best = 0;
    for (int q = 0; q < audit->queries; q++) {
        const imp_episode *here = find_episode(datasets, count, audit->places[q].episode);
        int m = 0;
        while (m < known && !imp_episodes_share_map(maps[m], here))
            m++;
        if (m == MAPS_MAX || !isfinite(audit->places[q].x))
            continue;
        if (m == known)
            maps[known++] = here;
        places[m]++;
    }
    for (int m = 1; m < known; m++)
        if (places[m] > places[best])
            best = m;
    return known > 0 ? maps[best] : NULL;
}

// The places on a map. Returns their number.
static int list_values(imp_map_value *out, const imp_audit *audit, imp_dataset *const *datasets,
                       int count, const imp_episode *map)
{
    int values = 0;
    for (int q = 0; q < audit->queries; q++) {
        const imp_audit_place *place = &audit->places[q];
        if (isfinite(place->x) &&
            imp_episodes_share_map(map, find_episode(datasets, count, place->episode)))
            out[values++] = (imp_map_value){place->x, place->z, place->spread};
    }
    return values;
}

// Writes map.svg, and gives its text for the page; NULL where no map is known.
static imp_status write_map(char **svg, const imp_audit *audit, imp_dataset *const *datasets,
                            int count, const char *folder, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_world *world = NULL;
    size_t length;
    imp_map_image_def def = imp_default_map_image_def();
    const imp_episode *map = find_common_map(audit, datasets, count);
    *svg = NULL;
    if (map == NULL || (map->map_text == NULL && !imp_map_is_builtin(map->map)))
        return IMP_OK;
    imp_map_value *values = calloc((size_t)audit->queries + 1, sizeof *values);
    if (values == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(audit->queries, "place"));
    imp_status status = map->map_text != NULL
                            ? imp_world_parse(&world, map->map_text, map->map_bytes, map->map, err)
                            : imp_world_load(&world, map->map, err);
    if (status == IMP_OK) {
        def.objects = def.lanes = false;
        def.values = values;
        def.value_count = list_values(values, audit, datasets, count, map);
        def.value_max = fmax(0.05, audit->deviation[IMP_AUDIT_ANYWHERE][IMP_AUDIT_STEERING]);
        def.value_name = "spread of steering";
        status = imp_map_image_svg(svg, &length, world, &def, err);
    }
    if (status == IMP_OK)
        status = imp_path_join(path, folder, "map.svg", err);
    if (status == IMP_OK)
        status = imp_file_write(path, *svg, length, err);
    imp_world_destroy(world);
    free(values);
    return status;
}

// Writes alike.png: one pair after the other, three pairs in a row.
static imp_status write_pairs(const imp_audit *audit, imp_dataset *const *datasets, int count,
                              const char *path, imp_error *err)
{
    const imp_dataset_info *info = imp_dataset_get_info(datasets[0]);
    const size_t image = 3 * (size_t)info->width * (size_t)info->height;
    uint8_t *frames = malloc(image * IMP_AUDIT_PAIRS_MAX * 2);
    float actions[IMP_AUDIT_PAIRS_MAX * 2][2];
    if (frames == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(2 * audit->pair_count, "frame"));
    for (int p = 0; p < audit->pair_count; p++)
        for (int k = 0; k < 2; k++) {
            const imp_audit_pair *pair = &audit->pairs[p];
            const imp_episode *data = find_episode(datasets, count, pair->episode[k]);
            memcpy(frames + image * (size_t)(2 * p + k),
                   data->observations + image * (size_t)pair->step[k], image);
            memcpy(actions[2 * p + k], pair->action[k], sizeof pair->action[k]);
        }
    const imp_contact_sheet sheet = {.frames = frames,
                                     .actions = actions[0],
                                     .count = 2 * audit->pair_count,
                                     .width = info->width,
                                     .height = info->height,
                                     .columns = 6,
                                     .scale = info->width < 160 ? 2 : 1};
    const imp_status status = imp_contact_sheet_write(path, &sheet, err);
    free(frames);
    return status;
}

static void add_share(imp_html_page *page, imp_estimate share)
{
    char text[48], note[64];
    if (!isfinite(share.value)) {
        imp_html_add_cell(page, "-", "does not vary");
        return;
    }
    snprintf(text, sizeof text, "%.1f", 100.0 * share.value);
    snprintf(note, sizeof note, "%.1f to %.1f", 100.0 * share.low, 100.0 * share.high);
    imp_html_add_cell(page, text, note);
}

// What each set of inputs leaves open.
static void add_table_of_inputs(imp_html_page *page, const imp_audit *audit)
{
    static const char *const headings[] = {"inputs", "of the steering [%]", "of the drive [%]"};
    imp_html_begin_table(page, headings, sizeof headings / sizeof headings[0]);
    for (int input = 0; input < IMP_AUDIT_INPUT_COUNT; input++) {
        if (!audit->rows[input].known)
            continue;
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_audit_input_name(input),
                          imp_audit_input_is_privileged(input) ? "known to the simulator alone"
                                                               : NULL);
        for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++)
            add_share(page, audit->rows[input].unexplained[label]);
    }
    imp_html_end_table(page);
}

// The steering's spread by situation, for the image and for what adds most to it.
static void add_table_of_situations(imp_html_page *page, const imp_audit *audit)
{
    const char *headings[3 + IMP_AUDIT_INPUT_COUNT] = {"situation", "frames", "of all labels"};
    int inputs[IMP_AUDIT_INPUT_COUNT], count = 0;
    for (int input = 0; input < IMP_AUDIT_INPUT_COUNT; input++)
        if (audit->rows[input].known && input != IMP_AUDIT_IMAGE_OF_HALF) {
            headings[3 + count] = imp_audit_input_name(input);
            inputs[count++] = input;
        }
    imp_html_begin_table(page, headings, 3 + count);
    for (int s = 0; s < IMP_AUDIT_SITUATION_COUNT; s++) {
        char text[32];
        if (audit->situation_queries[s] == 0)
            continue;
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_audit_situation_name(s), NULL);
        snprintf(text, sizeof text, "%d", audit->situation_queries[s]);
        imp_html_add_cell(page, text, NULL);
        snprintf(text, sizeof text, "%.3f", audit->deviation[s][IMP_AUDIT_STEERING]);
        imp_html_add_cell(page, text, NULL);
        for (int k = 0; k < count; k++) {
            snprintf(text, sizeof text, "%.3f",
                     audit->rows[inputs[k]].spread[s][IMP_AUDIT_STEERING]);
            imp_html_add_cell(page, text, NULL);
        }
    }
    imp_html_end_table(page);
}

// The whole page.
static imp_status fill_page(imp_html_page *page, const imp_audit *audit,
                            const char *const *findings, int finding_count, const char *svg,
                            const char *pairs, imp_error *err)
{
    char text[320];
    snprintf(text, sizeof text,
             "%s of %s. For %d of them the nearest frames of other episodes were found.",
             IMP_PLURAL(audit->frames, "frame"), IMP_PLURAL(audit->episodes, "episode"),
             audit->queries);
    imp_html_add_paragraph(page, text);
    for (int k = 0; k < finding_count; k++)
        imp_html_add_paragraph(page, findings[k]);
    imp_html_add_heading(page, "What inputs leave open");
    imp_html_add_paragraph(page,
                           "The share of the variance of the expert's action that remains among "
                           "the nearest frames: 0 where the inputs determine the action, 100 where "
                           "they tell nothing. Below it, its interval.");
    add_table_of_inputs(page, audit);
    imp_html_add_heading(page, "Where the steering stays open");
    imp_html_add_paragraph(page, "Root mean square of what remains of the steering [duty cycle].");
    add_table_of_situations(page, audit);
    if (svg != NULL) {
        imp_html_begin_drawings(page);
        imp_html_add_drawing(page, svg,
                             "Each dot is a frame. Its colour is the standard deviation of the "
                             "steering [duty cycle] among the frames that look like it.");
        imp_html_end_drawings(page);
    }
    if (audit->pair_count == 0)
        return IMP_OK;
    imp_html_add_heading(page, "Alike, and driven differently");
    return imp_html_add_image(page, pairs,
                              "Pairs of frames, each beside the one that is nearest to it. The "
                              "bars are the expert's duty cycles: the longer bar is the outer "
                              "wheel of a turn. The first pair differs most.",
                              err);
}

imp_status imp_audit_write_report(const imp_audit *audit, imp_dataset *const *datasets, int count,
                                  const char *const *findings, int finding_count,
                                  const char *folder, imp_error *err)
{
    char path[IMP_PATH_MAX], pairs[IMP_PATH_MAX], *svg = NULL;
    imp_html_page page;
    IMP_TRY(imp_path_join(path, folder, "report.html", err));
    IMP_TRY(imp_path_join(pairs, folder, "alike.png", err));
    if (audit->pair_count > 0)
        IMP_TRY(write_pairs(audit, datasets, count, pairs, err));
    imp_status status = write_map(&svg, audit, datasets, count, folder, err);
    if (status == IMP_OK)
        status = imp_html_begin(&page, "Audit of recorded driving", err);
    if (status == IMP_OK) {
        status = fill_page(&page, audit, findings, finding_count, svg, pairs, err);
        if (status == IMP_OK)
            status = imp_html_finish(&page, path, err);
        else
            imp_html_discard(&page);
    }
    free(svg);
    return status;
}
