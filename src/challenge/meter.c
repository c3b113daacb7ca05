#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "base/vector.h"
#include "imprint/challenge.h"

enum { NO_LANE_YET = -1 };

struct imp_meter {
    const imp_world *world;
    imp_metrics sums;
    int samples;
    double time; // of the last sample
    imp_pose start, pose;
    imp_legal_lane lanes[IMP_LEGAL_LANES_MAX]; // that held the last sample
    int lane_count;
    const imp_tile *crossing; // that the last sample was on, or NULL
    bool crosses_legally;
    imp_crossings crossings;  // that were left
    signed char first_lane[]; // (tiles) the lane that each tile was first driven in
};

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

imp_status imp_meter_create(imp_meter **out, const imp_world *world, imp_error *err)
{
    size_t tiles = (size_t)world->columns * (size_t)world->rows;
    imp_meter *meter = malloc(sizeof *meter + tiles * sizeof meter->first_lane[0]);
    if (meter == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the metrics of %s",
                        IMP_COUNT(tiles, "tile"));
    meter->world = world;
    imp_meter_reset(meter);
    *out = meter;
    return IMP_OK;
}

void imp_meter_destroy(imp_meter *meter)
{
    free(meter);
}

void imp_meter_reset(imp_meter *meter)
{
    size_t tiles = (size_t)meter->world->columns * (size_t)meter->world->rows;
    meter->sums = (imp_metrics){0};
    meter->samples = 0;
    meter->lane_count = 0;
    meter->crossing = NULL;
    meter->crossings = (imp_crossings){0};
    memset(meter->first_lane, NO_LANE_YET, tiles * sizeof meter->first_lane[0]);
}

static double distance(imp_pose a, imp_pose b)
{
    return hypot(b.x - a.x, b.z - a.z);
}

// How far a robot that goes to `pose` gets along a lane from its foot point.
static double progress(const imp_legal_lane *lane, imp_pose pose)
{
    imp_vec2 step = {pose.x - lane->foot.x, pose.z - lane->foot.z};
    return imp_vec2_dot(step, imp_forward(lane->foot.heading));
}

// What the way from the last sample to `pose` adds to the distances along lanes.
static void add_progress(imp_meter *meter, imp_pose pose)
{
    double most = -INFINITY, consecutive = -INFINITY;
    for (int k = 0; k < meter->lane_count; k++) {
        const imp_legal_lane *lane = &meter->lanes[k];
        signed char *first = &meter->first_lane[lane->tile];
        double way = progress(lane, pose);
        most = fmax(most, way);
        if (*first == NO_LANE_YET)
            *first = (signed char)lane->lane;
        if (*first == lane->lane)
            consecutive = fmax(consecutive, way);
    }
    if (isfinite(most))
        meter->sums.value[IMP_METRIC_LANE] += most;
    if (isfinite(consecutive))
        meter->sums.value[IMP_METRIC_CONSECUTIVE] += consecutive;
}

// The last sample's state counts from then until now.
static void add_interval(imp_meter *meter, double dt, imp_pose pose)
{
    double *sum = meter->sums.value;
    sum[IMP_METRIC_SURVIVAL] += dt;
    if (meter->lane_count == 0) {
        sum[IMP_METRIC_NO_LANE] += dt;
    } else {
        sum[IMP_METRIC_LATERAL] += fabs(meter->lanes[0].lateral) * dt;
        sum[IMP_METRIC_HEADING] += fabs(meter->lanes[0].heading) * dt;
    }
    sum[IMP_METRIC_DRIVEN] += distance(meter->pose, pose);
    add_progress(meter, pose);
}

// Follows the robot over crossings.
static void note_crossing(imp_meter *meter)
{
    const imp_tile *tile = imp_world_tile_at(meter->world, meter->pose.x, meter->pose.z);
    const bool legal = meter->lane_count > 0;
    if (meter->crossing != NULL) {
        meter->crosses_legally = meter->crosses_legally && legal;
        if (tile == meter->crossing)
            return;
        meter->crossings.count++;
        meter->crossings.legal += meter->crosses_legally;
    }
    meter->crossing = imp_tile_is_crossing(tile) ? tile : NULL;
    meter->crosses_legally = legal;
}

void imp_meter_add(imp_meter *meter, double time, imp_pose pose)
{
    if (meter->samples > 0)
        add_interval(meter, time - meter->time, pose);
    else
        meter->start = pose;
    double *farthest = &meter->sums.value[IMP_METRIC_FROM_START];
    *farthest = fmax(*farthest, distance(meter->start, pose));
    meter->time = time;
    meter->pose = pose;
    meter->samples++;
    meter->lane_count = imp_legal_lanes(meter->world, pose, meter->lanes);
    note_crossing(meter);
}

imp_crossings imp_meter_crossings(const imp_meter *meter)
{
    imp_crossings crossings = meter->crossings;
    crossings.count += meter->crossing != NULL && !meter->crosses_legally;
    return crossings;
}

imp_metrics imp_meter_read(const imp_meter *meter)
{
    imp_metrics metrics = meter->sums;
    // the challenge counts no distance when there is a single interval
    if (meter->samples <= 2)
        metrics.value[IMP_METRIC_DRIVEN] = metrics.value[IMP_METRIC_LANE] =
            metrics.value[IMP_METRIC_CONSECUTIVE] = 0.0;
    return metrics;
}
