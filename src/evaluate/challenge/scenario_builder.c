// Adds what a challenge's scenario contains to a map: robots, duckies, trees and signs, with the
// distributions of duckietown-world's scenario generation. Poses are drawn by rejection
// sampling: draw a lane and a pose, reject it if it is too close to others, and fail after
// 20000 attempts. The result is written as a map file, so that a scenario is loaded like every
// other map. All draws come from one random stream, so their order is part of the result.
#include "evaluate/challenge/scenario_builder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "evaluate/challenge/legal_lanes.h"

// Attempts of rejection sampling, and the most robots of a scenario.
enum { ATTEMPTS_MAX = 20000, ROBOTS_MAX = 8 };

// Straight distance between two positions [m].
static double pose_distance(imp_pose a, imp_pose b)
{
    return imp_hypot(b.x - a.x, b.z - a.z);
}

// Returns a pose shifted to its left [m] and turned [rad].
static imp_pose move_pose_left_and_turn(imp_pose pose, double left, double turn)
{
    // Headings are counter-clockwise, so a positive turn is to the left.
    imp_vec2 right = imp_vec2_turn_right(imp_heading_direction(pose.heading));
    return (imp_pose){pose.x - left * right.x, pose.z - left * right.z,
                      imp_wrap_angle(pose.heading + turn)};
}

// Number of lanes of a tile that may be drawn: those of straight tiles, or of all.
static int count_drawable_lanes_of_tile(const imp_scenario_builder *p, int tile, bool any_lane)
{
    bool counts = any_lane || p->world->tiles[tile].kind == IMP_TILE_STRAIGHT;
    return counts ? imp_legal_lane_count(p->world, tile) : 0;
}

// Draws a lane, all with equal probability: of any tile, or of straight tiles. False if there is
// none.
static bool pick_random_lane(imp_scenario_builder *p, bool any_lane, int *tile, int *lane)
{
    // Count the lanes first, so that one draw decides.
    uint32_t count = 0;
    const int tiles = p->world->columns * p->world->rows;
    for (int t = 0; t < tiles; t++)
        count += (uint32_t)count_drawable_lanes_of_tile(p, t, any_lane);
    if (count == 0)
        return false;
    // Draw an index over all lanes, then find its tile.
    *lane = (int)imp_random_uniform_int(&p->random, count);
    for (*tile = 0; *lane >= count_drawable_lanes_of_tile(p, *tile, any_lane); ++*tile)
        *lane -= count_drawable_lanes_of_tile(p, *tile, any_lane);
    return true;
}

// Both return whether a pose keeps a minimum distance [m] from all robots, or objects of a kind.
static bool is_far_from_robots(const imp_scenario_builder *p, imp_pose pose, double min_distance)
{
    for (int k = 0; k < p->robot_count; k++)
        if (pose_distance(p->robots[k], pose) < min_distance)
            return false;
    return true;
}

static bool is_far_from_objects(const imp_scenario_builder *p, imp_object_kind kind, imp_pose pose,
                                double min_distance)
{
    for (int k = 0; k < p->count; k++)
        if (p->added[k].kind == kind && pose_distance(p->added[k].pose, pose) < min_distance)
            return false;
    return true;
}

// Adds an object. Objects beyond the capacity are dropped.
static void append_scenario_object(imp_scenario_builder *p, imp_scenario_object added)
{
    if (p->count < IMP_SCENARIO_OBJECTS_MAX)
        p->added[p->count++] = added;
}

// Draws a pose 0.2 tiles into a lane, with small random offsets to the side and in heading.
imp_status imp_scenario_builder_add_robot(imp_scenario_builder *p, bool any_lane, imp_error *err)
{
    const double along = 0.2, aside = 0.04, apart = 0.5, turn = 40.0 * IMP_PI / 180.0;
    int tile, lane;
    for (int attempt = 0; p->robot_count < ROBOTS_MAX && attempt < ATTEMPTS_MAX; attempt++) {
        if (!pick_random_lane(p, any_lane, &tile, &lane))
            break;
        // Reject the lane's own pose if another robot is near, before the offsets are drawn.
        imp_pose pose = imp_legal_lane_pose(p->world, tile, lane, along);
        if (!is_far_from_robots(p, pose, apart))
            continue;
        double heading = imp_random_uniform(&p->random, -turn, turn);
        double left = imp_random_uniform(&p->random, -aside, aside);
        p->robots[p->robot_count++] = move_pose_left_and_turn(pose, left, heading);
        return IMP_OK;
    }
    return imp_fail(err, IMP_BAD_INPUT, "%s: no room for robot %d", p->world->name,
                    p->robot_count + 1);
}

// Robot 0 is the player; the others become objects of the map that drive by themselves.
void imp_scenario_builder_add_other_robots(imp_scenario_builder *p)
{
    const double height = 0.12;
    for (int k = 1; k < p->robot_count; k++)
        append_scenario_object(p, (imp_scenario_object){.kind = IMP_OBJECT_DUCKIEBOT,
                                                        .pose = p->robots[k],
                                                        .height = height,
                                                        .drives = true});
}

// Duckies stand to the right of a lane's centre and look in any direction.
imp_status imp_scenario_builder_add_duckies(imp_scenario_builder *p, int count, imp_error *err)
{
    const double from_robots = 0.4, apart = 0.3, height = 0.08;
    int tile, lane, placed = 0;
    for (int attempt = 0; placed < count && attempt < ATTEMPTS_MAX; attempt++) {
        if (!pick_random_lane(p, true, &tile, &lane))
            break;
        // Draw a pose anywhere on the lane; reject it near robots and other duckies.
        double length = imp_legal_lane_length(p->world, tile, lane);
        imp_pose pose =
            imp_legal_lane_pose(p->world, tile, lane, imp_random_uniform(&p->random, 0.0, length));
        if (!is_far_from_robots(p, pose, from_robots) ||
            !is_far_from_objects(p, IMP_OBJECT_DUCKIE, pose, apart))
            continue;
        double turn = imp_random_uniform(&p->random, -IMP_PI, IMP_PI);
        double left = imp_random_uniform(&p->random, -0.1, -0.04);
        append_scenario_object(
            p, (imp_scenario_object){.kind = IMP_OBJECT_DUCKIE,
                                     .pose = move_pose_left_and_turn(pose, left, turn),
                                     .height = height});
        placed++;
    }
    if (placed < count)
        return imp_fail(err, IMP_BAD_INPUT, "%s: no room for %s", p->world->name,
                        IMP_PLURAL(count, "duckie"));
    return IMP_OK;
}

// A sign beside an intersection, in the frame of its tile: x ahead, y to the left [tiles];
// `quarters`: its heading in quarter turns.
typedef struct sign_place {
    imp_sign sign;
    double x, y;
    int quarters;
} sign_place;

// P: distance of the sign posts from the tile's centre. D: offset of a second sign beside another.
#define P 0.54
#define D 0.12
// Signs of an intersection of three roads, two for each road.
static const sign_place THREE_WAY_SIGNS[] = {
    {IMP_SIGN_STOP, P, P, 2},       {IMP_SIGN_LEFT_T_INTERSECT, P, -P, 2},
    {IMP_SIGN_STOP, P + D, -P, 1},  {IMP_SIGN_T_INTERSECT, -P, -P, 1},
    {IMP_SIGN_STOP, -P + D, -P, 0}, {IMP_SIGN_RIGHT_T_INTERSECT, -P, P, 0},
};
static const sign_place FOUR_WAY_SIGNS[] = {
    {IMP_SIGN_T_LIGHT_AHEAD, P, P + D, 2},   {IMP_SIGN_4_WAY_INTERSECT, P, -P, 2},
    {IMP_SIGN_T_LIGHT_AHEAD, P + D, -P, 1},  {IMP_SIGN_4_WAY_INTERSECT, -P, -P, 1},
    {IMP_SIGN_T_LIGHT_AHEAD, -P, -P - D, 0}, {IMP_SIGN_4_WAY_INTERSECT, -P, P, 0},
    {IMP_SIGN_T_LIGHT_AHEAD, -P - D, P, 3},  {IMP_SIGN_4_WAY_INTERSECT, P, P, 3},
};
#undef P
#undef D

// Centre of a tile, with the heading of its orientation.
static imp_pose tile_centre_pose(const imp_world *world, int tile)
{
    double size = world->tile_size;
    return (imp_pose){(tile % world->columns + 0.5) * size, (tile / world->columns + 0.5) * size,
                      (world->tiles[tile].orientation - 1) * IMP_PI / 2};
}

// Adds the signs of one intersection, turned with its tile.
static void place_signs_at(imp_scenario_builder *p, int tile, const sign_place *signs, int count)
{
    const double height = 0.18, size = p->world->tile_size;
    const imp_pose centre = tile_centre_pose(p->world, tile);
    for (int k = 0; k < count; k++) {
        // First along the tile's heading, then to its left.
        imp_vec2 ahead = imp_vec2_scale(imp_heading_direction(centre.heading), signs[k].x * size);
        imp_pose there = {centre.x + ahead.x, centre.z + ahead.z, centre.heading};
        append_scenario_object(
            p, (imp_scenario_object){.kind = IMP_OBJECT_SIGN,
                                     .sign = signs[k].sign,
                                     .pose = move_pose_left_and_turn(
                                         there, signs[k].y * size, signs[k].quarters * IMP_PI / 2),
                                     .height = height});
    }
}

// The scenario generation places signs at these two kinds of intersections only.
void imp_scenario_builder_add_signs(imp_scenario_builder *p)
{
    for (int t = 0; t < p->world->columns * p->world->rows; t++)
        if (p->world->tiles[t].kind == IMP_TILE_3WAY_LEFT)
            place_signs_at(p, t, THREE_WAY_SIGNS,
                           sizeof THREE_WAY_SIGNS / sizeof THREE_WAY_SIGNS[0]);
        else if (p->world->tiles[t].kind == IMP_TILE_4WAY)
            place_signs_at(p, t, FOUR_WAY_SIGNS, sizeof FOUR_WAY_SIGNS / sizeof FOUR_WAY_SIGNS[0]);
}

// Returns whether trees may grow on a tile.
static bool is_grass_tile(const imp_world *world, int tile)
{
    imp_tile_kind kind = world->tiles[tile].kind;
    return kind == IMP_TILE_FLOOR || kind == IMP_TILE_GRASS;
}

// Returns whether a corner of a tree's bounding box lies over a drivable tile.
// Trees are not turned, so the box is parallel to the axes.
static bool tree_overlaps_road(const imp_world *world, imp_pose at, double height)
{
    const imp_object_class *tree = imp_object_class_get(IMP_OBJECT_TREE);
    const double scale = height / tree->height;
    const double xs[] = {tree->min_x * scale, tree->max_x * scale};
    const double zs[] = {tree->min_z * scale, tree->max_z * scale};
    for (int corner = 0; corner < 4; corner++)
        if (imp_world_is_drivable_at(world, at.x + xs[corner / 2], at.z + zs[corner % 2]))
            return true;
    return false;
}

// Weight of a green tile for a tree: larger near road tiles, smaller with every tree on it.
static double tree_tile_weight(const imp_scenario_builder *p, int tile)
{
    const imp_world *world = p->world;
    const imp_pose centre = tile_centre_pose(world, tile);
    double far = 0.0;
    int trees = 0;
    if (!is_grass_tile(world, tile))
        return 0.0;
    // Sum of the distances to all road tiles: it is small in the middle of the roads [m].
    for (int t = 0; t < world->columns * world->rows; t++)
        if (!is_grass_tile(world, t) && world->tiles[t].kind != IMP_TILE_EMPTY)
            far += pose_distance(centre, tile_centre_pose(world, t));
    // Trees on the tile so far.
    for (int k = 0; k < p->count; k++) {
        imp_pose at = p->added[k].pose;
        trees += p->added[k].kind == IMP_OBJECT_TREE &&
                 fabs(at.x - centre.x) < 0.5 * world->tile_size &&
                 fabs(at.z - centre.z) < 0.5 * world->tile_size;
    }
    return far > 0.0 ? 1.0 / (far * (1.0 + 3.0 * trees)) : 0.0;
}

// Draws a green tile with a probability proportional to its weight; -1 if there is none.
static int pick_tile_for_tree(imp_scenario_builder *p)
{
    const int tiles = p->world->columns * p->world->rows;
    double all = 0.0;
    for (int t = 0; t < tiles; t++)
        all += tree_tile_weight(p, t);
    double left = imp_random_uniform(&p->random, 0.0, all);
    // Walk along the cumulative weights. Rounding may leave a rest, which falls to the last tile.
    int chosen = -1;
    for (int t = 0; t < tiles && left >= 0.0; t++) {
        double share = tree_tile_weight(p, t);
        left -= share;
        if (share > 0.0)
            chosen = t;
    }
    return chosen;
}

// Places one tree at a random point of a tile; false if all attempts were rejected.
static bool place_tree(imp_scenario_builder *p)
{
    enum { TREE_ATTEMPTS = 200 };
    const double apart = 0.4, reach = 0.4 * p->world->tile_size;
    for (int attempt = 0; attempt < TREE_ATTEMPTS; attempt++) {
        // Draw tile, position and height, in this order.
        int tile = pick_tile_for_tree(p);
        if (tile < 0)
            return false;
        imp_pose at = tile_centre_pose(p->world, tile);
        at.x += imp_random_uniform(&p->random, -reach, reach);
        at.z += imp_random_uniform(&p->random, -reach, reach);
        at.heading = 0.0;
        double height = imp_random_uniform(&p->random, 0.15, 0.4);
        if (is_far_from_objects(p, IMP_OBJECT_TREE, at, apart) &&
            !tree_overlaps_road(p->world, at, height)) {
            append_scenario_object(
                p, (imp_scenario_object){.kind = IMP_OBJECT_TREE, .pose = at, .height = height});
            return true;
        }
    }
    return false;
}

// Adds `density` trees per green tile, or as many as find room.
void imp_scenario_builder_add_trees(imp_scenario_builder *p, double density)
{
    int green = 0;
    for (int t = 0; t < p->world->columns * p->world->rows; t++)
        green += is_grass_tile(p->world, t);
    for (int k = 0; k < (int)(density * green) && place_tree(p); k++)
        continue;
}

// Name of an object's kind in map files.
static const char *object_kind_name(imp_object_kind kind, imp_sign sign)
{
    return kind == IMP_OBJECT_SIGN ? imp_sign_name(sign) : imp_object_class_get(kind)->name;
}

// Writes the tiles as rows of "kind/orientation".
// 17 digits let numbers be read back exactly.
static void write_tiles(FILE *out, const imp_world *world)
{
    fprintf(out, "tile_size: %.17g\ntiles:\n", world->tile_size);
    for (int j = 0; j < world->rows; j++) {
        fprintf(out, "  - [");
        for (int i = 0; i < world->columns; i++) {
            const imp_tile *tile = &world->tiles[j * world->columns + i];
            fprintf(out, "%s%s/%c", i > 0 ? ", " : "", imp_tile_kind_name(tile->kind),
                    "SENW"[tile->orientation & 3]);
        }
        fprintf(out, "]\n");
    }
}

// Writes an object. Map files have y upwards from the lower edge, the simulator z downwards.
static void write_object(FILE *out, const imp_world *world, const char *kind, imp_pose pose,
                         double scale, const char *rest)
{
    fprintf(out,
            "  - {kind: %s, pose: {~SE2Transform: {p: [%.17g, %.17g], theta: %.17g}}, "
            "scale: %.17g%s}\n",
            kind, pose.x, world->rows * world->tile_size - pose.z, pose.heading, scale, rest);
}

imp_status imp_scenario_builder_map_text(const imp_scenario_builder *p, char **out, size_t *length,
                                         imp_error *err)
{
    // In the order of imp_object_color.
    static const char *const colors[] = {"red", "green", "blue", "grey"};
    const imp_world *world = p->world;
    imp_text_stream scenario;
    IMP_TRY(imp_text_stream_open(&scenario, "a scenario", err));
    FILE *file = scenario.out;
    write_tiles(file, world);
    fprintf(file, "objects:%s\n", world->object_count + p->count == 0 ? " []" : "");
    // First the objects of the map itself, then those that were added.
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        char rest[64];
        snprintf(rest, sizeof rest, ", color: %s%s%s", colors[object->color],
                 object->optional ? ", optional: true" : "",
                 object->moving >= 0 && object->solid ? ", static: false" : "");
        write_object(file, world, object_kind_name(object->kind, object->sign),
                     (imp_pose){object->position.x, object->position.z, object->heading},
                     object->scale, rest);
    }
    for (int k = 0; k < p->count; k++) {
        // Map files scale the mesh of a kind; the scenario gives heights in m.
        const imp_scenario_object *added = &p->added[k];
        write_object(file, world, object_kind_name(added->kind, added->sign), added->pose,
                     added->height / imp_object_class_get(added->kind)->height,
                     added->drives ? ", color: blue, static: false" : "");
    }
    const imp_status status = imp_text_stream_close(&scenario, "a scenario", err);
    if (status == IMP_OK) {
        *out = scenario.bytes;
        *length = scenario.length;
    }
    return status;
}
