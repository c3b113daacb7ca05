// A robot's wheel calibration. Duckietown's kinematics turn a forward speed v and a turn rate w
// into duty cycles: right (gain + trim) (v + w b / 2) / (r k), left (gain - trim) (v - w b / 2) /
// (r k). Policies act for the default wheels. Their duty cycles become speeds by the default
// kinematics, and the robot's duty cycles by its own.
#include <math.h>

#include "imprint/robot.h"

imp_wheels imp_default_wheels(void)
{
    return (imp_wheels){.gain = 1.0,
                        .trim = 0.0,
                        .k = 27.0,
                        .limit = 1.0,
                        .radius = IMP_WHEEL_RADIUS,
                        .baseline = IMP_WHEEL_DISTANCE};
}

void imp_wheels_set_matching_drive(const imp_wheels *wheels, imp_drive_def *drive)
{
    const imp_wheels *w = wheels;
    drive->trim = -w->trim / w->gain;
    drive->gain = w->k / imp_default_wheels().k * w->gain / (w->gain * w->gain - w->trim * w->trim);
    drive->wheel_radius = w->radius;
    drive->wheel_distance = w->baseline;
}

imp_action imp_wheels_correct_action(const imp_wheels *wheels, imp_action action)
{
    double speed, turn_rate;
    imp_velocity_from_action(action, &speed, &turn_rate);
    const double half = 0.5 * turn_rate * wheels->baseline, wheel = wheels->radius * wheels->k;
    const double right = (wheels->gain + wheels->trim) * (speed + half) / wheel;
    const double left = (wheels->gain - wheels->trim) * (speed - half) / wheel;
    // both wheels slow down together, so that the radius of the curve stays
    const double largest = fmax(fabs(left), fabs(right));
    const double share = largest > wheels->limit ? wheels->limit / largest : 1.0;
    return (imp_action){share * left, share * right};
}

imp_action imp_wheels_normalise_action(const imp_wheels *wheels, imp_action action)
{
    const double wheel = wheels->radius * wheels->k;
    const double right = action.right * wheel / (wheels->gain + wheels->trim);
    const double left = action.left * wheel / (wheels->gain - wheels->trim);
    // the speeds of the wheels on the ground, then those of default wheels of the same robot
    const double speed = 0.5 * (right + left), turn_rate = (right - left) / wheels->baseline;
    const imp_wheels standard = imp_default_wheels();
    const double half = 0.5 * turn_rate * standard.baseline;
    return (imp_action){.left = (speed - half) / (standard.radius * standard.k),
                        .right = (speed + half) / (standard.radius * standard.k)};
}
