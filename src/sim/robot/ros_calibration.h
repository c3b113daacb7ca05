// sim/robot/ros_calibration.h: a camera's calibration from the numbers of ROS's
// sensor_msgs/CameraInfo.
#ifndef IMP_SIM_ROBOT_ROS_CALIBRATION_H
#define IMP_SIM_ROBOT_ROS_CALIBRATION_H

#include "base/yaml/yaml_tree.h"
#include "imprint/robot.h"

enum { IMP_ROS_COEFFICIENTS_MAX = 8 };

// Finds the lens model with this name in ROS; false if there is none that has `count` coefficients.
bool imp_lens_model_from_ros(imp_lens_model *out, const char *name, size_t length, int count);

// matrix: K, row-major 3 x 3. distortion: D, as many as the model has, the rest 0. projection
// (nullable): P, row-major 3 x 4; without one, rectified images get imp_lens_rectified_pinhole().
// ROS counts pixels from the centre of the first one, imprint from its corner.
imp_calibration imp_calibration_from_ros(imp_lens_model model, int width, int height,
                                         const double matrix[9],
                                         const double distortion[IMP_ROS_COEFFICIENTS_MAX],
                                         const double *projection);

// Reads the calibration whose keys a map of a YAML file holds.
imp_status imp_calibration_parse(imp_calibration *out, const imp_yaml *yaml, int node);

#endif
