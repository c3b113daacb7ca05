// learn/collection/drive_files.h: the demonstrations that an import is given, and what they have in
// common.
#ifndef IMP_LEARN_COLLECTION_DRIVE_FILES_H
#define IMP_LEARN_COLLECTION_DRIVE_FILES_H

#include "imprint/demonstration.h"

// The end of the name of a demonstration in a folder.
#define IMP_DRIVE_SUFFIX ".drive.json"
// What a dataset of take-overs says about who drove.
#define IMP_TAKE_OVERS_POLICY "take-overs"

typedef struct imp_drive_files {
    int count;
    char **paths;     // (count)
    int64_t steps;    // of all
    uint64_t hash;    // of their contents, in their order
    char map[64];     // name of their map, or "several"
    char driver[64];  // who drives all steps of all, or "several"
    double time_step; // between two steps of the first [s]
} imp_drive_files;

// Lists files, and the demonstrations of folders in the order of their names, and reads each once,
// so that a damaged one is refused before anything is driven. Fails as imp_demonstration_read()
// does, and with IMP_BAD_INPUT if there is none. Freed with imp_drive_files_free(), also after a
// failure.
imp_status imp_drive_files_list(imp_drive_files *out, const char *const *paths, int count,
                                const imp_monitor *monitor, imp_error *err);
void imp_drive_files_free(imp_drive_files *files);

// Adds up who drove the steps of a drive, in driven (IMP_DRIVER_COUNT), and how often a person took
// over from another driver.
void imp_drive_count_drivers(int64_t *driven, int *take_overs, const imp_demonstration *drive);

#endif
