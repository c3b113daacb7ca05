// sim/world/box.h: oriented rectangles on the ground.
#ifndef IMP_SIM_WORLD_BOX_H
#define IMP_SIM_WORLD_BOX_H

#include "imprint/world.h"

// The rectangle from (min_x, min_z) to (max_x, max_z) in the frame of something that stands at
// `position` with that heading: x ahead, z to the right.
imp_box imp_box_from_pose(imp_vec2 position, double heading, double min_x, double min_z,
                          double max_x, double max_z);

#endif
