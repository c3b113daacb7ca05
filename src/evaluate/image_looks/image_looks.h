// evaluate/image_looks/image_looks.h: figures of how images of roads look, to compare images that
// were rendered with those of cameras.
#ifndef IMP_EVALUATE_IMAGE_LOOKS_IMAGE_LOOKS_H
#define IMP_EVALUATE_IMAGE_LOOKS_IMAGE_LOOKS_H

#include "imprint/robot.h"

// The figures are of images of this size.
enum { IMP_LOOKS_WIDTH = 80, IMP_LOOKS_HEIGHT = 60 };

typedef enum imp_look {
    IMP_LOOK_LUMA_ABOVE,  // mean luma above the horizon minus that below it, -255 to 255
    IMP_LOOK_GRADIENT,    // mean change of luma from pixel to pixel above the horizon
    IMP_LOOK_ROAD_CHROMA, // largest minus smallest channel of the road's median colour
    IMP_LOOK_DARK,        // pixels of a luma below 20 [%]
    IMP_LOOK_ROAD_ROW,    // first row from the top in which the road is seen, 0 to 60
    IMP_LOOK_COUNT,
} imp_look;

// What a figure is called, in at most 20 characters.
const char *imp_image_statistic_name(int look);

// Row of the horizon, 0 to 60, in images of a camera.
imp_status imp_image_statistics_find_horizon(double *row, const imp_camera_def *camera,
                                             imp_error *err);

// The figures of an image of (60 x 80 x 3) bytes.
void imp_image_statistics_compute(double out[IMP_LOOK_COUNT], const uint8_t *rgb, double horizon);

// Figures of any number of images.
typedef struct imp_image_statistics {
    double (*values)[IMP_LOOK_COUNT]; // (count)
    int count, capacity;
} imp_image_statistics;

imp_status imp_image_statistics_add(imp_image_statistics *looks,
                                    const double values[IMP_LOOK_COUNT], imp_error *err);
void imp_image_statistics_free(imp_image_statistics *looks);

// Each figure's percentiles, which are sorted for that: out[k][n] for the k-th of `shares`, 0 to 1.
imp_status imp_image_statistics_percentiles(double (*out)[IMP_LOOK_COUNT],
                                            const imp_image_statistics *looks, const double *shares,
                                            int share_count, imp_error *err);

#endif
