// Saves and restores the state of a training: weights, their average, moments, step, settings and
// the caller's progress, as one safetensors file written atomically.
// On loading, everything is read and checked in a separate block first, so that a wrong file
// changes nothing. Format and settings must match, because other settings would continue to other
// results.
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "nn/model_files/model_file.h"
#include "nn/trainer/trainer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// names of arrays: the tensor's name with a prefix for each kind of state
static const char FORMAT[] = "imprint-trainer-3", FORMAT_FAMILY[] = "imprint-trainer-";
static const char FIRST[] = "first.", SECOND[] = "second.", AVERAGE[] = "average.";

// Settings that must be equal for the same bits to follow.
static const imp_struct_member TRAINER_MEMBERS[] = {
    IMP_MEMBER(imp_trainer_def, batch, INT),
    IMP_MEMBER(imp_trainer_def, shards, INT),
    IMP_MEMBER_IGNORED(imp_trainer_def, threads, "results do not depend on threads"),
    IMP_MEMBER_NAMED(imp_trainer_def, optimiser, imp_optimiser_name),
    IMP_MEMBER(imp_trainer_def, learning_rate, DOUBLE),
    IMP_MEMBER(imp_trainer_def, weight_decay, DOUBLE),
    IMP_MEMBER(imp_trainer_def, momentum, DOUBLE),
    IMP_MEMBER(imp_trainer_def, nesterov, BOOL),
    IMP_MEMBER(imp_trainer_def, clip_norm, DOUBLE),
    IMP_MEMBER_WITH(imp_trainer_def, ema_decay, DOUBLE, .key = "average"),
    IMP_MEMBER_NAMED(imp_trainer_def, loss, imp_loss_name),
    IMP_MEMBER(imp_trainer_def, huber_delta, DOUBLE),
    IMP_MEMBER(imp_trainer_def, classes, INT),
    IMP_MEMBER(imp_trainer_def, limit, DOUBLE),
    IMP_MEMBER(imp_trainer_def, seed, UINT64),
    IMP_MEMBER_IGNORED(imp_trainer_def, cookie, "says that the definition has its defaults"),
};
const imp_struct_table imp_trainer_members = IMP_STRUCT_TABLE(imp_trainer_def, TRAINER_MEMBERS);

// The settings as text, one line each. The caller frees it; NULL without memory.
static char *trainer_settings_text(const imp_trainer *trainer)
{
    static const char what[] = "a state";
    imp_text_stream text;
    if (imp_text_stream_open(&text, what, NULL) != IMP_OK)
        return NULL;
    imp_struct_write_text(text.out, "", &imp_trainer_members, &trainer->def);
    return imp_text_stream_close(&text, what, NULL) == IMP_OK ? text.bytes : NULL;
}

// Collects metadata and arrays, then writes them.
imp_status imp_trainer_save(const imp_trainer *trainer, const char *path, const char *progress,
                            imp_error *err)
{
    const imp_network *network = trainer->network;
    // JSON objects take strings; the step is written in decimal
    char *settings = trainer_settings_text(trainer), step[32];
    snprintf(step, sizeof step, "%" PRId64, trainer->step);
    // metadata of the network, plus settings, step and progress
    json_t *metadata = imp_network_build_metadata(network, FORMAT);
    imp_named_array *arrays = calloc((size_t)4 * IMP_MAX_TENSORS, sizeof *arrays);
    imp_status status = IMP_OK;
    // any of these fails only without memory
    if (metadata == NULL || arrays == NULL || settings == NULL ||
        json_object_set_new(metadata, "settings", json_string(settings)) != 0 ||
        json_object_set_new(metadata, "step", json_string(step)) != 0)
        status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    else if (json_object_set_new(metadata, "progress",
                                 json_string(progress == NULL ? "" : progress)) != 0)
        status = imp_fail(err, IMP_USAGE, "%s: the progress text is not UTF-8", path);
    // arrays: weights, first moments, second moments (Adam), average (if any)
    if (status == IMP_OK) {
        const imp_graph *graph = &network->graph;
        int count = imp_network_list_arrays(network, arrays, "", trainer->values, graph->values);
        count +=
            imp_network_list_arrays(network, arrays + count, FIRST, trainer->first, graph->trained);
        if (trainer->second != NULL)
            count += imp_network_list_arrays(network, arrays + count, SECOND, trainer->second,
                                             graph->trained);
        if (trainer->unaveraged_values != NULL)
            count += imp_network_list_arrays(network, arrays + count, AVERAGE, network->values,
                                             graph->trained);
        status = imp_safetensors_write(path, metadata, arrays, count, err);
    }
    json_decref(metadata);
    free(arrays);
    free(settings);
    return status;
}

// Earlier versions compared fewer settings, so their states cannot be checked.
static imp_status check_state_format(const imp_safetensors *file, imp_error *err)
{
    // a state of another format of ours gets a message of its own
    const char *found;
    const imp_status status = imp_safetensors_get_metadata(file, "format", &found, err);
    if (status == IMP_OK && strcmp(found, FORMAT) != 0 &&
        strncmp(found, FORMAT_FAMILY, sizeof FORMAT_FAMILY - 1) == 0)
        return imp_add_hint(
            err, IMP_HINT_NEW_TRAINING,
            imp_fail(err, IMP_BAD_INPUT,
                     "%s: was saved by another version of imprint (%.40s, here it is %s) and "
                     "cannot be resumed",
                     file->path, found, FORMAT));
    return status;
}

// Names the first setting that differs.
static imp_status check_same_settings(const imp_trainer *trainer, const imp_safetensors *file,
                                      imp_error *err)
{
    const char *found;
    char difference[IMP_STRUCT_DIFFERENCE_MAX];
    imp_status status = imp_safetensors_get_metadata(file, "settings", &found, err);
    if (status != IMP_OK)
        return status;
    // compared as text, so that the message can quote both values
    char *wanted = trainer_settings_text(trainer);
    if (wanted == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", file->path);
    imp_struct_text_difference(difference, found, wanted);
    free(wanted);
    return difference[0] == '\0'
               ? IMP_OK
               : imp_add_hint(
                     err, IMP_HINT_START_OVER,
                     imp_fail(err, IMP_BAD_INPUT,
                              "%s: was trained with other settings (%s): resume with the same",
                              file->path, difference));
}

// Checks format, network definition, architecture text and settings, in this order.
static imp_status check_same_network(const imp_trainer *trainer, const imp_safetensors *file,
                                     imp_error *err)
{
    const imp_network *network = trainer->network;
    imp_network_def def;
    // format first: an older state may lack other keys
    imp_status status = check_state_format(file, err);
    if (status == IMP_OK)
        status = imp_network_read_metadata(file, FORMAT, &def, err);
    if (status != IMP_OK)
        return status;
    // the definition, then the text of the architecture
    if (strcmp(def.architecture, network->def.architecture) != 0 ||
        def.width != network->def.width || def.height != network->def.height ||
        def.outputs != network->def.outputs || def.batch_norm != network->def.batch_norm)
        return imp_fail(
            err, IMP_BAD_INPUT, "%s: is about %s for %dx%d%s, the network here is %s for %dx%d%s",
            file->path, def.architecture, def.width, def.height,
            def.batch_norm ? " with batch norm" : "", network->def.architecture, network->def.width,
            network->def.height, network->def.batch_norm ? " with batch norm" : "");
    // the same name may stand for changed layers
    const char *layers = json_string_value(
        json_object_get(json_object_get(file->header, "__metadata__"), "description"));
    if (layers != NULL && network->architecture != NULL &&
        strcmp(layers, network->architecture) != 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: the layers of %s have changed since", file->path,
                        def.architecture);
    return check_same_settings(trainer, file, err);
}

// A whole number of at most 15 digits, which a double also holds exactly.
static imp_status read_step(const imp_safetensors *file, int64_t *out, imp_error *err)
{
    const char *text;
    const imp_status status = imp_safetensors_get_metadata(file, "step", &text, err);
    // digits only: no sign, no spaces, no overflow
    if (status != IMP_OK)
        return status;
    const size_t digits = strspn(text, "0123456789");
    if (digits < 1 || digits > 15 || text[digits] != '\0')
        return imp_fail(err, IMP_BAD_INPUT, "%s: metadata \"step\" is not a number", file->path);
    *out = strtoll(text, NULL, 10);
    return IMP_OK;
}

// Positions of the parts of a state in one block. Parts that a training does not have take no
// space.
typedef struct state_block {
    float *floats, *values, *first, *second, *average;
    size_t size; // floats
} state_block;

// One block: values, first moments, then second moments and average where they exist.
static imp_status allocate_state_block(state_block *out, const imp_trainer *trainer, imp_error *err)
{
    const size_t values = (size_t)trainer->network->graph.values;
    const size_t trained = (size_t)trainer->network->graph.trained;
    const size_t moments = trainer->second == NULL ? 1 : 2;
    out->size = values + (moments + (trainer->unaveraged_values != NULL)) * trained;
    // the average is stored only if there is one
    out->floats = malloc(out->size * sizeof *out->floats);
    if (out->floats == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(out->size, "value"));
    out->values = out->floats;
    out->first = out->values + values;
    out->second = trainer->second == NULL ? NULL : out->first + trained;
    out->average = trainer->unaveraged_values == NULL ? NULL : out->first + moments * trained;
    return IMP_OK;
}

// Reads all parts; the file must contain exactly these arrays.
static imp_status read_state_block(const state_block *b, const imp_trainer *trainer,
                                   const imp_safetensors *file, imp_error *err)
{
    const imp_network *network = trainer->network;
    const int64_t values = network->graph.values, trained = network->graph.trained;
    // the weights themselves, with the moving statistics
    imp_status status = imp_network_read_arrays(network, file, "", b->values, values, err);
    if (status == IMP_OK)
        status = imp_network_read_arrays(network, file, FIRST, b->first, trained, err);
    if (status == IMP_OK && b->second != NULL)
        status = imp_network_read_arrays(network, file, SECOND, b->second, trained, err);
    if (status == IMP_OK && b->average != NULL)
        status = imp_network_read_arrays(network, file, AVERAGE, b->average, trained, err);
    // every array has been read, so other bytes belong to something else
    if (status == IMP_OK && (size_t)(b->size * sizeof(float)) != file->data_length)
        status = imp_fail(err, IMP_BAD_INPUT, "%s: has unexpected arrays", file->path);
    // a square root of it is taken in every step
    for (int64_t i = 0; i < trained && b->second != NULL && status == IMP_OK; i++)
        if (b->second[i] < 0.0F)
            status = imp_fail(err, IMP_BAD_INPUT, "%s: holds a negative second moment", file->path);
    return status;
}

// Copies a complete state into the trainer. With an average, the network receives it, and the
// moving statistics as well.
static void restore_from_state_block(imp_trainer *trainer, const state_block *b)
{
    const imp_graph *graph = &trainer->network->graph;
    const size_t trained = (size_t)graph->trained * sizeof(float);
    const size_t moving = (size_t)(graph->values - graph->trained) * sizeof(float);
    // trained values and moving statistics
    memcpy(trainer->values, b->values, trained + moving);
    memcpy(trainer->first, b->first, trained);
    if (b->second != NULL)
        memcpy(trainer->second, b->second, trained);
    // with an average, trainer->values is a separate array
    if (b->average != NULL) {
        memcpy(trainer->network->values, b->average, trained);
        memcpy(trainer->network->values + graph->trained, b->values + graph->trained, moving);
    }
}

// Reads and checks everything before anything is changed.
static imp_status restore_state(imp_trainer *trainer, const imp_safetensors *file, char *progress,
                                size_t capacity, imp_error *err)
{
    const char *text;
    int64_t step = 0;
    // metadata first, arrays last: they are the expensive part
    imp_status status = check_same_network(trainer, file, err);
    if (status == IMP_OK)
        status = read_step(file, &step, err);
    if (status == IMP_OK)
        status = imp_safetensors_get_metadata(file, "progress", &text, err);
    if (status != IMP_OK)
        return status;
    if (progress != NULL && strlen(text) >= capacity)
        return imp_fail(err, IMP_BAD_INPUT, "%s: the progress in it is too long", file->path);
    state_block b = {.size = 0};
    status = allocate_state_block(&b, trainer, err);
    if (status == IMP_OK)
        status = read_state_block(&b, trainer, file, err);
    if (status == IMP_OK) {
        restore_from_state_block(trainer, &b);
        trainer->step = step;
        imp_trainer_invalidate_packed_weights(trainer);
        if (progress != NULL)
            memcpy(progress, text, strlen(text) + 1);
    }
    free(b.floats);
    return status;
}

imp_status imp_trainer_load(imp_trainer *trainer, const char *path, char *progress, size_t capacity,
                            imp_error *err)
{
    imp_safetensors file;
    imp_status status = imp_safetensors_read(&file, path, err);
    if (status != IMP_OK)
        return status;
    status = restore_state(trainer, &file, progress, capacity, err);
    imp_safetensors_clear(&file);
    return status;
}
