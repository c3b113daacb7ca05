// Ground-truth labels: one segmentation pass with four rays per pixel, whose classes are grouped
// into the few that a policy needs. A cell's share of a class is the fraction of its rays that met
// it, so borders are as smooth as in the camera's image. No light, texture or camera effect
// influences the labels.
#include "sim/render/views/ground_truth_labels.h"

#include <stdlib.h>
#include <string.h>

struct imp_label_renderer {
    imp_segmentation_pass *segmentation;
    int width, height;
    uint8_t *classes; // (2 height x 2 width), of imp_semantic_class
    float *shares;    // (classes x height x width)
};

imp_class imp_class_of_segment(int segment)
{
    // road and lines have classes of their own, and so has whatever a robot could run into
    switch (segment) {
    case IMP_SEMANTIC_ROAD:
        return IMP_CLASS_ROAD;
    case IMP_SEMANTIC_WHITE_LINE:
        return IMP_CLASS_WHITE;
    case IMP_SEMANTIC_YELLOW_LINE:
        return IMP_CLASS_YELLOW;
    case IMP_SEMANTIC_RED_LINE:
        return IMP_CLASS_RED;
    // objects that may stand on the road; houses, trees and signs are background
    case IMP_SEMANTIC_OBJECT + IMP_OBJECT_DUCKIE:
    case IMP_SEMANTIC_OBJECT + IMP_OBJECT_DUCKIEBOT:
    case IMP_SEMANTIC_OBJECT + IMP_OBJECT_CONE:
    case IMP_SEMANTIC_OBJECT + IMP_OBJECT_BARRIER:
    case IMP_SEMANTIC_OBJECT + IMP_OBJECT_BUS:
    case IMP_SEMANTIC_OBJECT + IMP_OBJECT_TRUCK:
    case IMP_SEMANTIC_OBJECT + IMP_OBJECT_CHECKERBOARD:
        return IMP_CLASS_OBSTACLE;
    default:
        return IMP_CLASS_BACKGROUND;
    }
}

// The same camera with twice the pixels in each direction.
static imp_camera_def supersampled_camera(const imp_camera_def *camera)
{
    imp_camera_def supersampled = *camera;
    supersampled.width *= 2;
    supersampled.height *= 2;
    return supersampled;
}

imp_status imp_label_renderer_create(imp_label_renderer **out, const imp_camera_def *camera,
                                     imp_error *err)
{
    imp_label_renderer *l = calloc(1, sizeof *l);
    if (l == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for semantic masks");
    // room for the rays' classes and for the cells' shares
    const size_t cells = (size_t)camera->width * (size_t)camera->height;
    // the segmentation pass runs at twice the size
    const imp_camera_def supersampled = supersampled_camera(camera);
    l->width = camera->width;
    l->height = camera->height;
    l->classes = malloc(4 * cells);
    l->shares = malloc(IMP_CLASS_COUNT * cells * sizeof *l->shares);
    imp_status status = imp_segmentation_pass_create(&l->segmentation, &supersampled, err);
    // report missing memory only if nothing else failed
    if (status == IMP_OK && (l->classes == NULL || l->shares == NULL))
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for semantic masks");
    if (status != IMP_OK) {
        imp_label_renderer_destroy(l);
        return status;
    }
    *out = l;
    return IMP_OK;
}

imp_status imp_label_renderer_set_camera(imp_label_renderer *label_renderer,
                                         const imp_camera_def *camera, imp_error *err)
{
    const imp_camera_def supersampled = supersampled_camera(camera);
    return imp_segmentation_pass_set_camera(label_renderer->segmentation, &supersampled, err);
}

void imp_label_renderer_destroy(imp_label_renderer *label_renderer)
{
    if (label_renderer == NULL)
        return;
    imp_segmentation_pass_destroy(label_renderer->segmentation);
    free(label_renderer->classes);
    free(label_renderer->shares);
    free(label_renderer);
}

const float *imp_label_renderer_render(imp_label_renderer *label_renderer, const imp_scene *scene,
                                       const imp_view *view)
{
    imp_label_renderer *l = label_renderer;
    const size_t width = (size_t)l->width, height = (size_t)l->height, cells = width * height;
    // classes of the renderer, at twice the size
    imp_segmentation_pass_run(l->segmentation, scene, view, l->classes, NULL);
    // a quarter of a cell for each ray
    memset(l->shares, 0, IMP_CLASS_COUNT * cells * sizeof *l->shares);
    for (size_t y = 0; y < 2 * height; y++)
        for (size_t x = 0; x < 2 * width; x++) {
            const imp_class class = imp_class_of_segment(l->classes[y * 2 * width + x]);
            l->shares[(size_t) class * cells + y / 2 * width + x / 2] += 0.25F;
        }
    return l->shares;
}

void imp_label_renderer_render_rgb(imp_label_renderer *label_renderer, const imp_scene *scene,
                                   const imp_view *view, uint8_t *rgb)
{
    // colours are mixed by shares
    imp_class_shares_to_rgb(imp_label_renderer_render(label_renderer, scene, view),
                            label_renderer->width * label_renderer->height, rgb);
}
