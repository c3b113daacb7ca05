// sim/world/dt_map_converter.h: maps that are a folder of layers, as lib-dt-maps and the
// Duckiematrix write them.
#ifndef IMP_SIM_WORLD_DT_MAP_CONVERTER_H
#define IMP_SIM_WORLD_DT_MAP_CONVERTER_H

#include "imprint/base.h"

// Writes such a map as the text of a map file: tiles, and the signs, duckies and duckiebots that
// stand on it. The caller frees *text. *ignored_layers names layers that say more, or is "". Fails
// with IMP_BAD_INPUT and "file:line: what is wrong".
imp_status imp_dt_map_to_yaml(const char *folder, char **text, size_t *length,
                              char ignored_layers[128], imp_error *err);

#endif
