// data/hdf5/hdf5_mapped.h: HDF5 files larger than memory.
#ifndef IMP_DATA_HDF5_HDF5_MAPPED_H
#define IMP_DATA_HDF5_HDF5_MAPPED_H

#include "data/hdf5/hdf5_file.h"

// The bytes of an HDF5 file under construction, in a mapped file.
typedef struct imp_hdf5_mapped {
    int descriptor; // the caller's, open for reading and writing
    void *bytes;    // NULL while there are none
    size_t size;    // of the mapping
    int reason;     // errno of the first growth that failed; else 0
} imp_hdf5_mapped;

// Creates an HDF5 file like imp_hdf5_create_in_memory(), with its bytes in the file behind
// `descriptor`. HDF5 itself neither writes nor maps, because it cannot close a file after a failed
// write. Negative on failure. *image must outlive the HDF5 file.
hid_t imp_hdf5_mapped_create(imp_hdf5_mapped *image, int descriptor);

// Closes the HDF5 file (negative: it was not created). If status is IMP_OK, cuts the file behind
// the descriptor to its length. Returns status, or a failure of these steps. `path` is used in
// messages.
imp_status imp_hdf5_mapped_close(imp_hdf5_mapped *image, hid_t file, const char *path,
                                 imp_status status, imp_error *err);

#endif
