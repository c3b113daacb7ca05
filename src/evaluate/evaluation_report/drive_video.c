// Drives side by side in one video. The recorded actions step each again, in a simulator of the
// caller's or in an environment of its own; the columns of a frame show them at the same time.
#include "evaluate/evaluation_report/drive_video.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "evaluate/report/report_formats/video.h"
#include "evaluate/report/report_formats/video_frame.h"

// A drive in its column.
typedef struct drive_column {
    const imp_video_drive *shown;
    imp_world *world; // of its own, unless it drives in a simulator
    imp_scene *scene;
    imp_env *own_env;
    const imp_env *env; // of the one or the other
    imp_renderer *renderer;
    imp_pose *trail; // (steps + 1)
    int step;
} drive_column;

// What one video is made with.
typedef struct video_job {
    const imp_drive_video_def *def;
    drive_column columns[IMP_DRIVE_VIDEO_MAX];
    imp_video *video;
    imp_video_frame frame;
} video_job;

// Puts a drive that has no simulator at its start.
static imp_status create_env_at_drive_start(drive_column *column, imp_error *err)
{
    const imp_demonstration *drive = column->shown->drive;
    imp_env_def def = drive->env;
    def.max_steps = IMP_DEMONSTRATION_STEPS_MAX;
    column->own_env = malloc(sizeof *column->own_env);
    if (column->own_env == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a drive");
    IMP_TRY(imp_demonstration_load_world(&column->world, drive, err));
    IMP_TRY(imp_scene_create(&column->scene, column->world, err));
    IMP_TRY(imp_env_init(column->own_env, column->world, &def, err));
    column->env = column->own_env;
    return imp_env_reset(column->own_env, drive->episode, err);
}

// An environment at the start of the drive, its camera, and room for its trail.
static imp_status create_env_of_video_column(drive_column *column, const imp_drive_video_def *def,
                                             imp_error *err)
{
    const imp_demonstration *drive = column->shown->drive;
    imp_sim *sim = column->shown->sim;
    imp_camera_def camera = sim != NULL ? *imp_sim_camera(sim) : imp_default_camera_def();
    camera.width = def->width;
    camera.height = def->height;
    if (sim != NULL)
        column->env = imp_sim_env(sim);
    else
        IMP_TRY(create_env_at_drive_start(column, err));
    IMP_TRY(imp_demonstration_check_state(drive, 0, column->env, err));
    IMP_TRY(imp_renderer_create(&column->renderer, &camera, IMP_RENDER_AUTO, err));
    column->trail = calloc((size_t)drive->steps + 1, sizeof *column->trail);
    if (column->trail == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a drive of %s",
                        IMP_PLURAL(drive->steps, "step"));
    column->trail[0] = column->env->pose;
    return IMP_OK;
}

// Refuses what does not fit into a frame.
static imp_status check_drive_video(const imp_drive_video_def *def, imp_error *err)
{
    if (def->count < 1 || def->count > IMP_DRIVE_VIDEO_MAX)
        return imp_fail(err, IMP_USAGE, "a video shows 1 to %d drives, not %d", IMP_DRIVE_VIDEO_MAX,
                        def->count);
    return def->every >= 1
               ? IMP_OK
               : imp_fail(err, IMP_USAGE, "every %d-th step: must be at least 1", def->every);
}

// Everything that a frame is drawn with. All drives have the time step of the first one.
static imp_status create_renderers_and_columns(video_job *job, const imp_monitor *monitor,
                                               imp_error *err)
{
    const imp_drive_video_def *def = job->def;
    IMP_TRY(imp_video_frame_init(&job->frame, def->count, def->width, def->height, err));
    for (int k = 0; k < def->count; k++) {
        job->columns[k].shown = &def->drives[k];
        IMP_TRY(create_env_of_video_column(&job->columns[k], def, err));
    }
    const imp_env_def *env = &job->columns[0].env->def;
    return imp_video_create(&job->video, def->path, job->frame.width, job->frame.height,
                            env->drive.time_step * env->frame_skip * def->every, monitor, err);
}

// Draws the present state of a drive.
static void draw_state_of_column(video_job *job, int index)
{
    const drive_column *column = &job->columns[index];
    const imp_video_drive *shown = column->shown;
    const bool over = column->step == shown->drive->steps;
    const imp_view view =
        shown->sim != NULL ? imp_sim_camera_view(shown->sim) : imp_env_camera_view(column->own_env);
    char remark[96];
    const bool has_ending = over && shown->ending != NULL;
    // the caption: name and, when the drive is over, how it ended
    snprintf(remark, sizeof remark, "%s%s%s", shown->name != NULL ? shown->name : "",
             has_ending && shown->name != NULL ? ": " : "", has_ending ? shown->ending : "");
    imp_video_robot robot = {.env = column->env,
                             .scene =
                                 shown->sim != NULL ? imp_sim_scene(shown->sim) : column->scene,
                             .view = &view,
                             .renderer = column->renderer,
                             .trail = column->trail,
                             .poses = column->step + 1,
                             .left = NAN,
                             .right = NAN,
                             .remark = remark};
    // the last state has no action
    if (!over) {
        robot.left = shown->drive->actions[2 * (size_t)column->step];
        robot.right = shown->drive->actions[2 * (size_t)column->step + 1];
    }
    imp_video_frame_draw_robot(&job->frame, index, &robot);
}

// Takes a step of a drive that goes on.
static imp_status step_drive_of_column(drive_column *column, imp_error *err)
{
    const imp_demonstration *drive = column->shown->drive;
    if (column->step == drive->steps)
        return IMP_OK;
    const float *duty = drive->actions + 2 * (size_t)column->step;
    const imp_action action = {(double)duty[0], (double)duty[1]};
    if (column->shown->sim != NULL)
        imp_sim_step(column->shown->sim, action);
    else
        imp_env_step(column->own_env, action);
    column->trail[++column->step] = column->env->pose;
    return imp_demonstration_check_state(drive, column->step, column->env, err);
}

// Steps all drives together. One that has ended keeps its last frame.
static imp_status write_all_frames(video_job *job, int *frames, const imp_monitor *monitor,
                                   imp_error *err)
{
    const imp_drive_video_def *def = job->def;
    int longest = 0;
    for (int k = 0; k < def->count; k++)
        longest = def->drives[k].drive->steps > longest ? def->drives[k].drive->steps : longest;
    for (int step = 0; step <= longest; step++) {
        for (int k = 0; k < def->count && step > 0; k++)
            IMP_TRY(step_drive_of_column(&job->columns[k], err));
        if (imp_monitor_should_stop(monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
        // the last state is always shown
        if (step % def->every != 0 && step != longest)
            continue;
        for (int k = 0; k < def->count; k++)
            if (step == 0 || step - def->every <= def->drives[k].drive->steps)
                draw_state_of_column(job, k);
        IMP_TRY(imp_video_add_frame(job->video, job->frame.rgb, err));
        ++*frames;
        const imp_progress progress = {"video", "steps", step, longest, NULL};
        imp_monitor_progress(monitor, &progress);
    }
    return imp_video_finish(job->video, err);
}

imp_status imp_drive_video_write(int *frames, const imp_drive_video_def *def,
                                 const imp_monitor *monitor, imp_error *err)
{
    int written = 0;
    IMP_TRY(check_drive_video(def, err));
    video_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a video");
    job->def = def;
    imp_status status = create_renderers_and_columns(job, monitor, err);
    if (status == IMP_OK)
        status = write_all_frames(job, &written, monitor, err);
    // also after a failure, where a part of it was created
    imp_video_destroy(job->video);
    for (int k = 0; k < def->count; k++) {
        drive_column *column = &job->columns[k];
        imp_renderer_destroy(column->renderer);
        imp_scene_destroy(column->scene);
        imp_world_destroy(column->world);
        free(column->own_env);
        free(column->trail);
    }
    imp_video_frame_release(&job->frame);
    free(job);
    if (frames != NULL)
        *frames = written;
    return status;
}
