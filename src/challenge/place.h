// challenge/place.h: what a challenge's scenario maker adds to a map, drawn as the real one draws
// it (facts of duckietown-world's scenario generation).
#ifndef IMP_CHALLENGE_PLACE_H
#define IMP_CHALLENGE_PLACE_H

#include "imprint/challenge.h"

enum { IMP_ADDED_MAX = 512 };

// An object to be added to a map.
typedef struct imp_added {
    imp_object_kind kind;
    imp_sign sign; // of a sign
    imp_pose pose;
    double height; // [m]
    bool drives;   // a car of its own will
} imp_added;

typedef struct imp_placing {
    const imp_world *world; // without what is added
    imp_random random;
    imp_pose robots[8]; // the player's first, then the other cars
    int robot_count;
    imp_added added[IMP_ADDED_MAX];
    int count;
} imp_placing;

// Draws a pose like those that the player and other cars start at: 0.2 tiles into the lane of a
// straight tile, or of any, within 0.04 m and 40 degrees of it, and 0.5 m away from other robots.
// Fails with IMP_BAD_INPUT if none is found.
imp_status imp_place_robot(imp_placing *placing, bool any_lane, imp_error *err);

// Adds other cars where robots were placed, but for the first, who is the player.
void imp_place_cars(imp_placing *placing);

// Adds duckies that stand 0.04 to 0.1 m to the right of a lane's centre, anyhow turned, 0.3 m from
// each other and 0.4 m from robots.
imp_status imp_place_duckies(imp_placing *placing, int count, imp_error *err);

// Adds signs around every intersection.
void imp_place_signs(imp_placing *placing);

// Adds trees on floor and grass, so many per tile of them, near the road rather than far from it
// and 0.4 m from each other. Unlike the real ones they never reach over the road.
void imp_place_trees(imp_placing *placing, double density);

// The map with what was added, as the text of a map file. The caller frees *out.
imp_status imp_placing_text(const imp_placing *placing, char **out, size_t *length, imp_error *err);

#endif
