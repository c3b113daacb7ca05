// The table of an evaluation's settings, and their defaults.
#include "evaluate/evaluation/eval_settings.h"

#include "imprint/evaluate.h"
#include "sim/simulator/sim_settings.h"

enum { EVAL_COOKIE = 0x0E7A1 };

imp_eval_def imp_default_eval_def(void)
{
    imp_eval_def def = {
        .sim = imp_default_sim_def(),
        .episodes = 10,
        .steps = 65,
        .plot_episodes = 100,
        .cookie = EVAL_COOKIE,
    };
    def.sim.env.index = 1;
    return def;
}

// Everything that an evaluation's episodes follow from, besides the policy.
static const imp_struct_member EVAL[] = {
    IMP_SIM_MAPS_AND_UNUSED(imp_eval_def),
    IMP_SIM_IGNORED(imp_eval_def, observation, "is the policy's"),
    IMP_SIM_NAMED(imp_eval_def, split, "split", imp_map_split_name),
    IMP_MEMBER_WITH(imp_eval_def, episodes, INT, .range = IMP_FROM(1),
                    .help = "number of episodes"),
    IMP_MEMBER_WITH(imp_eval_def, steps, INT, .range = IMP_FROM(1),
                    .help = "maximum number of steps of an episode"),
    IMP_MEMBER_WITH(imp_eval_def, settle_steps, INT, .range = IMP_FROM(0),
                    .help = "first steps that lane and speed figures leave out"),
    IMP_MEMBER_IGNORED(imp_eval_def, starts, IMP_REASON_CONTENT),
    IMP_MEMBER_IGNORED(imp_eval_def, start_count, IMP_REASON_CONTENT),
    IMP_MEMBER_IGNORED(imp_eval_def, starts_name, IMP_REASON_CONTENT),
    IMP_SIM_NESTED(imp_eval_def, env, &imp_env_members),
    IMP_SIM_NESTED(imp_eval_def, camera, &imp_camera_members),
    IMP_SIM_NESTED(imp_eval_def, scene, &imp_scene_members),
    IMP_MEMBER(imp_eval_def, ask_expert, BOOL),
    IMP_SIM_NESTED(imp_eval_def, expert, &imp_expert_members),
    IMP_SIM_NESTED(imp_eval_def, randomization, &imp_randomization_members),
    IMP_MEMBER_WITH(imp_eval_def, plot_episodes, INT,
                    .reason = "says what is drawn, not what is driven", .range = IMP_FROM(0),
                    .help = "number of episodes whose trajectories are drawn"),
    IMP_MEMBER_IGNORED(imp_eval_def, record_drives, "says what is kept, not what is driven"),
    IMP_MEMBER_WITH(imp_eval_def, share, INT, .reason = "says which of the episodes are driven",
                    .range = IMP_FROM(0)),
    IMP_MEMBER_WITH(imp_eval_def, shares, INT, .reason = "says which of the episodes are driven",
                    .range = IMP_FROM(0)),
    IMP_MEMBER_IGNORED(imp_eval_def, communicator, "says who drives them"),
    IMP_MEMBER_COOKIE(imp_eval_def, EVAL_COOKIE),
};
const imp_struct_table imp_eval_members = IMP_STRUCT_TABLE(imp_eval_def, EVAL);
