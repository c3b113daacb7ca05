// Episodes of an evaluation driven once more for videos. An episode follows from its number alone,
// so that the second drive equals the first. An observer draws each state twice: as the robot's
// camera sees it, at the size of the video, and the map from above with the way so far. What is
// randomised in the world is in both views; effects of the camera are not.
#include "evaluate/evaluation_report/episode_videos.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "evaluate/evaluation/evaluate.h"
#include "evaluate/report/report_formats/video.h"
#include "evaluate/report/report_formats/video_caption.h"

// The observer of one episode.
typedef struct video_recorder {
    const struct video_job *job;
    imp_sim *sim;
    imp_renderer *renderer;
    imp_video *video;
    imp_canvas caption;
    uint8_t *frame, *view; // the whole frame, and one view
    imp_episode_result result;
    imp_episode_recorder figures;
    double time, speed; // of the state that is drawn [s, m/s]
    imp_error error;    // of a frame that could not be written
} video_recorder;

// What all threads share.
typedef struct video_job {
    imp_rollout_workers workers;
    const imp_episode_videos_def *videos;
    const imp_evaluation *evaluation;
    imp_eval_def def;
    video_recorder *recorders; // (slots)
    imp_error *errors;         // (count)
    imp_monitor stopping;      // asks the workers' flag, on any thread
} video_job;

static bool workers_should_stop(void *context)
{
    return atomic_load(&((imp_rollout_workers *)context)->stop);
}

static size_t view_bytes(const imp_episode_videos_def *videos)
{
    return (size_t)videos->width * (size_t)videos->height * 3;
}

// Puts a view into the left or the right half of the frame.
static void place_view(const video_recorder *r, int half)
{
    const int width = r->job->videos->width;
    imp_video_place_view(r->frame, 2 * width, r->view, width, r->job->videos->height, half);
}

// Draws the present state, all but the line below it.
static void draw_state(void *context, const imp_env *env, const uint8_t *observation)
{
    video_recorder *r = context;
    const int width = r->job->videos->width, height = r->job->videos->height;
    const imp_view view = imp_sim_view(r->sim);
    const imp_scene *scene = imp_sim_scene(r->sim);
    (void)observation;
    r->time = env->frame * env->def.drive.time_step;
    r->speed = env->speed;
    imp_render(r->renderer, scene, &view, r->view);
    place_view(r, 0);
    imp_render_top_down_view(scene, &view, width, height, r->view);
    imp_draw_trajectory(env->world, width, height, r->result.poses, r->result.steps + 1, r->view);
    imp_draw_robot(env->world, width, height, env->pose, r->view);
    place_view(r, 1);
}

// Completes the frame with its line and writes it.
static void write_frame(video_recorder *r, const imp_video_caption *caption)
{
    if (r->error.status != IMP_OK)
        return;
    imp_video_caption_draw(&r->caption, caption);
    memcpy(r->frame + 2 * view_bytes(r->job->videos), r->caption.rgb,
           (size_t)r->caption.width * (size_t)r->caption.height * 3);
    (void)imp_video_add_frame(r->video, r->frame, &r->error);
}

// The frame before a step is complete when its action is known.
static void write_state_with_action(void *context, const imp_env *env,
                                    const imp_transition *transition)
{
    video_recorder *r = context;
    (void)env;
    const imp_video_caption caption = {.time = r->time,
                                       .speed = r->speed,
                                       .left = (float)transition->chosen.left,
                                       .right = (float)transition->chosen.right};
    write_frame(r, &caption);
}

static void write_last_state(void *context, const imp_env *env, const uint8_t *observation,
                             imp_end_reason ending)
{
    video_recorder *r = context;
    draw_state(context, env, observation);
    const imp_video_caption caption = {.time = r->time,
                                       .speed = r->speed,
                                       .left = NAN,
                                       .right = NAN,
                                       .driver = imp_end_reason_name(ending)};
    write_frame(r, &caption);
}

// Opens the video of an episode and what its frames are drawn with.
static imp_status open_video(video_recorder *r, int index, imp_error *err)
{
    const imp_episode_videos_def *videos = r->job->videos;
    const imp_eval_def *def = &r->job->def;
    const int strip = imp_video_caption_height(videos->height);
    char name[64], path[IMP_PATH_MAX];
    imp_camera_def camera = *imp_sim_camera(r->sim);
    camera.width = videos->width;
    camera.height = videos->height;
    snprintf(name, sizeof name, "worst-%d-%d%s", videos->policy, index + 1, videos->extension);
    IMP_TRY(imp_path_join(path, videos->folder, name, err));
    IMP_TRY(imp_renderer_create(&r->renderer, &camera, def->sim.backend, err));
    IMP_TRY(imp_canvas_init(&r->caption, 2 * videos->width, strip, err));
    r->view = malloc(view_bytes(videos));
    r->frame = malloc(2 * view_bytes(videos) + (size_t)videos->width * (size_t)strip * 6);
    if (r->view == NULL || r->frame == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a video");
    return imp_video_create(&r->video, path, 2 * videos->width, videos->height + strip,
                            def->sim.env.drive.time_step * def->sim.env.frame_skip,
                            &r->job->stopping, err);
}

static imp_status begin_video(void *context, int index, int slot, imp_episode_loop_def *out,
                              imp_error *err)
{
    video_job *job = context;
    video_recorder *r = &job->recorders[slot];
    *r = (video_recorder){.job = job, .sim = job->workers.slots[slot].sim};
    IMP_TRY(imp_episode_result_alloc(&r->result, job->def.steps, false, false, err));
    IMP_TRY(imp_eval_begin_episode(out, &r->figures, &job->workers, slot,
                                   job->evaluation->worst[index], &job->def, &r->result, NULL,
                                   err));
    IMP_TRY(open_video(r, index, err));
    imp_episode_loop_add_observer(out, (imp_episode_observer){.context = r,
                                                              .before_step = draw_state,
                                                              .after_step = write_state_with_action,
                                                              .end = write_last_state});
    return IMP_OK;
}

static void finish_video(void *context, int index, int slot, const imp_error *error)
{
    video_job *job = context;
    video_recorder *r = &job->recorders[slot];
    imp_error *result = &job->errors[index];
    *result = error->status != IMP_OK ? *error : r->error;
    if (result->status == IMP_OK)
        (void)imp_video_finish(r->video, result);
    imp_video_destroy(r->video);
    imp_renderer_destroy(r->renderer);
    imp_canvas_release(&r->caption);
    imp_episode_result_release(&r->result);
    free(r->view);
    free(r->frame);
    *r = (video_recorder){0};
}

// Drives all episodes; the first error in their order is the one to tell.
static imp_status write_all_videos(video_job *job, int count, const imp_policy_factory *policy,
                                   const imp_policy_factory *progress_expert,
                                   const imp_monitor *monitor, imp_error *err)
{
    imp_rollout_workers *workers = &job->workers;
    IMP_TRY(imp_eval_create_workers(workers, policy, progress_expert, false, count, &job->def,
                                    monitor, err));
    job->stopping = (imp_monitor){.should_stop = workers_should_stop, .context = workers};
    job->recorders =
        calloc((size_t)workers->threads * (size_t)workers->batch, sizeof *job->recorders);
    job->errors = calloc((size_t)count, sizeof *job->errors);
    if (job->recorders == NULL || job->errors == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for videos");
    workers->progress.task = "videos";
    workers->progress.total = -1.0;
    imp_run_episodes(workers, count, &(imp_episode_task){job, begin_video, finish_video});
    for (int k = 0; k < count; k++)
        if (job->errors[k].status != IMP_OK)
            return imp_fail(err, job->errors[k].status, "%s", job->errors[k].message);
    return IMP_OK;
}

imp_status imp_episode_videos_write(const imp_episode_videos_def *videos,
                                    const imp_evaluation *evaluation,
                                    const imp_policy_factory *policy, const imp_eval_def *def,
                                    const imp_monitor *monitor, imp_error *err)
{
    const int count =
        videos->count < evaluation->worst_count ? videos->count : evaluation->worst_count;
    video_job job = {.videos = videos, .evaluation = evaluation, .def = *def};
    imp_policy_factory *progress_expert = NULL;
    if (count < 1)
        return IMP_OK;
    imp_status status = imp_eval_open_expert(&progress_expert, def, err);
    if (status == IMP_OK)
        status = write_all_videos(&job, count, policy, progress_expert, monitor, err);
    imp_rollout_workers_destroy(&job.workers);
    imp_policy_factory_close(progress_expert);
    free(job.recorders);
    free(job.errors);
    return status;
}
