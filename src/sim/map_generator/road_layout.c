#include "sim/map_generator/road_layout.h"

#include <stdlib.h>
#include <string.h>

bool imp_road_layout_step(const imp_road_layout *layout, int *i, int *j, int direction)
{
    static const int across[] = {0, 1, 0, -1}, down[] = {1, 0, -1, 0};
    const int column = *i + across[direction], row = *j + down[direction];
    if (column < 0 || row < 0 || column >= layout->columns || row >= layout->rows)
        return false;
    *i = column;
    *j = row;
    return true;
}

static uint16_t *block_at(const imp_road_layout *layout, int i, int j)
{
    return &layout->blocks[j * (layout->columns + 1) + i];
}

// A rectangle of areas: [left, right) x [top, bottom).
typedef struct area {
    int left, top, right, bottom;
} area;

// Where blocks other than 0 may be.
static area inner_area(const imp_road_layout *layout)
{
    const int m = layout->margin;
    return (area){1 + m, 1 + m, layout->columns - m, layout->rows - m};
}

static int count_links(unsigned links)
{
    return __builtin_popcount(links);
}

static unsigned links_between_blocks(const imp_road_layout *layout, int i, int j)
{
    const uint16_t north_west = *block_at(layout, i, j), north_east = *block_at(layout, i + 1, j);
    const uint16_t south_west = *block_at(layout, i, j + 1);
    const uint16_t south_east = *block_at(layout, i + 1, j + 1);
    return (unsigned)(south_west != south_east) << IMP_SOUTH |
           (unsigned)(north_east != south_east) << IMP_EAST |
           (unsigned)(north_west != north_east) << IMP_NORTH |
           (unsigned)(north_west != south_west) << IMP_WEST;
}

// What a layout is judged by.
typedef struct layout_stats {
    int roads, intersections, corners;
} layout_stats;

// Whether the tile and those to the right of it and below it suit each other: neighbouring roads
// are joined, intersections are apart, and no four tiles are all road.
static bool suits_neighbours(const imp_road_layout *layout, int i, int j)
{
    const uint8_t *links = &layout->links[j * layout->columns + i];
    const bool has_right = i + 1 < layout->columns, has_below = j + 1 < layout->rows;
    const unsigned right = has_right ? links[1] : 0, below = has_below ? links[layout->columns] : 0;
    if (links[0] == 0)
        return true;
    if ((right != 0 && !(links[0] >> IMP_EAST & 1)) || (below != 0 && !(links[0] >> IMP_SOUTH & 1)))
        return false;
    if (count_links(links[0]) > 2 && (count_links(right) > 2 || count_links(below) > 2))
        return false;
    return right == 0 || below == 0 || links[layout->columns + 1] == 0;
}

// Tiles that can be reached from one.
static int count_reachable_tiles(const imp_road_layout *layout, int start)
{
    enum { SEEN = 0x10 };
    int count = 0;
    layout->queue[count++] = start;
    layout->links[start] |= SEEN;
    for (int k = 0; k < count; k++)
        for (int direction = 0; direction < 4; direction++) {
            int i = layout->queue[k] % layout->columns, j = layout->queue[k] / layout->columns;
            if (!(layout->links[layout->queue[k]] >> direction & 1) ||
                !imp_road_layout_step(layout, &i, &j, direction))
                continue;
            const int next = j * layout->columns + i;
            if (!(layout->links[next] & SEEN))
                layout->queue[count++] = next;
            layout->links[next] |= SEEN;
        }
    for (int k = 0; k < count; k++)
        layout->links[layout->queue[k]] &= (uint8_t)~SEEN;
    return count;
}

// Finds the roads between the blocks. False if they make no map.
static bool derive_roads(const imp_road_layout *layout, layout_stats *found)
{
    int start = 0;
    *found = (layout_stats){0};
    for (int j = 0; j < layout->rows; j++)
        for (int i = 0; i < layout->columns; i++) {
            const int at = j * layout->columns + i;
            const unsigned links = links_between_blocks(layout, i, j);
            layout->links[at] = (uint8_t)links;
            const bool straight = links == 5 || links == 10;
            found->roads += links != 0;
            found->intersections += count_links(links) > 2;
            found->corners += count_links(links) == 2 && !straight;
            start = links != 0 ? at : start;
        }
    if (found->roads == 0)
        return false;
    for (int j = 0; j < layout->rows; j++)
        for (int i = 0; i < layout->columns; i++)
            if (!suits_neighbours(layout, i, j))
                return false;
    return count_reachable_tiles(layout, start) == found->roads;
}

static void fill_area(const imp_road_layout *layout, area where, uint16_t block)
{
    for (int j = where.top; j < where.bottom; j++)
        for (int i = where.left; i < where.right; i++)
            *block_at(layout, i, j) = block;
}

static int random_int(imp_random *random, int low, int high)
{
    return low + (int)imp_random_below(random, (uint32_t)(high - low + 1));
}

// A side of a rectangle, of `least` to `most` areas within [low, high).
static void random_interval(imp_random *random, int low, int high, int minimum, int maximum,
                            int *from, int *to)
{
    const int room = high - low,
              length = random_int(random, minimum, maximum < room ? maximum : room);
    *from = random_int(random, low, high - length);
    *to = *from + length;
}

// One closed road around a rectangle that fills at least half of the map's width and height.
static void create_ring_road(const imp_road_layout *layout, imp_random *random)
{
    const area map = inner_area(layout);
    const int width = map.right - map.left, height = map.bottom - map.top;
    area ring;
    random_interval(random, map.left, map.right, width > 3 ? (width + 1) / 2 : 2, width, &ring.left,
                    &ring.right);
    random_interval(random, map.top, map.bottom, height > 3 ? (height + 1) / 2 : 2, height,
                    &ring.top, &ring.bottom);
    fill_area(layout, ring, 1);
}

// Cuts [low, high) into lengths of 2 to 4, as evenly as chance has it. Returns how many; the k-th
// is from cuts[k] to cuts[k + 1].
static int split_interval(imp_random *random, int low, int high,
                          int cuts[IMP_MAP_GENERATOR_SIDE_MAX])
{
    int count = 0;
    cuts[0] = low;
    while (high - cuts[count] >= 4) {
        const int room = high - cuts[count];
        // what is left must be something that can be cut up, or nothing
        int length = random_int(random, 2, room - 2 < 4 ? room - 2 : 4);
        cuts[count + 1] = cuts[count] + length;
        count++;
    }
    if (count == 0 || high > cuts[count])
        cuts[++count] = high;
    return count;
}

// Straight streets.
static void create_street_grid(const imp_road_layout *layout, imp_random *random)
{
    const area map = inner_area(layout);
    int across[IMP_MAP_GENERATOR_SIDE_MAX], down[IMP_MAP_GENERATOR_SIDE_MAX];
    const int columns = split_interval(random, map.left, map.right, across);
    const int rows = split_interval(random, map.top, map.bottom, down);
    for (int j = 0; j < rows; j++)
        for (int i = 0; i < columns; i++)
            fill_area(layout, (area){across[i], down[j], across[i + 1], down[j + 1]},
                      (uint16_t)(1 + j * columns + i));
}

// Gives a random rectangle to a block next to it, if what comes out is a map with no fewer roads
// and intersections than asked for, and, for loops, with no intersection at all.
static void mutate_blocks(const imp_road_layout *layout, imp_random *random, bool loop,
                          layout_stats minimum, uint16_t *backup, layout_stats *now)
{
    const area map = inner_area(layout);
    const size_t bytes =
        (size_t)(layout->columns + 1) * (size_t)(layout->rows + 1) * sizeof *backup;
    area where;
    layout_stats found;
    random_interval(random, map.left, map.right, 1, 4, &where.left, &where.right);
    random_interval(random, map.top, map.bottom, 1, 4, &where.top, &where.bottom);
    const int i = random_int(random, where.left - 1, where.right);
    const int j = random_int(random, where.top - 1, where.bottom);
    memcpy(backup, layout->blocks, bytes);
    fill_area(layout, where, *block_at(layout, i, j));
    if (derive_roads(layout, &found) && found.roads >= minimum.roads &&
        found.intersections >= minimum.intersections && !(loop && found.intersections > 0))
        *now = found;
    else
        memcpy(layout->blocks, backup, bytes);
}

// Changes the blocks of a map again and again, until it has become something else.
static void mutate_layout(const imp_road_layout *layout, bool loop, imp_random *random,
                          uint16_t *backup)
{
    enum { CHANGES_MAX = 2000, CORNER_ATTEMPTS = 400 };
    const area map = inner_area(layout);
    const int size = (map.right - map.left) * (map.bottom - map.top);
    const int changes = random_int(random, size, 3 * size);
    layout_stats first, now;
    derive_roads(layout, &first);
    now = first;
    for (int k = 0; k < changes && k < CHANGES_MAX; k++) {
        // maps keep most of their roads and half of their intersections; loops rather grow
        layout_stats minimum = {.roads = 3 * first.roads / 4,
                                .intersections = (first.intersections + 1) / 2};
        if (loop)
            minimum.roads = imp_random_below(random, 3) > 0 ? now.roads : 0;
        mutate_blocks(layout, random, loop, minimum, backup, &now);
    }
    // a rectangle turns only one way
    for (int k = 0; loop && now.corners == 4 && k < CORNER_ATTEMPTS; k++)
        mutate_blocks(layout, random, loop, (layout_stats){0}, backup, &now);
}

// The tile that is entered in a direction and has these links.
static imp_tile tile_for_links(unsigned links, int direction)
{
    imp_tile_kind kind = IMP_TILE_4WAY;
    int orientation = direction;
    if (count_links(links) == 3) {
        // what it has no link to lies to its right
        orientation = imp_direction_left(__builtin_ctz(~links));
        kind = IMP_TILE_3WAY_LEFT;
    } else if (count_links(links) == 2 && links >> direction & 1) {
        kind = IMP_TILE_STRAIGHT;
    } else if (count_links(links) == 2) {
        const bool left = links >> imp_direction_left(direction) & 1;
        kind = left ? IMP_TILE_CURVE_LEFT : IMP_TILE_CURVE_RIGHT;
    }
    return (imp_tile){.kind = kind, .orientation = orientation, .drivable = true};
}

// One of the directions in which a tile can be entered.
static int random_entry_direction(unsigned links, imp_random *random)
{
    int direction = random_int(random, 0, 3);
    while (!(links >> imp_direction_opposite(direction) & 1))
        direction = random_int(random, 0, 3);
    return direction;
}

// Goes once around the loop, so that all its tiles point the same way.
static void orient_loop_tiles(imp_road_layout *layout, int start, imp_random *random)
{
    int i = start % layout->columns, j = start / layout->columns, at = start;
    int direction = random_entry_direction(layout->links[start], random);
    do {
        layout->tiles[at] = tile_for_links(layout->links[at], direction);
        if (layout->tiles[at].kind == IMP_TILE_CURVE_LEFT)
            direction = imp_direction_left(direction);
        else if (layout->tiles[at].kind == IMP_TILE_CURVE_RIGHT)
            direction = imp_direction_right(direction);
        imp_road_layout_step(layout, &i, &j, direction);
        at = j * layout->columns + i;
    } while (at != start);
}

// What lies where there is no road: the same all over a block.
static imp_tile_kind ground_kind_of_block(uint16_t block, uint32_t salt)
{
    static const imp_tile_kind grounds[] = {IMP_TILE_ASPHALT, IMP_TILE_GRASS, IMP_TILE_FLOOR,
                                            IMP_TILE_GRASS};
    // around the map floor or grass, as in the maps that were drawn by hand
    if (block == 0)
        return salt & 1 ? IMP_TILE_GRASS : IMP_TILE_FLOOR;
    const uint32_t mixed = (block + salt) * 2654435761u;
    return grounds[mixed >> 30];
}

static void assign_tiles(imp_road_layout *layout, const imp_map_generator_def *def,
                         imp_random *random)
{
    int first = -1;
    const uint32_t salt = imp_random_u32(random);
    for (int j = 0; j < layout->rows; j++)
        for (int i = 0; i < layout->columns; i++) {
            const int at = j * layout->columns + i;
            const unsigned links = layout->links[at];
            if (links == 0)
                layout->tiles[at] =
                    (imp_tile){.kind = ground_kind_of_block(*block_at(layout, i, j), salt),
                               .orientation = IMP_EAST};
            else if (def->kind != IMP_MAP_GENERATOR_LOOP)
                layout->tiles[at] = tile_for_links(links, random_entry_direction(links, random));
            first = first < 0 && links != 0 ? at : first;
        }
    if (def->kind == IMP_MAP_GENERATOR_LOOP)
        orient_loop_tiles(layout, first, random);
}

imp_status imp_road_layout_generate(imp_road_layout *layout, const imp_map_generator_def *def,
                                    imp_random *random, imp_error *err)
{
    const size_t tiles = (size_t)def->columns * (size_t)def->rows;
    const size_t areas = (size_t)(def->columns + 1) * (size_t)(def->rows + 1);
    *layout = (imp_road_layout){.columns = def->columns, .rows = def->rows, .margin = def->border};
    layout->blocks = calloc(areas, sizeof *layout->blocks);
    layout->links = calloc(tiles, sizeof *layout->links);
    layout->tiles = calloc(tiles, sizeof *layout->tiles);
    layout->queue = calloc(tiles, sizeof *layout->queue);
    uint16_t *backup = calloc(areas, sizeof *backup);
    imp_status status = IMP_OK;
    if (layout->blocks == NULL || layout->links == NULL || layout->tiles == NULL ||
        layout->queue == NULL || backup == NULL) {
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a town");
    } else {
        layout_stats found;
        if (def->kind == IMP_MAP_GENERATOR_LOOP)
            create_ring_road(layout, random);
        else
            create_street_grid(layout, random);
        if (def->kind != IMP_MAP_GENERATOR_GRID)
            mutate_layout(layout, def->kind == IMP_MAP_GENERATOR_LOOP, random, backup);
        derive_roads(layout, &found);
        assign_tiles(layout, def, random);
    }
    free(backup);
    return status;
}

void imp_road_layout_release(imp_road_layout *layout)
{
    free(layout->blocks);
    free(layout->links);
    free(layout->tiles);
    free(layout->queue);
    *layout = (imp_road_layout){0};
}
