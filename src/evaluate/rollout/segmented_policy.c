// A policy that sees semantic masks instead of images: a segmentation network computes the mask of
// each image, painted in the colours of the classes, and the inner policy acts on that.
#include "evaluate/rollout/segmented_policy.h"

#include <stdlib.h>

// Owns the inner policy and a segmenter of its own.
typedef struct segmented_policy {
    imp_policy policy;
    imp_policy *inner;
    imp_segmenter *segmenter;
    uint8_t *mask_image; // the mask in the colours of the classes
} segmented_policy;

// A failure of the inner policy is a failure of this one.
static void segmented_policy_begin(imp_policy *policy, const imp_env *env)
{
    segmented_policy *self = (segmented_policy *)policy;
    imp_policy_reset(self->inner, env);
    policy->failure_reason = self->inner->failure_reason;
}

// The mask has the size that the inner network was trained with; the factory checks it.
static imp_action segmented_policy_act(imp_policy *policy, const imp_env *env,
                                       const uint8_t *observation)
{
    segmented_policy *self = (segmented_policy *)policy;
    imp_segmenter_run_to_rgb(self->segmenter, observation, self->mask_image);
    const imp_action action = imp_policy_act(self->inner, env, self->mask_image);
    policy->doubt = self->inner->doubt;
    policy->failure_reason = self->inner->failure_reason;
    return action;
}

// Accepts a policy that was created in part.
static void segmented_policy_destroy(imp_policy *policy)
{
    segmented_policy *self = (segmented_policy *)policy;
    imp_policy_destroy(self->inner);
    imp_segmenter_destroy(self->segmenter);
    free(self->mask_image);
    free(self);
}

// Takes over *policy, and replaces it. After a failure both are destroyed.
imp_status imp_segmented_policy_wrap(imp_policy **policy, const imp_network *segmenter,
                                     imp_error *err)
{
    static const imp_policy_vtable vtable = {.name = "network behind a segmenter",
                                             .needs_observation = true,
                                             .reset = segmented_policy_begin,
                                             .act = segmented_policy_act,
                                             .destroy = segmented_policy_destroy};
    segmented_policy *self = calloc(1, sizeof *self);
    if (self == NULL) {
        imp_policy_destroy(*policy);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    }
    self->policy.vtable = &vtable;
    self->inner = *policy;
    self->policy.has_doubt = self->inner->has_doubt;

    // The segmenter and the image that it draws.
    imp_status status = imp_segmenter_create(&self->segmenter, segmenter, err);
    if (status == IMP_OK) {
        const int cells =
            imp_segmenter_width(self->segmenter) * imp_segmenter_height(self->segmenter);
        self->mask_image = malloc((size_t)cells * 3);
        if (self->mask_image == NULL)
            status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    }
    if (status != IMP_OK) {
        segmented_policy_destroy(&self->policy);
        return status;
    }
    *policy = &self->policy;
    return IMP_OK;
}
