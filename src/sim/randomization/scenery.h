// sim/randomization/scenery.h: panorama, lamp, reflections and clutter of an episode.
#ifndef IMP_SIM_RANDOMIZATION_SCENERY_H
#define IMP_SIM_RANDOMIZATION_SCENERY_H

#include "sim/randomization/quantities.h"

typedef struct imp_scenery {
    bool has_horizon; // whether a panorama replaces the sky's colour
    imp_horizon horizon;
    imp_glare glares[IMP_GLARES_MAX];
    int glare_count;
    imp_clutter boxes[IMP_CLUTTER_MAX];
    int box_count;
    double lamp[3];
    bool has_room; // whether there is a room, or its duckies
    imp_room_kind room_kind;
    imp_room room;
} imp_scenery;

// Draws the scenery of a world; `sky` is the base colour of the panorama.
void imp_scenery_sample(imp_scenery *out, const imp_randomization_sample *sample,
                        const imp_world *world, const float sky[3]);

// Draws the LED colours of `count` objects; black if LEDs are off.
void imp_led_colours_sample(const imp_randomization_sample *sample, int count,
                            float (*leds)[IMP_LED_COUNT][3]);

#endif
