// sim/world/objects.h: what follows from an object's kind, size and place.
#ifndef IMP_SIM_WORLD_OBJECTS_H
#define IMP_SIM_WORLD_OBJECTS_H

#include "imprint/world.h"

// The footprint of an object, were it at another place.
imp_box imp_object_footprint_at(const imp_object *object, imp_vec2 position, double heading);

// Fills in box, safety_radius and spawn_distance of an object whose kind, scale and place are set.
void imp_object_compute_extents(imp_object *object);

#endif
