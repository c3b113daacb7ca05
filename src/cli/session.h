// cli/session.h: what every command shares: signals, progress, errors, JSON.
#ifndef IMP_CLI_SESSION_H
#define IMP_CLI_SESSION_H

#include <jansson.h>

#include "base/file.h"
#include "cli/options.h"
#include "imprint/base.h"

// Makes broken pipes and file size limits errors like others.
void imp_session_tame_signals(void);

// A monitor that draws a progress bar on standard error, if that is a terminal, and stops tasks on
// Ctrl-C.
imp_monitor imp_session_monitor(const imp_options *options);

// Takes the progress bar off the screen.
void imp_session_clear(void);

// Prints the message of a failure in one line and returns the exit code for it.
int imp_session_fail(imp_status status, const imp_error *err);

// A number, or null where there is none: JSON knows no NaN.
json_t *imp_session_real(double value);

// A number for a table, or "-" where there is none. Returns out.
const char *imp_session_figure(char out[24], double value, int digits);

// Writes an object as JSON, its numbers with so many digits, to a file and releases it.
imp_status imp_session_write_json(const char *path, json_t *object, int digits, imp_error *err);

// Prints an object as JSON on standard output and releases it; whether it arrived is for
// imp_session_finish() to say.
imp_status imp_session_put_json(json_t *object, imp_error *err);

// The same, and finishes. Returns the exit code: 0, or 4 if it could not be written.
int imp_session_print_json(json_t *object);

// Flushes standard output. Returns 0, or 4 with a message if it could not be written.
int imp_session_finish(void);

// The path of another program beside the one that runs.
void imp_session_sibling(char out[IMP_PATH_MAX], const char *name);

#endif
