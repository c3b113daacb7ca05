// nn/network/builtin_networks.h: the architectures that are compiled into the program, generated
// from networks/.
#ifndef IMP_NN_NETWORK_BUILTIN_NETWORKS_H
#define IMP_NN_NETWORK_BUILTIN_NETWORKS_H

#include <stddef.h>

typedef struct imp_builtin_network {
    const char *name;
    const unsigned char *text; // YAML
    size_t length;             // bytes
} imp_builtin_network;

extern const imp_builtin_network imp_builtin_networks[]; // driving networks, sorted by name
extern const int imp_builtin_networks_count;

typedef imp_builtin_network imp_builtin_segmenter;

extern const imp_builtin_segmenter
    imp_builtin_segmenters[]; // segmentation networks, sorted by name
extern const int imp_builtin_segmenters_count;

#endif
