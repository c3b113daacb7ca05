// Worn roads: variants of tiles that are made for randomisation.
#include <stdlib.h>
#include <string.h>

#include "imprint/render.h"
#include "render/scene.h"
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

static imp_scene *make(uint64_t seed, float wear, int finest)
{
    imp_error err = {0};
    imp_scene *scene;
    const imp_scene_def def = {.seed = seed, .variants = VARIANTS, .wear = wear, .finest = finest};
    assert_ok(imp_scene_create_with(&scene, world, &def, &err), err);
    return scene;
}

// Draws a scene whose tiles all show one variant; -1: the scene's own choice.
static void draw(const imp_scene *scene, int variant, uint8_t *rgb)
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
    static uint8_t pictures[VARIANTS][SIZE], again[SIZE], new[SIZE];
    imp_error err = {0};
    imp_scene *scene = make(3, 1.0f, 0), *same = make(3, 1.0f, 0), *other = make(4, 1.0f, 0);
    imp_scene *plain;
    assert_ok(imp_scene_create(&plain, world, &err), err);
    assert_int_equal(imp_scene_variant_count(scene, IMP_TILE_STRAIGHT), VARIANTS);
    draw(plain, -1, new);
    for (int k = 0; k < VARIANTS; k++) {
        draw(scene, k, pictures[k]);
        draw(same, k, again);
        assert_memory_equal(pictures[k], again, SIZE);
        draw(other, k, again);
        assert_int_equal(memcmp(pictures[k], again, SIZE) == 0, k == 0);
        for (int n = 0; n < k; n++)
            assert_memory_not_equal(pictures[k], pictures[n], SIZE);
    }
    // the first is new
    assert_memory_equal(pictures[0], new, SIZE);
    // and without wear there is nothing else
    imp_scene_destroy(other);
    other = make(3, 0.0f, 0);
    assert_int_equal(imp_scene_variant_count(other, IMP_TILE_STRAIGHT), 1);
    draw(other, 3, again);
    assert_memory_equal(again, new, SIZE);
    imp_scene_destroy(scene);
    imp_scene_destroy(same);
    imp_scene_destroy(other);
    imp_scene_destroy(plain);
}

static void more_wear_changes_more(void **state)
{
    (void)state;
    uint8_t new[SIZE], worn[SIZE];
    double before = 0.0;
    for (int strength = 1; strength <= 4; strength++) {
        imp_scene *scene = make(3, 0.25f * (float)strength, 1);
        double apart = 0.0;
        draw(scene, 0, new);
        for (int k = 1; k < VARIANTS; k++) {
            draw(scene, k, worn);
            for (int n = 0; n < SIZE; n++)
                apart += abs(worn[n] - new[n]);
        }
        apart /= (VARIANTS - 1) * SIZE;
        assert_true(apart > before + 0.3);
        before = apart;
        imp_scene_destroy(scene);
    }
    assert_true(before > 5.0 && before < 60.0);
}

static void small_pictures_hardly_see_fine_levels(void **state)
{
    (void)state;
    uint8_t whole[SIZE], coarse[SIZE];
    imp_scene *fine = make(3, 1.0f, 0), *less = make(3, 1.0f, 1);
    assert_true(4 * less->texture_size < fine->texture_size + 20000);
    for (int k = -1; k < VARIANTS; k++) {
        draw(fine, k, whole);
        draw(less, k, coarse);
        int apart = 0;
        for (int n = 0; n < SIZE; n++)
            apart += abs(whole[n] - coarse[n]);
        assert_true(apart < SIZE / 10);
    }
    imp_scene_destroy(fine);
    imp_scene_destroy(less);
    // levels that are not there are not looked at, however large the picture
    static uint8_t large[320 * 240 * 3];
    less = make(3, 1.0f, 4);
    imp_camera_def camera = imp_default_camera_def();
    camera.width = 320;
    camera.height = 240;
    imp_renderer *near;
    imp_error err = {0};
    assert_ok(imp_renderer_create(&near, &camera, IMP_RENDER_PLAIN, &err), err);
    imp_view view = imp_default_view();
    view.pose = (imp_pose){1.0 * world->tile_size, 0.7 * world->tile_size, 0.1};
    imp_render(near, less, &view, large);
    imp_render_view_from_above(less, &view, 320, 240, large);
    imp_renderer_destroy(near);
    imp_scene_destroy(less);
}

// What is white in a picture of a tile from above, and what the survey says, has the same area.
static void segments_follow_the_lines(void **state)
{
    (void)state;
    imp_scene *scene = make(9, 1.0f, 0);
    imp_surveyor *surveyor;
    imp_error err = {0};
    const imp_camera_def camera = imp_default_camera_def();
    assert_ok(imp_surveyor_create(&surveyor, &camera, &err), err);
    static uint8_t chosen[256], segments[PIXELS];
    double areas[VARIANTS], widths[VARIANTS];
    for (int k = 0; k < VARIANTS; k++) {
        memset(chosen, k, sizeof chosen);
        imp_view view = imp_default_view();
        view.pose = (imp_pose){1.0 * world->tile_size, 0.7 * world->tile_size, 0.1};
        view.tile_variant = chosen;
        imp_survey(surveyor, scene, &view, segments, NULL);
        areas[k] = 0.0;
        for (int n = 0; n < PIXELS; n++)
            areas[k] += segments[n] == IMP_SEGMENT_WHITE;
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
    imp_surveyor_destroy(surveyor);
    imp_scene_destroy(scene);
}

// A seam that leaves a tile comes in on the other side of the next one, however they are turned.
static void teeth_meet_gaps(void **state)
{
    (void)state;
    enum { SIDE = IMP_TEXTURE_SIDE };
    imp_road_style style = imp_road_new, bare = imp_road_new;
    style.jigsaw = 0.03f;
    style.joint = 1.0f;
    uint32_t *tile = malloc((size_t)SIDE * SIDE * sizeof *tile);
    uint32_t *flat = malloc((size_t)SIDE * SIDE * sizeof *flat);
    assert_non_null(tile);
    assert_non_null(flat);
    imp_road_paint_worn(tile, IMP_TILE_ASPHALT, &style);
    imp_road_paint_worn(flat, IMP_TILE_ASPHALT, &bare);
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

static void wrong_definitions_are_refused(void **state)
{
    (void)state;
    const imp_scene_def defs[] = {{.variants = -1}, {.variants = 33}, {.wear = -0.1f},
                                  {.wear = 1.1f},   {.wear = NAN},    {.finest = -1},
                                  {.finest = 5}};
    for (size_t k = 0; k < sizeof defs / sizeof defs[0]; k++) {
        imp_error err = {0};
        imp_scene *scene = NULL;
        assert_int_equal(imp_scene_create_with(&scene, world, &defs[k], &err), IMP_USAGE);
        assert_null(scene);
        assert_non_null(strstr(err.message, "a scene"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_differ_and_repeat),
        cmocka_unit_test(more_wear_changes_more),
        cmocka_unit_test(small_pictures_hardly_see_fine_levels),
        cmocka_unit_test(segments_follow_the_lines),
        cmocka_unit_test(teeth_meet_gaps),
        cmocka_unit_test(wrong_definitions_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
