// nn/network/architecture.h: the architecture of a network, a table of layers, read from YAML text.
// The format is documented in docs/networks.md.
#ifndef IMP_NN_NETWORK_ARCHITECTURE_H
#define IMP_NN_NETWORK_ARCHITECTURE_H

#include "nn/network/layer_graph.h"

enum { IMP_NETWORK_NAME_MAX = 64 };

typedef struct imp_architecture {
    imp_layer_table table; // points into the members below
    char name[IMP_NETWORK_NAME_MAX];
    char *source;
    imp_layer layers[IMP_MAX_LAYERS];
    char *text; // source text, terminated
} imp_architecture;

// Parses a text. `source` begins messages, "<source>:<line>: ..."; its last component without
// ".yaml" is the default name. Free *out with imp_architecture_destroy(). IMP_BAD_INPUT if the text
// is wrong. Whether the layers fit together is checked by imp_graph_build().
imp_status imp_architecture_parse(imp_architecture **out, const char *source, const char *text,
                                  size_t length, imp_error *err);

// Loads the built-in architecture of that name. Fails with IMP_USAGE if there is none.
imp_status imp_architecture_load_builtin(imp_architecture **out, const char *name, imp_error *err);

// Loads the built-in architecture of that name, else the file at that path. Fails with IMP_USAGE if
// there is neither.
imp_status imp_architecture_load(imp_architecture **out, const char *name, imp_error *err);

void imp_architecture_destroy(imp_architecture *description); // nullable

#endif
