/// imprint/robot_fit.h: estimates a robot's gain, trim, delay and the pitch of its camera from
/// recorded drives.
#ifndef IMPRINT_ROBOT_FIT_H
#define IMPRINT_ROBOT_FIT_H

#include "imprint/robot_file.h"

IMP_API_BEGIN

/// Settings of a fit. Obtain with imp_default_robot_fit_def(), then change fields.
typedef struct imp_robot_fit_def {
    imp_robot_def robot; ///< what is known already: its k, radius, baseline, lens and camera height
    double confidence;   ///< of the intervals; 0.95
    double skip;         ///< beginning of an episode that is left out [s]; 1
    double pitch_range; ///< the pitch is sought within this of the robot's [rad]; 8 degrees. 0: not
    uint64_t seed;      ///< of the resampling; 1
    int cookie;
} imp_robot_fit_def;

imp_robot_fit_def imp_default_robot_fit_def(void);

/// An estimate and its confidence interval.
typedef struct imp_fit_estimate {
    bool known; ///< whether the drives tell it
    double value, low, high;
} imp_fit_estimate;

/// Result of a fit.
typedef struct imp_robot_fit {
    imp_robot_def robot;         ///< the given one with what was found
    imp_fit_estimate gain, trim; ///< as Duckietown's calibration has them
    imp_fit_estimate baseline;   ///< [m], that explains how fast the robot turns
    imp_fit_estimate delay;      ///< [s]
    imp_fit_estimate pitch;      ///< [rad]
    double speed_error;          ///< root mean square of the speed's residual [m/s]
    double turn_error;           ///< of the turn rate's [rad/s]
    int64_t steps, image_pairs;  ///< that were used
    char reason[200];            ///< why something is unknown; "" if nothing is
} imp_robot_fit;

/// Fits the drive model of imprint/robot.h to datasets (count) with poses: the speed is linear in
/// the gain, the turn rate in gain and trim, once the delay is chosen, which is the one with the
/// least squared error. Then the camera's pitch is the one at which the ground looks the same from
/// where the robot was and from where it went. Intervals come from resampling parts of 2 s. The
/// datasets' actions are taken as the duty cycles that were sent, or, if a dataset carries a robot,
/// as corrected for its wheels. Imported bags say how old commands were at their images, by which
/// the delay is longer. Fails with IMP_BAD_INPUT if no dataset has poses, or the robot
/// hardly moved, with IMP_IO, IMP_NO_MEMORY and IMP_INTERRUPTED.
imp_status imp_robot_fit_run(imp_robot_fit *out, const char *const *datasets, int count,
                             const imp_robot_fit_def *def, const imp_monitor *monitor,
                             imp_error *err);

IMP_API_END

#endif
