// An executor: three programs (lists of calls) over one graph, built once for a fixed number of
// samples. `pack` copies weights to the layouts that the kernels use, `forward` and `backward`
// compute.
// A call is a oneDNN primitive or one of our kernels. Running a program is a loop over its calls,
// without allocation.
// All buffers come from one arena. oneDNN's scratch memory is shared by all calls, because they run
// one after the other.
#include "nn/engine/executor.h"

#include "base/common/clock.h"
#include "nn/engine/program_builder.h"
#include "nn/kernels/dropout_mask.h"

#include <stdlib.h>
#include <string.h>

// Points every call's scratch memory at the one buffer that is large enough for all.
static void set_scratch_of_all_calls(imp_executor *e, const imp_kernel_program *program)
{
    for (int i = 0; i < program->count; i++) {
        // scratch memory is an argument of the call
        const imp_kernel_call *call = &program->calls[i];
        for (int k = 0; k < call->arg_count; k++)
            if (call->args[k].arg == DNNL_ARG_SCRATCHPAD &&
                dnnl_memory_set_data_handle(call->args[k].memory, e->scratch) != dnnl_success)
                imp_build_fail(e, IMP_INTERNAL, "oneDNN rejects its scratch memory");
    }
}

// Allocates the scratch buffer after building, when the largest request is known.
static void allocate_scratch_memory(imp_executor *e)
{
    if (e->status != IMP_OK || e->scratch_size == 0)
        return;
    e->scratch = imp_build_alloc_floats(e, e->scratch_size);
    if (e->scratch == NULL)
        return;
    // every program's calls share the buffer
    set_scratch_of_all_calls(e, &e->pack);
    set_scratch_of_all_calls(e, &e->forward);
    set_scratch_of_all_calls(e, &e->backward);
}

// Creates engine and stream, then builds the programs. Failures are collected in e->status.
static void build_programs(imp_executor *e)
{
    const imp_graph *graph = e->def.graph;
    // statistics: those of batch norms that use the batch's
    e->states = calloc((size_t)graph->count, sizeof *e->states);
    e->statistics = calloc((size_t)(graph->values - graph->trained) + 1, sizeof *e->statistics);
    if (e->states == NULL || e->statistics == NULL) {
        imp_build_fail(e, IMP_NO_MEMORY, "out of memory");
        return;
    }
    // one engine and one stream per executor: executors do not share state
    if (dnnl_engine_create(&e->engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&e->stream, e->engine, dnnl_stream_default_flags) != dnnl_success) {
        imp_build_fail(e, IMP_INTERNAL, "oneDNN finds no processor");
        return;
    }
    imp_build_forward(e);
    if (e->def.training)
        imp_build_backward(e);
    allocate_scratch_memory(e);
}

// Building also runs oneDNN code, so it uses one OpenMP thread like running does.
imp_status imp_executor_create(imp_executor **out, const imp_executor_def *def, imp_error *err)
{
    // the instruction set must be fixed before oneDNN is used
    imp_status status = imp_instruction_set_check(err);
    if (status == IMP_OK)
        status = imp_dnnl_limit_cpu_isa(err);
    if (status != IMP_OK)
        return status;
    imp_executor *e = calloc(1, sizeof *e);
    if (e == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a network");
    e->def = *def;
    // messages are only written while building
    e->err = err;
    e->count = def->batch;
    e->openmp = imp_openmp_find_functions();
    const int previous = imp_openmp_use_one_thread(&e->openmp);
    build_programs(e);
    imp_openmp_restore_threads(&e->openmp, previous);
    e->err = NULL;
    status = e->status;
    if (status != IMP_OK) {
        imp_executor_destroy(e);
        return status;
    }
    *out = e;
    return IMP_OK;
}

// Frees a program's calls and primitives.
static void destroy_program(imp_kernel_program *program)
{
    for (int i = 0; i < program->count; i++)
        if (program->calls[i].primitive != NULL)
            dnnl_primitive_destroy(program->calls[i].primitive);
    free(program->calls);
}

// Nullable. Also releases executors that were only partly built.
void imp_executor_destroy(imp_executor *e)
{
    if (e == NULL)
        return;
    // programs before the memories that they refer to
    destroy_program(&e->pack);
    destroy_program(&e->forward);
    destroy_program(&e->backward);
    // memories and descriptors are handles of oneDNN; their floats belong to the arena
    for (int i = 0; i < e->memory_count; i++)
        dnnl_memory_destroy(e->memories[i]);
    for (int i = 0; e->states != NULL && i < e->def.graph->count; i++)
        if (e->states[i].forward != NULL)
            dnnl_primitive_desc_destroy(e->states[i].forward);
    if (e->stream != NULL)
        dnnl_stream_destroy(e->stream);
    if (e->engine != NULL)
        dnnl_engine_destroy(e->engine);
    // all floats at once
    imp_float_arena_free(&e->arena);
    free(e->memories);
    free(e->states);
    free(e->statistics);
    free(e);
}

// Frames of a sample are adjacent, newest first.
imp_float_image imp_executor_input_image(const imp_executor *executor, int sample, int frame)
{
    // index of the frame among all frames of the batch
    const size_t index =
        (size_t)sample * (size_t)executor->def.graph->inputs.frames + (size_t)frame;
    imp_float_image image = executor->input;
    image.values += index * executor->frame_size;
    return image;
}

float *imp_executor_action_inputs(imp_executor *executor)
{
    return executor->actions;
}

// Standardises each frame into the input buffer, without the skipped top rows, and copies the
// actions.
void imp_executor_set_inputs(imp_executor *executor, const uint8_t *const *frames,
                             const float *actions, int count)
{
    const imp_graph *graph = executor->def.graph;
    const imp_graph_node *input = &graph->nodes[0];
    const size_t done = (size_t)count * 2 * (size_t)graph->inputs.actions;
    // one image after the other
    for (int i = 0; i < count; i++)
        for (int k = 0; k < graph->inputs.frames; k++, frames++) {
            const imp_float_image image = imp_executor_input_image(executor, i, k);
            const size_t skipped = 3 * (size_t)input->width * (size_t)graph->skipped;
            imp_standardise_image(*frames + skipped, input->width, input->height, &image);
        }
    // without actions, the history is zero
    if (done > 0 && actions != NULL)
        memcpy(executor->actions, actions, done * sizeof *actions);
    else if (done > 0)
        memset(executor->actions, 0, done * sizeof *actions);
}

const float *imp_executor_output(const imp_executor *executor)
{
    return executor->output;
}

float *imp_executor_output_gradient(imp_executor *executor)
{
    return executor->output_gradient;
}

const float *imp_executor_batch_statistics(const imp_executor *executor)
{
    return executor->statistics;
}

// A function of seed, step, layer and index of the sample, whatever the shard is.
void imp_executor_seed_dropout(imp_executor *executor, uint64_t seed, int64_t step,
                               int first_sample)
{
    executor->seed = seed;
    executor->step = (uint32_t)step;
    executor->first_sample = (uint32_t)first_sample;
}

// Draws the mask of each sample, then multiplies. The mask is kept for the backward pass.
static void apply_dropout(const imp_executor *e, const imp_kernel_call *call)
{
    const size_t batch = (size_t)e->def.batch, size = call->count / batch;
    // a mask is drawn per sample
    const imp_dropout_key dropout = {e->seed, e->step, call->layer};
    for (size_t sample = 0; sample < batch; sample++)
        imp_dropout_draw_mask(&dropout, e->first_sample + (uint32_t)sample, call->parameter, size,
                              call->mask + sample * size);
    for (size_t i = 0; i < call->count; i++)
        call->out[i] = call->a[i] * call->mask[i];
}

// Copies rows between arrays with different strides.
static void copy_strided_rows(const imp_kernel_call *call)
{
    for (size_t row = 0; row < call->rows; row++)
        memcpy(call->out + row * call->stride_out, call->a + row * call->stride_in,
               call->count * sizeof(float));
}

// Calls of our kernels that have a struct of their own.
static void run_layer_kernel(const imp_kernel_call *call)
{
    switch (call->kind) {
    // batch norms with given statistics
    case IMP_CALL_NORM_PREPARE:
        imp_frozen_norm_fold(&call->norm);
        break;
    case IMP_CALL_NORM_FORWARD:
        imp_frozen_norm_forward(&call->norm);
        break;
    case IMP_CALL_NORM_BACKWARD:
        imp_frozen_norm_backward(&call->norm);
        break;
    // single-image dense layer
    case IMP_CALL_MATVEC:
        imp_matvec_run(&call->matvec);
        break;
    // direct convolution
    case IMP_CALL_CONV_PACK:
        imp_direct_conv_pack_weights(&call->direct);
        break;
    case IMP_CALL_CONV_FORWARD:
        imp_direct_conv_forward(&call->direct);
        break;
    case IMP_CALL_CONV_BACKWARD:
        imp_direct_conv_backward(&call->direct_gradient);
        break;
    // dense layers in batches
    case IMP_CALL_DENSE_FORWARD:
        imp_dense_forward(&call->dense);
        break;
    case IMP_CALL_DENSE_BACKWARD_DATA:
        imp_dense_backward_data(&call->dense);
        break;
    case IMP_CALL_DENSE_BACKWARD_WEIGHTS:
        imp_dense_backward_weights(&call->dense);
        break;
    default:
        break;
    }
}

// Calls on arrays of floats; everything else is passed on.
static void run_kernel(const imp_executor *e, const imp_kernel_call *call)
{
    const float *a = call->a, *b = call->b;
    const size_t count = call->count;
    switch (call->kind) {
    // element-wise
    case IMP_CALL_ADD:
        imp_kernel_add(call->out, a, b, count);
        break;
    case IMP_CALL_MULTIPLY:
        imp_kernel_multiply(call->out, a, b, count);
        break;
    case IMP_CALL_RELU:
        imp_kernel_relu(call->out, a, count);
        break;
    case IMP_CALL_RELU_BACKWARD:
        imp_kernel_relu_backward(call->out, a, b, count);
        break;
    case IMP_CALL_ELU_BACKWARD:
        imp_kernel_elu_backward(call->out, a, b, count, (float)call->parameter);
        break;
    // dropout and copies
    case IMP_CALL_DROPOUT:
        apply_dropout(e, call);
        break;
    case IMP_CALL_COPY_ROWS:
        copy_strided_rows(call);
        break;
    // packing works on several matrices of the same shape in a row
    case IMP_CALL_PACK:
        for (size_t k = 0; k < call->rows; k++)
            imp_packed_matrix_pack(&call->panels, a + k * call->stride_in,
                                   call->out + k * call->stride_out);
        break;
    case IMP_CALL_UNPACK:
        for (size_t k = 0; k < call->rows; k++)
            imp_packed_matrix_unpack(&call->panels, a + k * call->stride_in,
                                     call->out + k * call->stride_out);
        break;
    default:
        run_layer_kernel(call);
    }
}

static bool run_call(const imp_executor *e, const imp_kernel_call *call)
{
    // arguments were bound when the program was built
    if (call->kind == IMP_CALL_PRIMITIVE)
        return dnnl_primitive_execute(call->primitive, e->stream, call->arg_count, call->args) ==
               dnnl_success;
    run_kernel(e, call);
    return true;
}

// Runs all calls in order. seconds: nullable; receives the time of each node. Returns false if
// oneDNN failed.
static bool run_program(imp_executor *e, const imp_kernel_program *program, double *seconds)
{
    const int previous = imp_openmp_use_one_thread(&e->openmp);
    bool fine = true;
    double then = seconds == NULL ? 0.0 : imp_monotonic_seconds();
    // time is taken between calls, so that each call costs one reading of the clock
    for (int i = 0; i < program->count && fine; i++) {
        fine = run_call(e, &program->calls[i]);
        if (seconds == NULL)
            continue;
        const double now = imp_monotonic_seconds();
        seconds[program->calls[i].layer] += now - then;
        then = now;
    }
    // oneDNN may work asynchronously
    fine = dnnl_stream_wait(e->stream) == dnnl_success && fine;
    imp_openmp_restore_threads(&e->openmp, previous);
    return fine;
}

bool imp_executor_pack_weights(imp_executor *executor)
{
    return run_program(executor, &executor->pack, NULL);
}

bool imp_executor_forward(imp_executor *executor)
{
    return run_program(executor, &executor->forward, NULL);
}

bool imp_executor_backward(imp_executor *executor)
{
    return run_program(executor, &executor->backward, NULL);
}

bool imp_executor_is_batch_invariant(const imp_executor *executor)
{
    for (int i = 0; i < executor->forward.count; i++) {
        const imp_kernel_call *call = &executor->forward.calls[i];
        if (call->kind == IMP_CALL_PRIMITIVE && !call->copies)
            return false;
    }
    return executor->def.as_single && !executor->def.training;
}

// All our loops go over samples one after the other: fewer samples are a shorter loop.
static void set_sample_count_of_call(imp_kernel_call *call, size_t before, size_t count)
{
    switch (call->kind) {
    case IMP_CALL_NORM_FORWARD:
        call->norm.batch = count;
        break;
    case IMP_CALL_MATVEC:
        call->matvec.batch = count;
        break;
    case IMP_CALL_CONV_FORWARD:
        call->direct.batch = count;
        break;
    case IMP_CALL_COPY_ROWS:
    case IMP_CALL_PACK:
    case IMP_CALL_UNPACK:
        call->rows = call->rows / before * count;
        break;
    default: // elementwise; a copy by oneDNN stays as it is
        call->count = call->count / before * count;
        break;
    }
}

void imp_executor_set_sample_count(imp_executor *executor, int count)
{
    if (count == executor->count)
        return;
    for (int i = 0; i < executor->forward.count; i++)
        set_sample_count_of_call(&executor->forward.calls[i], (size_t)executor->count,
                                 (size_t)count);
    executor->count = count;
}

bool imp_executor_profile_forward(imp_executor *executor, double *seconds)
{
    return run_program(executor, &executor->forward, seconds);
}

bool imp_executor_profile_backward(imp_executor *executor, double *seconds)
{
    return run_program(executor, &executor->backward, seconds);
}

const char *imp_executor_kernel_name(const imp_executor *executor, int node)
{
    const char *name = "";
    if (executor->states[node].forward != NULL)
        dnnl_primitive_desc_query(executor->states[node].forward, dnnl_query_impl_info_str, 0,
                                  &name);
    return name;
}
