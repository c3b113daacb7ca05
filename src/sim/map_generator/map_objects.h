// sim/map_generator/map_objects.h: the objects of a generated map, static and moving.
#ifndef IMP_SIM_MAP_GENERATOR_MAP_OBJECTS_H
#define IMP_SIM_MAP_GENERATOR_MAP_OBJECTS_H

#include "sim/map_generator/road_layout.h"

typedef struct imp_map_object {
    const char *kind;  // name in map files; static
    const char *color; // of a Duckiebot; or NULL
    imp_pose pose;     // in the world's frame
    double height;     // [m]
    bool optional, moves;
} imp_map_object;

// A rectangle of ground [m].
typedef struct imp_ground_rect {
    double left, top, right, bottom;
} imp_ground_rect;

typedef struct imp_map_objects {
    imp_map_object items[IMP_OBJECTS_MAX];
    imp_ground_rect occupied[IMP_OBJECTS_MAX]; // ground that each needs for itself
    int count, moving_count;
} imp_map_objects;

// Places the objects that a definition asks for, as far as there is room.
imp_status imp_map_objects_place(imp_map_objects *objects, const imp_map_generator_def *def,
                                 const imp_road_layout *layout, imp_error *err);

#endif
