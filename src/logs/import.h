// logs/import.h: what all imports do alike.
#ifndef IMP_LOGS_IMPORT_H
#define IMP_LOGS_IMPORT_H

#include "logs/recorder.h"
#include "logs/summary.h"

#define IMP_SIDE_MAX 8192 // of a picture [px]

// Whether a definition is one, and its size that of an observation, or 0 x 0.
imp_status imp_import_check(const imp_import_def *def, imp_error *err);

// What a dataset says of itself; lens and time step are the caller's.
imp_dataset_info imp_import_info(const imp_import_def *def, int width, int height);

// A moment of which nothing is known.
imp_moment imp_unknown_moment(void);

// Whether a picture (height x width x 3) is black throughout: such a one was never taken.
bool imp_is_black(const uint8_t *rgb, int width, int height);

// Ends an episode, and counts a picture that cannot be one by itself.
imp_status imp_import_end(imp_recorder *recorder, imp_import_summary *summary, imp_ending ending,
                          bool repeat, imp_error *err);

// Finishes the dataset (NULL: none was begun), which then keeps the summary. IMP_BAD_INPUT, with
// the reasons, if it would be empty; path is for that message.
imp_status imp_import_finish(imp_recorder *recorder, imp_import_summary *summary,
                             const char *format, const char *path, imp_error *err);

#endif
