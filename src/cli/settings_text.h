// cli/settings_text.h: stored settings, for people to read.
#ifndef IMP_CLI_SETTINGS_TEXT_H
#define IMP_CLI_SETTINGS_TEXT_H

#include <stdio.h>

// Prints settings that are stored as JSON text in one line: each number as short as it can be, and
// sizes as the command line takes them. Text that is no JSON is printed as it is.
void imp_settings_print(FILE *out, const char *json);

#endif
