/// imprint/failures.h: why episodes of an evaluation failed. Each failure is driven again from its
/// recorded actions, and our expert takes over at ever earlier steps: the last step from which it
/// still drives on is the moment that decided. What the policy did there, beside the expert's
/// action, is the cause.
#ifndef IMPRINT_FAILURES_H
#define IMPRINT_FAILURES_H

#include "imprint/evaluate.h"

IMP_API_BEGIN

/// What a policy did where the expert still could have driven on: X(enumerator, text). Speed is
/// named only where the mean steering, half the difference of the duty cycles, is within 0.1.
#define IMP_MISTAKE_MAP(X)                                                                         \
    X(IMP_MISTAKE_LEFT, "steered too far to the left")                                             \
    X(IMP_MISTAKE_RIGHT, "steered too far to the right")                                           \
    X(IMP_MISTAKE_FAST, "drove too fast")                                                          \
    X(IMP_MISTAKE_SLOW, "drove too slowly")                                                        \
    X(IMP_MISTAKE_NONE, "could not be saved") /* not even from the start */

typedef enum imp_mistake {
#define IMP_MISTAKE_ENUM(name, text) name,
    IMP_MISTAKE_MAP(IMP_MISTAKE_ENUM)
#undef IMP_MISTAKE_ENUM
        IMP_MISTAKE_COUNT
} imp_mistake;

const char *imp_mistake_text(imp_mistake mistake); ///< static

/// The road ahead of a robot, as it sees it: X(enumerator, text).
#define IMP_ROAD_MAP(X)                                                                            \
    X(IMP_ROAD_STRAIGHT, "straight road")                                                          \
    X(IMP_ROAD_LEFT, "curve to the left")                                                          \
    X(IMP_ROAD_RIGHT, "curve to the right")                                                        \
    X(IMP_ROAD_CROSSING, "crossing")                                                               \
    X(IMP_ROAD_NONE, "no lane")

typedef enum imp_road {
#define IMP_ROAD_ENUM(name, text) name,
    IMP_ROAD_MAP(IMP_ROAD_ENUM)
#undef IMP_ROAD_ENUM
        IMP_ROAD_COUNT
} imp_road;

const char *imp_road_text(imp_road road); ///< static

/// How failures are explained. Obtain with imp_default_failures_def(), then change fields.
typedef struct imp_failures_def {
    double horizon; ///< the expert drives on if its episode lasts this much longer [s]; 5
    double window;  ///< actions are means over this time after the last chance [s]; 0.3
    imp_expert_def expert;
    int threads; ///< 0: one per processor
    int cookie;
} imp_failures_def;

imp_failures_def imp_default_failures_def(void);

/// A failure and its last chance: the state from which the expert still drives on. If there is none
/// (IMP_MISTAKE_NONE), that is the start.
typedef struct imp_episode_failure {
    int episode;
    imp_end_reason ending;
    int steps;       ///< until it failed
    int last_chance; ///< step whose state it is, from 0
    double margin;   ///< time from there to the failure [s]
    imp_pose pose;
    imp_road road;
    double speed;                     ///< [m/s]
    double lane_distance, lane_angle; ///< [m], [rad]; NaN off lanes
    imp_action policy, expert;        ///< mean duty cycles over the window from there, in the same
                                      ///< states
    imp_mistake mistake;
} imp_episode_failure;

/// Failures that have mistake, road and ending in common.
typedef struct imp_failure_cause {
    imp_mistake mistake;
    imp_road road;
    imp_end_reason ending;
    int count;
    double margin; ///< mean [s]
} imp_failure_cause;

/// All failures of an evaluation that are recorded as drives.
typedef struct imp_failure_list {
    int failed; ///< episodes that ended before their last step, by the rules of the world
    int count;  ///< of these, how many have a drive and are explained
    imp_episode_failure *items; ///< (count) in the order of the episodes
    int cause_count;
    imp_failure_cause *causes; ///< (cause_count) the most frequent first
    double margin;             ///< median of those that could be saved [s]; NaN if there is none
} imp_failure_list;

/// Explains one failure. drive: recorded until it failed; ending: how. Finds the last chance by
/// bisection, which assumes that the expert can save an episode before it if it can save it there.
/// Fails with IMP_CHECK_FAILED if the drive does not come out the same. Allocates; thread-safe.
imp_status imp_explain_failure(imp_episode_failure *out, const imp_demonstration *drive,
                               imp_end_reason ending, const imp_failures_def *def, imp_error *err);

/// Explains the failures of an evaluation with record_drives. The caller frees *out with
/// imp_failure_list_free(). Results do not depend on the number of threads. Fails with
/// IMP_INTERRUPTED too.
imp_status imp_explain_failures(imp_failure_list *out, const imp_evaluation *evaluation,
                                const imp_failures_def *def, const imp_monitor *monitor,
                                imp_error *err);
void imp_failure_list_free(imp_failure_list *list); ///< nullable

IMP_API_END

#endif
