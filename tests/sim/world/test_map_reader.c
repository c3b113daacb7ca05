// The map reader: what it takes, what it refuses and in which words, and the lanes that come out.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imprint/world.h"

static imp_status parse(imp_world **out, const char *text, imp_error *err)
{
    return imp_world_parse(out, text, strlen(text), "broken.yaml", err);
}

// The facts of the reference about the maps that we ship.
typedef struct facts {
    const char *name;
    int columns, rows, drivable, lanes;
    double tile_size;
} facts;

static const facts FACTS[] = {
    {"4way", 5, 5, 21, 68, 0.585},
    {"4way_bordered", 7, 7, 21, 68, 0.585},
    {"Caltech_loop01", 5, 5, 8, 16, 0.585},
    {"ETHZ_autolab_fast_track", 10, 4, 24, 48, 0.585},
    {"ETHZ_autolab_technical_track", 6, 7, 22, 44, 0.585},
    {"ETHZ_autolab_technical_track_bordered", 8, 9, 22, 44, 0.585},
    {"ETHZ_loop", 4, 6, 16, 32, 0.585},
    {"ETHZ_loop_bordered", 6, 8, 16, 32, 0.585},
    {"ETH_intersection_map", 6, 5, 22, 60, 0.595},
    {"ETH_large_intersect", 9, 5, 29, 76, 0.585},
    {"ETH_large_loop", 4, 5, 14, 28, 0.585},
    {"ETH_small_intersect", 5, 3, 13, 34, 0.585},
    {"ETH_small_loop", 3, 3, 8, 16, 0.585},
    {"ETH_small_loop_1", 3, 3, 8, 16, 0.585},
    {"ETH_small_loop_2", 3, 3, 8, 16, 0.585},
    {"ETH_small_loop_2_bordered", 5, 5, 8, 16, 0.585},
    {"ETH_small_loop_3", 3, 3, 8, 16, 0.585},
    {"ETU_autolab_track", 7, 11, 28, 56, 0.542},
    {"MOOC_modcon", 29, 7, 56, 112, 0.585},
    {"Montreal_loop", 5, 6, 18, 36, 0.595},
    {"TTIC_large_loop", 4, 5, 14, 28, 0.595},
    {"TTIC_loop", 5, 6, 18, 36, 0.595},
    {"TTIC_ripltown", 6, 5, 22, 60, 0.595},
    {"calibration_map_ext", 4, 7, 1, 2, 0.585},
    {"experiment_loop", 4, 4, 12, 24, 0.585},
    {"loop_dyn_duckiebots", 8, 7, 18, 36, 0.585},
    {"loop_empty", 8, 7, 18, 36, 0.585},
    {"loop_obstacles", 8, 7, 18, 36, 0.585},
    {"loop_pedestrians", 8, 7, 18, 36, 0.585},
    {"regress_4way_adam", 7, 7, 21, 68, 0.585},
    {"regress_4way_drivable", 1, 1, 1, 12, 0.585},
    {"robotarium1", 10, 19, 103, 276, 0.585},
    {"robotarium2", 10, 19, 99, 238, 0.585},
    {"small_loop", 3, 3, 8, 16, 0.585},
    {"small_loop_bordered", 5, 5, 8, 16, 0.585},
    {"small_loop_cw", 3, 3, 8, 16, 0.585},
    {"straight_road", 36, 1, 36, 72, 0.585},
    {"straight_road_down", 1, 8, 8, 16, 0.585},
    {"udem1", 8, 7, 22, 60, 0.585},
    {"udem1_empty", 8, 7, 22, 60, 0.585},
    {"zigzag_dists", 9, 9, 26, 52, 0.585},
    {"zigzag_dists_bordered", 9, 9, 28, 56, 0.585},
};

// Those of them that say where to start.
typedef struct start {
    const char *name;
    int tile[2];
    bool pose;
} start;

static const start *start_of(const char *name)
{
    static const start starts[] = {
        {"MOOC_modcon", {2, 2}, true},
        {"calibration_map_ext", {0, 3}, true},
        {"straight_road", {0, 0}, false},
    };
    for (size_t k = 0; k < sizeof starts / sizeof starts[0]; k++)
        if (strcmp(starts[k].name, name) == 0)
            return &starts[k];
    return NULL;
}

static void our_maps_have_the_recorded_facts(void **state)
{
    (void)state;
    const int count = (int)(sizeof FACTS / sizeof FACTS[0]);
    assert_int_equal(imp_builtin_map_count(), count);
    for (int k = 0; k < count; k++) {
        imp_error err = {0};
        imp_world *world;
        assert_string_equal(imp_builtin_map_name(k), FACTS[k].name);
        assert_true(imp_map_is_builtin(FACTS[k].name));
        assert_ok(imp_world_load(&world, FACTS[k].name, &err), err);
        assert_string_equal(world->name, FACTS[k].name);
        assert_int_equal(world->columns, FACTS[k].columns);
        assert_int_equal(world->rows, FACTS[k].rows);
        assert_int_equal(world->drivable_count, FACTS[k].drivable);
        assert_int_equal(world->curve_count, FACTS[k].lanes);
        assert_close(world->tile_size, FACTS[k].tile_size, 0);
        const start *wanted = start_of(FACTS[k].name);
        assert_int_equal(world->has_start_tile, wanted != NULL);
        assert_int_equal(world->has_start_pose, wanted != NULL && wanted->pose);
        if (wanted != NULL) {
            assert_int_equal(world->start_tile[0], wanted->tile[0]);
            assert_int_equal(world->start_tile[1], wanted->tile[1]);
        }
        imp_world_destroy(world);
    }
    assert_null(imp_builtin_map_name(-1));
    assert_null(imp_builtin_map_name(count));
    assert_false(imp_map_is_builtin("loop"));
}

// Whether a tile has a lane that starts at a point in a direction, within 12 degrees: so much does
// the reference's outer lane of curve_right look askance at its end.
static bool lane_starts(const imp_world *world, const imp_tile *tile, imp_vec2 at, imp_vec2 along)
{
    for (int k = tile->first_curve; k < tile->first_curve + tile->curve_count; k++) {
        const imp_vec2 *p = world->curves[k].p;
        double dx = p[1].x - p[0].x, dz = p[1].z - p[0].z;
        double length = hypot(dx, dz);
        if (hypot(p[0].x - at.x, p[0].z - at.z) < 1e-9 &&
            dx / length * along.x + dz / length * along.z > 0.978)
            return true;
    }
    return false;
}

// Counts the lanes of a map that lead onto a drivable tile where none goes on. Lanes from and to
// 3way_right tiles are passed over: the reference gives those the lanes of 3way_left.
static int broken_chains(const imp_world *world)
{
    int broken = 0;
    for (int d = 0; d < world->drivable_count; d++) {
        const imp_tile *tile = &world->tiles[world->drivable[d]];
        for (int k = tile->first_curve; k < tile->first_curve + tile->curve_count; k++) {
            const imp_vec2 *p = world->curves[k].p;
            double dx = p[3].x - p[2].x, dz = p[3].z - p[2].z, length = hypot(dx, dz);
            imp_vec2 along = {dx / length, dz / length};
            const imp_tile *next =
                imp_world_tile_at(world, p[3].x + 1e-3 * along.x, p[3].z + 1e-3 * along.z);
            assert_ptr_not_equal(next, tile);
            if (next != NULL && next->drivable && next->kind != IMP_TILE_3WAY_RIGHT &&
                tile->kind != IMP_TILE_3WAY_RIGHT)
                broken += !lane_starts(world, next, p[3], along);
        }
    }
    return broken;
}

static void lanes_chain_from_tile_to_tile(void **state)
{
    (void)state;
    for (int k = 0; k < imp_builtin_map_count(); k++) {
        imp_error err = {0};
        imp_world *world;
        assert_ok(imp_world_load(&world, imp_builtin_map_name(k), &err), err);
        int broken = broken_chains(world);
        if (broken != 0)
            fail_msg("%s: %d lanes lead nowhere", world->name, broken);
        imp_world_destroy(world);
    }
}

// A map, and where and how its refusal begins ("broken.yaml" and what follows) and goes on.
typedef struct refusal {
    const char *text, *where, *why;
} refusal;

#define ROAD "tile_size: 0.6\ntiles: [[4way]]\n"
#define START_POSE "start_pose must be [[x, y, z], angle] such as [[0.2, 0, 0.4], 1.57]"

static const refusal REFUSALS[] = {
    {"", "broken.yaml: ", "not a map"},
    {"tile_size: 0.6\n", "broken.yaml: ", "no tiles"},
    {"size: 3\n", "broken.yaml: ", "no tiles"},
    {"- tile_size\n- tiles\n", "broken.yaml: ", "not a map"},
    {"just words\n", "broken.yaml: ", "not a map"},
    {"tile_size: 0.6\ntiles:\n- [floor, floor]\n- [floor]\n", "broken.yaml:4: ", "1 entry"},
    {"tile_size: 0.6\ntiles:\n- [floor]\n- [floor, floor]\n", "broken.yaml:4: ", "2 entries"},
    {"tile_size: 0.6\ntiles:\n- [floor]\n- []\n", "broken.yaml:4: ", "row 2"},
    {"tile_size: 0.6\ntiles:\n- [floor]\n- floor\n", "broken.yaml:4: ", "row 2"},
    {"tile_size: 0.6\ntiles: []\n", "broken.yaml:2: ", "list of rows"},
    {"tile_size: 0.6\ntiles: floor\n", "broken.yaml:2: ", "list of rows"},
    {"tile_size: 0.6\ntiles: {a: [floor]}\n", "broken.yaml:2: ", "list of rows"},
    {"tile_size: 0.6\ntiles:\n- [floor]\n- [lava]\n", "broken.yaml:4: ", "unknown tile 'lava'"},
    {"tile_size: 0.6\ntiles:\n- ['']\n", "broken.yaml:3: ", "unknown tile"},
    {"tile_size: 0.6\ntiles:\n- [[floor]]\n", "broken.yaml:3: ", "a tile must be a word"},
    {"tile_size: 0.6\ntiles:\n- [{a: b}]\n", "broken.yaml:3: ", "a tile must be a word"},
    {"tile_size: 0.6\ntiles:\n- [straight/X]\n", "broken.yaml:3: ", "'X' is not an orientation"},
    {"tile_size: 0.6\ntiles:\n- [straight/n]\n", "broken.yaml:3: ", "'n' is not an orientation"},
    {"tile_size: 0.6\ntiles:\n- [straight/NE]\n", "broken.yaml:3: ", "'NE' is not an orientation"},
    {"tile_size: 0.6\ntiles:\n- [straight/]\n", "broken.yaml:3: ", "'' is not an orientation"},
    {"tile_size: 0.6\ntiles:\n- [straight/N/E]\n", "broken.yaml:3: ", "not an orientation"},
    {"tile_size: 0.6\ntiles:\n- [4ways/N]\n", "broken.yaml:3: ", "unknown tile '4ways'"},
    {"tiles: [[floor]]\ntile_size: .nan\n", "broken.yaml:2: ", "must be a number such as"},
    {"tiles: [[floor]]\ntile_size: nan\n", "broken.yaml:2: ", "must be a number such as"},
    {"tiles: [[floor]]\ntile_size: inf\n", "broken.yaml:2: ", "must be a number such as"},
    {"tiles: [[floor]]\ntile_size: 1e999\n", "broken.yaml:2: ", "must be a number such as"},
    {"tiles: [[floor]]\ntile_size: wide\n", "broken.yaml:2: ", "'wide'"},
    {"tiles: [[floor]]\ntile_size:\n", "broken.yaml:2: ", "must be a number such as"},
    {"tiles: [[floor]]\ntile_size: 0.6m\n", "broken.yaml:2: ", "must be a number such as"},
    {"tiles: [[floor]]\ntile_size: [1]\n", "broken.yaml:2: ", "must be a number"},
    {"tiles: [[floor]]\ntile_size: 0\n", "broken.yaml:2: ", "out of range"},
    {"tiles: [[floor]]\ntile_size: -0.585\n", "broken.yaml:2: ", "out of range"},
    {"tiles: [[floor]]\ntile_size: 1000\n", "broken.yaml:2: ", "out of range"},
    {"tile_size: 0.6\ntiles: &a [*a]\n", "broken.yaml:2: ", "*a contains itself"},
    {"tile_size: 0.6\ntiles: &a\n- *a\n- *a\n", "broken.yaml:3: ", "*a contains itself"},
    {"&a tile_size: *a\ntiles: *b\n", "broken.yaml:2: ", "alias"},
    {"tile_size: 0.6\ntiles: [[floor]]\nstart_tile: [0, 0]\n",
     "broken.yaml:3: ", "not drivable (floor): take a tile with lanes"},
    {"tile_size: 0.6\ntiles: [[4way]]\nstart_tile: [0.5, 0]\n",
     "broken.yaml:3: ", "two whole numbers"},
    {"tile_size: 0.6\ntiles: [[4way]]\nstart_tile: [0]\n", "broken.yaml:3: ", "list of 2"},
    {"tile_size: 0.6\ntiles: [[4way]]\nstart_tile: [x, y]\n", "broken.yaml:3: ", "'x'"},
    {ROAD "start_pose: 7\n", "broken.yaml:3: ", START_POSE ", not '7'"},
    {ROAD "start_pose: ''\nstart_tile: none\n",
     "broken.yaml:4: ", "start_tile must be a list of 2 numbers such as [1, 0], not 'none'"},
    {ROAD "start_pose: {x: 1}\n", "broken.yaml:3: ", START_POSE ", not a map"},
    {ROAD "start_pose: [[0.2, 0, 0.4, 0]]\n", "broken.yaml:3: ", START_POSE ", not a list of 1"},
    {ROAD "start_pose: [0.2, 0, 0.4]\n",
     "broken.yaml:3: ", START_POSE ": the position is '0.2', not [x, y, z]"},
    {ROAD "start_pose: [[1, 2], 0]\n",
     "broken.yaml:3: ", START_POSE ": the position is a list of 2, not [x, y, z]"},
    {ROAD "start_pose: [[[0.2], [0.0], [0.4]], 0]\n",
     "broken.yaml:3: ", START_POSE ": x is a list of 1, not a number"},
    {ROAD "start_pose: [[0, 0, .nan], 1]\n", "broken.yaml:3: ", ": z is '.nan', not a number"},
    {ROAD "start_pose: [[0, 0, 1], left]\n", "broken.yaml:3: ", "the angle is 'left', not"},
    {ROAD "start_pose: [[0, 0, 1e9], 0]\n",
     "broken.yaml:3: ", "start_pose: z: 1e+09 is out of range"},
    {"tile_size: 0.6\ntiles: [[floor\n", "broken.yaml:3: ", "not YAML"},
    {"tile_size: 0.6\n\ttiles: 1\n", "broken.yaml:2: ", "not YAML: the line begins with a tab"},
    {"tile_size: 0.6\ntiles:\n  \t- [floor]\n",
     "broken.yaml:3: ", "begins with a tab; write spaces"},
    {"\ttile_size: 0.6", "broken.yaml:1: ", "begins with a tab; write spaces"},
    {"\x89PNG\r\n\x1a\n\x02\x01\xff\xfe", "broken.yaml:1: ", "not YAML"},
};

static void bad_maps_are_refused_with_file_and_line(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof REFUSALS / sizeof REFUSALS[0]; k++) {
        const refusal *r = &REFUSALS[k];
        imp_error err = {0};
        imp_world *world = NULL;
        imp_status status = parse(&world, r->text, &err);
        if (status != IMP_BAD_INPUT || err.status != IMP_BAD_INPUT)
            fail_msg("accepted, or refused as %d:\n%s", status, r->text);
        assert_null(world);
        if (strncmp(err.message, r->where, strlen(r->where)) != 0 ||
            strstr(err.message, r->why) == NULL || strchr(err.message, '\n') != NULL)
            fail_msg("wanted '%s...%s' in one line, got '%s' for:\n%s", r->where, r->why,
                     err.message, r->text);
        assert_int_equal(parse(&world, r->text, NULL), IMP_BAD_INPUT);
    }
}

// count times `piece` between head and tail; the caller frees it.
static char *repeated(const char *head, const char *piece, int count, const char *tail)
{
    size_t length = strlen(piece);
    char *text = malloc(strlen(head) + length * (size_t)count + strlen(tail) + 1);
    assert_non_null(text);
    char *at = text + sprintf(text, "%s", head);
    for (int k = 0; k < count; k++, at += length)
        memcpy(at, piece, length);
    strcpy(at, tail);
    return text;
}

static void assert_refused(char *text, const char *why)
{
    imp_error err = {0};
    imp_world *world;
    assert_int_equal(parse(&world, text, &err), IMP_BAD_INPUT);
    if (strncmp(err.message, "broken.yaml:", 12) != 0 || strstr(err.message, why) == NULL)
        fail_msg("wanted '%s', got '%s'", why, err.message);
    free(text);
}

static void huge_and_deep_maps_are_refused(void **state)
{
    (void)state;
    const char *head = "tile_size: 0.6\ntiles:\n- &r [";
    char *row = repeated(head, "a,", 999, "a]\n");
    // 10^6 tiles through aliases, and in one row
    assert_refused(repeated(row, "- *r\n", 999, ""), "1000 x 1000 tiles are too many");
    free(row);
    assert_refused(repeated(head, "a,", 999999, "a]\n"), "too many");
    assert_refused(repeated("tile_size: 0.6\ntiles:\n", "- [a]\n", 1025, ""), "too many");
    // so deep that a reader would take hours, or run out of stack
    assert_refused(repeated("tile_size: 0.6\ntiles: ", "[", 100000, ""), "nested more than");
    assert_refused(repeated("tile_size: 0.6\ntiles: ", "{a: ", 100000, ""), "nested more than");
    assert_refused(repeated("tile_size: 0.6\ntiles: [[", "y", 100000, "]]\n"), "a tile must be");
    assert_refused(repeated("tile_size: ", "9", 100000, "\ntiles: [[floor]]\n"), "tile_size");
}

static const char SMALL_MAP[] = "# a comment\n"
                                "tile_size: 0.585\n"
                                "tiles:\n"
                                "- [ straight/N , 'curve_left / W', \"4way\"]\n"
                                "- [floor, &g grass, *g]\n"
                                "start_tile: [2, 0]\n"
                                "start_pose: [[0.2, 0, 0.3], 1.5]\n"
                                "objects: [{kind: duckie, pos: [1, 1]}]\n";

// Whatever a file is cut off at or has one byte changed in, reading it ends in a world or in words.
// Every try has memory of its own length, so that a sanitizer sees a byte read too far.
static void parse_bytes(const char *bytes, size_t length)
{
    imp_error err = {0};
    imp_world *world = NULL;
    char *exact = malloc(length > 0 ? length : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, length);
    imp_status status = imp_world_parse(&world, exact, length, "cut.yaml", &err);
    free(exact);
    if (status == IMP_OK) {
        assert_true(world->drivable_count <= world->columns * world->rows);
        assert_int_equal(world->source_length, length);
        imp_world_destroy(world);
    } else {
        assert_int_equal(status, IMP_BAD_INPUT);
        assert_memory_equal(err.message, "cut.yaml:", 9);
    }
}

static void every_truncation_and_many_changes_end_well(void **state)
{
    (void)state;
    const size_t length = sizeof SMALL_MAP - 1;
    for (size_t cut = 0; cut <= length; cut++)
        parse_bytes(SMALL_MAP, cut);
    static const char strange[] = {'\0', '\n', '[', ']', '{', '*', '&', '/', '-', ':', '9', '\xff'};
    for (size_t at = 0; at < length; at++)
        for (size_t k = 0; k < sizeof strange; k++) {
            char text[sizeof SMALL_MAP];
            memcpy(text, SMALL_MAP, sizeof text);
            text[at] = strange[k];
            parse_bytes(text, length);
        }
}

static void tiles_are_read_as_the_reference_reads_them(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    assert_ok(parse(&world, SMALL_MAP, &err), err);
    assert_string_equal(world->name, "broken");
    const imp_tile *t = world->tiles;
    assert_int_equal(t[0].kind, IMP_TILE_STRAIGHT);
    assert_int_equal(t[0].orientation, 2);
    assert_int_equal(t[1].kind, IMP_TILE_CURVE_LEFT);
    assert_int_equal(t[1].orientation, 3);
    assert_int_equal(t[2].kind, IMP_TILE_4WAY);
    assert_int_equal(t[2].orientation, 1);
    assert_int_equal(t[2].curve_count, 12);
    assert_int_equal(t[3].kind, IMP_TILE_FLOOR);
    assert_int_equal(t[5].kind, IMP_TILE_GRASS);
    assert_false(t[4].drivable);
    assert_int_equal(world->drivable_count, 3);
    assert_true(world->has_start_tile && world->has_start_pose);
    assert_int_equal(world->start_tile[0], 2);
    assert_close(world->start_pose.z, 0.3, 0);
    assert_close(world->start_pose.heading, 1.5, 0);
    assert_string_equal(world->source, SMALL_MAP);
    imp_world_destroy(world);

    // any word with a 4 and without an orientation is a crossing
    assert_ok(parse(&world, "{tile_size: 1, tiles: [[4, x4y, 4way/S, straight, empty]]}", &err),
              err);
    for (int k = 0; k < 3; k++)
        assert_int_equal(world->tiles[k].kind, IMP_TILE_4WAY);
    assert_int_equal(world->tiles[3].orientation, 1); // E unless said
    assert_int_equal(world->tiles[4].kind, IMP_TILE_EMPTY);
    assert_false(world->tiles[4].drivable);
    imp_world_destroy(world);
}

static void tiles_are_found_by_place(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, "loop_empty", &err), err);
    const double s = world->tile_size;
    assert_ptr_equal(imp_world_tile_at(world, 0, 0), &world->tiles[0]);
    assert_ptr_equal(imp_world_tile_at(world, 7.99 * s, 6.99 * s), &world->tiles[55]);
    assert_ptr_equal(imp_world_tile_at(world, 1.5 * s, 2.5 * s), &world->tiles[17]);
    const double outside[][2] = {{-1e-9, 1}, {1, -1e-9},  {8 * s, 1},       {1, 7 * s},
                                 {NAN, 1},   {1, NAN},    {INFINITY, 1},    {1, -INFINITY},
                                 {1e300, 1}, {-1e300, 1}, {1, 2147483648.0}};
    for (size_t k = 0; k < sizeof outside / sizeof outside[0]; k++) {
        assert_null(imp_world_tile_at(world, outside[k][0], outside[k][1]));
        assert_false(imp_world_is_drivable_at(world, outside[k][0], outside[k][1]));
    }
    imp_lane_position lane;
    assert_false(imp_world_lane_position(world, (imp_pose){0.1, 0.1, 0}, &lane));
    imp_world_destroy(world);
}

static void missing_maps_are_named(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    assert_int_equal(imp_world_load(&world, "no_such_map", &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no_such_map"));
    assert_non_null(strstr(err.message, "imprint map list"));
    assert_int_not_equal(imp_world_load(&world, "/nowhere/no_such.yaml", &err), IMP_OK);
    assert_non_null(strstr(err.message, "/nowhere/no_such.yaml"));
    assert_int_not_equal(imp_world_load(&world, "/", &err), IMP_OK);
    assert_int_not_equal(imp_world_load(&world, "", &err), IMP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_maps_have_the_recorded_facts),
        cmocka_unit_test(lanes_chain_from_tile_to_tile),
        cmocka_unit_test(bad_maps_are_refused_with_file_and_line),
        cmocka_unit_test(huge_and_deep_maps_are_refused),
        cmocka_unit_test(every_truncation_and_many_changes_end_well),
        cmocka_unit_test(tiles_are_read_as_the_reference_reads_them),
        cmocka_unit_test(tiles_are_found_by_place),
        cmocka_unit_test(missing_maps_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
