// Planned routes: places as text, shortest ways, commands, and what is refused.
#include "testing.h"

#include <string.h>

#include "imprint/route.h"
#include "sim/world/lane_graph.h"

enum { LANES_MAX = 300 };

static imp_world *load(const char *map)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, map, &err), err);
    return world;
}

static imp_route_place parse(const imp_world *world, const char *text)
{
    imp_error err = {0};
    imp_route_place place;
    assert_ok(imp_route_place_parse(&place, world, text, &err), err);
    return place;
}

static void places_name_lanes(void **state)
{
    (void)state;
    imp_world *world = load("udem1_empty");
    const int first = world->tiles[1 * world->columns + 1].first_curve;
    assert_int_equal(parse(world, "1,1").count, 2);
    assert_int_equal(parse(world, "1,1").lanes[1], first + 1);
    assert_int_equal(parse(world, "1,1:1").lanes[0], first + 1);
    // the tile joins the roads to the east and to the south: one lane enters to the west
    const imp_route_place west = parse(world, "1,1:west");
    assert_int_equal(west.count, 1);
    assert_true(imp_curve_start_tangent(&world->curves[west.lanes[0]]).x < -0.9);
    assert_int_equal(parse(world, "1,1:W").lanes[0], west.lanes[0]);
    assert_true(imp_curve_start_tangent(&world->curves[parse(world, "1,1:n").lanes[0]]).z < -0.9);
    imp_world_destroy(world);
}

static void bad_places_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "is no place"},
        {"1", "is no place"},
        {"1;1", "is no place"},
        {"-1,1", "is no place"},
        {"1,1x", "is no place"},
        {"8,1", "off the map udem1_empty, whose tiles are 0,0 to 7,6"},
        {"99999999999,1", "off the map"},
        {"0,0", "has no lane"},
        {"1,1:2", "lanes 0 to 1"},
        {"1,1:", "after the colon"},
        {"1,1:up", "after the colon"},
        {"1,1:0x", "after the colon"},
        {"1,1:south", "headings of its lanes: west, north"},
    };
    imp_world *world = load("udem1_empty");
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        imp_error err = {0};
        imp_route_place place;
        assert_int_equal(imp_route_place_parse(&place, world, bad[k].text, &err), IMP_USAGE);
        if (strstr(err.message, bad[k].says) == NULL)
            fail_msg("'%s' gives '%s', not '%s'", bad[k].text, err.message, bad[k].says);
    }
    imp_world_destroy(world);
}

static void a_straight_road_is_driven_to_its_end(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = load("straight_road");
    const imp_route_place end = parse(world, "10,0");
    const imp_route_place east = parse(world, "3,0:east"), west = parse(world, "3,0:west");
    imp_route_plan plan;
    assert_ok(imp_route_plan_find(&plan, world, &east, &end, &err), err);
    assert_int_equal(plan.count, 8);
    assert_int_equal(plan.intersections, 0);
    assert_true(fabs(plan.length - 7 * 0.585) < 1e-6);
    assert_true(fabs(plan.steps[2].distance - 2 * 0.585) < 1e-6);
    assert_int_equal(plan.steps[7].tile, 10);
    imp_route_plan_free(&plan);
    // no turning round
    assert_int_equal(imp_route_plan_find(&plan, world, &west, &end, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "no lane leads from the start to the end"));
    imp_route_plan_free(&plan);
    imp_route_plan_free(NULL);
    imp_world_destroy(world);
}

// Distances between the starts of all lanes (Floyd and Warshall).
static void find_all_distances(const imp_world *world, double (*between)[LANES_MAX])
{
    const int count = world->curve_count;
    assert_true(count <= LANES_MAX);
    for (int a = 0; a < count; a++) {
        int next[IMP_LANES_AFTER_MAX];
        for (int b = 0; b < count; b++)
            between[a][b] = INFINITY;
        const int nexts = imp_lane_find_passable_successors(world, &world->curves[a], next);
        for (int k = 0; k < nexts; k++)
            between[a][next[k]] = imp_lane_length(&world->curves[a], NULL);
    }
    for (int by = 0; by < count; by++)
        for (int a = 0; a < count; a++)
            for (int b = 0; b < count; b++)
                between[a][b] = fmin(between[a][b], between[a][by] + between[by][b]);
}

// Each step follows the one before, and has the command of its lane where there is a choice.
static void check_steps(const imp_world *world, const imp_route_plan *plan)
{
    int intersections = 0;
    assert_int_equal(plan->steps[0].command, IMP_COMMAND_NONE);
    for (int k = 1; k < plan->count; k++) {
        int next[IMP_LANES_AFTER_MAX];
        const imp_route_step *step = &plan->steps[k];
        const imp_tile *tile = &world->tiles[step->tile];
        const int count =
            imp_lane_find_passable_successors(world, &world->curves[plan->steps[k - 1].lane], next);
        const bool choice = count > 1 && imp_tile_is_intersection(tile);
        bool follows = false;
        for (int n = 0; n < count; n++)
            follows |= next[n] == step->lane;
        assert_true(follows);
        assert_true(step->lane >= tile->first_curve &&
                    step->lane < tile->first_curve + tile->curve_count);
        assert_int_equal(step->command, choice ? imp_lane_turn_direction(&world->curves[step->lane])
                                               : IMP_COMMAND_NONE);
        intersections += choice;
    }
    assert_int_equal(plan->intersections, intersections);
}

static void routes_are_the_shortest(void **state)
{
    (void)state;
    static const char *const maps[] = {"udem1_empty", "robotarium1", "4way_bordered"};
    static double between[LANES_MAX][LANES_MAX];
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_MAP);
    int found = 0, lost = 0;
    for (size_t m = 0; m < sizeof maps / sizeof maps[0]; m++) {
        imp_world *world = load(maps[m]);
        find_all_distances(world, between);
        for (int k = 0; k < 60; k++) {
            const int a = (int)imp_random_uniform_int(&random, (uint32_t)world->curve_count);
            const int b =
                k == 0 ? a : (int)imp_random_uniform_int(&random, (uint32_t)world->curve_count);
            const imp_route_place from = {{a}, 1}, to = {{b}, 1};
            imp_route_plan plan;
            const imp_status status = imp_route_plan_find(&plan, world, &from, &to, NULL);
            assert_int_equal(status, isfinite(between[a][b]) ? IMP_OK : IMP_USAGE);
            if (status == IMP_OK) {
                assert_int_equal(plan.steps[0].lane, a);
                assert_int_equal(plan.steps[plan.count - 1].lane, b);
                assert_true(fabs(plan.length - between[a][b]) < 1e-4);
                check_steps(world, &plan);
            }
            found += status == IMP_OK;
            lost += status != IMP_OK;
            imp_route_plan_free(&plan);
        }
        imp_world_destroy(world);
    }
    assert_true(found > 100);
    print_message("%d routes, %d pairs of lanes without one\n", found, lost);
}

static void the_nearer_of_several_lanes_is_taken(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = load("udem1_empty");
    const imp_route_place any = parse(world, "1,1"), end = parse(world, "3,1");
    imp_route_plan plan, other;
    assert_ok(imp_route_plan_find(&plan, world, &any, &end, &err), err);
    for (int k = 0; k < any.count; k++) {
        const imp_route_place one = {{any.lanes[k]}, 1};
        if (imp_route_plan_find(&other, world, &one, &end, NULL) == IMP_OK)
            assert_true(plan.length <= other.length + 1e-6);
        imp_route_plan_free(&other);
    }
    imp_route_plan_free(&plan);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_name_lanes),
        cmocka_unit_test(bad_places_are_refused),
        cmocka_unit_test(a_straight_road_is_driven_to_its_end),
        cmocka_unit_test(routes_are_the_shortest),
        cmocka_unit_test(the_nearer_of_several_lanes_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
