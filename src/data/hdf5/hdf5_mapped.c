// HDF5 files larger than memory.
//
// HDF5's in-memory driver asks its caller for memory. Here that memory is a mapped file, whose
// blocks are allocated before it grows. So a full disk is a failed allocation, which HDF5 handles,
// and not a signal. The kernel writes the pages at any time; whoever syncs the file learns of
// errors.
#include "data/hdf5/hdf5_mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Callback: allocates blocks for the new size, then maps or remaps the file.
static void *grow_mapping(void *bytes, size_t size, H5FD_file_image_op_t op, void *context)
{
    (void)bytes, (void)op;
    imp_hdf5_mapped *image = context;
    // posix_fallocate() reserves blocks; the mapping then cannot run out of disk space
    const int code = size > image->size ? posix_fallocate(image->descriptor, 0, (off_t)size) : 0;
    void *grown = MAP_FAILED;
    errno = code;
    if (code == 0 && image->bytes == NULL)
        grown = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, image->descriptor, 0);
    else if (code == 0)
        grown = mremap(image->bytes, image->size, size, MREMAP_MAYMOVE);
    // the first reason is kept for imp_hdf5_mapped_close()
    if (grown == MAP_FAILED) {
        image->reason = image->reason == 0 ? errno : image->reason;
        return NULL;
    }
    image->bytes = grown;
    image->size = size;
    return grown;
}

static void *allocate_mapping(size_t size, H5FD_file_image_op_t op, void *context)
{
    return grow_mapping(NULL, size, op, context);
}

static void *on_copy_image(void *to, const void *from, size_t size, H5FD_file_image_op_t op,
                           void *context)
{
    (void)op, (void)context;
    return memcpy(to, from, size);
}

// Callback: HDF5 frees the image when the file is closed.
static herr_t on_free_image(void *bytes, H5FD_file_image_op_t op, void *context)
{
    (void)bytes, (void)op;
    imp_hdf5_mapped *image = context;
    if (image->bytes != NULL)
        munmap(image->bytes, image->size);
    image->bytes = NULL;
    image->size = 0;
    return 0;
}

// HDF5 copies its property lists; all copies refer to the same image.
static void *on_copy_context(void *context)
{
    return context;
}

static herr_t on_free_context(void *context)
{
    (void)context;
    return 0;
}

// The core driver calls these functions instead of malloc(), memcpy(), realloc() and free().
hid_t imp_hdf5_mapped_create(imp_hdf5_mapped *image, int descriptor)
{
    *image = (imp_hdf5_mapped){.descriptor = descriptor};
    H5FD_file_image_callbacks_t callbacks = {
        allocate_mapping, on_copy_image,   grow_mapping, on_free_image,
        on_copy_context,  on_free_context, image};
    return imp_hdf5_create_custom_memory(&callbacks);
}

// The mapping is larger than the file's content, so the file is cut to the length that HDF5
// reports.
imp_status imp_hdf5_mapped_close(imp_hdf5_mapped *image, hid_t file, const char *path,
                                 imp_status status, imp_error *err)
{
    ssize_t length = -1;
    // flushing puts everything into the image before its length is asked
    if (status == IMP_OK && file >= 0 && H5Fflush(file, H5F_SCOPE_LOCAL) >= 0)
        length = H5Fget_file_image(file, NULL, 0);
    const bool good = length > 0 && image->reason == 0;
    if (file >= 0)
        H5Fclose(file);
    if (good && ftruncate(image->descriptor, length) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    // a failed growth is the reason for whatever failed afterwards
    if (image->reason != 0)
        return imp_fail(err, image->reason == ENOMEM ? IMP_NO_MEMORY : IMP_IO, "%s: %s", path,
                        strerror(image->reason));
    if (status == IMP_OK && !good)
        return imp_hdf5_fail(err, IMP_INTERNAL, path, "cannot be assembled");
    return status;
}
