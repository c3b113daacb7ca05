// learn/audit/frame_sample.h: frames of datasets with their labels, places and the numbers besides
// images that a learner could be given.
#ifndef IMP_LEARN_AUDIT_FRAME_SAMPLE_H
#define IMP_LEARN_AUDIT_FRAME_SAMPLE_H

#include "imprint/audit.h"

// Numbers besides images, in one row a frame.
enum {
    IMP_AUDIT_DELAYS = 3,                             // earlier images: 0.1, 0.3 and 0.5 s before
    IMP_AUDIT_COMMAND_VALUES = IMP_COMMAND_COUNT - 1, // one of them is 1, or none
    IMP_AUDIT_ACTION_VALUES = 4,                      // of the last step and 0.1 s before it
    IMP_AUDIT_MOTION_VALUES = 2,                      // speed, turn rate
    IMP_AUDIT_LANE_VALUES = 2,                        // distance, angle
};

typedef struct imp_audit_frame {
    const imp_episode *data;
    int episode, step;             // the episode is counted over all datasets
    int earlier[IMP_AUDIT_DELAYS]; // steps of earlier images
    float label[IMP_AUDIT_LABEL_COUNT];
    unsigned situations; // one bit for each
    double x, z;         // NaN: unknown
    float command[IMP_AUDIT_COMMAND_VALUES];
    float actions[IMP_AUDIT_ACTION_VALUES];
    float motion[IMP_AUDIT_MOTION_VALUES]; // NaN: unknown
    float lane[IMP_AUDIT_LANE_VALUES];     // NaN: unknown
} imp_audit_frame;

typedef struct imp_audit_sample {
    imp_audit_frame *frames; // (count) in the order of the datasets
    int count, episodes;     // episodes of all datasets, whether they have frames or not
    int used_episodes;       // that have frames
    int width, height;       // of images
    bool commands;           // whether any frame has a command
} imp_audit_sample;

// Draws frames, spread evenly over all that have a label and 0.5 s before them. The frames borrow
// the datasets. Freed with imp_audit_sample_free().
imp_status imp_audit_sample_draw(imp_audit_sample *out, imp_dataset *const *datasets, int count,
                                 const imp_audit_def *def, imp_error *err);
// Whether two episodes drive on the same map.
bool imp_episodes_share_map(const imp_episode *a, const imp_episode *b);

void imp_audit_sample_free(imp_audit_sample *sample);

#endif
