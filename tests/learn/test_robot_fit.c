// Fits of robots to simulated drives whose truth is known, with the poses as they are and with the
// noise of odometry.
#include "learn/learn_fixture.h"

#include <math.h>

#include "base/common/vector2.h"
#include "data/rosbag/bag_writer.h"
#include "imprint/import_export.h"
#include "imprint/robot_fit.h"

// A robot that differs from the usual one in all that is fitted.
static imp_robot_def true_robot(void)
{
    imp_robot_def robot = imp_default_robot_def();
    robot.wheels = (imp_wheels){
        .gain = 0.8, .trim = 0.06, .k = 27, .limit = 1, .radius = 0.0318, .baseline = 0.1};
    robot.delay = 0.1;
    robot.camera.pitch = 0.28;
    robot.known = IMP_ROBOT_WHEELS | IMP_ROBOT_TIMING | IMP_ROBOT_EXTRINSIC;
    return robot;
}

static char *collect_with(const imp_robot_def *robot)
{
    char *path = path_of("drives"), text[IMP_ROBOT_TEXT_MAX];
    imp_collect_def def = small_collect(4, 360);
    def.sim.camera.width = 80;
    def.sim.camera.height = 60;
    def.noise = 0.1;
    def.sim.env.accept_start_angle = 0.5;
    imp_robot_set_camera_and_drive(robot, &def.sim.camera, &def.sim.env.drive);
    def.sim.robot = imp_robot_format(robot, text);
    collect(path, &def);
    return path;
}

// The same episodes with noisy poses [m], [rad].
static char *copy_with_noise(const char *from, double noise, double turn_noise)
{
    imp_dataset *dataset;
    imp_dataset_writer *writer;
    imp_error err = {0};
    int written;
    char *to = path_of("noisy");
    imp_random random = imp_random_stream(3, 0, 0, IMP_PURPOSE_TEST);
    assert_ok(imp_dataset_open(&dataset, from, &err), err);
    assert_ok(imp_dataset_writer_create(&writer, to, imp_dataset_get_info(dataset), false, &written,
                                        &err),
              err);
    for (int k = 0; k < imp_dataset_episode_count(dataset); k++) {
        imp_episode episode = *imp_dataset_episode(dataset, k);
        const size_t values = 3 * ((size_t)episode.steps + 1);
        double *poses = malloc(values * sizeof *poses);
        assert_non_null(poses);
        for (size_t n = 0; n < values; n++)
            poses[n] =
                episode.poses[n] + imp_random_normal(&random) * (n % 3 == 2 ? turn_noise : noise);
        episode.poses = poses;
        assert_ok(imp_dataset_writer_add(writer, &episode, &err), err);
        free(poses);
    }
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    imp_dataset_close(dataset);
    return to;
}

static void assert_found(const imp_fit_estimate *e, double truth, double tolerance)
{
    assert_true(e->known);
    assert_true(e->low <= e->value && e->value <= e->high);
    assert_close(e->value, truth, tolerance);
}

// Whether the interval, widened by what the grid and the filter leave, holds the truth.
static void assert_inside(const imp_fit_estimate *e, double truth, double margin)
{
    if (!(e->low - margin <= truth && truth <= e->high + margin))
        fail_msg("%g is not within %g to %g", truth, e->low, e->high);
}

static void finds_what_was_simulated(void **state)
{
    (void)state;
    const imp_robot_def truth = true_robot();
    imp_robot_fit_def def = imp_default_robot_fit_def();
    imp_robot_fit fit;
    imp_error err = {0};
    char *drives = collect_with(&truth);
    assert_ok(imp_robot_fit_run(&fit, (const char *[]){drives}, 1, &def, NULL, &err), err);
    assert_found(&fit.gain, 0.8, 0.002);
    assert_found(&fit.trim, 0.06, 0.001);
    assert_found(&fit.baseline, 0.1, 0.0005);
    assert_found(&fit.delay, 0.1, 0.003);
    assert_found(&fit.pitch, 0.28, 0.01);
    assert_string_equal(fit.reason, "");
    assert_close(fit.robot.wheels.trim, fit.trim.value, 0.0);
    // odometry with 1 mm and 0.3 degrees of noise in every pose
    char *noisy = copy_with_noise(drives, 0.001, 0.005);
    assert_ok(imp_robot_fit_run(&fit, (const char *[]){noisy}, 1, &def, NULL, &err), err);
    assert_found(&fit.gain, 0.8, 0.01);
    assert_found(&fit.trim, 0.06, 0.01);
    assert_true(fit.trim.high - fit.trim.low > 1e-4);
    assert_inside(&fit.gain, 0.8, 0.001);
    assert_inside(&fit.trim, 0.06, 0.001);
    assert_inside(&fit.delay, 0.1, 0.002);
    free(noisy);
    free(drives);
}

enum { CAMERA, WHEELS, ODOMETRY, LEFT, RIGHT };

static void put_connections(byte_buffer *chunk)
{
    static const char wheels[] = "duckietown_msgs/WheelsCmdStamped";
    static const char encoder[] = "duckietown_msgs/WheelEncoderStamped";
    put_connection(chunk, CAMERA, "/bot/camera_node/image", "sensor_msgs/Image");
    put_connection(chunk, WHEELS, "/bot/wheels_driver_node/wheels_cmd", wheels);
    put_connection(chunk, ODOMETRY, "/bot/deadreckoning_node/odom", "nav_msgs/Odometry");
    put_connection(chunk, LEFT, "/bot/left_wheel_encoder_node/tick", encoder);
    put_connection(chunk, RIGHT, "/bot/right_wheel_encoder_node/tick", encoder);
}

// A pose with noise of 1 mm and 0.3 degrees.
static void put_noisy_odometry(byte_buffer *chunk, uint64_t now, const double pose[3],
                               imp_random *random)
{
    const double x = pose[0] + 0.001 * imp_random_normal(random);
    const double y = -pose[1] + 0.001 * imp_random_normal(random);
    put_odometry(chunk, ODOMETRY, now, x, y, pose[2] + 0.005 * imp_random_normal(random));
}

// Writes the drives of a dataset as a robot would have recorded them: its camera every 1/30 s, its
// commands 20 ms before the images from which they count, as they were sent to the wheels; and its
// odometry with noise, or whole ticks of its encoders.
static void write_as_bag(const char *path, const char *drives, const imp_robot_def *truth,
                         bool encoders)
{
    const uint64_t step = UINT64_C(33333333), early = UINT64_C(20000000);
    const double radians_per_tick = 2.0 * IMP_PI / 135.0;
    uint64_t now = UINT64_C(1600000000000000000);
    byte_buffer *bag = byte_buffer_create();
    imp_random random = imp_random_stream(5, 0, 0, IMP_PURPOSE_TEST);
    imp_dataset *dataset;
    imp_error err = {0};
    assert_ok(imp_dataset_open(&dataset, drives, &err), err);
    put_start(bag, 0);
    for (int k = 0; k < imp_dataset_episode_count(dataset); k++, now += UINT64_C(5000000000)) {
        const imp_episode *episode = imp_dataset_episode(dataset, k);
        byte_buffer *chunk = byte_buffer_create();
        double ways[2] = {0.0, 0.0};
        put_connections(chunk);
        for (int t = 0; t <= episode->steps; t++, now += step) {
            const double *p = episode->poses + 3 * (size_t)t;
            put_image(chunk, CAMERA, now, 4, 4, 90);
            if (!encoders) {
                put_noisy_odometry(chunk, now, p, &random);
            } else {
                const int32_t ticks[2] = {(int32_t)floor(ways[0] / radians_per_tick),
                                          (int32_t)floor(ways[1] / radians_per_tick)};
                put_ticks(chunk, LEFT, now, ticks[0]);
                put_ticks(chunk, RIGHT, now, ticks[1]);
            }
            if (t == episode->steps)
                break;
            const float *a = episode->actions + 2 * (size_t)t;
            const imp_action sent =
                imp_wheels_correct_action(&truth->wheels, (imp_action){(double)a[0], (double)a[1]});
            put_command(chunk, WHEELS, now - early, (float)sent.left, (float)sent.right);
            const double moved = imp_hypot(p[3] - p[0], p[4] - p[1]);
            const double turned = 0.5 * truth->wheels.baseline * imp_wrap_angle(p[5] - p[2]);
            ways[0] += (moved - turned) / truth->wheels.radius;
            ways[1] += (moved + turned) / truth->wheels.radius;
        }
        put_chunk(bag, chunk, "none");
        free(chunk);
    }
    imp_dataset_close(dataset);
    write_bag(path, bag);
    free(bag);
}

// Commands that are 20 ms older than their images take 20 ms longer than the images say.
static void bags_with_odometry_tell_the_wheels(void **state)
{
    (void)state;
    const imp_robot_def truth = true_robot();
    const imp_robot_fit_def def = imp_default_robot_fit_def();
    imp_import_def import = imp_default_import_def();
    imp_error err = {0};
    char *drives = collect_with(&truth), *bag = path_of("drive.bag");
    import.width = import.height = 4;
    for (int encoders = 0; encoders < 2; encoders++) {
        char *data = path_of(encoders ? "by-encoders" : "by-odometry");
        imp_import_summary summary;
        imp_robot_fit fit;
        write_as_bag(bag, drives, &truth, encoders == 1);
        assert_ok(imp_import_rosbag(&summary, (const char *[]){bag}, 1, data, &import, NULL, &err),
                  err);
        assert_close(summary.command_age, 0.02, 0.001);
        assert_int_equal(summary.episodes, 4);
        assert_ok(imp_robot_fit_run(&fit, (const char *[]){data}, 1, &def, NULL, &err), err);
        assert_found(&fit.gain, 0.8, 0.005);
        assert_found(&fit.trim, 0.06, 0.003);
        assert_found(&fit.delay, 0.12, 0.003);
        assert_inside(&fit.gain, 0.8, 0.001);
        assert_inside(&fit.trim, 0.06, 0.001);
        assert_inside(&fit.delay, 0.12, 0.001);
        // encoders know of turns only what the import assumed: the usual distance of the wheels
        assert_found(&fit.baseline, encoders == 1 ? 0.102 : 0.1, 0.001);
        free(data);
    }
    free(bag);
    free(drives);
}

static void drives_that_say_nothing_are_refused(void **state)
{
    (void)state;
    imp_robot_fit_def def = imp_default_robot_fit_def();
    imp_robot_fit fit;
    imp_error err = {0};
    char *drives = path_of("short");
    imp_collect_def collected = small_collect(1, 40);
    collect(drives, &collected);
    assert_int_equal(imp_robot_fit_run(&fit, (const char *[]){drives}, 1, &def, NULL, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "record longer drives"));
    def.confidence = 1.0;
    assert_int_equal(imp_robot_fit_run(&fit, (const char *[]){drives}, 1, &def, NULL, &err),
                     IMP_USAGE);
    free(drives);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_what_was_simulated, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(bags_with_odometry_tell_the_wheels, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(drives_that_say_nothing_are_refused, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
