// The table of the settings of recording, and their defaults.
#include "imprint/learn.h"
#include "learn/settings/settings_tables.h"
#include "sim/simulator/sim_settings.h"

enum { COLLECT_COOKIE = 0xC011EC7 };

imp_collect_def imp_default_collect_def(void)
{
    return (imp_collect_def){
        .sim = imp_default_sim_def(),
        .policy = "expert",
        .episodes = 10,
        .steps = 512,
        .noise_time = 0.5,
        .mix_steps = 1,
        .hardest_of = 1,
        .settings = "{}",
        .cookie = COLLECT_COOKIE,
    };
}

// Everything that a dataset's episodes follow from.
static const imp_struct_member COLLECT[] = {
    IMP_SIM_MAPS_AND_UNUSED(imp_collect_def),
    IMP_SIM_IGNORED(imp_collect_def, split, "chooses the maps, which are compared"),
    IMP_MEMBER_WITH(imp_collect_def, policy, TEXT, .reason = IMP_REASON_CONTENT, .unit = "POLICY",
                    .help = "policy that drives: expert, pure-pursuit (gym-duckietown's expert), a "
                            "plug-in (.so), or a model"),
    IMP_MEMBER_WITH(imp_collect_def, label_policy, TEXT, .reason = IMP_REASON_CONTENT,
                    .unit = "POLICY",
                    .help = "policy whose actions are the labels where a model drives: expert (the "
                            "default), pure-pursuit, or a plug-in (.so)"),
    IMP_MEMBER_WITH(imp_collect_def, segmenter, TEXT, .reason = IMP_REASON_CONTENT, .unit = "MODEL",
                    .help =
                        "model of imprint seg-train; where segments are observed, the masks that "
                        "it finds in images are recorded and shown, errors included"),
    IMP_MEMBER_IGNORED(imp_collect_def, driver, IMP_REASON_CONTENT),
    IMP_MEMBER_IGNORED(imp_collect_def, labeller, IMP_REASON_CONTENT),
    IMP_MEMBER_WITH(imp_collect_def, episodes, INT, .reason = "a dataset can be extended",
                    .range = IMP_FROM(1), .help = "number of episodes to drive"),
    IMP_MEMBER_WITH(imp_collect_def, steps, INT, .range = IMP_FROM(1),
                    .help = "maximum number of steps of an episode"),
    IMP_MEMBER_WITH(imp_collect_def, noise, DOUBLE, .range = IMP_WITHIN(0, 1), .unit = "SIGMA",
                    .help =
                        "standard deviation of the disturbance of executed duty cycles; labels are "
                        "the undisturbed actions"),
    IMP_MEMBER_WITH(imp_collect_def, noise_time, DOUBLE, .range = IMP_ABOVE(0), .unit = "S",
                    .help = "duration of a disturbance"),
    IMP_MEMBER_WITH(imp_collect_def, start_offset, DOUBLE, .range = IMP_WITHIN(0, 1), .unit = "M",
                    .help =
                        "maximum distance of a start from the lane centre; without it, anywhere on "
                        "the tile"),
    IMP_MEMBER_WITH(
        imp_collect_def, speed_spread, DOUBLE, .range = IMP_WITHIN(0, 1), .unit = "SHARE",
        .help = "vary the speed from episode to episode by up to this share; labels keep "
                "the expert's speed"),
    IMP_MEMBER_WITH(imp_collect_def, expert_share, DOUBLE, .range = IMP_WITHIN(0, 1),
                    .unit = "SHARE",
                    .help = "the expert's share of the driving, once the network drives"),
    IMP_MEMBER_WITH(imp_collect_def, mix_steps, INT, .range = IMP_FROM(0),
                    .help = "draw anew who drives every N steps; 0: once per episode"),
    IMP_MEMBER(imp_collect_def, safe_switching, BOOL),
    IMP_MEMBER_WITH(imp_collect_def, hardest_of, INT, .range = IMP_WITHIN(1, 100),
                    .help = "of N episodes that the network drives, record the hardest: one that "
                            "terminated, or the one that differs most from the expert"),
    IMP_MEMBER_IGNORED(imp_collect_def, policy_name, "is compared as a fact of the dataset"),
    IMP_MEMBER_IGNORED(imp_collect_def, compress, "is compared as a fact of the dataset"),
    IMP_MEMBER_WITH(imp_collect_def, share, INT, .reason = IMP_REASON_SHARE, .range = IMP_FROM(0)),
    IMP_MEMBER_WITH(imp_collect_def, shares, INT, .reason = IMP_REASON_SHARE, .range = IMP_FROM(0)),
    IMP_SIM_NESTED(imp_collect_def, env, &imp_env_members),
    IMP_SIM_NESTED(imp_collect_def, camera, &imp_camera_members),
    IMP_SIM_NESTED(imp_collect_def, scene, &imp_scene_members),
    IMP_SIM_NAMED(imp_collect_def, observation, "observe", imp_observation_kind_name),
    IMP_SIM_NESTED(imp_collect_def, expert, &imp_expert_members),
    IMP_SIM_NESTED(imp_collect_def, randomization, &imp_randomization_members),
    IMP_MEMBER_IGNORED(imp_collect_def, communicator, IMP_REASON_SHARE),
    IMP_MEMBER_IGNORED(imp_collect_def, resume, IMP_REASON_RESUME),
    IMP_MEMBER_IGNORED(imp_collect_def, settings, IMP_REASON_COPY),
    IMP_MEMBER_COOKIE(imp_collect_def, COLLECT_COOKIE),
};
const imp_struct_table imp_collect_members = IMP_STRUCT_TABLE(imp_collect_def, COLLECT);
