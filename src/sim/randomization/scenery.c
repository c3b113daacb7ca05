// Draws what surrounds the road in an episode: panorama, lamp, reflections, boxes and LEDs. Their
// number or presence is a quantity of its own; the details use the second half of the same random
// stream, so they do not disturb its values. None of it touches the road or changes collisions.
#include "sim/randomization/scenery.h"

#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

// The part of a quantity's stream that its own values do not use.
static imp_random fork_random_stream_of_quantity(const imp_randomization_sample *sample,
                                                 imp_quantity quantity)
{
    imp_random random =
        imp_quantity_random_stream(quantity, sample->seed, sample->environment, sample->episode);
    random.counter[0] = 1u << 31;
    return random;
}

// A uniform draw as a float.
static float uniform_float(imp_random *random, double low, double high)
{
    return (float)imp_random_uniform(random, low, high);
}

// Position of the lamp: as far away as in gym-duckietown, or in the room above the map's centre.
static void sample_lamp_position(imp_scenery *out, const imp_randomization_sample *sample,
                                 const imp_world *world)
{
    // a lamp in the room is at a hundredth of the position, relative to the map's centre
    const double *far = sample->values[IMP_QUANTITY_LIGHT_POS];
    const bool near = sample->values[IMP_QUANTITY_LIGHT_NEAR][0] > 0.0;
    const double scale = near ? 0.01 : 1.0, middle = near ? 0.5 * world->tile_size : 0.0;
    out->lamp[0] = scale * far[0] + middle * world->columns;
    out->lamp[1] = scale * far[1];
    out->lamp[2] = scale * far[2] + middle * world->rows;
}

// Draws lamps and windows in and around the map.
static void sample_glare_lamps(imp_scenery *out, const imp_randomization_sample *sample,
                               const imp_world *world)
{
    // up to 2 m outside the map, 0.5 to 3 m high
    const double margin = 2.0, tile = world->tile_size;
    imp_random random = fork_random_stream_of_quantity(sample, IMP_QUANTITY_GLARES);
    out->glare_count = (int)sample->values[IMP_QUANTITY_GLARES][0];
    for (int k = 0; k < out->glare_count; k++) {
        imp_glare *glare = &out->glares[k];
        glare->at[0] = imp_random_uniform(&random, -margin, world->columns * tile + margin);
        glare->at[1] = imp_random_uniform(&random, 0.5, 3.0);
        glare->at[2] = imp_random_uniform(&random, -margin, world->rows * tile + margin);
        glare->strength = uniform_float(&random, 0.1, 0.6);
        glare->size = uniform_float(&random, 0.04, 0.25);
    }
}

// Whether a cell has no road; the grid extends one tile beyond the map.
static bool is_cell_without_road(const imp_world *world, int column, int row)
{
    return column < 0 || row < 0 || column >= world->columns || row >= world->rows ||
           !world->tiles[row * world->columns + column].drivable;
}

// Draws a box that stays within a cell at any heading.
static imp_clutter sample_clutter_box(const imp_world *world, int column, int row,
                                      imp_random *random)
{
    const double tile = world->tile_size, max_size = 0.45 * tile;
    imp_clutter box = {.heading = imp_random_uniform(random, -IMP_PI, IMP_PI)};
    for (int k = 0; k < 3; k++) {
        // small things are more frequent than large ones
        const double share = (double)uniform_float(random, 0.0, 1.0);
        box.size[k] = (float)(0.03 + (max_size - 0.03) * (share * share));
        box.colour[k] = uniform_float(random, 0.02, 0.95);
    }
    // heights vary independently of the other sides
    box.size[1] *= uniform_float(random, 0.5, 2.0);
    // its diagonal limits the shift
    const double room = 0.5 * (tile - imp_hypot((double)box.size[0], (double)box.size[2]));
    box.position.x = (column + 0.5) * tile + imp_random_uniform(random, -room, room);
    box.position.z = (row + 0.5) * tile + imp_random_uniform(random, -room, room);
    return box;
}

// Draws boxes off the road; a box without a free cell after some attempts is omitted.
static void sample_clutter_boxes(imp_scenery *out, const imp_randomization_sample *sample,
                                 const imp_world *world)
{
    // rejection sampling over the cells, including the ring around the map
    enum { ATTEMPTS = 8 };
    imp_random random = fork_random_stream_of_quantity(sample, IMP_QUANTITY_BOXES);
    const int wanted = (int)sample->values[IMP_QUANTITY_BOXES][0];
    out->box_count = 0;
    for (int k = 0; k < wanted; k++)
        for (int n = 0; n < ATTEMPTS; n++) {
            // cells from -1 to the size of the map
            const int column =
                (int)imp_random_uniform_int(&random, (uint32_t)world->columns + 2) - 1;
            const int row = (int)imp_random_uniform_int(&random, (uint32_t)world->rows + 2) - 1;
            if (!is_cell_without_road(world, column, row))
                continue;
            out->boxes[out->box_count++] = sample_clutter_box(world, column, row, &random);
            break;
        }
}

// Generates the room; without walls, only duckies.
static void sample_room(imp_scenery *out, const imp_randomization_sample *sample,
                        const imp_world *world)
{
    // groups that are off must cost nothing
    out->has_room = sample->spec.strength[IMP_GROUP_ROOM] > 0.0;
    if (!out->has_room)
        return;
    const imp_room_kind kind = (imp_room_kind)sample->values[IMP_QUANTITY_ROOM_KIND][0];
    out->room_kind = kind;
    imp_random random = fork_random_stream_of_quantity(sample, IMP_QUANTITY_ROOM_KIND);
    imp_room_generate(&out->room, world, kind, sample->values[IMP_QUANTITY_NIGHT][0] > 0.0,
                      &random);
    random = fork_random_stream_of_quantity(sample, IMP_QUANTITY_ROOM_DUCKIES);
    imp_room_add_duckies(&out->room, world, (int)sample->values[IMP_QUANTITY_ROOM_DUCKIES][0],
                         &random);
    imp_room_scale_colours(&out->room, (float)sample->values[IMP_QUANTITY_ROOM_LIGHT][0]);
    random = fork_random_stream_of_quantity(sample, IMP_QUANTITY_ROOM_POSTERS);
    imp_room_add_posters(&out->room, (int)sample->values[IMP_QUANTITY_ROOM_POSTERS][0], &random);
}

void imp_scenery_sample(imp_scenery *out, const imp_randomization_sample *sample,
                        const imp_world *world, const float sky[3])
{
    out->has_horizon = sample->values[IMP_QUANTITY_HORIZON_SCENE][0] > 0.0;
    if (out->has_horizon) {
        imp_random random = fork_random_stream_of_quantity(sample, IMP_QUANTITY_HORIZON_SCENE);
        imp_horizon_generate(&out->horizon, sky, &random);
    }
    sample_lamp_position(out, sample, world);
    sample_glare_lamps(out, sample, world);
    sample_clutter_boxes(out, sample, world);
    sample_room(out, sample, world);
}

void imp_led_colours_sample(const imp_randomization_sample *sample, int count,
                            float (*leds)[IMP_LED_COUNT][3])
{
    memset(leds, 0, (size_t)count * sizeof *leds);
    if (!(sample->values[IMP_QUANTITY_LEDS][0] > 0.0))
        return;
    imp_random random = fork_random_stream_of_quantity(sample, IMP_QUANTITY_LEDS);
    // every LED of every object, so that draws do not depend on kinds
    for (int k = 0; k < count * IMP_LED_COUNT; k++)
        for (int c = 0; c < 3; c++)
            leds[k / IMP_LED_COUNT][k % IMP_LED_COUNT][c] = uniform_float(&random, 0.0, 1.0);
}
