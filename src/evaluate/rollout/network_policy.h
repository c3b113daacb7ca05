// evaluate/rollout/network_policy.h: networks as policies.
#ifndef IMP_EVALUATE_ROLLOUT_NETWORK_POLICY_H
#define IMP_EVALUATE_ROLLOUT_NETWORK_POLICY_H

#include "imprint/nn.h"
#include "imprint/policy.h"

// Makes `count` policies for the environments of one thread. They share the network's weights and
// may act together. Each is freed with imp_policy_destroy(). After a failure there is none.
// Fails with IMP_BAD_INPUT if the network does not have the two outputs of a policy.
imp_status imp_network_policies_create(imp_policy **out, int count, const imp_network *network,
                                       imp_error *err);

// The inference of a network's policy, and the place of its last action in the last run. NULL for
// other policies, and behind a segmenter.
const imp_inference *imp_network_policy_inference(const imp_policy *policy, int *sample);

#endif
