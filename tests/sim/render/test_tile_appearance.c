// Tiles and objects in the clothes of an episode, and cameras that change.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "imprint/render.h"
#include "testing.h"

enum { WIDTH = 160, HEIGHT = 120, SIZE = WIDTH * HEIGHT * 3 };

// A world, its scene and a camera's two renderers.
typedef struct render_fixture {
    imp_world *world;
    imp_scene *scene;
    imp_renderer *fast, *avx2, *plain;
    int tiles, objects;
    float (*tile_colour)[3], (*object_colour)[3];
    uint8_t *tile_variant;
    uint8_t *image[3];
} render_fixture;

static void *allocate_or_fail(size_t size)
{
    void *memory = malloc(size);
    assert_non_null(memory);
    return memory;
}

static render_fixture create_fixture(imp_world *world)
{
    imp_error err = {0};
    render_fixture out = {.world = world};
    imp_camera_def def = imp_default_camera_def();
    def.width = WIDTH;
    def.height = HEIGHT;
    assert_ok(imp_scene_create(&out.scene, out.world, &err), err);
    assert_ok(imp_renderer_create(&out.fast, &def, IMP_RENDER_AUTO, &err), err);
    assert_ok(imp_renderer_create(&out.plain, &def, IMP_RENDER_PORTABLE, &err), err);
    assert_ok(imp_renderer_create(&out.avx2, &def, IMP_RENDER_AVX2, &err), err);
    out.tiles = world->columns * world->rows;
    out.objects = world->object_count;
    out.tile_colour = allocate_or_fail((size_t)out.tiles * sizeof *out.tile_colour);
    out.object_colour = allocate_or_fail((size_t)(out.objects + 1) * sizeof *out.object_colour);
    out.tile_variant = calloc((size_t)out.tiles, 1);
    for (int k = 0; k < out.tiles; k++)
        for (int c = 0; c < 3; c++)
            out.tile_colour[k][c] = 1.0f;
    for (int k = 0; k < out.objects; k++)
        for (int c = 0; c < 3; c++)
            out.object_colour[k][c] = 1.0f;
    for (int k = 0; k < 3; k++)
        out.image[k] = allocate_or_fail(SIZE);
    return out;
}

static imp_world *load_built_in_map(const char *map)
{
    imp_world *world;
    imp_error err = {0};
    assert_ok(imp_world_load(&world, map, &err), err);
    return world;
}

static void destroy_fixture(render_fixture *fixture)
{
    imp_renderer_destroy(fixture->fast);
    imp_renderer_destroy(fixture->plain);
    imp_renderer_destroy(fixture->avx2);
    imp_scene_destroy(fixture->scene);
    imp_world_destroy(fixture->world);
    free(fixture->tile_colour);
    free(fixture->object_colour);
    free(fixture->tile_variant);
    for (int k = 0; k < 3; k++)
        free(fixture->image[k]);
}

static imp_view view_with_appearance(const render_fixture *fixture, imp_pose pose)
{
    imp_view view = imp_default_view();
    view.pose = pose;
    view.tile_colour = (const float(*)[3])fixture->tile_colour;
    view.tile_variant = fixture->tile_variant;
    view.object_colour = (const float(*)[3])fixture->object_colour;
    return view;
}

// Draws a view by all paths, which must agree, and without its clothes.
static void render_all_backends(const render_fixture *fixture, const imp_view *view)
{
    imp_view bare = *view;
    bare.tile_colour = bare.object_colour = NULL;
    bare.tile_variant = NULL;
    imp_render(fixture->fast, fixture->scene, view, fixture->image[0]);
    imp_render(fixture->avx2, fixture->scene, view, fixture->image[1]);
    assert_memory_equal(fixture->image[0], fixture->image[1], SIZE);
    imp_render(fixture->plain, fixture->scene, view, fixture->image[1]);
    imp_render(fixture->fast, fixture->scene, &bare, fixture->image[2]);
    for (int k = 0; k < SIZE; k++)
        assert_in_range(fixture->image[0][k] - fixture->image[1][k] + 1, 0, 2);
}

static void white_factors_change_nothing(void **state)
{
    (void)state;
    render_fixture fixture = create_fixture(load_built_in_map("udem1"));
    for (int n = 0; n < 8; n++) {
        const imp_view view =
            view_with_appearance(&fixture, (imp_pose){0.9 + 0.3 * n, 1.2 + 0.2 * n, 0.8 * n});
        render_all_backends(&fixture, &view);
        assert_memory_equal(fixture.image[0], fixture.image[2], SIZE);
        assert_memory_equal(fixture.image[1], fixture.image[2], SIZE);
    }
    uint8_t *above = allocate_or_fail(SIZE);
    const imp_view view = view_with_appearance(&fixture, (imp_pose){0});
    imp_render_top_down_view(fixture.scene, &view, WIDTH, HEIGHT, above);
    imp_render_top_down(fixture.scene, WIDTH, HEIGHT, fixture.image[0]);
    assert_memory_equal(fixture.image[0], above, SIZE);
    free(above);
    destroy_fixture(&fixture);
}

// The tile whose ground a pixel of the driver's picture lies on, or -1.
static int tile_under_pixel(const render_fixture *fixture, imp_pose pose, int pixel)
{
    imp_camera camera;
    imp_error err = {0};
    double x, y;
    assert_ok(imp_camera_init(&camera, imp_renderer_camera(fixture->fast), &err), err);
    const imp_camera_def *def = &camera.def;
    if (!imp_camera_pixel_to_ray(&camera, pixel % WIDTH + 0.5, pixel / WIDTH + 0.5, &x, &y))
        return -1;
    const double fall = sin(def->pitch) + y * cos(def->pitch);
    if (fall < 0.02)
        return -1;
    const double far = def->mount_height / fall;
    const double ahead = def->mount_forward + far * (cos(def->pitch) - y * sin(def->pitch));
    const double at_x = pose.x + ahead * cos(pose.heading) + far * x * sin(pose.heading);
    const double at_z = pose.z - ahead * sin(pose.heading) + far * x * cos(pose.heading);
    const imp_tile *tile = imp_world_tile_at(fixture->world, at_x, at_z);
    return tile != NULL ? (int)(tile - fixture->world->tiles) : -1;
}

static void tile_colours_are_applied(void **state)
{
    (void)state;
    render_fixture fixture = create_fixture(load_built_in_map("loop_empty"));
    const double size = fixture.world->tile_size;
    const imp_pose pose = {1.3 * size, 1.5 * size, 0.0};
    const int ahead = 1 * fixture.world->columns + 2;
    fixture.tile_colour[ahead][0] = 0.5f;
    fixture.tile_colour[ahead][1] = 0.0f;
    fixture.tile_colour[ahead][2] = 3.0f;
    const imp_view view = view_with_appearance(&fixture, pose);
    render_all_backends(&fixture, &view);
    int on = 0, off = 0;
    for (int k = 0; k < WIDTH * HEIGHT; k++) {
        // only where all the pixels around lie on the same tile
        const int x = k % WIDTH, y = k / WIDTH, tile = tile_under_pixel(&fixture, pose, k);
        if (tile < 0 || x < 2 || x >= WIDTH - 2 || y < 2 || y >= HEIGHT - 2)
            continue;
        if (tile_under_pixel(&fixture, pose, k - 2) != tile ||
            tile_under_pixel(&fixture, pose, k + 2) != tile ||
            tile_under_pixel(&fixture, pose, k - 2 * WIDTH) != tile ||
            tile_under_pixel(&fixture, pose, k + 2 * WIDTH) != tile)
            continue;
        const uint8_t *now = fixture.image[0] + 3 * k, *was = fixture.image[2] + 3 * k;
        if (tile != ahead) {
            assert_memory_equal(now, was, 3);
            off++;
            continue;
        }
        assert_close(now[0], 0.5 * was[0], 1.01);
        assert_int_equal(now[1], 0);
        assert_close(now[2], fmin(255.0, 3.0 * was[2]), 2.01);
        on++;
    }
    assert_true(on > 500 && off > 2000);

    // from above, the tile is that of the map's second row and third column
    imp_render_top_down_view(fixture.scene, &view, WIDTH, HEIGHT, fixture.image[0]);
    imp_render_top_down(fixture.scene, WIDTH, HEIGHT, fixture.image[1]);
    double scale, left, top;
    imp_top_down_transform(fixture.world, WIDTH, HEIGHT, &scale, &left, &top);
    const int x = (int)(left + 2.5 * size * scale), y = (int)(top + 1.5 * size * scale);
    const uint8_t *now = fixture.image[0] + 3 * (y * WIDTH + x);
    assert_close(now[0], 0.5 * fixture.image[1][3 * (y * WIDTH + x)], 1.01);
    assert_int_equal(now[1], 0);
    destroy_fixture(&fixture);
}

// Far beyond 62 tiles from the first one, too.
static void large_maps_colour_near_tiles(void **state)
{
    (void)state;
    enum { SIDE = 150, CELL = sizeof "straight/N, " - 1 };
    char *text = allocate_or_fail((size_t)SIDE * (SIDE * CELL + 8) + 64);
    int length = sprintf(text, "tile_size: 0.585\ntiles:\n");
    for (int j = 0; j < SIDE; j++) {
        length += sprintf(text + length, "- [");
        for (int i = 0; i < SIDE; i++)
            length += sprintf(text + length, "%s", i + 1 < SIDE ? "straight/N, " : "straight/N]\n");
    }
    imp_world *world;
    imp_error err = {0};
    assert_ok(imp_world_parse(&world, text, (size_t)length, "large", &err), err);
    free(text);
    render_fixture fixture = create_fixture(world);
    const double places[] = {0.5, 75.5, 100.25, 149.5};
    for (int n = 0; n < 4; n++) {
        const imp_pose pose = {places[n] * 0.585, places[3 - n] * 0.585, 1.0 + n};
        imp_view view = view_with_appearance(&fixture, pose);
        render_all_backends(&fixture, &view);
        // white again, but for what lies more than 31 tiles away
        int apart = 0;
        for (int k = 0; k < SIZE; k++)
            apart += fixture.image[0][k] != fixture.image[2][k];
        assert_true(apart < SIZE / 50);
        for (int k = 0; k < fixture.tiles; k++)
            fixture.tile_colour[k][1] = 0.0f;
        render_all_backends(&fixture, &view);
        assert_int_equal(fixture.image[0][SIZE - 2], 0);
        for (int k = 0; k < fixture.tiles; k++)
            fixture.tile_colour[k][1] = 1.0f;
    }
    destroy_fixture(&fixture);
}

static void object_colours_are_applied(void **state)
{
    (void)state;
    static const char MAP[] = "tile_size: 1\ntiles:\n- [asphalt, asphalt, asphalt]\nobjects:\n"
                              "- {kind: duckie, pos: [1.5, 2.6], height: 0.1, rotate: 180}\n"
                              "- {kind: bus, pos: [1.5, 2.3], height: 0.1}\n";
    imp_world *world;
    imp_segmentation_pass *segmentation;
    imp_error err = {0};
    assert_ok(imp_world_parse(&world, MAP, sizeof MAP - 1, "map", &err), err);
    render_fixture fixture = create_fixture(world);
    assert_ok(imp_segmentation_pass_create(&segmentation, imp_renderer_camera(fixture.fast), &err),
              err);
    uint8_t *mask = allocate_or_fail(WIDTH * HEIGHT);
    const imp_view view =
        view_with_appearance(&fixture, (imp_pose){1.0, world->objects[0].position.z - 0.15, 0.0});
    for (int turn = 0; turn < 2; turn++) {
        for (int k = 0; k < 2; k++)
            fixture.object_colour[k][0] = k == turn ? 0.0f : 1.0f;
        render_all_backends(&fixture, &view);
        imp_segmentation_pass_run(segmentation, fixture.scene, &view, mask, NULL);
        int dark[2] = {0}, same[2] = {0};
        for (int k = 0; k < WIDTH * HEIGHT; k++) {
            if (mask[k] < IMP_SEMANTIC_OBJECT)
                continue;
            const int which = mask[k] == IMP_SEMANTIC_OBJECT + (int)world->objects[1].kind;
            const uint8_t *now = fixture.image[0] + 3 * k, *was = fixture.image[2] + 3 * k;
            dark[which] += now[0] == 0 && was[0] > 5;
            same[which] += memcmp(now, was, 3) == 0;
        }
        assert_true(dark[turn] > 100 && same[turn] < dark[turn] / 4);
        assert_true(same[1 - turn] > 100 && dark[1 - turn] == 0);
    }
    free(mask);
    imp_segmentation_pass_destroy(segmentation);
    destroy_fixture(&fixture);
}

static void cameras_change_in_place(void **state)
{
    (void)state;
    imp_error err = {0};
    render_fixture fixture = create_fixture(load_built_in_map("udem1"));
    imp_random random = imp_random_stream(12, 0, 0, IMP_PURPOSE_TEST);
    imp_view view = imp_default_view();
    view.pose = (imp_pose){1.0, 1.5, 0.7};
    for (int n = 0; n < 6; n++) {
        imp_camera_def def = *imp_renderer_camera(fixture.fast);
        def.pitch = imp_random_uniform(&random, 0.1, 0.6);
        def.mount_height = imp_random_uniform(&random, 0.08, 0.3);
        def.field_of_view = imp_random_uniform(&random, 0.8, 1.6);
        def.lens = n % 3 == 2 ? imp_lens_none() : imp_lens_duckiebot();
        def.lens.k1 *= imp_random_uniform(&random, 0.9, 1.1);
        imp_renderer *fresh;
        assert_ok(imp_renderer_create(&fresh, &def, IMP_RENDER_AUTO, &err), err);
        assert_ok(imp_renderer_set_camera(fixture.fast, &def, &err), err);
        assert_true(imp_renderer_camera(fixture.fast)->pitch == def.pitch);
        imp_render(fixture.fast, fixture.scene, &view, fixture.image[0]);
        imp_render(fresh, fixture.scene, &view, fixture.image[1]);
        assert_memory_equal(fixture.image[0], fixture.image[1], SIZE);
        imp_renderer_destroy(fresh);
    }
    imp_camera_def other = *imp_renderer_camera(fixture.fast);
    other.pitch = 3.0;
    assert_int_equal(imp_renderer_set_camera(fixture.fast, &other, &err), IMP_USAGE);
    other = *imp_renderer_camera(fixture.fast);
    other.width = 80;
    assert_int_equal(imp_renderer_set_camera(fixture.fast, &other, &err), IMP_USAGE);
    assert_string_equal(err.message, "a renderer of 160 x 120 pixels cannot draw 80 x 120");
    imp_render(fixture.fast, fixture.scene, &view, fixture.image[1]);
    assert_memory_equal(fixture.image[0], fixture.image[1], SIZE);
    destroy_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_factors_change_nothing),
        cmocka_unit_test(tile_colours_are_applied),
        cmocka_unit_test(large_maps_colour_near_tiles),
        cmocka_unit_test(object_colours_are_applied),
        cmocka_unit_test(cameras_change_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
