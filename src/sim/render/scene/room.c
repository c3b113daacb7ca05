// Generates rooms: a floor, four walls with skirtings, furniture along them and between them and
// the map, lamps under the ceiling. Black mats surround the road, and duckies sit beside its lines.
// Everything follows from the random stream. Walls are the first parts; drawing goes backwards, so
// that what hides them comes first. Long things are single parts, which keeps rooms fast.
#include "sim/render/scene/room_builder.h"

#include <math.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

// What the kinds of room have in common.
typedef struct room_style {
    double margin[2]; // distance of the walls from the map [m]
    double height[2]; // [m]
    float density;    // share of places at walls that are furnished
    int standing[2];  // number of things between walls and map
    double shade[2];  // brightness of walls
    int lamps;        // under the ceiling
} room_style;

static const room_style STYLES[IMP_ROOM_KIND_COUNT] = {
    [IMP_ROOM_OFFICE] = {{0.6, 3.0}, {2.4, 3.2}, 0.75f, {0, 8}, {0.45, 0.95}, 6},
    [IMP_ROOM_LAB] = {{0.3, 1.2}, {2.4, 3.2}, 0.95f, {0, 4}, {0.3, 0.9}, 6},
    [IMP_ROOM_HALL] = {{3.0, 9.0}, {3.0, 7.0}, 0.5f, {4, 16}, {0.15, 0.8}, 24},
};

// The walls and what they enclose.
typedef struct room_plan {
    float low[2], high[2]; // of the walls: x, z [m]
    float map[2];          // extents of the map, which begins at 0 [m]
} room_plan;

// Draws a whole number within [least, most].
static int sample_count(imp_room_builder *b, const int range[2])
{
    return range[0] + (int)imp_random_uniform_int(b->random, (uint32_t)(range[1] - range[0] + 1));
}

// Moves the frame to a wall's middle, facing the room; returns the wall's length [m].
static float move_frame_to_wall(imp_room_builder *b, const room_plan *plan, int wall)
{
    // walls at low x, high x, low z and high z; ahead is (cos, -sin) in (x, z)
    static const float COSINES[4] = {1.0f, -1.0f, 0.0f, 0.0f}, SINES[4] = {0.0f, 0.0f, -1.0f, 1.0f};
    const int axis = wall / 2, other = 1 - axis;
    float place[2];
    place[axis] = wall % 2 == 0 ? plan->low[axis] : plan->high[axis];
    place[other] = 0.5f * (plan->low[other] + plan->high[other]);
    b->x = place[0];
    b->z = place[1];
    b->cosine = COSINES[wall];
    b->sine = SINES[wall];
    return plan->high[other] - plan->low[other];
}

// The frame of the world itself.
static void use_world_coordinates(imp_room_builder *b)
{
    b->x = b->z = b->sine = 0.0f;
    b->cosine = 1.0f;
}

// Adds walls, each a little brighter or darker, with skirtings and perhaps a lower half in another
// colour.
static void add_walls(imp_room_builder *b, const room_plan *plan)
{
    const bool halves = imp_room_chance(b, 0.3);
    const float dado = imp_room_uniform(b, 0.3, 1.1), skirting = imp_room_uniform(b, 0.05, 0.15);
    float lower[3], edge[3];
    imp_room_sample_colour(b, 0.2, 0.9, 0.2, lower);
    imp_room_sample_colour(b, 0.05, 0.9, imp_room_chance(b, 0.7) ? 0.05 : 0.25, edge);
    for (int wall = 0; wall < 4; wall++) {
        const float length = move_frame_to_wall(b, plan, wall),
                    shade = imp_room_uniform(b, 0.85, 1.1);
        const float foot[3] = {0.0f, 0.0f, 0.0f}, front[3] = {0.004f, 0.0f, 0.0f},
                    nearer[3] = {0.008f, 0.0f, 0.0f};
        const float size[3] = {1.0f, b->height, length}, half[3] = {1.0f, dado, length};
        const float strip[3] = {1.0f, skirting, length};
        float colour[3];
        for (int c = 0; c < 3; c++)
            colour[c] = b->wall[c] * shade;
        imp_room_add_part(b, IMP_ROOM_PANEL, foot, size, colour);
        if (halves)
            imp_room_add_part(b, IMP_ROOM_PANEL, front, half, lower);
        imp_room_add_part(b, IMP_ROOM_PANEL, nearer, strip, edge);
    }
}

// Adds a rectangle on the floor between two corners; `layer` counts what lies on top of what.
static void add_floor_rectangle(imp_room_builder *b, int layer, float x0, float z0, float x1,
                                float z1, const float colour[3])
{
    const float at[3] = {0.5f * (x0 + x1), 0.001f * (float)layer, 0.5f * (z0 + z1)};
    const float size[3] = {x1 - x0, 1.0f, z1 - z0};
    if (x1 > x0 && z1 > z0)
        imp_room_add_part(b, IMP_ROOM_FLAT, at, size, colour);
}

// Adds the joints of a tiled floor along one axis, which the map interrupts.
static void add_floor_joints(imp_room_builder *b, const room_plan *plan, int axis, float pitch,
                             const float colour[3])
{
    enum { JOINTS_MAX = 40 };
    const float thin = 0.006f;
    const int other = 1 - axis;
    float at = plan->low[axis] + pitch * imp_room_uniform(b, 0.0, 1.0);
    for (int n = 0; n < JOINTS_MAX && at < plan->high[axis]; n++, at += pitch) {
        // before the map, and behind it; in one piece beside it
        const bool beside = at < 0.0f || at > plan->map[axis];
        for (int k = 0; k < (beside ? 1 : 2); k++) {
            const float from = k == 0 ? plan->low[other] : plan->map[other];
            const float to = k == 0 && !beside ? 0.0f : plan->high[other];
            if (axis == 0)
                add_floor_rectangle(b, 1, at, from, at + thin, to, colour);
            else
                add_floor_rectangle(b, 1, from, at, to, at + thin, colour);
        }
    }
}

// Chooses the floor: wood, tiles, concrete or carpet; tiles have joints.
static void add_floor(imp_room_builder *b, const room_plan *plan)
{
    const double brown = imp_room_uniform(b, 0.0, 1.0);
    float *floor = b->room->floor, joint[3];
    imp_room_sample_colour(b, 0.12, 0.85, 0.1, floor);
    if (brown < 0.3) {
        // wood
        floor[1] = 0.75f * floor[0];
        floor[2] = 0.5f * floor[0];
    }
    for (int c = 0; c < 3; c++) {
        floor[c] *= b->brightness;
        joint[c] = floor[c] * (brown < 0.6 ? 0.6f : 1.3f) / b->brightness;
    }
    use_world_coordinates(b);
    if (brown > 0.2 && brown < 0.75) {
        const float pitch = imp_room_uniform(b, 0.3, 0.9);
        for (int axis = 0; axis < 2; axis++)
            add_floor_joints(b, plan, axis, pitch, joint);
    }
}

// Whether a tile has a road; outside the map there is none.
static bool has_road(const imp_world *world, int column, int row)
{
    return column >= 0 && row >= 0 && column < world->columns && row < world->rows &&
           world->tiles[row * world->columns + column].drivable;
}

// The cell of line `line` at `place` along it: lines are rows if `rows`, else columns.
static bool has_road_on_line(const imp_world *world, bool rows, int line, int place)
{
    return rows ? has_road(world, place, line) : has_road(world, line, place);
}

// Adds black mats beside the road, where it ends at cells without one. Neighbouring edges share a
// strip. It reaches a little over the road, whose texture ends softly.
static void add_mats_beside_road(imp_room_builder *b, const imp_world *world, float width)
{
    const float tile = (float)world->tile_size, over = 0.004f;
    float colour[3];
    imp_room_sample_colour(b, 0.1, 0.2, 0.02, colour);
    for (int k = 0; k < 4; k++) {
        // lines between rows or columns, with the road before or behind them
        const bool rows = k % 2 == 0, behind = k / 2 == 1;
        const int lines = rows ? world->rows : world->columns;
        const int places = rows ? world->columns : world->rows;
        for (int line = 0; line <= lines; line++)
            for (int from = 0, to = 0; from < places; from = to + 1) {
                for (to = from; to < places &&
                                has_road_on_line(world, rows, behind ? line : line - 1, to) &&
                                !has_road_on_line(world, rows, behind ? line - 1 : line, to);)
                    to++;
                const float low = tile * (float)line - (behind ? width : over);
                const float high = tile * (float)line + (behind ? over : width);
                if (to > from && rows)
                    add_floor_rectangle(b, 2, tile * (float)from, low, tile * (float)to, high,
                                        colour);
                else if (to > from)
                    add_floor_rectangle(b, 2, low, tile * (float)from, high, tile * (float)to,
                                        colour);
            }
    }
}

// Adds things that stand between the map and the walls.
static void add_standing_furniture(imp_room_builder *b, const room_plan *plan, int count)
{
    for (int k = 0; k < count && imp_room_has_space(b, 100); k++) {
        const float x =
            imp_room_uniform(b, (double)plan->low[0] + 0.4, (double)plan->high[0] - 0.4);
        const float z =
            imp_room_uniform(b, (double)plan->low[1] + 0.4, (double)plan->high[1] - 0.4);
        const imp_sine_cosine turn = imp_sincos((double)imp_room_uniform(b, -IMP_PI, IMP_PI));
        // not on the map, nor so near that it hangs over it
        const float away = fmaxf(fmaxf(-x, x - plan->map[0]), fmaxf(-z, z - plan->map[1]));
        if (away < 0.45f)
            continue;
        b->x = x;
        b->z = z;
        b->cosine = (float)turn.cosine;
        b->sine = (float)turn.sine;
        imp_room_add_free_standing_piece(b, away);
    }
}

// Adds rows of lamps under the ceiling; at night most are off.
static void add_lamps(imp_room_builder *b, const room_plan *plan, int most)
{
    const float glow[3] = {1.0f, 1.0f, imp_room_uniform(b, 0.75, 1.0)}, off[3] = {0.3f, 0.3f, 0.3f};
    const float size[3] = {1.2f, 0.06f, 0.3f};
    const int count = (int)imp_random_uniform_int(b->random, (uint32_t)most + 1);
    use_world_coordinates(b);
    for (int k = 0; k < count && imp_room_has_space(b, 60); k++) {
        const float x = imp_room_uniform(b, (double)plan->low[0], (double)plan->high[0]);
        const float z = imp_room_uniform(b, (double)plan->low[1], (double)plan->high[1]);
        const float at[3] = {x, b->height - 0.1f, z};
        const bool on = imp_room_chance(b, b->night ? 0.15 : 0.9);
        imp_room_part *lamp = imp_room_add_part(b, IMP_ROOM_BOX, at, size, on ? glow : off);
        if (lamp != NULL)
            lamp->glows = on;
    }
}

void imp_room_generate(imp_room *out, const imp_world *world, imp_room_kind kind, bool night,
                       imp_random *random)
{
    const room_style *style = &STYLES[kind];
    imp_room_builder builder = {.room = out, .random = random, .night = night}, *b = &builder;
    out->part_count = 0;
    out->bare = false;
    if (kind == IMP_ROOM_NONE)
        return;
    b->brightness = imp_room_uniform(b, night ? 0.4 : 0.6, 1.0);
    b->height = imp_room_uniform(b, style->height[0], style->height[1]);
    imp_room_sample_colour(b, style->shade[0], style->shade[1], 0.15, b->wall);
    imp_room_sample_colour(b, 0.1, 0.8, 0.1, b->metal);
    b->wood[0] = imp_room_uniform(b, 0.2, 0.85);
    b->wood[1] = b->wood[0] * imp_room_uniform(b, 0.6, 0.95);
    b->wood[2] = b->wood[1] * imp_room_uniform(b, 0.5, 0.95);
    imp_room_sample_colour(b, 0.3, 0.95, 0.05, out->ceiling);
    for (int c = 0; c < 3; c++)
        out->ceiling[c] *= b->brightness;

    // walls at distances of their own
    room_plan plan = {.map = {(float)(world->columns * world->tile_size),
                              (float)(world->rows * world->tile_size)}};
    for (int axis = 0; axis < 2; axis++) {
        plan.low[axis] = -imp_room_uniform(b, style->margin[0], style->margin[1]);
        plan.high[axis] = plan.map[axis] + imp_room_uniform(b, style->margin[0], style->margin[1]);
    }
    add_walls(b, &plan);
    add_floor(b, &plan);
    out->bare = imp_room_chance(b, 0.6);
    if (imp_room_chance(b, 0.6))
        add_mats_beside_road(b, world, imp_room_uniform(b, 0.04, 0.3));
    add_lamps(b, &plan, style->lamps);
    for (int wall = 0; wall < 4; wall++) {
        const float length = move_frame_to_wall(b, &plan, wall);
        const int axis = wall / 2;
        const float depth = wall % 2 == 0 ? -plan.low[axis] : plan.high[axis] - plan.map[axis];
        imp_room_furnish_wall(b, length, depth, style->density);
    }
    add_standing_furniture(b, &plan, sample_count(b, style->standing));
}

// The middle of a wall's foot, its heading and its sides, which the room's first part of a wall
// has.
static const imp_room_part *find_wall(const imp_room *room, int number)
{
    // every wall begins with a panel of the room's height
    for (int k = 0, found = 0; k < room->part_count && room->parts[k].shape == IMP_ROOM_PANEL; k++)
        if (room->parts[k].size[1] >= room->parts[0].size[1] && found++ == number)
            return &room->parts[k];
    return NULL;
}

// Adds a poster of one colour, or of stripes that lie or stand: blinds, cables, planks.
static void add_poster(imp_room_builder *b, float length)
{
    enum { STRIPES_MAX = 10 };
    const float wide = imp_room_uniform(b, 0.1, 0.9), high = imp_room_uniform(b, 0.1, 0.9);
    const float up = imp_room_uniform(b, 0.05, 1.3);
    const float right = (imp_room_uniform(b, 0.0, 1.0) - 0.5f) * fmaxf(0.0f, length - wide);
    const bool lying = imp_room_chance(b, 0.5);
    const int stripes =
        imp_room_chance(b, 0.5) ? 1 : 3 + (int)imp_random_uniform_int(b->random, STRIPES_MAX - 2);
    float colours[2][3];
    imp_room_sample_colour(b, 0.02, 1.0, imp_room_chance(b, 0.5) ? 0.1 : 0.7, colours[0]);
    imp_room_sample_colour(b, 0.02, 1.0, 0.1, colours[1]);
    for (int k = 0; k < stripes; k++) {
        const float share = ((float)k + 0.5f) / (float)stripes - 0.5f, part = 1.0f / (float)stripes;
        const float at[3] = {0.02f, lying ? up + (share + 0.5f - 0.5f * part) * high : up,
                             right + (lying ? 0.0f : share * wide)};
        const float size[3] = {1.0f, lying ? part * high : high, lying ? wide : part * wide};
        imp_room_add_part(b, IMP_ROOM_PANEL, at, size, colours[k % 2]);
    }
}

void imp_room_add_posters(imp_room *room, int count, imp_random *random)
{
    enum { WALLS = 4, PARTS_OF_A_POSTER = 12 };
    imp_room_builder builder = {.room = room, .random = random, .brightness = 1.0f}, *b = &builder;
    for (int k = 0; k < count && imp_room_has_space(b, PARTS_OF_A_POSTER); k++) {
        const imp_room_part *wall = find_wall(room, (int)imp_random_uniform_int(random, WALLS));
        if (wall == NULL)
            return;
        b->x = wall->at[0];
        b->z = wall->at[2];
        b->cosine = wall->cosine;
        b->sine = wall->sine;
        add_poster(b, wall->size[2]);
    }
}

void imp_room_scale_colours(imp_room *room, float factor)
{
    for (int k = 0; k < room->part_count; k++)
        for (int c = 0; c < 3; c++)
            // what lies on the floor is lit as the road is, and duckies stand beside it
            if (!room->parts[k].glows && !room->parts[k].duckie &&
                room->parts[k].shape != IMP_ROOM_FLAT)
                room->parts[k].colour[c] *= factor;
    for (int c = 0; c < 3; c++)
        room->ceiling[c] *= factor;
}

// Adds a duckie of three parts: body, head and beak.
static void add_duckie(imp_room_builder *b)
{
    const float s = imp_room_uniform(b, 0.7, 1.5);
    const float green = imp_room_uniform(b, 0.68, 0.85);
    const float yellow[3] = {0.95f, green, 1.6f * green - 0.95f};
    const float orange[3] = {0.95f, 0.45f, 0.1f};
    const float body[3] = {0.0f, 0.026f * s, 0.0f},
                body_radii[3] = {0.034f * s, 0.026f * s, 0.028f * s};
    const float head[3] = {0.016f * s, 0.062f * s, 0.0f},
                head_radii[3] = {0.02f * s, 0.02f * s, 0.02f * s};
    const float beak[3] = {0.036f * s, 0.054f * s, 0.0f},
                beak_size[3] = {0.016f * s, 0.009f * s, 0.018f * s};
    imp_room_part *parts[3] = {imp_room_add_part(b, IMP_ROOM_BALL, body, body_radii, yellow),
                               imp_room_add_part(b, IMP_ROOM_BALL, head, head_radii, yellow),
                               imp_room_add_part(b, IMP_ROOM_BOX, beak, beak_size, orange)};
    for (int k = 0; k < 3; k++)
        if (parts[k] != NULL)
            parts[k]->duckie = true;
}

void imp_room_add_duckies(imp_room *room, const imp_world *world, int count, imp_random *random)
{
    enum { ATTEMPTS = 8 };
    imp_room_builder builder = {.room = room, .random = random, .brightness = 1.0f}, *b = &builder;
    for (int k = 0; k < count && world->drivable_count > 0 && imp_room_has_space(b, 3); k++)
        for (int n = 0; n < ATTEMPTS; n++) {
            // on the right of a lane: on its white line, or up to a fifth of a tile beyond it
            const uint32_t chosen = imp_random_uniform_int(random, (uint32_t)world->drivable_count);
            const imp_tile *tile = &world->tiles[world->drivable[chosen]];
            const double t = imp_random_uniform(random, 0.0, 1.0);
            const double far = imp_random_uniform(random, 0.0, 0.5);
            const double aside = world->tile_size * (0.24 + far * far);
            const imp_sine_cosine turn = imp_sincos((double)imp_room_uniform(b, -IMP_PI, IMP_PI));
            // crossings have no line beside their lanes
            if (tile->curve_count != 2)
                continue;
            const imp_curve *lane =
                &world->curves[tile->first_curve + (int)imp_random_uniform_int(random, 2)];
            const imp_vec2 at = imp_curve_point(lane, t), along = imp_curve_derivative(lane, t);
            const double length = imp_hypot(along.x, along.z);
            b->x = (float)(at.x - aside * along.z / length);
            b->z = (float)(at.z + aside * along.x / length);
            b->cosine = (float)turn.cosine;
            b->sine = (float)turn.sine;
            const imp_tile *below = imp_world_tile_at(world, (double)b->x, (double)b->z);
            if (below != NULL && below != tile && below->drivable)
                continue;
            add_duckie(b);
            break;
        }
}
