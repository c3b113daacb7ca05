// nn/engine/executor.h: a graph prepared for computation with up to a number of samples on one
// thread. One thread at a time may use an executor. A sample gets the same bits in any batch,
// unless batch norms use the statistics of the batch.
#ifndef IMP_NN_ENGINE_EXECUTOR_H
#define IMP_NN_ENGINE_EXECUTOR_H

#include "nn/kernels/image_standardisation.h"
#include "nn/network/layer_graph.h"

typedef struct imp_executor_def {
    const imp_graph *graph; // borrowed
    int batch;              // maximum number of samples
    // Forward keeps what backward needs, batch norms with batch statistics use them, dropouts drop.
    bool training;
    float *values;    // borrowed: the network's values, read only
    float *gradients; // borrowed: (graph->trained) written by backward; NULL unless training
} imp_executor_def;

typedef struct imp_executor imp_executor;

// Fails with IMP_NO_MEMORY.
imp_status imp_executor_create(imp_executor **out, const imp_executor_def *def, imp_error *err);
void imp_executor_destroy(imp_executor *executor); // nullable

// Fills the inputs of the first `count` samples. frames and values as in imp_inference_run().
// Forward and backward then compute these samples.
void imp_executor_set_inputs(imp_executor *executor, const uint8_t *const *frames,
                             const float *values, int count);
// Destination of one frame of one sample.
imp_float_image imp_executor_input_image(const imp_executor *executor, int sample, int frame);
// Destination of one sample's values of an input that is a vector: past actions or a condition.
// node: its index in the graph, 1 to graph->first - 1.
float *imp_executor_vector_input(const imp_executor *executor, int node, int sample);
const float *imp_executor_output(const imp_executor *executor); // (batch x outputs)
// Output of a node that is a vector, at one sample of the last forward pass.
const float *imp_executor_node_vector(const imp_executor *executor, int node, int sample);
float *imp_executor_output_gradient(imp_executor *executor); // (batch x outputs), training
// Mean and variance of batch norms with batch statistics in the last forward pass, laid out like
// values + graph->trained.
const float *imp_executor_batch_statistics(const imp_executor *executor);
// Replaces them by those of another process; count: of all batch norms.
void imp_executor_set_batch_statistics(imp_executor *executor, const float *values, size_t count);

// Selects the random draws of dropouts in the next forward pass: number of the training step, and
// index of the first sample in its batch (0..65535).
void imp_executor_seed_dropout(imp_executor *executor, uint64_t seed, int64_t step,
                               int first_sample);

// Copies the weights to the layouts of the kernels. Call it after the values changed.
void imp_executor_pack_weights(imp_executor *executor);
// Computes the output from the input, and the gradients from the output gradient. Allocate nothing.
void imp_executor_forward(imp_executor *executor);
void imp_executor_backward(imp_executor *executor);

// The same with timing: adds the time of each node's calls to seconds (nodes).
void imp_executor_profile_forward(imp_executor *executor, double *seconds);
void imp_executor_profile_backward(imp_executor *executor, double *seconds);

#endif
