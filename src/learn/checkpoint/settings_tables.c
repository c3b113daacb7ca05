// The tables of all definitions that recorded data, models and trainings follow from. A run is
// resumed only with equal settings, and these tables alone say what must be equal. A member that is
// left out has its reason beside it. Each table lists the members of one structure in their order.
// Tables are written as lines of text, "key: value", whose hash or text is stored with the results.
#include "learn/checkpoint/settings_tables.h"

#include <inttypes.h>

#include "base/common/hash.h"
#include "nn/trainer/trainer.h"
#include "sim/render/assets/assets.h"

// Reasons for leaving a member out.
static const char COOKIE[] = "says only that the definition has its defaults";
static const char THREADS[] = "results do not depend on threads";
static const char RESUME[] = "is what is asked for";
static const char TEXT[] = "is a copy of the settings for readers";
static const char CONTENT[] = "is compared by its contents";
static const char SAVE_INTERVAL[] = "says how often something is saved";
static const char UNUSED[] = "is not looked at";

// Members of an embedded imp_sim_def. Their lines stand where they do and are called as in earlier
// versions, so that what was recorded with these settings has the same hash.
// clang-format off
#define SIM_NESTED(type, member, table) \
    {"sim." #member, #member, IMP_MEMBER_STRUCT, IMP_MEMBER_EXTENT(type, sim.member), \
     table, NULL, NULL}
#define SIM_NAMED(type, member, key, word) \
    {"sim." #member, key, IMP_MEMBER_INT, IMP_MEMBER_EXTENT(type, sim.member), NULL, NULL, word}
#define SIM_IGNORED(type, member, reason) \
    {"sim." #member, #member, IMP_MEMBER_NOT_WRITTEN, IMP_MEMBER_EXTENT(type, sim.member), \
     NULL, reason, NULL}
// Maps are written by imp_settings_write_maps(), since a path does not identify their contents.
#define SIM_MAPS_AND_UNUSED(type) \
    SIM_IGNORED(type, map, CONTENT), SIM_IGNORED(type, maps, CONTENT), \
    SIM_IGNORED(type, map_count, CONTENT), SIM_IGNORED(type, same_index, UNUSED), \
    SIM_IGNORED(type, ground_truth, UNUSED), SIM_IGNORED(type, expert_actions, UNUSED), \
    SIM_IGNORED(type, autoreset, UNUSED), SIM_IGNORED(type, actions, UNUSED), \
    SIM_IGNORED(type, reward, UNUSED), SIM_IGNORED(type, backend, UNUSED), \
    SIM_IGNORED(type, threads, THREADS), SIM_IGNORED(type, cookie, COOKIE)
// clang-format on

// Position on the ground [m] and heading [rad].
static const imp_struct_member POSE[] = {
    IMP_MEMBER(imp_pose, x, DOUBLE),
    IMP_MEMBER(imp_pose, z, DOUBLE),
    IMP_MEMBER(imp_pose, heading, DOUBLE),
};
static const imp_struct_table POSES = IMP_STRUCT_TABLE(imp_pose, POSE);

// Motors and chassis: the dynamics of the robot.
static const imp_struct_member DRIVE[] = {
    IMP_MEMBER(imp_drive_def, delay, DOUBLE),
    IMP_MEMBER(imp_drive_def, trim, DOUBLE),
    IMP_MEMBER(imp_drive_def, gain, DOUBLE),
    IMP_MEMBER(imp_drive_def, wheel_radius, DOUBLE),
    IMP_MEMBER(imp_drive_def, wheel_distance, DOUBLE),
    IMP_MEMBER(imp_drive_def, time_step, DOUBLE),
    IMP_MEMBER(imp_drive_def, substeps, INT),
    IMP_MEMBER_IGNORED(imp_drive_def, cookie, COOKIE),
};
static const imp_struct_table DRIVES = IMP_STRUCT_TABLE(imp_drive_def, DRIVE);

// The coefficients k1, k2, p1, p2 and k3 are in the order of OpenCV.
static const imp_struct_member LENS[] = {
    IMP_MEMBER(imp_lens, kind, INT),   IMP_MEMBER(imp_lens, width, INT),
    IMP_MEMBER(imp_lens, height, INT), IMP_MEMBER(imp_lens, fx, DOUBLE),
    IMP_MEMBER(imp_lens, fy, DOUBLE),  IMP_MEMBER(imp_lens, cx, DOUBLE),
    IMP_MEMBER(imp_lens, cy, DOUBLE),  IMP_MEMBER(imp_lens, k1, DOUBLE),
    IMP_MEMBER(imp_lens, k2, DOUBLE),  IMP_MEMBER(imp_lens, p1, DOUBLE),
    IMP_MEMBER(imp_lens, p2, DOUBLE),  IMP_MEMBER(imp_lens, k3, DOUBLE),
};
static const imp_struct_table LENSES = IMP_STRUCT_TABLE(imp_lens, LENS);

// The size of images, and where the camera is mounted.
static const imp_struct_member CAMERA[] = {
    IMP_MEMBER(imp_camera_def, width, INT),
    IMP_MEMBER(imp_camera_def, height, INT),
    IMP_MEMBER(imp_camera_def, mount_height, DOUBLE),
    IMP_MEMBER(imp_camera_def, mount_forward, DOUBLE),
    IMP_MEMBER(imp_camera_def, mount_right, DOUBLE),
    IMP_MEMBER(imp_camera_def, pitch, DOUBLE),
    IMP_MEMBER(imp_camera_def, field_of_view, DOUBLE),
    IMP_MEMBER_NESTED(imp_camera_def, lens, &LENSES),
    IMP_MEMBER_IGNORED(imp_camera_def, cookie, COOKIE),
};
static const imp_struct_table CAMERAS = IMP_STRUCT_TABLE(imp_camera_def, CAMERA);

// The environment: random streams, starts, objects, dynamics and end conditions.
static const imp_struct_member ENV[] = {
    IMP_MEMBER(imp_env_def, seed, UINT64),
    IMP_MEMBER(imp_env_def, index, UINT32),
    IMP_MEMBER(imp_env_def, max_steps, INT),
    IMP_MEMBER(imp_env_def, frame_skip, INT),
    IMP_MEMBER(imp_env_def, accept_start_angle, DOUBLE),
    IMP_MEMBER(imp_env_def, has_start_tile, BOOL),
    IMP_MEMBER(imp_env_def, start_tile, INT),
    IMP_MEMBER(imp_env_def, has_start_pose, BOOL),
    IMP_MEMBER_NESTED(imp_env_def, start_pose, &POSES),
    IMP_MEMBER(imp_env_def, randomize_objects, BOOL),
    IMP_MEMBER(imp_env_def, cars_yield, BOOL),
    IMP_MEMBER(imp_env_def, rules, INT),
    IMP_MEMBER_WITH_KEY(imp_env_def, action_dropout, "dropped", DOUBLE),
    IMP_MEMBER(imp_env_def, command_noise, DOUBLE),
    IMP_MEMBER_NESTED(imp_env_def, drive, &DRIVES),
    IMP_MEMBER_IGNORED(imp_env_def, cookie, COOKIE),
};
const imp_struct_table imp_env_members = IMP_STRUCT_TABLE(imp_env_def, ENV);

// What decides how textures and meshes look.
static const imp_struct_member SCENE[] = {
    IMP_MEMBER_IGNORED(imp_scene_def, assets, CONTENT),
    IMP_MEMBER(imp_scene_def, seed, UINT64),
    IMP_MEMBER(imp_scene_def, variants, INT),
    IMP_MEMBER(imp_scene_def, wear, FLOAT),
    IMP_MEMBER(imp_scene_def, finest, INT),
};
const imp_struct_table imp_scene_members = IMP_STRUCT_TABLE(imp_scene_def, SCENE);

// Two keys keep the names of earlier versions.
static const imp_struct_member EXPERT[] = {
    IMP_MEMBER(imp_expert_def, speed, DOUBLE),
    IMP_MEMBER(imp_expert_def, tracking_rate, DOUBLE),
    IMP_MEMBER(imp_expert_def, turning_rate, DOUBLE),
    IMP_MEMBER(imp_expert_def, turn_rate, DOUBLE),
    IMP_MEMBER(imp_expert_def, return_angle, DOUBLE),
    IMP_MEMBER(imp_expert_def, lane_offset, DOUBLE),
    IMP_MEMBER(imp_expert_def, challenge_lanes, BOOL),
    IMP_MEMBER(imp_expert_def, turns, TEXT),
    IMP_MEMBER_WITH_KEY(imp_expert_def, pose_only, "by_sight", BOOL),
    IMP_MEMBER_WITH_KEY(imp_expert_def, look_ahead, "tries_out", BOOL),
    IMP_MEMBER_IGNORED(imp_expert_def, assumed_drive, "is set to the drive of the environment"),
    IMP_MEMBER_IGNORED(imp_expert_def, cookie, COOKIE),
};
static const imp_struct_table EXPERTS = IMP_STRUCT_TABLE(imp_expert_def, EXPERT);

// The distribution of one randomised quantity.
static const imp_struct_member DISTRIBUTION[] = {
    IMP_MEMBER(imp_distribution, kind, INT),
    IMP_MEMBER(imp_distribution, low, DOUBLE),
    IMP_MEMBER(imp_distribution, high, DOUBLE),
    IMP_MEMBER(imp_distribution, absent, DOUBLE),
};
static const imp_struct_table DISTRIBUTIONS = IMP_STRUCT_TABLE(imp_distribution, DISTRIBUTION);

// All quantities of domain randomisation.
static const imp_struct_member RANDOMIZATION[] = {
    IMP_MEMBER(imp_randomization, strength, DOUBLE),
    IMP_MEMBER_NESTED(imp_randomization, quantities, &DISTRIBUTIONS),
};
static const imp_struct_table RANDOMIZATIONS = IMP_STRUCT_TABLE(imp_randomization, RANDOMIZATION);

// Everything that a dataset's episodes follow from.
static const imp_struct_member COLLECT[] = {
    SIM_MAPS_AND_UNUSED(imp_collect_def),
    SIM_IGNORED(imp_collect_def, split, "chooses the maps, which are compared"),
    IMP_MEMBER_IGNORED(imp_collect_def, policy, CONTENT),
    IMP_MEMBER_IGNORED(imp_collect_def, label_policy, CONTENT),
    IMP_MEMBER_IGNORED(imp_collect_def, driver, CONTENT),
    IMP_MEMBER_IGNORED(imp_collect_def, labeller, CONTENT),
    IMP_MEMBER_IGNORED(imp_collect_def, episodes, "a dataset can be extended"),
    IMP_MEMBER(imp_collect_def, steps, INT),
    IMP_MEMBER(imp_collect_def, noise, DOUBLE),
    IMP_MEMBER(imp_collect_def, noise_time, DOUBLE),
    IMP_MEMBER(imp_collect_def, start_offset, DOUBLE),
    IMP_MEMBER(imp_collect_def, speed_spread, DOUBLE),
    IMP_MEMBER(imp_collect_def, expert_share, DOUBLE),
    IMP_MEMBER(imp_collect_def, mix_steps, INT),
    IMP_MEMBER(imp_collect_def, safe_switching, BOOL),
    IMP_MEMBER(imp_collect_def, hardest_of, INT),
    IMP_MEMBER_IGNORED(imp_collect_def, policy_name, "is compared as a fact of the dataset"),
    SIM_NESTED(imp_collect_def, env, &imp_env_members),
    SIM_NESTED(imp_collect_def, camera, &CAMERAS),
    SIM_NESTED(imp_collect_def, scene, &imp_scene_members),
    SIM_NAMED(imp_collect_def, observation, "observe", imp_observation_kind_name),
    SIM_NESTED(imp_collect_def, expert, &EXPERTS),
    SIM_NESTED(imp_collect_def, randomization, &RANDOMIZATIONS),
    IMP_MEMBER_IGNORED(imp_collect_def, resume, RESUME),
    IMP_MEMBER_IGNORED(imp_collect_def, settings, TEXT),
    IMP_MEMBER_IGNORED(imp_collect_def, cookie, COOKIE),
};
const imp_struct_table imp_collect_members = IMP_STRUCT_TABLE(imp_collect_def, COLLECT);

// Everything that an evaluation's episodes follow from, besides the policy.
static const imp_struct_member EVAL[] = {
    SIM_MAPS_AND_UNUSED(imp_eval_def),
    SIM_IGNORED(imp_eval_def, observation, "is the policy's"),
    SIM_NAMED(imp_eval_def, split, "split", imp_map_split_name),
    IMP_MEMBER(imp_eval_def, episodes, INT),
    IMP_MEMBER(imp_eval_def, steps, INT),
    IMP_MEMBER(imp_eval_def, settle_steps, INT),
    IMP_MEMBER_IGNORED(imp_eval_def, starts, CONTENT),
    IMP_MEMBER_IGNORED(imp_eval_def, start_count, CONTENT),
    IMP_MEMBER_IGNORED(imp_eval_def, starts_name, CONTENT),
    SIM_NESTED(imp_eval_def, env, &imp_env_members),
    SIM_NESTED(imp_eval_def, camera, &CAMERAS),
    SIM_NESTED(imp_eval_def, scene, &imp_scene_members),
    IMP_MEMBER(imp_eval_def, ask_expert, BOOL),
    SIM_NESTED(imp_eval_def, expert, &EXPERTS),
    SIM_NESTED(imp_eval_def, randomization, &RANDOMIZATIONS),
    IMP_MEMBER_IGNORED(imp_eval_def, keep, "says what is drawn, not what is driven"),
    IMP_MEMBER_IGNORED(imp_eval_def, cookie, COOKIE),
};
const imp_struct_table imp_eval_members = IMP_STRUCT_TABLE(imp_eval_def, EVAL);

static const char DESCRIBED[] = "is compared by the description in the state";

// The state file describes the network's layout itself; only what it does not contain is listed.
static const imp_struct_member NETWORK[] = {
    IMP_MEMBER_IGNORED(imp_network_def, architecture, DESCRIBED),
    IMP_MEMBER_IGNORED(imp_network_def, width, DESCRIBED),
    IMP_MEMBER_IGNORED(imp_network_def, height, DESCRIBED),
    IMP_MEMBER_IGNORED(imp_network_def, outputs, DESCRIBED),
    IMP_MEMBER(imp_network_def, batch_norm, BOOL),
    IMP_MEMBER_IGNORED(imp_network_def, cookie, COOKIE),
};
static const imp_struct_table NETWORKS = IMP_STRUCT_TABLE(imp_network_def, NETWORK);

// One member for each kind of augmentation.
static const imp_struct_member AUGMENT[] = {
#define AUGMENT_MEMBER(member, word, usual, most) IMP_MEMBER(imp_augment, member, DOUBLE),
    IMP_AUGMENT_MAP(AUGMENT_MEMBER)
#undef AUGMENT_MEMBER
};
static const imp_struct_table AUGMENTS = IMP_STRUCT_TABLE(imp_augment, AUGMENT);

// Everything that trained weights follow from, besides the samples.
static const imp_struct_member TRAIN[] = {
    IMP_MEMBER_NESTED(imp_train_def, network, &NETWORKS),
    IMP_MEMBER_NESTED(imp_train_def, trainer, &imp_trainer_members),
    IMP_MEMBER(imp_train_def, schedule, INT),
    IMP_MEMBER(imp_train_def, decay_factor, DOUBLE),
    IMP_MEMBER(imp_train_def, decay_epochs, INT),
    IMP_MEMBER(imp_train_def, warm_up_steps, INT),
    IMP_MEMBER_IGNORED(imp_train_def, initial, CONTENT),
    IMP_MEMBER(imp_train_def, weight_turns, DOUBLE),
    IMP_MEMBER_NESTED(imp_train_def, augment, &AUGMENTS),
    IMP_MEMBER_IGNORED(imp_train_def, data_weights, CONTENT),
    IMP_MEMBER(imp_train_def, epochs, INT),
    IMP_MEMBER_IGNORED(imp_train_def, patience, "says when to stop"),
    IMP_MEMBER(imp_train_def, validation, DOUBLE),
    IMP_MEMBER(imp_train_def, seed, UINT64),
    IMP_MEMBER(imp_train_def, window, INT),
    IMP_MEMBER_IGNORED(imp_train_def, checkpoint_steps, SAVE_INTERVAL),
    IMP_MEMBER_IGNORED(imp_train_def, tensorboard, "results do not depend on logs"),
    IMP_MEMBER_IGNORED(imp_train_def, resume, RESUME),
    IMP_MEMBER_IGNORED(imp_train_def, settings, TEXT),
    IMP_MEMBER_IGNORED(imp_train_def, cookie, COOKIE),
};
const imp_struct_table imp_train_members = IMP_STRUCT_TABLE(imp_train_def, TRAIN);

// Online training adds the rollouts and the size of the buffer.
static const imp_struct_member ONLINE[] = {
    IMP_MEMBER_NESTED(imp_online_def, collect, &imp_collect_members),
    IMP_MEMBER_IGNORED(imp_online_def, train, "is compared as of any training"),
    IMP_MEMBER(imp_online_def, buffer, INT),
    IMP_MEMBER_IGNORED(imp_online_def, cookie, COOKIE),
};
const imp_struct_table imp_online_members = IMP_STRUCT_TABLE(imp_online_def, ONLINE);

// What the rendered images of a segmenter's training follow from.
static const imp_struct_member SEG_TRAIN[] = {
    SIM_MAPS_AND_UNUSED(imp_seg_train_def),
    SIM_IGNORED(imp_seg_train_def, observation, UNUSED),
    SIM_IGNORED(imp_seg_train_def, expert, UNUSED),
    SIM_IGNORED(imp_seg_train_def, split, "chooses the maps, which are compared"),
    SIM_NESTED(imp_seg_train_def, env, &imp_env_members),
    SIM_NESTED(imp_seg_train_def, camera, &CAMERAS),
    SIM_NESTED(imp_seg_train_def, scene, &imp_scene_members),
    SIM_NESTED(imp_seg_train_def, randomization, &RANDOMIZATIONS),
    IMP_MEMBER_IGNORED(imp_seg_train_def, train, "is compared as of any training"),
    IMP_MEMBER_WITH_KEY(imp_seg_train_def, images, "pictures", INT),
    IMP_MEMBER(imp_seg_train_def, held_out, INT),
    IMP_MEMBER_IGNORED(imp_seg_train_def, cookie, COOKIE),
};
const imp_struct_table imp_seg_train_members = IMP_STRUCT_TABLE(imp_seg_train_def, SEG_TRAIN);

// What the rounds of DAgger follow from; collecting and training add their own tables.
static const imp_struct_member DAGGER[] = {
    IMP_MEMBER_IGNORED(imp_dagger_def, collect, "is compared as of any dataset"),
    IMP_MEMBER(imp_dagger_def, first_episodes, INT),
    IMP_MEMBER_NESTED(imp_dagger_def, train, &imp_train_members),
    IMP_MEMBER_IGNORED(imp_dagger_def, policy_trainer, "is known by the policies that it makes"),
    IMP_MEMBER_NESTED(imp_dagger_def, eval, &imp_eval_members),
    IMP_MEMBER(imp_dagger_def, last_epochs, INT),
    IMP_MEMBER_IGNORED(imp_dagger_def, rounds, "more can be made"),
    IMP_MEMBER_NAMED(imp_dagger_def, beta, imp_beta_schedule_name),
    IMP_MEMBER(imp_dagger_def, beta_decay, DOUBLE),
    IMP_MEMBER_IGNORED(imp_dagger_def, patience, "says when to stop"),
    IMP_MEMBER_IGNORED(imp_dagger_def, resume, RESUME),
    IMP_MEMBER_IGNORED(imp_dagger_def, settings, TEXT),
    IMP_MEMBER_IGNORED(imp_dagger_def, cookie, COOKIE),
};
const imp_struct_table imp_dagger_members = IMP_STRUCT_TABLE(imp_dagger_def, DAGGER);

// For tests, which check that no member of any structure is missing; NULL after the last table.
const imp_struct_table *imp_settings_table(int k)
{
    static const imp_struct_table *const tables[] = {
        &POSES,
        &DRIVES,
        &LENSES,
        &CAMERAS,
        &imp_env_members,
        &imp_scene_members,
        &EXPERTS,
        &DISTRIBUTIONS,
        &RANDOMIZATIONS,
        &imp_collect_members,
        &imp_eval_members,
        &NETWORKS,
        &imp_trainer_members,
        &AUGMENTS,
        &imp_train_members,
        &imp_online_members,
        &imp_seg_train_members,
        &imp_dagger_members,
    };
    return k >= 0 && k < (int)(sizeof tables / sizeof tables[0]) ? tables[k] : NULL;
}

void imp_settings_write_hash(FILE *out, const char *name, uint64_t hash)
{
    fprintf(out, "%s: %016" PRIx64 "\n", name, hash);
}

// The hash covers name and source text of each map in turn, so that it changes with their order.
void imp_settings_write_maps(FILE *out, const char *name, const imp_map_set *maps)
{
    uint64_t hash = IMP_HASH_START;
    for (int k = 0; k < maps->count; k++) {
        const imp_world *world = maps->worlds[k];
        hash =
            imp_hash_bytes(hash, world->name, strlen(world->name) + 1); // its end tells texts apart
        hash = imp_hash_bytes(hash, world->source, world->source_length);
        hash = imp_hash_bytes(hash, "", 1);
    }
    fprintf(out, "%s: %s %016" PRIx64 "\n", name, imp_map_set_name_or_several(maps), hash);
}

// Writes the map and the pose of each start that an evaluation has been given.
void imp_settings_write_starts(FILE *out, const imp_eval_def *def)
{
    for (int k = 0; k < def->start_count; k++) {
        fprintf(out, "start: %s\n", def->starts[k].map);
        imp_struct_write_text(out, "start", &POSES, &def->starts[k].pose);
    }
}

// A hash of 0 means that the scene has no assets folder.
void imp_settings_write_assets(FILE *out, const imp_scene_def *scene)
{
    imp_settings_write_hash(out, "assets",
                            scene->assets != NULL ? imp_assets_hash(scene->assets) : 0);
}
