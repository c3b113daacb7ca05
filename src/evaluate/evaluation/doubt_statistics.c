// How well doubt predicts failure. A decision is judged when its next IMP_DOUBT_HORIZON is known,
// so a ring keeps those that wait for it. Judged ones are counted in two histograms of log-odds,
// one of decisions that are safe and one of those that fail; all figures follow from these. So
// memory does not grow with the number of decisions, and parts of an evaluation add up. Decisions
// in one bin are ties.
#include "evaluate/evaluation/doubt_statistics.h"

#include <math.h>

#include "base/common/math_functions.h"

int imp_doubt_bin(double doubt)
{
    // not a number counts as certain to fail
    if (!(doubt < 1.0))
        return IMP_DOUBT_BINS - 1;
    if (doubt <= 0.0)
        return 0;
    const double odds = imp_log(doubt / (1.0 - doubt));
    const double place = floor((odds + IMP_DOUBT_REACH) / (2.0 * IMP_DOUBT_REACH) * IMP_DOUBT_BINS);
    return place < 0.0 ? 0 : place >= IMP_DOUBT_BINS ? IMP_DOUBT_BINS - 1 : (int)place;
}

// Counts decisions from the oldest on as safe, as long as they are older than the horizon at
// `time`.
static void count_safe_decisions(imp_doubt_watch *watch, imp_doubt_counts *counts, double time)
{
    // times are sums of many steps, so that a little less may be meant to be the horizon
    const double horizon = IMP_DOUBT_HORIZON + 1e-6;
    while (watch->count > 0 && time - watch->times[watch->first] > horizon) {
        counts->safe[watch->bins[watch->first]]++;
        counts->episodes += !watch->any_safe;
        watch->any_safe = true;
        watch->first = (watch->first + 1) % IMP_DOUBT_PENDING_MAX;
        watch->count--;
    }
}

void imp_doubt_watch_add(imp_doubt_watch *watch, imp_doubt_counts *counts, double time,
                         double doubt)
{
    count_safe_decisions(watch, counts, time);
    if (watch->count == IMP_DOUBT_PENDING_MAX)
        return;
    const int place = (watch->first + watch->count++) % IMP_DOUBT_PENDING_MAX;
    watch->times[place] = time;
    watch->bins[place] = imp_doubt_bin(doubt);
}

void imp_doubt_watch_end(imp_doubt_watch *watch, imp_doubt_counts *counts, double time,
                         bool terminated)
{
    count_safe_decisions(watch, counts, time);
    if (!terminated || watch->count == 0)
        return;
    counts->failed_episodes++;
    for (; watch->count > 0; watch->count--) {
        counts->failing[watch->bins[watch->first]]++;
        watch->first = (watch->first + 1) % IMP_DOUBT_PENDING_MAX;
    }
}

// The doubt in the middle of a bin.
static double doubt_of_bin(int bin)
{
    const double odds = (bin + 0.5) * 2.0 * IMP_DOUBT_REACH / IMP_DOUBT_BINS - IMP_DOUBT_REACH;
    return 1.0 / (1.0 + imp_exp(-odds));
}

// Pairs of a failing and a safe decision in which the failing one has more doubt, as a share of
// all.
static double compute_area(const int64_t *safe, const int64_t *failing, double safe_total,
                           double failing_total)
{
    double below = 0.0, wins = 0.0; // safe decisions in lower bins
    for (int bin = 0; bin < IMP_DOUBT_BINS; bin++) {
        wins += (double)failing[bin] * (below + 0.5 * (double)safe[bin]);
        below += (double)safe[bin];
    }
    return wins / (safe_total * failing_total);
}

// Hanley's and McNeil's standard error of an area, cut to [0, 1].
static imp_estimate estimate_area(double area, double safe, double failing)
{
    const double z = 1.959963984540054;
    const double q1 = area / (2.0 - area), q2 = 2.0 * area * area / (1.0 + area);
    const double variance = (area * (1.0 - area) + (failing - 1.0) * (q1 - area * area) +
                             (safe - 1.0) * (q2 - area * area)) /
                            (safe * failing);
    const double margin = z * sqrt(fmax(0.0, variance));
    return (imp_estimate){area, fmax(0.0, area - margin), fmin(1.0, area + margin)};
}

// Mean |doubt - share that fails| of groups of decisions: a group ends with the bin in which its
// share of all decisions is reached.
static double compute_calibration_error(const int64_t *safe, const int64_t *failing, double total)
{
    enum { GROUPS = 10 };
    double error = 0.0, doubt = 0.0, failed = 0.0, in_group = 0.0, seen = 0.0;
    int group = 1;
    for (int bin = 0; bin < IMP_DOUBT_BINS; bin++) {
        const double count = (double)(safe[bin] + failing[bin]);
        doubt += count * doubt_of_bin(bin);
        failed += (double)failing[bin];
        in_group += count;
        seen += count;
        if (in_group == 0.0 || seen < total * group / GROUPS)
            continue;
        error += fabs(doubt - failed) / total;
        doubt = failed = in_group = 0.0;
        while (group < GROUPS && seen >= total * group / GROUPS)
            group++;
    }
    return error;
}

imp_doubt_stats imp_doubt_compute_stats(const int64_t *safe, const int64_t *failing, int episodes,
                                        int failed_episodes)
{
    imp_doubt_stats stats = {.episodes = episodes,
                             .failed_episodes = failed_episodes,
                             .auroc = {NAN, NAN, NAN},
                             .mean = NAN,
                             .calibration_error = NAN};
    double doubt = 0.0;
    for (int bin = 0; bin < IMP_DOUBT_BINS; bin++) {
        stats.decisions += safe[bin] + failing[bin];
        stats.failing += failing[bin];
        doubt += (double)(safe[bin] + failing[bin]) * doubt_of_bin(bin);
    }
    const double total = (double)stats.decisions, failing_total = (double)stats.failing;
    if (stats.decisions == 0)
        return stats;
    stats.mean = doubt / total;
    stats.calibration_error = compute_calibration_error(safe, failing, total);
    if (stats.failing > 0 && stats.failing < stats.decisions)
        stats.auroc =
            estimate_area(compute_area(safe, failing, total - failing_total, failing_total),
                          episodes, failed_episodes);
    return stats;
}
