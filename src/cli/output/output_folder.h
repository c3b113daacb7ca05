// cli/output/output_folder.h: the folder that a command writes: whether it may, and what becomes of
// the one that was there.
#ifndef IMP_CLI_OUTPUT_OUTPUT_FOLDER_H
#define IMP_CLI_OUTPUT_OUTPUT_FOLDER_H

#include "cli/options/options.h"
#include "imprint/base.h"

// Decides about an output folder: one with something in it is refused unless resume, or force,
// which moves it aside if it holds nothing but files that imprint writes. resume of a folder that
// is not there is fine, of one that another command made not.
imp_status imp_output_folder_check_and_back_up(const imp_options *options, const char *folder,
                                               bool resume, bool force, imp_error *err);

// The same for a new folder, which is then made and locked against other processes, until
// imp_output_folder_restore_or_drop_backup(). For work whose library calls lock no folder.
imp_status imp_output_folder_claim(const imp_options *options, const char *folder, bool force,
                                   imp_error *err);

// After a claim that succeeded, when the work has ended with `status`: removes the folder if
// nothing is in it, and then moves back what was moved aside. If the work went well, removes what
// was moved aside; if not, leaves it and adds where it is to the message. Returns whether there is
// something in the folder.
bool imp_output_folder_restore_or_drop_backup(const char *folder, bool force, imp_status status,
                                              imp_error *err);

// Checks that a folder is a run, or empty, and holds nothing but files that imprint writes; then,
// if `remove`, removes it. Links are refused.
imp_status imp_output_folder_remove(const char *folder, bool remove, imp_error *err);

// Writes the settings into a folder, which it makes if need be.
imp_status imp_output_folder_save_settings(const imp_options *options, const char *folder,
                                           imp_error *err);

#endif
