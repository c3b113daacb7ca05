// The options of navigation commands: --commands, --route-intersections and --destination. One that
// says nothing without another is refused, and so are routes on maps where none can be drawn.
#include <stdio.h>

#include "cli/options/sim_options.h"

// Whether a map has an intersection. What is no single map, as a folder of maps, counts as one that
// has: whoever loads it will see.
static bool may_have_intersection(const char *map)
{
    imp_world *world;
    bool has = false;
    if (imp_world_load(&world, map, NULL) != IMP_OK)
        return true;
    for (int k = 0; k < world->columns * world->rows && !has; k++)
        has = imp_tile_is_intersection(&world->tiles[k]);
    imp_world_destroy(world);
    return has;
}

// Whether any of the maps may have an intersection.
static bool any_map_may_have_intersection(const imp_sim_options *sim, const imp_sim_def *def)
{
    bool any = def->map_count == 0 && may_have_intersection(def->map);
    for (int k = 0; k < def->map_count && !any; k++)
        any = may_have_intersection(sim->maps.items[k]);
    return any;
}

imp_status imp_route_options_check(const imp_options *options, const imp_sim_options *sim,
                                   imp_error *err)
{
    const imp_sim_def *def = sim->def;
    const bool has_number = imp_option_is_given(options, &def->env.route_intersections);
    const bool is_route = def->env.commands == IMP_COMMANDS_ROUTE;
    if (!is_route && (has_number || def->env.has_destination))
        return imp_fail(err, IMP_USAGE, "%s needs --commands route",
                        has_number ? "--route-intersections" : "--destination");
    if (has_number && def->env.has_destination)
        return imp_fail(err, IMP_USAGE,
                        "--route-intersections and --destination exclude each other: a place is "
                        "drawn, or given");
    if (def->env.commands == IMP_COMMANDS_NONE || def->env.has_destination ||
        any_map_may_have_intersection(sim, def))
        return IMP_OK;
    if (is_route)
        return imp_fail(err, IMP_USAGE,
                        "--commands route: no map here has an intersection, so no route can be "
                        "drawn: choose another --map, such as udem1, or give --destination");
    if (!options->quiet)
        fprintf(stderr,
                "imprint: note: no map here has an intersection, so --commands %s gives no "
                "command: choose another --map, such as udem1\n",
                imp_command_source_name((int)def->env.commands));
    return IMP_OK;
}

int imp_route_options_default_steps(const imp_env_def *env, int steps)
{
    // what our expert needed on towns and built-in maps, with a margin
    enum { STEPS_TO_FIRST = 400, STEPS_PER_INTERSECTION = 200 };
    return env->commands == IMP_COMMANDS_ROUTE
               ? STEPS_TO_FIRST + STEPS_PER_INTERSECTION * env->route_intersections
               : steps;
}
