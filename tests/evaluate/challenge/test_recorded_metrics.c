// The challenge's own rules, recorded on eight trajectories: every metric, and sample by sample the
// lanes, the foot points and what each step adds. A thinned copy is kept with the tests; with the
// argument shared, the whole recording beside the project is compared.
#include "testing.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/common/vector2.h"
#include "golden_csv.h"
#include "imprint/challenge.h"

#define KEPT IMP_TEST_DATA "/golden/aido"
#define RECORDED IMP_SHARED "/golden/aido/metrics"

static const char *const NAMES[] = {
    "centre-loop", "crossing", "off-road",  "offset-loop",
    "stationary",  "u-turn",   "wrong-way", "zigzag-jitter",
};
enum { NAME_COUNT = sizeof NAMES / sizeof NAMES[0], SAMPLES_MAX = 512 };

static const double TOLERANCE = 1e-6;

typedef struct trajectory {
    imp_world *world;
    int count;
    double time[SAMPLES_MAX];
    imp_pose pose[SAMPLES_MAX];
} trajectory;

// Columns of steps.csv.
enum {
    TIME,
    LANES,
    TILE_I,
    TILE_J,
    LANE,
    LATERAL,
    ALONG,
    HEADING,
    FOOT_X,
    FOOT_Y,
    FOOT_ANGLE,
    DRIVEN,
    LANEDIR,
    CONSECUTIVE
};

static csv open_table(const char *folder, const char *name, const char *file)
{
    char path[512];
    csv table = {0};
    snprintf(path, sizeof path, "%s/%s/%s", folder, name, file);
    table.file = fopen(path, "r");
    if (table.file == NULL || !csv_next(&table))
        fail_msg("cannot read %s", path);
    return table;
}

static imp_pose world_pose(const imp_world *world, double x, double y, double angle)
{
    return (imp_pose){x, world->rows * world->tile_size - y, angle};
}

static void read_trajectory(trajectory *out, const char *folder, const char *name)
{
    char path[512];
    imp_error err = {0};
    snprintf(path, sizeof path, "%s/%s/map.yaml", folder, name);
    assert_ok(imp_world_load(&out->world, path, &err), err);
    csv table = open_table(folder, name, "trajectory.csv");
    for (out->count = 0; csv_next(&table); out->count++) {
        assert_true(out->count < SAMPLES_MAX);
        out->time[out->count] = csv_number(&table, 0);
        out->pose[out->count] = world_pose(out->world, csv_number(&table, 1), //
                                           csv_number(&table, 2), csv_number(&table, 3));
    }
    fclose(table.file);
}

// "straight/lane2" is the second lane; a crossing has the lanes of its four entries a to d, each
// with the ways right, left and straight on.
static int lane_number(const char *name)
{
    static const char *const WAYS[] = {"go_right", "go_left", "go_straight"};
    const char *last = strrchr(name, '/') + 1;
    for (int way = 0; way < 3; way++)
        if (strcmp(last, WAYS[way]) == 0)
            return 3 * (last[-2] - 'a') + way;
    assert_int_equal(strncmp(last, "lane", 4), 0);
    return (int)strtol(last + 4, NULL, 10) - 1;
}

// What adding sample k + 1 adds to a metric.
static void compare_step(const csv *row, const trajectory *way, int k, const imp_metrics *before,
                         const imp_metrics *after)
{
    static const struct {
        imp_metric metric;
        int column;
    } ADDED[] = {{IMP_METRIC_DRIVEN, DRIVEN},
                 {IMP_METRIC_LANE, LANEDIR},
                 {IMP_METRIC_CONSECUTIVE, CONSECUTIVE}};
    imp_legal_lane lanes[IMP_LEGAL_LANES_MAX];
    int count = imp_legal_lanes_at_pose(way->world, way->pose[k], lanes);
    assert_int_equal(count, (int)csv_number(row, LANES));
    if (count > 0) {
        const imp_world *world = way->world;
        imp_pose closest = world_pose(world, csv_number(row, FOOT_X), csv_number(row, FOOT_Y),
                                      csv_number(row, FOOT_ANGLE));
        assert_int_equal(lanes[0].lane, lane_number(row->field[LANE]));
        assert_int_equal(lanes[0].tile % world->columns, (int)csv_number(row, TILE_I));
        assert_int_equal(world->rows - 1 - lanes[0].tile / world->columns,
                         (int)csv_number(row, TILE_J));
        assert_close(lanes[0].lateral, csv_number(row, LATERAL), TOLERANCE);
        assert_close(lanes[0].along, csv_number(row, ALONG), TOLERANCE);
        assert_close(lanes[0].heading, csv_number(row, HEADING), TOLERANCE);
        assert_close(lanes[0].closest.x, closest.x, TOLERANCE);
        assert_close(lanes[0].closest.z, closest.z, TOLERANCE);
        assert_close(imp_wrap_angle(lanes[0].closest.heading - closest.heading), 0.0, TOLERANCE);
    }
    for (int a = 0; a < 3 && k + 1 < way->count; a++)
        assert_close(after->value[ADDED[a].metric] - before->value[ADDED[a].metric],
                     csv_number(row, ADDED[a].column), TOLERANCE);
}

static void compare_totals(const imp_metrics *metrics, const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/expected.json", folder, name);
    json_t *expected = json_load_file(path, 0, NULL);
    assert_non_null(expected);
    for (int m = 0; m < IMP_METRIC_COUNT; m++) {
        const json_t *value = json_object_get(expected, imp_metric_key(m));
        assert_true(json_is_number(value));
        assert_close(metrics->value[m], json_number_value(value), TOLERANCE);
    }
    json_decref(expected);
}

static void compare_recording(const char *folder, const char *name)
{
    static trajectory way;
    imp_error err = {0};
    imp_metrics_tracker *meter;
    imp_metrics before, after = {0};
    read_trajectory(&way, folder, name);
    assert_ok(imp_metrics_tracker_create(&meter, way.world, &err), err);
    csv steps = open_table(folder, name, "steps.csv");
    bool more = csv_next(&steps);
    imp_metrics_tracker_add_pose(meter, way.time[0], way.pose[0]);
    for (int k = 0; k < way.count; k++) {
        before = imp_metrics_tracker_read(meter);
        if (k + 1 < way.count)
            imp_metrics_tracker_add_pose(meter, way.time[k + 1], way.pose[k + 1]);
        after = imp_metrics_tracker_read(meter);
        if (more && csv_number(&steps, TIME) == way.time[k]) {
            if (k > 1)
                compare_step(&steps, &way, k, &before, &after);
            more = csv_next(&steps);
        }
    }
    assert_false(more);
    compare_totals(&after, folder, name);
    fclose(steps.file);
    imp_metrics_tracker_destroy(meter);
    imp_world_destroy(way.world);
}

static void kept_recordings(void **state)
{
    (void)state;
    for (int n = 0; n < NAME_COUNT; n++)
        compare_recording(KEPT, NAMES[n]);
}

static void whole_recordings(void **state)
{
    (void)state;
    for (int n = 0; n < NAME_COUNT; n++)
        compare_recording(RECORDED, NAMES[n]);
}

int main(int argc, char **argv)
{
    (void)argv;
    const struct CMUnitTest kept[] = {cmocka_unit_test(kept_recordings)};
    const struct CMUnitTest shared[] = {cmocka_unit_test(whole_recordings)};
    return argc > 1 ? run_shared("golden/aido/metrics", shared, NULL, NULL)
                    : cmocka_run_group_tests(kept, NULL, NULL);
}
