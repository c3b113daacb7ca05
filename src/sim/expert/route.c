// The route: a queue of Bezier curves that starts on the robot's lane and is extended at its end.
// At intersections a turn is chosen from a list or drawn; a navigation command replaces it. Where
// the road ends, the last curve is cut short and a half circle leads to the opposite lane. Points
// ahead are found by walking along the curves in short steps. Only turns at intersections are
// random, so that equal seeds give equal routes.
#include "sim/expert/route.h"

#include <string.h>

#include "base/common/vector2.h"
#include "sim/world/lane_graph.h"

enum { CURVES_AHEAD = 3 };

// lanes farther away are on the other side of the road [tiles]
static const double ACROSS_ROAD_DISTANCE = 0.65;
// kept free at a dead end for the U-turn [m], and at either end of a road of one tile [tiles]
static const double TURNING_ROOM = 0.36, TURNING_ROOM_ONE_TILE = 0.45;
// AI-DO's lanes lie this far outside the simulator's [tiles]
static const double CHALLENGE_LANE_SHIFT = 0.02;

// The lane of AI-DO that corresponds to a lane of the simulator: a straight line or a quarter
// circle. (AI-DO chains two arcs for a turn, within 3 mm of the circle.)
static imp_curve make_challenge_lane_curve(const imp_curve *lane, double tile_size)
{
    const imp_vec2 from = imp_curve_start_tangent(lane), to = imp_curve_end_tangent(lane);
    const double out = CHALLENGE_LANE_SHIFT * tile_size;
    const imp_vec2 start = imp_vec2_add(lane->p[0], imp_vec2_scale(imp_vec2_turn_right(from), out));
    const imp_vec2 end = imp_vec2_add(lane->p[3], imp_vec2_scale(imp_vec2_turn_right(to), out));
    const imp_vec2 way = imp_vec2_subtract(end, start);
    // handle length of the cubic closest to a quarter circle, whose radius is the distance ahead
    const bool turns = fabs(imp_vec2_dot(from, to)) < 0.5;
    const double handle = turns ? 4.0 / 3.0 * (sqrt(2.0) - 1.0) * imp_vec2_dot(way, from)
                                : imp_vec2_length(way) / 3.0;
    return (imp_curve){{start, imp_vec2_add(start, imp_vec2_scale(from, handle)),
                        imp_vec2_subtract(end, imp_vec2_scale(to, handle)), end}};
}

// The curve to drive for a lane of the world.
static imp_curve get_lane_curve(const imp_route *route, int lane)
{
    const imp_curve *curve = &route->world->curves[lane];
    return route->use_challenge_lanes ? make_challenge_lane_curve(curve, route->world->tile_size)
                                      : *curve;
}

// Splits a Bezier curve at t (de Casteljau) and returns the part before or after t.
static imp_curve split_curve_and_keep_part(const imp_curve *curve, double t, bool keep_before)
{
    imp_vec2 level[4][4];
    for (int k = 0; k < 4; k++)
        level[0][k] = curve->p[k];
    for (int n = 1; n < 4; n++)
        for (int k = 0; k < 4 - n; k++)
            level[n][k] = imp_vec2_add(imp_vec2_scale(level[n - 1][k], 1.0 - t),
                                       imp_vec2_scale(level[n - 1][k + 1], t));
    if (keep_before)
        return (imp_curve){{level[0][0], level[1][0], level[2][0], level[3][0]}};
    return (imp_curve){{level[3][0], level[2][1], level[1][2], level[0][3]}};
}

// Whether no lane of the tile under a point leads to another tile.
static bool is_one_tile_road(const imp_world *world, imp_vec2 point)
{
    int onward[IMP_LANES_AFTER_MAX];
    const imp_tile *tile = imp_world_tile_at(world, point.x, point.z);
    for (int k = 0; tile != NULL && k < tile->curve_count; k++)
        if (imp_lane_find_successors(world, &world->curves[tile->first_curve + k], onward) > 0)
            return false;
    return true;
}

// The lane that starts beside the end of an arriving one, in the opposite direction, or -1. On a
// road of one tile the straightest is chosen, which leaves most room.
static int find_opposite_lane(const imp_world *world, const imp_curve *arriving, bool one_tile)
{
    imp_vec2 back = imp_vec2_scale(imp_curve_end_tangent(arriving), -1.0);
    imp_vec2 inside = imp_vec2_add(arriving->p[3], imp_vec2_scale(back, 0.01 * world->tile_size));
    const imp_tile *tile = imp_world_tile_at(world, inside.x, inside.z);
    int best = -1;
    double straightest = -INFINITY;
    for (int k = 0; tile != NULL && k < tile->curve_count; k++) {
        const imp_curve *lane = &world->curves[tile->first_curve + k];
        imp_vec2 aside = imp_vec2_subtract(lane->p[0], arriving->p[3]);
        const double straight =
            imp_vec2_dot(imp_curve_start_tangent(lane), imp_curve_end_tangent(lane));
        if (fabs(imp_vec2_dot(aside, back)) < 0.05 * world->tile_size &&
            imp_vec2_dot(imp_curve_start_tangent(lane), back) > 0.9 &&
            (best < 0 || (one_tile && straight > straightest))) {
            best = tile->first_curve + k;
            straightest = straight;
        }
    }
    return best;
}

// Share of a lane that is kept free at a dead end.
static double fraction_of_lane_kept_free(const imp_route *route)
{
    return route->one_tile ? TURNING_ROOM_ONE_TILE
                           : fmin(0.9, TURNING_ROOM / route->world->tile_size);
}

// The same length as a share of the last curve, whose beginning may be cut off on a road of one
// tile.
static double convert_to_fraction_of_last_curve(const imp_route *route, double room)
{
    const imp_curve *last = &route->curves[route->count - 1];
    const imp_curve whole = get_lane_curve(route, route->lanes[route->count - 1]);
    const double left = imp_vec2_length(imp_vec2_subtract(last->p[3], last->p[0]));
    return room * imp_vec2_length(imp_vec2_subtract(whole.p[3], whole.p[0])) / left;
}

// At a dead end: cuts the last curve short and appends a half circle to the opposite lane. False if
// there is none.
static bool append_u_turn(imp_route *route)
{
    imp_curve *last = &route->curves[route->count - 1];
    // is there an opposite lane, and room in the queue?
    const imp_curve *lane = &route->world->curves[route->lanes[route->count - 1]];
    route->one_tile = is_one_tile_road(route->world, imp_curve_point(lane, 0.5));
    int beside = find_opposite_lane(route->world, lane, route->one_tile);
    if (beside < 0 || route->count + 2 > IMP_ROUTE_CURVES)
        return false;
    const double room = fraction_of_lane_kept_free(route);
    const double left = route->one_tile ? convert_to_fraction_of_last_curve(route, room) : room;
    // out: the shortened lane; back: the opposite lane without its beginning
    imp_curve out = split_curve_and_keep_part(last, 1.0 - left, true);
    imp_curve whole = get_lane_curve(route, beside);
    imp_curve back = split_curve_and_keep_part(&whole, room, false);
    // a half circle between the two ends
    double width = imp_vec2_length(imp_vec2_subtract(back.p[0], out.p[3]));
    double handle = 4.0 / 3.0 * 0.5 * width; // handle length of a cubic close to a half circle
    imp_curve turn = {
        {out.p[3], imp_vec2_add(out.p[3], imp_vec2_scale(imp_curve_end_tangent(&out), handle)),
         imp_vec2_subtract(back.p[0], imp_vec2_scale(imp_curve_start_tangent(&back), handle)),
         back.p[0]}};
    // replace the last curve and append two
    *last = out;
    route->curves[route->count] = turn;
    route->decided[route->count] = false;
    route->lanes[route->count++] = -1;
    route->curves[route->count] = back;
    route->decided[route->count] = false;
    route->lanes[route->count++] = beside;
    return true;
}

// The way that a letter of a list of turns stands for.
static imp_navigation_command turn_direction_of_letter(char letter)
{
    if (letter == 'l')
        return IMP_COMMAND_LEFT;
    return letter == 'r' ? IMP_COMMAND_RIGHT : IMP_COMMAND_STRAIGHT;
}

// Chooses one of several lanes: the next of the list of turns, else straight on, else a random one.
static int choose_next_lane(imp_route *route, const int lanes[], int count)
{
    const int number = route->turn++;
    const size_t length = route->turns != NULL ? strlen(route->turns) : 0;
    if (length > 0) {
        const imp_navigation_command way =
            turn_direction_of_letter(route->turns[(size_t)number % length]);
        const int asked = imp_lane_find_by_turn_direction(route->world, lanes, count, way);
        const int straight =
            imp_lane_find_by_turn_direction(route->world, lanes, count, IMP_COMMAND_STRAIGHT);
        if (asked >= 0 || straight >= 0)
            return asked >= 0 ? asked : straight;
    }
    return lanes[imp_random_uniform_int(&route->random, (uint32_t)count)];
}

// Appends curves until the route is long enough or cannot go on.
static void extend_route(imp_route *route)
{
    while (route->count < CURVES_AHEAD) {
        int next[IMP_LANES_AFTER_MAX];
        const int last = route->lanes[route->count - 1];
        const int choices =
            imp_lane_find_passable_successors(route->world, &route->world->curves[last], next);
        if (choices == 0) {
            if (!append_u_turn(route))
                return;
            continue;
        }
        int chosen = choices == 1 ? next[0] : choose_next_lane(route, next, choices);
        route->curves[route->count] = get_lane_curve(route, chosen);
        route->decided[route->count] = choices > 1;
        route->lanes[route->count++] = chosen;
    }
}

// Whether a curve of the route is a lane of a tile, which is given by its index.
static bool is_lane_of_tile(const imp_route *route, int curve, int tile)
{
    const int lane = route->lanes[curve];
    if (lane < 0 || tile < 0)
        return false;
    const imp_tile *of = &route->world->tiles[tile];
    return lane >= of->first_curve && lane < of->first_curve + of->curve_count;
}

void imp_route_follow_command(imp_route *route, imp_navigation_command command, int intersection)
{
    int next[IMP_LANES_AFTER_MAX], at = 1;
    while (at < route->count && !(route->decided[at] && is_lane_of_tile(route, at, intersection)))
        at++;
    // the turn is already begun, or not planned yet
    if (command == IMP_COMMAND_NONE || at >= route->count ||
        imp_lane_turn_direction(&route->world->curves[route->lanes[at]]) == command)
        return;
    const imp_curve *before = &route->world->curves[route->lanes[at - 1]];
    const int choices = imp_lane_find_passable_successors(route->world, before, next);
    const int lane = imp_lane_find_by_turn_direction(route->world, next, choices, command);
    if (lane < 0)
        return;
    // turns after this one are chosen again
    for (int k = at + 1; k < route->count; k++)
        route->turn -= route->decided[k];
    route->curves[at] = get_lane_curve(route, lane);
    route->lanes[at] = lane;
    route->count = at + 1;
    extend_route(route);
}

// The parameter of the point of a curve closest to a position: coarse sampling, then Newton steps.
static double find_closest_parameter(const imp_curve *curve, imp_vec2 position)
{
    enum { SAMPLES = 16, REFINEMENTS = 6 };
    double best = 0.0, best_distance = INFINITY;
    for (int k = 0; k <= SAMPLES; k++) {
        double t = (double)k / SAMPLES;
        imp_vec2 gap = imp_vec2_subtract(imp_curve_point(curve, t), position);
        double distance = imp_vec2_dot(gap, gap);
        if (distance < best_distance) {
            best = t;
            best_distance = distance;
        }
    }
    for (int k = 0; k < REFINEMENTS; k++) {
        // Gauss-Newton: project the gap onto the tangent
        imp_vec2 derivative = imp_curve_derivative(curve, best);
        imp_vec2 gap = imp_vec2_subtract(position, imp_curve_point(curve, best));
        best += imp_vec2_dot(gap, derivative) / imp_vec2_dot(derivative, derivative);
        best = fmax(0.0, fmin(1.0, best));
    }
    return best;
}

// Removes the first curve from the queue.
static void drop_first_curve(imp_route *route)
{
    for (int k = 1; k < route->count; k++) {
        route->curves[k - 1] = route->curves[k];
        route->lanes[k - 1] = route->lanes[k];
        route->decided[k - 1] = route->decided[k];
    }
    route->count--;
}

// Distance of a position from a curve [m].
static double distance_to_curve(const imp_curve *curve, imp_vec2 position)
{
    imp_vec2 closest = imp_curve_point(curve, find_closest_parameter(curve, position));
    return imp_vec2_length(imp_vec2_subtract(closest, position));
}

// The lane to join: the one along the heading, or the nearest of the tile if that one is on the
// other side of the road.
static int find_start_lane(const imp_world *world, imp_vec2 position, int along_heading)
{
    const imp_tile *tile = imp_world_tile_at(world, position.x, position.z);
    double best_distance = distance_to_curve(&world->curves[along_heading], position);
    int best = along_heading;
    if (best_distance < ACROSS_ROAD_DISTANCE * world->tile_size)
        return best;
    for (int k = tile->first_curve; k < tile->first_curve + tile->curve_count; k++) {
        double distance = distance_to_curve(&world->curves[k], position);
        if (distance < best_distance) {
            best = k;
            best_distance = distance;
        }
    }
    return best;
}

bool imp_route_begin_at_pose(imp_route *route, const imp_world *world, imp_pose pose)
{
    imp_lane_position lane;
    if (!imp_world_lane_position(world, pose, &lane))
        return false;
    imp_vec2 position = {pose.x, pose.z};
    int first = find_start_lane(world, position, lane.curve);
    // turns that were chosen but not reached are chosen again
    for (int k = 1; k < route->count; k++)
        route->turn -= route->decided[k];
    route->world = world;
    route->count = 1;
    route->one_tile = false;
    route->curves[0] = get_lane_curve(route, first);
    route->lanes[0] = first;
    route->decided[0] = false;
    extend_route(route);
    imp_route_update(route, position);
    return true;
}

void imp_route_update(imp_route *route, imp_vec2 position)
{
    route->t = find_closest_parameter(&route->curves[0], position);
    // past the end of a curve: continue on the next, as often as needed
    while (route->t >= 1.0 && route->count > 1) {
        drop_first_curve(route);
        extend_route(route);
        route->t = find_closest_parameter(&route->curves[0], position);
    }
}

// A point that moves along a route.
typedef struct route_cursor {
    const imp_route *route;
    int curve;
    double t;
} route_cursor;

// Advances by a distance; false if the route ends before.
static bool advance_cursor(route_cursor *w, double distance)
{
    while (distance > 0.0) {
        // steps short enough that the derivative is nearly constant
        double step = fmin(distance, 0.02);
        imp_vec2 derivative = imp_curve_derivative(&w->route->curves[w->curve], w->t);
        double speed = imp_vec2_length(derivative);
        double next = w->t + step / speed;
        if (next > 1.0) {
            step = (1.0 - w->t) * speed;
            if (w->curve + 1 == w->route->count) {
                w->t = 1.0;
                return false;
            }
            w->curve++;
            next = 0.0;
        }
        w->t = next;
        distance -= step;
    }
    return true;
}

// Point, tangent and curvature at the cursor.
static imp_route_point get_cursor_point(const route_cursor *w)
{
    const imp_curve *curve = &w->route->curves[w->curve];
    return (imp_route_point){
        .point = imp_curve_point(curve, w->t),
        .tangent = imp_vec2_normalize(imp_curve_derivative(curve, w->t)),
        .curvature = imp_curve_curvature(curve, w->t),
        .curve = w->curve,
    };
}

imp_route_point imp_route_point_ahead(const imp_route *route, double distance)
{
    route_cursor w = {route, 0, route->t};
    advance_cursor(&w, distance);
    return get_cursor_point(&w);
}

int imp_route_sample_points(const imp_route *route, double spacing, int count, imp_route_point *out)
{
    route_cursor w = {route, 0, route->t};
    for (int k = 0; k < count; k++) {
        if (k > 0 && !advance_cursor(&w, spacing))
            return k;
        out[k] = get_cursor_point(&w);
    }
    return count;
}
