// evaluate/rollout/ground_truth_labels.h: what a camera sees, exactly, in the classes that a driver
// tells apart.
#ifndef IMP_EVALUATE_ROLLOUT_GROUND_TRUTH_LABELS_H
#define IMP_EVALUATE_ROLLOUT_GROUND_TRUTH_LABELS_H

#include "imprint/render.h"
#include "imprint/segmentation.h"

// The class that a segment of the renderer belongs to.
imp_class imp_class_of_segment(int segment);

// A surveyor at twice a camera's size, so that every cell is the mean of four rays. One per thread.
typedef struct imp_label_renderer imp_label_renderer;

// camera: of the picture that the labels belong to; its size is that of the cells. Freed with
// imp_label_renderer_destroy().
imp_status imp_label_renderer_create(imp_label_renderer **out, const imp_camera_def *camera,
                                     imp_error *err);
void imp_label_renderer_destroy(imp_label_renderer *label_renderer); // nullable

// Another camera with pictures of the same size.
imp_status imp_label_renderer_set_camera(imp_label_renderer *label_renderer,
                                         const imp_camera_def *camera, imp_error *err);

// Finds the shares of the classes, (IMP_CLASS_COUNT x height x width), borrowed until the next
// call. Allocates nothing.
const float *imp_label_renderer_render(imp_label_renderer *label_renderer, const imp_scene *scene,
                                       const imp_view *view);

// The same, painted: rgb is (height x width x 3).
void imp_label_renderer_render_rgb(imp_label_renderer *label_renderer, const imp_scene *scene,
                                   const imp_view *view, uint8_t *rgb);

#endif
