// town/streams.h: the random streams of a town, one for each thing that is decided, so that the
// roads stay as they are when something is put on them.
#ifndef IMP_TOWN_STREAMS_H
#define IMP_TOWN_STREAMS_H

#include "imprint/town.h"

// The numbers are part of the results.
typedef enum imp_town_stream_of {
    IMP_TOWN_STREAM_LAYOUT = 0,
    IMP_TOWN_STREAM_PLACES = 1,
    IMP_TOWN_STREAM_PEDESTRIANS = 2,
    IMP_TOWN_STREAM_CARS = 3,
    IMP_TOWN_STREAM_PARKED = 4,
    IMP_TOWN_STREAM_OBSTACLES = 5,
    IMP_TOWN_STREAM_OBJECTS = 6,
    IMP_TOWN_STREAM_DUCKIES = 7,
} imp_town_stream_of;

static inline imp_random imp_town_stream(const imp_town_def *def, imp_town_stream_of what)
{
    return imp_random_stream(def->seed, def->number, (uint32_t)what, IMP_PURPOSE_TOWN);
}

#endif
