// Settings as JSON for results (models, datasets, figures). Results must not depend on where files
// lie or how their paths were typed. So a value that names a file is replaced by a hash of its
// content; built-in names stay as they are. Two runs with equal settings therefore give equal bytes
// on any machine.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/content_hash.h"
#include "base/io/file.h"
#include "cli/options/settings_file.h"
#include "data/dataset/dataset_files.h"
#include "imprint/dataset.h"
#include "imprint/nn.h"
#include "imprint/world.h"
#include "nn/model_files/shipped_models.h"

// Whether a value is a built-in name, which commands look up before they look for a file.
static bool is_builtin_map_or_model(const char *value)
{
    // names that several kinds of options accept
    static const char *const names[] = {"",          "expert", "reference", "pure-pursuit",
                                        "duckiebot", "none"};
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

// Describes what a path leads to. A dataset is identified by its stored hash, whatever its shards;
// a model's folder by the model file alone.
static imp_status format_content_hash(char out[IMP_SOURCE_TEXT_MAX], const char *path,
                                      imp_error *err)
{
    char file[IMP_PATH_MAX];
    imp_dataset *dataset = NULL;
    uint64_t hash;
    // a dataset is recognised by its main file
    IMP_TRY(imp_path_join(file, path, IMP_DATASET_INDEX_FILE, err));
    if (imp_path_exists(file)) {
        IMP_TRY(imp_dataset_open(&dataset, path, err));
        snprintf(out, IMP_SOURCE_TEXT_MAX, "dataset %016" PRIx64, imp_dataset_stored_hash(dataset));
        imp_dataset_close(dataset);
        return IMP_OK;
    }
    // a model's folder, a shipped model, else the file itself
    if (imp_model_resolve_path(file, path, NULL) != IMP_OK || !imp_path_exists(file))
        snprintf(file, sizeof file, "%s", path);
    IMP_TRY(imp_content_hash(&hash, file, err));
    snprintf(out, IMP_SOURCE_TEXT_MAX, "content %016" PRIx64, hash);
    return IMP_OK;
}

// Replaces a path by a description of its content. Of DIR:WEIGHT, the weight stays. What names no
// file is not changed.
static imp_status format_source_with_hash(char out[IMP_SOURCE_TEXT_MAX], const char *value,
                                          imp_error *err)
{
    char path[IMP_PATH_MAX];
    const char *colon = strrchr(value, ':'); // the weight of a dataset
    snprintf(out, IMP_SOURCE_TEXT_MAX, "%s", value);
    if (is_builtin_map_or_model(value))
        return IMP_OK;
    // the whole value first: a path may contain a colon
    if (imp_path_exists(value))
        return format_content_hash(out, value, err);
    if (colon == NULL)
        return IMP_OK;
    snprintf(path, sizeof path, "%.*s", (int)(colon - value), value);
    if (!imp_path_exists(path))
        return IMP_OK;
    IMP_TRY(format_content_hash(out, path, err));
    const size_t used = strlen(out);
    snprintf(out + used, IMP_SOURCE_TEXT_MAX - used, "%s", colon);
    return IMP_OK;
}

// Numbers read back exactly. Flexible settings, such as the number of episodes, are left out.
imp_status imp_options_to_json(char **out, const imp_options *options, imp_error *err)
{
    json_t *object;
    *out = NULL;
    // the object holds only what determines a result
    IMP_TRY(imp_options_to_json_object(&object, options, false, format_source_with_hash, err));
    *out = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
    return *out != NULL ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for settings");
}
