// evaluate/rollout/callback_policy.h: policies that call a function of the caller's.
#ifndef IMP_EVALUATE_ROLLOUT_CALLBACK_POLICY_H
#define IMP_EVALUATE_ROLLOUT_CALLBACK_POLICY_H

#include "imprint/callback.h"

// A definition that was checked, and numbers of slots.
typedef struct imp_callback imp_callback;

// Checks a definition and copies what it needs. Freed with imp_callback_destroy() after the
// policies made from it.
imp_status imp_callback_create(imp_callback **out, const imp_callback_def *def, imp_error *err);
void imp_callback_destroy(imp_callback *callback); // nullable

const imp_callback_def *imp_callback_get_def(const imp_callback *callback);

// Policies of one thread, which act together. Destroy each with imp_policy_destroy(). A failure
// creates none.
imp_status imp_callback_policies_create(imp_policy **out, int count, imp_callback *callback,
                                        imp_error *err);

#endif
