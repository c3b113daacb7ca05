// sim/env/collision.h: distances to footprints, and iteration over the static objects near a point.
#ifndef IMP_SIM_ENV_COLLISION_H
#define IMP_SIM_ENV_COLLISION_H

#include "imprint/env.h"

// Distance of a point from a rectangle [m]; 0 inside.
double imp_box_point_distance(const imp_box *box, imp_vec2 point);

// Iterates over the solid, static objects present in this episode that may matter to a robot at a
// point.
typedef struct imp_obstacle_iterator {
    const imp_env *env;
    const int *next, *end; // NULL off the grid: then all objects are visited
    int number;
} imp_obstacle_iterator;

imp_obstacle_iterator imp_obstacle_iterator_at(const imp_env *env, double x, double z);
const imp_object *
imp_obstacle_iterator_next(imp_obstacle_iterator *obstacles); // NULL after the last

// The first object that is closer to a position than its spawn_distance, or NULL.
const imp_object *imp_env_find_spawn_blocker(const imp_env *env, imp_vec2 position);

#endif
