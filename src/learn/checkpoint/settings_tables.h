// learn/checkpoint/settings_tables.h: what results follow from, as text: definitions by the tables
// of their members, and what they refer to (maps, assets, weights) by its contents, whatever its
// path.
#ifndef IMP_LEARN_CHECKPOINT_SETTINGS_TABLES_H
#define IMP_LEARN_CHECKPOINT_SETTINGS_TABLES_H

#include "base/text/struct_text.h"
#include "imprint/learn.h"

extern const imp_struct_table imp_env_members, imp_scene_members, imp_collect_members;
extern const imp_struct_table imp_eval_members, imp_train_members, imp_online_members;
extern const imp_struct_table imp_seg_train_members, imp_dagger_members;

// The tables of all definitions; NULL past the last.
const imp_struct_table *imp_settings_table(int k);

// Writes lines for what definitions only refer to.
void imp_settings_write_maps(FILE *out, const char *name, const imp_map_set *maps);
void imp_settings_write_starts(FILE *out, const imp_eval_def *def);
void imp_settings_write_assets(FILE *out, const imp_scene_def *scene);
void imp_settings_write_hash(FILE *out, const char *name, uint64_t hash);

#endif
