#include "testing.h"

#include <math.h>

#include "csv.h"
#include "imprint/env.h"

enum {
    COL_MAP,
    COL_X,
    COL_Z,
    COL_HEADING,
    COL_DRIVABLE,
    COL_VALID_1_0,
    COL_VALID_1_3,
    COL_COLLISION,
    COL_PROXIMITY,
    COL_REWARD,
    COL_CURVE,
    COL_POINT_X,
    COL_POINT_Z,
    COL_TANGENT_X,
    COL_TANGENT_Z,
    COL_DISTANCE,
    COL_ALIGNMENT,
    COL_ANGLE
};

// Objects are left out: rows in which one collides say nothing about tiles, and the map with
// objects that shares the tiles of another is looked up there.
static const char *map_with_the_same_tiles(const char *map)
{
    if (strcmp(map, "loop_dyn_duckiebots") == 0) // one straight tile is turned round
        return IMP_TEST_DATA "/maps/loop_dyn_duckiebots.yaml";
    return strcmp(map, "loop_obstacles") == 0 ? "loop_empty" : map;
}

static void check_lane(const csv *row, const imp_world *world, imp_pose pose)
{
    imp_lane_position lane;
    bool in_lane = imp_world_lane_position(world, pose, &lane);
    assert_int_equal(in_lane, row->field[COL_CURVE][0] != '\0');
    if (!in_lane)
        return;
    const imp_tile *tile = imp_world_tile_at(world, pose.x, pose.z);
    assert_int_equal(lane.curve - tile->first_curve, (int)csv_number(row, COL_CURVE));
    assert_close(lane.point.x, csv_number(row, COL_POINT_X), 1e-9);
    assert_close(lane.point.z, csv_number(row, COL_POINT_Z), 1e-9);
    assert_close(lane.tangent.x, csv_number(row, COL_TANGENT_X), 1e-9);
    assert_close(lane.tangent.z, csv_number(row, COL_TANGENT_Z), 1e-9);
    assert_close(lane.distance, csv_number(row, COL_DISTANCE), 1e-9);
    assert_close(lane.alignment, csv_number(row, COL_ALIGNMENT), 1e-9);
    assert_close(lane.angle, csv_number(row, COL_ANGLE), 1e-9);
    double reward = 1.2 * lane.alignment - 10.0 * fabs(lane.distance);
    if (csv_number(row, COL_PROXIMITY) == 0.0)
        assert_close(reward, csv_number(row, COL_REWARD), 1e-9);
}

static void lanes_equal_the_recordings(void **state)
{
    (void)state;
    csv table = csv_open("lanes.csv");
    imp_world *world = NULL;
    char loaded[64] = "";
    int poses = 0, compared_validity = 0;
    while (csv_next(&table)) {
        imp_error err = {0};
        if (strcmp(loaded, table.field[COL_MAP]) != 0) {
            imp_world_destroy(world);
            assert_ok(imp_world_load(&world, map_with_the_same_tiles(table.field[COL_MAP]), &err),
                      err);
            snprintf(loaded, sizeof loaded, "%s", table.field[COL_MAP]);
        }
        imp_pose pose = {csv_number(&table, COL_X), csv_number(&table, COL_Z),
                         csv_number(&table, COL_HEADING)};
        assert_int_equal(imp_world_drivable_at(world, pose.x, pose.z),
                         (int)csv_number(&table, COL_DRIVABLE));
        check_lane(&table, world, pose);
        if (csv_number(&table, COL_COLLISION) == 0.0) {
            assert_int_equal(imp_env_valid_pose(world, pose, 1.0),
                             (int)csv_number(&table, COL_VALID_1_0));
            assert_int_equal(imp_env_valid_pose(world, pose, 1.3),
                             (int)csv_number(&table, COL_VALID_1_3));
            compared_validity++;
        }
        poses++;
    }
    fclose(table.file);
    imp_world_destroy(world);
    assert_int_equal(poses, 15 * 300);
    assert_true(compared_validity > 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lanes_equal_the_recordings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
