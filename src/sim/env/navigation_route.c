// Routes of an episode. Only the destination is kept. The way there is searched for when a
// destination is chosen, and again at each approach to an intersection; so a wrong turn needs no
// special case. A search costs some microseconds for each lane of the map, and its memory lies on
// the stack.
#include "sim/env/navigation_route.h"

#include <math.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "imprint/route.h"
#include "sim/world/lane_graph.h"
#include "sim/world/lane_search.h"

imp_status imp_navigation_check_route(const imp_world *world, const imp_env_def *def,
                                      imp_error *err)
{
    imp_route_place place;
    if (def->commands != IMP_COMMANDS_ROUTE)
        return def->has_destination
                   ? imp_fail(err, IMP_USAGE, "a destination needs commands: route")
                   : IMP_OK;
    if (world->curve_count > IMP_ROUTE_LANES_MAX)
        return imp_fail(err, IMP_USAGE, "%s has %s; routes are planned on maps of up to %d",
                        world->name, IMP_PLURAL(world->curve_count, "lane"), IMP_ROUTE_LANES_MAX);
    if (!def->has_destination)
        return IMP_OK;
    imp_error why = {0};
    const imp_status status =
        imp_route_place_of_tile(&place, world, def->destination[0], def->destination[1], &why);
    return status == IMP_OK ? IMP_OK
                            : imp_add_hint(err, IMP_HINT_SETTING,
                                           imp_fail(err, status, "destination: %s", why.message));
}

// The lane of the given tile that is nearest by the ways found, or -1.
static int nearest_given_destination(const imp_env *env, const imp_lane_search *search)
{
    const int *at = env->def.destination;
    const imp_tile *tile = &env->world->tiles[at[1] * env->world->columns + at[0]];
    int best = -1;
    for (int k = tile->first_curve; k < tile->first_curve + tile->curve_count; k++)
        if (isfinite(search->distance[k]) &&
            (best < 0 || search->distance[k] < search->distance[best]))
            best = k;
    return best;
}

// Whether a route may end on a lane: on a road, where the robot has no choice.
static bool may_be_destination(const imp_world *world, const imp_lane_search *search, int lane)
{
    return isfinite(search->distance[lane]) && search->choices[lane] > 0 &&
           !imp_tile_is_intersection(&world->tiles[imp_lane_tile(world, lane)]);
}

// Draws one of the lanes whose way crosses as many intersections as are wanted, or as many as any
// does; -1 if none crosses one.
static int draw_destination(imp_env *env, const imp_lane_search *search)
{
    const imp_world *world = env->world;
    const int wanted = env->navigation.intersections_left;
    int most = 0, count = 0;
    for (int k = 0; k < world->curve_count; k++) {
        if (!may_be_destination(world, search, k) || search->choices[k] > wanted)
            continue;
        if (search->choices[k] > most)
            count = 0;
        if (search->choices[k] >= most) {
            most = search->choices[k];
            count++;
        }
    }
    if (count == 0)
        return -1;
    int chosen = (int)imp_random_uniform_int(&env->navigation.random, (uint32_t)count);
    for (int k = 0; k < world->curve_count; k++)
        if (may_be_destination(world, search, k) && search->choices[k] == most && chosen-- == 0)
            return k;
    return -1;
}

// Chooses the next destination from the robot's lane. There is none before a dead end: then the
// robot turns round, and the next lane is tried.
static void choose_destination(imp_env *env)
{
    imp_navigation *nav = &env->navigation;
    imp_lane_search search;
    const imp_curve *lane = &env->world->curves[env->lane.curve];
    const double driven = imp_lane_length(lane, NULL) - imp_lane_length(lane, &env->lane.point);
    imp_lane_search_run(&search, env->world, &env->lane.curve, 1, -driven);
    nav->destination = env->def.has_destination ? nearest_given_destination(env, &search)
                                                : draw_destination(env, &search);
    nav->in_vain = nav->destination < 0 ? env->lane.curve : -1;
    if (nav->destination < 0)
        return;
    nav->planned += search.distance[nav->destination];
    nav->intersections_left =
        env->def.has_destination ? 0 : nav->intersections_left - search.choices[nav->destination];
}

void imp_navigation_update_route(imp_env *env)
{
    imp_navigation *nav = &env->navigation;
    if (nav->destination >= 0 && env->lane.curve == nav->destination) {
        nav->destination = -1;
        nav->arrived = nav->intersections_left == 0;
    }
    if (nav->destination < 0 && nav->intersections_left > 0 && env->lane.curve != nav->in_vain)
        choose_destination(env);
}

imp_navigation_command imp_navigation_route_command(const imp_env *env, int approach)
{
    const int destination = env->navigation.destination;
    imp_lane_search search;
    if (destination < 0)
        return IMP_COMMAND_NONE;
    imp_lane_search_run(&search, env->world, &approach, 1, 0.0);
    if (!isfinite(search.distance[destination]))
        return IMP_COMMAND_NONE;
    return imp_lane_turn_direction(
        &env->world->curves[imp_lane_search_second(&search, destination)]);
}
