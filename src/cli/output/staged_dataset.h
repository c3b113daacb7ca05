// cli/output/staged_dataset.h: a new dataset that appears under its name together with its settings
// and its preview.
#ifndef IMP_CLI_OUTPUT_STAGED_DATASET_H
#define IMP_CLI_OUTPUT_STAGED_DATASET_H

#include "base/io/file.h"
#include "imprint/base.h"

// A place beside the folder of a dataset. Only this process writes there.
typedef struct imp_staged_dataset {
    const char *folder;                               // where the dataset is to be; borrowed
    char container[IMP_PATH_MAX], path[IMP_PATH_MAX]; // path: where to write it
    int lock;
} imp_staged_dataset;

// Makes the place. What a killed process has left there is removed, with a note on standard error.
// IMP_IO: another process is at work on the same folder, or the place holds files of other
// programs. After success, imp_staged_dataset_end() must follow.
imp_status imp_staged_dataset_begin(imp_staged_dataset *out, const char *folder, imp_error *err);

// If the work went well, gives the dataset its name; else removes it, and names the folder in the
// message where it names the place. Returns the status of both.
imp_status imp_staged_dataset_end(imp_staged_dataset *staged, imp_status status, imp_error *err);

#endif
