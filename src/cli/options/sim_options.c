// Options of the simulation that several commands share: map, camera, start, expert, assets,
// randomisation. imp_sim_options holds them as the user gives them (degrees, names);
// imp_sim_options_apply() checks them and converts them to the library's definitions (radians,
// enumerations). Commands on one map use imp_sim_options_add(), commands on several maps
// imp_sim_options_add_multi_map(). Both share the same tables, so an option means the same
// everywhere. A network fixes the size and the lens of its observations.
// imp_sim_options_match_camera() takes both from the model where the user did not give them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/text/number_format.h"
#include "base/text/suggestion.h"
#include "cli/options/settings_file.h"
#include "cli/options/sim_options.h"

// Values of the expert and the camera come from the library's defaults. The others are those of the
// baseline.
imp_sim_options imp_default_sim_options(void)
{
    // the expert's and the camera's values are in SI units and radians
    imp_expert_def expert = imp_default_expert_def();
    imp_camera_def camera = imp_default_camera_def();
    // texts borrow constants, so nothing has to be freed
    return (imp_sim_options){
        .map = "loop_empty",
        .maps = {{"loop_empty"}, 1},
        .seed = 123,
        .size = {camera.width, camera.height},
        .lens = "duckiebot",
        .start_angle_deg = 4.0,
        .frame_skip = 1,
        .expert_speed = expert.speed,
        .tracking_rate = expert.tracking_rate,
        .turning_rate = expert.turning_rate,
        .turn_rate = expert.turn_rate,
        .return_angle_deg = imp_radians_to_degrees(expert.return_angle),
        .lane_offset = expert.lane_offset,
        .look_ahead = expert.look_ahead,
        .lanes = "simulator",
        .turns = "",
        .split = "all",
        .observe = imp_observation_kind_name(IMP_OBSERVATION_IMAGE),
        .segmenter = "",
        .clock = "simulator",
        .randomize = "",
        .randomization = "",
        .assets = "",
        .style = "photos",
    };
}

// Titles of groups in the help.
static const char WORLD_GROUP[] = "The world and the robot", EXPERT_GROUP[] = "The expert";

// `imprint train --online` has these two already and leaves them out.
// Adds --seed and --threads.
static void add_seed_and_thread_options(imp_options *options, imp_sim_options *sim)
{
    imp_options_add(options, (imp_option){"seed", 's', IMP_OPTION_SEED, &sim->seed, "N",
                                          "seed of starts, turns and noise", IMP_SETTING});
    imp_options_add(
        options,
        (imp_option){"threads", 'j', IMP_OPTION_INT, &sim->threads, "N",
                     "number of threads, 0: one per processor; results do not depend on it",
                     IMP_TRANSIENT});
}

// What the robot sees, and where an episode starts.
static void add_camera_and_start_options(imp_options *options, imp_sim_options *sim)
{
    const imp_option table[] = {
        {"size", 0, IMP_OPTION_PAIR, sim->size, "WxH",
         "size of an observation [80x60; a model: its own; render: 640x480]", IMP_SETTING},
        {"lens", 0, IMP_OPTION_TEXT, &sim->lens, "LENS",
         "lens of the camera: duckiebot, none, or a robot's calibration (YAML); a model has "
         "its own",
         IMP_INPUT_PATH},
        {"start-angle-deg", 0, IMP_OPTION_REAL, &sim->start_angle_deg, "DEG",
         "largest angle to the lane at the start (the baseline has 4, gym-duckietown 60)",
         IMP_SETTING},
        {"start-tile", 0, IMP_OPTION_PAIR, sim->start_tile, "I,J", "start on this tile",
         IMP_SETTING},
        {"frame-skip", 0, IMP_OPTION_INT, &sim->frame_skip, "N",
         "number of frames for which an action is repeated", IMP_SETTING},
    };
    imp_options_add_group(options, WORLD_GROUP, table, (int)(sizeof table / sizeof table[0]));
}

// How the expert drives. These options change labels, so they are settings.
// All rates are per second, all distances in metres.
static void add_expert_options(imp_options *options, imp_sim_options *sim)
{
    const imp_option table[] = {
        {"speed", 0, IMP_OPTION_REAL, &sim->expert_speed, "M/S", "target speed of the expert",
         IMP_SETTING},
        // control law
        {"tracking-rate", 0, IMP_OPTION_REAL, &sim->tracking_rate, "1/S",
         "rate at which the expert reduces its distance to the path", IMP_SETTING},
        {"turn-rate-gain", 0, IMP_OPTION_REAL, &sim->turning_rate, "1/S",
         "rate at which the expert corrects its turn rate; 4 is gentle", IMP_SETTING},
        {"max-turn-rate", 0, IMP_OPTION_REAL, &sim->turn_rate, "RAD/S",
         "maximum turn rate of the expert", IMP_SETTING},
        {"max-return-angle-deg", 0, IMP_OPTION_REAL, &sim->return_angle_deg, "DEG",
         "maximum angle at which the expert returns to its lane from the left, so that it "
         "does not turn into an object that it passes",
         IMP_SETTING},
        {"lane-offset", 0, IMP_OPTION_REAL, &sim->lane_offset, "M",
         "distance of the expert's path from the lane centre, to the right", IMP_SETTING},
        // path and decisions
        {"lanes", 0, IMP_OPTION_TEXT, &sim->lanes, "NAME",
         "lanes that the expert follows: simulator, or challenge (farther out)", IMP_SETTING},
        {"pose-only", 0, IMP_OPTION_FLAG, &sim->pose_only, NULL,
         "restrict the expert to inputs that single images show: its pose, not its motion",
         IMP_SETTING},
        {"look-ahead", 0, IMP_OPTION_FLAG, &sim->look_ahead, NULL,
         "let the expert simulate manoeuvres near the edge of the road; without it, the "
         "expert is easier to imitate",
         IMP_SETTING},
        {"turns", 0, IMP_OPTION_TEXT, &sim->turns, "LIST",
         "turns of the expert at intersections, repeated: letters l, r, s (s where the road "
         "has no such exit); random if not given",
         IMP_SETTING},
    };
    imp_options_add_group(options, EXPERT_GROUP, table, (int)(sizeof table / sizeof table[0]));
}

// Where textures and meshes come from.
static void add_asset_options(imp_options *options, imp_sim_options *sim)
{
    const imp_option table[] = {
        {"assets", 0, IMP_OPTION_TEXT, &sim->assets, "DIR",
         "folder with the textures and meshes of duckietown-world or gym-duckietown",
         IMP_INPUT_PATH},
        {"style", 0, IMP_OPTION_TEXT, &sim->style, "STYLE",
         "style of the assets' tiles: photos, synthetic, synthetic-F or smooth", IMP_SETTING},
    };
    imp_options_add_group(options, WORLD_GROUP, table, (int)(sizeof table / sizeof table[0]));
}

// What all commands with a simulation share.
static void add_shared_options(imp_options *options, imp_sim_options *sim)
{
    add_camera_and_start_options(options, sim);
    add_expert_options(options, sim);
    add_asset_options(options, sim);
}

// For commands on one map.
// The map is a single value here, so the option is a text.
void imp_sim_options_add(imp_options *options, imp_sim_options *sim)
{
    const imp_option map[] = {{"map", 'm', IMP_OPTION_TEXT, &sim->map, "MAP",
                               "name of a built-in map, or path of a YAML file", IMP_INPUT_PATH}};
    imp_options_add_group(options, WORLD_GROUP, map, 1);
    add_seed_and_thread_options(options, sim);
    add_shared_options(options, sim);
}

// For commands on several maps that bring their own --seed and --threads.
void imp_sim_options_add_unseeded(imp_options *options, imp_sim_options *sim)
{
    const imp_option map[] = {
        {"map", 'm', IMP_OPTION_LIST, &sim->maps, "MAP",
         "name or path of a map, or a folder of maps; may be repeated: every episode takes "
         "one at random",
         IMP_INPUT_PATH},
    };
    const imp_option table[] = {
        // objects and maps
        {"randomize-objects", 0, IMP_OPTION_FLAG, &sim->randomize_objects, NULL,
         "randomise the motion of objects and which optional objects exist", IMP_SETTING},
        {"split", 0, IMP_OPTION_TEXT, &sim->split, "PART",
         "which maps to use: all, train or test; a map's name decides its split", IMP_SETTING},
        // time step and traffic
        {"clock", 0, IMP_OPTION_TEXT, &sim->clock, "NAME",
         "time step: simulator (1/30 s), or challenge (0.05 s, as AI-DO; for policies that "
         "take past actions as input)",
         IMP_SETTING},
        {"cars-yield", 0, IMP_OPTION_FLAG, &sim->cars_yield, NULL,
         "moving Duckiebots stop for obstacles ahead", IMP_SETTING},
    };
    imp_options_add_group(options, WORLD_GROUP, map, 1);
    add_shared_options(options, sim);
    imp_options_add_group(options, WORLD_GROUP, table, (int)(sizeof table / sizeof table[0]));
    imp_randomization_options_add(options, sim);
}

// For commands on several maps.
void imp_sim_options_add_multi_map(imp_options *options, imp_sim_options *sim)
{
    add_seed_and_thread_options(options, sim);
    imp_sim_options_add_unseeded(options, sim);
}

// Parses --split.
imp_status imp_sim_options_read_split(const imp_sim_options *sim, imp_map_split *split,
                                      imp_error *err)
{
    int found = 0;
    const imp_status status =
        imp_name_lookup(&found, "--split: ", sim->split, imp_map_split_name, err);
    if (status == IMP_OK)
        *split = (imp_map_split)found;
    return status;
}

// Only for commands that record; a model knows what it was trained on.
void imp_sim_options_add_observe(imp_options *options, imp_sim_options *sim)
{
    imp_options_add(
        options,
        (imp_option){"observe", 0, IMP_OPTION_TEXT, &sim->observe, "KIND",
                     "what the policy sees: images (stored as `pictures`), or masks (stored as "
                     "`segments`): road, lines and obstacles in plain colours",
                     IMP_SETTING});
}

// Parses --observe.
static imp_status read_observe(const imp_sim_options *sim, imp_observation_kind *observe,
                               imp_error *err)
{
    int found = 0;
    const imp_status status =
        imp_name_lookup(&found, "--observe: ", sim->observe, imp_observation_kind_name, err);
    if (status == IMP_OK)
        *observe = (imp_observation_kind)found;
    return status;
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
imp_status imp_sim_options_check_segmenter(const imp_sim_options *sim, bool used, imp_error *err)
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

// Checks the options and copies them into the library's definitions.
imp_status imp_sim_options_apply(const imp_options *options, const imp_sim_options *sim,
                                 imp_env_def *env, imp_camera_def *camera, imp_expert_def *expert,
                                 imp_error *err)
{
    // ranges that the library does not check, or would report without the option's name
    imp_status status = imp_check_thread_count(sim->threads, err);
    if (status != IMP_OK)
        return status;
    if (sim->frame_skip < 1 || sim->frame_skip > 1000)
        return imp_fail(err, IMP_USAGE, "--frame-skip %d is not within 1 to 1000", sim->frame_skip);
    if (!(sim->start_angle_deg > 0.0 && sim->start_angle_deg <= 180.0))
        return imp_fail(err, IMP_USAGE, "--start-angle-deg %g is not within 0 to 180",
                        sim->start_angle_deg);
    // camera
    imp_calibration calibration;
    status = imp_parse_lens_option(sim->lens, &calibration, err);
    if (status != IMP_OK)
        return status;
    camera->lens = calibration.lens;
    camera->width = sim->size[0];
    camera->height = sim->size[1];
    // names
    int clock = 0, lanes = 0;
    status = imp_name_lookup(&clock, "--clock: ", sim->clock, simulator_or_challenge_name, err);
    if (status == IMP_OK)
        status = imp_name_lookup(&lanes, "--lanes: ", sim->lanes, simulator_or_challenge_name, err);
    if (status != IMP_OK)
        return status;
    if (clock == CHALLENGE)
        imp_challenge_set_time_step(&env->drive);
    // notes about the maps, once per command
    if (!options->quiet) {
        print_map_assumptions(sim->map);
        for (int k = 0; k < sim->maps.count; k++)
            print_map_assumptions(sim->maps.items[k]);
    }
    // environment
    // the seed determines starts, turns and noise of every episode
    env->seed = sim->seed;
    env->accept_start_angle = sim->start_angle_deg * IMP_PI / 180.0;
    env->frame_skip = sim->frame_skip;
    env->randomize_objects = sim->randomize_objects;
    env->cars_yield = sim->cars_yield;
    env->has_start_tile = imp_option_is_given(options, sim->start_tile);
    memcpy(env->start_tile, sim->start_tile, sizeof sim->start_tile);
    // expert
    expert->speed = sim->expert_speed;
    expert->tracking_rate = sim->tracking_rate;
    expert->turning_rate = sim->turning_rate;
    expert->turn_rate = sim->turn_rate;
    expert->return_angle = sim->return_angle_deg * IMP_PI / 180.0;
    expert->challenge_lanes = lanes == CHALLENGE;
    expert->lane_offset = sim->lane_offset;
    expert->turns = sim->turns;
    expert->pose_only = sim->pose_only;
    expert->look_ahead = sim->look_ahead;
    // creating a camera checks its size
    imp_camera probe;
    return imp_camera_init(&probe, camera, err);
}

// Opens the folder of --assets. What it lacks is drawn as without assets, with a note.
imp_status imp_sim_options_open_assets(const imp_options *options, const imp_sim_options *sim,
                                       imp_scene_def *scene, imp_assets **assets, imp_error *err)
{
    // a style without assets would have no effect
    if (sim->assets[0] == '\0' && strcmp(sim->style, imp_default_sim_options().style) != 0)
        return imp_fail(err, IMP_USAGE,
                        "--style needs --assets: it selects a style of their tiles");
    if (sim->assets[0] == '\0')
        return IMP_OK;
    imp_status status = imp_assets_open(assets, sim->assets, sim->style, err);
    if (status != IMP_OK)
        return status;
    // the scene borrows the assets, which the caller closes after it
    scene->assets = *assets;
    for (int k = 0; !options->quiet && k < imp_assets_warning_count(*assets); k++)
        fprintf(stderr, "imprint: note: %s\n", imp_assets_warning(*assets, k));
    return IMP_OK;
}

// Converts all options of the simulation to one definition. Commands on one map use def->map,
// commands on several def->maps; the type of --map tells them apart.
imp_status imp_sim_options_to_def(const imp_options *options, const imp_sim_options *sim,
                                  imp_sim_def *def, imp_assets **assets, imp_error *err)
{
    // the table of the command tells whether --map is a list
    const int map = imp_option_find(options, "map");
    const bool several = options->table[map].type == IMP_OPTION_LIST;
    imp_status status =
        imp_sim_options_apply(options, sim, &def->env, &def->camera, &def->expert, err);
    if (status == IMP_OK)
        status = imp_sim_options_read_split(sim, &def->split, err);
    if (status == IMP_OK)
        status = read_observe(sim, &def->observation, err);
    if (status == IMP_OK)
        status = imp_randomization_options_parse(options, sim, &def->randomization, err);
    if (status == IMP_OK)
        status = imp_sim_options_open_assets(options, sim, &def->scene, assets, err);
    // texts are borrowed from the options
    def->map = sim->map;
    def->maps = sim->maps.items;
    def->map_count = several ? sim->maps.count : 0;
    def->threads = sim->threads;
    return status;
}

// Only networks have a size and a lens of their own.
imp_status imp_sim_options_match_camera(const imp_options *options, const imp_sim_options *sim,
                                        const imp_policy_factory *driver, imp_camera_def *camera,
                                        imp_error *err)
{
    // experts and plug-ins take images of any size
    if (!imp_policy_factory_is_network(driver))
        return IMP_OK;
    if (!imp_option_is_given(options, sim->size))
        imp_policy_factory_image_size(driver, &camera->width, &camera->height);
    // a model may lack the name of its lens
    const char *lens = imp_network_metadata(imp_policy_factory_network(driver), "lens");
    if (lens == NULL)
        return IMP_OK;
    // the user's lens wins, with a warning where it contradicts the model's
    if (imp_option_is_given(options, &sim->lens)) {
        if (strcmp(lens, IMP_LENS_UNKNOWN) == 0)
            fprintf(
                stderr,
                "imprint: warning: %s was trained with an unknown lens, which may differ from this "
                "one\n",
                imp_policy_factory_name(driver));
        else if (strcmp(lens, imp_lens_name(camera->lens.kind)) != 0)
            fprintf(stderr,
                    "imprint: warning: %s was trained with the lens %.16s, not with this one\n",
                    imp_policy_factory_name(driver), lens);
        return IMP_OK;
    }
    // the model stores only the kind of its lens, which says too little about these two
    if (strcmp(lens, imp_lens_name(IMP_LENS_CALIBRATED)) == 0)
        return imp_fail(
            err, IMP_USAGE,
            "the model was trained with a robot's own lens: give its calibration with --lens FILE");
    if (strcmp(lens, IMP_LENS_UNKNOWN) == 0)
        return imp_fail(
            err, IMP_USAGE,
            "the lens of the model's training images is unknown: choose one with --lens");
    camera->lens =
        strcmp(lens, imp_lens_name(IMP_LENS_NONE)) == 0 ? imp_lens_none() : imp_lens_duckiebot();
    return IMP_OK;
}

// Networks without history have time step 0 and work at any rate.
void imp_sim_options_warn_time_step(const imp_policy_factory *driver, double time_step)
{
    if (driver == NULL || !imp_policy_factory_is_network(driver) ||
        imp_policy_factory_network(driver) == NULL)
        return;
    const double trained = imp_network_time_step(imp_policy_factory_network(driver));
    // a difference of one percent is rounding
    if (trained == 0.0 || fabs(trained / time_step - 1.0) < 0.01)
        return;
    fprintf(stderr,
            "imprint: warning: %s was trained with one action every %.3g s and takes its history "
            "as input; here it acts every %.3g s: train with the same --clock and --frame-skip\n",
            imp_policy_factory_name(driver), trained, time_step);
}
