// Furniture of rooms, made of panels, boxes and balls. What stands at a wall is chosen place by
// place along it; what stands free is a table, a chair, a person or some boxes. A robot's camera is
// 11 cm above the floor, so legs, skirtings and shelves matter more than what is on the table.
#include "sim/render/scene/room_builder.h"

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

static const float WHITE[3] = {0.95f, 0.96f, 0.97f}, DARK[3] = {0.07f, 0.07f, 0.08f};

void imp_room_sample_colour(imp_room_builder *builder, double low, double high, double vivid,
                            float out[3])
{
    const float grey = imp_room_uniform(builder, low, high);
    for (int c = 0; c < 3; c++)
        out[c] = grey + (float)vivid * (imp_room_uniform(builder, 0.02, 0.98) - grey);
}

imp_room_part *imp_room_add_part(imp_room_builder *builder, imp_room_shape shape, const float at[3],
                                 const float size[3], const float colour[3])
{
    imp_room *room = builder->room;
    if (room->part_count >= IMP_ROOM_PARTS_MAX)
        return NULL;
    imp_room_part *part = &room->parts[room->part_count++];
    *part = (imp_room_part){
        .shape = shape,
        .at = {builder->x + at[0] * builder->cosine + at[2] * builder->sine, at[1],
               builder->z - at[0] * builder->sine + at[2] * builder->cosine},
        .cosine = builder->cosine,
        .sine = builder->sine,
        .size = {size[0], size[1], size[2]},
    };
    for (int c = 0; c < 3; c++)
        part->colour[c] = colour[c] * builder->brightness;
    return part;
}

// A box with (deep, high, wide) sides.
static void add_box(imp_room_builder *b, float ahead, float up, float right, float deep, float high,
                    float wide, const float colour[3])
{
    const float at[3] = {ahead, up, right}, size[3] = {deep, high, wide};
    imp_room_add_part(b, IMP_ROOM_BOX, at, size, colour);
}

// A panel just in front of the wall; `layer` counts panels on top of each other.
static void add_panel(imp_room_builder *b, int layer, float up, float right, float high, float wide,
                      const float colour[3], bool glows)
{
    const float at[3] = {0.012f * (float)layer, up, right}, size[3] = {1.0f, high, wide};
    imp_room_part *part = imp_room_add_part(b, IMP_ROOM_PANEL, at, size, colour);
    if (part != NULL)
        part->glows = glows;
}

// A window: frame, pane of daylight or of night, and a cross.
static void add_window(imp_room_builder *b, float right, float wide)
{
    const float sill = imp_room_uniform(b, 0.3, 1.0), high = imp_room_uniform(b, 0.8, 1.6);
    float pane[3];
    for (int c = 0; c < 3; c++)
        pane[c] = b->night ? 0.05f : imp_room_uniform(b, 0.75, 1.0);
    add_panel(b, 1, sill - 0.05f, right, high + 0.1f, wide + 0.1f, WHITE, false);
    add_panel(b, 2, sill, right, high, wide, pane, !b->night);
    add_panel(b, 3, sill, right, high, 0.05f, WHITE, false);
    add_panel(b, 3, sill + 0.5f * high, right, 0.04f, wide, WHITE, false);
    // a radiator below
    if (sill > 0.6f) {
        add_box(b, 0.06f, 0.12f, right, 0.08f, sill - 0.25f, wide, WHITE);
        for (int k = 0; k < 6; k++)
            add_box(b, 0.1f, 0.14f, right + wide * (((float)k + 0.5f) / 6.0f - 0.5f), 0.01f,
                    sill - 0.29f, 0.02f, b->metal);
    }
}

// Frame, leaf, handle, and sometimes a lit sign.
static void add_door(imp_room_builder *b, float right)
{
    float colour[3];
    imp_room_sample_colour(b, 0.2, 0.7, 0.3, colour);
    add_panel(b, 1, 0.0f, right, 2.1f, 1.05f, b->metal, false);
    add_panel(b, 2, 0.0f, right, 2.03f, 0.9f, colour, false);
    add_box(b, 0.05f, 1.0f, right + 0.36f, 0.05f, 0.03f, 0.12f, DARK);
    // a sign above it
    if (imp_room_chance(b, 0.4)) {
        const float red[3] = {0.85f, 0.1f, 0.1f}, green[3] = {0.1f, 0.7f, 0.3f};
        add_panel(b, 1, 2.2f, right, 0.2f, 0.4f, imp_room_chance(b, 0.5) ? red : green, true);
    }
}

// A board, a screen or a poster: a frame and a surface.
static void add_board(imp_room_builder *b, float right, float wide)
{
    const float low = imp_room_uniform(b, 0.15, 1.1), high = imp_room_uniform(b, 0.4, 1.3);
    const bool framed = imp_room_chance(b, 0.7);
    float colour[3];
    imp_room_sample_colour(b, 0.7, 1.0, imp_room_chance(b, 0.6) ? 0.0 : 0.8, colour);
    if (imp_room_chance(b, 0.2))
        imp_room_sample_colour(b, 0.02, 0.1, 0.0, colour);
    if (framed)
        add_panel(b, 1, low - 0.04f, right, high + 0.08f, wide + 0.08f,
                  imp_room_chance(b, 0.6) ? DARK : b->metal, false);
    add_panel(b, 2, low, right, high, wide, colour, false);
    // writing
    float ink[3];
    imp_room_sample_colour(b, 0.1, 0.5, 0.6, ink);
    const int lines = (int)imp_random_uniform_int(b->random, 5);
    for (int k = 0; k < lines; k++) {
        const float left = imp_room_uniform(b, 0.0, 0.2), long_as = imp_room_uniform(b, 0.2, 0.5);
        add_panel(b, 3, low + high * (0.15f + 0.17f * (float)k), right - left * wide, 0.03f,
                  wide * long_as, ink, false);
    }
}

// Shelves with books and boxes; the more in view, the lower the shelf.
static void add_shelf(imp_room_builder *b, float right, float wide, float deep)
{
    const int boards = 2 + (int)imp_random_uniform_int(b->random, 4);
    const float step = imp_room_uniform(b, 0.25, 0.42), high = step * (float)boards;
    float shade[3];
    for (int c = 0; c < 3; c++)
        shade[c] = 0.45f * b->wood[c];
    add_panel(b, 1, 0.0f, right, high, wide, shade, false);
    add_box(b, 0.5f * deep, 0.0f, right - 0.5f * wide, deep, high, 0.03f, b->wood);
    add_box(b, 0.5f * deep, 0.0f, right + 0.5f * wide, deep, high, 0.03f, b->wood);
    for (int k = 0; k <= boards; k++)
        add_box(b, 0.5f * deep, step * (float)k, right, deep, 0.025f, wide, b->wood);
    // things on the boards, from left to right
    for (int k = 0; k < boards; k++)
        for (float at = -0.5f * wide + 0.03f;
             at < 0.5f * wide - 0.1f && imp_room_has_space(b, 60);) {
            const float thick = imp_room_uniform(b, 0.04, imp_room_chance(b, 0.4) ? 0.35 : 0.12);
            float colour[3];
            imp_room_sample_colour(b, 0.1, 0.8, 0.6, colour);
            if (at + thick < 0.5f * wide && imp_room_chance(b, 0.75))
                add_box(b, 0.45f * deep, step * (float)k + 0.025f, right + at + 0.5f * thick,
                        0.8f * deep, step * imp_room_uniform(b, 0.35, 0.85), thick, colour);
            at += thick + 0.015f;
        }
}

// A cupboard: a body on a plinth, and doors.
static void add_cupboard(imp_room_builder *b, float right, float wide, float deep)
{
    const float high = imp_room_uniform(b, 0.6, 2.0);
    const int doors = wide > 0.9f ? 2 : 1;
    float colour[3], edge[3];
    imp_room_sample_colour(b, 0.25, 0.95, 0.3, colour);
    for (int c = 0; c < 3; c++)
        edge[c] = 0.5f * colour[c];
    add_box(b, 0.48f * deep, 0.0f, right, 0.9f * deep, 0.08f, wide, DARK);
    add_box(b, 0.5f * deep, 0.08f, right, deep, high, wide, colour);
    for (int k = 0; k < doors; k++) {
        const float middle = right + wide * (((float)k + 0.5f) / (float)doors - 0.5f);
        add_box(b, deep, 0.1f, middle + 0.5f * wide / (float)doors, 0.012f, high - 0.04f, 0.012f,
                edge);
        add_box(b, deep, 0.5f * high, middle, 0.03f, 0.12f, 0.02f, DARK);
    }
}

static void add_table(imp_room_builder *b, float ahead, float right, float wide)
{
    const float deep = imp_room_uniform(b, 0.5, 0.9), high = imp_room_uniform(b, 0.65, 0.78);
    add_box(b, ahead, high, right, deep, 0.03f, wide, b->wood);
    for (int k = 0; k < 4; k++)
        add_box(b, ahead + (k & 1 ? 0.44f : -0.44f) * deep, 0.0f,
                right + (k & 2 ? 0.46f : -0.46f) * wide, 0.045f, high, 0.045f, b->metal);
    add_box(b, ahead - 0.4f * deep, high - 0.1f, right, 0.02f, 0.08f, 0.9f * wide, b->metal);
}

// A swivel chair: five feet with castors, a column, seat and back.
static void add_swivel_chair(imp_room_builder *b, float ahead, float right)
{
    float colour[3];
    imp_room_sample_colour(b, 0.05, 0.3, 0.4, colour);
    for (int k = 0; k < 5; k++) {
        const imp_sine_cosine turn = imp_sincos(2.0 * IMP_PI * k / 5.0);
        const float dx = 0.28f * (float)turn.cosine, dz = 0.28f * (float)turn.sine;
        const float castor[3] = {ahead + dx, 0.03f, right + dz}, radii[3] = {0.03f, 0.03f, 0.03f};
        add_box(b, ahead + 0.5f * dx, 0.06f, right + 0.5f * dz, 0.05f + 0.9f * (dx < 0 ? -dx : dx),
                0.035f, 0.05f + 0.9f * (dz < 0 ? -dz : dz), DARK);
        imp_room_add_part(b, IMP_ROOM_BALL, castor, radii, DARK);
    }
    add_box(b, ahead, 0.06f, right, 0.06f, 0.36f, 0.06f, b->metal);
    add_box(b, ahead, 0.42f, right, 0.46f, 0.08f, 0.46f, colour);
    add_box(b, ahead - 0.22f, 0.5f, right, 0.06f, 0.5f, 0.42f, colour);
}

// A chair on four legs.
static void add_chair(imp_room_builder *b, float ahead, float right)
{
    float colour[3];
    imp_room_sample_colour(b, 0.1, 0.7, 0.6, colour);
    for (int k = 0; k < 4; k++)
        add_box(b, ahead + (k & 1 ? 0.2f : -0.2f), 0.0f, right + (k & 2 ? 0.2f : -0.2f), 0.03f,
                0.45f, 0.03f, b->metal);
    add_box(b, ahead, 0.45f, right, 0.44f, 0.03f, 0.44f, colour);
    add_box(b, ahead - 0.2f, 0.55f, right, 0.03f, 0.32f, 0.44f, colour);
}

// Somebody who stands: shoes, legs, body, arms, head.
static void add_person(imp_room_builder *b, float ahead, float right)
{
    const float tall = imp_room_uniform(b, 0.88, 1.12);
    const float pale = imp_room_uniform(b, 0.35, 0.9);
    const float skin[3] = {pale, 0.75f * pale, 0.6f * pale};
    float trousers[3], shirt[3];
    imp_room_sample_colour(b, 0.03, 0.4, 0.2, trousers);
    imp_room_sample_colour(b, 0.1, 0.9, 0.7, shirt);
    for (int k = 0; k < 2; k++) {
        const float side = k == 0 ? -0.11f : 0.11f;
        const float shoe[3] = {ahead + 0.06f, 0.04f, right + side}, size[3] = {0.14f, 0.05f, 0.05f};
        imp_room_add_part(b, IMP_ROOM_BALL, shoe, size, DARK);
        add_box(b, ahead, 0.05f, right + side, 0.14f, 0.8f * tall, 0.14f, trousers);
        add_box(b, ahead, 0.75f * tall, right + 2.4f * side, 0.09f, 0.65f * tall, 0.09f, shirt);
    }
    add_box(b, ahead, 0.8f * tall, right, 0.22f, 0.62f * tall, 0.38f, shirt);
    const float head[3] = {ahead, 1.58f * tall, right}, radii[3] = {0.1f, 0.14f, 0.09f};
    imp_room_add_part(b, IMP_ROOM_BALL, head, radii, skin);
}

// A pot with leaves.
static void add_plant(imp_room_builder *b, float ahead, float right)
{
    const float high = imp_room_uniform(b, 0.3, 0.9),
                green[3] = {0.1f, imp_room_uniform(b, 0.25, 0.5), 0.1f};
    float pot[3];
    imp_room_sample_colour(b, 0.1, 0.8, 0.3, pot);
    add_box(b, ahead, 0.0f, right, 0.26f, 0.26f, 0.26f, pot);
    for (int k = 0; k < 4; k++) {
        const float dx = imp_room_uniform(b, -0.12, 0.12), dz = imp_room_uniform(b, -0.12, 0.12);
        const float at[3] = {ahead + dx, 0.3f + high * imp_room_uniform(b, 0.2, 1.0), right + dz};
        const float radii[3] = {0.14f, imp_room_uniform(b, 0.12, 0.25), 0.14f};
        imp_room_add_part(b, IMP_ROOM_BALL, at, radii, green);
    }
}

// Cardboard boxes, bags or toys on the floor.
static void add_boxes(imp_room_builder *b, float ahead, float right)
{
    const int count = 1 + (int)imp_random_uniform_int(b->random, 3);
    float up = 0.0f;
    for (int k = 0; k < count; k++) {
        const float brown = imp_room_uniform(b, 0.45, 0.75), high = imp_room_uniform(b, 0.1, 0.35);
        const float deep = imp_room_uniform(b, 0.15, 0.4), wide = imp_room_uniform(b, 0.15, 0.5);
        const float card[3] = {brown, 0.75f * brown, 0.5f * brown};
        float colour[3];
        imp_room_sample_colour(b, 0.1, 0.9, 0.7, colour);
        add_box(b, ahead, up, right, deep, high, wide, imp_room_chance(b, 0.6) ? card : colour);
        up += imp_room_chance(b, 0.5) ? high : 0.0f;
        right += up > 0.0f ? 0.0f : 0.45f;
    }
}

// A lamp on a stand; its shade glows if it is on.
static void add_lamp(imp_room_builder *b, float ahead, float right)
{
    const float high = imp_room_uniform(b, 0.4, 1.5);
    const float warm = imp_room_uniform(b, 0.6, 1.0);
    const float light[3] = {1.0f, warm, warm * warm};
    const float at[3] = {ahead, high + 0.12f, right}, radii[3] = {0.15f, 0.14f, 0.15f};
    add_box(b, ahead, 0.0f, right, 0.24f, 0.03f, 0.24f, DARK);
    add_box(b, ahead, 0.03f, right, 0.03f, high, 0.03f, b->metal);
    imp_room_part *shade = imp_room_add_part(b, IMP_ROOM_BALL, at, radii, light);
    if (shade != NULL)
        shade->glows = imp_room_chance(b, b->night ? 0.7 : 0.4);
}

// Furnishes one place of a wall.
static void add_random_piece_at_wall(imp_room_builder *b, float right, float wide, float depth)
{
    const float wanted = imp_room_uniform(b, 0.25, 0.45);
    const float deep = wanted < 0.8f * depth ? wanted : 0.8f * depth;
    const bool roomy = depth > 1.0f;
    // without space before the wall, something flat
    const uint32_t choice = imp_random_uniform_int(b->random, 12);
    switch (depth < 0.6f && choice > 8 ? 3 : choice) {
    case 0:
    case 1:
        add_window(b, right, wide);
        break;
    case 2:
        add_door(b, right);
        break;
    case 3:
    case 4:
        add_board(b, right, wide);
        break;
    case 5:
    case 6:
        add_shelf(b, right, wide, deep);
        break;
    case 7:
        add_cupboard(b, right, wide, deep);
        break;
    case 8:
        if (roomy) {
            add_table(b, 0.5f, right, wide);
            add_swivel_chair(b, 1.3f < depth ? 0.95f : 0.6f,
                             right + imp_room_uniform(b, -0.3, 0.3));
        }
        add_board(b, right, 0.7f * wide);
        break;
    case 9:
        add_plant(b, deep * 0.7f, right);
        break;
    case 10:
        add_boxes(b, deep, right);
        break;
    default:
        if (roomy)
            add_person(b, 0.5f, right);
        else
            add_lamp(b, 0.2f, right);
    }
}

void imp_room_furnish_wall(imp_room_builder *builder, float length, float depth, float density)
{
    // leaves space for what stands free, and for duckies
    enum { PLACE_PARTS = 120 };
    float at = -0.5f * length + 0.2f;
    while (at < 0.5f * length - 0.6f && imp_room_has_space(builder, PLACE_PARTS)) {
        const float wide = imp_room_uniform(builder, 0.6, 1.8);
        if (at + wide < 0.5f * length - 0.1f && imp_room_chance(builder, density))
            add_random_piece_at_wall(builder, at + 0.5f * wide, wide, depth);
        at += wide + imp_room_uniform(builder, 0.05, 0.6);
    }
}

void imp_room_add_free_standing_piece(imp_room_builder *builder, float space)
{
    const uint32_t choice = imp_random_uniform_int(builder->random, 8);
    // a table needs more space than a chair
    switch (choice == 0 && space < 1.0f ? 1 : choice) {
    case 0:
        add_table(builder, 0.0f, 0.0f, imp_room_uniform(builder, 0.8, 1.8));
        break;
    case 1:
    case 2:
        add_swivel_chair(builder, 0.0f, 0.0f);
        break;
    case 3:
        add_chair(builder, 0.0f, 0.0f);
        break;
    case 4:
        add_person(builder, 0.0f, 0.0f);
        break;
    case 5:
        add_plant(builder, 0.0f, 0.0f);
        break;
    case 6:
        add_lamp(builder, 0.0f, 0.0f);
        break;
    default:
        add_boxes(builder, 0.0f, 0.0f);
    }
}
