// Draws a recorded episode as frames in a folder, as a video (APNG, or MP4 and others
// through ffmpeg) or as a contact sheet (PNG). Without options for the view, the recorded images
// are shown, enlarged if they are small. With such options, the frames are rendered again at the
// recorded poses. An environment is stepped with the recorded actions alongside, so that moving
// objects and traffic lights are where they were. The robot itself is placed by the recorded pose,
// so it cannot drift away. The map comes from --map, from the text that the dataset stores, or from
// the path in its settings, in this order.
#include "cli/render_commands/replay.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/options/old_names.h"
#include "cli/output/console.h"
#include "evaluate/report/report_formats/video.h"
#include "evaluate/report/report_formats/video_caption.h"

// --episode also selects the first episode of a randomised sheet.
void imp_replay_options_add(imp_options *options, imp_replay_options *r)
{
    const imp_option table[] = {
        {"replay", 0, IMP_OPTION_TEXT, &r->dataset, "DATASET",
         "draw an episode of this dataset; --out is a folder for frames, FILE.apng for an "
         "animation or FILE.png for a contact sheet",
         IMP_SETTING},
        {"episode", 0, IMP_OPTION_INT, &r->episode, "N", "number of the episode, from 0",
         IMP_SETTING},
        {"every", 0, IMP_OPTION_INT, &r->every, "N",
         "draw every N-th frame; 0: all, or as many as a contact sheet has room for", IMP_SETTING},
        {"caption", 0, IMP_OPTION_FLAG, &r->caption, NULL,
         "write time, speed and actions below the frames of a video", IMP_SETTING},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// The extension of --out decides: none, that of a video, or .png.
typedef enum output_kind { FOLDER, ANIMATION, SHEET } output_kind;

enum { PANELS_MAX = 4 };

// State of one replay. `world` NULL means that recorded frames are shown.
typedef struct replay_job {
    const imp_dataset_info *info;
    const imp_episode *episode;
    output_kind output_kind;
    const char *out;
    int every, count;         // frames shown
    int width, height, scale; // of a frame as it is written, and what recorded ones are enlarged by
    int panel_width, picture_height; // of one view in it; the rest of its height is the caption
    imp_world *world;                // NULL: recorded frames are shown
    imp_scene *scene;
    imp_assets *assets;
    imp_view_renderer *panels[PANELS_MAX]; // views side by side
    int panel_count;                       // 0: recorded frames are shown
    uint8_t *panel;                        // one view, before it is put beside the others
    bool with_caption;
    imp_canvas caption; // below the views
    imp_env env;        // drives the episode again, so that what moves is where it was
    imp_pose *trail;
    uint8_t *frames; // one, or all of a contact sheet
    float *actions;  // (count x 2) of a contact sheet
    imp_video *video;
} replay_job;

// Whether any option asks for something other than the recorded images.
static bool must_render_frames_again(const imp_options *options, const imp_sim_options *sim,
                                     const imp_image_options *image)
{
    return imp_option_is_given(options, &sim->def->camera.width) ||
           imp_option_is_given(options, &image->view) ||
           imp_option_is_given(options, &image->draw) ||
           imp_option_is_given(options, &image->camera_effects) ||
           imp_option_is_given(options, &image->undistort) ||
           imp_option_is_given(options, image->eye) || imp_option_is_given(options, &sim->lens) ||
           sim->robot[0] != '\0' || sim->assets[0] != '\0';
}

// Decides the kind of output, how many frames are shown, and how much they are enlarged.
static void choose_output_layout(replay_job *p, const imp_replay_options *replay)
{
    // a sheet has at most SHEET_FRAMES frames; an animation is at least WIDE_ENOUGH pixels wide
    enum { SHEET_FRAMES = 48, WIDE_ENOUGH = 320 };
    // an episode of N steps has N + 1 observations
    const int frames = p->episode->steps + 1;
    p->output_kind = imp_video_is_file_extension_known(p->out) ? ANIMATION
                     : imp_path_has_suffix(p->out, ".png")     ? SHEET
                                                               : FOLDER;
    // spread the frames of a sheet over the whole episode
    p->every = replay->every;
    if (p->every == 0)
        p->every = p->output_kind == SHEET ? (frames + SHEET_FRAMES - 1) / SHEET_FRAMES : 1;
    p->count = (frames + p->every - 1) / p->every;
    // only recorded frames are enlarged: others are drawn at the size that was asked for
    p->scale = 1;
    if (p->output_kind == ANIMATION && p->panel_count == 0 && p->width < WIDE_ENOUGH)
        p->scale = WIDE_ENOUGH / p->width;
    p->panel_width = p->width * p->scale;
    p->picture_height = p->height * p->scale;
    p->width = p->panel_width * (p->panel_count > 1 ? p->panel_count : 1);
    p->height = p->picture_height;
    p->with_caption = p->output_kind == ANIMATION && replay->caption;
    if (p->with_caption)
        p->height += imp_video_caption_height(p->picture_height);
}

// Reads the environment's settings from the dataset: they determine how objects move.
static void read_recorded_env_settings(const char *text, imp_env_def *env)
{
    // settings that the recording does not have keep their defaults
    json_t *settings = json_loads(text, 0, NULL);
    env->randomize_objects = json_is_true(json_object_get(settings, "randomize-objects"));
    env->cars_yield = json_is_true(json_object_get(settings, "cars-yield"));
    json_t *skip = json_object_get(settings, "frame-skip");
    if (json_is_integer(skip) && json_integer_value(skip) >= 1 && json_integer_value(skip) <= 1000)
        env->frame_skip = (int)json_integer_value(skip);
    json_decref(settings);
}

// Uses the lens of the recording, unless --lens is given. A robot's own lens is not stored in full.
static imp_status camera_lens_of_dataset(const replay_job *p, const imp_options *options,
                                         const imp_sim_options *sim, imp_camera_def *camera,
                                         imp_error *err)
{
    // the user's lens has priority
    if (imp_option_is_given(options, &sim->lens) || sim->robot[0] != '\0')
        return IMP_OK;
    // a dataset may carry its robot
    if (p->info->robot[0] != '\0') {
        imp_robot_def robot;
        IMP_TRY(imp_robot_parse(&robot, NULL, p->info->robot, strlen(p->info->robot),
                                "the dataset's robot", err));
        imp_robot_set_camera_and_drive(&robot, camera, NULL);
        return IMP_OK;
    }
    if (strcmp(p->info->lens, imp_lens_name(IMP_LENS_CALIBRATED)) == 0)
        return imp_fail(
            err, IMP_USAGE,
            "the dataset was recorded with a robot's own lens: give its calibration with --lens");
    if (strcmp(p->info->lens, IMP_LENS_UNKNOWN) == 0)
        return imp_fail(err, IMP_USAGE,
                        "the lens of the dataset is unknown: choose one with --lens");
    if (strcmp(p->info->lens, imp_lens_name(IMP_LENS_NONE)) == 0)
        camera->lens = imp_lens_none();
    return IMP_OK;
}

// The path by which the settings name the episode's map, if they name just one with this name. For
// datasets that do not store the map's text. The caller frees it; NULL if there is none.
static char *recorded_map_path(const replay_job *p)
{
    json_t *settings = json_loads(p->info->settings, 0, NULL),
           *map = json_object_get(settings, "map");
    // a list with one map is the same as a single map
    if (json_is_array(map) && json_array_size(map) == 1)
        map = json_array_get(map, 0);
    const char *path = json_string_value(map);
    const char *name = path != NULL ? imp_path_base_name(path) : NULL;
    const size_t length = strlen(p->episode->map);
    char *found = NULL;
    if (name != NULL && strncmp(name, p->episode->map, length) == 0 && name[length] == '.')
        found = strdup(path);
    json_decref(settings);
    return found;
}

// Loads the map: from --map, from the dataset, or from the path in its settings.
static imp_status load_map(replay_job *p, const imp_options *options, const imp_sim_options *sim,
                           imp_error *err)
{
    const imp_episode *episode = p->episode;
    if (imp_option_is_given(options, &sim->def->map))
        return imp_world_load(&p->world, sim->def->map, err);
    if (episode->map_text != NULL) {
        char source[sizeof episode->map + 8];
        snprintf(source, sizeof source, "%s.yaml", episode->map);
        return imp_world_parse(&p->world, episode->map_text, episode->map_bytes, source, err);
    }
    // older datasets: the recorded path, or a built-in name
    char *path = recorded_map_path(p);
    imp_status status = imp_world_load(&p->world, path != NULL ? path : episode->map, err);
    if (status != IMP_OK && (path == NULL || !imp_path_exists(path)))
        status = imp_fail(
            err, IMP_BAD_INPUT,
            "the episode took place on the map '%s'%s%s, which is not %s: give its path with "
            "--map",
            episode->map, path != NULL ? " from " : "", path != NULL ? path : "",
            path != NULL ? "there" : "built in, nor in the dataset");
    free(path);
    return status;
}

// Creates a renderer for each view of --view.
static imp_status create_panels(replay_job *p, const imp_options *options,
                                const imp_sim_options *sim, const imp_image_options *image,
                                imp_error *err)
{
    const imp_camera_def *camera = &sim->def->camera;
    for (const char *at = image->view; *at != '\0';) {
        const size_t length = strcspn(at, ",");
        char name[16];
        imp_image_options one = *image;
        if (p->panel_count == PANELS_MAX)
            return imp_fail(err, IMP_USAGE, "--view %s: more than %d views", image->view,
                            PANELS_MAX);
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        one.view = imp_present_word("view", IMP_SETTING, name);
        IMP_TRY(imp_view_renderer_create(&p->panels[p->panel_count], options, &one, sim, camera,
                                         p->scene, p->world, err));
        p->panel_count++;
        at += length + (at[length] == ',');
    }
    return p->panel_count > 0 ? IMP_OK : imp_fail(err, IMP_USAGE, "--view names no view");
}

// Creates world, scene, environment and renderers for frames that are drawn again.
static imp_status open_view_renderer(replay_job *p, const imp_options *options,
                                     imp_sim_options *sim, const imp_image_options *image,
                                     imp_error *err)
{
    imp_env_def *env = &sim->def->env;
    imp_camera_def *camera = &sim->def->camera;
    IMP_TRY(imp_sim_options_convert_and_check(options, sim, err));
    IMP_TRY(camera_lens_of_dataset(p, options, sim, camera, err));
    // the environment of the recording: its settings, its seed, no end
    read_recorded_env_settings(p->info->settings, env);
    env->seed = p->episode->seed;
    // what ends an episode does not matter here
    env->max_steps = INT32_MAX;
    IMP_TRY(load_map(p, options, sim, err));
    IMP_TRY(imp_sim_options_open_assets(options, sim, &p->assets, err));
    IMP_TRY(imp_scene_create_with_def(&p->scene, p->world, &sim->def->scene, err));
    IMP_TRY(imp_env_init(&p->env, p->world, env, err));
    IMP_TRY(create_panels(p, options, sim, image, err));
    p->width = camera->width;
    p->height = camera->height;
    return IMP_OK;
}

// The recorded pose before a step.
static imp_pose recorded_pose_at(const imp_episode *episode, int step)
{
    const double *pose = episode->poses + 3 * (size_t)step;
    return (imp_pose){pose[0], pose[1], pose[2]};
}

// Allocates frames and the trajectory, places the robot, and opens the output.
static imp_status alloc_buffers_and_reset_env(replay_job *p, double frame_time,
                                              const imp_monitor *monitor, imp_error *err)
{
    // all frames have the same size
    const size_t image = (size_t)p->width * (size_t)p->height * 3;
    // a sheet needs all frames at once, the others one at a time
    const size_t buffered = p->output_kind == SHEET ? (size_t)p->count : 1;
    p->frames = malloc(image * buffered);
    p->actions = calloc((size_t)p->count, 2 * sizeof *p->actions);
    p->trail = calloc((size_t)p->episode->steps + 1, sizeof *p->trail);
    if (p->frames == NULL || p->actions == NULL || p->trail == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(buffered, "image"));
    for (int k = 0; k <= p->episode->steps; k++)
        p->trail[k] = recorded_pose_at(p->episode, k);
    p->panel = malloc((size_t)p->panel_width * (size_t)p->picture_height * 3);
    if (p->panel == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an image");
    if (p->panel_count > 0)
        imp_env_reset_at(&p->env, p->episode->number, p->trail[0]);
    if (p->with_caption)
        IMP_TRY(imp_canvas_init(&p->caption, p->width, p->height - p->picture_height, err));
    if (p->output_kind == ANIMATION)
        return imp_video_create(&p->video, p->out, p->width, p->height, frame_time * p->every,
                                monitor, err);
    return p->output_kind == FOLDER ? imp_folder_create(p->out, err) : IMP_OK;
}

// Copies a recorded frame and enlarges its pixels.
static void copy_frame_enlarged(const replay_job *p, int step, uint8_t *rgb)
{
    const int width = p->info->width;
    const uint8_t *frame =
        p->episode->observations + (size_t)step * (size_t)width * (size_t)p->info->height * 3;
    for (int row = 0; row < p->picture_height; row++)
        for (int column = 0; column < p->width; column++, rgb += 3)
            memcpy(rgb, frame + ((row / p->scale) * width + column / p->scale) * 3, 3);
}

// The forward speed that led to a step, from the difference of poses.
static double speed_before_step(const replay_job *p, int step)
{
    const imp_pose here = p->trail[step], before = p->trail[step > 0 ? step - 1 : 0];
    const imp_vec2 displacement = {here.x - before.x, here.z - before.z};
    return imp_vec2_dot(displacement, imp_heading_direction(here.heading)) / p->episode->time_step;
}

// Puts one view of several into its place in the frame.
static void copy_panel_into_frame(const replay_job *p, int index, uint8_t *rgb)
{
    imp_video_copy_view(rgb, p->width, p->panel, p->panel_width, p->picture_height, index);
}

// Renders a frame at a recorded pose. Speed and turn rate, for motion blur, are differences of
// poses.
static imp_status render_frame(replay_job *p, int step, uint8_t *rgb, imp_error *err)
{
    const imp_pose here = p->trail[step], before = p->trail[step > 0 ? step - 1 : 0];
    imp_frame_state frame = {.view = imp_env_camera_view(&p->env),
                             .trail = p->trail,
                             .trail_count = step + 1,
                             .speed = speed_before_step(p, step),
                             .turn_rate = imp_wrap_angle(here.heading - before.heading) /
                                          p->episode->time_step,
                             .number = (uint32_t)step};
    frame.view.pose = here;
    for (int k = 0; k < p->panel_count; k++) {
        IMP_TRY(imp_view_renderer_draw(p->panels[k], &frame, p->panel, err));
        copy_panel_into_frame(p, k, rgb);
    }
    return IMP_OK;
}

// Draws time, speed and actions below the views. The last state has no action.
static void draw_caption(replay_job *p, int step, uint8_t *rgb)
{
    const imp_episode *episode = p->episode;
    const float *duty = episode->actions + 2 * (size_t)step;
    const bool last = step == episode->steps;
    const imp_video_caption caption = {
        .time = step * episode->time_step,
        .speed = speed_before_step(p, step),
        .left = last ? NAN : duty[0],
        .right = last ? NAN : duty[1],
        .driver =
            !last && episode->drivers != NULL ? imp_driver_name(episode->drivers[step]) : NULL,
    };
    imp_video_caption_draw(&p->caption, &caption);
    memcpy(rgb + (size_t)p->width * (size_t)p->picture_height * 3, p->caption.rgb,
           (size_t)p->caption.width * (size_t)p->caption.height * 3);
}

// Writes a frame to the folder or the animation. Frames of a sheet are collected instead.
static imp_status write_frame_or_add_to_apng(replay_job *p, int index, const uint8_t *rgb,
                                             imp_error *err)
{
    char name[32], path[IMP_PATH_MAX];
    // the frames of a sheet are written together at the end
    if (p->output_kind == SHEET)
        return IMP_OK;
    if (p->output_kind == ANIMATION)
        return imp_video_add_frame(p->video, rgb, err);
    snprintf(name, sizeof name, "%05d.png", index);
    const imp_status status = imp_path_join(path, p->out, name, err);
    return status == IMP_OK ? imp_png_write(path, p->width, p->height, rgb, err) : status;
}

// Goes through the episode: shows every n-th frame, and steps the environment at every step.
static imp_status write_frames(replay_job *p, const imp_monitor *monitor, imp_error *err)
{
    for (int step = 0; step <= p->episode->steps; step++) {
        // two duty cycles per step, left and right
        const float *duty = p->episode->actions + 2 * (size_t)step;
        if (step % p->every == 0) {
            // this step is shown: copy or render it
            const int index = step / p->every;
            const size_t image = (size_t)p->width * (size_t)p->height * 3;
            uint8_t *rgb = p->frames + (p->output_kind == SHEET ? image * (size_t)index : 0);
            if (p->panel_count == 0)
                copy_frame_enlarged(p, step, rgb);
            else
                IMP_TRY(render_frame(p, step, rgb, err));
            if (p->with_caption)
                draw_caption(p, step, rgb);
            if (step < p->episode->steps)
                memcpy(p->actions + 2 * (size_t)index, duty, 2 * sizeof *duty);
            IMP_TRY(write_frame_or_add_to_apng(p, index, rgb, err));
            const imp_progress progress = {"replay", "frames", index + 1, p->count, NULL};
            imp_monitor_progress(monitor, &progress);
        }
        // the recorded action moves the other objects
        if (p->panel_count > 0 && step < p->episode->steps)
            imp_env_step(&p->env, (imp_action){duty[0], duty[1]});
        if (imp_monitor_should_stop(monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    return IMP_OK;
}

// Finishes the output: encodes the animation or arranges the sheet.
static imp_status write_animation_or_sheet(replay_job *p, imp_error *err)
{
    enum { SHEET_WIDTH = 1600, MAX_SCALE = 4 };
    if (p->output_kind == ANIMATION)
        return imp_video_finish(p->video, err);
    if (p->output_kind == FOLDER)
        return IMP_OK;
    // enlarge small frames to about 200 pixels, then fill the width with columns
    const int fits = 200 / p->width;
    imp_contact_sheet strip = {.frames = p->frames,
                               .actions = p->actions,
                               .count = p->count,
                               .width = p->width,
                               .height = p->height,
                               .scale = fits < 1           ? 1
                                        : fits > MAX_SCALE ? MAX_SCALE
                                                           : fits};
    strip.columns = SHEET_WIDTH / (p->width * strip.scale);
    strip.columns = strip.columns < 1 ? 1 : strip.columns;
    return imp_contact_sheet_write(p->out, &strip, err);
}

// Accepts a job that was opened in part.
static void close_replay_job(replay_job *p)
{
    imp_video_destroy(p->video);
    imp_canvas_release(&p->caption);
    for (int k = 0; k < p->panel_count; k++)
        imp_view_renderer_destroy(p->panels[k]);
    free(p->panel);
    imp_scene_destroy(p->scene);
    imp_assets_close(p->assets);
    imp_world_destroy(p->world);
    free(p->frames);
    free(p->actions);
    free(p->trail);
}

// Opens the dataset, checks the options, and writes the replay.
imp_status imp_replay_write(const imp_options *options, const imp_replay_options *replay,
                            imp_sim_options *sim, const imp_image_options *image, const char *out,
                            int *frames, imp_error *err)
{
    imp_dataset *dataset = NULL;
    const imp_monitor monitor = imp_console_create_monitor(options);
    // the dataset stays open while its episode is drawn
    imp_status status = imp_dataset_open(&dataset, replay->dataset, err);
    if (status != IMP_OK)
        return status;
    replay_job *p = calloc(1, sizeof *p);
    const int episodes = imp_dataset_episode_count(dataset);
    if (p == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a replay");
    else if (replay->episode < 0 || replay->episode >= episodes)
        status = imp_fail(err, IMP_USAGE, "--episode %d: %s has %s, and the first is 0",
                          replay->episode, replay->dataset, IMP_PLURAL(episodes, "episode"));
    else if (replay->every < 0)
        status = imp_fail(err, IMP_USAGE, "--every %d is below 0", replay->every);
    // the episode, and a renderer if needed
    if (status == IMP_OK) {
        p->info = imp_dataset_get_info(dataset);
        p->episode = imp_dataset_episode(dataset, replay->episode);
        p->out = out;
        p->width = p->info->width;
        p->height = p->info->height;
        if (must_render_frames_again(options, sim, image))
            status = open_view_renderer(p, options, sim, image, err);
    }
    if (status == IMP_OK) {
        choose_output_layout(p, replay);
        status = alloc_buffers_and_reset_env(p, p->episode->time_step, &monitor, err);
    }
    if (status == IMP_OK)
        status = write_frames(p, &monitor, err);
    imp_console_clear_progress();
    if (status == IMP_OK)
        status = write_animation_or_sheet(p, err);
    if (status == IMP_OK)
        *frames = p->count;
    if (p != NULL)
        close_replay_job(p);
    free(p);
    imp_dataset_close(dataset);
    return status;
}
