// Predicts the state in which a command will act, by simulating the pending commands in a copy of
// the drive, and inverts the motor model of src/sim/robot/drive.c. The simulator uses the same
// equations, so with the true drive the prediction is exact.
#include "sim/expert/drive_model.h"

#include <math.h>

imp_predicted_state imp_drive_model_predict(const imp_env *env)
{
    imp_drive drive = env->drive;
    imp_pose pose = env->pose;
    // step a copy until the command recorded next is applied; keep the state before that
    const int number = drive.recorded;
    imp_predicted_state state = {pose, drive.speed, drive.turn_rate, 0.0};
    for (int step = 0; step <= IMP_MAX_DELAY_STEPS; step++) {
        imp_drive_step(&drive, &pose, (imp_action){0.0, 0.0});
        if (drive.applied_index >= number)
            break;
        state = (imp_predicted_state){pose, drive.speed, drive.turn_rate, 0.0};
    }
    return state;
}

imp_action imp_drive_model_invert(const imp_drive_def *drive, double rate,
                                  imp_predicted_state state, double speed, double turn_rate)
{
    // difference of the duty cycles sets the turn acceleration, their sum the steady speed
    double change = fmax(IMP_TURN_DAMPING, rate) * (turn_rate - state.turn_rate);
    double difference =
        (change + IMP_TURN_DAMPING * state.turn_rate) / imp_drive_turn_acceleration_gain(drive);
    double sum = speed * IMP_SPEED_DAMPING / imp_drive_acceleration_gain(drive);
    // the trim turns the robot in proportion to the sum
    difference -= drive->trim * sum;
    difference = fmax(-2.0, fmin(2.0, difference));
    // turning has priority; the sum gets the rest of the range
    double room = 2.0 - fabs(difference);
    sum = fmax(-room, fmin(room, sum));
    return imp_action_clip((imp_action){0.5 * (sum - difference), 0.5 * (sum + difference)});
}
