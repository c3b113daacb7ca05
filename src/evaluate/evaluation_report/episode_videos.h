// evaluate/evaluation_report/episode_videos.h: videos of an evaluation's worst episodes.
#ifndef IMP_EVALUATE_EVALUATION_REPORT_EPISODE_VIDEOS_H
#define IMP_EVALUATE_EVALUATION_REPORT_EPISODE_VIDEOS_H

#include "imprint/evaluate.h"

// Everything is borrowed.
typedef struct imp_episode_videos_def {
    const char *folder;       // that exists
    const char *extension;    // ".mp4" or another of imp_video_extensions
    int width, height;        // of each view [px]
    int videos;               // of the worst episodes of each policy, up to IMP_WORST_EPISODES_MAX
    int count;                // of the policies, which were evaluated from the same starts
    const char *const *names; // (count)
    const imp_policy_factory *const *factories; // (count)
    const imp_eval_def *defs;                   // (count)
    const imp_evaluation *evaluations;          // (count)
} imp_episode_videos_def;

// Drives the worst episodes of each policy again, with the same results, and writes
// `worst-<policy>-<n>` videos of what the robot sees and of the map from above, with time, speed
// and actions. Other policies are shown beside it from the same start, IMP_DRIVE_VIDEO_MAX in all.
// Fails as imp_replay_episodes() and imp_video_create() do.
imp_status imp_episode_videos_write(const imp_episode_videos_def *def, const imp_monitor *monitor,
                                    imp_error *err);

#endif
