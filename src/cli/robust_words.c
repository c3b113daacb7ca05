// What breaks policies, in words and as JSON.
#include <stdio.h>

#include "cli/eval.h"

void imp_robust_print(const char *policy, const imp_robustness *r)
{
    printf("\nWhat breaks %s, most first: survival at growing strength\n\n%-12s  %7s", policy,
           "perturbed", "plain");
    for (int k = 0; k < IMP_ROBUST_LEVELS; k++)
        printf("  %7g", imp_robust_strengths[k]);
    printf("  %12s  %9s\n", "|lane dist.|", "speed");
    for (int n = 0; n < r->count; n++) {
        const imp_robust_row *row = &r->rows[n];
        const imp_figures *last = &row->figures[IMP_ROBUST_LEVELS - 1];
        printf("%-12s  %5.1f %%", row->name, 100.0 * r->plain.survival.value);
        for (int k = 0; k < IMP_ROBUST_LEVELS; k++)
            printf("  %5.1f %%", 100.0 * row->figures[k].survival.value);
        printf("  %9.2f cm  %5.2f m/s\n", 100.0 * last->lane_distance.value, last->speed.value);
    }
}

json_t *imp_robust_json(const imp_robustness *r)
{
    json_t *rows = json_array();
    for (int n = 0; n < r->count; n++) {
        json_t *levels = json_array();
        for (int k = 0; k < IMP_ROBUST_LEVELS; k++) {
            json_t *figures = imp_figures_json(&r->rows[n].figures[k]);
            json_object_set_new(figures, "strength", json_real(imp_robust_strengths[k]));
            json_array_append_new(levels, figures);
        }
        json_array_append_new(rows,
                              json_pack("{s:s, s:o}", "group", r->rows[n].name, "levels", levels));
    }
    return json_pack("{s:o, s:o}", "plain", imp_figures_json(&r->plain), "groups", rows);
}
