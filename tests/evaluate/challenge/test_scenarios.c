// What the challenges' episodes hold: official starts, and what is drawn for the rest.
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "base/common/vector2.h"
#include "imprint/challenge.h"

enum { ROUNDS = 6 };

static double distance(imp_vec2 a, imp_vec2 b)
{
    return hypot(a.x - b.x, a.z - b.z);
}

static imp_scenario create_scenario(imp_challenge challenge, bool test, int episode, uint64_t seed)
{
    imp_error err = {0};
    imp_scenario scenario;
    const imp_scenario_def def = {challenge, test, episode, seed};
    assert_ok(imp_scenario_create(&scenario, &def, &err), err);
    return scenario;
}

static int count_of(const imp_scenario *s, imp_object_kind kind)
{
    int count = 0;
    for (int k = 0; k < s->world->object_count; k++)
        count += s->world->objects[k].kind == kind;
    return count;
}

// Objects of a kind are so far from each other and from where the robot starts.
static void assert_apart(const imp_scenario *s, imp_object_kind kind, double each, double start)
{
    for (int a = 0; a < s->world->object_count; a++) {
        const imp_object *one = &s->world->objects[a];
        if (one->kind != kind)
            continue;
        assert_true(distance(one->position, (imp_vec2){s->start.x, s->start.z}) >= start);
        for (int b = 0; b < a; b++)
            if (s->world->objects[b].kind == kind)
                assert_true(distance(one->position, s->world->objects[b].position) >= each);
    }
}

// Nobody starts in trouble, and the drawn starts lie as near to a lane as the official ones.
static void assert_fair_start(const imp_scenario *s)
{
    static imp_env env;
    imp_error err = {0};
    imp_legal_lane lanes[IMP_LEGAL_LANES_MAX];
    imp_env_def def = imp_default_env_def();
    imp_scenario_configure_env(s, &def);
    assert_ok(imp_env_init(&env, s->world, &def, &err), err);
    assert_ok(imp_env_reset(&env, 0, &err), err);
    assert_int_equal(imp_env_challenge_end_reason(&env), IMP_END_NONE);
    assert_true(imp_legal_lanes_at_pose(s->world, s->start, lanes) > 0);
    assert_true(fabs(lanes[0].lateral) * s->world->tile_size < 0.0401);
    assert_true(fabs(lanes[0].heading) < 40.1 * IMP_PI / 180.0);
}

static void trees_stand_beside_the_road(const imp_scenario *s)
{
    assert_true(count_of(s, IMP_OBJECT_TREE) >= 6);
    for (int k = 0; k < s->world->object_count; k++) {
        const imp_object *object = &s->world->objects[k];
        for (int corner = 0; corner < 4 && object->kind == IMP_OBJECT_TREE; corner++)
            assert_false(imp_world_is_drivable_at(s->world, object->box.corner[corner].x,
                                                  object->box.corner[corner].z));
    }
}

static void every_episode_is_fair(void **state)
{
    (void)state;
    static const int duckies[] = {10, 12, 2, 10}, cars[] = {4, 3, 1, 4};
    for (int c = 0; c < IMP_CHALLENGE_COUNT; c++) {
        const int official = imp_challenge_episode_count((imp_challenge)c);
        for (int e = 0; e < ROUNDS * official; e++)
            for (int test = 0; test < 2; test++) {
                imp_scenario s = create_scenario((imp_challenge)c, test == 1, e, 7);
                assert_fair_start(&s);
                trees_stand_beside_the_road(&s);
                assert_int_equal(count_of(&s, IMP_OBJECT_DUCKIE),
                                 c == IMP_CHALLENGE_LFP ? duckies[e % official] : 0);
                assert_int_equal(count_of(&s, IMP_OBJECT_DUCKIEBOT),
                                 c == IMP_CHALLENGE_LFV ? cars[e % official] : 0);
                // they are moved by up to 0.1 m after their distances were looked at
                assert_apart(&s, IMP_OBJECT_DUCKIE, 0.19, 0.29);
                assert_apart(&s, IMP_OBJECT_DUCKIEBOT, 0.41, 0.41);
                assert_apart(&s, IMP_OBJECT_TREE, 0.4, 0.1);
                imp_scenario_free(&s);
            }
    }
}

static void duckies_stand_to_the_right_of_a_lane(void **state)
{
    (void)state;
    imp_scenario s = create_scenario(IMP_CHALLENGE_LFP, false, 1, 123);
    int duckies = 0;
    for (int k = 0; k < s.world->object_count; k++) {
        const imp_object *object = &s.world->objects[k];
        if (object->kind != IMP_OBJECT_DUCKIE)
            continue;
        duckies++;
        double least = INFINITY;
        for (int step = 0; step < 360; step++) {
            imp_legal_lane lanes[IMP_LEGAL_LANES_MAX];
            imp_pose pose = {object->position.x, object->position.z, step * IMP_PI / 180.0};
            int count = imp_legal_lanes_at_pose(s.world, pose, lanes);
            for (int n = 0; n < count; n++) {
                double right = -lanes[n].lateral * s.world->tile_size;
                least = fmin(least, fmax(0.04 - right, right - 0.1));
            }
        }
        assert_true(least < 1e-3);
        assert_close(object->scale * imp_object_class_get(IMP_OBJECT_DUCKIE)->height, 0.08, 1e-9);
    }
    assert_true(duckies > 0);
    imp_scenario_free(&s);
}

static void only_the_seed_decides(void **state)
{
    (void)state;
    imp_scenario a = create_scenario(IMP_CHALLENGE_LFP, false, 5, 9),
                 b = create_scenario(IMP_CHALLENGE_LFP, false, 5, 9);
    imp_scenario c = create_scenario(IMP_CHALLENGE_LFP, false, 5, 10);
    assert_string_equal(a.name, "loop-001");
    assert_int_equal(a.world->source_length, b.world->source_length);
    assert_memory_equal(a.world->source, b.world->source, a.world->source_length);
    assert_memory_equal(&a.start, &b.start, sizeof a.start);
    assert_true(a.start.x != c.start.x || a.start.z != c.start.z);
    imp_scenario_free(&a);
    imp_scenario_free(&b);
    imp_scenario_free(&c);
}

static void official_starts_are_the_challenge_s(void **state)
{
    (void)state;
    imp_scenario s = create_scenario(IMP_CHALLENGE_LF, true, 3, 1);
    assert_string_equal(s.name, "zigzag-000");
    assert_close(s.start.x, 3.3930, 1e-12);
    assert_close(s.start.z, 9 * 0.585 - 2.7572, 1e-12);
    assert_close(s.start.heading, -140.879 * IMP_PI / 180.0, 1e-12);
    imp_scenario_free(&s);
}

static void maps_keep_what_stood_on_them(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *map;
    assert_ok(imp_world_load(&map, "4way_bordered", &err), err);
    imp_scenario s = create_scenario(IMP_CHALLENGE_LFI, false, 0, 1);
    assert_int_equal(s.world->columns, map->columns);
    assert_int_equal(s.world->rows, map->rows);
    for (int t = 0; t < map->columns * map->rows; t++) {
        assert_int_equal(s.world->tiles[t].kind, map->tiles[t].kind);
        assert_int_equal(s.world->tiles[t].orientation, map->tiles[t].orientation);
    }
    for (int k = 0; k < map->object_count; k++) {
        const imp_object *was = &map->objects[k], *is = &s.world->objects[k];
        assert_int_equal(is->kind, was->kind);
        assert_close(distance(is->position, was->position), 0.0, 1e-9);
        assert_close(imp_wrap_angle(is->heading - was->heading), 0.0, 1e-9);
        assert_close(is->scale, was->scale, 1e-12);
        assert_int_equal(is->moving, was->moving);
    }
    assert_int_equal(count_of(&s, IMP_OBJECT_SIGN), 4 * 6 + 8);
    assert_int_equal(s.world->warning_count, 0);
    imp_scenario_free(&s);
    imp_world_destroy(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_episode_is_fair),
        cmocka_unit_test(duckies_stand_to_the_right_of_a_lane),
        cmocka_unit_test(only_the_seed_decides),
        cmocka_unit_test(official_starts_are_the_challenge_s),
        cmocka_unit_test(maps_keep_what_stood_on_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
