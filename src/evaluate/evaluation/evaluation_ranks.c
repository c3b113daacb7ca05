// Evaluations of several processes: each drives a part, and rank 0 puts the parts together. They
// travel as the text that files of parts have, so that there is one way to write and read them.
// Rank 0 has the first episodes, which keep their trajectories: its own part stays where it is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "evaluate/evaluation/evaluate.h"
#include "evaluate/evaluation/evaluation_part.h"

static const char WHAT[] = "a part of an evaluation";

// The part of this rank as text, which the caller frees.
static imp_status format_own_part(imp_text_stream *text, const imp_evaluation *evaluation,
                                  const imp_policy_factory *policy, const imp_eval_def *def,
                                  imp_error *err)
{
    IMP_TRY(imp_text_stream_open(text, WHAT, err));
    const imp_status status =
        imp_evaluation_write_part_to_stream(text->out, evaluation, policy, def, err);
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

// Makes room for all episodes behind those of rank 0.
static imp_status reserve_episode_results(imp_evaluation *evaluation, int episodes, imp_error *err)
{
    const int own = evaluation->episodes;
    imp_episode_result *results =
        realloc(evaluation->results, (size_t)episodes * sizeof *evaluation->results);
    if (results == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(episodes, "episode"));
    memset(results + own, 0, (size_t)(episodes - own) * sizeof *results);
    evaluation->results = results;
    evaluation->episodes = episodes;
    return IMP_OK;
}

// Rank 0: adds the parts of the others to its own.
static imp_status receive_all(imp_evaluation *evaluation, imp_communicator *ranks,
                              const imp_eval_def *def, imp_error *err)
{
    imp_status status = reserve_episode_results(evaluation, def->episodes, err);
    for (int from = 1; from < ranks->size && status == IMP_OK; from++)
        status = receive_part(evaluation, ranks, from, def, err);
    return status;
}

imp_status imp_evaluation_gather(imp_evaluation *evaluation, imp_communicator *ranks,
                                 const imp_policy_factory *policy, const imp_eval_def *def,
                                 imp_error *err)
{
    imp_text_stream text;
    if (ranks->rank == 0)
        return receive_all(evaluation, ranks, def, err);
    IMP_TRY(format_own_part(&text, evaluation, policy, def, err));
    const imp_status status = send_part(ranks, &text, err);
    free(text.bytes);
    return status;
}
