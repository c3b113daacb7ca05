// cli/output/console.h: what every command shares: signals, progress, errors.
#ifndef IMP_CLI_OUTPUT_CONSOLE_H
#define IMP_CLI_OUTPUT_CONSOLE_H

#include "base/io/file.h"
#include "cli/options/options.h"
#include "imprint/base.h"

// Makes broken pipes and file size limits errors like others.
void imp_console_setup_signals(void);

// A monitor that draws a progress bar on standard error, if that is a terminal, and stops tasks on
// Ctrl-C.
imp_monitor imp_console_create_monitor(const imp_options *options);

// Takes the progress bar off the screen.
void imp_console_clear_progress(void);

// Prints the message of a failure in one line and returns the exit code for it.
int imp_console_print_error(imp_status status, const imp_error *err);

// A number for a table, or "-" where there is none. Returns out.
const char *imp_format_real_or_dash(char out[24], double value, int digits);

// Flushes standard output. Returns 0, or 4 with a message if it could not be written.
int imp_console_flush(void);

// The path of another program beside the one that runs.
void imp_sibling_program_path(char out[IMP_PATH_MAX], const char *name);

#endif
