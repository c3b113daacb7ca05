/// imprint/audit.h: how far an expert's actions are determined by what a learner sees, measured on
/// recorded driving before anything is trained.
#ifndef IMPRINT_AUDIT_H
#define IMPRINT_AUDIT_H

#include "imprint/dataset.h"
#include "imprint/evaluate.h"

IMP_API_BEGIN

/// The two parts of an action: X(enumerator, name). Steering is half the right duty cycle minus the
/// left one, drive half their sum.
#define IMP_AUDIT_LABEL_MAP(X)                                                                     \
    X(IMP_AUDIT_STEERING, "steering")                                                              \
    X(IMP_AUDIT_DRIVE, "drive")

/// What a learner could be given: X(enumerator, name, whether no robot can measure it).
#define IMP_AUDIT_INPUT_MAP(X)                                                                     \
    X(IMP_AUDIT_IMAGE, "image", false)                                                             \
    X(IMP_AUDIT_IMAGE_OF_HALF, "image, half of the frames", false)                                 \
    X(IMP_AUDIT_COMMAND, "image, command", false)                                                  \
    X(IMP_AUDIT_ACTIONS, "image, past actions", false)                                             \
    X(IMP_AUDIT_COMMAND_ACTIONS, "image, command, past actions", false)                            \
    X(IMP_AUDIT_EARLIER_100, "image, image 0.1 s before", false)                                   \
    X(IMP_AUDIT_EARLIER_300, "image, image 0.3 s before", false)                                   \
    X(IMP_AUDIT_EARLIER_500, "image, image 0.5 s before", false)                                   \
    X(IMP_AUDIT_MOTION, "image, true motion", true)                                                \
    X(IMP_AUDIT_LANE, "image, true lane position", true)                                           \
    X(IMP_AUDIT_EVERYTHING, "image, command, true motion and lane position", true)

/// Where a frame was taken: X(enumerator, name). A frame is in all that apply.
#define IMP_AUDIT_SITUATION_MAP(X)                                                                 \
    X(IMP_AUDIT_ANYWHERE, "anywhere")                                                              \
    X(IMP_AUDIT_STRAIGHT, "straight")                                                              \
    X(IMP_AUDIT_CURVE, "curve")                                                                    \
    X(IMP_AUDIT_INTERSECTION, "intersection")                                                      \
    X(IMP_AUDIT_COMMANDED, "with a command")         /* left, straight or right */                 \
    X(IMP_AUDIT_OFF_CENTRE, "off the lane's centre") /* over 8 cm or 20 degrees */

#define IMP_AUDIT_ENUM(name, ...) name,
typedef enum imp_audit_label {
    IMP_AUDIT_LABEL_MAP(IMP_AUDIT_ENUM) IMP_AUDIT_LABEL_COUNT
} imp_audit_label;
typedef enum imp_audit_input {
    IMP_AUDIT_INPUT_MAP(IMP_AUDIT_ENUM) IMP_AUDIT_INPUT_COUNT
} imp_audit_input;
typedef enum imp_audit_situation {
    IMP_AUDIT_SITUATION_MAP(IMP_AUDIT_ENUM) IMP_AUDIT_SITUATION_COUNT
} imp_audit_situation;
#undef IMP_AUDIT_ENUM

/// Their names; NULL past the last.
const char *imp_audit_label_name(int label);
const char *imp_audit_input_name(int input);
const char *imp_audit_situation_name(int situation);
/// Whether an input is known to the simulator alone.
bool imp_audit_input_is_privileged(int input);

/// Settings of an audit. Obtain with imp_default_audit_def(), then change fields.
typedef struct imp_audit_def {
    int frames;     ///< drawn from the datasets, spread evenly; 1000 to 1000000; 30000
    int queries;    ///< frames whose neighbours are sought, at most `frames`; 4000
    int neighbours; ///< that are compared with each; 2 to 64; 8
    uint64_t seed;  ///< of the draws; 1
    int threads;    ///< 0: one per processor; results do not depend on it
    int cookie;
} imp_audit_def;

imp_audit_def imp_default_audit_def(void);

/// What one set of inputs leaves open.
typedef struct imp_audit_row {
    bool known; ///< whether the datasets hold these inputs
    /// Share of the labels' variance that remains among nearest neighbours, with its interval over
    /// episodes: 0 where the inputs determine the action, 1 where they tell nothing. NaN for a
    /// label that does not vary.
    imp_estimate unexplained[IMP_AUDIT_LABEL_COUNT];
    /// Root mean square of what remains, by situation [duty cycle]; NaN without frames.
    double spread[IMP_AUDIT_SITUATION_COUNT][IMP_AUDIT_LABEL_COUNT];
} imp_audit_row;

/// A place, and the spread of the steering among frames that look like the one taken there.
typedef struct imp_audit_place {
    int episode;   ///< over all datasets
    double x, z;   ///< [m]; NaN: unknown
    double spread; ///< [duty cycle]
} imp_audit_place;

/// Two frames that look alike and have different actions.
typedef struct imp_audit_pair {
    int episode[2], step[2]; ///< episodes are counted over all datasets
    float action[2][2];      ///< the expert's duty cycles: left, right
    double difference;       ///< of the steering [duty cycle]
} imp_audit_pair;

enum { IMP_AUDIT_PAIRS_MAX = 12 };

/// Result of an audit.
typedef struct imp_audit {
    int episodes, frames, queries;                                      ///< that were used
    double deviation[IMP_AUDIT_SITUATION_COUNT][IMP_AUDIT_LABEL_COUNT]; ///< of labels [duty cycle]
    int situation_queries[IMP_AUDIT_SITUATION_COUNT];
    imp_audit_row rows[IMP_AUDIT_INPUT_COUNT];
    imp_audit_place *places; ///< (queries)
    imp_audit_pair pairs[IMP_AUDIT_PAIRS_MAX];
    int pair_count;
} imp_audit;

/// Audits the labels of datasets (count, of one size of images). Frames are compared with those of
/// other episodes: the nearest ones in a description of the image that is learned from a third of
/// the episodes (16 x 12 cells; their 24 main components, and the labels and lane positions that a
/// linear regression finds in them). What the labels still vary by among the nearest, after the
/// correction 1 / (1 + 1/k) for the mean of k neighbours, is what these inputs leave open: an upper
/// bound, because neighbours are never equal. How much it falls from half of the frames to all
/// tells how much is due to that. Inputs besides the image are weighted with the one of four
/// weights that leaves least open.
///
/// Thread-safe on different datasets. Fails with IMP_BAD_INPUT if fewer than 6 episodes have labels
/// and last 0.5 s, with IMP_USAGE, IMP_NO_MEMORY and IMP_INTERRUPTED. Free with imp_audit_free().
imp_status imp_audit_run(imp_audit *out, imp_dataset *const *datasets, int count,
                         const imp_audit_def *def, const imp_monitor *monitor, imp_error *err);
void imp_audit_free(imp_audit *audit); ///< nullable

/// Writes to a folder that exists: map.svg (where the steering spreads, on the map with most
/// frames), alike.png (pairs of frames that look alike, side by side) and report.html with these,
/// the numbers, and findings (finding_count), which are paragraphs. map.svg is left out where no
/// map is known. datasets: those that were audited.
imp_status imp_audit_write_report(const imp_audit *audit, imp_dataset *const *datasets, int count,
                                  const char *const *findings, int finding_count,
                                  const char *folder, imp_error *err);

IMP_API_END

#endif
