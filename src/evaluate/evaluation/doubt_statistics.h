// evaluate/evaluation/doubt_statistics.h: doubts of decisions, sorted by what follows them.
#ifndef IMP_EVALUATE_EVALUATION_DOUBT_STATISTICS_H
#define IMP_EVALUATE_EVALUATION_DOUBT_STATISTICS_H

#include "imprint/evaluate.h"

// Histograms of log-odds reach from minus to plus this, in bins of 1/128.
#define IMP_DOUBT_REACH 12.0
enum { IMP_DOUBT_BINS = 3072, IMP_DOUBT_PENDING_MAX = 256 };

// Counts of decisions. They are integers, so the order in which they are summed does not matter.
typedef struct imp_doubt_counts {
    int64_t safe[IMP_DOUBT_BINS], failing[IMP_DOUBT_BINS];
    int episodes, failed_episodes; // with decisions of either kind
} imp_doubt_counts;

// The decisions of an episode whose outcome is not known yet: those of the last IMP_DOUBT_HORIZON.
// Zero-initialise. A decision that finds no room does not count; that begins above 128 decisions
// per second.
typedef struct imp_doubt_watch {
    double times[IMP_DOUBT_PENDING_MAX]; // a ring
    int bins[IMP_DOUBT_PENDING_MAX];
    int first, count;
    bool any_safe;
} imp_doubt_watch;

// The bin of a doubt in [0, 1]; those beyond the reach are in the outermost bins.
int imp_doubt_bin(double doubt);

// Adds a decision that was made at `time` [s]. Earlier ones that it shows to be safe are counted.
void imp_doubt_watch_add(imp_doubt_watch *watch, imp_doubt_counts *counts, double time,
                         double doubt);
// The episode ended at `time`: counts the rest.
void imp_doubt_watch_end(imp_doubt_watch *watch, imp_doubt_counts *counts, double time,
                         bool terminated);

// Figures of two histograms of IMP_DOUBT_BINS bins each.
imp_doubt_stats imp_doubt_compute_stats(const int64_t *safe, const int64_t *failing, int episodes,
                                        int failed_episodes);

#endif
