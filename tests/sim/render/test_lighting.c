// What a view adds to a scene: shadows, slopes of light, reflections, horizons, clutter and LEDs.
#include <stdlib.h>
#include <string.h>

#include "imprint/render.h"
#include "testing.h"

enum { WIDTH = 160, HEIGHT = 120, PIXELS = WIDTH * HEIGHT, SIZE = PIXELS * 3 };

static imp_world *world;
static imp_scene *scene;
static imp_renderer *fast, *avx2, *plain;
static imp_segmentation_pass *segmentation;
static uint8_t before[SIZE], after[SIZE], again[SIZE], mask[PIXELS];

static int set_up(void **state)
{
    static const char MAP[] = "tile_size: 0.6\ntiles:\n"
                              "- [asphalt, asphalt, asphalt, asphalt, asphalt, asphalt]\n"
                              "- [asphalt, asphalt, asphalt, asphalt, asphalt, asphalt]\n"
                              "- [asphalt, asphalt, asphalt, asphalt, asphalt, asphalt]\n"
                              "objects:\n"
                              "- {kind: duckiebot, pos: [2.0, 1.5], height: 0.12, color: grey}\n";
    (void)state;
    imp_error err = {0};
    imp_camera_def camera = imp_default_camera_def();
    camera.width = WIDTH;
    camera.height = HEIGHT;
    assert_ok(imp_world_parse(&world, MAP, sizeof MAP - 1, "map", &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);
    assert_ok(imp_renderer_create(&fast, &camera, IMP_RENDER_AUTO, &err), err);
    assert_ok(imp_renderer_create(&plain, &camera, IMP_RENDER_PORTABLE, &err), err);
    assert_ok(imp_renderer_create(&avx2, &camera, IMP_RENDER_AVX2, &err), err);
    assert_ok(imp_segmentation_pass_create(&segmentation, &camera, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    imp_segmentation_pass_destroy(segmentation);
    imp_renderer_destroy(fast);
    imp_renderer_destroy(plain);
    imp_renderer_destroy(avx2);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
    return 0;
}

// Half a metre behind the duckiebot.
static imp_view view_behind_robot(void)
{
    const imp_object *car = &world->objects[0];
    imp_view view = imp_default_view();
    view.pose = (imp_pose){car->position.x - 0.5 * cos(car->heading),
                           car->position.z + 0.5 * sin(car->heading), car->heading};
    return view;
}

// Draws a view's neutral picture into `before` and it into `after`, by all paths.
static void render_neutral_and_view(const imp_view *view)
{
    imp_view neutral = imp_default_view();
    neutral.pose = view->pose;
    imp_render(fast, scene, &neutral, before);
    imp_render(fast, scene, view, after);
    imp_render(avx2, scene, view, again);
    assert_memory_equal(after, again, SIZE);
    imp_render(plain, scene, view, again);
    for (int k = 0; k < SIZE; k++)
        assert_in_range(after[k] - again[k] + 1, 0, 2);
    imp_segmentation_pass_run(segmentation, scene, view, mask, NULL);
}

static void shadows_lie_under_objects(void **state)
{
    (void)state;
    imp_view view = view_behind_robot();
    view.shadow = 0.8f;
    render_neutral_and_view(&view);
    int darker = 0, lowest = 0;
    for (int k = 0; k < PIXELS; k++) {
        for (int c = 0; c < 3; c++)
            assert_true(after[3 * k + c] <= before[3 * k + c]);
        // objects and sky have none
        if (mask[k] == IMP_SEMANTIC_SKY || mask[k] >= IMP_SEMANTIC_OBJECT)
            assert_true(before[3 * k] - after[3 * k] < 40);
        if (after[3 * k] + 10 < before[3 * k]) {
            darker++;
            lowest = k / WIDTH;
        }
    }
    assert_in_range(darker, 100, PIXELS / 5);
    // not under the robot's own nose
    assert_true(lowest < HEIGHT - 10);
    const uint64_t hidden[IMP_OBJECTS_MAX / 64] = {1};
    view.hidden = hidden;
    imp_view bare = imp_default_view();
    bare.pose = view.pose;
    bare.hidden = hidden;
    imp_render(fast, scene, &bare, before);
    imp_render(fast, scene, &view, after);
    assert_memory_equal(before, after, SIZE);
}

static void light_falls_off_with_the_lamp(void **state)
{
    (void)state;
    imp_view view = view_behind_robot();
    view.pose.heading = 0.0;
    view.pose.x = 0.3;
    view.lamp[0] = 0.6;
    view.lamp[1] = 0.5;
    view.lamp[2] = view.pose.z;
    view.slope = 1.0f;
    render_neutral_and_view(&view);
    double near = 0.0, far = 0.0;
    for (int k = 0; k < PIXELS; k++) {
        const double share = before[3 * k] > 0 ? (double)after[3 * k] / before[3 * k] : 1.0;
        if (mask[k] == IMP_SEMANTIC_SKY) {
            // but where the horizon runs through the pixel
            assert_true(after[3 * k] + 40 > before[3 * k]);
            continue;
        }
        if (k % WIDTH == WIDTH / 2 && k / WIDTH == HEIGHT - 10)
            near = share;
        if (k % WIDTH == WIDTH / 2 + 20 && k / WIDTH == HEIGHT / 3)
            far = share;
    }
    assert_true(near > 0.8 && far < 0.6);
}

static void glares_are_reflected(void **state)
{
    (void)state;
    imp_view view = view_behind_robot();
    // the eye is 0.108 m up and 0.066 m ahead: it sees a lamp that is twice as high and as far
    // behind its mirror in the ground a third of the way to it
    const imp_glare glare = {{view.pose.x + 0.066 + 0.6, 0.216, view.pose.z}, 0.5f, 0.1f};
    view.glares = &glare;
    view.glare_count = 1;
    view.pose.heading = 0.0;
    const uint64_t hidden[IMP_OBJECTS_MAX / 64] = {1};
    view.hidden = hidden;
    render_neutral_and_view(&view);
    imp_view bare = imp_default_view();
    bare.pose = view.pose;
    bare.hidden = hidden;
    imp_render(fast, scene, &bare, before);
    double x = 0.0, y = 0.0, sum = 0.0;
    for (int k = 0; k < PIXELS; k++) {
        const double added = after[3 * k] - before[3 * k];
        assert_true(added > -2.0);
        sum += added;
        x += added * (k % WIDTH + 0.5);
        y += added * (k / WIDTH + 0.5);
    }
    imp_camera camera;
    imp_error err = {0};
    double px, py;
    assert_ok(imp_camera_init(&camera, imp_renderer_camera(fast), &err), err);
    const double ahead = 0.2, down = 0.108, pitch = camera.def.pitch;
    const double far = ahead * cos(pitch) + down * sin(pitch);
    assert_true(imp_camera_ray_to_pixel(&camera, 0.0,
                                        (down * cos(pitch) - ahead * sin(pitch)) / far, &px, &py));
    assert_true(sum > 2000.0);
    assert_close(x / sum, px, 2.0);
    assert_close(y / sum, py, 4.0);
}

static void horizons_turn_with_the_robot(void **state)
{
    (void)state;
    static imp_horizon horizon;
    imp_view view = view_behind_robot();
    imp_random random = imp_random_stream(2, 0, 0, IMP_PURPOSE_TEST);
    const float grey[3] = {0.5f, 0.5f, 0.5f};
    imp_horizon_generate(&horizon, grey, &random);
    imp_view other = view;
    // green straight ahead, red elsewhere
    for (int j = 0; j < IMP_HORIZON_HEIGHT; j++)
        for (int i = 0; i < IMP_HORIZON_WIDTH; i++)
            horizon.texels[j][i] = i < 4 || i >= IMP_HORIZON_WIDTH - 4 ? 0xff00ff00u : 0xff0000ffu;
    view.horizon = &horizon;
    const double headings[] = {0.0, 0.15, -0.15};
    for (int n = 0; n < 3; n++) {
        view.pose.heading = headings[n];
        render_neutral_and_view(&view);
        double x = 0.0, count = 0.0;
        for (int k = 0; k < 8 * WIDTH; k++) {
            const double green = after[3 * k + 1] > 128;
            assert_true(after[3 * k + 2] < 5);
            x += green * (k % WIDTH);
            count += green;
        }
        assert_true(count > 20.0);
        x /= count;
        // what is straight ahead lies to the right of a robot that has turned left
        assert_true(n == 0   ? fabs(x - WIDTH / 2) < 8.0
                    : n == 1 ? x > WIDTH / 2 + 12
                             : x < WIDTH / 2 - 8);
    }
    // the ground is as ever, but where it meets the sky
    other.pose.heading = view.pose.heading;
    imp_render(fast, scene, &other, before);
    assert_memory_equal(before + SIZE / 2, after + SIZE / 2, SIZE / 2);
}

static void horizons_are_drawn(void **state)
{
    (void)state;
    static imp_horizon one, same, other;
    const float blue[3] = {0.45f, 0.82f, 1.0f};
    imp_random random = imp_random_stream(7, 0, 0, IMP_PURPOSE_TEST), copy = random;
    imp_horizon_generate(&one, blue, &random);
    imp_horizon_generate(&same, blue, &copy);
    imp_horizon_generate(&other, blue, &random);
    assert_memory_equal(&one, &same, sizeof one);
    assert_memory_not_equal(&one, &other, sizeof one);
}

static void clutter_is_segmented_as_ground(void **state)
{
    (void)state;
    imp_view view = view_behind_robot();
    const imp_clutter box = {
        {view.pose.x + 0.35 * cos(view.pose.heading), view.pose.z - 0.35 * sin(view.pose.heading)},
        0.3,
        {0.1f, 0.2f, 0.1f},
        {1.0f, 0.0f, 1.0f}};
    render_neutral_and_view(&view);
    static uint8_t was[PIXELS];
    memcpy(was, mask, sizeof was);
    view.clutter = &box;
    view.clutter_count = 1;
    render_neutral_and_view(&view);
    int box_pixels = 0, hidden = 0;
    for (int k = 0; k < PIXELS; k++) {
        const bool magenta = after[3 * k] > 60 && after[3 * k + 1] == 0 && after[3 * k + 2] > 60;
        box_pixels += magenta;
        if (magenta)
            assert_int_equal(mask[k], IMP_SEMANTIC_GROUND);
        hidden += was[k] >= IMP_SEMANTIC_OBJECT && mask[k] == IMP_SEMANTIC_GROUND;
    }
    assert_true(box_pixels > 300 && hidden > 100);
}

static void rear_leds_shine(void **state)
{
    (void)state;
    imp_view view = view_behind_robot();
    float leds[1][IMP_LED_COUNT][3] = {{{0}}};
    view.leds = (const float(*)[IMP_LED_COUNT][3])leds;
    render_neutral_and_view(&view);
    assert_memory_equal(before, after, SIZE);
    // those at the back only; in the dark they shine as ever
    leds[0][0][1] = leds[0][1][1] = leds[0][2][1] = 1.0f;
    leds[0][3][2] = leds[0][4][2] = 1.0f;
    view.light = 0.3f;
    render_neutral_and_view(&view);
    int left = 0, right = 0;
    for (int k = 0; k < PIXELS; k++) {
        const uint8_t *rgb = after + 3 * k;
        if (mask[k] == IMP_SEMANTIC_SKY || rgb[0] > 20 || rgb[2] < 240)
            continue;
        assert_true(rgb[1] < 20);
        left += k % WIDTH < WIDTH / 2;
        right += k % WIDTH >= WIDTH / 2;
    }
    assert_true(left >= 2 && right >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shadows_lie_under_objects),
        cmocka_unit_test(light_falls_off_with_the_lamp),
        cmocka_unit_test(glares_are_reflected),
        cmocka_unit_test(horizons_turn_with_the_robot),
        cmocka_unit_test(horizons_are_drawn),
        cmocka_unit_test(clutter_is_segmented_as_ground),
        cmocka_unit_test(rear_leds_shine),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
