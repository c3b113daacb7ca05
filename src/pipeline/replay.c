// Episodes driven again: what evaluating does not keep follows from their numbers.
#include <stdlib.h>

#include "base/plural.h"
#include "pipeline/evaluate.h"

typedef struct job {
    imp_crew crew;
    const imp_network *network; // that drives and looks at pictures itself, or NULL
    imp_eval_def def;
    const imp_replay_def *which;
    imp_replay *out;
    imp_error *errors; // (count)
} job;

static imp_status make_room(imp_replay *replay, const job *work, const imp_replay_def *which,
                            imp_error *err)
{
    const imp_camera_def *camera = &work->def.camera;
    const size_t picture = (size_t)3 * (size_t)camera->width * (size_t)camera->height;
    const size_t frames = (size_t)which->count;
    replay->width = camera->width;
    replay->height = camera->height;
    replay->frames = malloc(frames * picture + 1);
    replay->actions = calloc(2 * frames + 1, sizeof *replay->actions);
    imp_status status = IMP_OK;
    if (work->network != NULL) {
        const imp_inputs *inputs = imp_network_inputs(work->network);
        replay->seen = malloc(frames * (size_t)inputs->frames * picture + 1);
        replay->done = calloc(frames * 2 * (size_t)inputs->actions + 1, sizeof *replay->done);
        status = imp_recall_create(&replay->recall, work->network, err);
    }
    if (status == IMP_OK &&
        (replay->frames == NULL || replay->actions == NULL ||
         (work->network != NULL && (replay->seen == NULL || replay->done == NULL))))
        status =
            imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_COUNT(which->count, "frame"));
    return status != IMP_OK ? status
                            : imp_eval_make_room(&replay->result, work->def.steps, true, err);
}

static void drive_one(void *context, int index, int worker)
{
    job *work = context;
    imp_replay *replay = &work->out[index];
    const imp_replay_def *which = &work->which[index];
    imp_error *err = &work->errors[index];
    if (atomic_load(&work->crew.stop))
        imp_fail(err, IMP_INTERRUPTED, "interrupted");
    else if (make_room(replay, work, which, err) == IMP_OK)
        imp_eval_drive(&work->crew, worker, which->episode, &work->def, &replay->result, NULL,
                       which, replay, err);
}

static imp_status run(job *work, int count, const imp_driver *driver,
                      const imp_driver *progress_expert, const imp_monitor *monitor, imp_error *err)
{
    imp_status status =
        imp_eval_hire(&work->crew, driver, progress_expert, true, &work->def, monitor, err);
    if (status != IMP_OK)
        return status;
    work->crew.progress.task = "replay";
    work->crew.progress.total = (double)count * work->def.steps;
    imp_pool_run(work->crew.pool, count, drive_one, work);
    for (int k = 0; k < count && status == IMP_OK; k++)
        if (work->errors[k].status != IMP_OK)
            status = imp_fail(err, work->errors[k].status, "%s", work->errors[k].message);
    return status;
}

imp_status imp_replay_episodes(imp_replay *out, const imp_replay_def *which, int count,
                               const imp_driver *driver, const imp_eval_def *def,
                               const imp_monitor *monitor, imp_error *err)
{
    for (int k = 0; k < count; k++)
        out[k] = (imp_replay){0};
    imp_status status = imp_eval_check(def, err);
    for (int k = 0; k < count && status == IMP_OK; k++)
        if (which[k].episode < 0 || which[k].first < 0 || which[k].every < 1 || which[k].count < 0)
            status = imp_fail(err, IMP_USAGE,
                              "replay of episode %d: %s from step %d, every %d: not possible",
                              which[k].episode, IMP_COUNT(which[k].count, "frame"), which[k].first,
                              which[k].every);
    if (status != IMP_OK || count < 1)
        return status;
    imp_driver *progress_expert = NULL;
    job work = {.network = imp_driver_network(driver), .def = *def, .which = which, .out = out};
    work.errors = calloc((size_t)count, sizeof *work.errors);
    status = work.errors != NULL ? imp_eval_progress_expert(&progress_expert, def, err)
                                 : imp_fail(err, IMP_NO_MEMORY, "out of memory for a replay");
    if (status == IMP_OK)
        status = run(&work, count, driver, progress_expert, monitor, err);
    imp_crew_dismiss(&work.crew);
    imp_driver_close(progress_expert);
    free(work.errors);
    return status;
}

void imp_replay_free(imp_replay *replay)
{
    if (replay == NULL)
        return;
    imp_eval_release(&replay->result);
    free(replay->frames);
    free(replay->actions);
    imp_recall_destroy(replay->recall);
    free(replay->seen);
    free(replay->done);
    *replay = (imp_replay){0};
}
