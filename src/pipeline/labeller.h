// pipeline/labeller.h: what a camera sees, exactly, in the classes that a driver tells apart.
#ifndef IMP_PIPELINE_LABELLER_H
#define IMP_PIPELINE_LABELLER_H

#include "imprint/render.h"
#include "imprint/vision.h"

// The class that a segment of the renderer belongs to.
imp_class imp_class_of_segment(int segment);

// A surveyor at twice a camera's size, so that every cell is the mean of four rays. One per thread.
typedef struct imp_labeller imp_labeller;

// camera: of the picture that the labels belong to; its size is that of the cells. Freed with
// imp_labeller_destroy().
imp_status imp_labeller_create(imp_labeller **out, const imp_camera_def *camera, imp_error *err);
void imp_labeller_destroy(imp_labeller *labeller); // nullable

// Another camera with pictures of the same size.
imp_status imp_labeller_set_camera(imp_labeller *labeller, const imp_camera_def *camera,
                                   imp_error *err);

// Finds the shares of the classes, (IMP_CLASS_COUNT x height x width), borrowed until the next
// call. Allocates nothing.
const float *imp_labeller_look(imp_labeller *labeller, const imp_scene *scene,
                               const imp_view *view);

// The same, painted: rgb is (height x width x 3).
void imp_labeller_paint(imp_labeller *labeller, const imp_scene *scene, const imp_view *view,
                        uint8_t *rgb);

#endif
