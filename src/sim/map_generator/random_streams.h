// sim/map_generator/random_streams.h: the random streams of a generated map. Each kind of decision
// has its own, so that roads do not change when objects are added.
#ifndef IMP_SIM_MAP_GENERATOR_RANDOM_STREAMS_H
#define IMP_SIM_MAP_GENERATOR_RANDOM_STREAMS_H

#include "imprint/map_generator.h"

// Changing a number changes all generated maps.
typedef enum imp_map_generator_stream {
    IMP_MAP_STREAM_LAYOUT = 0,
    IMP_MAP_STREAM_TILE_ORDER = 1,
    IMP_MAP_STREAM_PEDESTRIANS = 2,
    IMP_MAP_STREAM_CARS = 3,
    IMP_MAP_STREAM_PARKED = 4,
    IMP_MAP_STREAM_OBSTACLES = 5,
    IMP_MAP_STREAM_OBJECTS = 6,
    IMP_MAP_STREAM_DUCKIES = 7,
} imp_map_generator_stream;

static inline imp_random imp_map_generator_random(const imp_map_generator_def *def,
                                                  imp_map_generator_stream what)
{
    return imp_random_stream(def->seed, def->number, (uint32_t)what, IMP_PURPOSE_MAP_GENERATOR);
}

#endif
