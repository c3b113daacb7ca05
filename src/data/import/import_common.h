// data/import/import_common.h: what all imports do alike.
#ifndef IMP_DATA_IMPORT_IMPORT_COMMON_H
#define IMP_DATA_IMPORT_IMPORT_COMMON_H

#include "data/import/dataset_builder.h"
#include "data/import/import_summary.h"

#define IMP_IMPORT_SIDE_MAX 8192 // of a picture [px]

// Whether a definition is one, and its size that of an observation, or 0 x 0.
imp_status imp_import_def_check(const imp_import_def *def, imp_error *err);

// What a dataset says of itself; lens and time step are the caller's.
imp_dataset_info imp_import_dataset_info(const imp_import_def *def, int width, int height);

// A moment of which nothing is known.
imp_import_step imp_import_step_unknown(void);

// Whether a picture (height x width x 3) is black throughout: such a one was never taken.
bool imp_import_image_is_black(const uint8_t *rgb, int width, int height);

// Ends an episode, and counts a picture that cannot be one by itself.
imp_status imp_import_end_episode(imp_dataset_builder *builder, imp_import_summary *summary,
                                  imp_episode_end ending, bool repeat, imp_error *err);

// Finishes the dataset (NULL: none was begun), which then keeps the summary. IMP_BAD_INPUT, with
// the reasons, if it would be empty; path is for that message.
imp_status imp_import_finish_dataset(imp_dataset_builder *builder, imp_import_summary *summary,
                                     const char *format, const char *path, imp_error *err);

#endif
