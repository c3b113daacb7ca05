// Lanes as a graph: a lane is followed by those that start where it ends, on the tile beyond. The
// graph is not stored: a look at the few lanes of the next tile finds the successors.
#include "sim/world/lane_graph.h"

#include "base/common/vector2.h"

// gap between the end of a lane and the start of the next [m]
static const double JOINT_TOLERANCE = 1e-6;
// sine of the angle from which a lane turns
static const double TURN_SINE = 0.5;

imp_vec2 imp_curve_start_tangent(const imp_curve *curve)
{
    return imp_vec2_normalize(imp_vec2_subtract(curve->p[1], curve->p[0]));
}

imp_vec2 imp_curve_end_tangent(const imp_curve *curve)
{
    return imp_vec2_normalize(imp_vec2_subtract(curve->p[3], curve->p[2]));
}

int imp_lane_find_successors(const imp_world *world, const imp_curve *curve,
                             int out[IMP_LANES_AFTER_MAX])
{
    imp_vec2 beyond = imp_vec2_add(
        curve->p[3], imp_vec2_scale(imp_curve_end_tangent(curve), 0.01 * world->tile_size));
    const imp_tile *tile = imp_world_tile_at(world, beyond.x, beyond.z);
    int count = 0;
    for (int k = 0; tile != NULL && k < tile->curve_count; k++) {
        imp_vec2 gap = imp_vec2_subtract(world->curves[tile->first_curve + k].p[0], curve->p[3]);
        if (imp_vec2_length(gap) < JOINT_TOLERANCE)
            out[count++] = tile->first_curve + k;
    }
    return count;
}

int imp_lane_find_passable_successors(const imp_world *world, const imp_curve *curve,
                                      int out[IMP_LANES_AFTER_MAX])
{
    int onward[IMP_LANES_AFTER_MAX], kept = 0;
    const int count = imp_lane_find_successors(world, curve, out);
    for (int k = 0; k < count; k++)
        if (imp_lane_find_successors(world, &world->curves[out[k]], onward) > 0) {
            // those that go on come to the front, in their order
            const int lane = out[k];
            for (int m = k; m > kept; m--)
                out[m] = out[m - 1];
            out[kept++] = lane;
        }
    return kept > 0 ? kept : count;
}

double imp_lane_length(const imp_curve *lane, const imp_vec2 *from)
{
    enum { SAMPLES = 16 };
    double length = 0.0, nearest = INFINITY;
    imp_vec2 before = imp_curve_point(lane, 0.0);
    for (int k = 0; k <= SAMPLES; k++) {
        const imp_vec2 here = imp_curve_point(lane, (double)k / SAMPLES);
        length += imp_vec2_length(imp_vec2_subtract(here, before));
        before = here;
        // what lies before the closest point does not count
        const double gap =
            from != NULL ? imp_vec2_length(imp_vec2_subtract(here, *from)) : INFINITY;
        if (gap < nearest) {
            nearest = gap;
            length = 0.0;
        }
    }
    return length;
}

int imp_lane_tile(const imp_world *world, int lane)
{
    const imp_vec2 middle = imp_curve_point(&world->curves[lane], 0.5);
    return (int)(imp_world_tile_at(world, middle.x, middle.z) - world->tiles);
}

imp_navigation_command imp_lane_turn_direction(const imp_curve *lane)
{
    const imp_vec2 from = imp_curve_start_tangent(lane), to = imp_curve_end_tangent(lane);
    const double right = imp_vec2_dot(imp_vec2_turn_right(from), to);
    if (right > TURN_SINE)
        return IMP_COMMAND_RIGHT;
    return right < -TURN_SINE ? IMP_COMMAND_LEFT : IMP_COMMAND_STRAIGHT;
}

int imp_lane_find_by_turn_direction(const imp_world *world, const int lanes[], int count,
                                    imp_navigation_command way)
{
    for (int k = 0; k < count; k++)
        if (imp_lane_turn_direction(&world->curves[lanes[k]]) == way)
            return lanes[k];
    return -1;
}
