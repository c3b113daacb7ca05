// How far a robot gets along the road. Each visit to a tile counts by the lane that joins best the
// place where the robot came onto the tile and the place where it is, so that circles and rocking
// cancel out, also across the border of two tiles. A robot is stalled when it gets hardly ahead for
// long with nothing to wait for; what it could wait for is what our expert would.
#include "pipeline/travel.h"

#include "base/vector.h"
#include "policy/route.h"
#include "policy/traffic.h"

static const double CHECK_TIME = 0.5; // between two looks at the distance [s]
static const double ROUNDING = 1e-6;  // of times that are added up [s]

static imp_vec2 position_of(const imp_env *env)
{
    return (imp_vec2){env->pose.x, env->pose.z};
}

void imp_travel_begin(imp_travel *travel, const imp_env *env)
{
    const imp_vec2 here = position_of(env);
    *travel = (imp_travel){.tile = imp_world_tile_at(env->world, here.x, here.z),
                           .entry = here,
                           .entry_heading = env->pose.heading,
                           .farthest = here,
                           .position = here};
}

// The parameter of the point on a curve that is closest to a place.
static double closest_parameter(const imp_curve *curve, imp_vec2 place)
{
    enum { SAMPLES = 16, REFINEMENTS = 4 };
    double best = 0.0, best_distance = INFINITY;
    for (int k = 0; k <= SAMPLES; k++) {
        const double t = (double)k / SAMPLES;
        const imp_vec2 gap = imp_vec2_subtract(imp_curve_point(curve, t), place);
        const double distance = imp_vec2_dot(gap, gap);
        if (distance < best_distance) {
            best = t;
            best_distance = distance;
        }
    }
    for (int k = 0; k < REFINEMENTS; k++) { // Gauss-Newton on the distance
        const imp_vec2 derivative = imp_curve_derivative(curve, best);
        const imp_vec2 gap = imp_vec2_subtract(place, imp_curve_point(curve, best));
        best += imp_vec2_dot(gap, derivative) / imp_vec2_dot(derivative, derivative);
        best = fmax(0.0, fmin(1.0, best));
    }
    return best;
}

// The length of a curve from one parameter to another, negative if that is backward [m].
static double arc_length(const imp_curve *curve, double from, double to)
{
    enum { PARTS = 8 }; // Simpson's rule
    double sum = 0.0;
    for (int k = 0; k <= PARTS; k++) {
        const double t = from + (to - from) * k / PARTS;
        const double weight = k == 0 || k == PARTS ? 1.0 : k % 2 == 1 ? 4.0 : 2.0;
        sum += weight * imp_vec2_length(imp_curve_derivative(curve, t));
    }
    return sum * (to - from) / (3.0 * PARTS);
}

// A stretch of a lane.
typedef struct stretch {
    const imp_curve *lane; // NULL where there is none
    double length;         // [m], negative if it is driven backward
} stretch;

// The stretch from one place on a tile to another, for a robot with that heading at its end: of the
// lane that lies nearest to both and leads its way.
static stretch stretch_of(const imp_world *world, const imp_tile *tile, imp_vec2 from, imp_vec2 to,
                          double heading)
{
    const imp_vec2 forward = imp_forward(heading);
    double nearest = INFINITY;
    stretch found = {0};
    for (int k = 0; tile != NULL && k < tile->curve_count; k++) {
        const imp_curve *curve = &world->curves[tile->first_curve + k];
        const double start = closest_parameter(curve, from), end = closest_parameter(curve, to);
        const double away =
            imp_vec2_length(imp_vec2_subtract(imp_curve_point(curve, start), from)) +
            imp_vec2_length(imp_vec2_subtract(imp_curve_point(curve, end), to));
        if (away < nearest && imp_vec2_dot(imp_curve_derivative(curve, end), forward) >= 0.0) {
            nearest = away;
            found = (stretch){curve, arc_length(curve, start, end)};
        }
    }
    return found;
}

// Whether the road ends where a lane does.
static bool is_dead_end(const imp_world *world, const imp_curve *lane)
{
    const imp_vec2 end = lane->p[3];
    const imp_vec2 along = imp_vec2_unit(imp_vec2_subtract(end, lane->p[2]));
    return !imp_world_drivable_at(world, end.x + 0.01 * world->tile_size * along.x,
                                  end.z + 0.01 * world->tile_size * along.z);
}

// What a visit to a tile counts that ends where the robot is now. Who turns round at the end of a
// road, past the middle of the last tile, has driven in and out.
static double distance_of_visit(const imp_travel *travel, const imp_env *env, imp_vec2 here,
                                bool returns)
{
    const imp_world *world = env->world;
    const stretch whole = stretch_of(world, travel->tile, travel->entry, here, env->pose.heading);
    if (!returns || travel->reach < 0.5 * world->tile_size)
        return whole.length;
    const stretch in =
        stretch_of(world, travel->tile, travel->entry, travel->farthest, travel->entry_heading);
    const stretch out = stretch_of(world, travel->tile, travel->farthest, here, env->pose.heading);
    return in.lane != NULL && in.length > 0.0 && out.length > 0.0 && is_dead_end(world, in.lane)
               ? in.length + out.length
               : whole.length;
}

double imp_travel_distance(const imp_travel *travel, const imp_env *env)
{
    return travel->before + distance_of_visit(travel, env, travel->position, false);
}

// Whether our expert would stand or slow down, in the robot's place, for something that goes away
// by itself.
static bool has_to_wait(const imp_env *env)
{
    imp_route route = {.random = imp_random_stream(env->def.seed, env->def.index, env->episode,
                                                   IMP_PURPOSE_ROUTE)};
    if (!imp_route_start(&route, env->world, env->pose))
        return false;
    const imp_traffic_plan wanted = {.speed = imp_default_expert_def().speed};
    const imp_wait reason = imp_traffic_mind(env, &route, wanted).slowed_by;
    return reason == IMP_WAIT_LIGHT || reason == IMP_WAIT_WALKER || reason == IMP_WAIT_CAR;
}

static void check_net_distance(imp_travel *travel, const imp_env *env)
{
    const double distance = imp_travel_distance(travel, env);
    // who turns round is for a while behind where he came onto the tile: once is no stall
    const bool turns = !travel->turned && distance <= travel->mark - 2.0 * IMP_STALL_DISTANCE;
    if (distance >= travel->mark + IMP_STALL_DISTANCE || turns) {
        travel->mark = distance;
        travel->idle = 0.0;
        travel->turned = travel->turned || turns;
    } else if (!has_to_wait(env)) {
        travel->idle += travel->time - travel->checked;
    }
    travel->checked = travel->time;
    travel->stalled = travel->idle >= IMP_STALL_TIME - ROUNDING;
}

static void change_tile(imp_travel *travel, const imp_env *env, const imp_tile *tile, imp_vec2 here)
{
    const bool returns = tile == travel->last;
    travel->before += distance_of_visit(travel, env, here, returns);
    travel->turned = travel->turned && returns;
    travel->last = travel->tile;
    travel->tile = tile;
    travel->entry = travel->farthest = travel->position;
    travel->entry_heading = env->pose.heading;
    travel->reach = 0.0;
    travel->position = here;
}

// Keeps the place of a visit that is farthest from where it began.
static void note_reach(imp_travel *travel)
{
    const double away = imp_vec2_length(imp_vec2_subtract(travel->position, travel->entry));
    if (away > travel->reach) {
        travel->reach = away;
        travel->farthest = travel->position;
    }
}

void imp_travel_step(imp_travel *travel, const imp_env *env)
{
    const imp_vec2 here = position_of(env);
    const imp_tile *tile = imp_world_tile_at(env->world, here.x, here.z);
    if (tile != travel->tile)
        change_tile(travel, env, tile, here);
    travel->position = here;
    note_reach(travel);
    travel->time += env->def.drive.time_step * env->def.frame_skip;
    if (!travel->stalled && travel->time - travel->checked >= CHECK_TIME - ROUNDING)
        check_net_distance(travel, env);
}

bool imp_travel_stalled(const imp_travel *travel, const imp_env *env, double expert)
{
    const double limit = env->def.max_steps * env->def.drive.time_step;
    if (limit >= IMP_STALL_TIME)
        return travel->stalled;
    return env->ending == IMP_ENDING_MAX_STEPS && expert >= IMP_STALL_DISTANCE &&
           imp_travel_distance(travel, env) < IMP_STALL_DISTANCE * limit / IMP_STALL_TIME;
}

imp_status imp_travel_of_expert(imp_expert_travel *out, imp_crew *crew, int worker, imp_error *err)
{
    enum { STEPS_BETWEEN_STOPS = 64 };
    imp_crew_member *member = &crew->members[worker];
    imp_env env;
    imp_travel travel;
    imp_env_copy(&env, &member->env);
    imp_policy_begin(member->progress_expert, &env);
    imp_travel_begin(&travel, &env);
    int count = 0;
    for (imp_step step = {0}; !step.terminated && !step.truncated;) {
        step = imp_env_step(&env, imp_policy_act(member->progress_expert, &env, NULL));
        imp_travel_step(&travel, &env);
        if (++count % STEPS_BETWEEN_STOPS == 0 && !imp_crew_goes_on(crew, worker))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    const double distance = imp_travel_distance(&travel, &env);
    *out = (imp_expert_travel){distance, imp_travel_stalled(&travel, &env, distance)};
    return IMP_OK;
}
