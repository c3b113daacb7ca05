// cli/options/share_option.h: --share K/N: one of N parts of a work.
#ifndef IMP_CLI_OPTIONS_SHARE_OPTION_H
#define IMP_CLI_OPTIONS_SHARE_OPTION_H

#include "cli/options/options.h"

// Saved beside the settings so that a part is continued as the same part, and not among those that
// results hold, which are the same for all parts.
#define IMP_SHARE_OPTION(variable, text)                                                           \
    {                                                                                              \
        "share", 0, IMP_OPTION_TEXT, variable, "K/N", text, IMP_FLEXIBLE                           \
    }

// Reads "2/5" as share 2 of 5 shares. text NULL: both 0. Fails with IMP_USAGE unless 1 <= K <= N.
imp_status imp_share_option_parse(int *share, int *shares, const char *text, imp_error *err);

#endif
