// cli/eval_commands/image_eval.h: policies scored on images whose right side is known.
#ifndef IMP_CLI_EVAL_COMMANDS_IMAGE_EVAL_H
#define IMP_CLI_EVAL_COMMANDS_IMAGE_EVAL_H

#include "cli/options/options.h"

typedef struct imp_image_scores imp_image_scores;

// Reads the table, whose files are relative to its folder, and lets each policy look at all images.
// *out: freed with imp_image_scores_free(); NULL after a failure.
imp_status imp_image_eval_run(imp_image_scores **out, const char *table,
                              const imp_text_list *policies, const char *segmenter,
                              const char *robot, const imp_options *options, imp_error *err);
void imp_image_scores_free(imp_image_scores *scores); // nullable

// Prints the scores; returns the exit code.
int imp_image_eval_print(const imp_image_scores *scores, const imp_options *options);

#endif
