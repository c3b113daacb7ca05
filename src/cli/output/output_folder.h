// cli/output/output_folder.h: the folder that a command writes: whether it may, and what becomes of
// the one that was there.
#ifndef IMP_CLI_OUTPUT_OUTPUT_FOLDER_H
#define IMP_CLI_OUTPUT_OUTPUT_FOLDER_H

#include "cli/options/options.h"
#include "imprint/base.h"

// A folder from the decision to write there until the work has ended.
typedef struct imp_output_folder {
    const char *path; // borrowed
    bool force;
    int lock;        // on the folder, by commands whose library calls take none there
    int backup_lock; // on what it replaces, so that no other process takes that for leftovers
    // How much of the path was there before. A run that fails removes no folder around its own but
    // those that it has made.
    size_t existing_length;
} imp_output_folder;

// Decides about an output folder: one with something in it is refused unless resume, or force,
// which moves it aside if it holds nothing but files that imprint writes. resume of a folder that
// is not there is fine, of one that another command made not. Where force replaces,
// imp_output_folder_restore_or_drop_backup() must follow.
imp_status imp_output_folder_check_and_back_up(imp_output_folder *out, const imp_options *options,
                                               const char *path, bool resume, bool force,
                                               imp_error *err);

// The same for a new folder, which is then made and locked against other processes, until
// imp_output_folder_restore_or_drop_backup(). For work whose library calls lock no folder.
imp_status imp_output_folder_claim(imp_output_folder *out, const imp_options *options,
                                   const char *path, bool force, imp_error *err);

// After a claim that succeeded, when the work has ended with `status`: removes the folder if
// nothing is in it, and then moves back what was moved aside. If the work went well, removes what
// was moved aside; if not, leaves it and adds where it is to the message. Returns whether there is
// something in the folder.
bool imp_output_folder_restore_or_drop_backup(imp_output_folder *folder, imp_status status,
                                              imp_error *err);

// Checks that a folder is a run, or empty, and holds nothing but files that imprint writes; then,
// if `remove`, removes it. Links are refused.
imp_status imp_output_folder_remove(const char *folder, bool remove, imp_error *err);

// Writes the settings into a folder, which it makes if need be.
imp_status imp_output_folder_save_settings(const imp_options *options, const char *folder,
                                           imp_error *err);

#endif
