// Rectangles that meet, footprints, and the lists of what is near each tile.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "sim/world/box.h"
#include "sim/world/objects.h"

static imp_random random_stream(uint32_t episode)
{
    return imp_random_stream(7, 0, episode, IMP_PURPOSE_TEST);
}

static imp_box random_box(imp_random *random, double spread)
{
    const imp_vec2 at = {imp_random_uniform(random, -spread, spread),
                         imp_random_uniform(random, -spread, spread)};
    const double heading = imp_random_uniform(random, -4.0, 4.0);
    const double length = imp_random_uniform(random, 0.01, 1.0);
    const double width = imp_random_uniform(random, 0.01, 1.0);
    return imp_box_from_pose(at, heading, -length, -width, imp_random_uniform(random, 0.0, 1.0),
                             imp_random_uniform(random, 0.0, 1.0));
}

// On which side of the line from a to b a point lies.
static double side_of(imp_vec2 a, imp_vec2 b, imp_vec2 point)
{
    return (b.x - a.x) * (point.z - a.z) - (b.z - a.z) * (point.x - a.x);
}

static bool contains(const imp_box *box, imp_vec2 point)
{
    int left = 0;
    for (int k = 0; k < 4; k++)
        left += side_of(box->corner[k], box->corner[(k + 1) % 4], point) > 0.0;
    return left == 0 || left == 4;
}

static bool edges_cross(imp_vec2 a, imp_vec2 b, imp_vec2 c, imp_vec2 d)
{
    return (side_of(a, b, c) > 0.0) != (side_of(a, b, d) > 0.0) &&
           (side_of(c, d, a) > 0.0) != (side_of(c, d, b) > 0.0);
}

// Two rectangles overlap if an edge of one crosses one of the other, or one lies within the other.
static bool overlap_by_edges(const imp_box *a, const imp_box *b)
{
    for (int k = 0; k < 4; k++)
        for (int n = 0; n < 4; n++)
            if (edges_cross(a->corner[k], a->corner[(k + 1) % 4], b->corner[n],
                            b->corner[(n + 1) % 4]))
                return true;
    return contains(a, b->corner[0]) || contains(b, a->corner[0]);
}

static void overlap_is_what_edges_say(void **state)
{
    (void)state;
    imp_random random = random_stream(0);
    int meeting = 0;
    enum { PAIRS = 200000 };
    for (int k = 0; k < PAIRS; k++) {
        const imp_box a = random_box(&random, 1.0), b = random_box(&random, 1.0);
        const bool overlap = imp_boxes_overlap(&a, &b);
        assert_int_equal(overlap, overlap_by_edges(&a, &b));
        assert_int_equal(overlap, imp_boxes_overlap(&b, &a));
        assert_true(imp_boxes_overlap(&a, &a));
        meeting += overlap;
    }
    assert_in_range(meeting, PAIRS / 5, PAIRS * 4 / 5);
}

static void touching_counts(void **state)
{
    (void)state;
    const imp_vec2 origin = {0.0, 0.0};
    const imp_box unit = imp_box_from_pose(origin, 0.0, 0, 0, 1, 1);
    const double touching[][4] = {{1, 0, 2, 1},      {1, 1, 2, 2}, {-1, -1, 0, 0},
                                  {0.25, 1, 0.5, 4}, {0, 0, 1, 1}, {0.25, 0.25, 0.75, 0.75}};
    const double apart[][4] = {{1 + 1e-12, 0, 2, 1}, {1 + 1e-12, 1 + 1e-12, 2, 2}, {0, 2, 1, 3}};
    for (size_t k = 0; k < sizeof touching / sizeof touching[0]; k++) {
        const double *t = touching[k];
        const imp_box other = imp_box_from_pose(origin, 0.0, t[0], t[1], t[2], t[3]);
        assert_true(imp_boxes_overlap(&unit, &other) && imp_boxes_overlap(&other, &unit));
    }
    for (size_t k = 0; k < sizeof apart / sizeof apart[0]; k++) {
        const double *t = apart[k];
        const imp_box other = imp_box_from_pose(origin, 0.0, t[0], t[1], t[2], t[3]);
        assert_false(imp_boxes_overlap(&unit, &other) || imp_boxes_overlap(&other, &unit));
    }
    // a corner that enters between two others is seen by the turned one's axes alone
    const imp_box turned =
        imp_box_from_pose((imp_vec2){1.8, 1.8}, IMP_PI / 4, -0.9, -0.9, 0.9, 0.9);
    assert_false(imp_boxes_overlap(&unit, &turned));
}

static void boxes_have_the_stated_corners_and_axes(void **state)
{
    (void)state;
    // a quarter turn to the left: ahead is -z, right is +x
    const imp_box box = imp_box_from_pose((imp_vec2){10, 20}, IMP_PI / 2, -1, -2, 3, 4);
    const double corners[4][2] = {{8, 21}, {8, 17}, {14, 17}, {14, 21}};
    for (int k = 0; k < 4; k++) {
        assert_close(box.corner[k].x, corners[k][0], 1e-12);
        assert_close(box.corner[k].z, corners[k][1], 1e-12);
    }
    assert_close(box.axis[0].z, -1.0, 1e-12);
    assert_close(box.axis[1].x, 1.0, 1e-12);
    imp_object object = {.kind = IMP_OBJECT_BARRIER, .scale = 0.5};
    object.position = (imp_vec2){1, 2};
    object.heading = 0.3;
    imp_object_set_box_and_radii(&object);
    const imp_box moved = imp_object_footprint_at(&object, (imp_vec2){2, 4}, 0.3);
    for (int k = 0; k < 4; k++) {
        assert_close(moved.corner[k].x - object.box.corner[k].x, 1.0, 1e-12);
        assert_close(moved.corner[k].z - object.box.corner[k].z, 2.0, 1e-12);
    }
}

// A town of 6 x 5 tiles with objects of many sizes anywhere, a few of them off the grid.
static imp_world *random_object_map(imp_random *random)
{
    static const char *const kinds[] = {"cone",  "barrier",    "tree",         "bus",
                                        "house", "sign_yield", "trafficlight", "duckie"};
    char text[8192];
    int length = sprintf(text, "tile_size: %g\ntiles:\n", imp_random_uniform(random, 0.1, 0.6));
    for (int j = 0; j < 5; j++)
        length += sprintf(text + length, "- [4way, floor, grass, straight, 4way, curve_left/W]\n");
    length += sprintf(text + length, "objects:\n");
    for (int k = 0; k < 20; k++)
        length += sprintf(text + length,
                          "- {kind: %s, pos: [%g, %g], rotate: %g, height: %g, static: %s}\n",
                          kinds[k % 8], imp_random_uniform(random, -1, 7),
                          imp_random_uniform(random, -1, 6), imp_random_uniform(random, -360, 360),
                          imp_random_uniform(random, 0.05, 0.5), k % 16 == 7 ? "false" : "true");
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, text, (size_t)length, "town", &err), err);
    return world;
}

static bool is_listed_nearby(const imp_world *world, int tile, int object)
{
    for (int k = world->nearby_start[tile]; k < world->nearby_start[tile + 1]; k++)
        if (world->nearby[k] == object)
            return true;
    return false;
}

// Whether a robot at a pose may have to do with an object.
static bool matters_on_some_pose(const imp_object *object, imp_pose pose)
{
    const imp_vec2 at = {pose.x, pose.z}, ahead = imp_heading_direction(pose.heading);
    const imp_vec2 centre = imp_vec2_add(at, imp_vec2_scale(ahead, -0.024));
    const double distance = imp_vec2_length(imp_vec2_subtract(object->position, centre));
    bool hit = distance <= 0.162 + object->safety_radius;
    for (int shift = 0; shift <= 2; shift++) {
        const imp_vec2 middle = imp_vec2_add(at, imp_vec2_scale(ahead, -0.024 * shift));
        const imp_box robot = imp_box_from_pose(middle, pose.heading, -0.09, -0.075, 0.09, 0.075);
        hit = hit || imp_boxes_overlap(&robot, &object->box);
    }
    return hit;
}

static void nothing_that_matters_is_missing_near_a_tile(void **state)
{
    (void)state;
    long mattering = 0, listed = 0, useless = 0;
    for (uint32_t map_number = 0; map_number < 40; map_number++) {
        imp_random random = random_stream(map_number + 1);
        imp_world *world = random_object_map(&random);
        const double width = world->columns * world->tile_size;
        const double height = world->rows * world->tile_size;
        for (int n = 0; n < 2000; n++) {
            const imp_pose pose = {imp_random_uniform(&random, 0, width),
                                   imp_random_uniform(&random, 0, height),
                                   imp_random_uniform(&random, -IMP_PI, IMP_PI)};
            const int tile = (int)(imp_world_tile_at(world, pose.x, pose.z) - world->tiles);
            for (int k = 0; k < world->object_count; k++) {
                const imp_object *object = &world->objects[k];
                const bool lists = is_listed_nearby(world, tile, k);
                if (!object->solid || object->moving >= 0) {
                    assert_false(lists);
                    continue;
                }
                if (matters_on_some_pose(object, pose) && !lists)
                    fail_msg("town %u: object %d is missing near tile %d", map_number, k, tile);
                mattering += matters_on_some_pose(object, pose);
                listed += lists;
                useless += lists && imp_vec2_length(imp_vec2_subtract(object->position,
                                                                      (imp_vec2){pose.x, pose.z})) >
                                        object->safety_radius + 0.19 + 1.5 * world->tile_size;
            }
        }
        imp_world_destroy(world);
    }
    assert_true(mattering > 10000);
    assert_int_equal(useless, 0);
    print_message("%ld of %ld listed objects matter\n", mattering, listed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlap_is_what_edges_say),
        cmocka_unit_test(touching_counts),
        cmocka_unit_test(boxes_have_the_stated_corners_and_axes),
        cmocka_unit_test(nothing_that_matters_is_missing_near_a_tile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
