// The episodes of the challenges. Tables hold the maps, and the player's start poses in
// validation and test, from the challenges' public definitions. The official episodes use them;
// further episodes draw their start. Everything else (cars, duckies, trees, signs) is drawn for
// every episode from the seed, as the challenge's scenario generation does.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "evaluate/challenge/scenario_builder.h"

// A start pose as in the challenge's files: y upwards from the map's lower edge [m], degrees.
typedef struct official_start {
    double x, y, degrees;
} official_start;

// A map of a challenge.
typedef struct challenge_map {
    const char *name, *map;
    bool any_lane;       // starts may lie on any tile, not only on straight ones
    int duckies, cars;   // how many LFP and LFV add
    double tree_density; // trees per tile of floor or grass
} challenge_map;

// Most maps of one challenge.
enum { MAPS_MAX = 4 };

// Shared by LF, LFP and LFV. Numbers of duckies and cars are those of the official scenarios.
static const challenge_map LANE_FOLLOWING_MAPS[] = {
    {"autolab", "ETHZ_autolab_technical_track_bordered", false, 10, 4, 0.5},
    {"loop", "ETHZ_loop_bordered", false, 12, 3, 0.5},
    {"loop2", "ETH_small_loop_2_bordered", false, 2, 1, 0.5},
    {"zigzag", "zigzag_dists_bordered", true, 10, 4, 0.5},
};
static const challenge_map INTERSECTION_MAPS[] = {
    {"4way", "4way_bordered", false, 0, 0, 0.8},
    {"udem1", "udem1_empty", false, 0, 0, 1.0},
};

// The maps of a challenge and the player's start on each, in validation and test.
typedef struct challenge_set {
    const challenge_map *maps;
    int count;
    official_start starts[2][MAPS_MAX];
} challenge_set;

// First the starts of validation, then those of test.
static const challenge_set OFFICIAL_SETS[IMP_CHALLENGE_COUNT] = {
    [IMP_CHALLENGE_LF] = {LANE_FOLLOWING_MAPS,
                          4,
                          {{{0.7575, 3.3930, -120.796},
                            {2.7525, 1.8720, 59.204},
                            {1.2870, 0.7575, -30.796},
                            {1.6380, 0.9975, 149.204}},
                           {{2.2230, 1.5872, -140.879},
                            {1.2870, 0.7528, 39.121},
                            {1.6380, 2.1722, -140.879},
                            {3.3930, 2.7572, -140.879}}}},
    [IMP_CHALLENGE_LFP] = {LANE_FOLLOWING_MAPS,
                           4,
                           {{{3.9347, 1.2870, 96.734},
                             {1.0231, 1.8720, 67.028},
                             {1.6380, 1.0214, 162.284},
                             {2.2112, 3.9454, 154.459}},
                            {{1.9397, 3.9780, -58.898},
                             {1.6380, 3.9243, -163.131},
                             {1.6380, 0.9893, -151.908},
                             {0.7322, 3.3847, -46.595}}}},
    [IMP_CHALLENGE_LFV] = {LANE_FOLLOWING_MAPS,
                           4,
                           {{{1.8720, 1.3413, -15.118},
                             {2.7576, 1.8720, 89.960},
                             {0.9817, 1.2870, 100.065},
                             {1.0379, 4.2088, 12.253}},
                            {{3.3930, 0.9997, -176.797},
                             {0.7543, 2.2230, -97.100},
                             {1.8876, 1.6380, -81.460},
                             {4.2031, 3.4169, -133.185}}}},
    [IMP_CHALLENGE_LFI] = {INTERSECTION_MAPS,
                           2,
                           {{{1.8877, 2.8080, -123.353}, {0.7334, 2.8080, -63.585}},
                            {{1.2870, 3.0773, 27.360}, {1.6380, 1.0236, 148.569}}}},
};

// Short names, in the order of imp_challenge.
static const char *const NAMES[] = {
#define NAME(name, word, words) word,
    IMP_CHALLENGE_MAP(NAME)
#undef NAME
};

const char *imp_challenge_name(imp_challenge challenge)
{
    return NAMES[challenge];
}

bool imp_challenge_from_name(imp_challenge *out, const char *name)
{
    for (int k = 0; k < IMP_CHALLENGE_COUNT; k++)
        if (strcmp(name, NAMES[k]) == 0) {
            *out = (imp_challenge)k;
            return true;
        }
    return false;
}

// One official episode per map.
int imp_challenge_episode_count(imp_challenge challenge)
{
    return OFFICIAL_SETS[challenge].count;
}

// Draws the additions in the order of the challenge's scenario generation.
static imp_status add_scenario_objects(imp_scenario_builder *builder, const imp_scenario_def *def,
                                       imp_error *err)
{
    const challenge_set *set = &OFFICIAL_SETS[def->challenge];
    // Episodes go through the maps in turn.
    const int number = def->episode % set->count;
    const challenge_map *map = &set->maps[number];
    const official_start *start = &set->starts[def->test][number];
    // Height of the map [m]; it turns y upwards into z downwards.
    const double height = builder->world->rows * builder->world->tile_size;
    // The player: an official start, or a drawn one.
    if (def->episode < set->count)
        builder->robots[builder->robot_count++] =
            (imp_pose){start->x, height - start->y, start->degrees * IMP_PI / 180.0};
    else
        IMP_TRY(imp_scenario_builder_add_robot(builder, map->any_lane, err));
    // Other robots and duckies are placed before trees and signs, because random draws depend on
    // order.
    const int cars = def->challenge == IMP_CHALLENGE_LFV ? map->cars : 0;
    for (int k = 0; k < cars; k++)
        IMP_TRY(imp_scenario_builder_add_robot(builder, map->any_lane, err));
    if (def->challenge == IMP_CHALLENGE_LFP)
        IMP_TRY(imp_scenario_builder_add_duckies(builder, map->duckies, err));
    imp_scenario_builder_add_other_robots(builder);
    imp_scenario_builder_add_trees(builder, map->tree_density);
    imp_scenario_builder_add_signs(builder);
    return IMP_OK;
}

// Adds an episode's objects to a map and parses the result as a map.
static imp_status build_scenario_world(imp_scenario *scenario, imp_scenario_builder *builder,
                                       const imp_scenario_def *def, imp_error *err)
{
    // A scenario is a map file in memory, and is checked like one.
    char *text = NULL;
    size_t length = 0;
    imp_status status = add_scenario_objects(builder, def, err);
    if (status == IMP_OK)
        status = imp_scenario_builder_map_text(builder, &text, &length, err);
    if (status == IMP_OK)
        status = imp_world_parse(&scenario->world, text, length, scenario->name, err);
    scenario->start = builder->robots[0];
    free(text);
    return status;
}

// Creates the world of an episode and the player's start in it.
imp_status imp_scenario_create(imp_scenario *out, const imp_scenario_def *def, imp_error *err)
{
    const challenge_set *set = &OFFICIAL_SETS[def->challenge];
    // Validation and test of each challenge have streams of their own.
    const uint32_t stream = 2 * (uint32_t)def->challenge + (def->test ? 1 : 0);
    imp_scenario scenario = {0};
    imp_world *map = NULL;
    if (def->episode < 0)
        return imp_fail(err, IMP_USAGE, "episode %d: they count from 0", def->episode);
    const challenge_map *entry = &set->maps[def->episode % set->count];
    // The name: map, and how often the map was used before.
    snprintf(scenario.name, sizeof scenario.name, "%s-%03d", entry->name,
             def->episode / set->count);
    imp_scenario_builder *builder = calloc(1, sizeof *builder);
    if (builder == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a scenario");
    imp_status status = imp_world_load(&map, entry->map, err);
    if (status == IMP_OK) {
        // Every episode of every challenge has its own random stream.
        builder->world = map;
        builder->random =
            imp_random_stream(def->seed, stream, (uint32_t)def->episode, IMP_PURPOSE_SCENARIO);
        status = build_scenario_world(&scenario, builder, def, err);
    }
    imp_world_destroy(map);
    free(builder);
    if (status == IMP_OK)
        *out = scenario;
    return status;
}

void imp_scenario_free(imp_scenario *scenario)
{
    if (scenario == NULL)
        return;
    imp_world_destroy(scenario->world);
    scenario->world = NULL;
}

// The challenge's simulator advances by 0.05 s, integrated in 10 parts.
void imp_challenge_set_time_step(imp_drive_def *drive)
{
    drive->time_step = 0.05;
    drive->substeps = 10;
}

void imp_scenario_configure_env(const imp_scenario *scenario, imp_env_def *def)
{
    // 60 s of 0.05 s each.
    const int steps = 1200;
    def->max_steps = steps;
    def->frame_skip = 1;
    // The scenario decides the start and all objects, so nothing else is drawn.
    def->has_start_tile = false;
    def->has_start_pose = true;
    def->start_pose = scenario->start;
    def->randomize_objects = false;
    def->cars_yield = true;
    def->rules = IMP_RULES_CHALLENGE;
    imp_challenge_set_time_step(&def->drive);
}
