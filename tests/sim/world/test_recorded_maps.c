// Maps against recordings of the reference: the built-in ones against what is kept of them with the
// tests, and with the argument shared, the reference's own files against the whole recordings.
#include "testing.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "imprint/world.h"

#define KEPT IMP_TEST_DATA "/golden/maps.json"
#define RECORDED IMP_SHARED "/golden/maps/"
#define REFERENCE IMP_SHARED "/reference-assets/maps/"

static const char *const MAPS[] = {
    "4way",
    "4way_bordered",
    "Caltech_loop01",
    "ETHZ_autolab_technical_track",
    "ETHZ_autolab_technical_track_bordered",
    "ETHZ_loop",
    "ETHZ_loop_bordered",
    "ETH_intersection_map",
    "ETH_large_loop",
    "ETH_small_intersect",
    "ETH_small_loop",
    "ETH_small_loop_1",
    "ETH_small_loop_2",
    "ETH_small_loop_2_bordered",
    "ETU_autolab_track",
    "MOOC_modcon",
    "TTIC_large_loop",
    "TTIC_loop",
    "calibration_map_ext",
    "calibration_map_int",
    "experiment_loop",
    "field1",
    "loop_dyn_duckiebots",
    "loop_empty",
    "loop_obstacles",
    "regress_4way_adam",
    "regress_4way_drivable",
    "robotarium2",
    "small_loop",
    "small_loop_bordered",
    "small_loop_cw",
    "straight_road",
    "straight_road_down",
    "udem1_empty",
    "zigzag_dists",
    "zigzag_dists_bordered",
};
enum { MAP_COUNT = sizeof MAPS / sizeof MAPS[0] };

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static double item(const json_t *array, size_t k)
{
    assert_true(k < json_array_size(array));
    return json_number_value(json_array_get(array, k));
}

static void check_curves(const imp_world *world, const imp_tile *tile, const json_t *curves)
{
    assert_int_equal(tile->curve_count, (int)json_array_size(curves));
    for (int k = 0; k < tile->curve_count; k++) {
        const json_t *points = json_array_get(curves, (size_t)k);
        for (size_t n = 0; n < 4; n++) {
            const json_t *point = json_array_get(points, n);
            imp_vec2 ours = world->curves[tile->first_curve + k].p[n];
            assert_close(ours.x, item(point, 0), 1e-9);
            assert_close(ours.z, item(point, 2), 1e-9);
        }
    }
}

static void check_world(const imp_world *world, const json_t *recorded)
{
    assert_close(world->tile_size, number(recorded, "tile_size"), 1e-9);
    assert_int_equal(world->columns, (int)number(recorded, "grid_width"));
    assert_int_equal(world->rows, (int)number(recorded, "grid_height"));
    size_t index;
    const json_t *entry;
    json_array_foreach(json_object_get(recorded, "tiles"), index, entry)
    {
        int i = (int)number(entry, "i"), j = (int)number(entry, "j");
        const imp_tile *tile = &world->tiles[j * world->columns + i];
        assert_string_equal(imp_tile_kind_name(tile->kind),
                            json_string_value(json_object_get(entry, "kind")));
        assert_int_equal(tile->orientation, (int)number(entry, "angle"));
        assert_int_equal(tile->drivable, json_is_true(json_object_get(entry, "drivable")));
        // where they are kept: once for each kind of tile in a map and each way that it is turned
        const json_t *curves = json_object_get(entry, "curves");
        if (curves != NULL)
            check_curves(world, tile, curves);
    }
    assert_int_equal((int)index, world->columns * world->rows);
    const json_t *order = json_object_get(recorded, "drivable_order");
    assert_int_equal(world->drivable_count, (int)json_array_size(order));
    json_array_foreach(order, index, entry)
    {
        int tile = (int)item(entry, 1) * world->columns + (int)item(entry, 0);
        assert_int_equal(world->drivable[index], tile);
    }
}

static void check_start(const imp_world *world, const json_t *recorded)
{
    const json_t *tile = json_object_get(recorded, "start_tile");
    assert_int_equal(world->has_start_tile, json_is_array(tile));
    if (world->has_start_tile) {
        assert_int_equal(world->start_tile[0], (int)item(tile, 0));
        assert_int_equal(world->start_tile[1], (int)item(tile, 1));
    }
    const json_t *pose = json_object_get(recorded, "start_pose");
    assert_int_equal(world->has_start_pose, json_is_array(pose));
    if (world->has_start_pose) {
        assert_close(world->start_pose.x, item(json_array_get(pose, 0), 0), 1e-9);
        assert_close(world->start_pose.z, item(json_array_get(pose, 0), 2), 1e-9);
        assert_close(world->start_pose.heading, item(pose, 1), 1e-9);
    }
}

static void check_corners(const imp_object *ours, const json_t *corners)
{
    for (size_t k = 0; k < 4; k++) {
        const json_t *corner = json_array_get(corners, k);
        assert_close(ours->box.corner[k].x, item(corner, 0), 1e-12);
        assert_close(ours->box.corner[k].z, item(corner, 1), 1e-12);
    }
}

// The reference's axes come in any order and sense; of a square they may be any.
static void check_axes(const imp_object *ours, const json_t *axes)
{
    const imp_object_class *c = imp_object_class_get(ours->kind);
    if (fabs((c->max_x - c->min_x) - (c->max_z - c->min_z)) < 1e-12)
        return;
    for (size_t k = 0; k < 2; k++) {
        const json_t *axis = json_array_get(axes, k);
        double x = item(axis, 0), z = item(axis, 1);
        double along = fabs(x * ours->box.axis[0].x + z * ours->box.axis[0].z);
        double across = fabs(x * ours->box.axis[1].x + z * ours->box.axis[1].z);
        assert_close(fmax(along, across), 1.0, 1e-12);
        assert_close(fmin(along, across), 0.0, 1e-12);
    }
}

static void check_object(const imp_world *world, const imp_object *ours, const json_t *recorded)
{
    const char *kind = json_string_value(json_object_get(recorded, "kind"));
    const imp_object_class *c = imp_object_class_get(ours->kind);
    if (ours->kind == IMP_OBJECT_SIGN)
        assert_string_equal(imp_sign_name(ours->sign), kind);
    else
        assert_string_equal(c->name, kind);
    const json_t *pos = json_object_get(recorded, "pos");
    assert_close(ours->position.x, item(pos, 0), 1e-12);
    assert_close(ours->position.z, item(pos, 2), 1e-12);
    assert_close(ours->heading, number(recorded, "angle"), 1e-12);
    assert_close(ours->scale, number(recorded, "scale"), 1e-12);
    bool stands = json_is_true(json_object_get(recorded, "static"));
    bool changes = !stands || ours->kind == IMP_OBJECT_TRAFFIC_LIGHT;
    assert_int_equal(ours->moving >= 0, changes);
    if (changes)
        assert_ptr_equal(&world->objects[world->moving[ours->moving]], ours);
    assert_int_equal(ours->solid && stands,
                     json_is_true(json_object_get(recorded, "collidable_static")));
    assert_int_equal(ours->optional, json_is_true(json_object_get(recorded, "optional")));
    check_corners(ours, json_object_get(recorded, "corners"));
    check_axes(ours, json_object_get(recorded, "norm"));
    assert_close(ours->safety_radius, number(recorded, "safety_radius"), 1e-12);
    const json_t *max = json_object_get(recorded, "mesh_max");
    double largest = fmax(fmax(item(max, 0), item(max, 1)), item(max, 2));
    assert_close(ours->spawn_distance, 0.25 + 0.5 * largest * ours->scale, 1e-12);
}

static void check_objects(const imp_world *world, const json_t *recorded)
{
    const json_t *objects = json_object_get(recorded, "objects"), *entry;
    size_t index;
    assert_int_equal(world->object_count, (int)json_array_size(objects));
    json_array_foreach(objects, index, entry) check_object(world, &world->objects[index], entry);
}

static json_t *load_recording(const char *map)
{
    char path[PATH_MAX];
    json_error_t problem;
    snprintf(path, sizeof path, RECORDED "%s.json", map);
    json_t *recorded = json_load_file(path, 0, &problem);
    if (recorded == NULL)
        fail_msg("%s: %s", path, problem.text);
    return recorded;
}

static void recorded_maps_are_read_alike(void **state)
{
    (void)state;
    for (int k = 0; k < MAP_COUNT; k++) {
        imp_error err = {0};
        imp_world *world;
        char path[PATH_MAX];
        snprintf(path, sizeof path, REFERENCE "%s.yaml", MAPS[k]);
        imp_status status = imp_world_load(&world, path, &err);
        assert_ok(status, err);
        json_t *recorded = load_recording(MAPS[k]);
        check_world(world, recorded);
        check_start(world, recorded);
        check_objects(world, recorded);
        json_decref(recorded);
        imp_world_destroy(world);
    }
}

static void builtin_maps_match_recordings(void **state)
{
    (void)state;
    json_t *kept = json_load_file(KEPT, 0, NULL);
    assert_int_equal(json_object_size(kept), 34);
    const char *map;
    json_t *recorded;
    json_object_foreach(kept, map, recorded)
    {
        imp_error err = {0};
        imp_world *world;
        assert_ok(imp_world_load(&world, map, &err), err);
        check_world(world, recorded);
        check_start(world, recorded);
        imp_world_destroy(world);
    }
    json_decref(kept);
}

int main(int argc, char **argv)
{
    (void)argv;
    const struct CMUnitTest kept[] = {cmocka_unit_test(builtin_maps_match_recordings)};
    const struct CMUnitTest shared[] = {cmocka_unit_test(recorded_maps_are_read_alike)};
    return argc > 1 ? run_shared("reference-assets/maps", shared, NULL, NULL)
                    : cmocka_run_group_tests(kept, NULL, NULL);
}
