// nn/engine/dnnl_adapter.h: what differs between the releases of oneDNN, spelled once: layouts
// (memory descriptors) and descriptions of primitives (primitive descriptors). Releases 2.6 and 3.x
// are known to work.
#ifndef IMP_NN_ENGINE_DNNL_ADAPTER_H
#define IMP_NN_ENGINE_DNNL_ADAPTER_H

#include "nn/network/layer_graph.h"

#include <dnnl.h>

// A layout that somebody else owns.
#if DNNL_VERSION_MAJOR < 3
typedef const dnnl_memory_desc_t *imp_dnnl_layout;
#else
typedef const_dnnl_memory_desc_t imp_dnnl_layout;
#endif

// The backward pass of a batch norm counts its arguments: older releases insist on the bias that it
// does not need.
#define IMP_BATCH_NORM_NEEDS_SHIFT (DNNL_VERSION_MAJOR < 3)

typedef enum imp_dnnl_pass {
    IMP_PASS_INFERENCE,        // forward, nothing kept
    IMP_PASS_TRAINING,         // forward, keeping what the gradients need
    IMP_PASS_BACKWARD_DATA,    // gradient of the input (batch norm: of everything)
    IMP_PASS_BACKWARD_WEIGHTS, // gradient of weight and bias
} imp_dnnl_pass;

// Holds oneDNN to the instruction set of this process; "plain" leaves it SSE4.1, the least that it
// knows. Call it before anything else of oneDNN.
imp_status imp_dnnl_limit_cpu_isa(imp_error *err);

// Whether oneDNN has kernels here for all layers. Elsewhere some are plain loops.
bool imp_dnnl_has_fast_kernels(void);

// A primitive to be described: convolution, pool, batch norm, dense or ELU.
typedef struct imp_dnnl_op {
    dnnl_engine_t engine;
    imp_dnnl_pass pass;
    int batch;
    const imp_graph_node *in, *out;
    imp_dnnl_layout layout;           // of the input; convolution and dense choose their own
    const imp_graph_node *activation; // the ReLU or ELU that follows at once, or NULL
    bool batch_statistics;            // batch norm: compute mean and variance rather than take them
    dnnl_primitive_desc_t hint;       // gradients: the description of the forward pass
} imp_dnnl_op;

// Whether a kernel of oneDNN is one of its plain loops.
bool imp_dnnl_kernel_is_slow(const char *name);

// Whether it is one of those for dense layers that add up all inputs of an output in a single chain
// of floats. With thousands of inputs that costs a decimal digit.
bool imp_dnnl_kernel_is_inexact(const char *name);

// Describes a primitive that brings no scratch memory of its own, with oneDNN's first kernel for it
// or, if that is inexact, the next that is not. *out is freed with
// dnnl_primitive_desc_destroy().
dnnl_status_t imp_dnnl_op_create_desc(dnnl_primitive_desc_t *out, const imp_dnnl_op *op);

// A memory of the plain layout (rows of the last dimension one after the other) over caller's
// floats.
dnnl_status_t imp_dnnl_create_plain_memory(dnnl_memory_t *out, dnnl_engine_t engine, int rank,
                                           const int64_t *dims, float *values);

// The same of (batch x channels x height x width) with channels in blocks of 16 side by side.
dnnl_status_t imp_dnnl_create_blocked_memory(dnnl_memory_t *out, dnnl_engine_t engine,
                                             const int64_t *dims, float *values);

imp_dnnl_layout imp_dnnl_memory_layout(dnnl_memory_t memory);
imp_dnnl_layout imp_dnnl_desc_layout(dnnl_primitive_desc_t primitive_desc, dnnl_query_t what);

// How many rows stand side by side in a layout of a matrix (rows x columns) if it is one of
// nn/kernels/packed_matrix.h, else 0.
int64_t imp_dnnl_packed_width(imp_dnnl_layout layout, int64_t rows, int64_t columns);

// Whether a layout of (batch x channels x height x width) is plain, or has channels in blocks of 16
// side by side: (batch x channels / 16 x height x width x 16).
typedef enum imp_dnnl_image_order {
    IMP_IMAGE_ORDER_OTHER,
    IMP_IMAGE_ORDER_NCHW,
    IMP_IMAGE_ORDER_NCHW16C
} imp_dnnl_image_order;

typedef struct imp_dnnl_image_layout {
    imp_dnnl_image_order order;
    int64_t batch, channels, pixels; // unless it is another
} imp_dnnl_image_layout;

imp_dnnl_image_layout imp_dnnl_query_image_layout(imp_dnnl_layout layout);

// oneDNN here runs on OpenMP, whose threads spin and make results depend on their number. The
// calling thread gets one thread until it leaves again; enter() returns what leave() wants. Members
// are NULL without OpenMP.
typedef struct imp_openmp {
    int (*get_max_threads)(void);
    void (*set_num_threads)(int);
} imp_openmp;

imp_openmp imp_openmp_find_functions(void);
int imp_openmp_use_one_thread(const imp_openmp *openmp);
void imp_openmp_restore_threads(const imp_openmp *openmp, int previous);

#endif
