// cli/data_commands/data_edit.h: `imprint data` with a subcommand that lists episodes, or makes
// datasets of datasets.
#ifndef IMP_CLI_DATA_COMMANDS_DATA_EDIT_H
#define IMP_CLI_DATA_COMMANDS_DATA_EDIT_H

#include "cli/options/options.h"
#include "imprint/dataset_edit.h"

// What `imprint data` does.
typedef enum imp_data_action {
    IMP_DATA_INFO,
    IMP_DATA_CHECK,
    IMP_DATA_LIST,
    IMP_DATA_DROP,
    IMP_DATA_COPY,
    IMP_DATA_MERGE,
    IMP_DATA_SPLIT,
    IMP_DATA_APPEND,
    IMP_DATA_JOIN,
    IMP_DATA_ACTION_COUNT
} imp_data_action;

typedef struct imp_data_edit {
    const char *out, *episodes, *marks;
    bool force, dry_run, compress;
    imp_dataset_drop_def drop;
    double validation;
    uint64_t seed;
    imp_dataset_edit_summary summary;
} imp_data_edit;

void imp_data_edit_add_options(imp_data_edit *edit, imp_options *options);

// Fails with IMP_USAGE if an option was given that the action does not have.
imp_status imp_data_edit_check_action_options(const imp_data_edit *edit, imp_data_action action,
                                              const imp_options *options, imp_error *err);

// Runs the actions from IMP_DATA_LIST on, and prints their result.
imp_status imp_data_edit_run(imp_data_edit *edit, imp_data_action action,
                             const imp_options *options, imp_error *err);

#endif
