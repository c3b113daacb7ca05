// Draws what the page shows: the robot's camera at the size of the page, and the map from above.
// Canvases take four bytes for each pixel, so that a drawing is widened afterwards.
#include <stdlib.h>

#include "base/common/try.h"
#include "page/module/module.h"

// The last drawing: as it is rendered, and as a canvas takes it.
static uint8_t *rgb, *rgba;
static size_t capacity; // in pixels

static imp_renderer *renderer;

// Makes room for a drawing.
static imp_status reserve_pixels(int width, int height, imp_error *err)
{
    enum { SIDE_MAX = 4096 };
    if (width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX)
        return imp_fail(err, IMP_USAGE, "a drawing has 1 to %d pixels a side", SIDE_MAX);
    const size_t pixels = (size_t)width * (size_t)height;
    if (pixels <= capacity)
        return IMP_OK;
    free(rgb);
    free(rgba);
    rgb = malloc(pixels * 3);
    rgba = malloc(pixels * 4);
    capacity = rgb != NULL && rgba != NULL ? pixels : 0;
    return capacity > 0 ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for a drawing");
}

// Opaque pixels of the canvas.
static const uint8_t *convert_to_rgba(int width, int height)
{
    const size_t pixels = (size_t)width * (size_t)height;
    for (size_t k = 0; k < pixels; k++) {
        rgba[4 * k] = rgb[3 * k];
        rgba[4 * k + 1] = rgb[3 * k + 1];
        rgba[4 * k + 2] = rgb[3 * k + 2];
        rgba[4 * k + 3] = 255;
    }
    return rgba;
}

// Makes the renderer fit a camera of this size. Cameras differ by episode, if they are randomised.
static imp_status fit_renderer_to_camera(const imp_camera_def *camera, imp_error *err)
{
    const imp_camera_def *now = renderer != NULL ? imp_renderer_camera(renderer) : NULL;
    if (now != NULL && now->width == camera->width && now->height == camera->height)
        return imp_renderer_set_camera(renderer, camera, err);
    imp_renderer_destroy(renderer);
    renderer = NULL;
    return imp_renderer_create(&renderer, camera, IMP_RENDER_AUTO, err);
}

// Whether a camera is the one that the renderer has.
static bool renderer_has_camera(const imp_camera_def *camera)
{
    const imp_camera_def *now = renderer != NULL ? imp_renderer_camera(renderer) : NULL;
    return now != NULL && now->width == camera->width && now->height == camera->height &&
           now->mount_height == camera->mount_height &&
           now->mount_forward == camera->mount_forward && now->mount_right == camera->mount_right &&
           now->pitch == camera->pitch && now->field_of_view == camera->field_of_view &&
           imp_lens_equals(&now->lens, &camera->lens);
}

const uint8_t *imp_page_draw_camera(int robot, int width, int height)
{
    imp_sim *sim = imp_page_get_sim(robot);
    if (sim == NULL || reserve_pixels(width, height, &imp_page_error) != IMP_OK)
        return NULL;
    imp_camera_def camera = *imp_sim_camera(sim);
    camera.width = width;
    camera.height = height;
    if (!renderer_has_camera(&camera) && fit_renderer_to_camera(&camera, &imp_page_error) != IMP_OK)
        return NULL;
    const imp_view view = imp_sim_camera_view(sim);
    imp_render(renderer, imp_sim_scene(sim), &view, rgb);
    return convert_to_rgba(width, height);
}

const uint8_t *imp_page_draw_map(int robot, int width, int height)
{
    imp_sim *sim = imp_page_get_sim(robot);
    if (sim == NULL || reserve_pixels(width, height, &imp_page_error) != IMP_OK)
        return NULL;
    const imp_view view = imp_sim_camera_view(sim);
    imp_render_top_down_view(imp_sim_scene(sim), &view, width, height, rgb);
    return convert_to_rgba(width, height);
}

const double *imp_page_map_transform(int robot, int width, int height)
{
    static double numbers[7];
    imp_sim *sim = imp_page_get_sim(robot);
    if (sim == NULL)
        return NULL;
    const imp_world *world = imp_sim_env(sim)->world;
    imp_top_down_transform(world, width, height, &numbers[0], &numbers[1], &numbers[2]);
    numbers[3] = world->columns * world->tile_size;
    numbers[4] = world->rows * world->tile_size;
    numbers[5] = world->tile_size;
    numbers[6] = world->moving_count;
    return numbers;
}
