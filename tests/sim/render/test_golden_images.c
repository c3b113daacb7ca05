// A few small pictures, kept as files, so that a change of the look is a decision and not an
// accident. To renew them after such a decision and look at what changed:
//   IMP_RENEW=1 build/<preset>/tests/test_golden_views && git diff --stat tests/fixtures/views
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/image/image.h"
#include "imprint/render.h"
#include "testing.h"

typedef struct golden {
    const char *name, *map;
    imp_pose pose;
    bool lens;
} golden;

static const golden VIEWS[] = {
    {"loop_straight", "loop_empty", {2.0, 0.76, 3.1}, true},
    {"loop_curve", "loop_empty", {0.8, 1.1, 1.4}, false},
    {"intersection", "4way", {1.0, 1.5, 0.4}, true},
};
enum { VIEW_COUNT = sizeof VIEWS / sizeof VIEWS[0], WIDTH = 80, HEIGHT = 60, SIZE = 14400 };

static void compare_or_update(const char *name, const uint8_t *rgb)
{
    imp_error err = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s/views/%s.png", IMP_TEST_DATA, name);
    if (getenv("IMP_RENEW") != NULL) {
        assert_ok(imp_png_write(path, WIDTH, HEIGHT, rgb, &err), err);
        return;
    }
    uint8_t *kept;
    int width, height;
    assert_ok(imp_image_read(&kept, &width, &height, path, &err), err);
    assert_int_equal(width, WIDTH);
    assert_int_equal(height, HEIGHT);
    // compilers and mathematics libraries may round a byte differently
    for (int k = 0; k < SIZE; k++)
        assert_in_range(rgb[k] - kept[k] + 1, 0, 2);
    free(kept);
}

static imp_scene *create_scene(const char *map, imp_world **world)
{
    imp_error err = {0};
    imp_scene *scene;
    assert_ok(imp_world_load(world, map, &err), err);
    assert_ok(imp_scene_create(&scene, *world, &err), err);
    return scene;
}

static void views_match_golden_images(void **state)
{
    (void)state;
    for (int k = 0; k < VIEW_COUNT; k++) {
        imp_error err = {0};
        imp_world *world;
        imp_scene *scene = create_scene(VIEWS[k].map, &world);
        imp_camera_def def = imp_default_camera_def();
        def.lens = VIEWS[k].lens ? imp_lens_duckiebot() : imp_lens_none();
        imp_renderer *renderer;
        assert_ok(imp_renderer_create(&renderer, &def, IMP_RENDER_AUTO, &err), err);
        imp_view view = imp_default_view();
        view.pose = VIEWS[k].pose;
        uint8_t rgb[SIZE];
        imp_render(renderer, scene, &view, rgb);
        compare_or_update(VIEWS[k].name, rgb);
        imp_renderer_destroy(renderer);
        imp_scene_destroy(scene);
        imp_world_destroy(world);
    }
}

static void maps_match_golden_images(void **state)
{
    (void)state;
    imp_world *world;
    imp_scene *scene = create_scene("udem1_empty", &world);
    uint8_t rgb[SIZE];
    imp_render_top_down(scene, WIDTH, HEIGHT, rgb);
    compare_or_update("udem1_from_above", rgb);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

static void map_is_centred(void **state)
{
    (void)state;
    imp_world *world;
    imp_scene *scene = create_scene("loop_empty", &world);
    double scale, left, top;
    // 8 x 7 tiles of 0.585 m
    imp_top_down_transform(world, 160, 70, &scale, &left, &top);
    assert_true(fabs(scale - 10.0 / 0.585) < 1e-9);
    assert_true(fabs(left - 40.0) < 1e-9);
    assert_true(fabs(top - 0.0) < 1e-9);
    // beside the map lies the ground, 0.15 grey; on it the lawn
    uint8_t rgb[160 * 70 * 3];
    imp_render_top_down(scene, 160, 70, rgb);
    assert_int_equal(rgb[39 * 3], 38);
    assert_in_range(rgb[41 * 3 + 1], 60, 140);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_match_golden_images),
        cmocka_unit_test(maps_match_golden_images),
        cmocka_unit_test(map_is_centred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
