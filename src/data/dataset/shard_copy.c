// Blocks of memory in a list. A large block is a mapped file without a name, in the folder for
// temporary files ($TMPDIR, or else /var/tmp). Its room on the disk is reserved before it is
// written, because writing to a mapping when the disk is full would end the process. Where that
// fails, the block comes from malloc().
#include "data/dataset/shard_copy.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// Smaller blocks are not worth a file.
enum { FILE_BYTES_MIN = 1 << 20 };

// A file without a name, of this length; NULL if there can be none.
static void *map_temporary_file(size_t bytes)
{
    const char *folder = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): read only
    const int descriptor = open(folder != NULL && folder[0] != '\0' ? folder : "/var/tmp",
                                O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return NULL;
    void *map = MAP_FAILED;
    if (posix_fallocate(descriptor, 0, (off_t)bytes) == 0)
        map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    return map == MAP_FAILED ? NULL : map;
}

imp_shard_copy *imp_shard_copy_create(imp_shard_copy **list, size_t bytes)
{
    const size_t whole = sizeof(imp_shard_copy) + bytes;
    imp_shard_copy *block = bytes >= FILE_BYTES_MIN ? map_temporary_file(whole) : NULL;
    const size_t mapped = block != NULL ? whole : 0;
    if (block == NULL)
        block = malloc(whole);
    if (block == NULL)
        return NULL;
    block->mapped = mapped;
    block->next = *list;
    *list = block;
    return block;
}

void imp_shard_copy_free_first_block(imp_shard_copy **list)
{
    imp_shard_copy *block = *list;
    *list = block->next;
    if (block->mapped > 0)
        munmap(block, block->mapped);
    else
        free(block);
}
