// The files of bags. ROS 2 records a folder: one or more files, and metadata.yaml that lists them.
// A name in that list must be a plain name, so that it cannot lead out of the folder.
#include "data/import/rosbag_paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/io/folder_reader.h"
#include "base/yaml/yaml_tree.h"

enum { METADATA_MAX = 1 << 24, FILES_MAX = 10000 };

// Appends a copy of a path.
static imp_status add_path(imp_rosbag_paths *out, const char *path, imp_error *err)
{
    char **grown = realloc(out->items, ((size_t)out->count + 1) * sizeof *grown);
    if (grown != NULL)
        out->items = grown;
    char *copy = grown != NULL ? strdup(path) : NULL;
    if (copy == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the names of bags");
    if (out->count == FILES_MAX) {
        free(copy);
        return imp_fail(err, IMP_BAD_INPUT, "%s: more than %d bags", path, (int)FILES_MAX);
    }
    out->items[out->count++] = copy;
    return IMP_OK;
}

void imp_rosbag_paths_free(imp_rosbag_paths *paths)
{
    for (int k = 0; k < paths->count; k++)
        free(paths->items[k]);
    free(paths->items);
    *paths = (imp_rosbag_paths){0};
}

// One name of the list. Recorders of compressed bags leave out the ending of the compression.
static imp_status add_listed_bag(imp_rosbag_paths *out, const char *folder, const imp_yaml *yaml,
                                 int node, imp_error *err)
{
    const char *name = imp_yaml_scalar_text(yaml, node);
    char path[IMP_PATH_MAX], compressed[IMP_PATH_MAX];
    if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL || strcmp(name, "..") == 0)
        return imp_yaml_fail(yaml, node, "relative_file_paths must be names of files");
    IMP_TRY(imp_path_join(path, folder, name, err));
    if (!imp_path_exists(path) &&
        snprintf(compressed, sizeof compressed, "%s.zstd", path) < (int)sizeof compressed &&
        imp_path_exists(compressed))
        return add_path(out, compressed, err);
    return add_path(out, path, err);
}

// Adds what metadata.yaml lists.
static imp_status add_bags_of_metadata(imp_rosbag_paths *out, const char *folder, const char *path,
                                       imp_error *err)
{
    imp_yaml yaml = {.source = path, .err = err};
    char *text;
    size_t length;
    IMP_TRY(imp_file_read(&text, &length, path, METADATA_MAX, err));
    imp_status status = imp_yaml_parse(&yaml, text, length);
    free(text);
    if (status == IMP_OK) {
        // a recording that was split has several files, in this order
        const int list =
            imp_yaml_get(&yaml, imp_yaml_get(&yaml, yaml.root, "rosbag2_bagfile_information"),
                         "relative_file_paths");
        if (list < 0 || imp_yaml_node_kind(&yaml, list) != IMP_YAML_LIST ||
            imp_yaml_count(&yaml, list) == 0)
            status = imp_fail(err, IMP_BAD_INPUT,
                              "%s: lists no relative_file_paths, as the metadata of a bag do: give "
                              "the bag's files instead of its folder",
                              path);
        for (int at = status == IMP_OK ? imp_yaml_first(&yaml, list) : -1;
             at >= 0 && status == IMP_OK; at = imp_yaml_next(&yaml, at))
            status = add_listed_bag(out, folder, &yaml, imp_yaml_resolve(&yaml, at), err);
    }
    imp_yaml_free(&yaml);
    return status;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Adds the bags of a folder without metadata.
static imp_status add_bags_by_extension(imp_rosbag_paths *out, const char *folder, imp_error *err)
{
    static const char *const endings[] = {".db3", ".mcap", ".bag", ".db3.zstd", ".mcap.zstd"};
    const int first = out->count;
    imp_folder_reader reader;
    const char *name = NULL;
    IMP_TRY(imp_folder_reader_open(&reader, folder, err));
    imp_status status;
    while ((status = imp_folder_reader_next(&reader, &name, err)) == IMP_OK && name != NULL) {
        char path[IMP_PATH_MAX];
        // by its ending: a folder of a recording holds other files, too
        bool is_bag = false;
        for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++)
            is_bag = is_bag || imp_path_has_suffix(name, endings[k]);
        if (!is_bag)
            continue;
        status = imp_path_join(path, folder, name, err);
        if (status == IMP_OK)
            status = add_path(out, path, err);
        if (status != IMP_OK)
            break;
    }
    imp_folder_reader_close(&reader);
    IMP_TRY(status);
    if (out->count == first)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: the folder holds no bag: no metadata.yaml, .db3, .mcap or .bag",
                        folder);
    // folders have no order; names that are numbered do
    qsort(out->items + first, (size_t)(out->count - first), sizeof *out->items, compare_paths);
    return IMP_OK;
}

imp_status imp_rosbag_paths_expand(imp_rosbag_paths *out, const char *const *paths, int count,
                                   imp_error *err)
{
    for (int k = 0; k < count; k++) {
        char metadata[IMP_PATH_MAX];
        imp_file_type type;
        // a file that is missing is reported when it is opened
        if (imp_file_type_detect(&type, paths[k], NULL) != IMP_OK || type != IMP_FILE_TYPE_FOLDER) {
            IMP_TRY(add_path(out, paths[k], err));
            continue;
        }
        IMP_TRY(imp_path_join(metadata, paths[k], "metadata.yaml", err));
        IMP_TRY(imp_path_exists(metadata) ? add_bags_of_metadata(out, paths[k], metadata, err)
                                          : add_bags_by_extension(out, paths[k], err));
    }
    return IMP_OK;
}
