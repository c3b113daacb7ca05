// Draws of episodes: of what they are a function, and that whatever is drawn can be used.
#include <jansson.h>
#include <string.h>

#include "imprint/randomization.h"
#include "testing.h"

static imp_randomization set(const char *list)
{
    imp_error err = {0};
    imp_randomization spec = imp_randomization_none();
    assert_ok(imp_randomization_parse_list(&spec, list, &err), err);
    return spec;
}

static bool same(const imp_randomization_sample *a, const imp_randomization_sample *b)
{
    return memcmp(a->values, b->values, sizeof a->values) == 0;
}

static void test_sample_depends_on_key(void **state)
{
    (void)state;
    const imp_randomization spec = set("indoors,walls,tape");
    const imp_randomization_sample draw = imp_randomization_draw_sample(&spec, 1, 2, 3);
    const imp_randomization_sample again = imp_randomization_draw_sample(&spec, 1, 2, 3);
    assert_true(same(&draw, &again));
    bool differs[3][IMP_QUANTITY_COUNT] = {{false}};
    for (uint32_t n = 1; n < 40; n++) {
        const imp_randomization_sample others[] = {
            imp_randomization_draw_sample(&spec, 1 + n, 2, 3),
            imp_randomization_draw_sample(&spec, 1, 2 + n, 3),
            imp_randomization_draw_sample(&spec, 1, 2, 3 + n)};
        for (int k = 0; k < 3; k++)
            for (int q = 0; q < IMP_QUANTITY_COUNT; q++)
                differs[k][q] |= draw.values[q][0] != others[k].values[q][0];
    }
    for (int k = 0; k < 3; k++)
        for (int q = 0; q < IMP_QUANTITY_COUNT; q++)
            if (q != IMP_QUANTITY_OBJECTS && !differs[k][q])
                fail_msg("quantity %d does not depend on part %d of the key", q, k);
}

// Groups do not touch each other's draws, and strength goes straight from nothing to all.
static void test_groups_and_strength(void **state)
{
    (void)state;
    const imp_randomization all = set("indoors,walls,tape"), half = set("all=0.5"),
                            off = set("none");
    const imp_randomization_sample a = imp_randomization_draw_sample(&all, 1, 0, 0),
                                   h = imp_randomization_draw_sample(&half, 1, 0, 0);
    const imp_randomization_sample n = imp_randomization_draw_sample(&off, 1, 0, 0);
    assert_close(h.values[IMP_QUANTITY_DELAY][0], 0.5 * (a.values[IMP_QUANTITY_DELAY][0] + 0.15),
                 1e-15);
    assert_close(h.values[IMP_QUANTITY_GAIN][0], 0.5 * (a.values[IMP_QUANTITY_GAIN][0] + 1.0),
                 1e-15);
    for (int g = 0; g < IMP_GROUP_COUNT; g++) {
        const imp_randomization one = set(imp_randomization_group_name(g));
        bool changed = false;
        for (uint32_t e = 0; e < 20; e++) {
            const imp_randomization_sample draw = imp_randomization_draw_sample(&one, 1, 0, e);
            const imp_randomization_sample every = imp_randomization_draw_sample(&all, 1, 0, e);
            for (int q = 0; q < IMP_QUANTITY_COUNT; q++) {
                const size_t size = sizeof n.values[q];
                const bool neutral = memcmp(draw.values[q], n.values[q], size) == 0;
                assert_true(neutral || memcmp(draw.values[q], every.values[q], size) == 0);
                changed |= !neutral;
            }
        }
        if (!changed)
            fail_msg("group %s changes nothing", imp_randomization_group_name(g));
    }
}

// What a real camera does not always do is there in its share of the episodes.
static void test_absent_share(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_randomization spec = set("blur");
    char warning[IMP_RANDOMIZATION_WARNING_MAX];
    const char *text = "{\"defocus\": {\"type\": \"uniform\", \"low\": 1, \"high\": 2, "
                       "\"absent\": 0.8}}";
    assert_ok(imp_randomization_parse_json(&spec, "f", text, strlen(text), warning, &err), err);
    enum { EPISODES = 2000 };
    int moved = 0, defocused = 0;
    for (uint32_t e = 0; e < EPISODES; e++) {
        const imp_randomization_sample draw = imp_randomization_draw_sample(&spec, 1, 0, e);
        moved += draw.values[IMP_QUANTITY_MOTION_BLUR][0] > 0.0;
        defocused += draw.values[IMP_QUANTITY_DEFOCUS][0] >= 1.0;
    }
    assert_close(moved / (double)EPISODES, 0.5, 0.04);
    assert_close(defocused / (double)EPISODES, 0.2, 0.04);
}

static void test_choices_are_weakened_by_chance(void **state)
{
    (void)state;
    const imp_randomization spec = set("horizon=0.5");
    int plain = 0;
    enum { EPISODES = 2000 };
    for (uint32_t e = 0; e < EPISODES; e++)
        plain +=
            imp_randomization_draw_sample(&spec, 1, 0, e).values[IMP_QUANTITY_HORZ_MODE][0] == 0.0;
    // half of them, and a quarter of the others
    assert_close(plain / (double)EPISODES, 0.625, 0.04);
}

// Without randomisation nothing changes, to the last bit.
static void test_nothing_on(void **state)
{
    (void)state;
    const imp_randomization spec = set("none");
    const imp_randomization_sample draw = imp_randomization_draw_sample(&spec, 1, 0, 0);
    const imp_env_def plain_env = imp_default_env_def();
    const imp_camera_def plain_camera = imp_default_camera_def();
    const imp_camera_effects_def plain_degrade = imp_default_camera_effects_def();
    imp_env_def env = plain_env;
    imp_camera_def camera = plain_camera;
    imp_camera_effects_def degrade = plain_degrade;
    imp_randomization_apply_to_env(&draw, &env);
    imp_randomization_apply_to_camera(&draw, &camera);
    imp_randomization_apply_to_effects(&draw, &degrade);
    assert_memory_equal(&env, &plain_env, sizeof env);
    assert_memory_equal(&camera, &plain_camera, sizeof camera);
    assert_memory_equal(&degrade, &plain_degrade, sizeof degrade);
    char text[IMP_SAMPLE_JSON_MAX];
    imp_randomization_sample_json(&draw, text);
    assert_string_equal(text, "{}");
}

// A draw of nothing, in which single quantities are then set.
static imp_randomization_sample neutral_draw(void)
{
    const imp_randomization spec = set("none");
    return imp_randomization_draw_sample(&spec, 1, 0, 0);
}

static void set_values(imp_randomization_sample *draw, imp_quantity quantity, const double *values,
                       int count)
{
    for (int k = 0; k < count; k++)
        draw->values[quantity][k] = values[k];
}

// Each quantity of the camera changes what it is named after, and nothing else.
static void test_camera_quantities(void **state)
{
    (void)state;
    imp_randomization_sample draw = neutral_draw();
    imp_camera_def def = imp_default_camera_def();
    const imp_lens lens = {.kind = IMP_LENS_CALIBRATED,
                           .width = 640,
                           .height = 480,
                           .fx = 300.0,
                           .fy = 310.0,
                           .cx = 320.0,
                           .cy = 230.0,
                           .k1 = -0.2,
                           .k2 = 0.03,
                           .p1 = 5e-4,
                           .p2 = -7e-4,
                           .k3 = 0.02};
    def.lens = lens;
    const imp_camera_def plain = def;
    set_values(&draw, IMP_QUANTITY_CAMERA_NOISE, (double[]){0.011, 0.022, -0.033}, 3);
    set_values(&draw, IMP_QUANTITY_CAMERA_HEIGHT, (double[]){1.2}, 1);
    set_values(&draw, IMP_QUANTITY_CAMERA_ANGLE, (double[]){0.9}, 1);
    set_values(&draw, IMP_QUANTITY_CAMERA_FOV, (double[]){1.1}, 1);
    set_values(&draw, IMP_QUANTITY_LENS_MATRIX, (double[]){1.01, 1.02, 1.03, 1.04}, 4);
    set_values(&draw, IMP_QUANTITY_LENS_DISTORTION, (double[]){1.1, 1.2, 1.3, 1.4, 1.5}, 5);
    imp_randomization_apply_to_camera(&draw, &def);
    assert_close(def.mount_forward, plain.mount_forward + 0.011, 1e-15);
    assert_close(def.mount_height, plain.mount_height * 1.2 + 0.022, 1e-15);
    assert_close(def.mount_right, plain.mount_right - 0.033, 1e-15);
    assert_close(def.pitch, plain.pitch * 0.9, 1e-15);
    assert_close(def.field_of_view, plain.field_of_view * 1.1, 1e-15);
    assert_close(def.lens.fx, lens.fx * 1.01, 1e-12);
    assert_close(def.lens.fy, lens.fy * 1.02, 1e-12);
    assert_close(def.lens.cx, lens.cx * 1.03, 1e-12);
    assert_close(def.lens.cy, lens.cy * 1.04, 1e-12);
    assert_close(def.lens.k1, lens.k1 * 1.1, 1e-15);
    assert_close(def.lens.k2, lens.k2 * 1.2, 1e-15);
    assert_close(def.lens.p1, lens.p1 * 1.3, 1e-15);
    assert_close(def.lens.p2, lens.p2 * 1.4, 1e-15);
    assert_close(def.lens.k3, lens.k3 * 1.5, 1e-15);
    // as far as a camera can be moved
    set_values(&draw, IMP_QUANTITY_CAMERA_NOISE, (double[]){0.0, -1.0, 0.0}, 3);
    set_values(&draw, IMP_QUANTITY_CAMERA_ANGLE, (double[]){100.0}, 1);
    set_values(&draw, IMP_QUANTITY_CAMERA_FOV, (double[]){100.0}, 1);
    def = plain;
    imp_randomization_apply_to_camera(&draw, &def);
    assert_close(def.mount_height, 0.01, 1e-15);
    assert_close(def.pitch, asin(1.0), 1e-15);
    assert_close(def.field_of_view, acos(-1.0) - 0.01, 1e-15);
    set_values(&draw, IMP_QUANTITY_CAMERA_ANGLE, (double[]){-100.0}, 1);
    def = plain;
    imp_randomization_apply_to_camera(&draw, &def);
    assert_close(def.pitch, -asin(1.0), 1e-15);
    // a camera without lens gets none
    def = plain;
    def.lens = imp_lens_none();
    imp_randomization_apply_to_camera(&draw, &def);
    const imp_lens none = imp_lens_none();
    assert_memory_equal(&def.lens, &none, sizeof none);
}

static void test_env_quantities(void **state)
{
    (void)state;
    imp_randomization_sample draw = neutral_draw();
    imp_env_def def = imp_default_env_def();
    def.drive.gain = 1.3;
    def.drive.trim = 0.05;
    def.drive.delay = 0.15;
    def.frame_skip = 2;
    def.action_dropout = 0.1;
    def.command_noise = 0.3;
    def.randomize_objects = false;
    const imp_env_def plain = def;
    set_values(&draw, IMP_QUANTITY_DELAY, (double[]){0.19}, 1);
    set_values(&draw, IMP_QUANTITY_GAIN, (double[]){1.1}, 1);
    set_values(&draw, IMP_QUANTITY_TRIM, (double[]){-0.02}, 1);
    set_values(&draw, IMP_QUANTITY_WHEEL_RADIUS, (double[]){1.2}, 1);
    set_values(&draw, IMP_QUANTITY_WHEEL_DIST, (double[]){0.9}, 1);
    set_values(&draw, IMP_QUANTITY_RATE_DIVIDER, (double[]){3.0}, 1);
    set_values(&draw, IMP_QUANTITY_DROPPED, (double[]){0.25}, 1);
    set_values(&draw, IMP_QUANTITY_COMMAND_NOISE, (double[]){0.4}, 1);
    set_values(&draw, IMP_QUANTITY_OBJECTS, (double[]){1.0}, 1);
    imp_randomization_apply_to_env(&draw, &def);
    // the reference's own delay, 0.15 s, is what the quantity stands for when nothing is drawn
    assert_close(def.drive.delay, plain.drive.delay + 0.04, 1e-15);
    assert_close(def.drive.gain, 1.3 * 1.1, 1e-15);
    assert_close(def.drive.trim, 0.03, 1e-15);
    assert_close(def.drive.wheel_radius, plain.drive.wheel_radius * 1.2, 1e-15);
    assert_close(def.drive.wheel_distance, plain.drive.wheel_distance * 0.9, 1e-15);
    assert_int_equal(def.frame_skip, 6);
    assert_close(def.action_dropout, 0.25, 0.0);
    assert_close(def.command_noise, 0.5, 1e-15);
    assert_true(def.randomize_objects);
    // what was asked for is not weakened, and delays stay within what can be remembered
    draw = neutral_draw();
    set_values(&draw, IMP_QUANTITY_DELAY, (double[]){1000.0}, 1);
    def = plain;
    def.randomize_objects = true;
    imp_randomization_apply_to_env(&draw, &def);
    assert_close(def.drive.delay, IMP_MAX_DELAY_STEPS * def.drive.time_step, 1e-12);
    assert_close(def.action_dropout, 0.1, 0.0);
    assert_close(def.command_noise, 0.3, 0.0);
    assert_true(def.randomize_objects);
    set_values(&draw, IMP_QUANTITY_DELAY, (double[]){-1000.0}, 1);
    def = plain;
    imp_randomization_apply_to_env(&draw, &def);
    assert_close(def.drive.delay, 0.0, 0.0);
}

static void test_degrade_quantities(void **state)
{
    (void)state;
    static const struct {
        imp_quantity quantity;
        size_t offset;
        double asked, drawn, both; // before, drawn, and what becomes of them
    } cases[] = {
        {IMP_QUANTITY_EXPOSURE, offsetof(imp_camera_effects_def, exposure), 0.5, 0.25, 0.75},
        {IMP_QUANTITY_EXPOSURE, offsetof(imp_camera_effects_def, exposure), 0.5, 9.0, 8.0},
        {IMP_QUANTITY_EXPOSURE, offsetof(imp_camera_effects_def, exposure), 0.5, -9.0, -8.0},
        {IMP_QUANTITY_WHITE_BALANCE, offsetof(imp_camera_effects_def, white_balance), 0.5, 0.25,
         0.75},
        {IMP_QUANTITY_WHITE_BALANCE, offsetof(imp_camera_effects_def, white_balance), 0.5, 0.75,
         1.0},
        {IMP_QUANTITY_WHITE_BALANCE, offsetof(imp_camera_effects_def, white_balance), 0.5, -2.0,
         -1.0},
        {IMP_QUANTITY_GAMMA, offsetof(imp_camera_effects_def, gamma), 1.5, 1.5, 2.25},
        {IMP_QUANTITY_GAMMA, offsetof(imp_camera_effects_def, gamma), 1.5, 0.01, 0.1},
        {IMP_QUANTITY_GAMMA, offsetof(imp_camera_effects_def, gamma), 1.5, 10.0, 10.0},
        {IMP_QUANTITY_MOTION_BLUR, offsetof(imp_camera_effects_def, motion_blur), 0.01, 0.02, 0.02},
        {IMP_QUANTITY_MOTION_BLUR, offsetof(imp_camera_effects_def, motion_blur), 0.01, 0.0, 0.01},
        {IMP_QUANTITY_DEFOCUS, offsetof(imp_camera_effects_def, defocus), 0.5, 0.75, 0.75},
        {IMP_QUANTITY_DEFOCUS, offsetof(imp_camera_effects_def, defocus), 0.5, 0.25, 0.5},
        {IMP_QUANTITY_NOISE, offsetof(imp_camera_effects_def, noise), 0.1, 0.2, 0.2},
        {IMP_QUANTITY_NOISE, offsetof(imp_camera_effects_def, noise), 0.1, 0.0, 0.1},
        {IMP_QUANTITY_SHOT_NOISE, offsetof(imp_camera_effects_def, shot_noise), 0.1, 0.2, 0.2},
        {IMP_QUANTITY_SHOT_NOISE, offsetof(imp_camera_effects_def, shot_noise), 0.1, 0.0, 0.1},
        {IMP_QUANTITY_FLICKER, offsetof(imp_camera_effects_def, flicker), 0.1, 0.2, 0.2},
        {IMP_QUANTITY_FLICKER, offsetof(imp_camera_effects_def, flicker), 0.1, 0.0, 0.1},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        imp_randomization_sample draw = neutral_draw();
        imp_camera_effects_def def = imp_default_camera_effects_def(), wanted = def;
        memcpy((char *)&def + cases[c].offset, &cases[c].asked, sizeof(double));
        memcpy((char *)&wanted + cases[c].offset, &cases[c].both, sizeof(double));
        set_values(&draw, cases[c].quantity, &cases[c].drawn, 1);
        imp_randomization_apply_to_effects(&draw, &def);
        if (memcmp(&def, &wanted, sizeof def) != 0)
            fail_msg("case %zu", c);
    }
    // the lower quality counts; 0 and 100 are no compression
    static const int qualities[][3] = {{0, 100, 0},  {0, 60, 60},  {50, 60, 50},
                                       {50, 40, 40}, {50, 50, 50}, {50, 100, 50}};
    for (size_t c = 0; c < sizeof qualities / sizeof qualities[0]; c++) {
        imp_randomization_sample draw = neutral_draw();
        imp_camera_effects_def def = imp_default_camera_effects_def();
        def.jpeg_quality = qualities[c][0];
        draw.values[IMP_QUANTITY_JPEG_QUALITY][0] = qualities[c][1];
        imp_randomization_apply_to_effects(&draw, &def);
        assert_int_equal(def.jpeg_quality, qualities[c][2]);
    }
}

// The text names each quantity of the groups that are on, and no other, with the values drawn.
static void test_text(void **state)
{
    (void)state;
    const imp_randomization spec = set("trim,mounting");
    imp_randomization_sample draw = imp_randomization_draw_sample(&spec, 1, 0, 0);
    set_values(&draw, IMP_QUANTITY_CAMERA_NOISE, (double[]){0.25, -0.5, 1e-9}, 3);
    set_values(&draw, IMP_QUANTITY_CAMERA_HEIGHT, (double[]){1.125}, 1);
    set_values(&draw, IMP_QUANTITY_CAMERA_ANGLE, (double[]){2.0}, 1);
    set_values(&draw, IMP_QUANTITY_CAMERA_FOV, (double[]){0.5}, 1);
    set_values(&draw, IMP_QUANTITY_TRIM, (double[]){-0.125}, 1);
    char text[IMP_SAMPLE_JSON_MAX];
    imp_randomization_sample_json(&draw, text);
    assert_string_equal(text, "{\"camera_noise\": [0.25, -0.5, 1e-09], \"camera_height\": 1.125, "
                              "\"camera_angle\": 2, \"camera_fov_y\": 0.5, \"trim\": -0.125}");
}

// Whatever is drawn makes definitions that are taken, and a text that is JSON.
static void test_everything_on(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = NULL;
    assert_ok(imp_world_load(&world, "udem1", &err), err);
    const imp_randomization spec = set("all");
    bool slow = false, late = false, soon = false;
    for (uint32_t e = 0; e < 500; e++) {
        const imp_randomization_sample draw = imp_randomization_draw_sample(&spec, 4, 0, e);
        imp_env_def env_def = imp_default_env_def();
        imp_camera_def camera_def = imp_default_camera_def();
        imp_camera_effects_def degrade = imp_default_camera_effects_def();
        imp_randomization_apply_to_env(&draw, &env_def);
        imp_randomization_apply_to_camera(&draw, &camera_def);
        imp_randomization_apply_to_effects(&draw, &degrade);
        imp_env env;
        imp_camera camera;
        assert_ok(imp_env_init(&env, world, &env_def, &err), err);
        assert_ok(imp_camera_init(&camera, &camera_def, &err), err);
        assert_ok(imp_camera_effects_check(&degrade, &err), err);
        slow |= env_def.frame_skip == 3;
        late |= env_def.drive.delay > 0.28;
        soon |= env_def.drive.delay < 0.02;
        char text[IMP_SAMPLE_JSON_MAX];
        imp_randomization_sample_json(&draw, text);
        json_t *read = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(read);
        assert_close(json_number_value(json_object_get(read, "delay")), env_def.drive.delay, 1e-8);
        assert_int_equal(json_array_size(json_object_get(read, "lens_bend")), 5);
        assert_null(json_object_get(read, "tile_colour"));
        json_decref(read);
    }
    assert_true(slow && late && soon);
    imp_world_destroy(world);
}

static void render_image(const imp_randomization_sample *draw, const imp_world *world,
                         const imp_scene *scene, imp_random_appearance *looks, uint8_t *rgb)
{
    imp_error err = {0};
    imp_renderer *renderer = NULL;
    imp_camera_def camera = imp_default_camera_def();
    imp_randomization_apply_to_camera(draw, &camera);
    assert_ok(imp_renderer_create(&renderer, &camera, IMP_RENDER_PORTABLE, &err), err);
    imp_view view = imp_default_view();
    view.pose = (imp_pose){0.7, 1.5, 0.3};
    imp_random_appearance_sample(looks, draw, world, scene);
    imp_random_appearance_apply(looks, &view);
    imp_render(renderer, scene, &view, rgb);
    imp_renderer_destroy(renderer);
}

// Groups that are seen are seen, the same draw twice the same, and none of the others.
static void test_rendered_images(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = NULL;
    imp_scene *scene = NULL;
    imp_random_appearance *looks = NULL;
    assert_ok(imp_world_load(&world, "udem1", &err), err);
    const imp_randomization all = set("all");
    imp_scene_def scene_def = imp_default_scene_def();
    const imp_camera_def small = imp_default_camera_def();
    imp_randomization_apply_to_scene(&all, 0, &small, &scene_def);
    assert_ok(imp_scene_create_with_def(&scene, world, &scene_def, &err), err);
    assert_ok(imp_random_appearance_create(&looks, world->columns * world->rows,
                                           world->object_count, &err),
              err);
    static uint8_t plain[80 * 60 * 3], other[80 * 60 * 3], again[80 * 60 * 3];
    const imp_randomization none = set("none");
    const imp_randomization_sample neutral = imp_randomization_draw_sample(&none, 1, 0, 0);
    render_image(&neutral, world, scene, looks, plain);
    static const char *const seen[] = {"horizon", "light",    "materials", "road",
                                       "clutter", "mounting", "lens",      "reference"};
    for (size_t k = 0; k < sizeof seen / sizeof seen[0]; k++) {
        const imp_randomization spec = set(seen[k]);
        const imp_randomization_sample draw = imp_randomization_draw_sample(&spec, 1, 0, 2);
        render_image(&draw, world, scene, looks, other);
        render_image(&draw, world, scene, looks, again);
        assert_memory_equal(other, again, sizeof other);
        if (memcmp(plain, other, sizeof plain) == 0)
            fail_msg("group %s cannot be seen", seen[k]);
    }
    bool has[5] = {false};
    for (uint32_t e = 0; e < 20; e++) {
        const imp_randomization_sample draw = imp_randomization_draw_sample(&all, 1, 0, e);
        imp_view view = imp_default_view();
        imp_random_appearance_sample(looks, &draw, world, scene);
        imp_random_appearance_apply(looks, &view);
        has[0] |= view.horizon != NULL;
        has[1] |= view.slope > 0.0f && view.lamp[1] < 3.0;
        has[2] |= view.shadow > 0.0f;
        has[3] |= view.glare_count > 0;
        has[4] |= view.leds[0][0][0] > 0.0f;
        for (int k = 0; k < view.clutter_count; k++)
            assert_false(imp_world_is_drivable_at(world, view.clutter[k].position.x,
                                                  view.clutter[k].position.z));
    }
    assert_true(has[0] && has[1] && has[2] && has[3] && has[4]);
    const imp_randomization dynamics = set("dynamics");
    const imp_randomization_sample draw = imp_randomization_draw_sample(&dynamics, 1, 0, 1);
    render_image(&draw, world, scene, looks, other);
    assert_memory_equal(plain, other, sizeof plain);
    imp_random_appearance_destroy(looks);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_depends_on_key),
        cmocka_unit_test(test_groups_and_strength),
        cmocka_unit_test(test_absent_share),
        cmocka_unit_test(test_choices_are_weakened_by_chance),
        cmocka_unit_test(test_nothing_on),
        cmocka_unit_test(test_everything_on),
        cmocka_unit_test(test_rendered_images),
        cmocka_unit_test(test_camera_quantities),
        cmocka_unit_test(test_env_quantities),
        cmocka_unit_test(test_degrade_quantities),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
