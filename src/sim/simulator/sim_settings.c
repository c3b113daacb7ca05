// The table of a simulator's settings and of what they hold: camera, scene and randomisation; and
// their defaults. Environment and expert have their tables in their own folders.
#include "sim/simulator/sim_settings.h"

#include "imprint/sim.h"

enum { SIM_COOKIE = 0x51AF };

imp_sim_def imp_default_sim_def(void)
{
    return (imp_sim_def){
        .map = "loop_empty",
        .env = imp_default_env_def(),
        .camera = imp_default_camera_def(),
        .scene = imp_default_scene_def(),
        .randomization = imp_randomization_none(),
        .expert = imp_default_expert_def(),
        .cookie = SIM_COOKIE,
    };
}

// The coefficients k1, k2, p1, p2, k3, k4, k5 and k6 are in the order of OpenCV.
static const imp_struct_member LENS[] = {
    IMP_MEMBER(imp_lens, kind, INT),  IMP_MEMBER_NAMED(imp_lens, model, imp_lens_model_name),
    IMP_MEMBER(imp_lens, width, INT), IMP_MEMBER(imp_lens, height, INT),
    IMP_MEMBER(imp_lens, fx, DOUBLE), IMP_MEMBER(imp_lens, fy, DOUBLE),
    IMP_MEMBER(imp_lens, cx, DOUBLE), IMP_MEMBER(imp_lens, cy, DOUBLE),
    IMP_MEMBER(imp_lens, k1, DOUBLE), IMP_MEMBER(imp_lens, k2, DOUBLE),
    IMP_MEMBER(imp_lens, p1, DOUBLE), IMP_MEMBER(imp_lens, p2, DOUBLE),
    IMP_MEMBER(imp_lens, k3, DOUBLE), IMP_MEMBER(imp_lens, k4, DOUBLE),
    IMP_MEMBER(imp_lens, k5, DOUBLE), IMP_MEMBER(imp_lens, k6, DOUBLE),
};
static const imp_struct_table imp_lens_members = IMP_STRUCT_TABLE(imp_lens, LENS);

// The size of images, and where the camera is mounted. Its functions check it.
static const imp_struct_member CAMERA[] = {
    IMP_MEMBER(imp_camera_def, width, INT),
    IMP_MEMBER(imp_camera_def, height, INT),
    IMP_MEMBER(imp_camera_def, mount_height, DOUBLE),
    IMP_MEMBER(imp_camera_def, mount_forward, DOUBLE),
    IMP_MEMBER(imp_camera_def, mount_right, DOUBLE),
    IMP_MEMBER(imp_camera_def, pitch, DOUBLE),
    IMP_MEMBER(imp_camera_def, field_of_view, DOUBLE),
    IMP_MEMBER_NESTED(imp_camera_def, lens, &imp_lens_members),
    IMP_MEMBER_IGNORED(imp_camera_def, cookie, "says only that the definition has its defaults"),
};
const imp_struct_table imp_camera_members = IMP_STRUCT_TABLE(imp_camera_def, CAMERA);

// What decides how textures and meshes look.
static const imp_struct_member SCENE[] = {
    IMP_MEMBER_IGNORED(imp_scene_def, assets, IMP_REASON_CONTENT),
    IMP_MEMBER(imp_scene_def, seed, UINT64),
    IMP_MEMBER(imp_scene_def, variants, INT),
    IMP_MEMBER(imp_scene_def, wear, FLOAT),
    IMP_MEMBER(imp_scene_def, tape, FLOAT),
    IMP_MEMBER(imp_scene_def, finest, INT),
    IMP_MEMBER_WITH(imp_scene_def, room, UINT64, .unit = "SEED",
                    .help = "put a room around the map, generated from a seed; 0: none"),
};
const imp_struct_table imp_scene_members = IMP_STRUCT_TABLE(imp_scene_def, SCENE);

// The distribution of one randomised quantity.
static const imp_struct_member DISTRIBUTION[] = {
    IMP_MEMBER(imp_distribution, kind, INT),
    IMP_MEMBER(imp_distribution, low, DOUBLE),
    IMP_MEMBER(imp_distribution, high, DOUBLE),
    IMP_MEMBER(imp_distribution, absent, DOUBLE),
};
static const imp_struct_table imp_distribution_members =
    IMP_STRUCT_TABLE(imp_distribution, DISTRIBUTION);

// All quantities of domain randomisation.
static const imp_struct_member RANDOMIZATION[] = {
    IMP_MEMBER(imp_randomization, strength, DOUBLE),
    IMP_MEMBER_NESTED(imp_randomization, quantities, &imp_distribution_members),
};
const imp_struct_table imp_randomization_members =
    IMP_STRUCT_TABLE(imp_randomization, RANDOMIZATION);

// Words for people. Datasets and models store others.
static const char *observation_word(int k)
{
    return k == IMP_OBSERVATION_IMAGE          ? "image"
           : k == IMP_OBSERVATION_SEGMENTATION ? "segments"
                                               : NULL;
}

static const imp_struct_member SIM[] = {
    IMP_MEMBER_WITH(imp_sim_def, map, TEXT, .reason = IMP_REASON_CONTENT, .unit = "MAP",
                    .help = "name of a built-in map, or path of a YAML file"),
    IMP_MEMBER_IGNORED(imp_sim_def, maps, IMP_REASON_CONTENT),
    IMP_MEMBER_IGNORED(imp_sim_def, map_count, IMP_REASON_CONTENT),
    IMP_MEMBER_IGNORED(imp_sim_def, map_text, IMP_REASON_CONTENT),
    IMP_MEMBER_IGNORED(imp_sim_def, map_text_bytes, IMP_REASON_CONTENT),
    IMP_MEMBER_WITH(imp_sim_def, split, INT, .word = imp_map_split_name,
                    .choices = imp_map_split_name, .unit = "PART",
                    .help =
                        "which maps to use: all, train or test; a map's name decides its split"),
    IMP_MEMBER_NESTED(imp_sim_def, env, &imp_env_members),
    IMP_MEMBER(imp_sim_def, same_index, BOOL),
    IMP_MEMBER_NESTED(imp_sim_def, camera, &imp_camera_members),
    IMP_MEMBER_WITH(imp_sim_def, robot, TEXT, .reason = "its numbers are in camera and env.drive"),
    IMP_MEMBER_NESTED(imp_sim_def, scene, &imp_scene_members),
    IMP_MEMBER_WITH(
        imp_sim_def, observation, INT, .word = imp_observation_kind_name,
        .choices = observation_word, .unit = "KIND",
        .help = "what the policy sees: image, or segments: road, lines and obstacles in plain "
                "colours"),
    IMP_MEMBER_NESTED(imp_sim_def, randomization, &imp_randomization_members),
    IMP_MEMBER(imp_sim_def, ground_truth, BOOL),
    IMP_MEMBER(imp_sim_def, expert_actions, BOOL),
    IMP_MEMBER_NESTED(imp_sim_def, expert, &imp_expert_members),
    IMP_MEMBER(imp_sim_def, autoreset, INT),
    IMP_MEMBER(imp_sim_def, actions, INT),
    IMP_MEMBER(imp_sim_def, reward, INT),
    IMP_MEMBER(imp_sim_def, backend, INT),
    IMP_MEMBER_WITH(imp_sim_def, threads, INT, .reason = IMP_REASON_THREADS,
                    .range = IMP_WITHIN(0, 1024),
                    .help = "number of threads, 0: one per processor; results do not depend on it"),
    IMP_MEMBER_COOKIE(imp_sim_def, SIM_COOKIE),
};
const imp_struct_table imp_sim_members = IMP_STRUCT_TABLE(imp_sim_def, SIM);
