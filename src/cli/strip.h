// cli/strip.h: datasets as something to look at.
#ifndef IMP_CLI_STRIP_H
#define IMP_CLI_STRIP_H

#include "imprint/base.h"

// Draws observations.png into a dataset's folder: a contact sheet of what was seen in its first
// episode.
imp_status imp_draw_strip(const char *folder, imp_error *err);

#endif
