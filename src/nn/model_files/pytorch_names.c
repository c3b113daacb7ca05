// Removes what PyTorch's wrappers add to the names of weights. nn.DataParallel and torch.compile
// wrap modules and add `module.` and `_orig_mod.` anywhere in a name. A network inside a larger
// module has a prefix, such as `model.`.
// Names are first stripped of wrapper parts, then of a common prefix. They are changed only if the
// network does not have them as they are.
#include "nn/model_files/model_file.h"

#include <stdio.h>
#include <string.h>

static const char METADATA[] = "__metadata__";
static const char BATCH_COUNTER[] =
    ".num_batches_tracked"; // PyTorch's batch counter is not a weight

enum { NAME_MAX_BYTES = 256 };

// Whether the network has a tensor of that name.
static bool is_tensor_name(const imp_graph *graph, const char *name)
{
    for (int i = 0; i < graph->tensor_count; i++)
        if (strcmp(graph->tensors[i].name, name) == 0)
            return true;
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

// The name without wrapper parts; stops as soon as it is a tensor's name.
static void strip_wrapper_names(const imp_graph *graph, const char *key, char out[NAME_MAX_BYTES])
{
    static const char *const wrappers[] = {"module.", "_orig_mod."};
    snprintf(out, NAME_MAX_BYTES, "%s", key);
    // at each part of the name, remove wrappers; otherwise go to the next part
    char *part = out;
    while (part != NULL && !is_tensor_name(graph, out)) {
        bool taken = false;
        for (int k = 0; k < 2 && !taken; k++) {
            const size_t length = strlen(wrappers[k]);
            taken = strncmp(part, wrappers[k], length) == 0;
            if (taken)
                memmove(part, part + length, strlen(part + length) + 1);
        }
        if (!taken) {
            part = strchr(part, '.');
            part = part == NULL ? NULL : part + 1;
        }
    }
}

// The common prefix of all weights, or "". If any array already has a tensor's name, there is no
// prefix.
static imp_status find_common_prefix(char out[NAME_MAX_BYTES], const imp_graph *graph,
                                     const char *path, json_t *arrays, imp_error *err)
{
    const char *key;
    json_t *entry;
    bool found = false;
    out[0] = '\0';
    json_object_foreach(arrays, key, entry) if (is_tensor_name(graph, key)) return IMP_OK;
    // the first tensor that occurs behind some prefix determines it
    for (int i = 0; i < graph->tensor_count && !found; i++) {
        char end[NAME_MAX_BYTES];
        snprintf(end, sizeof end, ".%s", graph->tensors[i].name);
        json_object_foreach(arrays, key, entry)
        {
            if (!ends_with(key, end))
                continue;
            // a second array with that ending belongs to another network
            if (found)
                return imp_fail(
                    err, IMP_BAD_INPUT,
                    "%s: has the weights of two networks, \"%.60s\" and \"%.60s%s\": save "
                    "one alone",
                    path, key, out, end + 1);
            found = true;
            snprintf(out, NAME_MAX_BYTES, "%.*s", (int)(strlen(key) - strlen(end) + 1), key);
        }
    }
    return IMP_OK;
}

// Adds an array under a new name, which must be unique.
static imp_status add_array(json_t *to, const char *path, const char *name, json_t *entry,
                            imp_error *err)
{
    if (json_object_get(to, name) != NULL)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: two of its arrays are \"%.60s\" without what wrappers add", path,
                        name);
    return json_object_set(to, name, entry) == 0
               ? IMP_OK
               : imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
}

// Builds a new header with the changed names and replaces the old one at the end.
imp_status imp_network_match_tensor_names(imp_safetensors *file, const imp_graph *graph,
                                          imp_error *err)
{
    const char *key;
    json_t *entry, *bare = json_object(), *named = json_object();
    char name[NAME_MAX_BYTES], prefix[NAME_MAX_BYTES] = "";
    imp_status status = bare != NULL && named != NULL
                            ? IMP_OK
                            : imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", file->path);
    // first pass: drop counters, strip wrappers; metadata stay
    json_object_foreach(file->header, key, entry)
    {
        const bool is_metadata = strcmp(key, METADATA) == 0;
        if (status != IMP_OK || (ends_with(key, BATCH_COUNTER) && !is_tensor_name(graph, key)))
            continue;
        if (!is_metadata)
            strip_wrapper_names(graph, key, name);
        status =
            add_array(is_metadata ? named : bare, file->path, is_metadata ? key : name, entry, err);
    }
    // second pass: remove the common prefix
    if (status == IMP_OK)
        status = find_common_prefix(prefix, graph, file->path, bare, err);
    const size_t length = strlen(prefix);
    json_object_foreach(bare, key, entry) if (status == IMP_OK) status = add_array(
        named, file->path, strncmp(key, prefix, length) == 0 ? key + length : key, entry, err);
    json_decref(bare);
    if (status != IMP_OK) {
        json_decref(named);
        return status;
    }
    json_decref(file->header);
    file->header = named;
    return IMP_OK;
}
