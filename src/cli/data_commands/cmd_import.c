// imprint import: converts recordings of other programs to a dataset, bags of ROS (`rosbag`), the
// baseline's pickles (`trainlog`) and demonstrations (`drive`, import_drive.c). The readers are in
// data/import; they never execute what a pickle contains. Whatever is dropped is counted by reason,
// in the summary and in the dataset's origin. Warnings of the readers go to standard error, notes
// to standard output.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "cli/data_commands/dataset_preview.h"
#include "cli/data_commands/import_drive.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"
#include "cli/output/staged_dataset.h"
#include "imprint/import_export.h"

// Indices of the subcommands and of --actions velocities.
enum { ROSBAG = 0, TRAINLOG = 1, DRIVE = 2, VELOCITIES = 1 };

// Options as texts, the definition that they become, and the result.
typedef struct settings {
    imp_import_def def;
    // width and height of the observations [px]
    int size[2];
    const char *robot, *camera, *commands, *odometry, *calibration, *actions, *out;
    imp_calibration own_calibration; // of the camera
    imp_robot_def driven;            // of --robot, if that is a path
    int kind;                        // of the recordings
    bool force;
    imp_output_folder folder; // for --out
    imp_import_summary summary;
    imp_import_drive drive;
} settings;

// Each help text begins with the kind of recording that the option is for.
static void add_import_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR", "folder of the new dataset", IMP_TRANSIENT},
        {"size", 0, IMP_OPTION_PAIR, s->size, "WxH",
         "size of the observations [rosbag, drive: 80x60; trainlog: as recorded]", IMP_SETTING},
        {"map", 'm', IMP_OPTION_TEXT, &s->def.map, "NAME", "name to store as the map", IMP_SETTING},
        {"policy", 'p', IMP_OPTION_TEXT, &s->def.policy, "NAME", "name to store as the policy",
         IMP_SETTING},
        // choice of topics in a bag
        {"robot", 0, IMP_OPTION_TEXT, &s->robot, "ROBOT",
         "rosbag: robot to import, by its topics /ROBOT/..., if the bag has several; or its file "
         "or "
         "folder of calibrations (see imprint robot): its commands are then stored for the usual "
         "wheels. drive: file or folder of the robot whose camera sees",
         IMP_SETTING},
        {"camera", 0, IMP_OPTION_TEXT, &s->camera, "TOPIC",
         "rosbag: topic of the images [the robot's topic with the most images]", IMP_SETTING},
        {"commands", 0, IMP_OPTION_TEXT, &s->commands, "TOPIC",
         "rosbag: topic of wheel or car commands [the robot's topic with the most commands]",
         IMP_SETTING},
        {"odometry", 0, IMP_OPTION_TEXT, &s->odometry, "TOPIC",
         "rosbag: topic of poses (nav_msgs/Odometry) or of one wheel's encoder; none: no poses "
         "[the robot's odometry, else its encoders]",
         IMP_SETTING},
        // camera and synchronisation
        {"undistort", 0, IMP_OPTION_FLAG, &s->def.undistort, NULL,
         "rosbag: undistort the images, with --calibration or the bag's own calibration",
         IMP_SETTING},
        {"calibration", 0, IMP_OPTION_TEXT, &s->calibration, "FILE",
         "rosbag: the camera's calibration (YAML)", IMP_SETTING},
        {"delay", 0, IMP_OPTION_REAL, &s->def.delay, "S",
         "rosbag: pair an image with the latest command this long after it", IMP_SETTING},
        {"command-age", 0, IMP_OPTION_REAL, &s->def.max_command_age, "S",
         "rosbag: ignore commands that are older than this", IMP_SETTING},
        {"gap", 0, IMP_OPTION_REAL, &s->def.gap, "S",
         "rosbag: a longer gap between images ends an episode", IMP_SETTING},
        {"receive-times", 0, IMP_OPTION_FLAG, &s->def.use_receive_times, NULL,
         "rosbag: use the times at which messages were recorded instead of their time stamps",
         IMP_SETTING},
        {"moving-only", 0, IMP_OPTION_FLAG, &s->def.skip_standstill, NULL,
         "rosbag: leave out images at which the robot stands still", IMP_SETTING},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// Options that say what the numbers of a recording mean.
static void add_action_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        // kinematics, which convert car commands to duty cycles
        {"gain", 0, IMP_OPTION_REAL, &s->def.gain, "G",
         "rosbag: gain of the robot's kinematics, for car commands", IMP_SETTING},
        {"trim", 0, IMP_OPTION_REAL, &s->def.trim, "T",
         "rosbag: trim of the robot's kinematics, for car commands", IMP_SETTING},
        // pickles of the baseline
        {"lens", 0, IMP_OPTION_TEXT, &s->def.lens, "NAME",
         "trainlog: lens of the images: duckiebot, none or custom; drive: duckiebot, none or a "
         "robot's calibration (YAML)",
         IMP_SETTING},
        {"actions", 0, IMP_OPTION_TEXT, &s->actions, "KIND",
         "trainlog: duty-cycles (left, right) or velocities (speed, turn rate)", IMP_SETTING},
        {"swap-red-blue", 0, IMP_OPTION_FLAG, &s->def.swap_red_blue, NULL,
         "trainlog: images are stored as BGR, as the baseline's log.py does", IMP_SETTING},
        {"next-action", 0, IMP_OPTION_FLAG, &s->def.use_next_action, NULL,
         "trainlog: pair each image with the action of the next entry, which was taken after "
         "seeing it",
         IMP_SETTING},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// Values of --actions.
// The kinds are duty cycles of the wheels, and speed [m/s] with turn rate [rad/s].
static const char *action_kind_name(int k)
{
    static const char *const words[] = {"duty-cycles", [VELOCITIES] = "velocities"};
    return k <= VELOCITIES ? words[k] : NULL;
}

// Values of --lens: custom is a lens whose calibration is not known.
static const char *imported_lens_name(int k)
{
    static const char *const words[] = {"duckiebot", "none", "custom"};
    return k < 3 ? words[k] : NULL;
}

// --robot is the name of a robot in the bag, or the path of its numbers.
static imp_status read_robot_option(settings *s, imp_error *err)
{
    if (s->kind != ROSBAG || (strpbrk(s->robot, "/,.") == NULL && !imp_path_exists(s->robot)))
        return IMP_OK;
    imp_robot_remarks remarks;
    IMP_TRY(imp_robot_read(&s->driven, &remarks, s->robot, err));
    imp_print_robot_remarks(&remarks);
    s->def.robot = NULL;
    s->def.driven = &s->driven;
    return IMP_OK;
}

// Converts the options to the library's definition.
static imp_status read_import_options(const imp_options *options, settings *s, imp_error *err)
{
    const bool sized = imp_option_is_given(options, s->size);
    int lens, actions;
    IMP_TRY(imp_name_lookup(&actions, "--actions: ", s->actions, action_kind_name, err));
    IMP_TRY(imp_name_lookup(&lens, "--lens: ", s->def.lens, imported_lens_name, err));
    // frames of a train.log keep their size unless another is asked for
    if (s->kind == ROSBAG || sized) {
        s->def.width = s->size[0];
        s->def.height = s->size[1];
    } else {
        s->def.width = s->def.height = 0;
    }
    if (sized && (s->size[0] < 1 || s->size[1] < 1))
        return imp_fail(err, IMP_USAGE, "--size must be at least 1x1");
    // the reader converts velocities to duty cycles
    s->def.actions_are_velocities = actions == VELOCITIES;
    // empty texts mean "not given"
    s->def.robot = s->robot[0] != '\0' ? s->robot : NULL;
    IMP_TRY(read_robot_option(s, err));
    s->def.camera_topic = s->camera[0] != '\0' ? s->camera : NULL;
    s->def.odometry_topic = s->odometry[0] != '\0' ? s->odometry : NULL;
    s->def.command_topic = s->commands[0] != '\0' ? s->commands : NULL;
    if (s->calibration[0] == '\0')
        return IMP_OK;
    if (!s->def.undistort)
        return imp_fail(err, IMP_USAGE, "--calibration is for --undistort");
    s->def.calibration = &s->own_calibration;
    return imp_calibration_read(&s->own_calibration, s->calibration, err);
}

// Puts the settings and a preview into a new dataset, then gives it its name. An import that failed
// leaves no folder: what was there before comes back.
static imp_status add_preview_and_publish(settings *s, const imp_options *options,
                                          imp_staged_dataset *staged, imp_status status,
                                          imp_error *err)
{
    if (status == IMP_OK)
        status = imp_output_folder_save_settings(options, staged->path, err);
    if (status == IMP_OK)
        status = imp_dataset_preview_write(staged->path, err);
    status = imp_staged_dataset_end(staged, status, err);
    imp_output_folder_restore_or_drop_backup(&s->folder, status, err);
    return status;
}

// Makes room for the dataset.
static imp_status begin_dataset(imp_staged_dataset *staged, settings *s, const imp_options *options,
                                imp_error *err)
{
    IMP_TRY(imp_output_folder_check_and_back_up(&s->folder, options, s->out, false, s->force, err));
    const imp_status status = imp_staged_dataset_begin(staged, s->out, err);
    if (status != IMP_OK)
        imp_output_folder_restore_or_drop_backup(&s->folder, status, err);
    return status;
}

// Drives demonstrations again, and writes them to the folder unless they are only checked.
static imp_status import_drives(settings *s, const imp_options *options, imp_error *err)
{
    imp_import_drive *drive = &s->drive;
    imp_staged_dataset staged;
    drive->sim.robot = s->robot;
    IMP_TRY(imp_import_drive_apply_options(drive, options, s->size, s->def.lens, err));
    if (!drive->check)
        IMP_TRY(begin_dataset(&staged, s, options, err));
    char *json;
    imp_status status = imp_options_to_json(&json, options, err);
    const imp_monitor monitor = imp_console_create_monitor(options);
    drive->def.settings = json;
    const char *folder = drive->check ? NULL : staged.path;
    if (status == IMP_OK)
        status = imp_import_drives(&drive->summary, folder, options->operands + 1,
                                   options->operand_count - 1, &drive->def, &monitor, err);
    imp_console_clear_progress();
    free(json);
    return drive->check ? status : add_preview_and_publish(s, options, &staged, status, err);
}

// Imports recordings of other programs.
static imp_status import_recordings(settings *s, const imp_options *options, imp_error *err)
{
    imp_import_summary *summary = &s->summary;
    imp_staged_dataset staged;
    IMP_TRY(read_import_options(options, s, err));
    IMP_TRY(begin_dataset(&staged, s, options, err));
    // the settings are stored in the dataset, as those of `imprint log` are
    char *json;
    imp_status status = imp_options_to_json(&json, options, err);
    const imp_monitor monitor = imp_console_create_monitor(options);
    const char *const *files = options->operands + 1;
    const int count = options->operand_count - 1;
    s->def.settings = json;
    if (status == IMP_OK)
        status =
            s->kind == ROSBAG
                ? imp_import_rosbag(summary, files, count, staged.path, &s->def, &monitor, err)
                : imp_import_trainlog(summary, files, count, staged.path, &s->def, &monitor, err);
    imp_console_clear_progress();
    free(json);
    return add_preview_and_publish(s, options, &staged, status, err);
}

// The first operand says what kind of recordings the others are.
static imp_status run_import_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    static const imp_subcommand words[] = {[ROSBAG] = {"rosbag", 1, -1, "FILE..."},
                                           [TRAINLOG] = {"trainlog", 1, -1, "FILE..."},
                                           [DRIVE] = {"drive", 1, -1, "FILE_OR_FOLDER..."},
                                           {0}};
    IMP_TRY(imp_options_find_subcommand(&s->kind, options, words, err));
    if (s->kind == DRIVE)
        return import_drives(s, options, err);
    if (s->drive.check)
        return imp_fail(err, IMP_USAGE, "--check is for demonstrations: imprint import drive");
    return import_recordings(s, options, err);
}

// The readers mark warnings in their notes.
static bool is_warning_note(const char *note)
{
    return strstr(note, ": warning: ") != NULL;
}

// Prints notes, what was dropped, and the totals.
static int print_import_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    const imp_import_summary *summary = &s->summary;
    if (s->kind == DRIVE)
        return imp_import_drive_print(&s->drive, options, s->out);
    // warnings go to standard error, with --json, too
    for (int k = 0; k < summary->note_count; k++)
        if (is_warning_note(summary->notes[k]))
            fprintf(stderr, "imprint: %s\n", summary->notes[k]);
    // the reasons become keys of an object, and their counts the values
    if (options->json) {
        json_t *dropped = json_object(), *notes = json_array();
        for (int k = 0; k < summary->reason_count; k++)
            imp_json_set(dropped, summary->dropped[k].reason,
                         json_integer(summary->dropped[k].count));
        for (int k = 0; k < summary->note_count; k++)
            imp_json_append(notes, json_string(summary->notes[k]));
        return imp_console_finish_with_json(
            json_pack("{s:s, s:i, s:I, s:I, s:o, s:o}", "out", s->out, "episodes",
                      summary->episodes, "steps", (json_int_t)summary->steps, "pictures",
                      (json_int_t)summary->images, "dropped", dropped, "notes", notes));
    }
    for (int k = 0; k < summary->note_count; k++)
        if (!is_warning_note(summary->notes[k]))
            printf("%s\n", summary->notes[k]);
    for (int k = 0; k < summary->reason_count; k++)
        printf("left out: %s (%" PRId64 ")\n", summary->dropped[k].reason,
               summary->dropped[k].count);
    printf("%s: %s, %s of %s; look at %s/observations.png\n", s->out,
           IMP_PLURAL(summary->episodes, "episode"), IMP_PLURAL(summary->steps, "step"),
           IMP_PLURAL(summary->images, "image"), s->out);
    return imp_console_flush();
}

// Empty texts mean that the reader decides.
static void set_up_import_command(void *state, imp_options *options)
{
    settings *s = state;
    *s = (settings){.def = imp_default_import_def(),
                    .size = {80, 60},
                    .robot = "",
                    .camera = "",
                    .commands = "",
                    .odometry = "",
                    .calibration = "",
                    .actions = "duty-cycles",
                    .out = "runs/imported"};
    imp_import_drive_init(&s->drive);
    add_import_options(options, s);
    add_action_options(options, s);
    imp_import_drive_add_options(options, &s->drive);
}

static void free_import_command(void *state)
{
    settings *s = state;
    imp_import_drive_close_assets(&s->drive);
}

const imp_command imp_command_import = {
    .name = "import",
    .summary = "convert recordings of other programs to a dataset",
    .operands = "rosbag FILE... | trainlog FILE... | drive FILE_OR_FOLDER...",
    .details =
        "rosbag reads bags of ROS 1 and ROS 2 of a robot: camera images, and the wheel or car "
        "commands "
        "that were in effect at their times. trainlog reads the baseline's train.log (Python "
        "pickles) without executing its contents. Everything that is left out is counted, "
        "here and in `imprint data info`. An interrupted import leaves nothing behind. drive "
        "drives demonstrations (*.drive.json, of `imprint drive` or a web page) again to the last "
        "bit, and refuses those that do not come out the same.",
    .examples =
        "  imprint log --episodes 2 --steps 60 --out /tmp/imprint-r --force &&\n"
        "  imprint export trainlog /tmp/imprint-r --out /tmp/imprint-train.log --force &&\n"
        "  imprint import trainlog /tmp/imprint-train.log --out /tmp/imprint-imported --force\n"
        "  imprint drive --episodes 4 --steps 60 --out /tmp/imprint-drives --force &&\n"
        "  imprint import drive /tmp/imprint-drives --size 160x120 --out /tmp/imprint-redriven "
        "--force",
    .state_size = sizeof(settings),
    .set_up = set_up_import_command,
    .run = run_import_command,
    .report = print_import_summary,
    .tear_down = free_import_command,
};
