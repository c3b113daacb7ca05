// robot/eye.h: from a camera's picture to the observation that a network is trained on.
#ifndef IMP_ROBOT_EYE_H
#define IMP_ROBOT_EYE_H

#include "imprint/robot.h"

typedef struct imp_eye imp_eye;

// An eye for observations of width x height pixels, each the mean of the camera's pixels in its
// area: what imp_render() draws. straighten (nullable, copied): the camera's lens, whose bending is
// to be undone first, for networks that were trained without a lens.
imp_status imp_eye_create(imp_eye **out, int width, int height, const imp_calibration *straighten,
                          imp_error *err);
void imp_eye_destroy(imp_eye *eye); // nullable

// rgb is (height x width x 3) bytes. Where a pixel of the observation is made of whole JPEG blocks,
// only their means are decoded. Fails with IMP_BAD_INPUT. Our code allocates only when the size of
// the camera's pictures changes.
imp_status imp_eye_see(imp_eye *eye, const uint8_t *jpeg, size_t length, uint8_t *rgb,
                       imp_error *err);

// The same for a picture that is decoded already: (height x width x 3) RGB bytes.
imp_status imp_eye_look(imp_eye *eye, const uint8_t *pixels, int width, int height, uint8_t *rgb,
                        imp_error *err);

#endif
