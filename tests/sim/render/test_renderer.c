// The renderer: what it promises about any picture.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/image/image.h"
#include "imprint/render.h"
#include "testing.h"

// A world, its scene and a camera's two renderers.
typedef struct render_fixture {
    imp_world *world;
    imp_scene *scene;
    imp_renderer *fast, *plain;
    int width, height;
} render_fixture;

static render_fixture create_fixture(const char *map, int width, int height, imp_lens lens)
{
    render_fixture out = {.width = width, .height = height};
    imp_error err = {0};
    imp_camera_def def = imp_default_camera_def();
    def.width = width;
    def.height = height;
    def.lens = lens;
    assert_ok(imp_world_load(&out.world, map, &err), err);
    assert_ok(imp_scene_create(&out.scene, out.world, &err), err);
    assert_ok(imp_renderer_create(&out.fast, &def, IMP_RENDER_AUTO, &err), err);
    assert_ok(imp_renderer_create(&out.plain, &def, IMP_RENDER_PORTABLE, &err), err);
    return out;
}

static void destroy_fixture(render_fixture *fixture)
{
    imp_renderer_destroy(fixture->fast);
    imp_renderer_destroy(fixture->plain);
    imp_scene_destroy(fixture->scene);
    imp_world_destroy(fixture->world);
}

// A view from a road.
static imp_view random_view(const imp_world *world, imp_random *random)
{
    imp_view view = imp_default_view();
    do {
        view.pose.x = imp_random_uniform(random, 0.0, world->columns * world->tile_size);
        view.pose.z = imp_random_uniform(random, 0.0, world->rows * world->tile_size);
        view.pose.heading = imp_random_uniform(random, -3.2, 3.2);
    } while (!imp_world_is_drivable_at(world, view.pose.x, view.pose.z));
    return view;
}

static void *allocate_or_fail(size_t size)
{
    void *memory = malloc(size);
    assert_non_null(memory);
    return memory;
}

// The mean absolute difference between a picture and the area average of one `times` as large.
static double mean_difference(const uint8_t *small, const uint8_t *large, int width, int height,
                              int times)
{
    double sum = 0.0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                long total = 0;
                for (int j = 0; j < times; j++)
                    for (int i = 0; i < times; i++)
                        total += large[((y * times + j) * width * times + x * times + i) * 3 + c];
                double mean = (double)total / (times * times);
                sum += fabs(mean - small[(y * width + x) * 3 + c]);
            }
    return sum / (width * height * 3);
}

static void image_equals_downsampled_image(void **state)
{
    (void)state;
    enum { WIDTH = 80, HEIGHT = 60, TIMES = 8 };
    const char *maps[] = {"loop_empty", "udem1_empty", "4way", "zigzag_dists"};
    uint8_t *small = allocate_or_fail(WIDTH * HEIGHT * 3);
    uint8_t *large = allocate_or_fail((size_t)WIDTH * HEIGHT * TIMES * TIMES * 3);
    imp_random random = imp_random_stream(4, 0, 0, IMP_PURPOSE_TEST);
    for (int lens = 0; lens < 2; lens++) {
        const imp_lens through = lens ? imp_lens_duckiebot() : imp_lens_none();
        double worst = 0.0, sum = 0.0;
        for (int m = 0; m < 4; m++) {
            render_fixture low = create_fixture(maps[m], WIDTH, HEIGHT, through);
            render_fixture high = create_fixture(maps[m], WIDTH * TIMES, HEIGHT * TIMES, through);
            for (int n = 0; n < 50; n++) {
                const imp_view view = random_view(low.world, &random);
                imp_render(low.fast, low.scene, &view, small);
                imp_render(high.fast, high.scene, &view, large);
                double apart = mean_difference(small, large, WIDTH, HEIGHT, TIMES);
                sum += apart;
                worst = fmax(worst, apart);
            }
            destroy_fixture(&low);
            destroy_fixture(&high);
        }
        print_message("%s: direct against averaged: mean %.2f, worst %.2f of 255\n",
                      lens ? "lens" : "no lens", sum / 200.0, worst);
        assert_true(worst < 3.0);
        assert_true(sum / 200.0 < 1.5);
    }
    free(small);
    free(large);
}

static void backends_agree(void **state)
{
    (void)state;
    const int sizes[][2] = {{80, 60}, {37, 23}, {160, 120}, {5, 90}};
    imp_random random = imp_random_stream(5, 0, 0, IMP_PURPOSE_TEST);
    for (int s = 0; s < 4; s++) {
        render_fixture fixture =
            create_fixture("udem1_empty", sizes[s][0], sizes[s][1], imp_lens_duckiebot());
        const size_t size = (size_t)fixture.width * (size_t)fixture.height * 3;
        uint8_t *fast = allocate_or_fail(size), *plain = allocate_or_fail(size);
        for (int n = 0; n < 20; n++) {
            imp_view view = random_view(fixture.world, &random);
            view.light = (float)imp_random_uniform(&random, 0.2, 2.0);
            imp_render(fixture.fast, fixture.scene, &view, fast);
            imp_render(fixture.plain, fixture.scene, &view, plain);
            for (size_t k = 0; k < size; k++)
                assert_in_range(fast[k] - plain[k] + 1, 0, 2);
        }
        free(fast);
        free(plain);
        destroy_fixture(&fixture);
    }
}

static void same_view_same_bytes(void **state)
{
    (void)state;
    enum { SIZE = 80 * 60 * 3 };
    render_fixture one = create_fixture("loop_empty", 80, 60, imp_lens_duckiebot());
    render_fixture other = create_fixture("loop_empty", 80, 60, imp_lens_duckiebot());
    imp_random random = imp_random_stream(6, 0, 0, IMP_PURPOSE_TEST);
    const imp_view view = random_view(one.world, &random);
    const imp_view between = random_view(one.world, &random);
    uint8_t *first = allocate_or_fail(SIZE), *second = allocate_or_fail(SIZE);
    imp_render(one.fast, one.scene, &view, first);
    imp_render(one.fast, one.scene, &between, second);
    assert_memory_not_equal(first, second, SIZE);
    imp_render(one.fast, one.scene, &view, second);
    assert_memory_equal(first, second, SIZE);
    imp_render(other.fast, other.scene, &view, second);
    assert_memory_equal(first, second, SIZE);
    free(first);
    free(second);
    destroy_fixture(&one);
    destroy_fixture(&other);
}

// Draws one picture into exactly as many bytes as it has; sanitizers see any more.
static void draw_size(int width, int height)
{
    render_fixture fixture = create_fixture("4way", width, height, imp_lens_duckiebot());
    const imp_view view = {
        .pose = {0.9, 0.9, 0.3}, .sky = {1, 1, 1}, .ground = {1, 1, 1}, .light = 1};
    uint8_t *rgb = allocate_or_fail((size_t)width * (size_t)height * 3);
    imp_render(fixture.fast, fixture.scene, &view, rgb);
    imp_render(fixture.plain, fixture.scene, &view, rgb);
    free(rgb);
    destroy_fixture(&fixture);
}

static void any_size_is_drawn(void **state)
{
    (void)state;
    draw_size(1, 1);
    draw_size(8192, 1);
    draw_size(1, 8192);
    draw_size(13, 7);
    // too large for tables: samples are found row by row
    draw_size(8192, 130);
}

// Pictures too large for tables find their samples anew: they too repeat, whichever path draws.
static void large_images_repeat(void **state)
{
    (void)state;
    enum { WIDTH = 1024, HEIGHT = 1025 };
    render_fixture fixture = create_fixture("loop_empty", WIDTH, HEIGHT, imp_lens_none());
    const size_t size = (size_t)WIDTH * HEIGHT * 3;
    uint8_t *fast = allocate_or_fail(size), *plain = allocate_or_fail(size);
    imp_random random = imp_random_stream(7, 0, 0, IMP_PURPOSE_TEST);
    const imp_view view = random_view(fixture.world, &random);
    imp_render(fixture.fast, fixture.scene, &view, fast);
    imp_render(fixture.fast, fixture.scene, &view, fast);
    imp_render(fixture.plain, fixture.scene, &view, plain);
    assert_memory_equal(fast, plain, size);
    free(fast);
    free(plain);
    destroy_fixture(&fixture);
}

static void invalid_poses_are_drawn(void **state)
{
    (void)state;
    enum { SIZE = 80 * 60 * 3 };
    render_fixture fixture = create_fixture("loop_empty", 80, 60, imp_lens_duckiebot());
    const double far_away[] = {NAN, INFINITY, -INFINITY, 1e300, -1e12};
    uint8_t *fast = allocate_or_fail(SIZE), *plain = allocate_or_fail(SIZE);
    for (int k = 0; k < 5; k++) {
        imp_view view = imp_default_view();
        view.pose = (imp_pose){far_away[k], 1.0, 0.5};
        imp_render(fixture.fast, fixture.scene, &view, fast);
        imp_render(fixture.plain, fixture.scene, &view, plain);
        // the last pixel looks down: ground beyond the tiles
        assert_int_equal(fast[SIZE - 1], 38);
        assert_memory_equal(fast, plain, SIZE);
    }
    free(fast);
    free(plain);
    destroy_fixture(&fixture);
}

static void light_does_not_change_the_sky(void **state)
{
    (void)state;
    enum { SIZE = 80 * 60 * 3 };
    render_fixture fixture = create_fixture("loop_empty", 80, 60, imp_lens_none());
    imp_view view = imp_default_view();
    view.pose = (imp_pose){0.9, 2.0, 1.6};
    uint8_t bright[SIZE], dark[SIZE];
    imp_render(fixture.fast, fixture.scene, &view, bright);
    view.light = 0.5f;
    imp_render(fixture.fast, fixture.scene, &view, dark);
    assert_memory_equal(bright, dark, 80 * 3);
    for (int k = 50 * 80 * 3; k < SIZE; k++)
        assert_in_range(2 * dark[k] - bright[k] + 2, 0, 4);
    destroy_fixture(&fixture);
}

static void invalid_cameras_are_rejected(void **state)
{
    (void)state;
    imp_camera_def def = imp_default_camera_def();
    imp_renderer *renderer = NULL;
    imp_error err = {0};
    def.pitch = NAN;
    assert_int_equal(imp_renderer_create(&renderer, &def, IMP_RENDER_AUTO, &err), IMP_USAGE);
    assert_null(renderer);
    def = imp_default_camera_def();
    def.width = 0;
    assert_int_equal(imp_renderer_create(&renderer, &def, IMP_RENDER_AUTO, &err), IMP_USAGE);
    imp_renderer_destroy(NULL);
    imp_scene_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(image_equals_downsampled_image),
        cmocka_unit_test(backends_agree),
        cmocka_unit_test(same_view_same_bytes),
        cmocka_unit_test(any_size_is_drawn),
        cmocka_unit_test(large_images_repeat),
        cmocka_unit_test(invalid_poses_are_drawn),
        cmocka_unit_test(light_does_not_change_the_sky),
        cmocka_unit_test(invalid_cameras_are_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
