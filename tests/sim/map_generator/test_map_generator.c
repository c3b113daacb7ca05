// Towns: whatever the seed, they are maps that can be driven everywhere, and keep their promises
// about what is on the road.
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "imprint/map_generator.h"

enum { MAPS = 300 };

static imp_world *generate_world(const imp_map_generator_def *def)
{
    imp_error err = {0};
    imp_world *world;
    char *text;
    size_t length;
    assert_ok(imp_map_generate(&text, &length, def, &err), err);
    assert_int_equal(length, strlen(text));
    if (imp_world_parse(&world, text, length, "town.yaml", &err) != IMP_OK)
        fail_msg("%s in\n%s", err.message, text);
    if (world->warning_count > 0)
        fail_msg("%d: %s in\n%s", world->warnings[0].line, world->warnings[0].text, text);
    free(text);
    return world;
}

// The n-th of a row of definitions that differ in everything.
static imp_map_generator_def varied_definition(imp_map_generator_kind kind, int n)
{
    static const int sizes[][2] = {{9, 9}, {8, 7}, {7, 8}, {12, 9}, {16, 16}, {7, 5}, {9, 30}};
    const int size = n % (int)(sizeof sizes / sizeof sizes[0]);
    imp_map_generator_def def = imp_default_map_generator_def();
    def.kind = kind;
    def.columns = sizes[size][0];
    def.rows = sizes[size][1];
    def.border = n % 3 > 0;
    def.objects = n % 2 > 0;
    def.tile_size = n % 5 == 0 ? 0.61 : 0.585;
    def.pedestrians = n % 4;
    def.cars = n % 3;
    def.parked = n % 7;
    def.obstacles = n % 6;
    def.number = (uint32_t)n;
    return def;
}

// ---- roads ----

static bool points_coincide(imp_vec2 a, imp_vec2 b)
{
    return fabs(a.x - b.x) < 1e-9 && fabs(a.z - b.z) < 1e-9;
}

// Lanes that begin where one ends, in its direction within 12 degrees.
static int count_successors(const imp_world *world, const imp_curve *lane)
{
    const imp_vec2 along = imp_vec2_normalize(imp_vec2_subtract(lane->p[3], lane->p[2]));
    int count = 0;
    for (int k = 0; k < world->curve_count; k++) {
        const imp_curve *other = &world->curves[k];
        const imp_vec2 on = imp_vec2_normalize(imp_vec2_subtract(other->p[1], other->p[0]));
        count += points_coincide(lane->p[3], other->p[0]) && imp_vec2_dot(along, on) > 0.978;
    }
    return count;
}

static int count_predecessors(const imp_world *world, const imp_curve *lane)
{
    int count = 0;
    for (int k = 0; k < world->curve_count; k++)
        count += points_coincide(world->curves[k].p[3], lane->p[0]);
    return count;
}

// Tiles that can be reached from the first one on lanes, in either direction.
static int count_reached(const imp_world *world)
{
    enum { TILES_MAX = IMP_MAP_GENERATOR_SIDE_MAX * IMP_MAP_GENERATOR_SIDE_MAX };
    static bool seen[TILES_MAX];
    int queue[TILES_MAX], count = 0;
    memset(seen, 0, sizeof seen);
    queue[count++] = world->drivable[0];
    seen[world->drivable[0]] = true;
    for (int n = 0; n < count; n++) {
        const imp_tile *tile = &world->tiles[queue[n]];
        for (int k = 0; k < tile->curve_count; k++) {
            const imp_curve *lane = &world->curves[tile->first_curve + k];
            const imp_vec2 along = imp_vec2_normalize(imp_vec2_subtract(lane->p[3], lane->p[2]));
            const imp_tile *next = imp_world_tile_at(world, lane->p[3].x + 1e-3 * along.x,
                                                     lane->p[3].z + 1e-3 * along.z);
            const int index = next == NULL ? -1 : (int)(next - world->tiles);
            if (index < 0 || !next->drivable || seen[index])
                continue;
            seen[index] = true;
            queue[count++] = index;
        }
    }
    return count;
}

// Whether a lane of a tile crosses the line between it and the tile to its right or below it.
static bool is_joined(const imp_world *world, const imp_tile *tile, int i, int j, bool to_right)
{
    for (int k = tile->first_curve; k < tile->first_curve + tile->curve_count; k++) {
        const imp_vec2 end = world->curves[k].p[3];
        const double at = (to_right ? end.x : end.z) / world->tile_size;
        if (fabs(at - (to_right ? i : j) - 1.0) < 1e-9)
            return true;
    }
    return false;
}

static void check_neighbours(const imp_world *world)
{
    for (int k = 0; k < world->drivable_count; k++) {
        const int i = world->drivable[k] % world->columns, j = world->drivable[k] / world->columns;
        const imp_tile *tile = &world->tiles[world->drivable[k]];
        for (int n = 0; n < 2; n++) {
            if ((n == 0 ? i + 1 : j + 1) == (n == 0 ? world->columns : world->rows))
                continue;
            const imp_tile *next = tile + (n == 0 ? 1 : world->columns);
            assert_int_equal(is_joined(world, tile, i, j, n == 0), next->drivable);
            assert_false(tile->curve_count > 2 && next->curve_count > 2);
        }
    }
}

static void check_roads(const imp_world *world)
{
    assert_true(world->drivable_count >= 8);
    check_neighbours(world);
    assert_int_equal(count_reached(world), world->drivable_count);
    for (int k = 0; k < world->curve_count; k++) {
        assert_true(count_successors(world, &world->curves[k]) > 0);
        assert_true(count_predecessors(world, &world->curves[k]) > 0);
    }
}

static void every_map_is_drivable_everywhere(void **state)
{
    (void)state;
    for (int kind = 0; kind < IMP_MAP_GENERATOR_KIND_COUNT; kind++) {
        int tiles[IMP_TILE_KIND_COUNT] = {0}, both_turns = 0;
        for (int n = 0; n < MAPS; n++) {
            const imp_map_generator_def def = varied_definition((imp_map_generator_kind)kind, n);
            imp_world *world = generate_world(&def);
            assert_int_equal(world->columns, def.columns);
            assert_int_equal(world->rows, def.rows);
            assert_close(world->tile_size, def.tile_size, 0);
            check_roads(world);
            int here[IMP_TILE_KIND_COUNT] = {0};
            for (int k = 0; k < def.columns * def.rows; k++) {
                const imp_tile *tile = &world->tiles[k];
                const int i = k % def.columns, j = k / def.columns;
                const bool edge = i == 0 || j == 0 || i + 1 == def.columns || j + 1 == def.rows;
                assert_false(def.border && edge && tile->drivable);
                here[tile->kind]++;
                tiles[tile->kind]++;
            }
            both_turns += here[IMP_TILE_CURVE_LEFT] > 0 && here[IMP_TILE_CURVE_RIGHT] > 0;
            const int meetings = here[IMP_TILE_3WAY_LEFT] + here[IMP_TILE_4WAY];
            assert_int_equal(meetings > 0, kind != IMP_MAP_GENERATOR_LOOP);
            imp_world_destroy(world);
        }
        assert_true(tiles[IMP_TILE_CURVE_LEFT] > MAPS && tiles[IMP_TILE_CURVE_RIGHT] > MAPS);
        assert_int_equal(tiles[IMP_TILE_4WAY] > MAPS / 4, kind != IMP_MAP_GENERATOR_LOOP);
        assert_int_equal(tiles[IMP_TILE_3WAY_RIGHT], 0);
        // some are too narrow for a turn to the other side
        assert_true(both_turns > MAPS * 3 / 4);
    }
}

static void large_and_smallest_maps_are_valid(void **state)
{
    (void)state;
    static const int loop[][2] = {{3, 3}, {3, 9}, {4, 4}}, other[][2] = {{5, 3}, {3, 5}, {5, 5}};
    for (int kind = 0; kind < IMP_MAP_GENERATOR_KIND_COUNT; kind++)
        for (int n = 0; n < 60; n++) {
            imp_map_generator_def def = imp_default_map_generator_def();
            def.kind = (imp_map_generator_kind)kind;
            def.number = (uint32_t)n;
            def.border = n % 2;
            const int *size = kind == IMP_MAP_GENERATOR_LOOP ? loop[n % 3] : other[n % 3];
            def.columns = size[0] + 2 * (n % 2);
            def.rows = size[1] + 2 * (n % 2);
            imp_world *world = generate_world(&def);
            check_roads(world);
            imp_world_destroy(world);
        }
    imp_map_generator_def def = imp_default_map_generator_def();
    def.columns = def.rows = IMP_MAP_GENERATOR_SIDE_MAX;
    def.objects = true;
    imp_world *world = generate_world(&def);
    assert_true(world->drivable_count > 1000);
    assert_int_equal(count_reached(world), world->drivable_count);
    assert_int_equal(world->object_count, IMP_OBJECTS_MAX);
    imp_world_destroy(world);
}

// ---- things ----

// How far a point is from the rectangle that a box is.
static double distance_to_box(const imp_box *box, imp_vec2 point)
{
    const imp_vec2 *c = box->corner;
    double outside[2];
    for (int k = 0; k < 2; k++) {
        double low = INFINITY, high = -INFINITY;
        for (int n = 0; n < 4; n++) {
            const double at = imp_vec2_dot(c[n], box->axis[k]);
            low = fmin(low, at);
            high = fmax(high, at);
        }
        const double at = imp_vec2_dot(point, box->axis[k]);
        outside[k] = fmax(0.0, fmax(low - at, at - high));
    }
    return hypot(outside[0], outside[1]);
}

static double distance_to_lanes(const imp_world *world, const imp_box *box)
{
    double least = INFINITY;
    for (int k = 0; k < world->curve_count; k++)
        for (int n = 0; n <= 32; n++)
            least = fmin(least, distance_to_box(box, imp_curve_point(&world->curves[k], n / 32.0)));
    return least;
}

static bool on_road(const imp_world *world, const imp_box *box)
{
    for (int n = 0; n < 4; n++)
        if (imp_world_is_drivable_at(world, box->corner[n].x, box->corner[n].z))
            return true;
    return false;
}

static void check_pedestrian(const imp_world *world, const imp_object *duckie)
{
    const imp_vec2 way =
        imp_vec2_scale(imp_heading_direction(duckie->heading), world->tile_size + 0.02);
    const imp_vec2 end = imp_vec2_add(duckie->position, way);
    const imp_vec2 middle = imp_vec2_add(duckie->position, imp_vec2_scale(way, 0.5));
    assert_false(imp_world_is_drivable_at(world, duckie->position.x, duckie->position.z));
    assert_true(imp_world_is_drivable_at(world, middle.x, middle.z));
    assert_false(imp_world_is_drivable_at(world, end.x, end.z));
    assert_non_null(imp_world_tile_at(world, end.x, end.z));
    assert_true(distance_to_lanes(world, &duckie->box) > 0.1);
}

static void check_car(const imp_world *world, const imp_object *car)
{
    imp_lane_position lane;
    const imp_pose pose = {car->position.x, car->position.z, car->heading};
    assert_true(imp_world_lane_position(world, pose, &lane));
    assert_true(fabs(lane.distance) < 1e-3);
    assert_true(fabs(lane.angle) < 1e-3);
}

static void objects_leave_the_lanes_free(void **state)
{
    (void)state;
    int kinds[IMP_OBJECT_KIND_COUNT] = {0};
    for (int kind = 0; kind < IMP_MAP_GENERATOR_KIND_COUNT; kind++)
        for (int n = 0; n < MAPS; n += 3) {
            const imp_map_generator_def def = varied_definition((imp_map_generator_kind)kind, n);
            imp_world *world = generate_world(&def);
            for (int k = 0; k < world->object_count; k++) {
                const imp_object *object = &world->objects[k];
                kinds[object->kind]++;
                if (object->kind == IMP_OBJECT_TRAFFIC_LIGHT)
                    continue;
                if (object->moving >= 0 && object->kind == IMP_OBJECT_DUCKIE)
                    check_pedestrian(world, object);
                else if (object->moving >= 0)
                    check_car(world, object);
                else if (object->optional || object->kind == IMP_OBJECT_SIGN)
                    assert_false(on_road(world, &object->box));
                else
                    assert_true(distance_to_lanes(world, &object->box) > 0.105);
                for (int m = 0; m < k; m++)
                    assert_false(imp_boxes_overlap(&object->box, &world->objects[m].box) &&
                                 world->objects[m].solid);
            }
            imp_world_destroy(world);
        }
    for (int k = 0; k < IMP_OBJECT_KIND_COUNT; k++)
        assert_true(kinds[k] > 0 || k == IMP_OBJECT_CHECKERBOARD);
}

static void there_are_as_many_as_asked_for(void **state)
{
    (void)state;
    imp_map_generator_def def = imp_default_map_generator_def();
    def.columns = def.rows = 24;
    def.pedestrians = 40;
    def.cars = 14;
    def.parked = 17;
    def.obstacles = 23;
    imp_world *world = generate_world(&def);
    int counts[4] = {0};
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        const bool car = object->kind == IMP_OBJECT_DUCKIEBOT, moves = object->moving >= 0;
        counts[moves ? (car ? 1 : 0) : (car ? 2 : 3)]++;
    }
    assert_int_equal(counts[0], def.pedestrians);
    assert_int_equal(counts[1], def.cars);
    assert_int_equal(counts[2], def.parked);
    assert_int_equal(counts[3], def.obstacles);
    imp_world_destroy(world);
}

static void duckies_stand_in_a_lane(void **state)
{
    (void)state;
    imp_map_generator_def def = imp_default_map_generator_def();
    def.columns = def.rows = 24;
    def.duckies = 30;
    imp_world *world = generate_world(&def);
    assert_int_equal(world->object_count, def.duckies);
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        double nearest = 1.0;
        // along the lane, wherever the duckie itself looks
        for (int turn = 0; turn < 4; turn++) {
            const imp_pose pose = {object->position.x, object->position.z, turn * IMP_PI / 2.0};
            imp_lane_position lane;
            if (imp_world_lane_position(world, pose, &lane) && fabs(lane.angle) < 0.1 &&
                fabs(lane.distance) < fabs(nearest))
                nearest = lane.distance;
        }
        assert_int_equal(object->kind, IMP_OBJECT_DUCKIE);
        assert_true(object->moving < 0);
        assert_true(fabs(nearest) > 0.039 && fabs(nearest) < 0.101);
    }
    imp_world_destroy(world);
}

// ---- seeds ----

static char *generate_text(const imp_map_generator_def *def)
{
    imp_error err = {0};
    char *text;
    size_t length;
    assert_ok(imp_map_generate(&text, &length, def, &err), err);
    return text;
}

static void the_definition_decides_every_byte(void **state)
{
    (void)state;
    imp_map_generator_def def = varied_definition(IMP_MAP_GENERATOR_RANDOM, 11);
    char *text = generate_text(&def), *again = generate_text(&def);
    assert_string_equal(text, again);
    free(again);
    imp_map_generator_def other = def;
    other.number++;
    again = generate_text(&other);
    assert_string_not_equal(text, again);
    free(again);
    other = def;
    other.seed++;
    again = generate_text(&other);
    assert_string_not_equal(text, again);
    free(again);

    // the roads do not depend on what is put on them
    other = def;
    other.objects = false;
    other.pedestrians = other.cars = other.parked = other.obstacles = 0;
    again = generate_text(&other);
    assert_int_equal(strncmp(text, again, strlen(again)), 0);
    free(again);
    free(text);
}

// FNV-1a of a text.
static uint64_t hash_text(const char *text)
{
    uint64_t value = 14695981039346656037u;
    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * 1099511628211u;
    return value;
}

// What seeds stand for is part of the results: towns must not change from release to release.
static void maps_do_not_change_by_release(void **state)
{
    (void)state;
    static const uint64_t wanted[] = {0x1a1d0569f27cf875, 0xd829be87a247d903, 0xef30797952ba5308};
    for (int kind = 0; kind < IMP_MAP_GENERATOR_KIND_COUNT; kind++) {
        uint64_t sum = 0;
        for (int n = 0; n < 50; n++) {
            const imp_map_generator_def def = varied_definition((imp_map_generator_kind)kind, n);
            char *text = generate_text(&def);
            sum = sum * 31 + hash_text(text);
            free(text);
        }
        if (sum != wanted[kind])
            fail_msg("%s towns: 0x%llx", imp_map_generator_kind_name((imp_map_generator_kind)kind),
                     (unsigned long long)sum);
    }
}

// ---- refusals ----

static void assert_refused(imp_map_generator_def def, const char *why)
{
    imp_error err = {0};
    char *text = NULL;
    size_t length = 7;
    assert_int_equal(imp_map_generate(&text, &length, &def, &err), IMP_USAGE);
    if (strstr(err.message, why) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, why);
    assert_null(text);
    assert_int_equal(length, 7);
}

static void impossible_definitions_are_refused(void **state)
{
    (void)state;
    const imp_map_generator_def good = imp_default_map_generator_def();
    imp_map_generator_def def = good;
    def.columns = 4;
    assert_refused(def, "at least 7 x 5");
    def.border = false;
    def.rows = 4;
    assert_refused(def, "4 x 4 tiles are too few for a random map: at least 5 x 3 are needed");
    def.kind = IMP_MAP_GENERATOR_LOOP;
    def.rows = 2;
    assert_refused(def, "at least 3 x 3");
    def = good;
    def.rows = 65;
    assert_refused(def, "at most 64 a side");
    def.rows = -1;
    assert_refused(def, "too few");
    def = good;
    def.tile_size = NAN;
    assert_refused(def, "0.3 to 2 m");
    def = good;
    def.cars = -1;
    assert_refused(def, "-1 cars");
    def.cars = 257;
    assert_refused(def, "257 cars: 0 to 256");
    def = good;
    def.kind = IMP_MAP_GENERATOR_KIND_COUNT;
    assert_refused(def, "unknown kind of map");
    def = (imp_map_generator_def){.columns = 9, .rows = 9};
    assert_refused(def, "imp_default_map_generator_def");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_map_is_drivable_everywhere),
        cmocka_unit_test(large_and_smallest_maps_are_valid),
        cmocka_unit_test(objects_leave_the_lanes_free),
        cmocka_unit_test(there_are_as_many_as_asked_for),
        cmocka_unit_test(duckies_stand_in_a_lane),
        cmocka_unit_test(the_definition_decides_every_byte),
        cmocka_unit_test(maps_do_not_change_by_release),
        cmocka_unit_test(impossible_definitions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
