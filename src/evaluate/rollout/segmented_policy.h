// evaluate/rollout/segmented_policy.h: a policy that sees the masks of a segmentation network.
#ifndef IMP_EVALUATE_ROLLOUT_SEGMENTED_POLICY_H
#define IMP_EVALUATE_ROLLOUT_SEGMENTED_POLICY_H

#include "imprint/policy.h"
#include "imprint/segmentation.h"

// Puts a segmenter before the eyes of a policy that was trained on segments, and owns that from now
// on, also after a failure. *policy: in and out.
imp_status imp_segmented_policy_wrap(imp_policy **policy, const imp_network *segmenter,
                                     imp_error *err);

#endif
