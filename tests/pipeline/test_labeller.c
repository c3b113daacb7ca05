// Segments as observations: classes of the renderer's segments, and who may look at them.
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "imprint/env.h"
#include "pipeline/labeller.h"

static void test_classes(void **state)
{
    (void)state;
    assert_int_equal(imp_class_of_segment(IMP_SEGMENT_SKY), IMP_CLASS_BACKGROUND);
    assert_int_equal(imp_class_of_segment(IMP_SEGMENT_GRASS), IMP_CLASS_BACKGROUND);
    assert_int_equal(imp_class_of_segment(IMP_SEGMENT_ROAD), IMP_CLASS_ROAD);
    assert_int_equal(imp_class_of_segment(IMP_SEGMENT_OBJECT + IMP_OBJECT_DUCKIE),
                     IMP_CLASS_OBSTACLE);
    assert_int_equal(imp_class_of_segment(IMP_SEGMENT_OBJECT + IMP_OBJECT_HOUSE),
                     IMP_CLASS_BACKGROUND);
}

// Every cell's shares are those of the four rays through it, and add up to 1.
static void test_shares(void **state)
{
    (void)state;
    enum { WIDTH = 80, HEIGHT = 60, CELLS = WIDTH * HEIGHT };
    imp_error err = {0};
    imp_world *world;
    imp_scene *scene;
    imp_env env;
    imp_labeller *labeller;
    imp_surveyor *surveyor;
    static uint8_t segments[4 * CELLS], rgb[3 * CELLS];
    const imp_env_def def = imp_default_env_def();
    imp_camera_def camera = imp_default_camera_def();
    assert_ok(imp_world_load(&world, "udem1", &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    assert_ok(imp_labeller_create(&labeller, &camera, &err), err);
    camera.width *= 2;
    camera.height *= 2;
    assert_ok(imp_surveyor_create(&surveyor, &camera, &err), err);
    int64_t seen[IMP_CLASS_COUNT] = {0};
    for (uint32_t episode = 0; episode < 20; episode++) {
        assert_ok(imp_env_reset(&env, episode, &err), err);
        const imp_view view = imp_env_view(&env);
        const float *shares = imp_labeller_look(labeller, scene, &view);
        imp_survey(surveyor, scene, &view, segments, NULL);
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                float wanted[IMP_CLASS_COUNT] = {0};
                for (int ray = 0; ray < 4; ray++) {
                    const int row = 2 * y + ray / 2, column = 2 * x + ray % 2;
                    const imp_class found =
                        imp_class_of_segment(segments[row * 2 * WIDTH + column]);
                    wanted[found] += 0.25F;
                    seen[found]++;
                }
                for (int c = 0; c < IMP_CLASS_COUNT; c++)
                    assert_true(shares[c * CELLS + y * WIDTH + x] == wanted[c]);
            }
    }
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        if (seen[c] == 0)
            fail_msg("no %s was seen", imp_class_name(c));
    const imp_view view = imp_env_view(&env);
    imp_labeller_paint(labeller, scene, &view, rgb);
    assert_memory_equal(rgb, imp_class_colour(IMP_CLASS_BACKGROUND), 3);
    imp_surveyor_destroy(surveyor);
    imp_labeller_destroy(labeller);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
