// data/edit/marks.h: marks files, which say which episodes and frames of a dataset are bad. A page
// of a dataset writes them; docs/formats.md describes them.
#ifndef IMP_DATA_EDIT_MARKS_H
#define IMP_DATA_EDIT_MARKS_H

#include "imprint/dataset.h"

#define IMP_MARKS_FORMAT "imprint-marks"
enum { IMP_MARKS_VERSION = 1 };

// Frames of one episode, both included. Frame T is the last of an episode of T steps.
typedef struct imp_marked_frames {
    int episode, first, last;
} imp_marked_frames;

typedef struct imp_marks {
    int *episodes; // (episode_count) numbers of episodes
    int episode_count;
    imp_marked_frames *frames; // (frame_count)
    int frame_count;
} imp_marks;

// Reads the marks of a dataset. *out starts as {0}, and is freed with imp_marks_free(), also after
// a failure. IMP_BAD_INPUT: no marks file, of another version, damaged, or of another dataset.
imp_status imp_marks_read(imp_marks *out, const char *path, const imp_dataset *dataset,
                          imp_error *err);
void imp_marks_free(imp_marks *marks);

#endif
