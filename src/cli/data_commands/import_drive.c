// `imprint import drive`: the options of demonstrations beside those of other recordings. What they
// are rendered with is chosen as in `imprint log`; where and how was driven, the files say.
#include "cli/data_commands/import_drive.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "sim/simulator/sim_settings.h"

void imp_import_drive_init(imp_import_drive *drive)
{
    drive->def = imp_default_drive_import_def();
    drive->sim = imp_default_sim_options(&drive->def.sim);
    drive->labels = imp_drive_labels_name(IMP_LABELS_EXPERT);
}

void imp_import_drive_add_options(imp_options *options, imp_import_drive *drive)
{
    static const char GROUP[] = "Demonstrations (drive)";
    // map, start and physics are in the file; what may be chosen is how it is seen and labelled
    const imp_option table[] = {
        {"labels", 0, IMP_OPTION_TEXT, &drive->labels, "WHOSE",
         "labels: expert (its action in every step), or person (the person's action where the "
         "person drove; nothing is learnt from other steps)",
         IMP_SETTING},
        {"check", 0, IMP_OPTION_FLAG, &drive->check, NULL,
         "only drive again and compare the states, without a dataset", IMP_TRANSIENT},
        IMP_MEMBER_OPTION("observation", 0, IMP_SETTING),
        IMP_MEMBER_OPTION_WITH_HELP("env.seed", 's', IMP_SETTING,
                                    "seed of textures that are randomised"),
        IMP_MEMBER_OPTION("threads", 'j', IMP_TRANSIENT),
        IMP_MEMBER_OPTION("expert.speed", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("expert.tracking_rate", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("expert.turn_rate_gain", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("expert.pose_only", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("expert.look_ahead", 0, IMP_SETTING),
    };
    imp_options_add_members(options, GROUP, table, (int)(sizeof table / sizeof table[0]),
                            &imp_sim_members, drive->sim.def);
    imp_sim_options_add_assets(options, &drive->sim, GROUP);
    imp_randomization_options_add(options, &drive->sim);
}

void imp_import_drive_close_assets(imp_import_drive *drive)
{
    imp_assets_close(drive->assets);
}

imp_status imp_import_drive_apply_options(imp_import_drive *drive, const imp_options *options,
                                          const int size[2], const char *lens, imp_error *err)
{
    imp_sim_def *sim = &drive->def.sim;
    imp_calibration calibration;
    int labels;
    IMP_TRY(imp_name_lookup(&labels, "--labels: ", drive->labels, imp_drive_labels_name, err));
    IMP_TRY(imp_parse_lens_option(lens, &calibration, err));
    IMP_TRY(imp_check_thread_count(sim->threads, err));
    IMP_TRY(imp_randomization_options_parse(options, &drive->sim, &sim->randomization, err));
    drive->def.labels = (imp_drive_labels)labels;
    sim->camera.width = size[0];
    sim->camera.height = size[1];
    sim->camera.lens = calibration.lens;
    // a drive has its own motors; only the camera is chosen
    if (drive->sim.robot[0] != '\0') {
        imp_robot_def robot;
        imp_robot_remarks remarks;
        IMP_TRY(imp_robot_read(&robot, &remarks, drive->sim.robot, err));
        imp_print_robot_remarks(&remarks);
        imp_robot_set_camera_and_drive(&robot, &sim->camera, NULL);
        sim->robot = imp_robot_format(&robot, drive->sim.robot_text);
    }
    sim->expert.max_return_angle = drive->sim.return_angle_deg * IMP_PI / 180.0;
    return imp_sim_options_open_assets(options, &drive->sim, &drive->assets, err);
}

int imp_import_drive_print(const imp_import_drive *drive, const imp_options *options,
                           const char *out)
{
    const imp_drive_import_summary *s = &drive->summary;
    const double rate = s->seconds > 0.0 ? (double)s->steps / s->seconds : 0.0;
    if (options->json)
        return imp_console_finish_with_json(json_pack(
            "{s:o, s:i, s:I, s:I, s:I, s:I, s:i, s:f, s:f}", "out",
            drive->check ? json_null() : json_string(out), "drives", s->episodes, "frames",
            (json_int_t)s->steps, "expert", (json_int_t)s->driven[IMP_DRIVER_EXPERT], "policy",
            (json_int_t)s->driven[IMP_DRIVER_POLICY], "person",
            (json_int_t)s->driven[IMP_DRIVER_PERSON], "take_overs", s->take_overs, "seconds",
            s->seconds, "frames_per_second", rate));
    printf("%s%s%s come out the same to the last bit, in %.1f s (%.0f frames/s)\n",
           drive->check ? "" : out, drive->check ? "" : ": ", IMP_PLURAL(s->steps, "frame"),
           s->seconds, rate);
    printf("%s; driven by the expert: %" PRId64 ", by a policy: %" PRId64 ", by a person: %" PRId64
           " (%s)\n",
           IMP_PLURAL(s->episodes, "drive"), s->driven[IMP_DRIVER_EXPERT],
           s->driven[IMP_DRIVER_POLICY], s->driven[IMP_DRIVER_PERSON],
           IMP_PLURAL(s->take_overs, "take-over"));
    return imp_console_flush();
}
