// cli/data_draws.h: what was drawn for the episodes of a dataset, in a few numbers.
#ifndef IMP_CLI_DATA_DRAWS_H
#define IMP_CLI_DATA_DRAWS_H

#include <jansson.h>

#include "imprint/dataset.h"

// {"episodes": n, "quantities": {"delay": {"min": ..., "mean": ..., "max": ...}, ...}}, where n
// counts the episodes for which something was drawn; null if there are none.
json_t *imp_data_draws_json(const imp_dataset *dataset);

// Prints the same in lines, if there is anything to tell.
void imp_data_draws_print(const imp_dataset *dataset);

#endif
