// Loading of map sets. Names are resolved one by one into worlds, in the order given; a folder adds
// its map files in the byte order of their names, so that results do not depend on the locale. All
// scenes are then made together, because scenes of one definition share textures.
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "imprint/map_set.h"

enum { MAPS_MAX = 4096 };

// Makes room for one more world.
static imp_status reserve_world(imp_map_set *set, imp_error *err)
{
    if (set->count == MAPS_MAX)
        return imp_fail(err, IMP_USAGE, "more than %d maps", MAPS_MAX);
    // sets are small, so the array grows by one
    const size_t room = (size_t)set->count + 1;
    void *worlds = realloc(set->worlds, room * sizeof(imp_world *));
    if (worlds == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(room, "map"));
    set->worlds = worlds;
    return IMP_OK;
}

// Loads one map and appends its world.
static imp_status load_map_into_set(imp_map_set *set, const char *name_or_path, imp_error *err)
{
    IMP_TRY(reserve_world(set, err));
    const imp_status status = imp_world_load(&set->worlds[set->count], name_or_path, err);
    set->count += status == IMP_OK;
    return status;
}

// Creates the scenes of all worlds.
static imp_status create_scenes(imp_map_set *set, const imp_scene_def *def, imp_error *err)
{
    set->scenes = calloc((size_t)set->count, sizeof(imp_scene *));
    if (set->scenes == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(set->count, "map"));
    const imp_world *const *worlds = (const imp_world *const *)set->worlds;
    const imp_status status = imp_scene_create_many(set->scenes, worlds, set->count, def, err);
    if (status != IMP_OK) { // there is none to destroy
        free(set->scenes);
        set->scenes = NULL;
    }
    return status;
}

// YAML files that are not hidden.
static int is_map_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && imp_path_is_yaml(entry->d_name);
}

// By bytes: the order must not depend on the locale.
static int compare_file_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

// Loads all map files of a folder.
static imp_status load_map_folder(imp_map_set *set, const char *folder, imp_error *err)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_map_file, compare_file_names);
    if (count < 0)
        return imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    imp_status status = IMP_OK;
    if (count == 0)
        status = imp_fail(err, IMP_BAD_INPUT, "%s: no map (*.yaml) in this folder", folder);
    for (int k = 0; k < count; k++) {
        // after a failure the remaining entries are only freed
        char path[IMP_PATH_MAX];
        if (status == IMP_OK)
            status = imp_path_join(path, folder, entries[k]->d_name, err);
        if (status == IMP_OK)
            status = load_map_into_set(set, path, err);
        free(entries[k]);
    }
    free(entries);
    return status;
}

// Whether a path is a folder.
static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

imp_status imp_map_set_load(imp_map_set *out, const char *const *names, int count,
                            const imp_scene_def *scene, imp_error *err)
{
    // a NULL definition means the defaults
    const imp_scene_def plain = imp_default_scene_def();
    const imp_scene_def *def = scene != NULL ? scene : &plain;
    imp_map_set set = {0};
    // built-in maps win over folders of the same name
    imp_status status = count > 0 ? IMP_OK : imp_fail(err, IMP_USAGE, "at least one map is needed");
    for (int k = 0; k < count && status == IMP_OK; k++)
        status = !imp_map_is_builtin(names[k]) && is_folder(names[k]) &&
                         !imp_map_is_layer_folder(names[k])
                     ? load_map_folder(&set, names[k], err)
                     : load_map_into_set(&set, names[k], err);
    if (status == IMP_OK)
        status = create_scenes(&set, def, err);
    if (status == IMP_OK)
        *out = set;
    else
        imp_map_set_free(&set);
    return status;
}

imp_status imp_map_set_parse(imp_map_set *out, const char *text, size_t length, const char *name,
                             const imp_scene_def *scene, imp_error *err)
{
    const imp_scene_def plain = imp_default_scene_def();
    imp_map_set set = {0};
    imp_status status = reserve_world(&set, err);
    if (status == IMP_OK)
        status = imp_world_parse(&set.worlds[0], text, length, name, err);
    set.count = status == IMP_OK;
    if (status == IMP_OK)
        status = create_scenes(&set, scene != NULL ? scene : &plain, err);
    if (status == IMP_OK)
        *out = set;
    else
        imp_map_set_free(&set);
    return status;
}

void imp_map_set_free(imp_map_set *set)
{
    if (set == NULL)
        return;
    for (int k = 0; k < set->count; k++) {
        // a set that was built in part may lack scenes
        if (set->scenes != NULL)
            imp_scene_destroy(set->scenes[k]);
        imp_world_destroy(set->worlds[k]);
    }
    free(set->scenes);
    free(set->worlds);
    *set = (imp_map_set){0};
}

const char *imp_map_set_common_name(const imp_map_set *set)
{
    return set->count == 1 ? set->worlds[0]->name : "several";
}
