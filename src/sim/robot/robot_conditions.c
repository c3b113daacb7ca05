// A robot's numbers as a network meets them. Where commands are corrected for wheels, a drive that
// these wheels match is the usual one to whoever gives the commands; so the numbers say how the
// drive differs from the one that they match.
#include "imprint/robot.h"

void imp_conditions_set_robot(imp_conditions *conditions, const imp_drive_def *drive,
                              double camera_pitch, double camera_height)
{
    double *numbers = conditions->numbers;
    const imp_conditions usual = imp_usual_conditions();
    numbers[IMP_CONDITION_GAIN] = drive->gain;
    numbers[IMP_CONDITION_TRIM] = drive->trim;
    numbers[IMP_CONDITION_WHEEL_RADIUS] = drive->wheel_radius;
    numbers[IMP_CONDITION_WHEEL_DISTANCE] = drive->wheel_distance;
    numbers[IMP_CONDITION_DELAY] = drive->delay;
    numbers[IMP_CONDITION_CAMERA_PITCH] = camera_pitch;
    numbers[IMP_CONDITION_CAMERA_HEIGHT] = camera_height;
    if (!drive->corrects_wheels)
        return;
    imp_drive_def match = *drive;
    imp_wheels_set_matching_drive(&drive->wheels, &match);
    numbers[IMP_CONDITION_GAIN] /= match.gain;
    numbers[IMP_CONDITION_TRIM] -= match.trim;
    // equal lengths give a ratio of exactly 1
    numbers[IMP_CONDITION_WHEEL_RADIUS] =
        drive->wheel_radius / match.wheel_radius * usual.numbers[IMP_CONDITION_WHEEL_RADIUS];
    numbers[IMP_CONDITION_WHEEL_DISTANCE] =
        drive->wheel_distance / match.wheel_distance * usual.numbers[IMP_CONDITION_WHEEL_DISTANCE];
}
