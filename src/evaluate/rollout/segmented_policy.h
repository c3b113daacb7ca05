// evaluate/rollout/segmented_policy.h: a policy that sees the masks of a segmentation network.
#ifndef IMP_EVALUATE_ROLLOUT_SEGMENTED_POLICY_H
#define IMP_EVALUATE_ROLLOUT_SEGMENTED_POLICY_H

#include "imprint/policy.h"
#include "imprint/segmentation.h"

// Replaces *policy, which was trained on semantic masks, by one that takes images and computes the
// masks with a segmenter. Takes ownership of the policy, also after a failure.
imp_status imp_segmented_policy_wrap(imp_policy **policy, const imp_network *segmenter,
                                     imp_error *err);

#endif
