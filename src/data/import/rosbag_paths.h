// data/import/rosbag_paths.h: the files of bags: a file, or a folder as ROS 2 records.
#ifndef IMP_DATA_IMPORT_ROSBAG_PATHS_H
#define IMP_DATA_IMPORT_ROSBAG_PATHS_H

#include "imprint/base.h"

typedef struct imp_rosbag_paths {
    char **items; // (count)
    int count;
} imp_rosbag_paths;

// Replaces folders by the bags that their metadata.yaml names, in that order, or else by the .db3,
// .mcap and .bag files in them, sorted. Freed with imp_rosbag_paths_free(), also after a failure.
imp_status imp_rosbag_paths_expand(imp_rosbag_paths *out, const char *const *paths, int count,
                                   imp_error *err);
void imp_rosbag_paths_free(imp_rosbag_paths *paths);

#endif
