// What must hold of the metrics whatever the numbers: they do not depend on where a map lies, a
// robot cannot drive farther than its motors, and the ranking is an order.
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "base/common/vector2.h"
#include "evaluate/challenge/legal_lanes.h"
#include "golden_csv.h"
#include "imprint/challenge.h"

enum { SAMPLES_MAX = 512, TEXT_MAX = 4096, SIDE_MAX = 12 };

// Tiles by column and row counted from the lower left, and a way over them in the frame of map
// files (y upwards).
typedef struct map_and_path {
    double size;
    int columns, rows;
    char kind[SIDE_MAX][SIDE_MAX][16]; // [column][row]
    int quarters[SIDE_MAX][SIDE_MAX];  // counter-clockwise from orientation E
    int count;
    double t[SAMPLES_MAX], x[SAMPLES_MAX], y[SAMPLES_MAX], angle[SAMPLES_MAX];
} map_and_path;

static void read_map_and_path(map_and_path *out, const char *name)
{
    static const int QUARTERS[] = {3, 0, 1, 2}; // of S, E, N, W
    char path[512];
    imp_world *world;
    imp_error err = {0};
    snprintf(path, sizeof path, "%s/golden/aido/%s/map.yaml", IMP_TEST_DATA, name);
    assert_ok(imp_world_load(&world, path, &err), err);
    *out = (map_and_path){.size = world->tile_size, .columns = world->columns, .rows = world->rows};
    for (int i = 0; i < world->columns; i++)
        for (int j = 0; j < world->rows; j++) {
            const imp_tile *tile = &world->tiles[(world->rows - 1 - j) * world->columns + i];
            snprintf(out->kind[i][j], sizeof out->kind[i][j], "%s", imp_tile_kind_name(tile->kind));
            out->quarters[i][j] = QUARTERS[tile->orientation];
        }
    imp_world_destroy(world);
    snprintf(path, sizeof path, "aido/%s/trajectory.csv", name);
    for (csv table = csv_open(path); csv_next(&table) || (fclose(table.file), false);) {
        out->t[out->count] = csv_number(&table, 0);
        out->x[out->count] = csv_number(&table, 1);
        out->y[out->count] = csv_number(&table, 2);
        out->angle[out->count++] = csv_number(&table, 3);
    }
}

static imp_metrics measure_metrics(const map_and_path *way)
{
    char text[TEXT_MAX];
    int used = snprintf(text, sizeof text, "tile_size: %.17g\ntiles:\n", way->size);
    for (int j = way->rows - 1; j >= 0; j--)
        for (int i = 0; i < way->columns; i++)
            used += snprintf(text + used, sizeof text - (size_t)used, "%s%s/%c%s",
                             i == 0 ? "  - [" : ", ", way->kind[i][j],
                             "ENWS"[way->quarters[i][j] & 3], i + 1 == way->columns ? "]\n" : "");
    imp_error err = {0};
    imp_world *world;
    imp_metrics_tracker *meter;
    assert_ok(imp_world_parse(&world, text, (size_t)used, "town", &err), err);
    assert_ok(imp_metrics_tracker_create(&meter, world, &err), err);
    const double height = way->rows * way->size;
    for (int k = 0; k < way->count; k++)
        imp_metrics_tracker_add_pose(meter, way->t[k],
                                     (imp_pose){way->x[k], height - way->y[k], way->angle[k]});
    imp_metrics metrics = imp_metrics_tracker_read(meter);
    imp_metrics_tracker_destroy(meter);
    imp_world_destroy(world);
    return metrics;
}

// The same town a quarter turn on, counter-clockwise.
static void rotate_map_and_path(map_and_path *to, const map_and_path *from)
{
    *to = *from;
    to->columns = from->rows;
    to->rows = from->columns;
    for (int i = 0; i < from->columns; i++)
        for (int j = 0; j < from->rows; j++) {
            memcpy(to->kind[from->rows - 1 - j][i], from->kind[i][j], sizeof from->kind[i][j]);
            to->quarters[from->rows - 1 - j][i] = from->quarters[i][j] + 1;
        }
    for (int k = 0; k < from->count; k++) {
        to->x[k] = from->rows * from->size - from->y[k];
        to->y[k] = from->x[k];
        to->angle[k] = imp_wrap_angle(from->angle[k] + IMP_PI / 2);
    }
}

// The same town with more floor to its left and below it.
static void shift_map_and_path(map_and_path *to, const map_and_path *from, int columns, int rows)
{
    *to = *from;
    to->columns = from->columns + columns;
    to->rows = from->rows + rows;
    for (int i = 0; i < to->columns; i++)
        for (int j = 0; j < to->rows; j++) {
            bool old = i >= columns && j >= rows;
            snprintf(to->kind[i][j], sizeof to->kind[i][j], "%s",
                     old ? from->kind[i - columns][j - rows] : "floor");
            to->quarters[i][j] = old ? from->quarters[i - columns][j - rows] : 0;
        }
    for (int k = 0; k < from->count; k++) {
        to->x[k] = from->x[k] + columns * from->size;
        to->y[k] = from->y[k] + rows * from->size;
    }
}

static void assert_same(const imp_metrics *a, const imp_metrics *b)
{
    // the challenge's single precision is another one elsewhere
    const double tolerance = 5e-5;
    for (int m = 0; m < IMP_METRIC_COUNT; m++)
        assert_close(a->value[m], b->value[m], tolerance);
}

static void metrics_move_with_the_map(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"offset-loop", "crossing", "u-turn", "off-road",
                                        "zigzag-jitter"};
    static map_and_path here, there, turned;
    for (int n = 0; n < 5; n++) {
        read_map_and_path(&here, NAMES[n]);
        const imp_metrics wanted = measure_metrics(&here);
        assert_true(wanted.value[IMP_METRIC_LANE] > 0.1);
        there = here;
        for (int quarter = 1; quarter < 4; quarter++) {
            rotate_map_and_path(&turned, &there);
            there = turned;
            imp_metrics metrics = measure_metrics(&there);
            assert_same(&metrics, &wanted);
        }
        shift_map_and_path(&there, &here, 3, 2);
        imp_metrics metrics = measure_metrics(&there);
        assert_same(&metrics, &wanted);
    }
}

static imp_world *parse(const char *text)
{
    imp_world *world;
    imp_error err = {0};
    assert_ok(imp_world_parse(&world, text, strlen(text), "test", &err), err);
    return world;
}

static const char ROAD[] = "tile_size: 0.5\ntiles:\n  - [straight/E, straight/E, straight/E]\n";

static void distances_need_two_intervals(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = parse(ROAD);
    imp_metrics_tracker *meter;
    assert_ok(imp_metrics_tracker_create(&meter, world, &err), err);
    const imp_metrics none = imp_metrics_tracker_read(meter);
    for (int m = 0; m < IMP_METRIC_COUNT; m++)
        assert_true(none.value[m] == 0.0);
    const double z = 0.25 + 0.22 * 0.5; // the centre of the lane to the right
    for (int k = 0; k < 3; k++) {
        const bool counts = k == 2;
        imp_metrics_tracker_add_pose(meter, 0.1 * k, (imp_pose){0.1 + 0.02 * k, z, 0.0});
        const imp_metrics metrics = imp_metrics_tracker_read(meter);
        assert_close(metrics.value[IMP_METRIC_SURVIVAL], 0.1 * k, 1e-12);
        assert_close(metrics.value[IMP_METRIC_DRIVEN], counts ? 0.04 : 0.0, 1e-12);
        assert_close(metrics.value[IMP_METRIC_LANE], counts ? 0.04 : 0.0, 1e-6);
        assert_close(metrics.value[IMP_METRIC_FROM_START], 0.02 * k, 1e-12);
    }
    imp_metrics_tracker_reset(meter);
    const imp_metrics again = imp_metrics_tracker_read(meter);
    for (int m = 0; m < IMP_METRIC_COUNT; m++)
        assert_true(again.value[m] == 0.0);
    imp_metrics_tracker_destroy(meter);
    imp_world_destroy(world);
}

static void lanes_hold_what_is_in_them(void **state)
{
    (void)state;
    imp_legal_lane lanes[IMP_LEGAL_LANES_MAX];
    imp_world *world = parse(ROAD);
    const double right = 0.25 + 0.22 * 0.5, left = 0.25 - 0.22 * 0.5, half = 0.188 * 0.5;
    assert_int_equal(imp_legal_lanes_at_pose(world, (imp_pose){0.7, right, 0.1}, lanes), 1);
    assert_int_equal(lanes[0].tile, 1);
    assert_close(lanes[0].along, 0.4, 1e-6);
    assert_close(lanes[0].heading, 0.1, 1e-12);
    // the opposite lane, facing it and against it
    assert_int_equal(imp_legal_lanes_at_pose(world, (imp_pose){0.7, left, 0.0}, lanes), 0);
    assert_int_equal(imp_legal_lanes_at_pose(world, (imp_pose){0.7, left, IMP_PI}, lanes), 1);
    assert_int_equal(lanes[0].lane, 1);
    // its edges, and across it
    assert_int_equal(
        imp_legal_lanes_at_pose(world, (imp_pose){0.7, right + half - 1e-4, 0.0}, lanes), 1);
    assert_int_equal(
        imp_legal_lanes_at_pose(world, (imp_pose){0.7, right + half + 1e-4, 0.0}, lanes), 0);
    assert_int_equal(imp_legal_lanes_at_pose(world, (imp_pose){0.7, right, 1.57}, lanes), 1);
    assert_int_equal(imp_legal_lanes_at_pose(world, (imp_pose){0.7, right, 1.58}, lanes), 0);
    // where tiles meet, the lane that begins has it, whichever way one drives
    assert_int_equal(imp_legal_lanes_at_pose(world, (imp_pose){0.5, right, 0.0}, lanes), 1);
    assert_int_equal(lanes[0].tile, 1);
    assert_int_equal(imp_legal_lanes_at_pose(world, (imp_pose){0.5, left, IMP_PI}, lanes), 1);
    assert_int_equal(lanes[0].tile, 0);
    // off the grid, and nowhere
    assert_int_equal(imp_legal_lanes_at_pose(world, (imp_pose){-0.01, right, 0.0}, lanes), 0);
    assert_int_equal(imp_legal_lanes_at_pose(world, (imp_pose){NAN, right, 0.0}, lanes), 0);
    imp_world_destroy(world);
}

// Whether the simulator has a lane that begins and ends near these points.
static bool simulator_has(const imp_world *world, imp_pose begin, imp_pose end)
{
    const double near = 0.04; // 0.22 tiles from the middle here, 0.20 there
    for (int k = 0; k < world->tiles[0].curve_count; k++) {
        const imp_curve *curve = &world->curves[world->tiles[0].first_curve + k];
        if (hypot(curve->p[0].x - begin.x, curve->p[0].z - begin.z) < near &&
            hypot(curve->p[3].x - end.x, curve->p[3].z - end.z) < near)
            return true;
    }
    return false;
}

// Every lane goes where one of the simulator's goes, and holds the robot that drives in it.
static void lanes_go_where_the_simulator_s_go(void **state)
{
    (void)state;
    static const char *const KINDS[] = {"straight", "curve_left", "curve_right", "3way_left",
                                        "4way"};
    imp_legal_lane lanes[IMP_LEGAL_LANES_MAX];
    for (int n = 0; n < 20; n++) {
        char text[64];
        snprintf(text, sizeof text, "tile_size: 1\ntiles:\n  - [%s/%c]\n", KINDS[n / 4],
                 "SENW"[n % 4]);
        imp_world *world = parse(text);
        assert_int_equal(imp_legal_lane_count(world, 0), world->tiles[0].curve_count);
        for (int lane = 0; lane < imp_legal_lane_count(world, 0); lane++) {
            const double length = imp_legal_lane_length(world, 0, lane);
            assert_true(simulator_has(world, imp_legal_lane_pose(world, 0, lane, 0.0),
                                      imp_legal_lane_pose(world, 0, lane, length)));
            for (double along = 0.01; along < length; along += 0.1) {
                int held = 0;
                int count = imp_legal_lanes_at_pose(
                    world, imp_legal_lane_pose(world, 0, lane, along), lanes);
                for (int k = 0; k < count; k++)
                    held += lanes[k].lane == lane && fabs(lanes[k].lateral) < 1e-5 &&
                            fabs(lanes[k].heading) < 1e-5 && fabs(lanes[k].along - along) < 1e-5;
                assert_int_equal(held, 1);
            }
        }
        imp_world_destroy(world);
    }
}

static void a_crossing_offers_three_ways(void **state)
{
    (void)state;
    imp_legal_lane lanes[IMP_LEGAL_LANES_MAX];
    imp_world *world = parse("tile_size: 1\ntiles:\n  - [4way]\n");
    static const imp_pose ENTRIES[] = {{0.001, 0.72, 0.0},
                                       {0.72, 0.999, IMP_PI / 2},
                                       {0.999, 0.28, IMP_PI},
                                       {0.28, 0.001, -IMP_PI / 2}};
    for (int entry = 0; entry < 4; entry++) {
        assert_int_equal(imp_legal_lanes_at_pose(world, ENTRIES[entry], lanes), 3);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(lanes[k].lane / 3, entry);
            assert_close(lanes[k].lateral, 0.0, 1e-3);
            assert_close(lanes[k].heading, 0.0, 1e-2);
            assert_true(k == 0 || fabs(lanes[k - 1].heading) <= fabs(lanes[k].heading));
        }
    }
    imp_world_destroy(world);
}

// Straight over a crossing in the right lane, then into the wrong one, then to its middle and no
// farther, in and out of a lane.
static void crossings_are_legal_or_not(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = parse("tile_size: 1\ntiles:\n  - [straight/E, 4way, straight/E]\n");
    imp_metrics_tracker *meter;
    assert_ok(imp_metrics_tracker_create(&meter, world, &err), err);
    static const struct {
        double before, after, end; // z on the first half of the way and after, x of its end
        int count, legal;
    } ways[] = {{0.72, 0.72, 2.9, 1, 1}, {0.72, 0.28, 2.9, 1, 0}, {0.28, 0.28, 2.9, 1, 0},
                {0.72, 0.72, 1.6, 0, 0}, {0.72, 0.95, 1.6, 1, 0}, {0.72, 0.72, 0.9, 0, 0}};
    for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
        imp_metrics_tracker_reset(meter);
        for (double x = 0.1; x < ways[k].end; x += 0.02)
            imp_metrics_tracker_add_pose(
                meter, x, (imp_pose){x, x < 1.5 ? ways[k].before : ways[k].after, 0.0});
        const imp_crossing_counts crossings = imp_metrics_tracker_count_crossings(meter);
        assert_int_equal(crossings.count, ways[k].count);
        assert_int_equal(crossings.legal, ways[k].legal);
    }
    imp_metrics_tracker_destroy(meter);
    imp_world_destroy(world);
}

// Back over the same road in its other lane: that way counts along lanes, but not for those who
// want to get somewhere; a second lap in the same lane does.
static void turning_back_does_not_count(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = parse(ROAD);
    imp_metrics_tracker *meter;
    assert_ok(imp_metrics_tracker_create(&meter, world, &err), err);
    const double there = 0.25 + 0.22 * 0.5, back = 0.25 - 0.22 * 0.5;
    double time = 0.0;
    for (int lap = 0; lap < 2; lap++)
        for (int k = 0; k <= 100; k++, time += 0.1) {
            bool home = k > 50;
            double x = home ? 1.1 - (k - 51) * 0.02 : 0.1 + k * 0.02;
            imp_metrics_tracker_add_pose(meter, time,
                                         (imp_pose){x, home ? back : there, home ? IMP_PI : 0.0});
        }
    imp_metrics metrics = imp_metrics_tracker_read(meter);
    assert_close(metrics.value[IMP_METRIC_LANE], 4.0, 0.05);
    assert_close(metrics.value[IMP_METRIC_CONSECUTIVE], 2.0, 0.05);
    imp_metrics_tracker_destroy(meter);
    imp_world_destroy(world);
}

static void progress_is_bounded_by_motor_speed(void **state)
{
    (void)state;
    enum { TILES = 64 };
    char text[64 * TILES] = "tile_size: 0.585\ntiles:\n  - [straight";
    for (int k = 1; k < TILES; k++)
        strcat(text, ", straight");
    strcat(text, "]\n");
    imp_error err = {0};
    imp_world *world = parse(text);
    imp_metrics_tracker *meter;
    static imp_env env;
    imp_env_def def = imp_default_env_def();
    imp_scenario scenario = {"long", world, {0.1, 0.585 * 0.72, 0.0}};
    imp_scenario_configure_env(&scenario, &def);
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    assert_ok(imp_env_reset(&env, 0, &err), err);
    assert_ok(imp_metrics_tracker_create(&meter, world, &err), err);
    double time = 0.0;
    for (imp_step step = {0}; !step.truncated; time += 0.05) {
        assert_false(step.terminated);
        imp_metrics_tracker_add_pose(meter, time, env.pose);
        step = imp_env_step(&env, (imp_action){1.0, 1.0});
    }
    imp_metrics_tracker_add_pose(meter, time, env.pose);
    imp_metrics metrics = imp_metrics_tracker_read(meter);
    assert_true(metrics.value[IMP_METRIC_SURVIVAL] == 59.99999999999873);
    assert_true(metrics.value[IMP_METRIC_DRIVEN] <= 35.8);
    assert_true(metrics.value[IMP_METRIC_DRIVEN] > 35.7);
    // far from the origin, the challenge's single precision is off by half a micrometre a step
    assert_close(metrics.value[IMP_METRIC_LANE], metrics.value[IMP_METRIC_DRIVEN], 1e-3);
    imp_metrics_tracker_destroy(meter);
    imp_world_destroy(world);
}

static void medians_are_numpy_s(void **state)
{
    (void)state;
    imp_metrics episodes[5] = {0};
    const double values[] = {3.0, -1.0, 7.0, 2.0, 2.0};
    for (int e = 0; e < 5; e++)
        episodes[e].value[IMP_METRIC_DRIVEN] = values[e];
    imp_metrics_summary four = imp_metrics_summarise(episodes, 4);
    imp_metrics_summary five = imp_metrics_summarise(episodes, 5);
    assert_close(four.median.value[IMP_METRIC_DRIVEN], 2.5, 0.0);
    assert_close(four.mean.value[IMP_METRIC_DRIVEN], 2.75, 0.0);
    assert_close(four.min.value[IMP_METRIC_DRIVEN], -1.0, 0.0);
    assert_close(four.max.value[IMP_METRIC_DRIVEN], 7.0, 0.0);
    assert_close(five.median.value[IMP_METRIC_DRIVEN], 2.0, 0.0);
    assert_close(imp_metrics_summarise(episodes, 1).median.value[IMP_METRIC_DRIVEN], 3.0, 0.0);
}

static imp_metrics_summary scores(double traveled, double survival, double lateral, double no_lane)
{
    imp_metrics_summary a = {0};
    a.median.value[IMP_METRIC_CONSECUTIVE] = traveled;
    a.median.value[IMP_METRIC_SURVIVAL] = survival;
    a.median.value[IMP_METRIC_LATERAL] = lateral;
    a.median.value[IMP_METRIC_NO_LANE] = no_lane;
    return a;
}

static void assert_before(imp_challenge challenge, imp_metrics_summary first,
                          imp_metrics_summary second)
{
    assert_true(imp_challenge_compare_results(challenge, &first, &second) < 0);
    assert_true(imp_challenge_compare_results(challenge, &second, &first) > 0);
}

static void ranking_goes_score_by_score(void **state)
{
    (void)state;
    assert_before(IMP_CHALLENGE_LF, scores(10, 5, 9, 9), scores(9, 60, 0, 0));
    assert_before(IMP_CHALLENGE_LFP, scores(9, 60, 9, 9), scores(10, 5, 0, 0));
    assert_before(IMP_CHALLENGE_LFI, scores(1, 60, 9, 1), scores(30, 60, 0, 2));
    // differences below a step do not count
    assert_before(IMP_CHALLENGE_LF, scores(10.0, 60, 1, 0), scores(10.1, 50, 1, 0));
    assert_before(IMP_CHALLENGE_LFV, scores(10, 59.2, 1, 0), scores(10, 60, 1.5, 0));
    imp_metrics_summary a = scores(10, 60, 1, 0), b = scores(10.05, 59.5, 1.001, 0.05);
    assert_int_equal(imp_challenge_compare_results(IMP_CHALLENGE_LF, &a, &b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_move_with_the_map),
        cmocka_unit_test(distances_need_two_intervals),
        cmocka_unit_test(lanes_hold_what_is_in_them),
        cmocka_unit_test(lanes_go_where_the_simulator_s_go),
        cmocka_unit_test(a_crossing_offers_three_ways),
        cmocka_unit_test(crossings_are_legal_or_not),
        cmocka_unit_test(turning_back_does_not_count),
        cmocka_unit_test(progress_is_bounded_by_motor_speed),
        cmocka_unit_test(medians_are_numpy_s),
        cmocka_unit_test(ranking_goes_score_by_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
