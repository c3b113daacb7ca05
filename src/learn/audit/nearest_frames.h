// learn/audit/nearest_frames.h: for each of some frames the nearest ones of other episodes, by
// several sets of inputs, and how well their labels predict the frame's.
#ifndef IMP_LEARN_AUDIT_NEAREST_FRAMES_H
#define IMP_LEARN_AUDIT_NEAREST_FRAMES_H

#include "learn/audit/image_features.h"

// Weights that are tried for what stands beside the image.
enum { IMP_AUDIT_WEIGHTS = 4 };
enum { IMP_NEIGHBOURS_MAX = 64 };

// The numbers of all frames that are compared, scaled to variance 1.
typedef struct imp_frame_table {
    const imp_audit_sample *sample;
    int count;      // frames that are compared
    int *frames;    // (count) indices in the sample
    float *columns; // (IMP_AUDIT_COLUMNS x count)
    bool known[IMP_AUDIT_INPUT_COUNT];
} imp_frame_table;

// What the neighbours of a frame tell.
typedef struct imp_neighbour_result {
    // squared error of the neighbours' mean label, corrected for their number
    float squared[IMP_AUDIT_INPUT_COUNT][IMP_AUDIT_WEIGHTS][IMP_AUDIT_LABEL_COUNT];
    float spread; // standard deviation of the steering among those that look alike
    int nearest;  // of these, its place in the table
} imp_neighbour_result;

// Makes the table of the frames for which `fits` is false. pool: nullable. Freed with
// imp_frame_table_free(), also after a failure.
imp_status imp_frame_table_create(imp_frame_table *out, const imp_audit_sample *sample,
                                  const imp_image_features *features, const bool *fits,
                                  imp_thread_pool *pool, imp_error *err);
void imp_frame_table_free(imp_frame_table *table);

// Finds the neighbours of the frames at these places of the table: (count) results. Fails with
// IMP_NO_MEMORY and IMP_INTERRUPTED.
imp_status imp_nearest_frames_find(imp_neighbour_result *out, const imp_frame_table *table,
                                   const int *places, int count, int neighbours, int threads,
                                   imp_thread_pool *pool, const imp_monitor *monitor,
                                   imp_error *err);

#endif
