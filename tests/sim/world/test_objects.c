// The objects of maps: where they stand, what they are, what is refused and what is remarked on.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "golden_csv.h"
#include "imprint/world.h"

// Three columns, two rows: the shape that `pos` is right on.
#define HEAD "tile_size: 0.5\ntiles:\n- [4way, floor, floor]\n- [floor, floor, floor]\n"
#define TRANSFORM "{~SE2Transform: {p: [0.25, 0.125], theta_deg: 90}}"

static imp_world *parse_world(const char *text)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, text, strlen(text), "some.yaml", &err), err);
    return world;
}

// An entry of `objects`, and where it stands on the map of HEAD.
typedef struct place {
    const char *entry;
    double x, z, degrees;
} place;

static const place PLACES[] = {
    {"pos: [1.5, 0.5], rotate: 90", 0.75, 0.25, -90},
    {"pos: [1.5, 0.5]", 0.75, 0.25, 0},
    {"pos: [0, 2, 7], rotate: -30", 0, 1, 30},
    {"pos: [0.5, 1.5], rotate: 180", 0.25, 0.75, -180},
    {"pos: [0.5, 1.5], rotate: 540.0", 0.25, 0.75, -180},
    {"pose: " TRANSFORM, 0.25, 0.875, 90},
    {"pose: " TRANSFORM ", rotate: 45", 0.25, 0.875, 90},
    {"pose: {~SE2Transform: {theta: 0.5, theta_deg: 90}}", 0, 1, 0.5 * 180 / IMP_PI},
    {"pose: {~SE2Transform: {p: [1, 1], theta_deg: 270}}", 1, 0, -90},
    {"pose: {~SE2Transform: {}}", 0, 1, 0},
    {"pose: {~SE2Transform: }", 0, 1, 0},
    {"pose: {\"~SE2Transform\": null}", 0, 1, 0},
    {"place: {tile: [1, 0], relative: " TRANSFORM "}", 1.0, 0.625, 90},
    {"place: {tile: [0, 1], relative: {~SE2Transform: {}}}, rotate: 7", 0.25, 0.25, 0},
    {"attach: {tile: [1, 1], slot: 0}", 0.545, 0.4825, 0},
    {"attach: {tile: [1, 1], slot: 1}, rotate: 90", 0.5175, 0.455, 90},
    {"attach: {tile: [1, 1], slot: 2}, rotate: -90", 0.4825, 0.455, -90},
    {"attach: {tile: [1, 1], slot: 3}", 0.455, 0.4825, 0},
    {"attach: {tile: [1, 1], slot: 4}", 0.455, 0.5175, 0},
    {"attach: {tile: [1, 1], slot: 5}", 0.4825, 0.545, 0},
    {"attach: {tile: [1, 1], slot: '6'}", 0.5175, 0.545, 0},
    {"attach: {tile: [1, 1], slot: 7}", 0.545, 0.5175, 0},
    {"attach: {tile: [1, 1], slot: 3}, pose: " TRANSFORM, 0.25, 0.875, 90},
    {"pos: [1.5, 0.5], pose: " TRANSFORM ", rotate: 90", 0.75, 0.25, -90},
    {"place: {tile: [1, 0], relative: " TRANSFORM "}, attach: {tile: [9, 9], slot: 1}", 1.0, 0.625,
     90},
};

static void every_placement_is_where_the_reference_puts_it(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof PLACES / sizeof PLACES[0]; k++) {
        char text[512];
        snprintf(text, sizeof text, HEAD "objects: [{kind: duckie, %s}]\n", PLACES[k].entry);
        imp_world *world = parse_world(text);
        assert_int_equal(world->object_count, 1);
        const imp_object *object = &world->objects[0];
        if (!(hypot(object->position.x - PLACES[k].x, object->position.z - PLACES[k].z) < 1e-12) ||
            !(fabs(object->heading - PLACES[k].degrees * IMP_PI / 180) < 1e-12))
            fail_msg("%s: at (%g, %g), %g degrees", PLACES[k].entry, object->position.x,
                     object->position.z, object->heading * 180 / IMP_PI);
        imp_world_destroy(world);
    }
}

static void pos_counts_from_the_columns(void **state)
{
    (void)state;
    imp_world *world = parse_world("tile_size: 1\ntiles: [[floor], [floor], [floor]]\n"
                                   "objects: [{kind: cone, pos: [0.5, 0.5], scale: 0.01}]\n");
    assert_close(world->objects[0].position.z, 3.5, 1e-12);
    assert_int_equal(world->warning_count, 3);
    imp_world_destroy(world);
    world = parse_world("tile_size: 1\ntiles: [[4way, floor, floor]]\n"
                        "objects: [{kind: cone, pos: [0.5, 0.5], scale: 0.01}]\n");
    assert_close(world->objects[0].position.z, -0.5, 1e-12);
    assert_non_null(strstr(world->warnings[1].text, "1 tile above where they are drawn"));
    imp_world_destroy(world);
}

static void every_kind_and_sign_is_read(void **state)
{
    (void)state;
    for (int k = 0; k < IMP_OBJECT_KIND_COUNT - 1 + IMP_SIGN_COUNT; k++) {
        const bool sign = k >= IMP_OBJECT_KIND_COUNT - 1;
        const char *word = sign ? imp_sign_name((imp_sign)(k - IMP_OBJECT_SIGN))
                                : imp_object_class_get((imp_object_kind)k)->name;
        char text[512];
        snprintf(text, sizeof text, HEAD "objects:\n  a thing: {kind: %s, pos: [1, 1]}\n", word);
        imp_world *world = parse_world(text);
        const imp_object *object = &world->objects[0];
        assert_int_equal(object->kind, sign ? IMP_OBJECT_SIGN : k);
        if (sign)
            assert_string_equal(imp_sign_name(object->sign), word);
        assert_string_equal(object->name, "a thing");
        assert_int_equal(object->line, 6);
        assert_close(object->scale, 1.0, 0);
        assert_int_equal(object->solid, k != IMP_OBJECT_TRAFFIC_LIGHT);
        assert_int_equal(object->moving, k == IMP_OBJECT_TRAFFIC_LIGHT ? 0 : -1);
        assert_int_equal(world->warning_count, 0);
        imp_world_destroy(world);
    }
    assert_null(imp_object_class_get((imp_object_kind)-1));
    assert_null(imp_object_class_get(IMP_OBJECT_KIND_COUNT));
    assert_string_equal(imp_sign_name((imp_sign)99), "unknown");
    // names are cut to 31 bytes and one line
    imp_world *world =
        parse_world(HEAD "objects: {\"a\\nb456789012345678901234567890\xc3\xa4\": {kind: cone, "
                         "pos: [1, 1], height: 0.1}}\n");
    assert_string_equal(world->objects[0].name, "a b456789012345678901234567890?");
    imp_world_destroy(world);
}

static void keys_of_objects_are_read(void **state)
{
    (void)state;
    imp_world *world = parse_world(
        HEAD "objects:\n"
             "- {kind: duckie, pos: [1, 1], height: 0.08, optional: yes, static: Off}\n"
             "- {kind: floor_tag, pose: nowhere}\n"
             "- {kind: duckiebot, pos: [1, 1], scale: 0.5, color: grey, static: FALSE}\n"
             "- {kind: duckiebot, pos: [1, 1], color: green, static: True}\n"
             "- &b {kind: duckiebot, pos: [2, 1], color: blue, optional: 1}\n"
             "- *b\n"
             "- {<<: *b, color: red}\n"
             "- {kind: checkerboard, pos: [1, 1], static: no, height: 0.1}\n"
             "- {kind: trafficlight, pos: [1, 1], rotate: -45}\n");
    assert_int_equal(world->warning_count, 0);
    assert_int_equal(world->object_count, 8);
    assert_int_equal(imp_world_count_objects(world, IMP_OBJECT_DUCKIEBOT), 5);
    assert_int_equal(imp_world_count_objects(world, IMP_OBJECT_CONE), 0);
    const imp_object *o = world->objects;
    assert_string_equal(o[0].name, "duckie1");
    assert_string_equal(o[1].name, "duckiebot3"); // the floor tag has a number too
    assert_true(o[0].optional && !o[1].optional && o[3].optional && o[5].optional);
    assert_close(o[0].scale, 0.08 / 1.5184210538864136, 1e-15);
    assert_close(o[1].scale, 0.5, 0);
    const int moving[] = {0, 1, -1, -1, -1, -1, 2, 3};
    const imp_object_color colors[] = {IMP_COLOR_RED,  IMP_COLOR_GREY, IMP_COLOR_GREEN,
                                       IMP_COLOR_BLUE, IMP_COLOR_BLUE, IMP_COLOR_RED};
    for (int k = 0; k < 8; k++) {
        assert_int_equal(o[k].moving, moving[k]);
        assert_int_equal(o[k].color, k < 6 ? colors[k] : IMP_COLOR_RED);
    }
    assert_int_equal(world->moving_count, 4);
    assert_int_equal(world->moving[3], 7);
    assert_close(o[5].position.x, 1.0, 0);
    assert_close(o[7].spawn_distance, 0.25 + 0.5 * 0.3654579818248749, 1e-12);
    imp_world_destroy(world);
}

// The reference keeps its meshes in single precision.
static void extents_are_single_precision(void **state)
{
    (void)state;
    for (int k = 0; k < IMP_OBJECT_KIND_COUNT; k++) {
        const imp_object_class *c = imp_object_class_get((imp_object_kind)k);
        const double extents[] = {c->min_x, c->min_z, c->max_x, c->max_z, c->height};
        for (int n = 0; n < 5; n++)
            if (fabs(extents[n] - (double)(float)extents[n]) > 1e-15 * fabs(extents[n]))
                fail_msg("%s: extent %d is %.17g", c->name, n, extents[n]);
    }
    // the corner of a tree as high as its mesh, at the origin
    imp_world *world = parse_world(HEAD "objects: [{kind: tree, pos: [0, 1], scale: 2}]\n");
    assert_close(world->objects[0].box.corner[0].x, -2.0 * 0.98548400402069092, 1e-12);
    assert_close(world->objects[0].box.corner[2].x, 2.0 * 1.0128569602966309, 1e-12);
    imp_world_destroy(world);
}

static void no_objects_are_fine(void **state)
{
    (void)state;
    const char *const nothing[] = {"objects: {}\n", "objects: []\n", "objects:\n",
                                   "objects: ~\n",  "objects: null", ""};
    for (size_t k = 0; k < sizeof nothing / sizeof nothing[0]; k++) {
        char text[256];
        snprintf(text, sizeof text, HEAD "%s", nothing[k]);
        imp_world *world = parse_world(text);
        assert_int_equal(world->object_count, 0);
        assert_int_equal(world->nearby_start[6], 0);
        imp_world_destroy(world);
    }
}

// What stands for objects, and what the message says after "some.yaml:5: ".
static const char *const REFUSALS[][2] = {
    {"7", "objects must be a list"},
    {"[7]", "an object must be a map"},
    {"[[]]", "an object must be a map"},
    {"{a: b}", "an object must be a map"},
    {"[{}]", "an object has no kind"},
    {"[{kind: }]", "kind must be a word such as duckie, not nothing"},
    {"[{kind: [duckie]}]", "kind must be a word"},
    {"[{kind: dragon, pos: [1, 1]}]", "unknown kind of object 'dragon': use one of duckie, "},
    {"[{kind: sign, pos: [1, 1]}]", "unknown kind of object 'sign'"},
    {"[{kind: sign_*x, pos: [1]}]", "pos must be a list of 2 numbers"},
    {"[{kind: duckie}]", "an object needs one of pos, pose, place and attach"},
    {"[{kind: duckie, pos: }]", "pos must be a list of 2 numbers such as [1.5, 0.5], not nothing"},
    {"[{kind: duckie, pos: [1]}]", "pos must be a list of 2 numbers"},
    {"[{kind: duckie, pos: [1, 2, 3, 4]}]", "pos must be a list of 2 numbers"},
    {"[{kind: duckie, pos: [1, x]}]",
     "pos must be a list of 2 numbers such as [1.5, 0.5]: 'x' is not a number"},
    {"[{kind: duckie, pos: [1, .inf]}]",
     "pos must be a list of 2 numbers such as [1.5, 0.5]: '.inf' is not a number"},
    {"[{kind: duckie, pos: [1, nan]}]",
     "pos must be a list of 2 numbers such as [1.5, 0.5]: 'nan' is not a number"},
    {"[{kind: duckie, pos: [1, 1e300]}]", "pos: 1e+300 is out of range (-10000 to 10000)"},
    {"[{kind: duckie, pos: [{}, 1]}]",
     "pos must be a list of 2 numbers such as [1.5, 0.5]: a map is not"},
    {"[{kind: duckie, pos: [1, 1], rotate: east}]",
     "rotate must be a number such as 90, not 'east'"},
    {"[{kind: duckie, pos: [1, 1], rotate: 1e300}]", "rotate: 1e+300 is out of range"},
    {"[{kind: duckie, pose: }]", "pose must be {~SE2Transform: "},
    {"[{kind: duckie, pose: {p: [1, 2]}}]", "pose must be {~SE2Transform: "},
    {"[{kind: duckie, pose: {~SE2Transform: [1]}}]", "~SE2Transform must be a map"},
    {"[{kind: duckie, pose: {~SE2Transform: here}}]", "~SE2Transform must be a map"},
    {"[{kind: duckie, pose: {~SE2Transform: {p: 3}}}]", "p must be a list of 2 numbers"},
    {"[{kind: duckie, pose: {~SE2Transform: {theta: [1]}}}]",
     "theta must be a number such as 1.57, not a list of 1"},
    {"[{kind: duckie, pose: {~SE2Transform: {theta_deg: up}}}]",
     "theta_deg must be a number such as 90, not 'up'"},
    {"[{kind: duckie, place: [1, 2]}]", "place has no tile"},
    {"[{kind: duckie, place: {tile: [1, 2]}}]", "place has no relative"},
    {"[{kind: duckie, place: {tile: 1}}]",
     "tile must be a list of 2 numbers such as [2, 1], not '1'"},
    {"[{kind: duckie, place: {tile: [9999, 0], relative: {~SE2Transform: {p: [9999, 0]}}}}]",
     "'duckie1' stands at (14998.8, 0.75) m: too far away"},
    {"[{kind: duckie, attach: {tile: [1, 2]}}]", "attach has no slot"},
    {"[{kind: duckie, attach: {slot: 1}}]", "attach has no tile"},
    {"[{kind: duckie, attach: {tile: [1, 2], slot: 8}}]", "slot 8 is not within 0 to 7"},
    {"[{kind: duckie, attach: {tile: [1, 2], slot: -1}}]", "slot -1 is not within 0 to 7"},
    {"[{kind: duckie, attach: {tile: [1, 2], slot: 1.5}}]", "slot 1.5 is not within 0 to 7"},
    {"{d: {kind: duckie, pos: [1, 1], height: 1, scale: 1}}",
     "'d' has both height and scale: give one"},
    {"[{kind: duckie, pos: [1, 1], height: -1}]", "height -1 is out of range"},
    {"[{kind: duckie, pos: [1, 1], height: 1e300}]", "height 1e+300 is out of range"},
    {"[{kind: duckie, pos: [1, 1], scale: 0}]", "scale 0 is out of range"},
    {"[{kind: duckie, pos: [1, 1], scale: inf}]", "scale must be a number such as 1, not 'inf'"},
    {"[{kind: duckie, pos: [1, 1], scale: 10001}]", "scale 10001 is out of range"},
    {"[{kind: duckie, pos: [1, 1], optional: maybe}]",
     "optional must be true or false, not 'maybe'"},
    {"[{kind: duckie, pos: [1, 1], static: []}]", "static must be true or false, not a list of 0"},
    {"[{kind: house, pos: [1, 1], static: false}]",
     "static: false is for duckie, duckiebot and checkerboard"},
    {"[{kind: sign_stop, pos: [1, 1], static: false}]", "static: false is for duckie"},
    {"[{kind: duckiebot, pos: [1, 1], color: pink}]", "color 'pink': use red, green, blue or grey"},
    {"[{kind: duckiebot, pos: [1, 1], color: [red]}]",
     "color must be a word such as red, not a list of 1"},
    {"[{kind: \"dra\\n\\tgon\"}]", "unknown kind of object 'dra  gon': use one of duckie, "},
    {"[{kind: cone, pos: [1, 1234567890123456789012345678901234567890\xc3\xa4]}]", "pos"},
    {"[{kind: 123456789012345678901234567890123456789\xc3\xa4}]",
     "unknown kind of object '123456789012345678901234567890123456789?': use"},
    {"&o [*o]", "*o contains itself"},
    {"[{kind: duckie, pos: &p [1, *p]}]", "*p contains itself"},
    {"[&a {kind: duckie, pose: {~SE2Transform: *a}}]", "*a contains itself"},
    {"[*nothing]", "alias *nothing has no anchor"},
    {"[{kind: *kind, pos: [1, 1]}]", "alias *kind has no anchor"},
};

static void bad_objects_are_refused_with_file_and_line(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof REFUSALS / sizeof REFUSALS[0]; k++) {
        char text[512], wanted[256];
        imp_error err = {0};
        imp_world *world = NULL;
        snprintf(text, sizeof text, HEAD "objects: %s\n", REFUSALS[k][0]);
        snprintf(wanted, sizeof wanted, "some.yaml:5: %s", REFUSALS[k][1]);
        assert_int_equal(imp_world_parse(&world, text, strlen(text), "some.yaml", &err),
                         IMP_BAD_INPUT);
        assert_null(world);
        if (strncmp(err.message, wanted, strlen(wanted)) != 0)
            fail_msg("wanted '%s', got '%s'", wanted, err.message);
        assert_int_equal(imp_world_parse(&world, text, strlen(text), "some.yaml", NULL),
                         IMP_BAD_INPUT);
    }
}

static void too_many_objects_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *why;
        int allowed;
    } limits[] = {
        {"- {kind: cone, pos: [1, 1], scale: 0.001}\n", "more than 1024 objects", 1024},
        {"- {kind: trafficlight, pos: [1, 1]}\n", "more than 1024 objects", 1024},
        {"- {kind: floor_tag}\n", "4097 objects and floor tags are too many", 4096},
    };
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++) {
        const size_t length = strlen(limits[k].entry);
        char *text = malloc(256 + length * 5000);
        assert_non_null(text);
        size_t end = (size_t)sprintf(text, HEAD "objects:\n");
        for (int n = 0; n < limits[k].allowed; n++, end += length)
            memcpy(text + end, limits[k].entry, length);
        imp_error err = {0};
        imp_world *world;
        assert_ok(imp_world_parse(&world, text, end, "some.yaml", &err), err);
        imp_world_destroy(world);
        memcpy(text + end, limits[k].entry, length);
        assert_int_equal(imp_world_parse(&world, text, end + length, "some.yaml", &err),
                         IMP_BAD_INPUT);
        assert_non_null(strstr(err.message, limits[k].why));
        free(text);
    }
}

static void lights_are_green_for_one_direction_at_a_time(void **state)
{
    (void)state;
    const double quarter = IMP_PI / 2, eighth = IMP_PI / 4;
    for (int corner = 0; corner < 4; corner++)
        for (int pattern = 0; pattern < 2; pattern++) {
            imp_object_state light = {.heading = eighth + corner * quarter, .pattern = pattern};
            const bool along_columns = (corner < 2) == (pattern == 0);
            for (int turn = -4; turn < 8; turn++) {
                const bool green = imp_traffic_light_is_green(&light, turn * quarter + 0.2);
                assert_int_equal(green, (turn % 2 != 0) == along_columns);
            }
            light.heading -= 2 * IMP_PI;
            assert_int_equal(imp_traffic_light_is_green(&light, quarter), along_columns);
        }
}

static void objects_are_the_recorded_ones(void **state)
{
    (void)state;
    csv table = csv_open("objects.csv");
    imp_world *world = NULL;
    int rows = 0;
    for (; csv_next(&table); rows++) {
        imp_error err = {0};
        if (world == NULL || strcmp(world->name, table.field[0]) != 0) {
            imp_world_destroy(world);
            assert_ok(imp_world_load(&world, table.field[0], &err), err);
        }
        const int index = (int)csv_number(&table, 1);
        assert_in_range(index, 0, world->object_count - 1);
        const imp_object *o = &world->objects[index];
        assert_string_equal(o->kind == IMP_OBJECT_SIGN ? imp_sign_name(o->sign)
                                                       : imp_object_class_get(o->kind)->name,
                            table.field[2]);
        const double recorded[] = {o->position.x, o->position.z, o->heading, o->scale};
        for (int k = 0; k < 4; k++)
            assert_close(recorded[k], csv_number(&table, 3 + k), 1e-9);
        const bool stands = o->moving < 0 || o->kind == IMP_OBJECT_TRAFFIC_LIGHT;
        assert_int_equal(stands, csv_number(&table, 7) != 0);
        assert_int_equal(o->optional, csv_number(&table, 8) != 0);
        assert_int_equal(o->solid && stands, csv_number(&table, 9) != 0);
        for (int k = 0; k < 4; k++) {
            assert_close(o->box.corner[k].x, csv_number(&table, 10 + 2 * k), 1e-9);
            assert_close(o->box.corner[k].z, csv_number(&table, 11 + 2 * k), 1e-9);
        }
        assert_close(o->safety_radius, csv_number(&table, 18), 1e-9);
    }
    imp_world_destroy(world);
    fclose(table.file);
    assert_int_equal(rows, 118);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_placement_is_where_the_reference_puts_it),
        cmocka_unit_test(pos_counts_from_the_columns),
        cmocka_unit_test(every_kind_and_sign_is_read),
        cmocka_unit_test(keys_of_objects_are_read),
        cmocka_unit_test(extents_are_single_precision),
        cmocka_unit_test(no_objects_are_fine),
        cmocka_unit_test(bad_objects_are_refused_with_file_and_line),
        cmocka_unit_test(too_many_objects_are_refused),
        cmocka_unit_test(lights_are_green_for_one_direction_at_a_time),
        cmocka_unit_test(objects_are_the_recorded_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
