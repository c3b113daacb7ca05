// probe_plugin.h: what probe_plugin.c keeps for its test, as the variable probe_last.
#ifndef IMP_TESTS_PROBE_PLUGIN_H
#define IMP_TESTS_PROBE_PLUGIN_H

#include "imprint/plugin.h"

enum { PROBE_OBJECTS_MAX = 64 };

typedef struct probe_record {
    int created, destroyed, resets;
    imp_plugin_state state; // its pointers are not valid any more
    imp_plugin_image image;
    imp_plugin_lane turned_lane; // of the pose, turned by 0.1 rad
    int32_t found_lane;
    imp_plugin_object objects[PROBE_OBJECTS_MAX];
    int object_count;
} probe_record;

#endif
