// data/dataset/dataset_format.h: what a dataset on disk looks like: names, arrays, and the
// attributes that are true for all of it. docs/formats.md says the same in words.
#ifndef IMP_DATA_DATASET_DATASET_FORMAT_H
#define IMP_DATA_DATASET_DATASET_FORMAT_H

#include "data/hdf5/hdf5_file.h"
#include "imprint/dataset.h"

#include <limits.h>

#define IMP_DATASET_FORMAT "imprint-dataset-1"
#define IMP_DATASET_INDEX_FILE "main_data.hdf5"
#define IMP_DATASET_METADATA_FILE "metadata.json"

// Bounds that keep every size far from overflow.
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
    const char *path; // within the episode's group
    imp_dataset_field_type type;
    size_t member;      // offset of its pointer in imp_episode
    bool has_final_row; // T + 1 rows, not T
    int columns;        // numbers per row; 0: the array has one dimension; -1: a picture
    const char *units, *axes, *description;
} imp_dataset_field;

#define IMP_FIELD_COUNT 8
extern const imp_dataset_field imp_dataset_fields[IMP_FIELD_COUNT];

// The text of a map that is not built in: an array of bytes. It is there if the attribute
// IMP_MAP_BYTES_ATTRIBUTE says how many.
extern const imp_dataset_field imp_map_text_field;
#define IMP_MAP_BYTES_ATTRIBUTE "map_bytes"

// Dimensions of an array; returns how many there are.
int imp_dataset_field_shape(const imp_dataset_field *field, const imp_dataset_info *info, int steps,
                            hsize_t shape[4]);
// Bytes of one number.
size_t imp_dataset_field_item_size(imp_dataset_field_type type);
// Bytes of the whole array.
uint64_t imp_dataset_field_bytes(const imp_dataset_field *field, const imp_dataset_info *info,
                                 int steps);
// HDF5's type on disk or in memory, closed by the caller.
hid_t imp_dataset_field_disk_type(imp_dataset_field_type type);
hid_t imp_dataset_field_memory_type(imp_dataset_field_type type);
const void *imp_dataset_field_get(const imp_dataset_field *field, const imp_episode *episode);
void imp_dataset_field_set(const imp_dataset_field *field, imp_episode *episode, const void *data);

// "folder/name"; IMP_IO if that is too long.
imp_status imp_dataset_file_path(char out[PATH_MAX], const char *folder, const char *name,
                                 imp_error *err);
void imp_dataset_shard_name(char out[32], int shard);
void imp_dataset_episode_name(char out[32], int episode);

// The attributes of a file that hold for the whole dataset.
bool imp_dataset_info_write(hid_t file, const imp_dataset_info *info);
imp_status imp_dataset_info_read(hid_t file, const char *path, imp_dataset_info *info,
                                 imp_error *err);
// IMP_USAGE and which fact it is if two datasets cannot be one; folder is for the message.
imp_status imp_dataset_info_compare(const imp_dataset_info *stored, const imp_dataset_info *wanted,
                                    const char *folder, imp_error *err);

// Whether the numbers of an episode are what they should be: how many are not, and what is wrong
// with the first (untouched if nothing is).
int64_t imp_episode_check(const imp_episode *episode, char first[120]);

// A number for everything in an episode, kept beside it, so that a wrong bit on the disk is
// noticed.
uint64_t imp_episode_hash(const imp_dataset_info *info, const imp_episode *episode);

#endif
