// cli/render_commands/randomized_sheet.h: what randomised episodes look like.
#ifndef IMP_CLI_RENDER_COMMANDS_RANDOMIZED_SHEET_H
#define IMP_CLI_RENDER_COMMANDS_RANDOMIZED_SHEET_H

#include "cli/options/sim_options.h"

typedef struct imp_randomized_sheet {
    int first, count; // episodes first, first + 1, ...
} imp_randomized_sheet;

// Writes the image of one episode, or a contact sheet of several, as PNG: the observation shortly
// after the start.
imp_status imp_randomized_sheet_write(const imp_options *options, imp_sim_options *sim,
                                      const imp_randomized_sheet *sheet, const char *out,
                                      imp_error *err);

#endif
