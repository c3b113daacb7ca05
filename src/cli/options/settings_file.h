// cli/options/settings_file.h: options from and to YAML and JSON text.
#ifndef IMP_CLI_OPTIONS_SETTINGS_FILE_H
#define IMP_CLI_OPTIONS_SETTINGS_FILE_H

#include <jansson.h>

#include "base/text/suggestion.h"
#include "cli/options/options.h"
#include "data/dataset/dataset_files.h"

// Sets the options that a YAML file of `name: value` lines names. Fails with "file:line: ...".
imp_status imp_settings_file_read(imp_options *options, const char *path, imp_error *err);

// The same of the settings that a folder holds, if there are any, but for where they are. Refuses
// those of another command.
imp_status imp_settings_file_read_saved(imp_options *options, const char *folder, imp_error *err);

// Refuses a folder whose settings say that another command made it. One without settings passes.
imp_status imp_settings_file_check_command(const imp_options *options, const char *folder,
                                           imp_error *err);

// Used by the reader and the command line alike (option_values.c, options.c).
imp_status imp_option_set_value(imp_options *options, int index, const char *text, imp_error *err);
// The words of an option that is a choice.
imp_name_list imp_option_choices(const imp_options *options, int index);
// By its name or its old one; -1 if there is none.
int imp_option_find(const imp_options *options, const char *name);
int imp_option_find_n(const imp_options *options, const char *name, size_t length);

// The present value of an option as text: what the help shows as default.
void imp_option_format_value(const imp_options *options, int index, char *out, size_t capacity);

enum { IMP_SOURCE_TEXT_MAX = 4096 };

// What results say instead of a text that may name a file. Fails if the file cannot be read.
typedef imp_status imp_describe_source(char out[IMP_SOURCE_TEXT_MAX], const char *value,
                                       imp_error *err);

// The settings, flexible ones too if they are wanted, as an object, which the caller releases.
// describe: nullable. Fails with IMP_NO_MEMORY, with IMP_USAGE if a text is not UTF-8, and as
// `describe` does.
imp_status imp_options_to_json_object(json_t **out, const imp_options *options, bool with_flexible,
                                      imp_describe_source *describe, imp_error *err);

#endif
