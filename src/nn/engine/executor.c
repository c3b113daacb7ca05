// An executor: three programs (lists of kernel calls) over one graph, built once. `pack` copies
// weights to the layouts that the kernels use, `forward` and `backward` compute. Running a program
// is a loop over its calls, without allocation. All arrays come from one arena.
#include "nn/engine/executor.h"

#include "base/common/clock.h"
#include "nn/engine/program.h"
#include "nn/kernels/dropout_mask.h"
#include "nn/kernels/kernel_table.h"
#include "nn/kernels/transpose.h"

#include <stdlib.h>
#include <string.h>

// Builds the programs. Failures are collected in e->status.
static void build_programs(imp_executor *e)
{
    const imp_graph *graph = e->def.graph;
    e->states = calloc((size_t)graph->count, sizeof *e->states);
    // those of batch norms that use the batch's
    e->statistics = calloc((size_t)(graph->values - graph->trained) + 1, sizeof *e->statistics);
    if (e->states == NULL || e->statistics == NULL) {
        e->status = imp_fail(e->err, IMP_NO_MEMORY, "out of memory for a network");
        return;
    }
    imp_build_forward(e);
    if (e->def.training)
        imp_build_backward(e);
}

imp_status imp_executor_create(imp_executor **out, const imp_executor_def *def, imp_error *err)
{
    imp_status status = imp_instruction_set_check(err);
    if (status != IMP_OK)
        return status;
    imp_executor *e = calloc(1, sizeof *e);
    if (e == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a network");
    e->def = *def;
    e->kernels = imp_kernels_select();
    // messages are only written while building
    e->err = err;
    e->count = def->batch;
    build_programs(e);
    e->err = NULL;
    status = e->status;
    if (status != IMP_OK) {
        imp_executor_destroy(e);
        return status;
    }
    *out = e;
    return IMP_OK;
}

// Nullable. Also releases executors that were only partly built.
void imp_executor_destroy(imp_executor *e)
{
    if (e == NULL)
        return;
    imp_float_arena_free(&e->arena);
    free(e->pack.calls);
    free(e->forward.calls);
    free(e->backward.calls);
    free(e->states);
    free(e->statistics);
    free(e);
}

// The frames of a sample are channels of one image, newest first.
imp_float_image imp_executor_input_image(const imp_executor *executor, int sample, int frame)
{
    const imp_image_view *in = &executor->input;
    return (imp_float_image){in->data + (size_t)sample * in->image + 3 * (size_t)frame, in->row,
                             in->pixel};
}

float *imp_executor_vector_input(const imp_executor *executor, int node, int sample)
{
    const imp_image_view *out = &executor->states[node].out;
    return out->data + (size_t)sample * out->image;
}

// Copies the values of a sample besides its images. from: NULL if all are zero.
static void set_input_values(const imp_executor *executor, int sample, const float *from)
{
    static const float zeros[2 * IMP_ACTIONS_MAX + IMP_CONDITION_COUNT] = {0};
    const imp_graph *graph = executor->def.graph;
    from = from != NULL ? from : zeros;
    for (int i = 1; i < graph->first; i++) {
        const size_t count = (size_t)graph->nodes[i].channels;
        memcpy(imp_executor_vector_input(executor, i, sample), from, count * sizeof *from);
        from += count;
    }
}

// Standardises each frame into the input, without the skipped top rows, and copies the values.
void imp_executor_set_inputs(imp_executor *executor, const uint8_t *const *frames,
                             const float *values, int count)
{
    const imp_graph *graph = executor->def.graph;
    const imp_graph_node *input = &graph->nodes[0];
    const size_t skipped = 3 * (size_t)input->width * (size_t)graph->skipped;
    const size_t count_each = (size_t)imp_input_value_count(&graph->inputs);
    executor->count = count;
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < graph->inputs.frames; k++, frames++) {
            const imp_float_image image = imp_executor_input_image(executor, i, k);
            imp_standardise_image(*frames + skipped, input->width, input->height, &image);
        }
        set_input_values(executor, i, values != NULL ? values + (size_t)i * count_each : NULL);
    }
}

const float *imp_executor_output(const imp_executor *executor)
{
    return executor->output;
}

const float *imp_executor_node_vector(const imp_executor *executor, int node, int sample)
{
    const imp_image_view *out = &executor->states[node].out;
    return out->data + (size_t)sample * out->image;
}

float *imp_executor_output_gradient(imp_executor *executor)
{
    return executor->output_gradient;
}

const float *imp_executor_batch_statistics(const imp_executor *executor)
{
    return executor->statistics;
}

void imp_executor_set_batch_statistics(imp_executor *executor, const float *values, size_t count)
{
    if (count > 0)
        memcpy(executor->statistics, values, count * sizeof *values);
}

// A function of seed, step, layer and index of the sample, whatever the shard is.
void imp_executor_seed_dropout(imp_executor *executor, uint64_t seed, int64_t step,
                               int first_sample)
{
    executor->seed = seed;
    executor->step = (uint32_t)step;
    executor->first_sample = (uint32_t)first_sample;
}

// Draws the mask of each sample, in the order of channel, row and column.
static void sample_dropout_masks(const imp_executor *e, const imp_kernel_call *call)
{
    const imp_dropout_draw *d = &call->dropout;
    const imp_dropout_key key = {e->seed, e->step, call->node};
    const size_t rows = d->size.height, columns = d->size.width;
    for (size_t sample = 0; sample < (size_t)e->count; sample++) {
        imp_dropout_sample_mask(&key, e->first_sample + (uint32_t)sample, d->rate,
                                d->channels * rows * columns, d->plain);
        for (size_t y = 0; y < rows; y++)
            imp_transpose(d->plain + y * columns, rows * columns,
                          d->mask.data + sample * d->mask.image + y * d->mask.row, d->mask.pixel,
                          d->channels, columns);
    }
}

static void copy_pixels(const imp_pixel_copy *c, size_t batch)
{
    const size_t pixels = c->size.height * c->size.width;
    for (size_t i = 0; i < batch * pixels; i++) {
        const size_t image = i / pixels, y = i % pixels / c->size.width, x = i % c->size.width;
        memcpy(c->to.data + image * c->to.image + y * c->to.row + x * c->to.pixel,
               c->from.data + image * c->from.image + y * c->from.row + x * c->from.pixel,
               c->size.channels * sizeof(float));
    }
}

// An image to a vector, or back: each row is a matrix (pixels x channels) of the image.
static void copy_between_image_and_vector(const imp_pixel_copy *c, size_t batch, bool back)
{
    const size_t rows = c->size.height, columns = c->size.width, area = rows * columns;
    for (size_t i = 0; i < batch * rows; i++) {
        const size_t image = i / rows, y = i % rows;
        const imp_image_view *of = back ? &c->to : &c->from, *vectors = back ? &c->from : &c->to;
        float *row = of->data + image * of->image + y * of->row;
        float *vector = vectors->data + image * vectors->image + y * columns;
        if (back)
            imp_transpose(vector, area, row, of->pixel, c->size.channels, columns);
        else
            imp_transpose(row, of->pixel, vector, area, columns, c->size.channels);
    }
}

static void sum_bias_gradient(const imp_executor *e, const imp_bias_gradient *bias)
{
    e->kernels->channel_sums(&bias->gradient, &bias->size, (size_t)e->count, bias->sums);
    memcpy(bias->out, bias->sums, bias->count * sizeof *bias->out);
}

static void run_kernel_call(const imp_executor *e, const imp_kernel_call *call, size_t batch)
{
    switch (call->kind) {
// vector kernels, by the table of the instruction set
#define IMP_RUN_KERNEL(name, type)                                                                 \
    case IMP_CALL_##name:                                                                          \
        e->kernels->name(&call->name, batch);                                                      \
        break;
        IMP_KERNEL_MAP(IMP_RUN_KERNEL)
#undef IMP_RUN_KERNEL
    // calls that are plain C
    case IMP_CALL_PACK_WEIGHTS:
        imp_weights_pack(&call->packing);
        break;
    case IMP_CALL_UNPACK_GRADIENT:
        imp_weights_unpack(&call->packing);
        break;
    case IMP_CALL_UNPACK_POOLED_GRADIENT:
        imp_weights_unpack_pooled(&call->packing);
        break;
    case IMP_CALL_BIAS_GRADIENT:
        sum_bias_gradient(e, &call->bias);
        break;
    case IMP_CALL_DROPOUT_MASK:
        sample_dropout_masks(e, call);
        break;
    case IMP_CALL_COPY:
        copy_pixels(&call->copy, batch);
        break;
    case IMP_CALL_FLATTEN:
    case IMP_CALL_UNFLATTEN:
        copy_between_image_and_vector(&call->copy, batch, call->kind == IMP_CALL_UNFLATTEN);
        break;
    }
}

// Runs all calls in order for the first `count` samples. seconds: nullable; receives the time of
// each node.
static void run_kernel_program(const imp_executor *e, const imp_kernel_program *program, int count,
                               double *seconds)
{
    double then = seconds == NULL ? 0.0 : imp_monotonic_seconds();
    // time is taken between calls, so that each call costs one reading of the clock
    for (int i = 0; i < program->count; i++) {
        run_kernel_call(e, &program->calls[i], (size_t)count);
        if (seconds == NULL)
            continue;
        const double now = imp_monotonic_seconds();
        seconds[program->calls[i].node] += now - then;
        then = now;
    }
}

void imp_executor_pack_weights(imp_executor *executor)
{
    run_kernel_program(executor, &executor->pack, 1, NULL);
}

void imp_executor_forward(imp_executor *executor)
{
    run_kernel_program(executor, &executor->forward, executor->count, NULL);
}

void imp_executor_backward(imp_executor *executor)
{
    run_kernel_program(executor, &executor->backward, executor->count, NULL);
}

void imp_executor_profile_forward(imp_executor *executor, double *seconds)
{
    run_kernel_program(executor, &executor->forward, executor->count, seconds);
}

void imp_executor_profile_backward(imp_executor *executor, double *seconds)
{
    run_kernel_program(executor, &executor->backward, executor->count, seconds);
}
