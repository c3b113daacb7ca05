#include "cli/random_sheet.h"

#include <stdlib.h>

#include "base/image.h"
#include "base/plural.h"
#include "cli/session.h"
#include "imprint/report.h"
#include "pipeline/crew.h"

enum { COLUMNS = 4, EPISODES_MAX = 1000 };

// How long our expert has driven when the picture is taken, so that there is motion to blur [s].
static const double DRIVEN = 0.6;

// What an episode looks like.
static imp_status draw_episode(imp_crew *crew, uint32_t episode, uint8_t *rgb, imp_error *err)
{
    imp_crew_member *member = &crew->members[0];
    imp_env *env = &member->env;
    imp_status status = imp_crew_reset(crew, member, episode, err);
    if (status != IMP_OK)
        return status;
    imp_policy_begin(member->driver, env);
    while (env->frame * env->def.drive.time_step < DRIVEN)
        if (imp_env_step(env, imp_policy_act(member->driver, env, NULL)).terminated)
            break;
    imp_crew_look(crew, member, rgb);
    return IMP_OK;
}

static imp_status write_sheet(const imp_camera_def *camera, int count, const uint8_t *frames,
                              const char *out, imp_error *err)
{
    if (count == 1)
        return imp_png_write(out, camera->width, camera->height, frames, err);
    const imp_strip strip = {.width = camera->width,
                             .height = camera->height,
                             .count = count,
                             .columns = COLUMNS,
                             .scale = camera->width < 160 ? 3 : 1,
                             .frames = frames};
    return imp_report_strip(out, &strip, err);
}

static imp_status draw_all(imp_crew *crew, const imp_random_sheet *sheet, const char *out,
                           imp_error *err)
{
    const imp_camera_def *camera = &crew->camera;
    const size_t picture = (size_t)camera->width * (size_t)camera->height * 3;
    uint8_t *frames = malloc(picture * (size_t)sheet->count);
    if (frames == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_COUNT(sheet->count, "picture"));
    imp_status status = IMP_OK;
    for (int k = 0; k < sheet->count && status == IMP_OK; k++)
        status =
            draw_episode(crew, (uint32_t)(sheet->first + k), frames + picture * (size_t)k, err);
    if (status == IMP_OK)
        status = write_sheet(camera, sheet->count, frames, out, err);
    free(frames);
    return status;
}

imp_status imp_random_sheet_write(const imp_options *options, const imp_sim_options *sim,
                                  const imp_random_sheet *sheet, const char *out, imp_error *err)
{
    if (sheet->first < 0 || sheet->count < 1 || sheet->count > EPISODES_MAX)
        return imp_fail(err, IMP_USAGE, "--episode %d and --episodes %d: from 0 on, 1 to %d",
                        sheet->first, sheet->count, EPISODES_MAX);
    imp_env_def env = imp_default_env_def();
    imp_camera_def camera = imp_default_camera_def();
    imp_expert_def expert = imp_default_expert_def();
    imp_randomization randomization = imp_randomization_none();
    imp_scene_def scene = imp_default_scene_def();
    imp_assets *assets = NULL;
    imp_driver *driver = NULL;
    imp_crew crew = {0};
    imp_status status = imp_sim_options_apply(options, sim, &env, &camera, &expert, err);
    if (status == IMP_OK)
        status = imp_random_options_read(options, sim, &randomization, err);
    if (status == IMP_OK)
        status = imp_sim_options_scene(options, sim, &scene, &assets, err);
    if (status == IMP_OK)
        status = imp_driver_open(&driver, "expert", &expert, err);
    if (status == IMP_OK) {
        const imp_crew_def def = {.map = sim->map,
                                  .env = &env,
                                  .camera = &camera,
                                  .driver = driver,
                                  .threads = 1,
                                  .scene = &scene,
                                  .randomization = &randomization};
        status = imp_crew_hire(&crew, &def, err);
        if (status == IMP_OK)
            status = draw_all(&crew, sheet, out, err);
        imp_crew_dismiss(&crew);
    }
    imp_driver_close(driver);
    imp_assets_close(assets);
    return status;
}
