// Drives side by side in one video. Each has its own environment, which its recorded actions step
// again; the columns of a frame show them at the same time.
#include "evaluate/evaluation_report/drive_video.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "evaluate/report/report_formats/video.h"
#include "evaluate/report/report_formats/video_caption.h"
#include "imprint/render.h"

// A drive in its column.
typedef struct drive_column {
    const imp_demonstration *drive;
    const char *name;
    imp_world *world;
    imp_scene *scene;
    imp_env env;
    imp_pose *trail; // (steps + 1)
    int step;
} drive_column;

// What one video is made with.
typedef struct video_job {
    const imp_drive_video_def *def;
    drive_column columns[IMP_DRIVE_VIDEO_MAX];
    imp_renderer *renderer;
    imp_video *video;
    imp_canvas caption;
    uint8_t *frame, *view;
    int width, height; // of the frame
} video_job;

static imp_status open_column(drive_column *column, imp_error *err)
{
    const imp_demonstration *drive = column->drive;
    imp_env_def env = drive->env;
    env.max_steps = IMP_DEMONSTRATION_STEPS_MAX;
    IMP_TRY(imp_demonstration_load_world(&column->world, drive, err));
    IMP_TRY(imp_scene_create(&column->scene, column->world, err));
    IMP_TRY(imp_env_init(&column->env, column->world, &env, err));
    IMP_TRY(imp_env_reset(&column->env, drive->episode, err));
    IMP_TRY(imp_demonstration_check_state(drive, 0, &column->env, err));
    column->trail = calloc((size_t)drive->steps + 1, sizeof *column->trail);
    if (column->trail == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a drive of %s",
                        IMP_PLURAL(drive->steps, "step"));
    column->trail[0] = column->env.pose;
    return IMP_OK;
}

static imp_status check_drive_video(const imp_drive_video_def *def, imp_error *err)
{
    enum { SIDE_MIN = 16, SIDE_MAX = 4096 };
    if (def->count < 1 || def->count > IMP_DRIVE_VIDEO_MAX)
        return imp_fail(err, IMP_USAGE, "a video shows 1 to %d drives, not %d", IMP_DRIVE_VIDEO_MAX,
                        def->count);
    if (def->width < SIDE_MIN || def->height < SIDE_MIN || def->width > SIDE_MAX ||
        def->height > SIDE_MAX)
        return imp_fail(err, IMP_USAGE, "views of %d x %d pixels are not within %d to %d",
                        def->width, def->height, SIDE_MIN, SIDE_MAX);
    return def->every >= 1
               ? IMP_OK
               : imp_fail(err, IMP_USAGE, "every %d-th step: must be at least 1", def->every);
}

static imp_status open_job(video_job *job, const imp_monitor *monitor, imp_error *err)
{
    const imp_drive_video_def *def = job->def;
    imp_camera_def camera = imp_default_camera_def();
    camera.width = def->width;
    camera.height = def->height;
    for (int k = 0; k < def->count; k++) {
        job->columns[k].drive = &def->drives[k];
        job->columns[k].name = def->names[k];
        IMP_TRY(open_column(&job->columns[k], err));
    }
    const int strip = imp_video_caption_height(def->height);
    job->width = def->count * def->width;
    job->height = 2 * def->height + strip;
    job->view = malloc((size_t)def->width * (size_t)def->height * 3);
    job->frame = calloc((size_t)job->width * (size_t)job->height, 3);
    if (job->view == NULL || job->frame == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a video");
    IMP_TRY(imp_canvas_init(&job->caption, def->width, strip, err));
    IMP_TRY(imp_renderer_create(&job->renderer, &camera, IMP_RENDER_AUTO, err));
    const imp_env_def *env = &job->columns[0].env.def;
    return imp_video_create(&job->video, def->path, job->width, job->height,
                            env->drive.time_step * env->frame_skip * def->every, monitor, err);
}

// Puts an image of the column's width into the frame, below `top` rows.
static void place(const video_job *job, int column, int top, const uint8_t *rgb, int height)
{
    imp_video_place_view(job->frame + (size_t)top * (size_t)job->width * 3, job->width, rgb,
                         job->def->width, height, column);
}

// Draws the present state of a drive.
static void draw_column(video_job *job, int index)
{
    const drive_column *column = &job->columns[index];
    const imp_demonstration *drive = column->drive;
    const imp_env *env = &column->env;
    const int width = job->def->width, height = job->def->height;
    const imp_view view = imp_env_view(env);
    const bool over = column->step == drive->steps;
    const float *duty = drive->actions + 2 * (size_t)column->step;
    imp_render(job->renderer, column->scene, &view, job->view);
    place(job, index, 0, job->view, height);
    imp_render_top_down_view(column->scene, &view, width, height, job->view);
    imp_draw_trajectory(column->world, width, height, column->trail, column->step + 1, job->view);
    imp_draw_robot(column->world, width, height, env->pose, job->view);
    place(job, index, height, job->view, height);
    const imp_video_caption caption = {.time = env->frame * env->def.drive.time_step,
                                       .speed = env->speed,
                                       .left = over ? NAN : duty[0],
                                       .right = over ? NAN : duty[1],
                                       .driver = column->name};
    imp_video_caption_draw(&job->caption, &caption);
    place(job, index, 2 * height, job->caption.rgb, job->caption.height);
}

// Takes a step of a drive that goes on.
static imp_status step_column(drive_column *column, imp_error *err)
{
    const imp_demonstration *drive = column->drive;
    if (column->step == drive->steps)
        return IMP_OK;
    const float *duty = drive->actions + 2 * (size_t)column->step;
    imp_env_step(&column->env, (imp_action){(double)duty[0], (double)duty[1]});
    column->trail[++column->step] = column->env.pose;
    return imp_demonstration_check_state(drive, column->step, &column->env, err);
}

static imp_status write_all_frames(video_job *job, int *frames, const imp_monitor *monitor,
                                   imp_error *err)
{
    const imp_drive_video_def *def = job->def;
    int longest = 0;
    for (int k = 0; k < def->count; k++)
        longest = def->drives[k].steps > longest ? def->drives[k].steps : longest;
    for (int step = 0; step <= longest; step++) {
        for (int k = 0; k < def->count && step > 0; k++)
            IMP_TRY(step_column(&job->columns[k], err));
        if (imp_monitor_should_stop(monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
        // the last state is always shown
        if (step % def->every != 0 && step != longest)
            continue;
        for (int k = 0; k < def->count; k++)
            if (step == 0 || step - def->every <= def->drives[k].steps)
                draw_column(job, k);
        IMP_TRY(imp_video_add_frame(job->video, job->frame, err));
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
    imp_status status = open_job(job, monitor, err);
    if (status == IMP_OK)
        status = write_all_frames(job, &written, monitor, err);
    imp_video_destroy(job->video);
    imp_canvas_release(&job->caption);
    imp_renderer_destroy(job->renderer);
    for (int k = 0; k < def->count; k++) {
        imp_scene_destroy(job->columns[k].scene);
        imp_world_destroy(job->columns[k].world);
        free(job->columns[k].trail);
    }
    free(job->view);
    free(job->frame);
    free(job);
    if (frames != NULL)
        *frames = written;
    return status;
}
