// evaluate/evaluation/evaluation_part.h: what parts of an evaluation have in common.
#ifndef IMP_EVALUATE_EVALUATION_EVALUATION_PART_H
#define IMP_EVALUATE_EVALUATION_EVALUATION_PART_H

#include <stdio.h>

#include "imprint/evaluate.h"

// A number for all that the episodes follow from, besides the policy: settings, maps, starts and
// assets by their contents, and what is kept of the episodes.
imp_status imp_eval_definition_hash(uint64_t *out, const imp_eval_def *def, const imp_map_set *maps,
                                    imp_error *err);

// Prints a part as its file has it.
imp_status imp_evaluation_write_part_to_stream(FILE *out, const imp_evaluation *evaluation,
                                               const imp_policy_factory *policy,
                                               const imp_eval_def *def, imp_error *err);

// Reads a part, called `name` in messages, into an evaluation with room for it, and closes it.
imp_status imp_evaluation_read_part(imp_evaluation *out, FILE *in, const char *name,
                                    const imp_eval_def *def, imp_error *err);

// How ranks drive an evaluation together.
typedef struct imp_evaluation_parts {
    const imp_policy_factory *policy;
    const imp_eval_def *def; // of the whole
    int at_once;             // episodes that this process drives at a time
    // Drives part `share` of `shares` into *out, which is freed in any case.
    imp_status (*drive)(void *context, imp_evaluation *out, int share, int shares, imp_error *err);
    void *context;
} imp_evaluation_parts;

// All: drives the parts of an evaluation, which are dealt to ranks as they ask for them. Rank 0
// gets the whole in *out, which has room for it there. Statistics are not computed.
imp_status imp_evaluation_drive_parts(imp_evaluation *out, imp_communicator *ranks,
                                      const imp_evaluation_parts *parts, imp_error *err);

#endif
