// data/dataset/dataset_format.h: the format of a dataset on disk: names, arrays, and attributes of
// the whole dataset. docs/formats.md describes it.
#ifndef IMP_DATA_DATASET_DATASET_FORMAT_H
#define IMP_DATA_DATASET_DATASET_FORMAT_H

#include "data/dataset/dataset_files.h"
#include "data/hdf5/hdf5_file.h"
#include "imprint/dataset.h"

#include <limits.h>

#define IMP_DATASET_FORMAT "imprint-dataset-1"

// Limits that keep all sizes far from overflow.
#define IMP_MAX_EPISODE_STEPS (1 << 24)
#define IMP_MAX_IMAGE_SIDE 8192

typedef enum imp_dataset_field_type {
    IMP_FIELD_BYTE,
    IMP_FIELD_FLAG, // byte 0 or 1, an HDF5 enumeration that h5py reads as bool
    IMP_FIELD_FLOAT,
    IMP_FIELD_DOUBLE,
} imp_dataset_field_type;

// One array of an episode.
typedef struct imp_dataset_field {
    const char *path; // path within the episode's group
    imp_dataset_field_type type;
    size_t member;      // offset of its pointer in imp_episode
    bool has_final_row; // T + 1 rows instead of T
    int columns;        // values per row; 0: one-dimensional array; -1: an image
    const char *units, *axes, *description;
} imp_dataset_field;

#define IMP_FIELD_COUNT 8
extern const imp_dataset_field imp_dataset_fields[IMP_FIELD_COUNT];

// The text of a map that is not built in, as an array of bytes. It exists if the attribute
// IMP_MAP_BYTES_ATTRIBUTE gives its length.
extern const imp_dataset_field imp_map_text_field;
#define IMP_MAP_BYTES_ATTRIBUTE "map_bytes"

// Who drove each step, if it is known.
extern const imp_dataset_field imp_drivers_field;

// The navigation command of each step, if any were given.
extern const imp_dataset_field imp_commands_field;

// Computes the dimensions of an array and returns its rank.
int imp_dataset_field_shape(const imp_dataset_field *field, const imp_dataset_info *info, int steps,
                            hsize_t shape[4]);
// Bytes of one value.
size_t imp_dataset_type_size(imp_dataset_field_type type);
// Bytes of the whole array.
uint64_t imp_dataset_field_bytes(const imp_dataset_field *field, const imp_dataset_info *info,
                                 int steps);
// HDF5's type on disk or in memory; the caller closes it.
hid_t imp_dataset_field_disk_type(imp_dataset_field_type type);
hid_t imp_dataset_field_memory_type(imp_dataset_field_type type);
const void *imp_dataset_field_get_array(const imp_dataset_field *field, const imp_episode *episode);
void imp_dataset_field_set_array(const imp_dataset_field *field, imp_episode *episode,
                                 const void *data);

// Writes "folder/name". Fails with IMP_IO if that is too long.
imp_status imp_dataset_file_path(char out[PATH_MAX], const char *folder, const char *name,
                                 imp_error *err);
void imp_dataset_shard_name(char out[32], int shard);
void imp_dataset_episode_name(char out[32], int episode);

// Writes and reads the attributes that hold for the whole dataset.
bool imp_dataset_info_write(hid_t file, const imp_dataset_info *info);
imp_status imp_dataset_info_read(hid_t file, const char *path, imp_dataset_info *info,
                                 imp_error *err);
// Fails with IMP_USAGE, naming the attribute, if two datasets cannot be joined. `folder` is for the
// message.
imp_status imp_dataset_info_compare(const imp_dataset_info *stored, const imp_dataset_info *wanted,
                                    const char *folder, imp_error *err);

// Checks the values of an episode. Returns the number of findings and describes the first one
// (`first` is untouched if there is none).
int64_t imp_episode_check(const imp_episode *episode, char first[120]);

// A hash of everything in an episode. It is stored with the episode, so that damage on disk is
// detected.
uint64_t imp_episode_hash(const imp_dataset_info *info, const imp_episode *episode);
// The hash that is stored with an episode.
uint64_t imp_dataset_episode_stored_hash(const imp_dataset *dataset, int index);

#endif
