// imprint model: lists built-in networks, shows the layers of an architecture or of a trained
// model, and imports weights of PyTorch. nn/network and nn/model_files do the work. `show`
// prints each layer with its inputs, output shape, parameters and floating point operations per
// image. --time adds the measured times of inference and training
// chosen.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "cli/output/settings_print.h"
#include "imprint/nn.h"

// How often --time runs each layer.
enum { REPEATS = 200 };

// Options of all subcommands.
typedef struct settings {
    bool time, batch_norm;
    int batch;
    int size[2];         // of an image [px]
    const char *network; // import: network that the weights belong to
    const char *out;
} settings;

// Whether a name is a built-in segmentation network.
static bool is_segmenter(const char *name)
{
    for (int k = 0; imp_segmenter_builtin_name(k) != NULL; k++)
        if (strcmp(name, imp_segmenter_builtin_name(k)) == 0)
            return true;
    return false;
}

// Whether a name is an architecture: a YAML file or a built-in network. Otherwise it is a model.
static bool is_architecture(const char *name)
{
    if (imp_path_is_yaml(name))
        return true;
    for (int k = 0; imp_network_builtin_name(k) != NULL; k++)
        if (strcmp(name, imp_network_builtin_name(k)) == 0)
            return true;
    return is_segmenter(name);
}

// Creates an untrained network of an architecture. Segmentation networks determine their outputs
// themselves.
static imp_status create_network(imp_network **out, const settings *s, const char *name,
                                 imp_error *err)
{
    imp_network_def def = imp_default_network_def();
    if (strlen(name) >= sizeof def.architecture)
        return imp_fail(err, IMP_USAGE, "%.60s...: too long a path", name);
    strcpy(def.architecture, name);
    def.width = s->size[0];
    def.height = s->size[1];
    def.batch_norm = s->batch_norm;
    def.outputs = is_segmenter(name) ? 0 : def.outputs;
    return imp_network_create(out, &def, 0, err);
}

// The number of trainable values of a node. Statistics of batch normalisation do not count.
static int64_t count_node_parameters(const imp_network *network, int node)
{
    int64_t count = 0;
    const imp_tensor *tensor;
    for (int k = 0; (tensor = imp_network_tensor(network, k)) != NULL; k++)
        if (tensor->node == node && tensor->role <= IMP_TENSOR_GAIN)
            count += tensor->count;
    return count;
}

// "64", or "8x30x40" for feature maps.
static void format_node_shape(const imp_graph_node *node, char out[32])
{
    if (node->flat)
        snprintf(out, 32, "%d", node->channels);
    else
        snprintf(out, 32, "%dx%dx%d", node->channels, node->height, node->width);
}

// The names of the inputs, joined by "+".
static void format_node_inputs(const imp_network *network, const imp_graph_node *node, char *out,
                               size_t capacity)
{
    out[0] = '\0';
    for (int k = 0; k < IMP_LAYER_INPUTS_MAX && node->inputs[k] >= 0; k++) {
        const size_t used = strlen(out);
        snprintf(out + used, capacity - used, "%s%s", k > 0 ? "+" : "",
                 imp_network_node(network, node->inputs[k])->name);
    }
}

// What --time measures.
typedef struct measurement {
    imp_node_timing *nodes; // NULL: not measured
    double peak;            // floating-point operations per second
} measurement;

// Sums of times over all layers; `times` may be NULL.
static imp_node_timing sum_node_times(const imp_network *network, const imp_node_timing *times)
{
    imp_node_timing sum = {0};
    for (int k = 0; times != NULL && imp_network_node(network, k) != NULL; k++) {
        sum.inference += times[k].inference;
        sum.forward += times[k].forward;
        sum.backward += times[k].backward;
    }
    return sum;
}

// Floating point operations of one inference.
static int64_t total_flops(const imp_network *network)
{
    int64_t sum = 0;
    for (int k = 0; imp_network_node(network, k) != NULL; k++)
        sum += imp_network_node(network, k)->flops;
    return sum;
}

// Operations of a layer in training: forward, the gradient by the weights, and, unless its input is
// the network's, the gradient by the input.
static int64_t training_flops(const imp_network *network, const imp_graph_node *node)
{
    const imp_graph_node *in =
        node->inputs[0] < 0 ? NULL : imp_network_node(network, node->inputs[0]);
    return (in != NULL && in->kind == IMP_LAYER_INPUT ? 2 : 3) * node->flops;
}

static int64_t total_training_flops(const imp_network *network)
{
    int64_t sum = 0;
    for (int k = 0; imp_network_node(network, k) != NULL; k++)
        sum += training_flops(network, imp_network_node(network, k));
    return sum;
}

// Times in microseconds per image.
static void print_node_times(const imp_node_timing *time)
{
    printf(" %8.1f %8.1f %8.1f", 1e6 * time->inference, 1e6 * time->forward, 1e6 * time->backward);
}

// Shares of the processor's peak in percent: of one inference, and of training.
static void print_percent_of_peak_flops(const imp_node_timing *time, int64_t flops,
                                        int64_t training, double peak)
{
    printf(" %8.0f %8.0f", 100.0 * (double)flops / (time->inference * peak),
           100.0 * (double)training / ((time->forward + time->backward) * peak));
}

static bool is_convolution_or_dense(const imp_graph_node *node)
{
    return node->kind == IMP_LAYER_CONVOLUTION || node->kind == IMP_LAYER_DENSE;
}

// What the numbers of the inputs beside images and actions are, and how networks get them.
static void print_condition_inputs(const imp_network *network)
{
    const imp_condition_info *info;
    for (int k = 0; (info = imp_condition_get_info(k)) != NULL; k++)
        if (imp_network_inputs(network)->takes[info->input])
            printf("%s: (%s%s%s - %.4g) / %.4g\n", imp_input_name((int)info->input), info->name,
                   info->unit[0] != '\0' ? " in " : "", info->unit, info->usual, info->scale);
}

// One row per layer and a sum.
static void print_network_table(const settings *s, const imp_network *network,
                                const measurement *measured)
{
    const imp_node_timing *times = measured->nodes;
    // header, with columns for times if they were measured
    const imp_network_def *def = imp_network_info(network);
    printf("%s for %d x %d images, %s, batch norms %s\n", def->architecture, def->width,
           def->height, IMP_PLURAL(def->outputs, "output"),
           def->batch_norm ? "of batches" : "frozen");
    print_condition_inputs(network);
    printf("\n");
    printf("%-16s %-13s %-24s %12s %11s %9s", "layer", "kind", "of", "gives", "parameters",
           "kFLOP");
    if (times != NULL)
        printf(" %8s %8s %8s %8s %8s", "decide", "forward", "backward", "decide %", "train %");
    printf("\n");
    // layers in the order of computation
    for (int k = 0; imp_network_node(network, k) != NULL; k++) {
        const imp_graph_node *node = imp_network_node(network, k);
        char shape[32], inputs[IMP_LAYER_INPUTS_MAX * IMP_LAYER_NAME_MAX];
        format_node_shape(node, shape);
        format_node_inputs(network, node, inputs, sizeof inputs);
        printf("%-16s %-13s %-24s %12s %11lld %9.1f", node->name, imp_layer_kind_name(node->kind),
               inputs, shape, (long long)count_node_parameters(network, k),
               (double)node->flops * 1e-3);
        if (times != NULL)
            print_node_times(&times[k]);
        if (times != NULL && is_convolution_or_dense(node))
            print_percent_of_peak_flops(&times[k], node->flops, training_flops(network, node),
                                        measured->peak);
        printf("\n");
    }
    // sums
    const imp_node_timing sum = sum_node_times(network, times);
    printf("%-68s %11lld %9.1f", "total", (long long)imp_network_parameter_count(network),
           (double)total_flops(network) * 1e-3);
    if (times == NULL) {
        printf("\n");
        return;
    }
    print_node_times(&sum);
    print_percent_of_peak_flops(&sum, total_flops(network), total_training_flops(network),
                                measured->peak);
    printf("\n\nTimes are microseconds per image on one core: one inference, and training in "
           "batches of %d.\nA layer at 0.0 is computed together with a neighbour. The last columns "
           "are shares of what the core\ncan do at most: %.1f GFLOP/s in multiply-adds with %s. "
           "In training, a layer's work counts three times:\nforward, and the gradients by the "
           "weights and by the input (a first layer has no gradient by its input).\nA share can "
           "exceed 100%%, because some loops skip work that does not change the result.\n",
           s->batch, 1e-9 * measured->peak, imp_instruction_set());
}

// Prints what a model file says about its training.
static void print_metadata(json_t *metadata)
{
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value)
    {
        const char *text = json_string_value(value);
        // many lines: a description, which the table has shown
        if (text == NULL || strchr(text, '\n') != NULL)
            continue;
        printf("%-20s ", key);
        if (text[0] == '{')
            imp_settings_print(stdout, text);
        else
            fputs(text, stdout);
        printf("\n");
    }
}

// A layer as JSON.
static json_t *node_json(const imp_network *network, int index, const imp_node_timing *times)
{
    const imp_graph_node *node = imp_network_node(network, index);
    json_t *inputs = json_array();
    for (int k = 0; k < IMP_LAYER_INPUTS_MAX && node->inputs[k] >= 0; k++)
        imp_json_append(inputs, json_string(imp_network_node(network, node->inputs[k])->name));
    json_t *all = json_pack("{s:s, s:s, s:o, s:[i, i, i], s:b, s:I, s:I}", "name", node->name,
                            "kind", imp_layer_kind_name(node->kind), "input", inputs, "shape",
                            node->channels, node->height, node->width, "flat", node->flat,
                            "parameters", (json_int_t)count_node_parameters(network, index),
                            "flops", (json_int_t)node->flops);
    if (times != NULL)
        imp_json_update(all, json_pack("{s:f, s:f, s:f}", "decide_us", 1e6 * times[index].inference,
                                       "forward_us", 1e6 * times[index].forward, "backward_us",
                                       1e6 * times[index].backward));
    return all;
}

// A network with its layers and metadata as JSON.
static json_t *network_json(const settings *s, const imp_network *network,
                            const measurement *measured, json_t *metadata)
{
    const imp_node_timing *times = measured->nodes;
    const imp_network_def *def = imp_network_info(network);
    json_t *layers = json_array();
    for (int k = 0; imp_network_node(network, k) != NULL; k++)
        imp_json_append(layers, node_json(network, k, times));
    json_t *all = json_pack(
        "{s:s, s:i, s:i, s:i, s:b, s:I, s:I, s:o, s:O}", "architecture", def->architecture, "width",
        def->width, "height", def->height, "outputs", def->outputs, "batch_norm", def->batch_norm,
        "parameters", (json_int_t)imp_network_parameter_count(network), "flops",
        (json_int_t)total_flops(network), "layers", layers, "metadata", metadata);
    const imp_node_timing sum = sum_node_times(network, times);
    if (times != NULL)
        imp_json_update(all, json_pack("{s:i, s:f, s:f, s:f, s:I, s:f}", "batch", s->batch,
                                       "decide_us", 1e6 * sum.inference, "forward_us",
                                       1e6 * sum.forward, "backward_us", 1e6 * sum.backward,
                                       "training_flops", (json_int_t)total_training_flops(network),
                                       "peak_flops", measured->peak));
    return all;
}

// Measures every layer if --time is given. The caller frees out->nodes.
static imp_status measure_node_times(const settings *s, const imp_network *network,
                                     measurement *out, imp_error *err)
{
    size_t count = 0;
    if (!s->time)
        return IMP_OK;
    while (imp_network_node(network, (int)count) != NULL)
        count++;
    out->nodes = calloc(count + 1, sizeof *out->nodes);
    if (out->nodes == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory");
    out->peak = imp_measure_peak_flops();
    return imp_network_profile(out->nodes, network, s->batch, REPEATS, err);
}

// `show`: an architecture or a model.
static imp_status show_network(const settings *s, const imp_options *options, imp_error *err)
{
    const char *name = options->operands[1];
    imp_network *network = NULL;
    measurement measured = {0};
    // a name that is neither gets the message that lists the built-in networks
    const bool described =
        is_architecture(name) || !(imp_path_exists(name) || imp_model_is_shipped(name));
    imp_status status =
        described ? create_network(&network, s, name, err) : imp_network_load(&network, name, err);
    if (status != IMP_OK)
        return status;
    char *text = imp_network_metadata_json(network);
    json_t *metadata = text == NULL ? json_object() : json_loads(text, 0, NULL);
    status = measure_node_times(s, network, &measured, err);
    // print as JSON or as a table
    if (status == IMP_OK && options->json) {
        status = imp_console_print_json(network_json(s, network, &measured, metadata), err);
    } else if (status == IMP_OK) {
        print_network_table(s, network, &measured);
        if (text != NULL)
            printf("\n");
        print_metadata(metadata);
    }
    json_decref(metadata);
    free(text);
    free(measured.nodes);
    imp_network_destroy(network);
    return status;
}

// `import`: reads tensors by their names and writes a model that every command accepts.
static imp_status import_weights(const settings *s, const imp_options *options, imp_error *err)
{
    imp_network *network = NULL;
    static const char *const extensions[] = {".safetensors", NULL};
    // the model has no default place, because it is not a run
    if (s->out == NULL)
        return imp_fail(err, IMP_USAGE, "import needs --out FILE.safetensors for the model");
    imp_status status = imp_output_check_file(s->out, extensions, err);
    if (status == IMP_OK)
        status = create_network(&network, s, s->network, err);
    if (status != IMP_OK)
        return status;
    status = imp_network_import_weights(network, options->operands[1], err);
    if (status == IMP_OK)
        status = imp_network_save(network, s->out, NULL, err);
    // summary
    if (status == IMP_OK && options->json)
        status =
            imp_console_print_json(json_pack("{s:s, s:s, s:I}", "out", s->out, "architecture",
                                             imp_network_info(network)->architecture, "parameters",
                                             (json_int_t)imp_network_parameter_count(network)),
                                   err);
    else if (status == IMP_OK)
        printf("%s: a %s of %s\n", s->out, imp_network_info(network)->architecture,
               IMP_PLURAL(imp_network_parameter_count(network), "parameter"));
    imp_network_destroy(network);
    return status;
}

// The models that come with the program, which drive without a training.
static json_t *list_shipped_models(bool print)
{
    json_t *models = json_array();
    for (int k = 0; imp_shipped_model_name(k) != NULL; k++) {
        const char *name = imp_shipped_model_name(k), *summary = imp_shipped_model_summary(k);
        if (print)
            printf("%s%-20s %s\n", k == 0 ? "\ntrained models:\n" : "", name, summary);
        imp_json_append(models, json_pack("{s:s, s:s}", "name", name, "summary", summary));
    }
    return models;
}

// `list`: driving networks first, then segmentation networks. Each is created to count its
// parameters.
static imp_status list_networks(const settings *s, const imp_options *options, imp_error *err)
{
    json_t *all = json_array();
    imp_status status = IMP_OK;
    for (int k = 0, drivers = 0; status == IMP_OK; k++) {
        imp_network *network = NULL;
        const char *name = imp_network_builtin_name(k);
        drivers += name != NULL;
        // the index of the segmentation networks starts behind the driving networks
        name = name != NULL ? name : imp_segmenter_builtin_name(k - drivers);
        // after the driving networks, the segmentation networks
        if (name == NULL)
            break;
        status = create_network(&network, s, name, err);
        if (status != IMP_OK)
            break;
        // one line per network
        const int64_t parameters = imp_network_parameter_count(network);
        const double work = (double)total_flops(network);
        if (!options->json)
            printf("%-20s %8lld parameters %8.2f MFLOP per image\n", name, (long long)parameters,
                   work * 1e-6);
        imp_json_append(all, json_pack("{s:s, s:I, s:f}", "name", name, "parameters",
                                       (json_int_t)parameters, "flops", work));
        imp_network_destroy(network);
    }
    json_t *models = list_shipped_models(!options->json);
    if (status == IMP_OK && options->json)
        return imp_console_print_json(json_pack("{s:o, s:o}", "networks", all, "models", models),
                                      err);
    json_decref(models);
    json_decref(all);
    return status;
}

// Chooses the subcommand.
static imp_status run_model_command(void *state, const imp_options *options, imp_error *err)
{
    const settings *s = state;
    enum { LIST, SHOW, IMPORT };
    static const imp_subcommand subcommands[] = {[LIST] = {"list", 0, 0, ""},
                                                 [SHOW] = {"show", 1, 1, "NAME|FILE|DIR"},
                                                 [IMPORT] = {"import", 1, 1, "FILE --out FILE"},
                                                 {0}};
    int action;
    const imp_status status = imp_options_find_subcommand(&action, options, subcommands, err);
    if (status != IMP_OK)
        return status;
    if (s->batch < 1 || s->batch > 4096)
        return imp_fail(err, IMP_USAGE, "--batch %d is not within 1 to 4096", s->batch);
    return action == LIST   ? list_networks(s, options, err)
           : action == SHOW ? show_network(s, options, err)
                            : import_weights(s, options, err);
}

// Each help text names the subcommand that the option is for, if it is only one.
static void set_up_model_command(void *state, imp_options *options)
{
    settings *s = state;
    *s = (settings){.batch = 32, .size = {80, 60}, .network = "one-residual"};
    const imp_option table[] = {
        {"time", 't', IMP_OPTION_FLAG, &s->time, NULL, "show: measure the time of every layer",
         IMP_TRANSIENT},
        {"batch", 'b', IMP_OPTION_INT, &s->batch, "N", "show: batch size for --time",
         IMP_TRANSIENT},
        {"size", 0, IMP_OPTION_PAIR, s->size, "WxH",
         "size of images, unless a model file determines it [80x60]", IMP_TRANSIENT},
        {"batch-norm", 0, IMP_OPTION_FLAG, &s->batch_norm, NULL,
         "batch norms use the statistics of batches", IMP_TRANSIENT},
        {"network", 0, IMP_OPTION_TEXT, &s->network, "NAME",
         "import: network that the weights belong to", IMP_TRANSIENT},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "FILE", "import: model file to write",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

const imp_command imp_command_model = {
    .name = "model",
    .summary = "show networks and model files, import weights",
    .operands = "list | show NAME|FILE|DIR | import FILE",
    .details = "`show` prints the layers of a built-in network, of an architecture file (YAML, "
               "docs/networks.md) or of a model (a file, or the folder of its training): shapes, "
               "parameters and operations per image. `import` converts a safetensors file of "
               "PyTorch to a model, if its tensors have the network's names.",
    .examples = "  imprint model list\n"
                "  imprint model show small --time",
    .state_size = sizeof(settings),
    .set_up = set_up_model_command,
    .run = run_model_command,
};
