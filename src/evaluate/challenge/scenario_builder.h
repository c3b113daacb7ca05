// evaluate/challenge/scenario_builder.h: adds robots and objects to a map with the distributions of
// the challenge's scenario generation (duckietown-world).
#ifndef IMP_EVALUATE_CHALLENGE_SCENARIO_BUILDER_H
#define IMP_EVALUATE_CHALLENGE_SCENARIO_BUILDER_H

#include "imprint/challenge.h"

enum { IMP_SCENARIO_OBJECTS_MAX = 512 };

// An object to be added to a map.
typedef struct imp_scenario_object {
    imp_object_kind kind;
    imp_sign sign; // if kind is a sign
    imp_pose pose;
    double height; // [m]
    bool drives;   // an autonomous car
} imp_scenario_object;

typedef struct imp_scenario_builder {
    const imp_world *world; // the map without additions
    imp_random random;
    imp_pose robots[8]; // the player's first, then the other cars
    int robot_count;
    imp_scenario_object added[IMP_SCENARIO_OBJECTS_MAX];
    int count;
} imp_scenario_builder;

// Draws a start pose for the player or another car. It lies 0.2 tiles into the lane of a straight
// tile (or of any tile), within 0.04 m and 40 degrees of the lane, and 0.5 m from other robots.
// Fails with IMP_BAD_INPUT if none is found.
imp_status imp_scenario_builder_add_robot(imp_scenario_builder *builder, bool any_lane,
                                          imp_error *err);

// Adds a car at each robot's pose except the first, which is the player's.
void imp_scenario_builder_add_other_robots(imp_scenario_builder *builder);

// Adds duckies 0.04 to 0.1 m to the right of a lane's centre, with random heading, 0.3 m from each
// other and 0.4 m from robots.
imp_status imp_scenario_builder_add_duckies(imp_scenario_builder *builder, int count,
                                            imp_error *err);

// Adds signs around every intersection.
void imp_scenario_builder_add_signs(imp_scenario_builder *builder);

// Adds `density` trees per tile of floor or grass, more of them near the road, 0.4 m from each
// other. Unlike the original ones they never reach over the road.
void imp_scenario_builder_add_trees(imp_scenario_builder *builder, double density);

// Writes the map with its additions as the text of a map file. The caller frees *out.
imp_status imp_scenario_builder_map_text(const imp_scenario_builder *builder, char **out,
                                         size_t *length, imp_error *err);

#endif
