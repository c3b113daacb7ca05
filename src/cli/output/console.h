// cli/output/console.h: what every command shares: signals, progress, errors, JSON.
#ifndef IMP_CLI_OUTPUT_CONSOLE_H
#define IMP_CLI_OUTPUT_CONSOLE_H

#include <jansson.h>

#include "base/io/file.h"
#include "cli/options/options.h"
#include "imprint/base.h"

// Makes broken pipes and file size limits errors like others.
void imp_console_setup_signals(void);

// A monitor that draws a progress bar on standard error, if that is a terminal, and stops tasks on
// Ctrl-C.
imp_monitor imp_console_monitor(const imp_options *options);

// Takes the progress bar off the screen.
void imp_console_clear_progress(void);

// Prints the message of a failure in one line and returns the exit code for it.
int imp_console_print_error(imp_status status, const imp_error *err);

// A number, or null where there is none: JSON knows no NaN.
json_t *imp_json_real_or_null(double value);

// A number for a table, or "-" where there is none. Returns out.
const char *imp_format_real_or_dash(char out[24], double value, int digits);

// Writes an object as JSON, its numbers with so many digits, to a file and releases it.
imp_status imp_json_write_file(const char *path, json_t *object, int digits, imp_error *err);

// Prints an object as JSON on standard output and releases it; whether it arrived is for
// imp_console_flush() to say.
imp_status imp_console_print_json(json_t *object, imp_error *err);

// The same, and finishes. Returns the exit code: 0, or 4 if it could not be written.
int imp_console_finish_with_json(json_t *object);

// Flushes standard output. Returns 0, or 4 with a message if it could not be written.
int imp_console_flush(void);

// The path of another program beside the one that runs.
void imp_sibling_program_path(char out[IMP_PATH_MAX], const char *name);

#endif
