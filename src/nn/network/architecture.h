// nn/network/architecture.h: the table of layers of a network, read from YAML text.
// docs/networks.md is its manual.
#ifndef IMP_NN_NETWORK_ARCHITECTURE_H
#define IMP_NN_NETWORK_ARCHITECTURE_H

#include "nn/network/layer_graph.h"

enum { IMP_NETWORK_NAME_MAX = 64 };

typedef struct imp_architecture {
    imp_layer_table table; // of what follows
    char name[IMP_NETWORK_NAME_MAX];
    char *source;
    imp_layer layers[IMP_MAX_LAYERS];
    char *text; // that it was read from, terminated
} imp_architecture;

// Reads a text. source: what messages call it, "<source>:<line>: ..."; its last part without
// ".yaml" is the network's name if the text gives none. Freed with imp_architecture_destroy().
// IMP_BAD_INPUT if the text is wrong; whether the layers fit together is for imp_graph_build() to
// say.
imp_status imp_architecture_parse(imp_architecture **out, const char *source, const char *text,
                                  size_t length, imp_error *err);

// The built-in one of that name, or NULL after IMP_USAGE.
imp_status imp_architecture_load_builtin(imp_architecture **out, const char *name, imp_error *err);

// The built-in one of that name, else the file at that path. IMP_USAGE if the name is neither.
imp_status imp_architecture_load(imp_architecture **out, const char *name, imp_error *err);

void imp_architecture_destroy(imp_architecture *description); // nullable

#endif
