// sim/robot/robot_reader.h: reads a robot's numbers from YAML.
#ifndef IMP_SIM_ROBOT_ROBOT_READER_H
#define IMP_SIM_ROBOT_ROBOT_READER_H

#include "base/yaml/yaml_tree.h"
#include "imprint/robot_file.h"

// Adds what a document says to a robot: a file of ours, or one of Duckietown's. Its
// camera_intrinsic must have been read before its camera_extrinsic.
imp_status imp_robot_read_document(imp_robot_def *robot, imp_robot_remarks *remarks,
                                   const imp_yaml *yaml);

#endif
