// cli/eval_commands/eval_failures.h: why episodes of an evaluation failed.
#ifndef IMP_CLI_EVAL_COMMANDS_EVAL_FAILURES_H
#define IMP_CLI_EVAL_COMMANDS_EVAL_FAILURES_H

#include "cli/eval_commands/eval.h"

// Explains the failures of all policies into o->failures; imp_eval_failures_free() frees them.
imp_status imp_eval_explain_failures(const imp_eval_settings *s, const imp_options *options,
                                     imp_eval_outcome *o, imp_error *err);
void imp_eval_failures_free(imp_eval_outcome *o);

// Prints a table for each policy that failed.
void imp_eval_failures_print(const imp_eval_settings *s, const imp_eval_outcome *o);

// The failures of a policy as an object.
json_t *imp_eval_failures_json(const imp_failure_list *list);

// Writes failures.csv into the output folder.
imp_status imp_eval_failures_write(const imp_eval_settings *s, const imp_eval_outcome *o,
                                   imp_error *err);

#endif
