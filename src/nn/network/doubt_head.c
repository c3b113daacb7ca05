// The doubt of a network: a logistic regression on its hidden vectors, which the network computes
// anyway. Its weights are text among the model's metadata, so that every file that keeps the
// metadata keeps the doubt, and programs that know nothing of it still read the file.
#include "nn/network/doubt_head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/text/plural.h"

// Whether a node is a vector that the network has computed itself.
static bool is_hidden_vector(const imp_graph *graph, int node)
{
    const imp_graph_node *n = &graph->nodes[node];
    return n->flat && node >= graph->first && n->kind != IMP_LAYER_FLATTEN &&
           imp_node_output_size(n) <= IMP_FEATURES_MAX / IMP_FEATURE_NODES_MAX;
}

imp_feature_list imp_graph_list_features(const imp_graph *graph)
{
    imp_feature_list list = {.count = 0};
    // from the end, so that the last ones are kept
    for (int i = graph->count - 1; i >= 0 && list.count < IMP_FEATURE_NODES_MAX; i--) {
        const int input = graph->nodes[i].inputs[0];
        bool known = graph->nodes[i].kind != IMP_LAYER_DENSE || !is_hidden_vector(graph, input);
        for (int k = 0; k < list.count && !known; k++)
            known = list.nodes[k] == input;
        if (known)
            continue;
        list.nodes[list.count] = input;
        list.sizes[list.count] = (int)imp_node_output_size(&graph->nodes[input]);
        list.total += list.sizes[list.count++];
    }
    for (int k = 0; k < list.count / 2; k++) {
        const int other = list.count - 1 - k, node = list.nodes[k], size = list.sizes[k];
        list.nodes[k] = list.nodes[other];
        list.sizes[k] = list.sizes[other];
        list.nodes[other] = node;
        list.sizes[other] = size;
    }
    return list;
}

// Reads `count` finite numbers, and nothing else.
static bool read_numbers(float *out, int count, const char *text)
{
    for (int k = 0; k < count; k++) {
        char *end;
        out[k] = strtof(text, &end);
        if (end == text || !isfinite(out[k]))
            return false;
        text = end;
    }
    return text[strspn(text, " ")] == '\0';
}

imp_status imp_doubt_head_read(imp_doubt_head *out, const imp_network *network, imp_error *err)
{
    const char *text = imp_network_metadata(network, IMP_DOUBT_KEY);
    out->exists = false;
    if (text == NULL)
        return IMP_OK;
    const int count = imp_graph_list_features(&network->graph).total;
    float values[IMP_FEATURES_MAX + 1];
    if (!read_numbers(values, count + 1, text))
        return imp_fail(err, IMP_BAD_INPUT,
                        "metadata \"" IMP_DOUBT_KEY "\" of the model is not %s: fit its doubt "
                        "again, with imprint doubt",
                        IMP_PLURAL(count + 1, "number"));
    out->exists = true;
    out->bias = values[0];
    memcpy(out->weights, values + 1, (size_t)count * sizeof *values);
    return IMP_OK;
}

double imp_doubt_head_evaluate(const imp_doubt_head *head, const float *features, int count)
{
    double odds = (double)head->bias;
    for (int k = 0; k < count; k++)
        odds += (double)head->weights[k] * (double)features[k];
    return 1.0 / (1.0 + imp_exp(-odds));
}
