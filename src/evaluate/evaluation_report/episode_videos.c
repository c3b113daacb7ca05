// Videos of the worst episodes of an evaluation. An episode follows from its number alone, so that
// each policy drives it again as before, and its drive is recorded. Then all drives of an episode
// step through simulators side by side. What is randomised in the world is shown; effects of the
// camera are not.
#include "evaluate/evaluation_report/episode_videos.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "evaluate/evaluation/evaluate.h"
#include "evaluate/evaluation_report/drive_video.h"

// A policy that is shown.
typedef struct shown_policy {
    int number;                  // among those of the evaluation
    imp_rollout_workers workers; // one simulator, in which its drives are shown
    imp_replay replays[IMP_WORST_EPISODES_MAX];
} shown_policy;

// The policies of a video: the one that it is about, and others in their order.
typedef struct video_job {
    const imp_episode_videos_def *def;
    int policy; // that the videos are about
    int videos;
    int shown_count;
    shown_policy shown[IMP_DRIVE_VIDEO_MAX];
} video_job;

// The first policies, and always the one whose worst episode this is.
static void choose_policies(video_job *job)
{
    const int count = job->def->count;
    job->shown_count = count < IMP_DRIVE_VIDEO_MAX ? count : IMP_DRIVE_VIDEO_MAX;
    for (int k = 0; k < job->shown_count; k++)
        job->shown[k].number = k;
    if (job->policy >= job->shown_count)
        job->shown[job->shown_count - 1].number = job->policy;
}

// Lets a policy drive the worst episodes of the one that the videos are about.
static imp_status record_drives(shown_policy *shown, const video_job *job,
                                const imp_monitor *monitor, imp_error *err)
{
    const imp_evaluation *evaluation = &job->def->evaluations[job->policy];
    imp_replay_def which[IMP_WORST_EPISODES_MAX];
    for (int k = 0; k < job->videos; k++)
        which[k] = (imp_replay_def){.episode = evaluation->worst[k], .every = 1};
    return imp_replay_episodes(shown->replays, which, job->videos,
                               job->def->factories[shown->number], &job->def->defs[shown->number],
                               monitor, err);
}

// Creates the simulator that a policy's drives are shown in.
static imp_status create_simulator(shown_policy *shown, const video_job *job,
                                   const imp_monitor *monitor, imp_error *err)
{
    imp_eval_def def = job->def->defs[shown->number];
    def.sim.threads = 1;
    return imp_eval_create_workers(&shown->workers, job->def->factories[shown->number], NULL, false,
                                   1, &def, monitor, err);
}

// Writes the video of the policy's k-th worst episode.
static imp_status write_video(video_job *job, int k, const imp_monitor *monitor, imp_error *err)
{
    const imp_episode_videos_def *def = job->def;
    const int episode = def->evaluations[job->policy].worst[k];
    imp_video_drive drives[IMP_DRIVE_VIDEO_MAX] = {0};
    char name[64], path[IMP_PATH_MAX];
    snprintf(name, sizeof name, "worst-%d-%d%.16s", job->policy + 1, k + 1, def->extension);
    IMP_TRY(imp_path_join(path, def->folder, name, err));
    // all policies drive the same start, side by side
    for (int n = 0; n < job->shown_count; n++) {
        shown_policy *shown = &job->shown[n];
        imp_rollout_slot *slot = &shown->workers.slots[0];
        IMP_TRY(imp_rollout_slot_reset_sim(&shown->workers, slot, (uint32_t)episode, err));
        drives[n] = (imp_video_drive){
            .drive = shown->replays[k].result.drive,
            .name = job->shown_count > 1
                        ? imp_path_shortest_unique_tail(def->names, def->count, shown->number)
                        : NULL,
            .ending = imp_end_reason_name(shown->replays[k].result.ending),
            .sim = slot->sim};
    }
    const imp_drive_video_def video = {.path = path,
                                       .drives = drives,
                                       .count = job->shown_count,
                                       .width = def->width,
                                       .height = def->height,
                                       .every = 1};
    return imp_drive_video_write(NULL, &video, monitor, err);
}

// Writes all videos about a policy.
static imp_status write_videos_of_policy(video_job *job, const imp_monitor *monitor, imp_error *err)
{
    choose_policies(job);
    for (int n = 0; n < job->shown_count; n++) {
        IMP_TRY(record_drives(&job->shown[n], job, monitor, err));
        IMP_TRY(create_simulator(&job->shown[n], job, monitor, err));
    }
    for (int k = 0; k < job->videos; k++)
        IMP_TRY(write_video(job, k, monitor, err));
    return IMP_OK;
}

imp_status imp_episode_videos_write(const imp_episode_videos_def *def, const imp_monitor *monitor,
                                    imp_error *err)
{
    imp_status status = IMP_OK;
    for (int p = 0; p < def->count && status == IMP_OK; p++) {
        const int worst = def->evaluations[p].worst_count;
        video_job *job = calloc(1, sizeof *job);
        if (job == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for videos");
        job->def = def;
        job->policy = p;
        job->videos = def->videos < worst ? def->videos : worst;
        if (job->videos > 0)
            status = write_videos_of_policy(job, monitor, err);
        for (int n = 0; n < IMP_DRIVE_VIDEO_MAX; n++) {
            for (int k = 0; k < job->videos; k++)
                imp_replay_free(&job->shown[n].replays[k]);
            imp_rollout_workers_destroy(&job->shown[n].workers);
        }
        free(job);
    }
    return status;
}
