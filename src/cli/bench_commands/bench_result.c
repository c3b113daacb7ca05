// Adds a benchmark's figure to the JSON results, and prints it as a row of the table unless JSON is
// wanted. Rows appear as soon as they are measured, because a full run takes minutes.
#include "cli/bench_commands/bench_result.h"
#include "cli/output/json_output.h"

#include <stdio.h>
#include <string.h>

void imp_bench_result_add(json_t *results, bool print, const char *name, double value, int decimals,
                          const char *unit)
{
    // a name and its value share 21 columns, the name at least 8 of them
    const int name_width = strlen(name) > 8 ? (int)strlen(name) : 8;
    imp_json_set(results, name, json_pack("{s:f, s:s}", "value", value, "unit", unit));
    if (print)
        printf("%-8s %*.*f  %s\n", name, 20 - name_width, decimals, value, unit);
}
