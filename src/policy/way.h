// policy/way.h: a way out of a tight place, found by a search and driven stop by stop.
#ifndef IMP_POLICY_WAY_H
#define IMP_POLICY_WAY_H

#include "imprint/env.h"

enum { IMP_WAY_STOPS = 24 };

// Poses at which the robot stops, the first being where it stands. From each to the next it drives
// straight, ahead or back, or turns on the spot.
typedef struct imp_way {
    imp_pose stops[IMP_WAY_STOPS];
    int count;
} imp_way;

// How fast a way is driven.
typedef struct imp_way_limits {
    double speed;     // [m/s]
    double turn_rate; // [rad/s]
} imp_way_limits;

// The action that goes on along a way to stop *next, which moves on when the robot stands there.
// False at the end of the way.
bool imp_way_follow(const imp_way *way, int *next, const imp_env *env, imp_way_limits limits,
                    imp_action *out);

// How far the robot is beside the piece of a way that leads to a stop [m].
double imp_way_distance(const imp_way *way, int next, imp_pose pose);

// Working memory of a search.
typedef struct imp_way_search imp_way_search;

imp_way_search *imp_way_search_create(void);         // NULL without memory
void imp_way_search_destroy(imp_way_search *search); // nullable

// Looks for the shortest way from a pose to one near a lane that accept() takes; the objects of env
// stay where they are. Tries a limited number of such poses. False if there is none.
bool imp_way_find(imp_way_search *search, const imp_env *env, imp_pose from,
                  bool (*accept)(void *context, const imp_way *way), void *context, imp_way *out);

#endif
