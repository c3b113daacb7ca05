// The tables of an environment's settings: its drive, random streams, starts, objects and end
// conditions; and the defaults, which are gym-duckietown's.
#include "sim/env/env_settings.h"

#include "base/common/vector2.h"
#include "imprint/env.h"

enum { ENV_COOKIE = 0x0E27 };

imp_env_def imp_default_env_def(void)
{
    return (imp_env_def){
        .seed = 123,
        .max_steps = 1500,
        .frame_skip = 1,
        .accept_start_angle = 60.0 * IMP_PI / 180.0,
        .route_intersections = 3,
        .drive = imp_default_drive_def(),
        .cookie = ENV_COOKIE,
    };
}

// Position on the ground [m] and heading [rad].
static const imp_struct_member POSE[] = {
    IMP_MEMBER(imp_pose, x, DOUBLE),
    IMP_MEMBER(imp_pose, z, DOUBLE),
    IMP_MEMBER(imp_pose, heading, DOUBLE),
};
const imp_struct_table imp_pose_members = IMP_STRUCT_TABLE(imp_pose, POSE);

// What the robot's software knows of its wheels.
static const imp_struct_member WHEELS[] = {
    IMP_MEMBER_WITH(imp_wheels, gain, DOUBLE, .range = IMP_ABOVE(0)),
    IMP_MEMBER(imp_wheels, trim, DOUBLE),
    IMP_MEMBER_WITH(imp_wheels, k, DOUBLE, .range = IMP_ABOVE(0)),
    IMP_MEMBER_WITH(imp_wheels, limit, DOUBLE, .range = {0, 1, .without_low = true}),
    IMP_MEMBER_WITH(imp_wheels, radius, DOUBLE, .range = IMP_ABOVE(0)),
    IMP_MEMBER_WITH(imp_wheels, baseline, DOUBLE, .range = IMP_ABOVE(0)),
};
static const imp_struct_table imp_wheels_members = IMP_STRUCT_TABLE(imp_wheels, WHEELS);

// Motors and chassis. The largest delay depends on the time step.
static const imp_struct_member DRIVE[] = {
    IMP_MEMBER(imp_drive_def, delay, DOUBLE),
    IMP_MEMBER(imp_drive_def, trim, DOUBLE),
    IMP_MEMBER_WITH(imp_drive_def, gain, DOUBLE, .range = IMP_ABOVE(0)),
    IMP_MEMBER_WITH(imp_drive_def, wheel_radius, DOUBLE, .range = IMP_ABOVE(0)),
    IMP_MEMBER_WITH(imp_drive_def, wheel_distance, DOUBLE, .range = IMP_ABOVE(0)),
    IMP_MEMBER_WITH(imp_drive_def, time_step, DOUBLE, .range = IMP_ABOVE(0)),
    IMP_MEMBER_WITH(imp_drive_def, substeps, INT, .range = IMP_WITHIN(1, 1000)),
    IMP_MEMBER(imp_drive_def, corrects_wheels, BOOL),
    IMP_MEMBER_NESTED(imp_drive_def, wheels, &imp_wheels_members),
    IMP_MEMBER_IGNORED(imp_drive_def, cookie, "says only that the definition has its defaults"),
};
const imp_struct_table imp_drive_members = IMP_STRUCT_TABLE(imp_drive_def, DRIVE);

// A command line cannot give commands while it runs.
static const char *choosable_command_source(int source)
{
    return source == IMP_COMMANDS_GIVEN ? NULL : imp_command_source_name(source);
}

static const imp_struct_member ENV[] = {
    IMP_MEMBER_WITH(imp_env_def, seed, UINT64, .help = "seed of starts, turns and noise"),
    IMP_MEMBER(imp_env_def, index, UINT32),
    IMP_MEMBER_WITH(imp_env_def, max_steps, INT, .range = IMP_FROM(1), .unit = "N",
                    .help = "number of frames after which an episode is cut off"),
    IMP_MEMBER_WITH(imp_env_def, frame_skip, INT, .range = IMP_WITHIN(1, 1000),
                    .help = "number of frames for which an action is repeated"),
    IMP_MEMBER_WITH(imp_env_def, accept_start_angle, DOUBLE, .range = IMP_ABOVE(0)),
    IMP_MEMBER(imp_env_def, has_start_tile, BOOL),
    IMP_MEMBER_WITH(imp_env_def, start_tile, INT, .unit = "I,J", .help = "start on this tile"),
    IMP_MEMBER(imp_env_def, has_start_pose, BOOL),
    IMP_MEMBER_NESTED(imp_env_def, start_pose, &imp_pose_members),
    IMP_MEMBER_WITH(imp_env_def, randomize_objects, BOOL,
                    .help = "randomise the motion of objects and which optional objects exist"),
    IMP_MEMBER_WITH(imp_env_def, cars_yield, BOOL,
                    .help = "moving Duckiebots stop for obstacles ahead"),
    IMP_MEMBER(imp_env_def, rules, INT),
    IMP_MEMBER_WITH(imp_env_def, commands, INT, .word = imp_command_source_name,
                    .choices = choosable_command_source, .unit = "SOURCE",
                    .help = "who says where to turn at intersections: none, random, or route: "
                            "the shortest way to a place, which ends the episode; for policies "
                            "that take a command as input. A route takes some 200 steps for each "
                            "intersection, and 400 more"),
    IMP_MEMBER_WITH(imp_env_def, route_intersections, INT, .range = IMP_WITHIN(1, 1000),
                    .unit = "N", .help = "number of intersections on a route that is drawn"),
    IMP_MEMBER(imp_env_def, has_destination, BOOL),
    IMP_MEMBER_WITH(imp_env_def, destination, INT, .unit = "I,J",
                    .help = "tile to which routes lead, instead of a drawn place"),
    IMP_MEMBER_WITH(imp_env_def, wanted_speed_min, DOUBLE, .range = IMP_WITHIN(0, 2), .unit = "M/S",
                    .help = "lower end of the range from which each episode draws the speed that "
                            "the robot is asked to drive at; 0: no speed is asked for"),
    IMP_MEMBER_WITH(imp_env_def, wanted_speed_max, DOUBLE, .range = IMP_WITHIN(0, 2), .unit = "M/S",
                    .help = "upper end of that range"),
    IMP_MEMBER_WITH(imp_env_def, action_dropout, DOUBLE, .key = "dropped",
                    .range = {0, 1, .without_high = true}),
    IMP_MEMBER_WITH(imp_env_def, command_noise, DOUBLE, .range = IMP_WITHIN(0, 1)),
    IMP_MEMBER_NESTED(imp_env_def, drive, &imp_drive_members),
    IMP_MEMBER_COOKIE(imp_env_def, ENV_COOKIE),
};
const imp_struct_table imp_env_members = IMP_STRUCT_TABLE(imp_env_def, ENV);
