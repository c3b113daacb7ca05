// cli/eval_commands/eval_parts.h: evaluations in parts: `imprint eval --share` writes one, `imprint
// eval join` puts them together.
#ifndef IMP_CLI_EVAL_COMMANDS_EVAL_PARTS_H
#define IMP_CLI_EVAL_COMMANDS_EVAL_PARTS_H

#include "cli/eval_commands/eval.h"

// Whether the operands say that parts are to be put together; fails with IMP_USAGE if they say
// anything else.
imp_status imp_eval_parts_check_operands(bool *joins, const imp_options *options, imp_error *err);

// For the command's table: the folder of the first part, whose settings a join takes.
const char *imp_eval_parts_find_settings_folder(const imp_options *options);

// Reads --share, and refuses options that a part, or a join, cannot have.
imp_status imp_eval_parts_check_options(imp_eval_settings *s, bool joins, bool is_challenge,
                                        imp_error *err);

// Hands the processes that mpirun started to the evaluation, and refuses what they cannot share.
imp_status imp_eval_parts_set_communicator(imp_eval_settings *s, const imp_options *options,
                                           bool is_challenge, imp_error *err);

// Writes settings and one file for each policy into the folder of the part.
imp_status imp_eval_parts_write(const imp_eval_settings *s, const imp_options *options,
                                const imp_eval_outcome *o, imp_error *err);

// Puts together what policy number p drove.
imp_status imp_eval_parts_join(imp_evaluation *out, const imp_options *options,
                               const imp_policy_factory *driver, const imp_eval_def *def, int p,
                               imp_error *err);

// The message of an interrupted evaluation: what is kept of it, and how to go on.
void imp_eval_parts_say_what_is_kept(const imp_eval_settings *s, imp_error *err);

// Tells what part was driven; returns the exit code.
int imp_eval_parts_report(const imp_eval_settings *s, const imp_eval_outcome *o,
                          const imp_options *options);

#endif
