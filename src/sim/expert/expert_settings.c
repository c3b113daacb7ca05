// The table of our expert's settings, and their defaults.
#include "sim/expert/expert_settings.h"

#include "base/common/vector2.h"
#include "imprint/policy.h"

enum { EXPERT_COOKIE = 0x0E47E7 };

imp_expert_def imp_default_expert_def(void)
{
    return (imp_expert_def){.speed = 0.6,
                            .tracking_rate = 3.1,
                            .turn_rate_gain = 10.0,
                            .max_turn_rate = 6.0,
                            .max_return_angle = IMP_PI / 3,
                            .lane_offset = 0.0,
                            .look_ahead = true,
                            .cookie = EXPERT_COOKIE};
}

// The largest speed is that of the motors. Two keys keep the names of earlier versions.
static const imp_struct_member EXPERT[] = {
    IMP_MEMBER_WITH(imp_expert_def, speed, DOUBLE, .range = {0, 0.6, .without_low = true},
                    .unit = "M/S", .help = "target speed of the expert"),
    IMP_MEMBER_WITH(imp_expert_def, tracking_rate, DOUBLE, .range = {0, 10, .without_low = true},
                    .unit = "1/S",
                    .help = "rate at which the expert reduces its distance to the path"),
    IMP_MEMBER_WITH(imp_expert_def, turn_rate_gain, DOUBLE, .key = "turning_rate",
                    .range = IMP_WITHIN(0, 30), .unit = "1/S",
                    .help = "rate at which the expert corrects its turn rate; 4 is gentle"),
    IMP_MEMBER_WITH(imp_expert_def, max_turn_rate, DOUBLE, .key = "turn_rate",
                    .range = {0, 20, .without_low = true}, .unit = "RAD/S",
                    .help = "maximum turn rate of the expert"),
    IMP_MEMBER_WITH(imp_expert_def, max_return_angle, DOUBLE, .key = "return_angle",
                    .range = {0, IMP_PI / 2, .without_low = true}),
    IMP_MEMBER_WITH(imp_expert_def, lane_offset, DOUBLE, .range = IMP_WITHIN(-0.1, 0.1),
                    .unit = "M",
                    .help = "distance of the expert's path from the lane centre, to the right"),
    IMP_MEMBER(imp_expert_def, challenge_lanes, BOOL),
    IMP_MEMBER_WITH(imp_expert_def, turns, TEXT, .unit = "LIST",
                    .help =
                        "turns of the expert at intersections, repeated: letters l, r, s (s where "
                        "the road has no such exit); random if not given"),
    IMP_MEMBER_WITH(imp_expert_def, pose_only, BOOL, .key = "by_sight",
                    .help =
                        "restrict the expert to inputs that single images show: its pose, not its "
                        "motion"),
    IMP_MEMBER_WITH(imp_expert_def, look_ahead, BOOL, .key = "tries_out",
                    .help =
                        "let the expert simulate manoeuvres near the edge of the road; without it, "
                        "the expert is easier to imitate"),
    IMP_MEMBER_IGNORED(imp_expert_def, assumed_drive, "is set to the drive of the environment"),
    IMP_MEMBER_COOKIE(imp_expert_def, EXPERT_COOKIE),
};
const imp_struct_table imp_expert_members = IMP_STRUCT_TABLE(imp_expert_def, EXPERT);
