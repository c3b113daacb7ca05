/// imprint/challenge.h: the lane following challenges of AI-DO (LF, LFP, LFV, LFI) as they were run
/// in simulation: their legal lanes, metrics, scenarios and ranking. Facts of duckietown-world 6.4
/// and of the challenges' public definitions; docs/challenge.md lists them.
#ifndef IMPRINT_CHALLENGE_H
#define IMPRINT_CHALLENGE_H

#include "imprint/env.h"
#include "imprint/world.h"

IMP_API_BEGIN

enum {
    IMP_LEGAL_LANES_MAX = 24, ///< lanes that can hold one pose: those of two tiles at their border
};

/// A lane that holds a pose. Lengths are in tiles, as the challenge has them.
typedef struct imp_legal_lane {
    int tile;         ///< index into imp_world.tiles
    int lane;         ///< number of the lane in its tile
    double lateral;   ///< from the lane's centre line [tiles], positive to the left
    double along;     ///< from the lane's beginning [tiles]
    double heading;   ///< relative to the lane [rad], positive to the left
    imp_pose closest; ///< the lane's pose beside the robot, in the world [m, rad]
} imp_legal_lane;

/// Finds the lanes that contain a pose: those of the tile under its centre whose centre line
/// is within 0.188 tiles and whose direction is within 90 degrees. Writes them sorted by |heading|,
/// ties in the order of the challenge's tables, and returns their number; 0 off the road,
/// in the opposite lane and off the grid. These lanes are not the simulator's (see
/// imp_world_lane_position()): they are SE(2) geodesics, arcs and lines, a little nearer to the
/// road's edge.
int imp_legal_lanes_at_pose(const imp_world *world, imp_pose pose,
                            imp_legal_lane lanes[IMP_LEGAL_LANES_MAX]);

/// The metrics of an episode: X(enumerator, the challenge's key, label, unit). In this order: how
/// long it lasted; how long the robot was in no legal lane (the key says the opposite); distance
/// from the lane's centre and angle to it, integrated over time; distances driven: any, along
/// lanes, along the lane that each tile was first driven in; farthest place from the start.
#define IMP_METRIC_MAP(X)                                                                          \
    X(IMP_METRIC_SURVIVAL, "survival_time", "survived", "s")                                       \
    X(IMP_METRIC_NO_LANE, "in-drivable-lane", "no lane", "s")                                      \
    X(IMP_METRIC_LATERAL, "deviation-center-line", "lateral", "tile s")                            \
    X(IMP_METRIC_HEADING, "deviation-heading", "heading", "rad s")                                 \
    X(IMP_METRIC_DRIVEN, "driven_any", "driven", "m")                                              \
    X(IMP_METRIC_LANE, "driven_lanedir", "in lane", "m")                                           \
    X(IMP_METRIC_CONSECUTIVE, "driven_lanedir_consec", "traveled", "m")                            \
    X(IMP_METRIC_FROM_START, "distance-from-start", "farthest", "m")

typedef enum imp_metric {
#define IMP_METRIC_ENUM(name, key, label, unit) name,
    IMP_METRIC_MAP(IMP_METRIC_ENUM)
#undef IMP_METRIC_ENUM
        IMP_METRIC_COUNT
} imp_metric;

const char *imp_metric_key(imp_metric metric);
const char *imp_metric_label(imp_metric metric);
const char *imp_metric_unit(imp_metric metric);

/// The metrics' values, by imp_metric.
typedef struct imp_metrics {
    double value[IMP_METRIC_COUNT];
} imp_metrics;

/// Adds up the metrics of an episode sample by sample, in memory of fixed size.
typedef struct imp_metrics_tracker imp_metrics_tracker;

/// Creates a tracker for episodes in a world, which must outlive it. Freed with
/// imp_metrics_tracker_destroy().
imp_status imp_metrics_tracker_create(imp_metrics_tracker **out, const imp_world *world,
                                      imp_error *err);
void imp_metrics_tracker_destroy(imp_metrics_tracker *tracker); ///< nullable

/// Starts an episode.
void imp_metrics_tracker_reset(imp_metrics_tracker *tracker);

/// Adds the robot's pose at a time [s]; times must not decrease. Allocates nothing.
void imp_metrics_tracker_add_pose(imp_metrics_tracker *tracker, double time, imp_pose pose);

/// The metrics of the samples added since the last reset.
imp_metrics imp_metrics_tracker_read(const imp_metrics_tracker *tracker);

/// Crossings that a robot drove over, and how many of them legally: always in one of their lanes,
/// and into a lane of the next tile. An unfinished crossing counts only if the robot has left its
/// lanes.
typedef struct imp_crossing_counts {
    int count, legal;
} imp_crossing_counts;

/// The crossings of the samples added since the last reset.
imp_crossing_counts imp_metrics_tracker_count_crossings(const imp_metrics_tracker *tracker);

/// The challenges: X(enumerator, name, what it adds).
#define IMP_CHALLENGE_MAP(X)                                                                       \
    X(IMP_CHALLENGE_LF, "aido-lf", "lane following")                                               \
    X(IMP_CHALLENGE_LFP, "aido-lfp", "with duckies on the road")                                   \
    X(IMP_CHALLENGE_LFV, "aido-lfv", "with other cars")                                            \
    X(IMP_CHALLENGE_LFI, "aido-lfi", "with intersections")

typedef enum imp_challenge {
#define IMP_CHALLENGE_ENUM(name, word, words) name,
    IMP_CHALLENGE_MAP(IMP_CHALLENGE_ENUM)
#undef IMP_CHALLENGE_ENUM
        IMP_CHALLENGE_COUNT
} imp_challenge;

const char *imp_challenge_name(imp_challenge challenge);
/// Finds a challenge by its name; false if there is none.
bool imp_challenge_from_name(imp_challenge *out, const char *name);
/// Episodes of the official evaluation, one per map.
int imp_challenge_episode_count(imp_challenge challenge);

/// Which episode of a challenge.
typedef struct imp_scenario_def {
    imp_challenge challenge;
    bool test;     ///< the starts of the official test, not those of its validation
    int episode;   ///< from 0; episodes after the official ones draw their start from the seed
    uint64_t seed; ///< for everything random: places of duckies, cars and trees
} imp_scenario_def;

/// An episode: a world with all objects, and the robot's start pose.
typedef struct imp_scenario {
    char name[48]; ///< "zigzag-000": map, and number of the start on it
    imp_world *world;
    imp_pose start;
} imp_scenario;

/// Builds an episode's world. Freed with imp_scenario_free().
imp_status imp_scenario_create(imp_scenario *out, const imp_scenario_def *def, imp_error *err);
void imp_scenario_free(imp_scenario *scenario); ///< nullable

/// Sets the challenges' clock: time steps of 0.05 s in ten substeps.
void imp_challenge_set_time_step(imp_drive_def *drive);

/// Configures an environment as the challenges do: 60 s in steps of 0.05 s with ten substeps, their
/// rules, cars that yield, and the start.
void imp_scenario_configure_env(const imp_scenario *scenario, imp_env_def *def);

/// Summary statistics of the metrics of several episodes.
typedef struct imp_metrics_summary {
    imp_metrics mean, median, min, max;
} imp_metrics_summary;

/// Aggregates count >= 1 episodes. The median of an even number is the mean of the middle two.
imp_metrics_summary imp_metrics_summarise(const imp_metrics *episodes, int count);

/// A criterion of a challenge's ranking.
typedef struct imp_ranking_criterion {
    imp_metric metric; ///< its median
    bool more_is_better;
    double step; ///< values are rounded to multiples of this
} imp_ranking_criterion;

enum { IMP_RANKING_CRITERION_COUNT = 4 };

/// The challenge's ranked scores, the most important first.
const imp_ranking_criterion *imp_challenge_ranking_criteria(imp_challenge challenge);

/// Below 0 if a ranks before b, above 0 if after, 0 for a draw: the first ranked score that differs
/// after rounding decides.
int imp_challenge_compare_results(imp_challenge challenge, const imp_metrics_summary *a,
                                  const imp_metrics_summary *b);

IMP_API_END

#endif
