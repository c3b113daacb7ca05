// sim/simulator/sim_settings.h: the members of the definition of simulators and of what it holds.
#ifndef IMP_SIM_SIMULATOR_SIM_SETTINGS_H
#define IMP_SIM_SIMULATOR_SIM_SETTINGS_H

#include "sim/env/env_settings.h"
#include "sim/expert/expert_settings.h"

extern const imp_struct_table imp_camera_members, imp_scene_members, imp_randomization_members;
extern const imp_struct_table imp_sim_members;

// Reasons for leaving a member out of a run's identity.
#define IMP_REASON_CONTENT "is compared by its contents"
#define IMP_REASON_UNUSED "is not looked at"
#define IMP_REASON_THREADS "results do not depend on threads"

// Members of an embedded imp_sim_def. Their lines stand where they do and are called as in earlier
// versions, so that what was recorded with these settings has the same hash.
// clang-format off
// NOLINTBEGIN(bugprone-macro-parentheses)
#define IMP_SIM_MEMBER(type, member, type_of_member, ...) \
    {.name = "sim." #member, .kind = IMP_MEMBER_##type_of_member, \
     IMP_MEMBER_EXTENT(type, sim.member), __VA_ARGS__}
#define IMP_SIM_NESTED(type, member, table) \
    IMP_SIM_MEMBER(type, member, STRUCT, .key = #member, .of = table)
#define IMP_SIM_NAMED(type, member, key_of_text, names) \
    IMP_SIM_MEMBER(type, member, INT, .key = key_of_text, .word = names)
#define IMP_SIM_IGNORED(type, member, why) IMP_SIM_MEMBER(type, member, OTHER, .reason = why)
// Maps are compared by their text, since a path does not identify their contents.
#define IMP_SIM_MAPS_AND_UNUSED(type) \
    IMP_SIM_IGNORED(type, map, IMP_REASON_CONTENT), \
    IMP_SIM_IGNORED(type, maps, IMP_REASON_CONTENT), \
    IMP_SIM_IGNORED(type, map_count, IMP_REASON_CONTENT), \
    IMP_SIM_IGNORED(type, map_text, IMP_REASON_CONTENT), \
    IMP_SIM_IGNORED(type, map_text_bytes, IMP_REASON_CONTENT), \
    IMP_SIM_IGNORED(type, robot, "its numbers are in camera and env.drive"), \
    IMP_SIM_IGNORED(type, same_index, IMP_REASON_UNUSED), \
    IMP_SIM_IGNORED(type, ground_truth, IMP_REASON_UNUSED), \
    IMP_SIM_IGNORED(type, expert_actions, IMP_REASON_UNUSED), \
    IMP_SIM_IGNORED(type, autoreset, IMP_REASON_UNUSED), \
    IMP_SIM_IGNORED(type, actions, IMP_REASON_UNUSED), \
    IMP_SIM_IGNORED(type, reward, IMP_REASON_UNUSED), \
    IMP_SIM_IGNORED(type, backend, IMP_REASON_UNUSED), \
    IMP_SIM_IGNORED(type, threads, IMP_REASON_THREADS), \
    IMP_SIM_IGNORED(type, cookie, "says only that the definition has its defaults")
// NOLINTEND(bugprone-macro-parentheses)
// clang-format on

#endif
