// data/import/dataset_builder.h: builds a dataset from images and actions that arrive one by one.
#ifndef IMP_DATA_IMPORT_DATASET_BUILDER_H
#define IMP_DATA_IMPORT_DATASET_BUILDER_H

#include "imprint/dataset.h"

// Data of one moment.
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

// Starts a dataset. Until it is finished it lies beside its folder, as folder.partial. What a
// killed import left there is removed. Fails like imp_dataset_writer_create().
imp_status imp_dataset_builder_create(imp_dataset_builder **out, const char *folder,
                                      const imp_dataset_info *info, imp_error *err);

// Time between two images of the following episodes [s]; 0: the dataset's.
void imp_dataset_builder_set_dt(imp_dataset_builder *builder, double time_step);

// Destination of the next image (height x width x 3 bytes), valid until
// imp_dataset_builder_add_step(). NULL without memory.
uint8_t *imp_dataset_builder_reserve_image(imp_dataset_builder *builder);

// Adds the image with the data of its moment. Long episodes are recorded in pieces; each ends with
// the image that begins the next.
imp_status imp_dataset_builder_add_step(imp_dataset_builder *builder, const imp_import_step *step,
                                        imp_error *err);

// The last step of the current episode, which may still be changed; NULL if there is none.
imp_import_step *imp_dataset_builder_get_last_step(imp_dataset_builder *builder);

// Makes the images since the last call an episode. Its last image closes it, and of its data only
// pose and lane are kept. With repeat, the last image is a complete step and is repeated to close
// the episode. *is_single_image: there was a single image, which cannot be an episode.
imp_status imp_dataset_builder_end(imp_dataset_builder *builder, imp_episode_end ending,
                                   bool repeat, bool *is_single_image, imp_error *err);

int imp_dataset_builder_episodes(const imp_dataset_builder *builder);
int64_t imp_dataset_builder_steps(const imp_dataset_builder *builder);

// Finishes the dataset and gives it its name. origin: JSON text.
imp_status imp_dataset_builder_finish(imp_dataset_builder *builder, const char *origin,
                                      imp_error *err);

// Frees the builder; removes a dataset that was not finished. Nullable.
void imp_dataset_builder_destroy(imp_dataset_builder *builder);

#endif
