// Our draws against the reference's: what 200 of its resets drew, quantity by quantity, in a
// two-sample Kolmogorov-Smirnov test at 1 %.
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "imprint/randomization.h"
#include "testing.h"

#define RECORDED IMP_TEST_DATA "/golden/draws.json"

enum { OURS = 4000, SAMPLES_MAX = 8192 };

typedef struct sample {
    double values[SAMPLES_MAX];
    int count;
} sample;

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The largest distance between the distribution functions of two samples.
static double ks_distance(sample *a, sample *b)
{
    qsort(a->values, (size_t)a->count, sizeof(double), compare);
    qsort(b->values, (size_t)b->count, sizeof(double), compare);
    double largest = 0.0;
    for (int i = 0, j = 0; i < a->count && j < b->count;) {
        const double at = fmin(a->values[i], b->values[j]);
        // equal values count together
        while (i < a->count && a->values[i] <= at)
            i++;
        while (j < b->count && b->values[j] <= at)
            j++;
        largest = fmax(largest, fabs((double)i / a->count - (double)j / b->count));
    }
    return largest;
}

// Beyond this, two samples of one distribution lie in one of a hundred cases (Smirnov, 1948).
static double ks_limit(int a, int b)
{
    return 1.6276 * sqrt((double)(a + b) / ((double)a * b));
}

static void set_sample(sample *to, double value)
{
    assert_true(to->count < SAMPLES_MAX);
    to->values[to->count++] = value;
}

static void assert_alike(const char *what, sample *ours, sample *theirs)
{
    const double distance = ks_distance(ours, theirs);
    if (!(distance < ks_limit(ours->count, theirs->count)))
        fail_msg("%s: ours and theirs are %.4f apart, more than %.4f", what, distance,
                 ks_limit(ours->count, theirs->count));
}

static json_t *load(void **state)
{
    (void)state;
    json_t *root = json_load_file(RECORDED, 0, NULL);
    if (root == NULL)
        fail_msg("cannot read %s", RECORDED);
    assert_int_equal(json_array_size(json_object_get(root, "draws")), 200);
    return root;
}

static imp_randomization_sample draw_ours(int episode)
{
    imp_error err = {0};
    imp_randomization spec = imp_randomization_none();
    assert_ok(imp_randomization_parse_list(&spec, "reference", &err), err);
    return imp_randomization_draw_sample(&spec, 7, 0, (uint32_t)episode);
}

// Takes a number of a recorded draw; k: of an array, or -1.
static double number_at(const json_t *draw, const char *key, int k)
{
    const json_t *value = json_object_get(draw, key);
    value = k >= 0 ? json_array_get(value, (size_t)k) : value;
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void test_settings(void **state)
{
    static const struct {
        const char *name;
        imp_quantity quantity;
        int size;
    } cases[] = {
        {"camera_angle", IMP_QUANTITY_CAMERA_ANGLE, 1},
        {"camera_fov_y", IMP_QUANTITY_CAMERA_FOV, 1},
        {"camera_height", IMP_QUANTITY_CAMERA_HEIGHT, 1},
        {"camera_noise", IMP_QUANTITY_CAMERA_NOISE, 3},
        {"horz_mode", IMP_QUANTITY_HORZ_MODE, 1},
        {"light_pos", IMP_QUANTITY_LIGHT_POS, 3},
        {"trim", IMP_QUANTITY_TRIM, 1},
    };
    json_t *root = load(state);
    const json_t *draws = json_object_get(root, "draws");
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        for (int k = 0; k < cases[c].size; k++) {
            static sample ours, theirs;
            ours.count = theirs.count = 0;
            for (size_t n = 0; n < json_array_size(draws); n++)
                set_sample(&theirs, number_at(json_object_get(json_array_get(draws, n), "settings"),
                                              cases[c].name, k));
            for (int e = 0; e < OURS; e++)
                set_sample(&ours, draw_ours(e).values[cases[c].quantity][k]);
            assert_alike(cases[c].name, &ours, &theirs);
        }
    json_decref(root);
}

// What becomes of the settings: the camera that one looks through, and the wheels.
static void test_definitions(void **state)
{
    static const char *const names[] = {"cam_height", "cam_angle_deg", "cam_fov_y_deg",
                                        "wheel_dist"};
    json_t *root = load(state);
    const json_t *draws = json_object_get(root, "draws");
    static sample ours[4], theirs[4];
    for (int e = 0; e < OURS; e++) {
        const imp_randomization_sample draw = draw_ours(e);
        imp_camera_def camera = imp_default_camera_def();
        imp_env_def env = imp_default_env_def();
        imp_randomization_apply_to_camera(&draw, &camera);
        imp_randomization_apply_to_env(&draw, &env);
        // the reference adds its shift to the eye, not to the mounting
        set_sample(&ours[0], camera.mount_height - draw.values[IMP_QUANTITY_CAMERA_NOISE][1]);
        set_sample(&ours[1], camera.pitch * 180.0 / 3.14159265358979323846);
        set_sample(&ours[2], camera.field_of_view * 180.0 / 3.14159265358979323846);
        set_sample(&ours[3], env.drive.wheel_distance);
    }
    for (int k = 0; k < 4; k++) {
        for (size_t n = 0; n < json_array_size(draws); n++)
            set_sample(&theirs[k], number_at(json_array_get(draws, n), names[k], -1));
        assert_alike(names[k], &ours[k], &theirs[k]);
    }
    json_decref(root);
}

static imp_world *load_world(const char *name)
{
    imp_error err = {0};
    imp_world *world = NULL;
    assert_ok(imp_world_load(&world, name, &err), err);
    return world;
}

// What is drawn with: colours of horizon, ground, tiles and objects, without the light's.
static void test_colours(void **state)
{
    json_t *root = load(state);
    const json_t *draws = json_object_get(root, "draws");
    imp_error err = {0};
    imp_world *world = load_world(json_string_value(json_object_get(root, "map")));
    imp_scene *scene = NULL;
    imp_random_appearance *looks = NULL;
    assert_ok(imp_scene_create(&scene, world, &err), err);
    assert_ok(imp_random_appearance_create(&looks, world->columns * world->rows,
                                           world->object_count, &err),
              err);
    static sample ours[4][3], theirs[4][3];
    imp_randomization spec = imp_randomization_none();
    assert_ok(imp_randomization_parse_list(&spec, "reference,no-light", &err), err);
    for (int e = 0; e < OURS / 2; e++) {
        const imp_randomization_sample draw =
            imp_randomization_draw_sample(&spec, 5, 0, (uint32_t)e);
        imp_view view = imp_default_view();
        imp_random_appearance_sample(looks, &draw, world, scene);
        imp_random_appearance_apply(looks, &view);
        for (int c = 0; c < 3; c++) {
            set_sample(&ours[0][c], (double)view.sky[c]);
            set_sample(&ours[1][c], (double)view.ground[c]);
            set_sample(&ours[2][c], (double)view.tile_colour[0][c]);
            for (int k = 0; k < 3; k++)
                set_sample(&ours[3][c], (double)view.object_colour[k][c]);
        }
    }
    static const char *const names[] = {"horizon_color", "ground_color", "tile0_color"};
    for (int c = 0; c < 3; c++) {
        for (size_t n = 0; n < json_array_size(draws); n++) {
            const json_t *draw = json_array_get(draws, n);
            const json_t *objects = json_object_get(draw, "object_colors");
            // what is brighter than white is drawn white
            set_sample(&theirs[0][c], fmin(1.0, number_at(draw, names[0], c)));
            set_sample(&theirs[1][c], number_at(draw, names[1], c));
            set_sample(&theirs[2][c], number_at(draw, names[2], c));
            for (size_t k = 0; k < json_array_size(objects); k++)
                set_sample(&theirs[3][c], json_number_value(json_array_get(
                                              json_array_get(objects, k), (size_t)c)));
        }
        for (int k = 0; k < 4; k++)
            assert_alike(k < 3 ? names[k] : "object_colors", &ours[k][c], &theirs[k][c]);
    }
    imp_random_appearance_destroy(looks);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
    json_decref(root);
}

// The lamp's light, as the reference states it.
static void test_light(void **state)
{
    json_t *root = load(state);
    const json_t *draws = json_object_get(root, "draws");
    for (int c = 0; c < 3; c++) {
        static sample ours[2], theirs[2];
        ours[0].count = ours[1].count = theirs[0].count = theirs[1].count = 0;
        for (int e = 0; e < OURS; e++) {
            const imp_randomization_sample draw = draw_ours(e);
            set_sample(&ours[0], 0.25 * draw.values[IMP_QUANTITY_LIGHT_AMBIENT][c]);
            set_sample(&ours[1], 0.35 * draw.values[IMP_QUANTITY_LIGHT_DIFFUSE][c]);
        }
        for (size_t n = 0; n < json_array_size(draws); n++) {
            set_sample(&theirs[0], number_at(json_array_get(draws, n), "light0_ambient", c));
            set_sample(&theirs[1], number_at(json_array_get(draws, n), "light0_diffuse", c));
        }
        assert_alike("light0_ambient", &ours[0], &theirs[0]);
        assert_alike("light0_diffuse", &ours[1], &theirs[1]);
    }
    json_decref(root);
}

// Which of the optional objects are there, and where episodes start.
static void test_resets(void **state)
{
    json_t *root = load(state);
    const json_t *draws = json_object_get(root, "draws");
    imp_error err = {0};
    imp_world *world = load_world(json_string_value(json_object_get(root, "map")));
    static sample ours[4], theirs[4];
    imp_env_def def = imp_default_env_def();
    def.accept_start_angle = 4.0 * 3.14159265358979323846 / 180.0;
    for (int e = 0; e < OURS / 2; e++) {
        const imp_randomization_sample draw = draw_ours(e);
        imp_env_def drawn = def;
        imp_env env;
        imp_randomization_apply_to_env(&draw, &drawn);
        assert_true(drawn.randomize_objects);
        assert_ok(imp_env_init(&env, world, &drawn, &err), err);
        assert_ok(imp_env_reset(&env, (uint32_t)e, &err), err);
        int there = 0;
        for (int k = 0; k < world->object_count; k++)
            there +=
                world->objects[k].optional && imp_env_is_object_present(&env, &world->objects[k]);
        set_sample(&ours[0], there);
        set_sample(&ours[1], env.pose.x);
        set_sample(&ours[2], env.pose.z);
        set_sample(&ours[3], fmod(env.pose.heading + 4.0 * 3.14159265358979323846,
                                  2.0 * 3.14159265358979323846));
    }
    for (size_t n = 0; n < json_array_size(draws); n++) {
        const json_t *draw = json_array_get(draws, n);
        const json_t *visible = json_object_get(draw, "object_visible");
        const json_t *optional = json_object_get(draw, "object_optional");
        int there = 0;
        for (size_t k = 0; k < json_array_size(visible); k++)
            there += json_is_true(json_array_get(visible, k)) &&
                     json_is_true(json_array_get(optional, k));
        set_sample(&theirs[0], there);
        set_sample(&theirs[1], number_at(draw, "start_pos", 0));
        set_sample(&theirs[2], number_at(draw, "start_pos", 2));
        set_sample(&theirs[3], number_at(draw, "start_angle", -1));
    }
    static const char *const names[] = {"objects there", "start x", "start z", "start angle"};
    for (int k = 0; k < 4; k++)
        assert_alike(names[k], &ours[k], &theirs[k]);
    imp_world_destroy(world);
    json_decref(root);
}

// The test itself tells distributions apart that differ a little: +-10 % from +-16 %.
static void test_distance_can_tell(void **state)
{
    (void)state;
    static sample a, b, c;
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_TEST);
    for (int k = 0; k < 200; k++)
        set_sample(&a, imp_random_uniform(&random, 0.9, 1.1));
    for (int k = 0; k < OURS; k++) {
        set_sample(&b, imp_random_uniform(&random, 0.9, 1.1));
        set_sample(&c, imp_random_uniform(&random, 0.84, 1.16));
    }
    assert_true(ks_distance(&a, &b) < ks_limit(200, OURS));
    assert_true(ks_distance(&a, &c) > ks_limit(200, OURS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings), cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_colours),  cmocka_unit_test(test_light),
        cmocka_unit_test(test_resets),   cmocka_unit_test(test_distance_can_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
