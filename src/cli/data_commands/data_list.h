// cli/data_commands/data_list.h: `imprint data list`.
#ifndef IMP_CLI_DATA_COMMANDS_DATA_LIST_H
#define IMP_CLI_DATA_COMMANDS_DATA_LIST_H

#include "cli/options/options.h"
#include "imprint/dataset_edit.h"

// Prints the figures of the episodes that a filter finds, or of all if it looks for nothing.
imp_status imp_data_list(const char *folder, const imp_episode_filter *filter,
                         const imp_options *options, imp_error *err);

#endif
