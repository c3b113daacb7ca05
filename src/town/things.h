// town/things.h: what stands and moves in a town.
#ifndef IMP_TOWN_THINGS_H
#define IMP_TOWN_THINGS_H

#include "town/layout.h"

typedef struct imp_thing {
    const char *kind;   // word of map files; lives as long as the program
    const char *colour; // of a Duckiebot; or NULL
    imp_pose pose;      // in the world's frame
    double height;      // [m]
    bool optional, moves;
} imp_thing;

// A rectangle of ground [m].
typedef struct imp_plot {
    double left, top, right, bottom;
} imp_plot;

typedef struct imp_things {
    imp_thing items[IMP_OBJECTS_MAX];
    imp_plot taken[IMP_OBJECTS_MAX]; // what each needs for itself
    int count, moving_count;
} imp_things;

// Fills a town with what its definition asks for, as far as there is room.
imp_status imp_things_place(imp_things *things, const imp_town_def *def, const imp_layout *layout,
                            imp_error *err);

#endif
