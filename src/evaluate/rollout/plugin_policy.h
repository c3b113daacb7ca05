// evaluate/rollout/plugin_policy.h: policies of shared objects (imprint/plugin.h).
#ifndef IMP_EVALUATE_ROLLOUT_PLUGIN_POLICY_H
#define IMP_EVALUATE_ROLLOUT_PLUGIN_POLICY_H

#include "imprint/plugin.h"
#include "imprint/policy.h"

// A shared object that is loaded.
typedef struct imp_plugin_library imp_plugin_library;

// Whether a policy's name is the path of a plug-in: it ends in ".so".
bool imp_is_plugin_path(const char *name_or_path);

// Loads a shared object and checks its table. Freed with imp_plugin_library_close() after the
// policies made from it. Fails with IMP_IO if the file cannot be read, and with IMP_BAD_INPUT if it
// is no plug-in, or one of another version of the interface.
imp_status imp_plugin_library_open(imp_plugin_library **out, const char *path, imp_error *err);
void imp_plugin_library_close(imp_plugin_library *library); // nullable

const imp_plugin *imp_plugin_library_table(const imp_plugin_library *library);

// A number for the content of the file.
uint64_t imp_plugin_library_hash(const imp_plugin_library *library);

// A policy for one thread, freed with imp_policy_destroy().
imp_status imp_plugin_policy_create(imp_policy **out, const imp_plugin_library *library,
                                    imp_error *err);

#endif
