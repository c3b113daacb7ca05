// imprint render: draws one image of a map and a pose, a contact sheet of randomised episodes
// (randomized_sheet.c), a recorded episode (replay.c), or drives side by side (drive_replay.c).
// view_renderer.c draws the views: camera, map, segmentation, depth, free camera, catalogue. The
// four modes share one option table; options that the chosen mode does not use are refused, because
// they would have no effect.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "cli/render_commands/drive_replay.h"
#include "cli/render_commands/randomized_sheet.h"
#include "cli/render_commands/replay.h"
#include "cli/render_commands/scenic_pose.h"
#include "evaluate/report/report_formats/video.h"

// Seed of the room of images whose pose the program chooses.
enum { DEFAULT_ROOM = 1 };

// Options of all three modes, and what the summary needs.
typedef struct settings {
    imp_sim_def def;
    imp_sim_options sim; // that fill the definition
    imp_image_options image;
    imp_replay_options replay;
    imp_text_list drives; // that a video shows side by side
    int episodes;         // of a contact sheet
    double pose[3];       // x, z [m], heading in degrees
    const char *out;
    imp_pose drawn_pose; // of the robot; NaN if the view has none
    int frames;          // that a replay wrote
} settings;

// Options of the simulation, of the view and of the replay, in this order.
static void add_render_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"pose", 0, IMP_OPTION_POSE, s->pose, "X,Z,DEG",
         "pose of the robot; without it, a place with a view, or with --seed or --start-tile a "
         "start "
         "as episodes have it",
         IMP_SETTING},
        {"episodes", 0, IMP_OPTION_INT, &s->episodes, "N",
         "with --randomize: number of episodes on a contact sheet, beginning with --episode",
         IMP_SETTING},
        {"drive", 0, IMP_OPTION_LIST, &s->drives, "FILE",
         "drive (*.drive.json) or a folder of drives, for a video: up to six stand side by side, "
         "each with the robot's camera and the map; may be repeated",
         IMP_INPUT_PATH},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "FILE",
         "PNG file to write; a replay: also .apng, .mp4, .webm, .gif, .webp, or a folder of frames",
         IMP_TRANSIENT},
    };
    imp_sim_options_add(options, &s->sim);
    imp_randomization_options_add(options, &s->sim);
    imp_image_options_add(options, &s->image);
    imp_replay_options_add(options, &s->replay);
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// Whether the view is seen from the robot's camera, so that it has a pose.
static bool is_robot_view(const settings *s)
{
    return strcmp(s->image.view, "camera") == 0 || strcmp(s->image.view, "segment") == 0 ||
           strcmp(s->image.view, "classes") == 0 || strcmp(s->image.view, "depth") == 0;
}

// Whether the program chooses what the image shows.
static bool is_pose_left_to_program(const settings *s, const imp_options *options)
{
    return !imp_option_is_given(options, s->pose) &&
           !imp_option_is_given(options, &s->def.env.seed) && !s->def.env.has_start_tile;
}

// The pose of --pose; else a place with a view; else the start of the first episode, as an
// environment draws it from the seed.
static imp_status choose_pose(const settings *s, const imp_options *options, const imp_world *world,
                              const imp_env_def *def, imp_pose *pose, imp_error *err)
{
    // an environment draws the start, so that the pose is one of an episode
    imp_env env;
    if (imp_option_is_given(options, s->pose)) {
        *pose = (imp_pose){s->pose[0], s->pose[1], s->pose[2] * IMP_PI / 180.0};
        return IMP_OK;
    }
    if (is_pose_left_to_program(s, options) && imp_scenic_pose_find_longest_view(pose, world))
        return IMP_OK;
    IMP_TRY(imp_env_init(&env, world, def, err));
    IMP_TRY(imp_env_reset(&env, 0, err));
    *pose = env.pose;
    return IMP_OK;
}

// Writes depths as a 16-bit PNG in millimetres. 0 marks pixels without a surface and depths beyond
// 65.5 m.
static imp_status write_depth_image(const char *path, const imp_camera_def *camera,
                                    const float *depths, imp_error *err)
{
    // the array has one value per pixel
    const size_t pixels = (size_t)camera->width * (size_t)camera->height;
    uint16_t *values = malloc(pixels * sizeof *values);
    if (values == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the image");
    for (size_t k = 0; k < pixels; k++) {
        const float millimetres = 1000.0f * depths[k];
        values[k] = millimetres < 65535.5f ? (uint16_t)lroundf(millimetres) : 0;
    }
    const imp_status status =
        imp_png_write_grey16(path, camera->width, camera->height, values, err);
    free(values);
    return status;
}

// Draws one view and writes it: depths as 16-bit PNG, everything else as RGB.
static imp_status write_view_image(const settings *s, imp_view_renderer *renderer,
                                   const imp_camera_def *camera, imp_pose pose, imp_error *err)
{
    // a single image has no motion of its own; camera effects assume a usual speed
    imp_frame_state frame = {.view = imp_default_view(), .speed = 0.3};
    frame.view.pose = pose;
    uint8_t *rgb = malloc((size_t)camera->width * (size_t)camera->height * 3);
    if (rgb == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the image");
    imp_status status = imp_view_renderer_draw(renderer, &frame, rgb, err);
    // only the view of depths has any
    const float *depths = imp_view_renderer_get_depths(renderer);
    if (status == IMP_OK)
        status = depths != NULL ? write_depth_image(s->out, camera, depths, err)
                                : imp_png_write(s->out, camera->width, camera->height, rgb, err);
    free(rgb);
    return status;
}

// Mode 1: creates world, scene and renderer, draws one image, and destroys them again.
static imp_status render_one_view(settings *s, const imp_options *options, imp_error *err)
{
    imp_world *world = NULL;
    imp_assets *assets = NULL;
    imp_scene *scene = NULL;
    imp_view_renderer *renderer = NULL;
    // world and pose
    imp_status status = imp_sim_options_convert_and_check(options, &s->sim, err);
    if (status == IMP_OK)
        status = imp_world_load(&world, s->def.map, err);
    // a map without a pose shows no robot
    s->drawn_pose = (imp_pose){NAN, NAN, NAN};
    if (status == IMP_OK && (is_robot_view(s) || imp_option_is_given(options, s->pose)))
        status = choose_pose(s, options, world, &s->def.env, &s->drawn_pose, err);
    // an image whose pose the program chooses has a room, unless it has another look
    if (strcmp(s->image.view, "camera") == 0 && is_pose_left_to_program(s, options) &&
        !imp_option_is_given(options, &s->def.scene.room) && s->sim.assets[0] == '\0')
        s->def.scene.room = DEFAULT_ROOM;
    // scene and renderer
    if (status == IMP_OK)
        status = imp_sim_options_open_assets(options, &s->sim, &assets, err);
    if (status == IMP_OK)
        status = imp_scene_create_with_def(&scene, world, &s->def.scene, err);
    if (status == IMP_OK)
        status = imp_view_renderer_create(&renderer, options, &s->image, &s->sim, &s->def.camera,
                                          scene, world, err);
    if (status == IMP_OK)
        status = write_view_image(s, renderer, &s->def.camera, s->drawn_pose, err);
    imp_view_renderer_destroy(renderer);
    imp_scene_destroy(scene);
    imp_assets_close(assets);
    imp_world_destroy(world);
    return status;
}

// Summary of mode 3.
static int print_replay_summary(const settings *s, const imp_options *options, int frames)
{
    // the JSON has the same facts as the text
    if (options->json)
        return imp_console_finish_with_json(json_pack("{s:s, s:s, s:i, s:i}", "out", s->out,
                                                      "dataset", s->replay.dataset, "episode",
                                                      s->replay.episode, "frames", frames));
    printf("%s: %s of episode %d\n", s->out, IMP_PLURAL(frames, "frame"), s->replay.episode);
    return imp_console_flush();
}

// Summary of mode 4.
static int print_video_summary(const settings *s, const imp_options *options)
{
    if (options->json)
        return imp_console_finish_with_json(
            json_pack("{s:s, s:i}", "out", s->out, "frames", s->frames));
    printf("%s: %s\n", s->out, IMP_PLURAL(s->frames, "frame"));
    return imp_console_flush();
}

// Whether mode 2 is chosen. It draws what an environment shows its driver, so it knows one view.
static bool is_randomization_given(const settings *s)
{
    return s->sim.randomize[0] != '\0' || s->sim.randomization[0] != '\0';
}

// Mode 2: refuses options of other modes, then draws the sheet.
static imp_status render_randomized_episodes(settings *s, const imp_options *options,
                                             imp_error *err)
{
    // options that differ from their defaults belong to another mode
    const imp_image_options plain = imp_default_image_options();
    const bool other = strcmp(s->image.view, plain.view) != 0 || s->image.draw[0] != '\0' ||
                       s->image.camera_effects[0] != '\0' || s->image.undistort ||
                       imp_option_is_given(options, s->pose) || s->replay.dataset[0] != '\0';
    if (other)
        return imp_fail(
            err, IMP_USAGE,
            "--randomize shows the robot's camera at the starts of episodes: leave out --view, "
            "--overlay, --camera-effects, --undistort, --pose and --replay");
    const imp_randomized_sheet sheet = {s->replay.episode, s->episodes};
    return imp_randomized_sheet_write(options, &s->sim, &sheet, s->out, err);
}

// Summary of mode 2.
static int print_episodes_summary(const settings *s, const imp_options *options)
{
    if (options->json)
        return imp_console_finish_with_json(json_pack("{s:s, s:s, s:i, s:i}", "out", s->out, "map",
                                                      s->def.map, "episode", s->replay.episode,
                                                      "episodes", s->episodes));
    printf("%s: ", s->out);
    if (s->episodes == 1)
        printf("episode %d", s->replay.episode);
    else
        printf("episodes %d to %d", s->replay.episode, s->replay.episode + s->episodes - 1);
    printf(" on %s\n", s->def.map);
    return imp_console_flush();
}

// Summary of the mode that ran. The pose is printed, so that an image can be drawn again.
static int print_render_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    // each mode has a summary of its own
    if (is_randomization_given(s))
        return print_episodes_summary(s, options);
    if (s->replay.dataset[0] != '\0')
        return print_replay_summary(s, options, s->frames);
    if (s->drives.count > 0)
        return print_video_summary(s, options);
    const double degrees = s->drawn_pose.heading * 180.0 / IMP_PI;
    json_t *pose = isnan(degrees) ? json_null()
                                  : json_pack("[f,f,f]", s->drawn_pose.x, s->drawn_pose.z, degrees);
    if (options->json)
        return imp_console_finish_with_json(
            json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "out", s->out, "map", s->def.map, "view",
                      s->image.view, "width", s->def.camera.width, "height", s->def.camera.height,
                      "pose", pose));
    json_decref(pose);
    printf("%s: %d x %d", s->out, s->def.camera.width, s->def.camera.height);
    if (is_robot_view(s))
        printf(", seen from %.3f,%.3f,%.1f", s->drawn_pose.x, s->drawn_pose.z, degrees);
    if (s->def.scene.room != 0)
        printf(", in room %llu", (unsigned long long)s->def.scene.room);
    printf("\n");
    return imp_console_flush();
}

// Refuses options that the chosen mode does not use.
static imp_status refuse_options_of_other_modes(const settings *s, const imp_options *options,
                                                imp_error *err)
{
    const bool randomized = is_randomization_given(s), replayed = s->replay.dataset[0] != '\0';
    const bool driven = s->drives.count > 0;
    if (driven && (randomized || replayed))
        return imp_fail(err, IMP_USAGE, "--drive: leave out --randomize and --replay");
    // options of one mode
    if (!randomized && imp_option_is_given(options, &s->episodes) && s->episodes != 1)
        return imp_fail(err, IMP_USAGE, "--episodes needs --randomize");
    if (!replayed && !driven && imp_option_is_given(options, &s->replay.every))
        return imp_fail(err, IMP_USAGE, "--every needs --replay or --drive");
    if (driven && s->replay.every < 0)
        return imp_fail(err, IMP_USAGE, "--every %d is below 0", s->replay.every);
    if (!replayed && !randomized && imp_option_is_given(options, &s->replay.episode))
        return imp_fail(err, IMP_USAGE, "--episode needs --replay or --randomize");
    return IMP_OK;
}

// Checks the extension of --out where one image is written.
static imp_status check_image_extension(const char *out, imp_error *err)
{
    static const char *const images[] = {".png", NULL};
    imp_error why = {0};
    const imp_status status = imp_output_check_file(out, images, &why);
    if (status == IMP_OK)
        return IMP_OK;
    const bool is_video = imp_output_check_file(out, imp_video_extensions, NULL) == IMP_OK;
    return imp_fail(err, status, "%s%s", why.message,
                    is_video ? "; a video needs --replay or --drive" : "");
}

// Checks the extension of --out: images are PNG; a replay may also be a video or a folder.
static imp_status check_output_extension(const settings *s, imp_error *err)
{
    static const char *const replays[] = {".png", ".apng", ".mp4", ".webm", ".gif", ".webp", NULL};
    if (s->drives.count > 0)
        return imp_output_check_file(s->out, imp_video_extensions, err);
    return !is_randomization_given(s) && s->replay.dataset[0] != '\0'
               ? imp_output_check_file_or_folder(s->out, replays, err)
               : check_image_extension(s->out, err);
}

// Checks the options, then runs the chosen mode.
static imp_status render_view_or_replay(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    IMP_TRY(refuse_options_of_other_modes(s, options, err));
    IMP_TRY(check_output_extension(s, err));
    if (s->drives.count > 0)
        return imp_drive_replay_write(options, &s->drives, &s->sim, s->replay.every, s->out,
                                      &s->frames, err);
    return is_randomization_given(s) ? render_randomized_episodes(s, options, err)
           : s->replay.dataset[0] != '\0'
               ? imp_replay_write(options, &s->replay, &s->sim, &s->image, s->out, &s->frames, err)
               : render_one_view(s, options, err);
}

// Images for people are larger than observations.
static void set_up_render_command(void *state, imp_options *options)
{
    settings *s = state;
    s->def = imp_default_sim_def();
    s->sim = imp_default_sim_options(&s->def);
    s->def.camera.width = 640;
    s->def.camera.height = 480;
    s->image = imp_default_image_options();
    s->replay.dataset = "";
    s->replay.caption = true;
    s->episodes = 1;
    s->out = "picture.png";
    add_render_options(options, s);
}

const imp_command imp_command_render = {
    .name = "render",
    .summary = "draw images of a map and a pose, or of a recorded episode",
    .operands = "",
    .operand_option = "map",
    .details =
        "Draws the image of the robot's camera with its lens, or another --view. The size is "
        "640x480 unless --size is given. Without --pose and --seed it shows a place with a view, "
        "in "
        "a room (--room 0: without). A replay shows the recorded images; with --size, "
        "--view, --overlay, --camera-effects, --undistort, --lens or --assets it renders "
        "them again at the recorded poses, and several views stand side by side: --view "
        "driver,map. --drive shows drives, such as those that `imprint eval --out` writes, side by "
        "side. "
        "A video other than .apng is encoded by the program ffmpeg. --randomize shows the "
        "starts of the episodes that "
        "`imprint log --randomize` records with the same seed.",
    .examples =
        "  imprint render --map udem1_empty --pose 0.70,2.0,-90 --out /tmp/view.png\n"
        "  imprint render --map udem1_empty --view top-down --out /tmp/map.png\n"
        "  imprint render --map udem1 --room 7 --out /tmp/room.png\n"
        "  imprint render --map loop_obstacles --overlay lanes,boxes --out /tmp/drawn.png\n"
        "  imprint render --map udem1 --view free --eye 2,1,4 --target 2,0,2 --out /tmp/free.png\n"
        "  imprint render --map udem1 --camera-effects motion=0.02,noise=0.03,jpeg=50 --out "
        "/tmp/real.png\n"
        "  imprint render --map udem1 --randomize all --episodes 12 --size 320x240 --out "
        "/tmp/episodes.png\n"
        "  imprint log --episodes 2 --steps 60 --out drives\n"
        "  imprint render --replay drives --episode 1 --view camera,top-down --size 480x420 --out "
        "drive.apng\n"
        "  imprint eval --policy expert --policy pure-pursuit --episodes 2 --out /tmp/imprint-both "
        "--force &&\n"
        "  imprint render --drive /tmp/imprint-both/worst-1-1.drive.json --drive \\\n"
        "    /tmp/imprint-both/worst-2-1.drive.json --out /tmp/both.apng",
    .state_size = sizeof(settings),
    .set_up = set_up_render_command,
    .run = render_view_or_replay,
    .report = print_render_summary,
};
