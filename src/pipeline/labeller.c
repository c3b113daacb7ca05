#include "pipeline/labeller.h"

#include <stdlib.h>
#include <string.h>

struct imp_labeller {
    imp_surveyor *surveyor;
    int width, height;
    uint8_t *segments; // (2 height x 2 width)
    float *shares;     // (classes x height x width)
};

imp_class imp_class_of_segment(int segment)
{
    switch (segment) {
    case IMP_SEGMENT_ROAD:
        return IMP_CLASS_ROAD;
    case IMP_SEGMENT_WHITE:
        return IMP_CLASS_WHITE;
    case IMP_SEGMENT_YELLOW:
        return IMP_CLASS_YELLOW;
    case IMP_SEGMENT_RED:
        return IMP_CLASS_RED;
    case IMP_SEGMENT_OBJECT + IMP_OBJECT_DUCKIE:
    case IMP_SEGMENT_OBJECT + IMP_OBJECT_DUCKIEBOT:
    case IMP_SEGMENT_OBJECT + IMP_OBJECT_CONE:
    case IMP_SEGMENT_OBJECT + IMP_OBJECT_BARRIER:
    case IMP_SEGMENT_OBJECT + IMP_OBJECT_BUS:
    case IMP_SEGMENT_OBJECT + IMP_OBJECT_TRUCK:
    case IMP_SEGMENT_OBJECT + IMP_OBJECT_CHECKERBOARD:
        return IMP_CLASS_OBSTACLE;
    default:
        return IMP_CLASS_BACKGROUND;
    }
}

static imp_camera_def finer_than(const imp_camera_def *camera)
{
    imp_camera_def finer = *camera;
    finer.width *= 2;
    finer.height *= 2;
    return finer;
}

imp_status imp_labeller_create(imp_labeller **out, const imp_camera_def *camera, imp_error *err)
{
    imp_labeller *l = calloc(1, sizeof *l);
    if (l == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for segments");
    const size_t cells = (size_t)camera->width * (size_t)camera->height;
    const imp_camera_def finer = finer_than(camera);
    l->width = camera->width;
    l->height = camera->height;
    l->segments = malloc(4 * cells);
    l->shares = malloc(IMP_CLASS_COUNT * cells * sizeof *l->shares);
    imp_status status = imp_surveyor_create(&l->surveyor, &finer, err);
    if (status == IMP_OK && (l->segments == NULL || l->shares == NULL))
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for segments");
    if (status != IMP_OK) {
        imp_labeller_destroy(l);
        return status;
    }
    *out = l;
    return IMP_OK;
}

imp_status imp_labeller_set_camera(imp_labeller *labeller, const imp_camera_def *camera,
                                   imp_error *err)
{
    const imp_camera_def finer = finer_than(camera);
    return imp_surveyor_set_camera(labeller->surveyor, &finer, err);
}

void imp_labeller_destroy(imp_labeller *labeller)
{
    if (labeller == NULL)
        return;
    imp_surveyor_destroy(labeller->surveyor);
    free(labeller->segments);
    free(labeller->shares);
    free(labeller);
}

const float *imp_labeller_look(imp_labeller *labeller, const imp_scene *scene, const imp_view *view)
{
    imp_labeller *l = labeller;
    const size_t width = (size_t)l->width, height = (size_t)l->height, cells = width * height;
    imp_survey(l->surveyor, scene, view, l->segments, NULL);
    memset(l->shares, 0, IMP_CLASS_COUNT * cells * sizeof *l->shares);
    for (size_t y = 0; y < 2 * height; y++)
        for (size_t x = 0; x < 2 * width; x++) {
            const imp_class class = imp_class_of_segment(l->segments[y * 2 * width + x]);
            l->shares[(size_t) class * cells + y / 2 * width + x / 2] += 0.25F;
        }
    return l->shares;
}

void imp_labeller_paint(imp_labeller *labeller, const imp_scene *scene, const imp_view *view,
                        uint8_t *rgb)
{
    imp_classes_paint(imp_labeller_look(labeller, scene, view), labeller->width * labeller->height,
                      rgb);
}
