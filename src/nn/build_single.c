// Decisions on one picture alone: layers so small that calling oneDNN takes a good part of their
// time are loops of our own.
#include "nn/program.h"

// One picture times a matrix waits for the matrix to come from the caches: our loop does nothing
// else meanwhile.
static void product(imp_executor *e, imp_node_state *state)
{
    const imp_node *node = &e->def.graph->nodes[e->building];
    const imp_node *in = &e->def.graph->nodes[node->inputs[0]];
    const int width = node->channels > 32 ? 64 : node->channels > 16 ? 32 : 16;
    const size_t padded = (size_t)(node->channels + width - 1) / (size_t)width * (size_t)width *
                          (size_t)((in->channels + 15) / 16 * 16);
    state->source = imp_build_to_plain(e, &e->forward, e->states[node->inputs[0]].out, in);
    state->weight = imp_build_tensor(e, IMP_TENSOR_WEIGHT, e->def.values, 0);
    dnnl_memory_t bias = imp_build_tensor(e, IMP_TENSOR_BIAS, e->def.values, 0);
    state->out = imp_build_node_plain(e, node, NULL);
    float *panels = imp_build_floats(e, padded * sizeof *panels);
    imp_call *pack = imp_build_own(e, &e->pack, IMP_CALL_PACK);
    imp_call *call = imp_build_own(e, &e->forward, IMP_CALL_PRODUCT);
    if (pack == NULL || call == NULL)
        return;
    pack->rows = 1;
    pack->panels = (imp_panels){node->channels, in->channels, width};
    pack->a = imp_memory_floats(state->weight);
    pack->out = panels;
    call->product = (imp_product){.rows = (size_t)node->channels,
                                  .columns = (size_t)in->channels,
                                  .width = (size_t)width,
                                  .panels = panels,
                                  .bias = imp_memory_floats(bias),
                                  .in = imp_memory_floats(state->source),
                                  .out = imp_memory_floats(state->out),
                                  .relu = state->activation >= 0};
    return;
}

// The max-pool that can be computed along with a convolution: its only user, without padding; or
// NULL.
static const imp_node *pool_after(imp_executor *e, imp_node_state **state)
{
    const imp_graph *graph = e->def.graph;
    int i = e->building + 1;
    while (i < graph->count && graph->nodes[i].inputs[0] != e->building)
        i++;
    if (i == graph->count || graph->nodes[e->building].users != 1)
        return NULL;
    const imp_node *pool = &graph->nodes[i];
    if (pool->kind != IMP_LAYER_MAX_POOL || pool->before[0] > 0 || pool->before[1] > 0 ||
        pool->after[0] > 0 || pool->after[1] > 0)
        return NULL;
    *state = &e->states[i];
    return pool;
}

// Both sides of what the convolution computes: no more than the pool looks at.
static imp_direct describe(const imp_node *node, const imp_node *in, size_t block,
                           const imp_node *pool)
{
    imp_direct d = {.planes = (size_t)in->channels / block,
                    .block = block,
                    .height = (size_t)in->height,
                    .width = (size_t)in->width,
                    .top = (size_t)node->before[0],
                    .left = (size_t)node->before[1],
                    .bottom = (size_t)node->after[0],
                    .right = (size_t)node->after[1],
                    .channels = (size_t)node->channels,
                    .rows = (size_t)node->height,
                    .columns = (size_t)node->width,
                    .kernel = (size_t)node->kernel,
                    .stride = (size_t)node->stride};
    if (pool == NULL)
        return d;
    d.pool_kernel = (size_t)pool->kernel;
    d.pool_stride = (size_t)pool->stride;
    d.rows = (size_t)(pool->height - 1) * d.pool_stride + d.pool_kernel;
    d.columns = (size_t)(pool->width - 1) * d.pool_stride + d.pool_kernel;
    return d;
}

static void convolution(imp_executor *e, imp_node_state *state, size_t block)
{
    const imp_node *node = &e->def.graph->nodes[e->building];
    const imp_node *in = &e->def.graph->nodes[node->inputs[0]];
    imp_node_state *pool_state = NULL;
    const imp_node *pool = pool_after(e, &pool_state);
    imp_direct d = describe(node, in, block, pool);
    dnnl_memory_t bias = imp_build_tensor(e, IMP_TENSOR_BIAS, e->def.values, 0);
    state->source = e->states[node->inputs[0]].out;
    state->weight = imp_build_tensor(e, IMP_TENSOR_WEIGHT, e->def.values, 0);
    state->out = imp_build_node_blocks(e, pool == NULL ? node : pool);
    d.weights = imp_build_floats(e, imp_direct_weights(&d) * sizeof(float));
    d.padded = imp_build_floats(e, imp_direct_padded(&d) * sizeof(float));
    d.window = imp_build_floats(e, imp_direct_window(&d) * sizeof(float));
    imp_call *pack = imp_build_own(e, &e->pack, IMP_CALL_PACK_DIRECT);
    imp_call *call = imp_build_own(e, &e->forward, IMP_CALL_DIRECT);
    if (pack == NULL || call == NULL)
        return;
    if (pool_state != NULL)
        pool_state->pooled = true;
    d.plain = imp_memory_floats(state->weight);
    d.bias = imp_memory_floats(bias);
    d.in = imp_memory_floats(state->source);
    d.out = imp_memory_floats(state->out);
    d.relu = state->activation >= 0;
    pack->direct = call->direct = d;
}

bool imp_build_single(imp_executor *e, imp_node_state *state)
{
    const imp_graph *graph = e->def.graph;
    const imp_node *node = &graph->nodes[e->building];
    if (e->status != IMP_OK || e->def.batch != 1 || e->def.training ||
        (state->activation >= 0 && graph->nodes[state->activation].kind != IMP_LAYER_RELU))
        return false;
    if (node->kind == IMP_LAYER_DENSE) {
        product(e, state);
        return true;
    }
    const imp_picture_layout in =
        imp_layout_picture(imp_memory_layout(e->states[node->inputs[0]].out));
    if (!imp_direct_possible((size_t)node->stride) || node->channels % IMP_DIRECT_GROUP != 0 ||
        in.order == IMP_ORDER_OTHER ||
        (in.order == IMP_ORDER_BLOCKS && in.channels % IMP_DIRECT_BLOCK != 0))
        return false;
    convolution(e, state, in.order == IMP_ORDER_BLOCKS ? IMP_DIRECT_BLOCK : 1);
    return true;
}
