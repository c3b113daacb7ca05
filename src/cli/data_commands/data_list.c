// `imprint data list`: the figures of every episode of a dataset as a table, or as JSON. They are
// what the filters of `imprint data drop` and the page of `imprint page --data` look at.
#include "cli/data_commands/data_list.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"

static const char *ending_name(const imp_episode_statistics *s)
{
    return s->terminated ? "terminated" : s->truncated ? "truncated" : "open";
}

// Figures of one episode in SI units; null is unknown.
static json_t *episode_json(int number, const imp_episode_statistics *s)
{
    return json_pack(
        "{s:i, s:i, s:s, s:o, s:o, s:f, s:f, s:o, s:o, s:o, s:o, s:f, s:o}", "episode", number,
        "steps", s->steps, "ending", ending_name(s), "difference",
        imp_json_real_or_null(s->difference), "difference_max",
        imp_json_real_or_null(s->difference_max), "jerk_1_s", s->jerk, "standing_s", s->standing,
        "lane_distance_mean_m", imp_json_real_or_null(s->lane_distance_mean), "lane_distance_max_m",
        imp_json_real_or_null(s->lane_distance_max), "speed_m_s", imp_json_real_or_null(s->speed),
        "reward", imp_json_real_or_null(s->reward), "outlier", s->outlier, "outlier_quantity",
        s->outlier_quantity != NULL ? json_string(s->outlier_quantity) : json_null());
}

// A row of the table; a dash is unknown.
static void print_episode(int number, const imp_episode_statistics *s)
{
    char difference[24], lane[24], speed[24], reward[24];
    printf("%7d %6d %-10s %10s %7.2f %10.2f %9s %9s %9s %8.1f %s\n", number, s->steps,
           ending_name(s), imp_format_real_or_dash(difference, s->difference, 3), s->jerk,
           s->standing, imp_format_real_or_dash(lane, 100.0 * s->lane_distance_mean, 2),
           imp_format_real_or_dash(speed, s->speed, 2),
           imp_format_real_or_dash(reward, s->reward, 1), s->outlier,
           s->outlier_quantity != NULL ? s->outlier_quantity : "");
}

// Whether the filter looks for anything.
static bool is_filter_set(const imp_episode_filter *filter)
{
    return filter->ended_badly || filter->difference > 0.0 || filter->jerk > 0.0 ||
           filter->standing > 0.0 || filter->outlier > 0.0;
}

// A row for each episode that the filter finds.
static imp_status print_list(const imp_episode_statistics *all, int episodes,
                             const imp_episode_filter *filter, const imp_options *options,
                             imp_error *err)
{
    json_t *list = json_array();
    int found = 0;
    if (!options->json)
        printf("%7s %6s %-10s %10s %7s %10s %9s %9s %9s %8s %s\n", "episode", "steps", "ending",
               "difference", "jerk", "standing s", "lane cm", "speed m/s", "reward", "outlier",
               "in");
    for (int k = 0; k < episodes; k++) {
        imp_drop_reason reason;
        // without a filter all are listed
        if (is_filter_set(filter) && !imp_episode_filter_matches(filter, &all[k], &reason))
            continue;
        found++;
        if (options->json)
            imp_json_append(list, episode_json(k, &all[k]));
        else
            print_episode(k, &all[k]);
    }
    if (options->json)
        return imp_console_print_json(
            json_pack("{s:i, s:i, s:o}", "episodes", episodes, "found", found, "list", list), err);
    json_decref(list);
    printf("%d of %s\n", found, IMP_PLURAL(episodes, "episode"));
    return IMP_OK;
}

imp_status imp_data_list(const char *folder, const imp_episode_filter *filter,
                         const imp_options *options, imp_error *err)
{
    imp_dataset *dataset;
    IMP_TRY(imp_dataset_open(&dataset, folder, err));
    const int episodes = imp_dataset_episode_count(dataset);
    imp_episode_statistics *all = calloc((size_t)episodes + 1, sizeof *all);
    imp_status status = all != NULL ? imp_dataset_episode_statistics(all, dataset, err)
                                    : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                                               IMP_PLURAL(episodes, "episode"));
    if (status == IMP_OK)
        status = print_list(all, episodes, filter, options, err);
    free(all);
    imp_dataset_close(dataset);
    return status;
}
