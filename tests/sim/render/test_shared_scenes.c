// Scenes that are made together show what each shows alone, whichever of them is gone by then.
#include <string.h>

#include "imprint/render.h"
#include "testing.h"

enum { WIDTH = 320, HEIGHT = 240, BYTES = WIDTH * HEIGHT * 3, WORLDS = 3 };

static const char *const MAPS[WORLDS] = {"loop_empty", "udem1", "4way"};

static void render_map(const imp_scene *scene, uint8_t *rgb)
{
    imp_render_top_down(scene, WIDTH, HEIGHT, rgb);
}

static void shared_scenes_match_single_ones(void **state)
{
    (void)state;
    static uint8_t alone[BYTES], together[BYTES];
    const imp_scene_def defs[] = {{0}, {.seed = 5, .variants = 3, .wear = 0.8f, .finest = 1}};
    for (int d = 0; d < 2; d++) {
        imp_error err = {0};
        imp_world *worlds[WORLDS];
        imp_scene *scenes[WORLDS], *scene;
        for (int k = 0; k < WORLDS; k++)
            assert_ok(imp_world_load(&worlds[k], MAPS[k], &err), err);
        assert_ok(
            imp_scene_create_many(scenes, (const imp_world *const *)worlds, WORLDS, &defs[d], &err),
            err);
        for (int k = 0; k < WORLDS; k++) {
            assert_ok(imp_scene_create_with_def(&scene, worlds[k], &defs[d], &err), err);
            render_map(scene, alone);
            render_map(scenes[k], together);
            assert_memory_equal(alone, together, BYTES);
            imp_scene_destroy(scene);
            imp_scene_destroy(scenes[k]);
        }
        for (int k = 0; k < WORLDS; k++)
            imp_world_destroy(worlds[k]);
    }
}

static void undrawable_scenes_are_reported(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *worlds[2];
    imp_scene *scenes[2];
    const imp_scene_def bad = {.variants = -1};
    for (int k = 0; k < 2; k++)
        assert_ok(imp_world_load(&worlds[k], MAPS[k], &err), err);
    worlds[1]->columns += 9000;
    const imp_scene_def def = imp_default_scene_def();
    assert_int_equal(imp_scene_create_many(scenes, (const imp_world *const *)worlds, 2, &def, &err),
                     IMP_BAD_INPUT);
    worlds[1]->columns -= 9000;
    assert_int_equal(imp_scene_create_many(scenes, (const imp_world *const *)worlds, 2, &bad, &err),
                     IMP_USAGE);
    for (int k = 0; k < 2; k++)
        imp_world_destroy(worlds[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_scenes_match_single_ones),
        cmocka_unit_test(undrawable_scenes_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
