// Files of training state: weights, Adam's moments, step and the caller's progress, so that one
// atomic file is enough to go on from.
#include "nn/network_file.h"
#include "nn/trainer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FORMAT[] = "imprint-trainer-1";
static const char FIRST[] = "adam.m.", SECOND[] = "adam.v.";

// What must be the same for the same bytes to follow.
static void describe(const imp_trainer *trainer, char *out, size_t capacity)
{
    snprintf(out, capacity, "batch %d, shards %d, learning rate %.17g, weight decay %.17g",
             trainer->def.batch, trainer->def.shards, trainer->def.learning_rate,
             trainer->def.weight_decay);
}

imp_status imp_trainer_save(const imp_trainer *trainer, const char *path, const char *progress,
                            imp_error *err)
{
    const imp_network *network = trainer->network;
    char settings[160], step[32];
    describe(trainer, settings, sizeof settings);
    snprintf(step, sizeof step, "%" PRId64, trainer->step);
    json_t *metadata = imp_network_description(network, FORMAT);
    imp_array *arrays = calloc((size_t)3 * IMP_MAX_TENSORS, sizeof *arrays);
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
        int count = imp_network_arrays(network, arrays, "", network->values, graph->values);
        count += imp_network_arrays(network, arrays + count, FIRST, trainer->first, graph->trained);
        count +=
            imp_network_arrays(network, arrays + count, SECOND, trainer->second, graph->trained);
        status = imp_safetensors_write(path, metadata, arrays, count, err);
    }
    json_decref(metadata);
    free(arrays);
    return status;
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
    char wanted[160];
    describe(trainer, wanted, sizeof wanted);
    if (strcmp(settings, wanted) != 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: was trained with %.150s; now it is %s", file->path,
                        settings, wanted);
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

// Reads all arrays into one block: values, first and second moments one after the other.
static imp_status read_arrays(const imp_trainer *trainer, const imp_safetensors *file, float *block,
                              imp_error *err)
{
    const imp_network *network = trainer->network;
    const int64_t values = network->graph.values, trained = network->graph.trained;
    imp_status status = imp_network_read_arrays(network, file, "", block, values, err);
    if (status == IMP_OK)
        status = imp_network_read_arrays(network, file, FIRST, block + values, trained, err);
    if (status == IMP_OK)
        status =
            imp_network_read_arrays(network, file, SECOND, block + values + trained, trained, err);
    for (int64_t i = 0; i < trained && status == IMP_OK; i++)
        if (block[values + trained + i] < 0.0F)
            status = imp_fail(err, IMP_BAD_INPUT, "%s: holds a negative second moment", file->path);
    return status;
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
    const size_t values = (size_t)trainer->network->graph.values;
    const size_t trained = (size_t)trainer->network->graph.trained;
    float *block = malloc((values + 2 * trained) * sizeof *block);
    if (block == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", file->path);
    status = read_arrays(trainer, file, block, err);
    if (status == IMP_OK) {
        memcpy(trainer->network->values, block, values * sizeof *block);
        memcpy(trainer->first, block + values, trained * sizeof *block);
        memcpy(trainer->second, block + values + trained, trained * sizeof *block);
        trainer->step = step;
        imp_trainer_invalidate(trainer);
        if (progress != NULL)
            memcpy(progress, text, strlen(text) + 1);
    }
    free(block);
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
