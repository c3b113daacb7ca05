#include "pipeline/spectacles.h"

#include <stdlib.h>

typedef struct spectacles {
    imp_policy policy;
    imp_policy *wearer;
    imp_segmenter *segmenter;
    uint8_t *painted; // what the wearer sees
} spectacles;

static void begin(imp_policy *policy, const imp_env *env)
{
    spectacles *self = (spectacles *)policy;
    imp_policy_begin(self->wearer, env);
    policy->gave_up = self->wearer->gave_up;
}

static imp_action act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    spectacles *self = (spectacles *)policy;
    imp_segmenter_paint(self->segmenter, observation, self->painted);
    const imp_action action = imp_policy_act(self->wearer, env, self->painted);
    policy->gave_up = self->wearer->gave_up;
    return action;
}

static void destroy(imp_policy *policy)
{
    spectacles *self = (spectacles *)policy;
    imp_policy_destroy(self->wearer);
    imp_segmenter_destroy(self->segmenter);
    free(self->painted);
    free(self);
}

imp_status imp_spectacles_put_on(imp_policy **policy, const imp_network *segmenter, imp_error *err)
{
    static const imp_policy_class class = {"network behind a segmenter", true, begin, act, destroy};
    spectacles *self = calloc(1, sizeof *self);
    if (self == NULL) {
        imp_policy_destroy(*policy);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    }
    self->policy.class = &class;
    self->wearer = *policy;
    imp_status status = imp_segmenter_create(&self->segmenter, segmenter, err);
    if (status == IMP_OK) {
        const int cells =
            imp_segmenter_width(self->segmenter) * imp_segmenter_height(self->segmenter);
        self->painted = malloc((size_t)cells * 3);
        if (self->painted == NULL)
            status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    }
    if (status != IMP_OK) {
        destroy(&self->policy);
        return status;
    }
    *policy = &self->policy;
    return IMP_OK;
}
