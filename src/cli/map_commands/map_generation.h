// cli/map_commands/map_generation.h: `imprint map new`.
#ifndef IMP_CLI_MAP_COMMANDS_MAP_GENERATION_H
#define IMP_CLI_MAP_COMMANDS_MAP_GENERATION_H

#include <jansson.h>

#include "cli/options/options.h"
#include "imprint/map_generator.h"

typedef struct imp_map_gen_options {
    bool kinds[IMP_MAP_GENERATOR_KIND_COUNT];
    int count;
    imp_map_generator_def generator;
} imp_map_gen_options;

imp_map_gen_options imp_default_map_gen_options(void);

// Adds --loop --grid --random --count and what a town's definition has, but for its size.
void imp_map_gen_options_add(imp_options *options, imp_map_gen_options *settings);

// Makes towns. size is (0, 0) or the tiles of a town; out a file, a folder if there are several
// towns, or "-". What was made is appended to the array, or printed.
imp_status imp_map_gen_run(const imp_options *options, const imp_map_gen_options *settings,
                           const int size[2], const char *out, bool force, json_t *array,
                           imp_error *err);

#endif
