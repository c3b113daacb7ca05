// The policies of the page: the experts, and networks that the page brings with it. A network
// comes as the text of its architecture and one array with all of its values, in the order of its
// tensors, so that nothing has to be searched for.
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "evaluate/rollout/network_policy.h"
#include "nn/network/network.h"
#include "page/module/module.h"
#include "sim/simulator/sim_settings.h"

// A network, and what its observations are.
typedef struct page_network {
    imp_network *network;
    imp_camera_def camera;
    imp_observation_kind observation;
} page_network;

static page_network networks[PAGE_NETWORKS_MAX];
static int network_count;

// The network of a policy's number, or NULL.
static const page_network *find_network(int policy)
{
    const int index = policy - PAGE_POLICY_NETWORKS;
    return index >= 0 && index < network_count ? &networks[index] : NULL;
}

// Reads the camera's settings, which are those of a simulator's definition.
static imp_status parse_camera_settings(const char *settings, imp_camera_def *out, imp_error *err)
{
    imp_sim_def def = imp_default_sim_def();
    IMP_TRY(imp_struct_read_text(&imp_sim_members, settings, &def, err));
    *out = def.camera;
    return IMP_OK;
}

// Builds the network and copies its values.
static imp_status create_network(imp_network **out, const imp_network_def *def, const char *text,
                                 const float *values, size_t count, imp_error *err)
{
    imp_architecture *architecture;
    IMP_TRY(imp_architecture_parse(&architecture, "network", text, strlen(text), err));
    imp_network *network = NULL;
    imp_status status = imp_network_from_architecture(&network, def, architecture, err);
    imp_architecture_destroy(architecture);
    if (status == IMP_OK && (size_t)network->graph.values != count)
        status = imp_fail(err, IMP_BAD_INPUT, "a network has %s in the page, expected are %lld",
                          IMP_PLURAL((int64_t)count, "value"), (long long)network->graph.values);
    if (status != IMP_OK) {
        imp_network_destroy(network);
        return status;
    }
    memcpy(network->values, values, count * sizeof *values);
    *out = network;
    return IMP_OK;
}

int imp_page_add_network(const char *architecture, const char *camera, int width, int height,
                         int batch_norm, int masks, const float *values, size_t count)
{
    if (network_count == PAGE_NETWORKS_MAX) {
        imp_fail(&imp_page_error, IMP_USAGE, "more than %d networks", PAGE_NETWORKS_MAX);
        return -1;
    }
    imp_network_def def = imp_default_network_def();
    def.width = width;
    def.height = height;
    def.batch_norm = batch_norm != 0;
    page_network *network = &networks[network_count];
    network->observation = masks != 0 ? IMP_OBSERVATION_SEGMENTATION : IMP_OBSERVATION_IMAGE;
    if (parse_camera_settings(camera, &network->camera, &imp_page_error) != IMP_OK ||
        create_network(&network->network, &def, architecture, values, count, &imp_page_error) !=
            IMP_OK)
        return -1;
    return PAGE_POLICY_NETWORKS + network_count++;
}

void imp_page_policy_apply_camera(int policy, imp_sim_def *def)
{
    const page_network *network = find_network(policy);
    if (network == NULL)
        return;
    def->camera = network->camera;
    def->observation = network->observation;
}

imp_status imp_page_policy_create(imp_policy **out, int policy, const imp_expert_def *expert,
                                  imp_error *err)
{
    *out = NULL;
    if (policy == PAGE_POLICY_PERSON)
        return IMP_OK;
    if (policy == PAGE_POLICY_EXPERT)
        return imp_expert_create(out, expert, err);
    if (policy == PAGE_POLICY_PURE_PURSUIT)
        return imp_pure_pursuit_create(out, err);
    const page_network *network = find_network(policy);
    if (network == NULL)
        return imp_fail(err, IMP_USAGE, "there is no policy %d", policy);
    return imp_network_policies_create(out, 1, network->network, err);
}
