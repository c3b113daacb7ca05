// Builds an index from tiles to the solid, static objects that matter to a robot there, so that
// collision and proximity checks look at few objects. It is a compressed row list: a counting pass,
// a prefix sum, and a pass that fills in the object indices. Moving objects are not in the index;
// they are few and are tested one by one.
#include <math.h>
#include <stdlib.h>

#include "base/common/math_functions.h"
#include "sim/world/map_reader.h"

// Limit of all lists together. Real maps need a few hundred entries; only a thousand objects as
// large as the whole map would need more.
enum { NEARBY_MAX = 1 << 20 };

// A robot's proximity is measured within 0.162 m (its safety radius) of a point 0.024 m behind its
// pose. Its rectangle (at most 0.157 m from the pose) lies within that circle, and an object's
// rectangle within the object's safety radius. The last millimetre covers rounding.
#define ROBOT_REACH (0.024 + 0.162 + 0.001)

// First and last tile index in one direction that lie within `reach` of a coordinate.
static void tile_range_within(double place, double reach, double tile_size, int count, int *first,
                              int *last)
{
    *first = (int)fmax(floor((place - reach) / tile_size), 0.0);
    *last = (int)fmin(floor((place + reach) / tile_size), count - 1.0);
}

// Distance of a coordinate from tile k in one direction; 0 inside.
static double distance_outside_tile(double place, int k, double tile_size)
{
    return fmax(fmax(k * tile_size - place, place - (k + 1) * tile_size), 0.0);
}

// Calls visit() for every tile within reach of an object: a circle around its position.
static void for_each_tile_near(imp_world *world, int index,
                               void (*visit)(imp_world *, int tile, int object))
{
    const imp_object *object = &world->objects[index];
    const double reach = object->safety_radius + ROBOT_REACH, side = world->tile_size;
    const imp_vec2 at = object->position;
    // the bounding box of the circle first, then the exact distance to each tile
    int left, right, top, bottom;
    tile_range_within(at.x, reach, side, world->columns, &left, &right);
    tile_range_within(at.z, reach, side, world->rows, &top, &bottom);
    for (int j = top; j <= bottom; j++)
        for (int i = left; i <= right; i++)
            if (imp_hypot(distance_outside_tile(at.x, i, side),
                          distance_outside_tile(at.z, j, side)) <= reach)
                visit(world, j * world->columns + i, index);
}

// First pass: counts an entry for the tile, one slot further on for the prefix sum.
static void count_nearby_object(imp_world *world, int tile, int object)
{
    (void)object;
    world->nearby_start[tile + 1]++;
    world->nearby_start[0]++;
}

// Second pass: appends the object to the tile's list, moving the list's start along.
static void add_nearby_object(imp_world *world, int tile, int object)
{
    world->nearby[world->nearby_start[tile]++] = object;
}

// Objects that the robot collides with and that never move.
static bool is_static_obstacle(const imp_object *object)
{
    return object->solid && object->moving < 0;
}

imp_status imp_world_index_nearby_objects(imp_world *world, const char *source, imp_error *err)
{
    const int tiles = world->columns * world->rows;
    int *start = calloc((size_t)tiles + 1, sizeof *start);
    world->nearby_start = start;
    if (start == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", source);
    // count the objects per tile; start[0] holds the total meanwhile
    for (int k = 0; k < world->object_count; k++) {
        if (is_static_obstacle(&world->objects[k]))
            for_each_tile_near(world, k, count_nearby_object);
        if (start[0] > NEARBY_MAX)
            return imp_fail(err, IMP_BAD_INPUT,
                            "%s:%d: too many objects as large as '%s': they reach over more than "
                            "%d tiles in all",
                            source, world->objects[k].line, world->objects[k].name, NEARBY_MAX);
    }
    // start[tile] becomes the first entry of a tile
    world->nearby = malloc((size_t)(start[0] + 1) * sizeof *world->nearby);
    if (world->nearby == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", source);
    start[0] = 0;
    for (int tile = 0; tile < tiles; tile++)
        start[tile + 1] += start[tile];
    for (int k = 0; k < world->object_count; k++)
        if (is_static_obstacle(&world->objects[k]))
            for_each_tile_near(world, k, add_nearby_object);
    // filling has moved every start to the next one's place
    for (int tile = tiles - 1; tile > 0; tile--)
        start[tile] = start[tile - 1];
    start[0] = 0;
    return IMP_OK;
}
