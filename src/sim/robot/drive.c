// The drive model: duckietown-world's "DB18" dynamics with a command delay. A ring buffer holds the
// last commands with their times; each substep applies the one that is due, updates the velocities
// by forward Euler and moves the pose along an arc. The order of operations follows the recordings
// of gym-duckietown, so that trajectories agree. A drive is a plain value; predictions copy it.
#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "imprint/robot.h"

enum { DRIVE_COOKIE = 0x0D21E, RING_SIZE = IMP_MAX_DELAY_STEPS + 1 };

imp_action imp_action_clip(imp_action action)
{
    // fmin() would turn NaN into full throttle; it means stop
    return (imp_action){isnan(action.left) ? 0.0 : fmax(-1.0, fmin(1.0, action.left)),
                        isnan(action.right) ? 0.0 : fmax(-1.0, fmin(1.0, action.right))};
}

// Angular velocity of a wheel at duty cycle 1 [rad/s].
static const double MOTOR_CONSTANT = 27.0;

imp_action imp_action_from_velocity(double speed, double turn_rate)
{
    // wheel speeds: forward speed minus or plus half the turning speed
    double half = 0.5 * turn_rate * IMP_WHEEL_DISTANCE;
    return imp_action_clip((imp_action){
        .left = (speed - half) / IMP_WHEEL_RADIUS / MOTOR_CONSTANT,
        .right = (speed + half) / IMP_WHEEL_RADIUS / MOTOR_CONSTANT,
    });
}

void imp_velocity_from_action(imp_action action, double *speed, double *turn_rate)
{
    const double wheel = IMP_WHEEL_RADIUS * MOTOR_CONSTANT;
    *speed = 0.5 * wheel * (action.right + action.left);
    *turn_rate = wheel * (action.right - action.left) / IMP_WHEEL_DISTANCE;
}

imp_action imp_action_from_network(const float outputs[2], bool velocities)
{
    return velocities ? imp_action_from_velocity((double)outputs[0], (double)outputs[1])
                      : imp_action_clip((imp_action){(double)outputs[0], (double)outputs[1]});
}

imp_drive_def imp_default_drive_def(void)
{
    return (imp_drive_def){.delay = 0.15,
                           .trim = 0.0,
                           .gain = 1.0,
                           .wheel_radius = IMP_WHEEL_RADIUS,
                           .wheel_distance = IMP_WHEEL_DISTANCE,
                           .time_step = IMP_TIME_STEP,
                           .substeps = 1,
                           .wheels = imp_default_wheels(),
                           .cookie = DRIVE_COOKIE};
}

void imp_drive_reset(imp_drive *drive, const imp_drive_def *def)
{
    *drive = (imp_drive){.def = *def, .applied_index = -1};
}

// Duration of a substep [s].
static double get_substep_duration(const imp_drive_def *def)
{
    return def->time_step / def->substeps;
}

// Distance in time between `time` and a command. A command counts at its stamp and, with substeps,
// at the beginning of each later substep of its time step.
static double time_to_command(const imp_drive *drive, int number, double time)
{
    // the command was stamped at the beginning of its time step
    double stamp = drive->command_times[number % RING_SIZE];
    if (drive->def.substeps == 1)
        return fabs(stamp - time);
    double last = stamp + (drive->def.substeps - 1) * get_substep_duration(&drive->def);
    return fmax(0.0, fmax(stamp - time, time - last));
}

// Number of the command that acts in a substep ending at `now`, or -1 before the first is due.
static int find_delayed_command_index(const imp_drive *drive, double now)
{
    double target = now - drive->def.delay;
    if (target < 0.0)
        return -1;
    // search backwards from the newest; distances first fall, then grow
    int best = drive->recorded - 1;
    double best_distance = time_to_command(drive, best, target);
    // the ring holds at most RING_SIZE commands; earlier ones are overwritten
    int oldest = drive->recorded > RING_SIZE ? drive->recorded - RING_SIZE : 0;
    for (int number = best - 1; number >= oldest; number--) {
        double distance = time_to_command(drive, number, target);
        if (distance >= best_distance)
            break;
        best = number;
        best_distance = distance;
    }
    return best;
}

// Scales the nominal acceleration by gain and wheel size.
static double motor_gain_factor(const imp_drive_def *def)
{
    return def->gain * (def->wheel_radius / IMP_WHEEL_RADIUS);
}

double imp_drive_acceleration_gain(const imp_drive_def *def)
{
    return IMP_ACCELERATION_GAIN * motor_gain_factor(def);
}

double imp_drive_turn_acceleration_gain(const imp_drive_def *def)
{
    return IMP_TURN_ACCELERATION_GAIN * motor_gain_factor(def) *
           (IMP_WHEEL_DISTANCE / def->wheel_distance);
}

void imp_drive_update_velocities(const imp_drive_def *def, imp_action applied, double *speed,
                                 double *turn_rate)
{
    if (def->corrects_wheels)
        applied = imp_wheels_correct_action(&def->wheels, applied);
    // trim strengthens one side in turning only, as in DB18
    double right = (1.0 + def->trim) * applied.right, left = (1.0 - def->trim) * applied.left;
    double ahead = imp_drive_acceleration_gain(def), aside = imp_drive_turn_acceleration_gain(def);
    // both accelerations from the old velocities, then one Euler step
    double speed_rate = -IMP_SPEED_DAMPING * *speed + ahead * applied.right + ahead * applied.left;
    double turn_acceleration = -IMP_TURN_DAMPING * *turn_rate + aside * right - aside * left;
    *speed += get_substep_duration(def) * speed_rate;
    *turn_rate += get_substep_duration(def) * turn_acceleration;
}

imp_pose imp_pose_integrate(imp_pose pose, double speed, double turn_rate, double dt)
{
    // exponential map of SE(2): displacement ahead and aside in the robot's frame
    double angle = turn_rate * dt, ahead = speed * dt, aside = 0.0;
    if (fabs(angle) > 1e-9) {
        const imp_sine_cosine arc = imp_sincos(angle);
        aside = ahead * (1.0 - arc.cosine) / angle;
        ahead *= arc.sine / angle;
    }
    // rotate it into the world's frame, where z points to the right of x
    const imp_sine_cosine at = imp_sincos(pose.heading);
    return (imp_pose){
        .x = pose.x + at.cosine * ahead - at.sine * aside,
        .z = pose.z - (at.sine * ahead + at.cosine * aside),
        .heading = imp_wrap_angle(pose.heading + angle),
    };
}

// Integrates one substep that ends at `now`.
static void integrate_drive_substep(imp_drive *drive, imp_pose *pose, double now)
{
    // no command acts during the first `delay` seconds
    drive->applied_index = find_delayed_command_index(drive, now);
    drive->applied = drive->applied_index < 0 ? (imp_action){0.0, 0.0}
                                              : drive->commands[drive->applied_index % RING_SIZE];
    imp_drive_update_velocities(&drive->def, drive->applied, &drive->speed, &drive->turn_rate);
    *pose = imp_pose_integrate(*pose, drive->speed, drive->turn_rate,
                               get_substep_duration(&drive->def));
}

void imp_drive_step(imp_drive *drive, imp_pose *pose, imp_action command)
{
    // record the command, clipped
    int slot = drive->recorded % RING_SIZE;
    double begin = drive->time;
    drive->commands[slot] = imp_action_clip(command);
    drive->command_times[slot] = begin;
    drive->recorded++;
    // the last substep ends at the accumulated time exactly, so that rounding agrees with
    // gym-duckietown
    drive->time += drive->def.time_step;
    for (int k = 1; k < drive->def.substeps; k++)
        integrate_drive_substep(drive, pose, begin + k * get_substep_duration(&drive->def));
    integrate_drive_substep(drive, pose, drive->time);
}

// Commands keep their times, but no longer do anything.
void imp_drive_stop(imp_drive *drive)
{
    drive->speed = 0.0;
    drive->turn_rate = 0.0;
    for (int k = 0; k < RING_SIZE; k++)
        drive->commands[k] = (imp_action){0.0, 0.0};
}
