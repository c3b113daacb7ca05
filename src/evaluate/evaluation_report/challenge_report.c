// The report of a challenge: ranking, episodes, worst episodes and trajectories. The worst of a
// policy's episodes are those that ended early, the earlier the worse; then those in which it
// stalled; then those farthest from the lane's centre line over time.
#include "evaluate/evaluation_report/challenge_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "evaluate/evaluation_report/eval_report.h"

enum { FIXED_COLUMNS = 4, HEADING_MAX = 48 };

void imp_challenge_order_metrics(imp_metric order[IMP_METRIC_COUNT], imp_challenge challenge)
{
    const imp_ranking_criterion *ranking = imp_challenge_ranking_criteria(challenge);
    int count = 0;
    for (; count < IMP_RANKING_CRITERION_COUNT; count++)
        order[count] = ranking[count].metric;
    for (int m = 0; m < IMP_METRIC_COUNT; m++) {
        bool is_ranked = false;
        for (int r = 0; r < IMP_RANKING_CRITERION_COUNT; r++)
            is_ranked = is_ranked || ranking[r].metric == (imp_metric)m;
        if (!is_ranked)
            order[count++] = (imp_metric)m;
    }
}

// How an episode ended, in the words of all tables.
static const char *ending_of(const imp_challenge_episode *r)
{
    return r->ending == IMP_END_MAX_STEPS && r->stalled ? "stalled"
                                                        : imp_end_reason_name(r->ending);
}

// Whether one episode is worse than another.
static bool is_worse(const imp_challenge_episode *a, const imp_challenge_episode *b)
{
    const bool a_lasted = a->ending == IMP_END_MAX_STEPS, b_lasted = b->ending == IMP_END_MAX_STEPS;
    if (a_lasted != b_lasted)
        return b_lasted;
    if (!a_lasted && a->samples != b->samples)
        return a->samples < b->samples;
    if (a->stalled != b->stalled)
        return a->stalled;
    return a->metrics.value[IMP_METRIC_LATERAL] > b->metrics.value[IMP_METRIC_LATERAL];
}

// Finds the worst episodes, the worst first, and returns how many there are.
static int find_worst_episodes(int worst[IMP_SHOWN_WORST], const imp_challenge_result *result)
{
    int count = 0;
    for (int e = 0; e < result->episodes; e++) {
        int at = count;
        while (at > 0 && is_worse(&result->results[e], &result->results[worst[at - 1]]))
            at--;
        if (at == IMP_SHOWN_WORST)
            continue;
        count += count < IMP_SHOWN_WORST;
        for (int k = count - 1; k > at; k--)
            worst[k] = worst[k - 1];
        worst[at] = e;
    }
    return count;
}

// The caption of an episode.
static void format_episode_caption(char out[256], const imp_challenge_report_def *def, int p, int e)
{
    const imp_challenge_episode *r = &def->results[p].results[e];
    snprintf(out, 256, "%.60s, %s, %.47s: %s after %.2f s, %.2f m in lane",
             imp_path_shortest_unique_tail(def->names, def->count, p),
             imp_challenge_name(def->challenge), r->name, ending_of(r),
             r->metrics.value[IMP_METRIC_SURVIVAL], r->metrics.value[IMP_METRIC_LANE]);
}

static int shown_policy_count(const imp_challenge_report_def *def)
{
    return def->count < IMP_SHOWN_POLICIES ? def->count : IMP_SHOWN_POLICIES;
}

// Number of episodes that are drawn, and whose drives are written.
static int drawn_episode_count(const imp_challenge_report_def *def)
{
    const int official = imp_challenge_episode_count(def->challenge);
    return def->results[0].episodes < official ? def->results[0].episodes : official;
}

// Writes the drives of a policy.
static imp_status write_drives(const imp_challenge_report_def *def, int p, imp_error *err)
{
    char name[64], note[256];
    int worst[IMP_SHOWN_WORST];
    const imp_challenge_result *result = &def->results[p];
    const int count = p < shown_policy_count(def) ? find_worst_episodes(worst, result) : 0;
    for (int e = 0; e < drawn_episode_count(def); e++) {
        snprintf(name, sizeof name, "drives/%d-%05d.drive.json", p + 1, e);
        format_episode_caption(note, def, p, e);
        IMP_TRY(imp_report_write_drive(def->folder, name, result->results[e].drive, note, err));
    }
    for (int k = 0; k < count; k++) {
        snprintf(name, sizeof name, "worst-%d-%d.drive.json", p + 1, k + 1);
        format_episode_caption(note, def, p, worst[k]);
        IMP_TRY(
            imp_report_write_drive(def->folder, name, result->results[worst[k]].drive, note, err));
    }
    return IMP_OK;
}

// Headings of a table: its own, then all metrics with their units.
static void write_headings(char texts[IMP_METRIC_COUNT][HEADING_MAX],
                           const char *headings[FIXED_COLUMNS + IMP_METRIC_COUNT], int own,
                           const imp_metric *order)
{
    for (int m = 0; m < IMP_METRIC_COUNT; m++) {
        snprintf(texts[m], HEADING_MAX, "%s [%s]", imp_metric_label(order[m]),
                 imp_metric_unit(order[m]));
        headings[own + m] = texts[m];
    }
}

static void write_metric_cells(imp_html_page *page, const imp_metrics *metrics,
                               const imp_metric *order)
{
    char text[48];
    for (int m = 0; m < IMP_METRIC_COUNT; m++) {
        snprintf(text, sizeof text, "%.3f", metrics->value[order[m]]);
        imp_html_add_cell(page, text, NULL);
    }
}

// A row for each policy, the best first.
static void write_ranking(imp_html_page *page, const imp_challenge_report_def *def,
                          const imp_metric *order)
{
    char texts[IMP_METRIC_COUNT][HEADING_MAX], text[48];
    const char *headings[FIXED_COLUMNS + IMP_METRIC_COUNT] = {"policy", "rank", "completed",
                                                              "progress [%]"};
    write_headings(texts, headings, FIXED_COLUMNS, order);
    imp_html_add_heading(page, "Ranking");
    imp_html_add_paragraph(
        page, "Medians over the episodes. The first four decide the rank, each rounded to a step; "
              "a later one counts only between equals. Survived: how long an episode lasted. No "
              "lane: time outside every legal lane. Traveled: distance along the lane that each "
              "tile was first driven in. Lateral and heading: distance from the lane's centre line "
              "and angle to it, added up over time. Completed: 60 s without a stall. Progress: the "
              "distance as a share of our expert's from the same start; neither is ranked.");
    imp_html_begin_table(page, headings, FIXED_COLUMNS + IMP_METRIC_COUNT);
    // rank, completion and progress, then the medians in the order of the ranking
    for (int place = 0; place < def->count; place++) {
        const int p = def->best_first[place];
        const imp_challenge_result *result = &def->results[p];
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
        snprintf(text, sizeof text, "%d", def->rank[p]);
        imp_html_add_cell(page, text, NULL);
        snprintf(text, sizeof text, "%d / %d", result->completed, result->episodes);
        imp_html_add_cell(page, text, NULL);
        snprintf(text, sizeof text, "%.1f", 100.0 * result->progress.value);
        imp_html_add_cell(page, isnan(result->progress.value) ? "\xe2\x80\x93" : text, NULL);
        write_metric_cells(page, &result->aggregate.median, order);
    }
    imp_html_end_table(page);
}

// A row for each official episode of each policy.
static void write_episodes(imp_html_page *page, const imp_challenge_report_def *def,
                           const imp_metric *order)
{
    enum { OWN = 3 };
    char texts[IMP_METRIC_COUNT][HEADING_MAX];
    const char *headings[FIXED_COLUMNS + IMP_METRIC_COUNT] = {"policy", "episode", "ended by"};
    write_headings(texts, headings, OWN, order);
    imp_html_add_heading(page, "Episodes");
    if (def->results[0].episodes > drawn_episode_count(def))
        imp_html_add_paragraph(page, "The official ones; metrics.json has all.");
    imp_html_begin_table(page, headings, OWN + IMP_METRIC_COUNT);
    for (int p = 0; p < def->count; p++)
        for (int e = 0; e < drawn_episode_count(def); e++) {
            const imp_challenge_episode *r = &def->results[p].results[e];
            imp_html_begin_row(page);
            imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
            imp_html_add_cell(page, r->name, NULL);
            imp_html_add_cell(page, ending_of(r), r->reason[0] != '\0' ? r->reason : NULL);
            write_metric_cells(page, &r->metrics, order);
        }
    imp_html_end_table(page);
}

// The worst episodes in words, each with its drive, and with the page that opens it.
static void write_worst_episodes(imp_html_page *page, const imp_challenge_report_def *def,
                                 const char *simulator)
{
    char caption[256];
    int worst[IMP_SHOWN_WORST];
    imp_html_add_heading(page, "Worst episodes");
    imp_html_add_paragraph(page,
                           "Those that ended early come first, the earliest before all others; "
                           "then those in which the robot stalled; then those farthest from the "
                           "lane's centre line. A drive can be opened in the simulator, gone "
                           "through step by step, and driven on from any of them.");
    for (int p = 0; p < shown_policy_count(def); p++) {
        const int count = find_worst_episodes(worst, &def->results[p]);
        for (int k = 0; k < count; k++) {
            const imp_demonstration *drive = def->results[p].results[worst[k]].drive;
            format_episode_caption(caption, def, p, worst[k]);
            imp_html_add_paragraph(page, caption);
            // an episode that ended before its first step has no drive
            if (drive != NULL && drive->steps >= 1)
                imp_report_add_episode_links(page, simulator, NULL, p, k);
        }
    }
}

// The images of the official episodes.
static imp_status write_trajectories(imp_html_page *page, const imp_challenge_report_def *def,
                                     imp_error *err)
{
    char path[IMP_PATH_MAX], name[96];
    imp_html_add_heading(page, "Trajectories");
    imp_html_add_paragraph(page, "A dot where an episode starts, a cross where it ended early, a "
                                 "ring where the robot stalled.");
    for (int e = 0; e < drawn_episode_count(def); e++) {
        const char *episode = def->results[0].results[e].name;
        snprintf(name, sizeof name, "trajectories-%.47s.png", episode);
        IMP_TRY(imp_path_join(path, def->folder, name, err));
        IMP_TRY(imp_html_add_image(page, path, episode, err));
    }
    return IMP_OK;
}

// Writes the page in the order of its sections.
static imp_status write_page(const imp_challenge_report_def *def, const char *simulator,
                             imp_error *err)
{
    char path[IMP_PATH_MAX], text[256];
    imp_metric order[IMP_METRIC_COUNT];
    imp_html_page page;
    imp_challenge_order_metrics(order, def->challenge);
    IMP_TRY(imp_path_join(path, def->folder, "report.html", err));
    IMP_TRY(imp_html_begin(&page, imp_challenge_name(def->challenge), err));
    snprintf(text, sizeof text,
             "imprint %s: AI-DO's challenge %s, %s of 60 s from the %s starts, seed %llu; the same "
             "for all.",
             imp_version(), imp_challenge_name(def->challenge),
             IMP_PLURAL(def->results[0].episodes, "episode"), def->test ? "test" : "validation",
             (unsigned long long)def->seed);
    imp_html_add_paragraph(&page, text);
    // from the summary to single episodes
    write_ranking(&page, def, order);
    write_episodes(&page, def, order);
    write_worst_episodes(&page, def, simulator);
    const imp_status status = write_trajectories(&page, def, err);
    if (status == IMP_OK)
        return imp_html_finish(&page, path, err);
    imp_html_discard(&page);
    return status;
}

imp_status imp_challenge_report_write(const imp_challenge_report_def *def, imp_error *err)
{
    char path[IMP_PATH_MAX];
    if (def->count < 1)
        return imp_fail(err, IMP_USAGE, "a report needs at least one policy");
    IMP_TRY(imp_path_join(path, def->folder, "drives", err));
    IMP_TRY(imp_folder_create(path, err));
    for (int p = 0; p < def->count; p++)
        IMP_TRY(write_drives(def, p, err));
    const char *simulator = NULL;
    if (def->write_simulator != NULL)
        IMP_TRY(def->write_simulator(&simulator, def->simulator_context, err));
    return write_page(def, simulator, err);
}
