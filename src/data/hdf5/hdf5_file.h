// data/hdf5/hdf5_file.h: the few HDF5 idioms that writer and reader share.
#ifndef IMP_DATA_HDF5_HDF5_FILE_H
#define IMP_DATA_HDF5_HDF5_FILE_H

#include "imprint/base.h"

#include <hdf5.h>

// HDF5 prints its errors to stderr unless told not to. Every public function of this folder keeps
// it quiet while it runs and then gives the application its own setting back.
typedef struct imp_hdf5_errors {
    H5E_auto2_t function;
    void *context;
    bool changed;
    int reason; // errno of the first system call that failed in HDF5; else 0
} imp_hdf5_errors;

// *quiet must stay where it is.
void imp_hdf5_errors_silence(imp_hdf5_errors *quiet);
// Returns status, but IMP_IO in the place of IMP_BAD_INPUT if a system call failed since: that is
// no fault of the file. The message then says why.
imp_status imp_hdf5_errors_restore(const imp_hdf5_errors *quiet, imp_status status, imp_error *err);

// Fails with "path: what (innermost reason that HDF5 gives)", or, if that reason is a system call,
// with IMP_IO and what the system says. Call it before any other HDF5
// function, because the next call forgets the reason.
imp_status imp_hdf5_fail(imp_error *err, imp_status status, const char *path, const char *what);

// A new HDF5 file that lives in memory. Without time stamps and with every array aligned to 8
// bytes, so that equal content gives equal bytes and a reader can map them. Negative on failure;
// closed with H5Fclose(), which closes what is still open in it.
hid_t imp_hdf5_create_in_memory(void);

// The same with memory from the caller's functions.
hid_t imp_hdf5_create_custom_memory(H5FD_file_image_callbacks_t *callbacks);

// Opens a file for reading, refusing what is not a regular file. IMP_BAD_INPUT, naming the file, if
// it is missing, truncated or foreign.
imp_status imp_hdf5_open(hid_t *out, const char *path, imp_error *err);

// Open an array or a group inside a file that is open for reading; negative on failure. Links to
// other files fail without a look at what they name, which may be a device or a pipe.
hid_t imp_hdf5_open_array(hid_t parent, const char *path);
hid_t imp_hdf5_open_group(hid_t parent, const char *path);

// Writes the present state of a file made with imp_hdf5_create_in_memory() to disk, atomically. All
// writing is done by our own code, because HDF5 cannot let go of a file after a failed write.
imp_status imp_hdf5_write_file(hid_t file, const char *path, imp_error *err);

// Creates a group without time stamps; negative on failure.
hid_t imp_hdf5_create_group(hid_t parent, const char *name);

// Attributes of one value each. Text is UTF-8 of fixed length: HDF5 keeps text of variable length
// in a heap without checksums, where one wrong bit can crash or hang it. False on failure; when
// reading, also if the attribute is missing, of another kind, or longer than capacity - 1.
bool imp_hdf5_write_text(hid_t object, const char *name, const char *text);
bool imp_hdf5_write_int(hid_t object, const char *name, int64_t value);
bool imp_hdf5_write_uint(hid_t object, const char *name, uint64_t value);
bool imp_hdf5_write_double(hid_t object, const char *name, double value);
bool imp_hdf5_read_text(hid_t object, const char *name, char *out, size_t capacity);
bool imp_hdf5_read_int(hid_t object, const char *name, int64_t low, int64_t high, int64_t *out);
bool imp_hdf5_read_uint(hid_t object, const char *name, uint64_t *out);
bool imp_hdf5_read_double(hid_t object, const char *name, double *out);

#endif
