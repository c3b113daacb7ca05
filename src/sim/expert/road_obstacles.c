// Converts footprints to the frame of the route. At each sample of the route, the line across it is
// clipped against the footprint (slab method). The union of these intervals is the obstacle's
// extent along and across the route. Curves of the route become straight lines: obstacles
// become intervals, and passing them is a one-dimensional problem.
#include "sim/expert/road_obstacles.h"

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

static const double MAX_LATERAL = 0.5; // obstacles farther beside the route are ignored [m]

void imp_sampled_route_init(imp_sampled_route *p, const imp_route *route)
{
    int ahead = imp_route_sample_points(route, IMP_ROUTE_SAMPLE_SPACING, IMP_ROUTE_SAMPLES_AHEAD,
                                        &p->points[IMP_ROUTE_SAMPLES_BEHIND]);
    p->count = IMP_ROUTE_SAMPLES_BEHIND + ahead;
    // continue straight back from the robot
    const imp_route_point here = p->points[IMP_ROUTE_SAMPLES_BEHIND];
    for (int k = 0; k < IMP_ROUTE_SAMPLES_BEHIND; k++) {
        p->points[k] = here;
        p->points[k].point =
            imp_vec2_add(here.point, imp_vec2_scale(here.tangent, imp_route_sample_distance(k)));
    }
}

// A rectangle as centre, axes and half extents.
typedef struct centred_box {
    imp_vec2 centre;
    imp_vec2 axis[2];
    double half[2]; // extent along the axes [m]
} centred_box;

// Converts corners to half extents; corners may be in any order.
static centred_box centred_box_from_corners(const imp_box *box)
{
    centred_box s = {.centre = imp_vec2_scale(imp_vec2_add(box->corner[0], box->corner[2]), 0.5)};
    for (int k = 0; k < 2; k++) {
        s.axis[k] = box->axis[k];
        for (int n = 0; n < 4; n++) {
            imp_vec2 out = imp_vec2_subtract(box->corner[n], s.centre);
            s.half[k] = fmax(s.half[k], imp_vec2_dot(out, box->axis[k]));
        }
    }
    return s;
}

// Clips the line across a sample against a rectangle; false if they do not meet. The result is an
// interval of lateral offsets. The line ends before the centre of curvature, beyond which it would
// belong to other samples.
static bool clip_lateral_line_to_box(const centred_box *s, const imp_route_point *place,
                                     double *left, double *right)
{
    const imp_vec2 across = imp_vec2_turn_right(place->tangent);
    const imp_vec2 gap = imp_vec2_subtract(place->point, s->centre);
    *left = -fmin(MAX_LATERAL, place->curvature > 0.0 ? 0.9 / place->curvature : MAX_LATERAL);
    *right = fmin(MAX_LATERAL, place->curvature < 0.0 ? -0.9 / place->curvature : MAX_LATERAL);
    for (int k = 0; k < 2; k++) {
        // one slab per axis; a line parallel to it is inside or outside
        double at = imp_vec2_dot(gap, s->axis[k]), slope = imp_vec2_dot(across, s->axis[k]);
        if (fabs(slope) < 1e-9) {
            if (fabs(at) > s->half[k])
                return false;
            continue;
        }
        double one = (-s->half[k] - at) / slope, other = (s->half[k] - at) / slope;
        *left = fmax(*left, fmin(one, other));
        *right = fmin(*right, fmax(one, other));
    }
    return *left < *right;
}

// How far the rear of the robot swings out beyond its side, on the outside of a curve [m].
static double compute_rear_swing_out(double curvature)
{
    if (curvature <= 0.0)
        return 0.0;
    double side = 1.0 / curvature + IMP_ROBOT_HALF_WIDTH; // distance from the centre of the curve
    return imp_hypot(side, IMP_ROBOT_REAR) - side;
}

// Sets the lateral extent of the robot along the part of the route beside an obstacle.
static void set_robot_lateral_extent_at_obstacle(imp_road_obstacle *b, const imp_sampled_route *p)
{
    double left_bend = 0.0, right_bend = 0.0;
    for (int k = 0; k < p->count; k++)
        if (imp_route_sample_distance(k) > b->near - IMP_ROBOT_FRONT &&
            imp_route_sample_distance(k) < b->far + IMP_ROBOT_REAR) {
            left_bend = fmax(left_bend, p->points[k].curvature);
            right_bend = fmax(right_bend, -p->points[k].curvature);
        }
    b->reach_left = IMP_ROBOT_HALF_WIDTH + compute_rear_swing_out(right_bend);
    b->reach_right = IMP_ROBOT_HALF_WIDTH + compute_rear_swing_out(left_bend);
}

bool imp_road_obstacle_from_box(const imp_sampled_route *p, const imp_box *box,
                                imp_road_obstacle *out)
{
    // the union over all samples; each covers half a spacing to both sides
    const centred_box s = centred_box_from_corners(box);
    imp_road_obstacle b = {
        .near = INFINITY, .far = -INFINITY, .left = INFINITY, .right = -INFINITY};
    for (int k = 0; k < p->count; k++) {
        double left, right;
        if (!clip_lateral_line_to_box(&s, &p->points[k], &left, &right))
            continue;
        b.near = fmin(b.near, imp_route_sample_distance(k) - 0.5 * IMP_ROUTE_SAMPLE_SPACING);
        b.far = fmax(b.far, imp_route_sample_distance(k) + 0.5 * IMP_ROUTE_SAMPLE_SPACING);
        b.left = fmin(b.left, left);
        b.right = fmax(b.right, right);
    }
    if (b.near >= b.far)
        return false;
    set_robot_lateral_extent_at_obstacle(&b, p);
    *out = b;
    return true;
}

imp_vec2 imp_sampled_route_tangent(const imp_sampled_route *p, double along)
{
    int index = IMP_ROUTE_SAMPLES_BEHIND + (int)(along / IMP_ROUTE_SAMPLE_SPACING);
    index = index < 0 ? 0 : index >= p->count ? p->count - 1 : index;
    return p->points[index].tangent;
}

bool imp_road_obstacle_overlaps(const imp_road_obstacle *b, double offset, double margin)
{
    // an offset exactly at the margin is free
    const double rounding = 1e-9;
    return offset > b->left - b->reach_right - margin + rounding &&
           offset < b->right + b->reach_left + margin - rounding;
}
