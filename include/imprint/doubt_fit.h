/// imprint/doubt_fit.h: gives a network doubt: a second head that says how likely the network fails
/// within IMP_DOUBT_HORIZON (docs/doubt.md).
#ifndef IMPRINT_DOUBT_FIT_H
#define IMPRINT_DOUBT_FIT_H

#include "imprint/evaluate.h"
#include "imprint/rollout.h"
#include "imprint/sim.h"

IMP_API_BEGIN

/// Settings of a fit. Obtain with imp_default_doubt_fit_def(), then change fields.
typedef struct imp_doubt_fit_def {
    /// Where and how is driven; the camera's size must be the model's. Not looked at:
    /// env.max_steps (steps counts), observation (the model decides), expert, ground_truth,
    /// expert_actions, autoreset, actions, reward, backend
    imp_sim_def sim;
    int episodes; ///< to drive, of which every fourth is held out; 1000
    int steps;    ///< longest episode; 300
    /// Weight of the penalty on the squares of the head's weights, for standardised features; 30
    double ridge;
    int cookie;
} imp_doubt_fit_def;

imp_doubt_fit_def imp_default_doubt_fit_def(void);

/// What a fit did.
typedef struct imp_doubt_fit_summary {
    int episodes;          ///< driven
    int64_t decisions;     ///< whose outcome is known, of all episodes
    int64_t failing;       ///< of these
    int features;          ///< that doubt is computed from
    imp_doubt_stats fresh; ///< of the episodes held out, which calibrated the head
    double seconds;
} imp_doubt_fit_summary;

/// Fits the doubt of a model and writes the model with it to another file, atomically. The model
/// drives. Now and then the wheels are pushed: for up to 1.2 s, or until the
/// robot is a drawn distance aside, they get other duty cycles. So the robot comes where it may
/// fail, and decides there. A logistic regression on the hidden vectors tells the decisions that
/// fail from those that are safe, if no push follows within IMP_DOUBT_HORIZON. Two numbers, scale
/// and offset of its log-odds, are then fitted on the episodes held out. The result does not depend
/// on the number of threads. model: see imp_network_load(). IMP_BAD_INPUT if it has no hidden
/// vectors; IMP_CHECK_FAILED if fewer than two episodes of either part fail. Needs memory for the
/// hidden vectors of one decision in four.
imp_status imp_fit_doubt(imp_doubt_fit_summary *summary, const char *path, const char *model,
                         const imp_doubt_fit_def *def, const imp_monitor *monitor, imp_error *err);

IMP_API_END

#endif
