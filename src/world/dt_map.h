// world/dt_map.h: maps that are a folder of layers, as lib-dt-maps and the Duckiematrix write them.
#ifndef IMP_WORLD_DT_MAP_H
#define IMP_WORLD_DT_MAP_H

#include "imprint/base.h"

// Writes such a map as the text of a map file: tiles, and the signs, duckies and duckiebots that
// stand on it. The caller frees *text. *passed_over names layers that say more, or is "". Fails
// with IMP_BAD_INPUT and "file:line: what is wrong".
imp_status imp_dt_map_convert(const char *folder, char **text, size_t *length,
                              char passed_over[128], imp_error *err);

#endif
