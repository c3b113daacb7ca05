// learn/settings/settings_tables.h: the members of definitions that runs follow from. A run's
// identity is their text, and that of what they refer to (maps, assets, weights) by its contents,
// whatever its path.
#ifndef IMP_LEARN_SETTINGS_SETTINGS_TABLES_H
#define IMP_LEARN_SETTINGS_SETTINGS_TABLES_H

#include "base/text/struct_text.h"
#include "evaluate/evaluation/eval_settings.h"
#include "imprint/learn.h"

extern const imp_struct_table imp_network_members, imp_augment_members, imp_train_members;
extern const imp_struct_table imp_collect_members, imp_online_members;
extern const imp_struct_table imp_seg_train_members, imp_dagger_members;

// Reasons for leaving a member out of a run's identity.
#define IMP_REASON_RESUME "is what is asked for"
#define IMP_REASON_COPY "is a copy of the settings for readers"
#define IMP_REASON_SHARE "says which of the episodes are driven, not what happens in them"

// The tables of all definitions; NULL past the last.
const imp_struct_table *imp_settings_get_table(int k);

// Writes lines for what definitions only refer to.
void imp_settings_write_maps(FILE *out, const char *name, const imp_map_set *maps);
void imp_settings_write_starts(FILE *out, const imp_eval_def *def);
void imp_settings_write_assets(FILE *out, const imp_scene_def *scene);
void imp_settings_write_hash(FILE *out, const char *name, uint64_t hash);

#endif
