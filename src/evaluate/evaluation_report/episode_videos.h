// evaluate/evaluation_report/episode_videos.h: videos of an evaluation's worst episodes.
#ifndef IMP_EVALUATE_EVALUATION_REPORT_EPISODE_VIDEOS_H
#define IMP_EVALUATE_EVALUATION_REPORT_EPISODE_VIDEOS_H

#include "imprint/evaluate.h"

typedef struct imp_episode_videos_def {
    const char *folder;    // that exists
    const char *extension; // ".mp4" or another of imp_video_extensions
    int width, height;     // of each of the two views, which stand side by side [px]
    int count;             // of the worst episodes, up to IMP_WORST_EPISODES_MAX
    int policy;            // its number in the names of the files
} imp_episode_videos_def;

// Drives the worst episodes of an evaluation again, with the same results, and writes
// `worst-<policy>-<n>` videos of what the robot sees and of the map from above, with time, speed
// and actions. def: as in imp_evaluate(). Fails as imp_video_create() does.
imp_status imp_episode_videos_write(const imp_episode_videos_def *videos,
                                    const imp_evaluation *evaluation,
                                    const imp_policy_factory *policy, const imp_eval_def *def,
                                    const imp_monitor *monitor, imp_error *err);

#endif
