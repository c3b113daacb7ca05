// cli/data_commands/import_drive.h: `imprint import drive`: its options, and what it does.
#ifndef IMP_CLI_DATA_COMMANDS_IMPORT_DRIVE_H
#define IMP_CLI_DATA_COMMANDS_IMPORT_DRIVE_H

#include "cli/options/sim_options.h"

// Options of demonstrations, which other recordings do not have, and the result.
typedef struct imp_import_drive {
    imp_drive_import_def def;
    imp_sim_options sim;
    imp_assets *assets;
    const char *labels;
    bool check;
    imp_drive_import_summary summary;
} imp_import_drive;

void imp_import_drive_init(imp_import_drive *drive);
void imp_import_drive_add_options(imp_options *options, imp_import_drive *drive);
void imp_import_drive_close_assets(imp_import_drive *drive);

// Converts the options. size: (2) of the observations; lens: as the option --lens has it.
imp_status imp_import_drive_apply_options(imp_import_drive *drive, const imp_options *options,
                                          const int size[2], const char *lens, imp_error *err);

// Prints the summary of an import into folder `out`, or of a check. Returns the exit code.
int imp_import_drive_print(const imp_import_drive *drive, const imp_options *options,
                           const char *out);

#endif
