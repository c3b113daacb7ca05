// Our pictures of recorded poses lie on the reference's to the pixel: shifted to any side, they fit
// worse. Skipped where the recordings are absent.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/image.h"
#include "imprint/render.h"
#include "testing.h"

enum { WIDTH = 640, HEIGHT = 480, FARTHEST = 3, SHIFTS = 2 * FARTHEST + 1 };

// Recordings with many lines and few objects in view.
static const struct recording {
    const char *name, *map;
} RECORDINGS[] = {
    {"001_loop_empty", "loop_empty"},
    {"006_small_loop", "small_loop"},
    {"008_small_loop", "small_loop"},
    {"011_udem1", "udem1_empty"},
    {"021_zigzag_dists", "zigzag_dists"},
    {"023_zigzag_dists", "zigzag_dists"},
    {"027_4way", "4way"},
};
enum { RECORDING_COUNT = sizeof RECORDINGS / sizeof RECORDINGS[0] };

static imp_pose recorded_pose(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/golden/images/%s.json", IMP_SHARED, name);
    json_error_t problem;
    json_t *root = json_load_file(path, 0, &problem);
    assert_non_null(root);
    imp_pose pose;
    double height;
    assert_int_equal(json_unpack(root, "{s:[F,F,F],s:F}", "pos", &pose.x, &height, &pose.z, "angle",
                                 &pose.heading),
                     0);
    json_decref(root);
    return pose;
}

static uint8_t *recorded_picture(const char *name, bool lens)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/golden/images/%s%s.png", IMP_SHARED, name, lens ? "_dist" : "");
    uint8_t *rgb;
    int width, height;
    imp_error err = {0};
    assert_ok(imp_image_read(&rgb, &width, &height, path, &err), err);
    assert_true(width == WIDTH && height == HEIGHT);
    return rgb;
}

static uint8_t *our_picture(const struct recording *recording, bool lens)
{
    imp_error err = {0};
    imp_world *world;
    imp_scene *scene;
    imp_renderer *renderer;
    imp_camera_def def = imp_default_camera_def();
    def.width = WIDTH;
    def.height = HEIGHT;
    if (!lens)
        def.lens = imp_lens_none();
    assert_ok(imp_world_load(&world, recording->map, &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);
    assert_ok(imp_renderer_create(&renderer, &def, IMP_RENDER_AUTO, &err), err);
    imp_view view = imp_default_view();
    view.pose = recorded_pose(recording->name);
    // the reference's light leaves little of its ground's grey
    for (int c = 0; c < 3; c++)
        view.ground[c] = 0.082f;
    uint8_t *rgb = malloc(WIDTH * HEIGHT * 3);
    assert_non_null(rgb);
    imp_render(renderer, scene, &view, rgb);
    imp_renderer_destroy(renderer);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
    return rgb;
}

// Mean absolute difference of two pictures, the second one shifted; borders left out.
static double difference(const uint8_t *one, const uint8_t *other, int dx, int dy)
{
    long sum = 0, count = 0;
    for (int y = 8; y < HEIGHT - 8; y++)
        for (int x = 64; x < WIDTH - 64; x++) {
            const uint8_t *a = one + (y * WIDTH + x) * 3;
            const uint8_t *b = other + ((y + dy) * WIDTH + x + dx) * 3;
            sum += abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2]);
            count += 3;
        }
    return (double)sum / (double)count;
}

static void check_alignment(bool lens)
{
    if (!imp_path_exists(IMP_SHARED "/golden/images")) {
        print_message("no recorded pictures beside the project\n");
        skip();
    }
    double sums[SHIFTS][SHIFTS] = {{0}};
    for (int k = 0; k < RECORDING_COUNT; k++) {
        uint8_t *theirs = recorded_picture(RECORDINGS[k].name, lens);
        uint8_t *ours = our_picture(&RECORDINGS[k], lens);
        for (int j = 0; j < SHIFTS; j++)
            for (int i = 0; i < SHIFTS; i++)
                sums[j][i] += difference(theirs, ours, i - FARTHEST, j - FARTHEST);
        free(theirs);
        free(ours);
    }
    int best_x = 0, best_y = 0;
    for (int j = 0; j < SHIFTS; j++)
        for (int i = 0; i < SHIFTS; i++)
            if (sums[j][i] < sums[best_y][best_x]) {
                best_x = i;
                best_y = j;
            }
    print_message("%s: fits best at (%d, %d) px, mean difference there %.2f, in place %.2f\n",
                  lens ? "lens" : "no lens", best_x - FARTHEST, best_y - FARTHEST,
                  sums[best_y][best_x] / RECORDING_COUNT,
                  sums[FARTHEST][FARTHEST] / RECORDING_COUNT);
    assert_int_equal(best_x, FARTHEST);
    assert_int_equal(best_y, FARTHEST);
    // most of it is their lawn and objects
    assert_true(sums[FARTHEST][FARTHEST] / RECORDING_COUNT < 20.0);
}

static void pictures_without_lens(void **state)
{
    (void)state;
    check_alignment(false);
}

static void pictures_with_lens(void **state)
{
    (void)state;
    check_alignment(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_without_lens),
        cmocka_unit_test(pictures_with_lens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
