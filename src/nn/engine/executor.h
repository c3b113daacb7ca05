// nn/engine/executor.h: a graph prepared for computation with a fixed number of samples on one
// thread. One thread at a time may use an executor.
#ifndef IMP_NN_ENGINE_EXECUTOR_H
#define IMP_NN_ENGINE_EXECUTOR_H

#include "nn/kernels/image_standardisation.h"
#include "nn/network/layer_graph.h"

typedef struct imp_executor_def {
    const imp_graph *graph; // borrowed
    int batch;              // samples
    // Forward keeps what backward needs, batch norms with batch statistics use them, dropouts drop.
    bool training;
    // Every sample is computed as in a batch of 1; see imp_executor_is_batch_invariant().
    bool as_single;
    float *values;    // borrowed: the network's values, read only
    float *gradients; // borrowed: (graph->trained) written by backward; NULL unless training
} imp_executor_def;

typedef struct imp_executor imp_executor;

// Fails with IMP_INTERNAL, naming the layer, if oneDNN has only a slow kernel where it should have
// a fast one.
imp_status imp_executor_create(imp_executor **out, const imp_executor_def *def, imp_error *err);
void imp_executor_destroy(imp_executor *executor); // nullable

// Destination of one frame of one sample.
imp_float_image imp_executor_input_image(const imp_executor *executor, int sample, int frame);
float *
imp_executor_action_inputs(imp_executor *executor); // (batch x 2 actions), or NULL without any
// Fills the inputs of the first `count` samples. frames and actions as in imp_inference_run().
void imp_executor_set_inputs(imp_executor *executor, const uint8_t *const *frames,
                             const float *actions, int count);
const float *imp_executor_output(const imp_executor *executor); // (batch x outputs)
float *imp_executor_output_gradient(imp_executor *executor);    // (batch x outputs), training
// Mean and variance of batch norms with batch statistics in the last forward pass, laid out like
// values + graph->trained.
const float *imp_executor_batch_statistics(const imp_executor *executor);

// Selects the random draws of dropouts in the next forward pass: number of the training step, and
// index of the first sample in its batch (0..65535).
void imp_executor_seed_dropout(imp_executor *executor, uint64_t seed, int64_t step,
                               int first_sample);

// Copies the weights to the layouts of the kernels. Call it after the values changed.
bool imp_executor_pack_weights(imp_executor *executor);
// Computes the output from the input, and the gradients from the output gradient. Return false if
// oneDNN failed. Allocate nothing.
bool imp_executor_forward(imp_executor *executor);
bool imp_executor_backward(imp_executor *executor);

// The same with timing: adds the time of each node's calls to seconds (nodes).
bool imp_executor_profile_forward(imp_executor *executor, double *seconds);
bool imp_executor_profile_backward(imp_executor *executor, double *seconds);

// Whether each sample's outputs have the same bits as in a batch of 1: as_single was set, and no
// sum is oneDNN's, which may choose its order by the batch.
bool imp_executor_is_batch_invariant(const imp_executor *executor);
// Makes forward compute only the first `count` samples, 1..batch, from now on. Only for executors
// that are batch-invariant.
void imp_executor_set_sample_count(imp_executor *executor, int count);

// oneDNN's name of the forward kernel of a node; "" if it is one of ours.
const char *imp_executor_kernel_name(const imp_executor *executor, int node);

#endif
