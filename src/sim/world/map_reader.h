// sim/world/map_reader.h: state and helpers shared by the readers of a map's parts.
#ifndef IMP_SIM_WORLD_MAP_READER_H
#define IMP_SIM_WORLD_MAP_READER_H

#include "base/yaml/yaml_tree.h"
#include "imprint/world.h"

enum { IMP_MAP_WARNINGS_MAX = 100 }; // the last one says that more were omitted

// Largest absolute position in a map file [m or tiles], and largest angle [rad or degrees].
#define IMP_MAP_POSITION_MAX 1e4
#define IMP_MAP_ANGLE_MAX 1e6

typedef struct imp_map_reader {
    imp_yaml yaml;
    imp_world *world;
} imp_map_reader;

// Adds a warning, unless the same text was added before.
void imp_map_add_warning(imp_map_reader *reader, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Warns about keys of a YAML map that are not among `known` (terminated by NULL), or given twice.
void imp_map_warn_unknown_keys(imp_map_reader *reader, int map, const char *const *known);

// Reads the value of the key `objects`. The size of the grid must be known.
imp_status imp_map_read_objects(imp_map_reader *reader, int node);

// Fills in nearby and nearby_start of a world that is complete otherwise.
imp_status imp_world_index_nearby_objects(imp_world *world, const char *source, imp_error *err);

#endif
