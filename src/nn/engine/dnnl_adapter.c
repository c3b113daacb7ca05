// Hides the differences between oneDNN 2.6 and 3.x: creates memory descriptors and primitive
// descriptors.
// In 2.x an operation descriptor is filled first and descriptors of memory are plain structs. In
// 3.x a single function does both, and descriptors of memory are handles that must be destroyed.
// Also controls what oneDNN uses: the instruction set, the kernel, and the number of OpenMP
// threads.
#include "nn/engine/dnnl_adapter.h"

#include "base/threads/cpu_features.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define IMP_DNNL_BEFORE_3 (DNNL_VERSION_MAJOR < 3)

imp_status imp_dnnl_limit_cpu_isa(imp_error *err)
{
#if defined(__x86_64__)
    if (!imp_cpu_has(IMP_CPU_LIMITED))
        return IMP_OK;
    // SSE4.1 is the lowest that oneDNN supports
    const unsigned max_isa = imp_cpu_has_avx2() ? dnnl_cpu_isa_avx2 : dnnl_cpu_isa_sse41;
    // oneDNN accepts only the first limit of a process, so check which one is in force.
    dnnl_set_max_cpu_isa((dnnl_cpu_isa_t)max_isa);
    if (((unsigned)dnnl_get_effective_cpu_isa() & ~max_isa) != 0)
        return imp_fail(err, IMP_USAGE,
                        "oneDNN was used before imprint could limit it to %s: unset "
                        "IMPRINT_INSTRUCTION_SET, or create a network of imprint first",
                        imp_instruction_set());
#endif
    (void)err;
    return IMP_OK;
}

// Judged by AVX2: below it, oneDNN has reference loops for some layers.
bool imp_dnnl_has_fast_kernels(void)
{
#if defined(__x86_64__)
    return ((unsigned)dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2;
#else
    return false;
#endif
}

enum { MAX_DESCS = 4 };

// Layouts under construction: the operands of one primitive, in the order input, weight, bias,
// output.
typedef struct operands {
    dnnl_memory_desc_t descs[MAX_DESCS];
    imp_dnnl_layout layouts[MAX_DESCS];
    int count;
} operands;

enum { INPUT, WEIGHT, BIAS, OUTPUT };

// Creates a descriptor of floats. tag: dimension order, or "any" to let the primitive choose.
static dnnl_status_t create_layout(dnnl_memory_desc_t *out, int rank, const int64_t *dims,
                                   dnnl_format_tag_t tag)
{
    // dimensions beyond the rank must be zero
    dnnl_dims_t all = {0};
    for (int i = 0; i < rank; i++)
        all[i] = dims[i];
#if IMP_DNNL_BEFORE_3
    return dnnl_memory_desc_init_by_tag(out, rank, all, dnnl_f32, tag);
#else
    return dnnl_memory_desc_create_with_tag(out, rank, all, dnnl_f32, tag);
#endif
}

// Only 3.x has something to destroy.
static void destroy_layout(dnnl_memory_desc_t *desc)
{
#if IMP_DNNL_BEFORE_3
    (void)desc;
#else
    dnnl_memory_desc_destroy(*desc);
#endif
}

// The handle that functions expect: a pointer to the struct in 2.x, the handle itself in 3.x.
static imp_dnnl_layout layout_handle(const dnnl_memory_desc_t *desc)
{
#if IMP_DNNL_BEFORE_3
    return desc;
#else
    return *desc;
#endif
}

// Adds an operand whose layout the primitive may choose; vectors have only one.
static dnnl_status_t create_operand_desc(operands *o, int rank, const int64_t *dims)
{
    // vectors (biases) have only one layout
    const dnnl_status_t status =
        create_layout(&o->descs[o->count], rank, dims, rank == 1 ? dnnl_a : dnnl_format_tag_any);
    if (status != dnnl_success)
        return status;
    o->layouts[o->count] = layout_handle(&o->descs[o->count]);
    o->count++;
    return dnnl_success;
}

// The primitive descriptor has its own copies.
static void destroy_operand_layouts(operands *o)
{
    for (int i = 0; i < o->count; i++)
        destroy_layout(&o->descs[i]);
}

// Operands of a convolution or dense layer: all four shapes follow from the nodes.
static dnnl_status_t create_operand_layouts(operands *o, const imp_dnnl_op *op)
{
    const imp_graph_node *in = op->in, *out = op->out;
    const int rank = out->flat ? 2 : 4;
    const int64_t input[4] = {op->batch, in->channels, in->height, in->width};
    const int64_t output[4] = {op->batch, out->channels, out->height, out->width};
    // weights as (outputs x inputs x kernel x kernel); dense layers use the first two
    const int64_t weight[4] = {out->channels, in->channels, out->kernel, out->kernel};
    const int64_t bias[1] = {out->channels};
    dnnl_status_t status = create_operand_desc(o, rank, input);
    if (status == dnnl_success)
        status = create_operand_desc(o, rank, weight);
    if (status == dnnl_success)
        status = create_operand_desc(o, 1, bias);
    if (status == dnnl_success)
        status = create_operand_desc(o, rank, output);
    return status;
}

// oneDNN reads all entries of these arrays, so they have their full length.
typedef struct pooling_window {
    dnnl_dims_t stride, kernel, before, after, dilation;
} pooling_window;

// [0] is the vertical, [1] the horizontal direction.
static pooling_window make_pooling_window(const imp_graph_node *node)
{
    pooling_window w = {.before = {0}};
    for (int i = 0; i < 2; i++) {
        w.stride[i] = node->stride;
        w.kernel[i] = node->kernel;
        w.before[i] = node->before[i];
        w.after[i] = node->after[i];
    }
    return w;
}

// Inference needs no workspace; training keeps what the gradients need.
static dnnl_prop_kind_t forward_prop_kind(const imp_dnnl_op *op)
{
    return op->pass == IMP_PASS_TRAINING ? dnnl_forward_training : dnnl_forward_inference;
}

// Convolution in all passes, with oneDNN's direct algorithm. A convolution keeps nothing for the
// backward pass, so one kind of forward description serves inference and training.
static dnnl_status_t create_convolution_desc(dnnl_primitive_desc_t *out, const imp_dnnl_op *op,
                                             dnnl_primitive_attr_t attr, const imp_dnnl_layout *l)
{
    const pooling_window w = make_pooling_window(op->out);
    const dnnl_alg_kind_t kind = dnnl_convolution_direct;
// 2.x: an operation descriptor per direction
#if IMP_DNNL_BEFORE_3
    dnnl_convolution_desc_t d;
    dnnl_status_t status;
    if (op->pass == IMP_PASS_BACKWARD_DATA)
        status = dnnl_convolution_backward_data_desc_init(&d, kind, l[INPUT], l[WEIGHT], l[OUTPUT],
                                                          w.stride, w.before, w.after);
    else if (op->pass == IMP_PASS_BACKWARD_WEIGHTS)
        status = dnnl_convolution_backward_weights_desc_init(
            &d, kind, l[INPUT], l[WEIGHT], l[BIAS], l[OUTPUT], w.stride, w.before, w.after);
    else
        status =
            dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, kind, l[INPUT], l[WEIGHT],
                                               l[BIAS], l[OUTPUT], w.stride, w.before, w.after);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(out, &d, attr, op->engine, op->hint);
#else
    // 3.x: one function per direction, with dilation
    if (op->pass == IMP_PASS_BACKWARD_DATA)
        return dnnl_convolution_backward_data_primitive_desc_create(
            out, op->engine, kind, l[INPUT], l[WEIGHT], l[OUTPUT], w.stride, w.dilation, w.before,
            w.after, op->hint, attr);
    if (op->pass == IMP_PASS_BACKWARD_WEIGHTS)
        return dnnl_convolution_backward_weights_primitive_desc_create(
            out, op->engine, kind, l[INPUT], l[WEIGHT], l[BIAS], l[OUTPUT], w.stride, w.dilation,
            w.before, w.after, op->hint, attr);
    return dnnl_convolution_forward_primitive_desc_create(
        out, op->engine, dnnl_forward_training, kind, l[INPUT], l[WEIGHT], l[BIAS], l[OUTPUT],
        w.stride, w.dilation, w.before, w.after, attr);
#endif
}

// Dense layer (oneDNN's inner product) in all passes.
static dnnl_status_t create_dense_desc(dnnl_primitive_desc_t *out, const imp_dnnl_op *op,
                                       dnnl_primitive_attr_t attr, const imp_dnnl_layout *l)
{
#if IMP_DNNL_BEFORE_3
    dnnl_inner_product_desc_t d;
    dnnl_status_t status;
    if (op->pass == IMP_PASS_BACKWARD_DATA)
        status = dnnl_inner_product_backward_data_desc_init(&d, l[INPUT], l[WEIGHT], l[OUTPUT]);
    else if (op->pass == IMP_PASS_BACKWARD_WEIGHTS)
        status = dnnl_inner_product_backward_weights_desc_init(&d, l[INPUT], l[WEIGHT], l[BIAS],
                                                               l[OUTPUT]);
    else
        status = dnnl_inner_product_forward_desc_init(&d, forward_prop_kind(op), l[INPUT],
                                                      l[WEIGHT], l[BIAS], l[OUTPUT]);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(out, &d, attr, op->engine, op->hint);
#else
    if (op->pass == IMP_PASS_BACKWARD_DATA)
        return dnnl_inner_product_backward_data_primitive_desc_create(
            out, op->engine, l[INPUT], l[WEIGHT], l[OUTPUT], op->hint, attr);
    if (op->pass == IMP_PASS_BACKWARD_WEIGHTS)
        return dnnl_inner_product_backward_weights_primitive_desc_create(
            out, op->engine, l[INPUT], l[WEIGHT], l[BIAS], l[OUTPUT], op->hint, attr);
    // 3.x
    return dnnl_inner_product_forward_primitive_desc_create(
        out, op->engine, forward_prop_kind(op), l[INPUT], l[WEIGHT], l[BIAS], l[OUTPUT], attr);
#endif
}

// Max- or average-pool. Padding is not part of the average.
static dnnl_status_t create_pool_desc(dnnl_primitive_desc_t *out, const imp_dnnl_op *op,
                                      dnnl_primitive_attr_t attr, const imp_dnnl_layout *l)
{
    const pooling_window w = make_pooling_window(op->out);
    const dnnl_alg_kind_t kind =
        op->out->kind == IMP_LAYER_MAX_POOL ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding;
    // The gradient comes in the layout that the forward pass wrote.
    const imp_dnnl_layout output = op->pass == IMP_PASS_BACKWARD_DATA
                                       ? imp_dnnl_desc_layout(op->hint, dnnl_query_dst_md)
                                       : l[OUTPUT];
// 2.x
#if IMP_DNNL_BEFORE_3
    dnnl_pooling_desc_t d;
    dnnl_status_t status;
    if (op->pass == IMP_PASS_BACKWARD_DATA)
        status = dnnl_pooling_backward_desc_init(&d, kind, op->layout, output, w.stride, w.kernel,
                                                 w.before, w.after);
    else
        status = dnnl_pooling_forward_desc_init(&d, forward_prop_kind(op), kind, op->layout, output,
                                                w.stride, w.kernel, w.before, w.after);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(out, &d, attr, op->engine, op->hint);
// 3.x
#else
    if (op->pass == IMP_PASS_BACKWARD_DATA)
        return dnnl_pooling_backward_primitive_desc_create(out, op->engine, kind, op->layout,
                                                           output, w.stride, w.kernel, w.dilation,
                                                           w.before, w.after, op->hint, attr);
    return dnnl_pooling_forward_primitive_desc_create(out, op->engine, forward_prop_kind(op), kind,
                                                      op->layout, output, w.stride, w.kernel,
                                                      w.dilation, w.before, w.after, attr);
#endif
}

// Batch norm with scale and shift. Without batch statistics the given ones are used; a ReLU may be
// fused.
static dnnl_status_t create_batch_norm_desc(dnnl_primitive_desc_t *out, const imp_dnnl_op *op,
                                            dnnl_primitive_attr_t attr)
{
    const float epsilon = (float)op->out->parameter;
    // scale and shift are separate vectors
    unsigned flags = dnnl_use_scale | dnnl_use_shift;
    if (!op->batch_statistics)
        flags |= dnnl_use_global_stats;
    if (op->activation != NULL)
        flags |= dnnl_fuse_norm_relu;
// 2.x: backward means data, scale and shift together
#if IMP_DNNL_BEFORE_3
    dnnl_batch_normalization_desc_t d;
    dnnl_status_t status;
    if (op->pass == IMP_PASS_BACKWARD_DATA)
        status = dnnl_batch_normalization_backward_desc_init(&d, dnnl_backward, op->layout,
                                                             op->layout, epsilon, flags);
    else
        status = dnnl_batch_normalization_forward_desc_init(&d, forward_prop_kind(op), op->layout,
                                                            epsilon, flags);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(out, &d, attr, op->engine, op->hint);
// 3.x: input and output gradients have the input's layout
#else
    if (op->pass == IMP_PASS_BACKWARD_DATA)
        return dnnl_batch_normalization_backward_primitive_desc_create(
            out, op->engine, dnnl_backward, op->layout, op->layout, op->layout, epsilon, flags,
            op->hint, attr);
    return dnnl_batch_normalization_forward_primitive_desc_create(
        out, op->engine, forward_prop_kind(op), op->layout, op->layout, epsilon, flags, attr);
#endif
}

// ELU, forward only; its gradient is our own loop.
static dnnl_status_t create_elu_desc(dnnl_primitive_desc_t *out, const imp_dnnl_op *op,
                                     dnnl_primitive_attr_t attr)
{
    const float alpha = (float)op->out->parameter;
#if IMP_DNNL_BEFORE_3
    dnnl_eltwise_desc_t d;
    const dnnl_status_t status = dnnl_eltwise_forward_desc_init(
        &d, forward_prop_kind(op), dnnl_eltwise_elu, op->layout, alpha, 0.0F);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(out, &d, attr, op->engine, NULL);
#else
    return dnnl_eltwise_forward_primitive_desc_create(out, op->engine, forward_prop_kind(op),
                                                      dnnl_eltwise_elu, op->layout, op->layout,
                                                      alpha, 0.0F, attr);
#endif
}

// Attributes of a primitive: scratch memory comes from the caller, and a convolution or dense layer
// may end with an activation.
static dnnl_status_t create_primitive_attributes(dnnl_primitive_attr_t *out, const imp_dnnl_op *op)
{
    dnnl_status_t status = dnnl_primitive_attr_create(out);
    if (status != dnnl_success)
        return status;
    status = dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user);
    // a batch norm's ReLU is a flag, not a post-operation
    if (status != dnnl_success || op->activation == NULL || op->out->kind == IMP_LAYER_BATCH_NORM)
        return status;
    // the activation is a post-operation
    dnnl_post_ops_t post;
    status = dnnl_post_ops_create(&post);
    if (status != dnnl_success)
        return status;
    const dnnl_alg_kind_t kind =
        op->activation->kind == IMP_LAYER_ELU ? dnnl_eltwise_elu : dnnl_eltwise_relu;
    // 2.x has an additional factor, which is 1
    const float alpha = (float)op->activation->parameter;
#if IMP_DNNL_BEFORE_3
    status = dnnl_post_ops_append_eltwise(post, 1.0F, kind, alpha, 0.0F);
#else
    status = dnnl_post_ops_append_eltwise(post, kind, alpha, 0.0F);
#endif
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(*out, post);
    dnnl_post_ops_destroy(post);
    return status;
}

// Creates the primitive descriptor of an operation: attributes, operands, then the function for its
// kind. Everything except the result is released.
static dnnl_status_t create_primitive_desc(dnnl_primitive_desc_t *out, const imp_dnnl_op *op)
{
    operands o = {.count = 0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t status = create_primitive_attributes(&attr, op);
    // batch norms and ELUs keep the layout of their input; the others choose
    const imp_layer_kind layer = op->out->kind;
    if (status == dnnl_success && layer != IMP_LAYER_BATCH_NORM && layer != IMP_LAYER_ELU)
        status = create_operand_layouts(&o, op);
    if (status == dnnl_success) {
        switch (layer) {
        case IMP_LAYER_CONVOLUTION:
            status = create_convolution_desc(out, op, attr, o.layouts);
            break;
        case IMP_LAYER_DENSE:
            status = create_dense_desc(out, op, attr, o.layouts);
            break;
        case IMP_LAYER_MAX_POOL:
        case IMP_LAYER_AVERAGE_POOL:
            status = create_pool_desc(out, op, attr, o.layouts);
            break;
        case IMP_LAYER_ELU:
            status = create_elu_desc(out, op, attr);
            break;
        case IMP_LAYER_BATCH_NORM:
            status = create_batch_norm_desc(out, op, attr);
            break;
        default:
            status = dnnl_invalid_arguments;
        }
    }
    // the primitive descriptor keeps copies of both
    destroy_operand_layouts(&o);
    if (attr != NULL)
        dnnl_primitive_attr_destroy(attr);
    return status;
}

// oneDNN's reference kernels are called "ref..." and are scalar loops.
bool imp_dnnl_kernel_is_slow(const char *name)
{
    return strncmp(name, "ref", 3) == 0;
}

// See imp_dnnl_kernel_is_inexact() in the header: brgemm kernels for AVX2 sum in one chain.
bool imp_dnnl_kernel_is_inexact(const char *name)
{
    return strncmp(name, "brgemm", 6) == 0 && strstr(name, ":avx2") != NULL;
}

#if !IMP_DNNL_BEFORE_3
static const char *kernel_name(dnnl_primitive_desc_t primitive_desc)
{
    const char *name = "";
    dnnl_primitive_desc_query(primitive_desc, dnnl_query_impl_info_str, 0, &name);
    return name;
}

// Replaces an inexact kernel by the next one that is neither inexact nor slow, if there is one.
static void replace_inexact_kernel(dnnl_primitive_desc_t *primitive_desc, const imp_dnnl_op *op)
{
    dnnl_primitive_desc_t other = NULL;
    // the first kernel is fine, or there is no other
    if (!imp_dnnl_kernel_is_inexact(kernel_name(*primitive_desc)) ||
        create_primitive_desc(&other, op) != dnnl_success)
        return;
    // walk through oneDNN's implementations in its order of preference
    while (dnnl_primitive_desc_next_impl(other) == dnnl_success) {
        const char *name = kernel_name(other);
        // take this one
        if (imp_dnnl_kernel_is_inexact(name) || imp_dnnl_kernel_is_slow(name))
            continue;
        dnnl_primitive_desc_destroy(*primitive_desc);
        *primitive_desc = other;
        return;
    }
    dnnl_primitive_desc_destroy(other);
}
#endif

dnnl_status_t imp_dnnl_op_create_desc(dnnl_primitive_desc_t *out, const imp_dnnl_op *op)
{
    const dnnl_status_t status = create_primitive_desc(out, op);
#if !IMP_DNNL_BEFORE_3
    if (status == dnnl_success)
        replace_inexact_kernel(out, op);
#endif
    return status;
}

// A memory over the caller's floats; the descriptor is copied and can be destroyed.
static dnnl_status_t create_memory(dnnl_memory_t *out, dnnl_engine_t engine, int rank,
                                   const int64_t *dims, float *values, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t desc;
    dnnl_status_t status = create_layout(&desc, rank, dims, tag);
    if (status != dnnl_success)
        return status;
    status = dnnl_memory_create(out, layout_handle(&desc), engine, values);
    destroy_layout(&desc);
    return status;
}

// tags[rank - 1]: row-major order.
dnnl_status_t imp_dnnl_create_plain_memory(dnnl_memory_t *out, dnnl_engine_t engine, int rank,
                                           const int64_t *dims, float *values)
{
    static const dnnl_format_tag_t tags[] = {dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd};
    return create_memory(out, engine, rank, dims, values, tags[rank - 1]);
}

// aBcd16b: channels in blocks of 16.
dnnl_status_t imp_dnnl_create_blocked_memory(dnnl_memory_t *out, dnnl_engine_t engine,
                                             const int64_t *dims, float *values)
{
    return create_memory(out, engine, 4, dims, values, dnnl_aBcd16b);
}

imp_dnnl_layout imp_dnnl_memory_layout(dnnl_memory_t memory)
{
    imp_dnnl_layout layout = NULL;
    dnnl_memory_get_memory_desc(memory, &layout);
    return layout;
}

// Borrowed from the primitive descriptor.
imp_dnnl_layout imp_dnnl_desc_layout(dnnl_primitive_desc_t primitive_desc, dnnl_query_t what)
{
    return dnnl_primitive_desc_query_md(primitive_desc, what, 0);
}

// Compares with the three known panel layouts; ABxxb is oneDNN's notation for them.
int64_t imp_dnnl_packed_width(imp_dnnl_layout layout, int64_t rows, int64_t columns)
{
    static const struct {
        dnnl_format_tag_t tag;
        int64_t width;
        // A for rows, B for columns: blocks of 16 columns by `width` rows
    } known[] = {{dnnl_AB16b64a, 64}, {dnnl_AB16b32a, 32}, {dnnl_AB16b16a, 16}};
    const int64_t dims[2] = {rows, columns};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        dnnl_memory_desc_t desc;
        if (create_layout(&desc, 2, dims, known[i].tag) != dnnl_success)
            continue;
        const bool same = dnnl_memory_desc_equal(layout, layout_handle(&desc)) != 0;
        destroy_layout(&desc);
        if (same)
            return known[i].width;
    }
    return 0;
}

// Rank and dimensions of a layout, or NULL.
static const int64_t *layout_dimensions(imp_dnnl_layout layout, int *rank)
{
// 2.x: members of the struct; 3.x: queries
#if IMP_DNNL_BEFORE_3
    *rank = layout->ndims;
    return layout->dims;
#else
    dnnl_dims_t *dims = NULL;
    *rank = 0;
    if (dnnl_memory_desc_query(layout, dnnl_query_ndims_s32, rank) != dnnl_success ||
        dnnl_memory_desc_query(layout, dnnl_query_dims, &dims) != dnnl_success)
        return NULL;
    return *dims;
#endif
}

// Compares with the two known layouts.
imp_dnnl_image_layout imp_dnnl_query_image_layout(imp_dnnl_layout layout)
{
    static const struct {
        dnnl_format_tag_t tag;
        imp_dnnl_image_order order;
    } known[] = {{dnnl_abcd, IMP_IMAGE_ORDER_NCHW}, {dnnl_aBcd16b, IMP_IMAGE_ORDER_NCHW16C}};
    // rank 4: batch, channels, rows, columns
    imp_dnnl_image_layout image = {.order = IMP_IMAGE_ORDER_OTHER};
    int rank;
    const int64_t *dims = layout_dimensions(layout, &rank);
    for (size_t i = 0; dims != NULL && rank == 4 && i < sizeof known / sizeof known[0]; i++) {
        dnnl_memory_desc_t desc;
        if (create_layout(&desc, 4, dims, known[i].tag) != dnnl_success)
            continue;
        if (dnnl_memory_desc_equal(layout, layout_handle(&desc)) != 0)
            image = (imp_dnnl_image_layout){known[i].order, dims[0], dims[1], dims[2] * dims[3]};
        destroy_layout(&desc);
    }
    return image;
}

void imp_nn_backend_version(char *out, size_t capacity)
{
    const dnnl_version_t *version = dnnl_version();
    snprintf(out, capacity, "oneDNN %d.%d.%d", version->major, version->minor, version->patch);
}

imp_openmp imp_openmp_find_functions(void)
{
    // The OpenMP runtime that oneDNN was built with is already in the process. Linking one
    // ourselves might load a second one, so the functions are looked up.
    imp_openmp openmp = {NULL, NULL};
    void *const get = dlsym(RTLD_DEFAULT, "omp_get_max_threads");
    void *const set = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (get == NULL || set == NULL)
        return openmp;
    // a function pointer cannot be converted from void * portably, but copied
    memcpy(&openmp.get_max_threads, &get, sizeof get);
    memcpy(&openmp.set_num_threads, &set, sizeof set);
    return openmp;
}

// Returns the previous number of threads, for imp_openmp_restore_threads().
int imp_openmp_use_one_thread(const imp_openmp *openmp)
{
    if (openmp->get_max_threads == NULL)
        return 1;
    const int previous = openmp->get_max_threads();
    if (previous != 1)
        openmp->set_num_threads(1);
    return previous;
}

void imp_openmp_restore_threads(const imp_openmp *openmp, int previous)
{
    if (previous != 1)
        openmp->set_num_threads(previous);
}
