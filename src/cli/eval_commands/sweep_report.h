// cli/eval_commands/sweep_report.h: a sweep over options as a page.
#ifndef IMP_CLI_EVAL_COMMANDS_SWEEP_REPORT_H
#define IMP_CLI_EVAL_COMMANDS_SWEEP_REPORT_H

#include "cli/eval_commands/sweep.h"

// Writes OUT/report.html.
imp_status imp_sweep_write_report(const imp_sweep_settings *s, imp_error *err);

#endif
