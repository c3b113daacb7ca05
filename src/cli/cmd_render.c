#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/image.h"
#include "base/vector.h"
#include "cli/commands.h"
#include "cli/session.h"

typedef struct settings {
    imp_sim_options sim;
    double pose[3]; // x, z [m], heading in degrees
    const char *view, *out;
} settings;

static void add_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"pose", 0, IMP_OPTION_POSE, s->pose, "X,Z,DEG",
         "where the robot stands; without it, a start drawn from the seed", false},
        {"view", 0, IMP_OPTION_TEXT, &s->view, "VIEW",
         "driver, map (from above), or catalogue (of objects)", false},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "FILE", "PNG file to write", true},
    };
    imp_sim_options_add(options, &s->sim);
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

static imp_status find_pose(const settings *s, const imp_options *options, const imp_world *world,
                            const imp_env_def *def, imp_pose *pose, imp_error *err)
{
    imp_env env;
    if (imp_options_given(options, s->pose)) {
        *pose = (imp_pose){s->pose[0], s->pose[1], s->pose[2] * IMP_PI / 180.0};
        return IMP_OK;
    }
    imp_status status = imp_env_init(&env, world, def, err);
    if (status == IMP_OK)
        status = imp_env_reset(&env, 0, err);
    if (status == IMP_OK)
        *pose = env.pose;
    return status;
}

static imp_status draw(const imp_scene *scene, const imp_camera_def *camera, const char *view,
                       imp_pose pose, uint8_t *rgb, imp_error *err)
{
    if (strcmp(view, "catalogue") == 0)
        return imp_render_catalogue(camera->width, camera->height, rgb, err);
    if (strcmp(view, "map") == 0) {
        imp_render_top_down(scene, camera->width, camera->height, rgb);
        return IMP_OK;
    }
    imp_renderer *renderer;
    imp_status status = imp_renderer_create(&renderer, camera, IMP_RENDER_AUTO, err);
    if (status != IMP_OK)
        return status;
    imp_view seen = imp_default_view();
    seen.pose = pose;
    imp_render(renderer, scene, &seen, rgb);
    imp_renderer_destroy(renderer);
    return IMP_OK;
}

static bool view_exists(const char *view)
{
    return strcmp(view, "driver") == 0 || strcmp(view, "map") == 0 ||
           strcmp(view, "catalogue") == 0;
}

static imp_status run_settings(const settings *s, const imp_options *options, imp_pose *pose,
                               imp_error *err)
{
    imp_env_def env = imp_default_env_def();
    imp_camera_def camera = imp_default_camera_def();
    imp_expert_def expert = imp_default_expert_def();
    imp_world *world = NULL;
    imp_scene_def look = imp_default_scene_def();
    imp_assets *assets = NULL;
    imp_scene *scene = NULL;
    uint8_t *rgb = NULL;
    imp_status status = imp_sim_options_apply(options, &s->sim, &env, &camera, &expert, err);
    if (status == IMP_OK && !view_exists(s->view))
        status =
            imp_fail(err, IMP_USAGE, "--view: '%s' is none of driver, map and catalogue", s->view);
    if (status == IMP_OK)
        status = imp_world_load(&world, s->sim.map, err);
    if (status == IMP_OK && strcmp(s->view, "driver") == 0)
        status = find_pose(s, options, world, &env, pose, err);
    if (status == IMP_OK)
        status = imp_sim_options_scene(options, &s->sim, &look, &assets, err);
    if (status == IMP_OK)
        status = imp_scene_create_with(&scene, world, &look, err);
    if (status == IMP_OK) {
        rgb = malloc((size_t)camera.width * (size_t)camera.height * 3);
        status = rgb == NULL ? imp_fail(err, IMP_NO_MEMORY, "out of memory for the picture")
                             : draw(scene, &camera, s->view, *pose, rgb, err);
    }
    if (status == IMP_OK)
        status = imp_png_write(s->out, camera.width, camera.height, rgb, err);
    free(rgb);
    imp_scene_destroy(scene);
    imp_assets_close(assets);
    imp_world_destroy(world);
    return status;
}

static int print_summary(const settings *s, const imp_options *options, imp_pose pose)
{
    double degrees = pose.heading * 180.0 / IMP_PI;
    if (options->json)
        return imp_session_print_json(
            json_pack("{s:s, s:s, s:i, s:i, s:[f,f,f]}", "out", s->out, "map", s->sim.map, "width",
                      s->sim.size[0], "height", s->sim.size[1], "pose", pose.x, pose.z, degrees));
    printf("%s: %d x %d", s->out, s->sim.size[0], s->sim.size[1]);
    if (strcmp(s->view, "driver") == 0)
        printf(", seen from %.3f,%.3f,%.1f", pose.x, pose.z, degrees);
    printf("\n");
    return imp_session_finish();
}

static int run(const imp_command *command, int argc, char **argv)
{
    settings s = {.sim = imp_default_sim_options(), .view = "driver", .out = "picture.png"};
    s.sim.size[0] = 640;
    s.sim.size[1] = 480;
    imp_options options;
    imp_error err = {0};
    imp_pose pose = {0};
    imp_options_init(&options, command);
    add_options(&options, &s);
    imp_status status = imp_options_read(&options, argc, argv, &err);
    if (status == IMP_OK && !options.help)
        status = run_settings(&s, &options, &pose, &err);
    int code = status != IMP_OK ? imp_session_fail(status, &err)
               : options.help   ? imp_session_finish()
                                : print_summary(&s, &options, pose);
    imp_options_free(&options);
    return code;
}

const imp_command imp_command_render = {
    .name = "render",
    .summary = "draw a picture from a map and a pose",
    .operands = "",
    .details = "What the robot's camera sees, through its lens, or the map from above, or every\n"
               "kind of object once. 640x480 unless --size says otherwise.",
    .examples = "  imprint render --map udem1_empty --pose 0.70,2.0,-90 --out /tmp/view.png\n"
                "  imprint render --map udem1_empty --view map --out /tmp/map.png\n"
                "  imprint render --view catalogue --size 1440x900 --out /tmp/objects.png",
    .run = run,
};
