// sim/world/objects.h: footprint and distances of an object, from its kind, scale and pose.
#ifndef IMP_SIM_WORLD_OBJECTS_H
#define IMP_SIM_WORLD_OBJECTS_H

#include "imprint/world.h"

// The footprint that an object would have at another pose.
imp_box imp_object_footprint_at(const imp_object *object, imp_vec2 position, double heading);

// Fills in box, safety_radius and spawn_distance of an object whose kind, scale and place are set.
void imp_object_set_box_and_radii(imp_object *object);

#endif
