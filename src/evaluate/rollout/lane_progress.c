// How far a robot gets along the road. Each visit to a tile counts by one lane: the one that best
// joins the place where the robot came onto the tile and the place where it is. So circles and
// rocking cancel out, also across the border of two tiles. A robot is stalled when it gets hardly
// ahead for long with nothing to wait for; what it could wait for is what our expert would.
#include "evaluate/rollout/lane_progress.h"

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "evaluate/rollout/drive_recorder.h"
#include "sim/expert/route.h"
#include "sim/expert/traffic.h"

// A check asks the expert's traffic rules, so it is not made at every step.
static const double CHECK_TIME = 0.5; // between two checks for a stall [s]
static const double ROUNDING = 1e-6;  // tolerance for sums of times [s]

// Position on the ground, without the heading [m].
static imp_vec2 robot_position(const imp_env *env)
{
    return (imp_vec2){env->pose.x, env->pose.z};
}

// A new episode begins with a visit to the tile of the start.
void imp_lane_progress_begin(imp_lane_progress *progress, const imp_env *env)
{
    const imp_vec2 here = robot_position(env);
    *progress = (imp_lane_progress){.tile = imp_world_tile_at(env->world, here.x, here.z),
                                    .entry = here,
                                    .entry_heading = env->pose.heading,
                                    .farthest = here,
                                    .position = here};
}

// Returns the parameter of the closest point on a curve: the best of 17 samples, then refined.
// Samples avoid the wrong minimum of a curve with two; Gauss-Newton then converges within few
// steps.
static double closest_curve_parameter(const imp_curve *curve, imp_vec2 place)
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
        // Stay on the curve: its ends are at 0 and 1.
        const imp_vec2 derivative = imp_curve_derivative(curve, best);
        const imp_vec2 gap = imp_vec2_subtract(place, imp_curve_point(curve, best));
        best += imp_vec2_dot(gap, derivative) / imp_vec2_dot(derivative, derivative);
        best = fmax(0.0, fmin(1.0, best));
    }
    return best;
}

// Returns the length of a curve between two parameters, negative if backward [m].
// The integral of the speed |c'(t)| from one parameter to the other.
static double curve_length(const imp_curve *curve, double from, double to)
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

// A section of a lane.
typedef struct lane_section {
    const imp_curve *lane; // NULL if there is none
    double length;         // [m], negative if it is driven backward
} lane_section;

// Returns the section between two points of a tile. The lane is the one closest to both points
// among those whose direction at the end is within 90 degrees of the heading.
// With no tile or no suitable lane the length is 0, so the visit adds nothing.
static lane_section find_lane_section(const imp_world *world, const imp_tile *tile, imp_vec2 from,
                                      imp_vec2 to, double heading)
{
    const imp_vec2 forward = imp_heading_direction(heading);
    double nearest = INFINITY;
    lane_section found = {0};
    for (int k = 0; tile != NULL && k < tile->curve_count; k++) {
        // The sum of both gaps tells how well the lane joins the points.
        const imp_curve *curve = &world->curves[tile->first_curve + k];
        const double start = closest_curve_parameter(curve, from),
                     end = closest_curve_parameter(curve, to);
        const double away =
            imp_vec2_length(imp_vec2_subtract(imp_curve_point(curve, start), from)) +
            imp_vec2_length(imp_vec2_subtract(imp_curve_point(curve, end), to));
        if (away < nearest && imp_vec2_dot(imp_curve_derivative(curve, end), forward) >= 0.0) {
            nearest = away;
            found = (lane_section){curve, curve_length(curve, start, end)};
        }
    }
    return found;
}

// Returns whether a lane ends at the end of the road.
// It looks a hundredth of a tile beyond the end, in the direction of the lane there.
static bool road_ends_at_lane_end(const imp_world *world, const imp_curve *lane)
{
    const imp_vec2 end = lane->p[3];
    const imp_vec2 along = imp_vec2_normalize(imp_vec2_subtract(end, lane->p[2]));
    return !imp_world_is_drivable_at(world, end.x + 0.01 * world->tile_size * along.x,
                                     end.z + 0.01 * world->tile_size * along.z);
}

// Returns the distance that a visit to a tile adds if it ends here. A U-turn at a dead end, past
// the middle of the last tile, counts the way in and out.
static double compute_distance_driven_on_tile(const imp_lane_progress *progress, const imp_env *env,
                                              imp_vec2 here, bool returns)
{
    const imp_world *world = env->world;
    // The usual case: one lane from entry to exit.
    const lane_section whole =
        find_lane_section(world, progress->tile, progress->entry, here, env->pose.heading);
    if (!returns || progress->reach < 0.5 * world->tile_size)
        return whole.length;
    // The way in to the farthest point, and the way out from there.
    const lane_section in = find_lane_section(world, progress->tile, progress->entry,
                                              progress->farthest, progress->entry_heading);
    const lane_section out =
        find_lane_section(world, progress->tile, progress->farthest, here, env->pose.heading);
    return in.lane != NULL && in.length > 0.0 && out.length > 0.0 &&
                   road_ends_at_lane_end(world, in.lane)
               ? in.length + out.length
               : whole.length;
}

// Distance of finished visits, and of the present one as if it ended here [m].
double imp_lane_progress_distance(const imp_lane_progress *progress, const imp_env *env)
{
    return progress->before +
           compute_distance_driven_on_tile(progress, env, progress->position, false);
}

// Returns whether the expert would stop or slow down at the robot's pose for something temporary.
static bool must_wait_for_traffic(const imp_env *env)
{
    // A route of its own, with the random stream of routes, so that the episode draws nothing.
    imp_route route = {.random = imp_random_stream(env->def.seed, env->def.index, env->episode,
                                                   IMP_PURPOSE_ROUTE)};
    if (!imp_route_begin_at_pose(&route, env->world, env->pose))
        return false;
    const imp_traffic_plan wanted = {.speed = imp_default_expert_def().speed};
    const imp_wait_reason reason = imp_traffic_adjust_plan(env, &route, wanted).slow_reason;
    return reason == IMP_WAIT_LIGHT || reason == IMP_WAIT_PEDESTRIAN || reason == IMP_WAIT_CAR;
}

// Adds time without progress, and decides whether the robot is stalled.
static void update_stall_timer(imp_lane_progress *progress, const imp_env *env)
{
    const double distance = imp_lane_progress_distance(progress, env);
    // A U-turn leads back behind the tile's entry for a while: one is not a stall.
    const bool turns = !progress->turned && distance <= progress->mark - 2.0 * IMP_STALL_DISTANCE;
    // Enough progress moves the mark and clears the time; waiting for traffic leaves both.
    if (distance >= progress->mark + IMP_STALL_DISTANCE || turns) {
        progress->mark = distance;
        progress->idle = 0.0;
        progress->turned = progress->turned || turns;
    } else if (!must_wait_for_traffic(env)) {
        progress->idle += progress->time - progress->checked;
    }
    progress->checked = progress->time;
    progress->stalled = progress->idle >= IMP_STALL_TIME - ROUNDING;
}

// Adds the visit that ended and begins one on the new tile.
static void begin_tile_visit(imp_lane_progress *progress, const imp_env *env, const imp_tile *tile,
                             imp_vec2 here)
{
    // Whether the robot goes back to the tile that it came from.
    const bool returns = tile == progress->last;
    progress->before += compute_distance_driven_on_tile(progress, env, here, returns);
    progress->turned = progress->turned && returns;
    progress->last = progress->tile;
    progress->tile = tile;
    progress->entry = progress->farthest = progress->position;
    progress->entry_heading = env->pose.heading;
    progress->reach = 0.0;
    progress->position = here;
}

// Keeps the point of the visit that is farthest from its entry.
static void update_farthest_point(imp_lane_progress *progress)
{
    const double away = imp_vec2_length(imp_vec2_subtract(progress->position, progress->entry));
    if (away > progress->reach) {
        progress->reach = away;
        progress->farthest = progress->position;
    }
}

// Called once per step, after it; checks for a stall are rarer because they are expensive.
void imp_lane_progress_update(imp_lane_progress *progress, const imp_env *env)
{
    const imp_vec2 here = robot_position(env);
    const imp_tile *tile = imp_world_tile_at(env->world, here.x, here.z);
    if (tile != progress->tile)
        begin_tile_visit(progress, env, tile, here);
    progress->position = here;
    update_farthest_point(progress);
    progress->time += env->def.drive.time_step * env->def.frame_skip;
    if (!progress->stalled && progress->time - progress->checked >= CHECK_TIME - ROUNDING)
        update_stall_timer(progress, env);
}

bool imp_lane_progress_stalled(const imp_lane_progress *progress, const imp_env *env, double expert)
{
    // In an episode shorter than the stall time, the mean speed over all of it decides.
    const double limit = env->def.max_steps * env->def.drive.time_step;
    if (limit >= IMP_STALL_TIME)
        return progress->stalled;
    return env->ending == IMP_END_MAX_STEPS && expert >= IMP_STALL_DISTANCE &&
           imp_lane_progress_distance(progress, env) < IMP_STALL_DISTANCE * limit / IMP_STALL_TIME;
}

// Observers: they pass the environment on to the functions above.
static void begin_progress_at_episode_start(void *context, const imp_env *env)
{
    imp_lane_progress_begin(context, env);
}

static void update_progress_after_step(void *context, const imp_env *env,
                                       const imp_transition *transition)
{
    (void)transition;
    imp_lane_progress_update(context, env);
}

imp_episode_observer imp_lane_progress_observer(imp_lane_progress *progress)
{
    return (imp_episode_observer){.context = progress,
                                  .begin = begin_progress_at_episode_start,
                                  .after_step = update_progress_after_step};
}

// Drives the expert from a copy of the environment, without images. The slot's own environment
// keeps its state, so the policy starts from the same one.
imp_status imp_measure_expert_progress(imp_expert_progress *out, imp_rollout_workers *workers,
                                       int slot, bool rounds, imp_error *err)
{
    imp_env env;
    imp_lane_progress progress;
    imp_drive_recorder recorder;
    imp_episode_loop_def loop = imp_episode_loop_def_of_slot(workers, slot);
    imp_env_copy(&env, workers->slots[slot].env);
    loop.env = &env;
    loop.policy = workers->progress_experts[loop.worker];
    loop.label_expert = NULL;
    // These steps are not part of the reported progress.
    loop.uncounted = true;
    imp_episode_loop_add_observer(&loop, imp_lane_progress_observer(&progress));
    if (rounds)
        IMP_TRY(imp_drive_recorder_begin(&recorder, &loop, NULL, &env, false, err));
    IMP_TRY(imp_episode_loop_run(&loop, err));
    const double distance = imp_lane_progress_distance(&progress, &env);
    *out = (imp_expert_progress){distance, imp_lane_progress_stalled(&progress, &env, distance)};
    return IMP_OK;
}
