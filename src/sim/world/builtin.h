// sim/world/builtin.h: the maps that are compiled into the program (generated from maps/*.yaml).
#ifndef IMP_SIM_WORLD_BUILTIN_H
#define IMP_SIM_WORLD_BUILTIN_H

#include <stddef.h>

typedef struct imp_builtin_map {
    const char *name;
    const unsigned char *text; // YAML
    size_t length;             // bytes
} imp_builtin_map;

extern const imp_builtin_map imp_builtin_maps[]; // sorted by name
extern const int imp_builtin_maps_count;

#endif
