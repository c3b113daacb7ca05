// Fits of robots to simulated drives whose truth is known, with the poses as they are and with the
// noise of odometry.
#include "learn/learn_fixture.h"

#include "base/common/vector2.h"
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
    imp_robot_apply(robot, &def.sim.camera, &def.sim.env.drive);
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
        cmocka_unit_test_setup_teardown(drives_that_say_nothing_are_refused, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
