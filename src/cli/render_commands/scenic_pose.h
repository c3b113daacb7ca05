// cli/render_commands/scenic_pose.h: a pose that shows much of a map.
#ifndef IMP_CLI_RENDER_COMMANDS_SCENIC_POSE_H
#define IMP_CLI_RENDER_COMMANDS_SCENIC_POSE_H

#include "imprint/world.h"

// Finds the pose on a lane with the longest view along the road, and objects in it. False if the
// world has no lane that an object leaves free.
bool imp_scenic_pose_find_longest_view(imp_pose *out, const imp_world *world);

#endif
