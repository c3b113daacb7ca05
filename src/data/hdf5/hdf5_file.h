// data/hdf5/hdf5_file.h: wrappers of the HDF5 functions that dataset writers and readers share.
#ifndef IMP_DATA_HDF5_HDF5_FILE_H
#define IMP_DATA_HDF5_HDF5_FILE_H

#include "imprint/base.h"

#include <hdf5.h>

// HDF5 prints errors to stderr by default. Every public function of this folder silences it while
// it runs, and then restores the application's setting.
typedef struct imp_hdf5_errors {
    H5E_auto2_t function;
    void *context;
    bool changed;
    int reason; // errno of the first system call that failed in HDF5; else 0
} imp_hdf5_errors;

// Silences HDF5. *quiet must not move until it is restored.
void imp_hdf5_errors_silence(imp_hdf5_errors *quiet);
// Restores the setting and returns status. If a system call failed in between, IMP_BAD_INPUT
// becomes IMP_IO, because the file is not at fault; the message then says why.
imp_status imp_hdf5_errors_restore(const imp_hdf5_errors *quiet, imp_status status, imp_error *err);

// Fails with "path: what (innermost reason given by HDF5)". If that reason is a failed system call,
// fails with IMP_IO and the system's text. Call it right after the failed HDF5 function, because
// the next call clears the reason.
imp_status imp_hdf5_fail(imp_error *err, imp_status status, const char *path, const char *what);

// Creates an HDF5 file in memory, without time stamps and with every array aligned to 8 bytes. So
// equal content gives equal bytes, and a reader can map arrays. Negative on failure. Close it with
// H5Fclose(), which also closes objects that are still open.
hid_t imp_hdf5_create_in_memory(void);

// The same with memory from the caller's functions.
hid_t imp_hdf5_create_custom_memory(H5FD_file_image_callbacks_t *callbacks);

// Opens a regular file for reading. IMP_BAD_INPUT, naming the file, if it is missing, truncated or
// not HDF5.
imp_status imp_hdf5_open(hid_t *out, const char *path, imp_error *err);

// Open an array or a group inside an open file; negative on failure. Links to other files are
// refused without opening the target, which may be a device or a pipe.
hid_t imp_hdf5_open_array(hid_t parent, const char *path);
hid_t imp_hdf5_open_group(hid_t parent, const char *path);

// Writes the current state of a file made with imp_hdf5_create_in_memory() to disk, atomically. Our
// own code writes, because HDF5 cannot close a file after a failed write.
imp_status imp_hdf5_write_file(hid_t file, const char *path, imp_error *err);

// Creates a group without time stamps; negative on failure.
hid_t imp_hdf5_create_group(hid_t parent, const char *name);

// Attributes with one value each. Text is UTF-8 of fixed length, because HDF5 stores
// variable-length text in a heap without checksums, where one wrong bit can crash or hang it.
// Return false on failure; readers also if the attribute is missing, of another type, or longer
// than capacity - 1.
bool imp_hdf5_write_text(hid_t object, const char *name, const char *text);
bool imp_hdf5_write_int(hid_t object, const char *name, int64_t value);
bool imp_hdf5_write_uint(hid_t object, const char *name, uint64_t value);
bool imp_hdf5_write_double(hid_t object, const char *name, double value);
bool imp_hdf5_read_text(hid_t object, const char *name, char *out, size_t capacity);
bool imp_hdf5_read_int(hid_t object, const char *name, int64_t low, int64_t high, int64_t *out);
bool imp_hdf5_read_uint(hid_t object, const char *name, uint64_t *out);
bool imp_hdf5_read_double(hid_t object, const char *name, double *out);

#endif
