// deploy/agent/robot_conversion.h: an agent on a robot whose camera and wheels are known.
#ifndef IMP_DEPLOY_AGENT_ROBOT_CONVERSION_H
#define IMP_DEPLOY_AGENT_ROBOT_CONVERSION_H

#include "deploy/agent/agent.h"

// Reads def->robot. Creates the agent's preprocessor for images of the robot's camera and a network
// that was trained with its own, and makes its commands fit the robot's wheels. Reports both.
imp_status imp_agent_adapt_to_robot(imp_agent *agent, const imp_agent_def *def,
                                    const imp_network *network, imp_error *err);

// Without def->robot: the network gets the numbers of the robot that it was trained for, or of the
// usual one. Reports that if it takes them.
imp_status imp_agent_assume_robot(imp_agent *agent, const imp_agent_def *def,
                                  const imp_network *network, imp_error *err);

#endif
