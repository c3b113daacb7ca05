// Evaluations of several processes: parts of the episodes are dealt to them, many more than there
// are processes, so that a slow one holds up nobody. Parts travel as the text that files of parts
// have, so that there is one way to write and read them. Rank 0 puts them together in their order.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/communicator/dealing.h"
#include "base/text/text_stream.h"
#include "evaluate/evaluation/evaluation_part.h"

static const char WHAT[] = "a part of an evaluation";

// Parts that each rank does, if all are as fast as the others.
enum { PARTS_PER_RANK = 8 };

// A part as text, which is freed when it was sent or put into the whole.
typedef struct part_text {
    char *bytes;
    size_t length;
} part_text;

typedef struct part_job {
    const imp_evaluation_parts *parts;
    imp_communicator *ranks;
    imp_evaluation *whole; // of rank 0
    int count;             // of parts
    part_text *texts;      // (count)
} part_job;

// Drives a part, and keeps it as text.
static imp_status drive_part_to_text(void *context, int piece, imp_error *err)
{
    const part_job *job = context;
    imp_evaluation part = {0};
    imp_eval_def def = *job->parts->def;
    imp_text_stream text;
    def.share = piece + 1;
    def.shares = job->count;
    imp_status status = job->parts->drive(job->parts->context, &part, def.share, def.shares, err);
    if (status == IMP_OK)
        status = imp_text_stream_open(&text, WHAT, err);
    if (status == IMP_OK) {
        status =
            imp_evaluation_write_part_to_stream(text.out, &part, job->parts->policy, &def, err);
        if (status == IMP_OK)
            status = imp_text_stream_close(&text, WHAT, err);
        else
            imp_text_stream_discard(&text);
    }
    if (status == IMP_OK)
        job->texts[piece] = (part_text){text.bytes, text.length};
    imp_evaluation_free(&part);
    return status;
}

static void free_text(part_text *text)
{
    free(text->bytes);
    *text = (part_text){0};
}

static imp_status send_part(void *context, int piece, imp_error *err)
{
    const part_job *job = context;
    part_text *text = &job->texts[piece];
    imp_status status =
        imp_communicator_send(job->ranks, 0, &text->length, sizeof text->length, err);
    if (status == IMP_OK)
        status = imp_communicator_send(job->ranks, 0, text->bytes, text->length, err);
    free_text(text);
    return status;
}

static imp_status receive_part(void *context, int piece, int from, imp_error *err)
{
    const part_job *job = context;
    part_text *text = &job->texts[piece];
    IMP_TRY(imp_communicator_receive(job->ranks, from, &text->length, sizeof text->length, err));
    text->bytes = malloc(text->length + 1);
    return text->bytes != NULL
               ? imp_communicator_receive(job->ranks, from, text->bytes, text->length, err)
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", WHAT);
}

static imp_status put_part_into_whole(void *context, int piece, imp_error *err)
{
    const part_job *job = context;
    part_text *text = &job->texts[piece];
    FILE *in = fmemopen(text->bytes, text->length, "r");
    const imp_status status =
        in != NULL ? imp_evaluation_read_part(job->whole, in, WHAT, job->parts->def, err)
                   : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", WHAT);
    free_text(text);
    return status;
}

// Parts are as large as what a process drives at once, or a multiple of it. All ranks take the
// number that rank 0 found.
static imp_status agree_on_number_of_parts(part_job *job, imp_error *err)
{
    const int episodes = job->parts->def->episodes, at_once = job->parts->at_once;
    const int wanted = episodes / (job->ranks->size * PARTS_PER_RANK);
    const int size = wanted > at_once ? wanted / at_once * at_once : at_once;
    job->count = episodes / size > job->ranks->size ? episodes / size : job->ranks->size;
    return imp_communicator_broadcast(job->ranks, &job->count, sizeof job->count, err);
}

imp_status imp_evaluation_drive_parts(imp_evaluation *out, imp_communicator *ranks,
                                      const imp_evaluation_parts *parts, imp_error *err)
{
    part_job job = {.parts = parts, .ranks = ranks, .whole = out};
    IMP_TRY(agree_on_number_of_parts(&job, err));
    job.texts = calloc((size_t)job.count, sizeof *job.texts);
    imp_status status =
        job.texts != NULL ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", WHAT);
    status = imp_communicator_agree_on_status(ranks, status, err);
    const imp_dealing dealing = {
        .pieces = job.count,
        .context = &job,
        .work = drive_part_to_text,
        .send = send_part,
        .receive = receive_part,
        .settle = put_part_into_whole,
    };
    if (status == IMP_OK) {
        status = imp_deal(ranks, &dealing, err);
        status = imp_communicator_agree_on_status(ranks, status, err);
    }
    for (int k = 0; job.texts != NULL && k < job.count; k++)
        free_text(&job.texts[k]);
    free(job.texts);
    return status;
}
