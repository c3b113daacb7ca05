// page/dataset_page/episode_strip.h: what a page shows of one episode: a strip of frames as one
// small JPEG, and its series as bytes.
#ifndef IMP_PAGE_DATASET_PAGE_EPISODE_STRIP_H
#define IMP_PAGE_DATASET_PAGE_EPISODE_STRIP_H

#include <stdio.h>

#include "imprint/dataset.h"

typedef struct imp_episode_strip imp_episode_strip;

// Frames are reduced by a whole number, so that they are at most 96 px wide. count: frames of a
// strip. *width, *height: of a frame in it [px].
imp_status imp_episode_strip_create(imp_episode_strip **out, const imp_dataset_info *info,
                                    int count, int *width, int *height, imp_error *err);
void imp_episode_strip_destroy(imp_episode_strip *strip); // nullable

// Writes frames that are evenly spread over an episode, as base64.
imp_status imp_episode_strip_write(imp_episode_strip *strip, FILE *out, const imp_episode *episode,
                                   imp_error *err);

// Writes at most this many points of each series as base64 of signed bytes: executed left and
// right, expert's left and right (127: 1.0), distance from the lane's centre (127: 0.4 m, clipped).
// -128: unknown. Point p of n shows step floor(p T / n).
enum { IMP_SERIES_POINTS_MAX = 200, IMP_SERIES_COUNT = 5 };
imp_status imp_episode_series_write(FILE *out, const imp_episode *episode, imp_error *err);

#endif
