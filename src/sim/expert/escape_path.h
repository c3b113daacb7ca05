// sim/expert/escape_path.h: a path out of a tight place, found by a search and driven from stop to
// stop.
#ifndef IMP_SIM_EXPERT_ESCAPE_PATH_H
#define IMP_SIM_EXPERT_ESCAPE_PATH_H

#include "imprint/env.h"

enum { IMP_ESCAPE_STOPS_MAX = 24 };

// Poses at which the robot stops; the first is where it stands. Between two stops it drives
// straight, ahead or back, or turns on the spot.
typedef struct imp_escape_path {
    imp_pose stops[IMP_ESCAPE_STOPS_MAX];
    int count;
} imp_escape_path;

// Velocity limits on a path.
typedef struct imp_escape_limits {
    double speed;     // [m/s]
    double turn_rate; // [rad/s]
} imp_escape_limits;

// Computes the next action towards stop *next, and advances *next once the robot stands there.
// False at the end of the path.
bool imp_escape_path_follow(const imp_escape_path *path, int *next, const imp_env *env,
                            imp_escape_limits limits, imp_action *out);

// Distance of the robot from the piece of a path that leads to a stop [m].
double imp_escape_path_distance_to_pose(const imp_escape_path *path, int next, imp_pose pose);

// Working memory of a search; about 1.3 MB.
typedef struct imp_escape_search imp_escape_search;

imp_escape_search *imp_escape_search_create(void);         // NULL without memory
void imp_escape_search_destroy(imp_escape_search *search); // nullable

// Finds the cheapest path from a pose to one near a lane for which accept() returns true. Objects
// stay where they are in env. accept() is called for a limited number of poses. False if no path is
// accepted.
bool imp_escape_path_find(imp_escape_search *search, const imp_env *env, imp_pose from,
                          bool (*accept)(void *context, const imp_escape_path *path), void *context,
                          imp_escape_path *out);

#endif
