#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/number.h"
#include "base/vector.h"
#include "base/words.h"
#include "cli/commands.h"

imp_sim_options imp_default_sim_options(void)
{
    imp_expert_def expert = imp_default_expert_def();
    imp_camera_def camera = imp_default_camera_def();
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
        .return_angle_deg = imp_degrees(expert.return_angle),
        .lane_offset = expert.lane_offset,
        .trials = expert.tries_out,
        .lanes = "simulator",
        .turns = "",
        .split = "all",
        .observe = imp_observation_word(IMP_OBSERVATION_PICTURES),
        .segmenter = "",
        .clock = "simulator",
        .randomize = "",
        .randomization = "",
        .assets = "",
        .style = "photos",
    };
}

static const char WORLD[] = "The world and the robot", EXPERT[] = "The expert";

static void add_seed_and_threads(imp_options *options, imp_sim_options *sim)
{
    imp_options_add(options, (imp_option){"seed", 's', IMP_OPTION_SEED, &sim->seed, "N",
                                          "seed of starts, turns and noise", IMP_SETTING});
    imp_options_add(options, (imp_option){"threads", 'j', IMP_OPTION_INT, &sim->threads, "N",
                                          "threads, 0 for one per processor; never changes results",
                                          IMP_TRANSIENT});
}

static void add_robot(imp_options *options, imp_sim_options *sim)
{
    const imp_option table[] = {
        {"size", 0, IMP_OPTION_PAIR, sim->size, "WxH",
         "size of an observation [80x60; of a model: its own; render: 640x480]", IMP_SETTING},
        {"lens", 0, IMP_OPTION_TEXT, &sim->lens, "LENS",
         "duckiebot, none, or a robot's calibration (YAML); of a model: its own", IMP_SOURCE},
        {"start-angle-deg", 0, IMP_OPTION_REAL, &sim->start_angle_deg, "DEG",
         "starts lie within this angle of the lane (4 is the baseline's, 60 the simulator's)",
         IMP_SETTING},
        {"start-tile", 0, IMP_OPTION_PAIR, sim->start_tile, "I,J", "start on this tile",
         IMP_SETTING},
        {"frame-skip", 0, IMP_OPTION_INT, &sim->frame_skip, "N",
         "frames that an action is held for", IMP_SETTING},
    };
    imp_options_add_group(options, WORLD, table, (int)(sizeof table / sizeof table[0]));
}

static void add_expert(imp_options *options, imp_sim_options *sim)
{
    const imp_option table[] = {
        {"speed", 0, IMP_OPTION_REAL, &sim->expert_speed, "M/S", "speed that the expert wants",
         IMP_SETTING},
        {"tracking-rate", 0, IMP_OPTION_REAL, &sim->tracking_rate, "1/S",
         "how firmly the expert steers back to its line", IMP_SETTING},
        {"turning-rate", 0, IMP_OPTION_REAL, &sim->turning_rate, "1/S",
         "how hard the expert presses for a turn rate; 4 is gentle", IMP_SETTING},
        {"turn-rate", 0, IMP_OPTION_REAL, &sim->turn_rate, "RAD/S",
         "the expert turns no faster than this", IMP_SETTING},
        {"return-angle-deg", 0, IMP_OPTION_REAL, &sim->return_angle_deg, "DEG",
         "the expert comes back to its lane from the left no more steeply, so as not to turn into "
         "what it passes",
         IMP_SETTING},
        {"lane-offset", 0, IMP_OPTION_REAL, &sim->lane_offset, "M",
         "where the expert drives, to the right of the lane centre", IMP_SETTING},
        {"lanes", 0, IMP_OPTION_TEXT, &sim->lanes, "NAME",
         "whose the expert follows: the simulator's, or the challenge's, which lie farther out",
         IMP_SETTING},
        {"by-sight", 0, IMP_OPTION_FLAG, &sim->by_sight, NULL,
         "the expert goes by where it is alone, not by how it moves: what pictures can teach",
         IMP_SETTING},
        {"trials", 0, IMP_OPTION_FLAG, &sim->trials, NULL,
         "the expert tries out in the simulator what it does at the road's edge; --no-trials does "
         "not, which is easier to learn",
         IMP_SETTING},
        {"turns", 0, IMP_OPTION_TEXT, &sim->turns, "LIST",
         "what the expert does at crossings, over and over: letters l, r, s, or straight on where "
         "the road does not offer that; drawn without it",
         IMP_SETTING},
    };
    imp_options_add_group(options, EXPERT, table, (int)(sizeof table / sizeof table[0]));
}

static void add_assets(imp_options *options, imp_sim_options *sim)
{
    const imp_option table[] = {
        {"assets", 0, IMP_OPTION_TEXT, &sim->assets, "DIR",
         "draw with the textures and meshes of duckietown-world or gym-duckietown in this folder",
         IMP_SOURCE},
        {"style", 0, IMP_OPTION_TEXT, &sim->style, "STYLE",
         "of the assets' tiles: photos, synthetic, synthetic-F or smooth", IMP_SETTING},
    };
    imp_options_add_group(options, WORLD, table, (int)(sizeof table / sizeof table[0]));
}

static void add_options(imp_options *options, imp_sim_options *sim)
{
    add_robot(options, sim);
    add_expert(options, sim);
    add_assets(options, sim);
}

void imp_sim_options_add(imp_options *options, imp_sim_options *sim)
{
    const imp_option map[] = {{"map", 'm', IMP_OPTION_TEXT, &sim->map, "MAP",
                               "map by name or path to a YAML file", IMP_SOURCE}};
    imp_options_add_group(options, WORLD, map, 1);
    add_seed_and_threads(options, sim);
    add_options(options, sim);
}

void imp_sim_options_add_driving(imp_options *options, imp_sim_options *sim)
{
    const imp_option map[] = {
        {"map", 'm', IMP_OPTION_LIST, &sim->maps, "MAP",
         "map by name or path, or a folder of them; may be repeated: every episode takes one at "
         "random",
         IMP_SOURCE},
    };
    const imp_option table[] = {
        {"randomize-objects", 0, IMP_OPTION_FLAG, &sim->randomize_objects, NULL,
         "draw how objects move and which optional ones are there", IMP_SETTING},
        {"split", 0, IMP_OPTION_TEXT, &sim->split, "PART",
         "which of the maps take part: all, or those for train or test, which their names decide",
         IMP_SETTING},
        {"clock", 0, IMP_OPTION_TEXT, &sim->clock, "NAME",
         "simulator: time steps of 1/30 s; challenge: AI-DO's of 0.05 s, for policies that know "
         "what they did last",
         IMP_SETTING},
        {"cars-yield", 0, IMP_OPTION_FLAG, &sim->cars_yield, NULL,
         "moving duckiebots stop for what is ahead", IMP_SETTING},
    };
    imp_options_add_group(options, WORLD, map, 1);
    add_options(options, sim);
    imp_options_add_group(options, WORLD, table, (int)(sizeof table / sizeof table[0]));
    imp_random_options_add(options, sim);
}

void imp_sim_options_add_several(imp_options *options, imp_sim_options *sim)
{
    add_seed_and_threads(options, sim);
    imp_sim_options_add_driving(options, sim);
}

imp_status imp_sim_options_split(const imp_sim_options *sim, imp_split *split, imp_error *err)
{
    int found = 0;
    const imp_status status = imp_word_index(&found, "--split: ", sim->split, imp_split_word, err);
    if (status == IMP_OK)
        *split = (imp_split)found;
    return status;
}

void imp_sim_options_add_observe(imp_options *options, imp_sim_options *sim)
{
    imp_options_add(options, (imp_option){"observe", 0, IMP_OPTION_TEXT, &sim->observe, "KIND",
                                          "what the learner sees: pictures, or segments (road, "
                                          "lines, obstacles in plain colours)",
                                          IMP_SETTING});
}

imp_status imp_sim_options_observe(const imp_sim_options *sim, imp_observation *observe,
                                   imp_error *err)
{
    int found = 0;
    const imp_status status =
        imp_word_index(&found, "--observe: ", sim->observe, imp_observation_word, err);
    if (status == IMP_OK)
        *observe = (imp_observation)found;
    return status;
}

void imp_sim_options_add_segmenter(imp_options *options, imp_sim_options *sim)
{
    imp_options_add(options, (imp_option){"segmenter", 0, IMP_OPTION_TEXT, &sim->segmenter, "MODEL",
                                          "of imprint seg-train: lets policies that were trained "
                                          "on segments look at pictures",
                                          IMP_SOURCE});
}

imp_status imp_sim_options_look_through(const imp_sim_options *sim, imp_driver *driver,
                                        imp_error *err)
{
    if (sim->segmenter[0] == '\0' || imp_driver_observation(driver) != IMP_OBSERVATION_SEGMENTS)
        return IMP_OK;
    return imp_driver_look_through(driver, sim->segmenter, err);
}

imp_status imp_sim_options_check_segmenter(const imp_sim_options *sim, bool used, imp_error *err)
{
    return used || sim->segmenter[0] == '\0'
               ? IMP_OK
               : imp_fail(err, IMP_USAGE,
                          "--segmenter: none of the policies was trained on segments, so none "
                          "looks through it");
}

imp_status imp_check_threads(int threads, imp_error *err)
{
    if (threads < 0 || threads > 1024)
        return imp_fail(err, IMP_USAGE, "--threads %d is not within 0 to 1024", threads);
    return IMP_OK;
}

imp_status imp_read_lens(const char *lens, imp_calibration *out, imp_error *err)
{
    *out = imp_calibration_duckiebot();
    if (strcmp(lens, "duckiebot") == 0)
        return IMP_OK;
    out->lens = imp_lens_none();
    if (strcmp(lens, "none") == 0)
        return IMP_OK;
    if (strchr(lens, '/') == NULL && strchr(lens, '.') == NULL && !imp_path_exists(lens)) {
        char hint[IMP_GUESS_TEXT];
        imp_guess guess = imp_guess_of(lens, strlen(lens));
        imp_guess_offer(&guess, "duckiebot");
        imp_guess_offer(&guess, "none");
        return imp_fail(err, IMP_USAGE, "--lens: '%s' is neither duckiebot nor none nor a file%s",
                        lens, imp_guess_tell(&guess, hint));
    }
    return imp_calibration_read(out, lens, err);
}

// Whose clock, or whose lanes.
enum { CHALLENGE = 1 };
static const char *whose_word(int k)
{
    static const char *const words[] = {"simulator", [CHALLENGE] = "challenge"};
    return k <= CHALLENGE ? words[k] : NULL;
}

// Says what a map leaves out and was filled in. A map that cannot be read is told of elsewhere.
static void tell_assumptions(const char *map)
{
    imp_world *world;
    if (imp_world_load(&world, map, NULL) != IMP_OK)
        return;
    for (int k = 0; k < world->notice_count; k++)
        if (world->notices[k].assumed)
            fprintf(stderr, "imprint: note: %s: %s\n", map, world->notices[k].text);
    imp_world_destroy(world);
}

imp_status imp_sim_options_apply(const imp_options *options, const imp_sim_options *sim,
                                 imp_env_def *env, imp_camera_def *camera, imp_expert_def *expert,
                                 imp_error *err)
{
    imp_status status = imp_check_threads(sim->threads, err);
    if (status != IMP_OK)
        return status;
    if (sim->frame_skip < 1 || sim->frame_skip > 1000)
        return imp_fail(err, IMP_USAGE, "--frame-skip %d is not within 1 to 1000", sim->frame_skip);
    if (!(sim->start_angle_deg > 0.0 && sim->start_angle_deg <= 180.0))
        return imp_fail(err, IMP_USAGE, "--start-angle-deg %g is not within 0 to 180",
                        sim->start_angle_deg);
    imp_calibration calibration;
    status = imp_read_lens(sim->lens, &calibration, err);
    if (status != IMP_OK)
        return status;
    camera->lens = calibration.lens;
    camera->width = sim->size[0];
    camera->height = sim->size[1];
    int clock = 0, lanes = 0;
    status = imp_word_index(&clock, "--clock: ", sim->clock, whose_word, err);
    if (status == IMP_OK)
        status = imp_word_index(&lanes, "--lanes: ", sim->lanes, whose_word, err);
    if (status != IMP_OK)
        return status;
    if (clock == CHALLENGE)
        imp_challenge_set_clock(&env->drive);
    if (!options->quiet) {
        tell_assumptions(sim->map);
        for (int k = 0; k < sim->maps.count; k++)
            tell_assumptions(sim->maps.items[k]);
    }
    env->seed = sim->seed;
    env->accept_start_angle = sim->start_angle_deg * IMP_PI / 180.0;
    env->frame_skip = sim->frame_skip;
    env->randomize_objects = sim->randomize_objects;
    env->cars_yield = sim->cars_yield;
    env->has_start_tile = imp_options_given(options, sim->start_tile);
    memcpy(env->start_tile, sim->start_tile, sizeof sim->start_tile);
    expert->speed = sim->expert_speed;
    expert->tracking_rate = sim->tracking_rate;
    expert->turning_rate = sim->turning_rate;
    expert->turn_rate = sim->turn_rate;
    expert->return_angle = sim->return_angle_deg * IMP_PI / 180.0;
    expert->challenge_lanes = lanes == CHALLENGE;
    expert->lane_offset = sim->lane_offset;
    expert->turns = sim->turns;
    expert->by_sight = sim->by_sight;
    expert->tries_out = sim->trials;
    imp_camera probe;
    return imp_camera_init(&probe, camera, err);
}

imp_status imp_sim_options_scene(const imp_options *options, const imp_sim_options *sim,
                                 imp_scene_def *scene, imp_assets **assets, imp_error *err)
{
    if (sim->assets[0] == '\0' && strcmp(sim->style, imp_default_sim_options().style) != 0)
        return imp_fail(err, IMP_USAGE, "--style is a style of the tiles in --assets");
    if (sim->assets[0] == '\0')
        return IMP_OK;
    imp_status status = imp_assets_open(assets, sim->assets, sim->style, err);
    if (status != IMP_OK)
        return status;
    scene->assets = *assets;
    for (int k = 0; !options->quiet && k < imp_assets_notice_count(*assets); k++)
        fprintf(stderr, "imprint: note: %s\n", imp_assets_notice(*assets, k));
    return IMP_OK;
}

imp_status imp_sim_options_fit(const imp_options *options, const imp_sim_options *sim,
                               const imp_driver *driver, imp_camera_def *camera, imp_error *err)
{
    if (!imp_driver_is_network(driver))
        return IMP_OK;
    if (!imp_options_given(options, sim->size))
        imp_driver_size(driver, &camera->width, &camera->height);
    const char *lens = imp_network_metadata(imp_driver_network(driver), "lens");
    if (lens == NULL)
        return IMP_OK;
    if (imp_options_given(options, &sim->lens)) {
        if (strcmp(lens, IMP_LENS_UNKNOWN) == 0)
            fprintf(stderr,
                    "imprint: warning: %s learned through a lens that nobody knows, perhaps not "
                    "through this one\n",
                    imp_driver_name(driver));
        else if (strcmp(lens, imp_lens_name(camera->lens.kind)) != 0)
            fprintf(stderr,
                    "imprint: warning: %s learned through the lens %.16s, not through this one\n",
                    imp_driver_name(driver), lens);
        return IMP_OK;
    }
    if (strcmp(lens, imp_lens_name(IMP_LENS_CALIBRATED)) == 0)
        return imp_fail(err, IMP_USAGE,
                        "the model saw through a robot's own lens: say which with --lens FILE");
    if (strcmp(lens, IMP_LENS_UNKNOWN) == 0)
        return imp_fail(
            err, IMP_USAGE,
            "nobody knows the lens that the model's pictures were seen through: say with "
            "--lens which to drive with");
    camera->lens =
        strcmp(lens, imp_lens_name(IMP_LENS_NONE)) == 0 ? imp_lens_none() : imp_lens_duckiebot();
    return IMP_OK;
}

void imp_sim_options_warn(const imp_driver *driver, double time_step)
{
    if (driver == NULL || !imp_driver_is_network(driver) || imp_driver_network(driver) == NULL)
        return;
    const double trained = imp_network_time_step(imp_driver_network(driver));
    if (trained == 0.0 || fabs(trained / time_step - 1.0) < 0.01)
        return;
    fprintf(
        stderr,
        "imprint: warning: %s learned to decide every %.3g s, and goes by what was before; here "
        "it decides every %.3g s: train with the same --clock and --frame-skip\n",
        imp_driver_name(driver), trained, time_step);
}
