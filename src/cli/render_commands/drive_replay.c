// Reads drives from files and folders and hands them to evaluate/evaluation_report/drive_video.c.
// Views are smaller than single images, because several stand side by side.
#include "cli/render_commands/drive_replay.h"

#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "cli/output/console.h"
#include "evaluate/evaluation_report/drive_video.h"
#include "learn/collection/drive_files.h"

enum { VIEW_WIDTH = 320, VIEW_HEIGHT = 240 };

// The policy's name where all drives have one of their own, else the file's.
static const char *choose_drive_name(const imp_demonstration *drives, int count, int index,
                                     const char *path)
{
    const char *name = drives[index].policy;
    bool is_unique = name[0] != '\0';
    for (int k = 0; k < count; k++)
        is_unique = is_unique && (k == index || strcmp(drives[k].policy, name) != 0);
    return is_unique ? name : imp_path_base_name(path);
}

imp_status imp_drive_replay_write(const imp_options *options, const imp_text_list *drives,
                                  const imp_sim_options *sim, int every, const char *out,
                                  int *frames, imp_error *err)
{
    imp_drive_files files;
    imp_demonstration read[IMP_DRIVE_VIDEO_MAX] = {0};
    imp_video_drive shown[IMP_DRIVE_VIDEO_MAX] = {0};
    const imp_monitor monitor = imp_console_create_monitor(options);
    imp_status status = imp_drive_files_list(&files, drives->items, drives->count, &monitor, err);
    if (status == IMP_OK && files.count > IMP_DRIVE_VIDEO_MAX)
        status = imp_fail(err, IMP_USAGE, "--drive: a video shows at most %d drives, not %d",
                          IMP_DRIVE_VIDEO_MAX, files.count);
    for (int k = 0; k < files.count && status == IMP_OK; k++)
        status = imp_demonstration_read(&read[k], files.paths[k], err);
    if (status == IMP_OK) {
        // the default size is for one image; views side by side are smaller
        const bool sized = imp_option_is_given(options, &sim->def->camera.width);
        for (int k = 0; k < files.count; k++)
            shown[k] = (imp_video_drive){
                .drive = &read[k], .name = choose_drive_name(read, files.count, k, files.paths[k])};
        const imp_drive_video_def def = {
            .path = out,
            .drives = shown,
            .count = files.count,
            .width = sized ? sim->def->camera.width : VIEW_WIDTH,
            .height = sized ? sim->def->camera.height : VIEW_HEIGHT,
            .every = every > 0 ? every : 1,
        };
        status = imp_drive_video_write(frames, &def, &monitor, err);
    }
    imp_console_clear_progress();
    for (int k = 0; k < IMP_DRIVE_VIDEO_MAX; k++)
        imp_demonstration_free(&read[k]);
    imp_drive_files_free(&files);
    return status;
}
