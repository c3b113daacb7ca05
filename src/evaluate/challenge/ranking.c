// Summary statistics of a challenge's episodes, and the ranking that they give. A challenge
// compares medians in a fixed order of metrics. Each is rounded to a multiple of its step first,
// so that small differences do not decide. The first metric that differs decides.
#include <math.h>

#include "imprint/challenge.h"

// Returns the k-th smallest value of a metric by counting smaller values. That is quadratic, but
// needs no memory, and episodes are few.
static double kth_smallest_metric_value(const imp_metrics *episodes, int count, int metric, int k)
{
    for (int e = 0; e < count; e++) {
        double value = episodes[e].value[metric];
        int below = 0, same = 0;
        for (int other = 0; other < count; other++) {
            below += episodes[other].value[metric] < value;
            same += episodes[other].value[metric] == value;
        }
        if (below <= k && k < below + same)
            return value;
    }
    return NAN;
}

// The median of an even number of values is the mean of the middle two.
imp_metrics_summary imp_metrics_summarise(const imp_metrics *episodes, int count)
{
    imp_metrics_summary out = {0};
    for (int m = 0; m < IMP_METRIC_COUNT; m++) {
        double sum = 0.0;
        for (int e = 0; e < count; e++)
            sum += episodes[e].value[m];
        out.mean.value[m] = sum / count;
        out.min.value[m] = kth_smallest_metric_value(episodes, count, m, 0);
        out.max.value[m] = kth_smallest_metric_value(episodes, count, m, count - 1);
        out.median.value[m] =
            0.5 * (kth_smallest_metric_value(episodes, count, m, (count - 1) / 2) +
                   kth_smallest_metric_value(episodes, count, m, count / 2));
    }
    return out;
}

// Steps have the unit of their metric.
const imp_ranking_criterion *imp_challenge_ranking_criteria(imp_challenge challenge)
{
    // Metric, whether more is better, and the step. LF ranks distance first, the others survival.
    static const imp_ranking_criterion DISTANCE_FIRST[IMP_RANKING_CRITERION_COUNT] = {
        {IMP_METRIC_CONSECUTIVE, true, 0.62},
        {IMP_METRIC_SURVIVAL, true, 2.0},
        {IMP_METRIC_LATERAL, false, 0.01},
        {IMP_METRIC_NO_LANE, false, 0.2},
    };
    static const imp_ranking_criterion SURVIVAL_FIRST[IMP_RANKING_CRITERION_COUNT] = {
        {IMP_METRIC_SURVIVAL, true, 2.0},
        {IMP_METRIC_NO_LANE, false, 0.2},
        {IMP_METRIC_CONSECUTIVE, true, 0.62},
        {IMP_METRIC_LATERAL, false, 0.01},
    };
    return challenge == IMP_CHALLENGE_LF ? DISTANCE_FIRST : SURVIVAL_FIRST;
}

// Returns -1 if a ranks first, 1 if b does, and 0 for a tie.
int imp_challenge_compare_results(imp_challenge challenge, const imp_metrics_summary *a,
                                  const imp_metrics_summary *b)
{
    const imp_ranking_criterion *ranking = imp_challenge_ranking_criteria(challenge);
    for (int r = 0; r < IMP_RANKING_CRITERION_COUNT; r++) {
        const imp_ranking_criterion *ranked = &ranking[r];
        // Compare in units of the step.
        double ours = round(a->median.value[ranked->metric] / ranked->step);
        double theirs = round(b->median.value[ranked->metric] / ranked->step);
        if (ours != theirs)
            return (ours > theirs) == ranked->more_is_better ? -1 : 1;
    }
    return 0;
}
