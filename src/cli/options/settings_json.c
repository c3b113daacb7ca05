// The settings that results hold. Models, datasets and figures must not depend on where files lie
// or how their paths were typed: what names a file is replaced by a number for what is in it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/content_hash.h"
#include "base/io/file.h"
#include "cli/options/settings_file.h"
#include "imprint/dataset.h"
#include "imprint/nn.h"
#include "imprint/world.h"

// Names that commands look up before they look for files.
static bool is_builtin_name(const char *value)
{
    static const char *const names[] = {"", "expert", "reference", "duckiebot", "none"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (strcmp(value, names[k]) == 0)
            return true;
    for (int k = 0; k < imp_builtin_map_count(); k++)
        if (strcmp(value, imp_builtin_map_name(k)) == 0)
            return true;
    for (int k = 0; imp_network_builtin_name(k) != NULL; k++)
        if (strcmp(value, imp_network_builtin_name(k)) == 0)
            return true;
    for (int k = 0; imp_segmenter_builtin_name(k) != NULL; k++)
        if (strcmp(value, imp_segmenter_builtin_name(k)) == 0)
            return true;
    return false;
}

// A dataset's episodes may be spread over files otherwise, and a model's folder holds more than the
// model.
static bool describe_content(const char *path, char out[IMP_SOURCE_TEXT_MAX])
{
    char file[IMP_PATH_MAX];
    imp_dataset *dataset = NULL;
    uint64_t hash;
    if (imp_path_join(file, path, "main_data.hdf5", NULL) == IMP_OK && imp_path_exists(file) &&
        imp_dataset_open(&dataset, path, NULL) == IMP_OK) {
        snprintf(out, IMP_SOURCE_TEXT_MAX, "dataset %016" PRIx64, imp_dataset_stored_hash(dataset));
        imp_dataset_close(dataset);
        return true;
    }
    if (imp_path_join(file, path, "model.safetensors", NULL) != IMP_OK || !imp_path_exists(file))
        snprintf(file, sizeof file, "%s", path);
    if (imp_content_hash(&hash, file, NULL) != IMP_OK)
        return false;
    snprintf(out, IMP_SOURCE_TEXT_MAX, "content %016" PRIx64, hash);
    return true;
}

static void describe_source(const char *value, char out[IMP_SOURCE_TEXT_MAX])
{
    char path[IMP_PATH_MAX];
    const char *colon = strrchr(value, ':'); // the weight of a dataset
    snprintf(out, IMP_SOURCE_TEXT_MAX, "%s", value);
    if (is_builtin_name(value) || (imp_path_exists(value) && describe_content(value, out)) ||
        colon == NULL)
        return;
    snprintf(path, sizeof path, "%.*s", (int)(colon - value), value);
    if (imp_path_exists(path) && describe_content(path, out)) {
        const size_t used = strlen(out);
        snprintf(out + used, IMP_SOURCE_TEXT_MAX - used, "%s", colon);
    }
}

char *imp_options_to_json(const imp_options *options)
{
    json_t *object = imp_options_to_json_object(options, false, describe_source);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
    return text;
}
