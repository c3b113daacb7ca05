// cli/data_commands/randomization_summary.h: what was drawn for the episodes of a dataset, in a few
// numbers.
#ifndef IMP_CLI_DATA_COMMANDS_RANDOMIZATION_SUMMARY_H
#define IMP_CLI_DATA_COMMANDS_RANDOMIZATION_SUMMARY_H

#include <jansson.h>

#include "imprint/dataset.h"

// {"episodes": n, "quantities": {"delay": {"min": ..., "mean": ..., "max": ...}, ...}}, where n
// counts the episodes for which something was drawn; null if there are none.
json_t *imp_randomization_summary_json(const imp_dataset *dataset);

// Prints the same in lines, if there is anything to tell.
void imp_randomization_summary_print(const imp_dataset *dataset);

#endif
