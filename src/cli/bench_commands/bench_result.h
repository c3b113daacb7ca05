// cli/bench_commands/bench_result.h: one figure of a benchmark.
#ifndef IMP_CLI_BENCH_COMMANDS_BENCH_RESULT_H
#define IMP_CLI_BENCH_COMMANDS_BENCH_RESULT_H

#include <jansson.h>
#include <stdbool.h>

// Adds {value, unit} to results under a name, and prints a row with so many decimals if it is to.
void imp_bench_result_add(json_t *results, bool print, const char *name, double value, int decimals,
                          const char *unit);

#endif
