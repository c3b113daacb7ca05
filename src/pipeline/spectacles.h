// pipeline/spectacles.h: a policy that looks at pictures through a segmenter.
#ifndef IMP_PIPELINE_SPECTACLES_H
#define IMP_PIPELINE_SPECTACLES_H

#include "imprint/policy.h"
#include "imprint/vision.h"

// Puts a segmenter before the eyes of a policy that was trained on segments, and owns that from now
// on, also after a failure. *policy: in and out.
imp_status imp_spectacles_put_on(imp_policy **policy, const imp_network *segmenter, imp_error *err);

#endif
