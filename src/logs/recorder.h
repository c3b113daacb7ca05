// logs/recorder.h: builds a dataset from pictures and commands that come one after the other.
#ifndef IMP_LOGS_RECORDER_H
#define IMP_LOGS_RECORDER_H

#include "imprint/dataset.h"

// What is known at one moment.
typedef struct imp_moment {
    float action[2], expert[2]; // duty cycles in [-1, 1]
    double pose[3], lane[2];    // NaN where unknown
    float reward;               // NaN if unknown
} imp_moment;

// How an episode ends.
typedef enum imp_ending {
    IMP_ENDING_OPEN,
    IMP_ENDING_TERMINATED,
    IMP_ENDING_TRUNCATED,
} imp_ending;

typedef struct imp_recorder imp_recorder;

// Starts a dataset that will be called folder once it is whole; until then it is beside it, as
// folder.partial. What a killed import left there is removed. Fails like
// imp_dataset_writer_create().
imp_status imp_recorder_create(imp_recorder **out, const char *folder, const imp_dataset_info *info,
                               imp_error *err);

// The time between two pictures of the episodes that follow [s]; 0: the dataset's.
void imp_recorder_time_step(imp_recorder *recorder, double time_step);

// The place for the next picture (height x width x 3), until imp_recorder_add(). NULL without
// memory.
uint8_t *imp_recorder_picture(imp_recorder *recorder);

// Adds the picture with what is known of its moment. IMP_OK, or why the dataset cannot grow. Long
// episodes are recorded in pieces, each of which ends with the picture that the next begins with.
imp_status imp_recorder_add(imp_recorder *recorder, const imp_moment *moment, imp_error *err);

// What was added last to the episode under way, which may still be changed; NULL if there is none.
imp_moment *imp_recorder_last(imp_recorder *recorder);

// The pictures added since the last call are an episode. Its last picture closes it, and what was
// known then beyond pose and lane is dropped; with repeat, it is kept as a step, and the picture is
// closing as well. *lonely tells of a single picture that could not become an episode.
imp_status imp_recorder_end(imp_recorder *recorder, imp_ending ending, bool repeat, bool *lonely,
                            imp_error *err);

int imp_recorder_episodes(const imp_recorder *recorder);
int64_t imp_recorder_steps(const imp_recorder *recorder);

// Finishes the dataset and gives it its name.
imp_status imp_recorder_finish(imp_recorder *recorder, const char *origin, imp_error *err);

// Frees the recorder; removes a dataset that was not finished. Nullable.
void imp_recorder_destroy(imp_recorder *recorder);

#endif
