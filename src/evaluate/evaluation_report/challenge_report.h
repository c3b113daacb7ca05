// evaluate/evaluation_report/challenge_report.h: the report of a challenge, and the drives beside
// it.
#ifndef IMP_EVALUATE_EVALUATION_REPORT_CHALLENGE_REPORT_H
#define IMP_EVALUATE_EVALUATION_REPORT_CHALLENGE_REPORT_H

#include "imprint/evaluate.h"

// Everything is borrowed.
typedef struct imp_challenge_report_def {
    const char *folder; // that exists, with `trajectories-<episode>.png` of the official episodes
    imp_challenge challenge;
    bool test; // the official test's starts
    uint64_t seed;
    int count;                // of policies
    const char *const *names; // (count)
    const int *rank;          // (count) of each, from 1
    const int *best_first;    // (count)
    imp_challenge_result
        *results; // (count) of the same episodes; notes of their drives are written
    // As in imp_eval_report_def.
    imp_status (*write_simulator)(const char **name, void *context, imp_error *err);
    void *simulator_context;
} imp_challenge_report_def;

// All metrics in the order of columns: those that are ranked, the most important first, then the
// others.
void imp_challenge_order_metrics(imp_metric order[IMP_METRIC_COUNT], imp_challenge challenge);

// Writes report.html, the drives of the official episodes (`drives/<p>-<episode>.drive.json`), and
// those of the worst episodes of the first IMP_SHOWN_POLICIES policies
// (`worst-<p>-<n>.drive.json`).
imp_status imp_challenge_report_write(const imp_challenge_report_def *def, imp_error *err);

#endif
