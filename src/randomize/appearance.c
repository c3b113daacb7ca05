#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "randomize/scenery.h"

// What the reference draws above the ground.
static const double HORIZONS[4][3] = {
    {0.45, 0.82, 1.0}, {0.64, 0.71, 0.28}, {0.15, 0.15, 0.15}, {0.9, 0.9, 0.9}};
// Its light: from everywhere, which stays, and of the lamp, which is randomised.
static const double LIGHT_SCENE = 0.3, LIGHT_AMBIENT = 0.25, LIGHT_DIFFUSE = 0.35;

struct imp_appearance {
    int tile_room, object_room;
    double strength[IMP_GROUP_COUNT];
    float sky[3], ground[3];
    float slope, shadow;
    imp_scenery scenery;
    float (*tile_colour)[3];    // (tile_room)
    uint8_t *tile_variant;      // (tile_room)
    float (*object_colour)[3];  // (object_room)
    float (*leds)[IMP_LEDS][3]; // (object_room)
    imp_distractor distractors[IMP_DISTRACTORS_MAX];
    int distractor_count;
};

imp_status imp_appearance_create(imp_appearance **out, int tiles, int objects, imp_error *err)
{
    imp_appearance *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->tile_room = tiles;
        made->object_room = objects;
        made->tile_colour = calloc((size_t)tiles + 1, sizeof *made->tile_colour);
        made->tile_variant = calloc((size_t)tiles + 1, sizeof *made->tile_variant);
        made->object_colour = calloc((size_t)objects + 1, sizeof *made->object_colour);
        made->leds = calloc((size_t)objects + 1, sizeof *made->leds);
    }
    if (made == NULL || made->tile_colour == NULL || made->tile_variant == NULL ||
        made->object_colour == NULL || made->leds == NULL) {
        imp_appearance_destroy(made);
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the looks of %s",
                        IMP_COUNT(tiles, "tile"));
    }
    *out = made;
    return IMP_OK;
}

void imp_appearance_destroy(imp_appearance *appearance)
{
    if (appearance == NULL)
        return;
    free(appearance->tile_colour);
    free(appearance->tile_variant);
    free(appearance->object_colour);
    free(appearance->leds);
    free(appearance);
}

static imp_random stream_of(const imp_draw *draw, imp_quantity quantity)
{
    return imp_quantity_stream(quantity, draw->seed, draw->environment, draw->episode);
}

// The light's colour, as a factor on what everything reflects: 1 is the light of every day.
static void find_light(const imp_draw *draw, double light[3])
{
    const double *ambient = draw->values[IMP_QUANTITY_LIGHT_AMBIENT];
    const double *diffuse = draw->values[IMP_QUANTITY_LIGHT_DIFFUSE];
    for (int c = 0; c < 3; c++)
        light[c] = (LIGHT_SCENE + LIGHT_AMBIENT * ambient[c] + LIGHT_DIFFUSE * diffuse[c]) /
                   (LIGHT_SCENE + LIGHT_AMBIENT + LIGHT_DIFFUSE);
}

// Draws colours for `count` things.
static void draw_colours(const imp_draw *draw, imp_quantity quantity, const double light[3],
                         int count, float (*colours)[3])
{
    imp_random random = stream_of(draw, quantity);
    double values[IMP_QUANTITY_SIZE_MAX];
    for (int k = 0; k < count; k++) {
        imp_quantity_draw(&draw->spec, quantity, &random, values);
        for (int c = 0; c < 3; c++)
            colours[k][c] = (float)fmin(4.0, values[c] * light[c]);
    }
}

// Which texture each tile shows: that of the episode's style of wear, or its own.
static void draw_variants(imp_appearance *a, const imp_draw *draw, const imp_world *world,
                          const imp_scene *scene, int count)
{
    const bool worn = draw->spec.strength[IMP_GROUP_ROAD] > 0.0;
    const bool mixed = draw->values[IMP_QUANTITY_ROAD_MIX][0] > 0.0;
    const double strength =
        fmax(draw->spec.strength[IMP_GROUP_ROAD], draw->spec.strength[IMP_GROUP_MATERIALS]);
    imp_random random = stream_of(draw, IMP_QUANTITY_ROAD_STYLE);
    random.counter[0] = 1u << 31; // far beyond what the style takes
    for (int k = 0; k < count; k++) {
        const uint32_t variants = (uint32_t)imp_scene_variant_count(scene, world->tiles[k].kind);
        const bool chosen = imp_random_uniform(&random, 0.0, 1.0) < strength;
        uint32_t variant = imp_random_u32(&random);
        if (worn && !mixed)
            variant = (uint32_t)draw->values[IMP_QUANTITY_ROAD_STYLE][0];
        a->tile_variant[k] = chosen || (worn && !mixed) ? (uint8_t)(variant % variants) : 0;
    }
}

static void draw_horizon(imp_appearance *a, const imp_draw *draw)
{
    const int mode = (int)draw->values[IMP_QUANTITY_HORZ_MODE][0];
    const double *factor =
        draw->values[mode < 2 ? IMP_QUANTITY_HORIZON_TINT : IMP_QUANTITY_HORIZON_GREY];
    for (int c = 0; c < 3; c++)
        a->sky[c] = (float)fmin(1.0, HORIZONS[mode][c] * factor[c]);
}

void imp_appearance_draw(imp_appearance *appearance, const imp_draw *draw, const imp_world *world,
                         const imp_scene *scene)
{
    imp_appearance *a = appearance;
    const int tiles = world->columns * world->rows;
    const int tile_count = tiles < a->tile_room ? tiles : a->tile_room;
    const int object_count =
        world->object_count < a->object_room ? world->object_count : a->object_room;
    double light[3];
    memcpy(a->strength, draw->spec.strength, sizeof a->strength);
    find_light(draw, light);
    draw_horizon(a, draw);
    a->slope = (float)draw->values[IMP_QUANTITY_LIGHT_SLOPE][0];
    a->shadow = (float)draw->values[IMP_QUANTITY_SHADOW][0];
    imp_scenery_draw(&a->scenery, draw, world, a->sky);
    imp_leds_choose(draw, object_count, a->leds);
    const imp_view plain = imp_default_view();
    for (int c = 0; c < 3; c++)
        a->ground[c] =
            (float)(plain.ground[c] * light[c] * draw->values[IMP_QUANTITY_GROUND_COLOUR][c]);
    draw_colours(draw, IMP_QUANTITY_TILE_COLOUR, light, tile_count, a->tile_colour);
    draw_colours(draw, IMP_QUANTITY_OBJECT_COLOUR, light, object_count, a->object_colour);
    draw_variants(a, draw, world, scene, tile_count);
    a->distractor_count = (int)draw->values[IMP_QUANTITY_DISTRACTORS][0];
    imp_random random = stream_of(draw, IMP_QUANTITY_DISTRACTORS);
    random.counter[0] = 1u << 31;
    imp_distractors_draw(a->distractors, a->distractor_count, &random);
}

void imp_appearance_apply(const imp_appearance *appearance, imp_view *view)
{
    const imp_appearance *a = appearance;
    const bool lit = a->strength[IMP_GROUP_LIGHT] > 0.0;
    const bool dressed = a->strength[IMP_GROUP_MATERIALS] > 0.0;
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
        view->leds = (const float(*)[IMP_LEDS][3])a->leds;
    if (dressed || a->strength[IMP_GROUP_ROAD] > 0.0)
        view->tile_variant = a->tile_variant;
    if (!lit && !dressed)
        return;
    memcpy(view->ground, a->ground, sizeof view->ground);
    view->tile_colour = (const float(*)[3])a->tile_colour;
    view->object_colour = (const float(*)[3])a->object_colour;
}
