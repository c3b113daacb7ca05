// sim/render/views/ground_truth_labels.h: exact semantic classes of what a camera sees.
#ifndef IMP_SIM_RENDER_VIEWS_GROUND_TRUTH_LABELS_H
#define IMP_SIM_RENDER_VIEWS_GROUND_TRUTH_LABELS_H

#include "imprint/observation.h"
#include "imprint/render.h"

// The class (imp_class) of a class of the renderer (imp_semantic_class).
imp_class imp_class_of_segment(int segment);

// Renders labels with a segmentation pass at twice a camera's size, so that each cell is the mean
// of four rays. One per thread.
typedef struct imp_label_renderer imp_label_renderer;

// camera is that of the image to be labelled; there is one cell per pixel. Free with
// imp_label_renderer_destroy().
imp_status imp_label_renderer_create(imp_label_renderer **out, const imp_camera_def *camera,
                                     imp_error *err);
void imp_label_renderer_destroy(imp_label_renderer *label_renderer); // nullable

// Changes the camera; the image size must stay the same. Allocates nothing.
imp_status imp_label_renderer_set_camera(imp_label_renderer *label_renderer,
                                         const imp_camera_def *camera, imp_error *err);

// Computes how much of each cell each class covers: (IMP_CLASS_COUNT x height x width), borrowed
// until the next call. Allocates nothing.
const float *imp_label_renderer_render(imp_label_renderer *label_renderer, const imp_scene *scene,
                                       const imp_view *view);

// The same, painted with the palette: rgb is (height x width x 3).
void imp_label_renderer_render_rgb(imp_label_renderer *label_renderer, const imp_scene *scene,
                                   const imp_view *view, uint8_t *rgb);

#endif
