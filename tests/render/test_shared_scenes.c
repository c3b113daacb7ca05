// Scenes that are made together show what each shows alone, whichever of them is gone by then.
#include <string.h>

#include "imprint/render.h"
#include "testing.h"

enum { WIDTH = 320, HEIGHT = 240, BYTES = WIDTH * HEIGHT * 3, WORLDS = 3 };

static const char *const MAPS[WORLDS] = {"loop_empty", "udem1", "4way"};

static void draw(const imp_scene *scene, uint8_t *rgb)
{
    imp_render_top_down(scene, WIDTH, HEIGHT, rgb);
}

static void together_as_alone(void **state)
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
            imp_scenes_create(scenes, (const imp_world *const *)worlds, WORLDS, &defs[d], &err),
            err);
        for (int k = 0; k < WORLDS; k++) {
            assert_ok(imp_scene_create_with(&scene, worlds[k], &defs[d], &err), err);
            draw(scene, alone);
            draw(scenes[k], together);
            assert_memory_equal(alone, together, BYTES);
            imp_scene_destroy(scene);
            imp_scene_destroy(scenes[k]);
        }
        for (int k = 0; k < WORLDS; k++)
            imp_world_destroy(worlds[k]);
    }
}

static void one_that_cannot_be_drawn_is_named(void **state)
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
    assert_int_equal(imp_scenes_create(scenes, (const imp_world *const *)worlds, 2, &def, &err),
                     IMP_BAD_INPUT);
    worlds[1]->columns -= 9000;
    assert_int_equal(imp_scenes_create(scenes, (const imp_world *const *)worlds, 2, &bad, &err),
                     IMP_USAGE);
    for (int k = 0; k < 2; k++)
        imp_world_destroy(worlds[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together_as_alone),
        cmocka_unit_test(one_that_cannot_be_drawn_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
