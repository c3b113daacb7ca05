// nn/engine/dnnl_adapter.h: the only place that knows the differences between releases of oneDNN:
// layouts (memory descriptors) and operations (primitive descriptors). Tested with 2.6 and 3.x.
#ifndef IMP_NN_ENGINE_DNNL_ADAPTER_H
#define IMP_NN_ENGINE_DNNL_ADAPTER_H

#include "nn/network/layer_graph.h"

#include <dnnl.h>

// A layout that is owned by somebody else.
#if DNNL_VERSION_MAJOR < 3
typedef const dnnl_memory_desc_t *imp_dnnl_layout;
#else
typedef const_dnnl_memory_desc_t imp_dnnl_layout;
#endif

// Whether the backward pass of a batch norm needs the bias as an argument. Releases before 3
// require it although they do not use it.
#define IMP_BATCH_NORM_NEEDS_SHIFT (DNNL_VERSION_MAJOR < 3)

typedef enum imp_dnnl_pass {
    IMP_PASS_INFERENCE,        // forward, keeps nothing
    IMP_PASS_TRAINING,         // forward, keeps what the gradients need
    IMP_PASS_BACKWARD_DATA,    // gradient of the input (batch norm: of everything)
    IMP_PASS_BACKWARD_WEIGHTS, // gradient of weight and bias
} imp_dnnl_pass;

// Limits oneDNN to the instruction set of this process; for "plain" that is SSE4.1, its minimum.
// Call it before any other function of oneDNN. Fails with IMP_USAGE if it comes too late.
imp_status imp_dnnl_limit_cpu_isa(imp_error *err);

// Whether oneDNN has optimised kernels for all layers on this processor. Otherwise some are plain
// loops.
bool imp_dnnl_has_fast_kernels(void);

// An operation to be described: convolution, pool, batch norm, dense layer or ELU.
typedef struct imp_dnnl_op {
    dnnl_engine_t engine;
    imp_dnnl_pass pass;
    int batch;
    const imp_graph_node *in, *out;
    imp_dnnl_layout layout;           // of the input; convolution and dense choose their own
    const imp_graph_node *activation; // the fused ReLU or ELU, or NULL
    bool batch_statistics;      // batch norm: compute mean and variance instead of reading them
    dnnl_primitive_desc_t hint; // backward passes: descriptor of the forward pass
} imp_dnnl_op;

// Whether a kernel of oneDNN, by its name, is one of its reference loops.
bool imp_dnnl_kernel_is_slow(const char *name);

// Whether a kernel, by its name, is one of those for dense layers that sum all inputs of an output
// in a single chain of floats. With thousands of inputs that costs a decimal digit of accuracy.
bool imp_dnnl_kernel_is_inexact(const char *name);

// Creates a primitive descriptor that uses the caller's scratch memory. It selects oneDNN's first
// kernel or, if that is inexact, the next one that is not. Free *out with
// dnnl_primitive_desc_destroy().
dnnl_status_t imp_dnnl_op_create_desc(dnnl_primitive_desc_t *out, const imp_dnnl_op *op);

// Creates a memory in plain (row-major) layout over the caller's floats.
dnnl_status_t imp_dnnl_create_plain_memory(dnnl_memory_t *out, dnnl_engine_t engine, int rank,
                                           const int64_t *dims, float *values);

// The same for (batch x channels x height x width) with channels in blocks of 16.
dnnl_status_t imp_dnnl_create_blocked_memory(dnnl_memory_t *out, dnnl_engine_t engine,
                                             const int64_t *dims, float *values);

// The layout of a memory, or of an operand of a primitive descriptor. Borrowed.
imp_dnnl_layout imp_dnnl_memory_layout(dnnl_memory_t memory);
imp_dnnl_layout imp_dnnl_desc_layout(dnnl_primitive_desc_t primitive_desc, dnnl_query_t what);

// Panel width if the layout of a matrix (rows x columns) is one of nn/kernels/packed_matrix.h, else
// 0.
int64_t imp_dnnl_packed_width(imp_dnnl_layout layout, int64_t rows, int64_t columns);

// Order of values in (batch x channels x height x width): plain (NCHW), or with channels in blocks
// of 16 (NCHW16C): (batch x channels / 16 x height x width x 16).
typedef enum imp_dnnl_image_order {
    IMP_IMAGE_ORDER_OTHER,
    IMP_IMAGE_ORDER_NCHW,
    IMP_IMAGE_ORDER_NCHW16C
} imp_dnnl_image_order;

typedef struct imp_dnnl_image_layout {
    imp_dnnl_image_order order;
    int64_t batch, channels, pixels; // not set for IMP_IMAGE_ORDER_OTHER
} imp_dnnl_image_layout;

imp_dnnl_image_layout imp_dnnl_query_image_layout(imp_dnnl_layout layout);

// Controls OpenMP, on which oneDNN may run. Its threads spin and make results depend on their
// number, so we run oneDNN with one thread. imp_openmp_use_one_thread() returns the previous
// number, which imp_openmp_restore_threads() takes. Members are NULL without OpenMP.
typedef struct imp_openmp {
    int (*get_max_threads)(void);
    void (*set_num_threads)(int);
} imp_openmp;

imp_openmp imp_openmp_find_functions(void);
int imp_openmp_use_one_thread(const imp_openmp *openmp);
void imp_openmp_restore_threads(const imp_openmp *openmp, int previous);

#endif
