// cli/eval_commands/eval_page.h: the page beside the report of an evaluation, which shows the worst
// episodes.
#ifndef IMP_CLI_EVAL_COMMANDS_EVAL_PAGE_H
#define IMP_CLI_EVAL_COMMANDS_EVAL_PAGE_H

#include "imprint/rollout.h"

// What imp_eval_page_write() writes about. Everything is borrowed.
typedef struct imp_eval_page {
    const char *folder; // with the drives of the worst episodes
    const char *title;
    const imp_env_def *env; // of episodes that are begun in the page
    int count;
    const imp_policy_factory *const *policies; // (count) those that a page can hold are in it
} imp_eval_page;

// Writes simulator.html, a page with the policies and their worst episodes; *name is its name.
// Fails with IMP_IO or IMP_NO_MEMORY. What a page cannot hold is a warning, and *name is NULL.
// context: imp_eval_page.
imp_status imp_eval_page_write(const char **name, void *context, imp_error *err);

#endif
