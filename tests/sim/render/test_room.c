// Rooms around maps: what they follow from, what they change, and what they leave alone.
#include <stdlib.h>
#include <string.h>

#include "imprint/render.h"
#include "testing.h"

enum { WIDTH = 80, HEIGHT = 60, PIXELS = WIDTH * HEIGHT, SIZE = PIXELS * 3 };

static imp_world *world;
static imp_scene *scene, *furnished;
static imp_renderer *fast, *plain;
static imp_segmentation_pass *segmentation;
static imp_room room, other;
static uint8_t before[SIZE], after[SIZE], again[SIZE], mask[PIXELS], mask_without[PIXELS];
static float depths[PIXELS];

static int set_up(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_camera_def camera = imp_default_camera_def();
    imp_scene_def def = imp_default_scene_def();
    def.room = 5;
    assert_ok(imp_world_load(&world, "small_loop", &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);
    assert_ok(imp_scene_create_with_def(&furnished, world, &def, &err), err);
    assert_ok(imp_renderer_create(&fast, &camera, IMP_RENDER_AUTO, &err), err);
    assert_ok(imp_renderer_create(&plain, &camera, IMP_RENDER_PORTABLE, &err), err);
    assert_ok(imp_segmentation_pass_create(&segmentation, &camera, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    imp_segmentation_pass_destroy(segmentation);
    imp_renderer_destroy(fast);
    imp_renderer_destroy(plain);
    imp_scene_destroy(scene);
    imp_scene_destroy(furnished);
    imp_world_destroy(world);
    return 0;
}

static void generate(imp_room *out, imp_room_kind kind, uint32_t episode)
{
    imp_random random = imp_random_stream(1, 0, episode, IMP_PURPOSE_TEST);
    memset(out, 0, sizeof *out);
    imp_room_generate(out, world, kind, episode % 2 == 1, &random);
    imp_room_add_duckies(out, world, 6, &random);
}

// A place on the road, from which `quarter` says in which of four directions to look.
static imp_view view_on_road(int quarter)
{
    imp_view view = imp_default_view();
    view.pose = (imp_pose){1.5 * world->tile_size, 1.2 * world->tile_size, 1.5707963 * quarter};
    return view;
}

static void rooms_follow_from_stream(void **state)
{
    (void)state;
    for (int kind = IMP_ROOM_OFFICE; kind < IMP_ROOM_KIND_COUNT; kind++)
        for (uint32_t episode = 0; episode < 20; episode++) {
            generate(&room, (imp_room_kind)kind, episode);
            generate(&other, (imp_room_kind)kind, episode);
            assert_memory_equal(&room, &other, sizeof room);
            assert_in_range(room.part_count, 8, IMP_ROOM_PARTS_MAX);
            generate(&other, (imp_room_kind)kind, episode + 1);
            assert_true(memcmp(&room, &other, sizeof room) != 0);
        }
    generate(&room, IMP_ROOM_NONE, 0);
    assert_in_range(room.part_count, 1, 18);
}

// Nothing but duckies and mats, which are flat, is above the map, and nothing below the floor.
static void nothing_stands_on_the_map(void **state)
{
    (void)state;
    const float width = (float)(world->columns * world->tile_size);
    const float depth = (float)(world->rows * world->tile_size);
    for (uint32_t episode = 0; episode < 30; episode++) {
        generate(&room, (imp_room_kind)(1 + episode % 3), episode);
        for (int k = 0; k < room.part_count; k++) {
            const imp_room_part *p = &room.parts[k];
            const bool low = p->at[1] + p->size[1] < 1.5f; // lamps hang higher
            assert_true(p->at[1] >= 0.0f);
            if (p->shape != IMP_ROOM_FLAT && !p->duckie && low && p->at[0] > 0.0f &&
                p->at[0] < width && p->at[2] > 0.0f && p->at[2] < depth)
                fail_msg("episode %u: part %d stands at %g, %g", episode, k, (double)p->at[0],
                         (double)p->at[2]);
        }
    }
}

static void all_backends_draw_the_same(void **state)
{
    (void)state;
    for (int n = 0; n < 12; n++) {
        imp_view view = view_on_road(n);
        imp_render(fast, scene, &view, before);
        generate(&room, (imp_room_kind)(1 + n % 3), (uint32_t)n);
        view.room = &room;
        memcpy(view.sky, room.ceiling, sizeof view.sky);
        imp_render(fast, scene, &view, after);
        imp_render(plain, scene, &view, again);
        assert_memory_equal(after, again, SIZE);
        assert_true(memcmp(before, after, SIZE) != 0);
        // and without it everything is as before
        view = view_on_road(n);
        imp_render(fast, scene, &view, again);
        assert_memory_equal(before, again, SIZE);
    }
}

// The road's classes stay; above the horizon there is sky, at the distance of a wall; duckies are
// objects.
static void masks_know_rooms(void **state)
{
    (void)state;
    int duckies = 0, walls = 0;
    for (int n = 0; n < 24; n++) {
        imp_view view = view_on_road(n);
        imp_segmentation_pass_run(segmentation, scene, &view, mask_without, NULL);
        generate(&room, (imp_room_kind)(1 + n % 3), (uint32_t)n);
        view.room = &room;
        imp_segmentation_pass_run(segmentation, scene, &view, mask, depths);
        for (int k = 0; k < PIXELS; k++) {
            const bool duckie = mask[k] == IMP_SEMANTIC_OBJECT + IMP_OBJECT_DUCKIE;
            duckies += duckie;
            walls += mask[k] == IMP_SEMANTIC_SKY && depths[k] < 20.0f;
            if (!duckie && mask_without[k] != IMP_SEMANTIC_GRASS &&
                mask_without[k] != IMP_SEMANTIC_FLOOR)
                assert_int_equal(mask[k], mask_without[k]);
        }
    }
    assert_true(duckies > 50);
    assert_true(walls > 1000);
}

// The scene's room is drawn in views without one, replaces sky and ground, and steps back.
static void scenes_have_rooms(void **state)
{
    (void)state;
    imp_view view = view_on_road(1);
    imp_render(fast, scene, &view, before);
    imp_render(fast, furnished, &view, after);
    assert_true(memcmp(before, after, SIZE) != 0);
    generate(&room, IMP_ROOM_NONE, 0);
    room.part_count = 0;
    view.room = &room;
    imp_render(fast, furnished, &view, after);
    assert_memory_equal(before, after, SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rooms_follow_from_stream),   cmocka_unit_test(nothing_stands_on_the_map),
        cmocka_unit_test(all_backends_draw_the_same), cmocka_unit_test(masks_know_rooms),
        cmocka_unit_test(scenes_have_rooms),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
