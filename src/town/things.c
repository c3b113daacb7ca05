#include "town/things.h"

#include <stdlib.h>

#include "base/vector.h"
#include "town/streams.h"

// Distances [m] that keep the way of a robot in its lane free.
static const double KERB_CLEARANCE = 0.11; // from a lane's middle to what stands at the kerb
static const double YARD = 0.04;           // from the edge of a tile to what stands on it

// Traffic lights are left out where so many things move or change already.
enum { MOVING_WITH_LIGHTS = 32 };

// A town while it is being filled.
typedef struct filler {
    const imp_town_def *def;
    const imp_layout *layout;
    imp_things *things;
    uint32_t *straights; // straight tiles in random order
    int straight_count, straight_used;
} filler;

static unsigned links_at(const filler *f, int i, int j)
{
    return f->layout->links[j * f->layout->columns + i];
}

static double angle_of(int direction)
{
    return (direction - IMP_EAST) * (IMP_PI / 2.0);
}

// The point that lies `ahead` and `right` [m] of a tile's centre for who drives in a direction.
static imp_pose pose_at(const filler *f, int i, int j, int direction, double ahead, double right)
{
    const double size = f->def->tile_size;
    const imp_vec2 forward = imp_forward(angle_of(direction)), across = imp_vec2_right(forward);
    return (imp_pose){(i + 0.5) * size + ahead * forward.x + right * across.x,
                      (j + 0.5) * size + ahead * forward.z + right * across.z, angle_of(direction)};
}

static imp_object_kind kind_of(const char *word)
{
    for (int k = 0; k < IMP_OBJECT_SIGN; k++) {
        const char *name = imp_object_class_of((imp_object_kind)k)->name;
        int n = 0;
        while (word[n] != '\0' && word[n] == name[n])
            n++;
        if (word[n] == '\0' && name[n] == '\0')
            return (imp_object_kind)k;
    }
    return IMP_OBJECT_SIGN;
}

// What an object covers.
static imp_plot footprint(const char *kind, double height, imp_pose pose)
{
    const imp_object_class *class = imp_object_class_of(kind_of(kind));
    const double scale = height / class->height;
    const imp_vec2 forward = imp_forward(pose.heading), right = imp_vec2_right(forward);
    const double along[] = {class->min_x * scale, class->max_x * scale};
    const double across[] = {class->min_z * scale, class->max_z * scale};
    imp_plot plot = {pose.x, pose.z, pose.x, pose.z};
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

// Adds a thing unless something is there already, or the map is full.
static bool add(const filler *f, imp_thing thing, imp_plot needs)
{
    imp_things *things = f->things;
    if (things->count == IMP_OBJECTS_MAX)
        return false;
    for (int k = 0; k < things->count; k++) {
        const imp_plot *other = &things->taken[k];
        if (needs.left < other->right && other->left < needs.right && needs.top < other->bottom &&
            other->top < needs.bottom)
            return false;
    }
    things->items[things->count] = thing;
    things->taken[things->count++] = needs;
    things->moving_count += thing.moves;
    return true;
}

static bool add_there(const filler *f, imp_thing thing)
{
    return add(f, thing, footprint(thing.kind, thing.height, thing.pose));
}

// Whether there is ground without a road beside a tile.
static bool has_kerb(const filler *f, int i, int j, int direction)
{
    return imp_layout_step(f->layout, &i, &j, direction) && links_at(f, i, j) == 0;
}

// ---- signs and traffic lights ----

static const double SIGN_HEIGHT = 0.18;

// A sign to the right of who comes to a tile, `ahead` tiles beyond its centre.
static void put_sign(const filler *f, int i, int j, int direction, double ahead, const char *kind)
{
    const double size = f->def->tile_size;
    imp_pose pose = pose_at(f, i, j, direction, ahead * size, 0.58 * size);
    pose.heading = angle_of(imp_opposite(direction));
    add_there(f, (imp_thing){.kind = kind, .pose = pose, .height = SIGN_HEIGHT});
}

static const char *sign_for(unsigned links, int direction, bool light, imp_random *random)
{
    const uint32_t draw = imp_random_below(random, 10);
    if (light && draw < 5)
        return imp_sign_name(IMP_SIGN_T_LIGHT_AHEAD);
    if (!light && draw < 3)
        return imp_sign_name(IMP_SIGN_STOP);
    if (!(links >> direction & 1))
        return imp_sign_name(IMP_SIGN_T_INTERSECT);
    if (!(links >> imp_right_of(direction) & 1))
        return imp_sign_name(IMP_SIGN_LEFT_T_INTERSECT);
    if (!(links >> imp_left_of(direction) & 1))
        return imp_sign_name(IMP_SIGN_RIGHT_T_INTERSECT);
    return imp_sign_name(IMP_SIGN_4_WAY_INTERSECT);
}

// A traffic light on a corner of a crossing; false if there is no room for it.
static bool put_light(const filler *f, int i, int j, int corner)
{
    const double aside = 0.31 * f->def->tile_size;
    if (f->things->moving_count >= MOVING_WITH_LIGHTS)
        return false;
    imp_pose pose = pose_at(f, i, j, corner, -aside, aside);
    pose.heading = angle_of(corner) + IMP_PI * 0.75;
    return add_there(
        f, (imp_thing){.kind = "trafficlight", .pose = pose, .height = 0.4, .moves = true});
}

// Signs where roads meet, each on the corner to the right of who comes there.
static void furnish_intersection(const filler *f, int i, int j, imp_random *random)
{
    const unsigned links = links_at(f, i, j);
    const int corner = (int)imp_random_below(random, 4);
    const bool light =
        links == 0xf && imp_random_below(random, 2) == 0 && put_light(f, i, j, corner);
    for (int direction = 0; direction < 4; direction++) {
        const int back = imp_opposite(direction);
        int column = i, row = j;
        if (links >> back & 1 && imp_layout_step(f->layout, &column, &row, back) &&
            has_kerb(f, column, row, imp_right_of(direction)))
            put_sign(f, i, j, direction, -0.55, sign_for(links, direction, light, random));
    }
}

// ---- what is on the road and at the kerb ----

// The next straight tile that nothing is on yet, and a direction along its road; false if none is
// left.
static bool next_straight(filler *f, imp_random *random, int *i, int *j, int *direction)
{
    if (f->straight_used == f->straight_count)
        return false;
    const int tile = (int)f->straights[f->straight_used++];
    *i = tile % f->layout->columns;
    *j = tile / f->layout->columns;
    *direction = links_at(f, *i, *j) & 1 ? IMP_SOUTH : IMP_EAST;
    if (imp_random_below(random, 2) == 0)
        *direction = imp_opposite(*direction);
    return true;
}

// Duckies that wait just off the road; they walk one tile, to just beyond its other side.
static int place_pedestrians(filler *f, int wanted, imp_random *random)
{
    const double size = f->def->tile_size, start = size / 2.0 + 0.01;
    int placed = 0, i, j, direction;
    while (placed < wanted && next_straight(f, random, &i, &j, &direction)) {
        const int over = imp_left_of(direction);
        const double along = imp_random_uniform(random, -0.3, 0.3) * size;
        if (!has_kerb(f, i, j, over) || !has_kerb(f, i, j, imp_opposite(over)))
            continue;
        imp_pose from = pose_at(f, i, j, direction, along, start);
        imp_pose to = pose_at(f, i, j, direction, along, -start);
        from.heading = angle_of(over);
        const double reach = 0.06;
        const imp_plot way = {fmin(from.x, to.x) - reach, fmin(from.z, to.z) - reach,
                              fmax(from.x, to.x) + reach, fmax(from.z, to.z) + reach};
        placed +=
            add(f, (imp_thing){.kind = "duckie", .pose = from, .height = 0.08, .moves = true}, way);
        for (int k = 0; k < 2 && f->def->objects; k++)
            put_sign(f, i, j, k == 0 ? direction : imp_opposite(direction), -0.4,
                     imp_sign_name(IMP_SIGN_DUCK_CROSSING));
    }
    return placed;
}

static const char *draw_colour(imp_random *random)
{
    static const char *const colours[] = {"red", "green", "blue", "grey"};
    return colours[imp_random_below(random, 4)];
}

// Duckiebots in their lanes.
static int place_cars(filler *f, int wanted, imp_random *random)
{
    int placed = 0, i, j, direction;
    while (placed < wanted && next_straight(f, random, &i, &j, &direction))
        placed += add_there(
            f, (imp_thing){.kind = "duckiebot",
                           .colour = draw_colour(random),
                           .pose = pose_at(f, i, j, direction, 0.0, 0.2 * f->def->tile_size),
                           .height = 0.12,
                           .moves = true});
    return placed;
}

// How far from the road's middle something stands that is so wide.
static double kerb(const filler *f, double width, imp_random *random)
{
    return 0.2 * f->def->tile_size + KERB_CLEARANCE + width / 2.0 +
           imp_random_uniform(random, 0.0, 0.03);
}

static int place_parked(filler *f, int wanted, imp_random *random)
{
    const double width = 0.135;
    int placed = 0, i, j, direction;
    while (placed < wanted && next_straight(f, random, &i, &j, &direction)) {
        const double along = imp_random_uniform(random, -0.2, 0.2) * f->def->tile_size;
        if (has_kerb(f, i, j, imp_right_of(direction)))
            placed += add_there(
                f, (imp_thing){.kind = "duckiebot",
                               .colour = draw_colour(random),
                               .pose = pose_at(f, i, j, direction, along, kerb(f, width, random)),
                               .height = 0.12});
    }
    return placed;
}

static int place_obstacles(filler *f, int wanted, imp_random *random)
{
    static const struct {
        const char *kind;
        double height, width, turn; // the width at any heading up to the turn
    } choice[] = {{"cone", 0.08, 0.072, IMP_PI},
                  {"duckie", 0.06, 0.08, IMP_PI},
                  {"barrier", 0.08, 0.095, 0.13}};
    int placed = 0, i, j, direction;
    while (placed < wanted && next_straight(f, random, &i, &j, &direction)) {
        const uint32_t k = imp_random_below(random, 3);
        const double along = imp_random_uniform(random, -0.25, 0.25) * f->def->tile_size;
        imp_pose pose = pose_at(f, i, j, direction, along, kerb(f, choice[k].width, random));
        pose.heading += imp_random_uniform(random, -choice[k].turn, choice[k].turn);
        if (has_kerb(f, i, j, imp_right_of(direction)))
            placed += add_there(
                f, (imp_thing){.kind = choice[k].kind, .pose = pose, .height = choice[k].height});
    }
    return placed;
}

// Duckies in a lane, where AI-DO's LFP has them: whoever drives there must go round them.
static int place_duckies(filler *f, int wanted, imp_random *random)
{
    int placed = 0, i, j, direction;
    while (placed < wanted && next_straight(f, random, &i, &j, &direction)) {
        const double size = f->def->tile_size;
        const double along = imp_random_uniform(random, -0.4, 0.4) * size;
        const double right = 0.2 * size + imp_random_uniform(random, 0.04, 0.1);
        imp_pose pose = pose_at(f, i, j, direction, along, right);
        pose.heading = imp_random_uniform(random, -IMP_PI, IMP_PI);
        placed += add_there(f, (imp_thing){.kind = "duckie", .pose = pose, .height = 0.08});
    }
    return placed;
}

// ---- what stands off the road ----

// What may stand on a tile: so many of a kind, and how often among all.
typedef struct decoration {
    const char *kind;
    double height;
    int most, weight;
    bool square; // it stands parallel to the streets, more or less
} decoration;

static const decoration DECORATIONS[] = {
    {"tree", 0.25, 4, 8, false}, {"house", 0.5, 1, 3, true},    {"building", 0.6, 1, 2, true},
    {"bus", 0.18, 1, 2, true},   {"truck", 0.2, 2, 2, true},    {"duckie", 0.08, 3, 2, false},
    {"cone", 0.08, 2, 1, false}, {"barrier", 0.08, 1, 1, true},
};
enum { DECORATION_COUNT = sizeof DECORATIONS / sizeof DECORATIONS[0] };

static const decoration *draw_decoration(imp_random *random)
{
    int total = 0, k = 0;
    for (int n = 0; n < DECORATION_COUNT; n++)
        total += DECORATIONS[n].weight;
    int draw = (int)imp_random_below(random, (uint32_t)total);
    while (draw >= DECORATIONS[k].weight)
        draw -= DECORATIONS[k++].weight;
    return &DECORATIONS[k];
}

// Puts one thing somewhere on a tile, made smaller if it has to be.
static void decorate(const filler *f, int i, int j, const decoration *what, imp_random *random)
{
    const double room = f->def->tile_size - 2.0 * YARD;
    const double turn = what->square ? (int)imp_random_below(random, 4) * (IMP_PI / 2.0) +
                                           imp_random_uniform(random, -0.12, 0.12)
                                     : imp_random_uniform(random, -IMP_PI, IMP_PI);
    imp_pose pose = {.heading = imp_wrap_angle(turn)};
    const imp_plot full = footprint(what->kind, what->height, pose);
    const double fit = fmin(room / (full.right - full.left), room / (full.bottom - full.top));
    const double height = fit < 1.0 ? floor(1000.0 * fit * what->height) / 1000.0 : what->height;
    const imp_plot plot = footprint(what->kind, height, pose);
    pose.x = i * f->def->tile_size + YARD - plot.left +
             imp_random_uniform(random, 0.0, room - (plot.right - plot.left));
    pose.z = j * f->def->tile_size + YARD - plot.top +
             imp_random_uniform(random, 0.0, room - (plot.bottom - plot.top));
    if (height >= 0.4 * what->height)
        add_there(
            f, (imp_thing){.kind = what->kind, .pose = pose, .height = height, .optional = true});
}

static void decorate_tile(const filler *f, int i, int j, imp_random *random)
{
    const double share = 0.45; // of the tiles without a road
    if (imp_random_uniform(random, 0.0, 1.0) > share)
        return;
    const decoration *what = draw_decoration(random);
    const int count = 1 + (int)imp_random_below(random, (uint32_t)what->most);
    for (int k = 0; k < count; k++)
        decorate(f, i, j, what, random);
}

// Goes over the tiles in random order, because a map may be full before all have had their turn.
static imp_status place_objects(const filler *f, imp_error *err)
{
    const int columns = f->layout->columns, tiles = columns * f->layout->rows;
    imp_random random = imp_town_stream(f->def, IMP_TOWN_STREAM_OBJECTS);
    uint32_t *order = calloc((size_t)tiles, sizeof *order);
    if (order == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a town");
    for (int k = 0; k < tiles; k++)
        order[k] = (uint32_t)k;
    imp_random_shuffle(&random, order, (size_t)tiles);
    for (int k = 0; k < tiles; k++) {
        const int i = (int)order[k] % columns, j = (int)order[k] / columns;
        if (links_at(f, i, j) == 0)
            decorate_tile(f, i, j, &random);
        else if (__builtin_popcount(links_at(f, i, j)) > 2)
            furnish_intersection(f, i, j, &random);
    }
    free(order);
    return IMP_OK;
}

imp_status imp_things_place(imp_things *things, const imp_town_def *def, const imp_layout *layout,
                            imp_error *err)
{
    const int tiles = layout->columns * layout->rows;
    filler f = {.def = def, .layout = layout, .things = things};
    f.straights = calloc((size_t)tiles, sizeof *f.straights);
    if (f.straights == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a town");
    for (int k = 0; k < tiles; k++)
        if (layout->links[k] == 5 || layout->links[k] == 10)
            f.straights[f.straight_count++] = (uint32_t)k;
    imp_random random = imp_town_stream(def, IMP_TOWN_STREAM_PLACES);
    imp_random_shuffle(&random, f.straights, (size_t)f.straight_count);
    things->count = things->moving_count = 0;

    // what is asked for by number goes before what fills the rest
    random = imp_town_stream(def, IMP_TOWN_STREAM_PEDESTRIANS);
    place_pedestrians(&f, def->pedestrians, &random);
    random = imp_town_stream(def, IMP_TOWN_STREAM_CARS);
    place_cars(&f, def->cars, &random);
    random = imp_town_stream(def, IMP_TOWN_STREAM_PARKED);
    place_parked(&f, def->parked, &random);
    random = imp_town_stream(def, IMP_TOWN_STREAM_OBSTACLES);
    place_obstacles(&f, def->obstacles, &random);
    random = imp_town_stream(def, IMP_TOWN_STREAM_DUCKIES);
    place_duckies(&f, def->duckies, &random);
    free(f.straights);
    return def->objects ? place_objects(&f, err) : IMP_OK;
}
