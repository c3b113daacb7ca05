// cli/random_sheet.h: what randomised episodes look like.
#ifndef IMP_CLI_RANDOM_SHEET_H
#define IMP_CLI_RANDOM_SHEET_H

#include "cli/commands.h"

typedef struct imp_random_sheet {
    int first, count; // episodes first, first + 1, ...
} imp_random_sheet;

// Writes the picture of one episode, or a contact sheet of several, as PNG: what the robot sees a
// moment after its start.
imp_status imp_random_sheet_write(const imp_options *options, const imp_sim_options *sim,
                                  const imp_random_sheet *sheet, const char *out, imp_error *err);

#endif
