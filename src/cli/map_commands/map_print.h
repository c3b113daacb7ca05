// cli/map_commands/map_print.h: a map in words, for terminals and for programs.
#ifndef IMP_CLI_MAP_COMMANDS_MAP_PRINT_H
#define IMP_CLI_MAP_COMMANDS_MAP_PRINT_H

#include <jansson.h>

#include "imprint/world.h"

// Its size, what is on it, and the first line of comment in its file.
json_t *imp_map_json(const imp_world *world);

// "8 x 7 tiles of 0.585 m, 18 to drive on, 36 lanes, 4 objects (3 duckies, 1 cone)"
void imp_map_format_size_and_counts(const imp_world *world, char *out, size_t size);

// The first line of comment in its file; "" if there is none.
void imp_map_get_first_comment(const imp_world *world, char *out, size_t size);

// Roads drawn with lines, and a line for each object.
void imp_map_print(const imp_world *world);

#endif
