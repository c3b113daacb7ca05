// cli/data_commands/dataset_preview.h: datasets as something to look at.
#ifndef IMP_CLI_DATA_COMMANDS_DATASET_PREVIEW_H
#define IMP_CLI_DATA_COMMANDS_DATASET_PREVIEW_H

#include "imprint/base.h"

// Draws observations.png into a dataset's folder: a contact sheet of what was seen in its first
// episode.
imp_status imp_dataset_preview_write(const char *folder, imp_error *err);

#endif
