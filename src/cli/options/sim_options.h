// cli/options/sim_options.h: the commands of the program, and the options that several of them
// share.
#ifndef IMP_CLI_OPTIONS_SIM_OPTIONS_H
#define IMP_CLI_OPTIONS_SIM_OPTIONS_H

#include "cli/options/options.h"
#include "imprint/learn.h"
#include "imprint/robot_file.h"

extern const imp_command imp_command_log;
extern const imp_command imp_command_drive;
extern const imp_command imp_command_train;
extern const imp_command imp_command_dagger;
extern const imp_command imp_command_seg_train;
extern const imp_command imp_command_doubt;
extern const imp_command imp_command_eval;
extern const imp_command imp_command_render;
extern const imp_command imp_command_map;
extern const imp_command imp_command_route;
extern const imp_command imp_command_data;
extern const imp_command imp_command_model;
extern const imp_command imp_command_bench;
extern const imp_command imp_command_import;
extern const imp_command imp_command_export;
extern const imp_command imp_command_plot;
extern const imp_command imp_command_page;
extern const imp_command imp_command_sweep;
extern const imp_command imp_command_agent;
extern const imp_command imp_command_robot;
extern const imp_command imp_command_predict;
extern const imp_command imp_command_looks;
extern const imp_command imp_command_audit;
extern const imp_command imp_command_submission;
extern const imp_command imp_command_runs;
extern const imp_command imp_command_init;
extern const imp_command imp_command_doctor;
extern const imp_command imp_command_completion;

#define IMP_SETTLE_STEPS_HELP                                                                      \
    "first steps that lane and speed figures leave out (60 if --steps is at least 300)"

// What the option --start-angle-deg is unless it is given.
#define IMP_DEFAULT_START_ANGLE_DEG 4.0

// Options of everything that simulates. Most set members of the definition; the rest is converted.
typedef struct imp_sim_options {
    imp_sim_def *def;                    // the command's
    imp_text_list maps;                  // of commands that take several: maps and folders of maps
    const char *lens;                    // "duckiebot", "none" or a calibration's file
    const char *robot;                   // a robot's file or folder, or ""
    char robot_text[IMP_ROBOT_TEXT_MAX]; // its numbers, which def->robot borrows
    double start_angle_deg;              // accepted at the start
    double return_angle_deg;
    const char *lanes;                     // "simulator" or "challenge"
    const char *clock;                     // "simulator" or "challenge"
    const char *segmenter;                 // model of seg-train that policies look through, or ""
    const char *randomize, *randomization; // words and a file, or ""
    const char *assets, *style; // folder of textures and meshes, or ""; and which style of tiles
} imp_sim_options;

imp_sim_options imp_default_sim_options(imp_sim_def *def);

// Refuses numbers of threads that no machine has.
imp_status imp_check_thread_count(int threads, imp_error *err);

// Adds --map --seed --size --lens --start-angle-deg --start-tile --frame-skip --speed
// --tracking-rate --turn-rate-gain --max-turn-rate --max-return-angle-deg --lane-offset --lanes
// --pose-only --look-ahead --turns --assets --style --threads.
void imp_sim_options_add(imp_options *options, imp_sim_options *sim);

// The same for commands whose episodes take place on several maps: --map may be repeated, and they
// can let what varies in a map be drawn.
void imp_sim_options_add_for_many_maps(imp_options *options, imp_sim_options *sim);
// The same without --seed and --threads, for a command that has its own.
void imp_sim_options_add_without_seed(imp_options *options, imp_sim_options *sim);

// Adds --assets and --style alone.
void imp_sim_options_add_assets(imp_options *options, imp_sim_options *sim, const char *group);

// Completes environment, camera and expert of the definition; says what is out of range.
imp_status imp_sim_options_convert_and_check(const imp_options *options, imp_sim_options *sim,
                                             imp_error *err);

// The same, and all else that simulations are defined by: maps, --randomize, --assets. *assets:
// NULL, or to be freed with imp_assets_close(), also after a failure.
imp_status imp_sim_options_complete_def(const imp_options *options, imp_sim_options *sim,
                                        imp_assets **assets, imp_error *err);

// Adds --robot alone, and makes camera and drive of the definition those of the robot, with notes
// about its numbers. Nothing happens if it is not given. IMP_USAGE together with --lens.
void imp_sim_options_add_robot(imp_options *options, imp_sim_options *sim, const char *group);
imp_status imp_sim_options_apply_robot(const imp_options *options, imp_sim_options *sim,
                                       imp_error *err);

// Prints remarks about a robot's numbers as notes and warnings.
void imp_print_robot_remarks(const imp_robot_remarks *remarks);

// Adds --observation.
void imp_sim_options_add_observation(imp_options *options, imp_sim_options *sim);

// Adds --segmenter, and puts it before the eyes of a driver that wants segments.
void imp_sim_options_add_segmenter(imp_options *options, imp_sim_options *sim);
imp_status imp_sim_options_set_segmenter(const imp_sim_options *sim, imp_policy_factory *driver,
                                         imp_error *err);

// Refuses a segmenter that no driver uses.
imp_status imp_sim_options_refuse_unused_segmenter(const imp_sim_options *sim, bool used,
                                                   imp_error *err);

// Refuses options of routes without --commands route, and routes on maps where none can be drawn.
// Notes on standard error that a map without intersections gives no command.
imp_status imp_route_options_check(const imp_options *options, const imp_sim_options *sim,
                                   imp_error *err);

// The length of an episode that is not given: enough to drive a route where there are routes, or
// else `steps`.
int imp_route_options_default_steps(const imp_env_def *env, int steps);

// Adds --randomize and --distributions, and parses them. Prints a note about names in the file that
// have no meaning.
void imp_randomization_options_add(imp_options *options, imp_sim_options *sim);
imp_status imp_randomization_options_parse(const imp_options *options, const imp_sim_options *sim,
                                           imp_randomization *out, imp_error *err);

// Opens --assets, if it is given, for the definition's scene, and prints notes about what is
// missing there. Freed with imp_assets_close().
imp_status imp_sim_options_open_assets(const imp_options *options, const imp_sim_options *sim,
                                       imp_assets **assets, imp_error *err);

// A model knows the size and lens of its observations: makes the camera fit a driver that is one,
// where the user does not ask for something else, which can only contradict it. IMP_USAGE if it
// does not know the lens so well, because it was a robot's own.
imp_status imp_sim_options_fit_camera_to_policy(const imp_options *options,
                                                const imp_sim_options *sim,
                                                const imp_policy_factory *driver,
                                                imp_camera_def *camera, imp_error *err);

// Warns on standard error if a network that goes by what was before is to decide every `time_step`
// seconds, and was trained to do so at another pace: what it knows would mean something else.
void imp_sim_options_warn_time_step(const imp_policy_factory *driver, double time_step);

// Warns on standard error of commands and wanted speeds that a network does not take.
void imp_sim_options_warn_unheard(const imp_policy_factory *driver, const imp_env_def *env);

// The lens of --lens, and the projection that undistorts its images.
imp_status imp_parse_lens_option(const char *lens, imp_calibration *out, imp_error *err);

#endif
