// Accumulates the challenge's metrics over an episode, as duckietown-world 6.4 computes them
// (docs/challenge.md). Each sample closes the interval since the last one. The state at the
// interval's start (lane, lateral offset, heading) counts for the whole interval. Progress along
// a lane is the step's component along the lane's direction at the closest point. The tracker
// also counts crossings and keeps, for each tile, the lane in which it was first driven.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"
#include "imprint/challenge.h"

// Fills first_lane until a tile is driven on.
enum { NO_LANE_YET = -1 };

// One allocation, with an entry for each tile at its end.
struct imp_metrics_tracker {
    const imp_world *world;
    // so far, in the units of IMP_METRIC_MAP
    imp_metrics sums;
    int samples;
    double time;                               // of the last sample
    imp_pose start, pose;                      // of the first and the last sample
    imp_legal_lane lanes[IMP_LEGAL_LANES_MAX]; // lanes that contain the last sample
    int lane_count;
    const imp_tile *crossing;      // the intersection under the last sample, or NULL
    bool crosses_legally;          // all samples on it were in a legal lane
    imp_crossing_counts crossings; // completed ones
    signed char first_lane[];      // (tiles) the lane in which each tile was first driven
};

// Tables of texts, generated from the list of metrics so that they cannot differ in order.
const char *imp_metric_key(imp_metric metric)
{
    static const char *const KEYS[] = {
#define KEY(name, key, label, unit) key,
        IMP_METRIC_MAP(KEY)
#undef KEY
    };
    return KEYS[metric];
}

const char *imp_metric_label(imp_metric metric)
{
    static const char *const LABELS[] = {
#define LABEL(name, key, label, unit) label,
        IMP_METRIC_MAP(LABEL)
#undef LABEL
    };
    return LABELS[metric];
}

const char *imp_metric_unit(imp_metric metric)
{
    static const char *const UNITS[] = {
#define UNIT(name, key, label, unit) unit,
        IMP_METRIC_MAP(UNIT)
#undef UNIT
    };
    return UNITS[metric];
}

imp_status imp_metrics_tracker_create(imp_metrics_tracker **out, const imp_world *world,
                                      imp_error *err)
{
    size_t tiles = (size_t)world->columns * (size_t)world->rows;
    imp_metrics_tracker *tracker = malloc(sizeof *tracker + tiles * sizeof tracker->first_lane[0]);
    if (tracker == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the metrics of %s",
                        IMP_PLURAL(tiles, "tile"));
    tracker->world = world;
    imp_metrics_tracker_reset(tracker);
    *out = tracker;
    return IMP_OK;
}

void imp_metrics_tracker_destroy(imp_metrics_tracker *tracker)
{
    free(tracker);
}

// Forgets all samples. Members that the first sample sets need no reset.
void imp_metrics_tracker_reset(imp_metrics_tracker *tracker)
{
    size_t tiles = (size_t)tracker->world->columns * (size_t)tracker->world->rows;
    tracker->sums = (imp_metrics){0};
    tracker->samples = 0;
    tracker->lane_count = 0;
    tracker->crossing = NULL;
    tracker->crossings = (imp_crossing_counts){0};
    memset(tracker->first_lane, NO_LANE_YET, tiles * sizeof tracker->first_lane[0]);
}

// Straight distance between two positions [m].
static double pose_distance(imp_pose a, imp_pose b)
{
    return imp_hypot(b.x - a.x, b.z - a.z);
}

// Progress of a step to `pose` along a lane, from the lane's closest point.
static double progress_along_lane(const imp_legal_lane *lane, imp_pose pose)
{
    imp_vec2 step = {pose.x - lane->closest.x, pose.z - lane->closest.z};
    return imp_vec2_dot(step, imp_heading_direction(lane->closest.heading));
}

// Adds the progress of the step to `pose`. Several lanes may contain a sample, as on an
// intersection. The largest progress counts; for the consecutive distance only lanes that each tile
// was first driven in.
static void add_progress_along_lanes(imp_metrics_tracker *tracker, imp_pose pose)
{
    double max_progress = -INFINITY, consecutive = -INFINITY;
    for (int k = 0; k < tracker->lane_count; k++) {
        const imp_legal_lane *lane = &tracker->lanes[k];
        signed char *first = &tracker->first_lane[lane->tile];
        double progress = progress_along_lane(lane, pose);
        max_progress = fmax(max_progress, progress);
        // The first lane that contains a sample on a tile becomes the tile's lane.
        if (*first == NO_LANE_YET)
            *first = (signed char)lane->lane;
        if (*first == lane->lane)
            consecutive = fmax(consecutive, progress);
    }
    // Without any lane there is no progress.
    if (isfinite(max_progress))
        tracker->sums.value[IMP_METRIC_LANE] += max_progress;
    if (isfinite(consecutive))
        tracker->sums.value[IMP_METRIC_CONSECUTIVE] += consecutive;
}

// Closes an interval of length dt. The state of the last sample counts for all of it. lanes[0] is
// the lane with the smallest heading error.
static void add_interval_to_metrics(imp_metrics_tracker *tracker, double dt, imp_pose pose)
{
    double *sum = tracker->sums.value;
    sum[IMP_METRIC_SURVIVAL] += dt;
    if (tracker->lane_count == 0) {
        sum[IMP_METRIC_NO_LANE] += dt;
    } else {
        sum[IMP_METRIC_LATERAL] += fabs(tracker->lanes[0].lateral) * dt;
        sum[IMP_METRIC_HEADING] += fabs(tracker->lanes[0].heading) * dt;
    }
    sum[IMP_METRIC_DRIVEN] += pose_distance(tracker->pose, pose);
    add_progress_along_lanes(tracker, pose);
}

// Updates the crossing counts: a crossing is complete when the robot leaves its tile. The sample
// after it, on the next tile, must be in a legal lane too.
static void update_intersection_crossings(imp_metrics_tracker *tracker)
{
    const imp_tile *tile = imp_world_tile_at(tracker->world, tracker->pose.x, tracker->pose.z);
    const bool legal = tracker->lane_count > 0;
    if (tracker->crossing != NULL) {
        tracker->crosses_legally = tracker->crosses_legally && legal;
        if (tile == tracker->crossing)
            return;
        tracker->crossings.count++;
        tracker->crossings.legal += tracker->crosses_legally;
    }
    tracker->crossing = imp_tile_is_intersection(tile) ? tile : NULL;
    tracker->crosses_legally = legal;
}

// Adds a sample; times must not decrease.
void imp_metrics_tracker_add_pose(imp_metrics_tracker *tracker, double time, imp_pose pose)
{
    if (tracker->samples > 0)
        add_interval_to_metrics(tracker, time - tracker->time, pose);
    else
        tracker->start = pose;
    // The distance from the start is a maximum, not a sum.
    double *farthest = &tracker->sums.value[IMP_METRIC_FROM_START];
    *farthest = fmax(*farthest, pose_distance(tracker->start, pose));
    // The sample becomes the state of the next interval.
    tracker->time = time;
    tracker->pose = pose;
    tracker->samples++;
    tracker->lane_count = imp_legal_lanes_at_pose(tracker->world, pose, tracker->lanes);
    update_intersection_crossings(tracker);
}

// A crossing under way counts only if it is illegal already: nothing can make it legal.
imp_crossing_counts imp_metrics_tracker_count_crossings(const imp_metrics_tracker *tracker)
{
    imp_crossing_counts crossings = tracker->crossings;
    crossings.count += tracker->crossing != NULL && !tracker->crosses_legally;
    return crossings;
}

imp_metrics imp_metrics_tracker_read(const imp_metrics_tracker *tracker)
{
    imp_metrics metrics = tracker->sums;
    // the challenge counts no distance when there is only one interval
    if (tracker->samples <= 2)
        metrics.value[IMP_METRIC_DRIVEN] = metrics.value[IMP_METRIC_LANE] =
            metrics.value[IMP_METRIC_CONSECUTIVE] = 0.0;
    return metrics;
}
