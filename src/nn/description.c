// Reads descriptions of networks: YAML without anchors and tags, a list of small maps.
#include "nn/description.h"

#include "base/file.h"
#include "base/kind.h"
#include "base/words.h"
#include "nn/builtin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

// libyaml's time grows with the square of some mistakes: a small text keeps it short
enum { BYTES_MAX = 1 << 16, PAIRS_MAX = 12 };

static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

// "key: word" or "key: [word, word]" of a layer.
typedef struct pair {
    char key[IMP_LAYER_NAME];
    char words[IMP_LAYER_INPUTS][IMP_LAYER_NAME];
    int count;
    bool used;
} pair;

typedef struct reader {
    imp_description *out;
    yaml_parser_t parser;
    yaml_event_t event; // the latest
    imp_error *err;

    // of the layer that is being read
    int line;
    pair pairs[PAIRS_MAX];
    int pair_count;
} reader;

static imp_status fail_at(const reader *r, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static imp_status fail_at(const reader *r, int line, const char *format, ...)
{
    char message[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return imp_fail(r->err, IMP_BAD_INPUT, "%.180s:%d: %s", r->out->source, line, message);
}

static int line_of(const reader *r)
{
    return (int)r->event.start_mark.line + 1;
}

static imp_status next(reader *r)
{
    yaml_event_delete(&r->event);
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        memset(&r->event, 0, sizeof r->event);
        return fail_at(r, (int)r->parser.problem_mark.line + 1, "not YAML: %.120s",
                       r->parser.problem != NULL ? r->parser.problem : "unreadable");
    }
    return IMP_OK;
}

// Whether a text can stand in a message of one line.
static bool printable(const char *text)
{
    while ((unsigned char)*text >= ' ' && *text != 127)
        text++;
    return *text == '\0';
}

// The latest event must be a scalar of at most capacity - 1 bytes.
static imp_status take_word(const reader *r, const char *what, char *out, size_t capacity)
{
    if (r->event.type != YAML_SCALAR_EVENT)
        return fail_at(r, line_of(r), "%s must be a word or number", what);
    const char *text = (const char *)r->event.data.scalar.value;
    const size_t length = r->event.data.scalar.length;
    if (length == 0 || length >= capacity || strlen(text) != length || !printable(text))
        return fail_at(r, line_of(r), "%s must have 1 to %zu letters", what, capacity - 1);
    memcpy(out, text, length + 1);
    return IMP_OK;
}

// One key of a layer and its value.
static imp_status read_pair(reader *r)
{
    if (r->pair_count == PAIRS_MAX)
        return fail_at(r, line_of(r), "a layer has at most %d keys", PAIRS_MAX);
    pair *p = &r->pairs[r->pair_count];
    *p = (pair){.count = 0};
    imp_status status = take_word(r, "a layer's key", p->key, sizeof p->key);
    for (int i = 0; i < r->pair_count && status == IMP_OK; i++)
        if (strcmp(r->pairs[i].key, p->key) == 0)
            return fail_at(r, line_of(r), "'%s' is there twice", p->key);
    if (status == IMP_OK)
        status = next(r);
    if (status != IMP_OK)
        return status;
    r->pair_count++;
    if (r->event.type != YAML_SEQUENCE_START_EVENT) {
        p->count = 1;
        return take_word(r, p->key, p->words[0], sizeof p->words[0]);
    }
    for (status = next(r); status == IMP_OK; status = next(r)) {
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return IMP_OK;
        if (p->count == IMP_LAYER_INPUTS)
            return fail_at(r, line_of(r), "%s: a list of at most %d", p->key, IMP_LAYER_INPUTS);
        status = take_word(r, p->key, p->words[p->count], sizeof p->words[0]);
        if (status != IMP_OK)
            return status;
        p->count++;
    }
    return status;
}

static pair *find_pair(reader *r, const char *key)
{
    for (int i = 0; i < r->pair_count; i++)
        if (strcmp(r->pairs[i].key, key) == 0) {
            r->pairs[i].used = true;
            return &r->pairs[i];
        }
    return NULL;
}

static imp_status fail_key(const reader *r, const imp_layer *layer, const char *key,
                           const char *wanted)
{
    return fail_at(r, r->line, "layer '%s': %s must be %s", layer->name, key, wanted);
}

static bool whole_number(const char *text, int *out)
{
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 8 || text[digits] != '\0')
        return false;
    *out = (int)strtol(text, NULL, 10);
    return true;
}

// A whole number; *out stays if the key is not there.
static imp_status read_int(reader *r, const imp_layer *layer, const char *key, int *out)
{
    const pair *p = find_pair(r, key);
    if (p == NULL || (p->count == 1 && whole_number(p->words[0], out)))
        return IMP_OK;
    return fail_key(r, layer, key, "a whole number");
}

static imp_status read_real(reader *r, const imp_layer *layer, const char *key, double *out)
{
    const pair *p = find_pair(r, key);
    if (p == NULL)
        return IMP_OK;
    char *end;
    const double value = strtod(p->words[0], &end);
    // 0 stands for the default of these, which none of them may be
    if (p->count != 1 || *end != '\0' || !(value >= 0.0 && value <= 1e9) ||
        (value == 0.0 && layer->kind != IMP_LAYER_DROPOUT))
        return fail_key(r, layer, key, "a positive number");
    *out = value;
    return IMP_OK;
}

static imp_status read_channels(reader *r, imp_layer *layer)
{
    const pair *p = find_pair(r, "channels");
    if (p == NULL)
        return fail_at(r, r->line, "layer '%s': needs channels", layer->name);
    if (p->count == 1 && strcmp(p->words[0], "outputs") == 0) {
        layer->channels = IMP_CHANNELS_OUTPUTS;
        return IMP_OK;
    }
    if (p->count != 1 || !whole_number(p->words[0], &layer->channels))
        return fail_key(r, layer, "channels", "a whole number, or outputs");
    return IMP_OK;
}

static imp_status read_padding(reader *r, imp_layer *layer)
{
    const pair *p = find_pair(r, "padding");
    layer->padding = IMP_PADDING_VALID;
    if (p == NULL || (p->count == 1 && strcmp(p->words[0], "valid") == 0))
        return IMP_OK;
    layer->padding = IMP_PADDING_SAME;
    if (p->count == 1 && strcmp(p->words[0], "same") == 0)
        return IMP_OK;
    layer->padding = IMP_PADDING_SIDES;
    bool fine = p->count == 1 || p->count == 4;
    for (int i = 0; i < 4 && fine; i++)
        fine = whole_number(p->words[p->count == 4 ? i : 0], &layer->sides[i]);
    return fine ? IMP_OK
                : fail_key(r, layer, "padding",
                           "same, valid, a number of pixels, or [top, bottom, left, right]");
}

static imp_status read_window(reader *r, imp_layer *layer)
{
    layer->stride = 1;
    imp_status status = read_int(r, layer, "kernel", &layer->kernel);
    if (status == IMP_OK)
        status = read_int(r, layer, "stride", &layer->stride);
    return status == IMP_OK ? read_padding(r, layer) : status;
}

static imp_status read_frozen(reader *r, imp_layer *layer)
{
    const pair *p = find_pair(r, "frozen");
    if (p == NULL)
        return IMP_OK;
    layer->frozen = strcmp(p->words[0], "true") == 0;
    if (p->count != 1 || (!layer->frozen && strcmp(p->words[0], "false") != 0))
        return fail_key(r, layer, "frozen", "true or false");
    return IMP_OK;
}

static imp_status read_name(reader *r, imp_layer *layer)
{
    const pair *p = find_pair(r, "name");
    if (p == NULL)
        return fail_at(r, r->line, "a layer needs a name");
    if (p->count != 1 || strspn(p->words[0], LETTERS) != strlen(p->words[0]) ||
        strcmp(p->words[0], "input") == 0)
        return fail_at(r, r->line,
                       "'%s' is no name for a layer: letters, digits, '_', '-' and '.' make one, "
                       "and input is the picture",
                       p->words[0]);
    memcpy(layer->name, p->words[0], sizeof layer->name);
    return IMP_OK;
}

static imp_status read_kind(reader *r, imp_layer *layer)
{
    const pair *p = find_pair(r, "kind");
    if (p == NULL)
        return fail_at(r, r->line, "layer '%s': needs a kind", layer->name);
    for (int k = IMP_LAYER_ACTIONS + 1; k < IMP_LAYER_KIND_COUNT && p->count == 1; k++)
        if (strcmp(p->words[0], imp_layer_kind_word((imp_layer_kind)k)) == 0) {
            layer->kind = (imp_layer_kind)k;
            return IMP_OK;
        }
    char hint[IMP_GUESS_TEXT];
    imp_guess guess = imp_guess_of(p->words[0], strlen(p->words[0]));
    for (int k = IMP_LAYER_ACTIONS + 1; k < IMP_LAYER_KIND_COUNT; k++)
        imp_guess_offer(&guess, imp_layer_kind_word((imp_layer_kind)k));
    return fail_at(r, r->line,
                   "layer '%s': unknown kind '%s': known are convolution, max-pool, average-pool, "
                   "batch-norm, relu, elu, dropout, add, concat, flatten and dense%s",
                   layer->name, p->words[0], imp_guess_tell(&guess, hint));
}

// Without an input a layer takes what the one above it gives.
static void read_inputs(reader *r, imp_layer *layer)
{
    const imp_description *d = r->out;
    const pair *p = find_pair(r, "input");
    if (p != NULL)
        memcpy(layer->inputs, p->words, sizeof layer->inputs);
    else
        memcpy(layer->inputs[0], d->table.count == 0 ? "input" : d->layers[d->table.count - 1].name,
               d->table.count == 0 ? sizeof "input" : sizeof layer->inputs[0]);
}

// What the kind has besides name and input.
static imp_status read_kinds_own(reader *r, imp_layer *layer)
{
    imp_status status;
    switch (layer->kind) {
    case IMP_LAYER_CONVOLUTION:
        status = read_channels(r, layer);
        return status == IMP_OK ? read_window(r, layer) : status;
    case IMP_LAYER_DENSE:
        return read_channels(r, layer);
    case IMP_LAYER_MAX_POOL:
    case IMP_LAYER_AVERAGE_POOL:
        return read_window(r, layer);
    case IMP_LAYER_BATCH_NORM:
        status = read_frozen(r, layer);
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

// From its pairs to a row of the table.
static imp_status make_layer(reader *r)
{
    imp_description *d = r->out;
    if (d->table.count == IMP_MAX_LAYERS)
        return fail_at(r, r->line, "more than %d layers", IMP_MAX_LAYERS);
    imp_layer *layer = &d->layers[d->table.count];
    *layer = (imp_layer){.line = r->line};
    imp_status status = read_name(r, layer);
    if (status == IMP_OK)
        status = read_kind(r, layer);
    if (status != IMP_OK)
        return status;
    read_inputs(r, layer);
    status = read_kinds_own(r, layer);
    for (int i = 0; i < r->pair_count && status == IMP_OK; i++)
        if (!r->pairs[i].used)
            return fail_at(r, r->line, "layer '%s': '%s' means nothing for a layer of kind %s",
                           layer->name, r->pairs[i].key, imp_layer_kind_word(layer->kind));
    d->table.count++;
    return status;
}

static imp_status read_layers(reader *r)
{
    imp_status status = next(r);
    if (status == IMP_OK && r->event.type != YAML_SEQUENCE_START_EVENT)
        return fail_at(r, line_of(r), "layers must be a list");
    for (status = next(r); status == IMP_OK; status = next(r)) {
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return IMP_OK;
        if (r->event.type != YAML_MAPPING_START_EVENT)
            return fail_at(r, line_of(r), "a layer must be {name: ..., kind: ...}");
        r->line = line_of(r);
        r->pair_count = 0;
        for (status = next(r); status == IMP_OK && r->event.type != YAML_MAPPING_END_EVENT;) {
            status = read_pair(r);
            if (status == IMP_OK)
                status = next(r);
        }
        if (status == IMP_OK)
            status = make_layer(r);
        if (status != IMP_OK)
            return status;
    }
    return status;
}

static imp_status read_network_name(reader *r)
{
    imp_status status = next(r);
    if (status == IMP_OK)
        status = take_word(r, "name", r->out->name, sizeof r->out->name);
    if (status == IMP_OK && strspn(r->out->name, LETTERS) != strlen(r->out->name))
        status = fail_at(r, line_of(r), "name: letters, digits, '_', '-' and '.' make one");
    return status;
}

// A number of the network as a whole, once.
static imp_status read_number(reader *r, const char *key, int least, int most, int *out)
{
    char text[IMP_LAYER_NAME];
    if (*out != 0)
        return fail_at(r, line_of(r), "'%s' is there twice", key);
    imp_status status = next(r);
    if (status == IMP_OK)
        status = take_word(r, key, text, sizeof text);
    if (status == IMP_OK && (!whole_number(text, out) || *out < least || *out > most))
        status = fail_at(r, line_of(r), "%s must lie in %d..%d", key, least, most);
    return status;
}

static imp_status read_head(reader *r)
{
    char text[IMP_LAYER_NAME];
    imp_status status = next(r);
    if (status == IMP_OK)
        status = take_word(r, "head", text, sizeof text);
    for (int k = 0; status == IMP_OK && imp_head_word(k) != NULL; k++)
        if (strcmp(text, imp_head_word(k)) == 0) {
            r->out->table.head = (imp_head)k;
            return IMP_OK;
        }
    return status == IMP_OK ? fail_at(r, line_of(r), "head must be duty-cycles or velocities")
                            : status;
}

static imp_status read_key(reader *r, const char *key)
{
    imp_layer_table *table = &r->out->table;
    if (strcmp(key, "name") == 0)
        return read_network_name(r);
    if (strcmp(key, "layers") == 0 && table->count == 0)
        return read_layers(r);
    if (strcmp(key, "frames") == 0)
        return read_number(r, key, 1, IMP_FRAMES_MAX, &table->inputs.frames);
    if (strcmp(key, "every") == 0)
        return read_number(r, key, 1, IMP_EVERY_MAX, &table->inputs.every);
    if (strcmp(key, "actions") == 0)
        return read_number(r, key, 0, IMP_ACTIONS_MAX, &table->inputs.actions);
    if (strcmp(key, "skip-top") == 0)
        return read_number(r, key, 0, IMP_SKIP_TOP_MAX, &table->inputs.skip_top);
    if (strcmp(key, "head") == 0)
        return read_head(r);
    return fail_at(r, line_of(r),
                   "'%s' has no place here: a network has name, frames, every, actions, skip-top, "
                   "head and layers",
                   key);
}

static imp_status read_document(reader *r)
{
    char key[IMP_LAYER_NAME];
    imp_status status = IMP_OK;
    while (status == IMP_OK &&
           (r->event.type == YAML_NO_EVENT || r->event.type == YAML_STREAM_START_EVENT ||
            r->event.type == YAML_DOCUMENT_START_EVENT))
        status = next(r);
    if (status == IMP_OK && r->event.type != YAML_MAPPING_START_EVENT)
        return fail_at(r, line_of(r), "a network is described by 'layers:' and a list of them");
    if (status == IMP_OK)
        status = next(r);
    while (status == IMP_OK && r->event.type != YAML_MAPPING_END_EVENT) {
        status = take_word(r, "a key", key, sizeof key);
        if (status != IMP_OK)
            return status;
        status = read_key(r, key);
        if (status == IMP_OK)
            status = next(r);
    }
    if (status == IMP_OK && r->out->table.count == 0)
        status = fail_at(r, line_of(r), "has no layers");
    return status;
}

// The last part of a path without ".yaml", as far as it is a name.
static void default_name(imp_description *d)
{
    const char *slash = strrchr(d->source, '/');
    const char *begin = slash == NULL ? d->source : slash + 1;
    size_t length = strspn(begin, LETTERS);
    if (length > 5 && strncmp(begin + length - 5, ".yaml", 5) == 0)
        length -= 5;
    if (length == 0)
        begin = "network", length = strlen(begin);
    snprintf(d->name, sizeof d->name, "%.*s", (int)length, begin);
}

static imp_status parse(imp_description *d, size_t length, imp_error *err)
{
    reader r = {.out = d, .err = err};
    default_name(d);
    if (!yaml_parser_initialize(&r.parser))
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", d->source);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)d->text, length);
    const imp_status status = read_document(&r);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    d->table.name = d->name;
    d->table.source = d->source;
    d->table.layers = d->layers;
    return status;
}

imp_status imp_description_parse(imp_description **out, const char *source, const char *text,
                                 size_t length, imp_error *err)
{
    if (length > BYTES_MAX || memchr(text, '\0', length) != NULL)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: is not the description of a network: longer than %d bytes, or not "
                        "text",
                        source, BYTES_MAX);
    imp_description *d = calloc(1, sizeof *d);
    if (d != NULL) {
        d->source = strdup(source);
        d->text = strndup(text, length);
    }
    if (d == NULL || d->source == NULL || d->text == NULL) {
        imp_description_destroy(d);
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", source);
    }
    const imp_status status = parse(d, length, err);
    if (status != IMP_OK) {
        imp_description_destroy(d);
        return status;
    }
    *out = d;
    return IMP_OK;
}

void imp_description_destroy(imp_description *description)
{
    if (description == NULL)
        return;
    free(description->source);
    free(description->text);
    free(description);
}

const char *imp_network_builtin(int index)
{
    return index >= 0 && index < imp_builtin_networks_count ? imp_builtin_networks[index].name
                                                            : NULL;
}

const char *imp_network_builtin_segmenter(int index)
{
    return index >= 0 && index < imp_builtin_segmenters_count ? imp_builtin_segmenters[index].name
                                                              : NULL;
}

// Those that drive, then segmenters.
static const imp_builtin_network *builtin(int index)
{
    if (index < imp_builtin_networks_count)
        return &imp_builtin_networks[index];
    index -= imp_builtin_networks_count;
    return index < imp_builtin_segmenters_count ? &imp_builtin_segmenters[index] : NULL;
}

imp_status imp_description_builtin(imp_description **out, const char *name, imp_error *err)
{
    char known[256] = "", hint[IMP_GUESS_TEXT];
    imp_guess guess = imp_guess_of(name, strlen(name));
    const imp_builtin_network *b;
    for (int i = 0; (b = builtin(i)) != NULL; i++) {
        if (strcmp(b->name, name) == 0)
            return imp_description_parse(out, b->name, (const char *)b->text, b->length, err);
        const size_t used = strlen(known);
        imp_guess_offer(&guess, b->name);
        snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", b->name);
    }
    if (imp_guess_tell(&guess, hint)[0] != '\0')
        return imp_fail(err, IMP_USAGE, "unknown network '%.80s'%s", name, hint);
    return imp_fail(err, IMP_USAGE,
                    "unknown network '%.80s': known are %s, and paths of YAML files", name, known);
}

// Whether a name is no network's, but a file's.
static bool is_stranger(const char *name)
{
    const imp_builtin_network *b;
    for (int i = 0; (b = builtin(i)) != NULL; i++)
        if (strcmp(b->name, name) == 0)
            return false;
    return imp_path_exists(name);
}

imp_status imp_description_find(imp_description **out, const char *name, imp_error *err)
{
    const bool is_path = strchr(name, '/') != NULL || strchr(name, '.') != NULL;
    if (!is_path && !is_stranger(name))
        return imp_description_builtin(out, name, err);
    char *text;
    size_t bytes;
    imp_kind kind;
    imp_status status = imp_kind_find(&kind, name, err);
    if (status == IMP_OK)
        status = imp_kind_expect_text(name,
                                      kind == IMP_KIND_SAFETENSORS || kind == IMP_KIND_FOLDER
                                          ? "a network is described by a YAML file; to go on from "
                                            "a model's weights, give it with --from"
                                          : "a network is described by a YAML file",
                                      err);
    if (status == IMP_OK)
        status = imp_file_read(&text, &bytes, name, BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    status = imp_description_parse(out, name, text, bytes, err);
    free(text);
    return status;
}
