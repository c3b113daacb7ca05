/// imprint/nn.h: the network that learns to drive: description, weights, inference, training.
/// What computes (oneDNN) stays behind this header. Networks, trainers and inferences are not
/// shared by threads without care: one thread at a time may use each.
#ifndef IMPRINT_NN_H
#define IMPRINT_NN_H

#include "imprint/base.h"

IMP_API_BEGIN

/// Name and release of the library that computes, e.g. "oneDNN 2.6.3".
void imp_nn_backend_version(char *out, size_t capacity);

/// Settings of a network. Obtain with imp_default_network_def(), then change fields.
typedef struct imp_network_def {
    /// Name of a built-in description, or the path of a YAML file (docs/networks.md); of a network
    /// that is there already, the description's name. "one-residual"
    char architecture[256];
    int width, height; ///< of an observation [px], 1..8192; 80 x 60
    /// 2: left and right duty cycle. 0: as many as the description's last layer gives; of a network
    /// that is there, always what it gives
    int outputs;
    /// true: batch statistics (of each shard) in training, moving ones in inference. false: frozen,
    /// as the baseline's: mean 0, variance 1, gain and bias trained; false
    bool batch_norm;
    int cookie;
} imp_network_def;

imp_network_def imp_default_network_def(void);

/// Weights and moving statistics of a network, independent of any batch size or thread.
typedef struct imp_network imp_network;

/// Built-in descriptions, sorted by name; NULL past the last.
const char *imp_network_builtin_name(int index);
/// The same of those that tell the classes of a picture's pixels apart (docs/segmentation.md); they
/// want `outputs` to be 0.
const char *imp_segmenter_builtin_name(int index);

/// A network with random weights drawn from seed: He-normal convolutions, Xavier-normal dense
/// layers, zero biases. Freed with imp_network_destroy(). IMP_USAGE for an unknown architecture,
/// IMP_BAD_INPUT, naming the layer, if its description is wrong or the pictures are too small.
imp_status imp_network_create(imp_network **out, const imp_network_def *def, uint64_t seed,
                              imp_error *err);
void imp_network_destroy(imp_network *network); ///< nullable
const imp_network_def *imp_network_info(const imp_network *network);
/// Values that are trained (moving statistics are not).
int64_t imp_network_parameter_count(const imp_network *network);

/// A string of the model file that the network was loaded from, or NULL. Borrowed.
const char *imp_network_metadata(const imp_network *network, const char *key);

/// The time step [s] at which the network must decide, because it goes by what was before, actions
/// or pictures, and was trained at that; 0 if it may decide at any.
double imp_network_time_step(const imp_network *network);

/// Writes weights and description as safetensors, atomically (temporary name, sync, rename).
/// metadata: nullable JSON object text of strings to keep beside them; IMP_USAGE if it is anything
/// else or uses a key of the description (format, architecture, width, height, ...).
imp_status imp_network_save(const imp_network *network, const char *path, const char *metadata,
                            imp_error *err);
/// Reads what imp_network_save() wrote: a file, or the folder of a training, whose best model it
/// is. IMP_BAD_INPUT, naming the file, if it is truncated, hostile or foreign.
imp_status imp_network_load(imp_network **out, const char *path, imp_error *err);

/// Takes up the weights of a safetensors file that somebody else wrote, PyTorch for example, or of
/// a model as above: F32 arrays of just the names and shapes of the network's tensors.
/// IMP_BAD_INPUT names what differs; then nothing is changed.
imp_status imp_network_import_weights(imp_network *network, const char *path, imp_error *err);

/// A JSON object of what the file that the network was loaded from says in its metadata, as text;
/// the caller frees it. NULL if it was not loaded, or without memory.
char *imp_network_metadata_json(const imp_network *network);

/// Kinds of layer: X(name, word in descriptions). Convolutions, pools and batch norms take
/// (channels x height x width); a dense layer takes a vector, what flatten or dense gives; the
/// others take both.
#define IMP_LAYER_KIND_MAP(X)                                                                      \
    X(IMP_LAYER_INPUT, "input")               /* the standardised pictures, always node 0 */       \
    X(IMP_LAYER_ACTIONS, "actions")           /* the last executed ones; node 1 if there is */     \
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
    X(IMP_LAYER_DENSE, "dense")               /* with bias */

typedef enum imp_layer_kind {
#define IMP_LAYER_KIND_ENUM(name, word) name,
    IMP_LAYER_KIND_MAP(IMP_LAYER_KIND_ENUM)
#undef IMP_LAYER_KIND_ENUM
} imp_layer_kind;

enum { IMP_LAYER_KIND_COUNT = IMP_LAYER_DENSE + 1 };

/// The word for it in descriptions.
const char *imp_layer_kind_name(imp_layer_kind kind);

enum { IMP_LAYER_NAME_MAX = 40, IMP_LAYER_INPUTS_MAX = 4 };

/// What a network decides by; its description says (docs/networks.md).
typedef struct imp_input_spec {
    int frames;       ///< pictures: the present one and earlier ones, 1..IMP_FRAMES_MAX
    int frame_stride; ///< steps from one of them to the next, 1..IMP_FRAME_STRIDE_MAX
    int actions;      ///< that were executed last, 0..IMP_ACTIONS_MAX
    int skip_top; ///< of each picture's rows, so many in a hundred from the top are not looked at
} imp_input_spec;

enum { IMP_FRAMES_MAX = 8, IMP_FRAME_STRIDE_MAX = 64, IMP_ACTIONS_MAX = 64, IMP_SKIP_TOP_MAX = 90 };

/// Borrowed from the network.
const imp_input_spec *imp_network_inputs(const imp_network *network);

/// What a driving network's two outputs are; its description says: X(name, word).
#define IMP_OUTPUT_KIND_MAP(X)                                                                     \
    X(IMP_OUTPUT_DUTY_CYCLES, "duty-cycles") /* of the left and the right wheel */                 \
    X(IMP_OUTPUT_VELOCITIES, "velocities")   /* forward speed [m/s], turn rate [rad/s] to the left \
                                              */

typedef enum imp_output_kind {
#define IMP_OUTPUT_KIND_ENUM(name, word) name,
    IMP_OUTPUT_KIND_MAP(IMP_OUTPUT_KIND_ENUM)
#undef IMP_OUTPUT_KIND_ENUM
} imp_output_kind;

/// The word for it; NULL past the last.
const char *imp_output_kind_name(int output_kind);
imp_output_kind imp_network_output_kind(const imp_network *network);

/// The end of an episode as far as a network wants to know it: what everything that lets one drive
/// tells it. Allocates nothing once it is there.
typedef struct imp_obs_history imp_obs_history;
imp_status imp_obs_history_create(imp_obs_history **out, const imp_network *network,
                                  imp_error *err);
void imp_obs_history_destroy(imp_obs_history *history); ///< nullable
/// An episode begins: there is nothing to remember.
void imp_obs_history_reset(imp_obs_history *history);
/// What is seen now, in the episode's next step: height x width x 3 bytes, copied. Before the first
/// picture of an episode it has always looked like that.
void imp_obs_history_push_frame(imp_obs_history *history, const uint8_t *image);
/// What was then executed, by whomever: duty cycles. Before an episode it was nothing.
void imp_obs_history_push_action(imp_obs_history *history, float left, float right);
/// As imp_inference_run() and imp_batch want it, for one sample. Borrowed until more is told.
const imp_input_spec *imp_obs_history_input_spec(const imp_obs_history *history);
const uint8_t *const *imp_obs_history_frames(const imp_obs_history *history);
const float *imp_obs_history_actions(const imp_obs_history *history);

/// A layer with its shape: a node of the network's graph.
typedef struct imp_graph_node {
    char name[IMP_LAYER_NAME_MAX];
    imp_layer_kind kind;
    int inputs[IMP_LAYER_INPUTS_MAX]; ///< indices of earlier nodes, -1 after the last
    int channels, height, width;      ///< of what it gives; height and width 1 if flat
    bool flat;                        ///< a vector of channels
    int kernel, stride;               ///< of convolutions and pools, both sides alike
    int before[2], after[2];          ///< padding [px]: rows, columns
    double parameter;                 ///< batch norm: epsilon; ELU: alpha; dropout: rate
    bool batch_statistics;            ///< batch norm: normalises by the batch in training
    int users;                        ///< how many inputs of other nodes it is
    int tensors;                      ///< index of its first tensor, -1 for none
    int64_t flops; ///< of one picture forward; a multiplication and addition are 2
} imp_graph_node;

/// What a tensor of a network is for.
typedef enum imp_tensor_role {
    IMP_TENSOR_WEIGHT, ///< convolution (out x in x kernel x kernel) or dense (out x in)
    IMP_TENSOR_BIAS,   ///< of a convolution, dense or batch norm
    IMP_TENSOR_GAIN,   ///< of a batch norm
    IMP_TENSOR_MEAN,   ///< of a batch norm: moving statistics, not trained
    IMP_TENSOR_VARIANCE,
} imp_tensor_role;

/// A named tensor: a piece of the network's one array of values, row-major.
typedef struct imp_tensor {
    char name[IMP_LAYER_NAME_MAX +
              16]; ///< "<layer>.weight", ".bias", ".running_mean", ".running_var"
    imp_tensor_role role;
    int node; ///< whose it is
    int rank;
    int64_t dims[4];
    int64_t offset, count; ///< in values
} imp_tensor;

/// Nodes in the order that they are computed in: 0 is the input, the last gives the outputs.
/// NULL past the last; borrowed from the network.
const imp_graph_node *imp_network_node(const imp_network *network, int index);
/// Tensors in the order of their nodes; NULL past the last.
const imp_tensor *imp_network_tensor(const imp_network *network, int index);
/// The values of a tensor.
const float *imp_network_values(const imp_network *network, const imp_tensor *tensor);

/// Writes a network as an ONNX model (opset 13) for other inference engines, atomically; batches of
/// any size, the layers' and tensors' names and the file's metadata are kept. raw_pixels: it takes
/// "picture", (batch x height x width x 3) RGB bytes, or "pictures", (batch x frames x height x
/// width x 3), the present one first, and standardises them itself. Otherwise it takes "input",
/// (batch x 3 frames x height x width) floats that are standardised already. A network that goes by
/// actions takes "actions" as well, (batch x 2 actions), the last one first. It gives (batch x
/// outputs) floats, named after the last layer.
imp_status imp_network_export_onnx(const imp_network *network, const char *path, bool raw_pixels,
                                   imp_error *err);

/// A network made ready to decide, for one thread. Copies the weights.
typedef struct imp_inference imp_inference;
imp_status imp_inference_create(imp_inference **out, const imp_network *network, int batch,
                                imp_error *err);
/// The same for batches of 1 to max_batch samples. Each sample gets the same bits in any batch,
/// those of an inference with batch 1. Larger batches of imp_inference_create() may differ from
/// these: oneDNN orders their sums.
imp_status imp_inference_create_batch_invariant(imp_inference **out, const imp_network *network,
                                                int max_batch, imp_error *err);
void imp_inference_destroy(imp_inference *inference); ///< nullable
/// frames: (batch x inputs.frames) pointers to pictures, each (height x width x 3) RGB bytes, of
/// each sample the present one first. actions: (batch x inputs.actions x 2) duty cycles, the last
/// one first; NULL: nothing was done. out: (batch x outputs). Standardises each picture as in
/// training. Allocates nothing. NaN if oneDNN fails.
void imp_inference_run(imp_inference *inference, const uint8_t *const *frames, const float *actions,
                       float *out);
/// The same for `count` samples instead of a whole batch. Only for inferences that
/// imp_inference_create_batch_invariant() made.
void imp_inference_run_count(imp_inference *inference, int count, const uint8_t *const *frames,
                             const float *actions, float *out);

/// What a node takes on this machine, in seconds per picture; layouts that it changes included.
/// Activations that are computed along with the layer before them take nothing.
typedef struct imp_node_timing {
    double inference;         ///< forward, one picture alone
    double forward, backward; ///< in training
    const char *kernel;       ///< oneDNN's name for what computes it in `decide`; "" if we do
} imp_node_timing;

/// Measures a network on the calling thread, by node: the best of `repeats`. times: as many as the
/// network has nodes. batch: pictures that train together.
imp_status imp_network_profile(imp_node_timing *times, const imp_network *network, int batch,
                               int repeats, imp_error *err);

/// How a gradient moves weights: X(name, word). Adam has beta 0.9 and 0.999 and epsilon 1e-8.
#define IMP_OPTIMISER_MAP(X)                                                                       \
    X(IMP_OPTIMISER_ADAM, "adam")   /* weight decay is added to the gradient */                    \
    X(IMP_OPTIMISER_ADAMW, "adamw") /* weight decay shrinks the weights */                         \
    X(IMP_OPTIMISER_SGD, "sgd")     /* with momentum; weight decay is added to the gradient */

typedef enum imp_optimiser {
#define IMP_OPTIMISER_ENUM(name, word) name,
    IMP_OPTIMISER_MAP(IMP_OPTIMISER_ENUM)
#undef IMP_OPTIMISER_ENUM
} imp_optimiser;

/// What training makes small: X(name, word). The first two are of each output's error e, and the
/// mean over outputs and samples counts. Cross-entropy is of cells that each are of some class: of
/// `outputs` values, number c * outputs / classes + k is class c in cell k, a label is its share of
/// the cell (a cell's add up to 1), and the mean over cells and samples counts.
#define IMP_LOSS_MAP(X)                                                                            \
    X(IMP_LOSS_MSE, "mse")     /* e^2 */                                                           \
    X(IMP_LOSS_HUBER, "huber") /* e^2 / 2 where |e| <= delta, else delta * (|e| - delta / 2) */    \
    X(IMP_LOSS_CROSS_ENTROPY, "cross-entropy") /* - sum of label * log(softmax(output)) */

typedef enum imp_loss {
#define IMP_LOSS_ENUM(name, word) name,
    IMP_LOSS_MAP(IMP_LOSS_ENUM)
#undef IMP_LOSS_ENUM
} imp_loss;

/// The word for it; NULL past the last, so that words can be listed.
const char *imp_optimiser_name(int optimiser);
const char *imp_loss_name(int loss);

enum { IMP_CLASSES_MAX = 32 };

/// Settings of training. Obtain with imp_default_trainer_def(), then change fields.
typedef struct imp_trainer_def {
    int batch;   ///< samples per step; 32
    int shards;  ///< fixed parts of a batch, one thread each, 1..batch; 2. Part of the bits
    int threads; ///< at most this many run at once, 0: all; 2. Not part of the bits
    imp_optimiser optimiser; ///< IMP_OPTIMISER_ADAMW
    double learning_rate;    ///< 1e-3
    double weight_decay;     ///< of convolution and dense weights; 0
    double momentum;         ///< of SGD, [0, 1); 0.9
    bool nesterov;           ///< of SGD; false
    double clip_norm;        ///< longer gradients are cut to this length; 0: none are
    /// Decay of an exponential moving average of the weights, [0, 1); 0: none. With one, the
    /// network holds the average, which is what is evaluated and saved. Young averages decay
    /// faster: by (1 + step) / (10 + step) at most.
    double average;
    imp_loss loss;      ///< IMP_LOSS_MSE
    double huber_delta; ///< 0.1
    int classes;        ///< of IMP_LOSS_CROSS_ENTROPY, 2..IMP_CLASSES_MAX; 0
    /// Of other losses: labels that are cut off at +-limit. One there stands for everything beyond,
    /// so that an output beyond it, on its side, costs nothing (a censored regression: Tobin,
    /// Econometrica 26, 1958); 0: none are
    double limit;
    uint64_t seed; ///< of dropouts; 0
    int cookie;
} imp_trainer_def;

imp_trainer_def imp_default_trainer_def(void);

/// A network in training: gradients and the optimiser's state. Updates the network it was made for,
/// which must outlive it and whose weights nobody else may change meanwhile.
typedef struct imp_trainer imp_trainer;
imp_status imp_trainer_create(imp_trainer **out, imp_network *network, const imp_trainer_def *def,
                              imp_error *err);
void imp_trainer_destroy(imp_trainer *trainer); ///< nullable

/// Samples to learn from together.
typedef struct imp_batch {
    int count;                    ///< 1..imp_trainer_def.batch
    const uint8_t *const *frames; ///< as in imp_inference_run()
    const float *actions;         ///< the same
    const float *labels;          ///< (count x outputs)
    const float *weights; ///< (count) that multiply the losses, finite and not negative; NULL: 1
} imp_batch;

/// One step on the mean loss over a batch. *loss: of this batch, before the update. The bits of the
/// result depend on shards, not on threads. IMP_CHECK_FAILED if the loss is not finite or the
/// gradient explodes; then weights, optimiser and *loss are unchanged. Allocates only when a count
/// is seen for the first time.
imp_status imp_trainer_step(imp_trainer *trainer, const imp_batch *batch, double *loss,
                            imp_error *err);

/// Length of the latest step's gradient, before it was cut.
double imp_trainer_gradient_norm(const imp_trainer *trainer);

/// The mean loss in inference mode, no update; weights are not looked at. Allocates nothing.
double imp_trainer_evaluate_loss(imp_trainer *trainer, const imp_batch *batch);

/// Multiplies the learning rate of the steps that follow: a schedule calls it before each. 1 at
/// first; not part of what imp_trainer_save() keeps.
void imp_trainer_set_lr_factor(imp_trainer *trainer, double factor);

/// Makes the trained weights visible in the network: to be called before it is saved or an
/// inference is made of it.
void imp_trainer_sync_network(imp_trainer *trainer);

/// Everything that training needs to continue to the same bytes, in one file, atomically: weights,
/// their average, moments, step, settings. progress: nullable, caller's text kept with it.
imp_status imp_trainer_save(const imp_trainer *trainer, const char *path, const char *progress,
                            imp_error *err);
/// Takes up what imp_trainer_save() wrote, weights of the network included; progress (nullable,
/// capacity bytes) receives the caller's text. IMP_BAD_INPUT, naming the file, if it is unsound or
/// of another network or other settings, threads apart; then nothing is changed.
imp_status imp_trainer_load(imp_trainer *trainer, const char *path, char *progress, size_t capacity,
                            imp_error *err);

IMP_API_END

#endif
