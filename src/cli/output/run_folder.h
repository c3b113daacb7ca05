// cli/output/run_folder.h: the folder of work that can be continued. Its settings are in it from
// the beginning, and --resume takes them from there.
#ifndef IMP_CLI_OUTPUT_RUN_FOLDER_H
#define IMP_CLI_OUTPUT_RUN_FOLDER_H

#include "cli/options/options.h"
#include "cli/output/output_folder.h"

typedef struct imp_run_folder {
    imp_output_folder output;
    bool created;         // there was none before
    char *saved_settings; // the settings that the work was begun with; NULL if there were none
} imp_run_folder;

// Refuses to resume what is not there, unless a setting is given to begin with. Commands call it
// before they look at other folders, whose defaults would be named instead.
imp_status imp_run_folder_check_resume(const imp_options *options, const char *folder, bool resume,
                                       bool force, imp_error *err);

// Claims the folder (imp_output_folder_check_and_back_up()) and saves the settings in it, so that
// after a kill --resume knows them. Refuses as imp_run_folder_check_resume() does.
imp_status imp_run_folder_create_or_resume(imp_run_folder *run, const imp_options *options,
                                           const char *folder, bool resume, bool force,
                                           imp_error *err);

// When the work that began has ended with `status`: settles the folder
// (imp_output_folder_restore_or_drop_backup()); if the work was refused, puts back the settings
// that were there, and adds to the message which are others now. Returns `status`. The message of
// an interruption is the caller's, unless nothing was written.
imp_status imp_run_folder_keep_or_restore(imp_run_folder *run, const imp_options *options,
                                          imp_status status, imp_error *err);

// Writes the settings of one folder into another, but for the setting `without`. Does nothing where
// there are no settings.
imp_status imp_run_folder_copy_settings(const char *to, const char *from, const char *without,
                                        imp_error *err);

#endif
