// nn/engine/program_builder.h: the members of an executor: programs (lists of calls), and the
// functions that build them. Only files that build or run programs include this header.
#ifndef IMP_NN_ENGINE_PROGRAM_BUILDER_H
#define IMP_NN_ENGINE_PROGRAM_BUILDER_H

#include "nn/engine/dnnl_adapter.h"
#include "nn/engine/executor.h"
#include "nn/kernels/dense_layer.h"
#include "nn/kernels/direct_convolution.h"
#include "nn/kernels/layer_kernels.h"
#include "nn/kernels/packed_matrix.h"

enum { IMP_MAX_ARGS = 12 };

typedef enum imp_kernel_call_kind {
    IMP_CALL_PRIMITIVE,
    IMP_CALL_ADD,           // out = a + b
    IMP_CALL_MULTIPLY,      // out = a * b
    IMP_CALL_RELU,          // out = max(0, a)
    IMP_CALL_RELU_BACKWARD, // out = b > 0 ? a : 0
    IMP_CALL_ELU_BACKWARD,  // out = b > 0 ? a : a * (b + parameter): gradient through an ELU that
                            // gave b
    IMP_CALL_DROPOUT,       // draws mask (dropout rate: parameter); out = a * mask
    IMP_CALL_COPY_ROWS,     // rows of `count` from a to out
    IMP_CALL_PACK,          // matrix a to panels
    IMP_CALL_UNPACK,        // panels a to a matrix
    IMP_CALL_NORM_PREPARE,  // norm: scale, shift, centre and rate
    IMP_CALL_NORM_FORWARD,
    IMP_CALL_NORM_BACKWARD,
    IMP_CALL_MATVEC,
    IMP_CALL_CONV_PACK, // packs the weights of CONV_FORWARD
    IMP_CALL_CONV_FORWARD,
    IMP_CALL_CONV_BACKWARD,
    IMP_CALL_DENSE_FORWARD,
    IMP_CALL_DENSE_BACKWARD_DATA,
    IMP_CALL_DENSE_BACKWARD_WEIGHTS,
} imp_kernel_call_kind;

// One operation. Its arrays have the same layout and count, except in copies.
typedef struct imp_kernel_call {
    imp_kernel_call_kind kind;
    int layer;
    dnnl_primitive_t primitive;
    bool copies; // the primitive only changes a layout
    dnnl_exec_arg_t args[IMP_MAX_ARGS];
    int arg_count;
    const float *a, *b;
    float *out, *mask;
    size_t count;
    double parameter;
    size_t rows, stride_in, stride_out; // of copies and of packing several matrices
    union {
        imp_packed_matrix panels;
        imp_frozen_norm norm;
        imp_matvec matvec;
        imp_direct_conv direct;
        imp_direct_conv_grad direct_gradient;
        imp_dense dense;
    };
} imp_kernel_call;

typedef struct imp_kernel_program {
    imp_kernel_call *calls;
    int count, capacity;
} imp_kernel_program;

// Allocator of all buffers of an executor. It hands out parts of large blocks on huge pages,
// because strided walks through megabytes are a tenth slower on small pages. Nothing is freed
// before the executor.
typedef struct imp_float_arena {
    char **blocks;
    int count;
    size_t used, capacity; // of the last block
} imp_float_arena;

// State of a node while programs are built.
typedef struct imp_node_build_state {
    dnnl_memory_t out;             // output of the node
    dnnl_memory_t gradient;        // of the loss by `out`; NULL until the first user was built
    dnnl_memory_t source;          // its input in the layout of its kernel
    dnnl_memory_t weight, packed;  // weights in plain layout, and in that of the forward kernel
    dnnl_memory_t mean, variance;  // of a batch norm
    dnnl_memory_t workspace;       // passed from forward to backward
    dnnl_primitive_desc_t forward; // descriptor
    int activation;                // index of the ReLU or ELU node fused into this one, or -1
    dnnl_memory_t mask;            // of a dropout
    bool fused_into_convolution;   // a pool that is fused into the convolution before it
    bool frozen;                   // a batch norm that our kernel computes
    imp_frozen_norm norm;          // its description
    imp_direct_conv direct;        // of a convolution by our kernel; else `weights` is NULL
    imp_dense dense;               // of a dense layer by our kernel; else `weight` is NULL
} imp_node_build_state;

struct imp_executor {
    imp_executor_def def;
    imp_openmp openmp;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    imp_kernel_program pack, forward, backward;
    dnnl_memory_t *memories;
    int memory_count, memory_capacity;
    imp_float_arena arena;
    size_t scratch_size;
    float *scratch;               // in the arena
    imp_node_build_state *states; // (graph->count)
    imp_float_image input;        // destination of the first frame of the first sample
    size_t frame_size;            // floats from one frame to the next
    float *actions, *output, *output_gradient, *statistics;
    uint64_t seed; // of dropout masks
    uint32_t step, first_sample;
    int count;    // samples that forward computes
    int building; // index of the node under construction
    imp_status status;
    imp_error *err;
};

// Builders of the programs. All builder functions do nothing after a failure; e->status holds it.
void imp_build_forward(imp_executor *e);
void imp_build_backward(imp_executor *e);
// Builds a convolution or dense layer with our own kernel. Returns false if oneDNN does it better.
bool imp_build_custom_kernel(imp_executor *e, imp_node_build_state *state);
// The gradient by weight and bias of a convolution that imp_build_custom_kernel() built.
void imp_build_direct_conv_backward(imp_executor *e, const imp_node_build_state *state);
// The gradients of a dense layer that it built. Returns the gradient by the input, or NULL unless
// `input`.
dnnl_memory_t imp_build_dense_backward(imp_executor *e, const imp_node_build_state *state,
                                       bool input);

// Zeroed floats, aligned to a cache line, valid until the executor is destroyed. NULL after a
// failure.
float *imp_build_alloc_floats(imp_executor *e, size_t bytes);
void imp_float_arena_free(imp_float_arena *arena);

// Records a failure of the node under construction.
void imp_build_fail(imp_executor *e, imp_status status, const char *what);
// Describes a primitive. NULL after a failure; slow kernels are failures.
dnnl_primitive_desc_t imp_build_primitive_desc(imp_executor *e, const imp_dnnl_op *op);
// A memory with a layout, over the given floats, or over a new buffer if floats is NULL.
dnnl_memory_t imp_build_memory(imp_executor *e, imp_dnnl_layout layout, float *floats);
dnnl_memory_t imp_build_plain_memory(imp_executor *e, int rank, const int64_t *dims, float *floats);
// Memory for a node's output in plain layout.
dnnl_memory_t imp_build_node_memory(imp_executor *e, const imp_graph_node *node, float *floats);
// The same with channels in blocks of 16.
dnnl_memory_t imp_build_node_memory_blocked(imp_executor *e, const imp_graph_node *node);
// A tensor of the node under construction, in plain layout. `array` holds the network's values from
// index `first` on.
dnnl_memory_t imp_build_tensor_memory(imp_executor *e, imp_tensor_role role, float *array,
                                      int64_t first);
// The memory itself if it has that layout, else a converted copy that the program makes in every
// run.
dnnl_memory_t imp_build_convert_memory(imp_executor *e, imp_kernel_program *program,
                                       dnnl_memory_t memory, imp_dnnl_layout layout);
// The same for the plain layout of a node's output.
dnnl_memory_t imp_build_convert_to_plain(imp_executor *e, imp_kernel_program *program,
                                         dnnl_memory_t memory, const imp_graph_node *node);
// Converts from one memory to another.
void imp_build_reorder(imp_executor *e, imp_kernel_program *program, dnnl_memory_t from,
                       dnnl_memory_t to);
// The same two for weights of the node under construction.
dnnl_memory_t imp_build_convert_weight(imp_executor *e, imp_kernel_program *program,
                                       dnnl_memory_t plain, imp_dnnl_layout layout);
void imp_build_unpack_weight(imp_executor *e, imp_kernel_program *program, dnnl_memory_t from,
                             dnnl_memory_t plain);
// Appends a primitive. If it needs scratch memory, that is added to its arguments.
void imp_build_primitive_call(imp_executor *e, imp_kernel_program *program,
                              dnnl_primitive_desc_t description, const dnnl_exec_arg_t *args,
                              int count);
// Appends one of our element-wise kernels. b may be NULL; all arrays have the layout of a. Returns
// the call, or NULL after a failure.
imp_kernel_call *imp_build_elementwise_call(imp_executor *e, imp_kernel_program *program,
                                            imp_kernel_call_kind kind, dnnl_memory_t out,
                                            dnnl_memory_t a, dnnl_memory_t b);
// Appends a call of our own whose members the caller fills in. NULL after a failure.
imp_kernel_call *imp_build_kernel_call(imp_executor *e, imp_kernel_program *program,
                                       imp_kernel_call_kind kind);
// Appends a copy of `rows` rows of `count` floats.
void imp_build_copy_rows(imp_executor *e, imp_kernel_program *program, float *out,
                         size_t stride_out, const float *in, size_t stride_in, size_t count,
                         size_t rows);
float *imp_dnnl_memory_floats(dnnl_memory_t memory);

#endif
