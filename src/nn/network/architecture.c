// Reads architectures of networks: YAML without anchors and tags, a list of small maps. The YAML is
// parsed to a tree; the keys of a layer are collected as words, and every kind of layer takes those
// that it knows. Keys that are left over are errors.
#include "nn/network/architecture.h"

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/suggestion.h"
#include "base/yaml/yaml_tree.h"
#include "nn/network/builtin_networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 1 << 16, ENTRIES_MAX = 12 };

static const char NAME_CHARACTERS[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

// An entry "key: word" or "key: [word, word]" of a layer.
typedef struct layer_entry {
    char key[IMP_LAYER_NAME_MAX];
    char values[IMP_LAYER_INPUTS_MAX][IMP_LAYER_NAME_MAX];
    int count;
    bool used;
} layer_entry;

// Reads one file. Entries of the current layer are collected here before they are interpreted.
typedef struct architecture_reader {
    imp_architecture *out;
    imp_yaml yaml;

    // State of the layer that is being read.
    int node;
    layer_entry entries[ENTRIES_MAX];
    int entry_count;
} architecture_reader;

// Fails with "source:line: message", with the line of a node.
#define fail_at(r, node, ...) imp_yaml_fail(&(r)->yaml, node, __VA_ARGS__)

// Whether a text can be part of a one-line message.
static bool is_printable(const char *text)
{
    while ((unsigned char)*text >= ' ' && *text != 127)
        text++;
    return *text == '\0';
}

// Copies a scalar of at most capacity - 1 bytes. Aliases are not followed, so they are no scalars.
static imp_status read_scalar(const architecture_reader *r, int node, const char *what, char *out,
                              size_t capacity)
{
    const char *text = imp_yaml_scalar_text(&r->yaml, node);
    if (text == NULL)
        return fail_at(r, node, "%s must be a word or number", what);
    const size_t length = strlen(text);
    if (length == 0 || length >= capacity || !is_printable(text))
        return fail_at(r, node, "%s must have 1 to %zu letters", what, capacity - 1);
    memcpy(out, text, length + 1);
    return IMP_OK;
}

// Reads one key of a layer and its value, a word or a list of words, into the next entry.
static imp_status read_layer_entry(architecture_reader *r, imp_yaml_pair pair)
{
    const imp_yaml *yaml = &r->yaml;
    if (r->entry_count == ENTRIES_MAX)
        return fail_at(r, pair.key, "a layer has at most %d keys", ENTRIES_MAX);
    layer_entry *p = &r->entries[r->entry_count];
    *p = (layer_entry){.count = 0};
    imp_status status = read_scalar(r, pair.key, "a layer's key", p->key, sizeof p->key);
    if (status != IMP_OK)
        return status;
    // keys must be unique within a layer
    for (int i = 0; i < r->entry_count; i++)
        if (strcmp(r->entries[i].key, p->key) == 0)
            return fail_at(r, pair.key, "'%s' occurs twice", p->key);
    r->entry_count++;

    // a word, or a list of them
    const bool is_list = imp_yaml_node_kind(yaml, pair.value) == IMP_YAML_LIST;
    int at = is_list ? imp_yaml_first(yaml, pair.value) : pair.value;
    while (at >= 0) {
        if (p->count == IMP_LAYER_INPUTS_MAX)
            return fail_at(r, at, "%s: a list of at most %d", p->key, IMP_LAYER_INPUTS_MAX);
        status = read_scalar(r, at, p->key, p->values[p->count], sizeof p->values[0]);
        if (status != IMP_OK)
            return status;
        p->count++;
        at = is_list ? imp_yaml_next(yaml, at) : -1;
    }
    return IMP_OK;
}

// Finds an entry by key and marks it as used. Entries left unused are reported by append_layer().
static layer_entry *find_entry_and_mark_used(architecture_reader *r, const char *key)
{
    for (int i = 0; i < r->entry_count; i++)
        if (strcmp(r->entries[i].key, key) == 0) {
            r->entries[i].used = true;
            return &r->entries[i];
        }
    return NULL;
}

// "layer 'x': key must be ..."
static imp_status fail_bad_value(const architecture_reader *r, const imp_layer *layer,
                                 const char *key, const char *wanted)
{
    return fail_at(r, r->node, "layer '%s': %s must be %s", layer->name, key, wanted);
}

// At most eight digits, so that the value fits an int.
static bool parse_whole_number(const char *text, int *out)
{
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 8 || text[digits] != '\0')
        return false;
    *out = (int)strtol(text, NULL, 10);
    return true;
}

// Reads a whole number; *out stays unchanged if the key is missing.
static imp_status read_int(architecture_reader *r, const imp_layer *layer, const char *key,
                           int *out)
{
    const layer_entry *p = find_entry_and_mark_used(r, key);
    if (p == NULL || (p->count == 1 && parse_whole_number(p->values[0], out)))
        return IMP_OK;
    return fail_bad_value(r, layer, key, "a whole number");
}

// Reads a positive number; *out stays unchanged if the key is missing.
static imp_status read_real(architecture_reader *r, const imp_layer *layer, const char *key,
                            double *out)
{
    const layer_entry *p = find_entry_and_mark_used(r, key);
    if (p == NULL)
        return IMP_OK;
    char *end;
    const double value = strtod(p->values[0], &end);
    // For these parameters 0 means "default", so an explicit 0 is an error, except for a dropout
    // rate.
    if (p->count != 1 || *end != '\0' || !(value >= 0.0 && value <= 1e9) ||
        (value == 0.0 && layer->kind != IMP_LAYER_DROPOUT))
        return fail_bad_value(r, layer, key, "a positive number");
    *out = value;
    return IMP_OK;
}

// channels: a number, or the word "outputs" for the network's number of outputs.
static imp_status read_channels(architecture_reader *r, imp_layer *layer)
{
    const layer_entry *p = find_entry_and_mark_used(r, "channels");
    if (p == NULL)
        return fail_at(r, r->node, "layer '%s': needs channels", layer->name);
    if (p->count == 1 && strcmp(p->values[0], "outputs") == 0) {
        layer->channels = IMP_CHANNELS_OUTPUTS;
        return IMP_OK;
    }
    if (p->count != 1 || !parse_whole_number(p->values[0], &layer->channels))
        return fail_bad_value(r, layer, "channels", "a whole number, or outputs");
    return IMP_OK;
}

// padding: same, valid (the default), one number for all sides, or four numbers.
static imp_status read_padding(architecture_reader *r, imp_layer *layer)
{
    const layer_entry *p = find_entry_and_mark_used(r, "padding");
    layer->padding = IMP_PADDING_VALID;
    if (p == NULL || (p->count == 1 && strcmp(p->values[0], "valid") == 0))
        return IMP_OK;
    layer->padding = IMP_PADDING_SAME;
    if (p->count == 1 && strcmp(p->values[0], "same") == 0)
        return IMP_OK;
    // anything else must be numbers
    layer->padding = IMP_PADDING_EXPLICIT;
    bool fine = p->count == 1 || p->count == 4;
    for (int i = 0; i < 4 && fine; i++)
        fine = parse_whole_number(p->values[p->count == 4 ? i : 0], &layer->sides[i]);
    return fine ? IMP_OK
                : fail_bad_value(r, layer, "padding",
                                 "same, valid, a number of pixels, or [top, bottom, left, right]");
}

// Kernel, stride (1 by default) and padding of convolutions and pools.
static imp_status read_kernel_and_stride(architecture_reader *r, imp_layer *layer)
{
    layer->stride = 1;
    imp_status status = read_int(r, layer, "kernel", &layer->kernel);
    if (status == IMP_OK)
        status = read_int(r, layer, "stride", &layer->stride);
    return status == IMP_OK ? read_padding(r, layer) : status;
}

// frozen: true or false (the default).
static imp_status read_frozen_flag(architecture_reader *r, imp_layer *layer)
{
    const layer_entry *p = find_entry_and_mark_used(r, "frozen");
    if (p == NULL)
        return IMP_OK;
    layer->frozen = strcmp(p->values[0], "true") == 0;
    if (p->count != 1 || (!layer->frozen && strcmp(p->values[0], "false") != 0))
        return fail_bad_value(r, layer, "frozen", "true or false");
    return IMP_OK;
}

// A layer's name is required; "input" is reserved for the images.
static imp_status read_name(architecture_reader *r, imp_layer *layer)
{
    const layer_entry *p = find_entry_and_mark_used(r, "name");
    if (p == NULL)
        return fail_at(r, r->node, "a layer needs a name");
    if (p->count != 1 || strspn(p->values[0], NAME_CHARACTERS) != strlen(p->values[0]) ||
        strcmp(p->values[0], "input") == 0)
        return fail_at(r, r->node,
                       "'%s' is not a valid layer name: use letters, digits, '_', '-' and '.'; "
                       "input is the image",
                       p->values[0]);
    memcpy(layer->name, p->values[0], sizeof layer->name);
    return IMP_OK;
}

// Looks up the kind by name. Images, actions and conditions are not layers that a file can contain.
static imp_status read_layer_kind(architecture_reader *r, imp_layer *layer)
{
    const layer_entry *p = find_entry_and_mark_used(r, "kind");
    if (p == NULL)
        return fail_at(r, r->node, "layer '%s': needs a kind", layer->name);
    for (int k = IMP_LAYER_ACTIONS + 1; k <= IMP_LAYER_DENSE && p->count == 1; k++)
        if (strcmp(p->values[0], imp_layer_kind_name((imp_layer_kind)k)) == 0) {
            layer->kind = (imp_layer_kind)k;
            return IMP_OK;
        }
    // no such kind: find the closest names
    char hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(p->values[0], strlen(p->values[0]));
    for (int k = IMP_LAYER_ACTIONS + 1; k <= IMP_LAYER_DENSE; k++)
        imp_suggestion_add_candidate(&suggestion, imp_layer_kind_name((imp_layer_kind)k));
    return fail_at(r, r->node,
                   "layer '%s': unknown kind '%s': known are convolution, max-pool, average-pool, "
                   "batch-norm, relu, elu, dropout, add, concat, flatten and dense%s",
                   layer->name, p->values[0], imp_suggestion_format(&suggestion, hint));
}

// Without an input key, a layer takes the output of the layer above it.
static void read_inputs(architecture_reader *r, imp_layer *layer)
{
    const imp_architecture *d = r->out;
    const layer_entry *p = find_entry_and_mark_used(r, "input");
    if (p != NULL)
        memcpy(layer->inputs, p->values, sizeof layer->inputs);
    else
        memcpy(layer->inputs[0], d->table.count == 0 ? "input" : d->layers[d->table.count - 1].name,
               d->table.count == 0 ? sizeof "input" : sizeof layer->inputs[0]);
}

// Reads the settings that the kind has besides name and input.
static imp_status read_kind_settings(architecture_reader *r, imp_layer *layer)
{
    imp_status status;
    switch (layer->kind) {
    case IMP_LAYER_CONVOLUTION:
        // the kinds differ in which keys they know
        status = read_channels(r, layer);
        return status == IMP_OK ? read_kernel_and_stride(r, layer) : status;
    case IMP_LAYER_DENSE:
        return read_channels(r, layer);
    case IMP_LAYER_MAX_POOL:
    case IMP_LAYER_AVERAGE_POOL:
        return read_kernel_and_stride(r, layer);
    case IMP_LAYER_BATCH_NORM:
        status = read_frozen_flag(r, layer);
        return status == IMP_OK ? read_real(r, layer, "epsilon", &layer->parameter) : status;
    case IMP_LAYER_ELU:
        return read_real(r, layer, "alpha", &layer->parameter);
    case IMP_LAYER_DROPOUT:
        layer->parameter = 0.5;
        return read_real(r, layer, "rate", &layer->parameter);
    default:
        return IMP_OK;
    }
}

// Turns the collected entries into a row of the table. Entries that nobody asked for are errors.
static imp_status append_layer(architecture_reader *r)
{
    imp_architecture *d = r->out;
    if (d->table.count == IMP_MAX_LAYERS)
        return fail_at(r, r->node, "more than %d layers", IMP_MAX_LAYERS);
    imp_layer *layer = &d->layers[d->table.count];
    *layer = (imp_layer){.line = imp_yaml_line(&r->yaml, r->node)};
    // name and kind first: messages about the other keys contain them
    imp_status status = read_name(r, layer);
    if (status == IMP_OK)
        status = read_layer_kind(r, layer);
    if (status != IMP_OK)
        return status;
    read_inputs(r, layer);
    // every entry must have been used by the kind
    status = read_kind_settings(r, layer);
    for (int i = 0; i < r->entry_count && status == IMP_OK; i++)
        if (!r->entries[i].used)
            return fail_at(r, r->node, "layer '%s': '%s' is not a key of layers of kind %s",
                           layer->name, r->entries[i].key, imp_layer_kind_name(layer->kind));
    d->table.count++;
    return status;
}

// Reads the list of layers. Each is a map: collect its entries, then append it to the table.
static imp_status read_layers(architecture_reader *r, int list)
{
    const imp_yaml *yaml = &r->yaml;
    if (imp_yaml_node_kind(yaml, list) != IMP_YAML_LIST)
        return fail_at(r, list, "layers must be a list");
    imp_status status = IMP_OK;
    for (int at = imp_yaml_first(yaml, list); at >= 0 && status == IMP_OK;
         at = imp_yaml_next(yaml, at)) {
        // checked here, so that the message names the layer's line
        if (!imp_yaml_is_map(yaml, at))
            return fail_at(r, at, "a layer must be {name: ..., kind: ...}");
        r->node = at;
        // a new layer begins
        r->entry_count = 0;
        for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, at); pair.key >= 0 && status == IMP_OK;
             pair = imp_yaml_next_pair(yaml, pair))
            status = read_layer_entry(r, pair);
        if (status == IMP_OK)
            status = append_layer(r);
    }
    return status;
}

// The name of the network itself.
static imp_status read_network_name(architecture_reader *r, int value)
{
    const imp_status status = read_scalar(r, value, "name", r->out->name, sizeof r->out->name);
    if (status == IMP_OK && strspn(r->out->name, NAME_CHARACTERS) != strlen(r->out->name))
        return fail_at(r, value, "name: use letters, digits, '_', '-' and '.'");
    return status;
}

// Reads a number of the whole network. 0 means that it was not given yet.
static imp_status read_network_number(architecture_reader *r, const char *key, int value,
                                      int min_value, int max_value, int *out)
{
    char text[IMP_LAYER_NAME_MAX];
    // the key must not occur twice
    if (*out != 0)
        return fail_at(r, value, "'%s' occurs twice", key);
    const imp_status status = read_scalar(r, value, key, text, sizeof text);
    if (status == IMP_OK &&
        (!parse_whole_number(text, out) || *out < min_value || *out > max_value))
        return fail_at(r, value, "%s must lie in %d..%d", key, min_value, max_value);
    return status;
}

// Whether the network takes an input of the table of conditions: true or false.
static imp_status read_condition_input(architecture_reader *r, imp_input input, int value)
{
    char text[IMP_LAYER_NAME_MAX];
    const char *name = imp_input_name((int)input);
    IMP_TRY(read_scalar(r, value, name, text, sizeof text));
    const bool takes_it = strcmp(text, "true") == 0;
    if (!takes_it && strcmp(text, "false") != 0)
        return fail_at(r, value, "%s must be true or false", name);
    r->out->table.inputs.takes[input] = takes_it;
    return IMP_OK;
}

// Refuses a key that networks do not have, and names those that they have.
static imp_status fail_unknown_key(architecture_reader *r, const char *key, int node)
{
    char inputs[128] = "";
    for (int k = 0; k < IMP_INPUT_COUNT; k++) {
        const size_t used = strlen(inputs);
        snprintf(inputs + used, sizeof inputs - used, " %s,", imp_input_name(k));
    }
    return fail_at(r, node,
                   "'%s' is not possible here: a network has name, frames, every, actions,%s "
                   "skip-top, head and layers",
                   key, inputs);
}

// The output kind: key "head".
static imp_status read_output_kind(architecture_reader *r, int value)
{
    char text[IMP_LAYER_NAME_MAX];
    const imp_status status = read_scalar(r, value, "head", text, sizeof text);
    for (int k = 0; status == IMP_OK && imp_output_kind_name(k) != NULL; k++)
        if (strcmp(text, imp_output_kind_name(k)) == 0) {
            r->out->table.output_kind = (imp_output_kind)k;
            return IMP_OK;
        }
    return status == IMP_OK ? fail_at(r, value, "head must be duty-cycles or velocities") : status;
}

// Dispatches a key at the top level.
static imp_status read_network_key(architecture_reader *r, const char *key, imp_yaml_pair pair)
{
    imp_layer_table *table = &r->out->table;
    imp_input_spec *inputs = &table->inputs;
    const int value = pair.value;
    if (strcmp(key, "name") == 0)
        return read_network_name(r, value);
    if (strcmp(key, "layers") == 0 && table->count == 0)
        return read_layers(r, value);
    // numbers of the input
    if (strcmp(key, "frames") == 0)
        return read_network_number(r, key, value, 1, IMP_FRAMES_MAX, &inputs->frames);
    if (strcmp(key, "every") == 0)
        return read_network_number(r, key, value, 1, IMP_FRAME_STRIDE_MAX, &inputs->frame_stride);
    if (strcmp(key, "actions") == 0)
        return read_network_number(r, key, value, 0, IMP_ACTIONS_MAX, &inputs->actions);
    if (strcmp(key, "skip-top") == 0)
        return read_network_number(r, key, value, 0, IMP_SKIP_TOP_MAX, &inputs->skip_top);
    if (strcmp(key, "head") == 0)
        return read_output_kind(r, value);
    for (int k = 0; k < IMP_INPUT_COUNT; k++)
        if (strcmp(key, imp_input_name(k)) == 0)
            return read_condition_input(r, (imp_input)k, value);
    return fail_unknown_key(r, key, pair.key);
}

// The top level is a map with at least the key "layers".
static imp_status read_document(architecture_reader *r)
{
    char key[IMP_LAYER_NAME_MAX];
    const imp_yaml *yaml = &r->yaml;
    if (!imp_yaml_is_map(yaml, yaml->root))
        return imp_fail(yaml->err, IMP_BAD_INPUT,
                        "%s:1: a network needs 'layers:' and a list of them", yaml->source);
    imp_status status = IMP_OK;
    for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, yaml->root);
         pair.key >= 0 && status == IMP_OK; pair = imp_yaml_next_pair(yaml, pair)) {
        status = read_scalar(r, pair.key, "a key", key, sizeof key);
        if (status == IMP_OK)
            status = read_network_key(r, key, pair);
    }
    if (status == IMP_OK && r->out->table.count == 0)
        return fail_at(r, yaml->root, "has no layers");
    return status;
}

// The default name: the last component of the source without ".yaml", cut at the first character
// that a name cannot have.
static void set_default_network_name(imp_architecture *d)
{
    const char *begin = imp_path_base_name(d->source);
    size_t length = strspn(begin, NAME_CHARACTERS);
    if (length > 5 && strncmp(begin + length - 5, ".yaml", 5) == 0)
        length -= 5;
    if (length == 0)
        begin = "network", length = strlen(begin);
    snprintf(d->name, sizeof d->name, "%.*s", (int)length, begin);
}

// Parses the stored text into the table and connects the table's pointers.
static imp_status parse_text(imp_architecture *d, size_t length, imp_error *err)
{
    architecture_reader r = {.out = d, .yaml = {.source = d->source, .err = err}};
    set_default_network_name(d);
    imp_status status = imp_yaml_parse(&r.yaml, d->text, length);
    if (status == IMP_OK)
        status = read_document(&r);
    imp_yaml_free(&r.yaml);
    d->table.name = d->name;
    d->table.source = d->source;
    d->table.layers = d->layers;
    return status;
}

// Copies source and text, because the table and later messages refer to them.
imp_status imp_architecture_parse(imp_architecture **out, const char *source, const char *text,
                                  size_t length, imp_error *err)
{
    // limit size and reject binary data before parsing
    if (length > BYTES_MAX || memchr(text, '\0', length) != NULL)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: is not the architecture of a network: longer than %d bytes, or not "
                        "text",
                        source, BYTES_MAX);
    imp_architecture *d = calloc(1, sizeof *d);
    if (d != NULL) {
        d->source = strdup(source);
        d->text = strndup(text, length);
    }
    if (d == NULL || d->source == NULL || d->text == NULL) {
        imp_architecture_destroy(d);
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", source);
    }
    const imp_status status = parse_text(d, length, err);
    if (status != IMP_OK) {
        imp_architecture_destroy(d);
        return status;
    }
    *out = d;
    return IMP_OK;
}

void imp_architecture_destroy(imp_architecture *architecture)
{
    if (architecture == NULL)
        return;
    free(architecture->source);
    free(architecture->text);
    free(architecture);
}

const char *imp_network_builtin_name(int index)
{
    return index >= 0 && index < imp_builtin_networks_count ? imp_builtin_networks[index].name
                                                            : NULL;
}

const char *imp_segmenter_builtin_name(int index)
{
    return index >= 0 && index < imp_builtin_segmenters_count ? imp_builtin_segmenters[index].name
                                                              : NULL;
}

// Built-in driving networks first, then segmenters.
static const imp_builtin_network *builtin_network_at(int index)
{
    if (index < imp_builtin_networks_count)
        return &imp_builtin_networks[index];
    index -= imp_builtin_networks_count;
    return index < imp_builtin_segmenters_count ? &imp_builtin_segmenters[index] : NULL;
}

// Collects all names for the message while searching.
imp_status imp_architecture_load_builtin(imp_architecture **out, const char *name, imp_error *err)
{
    char known[256] = "", hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(name, strlen(name));
    const imp_builtin_network *b;
    for (int i = 0; (b = builtin_network_at(i)) != NULL; i++) {
        if (strcmp(b->name, name) == 0)
            return imp_architecture_parse(out, b->name, (const char *)b->text, b->length, err);
        const size_t used = strlen(known);
        imp_suggestion_add_candidate(&suggestion, b->name);
        snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", b->name);
    }
    if (imp_suggestion_format(&suggestion, hint)[0] != '\0')
        return imp_fail(err, IMP_USAGE, "unknown network '%.80s'%s", name, hint);
    return imp_fail(err, IMP_USAGE,
                    "unknown network '%.80s': known are %s, and paths of YAML files", name, known);
}

// Whether a name is not that of a built-in network but of an existing file.
static bool is_file_not_builtin(const char *name)
{
    const imp_builtin_network *b;
    for (int i = 0; (b = builtin_network_at(i)) != NULL; i++)
        if (strcmp(b->name, name) == 0)
            return false;
    return imp_path_exists(name);
}

// Names with '/' or '.' are always paths. Otherwise a built-in network wins over a file of that
// name.
imp_status imp_architecture_load(imp_architecture **out, const char *name, imp_error *err)
{
    const bool is_path = strchr(name, '/') != NULL || strchr(name, '.') != NULL;
    if (!is_path && !is_file_not_builtin(name))
        return imp_architecture_load_builtin(out, name, err);
    // a model file or folder gets a hint: weights are no architecture
    char *text;
    size_t bytes;
    imp_file_type kind = IMP_FILE_TYPE_COUNT;
    imp_status status = imp_file_type_detect(&kind, name, err);
    if (status == IMP_OK)
        status = imp_file_type_expect_text(name, "a network is described by a YAML file", err);
    if (status != IMP_OK && (kind == IMP_FILE_TYPE_SAFETENSORS || kind == IMP_FILE_TYPE_FOLDER))
        status = imp_add_hint(err, IMP_HINT_INITIAL_WEIGHTS, status);
    if (status == IMP_OK)
        status = imp_file_read(&text, &bytes, name, BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    status = imp_architecture_parse(out, name, text, bytes, err);
    free(text);
    return status;
}
