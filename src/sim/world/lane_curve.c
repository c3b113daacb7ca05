// Lane curves: points, derivatives and curvature of cubic Bezier curves, and the position of a pose
// relative to its lane. Lane choice and closest point repeat gym-duckietown's arithmetic step by
// step (graphics.py: bezier_closest), since tests compare the results with recordings of it. The
// expert uses an exact closest point of its own (expert/route.c).
#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "imprint/world.h"

imp_vec2 imp_curve_point(const imp_curve *curve, double t)
{
    const imp_vec2 *p = curve->p;
    double s = 1.0 - t;
    // Bernstein polynomials of degree 3
    double b0 = s * s * s, b1 = 3.0 * t * s * s, b2 = 3.0 * t * t * s, b3 = t * t * t;
    return (imp_vec2){b0 * p[0].x + b1 * p[1].x + b2 * p[2].x + b3 * p[3].x,
                      b0 * p[0].z + b1 * p[1].z + b2 * p[2].z + b3 * p[3].z};
}

imp_vec2 imp_curve_derivative(const imp_curve *curve, double t)
{
    const imp_vec2 *p = curve->p;
    double s = 1.0 - t;
    // Bernstein polynomials of degree 2, times 3
    double b0 = 3.0 * s * s, b1 = 6.0 * s * t, b2 = 3.0 * t * t;
    return (imp_vec2){
        b0 * (p[1].x - p[0].x) + b1 * (p[2].x - p[1].x) + b2 * (p[3].x - p[2].x),
        b0 * (p[1].z - p[0].z) + b1 * (p[2].z - p[1].z) + b2 * (p[3].z - p[2].z),
    };
}

double imp_curve_curvature(const imp_curve *curve, double t)
{
    const imp_vec2 *p = curve->p;
    imp_vec2 first = imp_curve_derivative(curve, t);
    double s = 1.0 - t;
    // second derivative of the Bernstein form
    imp_vec2 second = {
        6.0 * s * (p[2].x - 2.0 * p[1].x + p[0].x) + 6.0 * t * (p[3].x - 2.0 * p[2].x + p[1].x),
        6.0 * s * (p[2].z - 2.0 * p[1].z + p[0].z) + 6.0 * t * (p[3].z - 2.0 * p[2].z + p[1].z),
    };
    double speed = imp_vec2_length(first);
    // curvature = (x' z'' - z' x'') / |p'|^3; z points down on the map, hence the sign
    return -(first.x * second.z - first.z * second.x) / (speed * speed * speed);
}

// The parameter of the closest point, by gym-duckietown's rule: eight times, keep the half interval
// whose end is nearer. That is not the exact minimum.
static double approx_closest_parameter(const imp_curve *curve, imp_vec2 point)
{
    enum { HALVINGS = 8 };
    // the distances at both ends of the interval decide which half to keep
    double low = 0.0, high = 1.0;
    double low_distance = imp_vec2_length(imp_vec2_subtract(curve->p[0], point));
    double high_distance = imp_vec2_length(imp_vec2_subtract(curve->p[3], point));
    for (int k = 0; k < HALVINGS; k++) {
        double middle = 0.5 * (low + high);
        imp_vec2 at = imp_curve_point(curve, middle);
        double distance = imp_vec2_length(imp_vec2_subtract(at, point));
        if (low_distance < high_distance) {
            high = middle;
            high_distance = distance;
        } else {
            low = middle;
            low_distance = distance;
        }
    }
    return 0.5 * (low + high);
}

// The lane of a tile whose chord has the largest dot product with the heading. Chords are not
// normalised, so longer lanes are preferred.
static int select_lane_by_heading(const imp_world *world, const imp_tile *tile, imp_vec2 heading)
{
    int best = tile->first_curve;
    double best_dot = -INFINITY;
    for (int k = 0; k < tile->curve_count; k++) {
        const imp_curve *curve = &world->curves[tile->first_curve + k];
        double dot = imp_vec2_dot(imp_vec2_subtract(curve->p[3], curve->p[0]), heading);
        if (dot > best_dot) {
            best_dot = dot;
            best = tile->first_curve + k;
        }
    }
    return best;
}

bool imp_world_lane_position(const imp_world *world, imp_pose pose, imp_lane_position *out)
{
    const imp_tile *tile = imp_world_tile_at(world, pose.x, pose.z);
    if (tile == NULL || !tile->drivable)
        return false;
    imp_vec2 heading = imp_heading_direction(pose.heading);
    imp_vec2 position = {pose.x, pose.z};
    int chosen = select_lane_by_heading(world, tile, heading);
    const imp_curve *curve = &world->curves[chosen];
    double t = approx_closest_parameter(curve, position);
    imp_vec2 point = imp_curve_point(curve, t);
    imp_vec2 tangent = imp_vec2_normalize(imp_curve_derivative(curve, t));
    // the sign of both values: positive to the right of the lane
    imp_vec2 right = imp_vec2_turn_right(tangent);
    // rounding may push the cosine out of [-1, 1]
    double alignment = fmax(-1.0, fmin(1.0, imp_vec2_dot(heading, tangent)));
    double angle = imp_acos(alignment);
    *out = (imp_lane_position){
        .distance = imp_vec2_dot(imp_vec2_subtract(position, point), right),
        .angle = imp_vec2_dot(heading, right) < 0.0 ? -angle : angle,
        .alignment = alignment,
        .point = point,
        .tangent = tangent,
        .curve = chosen,
    };
    return true;
}
