// data/import/dataset_builder.h: builds a dataset from pictures and commands that come one after
// the other.
#ifndef IMP_DATA_IMPORT_DATASET_BUILDER_H
#define IMP_DATA_IMPORT_DATASET_BUILDER_H

#include "imprint/dataset.h"

// What is known at one moment.
typedef struct imp_import_step {
    float action[2], expert[2]; // duty cycles in [-1, 1]
    double pose[3], lane[2];    // NaN where unknown
    float reward;               // NaN if unknown
} imp_import_step;

// How an episode ends.
typedef enum imp_episode_end {
    IMP_EPISODE_UNFINISHED,
    IMP_EPISODE_TERMINATED,
    IMP_EPISODE_TRUNCATED,
} imp_episode_end;

typedef struct imp_dataset_builder imp_dataset_builder;

// Starts a dataset that will be called folder once it is whole; until then it is beside it, as
// folder.partial. What a killed import left there is removed. Fails like
// imp_dataset_writer_create().
imp_status imp_dataset_builder_create(imp_dataset_builder **out, const char *folder,
                                      const imp_dataset_info *info, imp_error *err);

// The time between two pictures of the episodes that follow [s]; 0: the dataset's.
void imp_dataset_builder_set_dt(imp_dataset_builder *builder, double time_step);

// The place for the next picture (height x width x 3), until imp_dataset_builder_add_step(). NULL
// without memory.
uint8_t *imp_dataset_builder_image(imp_dataset_builder *builder);

// Adds the picture with what is known of its moment. IMP_OK, or why the dataset cannot grow. Long
// episodes are recorded in pieces, each of which ends with the picture that the next begins with.
imp_status imp_dataset_builder_add_step(imp_dataset_builder *builder, const imp_import_step *step,
                                        imp_error *err);

// What was added last to the episode under way, which may still be changed; NULL if there is none.
imp_import_step *imp_dataset_builder_last_step(imp_dataset_builder *builder);

// The pictures added since the last call are an episode. Its last picture closes it, and what was
// known then beyond pose and lane is dropped; with repeat, it is kept as a step, and the picture is
// closing as well. *lonely tells of a single picture that could not become an episode.
imp_status imp_dataset_builder_end(imp_dataset_builder *builder, imp_episode_end ending,
                                   bool repeat, bool *is_single_image, imp_error *err);

int imp_dataset_builder_episodes(const imp_dataset_builder *builder);
int64_t imp_dataset_builder_steps(const imp_dataset_builder *builder);

// Finishes the dataset and gives it its name.
imp_status imp_dataset_builder_finish(imp_dataset_builder *builder, const char *origin,
                                      imp_error *err);

// Frees the recorder; removes a dataset that was not finished. Nullable.
void imp_dataset_builder_destroy(imp_dataset_builder *builder);

#endif
