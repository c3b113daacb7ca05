// sim/world/map_reader.h: what the readers of a map's parts share.
#ifndef IMP_SIM_WORLD_MAP_READER_H
#define IMP_SIM_WORLD_MAP_READER_H

#include "base/yaml/yaml_tree.h"
#include "imprint/world.h"

enum { IMP_MAP_WARNINGS_MAX = 100 }; // what the last one says if there are more

// A position in a map file may be so large [m or tiles], and an angle [rad or degrees].
#define IMP_MAP_POSITION_MAX 1e4
#define IMP_MAP_ANGLE_MAX 1e6

typedef struct imp_map_reader {
    imp_yaml yaml;
    imp_world *world;
} imp_map_reader;

// Adds a remark, unless one in the same words is there already.
void imp_map_add_warning(imp_map_reader *reader, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Remarks on keys of a map that are not among `known`, which ends with NULL, or are given twice.
void imp_map_warn_unknown_keys(imp_map_reader *reader, int map, const char *const *known);

// Reads the value of `objects`; the grid is known by then.
imp_status imp_map_read_objects(imp_map_reader *reader, int node);

// Fills in near and nearby_start of a world that is complete but for them.
imp_status imp_world_index_nearby_objects(imp_world *world, const char *source, imp_error *err);

#endif
