/// imprint/nn.h: neural networks: architecture, weights, inference, training.
/// A network, trainer or inference may be used by one thread at a time; different objects may be
/// used by different threads at once. The same seed, data and settings give the same values, bit
/// for bit, on every processor.
#ifndef IMPRINT_NN_H
#define IMPRINT_NN_H

#include "imprint/base.h"
#include "imprint/conditions.h"

IMP_API_BEGIN

/// Settings of a network. Obtain with imp_default_network_def(), then change fields.
typedef struct imp_network_def {
    /// Name of a built-in architecture, or path of a YAML file (docs/networks.md). In an existing
    /// network: the architecture's name. "one-residual"
    char architecture[256];
    int width, height; ///< size of an observation [px], 1..8192; 80 x 60
    /// 2: left and right duty cycle. 0: as many as the architecture's last layer gives. In an
    /// existing network: the actual number
    int outputs;
    /// true: batch norms use batch statistics (per shard) in training and moving ones in inference.
    /// false: batch norms are frozen with mean 0 and variance 1, only gain and bias are trained, as
    /// in the baseline network of gym-duckietown; false
    bool batch_norm;
    int cookie;
} imp_network_def;

imp_network_def imp_default_network_def(void);

/// Weights and moving statistics of a network, independent of any batch size or thread.
typedef struct imp_network imp_network;

/// Names of built-in architectures, sorted; NULL past the last.
const char *imp_network_builtin_name(int index);
/// The same for semantic segmentation networks (docs/segmentation.md). They need `outputs` = 0.
const char *imp_segmenter_builtin_name(int index);

/// Creates a network with random weights drawn from seed: He-normal convolutions, Xavier-normal
/// dense layers, zero biases. Free with imp_network_destroy(). IMP_USAGE for an unknown
/// architecture; IMP_BAD_INPUT, naming the layer, if the architecture is wrong or the images are
/// too small.
imp_status imp_network_create(imp_network **out, const imp_network_def *def, uint64_t seed,
                              imp_error *err);
void imp_network_destroy(imp_network *network); ///< nullable
const imp_network_def *imp_network_info(const imp_network *network);
/// Number of trained values; moving statistics are not included.
int64_t imp_network_parameter_count(const imp_network *network);

/// A metadata string of the model file that the network was loaded from, or NULL. Borrowed.
const char *imp_network_metadata(const imp_network *network, const char *key);

/// The time step [s] at which the network must be run. It was trained with that step and takes a
/// history of frames or actions. 0 if it may run at any rate, as one that takes the time step.
double imp_network_required_time_step(const imp_network *network);

/// Writes weights and architecture as safetensors, atomically (temporary name, sync, rename).
/// metadata: nullable; text of a JSON object with string values to store. IMP_USAGE if it is
/// anything else or uses a reserved key (format, architecture, width, height, ...).
imp_status imp_network_save(const imp_network *network, const char *path, const char *metadata,
                            imp_error *err);
/// Names of the models that come with the library, and what each is for; NULL past the last. A
/// file or folder of the same name comes first. They lie in share/imprint/models beside the
/// library or in a folder above it; the environment variable IMPRINT_MODELS names another place.
const char *imp_shipped_model_name(int index);
const char *imp_shipped_model_summary(int index);
bool imp_model_is_shipped(const char *name);
/// Reads what imp_network_save() wrote: a file, or a training's folder, whose best model is loaded,
/// or a model that comes with the library, by its name.
/// IMP_BAD_INPUT, naming the file, if it is truncated, malformed or of another format.
imp_status imp_network_load(imp_network **out, const char *path, imp_error *err);

/// Loads the weights of any safetensors file, for example one written from PyTorch: F32 arrays with
/// exactly the names and shapes of the network's tensors. IMP_BAD_INPUT names what differs; then
/// nothing is changed.
imp_status imp_network_import_weights(imp_network *network, const char *path, imp_error *err);

/// Metadata of the file that the network was loaded from, as the text of a JSON object; the caller
/// frees it. NULL if it was not loaded, or without memory.
char *imp_network_metadata_json(const imp_network *network);

/// Kinds of layer: X(name, name in architecture files). Convolutions, pools and batch norms take
/// (channels x height x width). A dense layer takes a vector, the output of flatten or dense. The
/// others take both.
#define IMP_LAYER_KIND_MAP(X)                                                                      \
    X(IMP_LAYER_INPUT, "input")               /* the standardised images, always node 0 */         \
    X(IMP_LAYER_ACTIONS, "actions")           /* past executed actions; node 1 if used */          \
    X(IMP_LAYER_CONVOLUTION, "convolution")   /* with bias */                                      \
    X(IMP_LAYER_MAX_POOL, "max-pool")         /* padding never wins */                             \
    X(IMP_LAYER_AVERAGE_POOL, "average-pool") /* padding does not count */                         \
    X(IMP_LAYER_BATCH_NORM, "batch-norm")     /* gain * (x - mean) / sqrt(variance + e) + bias */  \
    X(IMP_LAYER_RELU, "relu")                 /* max(0, x) */                                      \
    X(IMP_LAYER_ELU, "elu")                   /* x > 0 ? x : alpha * (exp(x) - 1) */               \
    X(IMP_LAYER_DROPOUT, "dropout")           /* in training: 0, or x / (1 - rate) */              \
    X(IMP_LAYER_ADD, "add")                   /* sum of two inputs of the same shape */            \
    X(IMP_LAYER_CONCAT, "concat")             /* channels of the inputs one after the other */     \
    X(IMP_LAYER_FLATTEN, "flatten")           /* a vector, in the order channel, row, column */    \
    X(IMP_LAYER_DENSE, "dense")               /* with bias */                                      \
    X(IMP_LAYER_CONDITION, "condition")       /* an input of the table in imprint/conditions.h */

typedef enum imp_layer_kind {
#define IMP_LAYER_KIND_ENUM(name, word) name,
    IMP_LAYER_KIND_MAP(IMP_LAYER_KIND_ENUM)
#undef IMP_LAYER_KIND_ENUM
} imp_layer_kind;

enum { IMP_LAYER_KIND_COUNT = IMP_LAYER_CONDITION + 1 };

/// The kind's name in architecture files.
const char *imp_layer_kind_name(imp_layer_kind kind);

enum { IMP_LAYER_NAME_MAX = 40, IMP_LAYER_INPUTS_MAX = 4 };

/// Inputs of a network, set by its architecture (docs/networks.md).
typedef struct imp_input_spec {
    int frames;       ///< frame stack: the current frame and earlier ones, 1..IMP_FRAMES_MAX
    int frame_stride; ///< steps between stacked frames, 1..IMP_FRAME_STRIDE_MAX
    int actions;      ///< number of past executed actions, 0..IMP_ACTIONS_MAX
    int skip_top;     ///< percentage of image rows, from the top, that are ignored
    bool takes[IMP_INPUT_COUNT]; ///< which inputs of the table in imprint/conditions.h
} imp_input_spec;

enum { IMP_FRAMES_MAX = 8, IMP_FRAME_STRIDE_MAX = 64, IMP_ACTIONS_MAX = 64, IMP_SKIP_TOP_MAX = 90 };

/// How many values a sample has besides its images: two for each past action, then those of the
/// inputs that it takes.
int imp_input_value_count(const imp_input_spec *inputs);

/// Borrowed from the network.
const imp_input_spec *imp_network_inputs(const imp_network *network);

/// Meaning of a driving network's two outputs, set by its architecture: X(name, name in files).
#define IMP_OUTPUT_KIND_MAP(X)                                                                     \
    X(IMP_OUTPUT_DUTY_CYCLES, "duty-cycles") /* of the left and the right wheel */                 \
    X(IMP_OUTPUT_VELOCITIES, "velocities")   /* forward speed [m/s], turn rate [rad/s] to the left \
                                              */

typedef enum imp_output_kind {
#define IMP_OUTPUT_KIND_ENUM(name, word) name,
    IMP_OUTPUT_KIND_MAP(IMP_OUTPUT_KIND_ENUM)
#undef IMP_OUTPUT_KIND_ENUM
} imp_output_kind;

/// The kind's name in files; NULL past the last.
const char *imp_output_kind_name(int output_kind);
imp_output_kind imp_network_output_kind(const imp_network *network);

/// Recent frames and actions that a network needs as input. Everything that runs a network in an
/// episode uses one. Only creation allocates.
typedef struct imp_obs_history imp_obs_history;
imp_status imp_obs_history_create(imp_obs_history **out, const imp_network *network,
                                  imp_error *err);
void imp_obs_history_destroy(imp_obs_history *history); ///< nullable
/// Starts an episode: forgets all frames and actions.
void imp_obs_history_reset(imp_obs_history *history);
/// Adds the frame of the episode's next step: height x width x 3 bytes, copied. The first frame of
/// an episode fills all earlier slots.
void imp_obs_history_push_frame(imp_obs_history *history, const uint8_t *image);
/// Adds the action (duty cycles) that was executed after the latest frame. Actions before the
/// episode are zero.
void imp_obs_history_push_action(imp_obs_history *history, float left, float right);
/// Sets the conditions that the next action depends on; after a reset they are the usual ones.
/// Inputs that the network does not take have no effect.
void imp_obs_history_set_conditions(imp_obs_history *history, const imp_conditions *conditions);
/// The inputs of one sample for imp_inference_run() and imp_batch. Borrowed until the next push or
/// reset. The values are the actions, newest first, and then what imp_conditions_normalise()
/// writes.
const imp_input_spec *imp_obs_history_input_spec(const imp_obs_history *history);
const uint8_t *const *imp_obs_history_frames(const imp_obs_history *history);
const float *imp_obs_history_values(const imp_obs_history *history);

/// A layer with its shapes: a node of the network's graph.
typedef struct imp_graph_node {
    char name[IMP_LAYER_NAME_MAX];
    imp_layer_kind kind;
    int inputs[IMP_LAYER_INPUTS_MAX]; ///< indices of earlier nodes, -1 after the last
    int channels, height, width;      ///< of the output; height and width are 1 if flat
    bool flat;                        ///< the output is a vector
    int kernel, stride;               ///< of convolutions and pools, square
    int before[2], after[2];          ///< padding [px]: rows, columns
    double parameter;                 ///< batch norm: epsilon; ELU: alpha; dropout: rate
    bool batch_statistics;            ///< batch norm: uses batch statistics in training
    int users;                        ///< number of inputs of other nodes that it feeds
    int tensors;                      ///< index of its first tensor, -1 for none
    int64_t flops;                    ///< forward, per image; a multiply-add counts as 2
} imp_graph_node;

/// Role of a tensor.
typedef enum imp_tensor_role {
    IMP_TENSOR_WEIGHT, ///< convolution (out x in x kernel x kernel) or dense (out x in)
    IMP_TENSOR_BIAS,   ///< of a convolution, dense or batch norm
    IMP_TENSOR_GAIN,   ///< of a batch norm
    IMP_TENSOR_MEAN,   ///< of a batch norm: moving statistics, not trained
    IMP_TENSOR_VARIANCE,
} imp_tensor_role;

/// A named tensor: a row-major part of the network's single array of values.
typedef struct imp_tensor {
    char name[IMP_LAYER_NAME_MAX +
              16]; ///< "<layer>.weight", ".bias", ".running_mean", ".running_var"
    imp_tensor_role role;
    int node; ///< index of its node
    int rank;
    int64_t dims[4];
    int64_t offset, count; ///< in the array of values
} imp_tensor;

/// Nodes in the order of computation: 0 is the input, the last gives the outputs. NULL past the
/// last. Borrowed from the network.
const imp_graph_node *imp_network_node(const imp_network *network, int index);
/// Tensors in the order of their nodes; NULL past the last.
const imp_tensor *imp_network_tensor(const imp_network *network, int index);
/// The values of a tensor (tensor->count); borrowed from the network.
const float *imp_network_tensor_values(const imp_network *network, const imp_tensor *tensor);

/// Writes a network as an ONNX model (opset 13) for other inference engines, atomically. Batches
/// may have any size; names of layers and tensors and the metadata are kept.
/// raw_pixels: the input is "picture", (batch x height x width x 3) RGB bytes, or "pictures",
/// (batch x frames x height x width x 3), newest first; the model standardises them. Otherwise the
/// input is "input", (batch x 3 frames x height x width) standardised floats. A network with past
/// actions also takes "actions", (batch x 2 actions), newest first; one that takes
/// inputs of the table in imprint/conditions.h takes each by its name, (batch x its size), as
/// imp_conditions_normalise() gives them. The output is (batch x
/// outputs) floats, named after the last layer.
imp_status imp_network_export_onnx(const imp_network *network, const char *path, bool raw_pixels,
                                   imp_error *err);

/// A network prepared for inference on one thread. Copies the weights, so the network may change or
/// be destroyed.
typedef struct imp_inference imp_inference;
imp_status imp_inference_create(imp_inference **out, const imp_network *network, int batch,
                                imp_error *err);
void imp_inference_destroy(imp_inference *inference); ///< nullable
/// Runs the network. frames: (batch x inputs.frames) pointers to images, (height x width x 3) RGB
/// bytes each, newest first within a sample. values: (batch x imp_input_value_count()): duty
/// cycles, newest first, and then the conditions' values; NULL: all zero. out: (batch x outputs).
/// Images are standardised as in training. A sample gets the same bits in any batch. Allocates
/// nothing.
void imp_inference_run(imp_inference *inference, const uint8_t *const *frames, const float *values,
                       float *out);
/// The same for the first `count` samples, 1..batch, instead of a whole batch.
void imp_inference_run_partial_batch(imp_inference *inference, int count,
                                     const uint8_t *const *frames, const float *values, float *out);

/// Time that a node takes on this machine, in seconds per image.
/// Activations that are fused into the layer before them take 0.
typedef struct imp_node_timing {
    double inference;         ///< forward, a batch of one image
    double forward, backward; ///< in training
} imp_node_timing;

/// Measures a network per node on the calling thread, as the best of `repeats` runs. times: one per
/// node. batch: size of the training batch.
imp_status imp_network_profile(imp_node_timing *times, const imp_network *network, int batch,
                               int repeats, imp_error *err);

/// Measures how many floating-point operations per second a core can do at most, on the calling
/// thread: multiply-adds in single precision, with the instruction set that networks use.
/// It takes some ten milliseconds.
double imp_measure_peak_flops(void);

/// Optimisers: X(name, name in settings). Adam has beta 0.9 and 0.999 and epsilon 1e-8.
#define IMP_OPTIMISER_MAP(X)                                                                       \
    X(IMP_OPTIMISER_ADAM, "adam")   /* weight decay is added to the gradient */                    \
    X(IMP_OPTIMISER_ADAMW, "adamw") /* weight decay shrinks the weights */                         \
    X(IMP_OPTIMISER_SGD, "sgd")     /* with momentum; weight decay is added to the gradient */

typedef enum imp_optimiser {
#define IMP_OPTIMISER_ENUM(name, word) name,
    IMP_OPTIMISER_MAP(IMP_OPTIMISER_ENUM)
#undef IMP_OPTIMISER_ENUM
} imp_optimiser;

/// Losses: X(name, name in settings). MSE and Huber apply to each output's error e and are averaged
/// over outputs and samples. Cross-entropy applies to cells with class probabilities: output c *
/// outputs / classes + k is the logit of class c in cell k, and the label is the class's share of
/// the cell (a cell's labels add up to 1). It is averaged over cells and samples.
#define IMP_LOSS_MAP(X)                                                                            \
    X(IMP_LOSS_MSE, "mse")     /* e^2 */                                                           \
    X(IMP_LOSS_HUBER, "huber") /* e^2 / 2 where |e| <= delta, else delta * (|e| - delta / 2) */    \
    X(IMP_LOSS_CROSS_ENTROPY, "cross-entropy") /* - sum of label * log(softmax(output)) */

typedef enum imp_loss {
#define IMP_LOSS_ENUM(name, word) name,
    IMP_LOSS_MAP(IMP_LOSS_ENUM)
#undef IMP_LOSS_ENUM
} imp_loss;

/// The name in settings; NULL past the last, so that names can be listed.
const char *imp_optimiser_name(int optimiser);
const char *imp_loss_name(int loss);

enum { IMP_CLASSES_MAX = 32 };

/// Settings of training. Obtain with imp_default_trainer_def(), then change fields.
typedef struct imp_trainer_def {
    int batch;   ///< samples per step; 32
    int shards;  ///< fixed parts of a batch, one thread each, 1..batch; 2. Changes results bit for
                 ///< bit
    int threads; ///< number of shards that run at once, 0: all; 2. Does not change results
    imp_optimiser optimiser; ///< IMP_OPTIMISER_ADAMW
    double learning_rate;    ///< 1e-3
    double weight_decay;     ///< of convolution and dense weights; 0
    double momentum;         ///< of SGD, [0, 1); 0.9
    bool nesterov;           ///< of SGD; false
    double clip_norm;        ///< gradients with a larger norm are scaled down to it; 0: no clipping
    /// Decay of an exponential moving average of the weights, [0, 1); 0: no average. With one, the
    /// network holds the average, which is evaluated and saved. At the start the decay is limited
    /// to (1 + step) / (10 + step), so that the average adapts faster.
    double ema_decay;
    imp_loss loss;      ///< IMP_LOSS_MSE
    double huber_delta; ///< 0.1
    int classes;        ///< of IMP_LOSS_CROSS_ENTROPY, 2..IMP_CLASSES_MAX; 0
    /// Labels of MSE and Huber are censored at +-limit: a label of that size means "this or
    /// beyond", so an output beyond it on the same side has no loss (censored regression: Tobin,
    /// Econometrica 26, 1958). 0: no limit
    double limit;
    uint64_t seed; ///< of dropouts; 0
    int cookie;
} imp_trainer_def;

imp_trainer_def imp_default_trainer_def(void);

/// A network in training: gradients and the optimiser's state. It updates the network it was
/// created for. That network must outlive the trainer, and nobody else may change its weights.
typedef struct imp_trainer imp_trainer;
imp_status imp_trainer_create(imp_trainer **out, imp_network *network, const imp_trainer_def *def,
                              imp_error *err);
void imp_trainer_destroy(imp_trainer *trainer); ///< nullable

/// Samples of one training step.
typedef struct imp_batch {
    int count;                    ///< 1..imp_trainer_def.batch
    const uint8_t *const *frames; ///< as in imp_inference_run()
    const float *values;          ///< the same
    const float *labels;          ///< (count x outputs)
    const float *weights;         ///< (count) factors of the losses, finite and >= 0; NULL: 1
} imp_batch;

/// One optimisation step on the mean loss over a batch. *loss: of this batch, before the update.
/// The result depends bit for bit on `shards`, but not on `threads`. IMP_CHECK_FAILED if the loss
/// is not finite or the gradient explodes; then weights, optimiser and *loss are unchanged.
/// Allocates only when a count is seen for the first time.
imp_status imp_trainer_step(imp_trainer *trainer, const imp_batch *batch, double *loss,
                            imp_error *err);

/// Norm of the latest step's gradient, before clipping.
double imp_trainer_gradient_norm(const imp_trainer *trainer);

/// Mean loss in inference mode without an update; the batch's weights are ignored. Allocates
/// nothing.
double imp_trainer_evaluate_loss(imp_trainer *trainer, const imp_batch *batch);

/// Sets a factor on the learning rate for the following steps; a schedule calls it before each.
/// Initially 1. imp_trainer_save() does not store it.
void imp_trainer_set_lr_factor(imp_trainer *trainer, double factor);

/// Copies the trained weights into the network. Call it before the network is saved or an inference
/// is created from it.
void imp_trainer_copy_weights_to_network(imp_trainer *trainer);

/// Writes everything that training needs to continue with the same bits to one file, atomically:
/// weights, their average, moments, step, settings. progress: nullable; text of the caller that is
/// stored with it.
imp_status imp_trainer_save(const imp_trainer *trainer, const char *path, const char *progress,
                            imp_error *err);
/// Restores what imp_trainer_save() wrote, including the network's weights. progress (nullable,
/// capacity bytes) receives the caller's text. IMP_BAD_INPUT, naming the file, if it is corrupt or
/// belongs to another network or other settings (threads may differ); then nothing is changed.
imp_status imp_trainer_load(imp_trainer *trainer, const char *path, char *progress, size_t capacity,
                            imp_error *err);

IMP_API_END

#endif
