// sim/world/box.h: oriented rectangles on the ground.
#ifndef IMP_SIM_WORLD_BOX_H
#define IMP_SIM_WORLD_BOX_H

#include "imprint/world.h"

// Returns the rectangle [min_x, max_x] x [min_z, max_z] [m] of an object's own frame (x ahead, z to
// the right), placed in the world at `position` with `heading` [rad].
imp_box imp_box_from_pose(imp_vec2 position, double heading, double min_x, double min_z,
                          double max_x, double max_z);

#endif
