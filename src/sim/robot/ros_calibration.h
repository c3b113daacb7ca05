// sim/robot/ros_calibration.h: a camera's calibration from the numbers of ROS's
// sensor_msgs/CameraInfo.
#ifndef IMP_SIM_ROBOT_ROS_CALIBRATION_H
#define IMP_SIM_ROBOT_ROS_CALIBRATION_H

#include "imprint/robot.h"

// matrix: K, row-major 3 x 3. distortion: k1, k2, p1, p2, k3. projection (nullable): P, row-major
// 3 x 4; without one, rectified images get imp_lens_rectified_pinhole(). ROS counts pixels from the
// centre of the first one, imprint from its corner.
imp_calibration imp_calibration_from_ros(int width, int height, const double matrix[9],
                                         const double distortion[5], const double *projection);

#endif
