// Contact sheet of randomised episodes: for each episode, one image shortly after its start. The
// expert drives a moment first, so that motion blur and camera effects are visible. The images
// come from the same simulator that records datasets. So episode N of a seed looks here as it
// does in `imprint log` with that seed.
#include "cli/render_commands/randomized_sheet.h"

#include <stdlib.h>

#include "base/common/try.h"
#include "base/image/image.h"
#include "base/text/plural.h"
#include "cli/output/console.h"
#include "imprint/report.h"
#include "imprint/sim.h"

// Width of the sheet in images, and a limit that keeps it in memory.
enum { COLUMNS = 4, EPISODES_MAX = 1000 };

// How long the expert drives before the image is taken [s].
static const double DRIVE_SECONDS = 0.6;

// Resets to an episode, drives a moment, and renders the observation.
static imp_status drive_and_render_episode(imp_sim *sim, uint32_t episode, uint8_t *rgb,
                                           imp_error *err)
{
    // the environment belongs to the simulator
    const imp_env *env = imp_sim_env(sim);
    IMP_TRY(imp_sim_reset(sim, episode, err));
    // the end of the episode ends the drive as well
    while (env->frame * env->def.drive.time_step < DRIVE_SECONDS)
        if (imp_sim_step(sim, imp_sim_expert_action(sim)).terminated)
            break;
    imp_sim_observe(sim, rgb);
    return IMP_OK;
}

// Writes a single image as it is, several as a contact sheet. Small images are enlarged.
static imp_status write_image_or_contact_sheet(const imp_camera_def *camera, int count,
                                               const uint8_t *frames, const char *out,
                                               imp_error *err)
{
    if (count == 1)
        return imp_png_write(out, camera->width, camera->height, frames, err);
    // the sheet has no actions, because each image is of another episode
    const imp_contact_sheet strip = {.width = camera->width,
                                     .height = camera->height,
                                     .count = count,
                                     .columns = COLUMNS,
                                     .scale = camera->width < 160 ? 3 : 1,
                                     .frames = frames};
    return imp_contact_sheet_write(out, &strip, err);
}

// Renders all episodes into one buffer, then writes it.
static imp_status render_episodes(imp_sim *sim, const imp_randomized_sheet *sheet, const char *out,
                                  imp_error *err)
{
    const imp_camera_def *camera = imp_sim_camera(sim);
    // bytes of one image
    const size_t image = (size_t)camera->width * (size_t)camera->height * 3;
    uint8_t *frames = malloc(image * (size_t)sheet->count);
    if (frames == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(sheet->count, "image"));
    imp_status status = IMP_OK;
    for (int k = 0; k < sheet->count && status == IMP_OK; k++)
        status = drive_and_render_episode(sim, (uint32_t)(sheet->first + k),
                                          frames + image * (size_t)k, err);
    if (status == IMP_OK)
        status = write_image_or_contact_sheet(camera, sheet->count, frames, out, err);
    free(frames);
    return status;
}

// Creates the simulator from the options, and draws with it.
imp_status imp_randomized_sheet_write(const imp_options *options, imp_sim_options *settings,
                                      const imp_randomized_sheet *sheet, const char *out,
                                      imp_error *err)
{
    if (sheet->first < 0 || sheet->count < 1 || sheet->count > EPISODES_MAX)
        return imp_fail(err, IMP_USAGE,
                        "--episode %d and --episodes %d: must be at least 0, and within 1 to %d",
                        sheet->first, sheet->count, EPISODES_MAX);
    // the simulator of `imprint log`, with the expert that drives the first moment
    imp_sim_def *def = settings->def;
    imp_assets *assets = NULL;
    imp_sim *sim = NULL;
    imp_status status = imp_sim_options_complete_def(options, settings, &assets, err);
    def->expert_actions = true;
    def->threads = 1;
    if (status == IMP_OK)
        status = imp_sim_create(&sim, def, err);
    if (status == IMP_OK)
        status = render_episodes(sim, sheet, out, err);
    imp_sim_destroy(sim);
    imp_assets_close(assets);
    return status;
}
