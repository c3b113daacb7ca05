// Options of the simulation that several commands share: map, camera, start, expert, assets,
// randomisation. Most of them set members of the command's imp_sim_def directly; imp_sim_options
// holds the others as the user gives them (degrees, names), and imp_sim_options_convert_and_check()
// converts them. Commands on one map use imp_sim_options_add(), commands on several maps
// imp_sim_options_add_for_many_maps(). Both share the same tables, so an option means the same
// everywhere. A network fixes the size and the lens of its observations.
// imp_sim_options_fit_camera_to_policy() takes both from the model where the user did not give
// them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/text/number_format.h"
#include "base/text/suggestion.h"
#include "cli/options/settings_file.h"
#include "cli/options/sim_options.h"
#include "sim/simulator/sim_settings.h"

#define IMP_ROBOT_HELP                                                                             \
    "the robot's own camera, wheels and delays: a file, or a folder of Duckietown's calibrations " \
    "(see imprint robot)"

static const char DEFAULT_STYLE[] = "photos";

// The defaults of the options that set no member are the baseline's.
imp_sim_options imp_default_sim_options(imp_sim_def *def)
{
    // texts borrow constants, so nothing has to be freed; results hold an empty list of turns
    def->expert.turns = "";
    return (imp_sim_options){
        .def = def,
        .maps = {{"loop_empty"}, 1},
        .lens = "duckiebot",
        .robot = "",
        .start_angle_deg = IMP_DEFAULT_START_ANGLE_DEG,
        .return_angle_deg = imp_radians_to_degrees(def->expert.max_return_angle),
        .lanes = "simulator",
        .segmenter = "",
        .clock = "simulator",
        .randomize = "",
        .randomization = "",
        .assets = "",
        .style = DEFAULT_STYLE,
    };
}

// Titles of groups in the help.
static const char WORLD_GROUP[] = "The world and the robot", EXPERT_GROUP[] = "The expert";

// Adds rows, of which some are members of the definition.
static void add_member_options(imp_options *options, const char *group, const imp_option *table,
                               size_t bytes, imp_sim_options *sim)
{
    imp_options_add_members(options, group, table, (int)(bytes / sizeof *table), &imp_sim_members,
                            sim->def);
}

// `imprint train --online` has these two already and leaves them out.
static void add_seed_and_thread_options(imp_options *options, imp_sim_options *sim)
{
    static const imp_option table[] = {
        IMP_MEMBER_OPTION("env.seed", 's', IMP_SETTING),
        IMP_MEMBER_OPTION("threads", 'j', IMP_TRANSIENT),
    };
    add_member_options(options, NULL, table, sizeof table, sim);
}

// What the robot sees, where an episode starts, how the expert drives, and what maps are drawn
// with. The expert's options change labels, so they are settings.
static void add_shared_options(imp_options *options, imp_sim_options *sim)
{
    // where and with what the robot drives
    const imp_option world[] = {
        {"size", 0, IMP_OPTION_PAIR, &sim->def->camera.width, "WxH",
         "size of an observation [80x60; a model: its own; render: 640x480]", IMP_SETTING},
        {"lens", 0, IMP_OPTION_TEXT, &sim->lens, "LENS",
         "lens of the camera: duckiebot, none, or a robot's calibration (YAML); a model has "
         "its own",
         IMP_INPUT_PATH},
        {"robot", 0, IMP_OPTION_TEXT, &sim->robot, "ROBOT", IMP_ROBOT_HELP, IMP_INPUT_PATH},
        {"start-angle-deg", 0, IMP_OPTION_REAL, &sim->start_angle_deg, "DEG",
         "largest angle to the lane at the start (the baseline has 4, gym-duckietown 60)",
         IMP_SETTING},
        IMP_MEMBER_OPTION("env.start_tile", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("env.frame_skip", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("scene.room", 0, IMP_SETTING),
    };
    // how the expert drives, in every command that asks it
    const imp_option expert[] = {
        IMP_MEMBER_OPTION("expert.speed", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("expert.tracking_rate", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("expert.turn_rate_gain", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("expert.max_turn_rate", 0, IMP_SETTING),
        {"max-return-angle-deg", 0, IMP_OPTION_REAL, &sim->return_angle_deg, "DEG",
         "maximum angle at which the expert returns to its lane from the left, so that it "
         "does not turn into an object that it passes",
         IMP_SETTING},
        IMP_MEMBER_OPTION("expert.lane_offset", 0, IMP_SETTING),
        {"lanes", 0, IMP_OPTION_TEXT, &sim->lanes, "NAME",
         "lanes that the expert follows: simulator, or challenge (farther out)", IMP_SETTING},
        IMP_MEMBER_OPTION("expert.pose_only", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("expert.look_ahead", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("expert.turns", 0, IMP_SETTING),
    };
    // the two groups of the help
    add_member_options(options, WORLD_GROUP, world, sizeof world, sim);
    add_member_options(options, EXPERT_GROUP, expert, sizeof expert, sim);
    imp_sim_options_add_assets(options, sim, WORLD_GROUP);
}

// Where textures and meshes come from.
void imp_sim_options_add_assets(imp_options *options, imp_sim_options *sim, const char *group)
{
    const imp_option table[] = {
        {"assets", 0, IMP_OPTION_TEXT, &sim->assets, "DIR",
         "folder with the textures and meshes of duckietown-world or gym-duckietown",
         IMP_INPUT_PATH},
        {"style", 0, IMP_OPTION_TEXT, &sim->style, "STYLE",
         "style of the assets' tiles: photos, synthetic, synthetic-F or smooth", IMP_SETTING},
    };
    add_member_options(options, group, table, sizeof table, sim);
}

// For commands on one map.
void imp_sim_options_add(imp_options *options, imp_sim_options *sim)
{
    static const imp_option map[] = {IMP_MEMBER_OPTION("map", 'm', IMP_INPUT_PATH)};
    add_member_options(options, WORLD_GROUP, map, sizeof map, sim);
    add_seed_and_thread_options(options, sim);
    add_shared_options(options, sim);
}

// For commands on several maps that bring their own --seed and --threads.
void imp_sim_options_add_without_seed(imp_options *options, imp_sim_options *sim)
{
    const imp_option map[] = {
        {"map", 'm', IMP_OPTION_LIST, &sim->maps, "MAP",
         "name or path of a map, or a folder of maps; may be repeated: every episode takes "
         "one at random",
         IMP_INPUT_PATH},
    };
    const imp_option table[] = {
        IMP_MEMBER_OPTION("env.randomize_objects", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("split", 0, IMP_SETTING),
        {"clock", 0, IMP_OPTION_TEXT, &sim->clock, "NAME",
         "time step: simulator (1/30 s), or challenge (0.05 s, as AI-DO; for policies that "
         "take past actions as input)",
         IMP_SETTING},
        IMP_MEMBER_OPTION("env.cars_yield", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("env.commands", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("env.route_intersections", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("env.destination", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("env.wanted_speed_min", 0, IMP_SETTING),
        IMP_MEMBER_OPTION("env.wanted_speed_max", 0, IMP_SETTING),
    };
    add_member_options(options, WORLD_GROUP, map, sizeof map, sim);
    add_shared_options(options, sim);
    add_member_options(options, WORLD_GROUP, table, sizeof table, sim);
    // without --commands route it would say nothing
    imp_options_save_only_if_given(options, &sim->def->env.route_intersections);
    imp_randomization_options_add(options, sim);
}

// For commands on several maps.
void imp_sim_options_add_for_many_maps(imp_options *options, imp_sim_options *sim)
{
    add_seed_and_thread_options(options, sim);
    imp_sim_options_add_without_seed(options, sim);
}

// Only for commands that record; a model knows what it was trained on.
void imp_sim_options_add_observation(imp_options *options, imp_sim_options *sim)
{
    static const imp_option table[] = {IMP_MEMBER_OPTION("observation", 0, IMP_SETTING)};
    add_member_options(options, NULL, table, sizeof table, sim);
}

// Only for commands that let models drive.
void imp_sim_options_add_segmenter(imp_options *options, imp_sim_options *sim)
{
    imp_options_add(
        options,
        (imp_option){
            "segmenter", 0, IMP_OPTION_TEXT, &sim->segmenter, "MODEL",
            "model of imprint seg-train; a policy trained on masks then sees the masks that this "
            "network finds in images",
            IMP_INPUT_PATH});
}

// Only policies trained on masks use the segmenter; others keep their images.
imp_status imp_sim_options_set_segmenter(const imp_sim_options *sim, imp_policy_factory *driver,
                                         imp_error *err)
{
    // nothing to do without a segmenter, or for a policy that sees images
    if (sim->segmenter[0] == '\0' ||
        imp_policy_factory_observation(driver) != IMP_OBSERVATION_SEGMENTATION)
        return IMP_OK;
    return imp_policy_factory_set_segmenter(driver, sim->segmenter, err);
}

// A segmenter without a policy that uses it would have no effect.
imp_status imp_sim_options_refuse_unused_segmenter(const imp_sim_options *sim, bool used,
                                                   imp_error *err)
{
    return used || sim->segmenter[0] == '\0'
               ? IMP_OK
               : imp_fail(
                     err, IMP_USAGE,
                     "--segmenter: none of the policies was trained on segments, so none uses it");
}

// 0 stands for one thread per processor.
imp_status imp_check_thread_count(int threads, imp_error *err)
{
    if (threads < 0 || threads > 1024)
        return imp_fail(err, IMP_USAGE, "--threads %d is not within 0 to 1024", threads);
    return IMP_OK;
}

// A name, or a calibration file. A word that looks like no path is a misspelt name rather than a
// missing file.
imp_status imp_parse_lens_option(const char *lens, imp_calibration *out, imp_error *err)
{
    // the standard camera, unless another lens is asked for
    *out = imp_calibration_duckiebot();
    if (strcmp(lens, "duckiebot") == 0)
        return IMP_OK;
    out->lens = imp_lens_none();
    if (strcmp(lens, "none") == 0)
        return IMP_OK;
    if (strchr(lens, '/') == NULL && strchr(lens, '.') == NULL && !imp_path_exists(lens)) {
        char hint[IMP_SUGGESTION_TEXT_MAX];
        imp_suggestion suggestion = imp_suggestion_begin(lens, strlen(lens));
        imp_suggestion_add_candidate(&suggestion, "duckiebot");
        imp_suggestion_add_candidate(&suggestion, "none");
        return imp_fail(err, IMP_USAGE, "--lens: '%s' is neither duckiebot nor none nor a file%s",
                        lens, imp_suggestion_format(&suggestion, hint));
    }
    return imp_calibration_read(out, lens, err);
}

// Only for commands without the other options of the simulation.
void imp_sim_options_add_robot(imp_options *options, imp_sim_options *sim, const char *group)
{
    const imp_option table[] = {
        {"robot", 0, IMP_OPTION_TEXT, &sim->robot, "ROBOT", IMP_ROBOT_HELP, IMP_INPUT_PATH},
    };
    add_member_options(options, group, table, sizeof table, sim);
}

// Values of --clock and --lanes.
enum { CHALLENGE = 1 };
static const char *simulator_or_challenge_name(int k)
{
    static const char *const words[] = {"simulator", [CHALLENGE] = "challenge"};
    return k <= CHALLENGE ? words[k] : NULL;
}

// Prints notes about values that a map leaves out and that were assumed. A map that cannot be
// loaded is reported by the command itself.
static void print_map_assumptions(const char *map)
{
    imp_world *world;
    // the map is loaded only for its remarks, and freed again
    if (imp_world_load(&world, map, NULL) != IMP_OK)
        return;
    for (int k = 0; k < world->warning_count; k++)
        if (world->warnings[k].assumed)
            fprintf(stderr, "imprint: note: %s: %s\n", map, world->warnings[k].text);
    imp_world_destroy(world);
}

// Converts the options that set no member, and checks them.
imp_status imp_sim_options_convert_and_check(const imp_options *options, imp_sim_options *sim,
                                             imp_error *err)
{
    imp_sim_def *def = sim->def;
    imp_calibration calibration;
    int clock = 0, lanes = 0;
    // ranges that the library would report without the option's name
    if (!(sim->start_angle_deg > 0.0 && sim->start_angle_deg <= 180.0))
        return imp_fail(err, IMP_USAGE, "--start-angle-deg %g is not within 0 to 180",
                        sim->start_angle_deg);
    if (!(sim->return_angle_deg > 0.0 && sim->return_angle_deg <= 90.0))
        return imp_fail(err, IMP_USAGE, "--max-return-angle-deg %g is not within 0 to 90",
                        sim->return_angle_deg);
    IMP_TRY(imp_parse_lens_option(sim->lens, &calibration, err));
    IMP_TRY(imp_name_lookup(&clock, "--clock: ", sim->clock, simulator_or_challenge_name, err));
    IMP_TRY(imp_name_lookup(&lanes, "--lanes: ", sim->lanes, simulator_or_challenge_name, err));
    def->camera.lens = calibration.lens;
    IMP_TRY(imp_sim_options_apply_robot(options, sim, err));
    if (clock == CHALLENGE)
        imp_challenge_set_time_step(&def->env.drive);
    def->expert.challenge_lanes = lanes == CHALLENGE;
    def->env.accept_start_angle = sim->start_angle_deg * IMP_PI / 180.0;
    def->env.has_start_tile = imp_option_is_given(options, def->env.start_tile);
    def->env.has_destination = imp_option_is_given(options, def->env.destination);
    def->expert.max_return_angle = sim->return_angle_deg * IMP_PI / 180.0;
    // notes about the maps, once per command
    if (!options->quiet) {
        print_map_assumptions(def->map);
        for (int k = 0; k < sim->maps.count; k++)
            print_map_assumptions(sim->maps.items[k]);
    }
    // creating a camera checks its size
    imp_camera probe;
    return imp_camera_init(&probe, &def->camera, err);
}

// Opens the folder of --assets. What it lacks is drawn as without assets, with a note.
imp_status imp_sim_options_open_assets(const imp_options *options, const imp_sim_options *sim,
                                       imp_assets **assets, imp_error *err)
{
    // a style without assets would have no effect
    if (sim->assets[0] == '\0' && strcmp(sim->style, DEFAULT_STYLE) != 0)
        return imp_fail(err, IMP_USAGE,
                        "--style needs --assets: it selects a style of their tiles");
    if (sim->assets[0] == '\0')
        return IMP_OK;
    IMP_TRY(imp_assets_open(assets, sim->assets, sim->style, err));
    // the scene borrows the assets, which the caller closes after it
    sim->def->scene.assets = *assets;
    for (int k = 0; !options->quiet && k < imp_assets_warning_count(*assets); k++)
        fprintf(stderr, "imprint: note: %s\n", imp_assets_warning(*assets, k));
    return IMP_OK;
}

// Completes the definition. Commands on one map use def->map, commands on several def->maps.
imp_status imp_sim_options_complete_def(const imp_options *options, imp_sim_options *sim,
                                        imp_assets **assets, imp_error *err)
{
    imp_sim_def *def = sim->def;
    IMP_TRY(imp_sim_options_convert_and_check(options, sim, err));
    IMP_TRY(imp_randomization_options_parse(options, sim, &def->randomization, err));
    // texts are borrowed from the options, whose table tells whether --map is a list
    const bool several = options->table[imp_option_find(options, "map")].type == IMP_OPTION_LIST;
    def->maps = sim->maps.items;
    def->map_count = several ? sim->maps.count : 0;
    if (several) // only these commands have navigation commands
        IMP_TRY(imp_route_options_check(options, sim, err));
    return imp_sim_options_open_assets(options, sim, assets, err);
}

// Networks without history have time step 0 and work at any rate.
// The network that drives; NULL: something else does.
static const imp_network *network_of_driver(const imp_policy_factory *driver)
{
    return driver != NULL && imp_policy_factory_is_network(driver)
               ? imp_policy_factory_network(driver)
               : NULL;
}

void imp_sim_options_warn_time_step(const imp_policy_factory *driver, double time_step)
{
    const imp_network *network = network_of_driver(driver);
    if (network == NULL)
        return;
    const double trained = imp_network_required_time_step(network);
    // a difference of one percent is rounding
    if (trained == 0.0 || fabs(trained / time_step - 1.0) < 0.01)
        return;
    fprintf(stderr,
            "imprint: warning: %s was trained with one action every %.3g s and takes its history "
            "as input; here it acts every %.3g s: train with the same --clock and --frame-skip\n",
            imp_policy_factory_name(driver), trained, time_step);
}

void imp_sim_options_warn_unheard(const imp_policy_factory *driver, const imp_env_def *env)
{
    const imp_network *network = network_of_driver(driver);
    if (network == NULL)
        return;
    const bool *takes = imp_network_inputs(network)->takes;
    if (env->commands != IMP_COMMANDS_NONE && !takes[IMP_INPUT_COMMAND])
        fprintf(stderr,
                "imprint: warning: %s takes no commands as input, so it cannot follow those of "
                "--commands: train a network that does, such as --network one-residual-command\n",
                imp_policy_factory_name(driver));
    if (env->wanted_speed_max > 0.0 && !takes[IMP_INPUT_SPEED])
        fprintf(stderr,
                "imprint: warning: %s takes no speed as input, so it cannot keep that of "
                "--wanted-speed-min and --wanted-speed-max: train a network with 'speed: true'\n",
                imp_policy_factory_name(driver));
}
