// sim/robot/image_preprocessor.h: from a camera's image to the observation that a network is
// trained on.
#ifndef IMP_SIM_ROBOT_IMAGE_PREPROCESSOR_H
#define IMP_SIM_ROBOT_IMAGE_PREPROCESSOR_H

#include "imprint/robot.h"

typedef struct imp_image_preprocessor imp_image_preprocessor;

// An eye for observations of width x height pixels, each the mean of the camera's pixels in its
// area: what imp_render() draws. straighten (nullable, copied): the camera's lens, whose bending is
// to be undone first, for networks that were trained without a lens.
imp_status imp_image_preprocessor_create(imp_image_preprocessor **out, int width, int height,
                                         const imp_calibration *undistort_with, imp_error *err);
void imp_image_preprocessor_destroy(imp_image_preprocessor *preprocessor); // nullable

// rgb is (height x width x 3) bytes. Where a pixel of the observation is made of whole JPEG blocks,
// only their means are decoded. Fails with IMP_BAD_INPUT. Our code allocates only when the size of
// the camera's images changes.
imp_status imp_image_preprocessor_run_jpeg(imp_image_preprocessor *preprocessor,
                                           const uint8_t *jpeg, size_t length, uint8_t *rgb,
                                           imp_error *err);

// The same for an image that is decoded already: (height x width x 3) RGB bytes.
imp_status imp_image_preprocessor_run(imp_image_preprocessor *preprocessor, const uint8_t *pixels,
                                      int width, int height, uint8_t *rgb, imp_error *err);

#endif
