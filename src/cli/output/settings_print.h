// cli/output/settings_print.h: stored settings, for people to read.
#ifndef IMP_CLI_OUTPUT_SETTINGS_PRINT_H
#define IMP_CLI_OUTPUT_SETTINGS_PRINT_H

#include <stdio.h>

// Prints settings that are stored as JSON text in one line: each number as short as it can be, and
// sizes as the command line takes them. Text that is no JSON is printed as it is.
void imp_settings_print(FILE *out, const char *json);

#endif
