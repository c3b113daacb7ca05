// sim/robot/robot_remarks.h: adds remarks about a robot's numbers.
#ifndef IMP_SIM_ROBOT_ROBOT_REMARKS_H
#define IMP_SIM_ROBOT_ROBOT_REMARKS_H

#include "imprint/robot_file.h"

// Adds a line; nothing happens without a list, or once it is full.
void imp_robot_add_remark(imp_robot_remarks *remarks, bool fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
