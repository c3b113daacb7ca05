// evaluate/rollout/lane_progress.h: how far a robot gets along the road, and whether it is stalled.
#ifndef IMP_EVALUATE_ROLLOUT_LANE_PROGRESS_H
#define IMP_EVALUATE_ROLLOUT_LANE_PROGRESS_H

#include "evaluate/rollout/episode_loop.h"

// One robot in one episode. A plain value.
typedef struct imp_lane_progress {
    double before;        // along the lanes of the tiles that it has left [m]
    const imp_tile *tile; // that it is on; NULL off the grid
    const imp_tile *last; // that it was on before
    bool turned;          // whether it has turned round since it came onto a new tile
    imp_vec2 entry;       // where it came onto that tile
    double entry_heading; // [rad]
    imp_vec2 farthest;    // from there, where it has been on the tile
    double reach;         // how far that is [m]
    imp_vec2 position;    // after the last step
    double mark;          // the distance at which it last got ahead [m]
    double time;          // since the episode began [s]
    double checked;       // when it was last looked at [s]
    double idle;          // time without progress, waiting left out [s]
    bool stalled;
} imp_lane_progress;

void imp_lane_progress_begin(imp_lane_progress *progress, const imp_env *env);

// To be called after every step.
void imp_lane_progress_update(imp_lane_progress *progress, const imp_env *env);

// An observer that begins and updates *progress.
imp_episode_observer imp_lane_progress_observer(imp_lane_progress *progress);

// The net distance along lanes since the beginning [m]: forward counts positive, backward negative.
// A tile counts by where the robot came onto it and where it is, or left it: what is driven to and
// fro or in circles adds nothing. Only at the end of a road does turning round count, in and out.
double imp_lane_progress_distance(const imp_lane_progress *progress, const imp_env *env);

// Whether the robot stalled in an episode in which the expert got `expert` metres ahead: see
// IMP_STALL_TIME.
bool imp_lane_progress_stalled(const imp_lane_progress *progress, const imp_env *env,
                               double expert);

// What the expert makes of an episode.
typedef struct imp_expert_progress {
    double distance; // [m]
    bool stalled;
} imp_expert_progress;

// Lets the expert of the slot's thread drive a copy of the episode that begins in the slot's
// simulator. The simulator stays as it is. rounds: actions are rounded as drives have them, so that
// the expert as the policy makes as much of it. IMP_INTERRUPTED if the monitor asks to stop.
imp_status imp_measure_expert_progress(imp_expert_progress *out, imp_rollout_workers *workers,
                                       int slot, bool rounds, imp_error *err);

#endif
