// evaluate/evaluation_report/drive_video.h: drives side by side in one video.
#ifndef IMP_EVALUATE_EVALUATION_REPORT_DRIVE_VIDEO_H
#define IMP_EVALUATE_EVALUATION_REPORT_DRIVE_VIDEO_H

#include "imprint/demonstration.h"
#include "imprint/sim.h"

enum { IMP_DRIVE_VIDEO_MAX = 6 };

// A drive of a video. Everything is borrowed.
typedef struct imp_video_drive {
    const imp_demonstration *drive;
    const char *name;   // nullable: written below it
    const char *ending; // nullable: written when it is over
    // Nullable: at the start of the drive, which drives on in it, and is shown with what is drawn
    // for its episode. Otherwise the drive's own map is loaded.
    imp_sim *sim;
} imp_video_drive;

// Everything is borrowed.
typedef struct imp_drive_video_def {
    const char *path;              // of the video; its ending decides the kind
    const imp_video_drive *drives; // (count)
    int count;                     // 1 to IMP_DRIVE_VIDEO_MAX
    int width, height;             // of each view [px]
    int every;                     // steps from frame to frame
} imp_drive_video_def;

// Drives them again, all from their start, and shows each as imp_video_frame does, with its name. A
// drive that is over keeps its last frame. *frames (nullable): how many were written. Fails with
// IMP_CHECK_FAILED if a drive does not come out the same, as imp_video_create() does, and with
// IMP_INTERRUPTED.
imp_status imp_drive_video_write(int *frames, const imp_drive_video_def *def,
                                 const imp_monitor *monitor, imp_error *err);

#endif
