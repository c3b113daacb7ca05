// Worn roads: variants of tiles that are made for randomisation.
#include <stdlib.h>
#include <string.h>

#include "imprint/render.h"
#include "sim/render/scene/scene.h"
#include "testing.h"

enum { VARIANTS = 6, WIDTH = 80, HEIGHT = 60, PIXELS = WIDTH * HEIGHT, SIZE = PIXELS * 3 };

static imp_world *world;
static imp_renderer *renderer;

static int set_up(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_camera_def camera = imp_default_camera_def();
    assert_ok(imp_world_load(&world, "small_loop", &err), err);
    assert_ok(imp_renderer_create(&renderer, &camera, IMP_RENDER_AUTO, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    imp_renderer_destroy(renderer);
    imp_world_destroy(world);
    return 0;
}

static imp_scene *create_worn_scene(uint64_t seed, float wear, int finest)
{
    imp_error err = {0};
    imp_scene *scene;
    const imp_scene_def def = {.seed = seed, .variants = VARIANTS, .wear = wear, .finest = finest};
    assert_ok(imp_scene_create_with_def(&scene, world, &def, &err), err);
    return scene;
}

// Draws a scene whose tiles all show one variant; -1: the scene's own choice.
static void render_variant(const imp_scene *scene, int variant, uint8_t *rgb)
{
    uint8_t chosen[256];
    memset(chosen, variant, sizeof chosen);
    assert_true(world->columns * world->rows <= (int)sizeof chosen);
    imp_view view = imp_default_view();
    view.pose = (imp_pose){1.0 * world->tile_size, 0.7 * world->tile_size, 0.1};
    view.tile_variant = variant >= 0 ? chosen : NULL;
    imp_render(renderer, scene, &view, rgb);
}

static void variants_differ_and_repeat(void **state)
{
    (void)state;
    static uint8_t images[VARIANTS][SIZE], again[SIZE], new_image[SIZE];
    imp_error err = {0};
    imp_scene *scene = create_worn_scene(3, 1.0f, 0), *same = create_worn_scene(3, 1.0f, 0),
              *other = create_worn_scene(4, 1.0f, 0);
    imp_scene *plain;
    assert_ok(imp_scene_create(&plain, world, &err), err);
    assert_int_equal(imp_scene_variant_count(scene, IMP_TILE_STRAIGHT), VARIANTS);
    render_variant(plain, -1, new_image);
    for (int k = 0; k < VARIANTS; k++) {
        render_variant(scene, k, images[k]);
        render_variant(same, k, again);
        assert_memory_equal(images[k], again, SIZE);
        render_variant(other, k, again);
        assert_int_equal(memcmp(images[k], again, SIZE) == 0, k == 0);
        for (int n = 0; n < k; n++)
            assert_memory_not_equal(images[k], images[n], SIZE);
    }
    // the first is new
    assert_memory_equal(images[0], new_image, SIZE);
    // and without wear there is nothing else
    imp_scene_destroy(other);
    other = create_worn_scene(3, 0.0f, 0);
    assert_int_equal(imp_scene_variant_count(other, IMP_TILE_STRAIGHT), 1);
    render_variant(other, 3, again);
    assert_memory_equal(again, new_image, SIZE);
    imp_scene_destroy(scene);
    imp_scene_destroy(same);
    imp_scene_destroy(other);
    imp_scene_destroy(plain);
}

static void more_wear_changes_more(void **state)
{
    (void)state;
    uint8_t new_image[SIZE], worn[SIZE];
    double before = 0.0;
    for (int strength = 1; strength <= 4; strength++) {
        imp_scene *scene = create_worn_scene(3, 0.25f * (float)strength, 1);
        double apart = 0.0;
        render_variant(scene, 0, new_image);
        for (int k = 1; k < VARIANTS; k++) {
            render_variant(scene, k, worn);
            for (int n = 0; n < SIZE; n++)
                apart += abs(worn[n] - new_image[n]);
        }
        apart /= (VARIANTS - 1) * SIZE;
        assert_true(apart > before + 0.3);
        before = apart;
        imp_scene_destroy(scene);
    }
    assert_true(before > 5.0 && before < 60.0);
}

static void small_images_need_no_fine_levels(void **state)
{
    (void)state;
    uint8_t whole[SIZE], coarse[SIZE];
    imp_scene *fine = create_worn_scene(3, 1.0f, 0), *less = create_worn_scene(3, 1.0f, 1);
    assert_true(4 * less->texture_size < fine->texture_size + 20000);
    for (int k = -1; k < VARIANTS; k++) {
        render_variant(fine, k, whole);
        render_variant(less, k, coarse);
        int apart = 0;
        for (int n = 0; n < SIZE; n++)
            apart += abs(whole[n] - coarse[n]);
        assert_true(apart < SIZE / 10);
    }
    imp_scene_destroy(fine);
    imp_scene_destroy(less);
    // levels that are not there are not looked at, however large the picture
    static uint8_t large[320 * 240 * 3];
    less = create_worn_scene(3, 1.0f, 4);
    imp_camera_def camera = imp_default_camera_def();
    camera.width = 320;
    camera.height = 240;
    imp_renderer *near;
    imp_error err = {0};
    assert_ok(imp_renderer_create(&near, &camera, IMP_RENDER_PORTABLE, &err), err);
    imp_view view = imp_default_view();
    view.pose = (imp_pose){1.0 * world->tile_size, 0.7 * world->tile_size, 0.1};
    imp_render(near, less, &view, large);
    imp_render_top_down_view(less, &view, 320, 240, large);
    imp_renderer_destroy(near);
    imp_scene_destroy(less);
}

// What is white in a picture of a tile from above, and what the survey says, has the same area.
static void mask_follows_line_width(void **state)
{
    (void)state;
    imp_scene *scene = create_worn_scene(9, 1.0f, 0);
    imp_segmentation_pass *segmentation;
    imp_error err = {0};
    const imp_camera_def camera = imp_default_camera_def();
    assert_ok(imp_segmentation_pass_create(&segmentation, &camera, &err), err);
    static uint8_t chosen[256], mask[PIXELS];
    double areas[VARIANTS], widths[VARIANTS];
    for (int k = 0; k < VARIANTS; k++) {
        memset(chosen, k, sizeof chosen);
        imp_view view = imp_default_view();
        view.pose = (imp_pose){1.0 * world->tile_size, 0.7 * world->tile_size, 0.1};
        view.tile_variant = chosen;
        imp_segmentation_pass_run(segmentation, scene, &view, mask, NULL);
        areas[k] = 0.0;
        for (int n = 0; n < PIXELS; n++)
            areas[k] += mask[n] == IMP_SEMANTIC_WHITE_LINE;
        widths[k] = scene->styles[k].white_width;
    }
    int in_order = 0, pairs = 0;
    for (int k = 0; k < VARIANTS; k++)
        for (int n = 0; n < k; n++) {
            if (fabs(widths[k] - widths[n]) < 0.08 * widths[n])
                continue;
            pairs++;
            in_order += (widths[k] > widths[n]) == (areas[k] > areas[n]);
        }
    assert_true(pairs > 3);
    assert_int_equal(in_order, pairs);
    imp_segmentation_pass_destroy(segmentation);
    imp_scene_destroy(scene);
}

// A seam that leaves a tile comes in on the other side of the next one, however they are turned.
static void seam_teeth_meet_gaps(void **state)
{
    (void)state;
    enum { SIDE = IMP_TEXTURE_SIDE };
    imp_tile_style style = imp_tile_style_new, bare = imp_tile_style_new;
    style.teeth_depth = 0.03f;
    style.joint = 1.0f;
    uint32_t *tile = malloc((size_t)SIDE * SIDE * sizeof *tile);
    uint32_t *flat = malloc((size_t)SIDE * SIDE * sizeof *flat);
    assert_non_null(tile);
    assert_non_null(flat);
    imp_tile_paint_worn(tile, IMP_TILE_ASPHALT, &style);
    imp_tile_paint_worn(flat, IMP_TILE_ASPHALT, &bare);
    // from the left side inwards, where the next tile's right side (turned by half) goes on:
    // every height has the seam in one of the two
    int one = 0, both = 0, none = 0;
    for (int j = 40; j < SIDE - 40; j++) {
        int seams[2] = {0};
        for (int i = 0; i < 30; i++) {
            seams[0] += tile[j * SIDE + i] != flat[j * SIDE + i];
            const int back = (SIDE - 1 - j) * SIDE + i;
            seams[1] += tile[back] != flat[back];
        }
        one += (seams[0] > 0) != (seams[1] > 0);
        both += seams[0] > 0 && seams[1] > 0;
        none += seams[0] == 0 && seams[1] == 0;
    }
    assert_true(one > 3 * both && none == 0);
    free(tile);
    free(flat);
}

static void invalid_definitions_are_rejected(void **state)
{
    (void)state;
    const imp_scene_def defs[] = {{.variants = -1}, {.variants = 33}, {.wear = -0.1f},
                                  {.wear = 1.1f},   {.wear = NAN},    {.finest = -1},
                                  {.finest = 5}};
    for (size_t k = 0; k < sizeof defs / sizeof defs[0]; k++) {
        imp_error err = {0};
        imp_scene *scene = NULL;
        assert_int_equal(imp_scene_create_with_def(&scene, world, &defs[k], &err), IMP_USAGE);
        assert_null(scene);
        assert_non_null(strstr(err.message, "a scene"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_differ_and_repeat),
        cmocka_unit_test(more_wear_changes_more),
        cmocka_unit_test(small_images_need_no_fine_levels),
        cmocka_unit_test(mask_follows_line_width),
        cmocka_unit_test(seam_teeth_meet_gaps),
        cmocka_unit_test(invalid_definitions_are_rejected),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
