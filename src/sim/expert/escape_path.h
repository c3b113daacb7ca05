// sim/expert/escape_path.h: a path out of a tight place, found by a search and driven stop by stop.
#ifndef IMP_SIM_EXPERT_ESCAPE_PATH_H
#define IMP_SIM_EXPERT_ESCAPE_PATH_H

#include "imprint/env.h"

enum { IMP_ESCAPE_STOPS_MAX = 24 };

// Poses at which the robot stops, the first being where it stands. From each to the next it drives
// straight, ahead or back, or turns on the spot.
typedef struct imp_escape_path {
    imp_pose stops[IMP_ESCAPE_STOPS_MAX];
    int count;
} imp_escape_path;

// How fast a path is driven.
typedef struct imp_escape_limits {
    double speed;     // [m/s]
    double turn_rate; // [rad/s]
} imp_escape_limits;

// The action that goes on along a path to stop *next, which moves on when the robot stands there.
// False at the end of the path.
bool imp_escape_path_follow(const imp_escape_path *path, int *next, const imp_env *env,
                            imp_escape_limits limits, imp_action *out);

// How far the robot is beside the piece of a path that leads to a stop [m].
double imp_escape_path_distance(const imp_escape_path *path, int next, imp_pose pose);

// Working memory of a search.
typedef struct imp_escape_search imp_escape_search;

imp_escape_search *imp_escape_search_create(void);         // NULL without memory
void imp_escape_search_destroy(imp_escape_search *search); // nullable

// Looks for the shortest path from a pose to one near a lane that accept() takes; the objects of
// env stay where they are. Tries a limited number of such poses. False if there is none.
bool imp_escape_path_find(imp_escape_search *search, const imp_env *env, imp_pose from,
                          bool (*accept)(void *context, const imp_escape_path *path), void *context,
                          imp_escape_path *out);

#endif
