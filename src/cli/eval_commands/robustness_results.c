// Results of the robustness test as a table and as JSON: for each group of perturbations, the share
// of completed episodes at growing strength. Groups come sorted, the most harmful first. The last
// columns of the table are figures at the greatest strength.
#include <stdio.h>

#include "cli/eval_commands/eval.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"

// One row per group, with one column per strength.
void imp_robustness_print(const char *policy, const imp_robustness *r)
{
    printf("\nRobustness of %s, most harmful first: episodes completed at growing "
           "strength\n\n%-12s  %7s",
           policy, "perturbed", "plain");
    for (int k = 0; k < IMP_ROBUSTNESS_LEVELS; k++)
        printf("  %7g", imp_robustness_strengths[k]);
    printf("  %8s  %10s  %8s\n", "progress", "lane dist.", "speed");
    // the last strength is the greatest one
    for (int n = 0; n < r->count; n++) {
        const imp_robustness_row *row = &r->rows[n];
        const imp_eval_stats *last = &row->stats[IMP_ROBUSTNESS_LEVELS - 1];
        char progress[24], lane[24], speed[24];
        printf("%-12s  %5.1f %%", row->name, 100.0 * r->plain.completion.value);
        for (int k = 0; k < IMP_ROBUSTNESS_LEVELS; k++)
            printf("  %5.1f %%", 100.0 * row->stats[k].completion.value);
        printf("  %6s %%  %7s cm  %4s m/s\n",
               imp_format_real_or_dash(progress, 100.0 * last->progress.value, 1),
               imp_format_real_or_dash(lane, 100.0 * last->lane_distance.value, 2),
               imp_format_real_or_dash(speed, last->speed.value, 2));
    }
}

// All statistics at all strengths.
json_t *imp_robustness_json(const imp_robustness *r)
{
    json_t *rows = json_array();
    // the levels have the same order as the columns of the table
    for (int n = 0; n < r->count; n++) {
        json_t *levels = json_array();
        for (int k = 0; k < IMP_ROBUSTNESS_LEVELS; k++) {
            json_t *stats = imp_eval_stats_json(&r->rows[n].stats[k]);
            imp_json_set(stats, "strength", json_real(imp_robustness_strengths[k]));
            imp_json_append(levels, stats);
        }
        imp_json_append(rows, json_pack("{s:s, s:o}", "group", r->rows[n].name, "levels", levels));
    }
    return json_pack("{s:o, s:o}", "plain", imp_eval_stats_json(&r->plain), "groups", rows);
}
