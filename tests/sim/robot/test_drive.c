#include "testing.h"

#include "base/common/vector2.h"
#include "golden_csv.h"
#include "imprint/robot.h"

// Every step of every recorded sequence: pose, velocities, and through them the delayed command.
static void drive_equals_the_recordings(void **state)
{
    (void)state;
    csv table = csv_open("dynamics.csv");
    imp_drive drive;
    imp_pose pose = {0};
    int steps = 0, sequences = 0;
    while (csv_next(&table)) {
        if (strcmp(table.field[3], "start") == 0) {
            imp_drive_def def = imp_default_drive_def();
            def.delay = csv_number(&table, 1);
            def.trim = csv_number(&table, 2);
            imp_drive_reset(&drive, &def);
            pose = (imp_pose){csv_number(&table, 6), csv_number(&table, 7), csv_number(&table, 8)};
            sequences++;
            continue;
        }
        imp_drive_step(&drive, &pose, (imp_action){csv_number(&table, 4), csv_number(&table, 5)});
        assert_close(pose.x, csv_number(&table, 6), 1e-9);
        assert_close(pose.z, csv_number(&table, 7), 1e-9);
        assert_close(imp_wrap_angle(pose.heading - csv_number(&table, 8)), 0.0, 1e-9);
        assert_close(drive.speed, csv_number(&table, 9), 1e-9);
        assert_close(drive.turn_rate, csv_number(&table, 10), 1e-9);
        steps++;
    }
    fclose(table.file);
    assert_int_equal(sequences, 28 + 4);
    assert_int_equal(steps, 28 * 300 + 4 * 100);
}

static void commands_are_clipped(void **state)
{
    (void)state;
    imp_action clipped = imp_action_clip((imp_action){-3.0, 1.5});
    assert_close(clipped.left, -1.0, 0.0);
    assert_close(clipped.right, 1.0, 0.0);
}

// To the left the right wheel is the faster one; both ways are inverse where nothing is clipped.
static void velocities_are_duty_cycles(void **state)
{
    (void)state;
    const double full = 27.0 * IMP_WHEEL_RADIUS; // [m/s] of a wheel at duty cycle 1
    const imp_action action = imp_action_from_velocity(0.3, 1.5);
    assert_close(action.left, (0.3 - 0.75 * IMP_WHEEL_DISTANCE) / full, 1e-12);
    assert_close(action.right, (0.3 + 0.75 * IMP_WHEEL_DISTANCE) / full, 1e-12);
    double speed, turn_rate;
    imp_velocity_from_action(action, &speed, &turn_rate);
    assert_close(speed, 0.3, 1e-12);
    assert_close(turn_rate, 1.5, 1e-12);
}

static void no_delay_longer_than_the_ring_is_lost(void **state)
{
    (void)state;
    imp_drive_def def = imp_default_drive_def();
    def.delay = IMP_MAX_DELAY_STEPS * def.time_step;
    imp_drive drive;
    imp_drive_reset(&drive, &def);
    imp_pose pose = {0};
    for (int k = 0; k < 100; k++) {
        imp_drive_step(&drive, &pose, (imp_action){0.01 * k, 0.0});
        if (drive.applied_index >= 0) {
            assert_in_range(k - drive.applied_index, IMP_MAX_DELAY_STEPS - 2, IMP_MAX_DELAY_STEPS);
            assert_close(drive.applied.left, 0.01 * drive.applied_index, 1e-15);
        }
    }
}

// AI-DO's simulator: steps of 0.05 s cut into 10, so that a command acts 0.15 s later to within one
// of them.
static void substeps_are_steps_whose_command_is_repeated(void **state)
{
    (void)state;
    imp_drive_def def = imp_default_drive_def();
    def.time_step = 0.05;
    def.substeps = 10;
    imp_drive drive;
    imp_drive_reset(&drive, &def);
    imp_pose pose = {0};
    const double keep = 1.0 - 5.0 * 0.005; // of the speed, from one substep to the next
    for (int step = 0; step < 3; step++)
        imp_drive_step(&drive, &pose, (imp_action){step == 0, step == 0});
    assert_close(drive.speed, 0.6 * (1.0 - keep), 1e-12);
    imp_drive_step(&drive, &pose, (imp_action){0, 0});
    assert_close(drive.speed, 0.6 * (1.0 - pow(keep, 10)) * keep, 1e-12);
    for (int step = 0; step < 60; step++)
        imp_drive_step(&drive, &pose, (imp_action){1, 1});
    assert_close(drive.speed, 0.6, 1e-6);

    imp_drive_stop(&drive);
    const imp_pose rest = pose;
    for (int step = 0; step < 10; step++)
        imp_drive_step(&drive, &pose, (imp_action){0, 0});
    assert_memory_equal(&rest, &pose, sizeof rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drive_equals_the_recordings),
        cmocka_unit_test(commands_are_clipped),
        cmocka_unit_test(velocities_are_duty_cycles),
        cmocka_unit_test(no_delay_longer_than_the_ring_is_lost),
        cmocka_unit_test(substeps_are_steps_whose_command_is_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
