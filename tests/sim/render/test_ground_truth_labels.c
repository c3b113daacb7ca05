// Segments as observations: classes of the renderer's segments, and who may look at them.
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "imprint/env.h"
#include "sim/render/views/ground_truth_labels.h"

static void segments_map_to_classes(void **state)
{
    (void)state;
    assert_int_equal(imp_class_of_segment(IMP_SEMANTIC_SKY), IMP_CLASS_BACKGROUND);
    assert_int_equal(imp_class_of_segment(IMP_SEMANTIC_GRASS), IMP_CLASS_BACKGROUND);
    assert_int_equal(imp_class_of_segment(IMP_SEMANTIC_ROAD), IMP_CLASS_ROAD);
    assert_int_equal(imp_class_of_segment(IMP_SEMANTIC_OBJECT + IMP_OBJECT_DUCKIE),
                     IMP_CLASS_OBSTACLE);
    assert_int_equal(imp_class_of_segment(IMP_SEMANTIC_OBJECT + IMP_OBJECT_HOUSE),
                     IMP_CLASS_BACKGROUND);
}

// Every cell's shares are those of the four rays through it, and add up to 1.
static void class_shares_match_rendering(void **state)
{
    (void)state;
    enum { WIDTH = 80, HEIGHT = 60, CELLS = WIDTH * HEIGHT };
    imp_error err = {0};
    imp_world *world;
    imp_scene *scene;
    imp_env env;
    imp_label_renderer *label_renderer;
    imp_segmentation_pass *surveyor;
    static uint8_t segments[4 * CELLS], rgb[3 * CELLS];
    const imp_env_def def = imp_default_env_def();
    imp_camera_def camera = imp_default_camera_def();
    assert_ok(imp_world_load(&world, "udem1", &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    assert_ok(imp_label_renderer_create(&label_renderer, &camera, &err), err);
    camera.width *= 2;
    camera.height *= 2;
    assert_ok(imp_segmentation_pass_create(&surveyor, &camera, &err), err);
    int64_t seen[IMP_CLASS_COUNT] = {0};
    for (uint32_t episode = 0; episode < 20; episode++) {
        assert_ok(imp_env_reset(&env, episode, &err), err);
        const imp_view view = imp_env_camera_view(&env);
        const float *shares = imp_label_renderer_render(label_renderer, scene, &view);
        imp_segmentation_pass_run(surveyor, scene, &view, segments, NULL);
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
    const imp_view view = imp_env_camera_view(&env);
    imp_label_renderer_render_rgb(label_renderer, scene, &view, rgb);
    assert_memory_equal(rgb, imp_class_colour(IMP_CLASS_BACKGROUND), 3);
    imp_segmentation_pass_destroy(surveyor);
    imp_label_renderer_destroy(label_renderer);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_map_to_classes),
        cmocka_unit_test(class_shares_match_rendering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
