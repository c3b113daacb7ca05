// Files of training state: weights, their average, moments, step and the caller's progress, so that
// one atomic file is enough to go on from.
#include "nn/network_file.h"
#include "nn/trainer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FORMAT[] = "imprint-trainer-2";
static const char FIRST[] = "first.", SECOND[] = "second.", AVERAGE[] = "average.";

enum { SETTINGS = 320 };

// What must be the same for the same bytes to follow.
static void describe(const imp_trainer *trainer, char out[SETTINGS])
{
    const imp_trainer_def *def = &trainer->def;
    char classes[32] = "";
    if (def->loss == IMP_LOSS_CROSS_ENTROPY)
        snprintf(classes, sizeof classes, " of %d classes", def->classes);
    snprintf(out, SETTINGS,
             "batch %d, shards %d, %s, learning rate %.17g, weight decay %.17g, momentum %.17g%s, "
             "clip %.17g, average %.17g, %s%s, delta %.17g, limit %.17g, "
             "seed %" PRIu64,
             def->batch, def->shards, imp_optimiser_word((int)def->optimiser), def->learning_rate,
             def->weight_decay, def->momentum, def->nesterov ? " nesterov" : "", def->clip_norm,
             def->average, imp_loss_word((int)def->loss), classes, def->huber_delta, def->limit,
             def->seed);
}

imp_status imp_trainer_save(const imp_trainer *trainer, const char *path, const char *progress,
                            imp_error *err)
{
    const imp_network *network = trainer->network;
    char settings[SETTINGS], step[32];
    describe(trainer, settings);
    snprintf(step, sizeof step, "%" PRId64, trainer->step);
    json_t *metadata = imp_network_description(network, FORMAT);
    imp_array *arrays = calloc((size_t)4 * IMP_MAX_TENSORS, sizeof *arrays);
    imp_status status = IMP_OK;
    if (metadata == NULL || arrays == NULL ||
        json_object_set_new(metadata, "settings", json_string(settings)) != 0 ||
        json_object_set_new(metadata, "step", json_string(step)) != 0)
        status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    else if (json_object_set_new(metadata, "progress",
                                 json_string(progress == NULL ? "" : progress)) != 0)
        status = imp_fail(err, IMP_USAGE, "%s: the progress to keep is not UTF-8 text", path);
    if (status == IMP_OK) {
        const imp_graph *graph = &network->graph;
        int count = imp_network_arrays(network, arrays, "", trainer->values, graph->values);
        count += imp_network_arrays(network, arrays + count, FIRST, trainer->first, graph->trained);
        if (trainer->second != NULL)
            count += imp_network_arrays(network, arrays + count, SECOND, trainer->second,
                                        graph->trained);
        if (trainer->own != NULL)
            count += imp_network_arrays(network, arrays + count, AVERAGE, network->values,
                                        graph->trained);
        status = imp_safetensors_write(path, metadata, arrays, count, err);
    }
    json_decref(metadata);
    free(arrays);
    return status;
}

// Names the first setting that differs: they come in the same order.
static imp_status fail_settings(const imp_safetensors *file, const char *found, const char *wanted,
                                imp_error *err)
{
    size_t begin = 0;
    for (size_t i = 0; found[i] == wanted[i] && found[i] != '\0'; i++)
        if (found[i] == ' ' && i > 0 && found[i - 1] == ',')
            begin = i + 1;
    found += begin;
    wanted += begin;
    return imp_fail(err, IMP_BAD_INPUT, "%s: was trained with %.*s, now it is %.*s", file->path,
                    (int)strcspn(found, ","), found, (int)strcspn(wanted, ","), wanted);
}

static imp_status check_description(const imp_trainer *trainer, const imp_safetensors *file,
                                    imp_error *err)
{
    const imp_network *network = trainer->network;
    imp_network_def def;
    const char *settings;
    imp_status status = imp_network_read_description(file, FORMAT, &def, err);
    if (status == IMP_OK)
        status = imp_safetensors_text(file, "settings", &settings, err);
    if (status != IMP_OK)
        return status;
    if (strcmp(def.architecture, network->def.architecture) != 0 ||
        def.width != network->def.width || def.height != network->def.height ||
        def.outputs != network->def.outputs || def.batch_norm != network->def.batch_norm)
        return imp_fail(
            err, IMP_BAD_INPUT, "%s: is about %s for %dx%d%s, the network here is %s for %dx%d%s",
            file->path, def.architecture, def.width, def.height,
            def.batch_norm ? " with batch norm" : "", network->def.architecture, network->def.width,
            network->def.height, network->def.batch_norm ? " with batch norm" : "");
    const char *layers = json_string_value(
        json_object_get(json_object_get(file->header, "__metadata__"), "description"));
    if (layers != NULL && network->description != NULL && strcmp(layers, network->description) != 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: the layers of %s were others then", file->path,
                        def.architecture);
    char wanted[SETTINGS];
    describe(trainer, wanted);
    if (strcmp(settings, wanted) != 0)
        return fail_settings(file, settings, wanted, err);
    return IMP_OK;
}

static imp_status read_step(const imp_safetensors *file, int64_t *out, imp_error *err)
{
    const char *text;
    const imp_status status = imp_safetensors_text(file, "step", &text, err);
    if (status != IMP_OK)
        return status;
    const size_t digits = strspn(text, "0123456789");
    if (digits < 1 || digits > 15 || text[digits] != '\0')
        return imp_fail(err, IMP_BAD_INPUT, "%s: metadata \"step\" is not a number", file->path);
    *out = strtoll(text, NULL, 10);
    return IMP_OK;
}

// Where the parts of a state lie in one block: what was not saved takes no room.
typedef struct block {
    float *floats, *values, *first, *second, *average;
    size_t size; // floats
} block;

static imp_status make_block(block *out, const imp_trainer *trainer, imp_error *err)
{
    const size_t values = (size_t)trainer->network->graph.values;
    const size_t trained = (size_t)trainer->network->graph.trained;
    const size_t moments = trainer->second == NULL ? 1 : 2;
    out->size = values + (moments + (trainer->own != NULL)) * trained;
    out->floats = malloc(out->size * sizeof *out->floats);
    if (out->floats == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %zu values", out->size);
    out->values = out->floats;
    out->first = out->values + values;
    out->second = trainer->second == NULL ? NULL : out->first + trained;
    out->average = trainer->own == NULL ? NULL : out->first + moments * trained;
    return IMP_OK;
}

static imp_status read_block(const block *b, const imp_trainer *trainer,
                             const imp_safetensors *file, imp_error *err)
{
    const imp_network *network = trainer->network;
    const int64_t values = network->graph.values, trained = network->graph.trained;
    imp_status status = imp_network_read_arrays(network, file, "", b->values, values, err);
    if (status == IMP_OK)
        status = imp_network_read_arrays(network, file, FIRST, b->first, trained, err);
    if (status == IMP_OK && b->second != NULL)
        status = imp_network_read_arrays(network, file, SECOND, b->second, trained, err);
    if (status == IMP_OK && b->average != NULL)
        status = imp_network_read_arrays(network, file, AVERAGE, b->average, trained, err);
    if (status == IMP_OK && (size_t)(b->size * sizeof(float)) != file->data_length)
        status =
            imp_fail(err, IMP_BAD_INPUT, "%s: has arrays that no such training has", file->path);
    for (int64_t i = 0; i < trained && b->second != NULL && status == IMP_OK; i++)
        if (b->second[i] < 0.0F)
            status = imp_fail(err, IMP_BAD_INPUT, "%s: holds a negative second moment", file->path);
    return status;
}

static void take_block(imp_trainer *trainer, const block *b)
{
    const imp_graph *graph = &trainer->network->graph;
    const size_t trained = (size_t)graph->trained * sizeof(float);
    const size_t moving = (size_t)(graph->values - graph->trained) * sizeof(float);
    memcpy(trainer->values, b->values, trained + moving);
    memcpy(trainer->first, b->first, trained);
    if (b->second != NULL)
        memcpy(trainer->second, b->second, trained);
    if (b->average != NULL) {
        memcpy(trainer->network->values, b->average, trained);
        memcpy(trainer->network->values + graph->trained, b->values + graph->trained, moving);
    }
}

static imp_status restore(imp_trainer *trainer, const imp_safetensors *file, char *progress,
                          size_t capacity, imp_error *err)
{
    const char *text;
    int64_t step = 0;
    imp_status status = check_description(trainer, file, err);
    if (status == IMP_OK)
        status = read_step(file, &step, err);
    if (status == IMP_OK)
        status = imp_safetensors_text(file, "progress", &text, err);
    if (status != IMP_OK)
        return status;
    if (progress != NULL && strlen(text) >= capacity)
        return imp_fail(err, IMP_BAD_INPUT, "%s: the progress in it is too long", file->path);
    block b = {.size = 0};
    status = make_block(&b, trainer, err);
    if (status == IMP_OK)
        status = read_block(&b, trainer, file, err);
    if (status == IMP_OK) {
        take_block(trainer, &b);
        trainer->step = step;
        imp_trainer_invalidate(trainer);
        if (progress != NULL)
            memcpy(progress, text, strlen(text) + 1);
    }
    free(b.floats);
    return status;
}

imp_status imp_trainer_restore(imp_trainer *trainer, const char *path, char *progress,
                               size_t capacity, imp_error *err)
{
    imp_safetensors file;
    imp_status status = imp_safetensors_read(&file, path, err);
    if (status != IMP_OK)
        return status;
    status = restore(trainer, &file, progress, capacity, err);
    imp_safetensors_clear(&file);
    return status;
}
