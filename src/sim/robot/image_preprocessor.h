// sim/robot/image_preprocessor.h: converts camera images to the observations a network expects:
// optional rectification, then area averaging.
#ifndef IMP_SIM_ROBOT_IMAGE_PREPROCESSOR_H
#define IMP_SIM_ROBOT_IMAGE_PREPROCESSOR_H

#include "imprint/robot.h"

typedef struct imp_image_preprocessor imp_image_preprocessor;

// Creates a preprocessor for observations of width x height pixels. Each pixel is the mean of the
// camera pixels in its area, which matches what imp_render() draws. undistort_with (nullable,
// copied) is the camera's calibration; its distortion is removed first, for networks that were
// trained without a lens.
imp_status imp_image_preprocessor_create(imp_image_preprocessor **out, int width, int height,
                                         const imp_calibration *undistort_with, imp_error *err);
// The same, for a robot with another camera than the one whose images the observations should look
// like: see imp_undistorter_create_between(). Both are copied.
imp_status imp_image_preprocessor_create_between(imp_image_preprocessor **out, int width,
                                                 int height, const imp_camera_def *from,
                                                 const imp_camera_def *to, imp_error *err);
void imp_image_preprocessor_destroy(imp_image_preprocessor *preprocessor); // nullable

// Decodes a JPEG image and writes rgb (height x width x 3). If each observation pixel consists of
// whole JPEG blocks, only the means of the blocks are decoded. Fails with IMP_BAD_INPUT. Allocates
// only when the size of the camera's images changes.
imp_status imp_image_preprocessor_run_jpeg(imp_image_preprocessor *preprocessor,
                                           const uint8_t *jpeg, size_t length, uint8_t *rgb,
                                           imp_error *err);

// The same for a decoded image of (height x width x 3) RGB bytes.
imp_status imp_image_preprocessor_run(imp_image_preprocessor *preprocessor, const uint8_t *pixels,
                                      int width, int height, uint8_t *rgb, imp_error *err);

#endif
