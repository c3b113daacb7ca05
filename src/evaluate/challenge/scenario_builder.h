// evaluate/challenge/scenario_builder.h: what a challenge's scenario maker adds to a map, drawn as
// the real one draws it (facts of duckietown-world's scenario generation).
#ifndef IMP_EVALUATE_CHALLENGE_SCENARIO_BUILDER_H
#define IMP_EVALUATE_CHALLENGE_SCENARIO_BUILDER_H

#include "imprint/challenge.h"

enum { IMP_SCENARIO_OBJECTS_MAX = 512 };

// An object to be added to a map.
typedef struct imp_scenario_object {
    imp_object_kind kind;
    imp_sign sign; // of a sign
    imp_pose pose;
    double height; // [m]
    bool drives;   // a car of its own will
} imp_scenario_object;

typedef struct imp_scenario_builder {
    const imp_world *world; // without what is added
    imp_random random;
    imp_pose robots[8]; // the player's first, then the other cars
    int robot_count;
    imp_scenario_object added[IMP_SCENARIO_OBJECTS_MAX];
    int count;
} imp_scenario_builder;

// Draws a pose like those that the player and other cars start at: 0.2 tiles into the lane of a
// straight tile, or of any, within 0.04 m and 40 degrees of it, and 0.5 m away from other robots.
// Fails with IMP_BAD_INPUT if none is found.
imp_status imp_scenario_builder_add_robot(imp_scenario_builder *builder, bool any_lane,
                                          imp_error *err);

// Adds other cars where robots were placed, but for the first, who is the player.
void imp_scenario_builder_add_cars(imp_scenario_builder *builder);

// Adds duckies that stand 0.04 to 0.1 m to the right of a lane's centre, anyhow turned, 0.3 m from
// each other and 0.4 m from robots.
imp_status imp_scenario_builder_add_duckies(imp_scenario_builder *builder, int count,
                                            imp_error *err);

// Adds signs around every intersection.
void imp_scenario_builder_add_signs(imp_scenario_builder *builder);

// Adds trees on floor and grass, so many per tile of them, near the road rather than far from it
// and 0.4 m from each other. Unlike the real ones they never reach over the road.
void imp_scenario_builder_add_trees(imp_scenario_builder *builder, double density);

// The map with what was added, as the text of a map file. The caller frees *out.
imp_status imp_scenario_builder_map_text(const imp_scenario_builder *builder, char **out,
                                         size_t *length, imp_error *err);

#endif
