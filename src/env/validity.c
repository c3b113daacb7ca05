#include "base/vector.h"
#include "imprint/env.h"

bool imp_env_valid_pose(const imp_world *world, imp_pose pose, double safety)
{
    imp_vec2 forward = imp_forward(pose.heading);
    imp_vec2 side = imp_vec2_scale(imp_vec2_right(forward), 0.5 * IMP_ROBOT_WIDTH * safety);
    imp_vec2 ahead = imp_vec2_scale(forward, 0.5 * IMP_ROBOT_LENGTH * safety);
    imp_vec2 centre = {pose.x + IMP_CENTRE_FORWARD * forward.x,
                       pose.z + IMP_CENTRE_FORWARD * forward.z};
    return imp_world_drivable_at(world, centre.x, centre.z) &&
           imp_world_drivable_at(world, centre.x - side.x, centre.z - side.z) &&
           imp_world_drivable_at(world, centre.x + side.x, centre.z + side.z) &&
           imp_world_drivable_at(world, centre.x + ahead.x, centre.z + ahead.z);
}
