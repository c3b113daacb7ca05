// Writes report.html, the page of an evaluation: summary with confidence intervals, paired
// comparison, plots, robustness, results by map, trajectories, worst episodes and saliency. The
// image files are written first, by eval_report_images.c; then the page embeds them.
#include "evaluate/evaluation_report/eval_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"

// Adds a cell with an estimate and its interval below, such as "12.3" and "11.9 to 12.7". A missing
// value is a dash.
static void write_estimate_cell(imp_html_page *page, imp_estimate e, double unit, int digits)
{
    // Estimates come in SI units or as shares; `unit` converts them, such as 100 for percent or cm.
    char text[48] = "\xe2\x80\x93", note[96] = "";
    if (!isnan(e.value))
        snprintf(text, sizeof text, "%.*f", digits, unit * e.value);
    if (!isnan(e.low))
        snprintf(note, sizeof note, "%.*f to %.*f", digits, unit * e.low, digits, unit * e.high);
    imp_html_add_cell(page, text, note);
}

// Adds a cell such as "12 / 20".
static void write_count_cell(imp_html_page *page, int count, int of)
{
    char text[48];
    snprintf(text, sizeof text, "%d / %d", count, of);
    imp_html_add_cell(page, text, NULL);
}

// Adds a cell with a number of `digits` decimals.
static void write_number_cell(imp_html_page *page, double value, int digits)
{
    char text[48];
    snprintf(text, sizeof text, "%.*f", digits, value);
    imp_html_add_cell(page, text, NULL);
}

// Adds the cells that the tables of policies and of maps share, with units in percent, cm, m and
// m/s.
static void write_stats_cells(imp_html_page *page, const imp_eval_stats *f)
{
    // How many episodes were completed, how far they got, and what became of the others.
    write_count_cell(page, f->completed, f->episodes);
    write_estimate_cell(page, f->completion, 100.0, 1);
    write_estimate_cell(page, f->progress, 100.0, 1);
    write_count_cell(page, f->survived, f->episodes);
    write_number_cell(page, f->stalled, 0);
    // How the robot drove.
    write_estimate_cell(page, f->lane_distance, 100.0, 2);
    write_estimate_cell(page, f->distance, 1.0, 2);
    write_estimate_cell(page, f->speed, 1.0, 3);
    write_estimate_cell(page, f->reward, 1.0, 1);
}

// Adds the table with one row per policy, over all maps.
static void write_summary_table(imp_html_page *page, const imp_eval_report_def *def)
{
    static const char *const headings[] = {"policy",
                                           "completed",
                                           "completed [%]",
                                           "progress [%]",
                                           "survived",
                                           "stalled",
                                           "|lane distance| [cm]",
                                           "distance [m]",
                                           "speed [m/s]",
                                           "reward",
                                           "p95 |lane distance| [cm]",
                                           "|action - expert|"};
    static const char *const explanations[] = {
        "Completed: the robot drove to the last step without a stall. A stall: it gets less than "
        "0.1 m ahead in 10 s, with nothing to wait for. Survived: the episode lasted to its last "
        "step, even if the robot stood. Progress: the way along the lanes as a share of our "
        "expert's from the same start. Distance is along the lane, per episode. Reward is "
        "gym-duckietown's.",
        "|lane distance|: how far the robot is from the middle of its lane, on average. p95 is its "
        "95th percentile: in 95 % of the steps the robot is nearer. |action - expert|: how far the "
        "duty cycles of the wheels, from -1 to 1, are from those that our expert would have chosen "
        "in the same place, on average. 0 would be the expert itself.",
        "Below a figure stands its 95 % confidence interval: other starts of the same kind would "
        "have given a figure of about that size. It is narrower with more episodes. That of "
        "completed is Wilson's, made for shares. The others are Student's t, made for means of few "
        "values, where each episode counts as one value."};
    imp_html_add_heading(page, "How they drove");
    imp_html_begin_table(page, headings, sizeof headings / sizeof headings[0]);
    // Names are shortened to what distinguishes them.
    for (int p = 0; p < def->count; p++) {
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
        write_stats_cells(page, &def->evaluations[p].stats);
        write_number_cell(page, 100.0 * def->evaluations[p].lane_distance_p95, 2);
        write_estimate_cell(page, def->evaluations[p].stats.action_error, 1.0, 3);
    }
    imp_html_end_table(page);
    for (size_t k = 0; k < sizeof explanations / sizeof explanations[0]; k++)
        imp_html_add_paragraph(page, explanations[k]);
}

// What collisions of a policy were with, "2 with a duckie, 1 with a cone"; "" without one.
static void format_collision_counts(char *out, size_t capacity, const imp_evaluation *evaluation)
{
    size_t used = 0;
    out[0] = '\0';
    for (int kind = 0; kind < IMP_OBJECT_KIND_COUNT; kind++) {
        const char *name = NULL;
        int count = 0;
        for (int e = 0; e < evaluation->episodes; e++) {
            const imp_episode_result *r = &evaluation->results[e];
            if (r->ending != IMP_END_COLLISION || r->collided_with != kind)
                continue;
            name = imp_episode_collided_with(r);
            count++;
        }
        if (count > 0 && used < capacity)
            used += (size_t)snprintf(out + used, capacity - used, "%s%d with a %s",
                                     used > 0 ? ", " : "", count, name);
    }
}

// Adds the table of how episodes ended, unless all lasted to their last step.
static void write_endings_table(imp_html_page *page, const imp_eval_report_def *def)
{
    // the second column is for routes only
    static const char *const headings[] = {"policy",       "arrived",   "max steps",
                                           "invalid pose", "collision", "collided with"};
    static const char *const without_routes[] = {"policy", "max steps", "invalid pose", "collision",
                                                 "collided with"};
    static const imp_end_reason endings[] = {IMP_END_ARRIVED, IMP_END_MAX_STEPS,
                                             IMP_END_INVALID_POSE, IMP_END_COLLISION};
    const bool routes = def->defs[0].sim.env.commands == IMP_COMMANDS_ROUTE;
    bool lasted = true;
    for (int p = 0; p < def->count; p++)
        lasted = lasted && def->evaluations[p].survived == def->evaluations[p].episodes;
    if (lasted)
        return;
    imp_html_add_heading(page, "How episodes ended");
    imp_html_begin_table(page, routes ? headings : without_routes, routes ? 6 : 5);
    for (int p = 0; p < def->count; p++) {
        const imp_evaluation *evaluation = &def->evaluations[p];
        char text[256];
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
        for (size_t k = routes ? 0 : 1; k < sizeof endings / sizeof endings[0]; k++) {
            int count = 0;
            for (int e = 0; e < evaluation->episodes; e++)
                count += evaluation->results[e].ending == endings[k];
            write_number_cell(page, count, 0);
        }
        format_collision_counts(text, sizeof text, evaluation);
        imp_html_add_cell(page, text[0] != '\0' ? text : "\xe2\x80\x93", NULL);
    }
    imp_html_end_table(page);
    imp_html_add_paragraph(
        page, "Max steps: the episode lasted to its last step. Invalid pose: the robot left the "
              "road, which is that its centre, its front or a wheel was on no tile to drive on. "
              "Collision: the robot touched an object.");
}

// Adds the table of paired differences between each policy and the first.
static imp_status write_comparison_table(imp_html_page *page, const imp_eval_report_def *def,
                                         imp_error *err)
{
    static const char *const headings[] = {
        "policy",       "only it completed", "only the first did",   "p of that",
        "progress [%]", "distance [m]",      "|lane distance| [cm]", "reward"};
    // A single policy has nothing to be compared with.
    if (def->count < 2)
        return IMP_OK;
    char text[400];
    snprintf(
        text, sizeof text,
        "Differences on the same starts, each policy minus %.100s: episodes are paired, so "
        "that what is hard for both does not count. p of that: how often chance alone would give "
        "such a difference in completion to policies that are equally good (McNemar's sign test).",
        imp_path_shortest_unique_tail(def->names, def->count, 0));
    imp_html_add_heading(page, "Compared with the first");
    imp_html_add_paragraph(page, text);
    imp_html_begin_table(page, headings, sizeof headings / sizeof headings[0]);
    for (int p = 1; p < def->count; p++) {
        // Compare with the first policy on the same starts.
        imp_comparison c;
        IMP_TRY(imp_evaluation_compare(&c, &def->evaluations[p], &def->evaluations[0], err));
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
        write_number_cell(page, c.completed_only_first, 0);
        write_number_cell(page, c.completed_only_second, 0);
        // The last digits of a tiny p say nothing.
        if (c.completion_p < 0.001)
            imp_html_add_cell(page, "< 0.001", NULL);
        else
            write_number_cell(page, c.completion_p, 3);
        write_estimate_cell(page, c.progress, 100.0, 1);
        write_estimate_cell(page, c.distance, 1.0, 2);
        write_estimate_cell(page, c.lane_distance, 100.0, 2);
        write_estimate_cell(page, c.reward, 1.0, 1);
    }
    imp_html_end_table(page);
    return IMP_OK;
}

// Adds the table of navigation commands, if any were given.
static void write_command_table(imp_html_page *page, const imp_eval_report_def *def)
{
    static const char *const headings[] = {"policy",   "intersections", "commands",
                                           "followed", "followed [%]",  "wrong turns"};
    if (def->defs[0].sim.env.commands == IMP_COMMANDS_NONE)
        return;
    imp_html_add_heading(page, "Navigation commands");
    imp_html_add_paragraph(
        page,
        "Intersections with a choice that were left; how many of them had a command in force, "
        "and how many were left by the way of the command. Wrong turns are the others that "
        "were left; on the rest an episode ended early.");
    imp_html_begin_table(page, headings, sizeof headings / sizeof headings[0]);
    for (int p = 0; p < def->count; p++) {
        const imp_eval_stats *f = &def->evaluations[p].stats;
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
        write_number_cell(page, f->crossed, 0);
        write_number_cell(page, f->commanded, 0);
        write_number_cell(page, f->followed, 0);
        write_estimate_cell(page, f->obedience, 100.0, 1);
        write_number_cell(page, f->wrong_turns, 0);
    }
    imp_html_end_table(page);
}

// Adds the table of routes, if there were any.
static void write_route_table(imp_html_page *page, const imp_eval_report_def *def)
{
    static const char *const headings[] = {"policy", "routes", "arrived", "arrived [%]",
                                           "driven / planned"};
    if (def->defs[0].sim.env.commands != IMP_COMMANDS_ROUTE)
        return;
    imp_html_add_heading(page, "Routes");
    imp_html_add_paragraph(
        page, "Episodes with a route to a destination, and how many of them arrived in time. For "
              "those, the distance driven as a multiple of the route's length.");
    imp_html_begin_table(page, headings, sizeof headings / sizeof headings[0]);
    for (int p = 0; p < def->count; p++) {
        const imp_eval_stats *f = &def->evaluations[p].stats;
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
        write_number_cell(page, f->routes, 0);
        write_number_cell(page, f->arrived, 0);
        write_estimate_cell(page, f->arrival, 100.0, 1);
        write_estimate_cell(page, f->detour, 1.0, 3);
    }
    imp_html_end_table(page);
}

// Adds the table of speeds, if episodes asked for one.
static void write_wanted_speed_table(imp_html_page *page, const imp_eval_report_def *def)
{
    static const char *const headings[] = {"policy", "speed [m/s]", "|speed - wanted| [m/s]"};
    if (def->defs[0].sim.env.wanted_speed_max == 0.0)
        return;
    imp_html_add_heading(page, "Wanted speed");
    imp_html_add_paragraph(page, "Each episode asks for a speed. How far the robot's speed was "
                                 "from it, on average over settled steps.");
    imp_html_begin_table(page, headings, sizeof headings / sizeof headings[0]);
    for (int p = 0; p < def->count; p++) {
        const imp_eval_stats *f = &def->evaluations[p].stats;
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
        write_estimate_cell(page, f->speed, 1.0, 3);
        write_estimate_cell(page, f->speed_error, 1.0, 3);
    }
    imp_html_end_table(page);
}

// Adds the table of doubt, if a policy has it.
static void write_doubt_table(imp_html_page *page, const imp_eval_report_def *def)
{
    static const char *const headings[] = {"policy",    "decisions",  "failures",       "AUROC",
                                           "doubt [%]", "failed [%]", "calibration [%]"};
    bool any = false;
    for (int p = 0; p < def->count; p++)
        any = any || def->evaluations[p].doubt.decisions > 0;
    if (!any)
        return;
    imp_html_add_heading(page, "Doubt");
    imp_html_add_paragraph(
        page,
        "Doubt is how likely a policy holds it that its episode ends by the rules within 2 s. "
        "AUROC is how often doubt is larger before a failure than elsewhere: 50 % is chance. "
        "Doubt is calibrated if it equals the share of decisions that failed; calibration is "
        "the mean difference of the two in ten groups of decisions.");
    imp_html_begin_table(page, headings, sizeof headings / sizeof headings[0]);
    for (int p = 0; p < def->count; p++) {
        const imp_doubt_stats *d = &def->evaluations[p].doubt;
        if (d->decisions == 0)
            continue;
        imp_html_begin_row(page);
        imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
        write_number_cell(page, (double)d->decisions, 0);
        write_number_cell(page, d->failed_episodes, 0);
        write_estimate_cell(page, d->auroc, 1.0, 3);
        write_number_cell(page, 100.0 * d->mean, 2);
        write_number_cell(page, 100.0 * (double)d->failing / (double)d->decisions, 2);
        write_number_cell(page, 100.0 * d->calibration_error, 2);
    }
    imp_html_end_table(page);
}

// Adds the table by map, unless there is only one map.
// Rows are grouped by map, so that policies on one map stand below each other.
static void write_map_table(imp_html_page *page, const imp_eval_report_def *def)
{
    static const char *const headings[] = {
        "map",          "policy",      "completed", "completed [%]",
        "progress [%]", "survived",    "stalled",   "|lane distance| [cm]",
        "distance [m]", "speed [m/s]", "reward"};
    if (def->evaluations[0].map_count < 2)
        return;
    imp_html_add_heading(page, "Map by map");
    imp_html_begin_table(page, headings, sizeof headings / sizeof headings[0]);
    for (int map = 0; map < def->evaluations[0].map_count; map++)
        for (int p = 0; p < def->count; p++) {
            const imp_map_eval_stats *m = &def->evaluations[p].maps[map];
            // Maps that no episode was drawn on are left out.
            if (m->stats.episodes == 0)
                continue;
            imp_html_begin_row(page);
            imp_html_add_cell(page, m->name,
                              imp_policy_factory_was_trained_on_map(def->drivers[p], m->name)
                                  ? "trained on"
                                  : NULL);
            imp_html_add_cell(page, imp_path_shortest_unique_tail(def->names, def->count, p), NULL);
            write_stats_cells(page, &m->stats);
        }
    imp_html_end_table(page);
}

// Embeds an image file of the report's folder.
static imp_status write_image_of_folder(imp_html_page *page, const imp_eval_report_def *def,
                                        const char *name, const char *caption, imp_error *err)
{
    char path[IMP_PATH_MAX];
    const imp_status status = imp_path_join(path, def->folder, name, err);
    return status == IMP_OK ? imp_html_add_image(page, path, caption, err) : status;
}

// Number of maps shown on the page; images of other maps are only files beside it.
enum { MAPS_ON_PAGE = 8 };

// Adds the images of trajectories, one per map.
// The caption of each image is the name of its map.
static imp_status write_trajectories(imp_html_page *page, const imp_eval_report_def *def,
                                     const imp_eval_images *images, imp_error *err)
{
    char text[160];
    // Only the first `plot_episodes` episodes have trajectories.
    snprintf(text, sizeof text,
             "The first %s: a dot where one starts, a cross where one ended early, a ring "
             "where one stalled.",
             IMP_PLURAL(def->defs[0].plot_episodes < def->defs[0].episodes
                            ? def->defs[0].plot_episodes
                            : def->defs[0].episodes,
                        "episode"));
    imp_html_add_heading(page, "Trajectories");
    imp_html_add_paragraph(page, text);
    for (int k = 0; k < images->trajectory_count && k < MAPS_ON_PAGE; k++)
        IMP_TRY(write_image_of_folder(page, def, images->trajectories[k], images->maps[k], err));
    if (images->trajectory_count > MAPS_ON_PAGE)
        imp_html_add_paragraph(page, "Images of more maps are in the folder of this page.");
    return IMP_OK;
}

void imp_report_add_episode_links(imp_html_page *page, const char *simulator,
                                  const char *video_extension, int policy, int rank)
{
    imp_html_link links[3];
    int count = 0;
    if (simulator != NULL) {
        links[count].text = "open in the simulator";
        snprintf(links[count++].href, sizeof links->href, "%.48s#episode=worst-%d-%d", simulator,
                 policy + 1, rank + 1);
    }
    if (video_extension != NULL) {
        links[count].text = "video";
        snprintf(links[count++].href, sizeof links->href, "worst-%d-%d%.16s", policy + 1, rank + 1,
                 video_extension);
    }
    links[count].text = "drive";
    snprintf(links[count++].href, sizeof links->href, "worst-%d-%d.drive.json", policy + 1,
             rank + 1);
    imp_html_add_links(page, links, count);
}

// Adds the contact sheets of each policy's worst episodes.
static imp_status write_filmstrips(imp_html_page *page, const imp_eval_report_def *def,
                                   const imp_eval_images *images, imp_error *err)
{
    imp_html_add_heading(page, "Worst episodes");
    imp_html_add_paragraph(
        page, "Every fifth of a second up to the end or a stall, or around where the robot "
              "was farthest from the lane. The bars are the duty cycles of the left and the "
              "right wheel.");
    // A filmstrip without a name was not written.
    for (int p = 0; p < imp_eval_shown_policies(def); p++)
        for (int k = 0; k < IMP_SHOWN_WORST; k++)
            if (images->filmstrips[p][k].image[0] != '\0') {
                IMP_TRY(write_image_of_folder(page, def, images->filmstrips[p][k].image,
                                              images->filmstrips[p][k].caption, err));
                imp_report_add_episode_links(page, images->simulator,
                                             k < def->video_count ? def->video_extension : NULL, p,
                                             k);
            }
    return IMP_OK;
}

// Adds the saliency images of networks; the heading only if there is one.
static imp_status write_saliency(imp_html_page *page, const imp_eval_report_def *def,
                                 const imp_eval_images *images, imp_error *err)
{
    // The heading comes with the first image, because often no policy is a network.
    bool first = true;
    for (int p = 0; p < imp_eval_shown_policies(def); p++) {
        if (images->saliency[p][0] == '\0')
            continue;
        if (first) {
            imp_html_add_heading(page, "What the networks look at");
            imp_html_add_paragraph(
                page, "Images of the first episode. The brighter a place glows, the more the "
                      "steering changes when it is covered.");
        }
        first = false;
        IMP_TRY(write_image_of_folder(page, def, images->saliency[p],
                                      imp_path_shortest_unique_tail(def->names, def->count, p),
                                      err));
    }
    return IMP_OK;
}

// Writes the sections of the page in their order.
static imp_status write_report_page(imp_html_page *page, const imp_eval_report_def *def,
                                    const imp_eval_images *images, imp_error *err)
{
    // Figures first, then plots, then images; what needs most room comes last.
    if (def->summary != NULL)
        imp_html_add_paragraph(page, def->summary);
    write_summary_table(page, def);
    write_endings_table(page, def);
    imp_status status = write_comparison_table(page, def, err);
    imp_html_add_heading(page, "Plots");
    if (def->count > IMP_SHOWN_POLICIES)
        imp_html_add_paragraph(page, "Plots and images show the first six policies.");
    if (status == IMP_OK)
        status = imp_eval_write_plots(page, def, err);
    if (status == IMP_OK)
        status = imp_eval_write_robustness(page, def, err);
    if (status == IMP_OK) {
        imp_eval_write_failures(page, def);
        write_command_table(page, def);
        write_route_table(page, def);
        write_wanted_speed_table(page, def);
        write_doubt_table(page, def);
        write_map_table(page, def);
        status = write_trajectories(page, def, images, err);
    }
    if (status == IMP_OK)
        status = write_filmstrips(page, def, images, err);
    return status == IMP_OK ? write_saliency(page, def, images, err) : status;
}

// Files first: the page embeds them, and a failure leaves no page that lacks its images.
imp_status imp_eval_report_write(const imp_eval_report_def *def, const imp_monitor *monitor,
                                 imp_error *err)
{
    imp_eval_images images = {0};
    imp_html_page page;
    char path[IMP_PATH_MAX];
    if (def->count < 1)
        return imp_fail(err, IMP_USAGE, "a report needs at least one policy");
    IMP_TRY(imp_path_join(path, def->folder, "report.html", err));
    IMP_TRY(imp_eval_write_episode_table(def, err));
    IMP_TRY(imp_eval_write_images(&images, def, monitor, err));
    if (def->write_simulator != NULL)
        IMP_TRY(def->write_simulator(&images.simulator, def->simulator_context, err));
    IMP_TRY(imp_html_begin(&page, "Evaluation", err));
    // The page reaches its file only if all sections were written.
    const imp_status status = write_report_page(&page, def, &images, err);
    if (status == IMP_OK)
        return imp_html_finish(&page, path, err);
    imp_html_discard(&page);
    return status;
}
