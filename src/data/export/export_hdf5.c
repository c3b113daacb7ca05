// Exports datasets as HDF5 files for Minari (one file with all episodes) and robomimic
// (demonstrations with images). Both are built in a mapped file, so they may be larger than memory.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "data/dataset/index_file.h"
#include "data/export/export_formats.h"
#include "data/hdf5/hdf5_mapped.h"

// ---- Minari -------------------------------------------------------------------------------------

// Copies each episode's group; HDF5 follows the external link into the shard.
static imp_status copy_minari_episodes(const imp_dataset *dataset, hid_t from, hid_t to,
                                       const char *path, const imp_monitor *monitor, imp_error *err)
{
    const int count = imp_dataset_episode_count(dataset);
    for (int k = 0; k < count; k++) {
        char name[32];
        // interruption is checked per episode
        IMP_TRY(imp_export_report_or_stop(dataset, k, monitor, err));
        imp_dataset_episode_name(name, k);
        // The link is followed into its shard.
        if (H5Ocopy(from, name, to, name, H5P_DEFAULT, H5P_DEFAULT) < 0)
            return imp_hdf5_fail(err, IMP_IO, path, "cannot be written");
    }
    return IMP_OK;
}

// Dataset attributes, totals and origin, then all episodes.
static imp_status write_minari_hdf5(const imp_dataset *dataset, const char *folder,
                                    imp_atomic_file *out, const imp_monitor *monitor,
                                    imp_error *err)
{
    const char *path = out->path;
    imp_hdf5_mapped image;
    char index[PATH_MAX];
    hid_t from;
    // the index file of the dataset is the source of the copies
    imp_status status = imp_dataset_file_path(index, folder, IMP_DATASET_INDEX_FILE, err);
    // read-only
    if (status == IMP_OK)
        status = imp_hdf5_open(&from, index, err);
    if (status != IMP_OK)
        return status;
    // the new file's bytes are in the mapped temporary file
    const hid_t to = imp_hdf5_mapped_create(&image, fileno(out->stream));
    const char *origin = imp_dataset_origin(dataset);
    // attributes that our own reader also finds
    if (to < 0 || !imp_dataset_info_write(to, imp_dataset_get_info(dataset)) ||
        !imp_hdf5_write_int(to, "total_episodes", imp_dataset_episode_count(dataset)) ||
        !imp_hdf5_write_int(to, "total_steps", imp_dataset_step_count(dataset)) ||
        (origin[0] != '\0' && !imp_hdf5_write_text(to, "origin", origin)))
        status = imp_hdf5_fail(err, IMP_IO, path, "cannot be written");
    else
        status = copy_minari_episodes(dataset, from, to, path, monitor, err);
    H5Fclose(from);
    return imp_hdf5_mapped_close(&image, to, path, status, err);
}

// Replaces the dataset id in the text of metadata.json. The caller frees *text.
static imp_status set_dataset_id(char **text, size_t *length, const char *from, const char *id,
                                 imp_error *err)
{
    json_error_t where;
    json_t *json = json_loadb(*text, *length, 0, &where);
    // the file may have been edited by hand
    if (!json_is_object(json)) {
        json_decref(json);
        return imp_fail(err, IMP_BAD_INPUT, "%s: is not a JSON object: %.120s", from,
                        json == NULL ? where.text : "something else");
    }
    // all other keys stay
    const int failed = json_object_set_new(json, "dataset_id", json_string(id));
    char *renamed = failed == 0 ? json_dumps(json, JSON_INDENT(1)) : NULL;
    json_decref(json);
    if (renamed == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", from);
    free(*text);
    *text = renamed;
    *length = strlen(renamed);
    return IMP_OK;
}

// The metadata are those of the dataset, with another id if one is given.
static imp_status copy_minari_metadata(const char *folder, const char *to, const char *id,
                                       imp_error *err)
{
    char from[PATH_MAX];
    char *text;
    size_t length;
    imp_status status = imp_dataset_file_path(from, folder, IMP_DATASET_METADATA_FILE, err);
    if (status == IMP_OK)
        status = imp_file_read(&text, &length, from, (size_t)4 << 30, err);
    if (status != IMP_OK)
        return status;
    if (id != NULL)
        status = set_dataset_id(&text, &length, from, id, err);
    // written atomically, too
    if (status == IMP_OK)
        status = imp_file_write(to, text, length, err);
    free(text);
    return status;
}

// main_data.hdf5 first, then metadata.json.
imp_status imp_export_minari(const imp_dataset *dataset, const char *folder, const char *path,
                             const char *id, const imp_monitor *monitor, imp_error *err)
{
    char name[PATH_MAX];
    imp_atomic_file file;
    IMP_TRY(imp_dataset_file_path(name, path, IMP_DATASET_INDEX_FILE, err));
    IMP_TRY(imp_atomic_file_open(&file, name, err));
    // the data may be larger than memory
    imp_status status = write_minari_hdf5(dataset, folder, &file, monitor, err);
    if (status == IMP_OK)
        status = imp_atomic_file_commit(&file, err);
    else
        imp_atomic_file_discard(&file);
    if (status == IMP_OK)
        status = imp_dataset_file_path(name, path, IMP_DATASET_METADATA_FILE, err);
    return status == IMP_OK ? copy_minari_metadata(folder, name, id, err) : status;
}

// ---- robomimic ----------------------------------------------------------------------------------

// Writes an array of floats, bytes or texts under a name.
static bool write_array(hid_t parent, const char *name, hid_t type, int rank, const hsize_t *shape,
                        const void *data)
{
    // shape, properties, array, in HDF5's way
    const hid_t space = H5Screate_simple(rank, shape, NULL);
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(create, false);
    // without time stamps
    const hid_t set = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    bool good = set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
    good = (set < 0 || H5Dclose(set) >= 0) && good;
    H5Pclose(create);
    H5Sclose(space);
    return good;
}

// obs/image and next_obs/image: images before and after each action.
static bool write_images(hid_t demo, const imp_dataset_info *info, const imp_episode *episode)
{
    const hsize_t shape[4] = {(hsize_t)episode->steps, (hsize_t)info->height, (hsize_t)info->width,
                              3};
    const size_t image_size = (size_t)info->width * (size_t)info->height * 3;
    bool good = true;
    // both arrays overlap in memory, shifted by one image
    for (size_t next = 0; next < 2 && good; next++) {
        // one group per kind of observation
        const hid_t group = imp_hdf5_create_group(demo, next == 0 ? "obs" : "next_obs");
        good = group >= 0 && write_array(group, "image", H5T_NATIVE_UINT8, 4, shape,
                                         episode->observations + next * image_size);
        if (group >= 0)
            H5Gclose(group);
    }
    return good;
}

// robomimic's actions are the labels, that is, the expert's; those executed are stored as well.
static bool write_robomimic_demo(hid_t demo, const imp_dataset_info *info,
                                 const imp_episode *episode)
{
    // shapes of pairs and poses
    const hsize_t steps = (hsize_t)episode->steps, pairs[2] = {steps, 2}, triples[2] = {steps, 3};
    uint8_t *dones = malloc((size_t)steps);
    if (dones == NULL)
        return false;
    // done: for either reason
    for (hsize_t k = 0; k < steps; k++)
        dones[k] = episode->terminations[k] || episode->truncations[k];
    // attributes first, then arrays
    const bool good =
        imp_hdf5_write_int(demo, "num_samples", episode->steps) &&
        imp_hdf5_write_text(demo, "map", episode->map) &&
        write_array(demo, "actions", H5T_NATIVE_FLOAT, 2, pairs, episode->expert_actions) &&
        write_array(demo, "executed_actions", H5T_NATIVE_FLOAT, 2, pairs, episode->actions) &&
        write_array(demo, "rewards", H5T_NATIVE_FLOAT, 1, &steps, episode->rewards) &&
        write_array(demo, "dones", H5T_NATIVE_UINT8, 1, &steps, dones) &&
        // poses are unknown in recordings of real robots
        (isnan(episode->poses[0]) ||
         write_array(demo, "states", H5T_NATIVE_DOUBLE, 2, triples, episode->poses)) &&
        write_images(demo, info, episode);
    free(dones);
    return good;
}

// One group demo_<n> per episode.
static imp_status write_robomimic_demos(const imp_dataset *dataset, hid_t data, const char *path,
                                        const imp_monitor *monitor, imp_error *err)
{
    const int count = imp_dataset_episode_count(dataset);
    for (int k = 0; k < count; k++) {
        char name[32];
        IMP_TRY(imp_export_report_or_stop(dataset, k, monitor, err));
        snprintf(name, sizeof name, "demo_%d", k);
        const hid_t demo = imp_hdf5_create_group(data, name);
        // -1 if the group could not be created
        const bool good = demo >= 0 && write_robomimic_demo(demo, imp_dataset_get_info(dataset),
                                                            imp_dataset_episode(dataset, k));
        if (demo >= 0)
            H5Gclose(demo);
        if (!good)
            return imp_hdf5_fail(err, IMP_IO, path, "cannot be written");
    }
    return IMP_OK;
}

enum { DEMO_NAME_MAX = 16 };

// Writes a list of demonstration names, those held out or the others, in the format of robomimic's
// own script: fixed-length texts padded with zeros.
static bool write_demo_name_list(hid_t group, const char *name, const bool *held_out, int count,
                                 bool wanted, int *listed)
{
    // one fixed-length row per name
    char *names = calloc((size_t)count, DEMO_NAME_MAX);
    // collect the names in rows of DEMO_NAME_MAX bytes
    size_t longest = 1;
    *listed = 0;
    for (int k = 0; names != NULL && k < count; k++) {
        if (held_out[k] != wanted)
            continue;
        char *place = names + (size_t)(*listed)++ * DEMO_NAME_MAX;
        const int length = snprintf(place, DEMO_NAME_MAX, "demo_%d", k);
        longest = (size_t)length > longest ? (size_t)length : longest;
    }
    // Compact the rows to the length of the longest name.
    for (int k = 1; names != NULL && k < *listed; k++)
        memmove(names + (size_t)k * longest, names + (size_t)k * DEMO_NAME_MAX, longest);
    // texts padded with zeros, without a terminator
    const hid_t text = H5Tcopy(H5T_C_S1);
    const hsize_t shape[1] = {(hsize_t)*listed};
    bool good = names != NULL && H5Tset_size(text, longest) >= 0 &&
                H5Tset_strpad(text, H5T_STR_NULLPAD) >= 0;
    if (good && *listed > 0)
        good = write_array(group, name, text, 1, shape, names);
    H5Tclose(text);
    free(names);
    return good;
}

// mask/train and mask/valid, with the split that `imprint train` makes of this dataset alone.
static imp_status write_train_valid_lists(imp_export_summary *out, const imp_dataset *dataset,
                                          hid_t file, const char *path, const imp_export_def *def,
                                          imp_error *err)
{
    const int count = imp_dataset_episode_count(dataset);
    bool *held_out = calloc((size_t)count, sizeof *held_out);
    if (held_out == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    imp_status status = imp_dataset_split(held_out, &dataset, 1, def->validation, def->seed, err);
    if (status == IMP_OK) {
        const hid_t group = imp_hdf5_create_group(file, "mask");
        if (group < 0 ||
            !write_demo_name_list(group, "train", held_out, count, false, &out->training) ||
            !write_demo_name_list(group, "valid", held_out, count, true, &out->held_out))
            status = imp_hdf5_fail(err, IMP_IO, path, "cannot be written");
        if (group >= 0)
            H5Gclose(group);
    }
    free(held_out);
    return status;
}

// The group "data" with all demonstrations, then the masks.
imp_status imp_export_robomimic(imp_export_summary *out, const imp_dataset *dataset,
                                imp_atomic_file *to, const imp_export_def *def,
                                const imp_monitor *monitor, imp_error *err)
{
    const char *path = to->path;
    imp_hdf5_mapped image;
    // group "data" with attributes that robomimic's loader reads
    const hid_t file = imp_hdf5_mapped_create(&image, fileno(to->stream));
    const hid_t data = file >= 0 ? imp_hdf5_create_group(file, "data") : -1;
    imp_status status;
    // Type 2 is a gym environment in robomimic's list of environment types.
    if (data < 0 || !imp_hdf5_write_int(data, "total", imp_dataset_step_count(dataset)) ||
        !imp_hdf5_write_text(data, "env_args",
                             "{\"env_name\": \"imprint\", \"type\": 2, \"env_kwargs\": {}}"))
        status = imp_hdf5_fail(err, IMP_IO, path, "cannot be written");
    else
        status = write_robomimic_demos(dataset, data, path, monitor, err);
    if (data >= 0)
        H5Gclose(data);
    if (status == IMP_OK && def->validation > 0.0)
        status = write_train_valid_lists(out, dataset, file, path, def, err);
    return imp_hdf5_mapped_close(&image, file, path, status, err);
}
