// Decides whether episodes can start on a tile where random draws found no pose, and if not,
// explains why. It tests a fixed grid of points, the same for all episodes, so that all agree. At
// each point it follows every lane that passes there, turning to either side as far as the start
// angle allows.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/env/collision.h"
#include "sim/env/start_pose.h"

enum { HEADING_SAMPLES = 16, SIDE_SAMPLES = 32, DEGREES_MAX = 180, FEW_TILES = 8 };

#define DEGREE (IMP_PI / 180.0)

// Point `number` of a grid of side x side points on a tile.
static imp_vec2 get_grid_point(const imp_world *world, int tile, int side, int number)
{
    const double size = world->tile_size;
    return (imp_vec2){(tile % world->columns + (number % side + 0.5) / side) * size,
                      (tile / world->columns + (number / side + 0.5) / side) * size};
}

// Collects the headings of all lanes at a point, each lane once, by probing 16 headings. Returns
// their number, at most HEADING_SAMPLES.
static int lane_headings_at(const imp_world *world, imp_vec2 place,
                            double headings[HEADING_SAMPLES])
{
    int curves[HEADING_SAMPLES], count = 0;
    for (int k = 0; k < HEADING_SAMPLES; k++) {
        imp_lane_position lane;
        // headings are evenly spaced; each selects the lane that fits it best
        const imp_pose pose = {place.x, place.z, (2.0 * k / HEADING_SAMPLES - 1.0) * IMP_PI};
        if (!imp_world_lane_position(world, pose, &lane))
            return 0;
        // skip lanes that another heading found before
        int known = 0;
        while (known < count && curves[known] != lane.curve)
            known++;
        if (known < count)
            continue;
        curves[count] = lane.curve;
        headings[count++] = imp_atan2(-lane.tangent.z, lane.tangent.x);
    }
    return count;
}

// A point of a tile with the headings of the lanes there.
typedef struct start_candidate {
    imp_vec2 place;
    double headings[HEADING_SAMPLES];
    int count;
} start_candidate;

// Fills in a candidate. False without a lane, or if an object is too close for any heading.
static bool fill_start_candidate(const imp_env *env, int tile, int side, int number,
                                 start_candidate *out)
{
    out->place = get_grid_point(env->world, tile, side, number);
    if (imp_env_find_spawn_blocker(env, out->place) != NULL)
        return false;
    out->count = lane_headings_at(env->world, out->place, out->headings);
    return out->count > 0;
}

// Whether a robot turned by `turn` from one of the lanes there may start; *pose is that pose.
static bool find_valid_turned_pose(const imp_env *env, const start_candidate *at, double turn,
                                   double angle, imp_pose *pose)
{
    for (int k = 0; k < at->count; k++) {
        *pose = (imp_pose){at->place.x, at->place.z, imp_wrap_angle(at->headings[k] + turn)};
        if (imp_start_pose_is_on_lane(env->world, *pose, angle) &&
            imp_start_pose_find_blocker(env, *pose) == NULL)
            return true;
    }
    return false;
}

// Resolution of the search: points along a side, and degrees between headings.
typedef struct search_grid {
    int side, step;
} search_grid;

// Few tiles are searched finely, many coarsely.
static search_grid choose_search_grid_resolution(const imp_env *env)
{
    const bool few = env->def.has_start_tile || env->world->has_start_tile ||
                     env->world->drivable_count <= FEW_TILES;
    return few ? (search_grid){64, 1} : (search_grid){16, 5};
}

// Finds a valid heading at a point: turns by growing steps to both sides of the lanes, up to
// `angle`.
static bool find_start_heading(const imp_env *env, const start_candidate *at, search_grid g,
                               double angle, imp_pose *pose)
{
    for (double turn = 0.0; turn < angle; turn += g.step * DEGREE)
        if (find_valid_turned_pose(env, at, turn, angle, pose) ||
            find_valid_turned_pose(env, at, -turn, angle, pose))
            return true;
    return false;
}

bool imp_start_pose_search_tile(const imp_env *env, int tile, double angle, imp_random *random,
                                imp_pose *pose)
{
    // a random first point varies the start, the full cycle makes the outcome independent of it
    const search_grid g = choose_search_grid_resolution(env);
    const int places = g.side * g.side,
              first = (int)imp_random_uniform_int(random, (uint32_t)places);
    start_candidate at;
    for (int k = 0; k < places; k++)
        if (fill_start_candidate(env, tile, g.side, (first + k) % places, &at) &&
            find_start_heading(env, &at, g, angle, pose))
            return true;
    return false;
}

// The least start angle, in whole degrees, with which imp_start_pose_search_tile() finds a start on
// a tile; -1 if none does.
static int find_min_start_angle(const imp_env *env, int tile)
{
    const search_grid g = choose_search_grid_resolution(env);
    int least = DEGREES_MAX;
    start_candidate at;
    imp_pose pose;
    for (int k = 0; k < g.side * g.side; k++) {
        if (!fill_start_candidate(env, tile, g.side, k, &at))
            continue;
        // only angles below the best so far can improve it
        for (int degrees = 0; degrees < least; degrees += g.step) {
            const double turn = degrees * DEGREE, angle = (degrees + 1) * DEGREE;
            if (find_valid_turned_pose(env, &at, turn, angle, &pose) ||
                find_valid_turned_pose(env, &at, -turn, angle, &pose))
                least = degrees;
        }
    }
    return least < DEGREES_MAX ? least + 1 : -1;
}

// Chooses the tile that the message is about: a fixed start tile, else the first where a larger
// angle would help, else the first drivable one.
static int choose_tile_for_start_error(const imp_env *env, int *degrees)
{
    enum { TILES_MAX = 64 };
    const imp_world *world = env->world;
    // a fixed tile leaves no choice
    const int *fixed = env->def.has_start_tile ? env->def.start_tile
                       : world->has_start_tile ? world->start_tile
                                               : NULL;
    if (fixed != NULL) {
        const int tile = fixed[1] * world->columns + fixed[0];
        *degrees = find_min_start_angle(env, tile);
        return tile;
    }
    *degrees = -1;
    for (int k = 0; k < world->drivable_count && k < TILES_MAX; k++) {
        *degrees = find_min_start_angle(env, world->drivable[k]);
        if (*degrees > 0)
            return world->drivable[k];
    }
    return world->drivable[0];
}

// The object that blocks most poses of a tile that fit on the road, or NULL. *free says whether
// there are such poses.
static const imp_object *find_main_blocker(const imp_env *env, int tile, bool *free)
{
    int counts[IMP_OBJECTS_MAX] = {0}, most = 0;
    const imp_object *objects = env->world->objects, *blocker = NULL;
    *free = false;
    for (int k = 0; k < SIDE_SAMPLES * SIDE_SAMPLES; k++) {
        double headings[HEADING_SAMPLES];
        // every lane at this point is one pose to test
        const imp_vec2 place = get_grid_point(env->world, tile, SIDE_SAMPLES, k);
        const int count = lane_headings_at(env->world, place, headings);
        for (int n = 0; n < count; n++) {
            const imp_pose pose = {place.x, place.z, headings[n]};
            if (!imp_start_pose_is_on_lane(env->world, pose, IMP_PI))
                continue;
            *free = true;
            // count how many poses each object blocks
            const imp_object *here = imp_start_pose_find_blocker(env, pose);
            if (here != NULL && ++counts[here - objects] > most) {
                most = counts[here - objects];
                blocker = here;
            }
        }
    }
    return blocker;
}

// The name of an object's kind or sign in map files.
static const char *object_name(const imp_object *object)
{
    return object->kind == IMP_OBJECT_SIGN ? imp_sign_name(object->sign)
                                           : imp_object_class_get(object->kind)->name;
}

// Appends an item to a list of advice, joined by ", or".
static void append_advice(char *out, size_t size, const char *format, ...)
{
    const size_t used = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    if (used > 0)
        snprintf(out + used, size - used, ", or ");
    vsnprintf(out + strlen(out), size - strlen(out), format, arguments);
    va_end(arguments);
}

imp_status(imp_start_pose_explain_failure)(const imp_env *env, imp_error *err)
{
    const imp_world *world = env->world;
    char where[64], reason[160], advice[200] = "";
    bool free;
    int degrees;
    // find the tile, the angle that would help and the main obstacle
    const int tile = choose_tile_for_start_error(env, &degrees);
    const bool given = env->def.has_start_tile;
    const imp_object *blocker = find_main_blocker(env, tile, &free);
    // where: the start tile, or an example of all tiles
    snprintf(where, sizeof where, "%s %d,%d",
             given                   ? "on start tile"
             : world->has_start_tile ? "on the map's start_tile"
                                     : "on any tile, as on",
             tile % world->columns, tile / world->columns);
    // reason and advice
    if (degrees > 0)
        append_advice(advice, sizeof advice, "allow a start angle of %d degrees", degrees);
    // either an object is in the way, or the road is too small
    if (blocker != NULL) {
        snprintf(reason, sizeof reason, "'%s' (%s, line %d of the map) is in the way",
                 blocker->name, object_name(blocker), blocker->line);
        append_advice(advice, sizeof advice, "move '%s'", blocker->name);
    } else {
        snprintf(reason, sizeof reason,
                 "a robot of %.2f x %.2f m does not fit on the road (tiles of %g m)",
                 IMP_ROBOT_LENGTH, IMP_ROBOT_WIDTH, world->tile_size);
        if (!free)
            append_advice(advice, sizeof advice, "enlarge tile_size, or add road beside it");
    }
    if (given || world->has_start_tile)
        append_advice(advice, sizeof advice,
                      given ? "give another start tile" : "change start_tile");
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s: no episode can start %s within %.3g degrees of a lane: %s; %s",
                    world->name, where, env->def.accept_start_angle / DEGREE, reason, advice);
}
