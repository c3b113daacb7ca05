// Pictures do not shimmer while the robot creeps forward: how much pixels waver from frame to
// frame, held against a version that looks once per pixel at the nearest texel.
#include <stdlib.h>
#include <string.h>

#include "imprint/render.h"
#include "sim/render/ground/ground.h"
#include "testing.h"

enum { WIDTH = 80, HEIGHT = 60, SIZE = WIDTH * HEIGHT * 3, FRAMES = 60, LARGER = 8 };

static const double STEP = 0.0002; // [m]

// A world, and what draws it in either way.
typedef struct render_fixture {
    imp_world *world;
    imp_scene *scene;
    imp_camera camera;
    imp_renderer *renderer, *large;
    imp_segmentation_pass *segmentation;
    uint8_t *wide;
} render_fixture;

static render_fixture create_fixture(const char *map, imp_lens lens)
{
    imp_error err = {0};
    render_fixture s;
    imp_camera_def def = imp_default_camera_def();
    def.lens = lens;
    assert_ok(imp_world_load(&s.world, map, &err), err);
    assert_ok(imp_scene_create(&s.scene, s.world, &err), err);
    assert_ok(imp_camera_init(&s.camera, &def, &err), err);
    assert_ok(imp_renderer_create(&s.renderer, &def, IMP_RENDER_AUTO, &err), err);
    assert_ok(imp_segmentation_pass_create(&s.segmentation, &def, &err), err);
    def.width *= LARGER;
    def.height *= LARGER;
    assert_ok(imp_renderer_create(&s.large, &def, IMP_RENDER_AUTO, &err), err);
    s.wide = malloc((size_t)SIZE * LARGER * LARGER);
    assert_non_null(s.wide);
    return s;
}

static void destroy_fixture(render_fixture *s)
{
    imp_renderer_destroy(s->renderer);
    imp_renderer_destroy(s->large);
    imp_segmentation_pass_destroy(s->segmentation);
    imp_scene_destroy(s->scene);
    imp_world_destroy(s->world);
    free(s->wide);
}

// The texel of the ground that is nearest to where a pixel's middle looks.
static uint32_t nearest_texel(const render_fixture *s, imp_pose pose, int column, int row)
{
    const imp_camera_def *def = &s->camera.def;
    const imp_scene *scene = s->scene;
    double x, y;
    assert_true(imp_camera_pixel_to_ray(&s->camera, column + 0.5, row + 0.5, &x, &y));
    const double fall = sin(def->pitch) + y * cos(def->pitch), far = def->mount_height / fall;
    const double ahead = def->mount_forward + far * (cos(def->pitch) - y * sin(def->pitch));
    const double right = far * x, c = cos(pose.heading), d = sin(pose.heading);
    const double tile = s->world->tile_size;
    const double u = (pose.x + c * ahead + d * right) / tile + 1.0;
    const double v = (pose.z - d * ahead + c * right) / tile + 1.0;
    if (!(u >= 0.0 && v >= 0.0 && u < scene->columns && v < scene->rows))
        return 0;
    const int i = (int)((u - floor(u)) * IMP_TEXTURE_SIDE),
              j = (int)((v - floor(v)) * IMP_TEXTURE_SIDE);
    const imp_texture_level *level = &scene->levels[0];
    return scene->texels[scene->cells[(int)v * scene->columns + (int)u] + level->offset +
                         (j + 1) * level->stride + i + 1];
}

// One look per pixel. Objects are taken from a picture so large that its pixels are points.
static void draw_nearest(const render_fixture *s, const imp_view *view, uint8_t *rgb)
{
    static uint8_t mask[WIDTH * HEIGHT];
    imp_segmentation_pass_run(s->segmentation, s->scene, view, mask, NULL);
    imp_render(s->large, s->scene, view, s->wide);
    for (int k = 0; k < WIDTH * HEIGHT; k++) {
        const int column = k % WIDTH, row = k / WIDTH;
        const int place =
            (row * LARGER + LARGER / 2) * WIDTH * LARGER + column * LARGER + LARGER / 2;
        memcpy(rgb + 3 * k, s->wide + 3 * place, 3);
        if (mask[k] == IMP_SEMANTIC_SKY || mask[k] >= IMP_SEMANTIC_OBJECT)
            continue;
        const uint32_t texel = nearest_texel(s, view->pose, column, row);
        for (int c = 0; c < 3; c++)
            rgb[3 * k + c] = texel >> 24 > 0 ? (uint8_t)(texel >> 8 * c) : 38;
    }
}

// Mean over pixels and time of what a pixel is away from the mean of the frames before and after.
static double mean_flicker(const render_fixture *s, imp_pose start, bool filtered, int *objects)
{
    static uint8_t frames[FRAMES][SIZE];
    imp_view view = imp_default_view();
    for (int n = 0; n < FRAMES; n++) {
        view.pose = imp_pose_integrate(start, STEP, 0.0, n);
        if (filtered)
            imp_render(s->renderer, s->scene, &view, frames[n]);
        else
            draw_nearest(s, &view, frames[n]);
    }
    double sum = 0.0;
    for (int n = 1; n < FRAMES - 1; n++)
        for (int k = 0; k < SIZE; k++)
            sum += abs(frames[n - 1][k] - 2 * frames[n][k] + frames[n + 1][k]);
    static uint8_t mask[WIDTH * HEIGHT];
    imp_segmentation_pass_run(s->segmentation, s->scene, &view, mask, NULL);
    for (int k = 0; k < WIDTH * HEIGHT; k++)
        *objects += mask[k] >= IMP_SEMANTIC_OBJECT;
    return sum / ((double)SIZE * (FRAMES - 2));
}

static void check_map(const char *map, imp_lens lens, const imp_pose *poses, int count)
{
    render_fixture s = create_fixture(map, lens);
    double ours = 0.0, nearest = 0.0;
    int objects = 0;
    for (int k = 0; k < count; k++) {
        ours += mean_flicker(&s, poses[k], true, &objects);
        nearest += mean_flicker(&s, poses[k], false, &objects);
    }
    print_message("%s: flicker %.3f, by the nearest texel %.3f, ratio %.3f; objects on %d pixels\n",
                  map, ours / count, nearest / count, ours / nearest, objects / (2 * count));
    assert_true(objects / (2 * count) > 50);
    assert_true(ours <= 0.25 * nearest);
    destroy_fixture(&s);
}

static void slow_motion_does_not_flicker(void **state)
{
    (void)state;
    const imp_pose loop[] = {{1.9, 3.327, 0.02}, {2.15, 3.327, 0.02}, {1.75, 3.36, 0.02}};
    const imp_pose town[] = {{1.2, 2.05, 0.0}, {0.72, 2.3, 1.4}, {2.9, 1.9, 1.6}};
    check_map("loop_obstacles", imp_lens_duckiebot(), loop, 3);
    check_map("udem1", imp_lens_duckiebot(), town, 3);
    check_map("udem1", imp_lens_none(), town, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(slow_motion_does_not_flicker)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
