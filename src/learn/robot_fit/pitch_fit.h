// learn/robot_fit/pitch_fit.h: the pitch of the camera from images and poses.
#ifndef IMP_LEARN_ROBOT_FIT_PITCH_FIT_H
#define IMP_LEARN_ROBOT_FIT_PITCH_FIT_H

#include "imprint/dataset.h"
#include "imprint/robot_fit.h"

typedef struct imp_pitch_fit imp_pitch_fit;

// Images are width x height pixels.
imp_status imp_pitch_fit_create(imp_pitch_fit **out, const imp_robot_fit_def *def, int width,
                                int height, imp_error *err);
void imp_pitch_fit_destroy(imp_pitch_fit *fit); // nullable

// Adds pairs of images of an episode, up to a limit for all episodes.
void imp_pitch_fit_add(imp_pitch_fit *fit, const imp_episode *episode);

// Writes pitch and image_pairs; the pitch stays unknown, with the reason, if there are too few
// pairs, or if no pitch fits better than those at the ends of the range.
void imp_pitch_fit_solve(const imp_pitch_fit *fit, imp_robot_fit *out);

#endif
