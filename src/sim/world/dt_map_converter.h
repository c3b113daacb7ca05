// sim/world/dt_map_converter.h: converts maps that are folders of layers, as lib-dt-maps and the
// Duckiematrix write them, to the text of a map file.
#ifndef IMP_SIM_WORLD_DT_MAP_CONVERTER_H
#define IMP_SIM_WORLD_DT_MAP_CONVERTER_H

#include "imprint/base.h"

// Converts the map in `folder`: its tiles and the signs, duckies and duckiebots on it. The caller
// frees *text. *ignored_layers lists the layers that have no equivalent, or is "". Fails with
// IMP_BAD_INPUT and "file:line: reason", IMP_IO or IMP_NO_MEMORY.
imp_status imp_dt_map_to_yaml(const char *folder, char **text, size_t *length,
                              char ignored_layers[128], imp_error *err);

#endif
