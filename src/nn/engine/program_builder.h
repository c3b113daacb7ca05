// nn/engine/program_builder.h: what an executor is made of: lists of calls, and the builder that
// writes them. Only the files that build and run them include this.
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
    IMP_CALL_DROPOUT, // mask: 0 in parameter of all cases, else 1 / (1 - parameter); out = a * mask
    IMP_CALL_COPY_ROWS,    // rows of `count` from a to out
    IMP_CALL_PACK,         // matrix a to panels
    IMP_CALL_UNPACK,       // panels a to a matrix
    IMP_CALL_NORM_PREPARE, // norm: what forward and backward multiply by
    IMP_CALL_NORM_FORWARD,
    IMP_CALL_NORM_BACKWARD,
    IMP_CALL_MATVEC,
    IMP_CALL_CONV_PACK, // weights of the next
    IMP_CALL_CONV_FORWARD,
    IMP_CALL_CONV_BACKWARD,
    IMP_CALL_DENSE_FORWARD,
    IMP_CALL_DENSE_BACKWARD_DATA,
    IMP_CALL_DENSE_BACKWARD_WEIGHTS,
} imp_kernel_call_kind;

// One thing to compute. Arrays have the same layout and count, but for copies.
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
    size_t rows, stride_in, stride_out; // of a copy, and of many panels one after the other
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

// Floats of all buffers of an executor, handed out from large blocks on huge pages: the network
// walks through megabytes, and small pages cost it a tenth of its time.
typedef struct imp_float_arena {
    char **blocks;
    int count;
    size_t used, capacity; // of the latest block
} imp_float_arena;

// What is known of a node while building.
typedef struct imp_node_build_state {
    dnnl_memory_t out;             // what the node gives
    dnnl_memory_t gradient;        // of the loss by `out`; NULL until a user of the node was built
    dnnl_memory_t source;          // its input in the layout it computes with
    dnnl_memory_t weight, packed;  // plain, and as the forward pass wants it
    dnnl_memory_t mean, variance;  // of a batch norm
    dnnl_memory_t workspace;       // from forward to backward
    dnnl_primitive_desc_t forward; // description
    int activation;              // the ReLU or ELU node that is computed along with this one, or -1
    dnnl_memory_t mask;          // of a dropout
    bool fused_into_convolution; // a pool that the convolution before it computes along
    bool frozen;                 // a batch norm that our loops compute
    imp_frozen_norm norm;        // that
    imp_direct_conv direct; // of a convolution that our loops compute; `weights` is NULL for others
    imp_dense dense;        // of a dense layer that our loops compute; `weight` is NULL for others
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
    float *scratch;               // of the arena
    imp_node_build_state *states; // (graph->count)
    imp_float_image input;        // the first frame of the first sample
    size_t frame_size;            // floats from one frame to the next
    float *actions, *output, *output_gradient, *statistics;
    uint64_t seed; // of dropouts
    uint32_t step, first_sample;
    int count;    // samples that forward computes
    int building; // the layer under construction, for messages
    imp_status status;
    imp_error *err;
};

// The builder's functions do nothing once one of them failed; e->status tells.
void imp_build_forward(imp_executor *e);
void imp_build_backward(imp_executor *e);
// A convolution or dense layer; false if oneDNN does it better.
bool imp_build_custom_kernel(imp_executor *e, imp_node_build_state *state);
// The gradient by weight and bias of a convolution that the former took in training.
void imp_build_direct_conv_backward(imp_executor *e, const imp_node_build_state *state);
// The gradients of a dense layer that it took. Returns that by the input unless `input` is false.
dnnl_memory_t imp_build_dense_backward(imp_executor *e, const imp_node_build_state *state,
                                       bool input);

// Zeroed floats on a cache line of their own, until the executor goes; NULL after a failure.
float *imp_build_alloc_floats(imp_executor *e, size_t bytes);
void imp_float_arena_free(imp_float_arena *arena);

// Records a failure of the layer under construction.
void imp_build_fail(imp_executor *e, imp_status status, const char *what);
// Describes a primitive; NULL after a failure. Refuses slow ones.
dnnl_primitive_desc_t imp_build_primitive_desc(imp_executor *e, const imp_dnnl_op *op);
// A memory of a layout, over given floats or over its own if floats is NULL.
dnnl_memory_t imp_build_memory(imp_executor *e, imp_dnnl_layout layout, float *floats);
dnnl_memory_t imp_build_plain_memory(imp_executor *e, int rank, const int64_t *dims, float *floats);
// What a node gives, in plain layout.
dnnl_memory_t imp_build_node_memory(imp_executor *e, const imp_graph_node *node, float *floats);
// The same with channels in blocks of 16.
dnnl_memory_t imp_build_node_memory_blocked(imp_executor *e, const imp_graph_node *node);
// A tensor of the node under construction, in plain layout over an array that holds the network's
// values from number `first` on.
dnnl_memory_t imp_build_tensor_memory(imp_executor *e, imp_tensor_role role, float *array,
                                      int64_t first);
// The memory itself if it has the layout, else a copy that the program makes.
dnnl_memory_t imp_build_convert_memory(imp_executor *e, imp_kernel_program *program,
                                       dnnl_memory_t memory, imp_dnnl_layout layout);
// The same for the plain layout of what a node gives.
dnnl_memory_t imp_build_convert_to_plain(imp_executor *e, imp_kernel_program *program,
                                         dnnl_memory_t memory, const imp_graph_node *node);
// Copies from one memory to another.
void imp_build_reorder(imp_executor *e, imp_kernel_program *program, dnnl_memory_t from,
                       dnnl_memory_t to);
// The same two for weights of the node under construction.
dnnl_memory_t imp_build_convert_weight(imp_executor *e, imp_kernel_program *program,
                                       dnnl_memory_t plain, imp_dnnl_layout layout);
void imp_build_unpack_weight(imp_executor *e, imp_kernel_program *program, dnnl_memory_t from,
                             dnnl_memory_t plain);
// Adds a primitive; its arguments end with the scratch memory if it wants some.
void imp_build_primitive_call(imp_executor *e, imp_kernel_program *program,
                              dnnl_primitive_desc_t description, const dnnl_exec_arg_t *args,
                              int count);
// Adds one of our own loops; b may be NULL. All have the layout of a. Returns the call, or NULL
// after a failure.
imp_kernel_call *imp_build_elementwise_call(imp_executor *e, imp_kernel_program *program,
                                            imp_kernel_call_kind kind, dnnl_memory_t out,
                                            dnnl_memory_t a, dnnl_memory_t b);
// Adds a call of one of our own loops whose members the caller fills in; NULL after a failure.
imp_kernel_call *imp_build_kernel_call(imp_executor *e, imp_kernel_program *program,
                                       imp_kernel_call_kind kind);
// Adds a copy of `rows` rows.
void imp_build_copy_rows(imp_executor *e, imp_kernel_program *program, float *out,
                         size_t stride_out, const float *in, size_t stride_in, size_t count,
                         size_t rows);
float *imp_dnnl_memory_floats(dnnl_memory_t memory);

#endif
