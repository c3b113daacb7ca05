// sim/render/scene/room_builder.h: a room under construction. Parts are added in a frame on the
// floor, such as that of a wall: ahead, up, to the right.
#ifndef IMP_SIM_RENDER_SCENE_ROOM_BUILDER_H
#define IMP_SIM_RENDER_SCENE_ROOM_BUILDER_H

#include "imprint/render.h"

typedef struct imp_room_builder {
    imp_room *room;
    imp_random *random;
    bool night;
    float brightness;         // of walls and furniture
    float height;             // of the walls [m]
    float x, z, cosine, sine; // the frame: its origin [m] and heading
    float wood[3], metal[3];  // colours that furniture shares
    float wall[3];            // colour of the walls
} imp_room_builder;

// A uniform draw as a float.
static inline float imp_room_uniform(imp_room_builder *builder, double low, double high)
{
    return (float)imp_random_uniform(builder->random, low, high);
}

static inline bool imp_room_chance(imp_room_builder *builder, double probability)
{
    return imp_random_uniform(builder->random, 0.0, 1.0) < probability;
}

// Whether so many more parts fit.
static inline bool imp_room_has_space(const imp_room_builder *builder, int parts)
{
    return builder->room->part_count + parts <= IMP_ROOM_PARTS_MAX;
}

// Draws a colour around a grey within `low` to `high`; `vivid` 0 is grey, 1 any colour.
void imp_room_sample_colour(imp_room_builder *builder, double low, double high, double vivid,
                            float out[3]);

// Adds a part whose base has its middle at (ahead, up, right) of the frame, and whose sides are
// (deep, high, wide). NULL if there is no space.
imp_room_part *imp_room_add_part(imp_room_builder *builder, imp_room_shape shape, const float at[3],
                                 const float size[3], const float colour[3]);

// Furnishes the length of a wall. The frame is in the wall's middle and faces the room. `density`
// is the share of places that are not empty.
void imp_room_furnish_wall(imp_room_builder *builder, float length, float depth, float density);

// Adds something that stands free at the frame's origin, with so much space around it [m]: a table,
// a chair, a person, boxes.
void imp_room_add_free_standing_piece(imp_room_builder *builder, float space);

#endif
