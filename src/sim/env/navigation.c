// Navigation commands (Codevilla et al., End-to-end Driving via Conditional Imitation Learning,
// 2018). They are drawn, or follow from a route. The robot's lane is followed ahead to the next
// intersection where it has a choice. At a new approach the commands and the distances at which
// they begin are drawn, planned, or taken from the caller. While the robot is on the intersection,
// nothing changes; the tile onto which it leaves tells which way it took.
#include "sim/env/navigation.h"

#include "base/common/vector2.h"
#include "sim/env/navigation_route.h"
#include "sim/world/lane_graph.h"

// how far ahead intersections are looked for [lanes]
enum { LANES_AHEAD = 4 };
// from where commands begin, and where they begin at the latest, ahead of an intersection [m]
static const double BEGIN_LOW = 0.4, BEGIN_HIGH = 1.0, NOTICE = 0.3;
// from where a route's command holds [m]
static const double ROUTE_BEGIN = 1.0;
// from where the caller's command holds [m]
static const double GIVEN_BEGIN = 1.0;
// where a command ends that is withdrawn [m]
static const double WITHDRAWAL_LOW = 0.1;
// shares of the intersections
static const double SILENT = 0.15, WITHDRAWN = 0.10, CHANGED = 0.10;

const char *imp_command_source_name(int source)
{
    static const char *const names[] = {
#define COMMAND_SOURCE_NAME(name, word) word,
        IMP_COMMAND_SOURCE_MAP(COMMAND_SOURCE_NAME)
#undef COMMAND_SOURCE_NAME
    };
    return source >= 0 && source < (int)(sizeof names / sizeof names[0]) ? names[source] : NULL;
}

// An intersection ahead.
typedef struct junction {
    int tile;     // its index
    int approach; // the lane that leads there
    int lanes[IMP_LANES_AFTER_MAX], count;
    double distance; // along the lanes [m]
} junction;

// Follows the robot's lane to the next intersection; false if it gives no choice, or is too far.
static bool find_junction_ahead(const imp_env *env, junction *out)
{
    const imp_world *world = env->world;
    int lane = env->lane.curve;
    *out = (junction){.distance = imp_lane_length(&world->curves[lane], &env->lane.point)};
    for (int k = 0; k < LANES_AHEAD; k++) {
        out->count = imp_lane_find_passable_successors(world, &world->curves[lane], out->lanes);
        if (out->count == 0)
            return false;
        out->tile = imp_lane_tile(world, out->lanes[0]);
        out->approach = lane;
        if (imp_tile_is_intersection(&world->tiles[out->tile]))
            return out->count > 1;
        lane = out->lanes[0];
        out->distance += imp_lane_length(&world->curves[lane], NULL);
    }
    return false;
}

// Draws the commands on the way to an intersection. All numbers are drawn, whatever comes
// of them, so that the stream advances equally at every intersection.
static void plan_commands(imp_env *env, const junction *ahead)
{
    imp_navigation *nav = &env->navigation;
    imp_random *random = &nav->random;
    const uint32_t count = (uint32_t)ahead->count;
    const int first = (int)imp_random_uniform_int(random, count);
    const int other = (first + 1 + (int)imp_random_uniform_int(random, count - 1)) % ahead->count;
    const double kind = imp_random_uniform(random, 0.0, 1.0);
    const double begin = imp_random_uniform(random, BEGIN_LOW, BEGIN_HIGH);
    const double later = imp_random_uniform(random, 0.0, 1.0);
    const imp_curve *curves = env->world->curves;
    nav->intersection = ahead->tile;
    nav->approach = ahead->approach;
    nav->begin = fmin(begin, ahead->distance);
    nav->change = -1.0;
    nav->ways[0] = imp_lane_turn_direction(&curves[ahead->lanes[first]]);
    nav->ways[1] = nav->ways[0];
    if (kind < SILENT || ahead->distance < NOTICE) {
        nav->ways[0] = nav->ways[1] = IMP_COMMAND_NONE;
    } else if (kind < SILENT + WITHDRAWN) {
        nav->ways[1] = IMP_COMMAND_NONE;
        nav->change = WITHDRAWAL_LOW + later * (nav->begin - WITHDRAWAL_LOW);
    } else if (kind < SILENT + WITHDRAWN + CHANGED) {
        nav->ways[1] = imp_lane_turn_direction(&curves[ahead->lanes[other]]);
        nav->change = NOTICE + later * (nav->begin - NOTICE);
    }
}

// The command of the route at an intersection. Without one the robot chooses itself.
static void plan_route_command(imp_env *env, const junction *ahead)
{
    imp_navigation *nav = &env->navigation;
    nav->intersection = ahead->tile;
    nav->approach = ahead->approach;
    nav->begin = ROUTE_BEGIN;
    nav->change = -1.0;
    nav->ways[0] = nav->ways[1] = imp_navigation_route_command(env, ahead->approach);
}

// The caller's command, which may be another one than in the step before.
static void take_given_command(imp_env *env, const junction *ahead)
{
    imp_navigation *nav = &env->navigation;
    const bool exists =
        imp_lane_find_by_turn_direction(env->world, ahead->lanes, ahead->count, nav->given) >= 0;
    nav->intersection = ahead->tile;
    nav->approach = ahead->approach;
    nav->command = exists && ahead->distance <= GIVEN_BEGIN ? nav->given : IMP_COMMAND_NONE;
}

static void clear_intersection_ahead(imp_navigation *nav)
{
    nav->command = IMP_COMMAND_NONE;
    nav->intersection = nav->approach = -1;
    nav->inside = false;
}

// On a road: the command for what lies ahead.
static void update_command_on_road(imp_env *env)
{
    imp_navigation *nav = &env->navigation;
    junction ahead;
    if (!find_junction_ahead(env, &ahead)) {
        clear_intersection_ahead(nav);
        return;
    }
    if (env->def.commands == IMP_COMMANDS_GIVEN) {
        take_given_command(env, &ahead);
        return;
    }
    if (ahead.tile != nav->intersection || ahead.approach != nav->approach) {
        clear_intersection_ahead(nav);
        if (env->def.commands == IMP_COMMANDS_ROUTE)
            plan_route_command(env, &ahead);
        else
            plan_commands(env, &ahead);
    }
    // a command that began stays when the robot backs off
    if (ahead.distance <= nav->change)
        nav->command = nav->ways[1];
    else if (ahead.distance <= nav->begin && nav->command == IMP_COMMAND_NONE)
        nav->command = nav->ways[0];
}

// Whether the lane of the command leads from the intersection to a tile.
static bool does_command_lead_to_tile(const imp_env *env, int tile)
{
    const imp_navigation *nav = &env->navigation;
    const imp_world *world = env->world;
    int lanes[IMP_LANES_AFTER_MAX], onward[IMP_LANES_AFTER_MAX];
    const int count =
        imp_lane_find_passable_successors(world, &world->curves[nav->approach], lanes);
    const int lane = imp_lane_find_by_turn_direction(world, lanes, count, nav->command);
    return lane >= 0 && imp_lane_find_successors(world, &world->curves[lane], onward) > 0 &&
           imp_lane_tile(world, onward[0]) == tile;
}

// The robot left the intersection onto a tile; back where it came from is no crossing.
static void leave_intersection(imp_env *env, int tile)
{
    imp_navigation *nav = &env->navigation;
    nav->inside = false;
    if (nav->approach < 0 || tile == imp_lane_tile(env->world, nav->approach))
        return;
    nav->crossed++;
    if (nav->command != IMP_COMMAND_NONE && does_command_lead_to_tile(env, tile))
        nav->followed++;
    else if (nav->command != IMP_COMMAND_NONE)
        nav->wrong++;
    nav->given = IMP_COMMAND_NONE;
    clear_intersection_ahead(nav);
}

void imp_navigation_update(imp_env *env)
{
    imp_navigation *nav = &env->navigation;
    // off the road, what was said last holds
    if (env->def.commands == IMP_COMMANDS_NONE || !env->in_lane)
        return;
    if (env->def.commands == IMP_COMMANDS_ROUTE)
        imp_navigation_update_route(env);
    const imp_world *world = env->world;
    const imp_tile *tile = imp_world_tile_at(world, env->pose.x, env->pose.z);
    const int index = (int)(tile - world->tiles);
    if (nav->inside && index == nav->intersection)
        return;
    if (nav->inside)
        leave_intersection(env, index);
    if (!imp_tile_is_intersection(tile)) {
        update_command_on_road(env);
        return;
    }
    // onto an intersection by another way than that of the plan: there is no command
    if (index != nav->intersection)
        clear_intersection_ahead(nav);
    nav->intersection = index;
    nav->inside = true;
}

void imp_env_give_command(imp_env *env, imp_navigation_command command)
{
    if (env->def.commands != IMP_COMMANDS_GIVEN)
        return;
    env->navigation.given = command;
    imp_navigation_update(env);
}

void imp_navigation_restart_after_move(imp_env *env)
{
    clear_intersection_ahead(&env->navigation);
    imp_navigation_update(env);
}

void imp_navigation_reset(imp_env *env)
{
    env->navigation = (imp_navigation){
        .intersection = -1,
        .approach = -1,
        .destination = -1,
        .in_vain = -1,
        .intersections_left = env->def.has_destination ? 1 : env->def.route_intersections,
        .random =
            imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_COMMAND),
    };
    imp_navigation_update(env);
}
