// Copies a dataset without bad episodes and frames. Each episode has one reason to go, or stays,
// whole or without its marked frames: what is left of it between them are episodes of their own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "data/edit/edit_plan.h"
#include "data/edit/marks.h"

enum { DROP_COOKIE = 0xD409 };

// What is known while the episodes are gone through.
typedef struct drop_job {
    const imp_dataset_drop_def *def;
    imp_edit_plan plan;
    imp_marks marks;
    imp_episode_statistics *statistics; // (episodes)
    bool *marked, *numbered;            // (episodes)
    int next_frames;                    // of marks.frames that were not gone through
    imp_dataset_edit_summary *summary;
} drop_job;

imp_dataset_drop_def imp_default_dataset_drop_def(void)
{
    return (imp_dataset_drop_def){.filter = imp_default_episode_filter(), .cookie = DROP_COOKIE};
}

// By episode, then by frame, so that one pass meets them in order.
static int compare_frames(const void *a, const void *b)
{
    const imp_marked_frames *x = a, *y = b;
    if (x->episode != y->episode)
        return x->episode < y->episode ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

// Sorts marked frames, because they are looked up episode by episode.
static imp_status read_and_sort_marked_frames(drop_job *job, imp_error *err)
{
    if (job->def->marks == NULL)
        return IMP_OK;
    IMP_TRY(imp_marks_read(&job->marks, job->def->marks, job->plan.sources[0], err));
    for (int k = 0; k < job->marks.episode_count; k++)
        job->marked[job->marks.episodes[k]] = true;
    qsort(job->marks.frames, (size_t)job->marks.frame_count, sizeof *job->marks.frames,
          compare_frames);
    return IMP_OK;
}

// Marks the episodes that were named by number.
static imp_status mark_episodes_of_ranges(drop_job *job, int episodes, imp_error *err)
{
    for (int k = 0; k < job->def->episode_range_count; k++) {
        const imp_episode_range *range = &job->def->episodes[k];
        if (range->first < 0 || range->last < range->first || range->last >= episodes)
            return imp_fail(err, IMP_USAGE,
                            "%s has the episodes 0 to %d, and not %d to %d: imprint data list "
                            "shows them",
                            job->plan.paths[0], episodes - 1, range->first, range->last);
        for (int e = range->first; e <= range->last; e++)
            job->numbered[e] = true;
    }
    return IMP_OK;
}

// Opens the dataset, and reads all that decides about episodes.
static imp_status open_dataset_and_marks(drop_job *job, const char *const *source,
                                         const imp_monitor *monitor, imp_error *err)
{
    IMP_TRY(imp_edit_plan_open(&job->plan, source, 1, monitor, err));
    const int episodes = imp_dataset_episode_count(job->plan.sources[0]);
    job->statistics = calloc((size_t)episodes, sizeof *job->statistics);
    job->marked = calloc((size_t)episodes, sizeof *job->marked);
    job->numbered = calloc((size_t)episodes, sizeof *job->numbered);
    if (job->statistics == NULL || job->marked == NULL || job->numbered == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(episodes, "episode"));
    IMP_TRY(imp_dataset_episode_statistics(job->statistics, job->plan.sources[0], err));
    IMP_TRY(mark_episodes_of_ranges(job, episodes, err));
    return read_and_sort_marked_frames(job, err);
}

// Whether the whole episode goes.
static bool is_dropped(const drop_job *job, int episode, imp_drop_reason *reason)
{
    *reason = job->marked[episode] ? IMP_DROP_MARKED : IMP_DROP_NUMBER;
    return job->marked[episode] || job->numbered[episode] ||
           imp_episode_filter_matches(&job->def->filter, &job->statistics[episode], reason);
}

// Keeps frames first to last, unless they are too few for a step.
static imp_status add_kept_frames_to_plan(drop_job *job, int episode, int first, int last,
                                          imp_error *err)
{
    const imp_edit_piece piece = {0, episode, first, last};
    return last > first ? imp_edit_plan_add(&job->plan, &piece, err) : IMP_OK;
}

// Keeps what is between the marked frames of an episode.
static imp_status keep_unmarked_frames(drop_job *job, int episode, int steps, imp_error *err)
{
    const imp_marks *marks = &job->marks;
    const size_t pieces = job->plan.piece_count;
    const double before = job->plan.total;
    int first = 0; // of the frames that are not marked
    bool cut = false;
    for (; job->next_frames < marks->frame_count &&
           marks->frames[job->next_frames].episode == episode;
         job->next_frames++) {
        const imp_marked_frames *bad = &marks->frames[job->next_frames];
        IMP_TRY(add_kept_frames_to_plan(job, episode, first, bad->first - 1, err));
        first = bad->last + 1 > first ? bad->last + 1 : first;
        cut = true;
    }
    IMP_TRY(add_kept_frames_to_plan(job, episode, first, steps, err));
    if (job->plan.piece_count == pieces) {
        job->summary->dropped[IMP_DROP_SHORT]++;
    } else if (cut) {
        job->summary->cut++;
        job->summary->cut_steps += steps - (int64_t)(job->plan.total - before);
    }
    return IMP_OK;
}

// Decides about all episodes.
static imp_status choose_kept_pieces(drop_job *job, imp_error *err)
{
    const imp_dataset *dataset = job->plan.sources[0];
    for (int e = 0; e < imp_dataset_episode_count(dataset); e++) {
        imp_drop_reason reason;
        // frames of episodes that went as a whole
        while (job->next_frames < job->marks.frame_count &&
               job->marks.frames[job->next_frames].episode < e)
            job->next_frames++;
        if (is_dropped(job, e, &reason))
            job->summary->dropped[reason]++;
        else
            IMP_TRY(keep_unmarked_frames(job, e, imp_dataset_episode(dataset, e)->steps, err));
    }
    imp_edit_plan_summarize(&job->plan, job->summary);
    return job->plan.piece_count > 0
               ? IMP_OK
               : imp_fail(err, IMP_USAGE, "%s: nothing would be left: drop less",
                          job->plan.paths[0]);
}

imp_status imp_dataset_drop_episodes(imp_dataset_edit_summary *summary, const char *folder,
                                     const char *source, const imp_dataset_drop_def *def,
                                     const imp_monitor *monitor, imp_error *err)
{
    drop_job job = {.def = def, .summary = summary};
    char origin[IMP_DATASET_ORIGIN_MAX];
    if (def->cookie != DROP_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "a definition must come from imp_default_dataset_drop_def()");
    *summary = (imp_dataset_edit_summary){0};
    imp_status status = open_dataset_and_marks(&job, &source, monitor, err);
    if (status == IMP_OK)
        status = choose_kept_pieces(&job, err);
    if (status == IMP_OK)
        status = imp_edit_plan_format_origin(&job.plan, origin, "drop", summary->dropped, err);
    if (status == IMP_OK && folder != NULL)
        status = imp_edit_plan_write(&job.plan, folder, origin, err);
    imp_edit_plan_free(&job.plan);
    imp_marks_free(&job.marks);
    free(job.statistics);
    free(job.marked);
    free(job.numbered);
    return status;
}
