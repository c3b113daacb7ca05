// Evaluates the robustness of a policy: one group of randomisation at a time, then several at once,
// at growing strengths. All evaluations have the same starts, so that differences come from the
// perturbation. Rows are sorted by how much they hurt.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "imprint/evaluate.h"

// Factors of each group's strength in the definition; the last one must be 1.
const double imp_robustness_strengths[IMP_ROBUSTNESS_LEVELS] = {0.25, 0.5, 1.0};

// Several groups at once: names for imp_randomization_parse_list().
static const char *const JOINT_GROUPS[] = {"looks", "dynamics", "all"};

// What all evaluations of one call share.
typedef struct robustness_run {
    const imp_policy_factory *policy;
    const imp_eval_def *def;
    const imp_monitor *monitor;
    int done, total; // evaluations
    char task[64];
} robustness_run;

// Reports the progress of all evaluations as one task.
static void report_progress(void *context, const imp_progress *inner)
{
    robustness_run *r = context;
    imp_progress all = *inner;
    all.task = r->task;
    all.done = inner->total * r->done + inner->done;
    all.total = inner->total * r->total;
    imp_monitor_progress(r->monitor, &all);
}

static bool should_stop(void *context)
{
    return imp_monitor_should_stop(((robustness_run *)context)->monitor);
}

// Runs one evaluation with a perturbation and keeps its statistics only.
static imp_status evaluate_perturbed(robustness_run *r, const imp_randomization *spec,
                                     imp_eval_stats *out, imp_error *err)
{
    const bool heard = r->monitor != NULL && r->monitor->progress != NULL;
    // The inner evaluations report to this file, which reports them as parts of one task.
    const imp_monitor monitor = {heard ? report_progress : NULL, should_stop, r};
    // Nothing but the statistics is needed, so neither trajectories nor the expert's actions are
    // kept.
    imp_eval_def def = *r->def;
    imp_evaluation evaluation;
    def.sim.randomization = *spec;
    def.ask_expert = false;
    def.plot_episodes = 0;
    IMP_TRY(imp_evaluate(&evaluation, r->policy, &def, &monitor, err));
    *out = evaluation.stats;
    imp_evaluation_free(&evaluation);
    r->done++;
    return IMP_OK;
}

// Evaluates a selection of groups at each strength.
static imp_status evaluate_perturbations_at_strengths(robustness_run *r, imp_robustness_row *row,
                                                      const imp_randomization *some, imp_error *err)
{
    for (int k = 0; k < IMP_ROBUSTNESS_LEVELS; k++) {
        // The strength of a group scales the range that its parameters are drawn from.
        imp_randomization spec = *some;
        for (int g = 0; g < IMP_GROUP_COUNT; g++)
            spec.strength[g] *= imp_robustness_strengths[k];
        IMP_TRY(evaluate_perturbed(r, &spec, &row->stats[k], err));
    }
    return IMP_OK;
}

// Disables all groups except those that a name stands for. Returns how many enabled ones remain.
static int disable_groups_not_named(imp_randomization *spec, const char *word)
{
    imp_randomization named = imp_randomization_none();
    int count = 0;
    if (imp_randomization_parse_list(&named, word, NULL) != IMP_OK)
        return 0;
    for (int g = 0; g < IMP_GROUP_COUNT; g++) {
        if (named.strength[g] == 0.0)
            spec->strength[g] = 0.0;
        count += spec->strength[g] > 0.0;
    }
    return count;
}

// Name of row k among all possible rows.
static const char *robustness_row_name(int k)
{
    return k < IMP_GROUP_COUNT ? imp_randomization_group_name(k)
                               : JOINT_GROUPS[k - IMP_GROUP_COUNT];
}

// Returns whether a row is needed, and its groups in *spec. A row of several groups is left out if
// another row has the same ones.
// "all" equals another row if every enabled group belongs to that row.
static bool get_row_groups_if_distinct(const imp_eval_def *def, int k, imp_randomization *spec)
{
    imp_randomization looks = def->sim.randomization, dynamics = def->sim.randomization;
    *spec = def->sim.randomization;
    const int count = disable_groups_not_named(spec, robustness_row_name(k));
    if (k < IMP_GROUP_COUNT)
        return count > 0;
    const bool all = k == IMP_ROBUSTNESS_ROWS - 1;
    return count > 1 && !(all && (disable_groups_not_named(&looks, JOINT_GROUPS[0]) == count ||
                                  disable_groups_not_named(&dynamics, JOINT_GROUPS[1]) == count));
}

// Orders rows: fewer completed episodes at full strength first, then at lower strengths, then
// larger lane distance.
static int compare_rows_by_severity(const void *a, const void *b)
{
    const imp_robustness_row *x = a, *y = b;
    for (int k = IMP_ROBUSTNESS_LEVELS - 1; k >= 0; k--)
        if (x->stats[k].completed != y->stats[k].completed)
            return x->stats[k].completed < y->stats[k].completed ? -1 : 1;
    const double p = x->stats[IMP_ROBUSTNESS_LEVELS - 1].lane_distance.value;
    const double q = y->stats[IMP_ROBUSTNESS_LEVELS - 1].lane_distance.value;
    return p != q ? (p > q ? -1 : 1) : strcmp(x->name, y->name);
}

imp_status imp_evaluate_robustness(imp_robustness *out, const imp_policy_factory *policy,
                                   const imp_eval_def *def, const imp_monitor *monitor,
                                   imp_error *err)
{
    const double start = imp_monotonic_seconds();
    const imp_randomization none = imp_randomization_none();
    imp_randomization spec;
    robustness_run r = {.policy = policy, .def = def, .monitor = monitor, .total = 1};
    snprintf(r.task, sizeof r.task, "%.40s, perturbed", imp_policy_factory_name(policy));
    *out = (imp_robustness){0};
    // Count the evaluations first, so that progress is known.
    if (!imp_randomization_is_on(&def->sim.randomization))
        return imp_fail(err, IMP_USAGE, "robustness: no group of perturbations is on");
    for (int k = 0; k < IMP_ROBUSTNESS_ROWS; k++)
        r.total += get_row_groups_if_distinct(def, k, &spec) ? IMP_ROBUSTNESS_LEVELS : 0;
    imp_status status = evaluate_perturbed(&r, &none, &out->plain, err);
    for (int k = 0; k < IMP_ROBUSTNESS_ROWS && status == IMP_OK; k++) {
        if (!get_row_groups_if_distinct(def, k, &spec))
            continue;
        // A row counts only if all its evaluations succeeded.
        imp_robustness_row *row = &out->rows[out->count];
        snprintf(row->name, sizeof row->name, "%s", robustness_row_name(k));
        status = evaluate_perturbations_at_strengths(&r, row, &spec, err);
        out->count += status == IMP_OK;
    }
    qsort(out->rows, (size_t)out->count, sizeof *out->rows, compare_rows_by_severity);
    out->seconds = imp_monotonic_seconds() - start;
    return status;
}
