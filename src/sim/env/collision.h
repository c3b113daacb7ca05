// sim/env/collision.h: what stands in the way: boxes, and the objects that stand still near a
// place.
#ifndef IMP_SIM_ENV_COLLISION_H
#define IMP_SIM_ENV_COLLISION_H

#include "imprint/env.h"

// How far a point is from a rectangle; 0 inside.
double imp_box_point_distance(const imp_box *box, imp_vec2 point);

// Goes through the solid objects that stand still, are there, and may matter to a robot at a place.
typedef struct imp_obstacle_iterator {
    const imp_env *env;
    const int *next, *end; // NULL off the grid, where all objects count
    int number;
} imp_obstacle_iterator;

imp_obstacle_iterator imp_obstacle_iterator_at(const imp_env *env, double x, double z);
const imp_object *
imp_obstacle_iterator_next(imp_obstacle_iterator *obstacles); // NULL after the last

// Whether a start at a position is too close to an object that is there.
const imp_object *imp_env_object_near_spawn(const imp_env *env, imp_vec2 position);

#endif
