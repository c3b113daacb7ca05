// nn/engine/program.h: the members of an executor: programs (lists of kernel calls), and the
// functions that build them. Only files that build or run programs include this header.
#ifndef IMP_NN_ENGINE_PROGRAM_H
#define IMP_NN_ENGINE_PROGRAM_H

#include "nn/engine/executor.h"
#include "nn/engine/layout.h"
#include "nn/engine/weight_packing.h"
#include "nn/vector_kernels/kernels.h"

typedef enum imp_kernel_call_kind {
#define IMP_CALL_KIND(name, type) IMP_CALL_##name,
    IMP_KERNEL_MAP(IMP_CALL_KIND)
#undef IMP_CALL_KIND
        IMP_CALL_PACK_WEIGHTS,
    IMP_CALL_UNPACK_GRADIENT, // of weights
    IMP_CALL_UNPACK_POOLED_GRADIENT,
    IMP_CALL_BIAS_GRADIENT, // sums over pixels
    IMP_CALL_DROPOUT_MASK,
    IMP_CALL_COPY,    // channels of pixels
    IMP_CALL_FLATTEN, // an image to a vector (channel, row, column)
    IMP_CALL_UNFLATTEN,
} imp_kernel_call_kind;

// Sum of a gradient over images and pixels, for the first `count` channels.
typedef struct imp_bias_gradient {
    imp_image_view gradient;
    imp_image_size size;
    float *sums; // (size.channels)
    float *out;
    size_t count;
} imp_bias_gradient;

// Draws the mask of a dropout layer; values are numbered by channel, row, column.
typedef struct imp_dropout_draw {
    imp_image_view mask;
    imp_image_size size;
    size_t channels; // without padding
    double rate;
    float *plain; // (channels x height x width) of one sample
} imp_dropout_draw;

// Copies `channels` channels of all pixels; flatten and its inverse transpose them.
typedef struct imp_pixel_copy {
    imp_image_view from, to;
    imp_image_size size; // channels: those that are copied
} imp_pixel_copy;

// One operation. All arrays were allocated when the program was built.
typedef struct imp_kernel_call {
    imp_kernel_call_kind kind;
    int node;
    union {
#define IMP_CALL_MEMBER(name, type) type name;
        IMP_KERNEL_MAP(IMP_CALL_MEMBER)
#undef IMP_CALL_MEMBER
        imp_weight_packing packing;
        imp_bias_gradient bias;
        imp_dropout_draw dropout;
        imp_pixel_copy copy;
    };
} imp_kernel_call;

typedef struct imp_kernel_program {
    imp_kernel_call *calls;
    int count, capacity;
} imp_kernel_program;

// Allocator of all arrays of an executor. It hands out parts of large blocks on huge pages,
// because strided walks through megabytes are a tenth slower on small pages. Nothing is freed
// before the executor.
typedef struct imp_float_arena {
    char **blocks;
    int count;
    size_t used, capacity; // of the last block
} imp_float_arena;

// State of a node while programs are built.
typedef struct imp_node_state {
    imp_image_size size;        // of its output, channels padded
    imp_image_view out;         // its output
    imp_image_view gradient;    // of the loss by `out`; no data until the first user was built
    bool owns_gradient;         // whether no other node has the same image as its gradient
    int activation;             // index of the ReLU node fused into this one, or -1
    int pool;                   // index of the pool that is part of this convolution, or -1
    bool fused_pool;            // a pool that is part of the convolution before it
    imp_conv conv;              // of a convolution
    imp_weight_packing packing; // of its weights, forward
    imp_norm norm;              // of a batch norm
    imp_dense dense;            // of a dense layer
    imp_image_view mask;        // of a dropout
    int32_t *argmax;            // of a max-pool
} imp_node_state;

struct imp_executor {
    imp_executor_def def;
    const imp_kernels *kernels;
    imp_kernel_program pack, forward, backward;
    imp_float_arena arena;
    imp_node_state *states; // (graph->count)
    imp_image_view input;
    float *output, *output_gradient, *statistics;
    uint64_t seed; // of dropout masks
    uint32_t step, first_sample;
    int count;    // samples to compute
    int building; // index of the node under construction
    imp_status status;
    imp_error *err;
};

// Builders of the programs. All builder functions do nothing after a failure; e->status holds it.
void imp_build_forward(imp_executor *e);
void imp_build_backward(imp_executor *e);

// Zeroed floats, aligned to a cache line, valid until the executor is destroyed, with a vector of
// zeros behind them. NULL after a failure.
float *imp_build_alloc_floats(imp_executor *e, size_t count);
void imp_float_arena_free(imp_float_arena *arena);
// A zeroed batch of images of that size, in a border. No data after a failure.
imp_image_view imp_build_alloc_images(imp_executor *e, const imp_image_size *size,
                                      const imp_image_border *border);

// The network's values of a tensor of the node under construction. `array` holds the values from
// index `first` on.
float *imp_build_find_tensor(imp_executor *e, imp_tensor_role role, float *array, int64_t first);

// Appends a call whose members the caller fills in. It points into the program, until the next call
// is appended. NULL after a failure.
imp_kernel_call *imp_build_append_call(imp_executor *e, imp_kernel_program *program,
                                       imp_kernel_call_kind kind);
void imp_build_append_elementwise(imp_executor *e, imp_kernel_program *program,
                                  const imp_elementwise *description);
void imp_build_append_copy(imp_executor *e, imp_kernel_program *program, imp_kernel_call_kind kind,
                           const imp_pixel_copy *copy);
// Appends the packing of the current node's weights: fills in `plain` and `packed`, a new array.
void imp_build_packed_weights(imp_executor *e, imp_weight_packing *packing);

#endif
