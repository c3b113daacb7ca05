// What is remarked on about maps that are used nevertheless, and where a map says to start.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imprint/world.h"

#define ROAD "tile_size: 0.5\ntiles: [[4way, floor]]\n"
#define CONE "kind: cone, scale: 0.001"

// A map and the notices it gets: "line: text" each.
typedef struct expected_warnings {
    const char *text, *warnings[4];
} expected_warnings;

static const expected_warnings REMARKS[] = {
    {ROAD, {0}},
    {ROAD "version: 2\n", {0}},
    {ROAD "colour: red\n\ncolour: blue\nsize: 3\n",
     {"3: unknown key 'colour' is ignored", "6: unknown key 'size' is ignored"}},
    {ROAD "[a]: b\n{}: c\n", {"3: a key that is not a word is ignored"}},
    {ROAD "tile_size: 0.25\n", {"3: 'tile_size' is given twice: the last one counts"}},
    {ROAD "objects:\n  a: {" CONE ", pos: [1, 0], shape: round}\n"
          "  b:\n    kind: cone\n    shape: square\n    scale: 0.001\n    pos: [1, 0]\n",
     {"4: unknown key 'shape' is ignored"}},
    {ROAD "objects:\n  a: {" CONE ", pos: [9, 0]}\n  b: {" CONE ", pos: [0, 0]}\n"
          "  a: {" CONE ", pos: [0, 0]}\n",
     {"4: 'a' is given again in line 6: that one counts"}},
    {ROAD "objects:\n- {" CONE ", pos: [1, 0], pos: [0, 0]}\n",
     {"4: 'pos' is given twice: the last one counts"}},
    {ROAD "objects:\n- {kind: sign_dragon, pos: [1, 0]}\n",
     {"4: unknown sign 'sign_dragon' is left blank"}},
    {ROAD "objects:\n- {" CONE ", pos: [2.1, 0]}\n- {" CONE ", pos: [0, 1]}\n"
          "- {" CONE ", pos: [2, 1.5]}\n",
     {"4: 'cone1' stands off the grid, at x = 1.050 m, z = 0.000 m",
      "6: 'cone3' stands off the grid, at x = 1.000 m, z = 0.750 m"}},
    {ROAD "objects:\n- {" CONE ", pose: {~SE2Transform: {}}, rotate: 9}\n"
          "- {" CONE ", attach: {tile: [0, 0], slot: 0}, rotate: 9}\n",
     {"4: rotate applies to pos and attach only, not with pose or place"}},
    {ROAD "objects:\n- {" CONE ", pose: {~SE2Transform: {}}, pos: [1, 0]}\n",
     {"4: several placements: the first of pos, pose, place, attach counts"}},
    {"tiles: [[4way, floor, floor]]\ntile_size: 1\nobjects:\n- {" CONE ", pos: [1, 1]}\n"
     "- {" CONE ", pos: [1, 1]}\n",
     {"4: pos on 3 x 1 tiles: as in gym-duckietown, objects land 1 tile above where they "
      "are drawn; place or pose says where"}},
    {"tiles: [[4way, floor]]\n",
     {"1: no tile_size, as in maps of 2018: 0.585 m is assumed; add 'tile_size: 0.585'"}},
    {ROAD "start_pose: [[0, 0, 0, 1], 0]\nstart_tile: [0, 0]\n",
     {"3: start_pose holds more than [[x, y, z], angle]: the rest is ignored"}},
    {"tile_size: 1\ntiles:\n- [floor, grass]\nsky: blue\n",
     {"3: no tile is drivable: there is nowhere to start", "4: unknown key 'sky' is ignored"}},
    {"tile_size: 1\ntiles:\n- [4way]\n- [3way_right/N]\n- [3way_right/S]\n",
     {"4: 3way_right has the lanes of 3way_left, as in gym-duckietown"}},
    {"tile_size: 1\ntiles:\n- [straight/E, straight/W, straight/N]\n- [floor, floor, floor]\n",
     {"3: a lane leads from tile [1, 0] onto [2, 0], where no lane continues it"}},
    {"tile_size: 1\ntiles:\n- [curve_left/W, curve_left/N]\n- [curve_left/S, curve_left/S]\n",
     {"4: a lane leads from tile [0, 1] onto [1, 1], where no lane continues it"}},
    {ROAD "start_tile: [2, 0]\n",
     {"3: start_tile [2, 0] is not on the grid of 2 columns and 1 rows and is ignored"}},
    {ROAD "start_pose:\nstart_tile: ~\n", {0}},
    {ROAD "start_pose: null\nstart_tile: [0, 0]\n", {0}},
    {ROAD "start_tile: [1, 0]\nstart_pose: [[0, 0, 0], 0]\n",
     {"3: start_tile [1, 0] is not drivable"}},
};

static imp_world *parse_world(const char *text)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, text, strlen(text), "some.yaml", &err), err);
    return world;
}

static void odd_maps_get_warnings_with_lines(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof REMARKS / sizeof REMARKS[0]; k++) {
        const expected_warnings *r = &REMARKS[k];
        imp_world *world = parse_world(r->text);
        for (int n = 0; n < 4 && (n < world->warning_count || r->warnings[n] != NULL); n++) {
            char ours[256] = "nothing";
            if (n < world->warning_count)
                snprintf(ours, sizeof ours, "%d: %s", world->warnings[n].line,
                         world->warnings[n].text);
            if (r->warnings[n] == NULL || strcmp(ours, r->warnings[n]) != 0)
                fail_msg("wanted '%s', got '%s' for:\n%s",
                         r->warnings[n] == NULL ? "nothing" : r->warnings[n], ours, r->text);
        }
        imp_world_destroy(world);
    }
}

static void warnings_are_limited(void **state)
{
    (void)state;
    char text[8192];
    int length = sprintf(text, ROAD);
    for (int k = 0; k < 300; k++)
        length += sprintf(text + length, "key%d: %d\n", 300 - k, k);
    imp_world *world = parse_world(text);
    assert_int_equal(world->warning_count, 100);
    assert_string_equal(world->warnings[99].text, "further warnings are omitted");
    for (int k = 0; k < 99; k++)
        assert_int_equal(world->warnings[k].line, 3 + k);
    imp_world_destroy(world);
}

static void the_start_is_as_in_gym_duckietown(void **state)
{
    (void)state;
    imp_world *world = parse_world(ROAD "start_tile: [0, 0]\n");
    assert_true(world->has_start_tile && !world->has_start_pose);
    imp_world_destroy(world);
    // not there: as if none was given
    const char *const elsewhere[] = {"[2, 0]", "[0, 1]", "[-1, 0]", "[0, -1]", "[1e300, 0]"};
    for (size_t k = 0; k < sizeof elsewhere / sizeof elsewhere[0]; k++) {
        char text[256];
        snprintf(text, sizeof text, ROAD "start_tile: %s\n", elsewhere[k]);
        world = parse_world(text);
        assert_false(world->has_start_tile);
        assert_int_equal(world->warning_count, 1);
        imp_world_destroy(world);
    }
    // off the road, but a pose is given
    world = parse_world(ROAD "start_pose: [[0.25, 0, 0.125], 0.5]\nstart_tile: [1, 0]\n");
    assert_true(world->has_start_tile && world->has_start_pose);
    assert_int_equal(world->start_tile[0], 1);
    assert_close(world->start_pose.x, 0.25, 0);
    assert_close(world->start_pose.z, 0.125, 0);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_maps_get_warnings_with_lines),
        cmocka_unit_test(warnings_are_limited),
        cmocka_unit_test(the_start_is_as_in_gym_duckietown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
