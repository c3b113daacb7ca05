// Writes and reads the index of a dataset: main_data.hdf5 with a link per episode into its shard,
// and metadata.json in the form of Minari 0.5 (minari.farama.org).
// Links are external HDF5 links with plain file names, so the folder can be moved; readers refuse
// names with a slash.
#include "data/dataset/index_file.h"

#include "base/common/try.h"
#include "base/io/file.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The release of Minari whose storage format is used. Its loader rejects versions that it does not
// know.
#define MINARI_VERSION "0.5.4"

// One external link per episode, with the same name as its group in the shard.
static bool write_episode_links(hid_t file, int episodes, const int *shard_first, int shards)
{
    for (int shard = 0; shard < shards; shard++) {
        // a shard's episodes end where the next shard begins
        const int end = shard + 1 < shards ? shard_first[shard + 1] : episodes;
        char name[32], link[32];
        // a plain name, relative to the index file
        imp_dataset_shard_name(name, shard);
        for (int episode = shard_first[shard]; episode < end; episode++) {
            imp_dataset_episode_name(link, episode);
            if (H5Lcreate_external(name, link, file, link, H5P_DEFAULT, H5P_DEFAULT) < 0)
                return false;
        }
    }
    return true;
}

// Builds the index in memory and writes it atomically.
static imp_status write_index_hdf5(const char *folder, const imp_dataset_info *info,
                                   const char *origin, const imp_dataset_totals *totals,
                                   const int *shard_first, int shards, imp_error *err)
{
    char path[PATH_MAX];
    imp_status status = imp_dataset_file_path(path, folder, IMP_DATASET_INDEX_FILE, err);
    if (status != IMP_OK)
        return status;
    const hid_t file = imp_hdf5_create_in_memory();
    if (file < 0)
        return imp_hdf5_fail(err, IMP_NO_MEMORY, path, "cannot be assembled");
    // dataset attributes, origin, totals, links
    if (imp_dataset_info_write(file, info) &&
        (origin[0] == '\0' || imp_hdf5_write_text(file, "origin", origin)) &&
        imp_hdf5_write_int(file, "total_episodes", totals->episodes) &&
        imp_hdf5_write_int(file, "total_steps", totals->steps) &&
        imp_hdf5_write_int(file, "finished", totals->finished) &&
        write_episode_links(file, totals->episodes, shard_first, shards))
        status = imp_hdf5_write_file(file, path, err);
    else
        status = imp_hdf5_fail(err, IMP_NO_MEMORY, path, "cannot be assembled");
    H5Fclose(file);
    return status;
}

// An image with one value as nested JSON lists: Minari wants bounds for every single number.
static char *write_constant_image_json(char *at, const imp_dataset_info *info, int value)
{
    for (int row = 0; row < info->height; row++) {
        at += sprintf(at, row == 0 ? "[" : ",");
        for (int column = 0; column < info->width; column++)
            at += sprintf(at, "%s[%d,%d,%d]", column == 0 ? "[" : ",", value, value, value);
        at += sprintf(at, "]");
    }
    return at + sprintf(at, "]");
}

// Minari's description of the observations (a gymnasium Box). The caller frees it; NULL without
// memory.
static char *observation_space_json(const imp_dataset_info *info)
{
    // the buffer's size is known in advance, so sprintf() cannot overflow it
    const size_t pixels = (size_t)info->width * (size_t)info->height;
    // at most "[255,255,255]," per pixel and bound
    char *const text = malloc(128 + 2 * 14 * pixels + 6 * (size_t)info->height);
    if (text == NULL)
        return NULL;
    char *at = text;
    at += sprintf(at, "{\"type\": \"Box\", \"dtype\": \"uint8\", \"shape\": [%d, %d, 3], \"low\": ",
                  info->height, info->width);
    at = write_constant_image_json(at, info, 0);
    at += sprintf(at, ", \"high\": ");
    at = write_constant_image_json(at, info, 255);
    sprintf(at, "}");
    return text;
}

// Dataset names in Minari consist of letters, digits, _ and -.
static void minari_dataset_name(char out[160], const imp_dataset_info *info)
{
    snprintf(out, 160, "imprint/%s-%s-v0", info->map, info->policy);
    // other characters become '_'
    for (char *at = out + strlen("imprint/"); *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && *at != '-')
            *at = '_';
}

// Builds the object and writes it atomically.
static imp_status write_metadata_json(const char *folder, const imp_dataset_info *info,
                                      const char *origin, const imp_dataset_totals *totals,
                                      imp_error *err)
{
    char path[PATH_MAX], name[160];
    imp_status status = imp_dataset_file_path(path, folder, IMP_DATASET_METADATA_FILE, err);
    if (status != IMP_OK)
        return status;
    // the name is derived from map and policy
    minari_dataset_name(name, info);
    char *observations = observation_space_json(info);
    // jpeg_encoding false: images are raw bytes.
    json_t *json = json_pack(
        "{s:s, s:s, s:i, s:I, s:b, s:s, s:s, s:s, s:s, s:s}", "dataset_id", name, "data_format",
        "hdf5", "total_episodes", totals->episodes, "total_steps", (json_int_t)totals->steps,
        "jpeg_encoding", 0, "observation_space", observations == NULL ? "" : observations,
        "action_space",
        "{\"type\": \"Box\", \"dtype\": \"float32\", \"shape\": [2], \"low\": [-1.0, -1.0], "
        "\"high\": [1.0, 1.0]}",
        "algorithm_name", info->policy, "description",
        origin[0] == '\0'
            ? "Recorded by imprint: pictures of a simulated Duckiebot's camera and the duty cycles "
              "of its wheels (left, right)."
            : "Imported by imprint: pictures of a robot's camera and the duty cycles of its wheels "
              "(left, right).",
        "minari_version", MINARI_VERSION);
    // json_pack() fails if the policy's name is not UTF-8
    char *text = observations == NULL || json == NULL ? NULL : json_dumps(json, JSON_INDENT(1));
    if (text == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    else
        status = imp_file_write(path, text, strlen(text), err);
    free(text);
    json_decref(json);
    free(observations);
    return status;
}

// main_data.hdf5 first: metadata.json may lag behind after an interruption, but not the reverse.
imp_status imp_index_file_write(const char *folder, const imp_dataset_info *info,
                                const char *origin, const imp_dataset_totals *totals,
                                const int *shard_first, int shards, imp_error *err)
{
    IMP_TRY(write_index_hdf5(folder, info, origin, totals, shard_first, shards, err));
    return write_metadata_json(folder, info, origin, totals, err);
}

// Totals are checked for range; whether they are true is checked by the reader.
imp_status imp_index_file_read(hid_t file, const char *path, imp_dataset_info *info,
                               imp_dataset_totals *totals, imp_error *err)
{
    IMP_TRY(imp_dataset_info_read(file, path, info, err));
    // all three are required
    int64_t episodes, steps, finished;
    if (!imp_hdf5_read_int(file, "total_episodes", 0, INT_MAX, &episodes) ||
        !imp_hdf5_read_int(file, "total_steps", 0, INT64_MAX, &steps) ||
        !imp_hdf5_read_int(file, "finished", 0, 1, &finished))
        return imp_fail(err, IMP_BAD_INPUT, "%s: does not contain the totals", path);
    *totals = (imp_dataset_totals){(int)episodes, steps, finished == 1};
    return IMP_OK;
}

// Only imported datasets have an origin.
imp_status imp_index_file_read_origin(hid_t file, const char *path,
                                      char out[IMP_DATASET_ORIGIN_MAX], imp_error *err)
{
    out[0] = '\0';
    if (H5Aexists(file, "origin") > 0 &&
        !imp_hdf5_read_text(file, "origin", out, IMP_DATASET_ORIGIN_MAX))
        return imp_fail(err, IMP_BAD_INPUT, "%s: attribute origin is wrong", path);
    return IMP_OK;
}

// Reads the target of a link. It must be a plain file name, so that nothing outside of the folder
// is opened.
imp_status imp_index_file_read_link(hid_t file, const char *path, int episode,
                                    char shard[NAME_MAX + 1], char group[64], imp_error *err)
{
    char name[32], value[NAME_MAX + 128];
    imp_dataset_episode_name(name, episode);
    H5L_info_t info;
    // the name in the index is that of the group in the shard
    unsigned flags;
    const char *target, *inside;
    if (H5Lget_info(file, name, &info, H5P_DEFAULT) < 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s is missing", path, name);
    if (info.type != H5L_TYPE_EXTERNAL || info.u.val_size > sizeof value ||
        H5Lget_val(file, name, value, sizeof value, H5P_DEFAULT) < 0 ||
        // the value must unpack, fit, and not leave the folder
        H5Lunpack_elink_val(value, info.u.val_size, &flags, &target, &inside) < 0 ||
        strlen(target) > NAME_MAX || strlen(inside) >= 64 || strchr(target, '/') != NULL)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s does not point to a file beside it", path,
                        name);
    strcpy(shard, target);
    strcpy(group, inside);
    return IMP_OK;
}
