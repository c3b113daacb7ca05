// Draws of episodes: of what they are a function, and that whatever is drawn can be used.
#include <jansson.h>
#include <string.h>

#include "imprint/randomize.h"
#include "testing.h"

static imp_randomization set(const char *list)
{
    imp_error err = {0};
    imp_randomization spec = imp_randomization_none();
    assert_ok(imp_randomization_set(&spec, list, &err), err);
    return spec;
}

static bool same(const imp_draw *a, const imp_draw *b)
{
    return memcmp(a->values, b->values, sizeof a->values) == 0;
}

static void test_key(void **state)
{
    (void)state;
    const imp_randomization spec = set("all");
    const imp_draw draw = imp_draw_episode(&spec, 1, 2, 3);
    const imp_draw again = imp_draw_episode(&spec, 1, 2, 3);
    assert_true(same(&draw, &again));
    bool differs[3][IMP_QUANTITY_COUNT] = {{false}};
    for (uint32_t n = 1; n < 40; n++) {
        const imp_draw others[] = {imp_draw_episode(&spec, 1 + n, 2, 3),
                                   imp_draw_episode(&spec, 1, 2 + n, 3),
                                   imp_draw_episode(&spec, 1, 2, 3 + n)};
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
    const imp_randomization all = set("all"), half = set("all=0.5"), off = set("none");
    const imp_draw a = imp_draw_episode(&all, 1, 0, 0), h = imp_draw_episode(&half, 1, 0, 0);
    const imp_draw n = imp_draw_episode(&off, 1, 0, 0);
    assert_close(h.values[IMP_QUANTITY_DELAY][0], 0.5 * (a.values[IMP_QUANTITY_DELAY][0] + 0.15),
                 1e-15);
    assert_close(h.values[IMP_QUANTITY_GAIN][0], 0.5 * (a.values[IMP_QUANTITY_GAIN][0] + 1.0),
                 1e-15);
    for (int g = 0; g < IMP_GROUP_COUNT; g++) {
        const imp_randomization one = set(imp_group_word(g));
        bool changed = false;
        for (uint32_t e = 0; e < 20; e++) {
            const imp_draw draw = imp_draw_episode(&one, 1, 0, e);
            const imp_draw every = imp_draw_episode(&all, 1, 0, e);
            for (int q = 0; q < IMP_QUANTITY_COUNT; q++) {
                const size_t size = sizeof n.values[q];
                const bool neutral = memcmp(draw.values[q], n.values[q], size) == 0;
                assert_true(neutral || memcmp(draw.values[q], every.values[q], size) == 0);
                changed |= !neutral;
            }
        }
        if (!changed)
            fail_msg("group %s changes nothing", imp_group_word(g));
    }
}

// What a real camera does not always do is there in its share of the episodes.
static void test_shares(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_randomization spec = set("blur");
    char notice[IMP_NOTICE_MAX];
    const char *text = "{\"defocus\": {\"type\": \"uniform\", \"low\": 1, \"high\": 2, "
                       "\"absent\": 0.8}}";
    assert_ok(imp_randomization_parse(&spec, "f", text, strlen(text), notice, &err), err);
    enum { EPISODES = 2000 };
    int moved = 0, defocused = 0;
    for (uint32_t e = 0; e < EPISODES; e++) {
        const imp_draw draw = imp_draw_episode(&spec, 1, 0, e);
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
        plain += imp_draw_episode(&spec, 1, 0, e).values[IMP_QUANTITY_HORZ_MODE][0] == 0.0;
    // half of them, and a quarter of the others
    assert_close(plain / (double)EPISODES, 0.625, 0.04);
}

// Without randomisation nothing changes, to the last bit.
static void test_nothing_on(void **state)
{
    (void)state;
    const imp_randomization spec = set("none");
    const imp_draw draw = imp_draw_episode(&spec, 1, 0, 0);
    const imp_env_def plain_env = imp_default_env_def();
    const imp_camera_def plain_camera = imp_default_camera_def();
    const imp_degrade_def plain_degrade = imp_default_degrade_def();
    imp_env_def env = plain_env;
    imp_camera_def camera = plain_camera;
    imp_degrade_def degrade = plain_degrade;
    imp_draw_env(&draw, &env);
    imp_draw_camera(&draw, &camera);
    imp_draw_degrade(&draw, &degrade);
    assert_memory_equal(&env, &plain_env, sizeof env);
    assert_memory_equal(&camera, &plain_camera, sizeof camera);
    assert_memory_equal(&degrade, &plain_degrade, sizeof degrade);
    char text[IMP_DRAW_TEXT_MAX];
    imp_draw_text(&draw, text);
    assert_string_equal(text, "{}");
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
        const imp_draw draw = imp_draw_episode(&spec, 4, 0, e);
        imp_env_def env_def = imp_default_env_def();
        imp_camera_def camera_def = imp_default_camera_def();
        imp_degrade_def degrade = imp_default_degrade_def();
        imp_draw_env(&draw, &env_def);
        imp_draw_camera(&draw, &camera_def);
        imp_draw_degrade(&draw, &degrade);
        imp_env env;
        imp_camera camera;
        assert_ok(imp_env_init(&env, world, &env_def, &err), err);
        assert_ok(imp_camera_init(&camera, &camera_def, &err), err);
        assert_ok(imp_degrade_check(&degrade, &err), err);
        slow |= env_def.frame_skip == 3;
        late |= env_def.drive.delay > 0.28;
        soon |= env_def.drive.delay < 0.02;
        char text[IMP_DRAW_TEXT_MAX];
        imp_draw_text(&draw, text);
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

static void draw_picture(const imp_draw *draw, const imp_world *world, const imp_scene *scene,
                         imp_appearance *looks, uint8_t *rgb)
{
    imp_error err = {0};
    imp_renderer *renderer = NULL;
    imp_camera_def camera = imp_default_camera_def();
    imp_draw_camera(draw, &camera);
    assert_ok(imp_renderer_create(&renderer, &camera, IMP_RENDER_PLAIN, &err), err);
    imp_view view = imp_default_view();
    view.pose = (imp_pose){0.7, 1.5, 0.3};
    imp_appearance_draw(looks, draw, world, scene);
    imp_appearance_apply(looks, &view);
    imp_render(renderer, scene, &view, rgb);
    imp_renderer_destroy(renderer);
}

// Groups that are seen are seen, the same draw twice the same, and none of the others.
static void test_pictures(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = NULL;
    imp_scene *scene = NULL;
    imp_appearance *looks = NULL;
    assert_ok(imp_world_load(&world, "udem1", &err), err);
    const imp_randomization all = set("all");
    imp_scene_def scene_def = imp_default_scene_def();
    const imp_camera_def small = imp_default_camera_def();
    imp_randomization_scene(&all, 0, &small, &scene_def);
    assert_ok(imp_scene_create_with(&scene, world, &scene_def, &err), err);
    assert_ok(
        imp_appearance_create(&looks, world->columns * world->rows, world->object_count, &err),
        err);
    static uint8_t plain[80 * 60 * 3], other[80 * 60 * 3], again[80 * 60 * 3];
    const imp_randomization none = set("none");
    const imp_draw neutral = imp_draw_episode(&none, 1, 0, 0);
    draw_picture(&neutral, world, scene, looks, plain);
    static const char *const seen[] = {"horizon", "light",    "materials", "road",
                                       "clutter", "mounting", "lens",      "reference"};
    for (size_t k = 0; k < sizeof seen / sizeof seen[0]; k++) {
        const imp_randomization spec = set(seen[k]);
        const imp_draw draw = imp_draw_episode(&spec, 1, 0, 2);
        draw_picture(&draw, world, scene, looks, other);
        draw_picture(&draw, world, scene, looks, again);
        assert_memory_equal(other, again, sizeof other);
        if (memcmp(plain, other, sizeof plain) == 0)
            fail_msg("group %s cannot be seen", seen[k]);
    }
    bool has[5] = {false};
    for (uint32_t e = 0; e < 20; e++) {
        const imp_draw draw = imp_draw_episode(&all, 1, 0, e);
        imp_view view = imp_default_view();
        imp_appearance_draw(looks, &draw, world, scene);
        imp_appearance_apply(looks, &view);
        has[0] |= view.horizon != NULL;
        has[1] |= view.slope > 0.0f && view.lamp[1] < 3.0;
        has[2] |= view.shadow > 0.0f;
        has[3] |= view.glare_count > 0;
        has[4] |= view.leds[0][0][0] > 0.0f;
        for (int k = 0; k < view.clutter_count; k++)
            assert_false(imp_world_drivable_at(world, view.clutter[k].position.x,
                                               view.clutter[k].position.z));
    }
    assert_true(has[0] && has[1] && has[2] && has[3] && has[4]);
    const imp_randomization dynamics = set("dynamics");
    const imp_draw draw = imp_draw_episode(&dynamics, 1, 0, 1);
    draw_picture(&draw, world, scene, looks, other);
    assert_memory_equal(plain, other, sizeof plain);
    imp_appearance_destroy(looks);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),        cmocka_unit_test(test_groups_and_strength),
        cmocka_unit_test(test_shares),     cmocka_unit_test(test_choices_are_weakened_by_chance),
        cmocka_unit_test(test_nothing_on), cmocka_unit_test(test_everything_on),
        cmocka_unit_test(test_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
