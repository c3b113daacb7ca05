// imprint robot: `show` prints a robot's numbers and draws what its camera sees, `check` reports
// numbers that cannot be right, `fit` estimates some of them from recorded drives. sim/robot reads
// the files, learn/robot_fit fits.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "cli/robot_commands/robot_print.h"
#include "imprint/sim.h"

typedef struct settings {
    const char *out, *robot, *map;
    int size[2];
    double confidence, skip, pitch_range_deg;
    bool force;
} settings;

// Draws the start of an episode through a camera.
static imp_status render_start_view(uint8_t *rgb, const settings *s, const imp_robot_def *robot,
                                    imp_error *err)
{
    imp_sim_def def = imp_default_sim_def();
    imp_sim *sim = NULL;
    def.map = s->map;
    def.env.accept_start_angle = 4.0 * IMP_PI / 180.0;
    def.camera.width = s->size[0];
    def.camera.height = s->size[1];
    imp_robot_set_camera_and_drive(robot, &def.camera, NULL);
    imp_status status = imp_sim_create(&sim, &def, err);
    if (status == IMP_OK)
        status = imp_sim_reset(sim, 0, err);
    if (status == IMP_OK)
        imp_sim_observe(sim, rgb);
    imp_sim_destroy(sim);
    return status;
}

// Writes what the robot sees, and to the right what the usual robot sees in the same place.
static imp_status write_camera_comparison(const settings *s, const imp_robot_def *robot,
                                          imp_error *err)
{
    const size_t row = (size_t)s->size[0] * 3, rows = (size_t)s->size[1];
    const imp_robot_def usual = imp_default_robot_def();
    uint8_t *views[2] = {malloc(row * rows), malloc(row * rows)}, *both = malloc(2 * row * rows);
    imp_status status = views[0] != NULL && views[1] != NULL && both != NULL
                            ? IMP_OK
                            : imp_fail(err, IMP_NO_MEMORY, "out of memory for the image");
    if (status == IMP_OK)
        status = render_start_view(views[0], s, robot, err);
    if (status == IMP_OK)
        status = render_start_view(views[1], s, &usual, err);
    for (size_t y = 0; status == IMP_OK && y < rows; y++)
        for (size_t k = 0; k < 2; k++)
            memcpy(both + (2 * y + k) * row, views[k] + y * row, row);
    if (status == IMP_OK)
        status = imp_png_write(s->out, 2 * s->size[0], s->size[1], both, err);
    free(views[0]);
    free(views[1]);
    free(both);
    return status;
}

// Prints a robot, and draws its view beside that of the usual camera if asked to.
static imp_status show_robot(const settings *s, const imp_options *options, json_t **json,
                             imp_error *err)
{
    static const char *const extensions[] = {".png", NULL};
    imp_robot_def robot;
    imp_robot_remarks remarks;
    if (s->out != NULL)
        IMP_TRY(imp_output_check_file(s->out, extensions, err));
    if (s->size[0] < 16 || s->size[1] < 16 || s->size[0] > 2048 || s->size[1] > 2048)
        return imp_fail(err, IMP_USAGE, "--size %dx%d is not within 16 to 2048", s->size[0],
                        s->size[1]);
    IMP_TRY(imp_robot_read(&robot, &remarks, options->operands[1], err));
    if (s->out != NULL)
        IMP_TRY(write_camera_comparison(s, &robot, err));
    if (options->json)
        *json = imp_robot_json(&robot, &remarks);
    else
        imp_robot_print(&robot, &remarks);
    return IMP_OK;
}

// Reads one robot and prints what is remarkable. False: it cannot be read, or has a fault.
static bool check_robot_and_print_remarks(const imp_options *options, const char *path,
                                          json_t *list)
{
    imp_robot_def robot;
    imp_robot_remarks remarks;
    imp_error err = {0};
    const bool readable = imp_robot_read(&robot, &remarks, path, &err) == IMP_OK;
    const bool good = readable && remarks.faults == 0;
    if (options->json) {
        json_t *one = readable ? imp_robot_json(&robot, &remarks)
                               : json_pack("{s:s}", "problem", err.message);
        imp_json_set(one, "path", json_string(path));
        imp_json_append(list, one);
        return good;
    }
    if (!readable)
        printf("%s: fault: %s\n", path, err.message);
    for (int k = 0; readable && k < remarks.count; k++)
        printf("%s: %s: %s\n", path, remarks.list[k].fault ? "fault" : "note",
               remarks.list[k].text);
    if (good)
        printf("%s: ok, %s\n", path, robot.name);
    return good;
}

// Checks all robots before it fails, so that one command finds all faults.
static imp_status check_robots(const imp_options *options, json_t **json, imp_error *err)
{
    json_t *list = json_array();
    int bad = 0;
    for (int k = 1; k < options->operand_count; k++)
        bad += !check_robot_and_print_remarks(options, options->operands[k], list);
    *json = json_pack("{s:o}", "robots", list);
    return bad == 0 ? IMP_OK
                    : imp_fail(err, IMP_CHECK_FAILED, "%d of %s cannot be right: see above", bad,
                               IMP_PLURAL(options->operand_count - 1, "robot"));
}

// Writes the fitted robot as a file.
static imp_status write_fitted_robot(const settings *s, const imp_robot_def *robot, imp_error *err)
{
    char text[IMP_ROBOT_TEXT_MAX];
    if (imp_path_exists(s->out) && !s->force)
        return imp_fail(err, IMP_USAGE, "%s exists: replace it with --force", s->out);
    imp_robot_format(robot, text);
    return imp_file_write(s->out, text, strlen(text), err);
}

// Estimates a robot from datasets, and writes and prints what was found.
static imp_status fit_robot_to_datasets(const settings *s, const imp_options *options,
                                        json_t **json, imp_error *err)
{
    static const char *const extensions[] = {".yaml", ".yml", NULL};
    imp_robot_fit_def def = imp_default_robot_fit_def();
    imp_robot_fit fit;
    const imp_monitor monitor = imp_console_create_monitor(options);
    // everything that can be refused, before minutes of work
    if (s->out != NULL)
        IMP_TRY(imp_output_check_file(s->out, extensions, err));
    if (!(s->confidence >= 0.5 && s->confidence <= 0.999))
        return imp_fail(err, IMP_USAGE, "--confidence %g is not within 0.5 to 0.999",
                        s->confidence);
    if (!(s->pitch_range_deg >= 0.0 && s->pitch_range_deg <= 25.0) || !(s->skip >= 0.0))
        return imp_fail(err, IMP_USAGE,
                        "--pitch-range-deg must be within 0 to 25, and --skip not negative");
    // what is known already; the fit takes it as given
    if (s->robot[0] != '\0') {
        imp_robot_remarks remarks;
        IMP_TRY(imp_robot_read(&def.robot, &remarks, s->robot, err));
        imp_print_robot_remarks(&remarks);
    }
    // options in degrees become radians
    def.confidence = s->confidence;
    def.skip = s->skip;
    def.pitch_range = s->pitch_range_deg * IMP_PI / 180.0;
    const imp_status status = imp_robot_fit_run(&fit, options->operands + 1,
                                                options->operand_count - 1, &def, &monitor, err);
    imp_console_clear_progress();
    IMP_TRY(status);
    if (s->out != NULL)
        IMP_TRY(write_fitted_robot(s, &fit.robot, err));
    if (options->json)
        *json = imp_robot_fit_json(&fit);
    else
        imp_robot_fit_print(&fit);
    return IMP_OK;
}

// Runs the subcommand. Its result as JSON is printed here, for all of them alike.
static imp_status run_robot_command(void *state, const imp_options *options, imp_error *err)
{
    enum { SHOW, CHECK, FIT };
    static const imp_subcommand subcommands[] = {[SHOW] = {"show", 1, 1, "ROBOT"},
                                                 [CHECK] = {"check", 1, -1, "ROBOT..."},
                                                 [FIT] = {"fit", 1, -1, "DATASET..."},
                                                 {0}};
    const settings *s = state;
    json_t *json = NULL;
    int action;
    IMP_TRY(imp_options_find_subcommand(&action, options, subcommands, err));
    const imp_status status = action == SHOW    ? show_robot(s, options, &json, err)
                              : action == CHECK ? check_robots(options, &json, err)
                                                : fit_robot_to_datasets(s, options, &json, err);
    // a failed check still prints what it found, and its own failure comes first
    imp_error later = {0};
    imp_status printed = IMP_OK;
    if (options->json && json != NULL)
        printed = imp_console_print_json(json, &later);
    else
        json_decref(json);
    fflush(stdout);
    return status != IMP_OK || printed == IMP_OK ? status
                                                 : imp_fail(err, printed, "%s", later.message);
}

// Defaults and options. Those of one subcommand say so in their help.
static void set_up_robot_command(void *state, imp_options *options)
{
    settings *s = state;
    *s = (settings){.robot = "",
                    .map = "loop_empty",
                    .size = {640, 480},
                    .confidence = 0.95,
                    .skip = 1.0,
                    .pitch_range_deg = 8.0};
    // each help text begins with the subcommand that it is for
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "FILE",
         "show: draw what its camera sees, and beside it what the usual camera sees (.png); fit: "
         "write the robot with what was found (.yaml)",
         IMP_TRANSIENT},
        {"map", 'm', IMP_OPTION_TEXT, &s->map, "MAP", "show: map on which the robot stands",
         IMP_TRANSIENT},
        {"size", 0, IMP_OPTION_PAIR, s->size, "WxH", "show: size of each of the two views [px]",
         IMP_TRANSIENT},
        {"robot", 0, IMP_OPTION_TEXT, &s->robot, "ROBOT",
         "fit: what is known already: lens, camera height, k, wheels' radius and distance",
         IMP_TRANSIENT},
        {"confidence", 0, IMP_OPTION_REAL, &s->confidence, "SHARE",
         "fit: confidence of the intervals", IMP_TRANSIENT},
        {"skip", 0, IMP_OPTION_REAL, &s->skip, "S",
         "fit: leave out the beginning of each episode [s]", IMP_TRANSIENT},
        {"pitch-range-deg", 0, IMP_OPTION_REAL, &s->pitch_range_deg, "DEG",
         "fit: seek the camera's pitch within this of the known one; 0: not at all", IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "fit: replace --out if it exists",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

const imp_command imp_command_robot = {
    .name = "robot",
    .summary = "show, check or fit a robot's own camera, wheels and delays",
    .operands = "show ROBOT | check ROBOT... | fit DATASET...",
    .details =
        "ROBOT is a file of imprint (docs/robots.md), one of Duckietown's files camera_intrinsic, "
        "camera_extrinsic and kinematics or several with commas between them, or a folder that "
        "holds folders with these names, as /data/config/calibrations of a Duckiebot. FOLDER/NAME "
        "chooses one of its robots. Other commands take it as --robot.\n\n"
        "`fit` estimates gain, trim, delay and camera pitch from drives with poses, with "
        "confidence intervals.",
    .examples =
        "  printf 'gain: 1.0\\ntrim: 0.05\\nk: 27\\nlimit: 1\\nradius: 0.0318\\nbaseline: 0.1\\n' "
        ">/tmp/imprint-wheels.yaml\n"
        "  imprint robot check /tmp/imprint-wheels.yaml\n"
        "  imprint robot show /tmp/imprint-wheels.yaml --out /tmp/imprint-view.png\n"
        "  imprint log --robot /tmp/imprint-wheels.yaml --episodes 10 --noise 0.1 --out "
        "/tmp/imprint-drives --force &&\n"
        "  imprint robot fit /tmp/imprint-drives --out /tmp/imprint-robot.yaml --force",
    .state_size = sizeof(settings),
    .set_up = set_up_robot_command,
    .run = run_robot_command,
};
