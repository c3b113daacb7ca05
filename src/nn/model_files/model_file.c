// Reads and writes model files: weights and architecture of a network as safetensors, with metadata
// that describe its inputs and outputs. docs/formats.md has the layout.
// Everything in a file is checked before memory is spent on it or a network is changed.
#include "nn/model_files/model_file.h"

#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/plural.h"
#include "nn/model_files/shipped_models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FORMAT[] = "imprint-model-1";

// Arrays refer to the values; nothing is copied.
int imp_network_list_arrays(const imp_network *network, imp_named_array *out, const char *prefix,
                            const float *values, int64_t count)
{
    int written = 0;
    for (int i = 0; i < network->graph.tensor_count; i++) {
        const imp_tensor *tensor = &network->graph.tensors[i];
        // training state stores moments for trained tensors only
        if (tensor->offset >= count)
            continue;
        // name, shape and values of the tensor
        imp_named_array *array = &out[written++];
        *array = (imp_named_array){.rank = tensor->rank, .values = values + tensor->offset};
        memcpy(array->dims, tensor->dims, sizeof array->dims);
        snprintf(array->name, sizeof array->name, "%s%s", prefix, tensor->name);
    }
    return written;
}

// Each array must have exactly the tensor's name and shape.
imp_status imp_network_read_arrays(const imp_network *network, const imp_safetensors *file,
                                   const char *prefix, float *values, int64_t count, imp_error *err)
{
    for (int i = 0; i < network->graph.tensor_count; i++) {
        const imp_tensor *tensor = &network->graph.tensors[i];
        char name[64];
        // skip tensors that the array does not cover
        if (tensor->offset >= count)
            continue;
        snprintf(name, sizeof name, "%s%s", prefix, tensor->name);
        const imp_status status = imp_safetensors_copy_array(file, name, tensor->rank, tensor->dims,
                                                             values + tensor->offset, err);
        if (status != IMP_OK)
            return status;
    }
    return IMP_OK;
}

// For readers of the file; imprint itself uses the architecture.
static const char *action_units(const imp_network *network)
{
    return network->graph.output_kind == IMP_OUTPUT_VELOCITIES
               ? "forward speed [m/s], turn rate [rad/s]"
               : "wheel duty cycles left,right";
}

// For each input of the table of conditions that the network takes: which numbers it has. False
// without memory.
static bool add_condition_metadata(json_t *all, const imp_input_spec *inputs)
{
    const imp_condition_info *info;
    for (int input = 0; input < IMP_INPUT_COUNT; input++) {
        char names[256] = "";
        for (int k = 0; (info = imp_condition_get_info(k)) != NULL && inputs->takes[input]; k++) {
            const size_t used = strlen(names);
            if ((int)info->input == input)
                snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? "," : "",
                         info->name);
        }
        if (inputs->takes[input] &&
            json_object_set_new(all, imp_input_key(input), json_string(names)) != 0)
            return false;
    }
    return true;
}

// All metadata values are strings, as the format requires.
json_t *imp_network_build_metadata(const imp_network *network, const char *format)
{
    const imp_network_def *def = &network->def;
    const imp_input_spec *inputs = &network->graph.inputs;
    char width[16], height[16], outputs[16], frames[16], every[16], actions[16], skipped[16];
    // numbers become strings
    snprintf(width, sizeof width, "%d", def->width);
    snprintf(height, sizeof height, "%d", def->height);
    snprintf(outputs, sizeof outputs, "%d", def->outputs);
    snprintf(frames, sizeof frames, "%d", inputs->frames);
    snprintf(every, sizeof every, "%d", inputs->frame_stride);
    snprintf(actions, sizeof actions, "%d", inputs->actions);
    snprintf(skipped, sizeof skipped, "%d", network->graph.skipped);
    // s* leaves a key out if its value is NULL
    json_t *all = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s*}",
        // identity and input
        "format", format, "architecture", def->architecture, "width", width, "height", height,
        "frames", frames, "frames_every", every, "last_actions", actions, "outputs", outputs,
        "batch_norm", def->batch_norm ? "true" : "false", "batch_norm_epsilon", "0.001",
        "channel_order", "RGB", "normalisation",
        // how images and actions are to be prepared
        "per image: (x - mean) / max(std, 1 / sqrt(n)), x in 0..255", "action",
        action_units(network), "version", imp_version(), "description", network->architecture,
        "skipped_rows", network->graph.skipped > 0 ? skipped : NULL);
    if (all != NULL && !add_condition_metadata(all, inputs)) {
        json_decref(all);
        return NULL;
    }
    return all;
}

// Adds the caller's strings. Keys must not be those of the network.
static imp_status add_user_metadata(json_t *all, const char *metadata, imp_error *err)
{
    if (metadata == NULL)
        return IMP_OK;
    json_error_t where;
    json_t *extra = json_loads(metadata, JSON_REJECT_DUPLICATES, &where);
    // jansson parses; duplicates are errors
    imp_status status = IMP_OK;
    if (!json_is_object(extra))
        status = imp_fail(err, IMP_USAGE, "the metadata of a model must be a JSON object");
    const char *key;
    json_t *value;
    // stop at the first error, but leave the loop normally
    json_object_foreach(extra, key, value)
    {
        if (status == IMP_OK && !json_is_string(value))
            status = imp_fail(err, IMP_USAGE, "model metadata \"%.60s\" must be a string", key);
        else if (status == IMP_OK && json_object_get(all, key) != NULL)
            status = imp_fail(err, IMP_USAGE, "model metadata \"%.60s\" is reserved", key);
        else if (status == IMP_OK && json_object_set(all, key, value) != 0)
            status = imp_fail(err, IMP_NO_MEMORY, "out of memory for model metadata");
    }
    json_decref(extra);
    return status;
}

// Collects metadata and arrays, then writes the file.
imp_status imp_network_save(const imp_network *network, const char *path, const char *metadata,
                            imp_error *err)
{
    imp_named_array *arrays = calloc(IMP_MAX_TENSORS, sizeof *arrays);
    json_t *all = imp_network_build_metadata(network, FORMAT);
    imp_status status = IMP_NO_MEMORY;
    // either allocation may have failed
    if (arrays == NULL || all == NULL)
        imp_fail(err, status, "%s: out of memory", path);
    else
        status = add_user_metadata(all, metadata, err);
    if (arrays != NULL && status == IMP_OK) {
        const int count =
            imp_network_list_arrays(network, arrays, "", network->values, network->graph.values);
        status = imp_safetensors_write(path, all, arrays, count, err);
    }
    json_decref(all);
    free(arrays);
    return status;
}

// Reads a whole number in [1, limit], written in digits only.
static imp_status read_metadata_number(const imp_safetensors *file, const char *key, int limit,
                                       int *out, imp_error *err)
{
    const char *text;
    const imp_status status = imp_safetensors_get_metadata(file, key, &text, err);
    if (status != IMP_OK)
        return status;
    const size_t digits = strspn(text, "0123456789");
    // at most nine digits fit a long
    const long number =
        digits > 0 && digits < 10 && text[digits] == '\0' ? strtol(text, NULL, 10) : 0;
    if (number < 1 || number > limit)
        return imp_fail(err, IMP_BAD_INPUT, "%s: metadata \"%s\" is \"%.20s\", expected is 1..%d",
                        file->path, key, text, limit);
    *out = (int)number;
    return IMP_OK;
}

// Reads the keys that define a network and checks their values. A wrong format names the import
// command as a hint.
imp_status imp_network_read_metadata(const imp_safetensors *file, const char *format,
                                     imp_network_def *out, imp_error *err)
{
    const char *found, *architecture, *batch_norm;
    imp_network_def def = imp_default_network_def();
    // the format tells models and training states apart
    imp_status status = imp_safetensors_get_metadata(file, "format", &found, err);
    if (status == IMP_OK && strcmp(found, format) != 0)
        status = imp_add_hint(
            err, strcmp(format, FORMAT) == 0 ? IMP_HINT_IMPORT_WEIGHTS : IMP_HINT_NONE,
            imp_fail(err, IMP_BAD_INPUT, "%s: its format is \"%.40s\", expected is \"%s\"",
                     file->path, found, format));
    if (status == IMP_OK)
        status = imp_safetensors_get_metadata(file, "architecture", &architecture, err);
    if (status == IMP_OK)
        status = imp_safetensors_get_metadata(file, "batch_norm", &batch_norm, err);
    // all keys must be present
    if (status == IMP_OK)
        status = read_metadata_number(file, "width", 8192, &def.width, err);
    if (status == IMP_OK)
        status = read_metadata_number(file, "height", 8192, &def.height, err);
    if (status == IMP_OK)
        status = read_metadata_number(file, "outputs", 1 << 24, &def.outputs, err);
    if (status != IMP_OK)
        return status;
    // the values must be valid
    // the name is only a label, but must fit
    if (strlen(architecture) >= sizeof def.architecture)
        return imp_fail(err, IMP_BAD_INPUT, "%s: unknown architecture \"%.40s\"", file->path,
                        architecture);
    if (strcmp(batch_norm, "true") != 0 && strcmp(batch_norm, "false") != 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: metadata \"batch_norm\" is not true or false",
                        file->path);
    snprintf(def.architecture, sizeof def.architecture, "%s", architecture);
    def.batch_norm = strcmp(batch_norm, "true") == 0;
    *out = def;
    return IMP_OK;
}

// Parses the architecture in the file. Files of older releases name a built-in one instead.
static imp_status find_architecture(imp_architecture **out, const imp_safetensors *file,
                                    const imp_network_def *def, imp_error *err)
{
    const json_t *metadata = json_object_get(file->header, "__metadata__");
    const char *text = json_string_value(json_object_get(metadata, "description"));
    if (text != NULL) {
        // messages about the text name the file
        char source[IMP_PATH_MAX];
        snprintf(source, sizeof source, "%s: description", file->path);
        return imp_architecture_parse(out, source, text, strlen(text), err);
    }
    imp_error why = {0};
    // names that are not built in can only come from a damaged file
    const imp_status status = imp_architecture_load_builtin(out, def->architecture, &why);
    if (status == IMP_USAGE)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s", file->path, why.message);
    return status == IMP_OK ? IMP_OK : imp_fail(err, status, "%s", why.message);
}

// Compares number and size of the arrays with the architecture before memory is allocated for the
// network.
static imp_status check_array_sizes(imp_safetensors *file, const imp_network_def *def,
                                    const imp_layer_table *table, imp_error *err)
{
    // the graph is too large for the stack
    imp_graph *graph = malloc(sizeof *graph);
    if (graph == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", file->path);
    imp_error why = {0};
    imp_status status = imp_graph_build(graph, table, def, &why);
    if (status != IMP_OK)
        status = imp_fail(err, status, "%s: %s", file->path, why.message);
    else
        status = imp_network_match_tensor_names(file, graph, err);
    // number of arrays and of values; single shapes are compared when they are read
    if (status == IMP_OK && (graph->tensor_count != imp_safetensors_array_count(file) ||
                             (size_t)graph->values != imp_safetensors_value_count(file)))
        status = imp_fail(err, IMP_BAD_INPUT,
                          "%s: its arrays are not those of a %s for %dx%d: %d with %s, "
                          "expected are %d with %lld",
                          file->path, def->architecture, def->width, def->height,
                          imp_safetensors_array_count(file),
                          IMP_PLURAL((int64_t)imp_safetensors_value_count(file), "value"),
                          graph->tensor_count, (long long)graph->values);
    free(graph);
    return status;
}

// Creates the network that a file describes, with weights still zero.
static imp_status create_network_from_metadata(imp_network **out, imp_safetensors *file,
                                               imp_error *err)
{
    imp_network_def def = {.cookie = 0};
    imp_architecture *architecture = NULL;
    imp_status status = imp_network_read_metadata(file, FORMAT, &def, err);
    // each step needs the one before
    if (status == IMP_OK)
        status = find_architecture(&architecture, file, &def, err);
    if (architecture == NULL || status != IMP_OK)
        return status;
    // A text without a name key was named after the file; the metadata have the real name.
    snprintf(architecture->name, sizeof architecture->name, "%.63s", def.architecture);
    status = check_array_sizes(file, &def, &architecture->table, err);
    if (status == IMP_OK)
        status = imp_network_from_architecture(out, &def, architecture, err);
    imp_architecture_destroy(architecture);
    return status;
}

// A negative variance would give NaN in every inference.
static imp_status check_variances_not_negative(const imp_network *network, const char *path,
                                               imp_error *err)
{
    for (int i = 0; i < network->graph.tensor_count; i++) {
        const imp_tensor *tensor = &network->graph.tensors[i];
        for (int64_t k = 0; tensor->role == IMP_TENSOR_VARIANCE && k < tensor->count; k++)
            if (network->values[tensor->offset + k] < 0.0F)
                return imp_fail(err, IMP_BAD_INPUT, "%s: array \"%s\" holds a negative variance",
                                path, tensor->name);
    }
    return IMP_OK;
}

// Creates the network, reads the weights, and keeps the metadata.
imp_status imp_network_from_file(imp_network **out, imp_safetensors *file, imp_error *err)
{
    imp_network *network = NULL;
    imp_status status = create_network_from_metadata(&network, file, err);
    if (status != IMP_OK || network == NULL)
        return status;
    // weights, then their plausibility
    status =
        imp_network_read_arrays(network, file, "", network->values, network->graph.values, err);
    if (status == IMP_OK)
        status = check_variances_not_negative(network, file->path, err);
    if (status != IMP_OK) {
        imp_network_destroy(network);
        return status;
    }
    network->metadata = json_incref(json_object_get(file->header, "__metadata__"));
    *out = network;
    return IMP_OK;
}

// Whether a folder contains an entry of that name.
static bool folder_contains(const char *folder, const char *name)
{
    char path[IMP_PATH_MAX];
    return imp_path_join(path, folder, name, NULL) == IMP_OK && imp_path_exists(path);
}

// Explains what to do with model files of other programs.
static imp_status check_is_safetensors_file(const char *path, imp_error *err)
{
    imp_file_type kind;
    const imp_status status = imp_file_type_detect(&kind, path, err);
    const char *wanted = "a model is a .safetensors file, or the folder of a training";
    if (status != IMP_OK)
        return status;
    // other programs' files get advice
    if (kind == IMP_FILE_TYPE_ONNX)
        wanted = "imprint writes such files and does not read them: give the model "
                 "(.safetensors) that it was exported from";
    else if (kind == IMP_FILE_TYPE_PYTORCH || kind == IMP_FILE_TYPE_PICKLE ||
             kind == IMP_FILE_TYPE_ZIP)
        wanted = "save its state_dict() with safetensors.torch.save_file(), and make a model of "
                 "that with imprint model import";
    return imp_file_type_expect(path, IMP_FILE_TYPE_SAFETENSORS, IMP_FILE_TYPE_SAFETENSORS, wanted,
                                err);
}

// Reads a model file, or the model in a training's folder. `found` receives the path of the file,
// which `file` borrows for messages.
static imp_status read_model_file(imp_safetensors *file, char found[IMP_PATH_MAX], const char *path,
                                  imp_error *err)
{
    static const char name[] = "model.safetensors";
    imp_status status = imp_model_resolve_path(found, path, err);
    // a folder stands for the model in it
    const bool in_folder = status == IMP_OK && strcmp(found, path) != 0 && imp_path_exists(path);
    if (in_folder)
        status = imp_file_type_expect_folder(path, "", err);
    // a training writes its model at the end; a dataset is a common mistake
    if (status == IMP_OK && in_folder && !imp_path_exists(found))
        status = imp_fail(err, IMP_BAD_INPUT, "%s: no %s in it: %s", path, name,
                          folder_contains(path, "main_data.hdf5") ? "it is a dataset"
                                                                  : "is training finished?");
    if (status == IMP_OK)
        status = check_is_safetensors_file(found, err);
    return status == IMP_OK ? imp_safetensors_read(file, found, err) : status;
}

imp_status imp_network_load(imp_network **out, const char *path, imp_error *err)
{
    imp_safetensors file;
    char found[IMP_PATH_MAX];
    imp_status status = read_model_file(&file, found, path, err);
    if (status != IMP_OK)
        return status;
    status = imp_network_from_file(out, &file, err);
    imp_safetensors_clear(&file);
    return status;
}

// Whether all arrays of the file belong to the network.
static imp_status check_no_extra_arrays(const imp_network *network, const imp_safetensors *file,
                                        imp_error *err)
{
    const char *key;
    json_t *entry;
    json_object_foreach(file->header, key, entry)
    {
        // metadata is not an array
        bool known = strcmp(key, "__metadata__") == 0;
        for (int i = 0; i < network->graph.tensor_count && !known; i++)
            known = strcmp(network->graph.tensors[i].name, key) == 0;
        if (!known)
            return imp_fail(err, IMP_BAD_INPUT, "%s: has an array \"%.60s\" that the network lacks",
                            file->path, key);
    }
    return IMP_OK;
}

// Explains why arrays do not fit: most often the image size differs.
static imp_status explain_size_mismatch(const imp_network *network, const imp_safetensors *file,
                                        imp_error *err)
{
    const json_t *metadata = json_object_get(file->header, "__metadata__");
    const char *width = json_string_value(json_object_get(metadata, "width")),
               *height = json_string_value(json_object_get(metadata, "height"));
    // no sizes in the file, or the same: the first message stands
    const imp_network_def *def = &network->def;
    if (width == NULL || height == NULL ||
        (strtol(width, NULL, 10) == def->width && strtol(height, NULL, 10) == def->height))
        return IMP_BAD_INPUT;
    return imp_fail(err, IMP_BAD_INPUT, "%s: is for images of %.9s x %.9s, these are %d x %d",
                    file->path, width, height, def->width, def->height);
}

imp_status imp_network_import_weights(imp_network *network, const char *path, imp_error *err)
{
    imp_safetensors file;
    const size_t bytes = (size_t)network->graph.values * sizeof *network->values;
    char found[IMP_PATH_MAX];
    imp_status status = read_model_file(&file, found, path, err);
    if (status != IMP_OK)
        return status;
    // Read into a copy, so that a wrong file changes nothing.
    imp_network copy = *network;
    copy.values = malloc(bytes);
    if (copy.values == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    // each check runs only if all before it succeeded
    if (status == IMP_OK)
        status = imp_network_match_tensor_names(&file, &network->graph, err);
    if (status == IMP_OK)
        status = imp_network_read_arrays(&copy, &file, "", copy.values, copy.graph.values, err);
    if (status == IMP_BAD_INPUT)
        status = explain_size_mismatch(&copy, &file, err);
    if (status == IMP_OK)
        status = check_variances_not_negative(&copy, found, err);
    if (status == IMP_OK)
        status = check_no_extra_arrays(&copy, &file, err);
    if (status == IMP_OK)
        memcpy(network->values, copy.values, bytes);
    free(copy.values);
    imp_safetensors_clear(&file);
    return status;
}
