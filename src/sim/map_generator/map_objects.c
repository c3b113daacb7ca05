// Places objects on a generated map. Objects that are asked for by number come first: each gets a
// straight tile of its own, in random order. Decorations then fill the tiles without roads. Every
// object reserves an axis-aligned rectangle; an object whose rectangle overlaps another is dropped
// (rejection sampling). The order of random draws is part of the results. Objects never block a
// lane, except the duckies that are asked for.
#include "sim/map_generator/map_objects.h"

#include <stdlib.h>

#include "base/common/vector2.h"
#include "sim/map_generator/random_streams.h"

// Distances [m] that keep the path of a robot in its lane free.
static const double ROADSIDE_CLEARANCE = 0.11;  // from the lane's centre to objects beside the road
static const double TILE_EDGE_CLEARANCE = 0.04; // from the edge of a tile to its decorations

// No traffic lights are added once this many objects move or change.
enum { MOVING_WITH_LIGHTS = 32 };

// State of the placement.
typedef struct object_placer {
    const imp_map_generator_def *def;
    const imp_road_layout *layout;
    imp_map_objects *objects;
    uint32_t *straights; // straight tiles in random order
    int straight_count, straight_used;
} object_placer;

// The directions in which the road of a tile continues, as bits; 0 without a road.
static unsigned road_links_at(const object_placer *f, int i, int j)
{
    return f->layout->links[j * f->layout->columns + i];
}

// The heading of a direction: east is 0.
static double heading_of_direction(int direction)
{
    return (direction - IMP_EAST) * (IMP_PI / 2.0);
}

// The pose `ahead` and `right` [m] of a tile's centre, seen in a driving direction.
static imp_pose pose_relative_to_tile_centre(const object_placer *f, int i, int j, int direction,
                                             double ahead, double right)
{
    const double size = f->def->tile_size;
    const imp_vec2 forward = imp_heading_direction(heading_of_direction(direction)),
                   across = imp_vec2_turn_right(forward);
    return (imp_pose){(i + 0.5) * size + ahead * forward.x + right * across.x,
                      (j + 0.5) * size + ahead * forward.z + right * across.z,
                      heading_of_direction(direction)};
}

// The kind with this name in map files; a sign if it is none of the others.
static imp_object_kind object_kind_from_name(const char *word)
{
    for (int k = 0; k < IMP_OBJECT_SIGN; k++) {
        const char *name = imp_object_class_get((imp_object_kind)k)->name;
        int n = 0;
        while (word[n] != '\0' && word[n] == name[n])
            n++;
        if (word[n] == '\0' && name[n] == '\0')
            return (imp_object_kind)k;
    }
    return IMP_OBJECT_SIGN;
}

// The axis-aligned bounding rectangle of an object at a pose.
static imp_ground_rect object_footprint(const char *kind, double height, imp_pose pose)
{
    // scale the class's extents to the height
    // scale from the height, as map files do
    const imp_object_class *class = imp_object_class_get(object_kind_from_name(kind));
    const double scale = height / class->height;
    const imp_vec2 forward = imp_heading_direction(pose.heading),
                   right = imp_vec2_turn_right(forward);
    const double along[] = {class->min_x * scale, class->max_x * scale};
    const double across[] = {class->min_z * scale, class->max_z * scale};
    imp_ground_rect plot = {pose.x, pose.z, pose.x, pose.z};
    // extend the rectangle to each corner of the rotated footprint
    for (int k = 0; k < 4; k++) {
        const imp_vec2 corner = imp_vec2_add(imp_vec2_scale(forward, along[k & 1]),
                                             imp_vec2_scale(right, across[k >> 1]));
        plot.left = fmin(plot.left, pose.x + corner.x);
        plot.right = fmax(plot.right, pose.x + corner.x);
        plot.top = fmin(plot.top, pose.z + corner.z);
        plot.bottom = fmax(plot.bottom, pose.z + corner.z);
    }
    return plot;
}

// Adds an object, unless its rectangle overlaps another's or the map is full.
static bool add_object_if_free(const object_placer *f, imp_map_object object, imp_ground_rect needs)
{
    imp_map_objects *objects = f->objects;
    if (objects->count == IMP_OBJECTS_MAX)
        return false;
    for (int k = 0; k < objects->count; k++) {
        const imp_ground_rect *other = &objects->occupied[k];
        if (needs.left < other->right && other->left < needs.right && needs.top < other->bottom &&
            other->top < needs.bottom)
            return false;
    }
    objects->items[objects->count] = object;
    objects->occupied[objects->count++] = needs;
    objects->moving_count += object.moves;
    return true;
}

// Adds an object that needs no more ground than its footprint.
static bool add_object_on_footprint(const object_placer *f, imp_map_object object)
{
    return add_object_if_free(f, object, object_footprint(object.kind, object.height, object.pose));
}

// Whether the next tile in a direction exists and has no road.
static bool is_next_tile_without_road(const object_placer *f, int i, int j, int direction)
{
    return imp_road_layout_next_tile(f->layout, &i, &j, direction) && road_links_at(f, i, j) == 0;
}

// ---- signs and traffic lights ----

static const double SIGN_HEIGHT = 0.18;

// Places a sign to the right of the road that leads in `direction`, `ahead` tiles beyond the centre
// of a tile. It faces the traffic.
static void place_sign(const object_placer *f, int i, int j, int direction, double ahead,
                       const char *kind)
{
    const double size = f->def->tile_size;
    imp_pose pose = pose_relative_to_tile_centre(f, i, j, direction, ahead * size, 0.58 * size);
    pose.heading = heading_of_direction(imp_direction_opposite(direction));
    add_object_on_footprint(f, (imp_map_object){.kind = kind, .pose = pose, .height = SIGN_HEIGHT});
}

// Chooses a sign for the entry to an intersection: sometimes a warning or a stop sign, else the
// sign for its shape as seen from there.
static const char *choose_intersection_sign(unsigned links, int direction, bool light,
                                            imp_random *random)
{
    // a light ahead in half of the cases, a stop sign in 30 %
    const uint32_t draw = imp_random_uniform_int(random, 10);
    if (light && draw < 5)
        return imp_sign_name(IMP_SIGN_T_LIGHT_AHEAD);
    if (!light && draw < 3)
        return imp_sign_name(IMP_SIGN_STOP);
    // else which of the three other ways is missing
    if (!(links >> direction & 1))
        return imp_sign_name(IMP_SIGN_T_INTERSECT);
    if (!(links >> imp_direction_right(direction) & 1))
        return imp_sign_name(IMP_SIGN_LEFT_T_INTERSECT);
    if (!(links >> imp_direction_left(direction) & 1))
        return imp_sign_name(IMP_SIGN_RIGHT_T_INTERSECT);
    return imp_sign_name(IMP_SIGN_4_WAY_INTERSECT);
}

// Places a traffic light at a corner of a crossing; false without room, or with too many changing
// objects.
static bool place_traffic_light(const object_placer *f, int i, int j, int corner)
{
    const double aside = 0.31 * f->def->tile_size;
    if (f->objects->moving_count >= MOVING_WITH_LIGHTS)
        return false;
    imp_pose pose = pose_relative_to_tile_centre(f, i, j, corner, -aside, aside);
    pose.heading = heading_of_direction(corner) + IMP_PI * 0.75;
    return add_object_on_footprint(
        f, (imp_map_object){.kind = "trafficlight", .pose = pose, .height = 0.4, .moves = true});
}

// Places signs at an intersection, one per entry, on the corner to the right of the traffic. Half
// of the four-way crossings also get a traffic light.
static void place_signs_and_light(const object_placer *f, int i, int j, imp_random *random)
{
    const unsigned links = road_links_at(f, i, j);
    // a light stands at a random corner of half of the crossings
    const int corner = (int)imp_random_uniform_int(random, 4);
    const bool light = links == 0xf && imp_random_uniform_int(random, 2) == 0 &&
                       place_traffic_light(f, i, j, corner);
    for (int direction = 0; direction < 4; direction++) {
        const int back = imp_direction_opposite(direction);
        int column = i, row = j;
        if (links >> back & 1 && imp_road_layout_next_tile(f->layout, &column, &row, back) &&
            is_next_tile_without_road(f, column, row, imp_direction_right(direction)))
            place_sign(f, i, j, direction, -0.55,
                       choose_intersection_sign(links, direction, light, random));
    }
}

// ---- what is on the road and at the kerb ----

// Takes the next unused straight tile, and a random direction along its road; false if none is
// left.
static bool take_free_straight_tile(object_placer *f, imp_random *random, int *i, int *j,
                                    int *direction)
{
    if (f->straight_used == f->straight_count)
        return false;
    const int tile = (int)f->straights[f->straight_used++];
    *i = tile % f->layout->columns;
    *j = tile / f->layout->columns;
    *direction = road_links_at(f, *i, *j) & 1 ? IMP_SOUTH : IMP_EAST;
    if (imp_random_uniform_int(random, 2) == 0)
        *direction = imp_direction_opposite(*direction);
    return true;
}

// Places walking duckies just off the road. A walk is one tile long, so it ends just beyond the
// other side. Both sides must be free of roads.
static int place_pedestrians(object_placer *f, int wanted, imp_random *random)
{
    const double size = f->def->tile_size, start = size / 2.0 + 0.01;
    int placed = 0, i, j, direction;
    while (placed < wanted && take_free_straight_tile(f, random, &i, &j, &direction)) {
        // across the road, to the left of the drawn direction
        const int over = imp_direction_left(direction);
        const double along = imp_random_uniform(random, -0.3, 0.3) * size;
        // skip tiles with a road on either side; they count as used
        if (!is_next_tile_without_road(f, i, j, over) ||
            !is_next_tile_without_road(f, i, j, imp_direction_opposite(over)))
            continue;
        imp_pose from = pose_relative_to_tile_centre(f, i, j, direction, along, start);
        imp_pose to = pose_relative_to_tile_centre(f, i, j, direction, along, -start);
        from.heading = heading_of_direction(over);
        // the whole path is reserved, not only the start
        const double reach = 0.06;
        const imp_ground_rect path = {fmin(from.x, to.x) - reach, fmin(from.z, to.z) - reach,
                                      fmax(from.x, to.x) + reach, fmax(from.z, to.z) + reach};
        placed += add_object_if_free(
            f, (imp_map_object){.kind = "duckie", .pose = from, .height = 0.08, .moves = true},
            path);
        // a sign for each direction of traffic
        for (int k = 0; k < 2 && f->def->objects; k++)
            place_sign(f, i, j, k == 0 ? direction : imp_direction_opposite(direction), -0.4,
                       imp_sign_name(IMP_SIGN_DUCK_CROSSING));
    }
    return placed;
}

// A random colour of duckiebots.
static const char *random_color(imp_random *random)
{
    static const char *const colours[] = {"red", "green", "blue", "grey"};
    return colours[imp_random_uniform_int(random, 4)];
}

// Places moving duckiebots on the centre of their lane, 0.2 tiles from the middle of the road.
static int place_cars(object_placer *f, int wanted, imp_random *random)
{
    int placed = 0, i, j, direction;
    while (placed < wanted && take_free_straight_tile(f, random, &i, &j, &direction))
        placed += add_object_on_footprint(
            f, (imp_map_object){.kind = "duckiebot",
                                .color = random_color(random),
                                .pose = pose_relative_to_tile_centre(f, i, j, direction, 0.0,
                                                                     0.2 * f->def->tile_size),
                                .height = 0.12,
                                .moves = true});
    return placed;
}

// Distance from the middle of the road to the centre of an object of a given width beside it.
static double random_roadside_offset(const object_placer *f, double width, imp_random *random)
{
    return 0.2 * f->def->tile_size + ROADSIDE_CLEARANCE + width / 2.0 +
           imp_random_uniform(random, 0.0, 0.03);
}

// Places duckiebots that stand beside the road, parallel to it.
static int place_parked_cars(object_placer *f, int wanted, imp_random *random)
{
    const double width = 0.135;
    int placed = 0, i, j, direction;
    while (placed < wanted && take_free_straight_tile(f, random, &i, &j, &direction)) {
        const double along = imp_random_uniform(random, -0.2, 0.2) * f->def->tile_size;
        if (is_next_tile_without_road(f, i, j, imp_direction_right(direction)))
            placed += add_object_on_footprint(
                f, (imp_map_object){
                       .kind = "duckiebot",
                       .color = random_color(random),
                       .pose = pose_relative_to_tile_centre(
                           f, i, j, direction, along, random_roadside_offset(f, width, random)),
                       .height = 0.12});
    }
    return placed;
}

// Places cones, duckies and barriers beside the road at random headings.
static int place_obstacles(object_placer *f, int wanted, imp_random *random)
{
    static const struct {
        const char *kind;
        double height, width, turn; // the width at any heading up to the turn
    } choice[] = {{"cone", 0.08, 0.072, IMP_PI},
                  {"duckie", 0.06, 0.08, IMP_PI},
                  {"barrier", 0.08, 0.095, 0.13}};
    int placed = 0, i, j, direction;
    while (placed < wanted && take_free_straight_tile(f, random, &i, &j, &direction)) {
        // kind, place along the road, distance and heading
        const uint32_t k = imp_random_uniform_int(random, 3);
        const double along = imp_random_uniform(random, -0.25, 0.25) * f->def->tile_size;
        imp_pose pose = pose_relative_to_tile_centre(
            f, i, j, direction, along, random_roadside_offset(f, choice[k].width, random));
        pose.heading += imp_random_uniform(random, -choice[k].turn, choice[k].turn);
        if (is_next_tile_without_road(f, i, j, imp_direction_right(direction)))
            placed += add_object_on_footprint(
                f,
                (imp_map_object){.kind = choice[k].kind, .pose = pose, .height = choice[k].height});
    }
    return placed;
}

// Places duckies in a lane, as AI-DO's LFP challenge does. Policies must drive round them.
static int place_lane_duckies(object_placer *f, int wanted, imp_random *random)
{
    int placed = 0, i, j, direction;
    while (placed < wanted && take_free_straight_tile(f, random, &i, &j, &direction)) {
        const double size = f->def->tile_size;
        const double along = imp_random_uniform(random, -0.4, 0.4) * size;
        // 0.2 tiles is the centre of the lane
        const double right = 0.2 * size + imp_random_uniform(random, 0.04, 0.1);
        imp_pose pose = pose_relative_to_tile_centre(f, i, j, direction, along, right);
        pose.heading = imp_random_uniform(random, -IMP_PI, IMP_PI);
        placed += add_object_on_footprint(
            f, (imp_map_object){.kind = "duckie", .pose = pose, .height = 0.08});
    }
    return placed;
}

// ---- what stands off the road ----

// A kind of decoration: how many stand on one tile, and its weight in the draw.
typedef struct decoration {
    const char *kind;
    double height;
    int most, weight;
    bool square; // about parallel to the roads
} decoration;

static const decoration DECORATIONS[] = {
    {"tree", 0.25, 4, 8, false}, {"house", 0.5, 1, 3, true},    {"building", 0.6, 1, 2, true},
    {"bus", 0.18, 1, 2, true},   {"truck", 0.2, 2, 2, true},    {"duckie", 0.08, 3, 2, false},
    {"cone", 0.08, 2, 1, false}, {"barrier", 0.08, 1, 1, true},
};
enum { DECORATION_COUNT = sizeof DECORATIONS / sizeof DECORATIONS[0] };

// Draws a decoration in proportion to the weights.
static const decoration *random_decoration(imp_random *random)
{
    int total = 0, k = 0;
    for (int n = 0; n < DECORATION_COUNT; n++)
        total += DECORATIONS[n].weight;
    int draw = (int)imp_random_uniform_int(random, (uint32_t)total);
    while (draw >= DECORATIONS[k].weight)
        draw -= DECORATIONS[k++].weight;
    return &DECORATIONS[k];
}

// Places one decoration at a random position on a tile, and shrinks it if it is too large. It is
// left out if it would shrink below 40 %.
static void place_decoration(const object_placer *f, int i, int j, const decoration *what,
                             imp_random *random)
{
    const double room = f->def->tile_size - 2.0 * TILE_EDGE_CLEARANCE;
    const double turn = what->square ? (int)imp_random_uniform_int(random, 4) * (IMP_PI / 2.0) +
                                           imp_random_uniform(random, -0.12, 0.12)
                                     : imp_random_uniform(random, -IMP_PI, IMP_PI);
    imp_pose pose = {.heading = imp_wrap_angle(turn)};
    const imp_ground_rect full = object_footprint(what->kind, what->height, pose);
    // scale down to the room on the tile, in whole millimetres
    const double fit = fmin(room / (full.right - full.left), room / (full.bottom - full.top));
    const double height = fit < 1.0 ? floor(1000.0 * fit * what->height) / 1000.0 : what->height;
    const imp_ground_rect plot = object_footprint(what->kind, height, pose);
    // uniform over the positions where it stays on the tile
    pose.x = i * f->def->tile_size + TILE_EDGE_CLEARANCE - plot.left +
             imp_random_uniform(random, 0.0, room - (plot.right - plot.left));
    pose.z = j * f->def->tile_size + TILE_EDGE_CLEARANCE - plot.top +
             imp_random_uniform(random, 0.0, room - (plot.bottom - plot.top));
    if (height >= 0.4 * what->height)
        add_object_on_footprint(
            f,
            (imp_map_object){.kind = what->kind, .pose = pose, .height = height, .optional = true});
}

// Decorates 45 % of the tiles without roads, each with one or more objects of one kind.
static void place_tile_decorations(const object_placer *f, int i, int j, imp_random *random)
{
    const double share = 0.45; // of the tiles without a road
    if (imp_random_uniform(random, 0.0, 1.0) > share)
        return;
    const decoration *what = random_decoration(random);
    // all objects of a tile are of one kind
    const int count = 1 + (int)imp_random_uniform_int(random, (uint32_t)what->most);
    for (int k = 0; k < count; k++)
        place_decoration(f, i, j, what, random);
}

// Places decorations, signs and traffic lights. Tiles are visited in random order, because the map
// may be full before all were visited.
static imp_status place_offroad_objects(const object_placer *f, imp_error *err)
{
    const int columns = f->layout->columns, tiles = columns * f->layout->rows;
    imp_random random = imp_map_generator_random(f->def, IMP_MAP_STREAM_OBJECTS);
    uint32_t *order = calloc((size_t)tiles, sizeof *order);
    if (order == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a map");
    for (int k = 0; k < tiles; k++)
        order[k] = (uint32_t)k;
    imp_random_shuffle(&random, order, (size_t)tiles);
    for (int k = 0; k < tiles; k++) {
        const int i = (int)order[k] % columns, j = (int)order[k] / columns;
        if (road_links_at(f, i, j) == 0)
            place_tile_decorations(f, i, j, &random);
        else if (__builtin_popcount(road_links_at(f, i, j)) > 2)
            place_signs_and_light(f, i, j, &random);
    }
    free(order);
    return IMP_OK;
}

imp_status imp_map_objects_place(imp_map_objects *objects, const imp_map_generator_def *def,
                                 const imp_road_layout *layout, imp_error *err)
{
    // straight tiles (links north-south or east-west) in random order
    const int tiles = layout->columns * layout->rows;
    object_placer f = {.def = def, .layout = layout, .objects = objects};
    f.straights = calloc((size_t)tiles, sizeof *f.straights);
    if (f.straights == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a map");
    for (int k = 0; k < tiles; k++)
        if (layout->links[k] == 5 || layout->links[k] == 10)
            f.straights[f.straight_count++] = (uint32_t)k;
    imp_random random = imp_map_generator_random(def, IMP_MAP_STREAM_TILE_ORDER);
    imp_random_shuffle(&random, f.straights, (size_t)f.straight_count);
    objects->count = objects->moving_count = 0;

    // requested numbers first, each from a stream of its own; decorations fill the rest
    random = imp_map_generator_random(def, IMP_MAP_STREAM_PEDESTRIANS);
    place_pedestrians(&f, def->pedestrians, &random);
    random = imp_map_generator_random(def, IMP_MAP_STREAM_CARS);
    place_cars(&f, def->cars, &random);
    random = imp_map_generator_random(def, IMP_MAP_STREAM_PARKED);
    place_parked_cars(&f, def->parked, &random);
    random = imp_map_generator_random(def, IMP_MAP_STREAM_OBSTACLES);
    place_obstacles(&f, def->obstacles, &random);
    random = imp_map_generator_random(def, IMP_MAP_STREAM_DUCKIES);
    place_lane_duckies(&f, def->duckies, &random);
    free(f.straights);
    return def->objects ? place_offroad_objects(&f, err) : IMP_OK;
}
