// What a run follows from, as lines of text whose hash or text is stored with the results. A run is
// resumed only with equal lines. The tables of settings say which members must be equal; maps,
// assets and starts are written here, by their contents.
#include <inttypes.h>

#include "base/common/hash.h"
#include "learn/settings/settings_tables.h"
#include "nn/trainer/trainer.h"
#include "sim/render/assets/assets.h"
#include "sim/simulator/sim_settings.h"

// For tests, which check that no member of any structure is missing; NULL after the last table.
const imp_struct_table *imp_settings_get_table(int k)
{
    static const imp_struct_table *const tables[] = {
        &imp_sim_members,       &imp_env_members,           &imp_drive_members,
        &imp_pose_members,      &imp_camera_members,        &imp_scene_members,
        &imp_expert_members,    &imp_randomization_members, &imp_eval_members,
        &imp_network_members,   &imp_trainer_members,       &imp_augment_members,
        &imp_collect_members,   &imp_train_members,         &imp_online_members,
        &imp_seg_train_members, &imp_dagger_members,
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
    fprintf(out, "%s: %s %016" PRIx64 "\n", name, imp_map_set_common_name(maps), hash);
}

// Writes the map and the pose of each start that an evaluation has been given.
void imp_settings_write_starts(FILE *out, const imp_eval_def *def)
{
    for (int k = 0; k < def->start_count; k++) {
        fprintf(out, "start: %s\n", def->starts[k].map);
        imp_struct_write_text(out, "start", &imp_pose_members, &def->starts[k].pose);
    }
}

// A hash of 0 means that the scene has no assets folder.
void imp_settings_write_assets(FILE *out, const imp_scene_def *scene)
{
    imp_settings_write_hash(out, "assets",
                            scene->assets != NULL ? imp_assets_hash(scene->assets) : 0);
}
