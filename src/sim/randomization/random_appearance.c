// Random appearance of an episode's world: colours of sky, ground, tiles and objects, texture
// variants of tiles, LEDs and distractors. The light's colour multiplies all colours, since
// textures are fixed. Arrays are allocated once for the largest world. Applying it to a view copies
// only pointers and a few numbers.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/plural.h"
#include "sim/randomization/scenery.h"

// gym-duckietown's sky colours: sky, wall, dark and light grey
static const double SKY_COLOURS[4][3] = {
    {0.45, 0.82, 1.0}, {0.64, 0.71, 0.28}, {0.15, 0.15, 0.15}, {0.9, 0.9, 0.9}};
// gym-duckietown's light: constant scene light, and the lamp's two parts, which are randomised
static const double LIGHT_SCENE = 0.3, LIGHT_AMBIENT = 0.25, LIGHT_DIFFUSE = 0.35;

struct imp_random_appearance {
    int tile_capacity, object_capacity;
    double strength[IMP_GROUP_COUNT];
    float sky[3], ground[3];
    float slope, shadow;
    imp_scenery scenery;
    float (*tile_colour)[3];         // (tile_capacity)
    uint8_t *tile_variant;           // (tile_capacity)
    float (*object_colour)[3];       // (object_capacity)
    float (*leds)[IMP_LED_COUNT][3]; // (object_capacity)
    imp_distractor distractors[IMP_DISTRACTORS_MAX];
    int distractor_count;
    bool night;
    float night_light, room_light[3]; // factors at night; of the lamps on the room's floor
};

imp_status imp_random_appearance_create(imp_random_appearance **out, int tiles, int objects,
                                        imp_error *err)
{
    imp_random_appearance *made = calloc(1, sizeof *made);
    if (made != NULL) {
        // one entry more than needed, so that calloc() never gets 0
        made->tile_capacity = tiles;
        made->object_capacity = objects;
        made->tile_colour = calloc((size_t)tiles + 1, sizeof *made->tile_colour);
        made->tile_variant = calloc((size_t)tiles + 1, sizeof *made->tile_variant);
        made->object_colour = calloc((size_t)objects + 1, sizeof *made->object_colour);
        made->leds = calloc((size_t)objects + 1, sizeof *made->leds);
    }
    // one check for all allocations
    if (made == NULL || made->tile_colour == NULL || made->tile_variant == NULL ||
        made->object_colour == NULL || made->leds == NULL) {
        imp_random_appearance_destroy(made);
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the appearance of %s",
                        IMP_PLURAL(tiles, "tile"));
    }
    *out = made;
    return IMP_OK;
}

void imp_random_appearance_destroy(imp_random_appearance *appearance)
{
    if (appearance == NULL)
        return;
    free(appearance->tile_colour);
    free(appearance->tile_variant);
    free(appearance->object_colour);
    free(appearance->leds);
    free(appearance);
}

// The stream of a quantity in this sample.
static imp_random get_random_stream(const imp_randomization_sample *sample, imp_quantity quantity)
{
    return imp_quantity_random_stream(quantity, sample->seed, sample->environment, sample->episode);
}

// The light's colour as a factor on all colours; 1 is the default light. At night it is one of its
// own.
static void compute_light_colour(const imp_randomization_sample *sample, double light[3])
{
    // relative to the sum of the default lights
    const double *ambient = sample->values[IMP_QUANTITY_LIGHT_AMBIENT];
    const double *diffuse = sample->values[IMP_QUANTITY_LIGHT_DIFFUSE];
    for (int c = 0; c < 3; c++)
        light[c] = (LIGHT_SCENE + LIGHT_AMBIENT * ambient[c] + LIGHT_DIFFUSE * diffuse[c]) /
                   (LIGHT_SCENE + LIGHT_AMBIENT + LIGHT_DIFFUSE);
    for (int c = 0; c < 3 && sample->values[IMP_QUANTITY_NIGHT][0] > 0.0; c++)
        light[c] *= sample->values[IMP_QUANTITY_NIGHT_COLOUR][c];
}

// Draws colours for `count` tiles or objects, with the light's colour included.
static void sample_tile_or_object_colours(const imp_randomization_sample *sample,
                                          imp_quantity quantity, const double light[3], int count,
                                          float (*colours)[3])
{
    // one stream for all tiles or objects, in their order
    imp_random random = get_random_stream(sample, quantity);
    double values[IMP_QUANTITY_SIZE_MAX];
    for (int k = 0; k < count; k++) {
        imp_quantity_sample_values(&sample->spec, quantity, &random, values);
        for (int c = 0; c < 3; c++)
            colours[k][c] = (float)fmin(4.0, values[c] * light[c]);
    }
}

// Draws the texture variant of each tile: that of the episode's style of wear, or one of its own.
static void sample_tile_variants(imp_random_appearance *a, const imp_randomization_sample *sample,
                                 const imp_world *world, const imp_scene *scene, int count)
{
    const double styled =
        fmax(sample->spec.strength[IMP_GROUP_ROAD], sample->spec.strength[IMP_GROUP_TAPE]);
    const bool worn = styled > 0.0;
    const bool mixed = sample->values[IMP_QUANTITY_ROAD_MIX][0] > 0.0;
    const double strength = fmax(styled, sample->spec.strength[IMP_GROUP_MATERIALS]);
    imp_random random = get_random_stream(sample, IMP_QUANTITY_ROAD_STYLE);
    const bool by_road = sample->spec.strength[IMP_GROUP_ROAD] > 0.0;
    const uint32_t style =
        (uint32_t)sample->values[by_road ? IMP_QUANTITY_ROAD_STYLE : IMP_QUANTITY_TAPE_STYLE][0];
    random.counter[0] = 1u << 31; // far beyond the draws of the style itself
    for (int k = 0; k < count; k++) {
        // both draws are made for every tile, whatever the strength
        const uint32_t variants = (uint32_t)imp_scene_variant_count(scene, world->tiles[k].kind);
        const bool chosen = imp_random_uniform(&random, 0.0, 1.0) < strength;
        // the modulo is nearly uniform, since there are few variants
        uint32_t variant = imp_random_u32(&random);
        // one style for the whole map
        if (worn && !mixed)
            variant = style;
        a->tile_variant[k] = chosen || (worn && !mixed) ? (uint8_t)(variant % variants) : 0;
    }
}

// Draws the sky's colour: a base colour, times the factors of its mode.
static void sample_sky_colour(imp_random_appearance *a, const imp_randomization_sample *sample)
{
    // greys have factors of their own
    const int mode = (int)sample->values[IMP_QUANTITY_HORZ_MODE][0];
    const double *factor =
        sample->values[mode < 2 ? IMP_QUANTITY_HORIZON_TINT : IMP_QUANTITY_HORIZON_GREY];
    for (int c = 0; c < 3; c++)
        a->sky[c] = (float)fmin(1.0, SKY_COLOURS[mode][c] * factor[c]);
}

void imp_random_appearance_sample(imp_random_appearance *appearance,
                                  const imp_randomization_sample *sample, const imp_world *world,
                                  const imp_scene *scene)
{
    imp_random_appearance *a = appearance;
    const int tiles = world->columns * world->rows;
    const int tile_count = tiles < a->tile_capacity ? tiles : a->tile_capacity;
    const int object_count =
        world->object_count < a->object_capacity ? world->object_count : a->object_capacity;
    double light[3];
    // light and sky first: other colours depend on them
    memcpy(a->strength, sample->spec.strength, sizeof a->strength);
    compute_light_colour(sample, light);
    sample_sky_colour(a, sample);
    a->slope = (float)sample->values[IMP_QUANTITY_LIGHT_SLOPE][0];
    a->shadow = (float)sample->values[IMP_QUANTITY_SHADOW][0];
    imp_scenery_sample(&a->scenery, sample, world, a->sky);
    imp_led_colours_sample(sample, object_count, a->leds);
    // colours of ground, tiles and objects
    const imp_view plain = imp_default_view();
    for (int c = 0; c < 3; c++)
        a->ground[c] =
            (float)(plain.ground[c] * light[c] * sample->values[IMP_QUANTITY_GROUND_COLOUR][c]);
    sample_tile_or_object_colours(sample, IMP_QUANTITY_TILE_COLOUR, light, tile_count,
                                  a->tile_colour);
    sample_tile_or_object_colours(sample, IMP_QUANTITY_OBJECT_COLOUR, light, object_count,
                                  a->object_colour);
    sample_tile_variants(a, sample, world, scene, tile_count);
    a->night = sample->values[IMP_QUANTITY_NIGHT][0] > 0.0;
    a->night_light = (float)sample->values[IMP_QUANTITY_NIGHT_LIGHT][0];
    for (int c = 0; c < 3; c++)
        a->room_light[c] = (float)light[c];
    // distractors
    a->distractor_count = (int)sample->values[IMP_QUANTITY_DISTRACTORS][0];
    // their number is the quantity's value, their shapes use the rest of its stream
    imp_random random = get_random_stream(sample, IMP_QUANTITY_DISTRACTORS);
    random.counter[0] = 1u << 31;
    imp_distractors_generate(a->distractors, a->distractor_count, &random);
}

// A room replaces sky, panorama and the colour of the ground.
static void apply_room_to_view(const imp_random_appearance *a, imp_view *view)
{
    const imp_room *room = &a->scenery.room;
    view->room = room;
    // without walls there are only duckies
    const bool walls = (int)a->scenery.room_kind != IMP_ROOM_NONE;
    for (int c = 0; c < 3 && walls; c++) {
        view->sky[c] = fminf(1.0f, room->ceiling[c] * a->room_light[c]);
        view->ground[c] = room->floor[c] * a->room_light[c];
    }
    if (walls)
        view->horizon = NULL;
}

// Night takes light from everything; the sky is not lit by it.
static void apply_night(const imp_random_appearance *a, imp_view *view)
{
    view->light *= a->night_light;
    for (int c = 0; c < 3; c++)
        view->sky[c] *= a->night_light;
    view->horizon = NULL;
}

void imp_random_appearance_apply(const imp_random_appearance *appearance, imp_view *view)
{
    const imp_random_appearance *a = appearance;
    const bool lit = a->strength[IMP_GROUP_LIGHT] > 0.0;
    const bool recoloured = a->strength[IMP_GROUP_MATERIALS] > 0.0;
    // each group sets its own fields of the view
    if (a->strength[IMP_GROUP_HORIZON] > 0.0) {
        memcpy(view->sky, a->sky, sizeof view->sky);
        view->horizon = a->scenery.has_horizon ? &a->scenery.horizon : NULL;
    }
    if (lit) {
        memcpy(view->lamp, a->scenery.lamp, sizeof view->lamp);
        view->slope = a->slope;
        view->shadow = a->shadow;
        view->glares = a->scenery.glares;
        view->glare_count = a->scenery.glare_count;
    }
    if (a->strength[IMP_GROUP_CLUTTER] > 0.0) {
        view->distractors = a->distractors;
        view->distractor_count = a->distractor_count;
        view->clutter = a->scenery.boxes;
        view->clutter_count = a->scenery.box_count;
    }
    if (a->strength[IMP_GROUP_OBJECTS] > 0.0)
        view->leds = (const float(*)[IMP_LED_COUNT][3])a->leds;
    // variants serve both materials and road
    if (recoloured || a->strength[IMP_GROUP_ROAD] > 0.0 || a->strength[IMP_GROUP_TAPE] > 0.0)
        view->tile_variant = a->tile_variant;
    // the colours serve light, night and materials
    if (lit || recoloured || a->night) {
        memcpy(view->ground, a->ground, sizeof view->ground);
        view->tile_colour = (const float(*)[3])a->tile_colour;
        view->object_colour = (const float(*)[3])a->object_colour;
    }
    if (a->scenery.has_room)
        apply_room_to_view(a, view);
    if (a->night)
        apply_night(a, view);
}
