// Wrappers of the HDF5 library: errors, files in memory, groups, arrays and scalar attributes.
// Files are built in memory and written by our own atomic writer, because HDF5 cannot recover from
// a failed write (disk full). They contain no time stamps, so equal content gives equal bytes.
// When reading, links to other files are refused and HDF5's own error output is silenced.
#include "data/hdf5/hdf5_file.h"

#include "base/io/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// The errno in a text of HDF5; 0 if there is none. HDF5 passes it on only in this form.
static int parse_errno(const char *text)
{
    const char *code = strstr(text, "errno = ");
    return code != NULL ? (int)strtol(code + strlen("errno = "), NULL, 10) : 0;
}

// Visits the entries of an error stack until one has an errno.
static herr_t find_errno(unsigned index, const H5E_error2_t *error, void *context)
{
    (void)index;
    int *reason = context;
    *reason = error->desc != NULL ? parse_errno(error->desc) : 0;
    return *reason != 0;
}

// HDF5 calls this after every failed call. The next call clears the error stack, so the first errno
// is kept here.
static herr_t record_first_errno(hid_t stack, void *context)
{
    imp_hdf5_errors *quiet = context;
    if (quiet->reason == 0)
        H5Ewalk2(stack, H5E_WALK_UPWARD, find_errno, &quiet->reason);
    return 0;
}

// Stores the application's handler and installs ours.
void imp_hdf5_errors_silence(imp_hdf5_errors *quiet)
{
    *quiet = (imp_hdf5_errors){0};
    // nothing is changed if HDF5 does not give its handler away
    if (H5Eget_auto2(H5E_DEFAULT, &quiet->function, &quiet->context) >= 0)
        quiet->changed = H5Eset_auto2(H5E_DEFAULT, record_first_errno, quiet) >= 0;
}

// A bad file and a failed system call look alike to callers; the errno tells them apart.
imp_status imp_hdf5_errors_restore(const imp_hdf5_errors *quiet, imp_status status, imp_error *err)
{
    if (quiet->changed)
        H5Eset_auto2(H5E_DEFAULT, quiet->function, quiet->context);
    // an I/O error is more useful to the user than "bad input"
    if (status != IMP_BAD_INPUT || quiet->reason == 0)
        return status;
    const imp_error old = err != NULL ? *err : (imp_error){0};
    return imp_fail(err, IMP_IO, "%s (%s)", old.message, strerror(quiet->reason));
}

// H5Ewalk2() visits the innermost error first; a positive result ends the walk there.
static herr_t copy_innermost_error(unsigned index, const H5E_error2_t *error, void *context)
{
    (void)index;
    snprintf(context, 160, "%s", error->desc != NULL ? error->desc : "");
    return 1;
}

imp_status imp_hdf5_fail(imp_error *err, imp_status status, const char *path, const char *what)
{
    char reason[160] = "";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, copy_innermost_error, reason);
    // A failed system call is not the file's fault.
    if (parse_errno(reason) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", path, strerror(parse_errno(reason)));
    if (reason[0] == '\0')
        return imp_fail(err, status, "%s: %s", path, what);
    return imp_fail(err, status, "%s: %s (%s)", path, what, reason);
}

// The properties make the file reproducible and its arrays mappable.
hid_t imp_hdf5_create_custom_memory(H5FD_file_image_callbacks_t *callbacks)
{
    const size_t growth = 4 << 20;
    // access: how the file is kept in memory; creation: what its metadata contain
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    const hid_t create = H5Pcreate(H5P_FILE_CREATE);
    hid_t file = -1;
    // The format of HDF5 1.8 stores a checksum with each piece of metadata; older formats do not.
    // the file grows by 4 MiB at a time; nothing is written to disk by HDF5
    if (H5Pset_fapl_core(access, growth, false) >= 0 &&
        (callbacks == NULL || H5Pset_file_image_callbacks(access, callbacks) >= 0) &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        // arrays of more than one byte are aligned to 8, so that they can be mapped
        H5Pset_alignment(access, 1, 8) >= 0 && H5Pset_small_data_block_size(access, 0) >= 0 &&
        // closing the file also closes objects that were left open
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_obj_track_times(create, false) >= 0)
        file = H5Fcreate("imprint", H5F_ACC_TRUNC, create, access);
    H5Pclose(create);
    H5Pclose(access);
    return file;
}

// With HDF5's own malloc().
hid_t imp_hdf5_create_in_memory(void)
{
    return imp_hdf5_create_custom_memory(NULL);
}

imp_status imp_hdf5_open(hid_t *out, const char *path, imp_error *err)
{
    struct stat info;
    // stat() first: opening a pipe would block
    if (stat(path, &info) != 0)
        return imp_fail(err, errno == ENOENT || errno == ENOTDIR ? IMP_BAD_INPUT : IMP_IO, "%s: %s",
                        path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return imp_fail(err, IMP_BAD_INPUT, "%s: is not a file", path);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    // The files never change, and locks cause trouble on network file systems.
    hid_t file = -1;
    // read-only, and without HDF5's lock
    if (H5Pset_file_locking(access, false, true) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        file = H5Fopen(path, H5F_ACC_RDONLY, access);
    imp_status status = IMP_OK;
    if (file < 0)
        status = imp_hdf5_fail(err, IMP_BAD_INPUT, path, "cannot be read as HDF5");
    else
        *out = file;
    H5Pclose(access);
    return status;
}

// Called before HDF5 follows a link to another file; a negative value prevents that.
static herr_t reject_external_link_callback(const char *parent_file, const char *parent_group,
                                            const char *file, const char *object, unsigned *flags,
                                            hid_t access, void *context)
{
    (void)parent_file, (void)parent_group, (void)file, (void)object;
    (void)flags, (void)access, (void)context;
    return -1;
}

// Opens an object with the link callback in place.
static hid_t open_without_external_links(hid_t parent, const char *path, hid_t access_class,
                                         hid_t (*open)(hid_t parent, const char *path,
                                                       hid_t access))
{
    // the callback belongs to the access properties of this one open
    const hid_t access = H5Pcreate(access_class);
    hid_t object = -1;
    if (H5Pset_elink_cb(access, reject_external_link_callback, NULL) >= 0)
        object = open(parent, path, access);
    H5Pclose(access);
    return object;
}

// Links to groups in the same file are followed.
hid_t imp_hdf5_open_array(hid_t parent, const char *path)
{
    return open_without_external_links(parent, path, H5P_DATASET_ACCESS, H5Dopen2);
}

hid_t imp_hdf5_open_group(hid_t parent, const char *path)
{
    return open_without_external_links(parent, path, H5P_GROUP_ACCESS, H5Gopen2);
}

// Helper of the checksum below.
static uint32_t rotate_left(uint32_t value, int bits)
{
    return value << bits | value >> (32 - bits);
}

// The checksum of HDF5's metadata: lookup3 by Bob Jenkins (2006, public domain), for a
// length that is not a multiple of 12, with seed 0.
static uint32_t lookup3_checksum(const uint8_t *bytes, size_t length)
{
    uint32_t a = 0xdeadbeef + (uint32_t)length, b = a, c = a;
    // mix blocks of 12 bytes, all but the last
    for (;;) {
        uint8_t block[12] = {0};
        memcpy(block, bytes, length < 12 ? length : 12);
        a += block[0] | block[1] << 8 | block[2] << 16 | (uint32_t)block[3] << 24;
        // a whole block also mixes zeros behind the end of the text
        b += block[4] | block[5] << 8 | block[6] << 16 | (uint32_t)block[7] << 24;
        c += block[8] | block[9] << 8 | block[10] << 16 | (uint32_t)block[11] << 24;
        if (length <= 12)
            break;
        a = (a - c) ^ rotate_left(c, 4), c += b;
        b = (b - a) ^ rotate_left(a, 6), a += c;
        c = (c - b) ^ rotate_left(b, 8), b += a;
        a = (a - c) ^ rotate_left(c, 16), c += b;
        b = (b - a) ^ rotate_left(a, 19), a += c;
        c = (c - b) ^ rotate_left(b, 4), b += a;
        bytes += 12;
        length -= 12;
    }
    // final mixing of the last block
    c = (c ^ b) - rotate_left(b, 14);
    a = (a ^ c) - rotate_left(c, 11);
    b = (b ^ a) - rotate_left(a, 25);
    c = (c ^ b) - rotate_left(b, 16);
    a = (a ^ c) - rotate_left(c, 4);
    b = (b ^ a) - rotate_left(a, 14);
    return (c ^ b) - rotate_left(b, 24);
}

// Before HDF5 2.0, H5Fget_file_image() changes a flag of the superblock without updating the
// checksum that follows its 44 bytes (HDF5 issue 1915).
static void fix_superblock_checksum(uint8_t *image)
{
    const uint32_t sum = lookup3_checksum(image, 44);
    for (int i = 0; i < 4; i++)
        image[44 + i] = (uint8_t)(sum >> 8 * i);
}

// Copies the file's image out of HDF5 and writes it atomically.
imp_status imp_hdf5_write_file(hid_t file, const char *path, imp_error *err)
{
    // H5Fget_file_image() needs everything in the file's buffer
    if (H5Fflush(file, H5F_SCOPE_LOCAL) < 0)
        return imp_hdf5_fail(err, IMP_NO_MEMORY, path, "cannot be assembled");
    // the first call gives the length, the second copies
    const ssize_t length = H5Fget_file_image(file, NULL, 0);
    if (length <= 0)
        return imp_hdf5_fail(err, IMP_INTERNAL, path, "cannot be assembled");
    uint8_t *image = malloc((size_t)length);
    if (image == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    imp_status status;
    // 48 bytes hold a superblock
    if (length < 48 || H5Fget_file_image(file, image, (size_t)length) != length) {
        status = imp_hdf5_fail(err, IMP_INTERNAL, path, "cannot be assembled");
    } else {
        fix_superblock_checksum(image);
        status = imp_file_write(path, image, (size_t)length, err);
    }
    free(image);
    return status;
}

// Without time stamps, so that equal content gives equal bytes.
hid_t imp_hdf5_create_group(hid_t parent, const char *name)
{
    const hid_t create = H5Pcreate(H5P_GROUP_CREATE);
    hid_t group = -1;
    if (H5Pset_obj_track_times(create, false) >= 0)
        group = H5Gcreate2(parent, name, H5P_DEFAULT, create, H5P_DEFAULT);
    H5Pclose(create);
    return group;
}

// Writes one value; `type` is its type in the file, `memory` in memory.
static bool write_attribute(hid_t object, const char *name, hid_t type, hid_t memory,
                            const void *value)
{
    // a scalar: no dimensions
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool good = attribute >= 0 && H5Awrite(attribute, memory, value) >= 0;
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    return good;
}

// Fixed length, including the terminating 0.
bool imp_hdf5_write_text(hid_t object, const char *name, const char *text)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    const bool good = H5Tset_size(type, strlen(text) + 1) >= 0 &&
                      H5Tset_cset(type, H5T_CSET_UTF8) >= 0 &&
                      write_attribute(object, name, type, type, text);
    H5Tclose(type);
    return good;
}

bool imp_hdf5_write_int(hid_t object, const char *name, int64_t value)
{
    return write_attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
    // Numbers are little-endian on disk, native in memory.
}

bool imp_hdf5_write_uint(hid_t object, const char *name, uint64_t value)
{
    return write_attribute(object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value);
}

bool imp_hdf5_write_double(hid_t object, const char *name, double value)
{
    return write_attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

// Opens an attribute if it exists and holds one value of the given class. Its type goes to *type.
static hid_t open_scalar_attribute(hid_t object, const char *name, H5T_class_t class, hid_t *type)
{
    if (H5Aexists(object, name) <= 0)
        return -1;
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0)
        return -1;
    // exactly one value
    const hid_t space = H5Aget_space(attribute);
    const bool single = space >= 0 && H5Sget_simple_extent_npoints(space) == 1;
    if (space >= 0)
        H5Sclose(space);
    *type = H5Aget_type(attribute);
    // type and count must match before anything is read
    if (single && *type >= 0 && H5Tget_class(*type) == class)
        return attribute;
    if (*type >= 0)
        H5Tclose(*type);
    H5Aclose(attribute);
    return -1;
}

// Reads a fixed-length text; the result is always terminated.
bool imp_hdf5_read_text(hid_t object, const char *name, char *out, size_t capacity)
{
    hid_t type;
    const hid_t attribute = open_scalar_attribute(object, name, H5T_STRING, &type);
    if (attribute < 0)
        return false;
    // variable-length text is refused: its size would be that of a pointer
    const size_t size = H5Tget_size(type);
    const bool good =
        H5Tis_variable_str(type) == 0 && size < capacity && H5Aread(attribute, type, out) >= 0;
    if (good)
        out[size] = '\0';
    H5Tclose(type);
    H5Aclose(attribute);
    return good;
}

// Reads one number; HDF5 converts it to the type in memory.
static bool read_attribute(hid_t object, const char *name, H5T_class_t class, hid_t memory,
                           void *out)
{
    hid_t type;
    const hid_t attribute = open_scalar_attribute(object, name, class, &type);
    if (attribute < 0)
        return false;
    const bool good = H5Aread(attribute, memory, out) >= 0;
    H5Tclose(type);
    H5Aclose(attribute);
    return good;
}

// Values out of range count as missing.
bool imp_hdf5_read_int(hid_t object, const char *name, int64_t low, int64_t high, int64_t *out)
{
    int64_t value;
    if (!read_attribute(object, name, H5T_INTEGER, H5T_NATIVE_INT64, &value) || value < low ||
        value > high)
        return false;
    *out = value;
    return true;
}

bool imp_hdf5_read_uint(hid_t object, const char *name, uint64_t *out)
{
    return read_attribute(object, name, H5T_INTEGER, H5T_NATIVE_UINT64, out);
}

bool imp_hdf5_read_double(hid_t object, const char *name, double *out)
{
    return read_attribute(object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, out);
}
