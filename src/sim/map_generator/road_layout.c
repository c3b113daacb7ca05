// Generates the course of roads. Areas between tiles are partitioned into blocks, and roads run
// along their borders. A ring (loops) or a grid of rectangles (other kinds) is the start. For
// curved maps, random rectangles are then reassigned to a neighbouring block again and again, and
// each change that breaks a rule is undone: a random walk over valid layouts.
//
// Rules: roads are connected, neighbouring roads are joined, intersections are not adjacent, and no
// 2 x 2 tiles are all road. The number of attempts is bounded, so generation always ends.
#include "sim/map_generator/road_layout.h"

#include <stdlib.h>
#include <string.h>

bool imp_road_layout_next_tile(const imp_road_layout *layout, int *i, int *j, int direction)
{
    static const int across[] = {0, 1, 0, -1}, down[] = {1, 0, -1, 0};
    const int column = *i + across[direction], row = *j + down[direction];
    if (column < 0 || row < 0 || column >= layout->columns || row >= layout->rows)
        return false;
    *i = column;
    *j = row;
    return true;
}

// The block of the area above and left of tile (i, j).
static uint16_t *city_block_at_corner(const imp_road_layout *layout, int i, int j)
{
    return &layout->blocks[j * (layout->columns + 1) + i];
}

// A rectangle of areas: [left, right) x [top, bottom).
typedef struct area {
    int left, top, right, bottom;
} area;

// The areas that may belong to blocks other than 0.
static area inner_area(const imp_road_layout *layout)
{
    const int m = layout->margin;
    return (area){1 + m, 1 + m, layout->columns - m, layout->rows - m};
}

static int count_links(unsigned links)
{
    return __builtin_popcount(links);
}

// The directions in which a road leaves tile (i, j): where the areas on both sides of a line
// differ.
static unsigned links_between_blocks(const imp_road_layout *layout, int i, int j)
{
    // the four areas around the tile
    const uint16_t north_west = *city_block_at_corner(layout, i, j),
                   north_east = *city_block_at_corner(layout, i + 1, j);
    const uint16_t south_west = *city_block_at_corner(layout, i, j + 1);
    const uint16_t south_east = *city_block_at_corner(layout, i + 1, j + 1);
    return (unsigned)(south_west != south_east) << IMP_SOUTH |
           (unsigned)(north_east != south_east) << IMP_EAST |
           (unsigned)(north_west != north_east) << IMP_NORTH |
           (unsigned)(north_west != south_west) << IMP_WEST;
}

// Counts that describe a layout.
typedef struct layout_stats {
    int roads, intersections, corners;
} layout_stats;

// Whether a tile suits its neighbours to the right and below: adjacent roads are joined,
// intersections are apart, and no 2 x 2 tiles are all road.
static bool is_valid_beside_neighbours(const imp_road_layout *layout, int i, int j)
{
    const uint8_t *links = &layout->links[j * layout->columns + i];
    // tiles outside the map have no road
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

// Counts the tiles that can be reached from one along roads, by breadth-first search. An extra bit
// in `links` marks visited tiles and is cleared afterwards.
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
                !imp_road_layout_next_tile(layout, &i, &j, direction))
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

// Derives the links of all tiles from the blocks, and counts them. False if the layout breaks a
// rule.
static bool derive_road_links_and_check_rules(const imp_road_layout *layout, layout_stats *found)
{
    int start = 0;
    *found = (layout_stats){0};
    for (int j = 0; j < layout->rows; j++)
        for (int i = 0; i < layout->columns; i++) {
            const int at = j * layout->columns + i;
            // links of every tile, and a road tile to start the search from
            const unsigned links = links_between_blocks(layout, i, j);
            layout->links[at] = (uint8_t)links;
            const bool straight = links == 5 || links == 10;
            found->roads += links != 0;
            found->intersections += count_links(links) > 2;
            found->corners += count_links(links) == 2 && !straight;
            start = links != 0 ? at : start;
        }
    // check rules from cheap to expensive
    if (found->roads == 0)
        return false;
    for (int j = 0; j < layout->rows; j++)
        for (int i = 0; i < layout->columns; i++)
            if (!is_valid_beside_neighbours(layout, i, j))
                return false;
    return count_reachable_tiles(layout, start) == found->roads;
}

// Assigns a rectangle of areas to a block.
static void fill_area(const imp_road_layout *layout, area where, uint16_t block)
{
    for (int j = where.top; j < where.bottom; j++)
        for (int i = where.left; i < where.right; i++)
            *city_block_at_corner(layout, i, j) = block;
}

// A uniform integer in [low, high].
static int random_int(imp_random *random, int low, int high)
{
    return low + (int)imp_random_uniform_int(random, (uint32_t)(high - low + 1));
}

// Draws an interval of `minimum` to `maximum` areas within [low, high).
static void random_interval(imp_random *random, int low, int high, int minimum, int maximum,
                            int *from, int *to)
{
    const int room = high - low,
              length = random_int(random, minimum, maximum < room ? maximum : room);
    // uniform over the positions where it fits
    *from = random_int(random, low, high - length);
    *to = *from + length;
}

// Creates one closed road: a rectangle of at least half the map's width and height.
static void create_ring_road(const imp_road_layout *layout, imp_random *random)
{
    const area map = inner_area(layout);
    // at least half of each side, but not less than 2
    const int width = map.right - map.left, height = map.bottom - map.top;
    area ring;
    random_interval(random, map.left, map.right, width > 3 ? (width + 1) / 2 : 2, width, &ring.left,
                    &ring.right);
    random_interval(random, map.top, map.bottom, height > 3 ? (height + 1) / 2 : 2, height,
                    &ring.top, &ring.bottom);
    fill_area(layout, ring, 1);
}

// Cuts [low, high) into random lengths of 2 to 4. Returns their number; the k-th is [cuts[k],
// cuts[k + 1]).
static int split_interval(imp_random *random, int low, int high,
                          int cuts[IMP_MAP_GENERATOR_SIDE_MAX])
{
    int count = 0;
    cuts[0] = low;
    while (high - cuts[count] >= 4) {
        const int room = high - cuts[count];
        // the rest must be 0 or long enough to be cut again
        int length = random_int(random, 2, room - 2 < 4 ? room - 2 : 4);
        cuts[count + 1] = cuts[count] + length;
        count++;
    }
    if (count == 0 || high > cuts[count])
        cuts[++count] = high;
    return count;
}

// Creates a grid of rectangular blocks, so that straight roads cross.
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

// Assigns a random rectangle to the block of an area in or beside it. The change is undone if it
// breaks a rule, leaves fewer roads or intersections than `minimum`, or gives a loop an
// intersection.
static void mutate_city_blocks_or_undo(const imp_road_layout *layout, imp_random *random, bool loop,
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
    // apply, test, and keep or undo
    memcpy(backup, layout->blocks, bytes);
    fill_area(layout, where, *city_block_at_corner(layout, i, j));
    if (derive_road_links_and_check_rules(layout, &found) && found.roads >= minimum.roads &&
        found.intersections >= minimum.intersections && !(loop && found.intersections > 0))
        *now = found;
    else
        memcpy(layout->blocks, backup, bytes);
}

// Changes a layout by many random mutations.
static void mutate_layout(const imp_road_layout *layout, bool loop, imp_random *random,
                          uint16_t *backup)
{
    enum { CHANGES_MAX = 2000, CORNER_ATTEMPTS = 400 };
    const area map = inner_area(layout);
    const int size = (map.right - map.left) * (map.bottom - map.top);
    const int changes = random_int(random, size, 3 * size);
    // the limits refer to the first layout; loops compare with the present one
    layout_stats first, now;
    derive_road_links_and_check_rules(layout, &first);
    now = first;
    // grids keep most roads and half the intersections; loops mostly grow
    for (int k = 0; k < changes && k < CHANGES_MAX; k++) {
        layout_stats minimum = {.roads = 3 * first.roads / 4,
                                .intersections = (first.intersections + 1) / 2};
        if (loop)
            minimum.roads = imp_random_uniform_int(random, 3) > 0 ? now.roads : 0;
        mutate_city_blocks_or_undo(layout, random, loop, minimum, backup, &now);
    }
    // a loop that is still a rectangle has only one kind of curve: try longer
    for (int k = 0; loop && now.corners == 4 && k < CORNER_ATTEMPTS; k++)
        mutate_city_blocks_or_undo(layout, random, loop, (layout_stats){0}, backup, &now);
}

// The tile that has these links and is entered in `direction`.
static imp_tile tile_for_links(unsigned links, int direction)
{
    imp_tile_kind kind = IMP_TILE_4WAY;
    int orientation = direction;
    if (count_links(links) == 3) {
        // the missing link lies to the right of the tile's direction
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

// A random direction in which a tile can be entered.
static int random_entry_direction(unsigned links, imp_random *random)
{
    int direction = random_int(random, 0, 3);
    while (!(links >> imp_direction_opposite(direction) & 1))
        direction = random_int(random, 0, 3);
    return direction;
}

// Follows the loop once, so that all its tiles are oriented in driving direction.
static void orient_loop_tiles(imp_road_layout *layout, int start, imp_random *random)
{
    int i = start % layout->columns, j = start / layout->columns, at = start;
    // the direction of travel is drawn, too
    int direction = random_entry_direction(layout->links[start], random);
    do {
        layout->tiles[at] = tile_for_links(layout->links[at], direction);
        if (layout->tiles[at].kind == IMP_TILE_CURVE_LEFT)
            direction = imp_direction_left(direction);
        else if (layout->tiles[at].kind == IMP_TILE_CURVE_RIGHT)
            direction = imp_direction_right(direction);
        imp_road_layout_next_tile(layout, &i, &j, direction);
        at = j * layout->columns + i;
    } while (at != start);
}

// The kind of tile without a road: the same throughout a block, by a multiplicative hash.
static imp_tile_kind ground_kind_of_block(uint16_t block, uint32_t salt)
{
    static const imp_tile_kind grounds[] = {IMP_TILE_ASPHALT, IMP_TILE_GRASS, IMP_TILE_FLOOR,
                                            IMP_TILE_GRASS};
    // outside: floor or grass, as in hand-made maps
    if (block == 0)
        return salt & 1 ? IMP_TILE_GRASS : IMP_TILE_FLOOR;
    const uint32_t mixed = (block + salt) * 2654435761u;
    return grounds[mixed >> 30];
}

// Chooses kind and orientation of every tile.
static void assign_tile_kinds(imp_road_layout *layout, const imp_map_generator_def *def,
                              imp_random *random)
{
    int first = -1;
    const uint32_t salt = imp_random_u32(random);
    for (int j = 0; j < layout->rows; j++)
        for (int i = 0; i < layout->columns; i++) {
            // roads of loops are oriented later, along the loop
            const int at = j * layout->columns + i;
            const unsigned links = layout->links[at];
            if (links == 0)
                layout->tiles[at] = (imp_tile){
                    .kind = ground_kind_of_block(*city_block_at_corner(layout, i, j), salt),
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
    // allocate everything first; areas outnumber tiles by one in each direction
    const size_t tiles = (size_t)def->columns * (size_t)def->rows;
    const size_t areas = (size_t)(def->columns + 1) * (size_t)(def->rows + 1);
    *layout = (imp_road_layout){.columns = def->columns, .rows = def->rows, .margin = def->border};
    layout->blocks = calloc(areas, sizeof *layout->blocks);
    layout->links = calloc(tiles, sizeof *layout->links);
    layout->tiles = calloc(tiles, sizeof *layout->tiles);
    layout->queue = calloc(tiles, sizeof *layout->queue);
    // the state before a mutation, to undo it
    uint16_t *backup = calloc(areas, sizeof *backup);
    imp_status status = IMP_OK;
    if (layout->blocks == NULL || layout->links == NULL || layout->tiles == NULL ||
        layout->queue == NULL || backup == NULL) {
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a map");
    } else {
        // start layout, then mutations, then tiles
        layout_stats found;
        if (def->kind == IMP_MAP_GENERATOR_LOOP)
            create_ring_road(layout, random);
        else
            create_street_grid(layout, random);
        if (def->kind != IMP_MAP_GENERATOR_GRID)
            mutate_layout(layout, def->kind == IMP_MAP_GENERATOR_LOOP, random, backup);
        derive_road_links_and_check_rules(layout, &found);
        assign_tile_kinds(layout, def, random);
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
