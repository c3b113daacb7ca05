// data/import/import_common.h: functions shared by all imports.
#ifndef IMP_DATA_IMPORT_IMPORT_COMMON_H
#define IMP_DATA_IMPORT_IMPORT_COMMON_H

#include "data/import/dataset_builder.h"
#include "data/import/import_summary.h"

#define IMP_IMPORT_SIDE_MAX 8192 // of an image [px]

// Checks that a definition has its defaults, and that its size is possible or 0 x 0.
imp_status imp_import_def_check(const imp_import_def *def, imp_error *err);

// Attributes of the dataset; the caller fills in lens and time step.
imp_dataset_info imp_import_dataset_info(const imp_import_def *def, int width, int height);

// A step of which nothing is known.
imp_import_step imp_import_unknown_step(void);

// Whether an image (height x width x 3) is completely black. No camera takes such images.
bool imp_import_image_is_black(const uint8_t *rgb, int width, int height);

// Ends an episode, and counts a single image, which cannot be an episode.
imp_status imp_import_end_episode(imp_dataset_builder *builder, imp_import_summary *summary,
                                  imp_episode_end ending, bool repeat, imp_error *err);

// Finishes the dataset (NULL: none was begun), which stores the summary. IMP_BAD_INPUT, with the
// reasons, if it has no episodes; `path` is used in that message.
imp_status imp_import_finish_dataset(imp_dataset_builder *builder, imp_import_summary *summary,
                                     const char *format, const char *path, imp_error *err);

#endif
