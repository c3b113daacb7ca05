// Reads shards: opens the HDF5 file, checks every array's type, shape and place, and points the
// episode into a read-only mapping of the same file. Arrays that cannot be mapped (compressed,
// other byte order) are copied, once, when the shard is opened (shard_copy.c).
// The file may be hostile: arrays in other files are refused, and copies are limited in size.
#include "data/dataset/shard_reader.h"

#include "base/common/try.h"
#include "data/dataset/episode_conditions.h"
#include "data/dataset/shard_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// Limits of copies, because compressed or never written arrays let small files claim any size. No
// deflated array is more than so many times as large as its bytes in the file; the limit for all
// arrays together is the same multiple of the file's size.
enum { COPIES_MAX = 1032 };

// Unmaps the file and frees all copies.
void imp_shard_memory_free(imp_shard_memory *memory)
{
    if (memory->map != NULL)
        munmap(memory->map, memory->size);
    // copies form a list, so that any number can be freed
    while (memory->copies != NULL)
        imp_shard_copy_free_first_block(&memory->copies);
    *memory = (imp_shard_memory){0};
}

// Maps the whole file; the descriptor is not needed afterwards.
static imp_status map_shard_file(imp_shard_memory *memory, const char *path, imp_error *err)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    imp_status status = IMP_OK;
    struct stat info;
    void *map = MAP_FAILED;
    // an empty file cannot be mapped
    if (fstat(descriptor, &info) == 0 && info.st_size > 0)
        map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (map == MAP_FAILED)
        status = imp_fail(err, IMP_IO, "%s: cannot be mapped: %s", path, strerror(errno));
    else
        *memory = (imp_shard_memory){.map = map, .size = (size_t)info.st_size};
    close(descriptor);
    return status;
}

// Opens the file with HDF5 for its structure, and maps it for its data.
imp_status imp_dataset_shard_open(imp_dataset_shard *shard, const char *path, imp_error *err)
{
    // initialise everything, so that the caller may close after any failure
    memset(shard, 0, sizeof *shard);
    snprintf(shard->path, sizeof shard->path, "%s", path);
    IMP_TRY(imp_hdf5_open(&shard->file, path, err));
    int64_t first = 0, count = 0;
    // dataset attributes and the range of episodes
    imp_status status = imp_dataset_info_read(shard->file, path, &shard->info, err);
    if (status == IMP_OK &&
        (!imp_hdf5_read_int(shard->file, "first_episode", 0, INT_MAX, &first) ||
         !imp_hdf5_read_int(shard->file, "episodes", 1, INT_MAX - first, &count)))
        status = imp_fail(err, IMP_BAD_INPUT, "%s: does not say which episodes it holds", path);
    if (status == IMP_OK)
        status = map_shard_file(&shard->memory, path, err);
    shard->first = (int)first;
    shard->count = (int)count;
    if (status != IMP_OK)
        H5Fclose(shard->file);
    return status;
}

void imp_dataset_shard_close(imp_dataset_shard *shard)
{
    H5Fclose(shard->file);
    imp_shard_memory_free(&shard->memory);
}

// An array that is being checked.
typedef struct stored_array {
    const imp_dataset_field *field;
    hid_t set, type, space, create;
    uint64_t bytes; // expected size
} stored_array;

// Flags may be stored as integers or as an enumeration.
static bool has_expected_type(const stored_array *array)
{
    const H5T_class_t class = H5Tget_class(array->type);
    const size_t size = H5Tget_size(array->type);
    switch (array->field->type) {
    case IMP_FIELD_BYTE:
        return class == H5T_INTEGER && size == 1 && H5Tget_sign(array->type) == H5T_SGN_NONE;
    case IMP_FIELD_FLAG:
        return (class == H5T_INTEGER || class == H5T_ENUM) && size == 1;
    case IMP_FIELD_FLOAT:
    case IMP_FIELD_DOUBLE:
        break;
    }
    return class == H5T_FLOAT && size == imp_dataset_type_size(array->field->type);
}

// Rank and all dimensions must be as the format says.
static bool has_expected_shape(const stored_array *array, const imp_dataset_info *info, int steps)
{
    // unused dimensions are 0 on both sides
    hsize_t wanted[4] = {0}, found[4] = {0};
    const int rank = imp_dataset_field_shape(array->field, info, steps, wanted);
    return H5Sget_simple_extent_ndims(array->space) == rank &&
           H5Sget_simple_extent_dims(array->space, found, NULL) == rank &&
           memcmp(wanted, found, sizeof wanted) == 0;
}

// Position of the array in the mapping, or NULL if it has to be copied.
static const void *find_array_in_mapping(const stored_array *array, const imp_shard_memory *memory)
{
    // one contiguous block, in this machine's number format, aligned, and within the file
    if (H5Pget_layout(array->create) != H5D_CONTIGUOUS ||
        H5Dget_storage_size(array->set) != array->bytes)
        return NULL;
    const hid_t native = imp_dataset_field_memory_type(array->field->type);
    // bytes have no byte order; numbers must have this machine's
    const bool same =
        imp_dataset_type_size(array->field->type) == 1 || H5Tequal(array->type, native) > 0;
    H5Tclose(native);
    const haddr_t offset = H5Dget_offset(array->set);
    if (!same || offset == HADDR_UNDEF || offset % imp_dataset_type_size(array->field->type) != 0 ||
        array->bytes > memory->size || offset > memory->size - array->bytes)
        return NULL;
    return (const char *)memory->map + offset;
}

// Reads an array through HDF5 into memory of its own.
static imp_status read_array_copy(const stored_array *array, imp_shard_memory *memory,
                                  const char *path, const void **out, imp_error *err)
{
    // the limits are checked before memory is allocated
    if (array->bytes > COPIES_MAX * (uint64_t)memory->size - memory->copied ||
        array->bytes / COPIES_MAX > H5Dget_storage_size(array->set))
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: %s claims more than %d times the size that it has in the file", path,
                        array->field->path, COPIES_MAX);
    imp_shard_copy *block = imp_shard_copy_create(&memory->copies, (size_t)array->bytes);
    if (block == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    // Bytes are read unconverted; numbers are converted to this machine's format.
    // let HDF5 convert and decompress into the new memory
    const bool bytes = imp_dataset_type_size(array->field->type) == 1;
    const hid_t type =
        bytes ? H5Tcopy(array->type) : imp_dataset_field_memory_type(array->field->type);
    imp_status status = IMP_OK;
    if (H5Dread(array->set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, block->data) < 0) {
        status = imp_hdf5_fail(err, IMP_BAD_INPUT, path, array->field->path);
        imp_shard_copy_free_first_block(&memory->copies);
    } else {
        memory->copied += array->bytes;
        *out = block->data;
    }
    H5Tclose(type);
    return status;
}

// Whether the data lie in this file. Otherwise a dataset could make its reader open any file.
static bool is_stored_in_shard_file(const stored_array *array, const char *path)
{
    char name[PATH_MAX];
    // the file in which the array was found
    const ssize_t length = H5Fget_name(array->set, name, sizeof name);
    if (array->create < 0)
        return false;
    const H5D_layout_t layout = H5Pget_layout(array->create);
    // not virtual, not external
    return length > 0 && strcmp(name, path) == 0 && layout >= 0 && layout != H5D_VIRTUAL &&
           H5Pget_external_count(array->create) == 0;
}

// Checks type and shape, then maps or copies.
static imp_status check_and_read_array(imp_dataset_shard *shard, const char *group,
                                       const stored_array *array, int rows, imp_episode *out,
                                       imp_error *err)
{
    // handles that could not be opened
    const char *path = shard->path, *name = array->field->path;
    if (array->type < 0 || array->space < 0)
        return imp_hdf5_fail(err, IMP_BAD_INPUT, path, name);
    if (!has_expected_type(array))
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s/%s has the wrong type", path, group, name);
    if (!has_expected_shape(array, &shard->info, rows))
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s/%s has the wrong shape", path, group, name);
    const void *data = find_array_in_mapping(array, &shard->memory);
    if (data == NULL)
        IMP_TRY(read_array_copy(array, &shard->memory, path, &data, err));
    imp_dataset_field_set_array(array->field, out, data);
    return IMP_OK;
}

// Closes all handles of an array.
static void close_array(const stored_array *array)
{
    // handles are -1 if they were never opened
    if (array->space >= 0)
        H5Sclose(array->space);
    if (array->type >= 0)
        H5Tclose(array->type);
    if (array->create >= 0)
        H5Pclose(array->create);
    H5Dclose(array->set);
}

// rows: the episode's steps, or the length of an array that does not have one row per step.
static imp_status open_and_read_field(imp_dataset_shard *shard, const char *name, hid_t group,
                                      const imp_dataset_field *field, int rows, imp_episode *out,
                                      imp_error *err)
{
    // links out of the file are refused here
    const hid_t set = imp_hdf5_open_array(group, field->path);
    if (set < 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s/%s is missing or lies in another file",
                        shard->path, name, field->path);
    stored_array array = {.field = field,
                          .set = set,
                          .type = -1,
                          .space = -1,
                          .create = H5Dget_create_plist(set),
                          .bytes = imp_dataset_field_bytes(field, &shard->info, rows)};
    imp_status status = IMP_OK;
    // Checked before anything else: when asked for its size, HDF5 opens the files that a virtual
    // array consists of.
    if (!is_stored_in_shard_file(&array, shard->path)) {
        status = imp_fail(err, IMP_BAD_INPUT, "%s: %s/%s lies in another file", shard->path, name,
                          field->path);
    } else {
        array.type = H5Dget_type(set);
        array.space = H5Dget_space(set);
        status = check_and_read_array(shard, name, &array, rows, out, err);
    }
    close_array(&array);
    return status;
}

// Reads the randomisation of an episode, if it is stored.
static imp_status read_randomization(imp_dataset_shard *shard, const char *group, hid_t id,
                                     imp_episode *episode, imp_error *err)
{
    // without randomisation there is no such attribute
    if (H5Aexists(id, "randomization") <= 0)
        return IMP_OK;
    // the text lives as long as the shard's memory
    imp_shard_copy *block =
        imp_shard_copy_create(&shard->memory.copies, IMP_EPISODE_RANDOMIZATION_MAX);
    if (block == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", shard->path);
    episode->randomization = (const char *)block->data;
    if (!imp_hdf5_read_text(id, "randomization", (char *)block->data,
                            IMP_EPISODE_RANDOMIZATION_MAX))
        return imp_fail(err, IMP_BAD_INPUT, "%s: the randomisation of %s is damaged", shard->path,
                        group);
    return IMP_OK;
}

// Reads the text of an episode's map, if it is stored.
static imp_status read_map_text(imp_dataset_shard *shard, const char *group, hid_t id,
                                imp_episode *episode, imp_error *err)
{
    int64_t bytes;
    // built-in maps have no text
    if (H5Aexists(id, IMP_MAP_BYTES_ATTRIBUTE) <= 0)
        return IMP_OK;
    if (!imp_hdf5_read_int(id, IMP_MAP_BYTES_ATTRIBUTE, 1, IMP_EPISODE_MAP_MAX, &bytes))
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: the attribute " IMP_MAP_BYTES_ATTRIBUTE " of %s is wrong", shard->path,
                        group);
    episode->map_bytes = (size_t)bytes;
    return open_and_read_field(shard, group, id, &imp_map_text_field, (int)bytes, episode, err);
}

// Reads an array of the group "infos" with a value for each step, if it is stored.
static imp_status read_optional_field(imp_dataset_shard *shard, const char *group, hid_t id,
                                      const imp_dataset_field *field, imp_episode *episode,
                                      imp_error *err)
{
    // the group before the array in it, as HDF5 asks
    if (H5Lexists(id, "infos", H5P_DEFAULT) <= 0 || H5Lexists(id, field->path, H5P_DEFAULT) <= 0)
        return IMP_OK;
    return open_and_read_field(shard, group, id, field, episode->steps, episode, err);
}

// Reads attributes, then all arrays. *out is only written on success.
imp_status imp_dataset_shard_read(imp_dataset_shard *shard, const char *group, imp_episode *out,
                                  uint64_t *hash, imp_error *err)
{
    const hid_t id = imp_hdf5_open_group(shard->file, group);
    if (id < 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s is missing or lies in another file",
                        shard->path, group);
    imp_episode episode = {0};
    int64_t steps = 0, number = 0;
    imp_status status = IMP_OK;
    // required attributes
    if (!imp_hdf5_read_int(id, "total_steps", 1, IMP_MAX_EPISODE_STEPS, &steps) ||
        !imp_hdf5_read_uint(id, "seed", &episode.seed) || !imp_hdf5_read_uint(id, "hash", hash) ||
        !imp_hdf5_read_int(id, "number", 0, UINT32_MAX, &number) ||
        !imp_hdf5_read_text(id, "map", episode.map, sizeof episode.map))
        status = imp_fail(err, IMP_BAD_INPUT, "%s: an attribute of %s is missing or wrong",
                          shard->path, group);
    episode.steps = (int)steps;
    episode.number = (uint32_t)number;
    // optional: another time step than the dataset's
    episode.time_step = shard->info.time_step;
    if (status == IMP_OK && H5Aexists(id, "time_step") > 0 &&
        !(imp_hdf5_read_double(id, "time_step", &episode.time_step) &&
          isfinite(episode.time_step) && episode.time_step > 0.0))
        status =
            imp_fail(err, IMP_BAD_INPUT, "%s: the time step of %s is damaged", shard->path, group);
    const imp_conditions defaults = imp_dataset_default_conditions(&shard->info);
    if (status == IMP_OK && !imp_episode_conditions_read(id, &defaults, &episode))
        status =
            imp_fail(err, IMP_BAD_INPUT, "%s: a condition of %s is damaged", shard->path, group);
    // optional text, then the arrays, then the map
    if (status == IMP_OK)
        status = read_randomization(shard, group, id, &episode, err);
    for (int i = 0; i < IMP_FIELD_COUNT && status == IMP_OK; i++)
        status = open_and_read_field(shard, group, id, &imp_dataset_fields[i], episode.steps,
                                     &episode, err);
    if (status == IMP_OK)
        status = read_optional_field(shard, group, id, &imp_drivers_field, &episode, err);
    if (status == IMP_OK)
        status = read_optional_field(shard, group, id, &imp_commands_field, &episode, err);
    if (status == IMP_OK)
        status = read_map_text(shard, group, id, &episode, err);
    if (status == IMP_OK)
        *out = episode;
    H5Gclose(id);
    return status;
}
