// Evaluations of several processes: each drives a part, and rank 0 puts the parts together. They
// travel as the text that files of parts have, so that there is one way to write and read them.
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/text/text_stream.h"
#include "evaluate/evaluation/evaluate.h"
#include "evaluate/evaluation/evaluation_part.h"

static const char WHAT[] = "a part of an evaluation";

// The part of this rank as text, which the caller frees.
static imp_status print_own(imp_text_stream *text, const imp_evaluation *evaluation,
                            const imp_policy_factory *policy, const imp_eval_def *def,
                            imp_error *err)
{
    IMP_TRY(imp_text_stream_open(text, WHAT, err));
    const imp_status status = imp_evaluation_print_part(text->out, evaluation, policy, def, err);
    if (status == IMP_OK)
        return imp_text_stream_close(text, WHAT, err);
    imp_text_stream_discard(text);
    return status;
}

static imp_status read_text(imp_evaluation *out, char *text, size_t length, const imp_eval_def *def,
                            imp_error *err)
{
    FILE *in = fmemopen(text, length, "r");
    return in != NULL ? imp_evaluation_read_part(out, in, WHAT, def, err)
                      : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", WHAT);
}

// Receives the part of another rank.
static imp_status receive_part(imp_evaluation *out, imp_communicator *ranks, int from,
                               const imp_eval_def *def, imp_error *err)
{
    size_t length = 0;
    IMP_TRY(imp_communicator_receive(ranks, from, &length, sizeof length, err));
    char *text = malloc(length + 1);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", WHAT);
    imp_status status = imp_communicator_receive(ranks, from, text, length, err);
    if (status == IMP_OK)
        status = read_text(out, text, length, def, err);
    free(text);
    return status;
}

static imp_status send_part(imp_communicator *ranks, const imp_text_stream *text, imp_error *err)
{
    IMP_TRY(imp_communicator_send(ranks, 0, &text->length, sizeof text->length, err));
    return imp_communicator_send(ranks, 0, text->bytes, text->length, err);
}

// Rank 0: reads its own part, then those of the others.
static imp_status gather_all(imp_evaluation *evaluation, imp_communicator *ranks,
                             const imp_text_stream *own, const imp_map_set *maps,
                             const imp_eval_def *def, imp_error *err)
{
    imp_evaluation whole = {.definition = evaluation->definition};
    imp_status status = imp_evaluation_alloc(&whole, def->episodes, maps, err);
    if (status == IMP_OK)
        status = read_text(&whole, own->bytes, own->length, def, err);
    for (int from = 1; from < ranks->size && status == IMP_OK; from++)
        status = receive_part(&whole, ranks, from, def, err);
    if (status == IMP_OK)
        status = imp_eval_compute_stats(&whole, err);
    imp_evaluation_free(status == IMP_OK ? evaluation : &whole);
    if (status == IMP_OK)
        *evaluation = whole;
    return status;
}

imp_status imp_evaluation_gather(imp_evaluation *evaluation, imp_communicator *ranks,
                                 const imp_policy_factory *policy, const imp_map_set *maps,
                                 const imp_eval_def *def, imp_error *err)
{
    imp_text_stream text;
    IMP_TRY(print_own(&text, evaluation, policy, def, err));
    const imp_status status = ranks->rank == 0
                                  ? gather_all(evaluation, ranks, &text, maps, def, err)
                                  : send_part(ranks, &text, err);
    free(text.bytes);
    return status;
}
