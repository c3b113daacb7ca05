// cli/robot_commands/robot_print.h: a robot's numbers and a fit for people and as JSON.
#ifndef IMP_CLI_ROBOT_COMMANDS_ROBOT_PRINT_H
#define IMP_CLI_ROBOT_COMMANDS_ROBOT_PRINT_H

#include <jansson.h>

#include "imprint/robot_fit.h"

void imp_robot_print(const imp_robot_def *robot, const imp_robot_remarks *remarks);
json_t *imp_robot_json(const imp_robot_def *robot, const imp_robot_remarks *remarks);

void imp_robot_fit_print(const imp_robot_fit *fit);
json_t *imp_robot_fit_json(const imp_robot_fit *fit);

#endif
