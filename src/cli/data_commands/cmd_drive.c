// imprint drive: records episodes as demonstrations: files of a few kilobytes that hold where was
// driven and every action, and that `imprint import drive` drives again to the last bit. With
// --take-over our expert takes the wheel in a person's place where a policy errs, which shows what
// a person's help would do.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"

// Options and the result for the report.
typedef struct settings {
    imp_drive_record_def record;
    imp_sim_options sim;
    imp_assets *assets; // NULL: ours
    const char *out;
    bool force;
    imp_drive_record_summary summary;
} settings;

// Who drives, how often, and when an expert takes the wheel.
static void add_drive_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "folder of the files (NNNNN.drive.json)",
         IMP_TRANSIENT},
        {"policy", 'p', IMP_OPTION_TEXT, &s->record.policy, "POLICY",
         "policy that drives: expert, pure-pursuit, a plug-in (.so), or a model", IMP_INPUT_PATH},
        {"episodes", 'n', IMP_OPTION_INT, &s->record.episodes, "N", "number of episodes to drive",
         IMP_SETTING},
        {"steps", 0, IMP_OPTION_INT, &s->record.steps, "N", "maximum number of steps of an episode",
         IMP_SETTING},
        {"take-over", 0, IMP_OPTION_REAL, &s->record.take_over, "M",
         "distance from the lane's centre beyond which the expert takes over, in a person's place; "
         "0: never",
         IMP_SETTING},
        {"hand-back", 0, IMP_OPTION_REAL, &s->record.hand_back, "M",
         "distance from the lane's centre within which it hands back", IMP_SETTING},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    imp_sim_options_add_for_many_maps(options, &s->sim);
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// A network fixes the size and the lens of what it sees.
static imp_status match_camera_to_policy(const settings *s, const imp_options *options,
                                         imp_error *err)
{
    imp_policy_factory *driver = NULL;
    imp_sim_def *sim = s->sim.def;
    IMP_TRY(imp_policy_factory_open(&driver, s->record.policy, &sim->expert, err));
    const imp_status status =
        imp_sim_options_fit_camera_to_policy(options, &s->sim, driver, &sim->camera, err);
    if (status == IMP_OK)
        imp_sim_options_warn_time_step(driver, sim->env.drive.time_step * sim->env.frame_skip);
    imp_policy_factory_close(driver);
    return status;
}

// Records the drives into a folder that is claimed before anything drives.
static imp_status run_drive_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    imp_output_folder folder;
    IMP_TRY(imp_sim_options_complete_def(options, &s->sim, &s->assets, err));
    IMP_TRY(match_camera_to_policy(s, options, err));
    IMP_TRY(imp_output_folder_claim(&folder, options, s->out, s->force, err));
    const imp_monitor monitor = imp_console_create_monitor(options);
    imp_status status = imp_record_drives(&s->summary, s->out, &s->record, &monitor, err);
    imp_console_clear_progress();
    if (status == IMP_OK)
        status = imp_output_folder_save_settings(options, s->out, err);
    // files that were written are whole, so that they stay after an interruption
    imp_output_folder_restore_or_drop_backup(&folder, status, err);
    return status;
}

// One line, or two if someone took over.
static int print_drive_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    const imp_drive_record_summary *done = &s->summary;
    const double rate = done->seconds > 0.0 ? (double)done->steps / done->seconds : 0.0;
    if (options->json)
        return imp_console_finish_with_json(json_pack(
            "{s:s, s:i, s:I, s:I, s:I, s:I, s:i, s:i, s:f, s:f}", "out", s->out, "drives",
            done->episodes, "frames", (json_int_t)done->steps, "expert",
            (json_int_t)done->driven[IMP_DRIVER_EXPERT], "policy",
            (json_int_t)done->driven[IMP_DRIVER_POLICY], "person",
            (json_int_t)done->driven[IMP_DRIVER_PERSON], "take_overs", done->take_overs,
            "ended_badly", done->terminated, "seconds", done->seconds, "frames_per_second", rate));
    printf("%s: %s, %s in %.1f s (%.0f frames/s), %d ended before the last step\n", s->out,
           IMP_PLURAL(done->episodes, "drive"), IMP_PLURAL(done->steps, "frame"), done->seconds,
           rate, done->terminated);
    if (s->record.take_over > 0.0)
        printf("%s, %" PRId64 " of the frames driven by the expert in a person's place\n",
               IMP_PLURAL(done->take_overs, "take-over"), done->driven[IMP_DRIVER_PERSON]);
    return imp_console_flush();
}

static void set_up_drive_command(void *state, imp_options *options)
{
    settings *s = state;
    s->record = imp_default_drive_record_def();
    s->sim = imp_default_sim_options(&s->record.sim);
    s->out = "runs/drives";
    add_drive_options(options, s);
}

static void free_drive_command(void *state)
{
    settings *s = state;
    imp_assets_close(s->assets);
}

const imp_command imp_command_drive = {
    .name = "drive",
    .summary = "record episodes as small files that can be driven again",
    .operands = "",
    .operand_option = "map",
    .details = "Drives episodes and writes each as a demonstration: a file of a few kilobytes with "
               "the map, the settings, every action and hashes of the states. `imprint import "
               "drive` drives such files again to the last bit, at any size of images.",
    .examples =
        "  imprint drive --map loop_empty --episodes 4 --steps 90 --out /tmp/imprint-d --force &&\n"
        "  imprint import drive /tmp/imprint-d --check\n"
        "  imprint drive --policy pure-pursuit --take-over 0.05 --episodes 4 --steps 90 \\\n"
        "    --out /tmp/imprint-t --force",
    .state_size = sizeof(settings),
    .set_up = set_up_drive_command,
    .run = run_drive_command,
    .report = print_drive_summary,
    .tear_down = free_drive_command,
};
