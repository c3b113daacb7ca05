// Bytes near a shard of a dataset: episodes that lie within the file, or one line that says why
// not. HDF5 refuses metadata whose checksum is wrong, so nearly every change would end there.
// Checksums of the structures that are found are made right again first: superblock, object headers
// and their continuations, fractal heaps, trees.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/dataset/shard_reader.h"
#include "data/hdf5/hdf5_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

// ---- checksums
// -----------------------------------------------------------------------------------

static uint32_t rotate(uint32_t value, int bits)
{
    return value << bits | value >> (32 - bits);
}

static void stir(uint32_t s[3])
{
    static const int steps[6] = {4, 6, 8, 16, 19, 4};
    for (int k = 0; k < 6; k++) {
        uint32_t *first = &s[k % 3], *third = &s[(k + 2) % 3];
        *first = (*first - *third) ^ rotate(*third, steps[k]);
        *third += s[(k + 1) % 3];
    }
}

static void finish(uint32_t s[3])
{
    static const int steps[7] = {14, 11, 25, 16, 4, 14, 24};
    for (int k = 0; k < 7; k++) {
        uint32_t *into = &s[(k + 2) % 3];
        const uint32_t from = s[(k + 1) % 3];
        *into = (*into ^ from) - rotate(from, steps[k]);
    }
}

// The checksum of HDF5's metadata, which is Jenkins' hash "lookup3".
static uint32_t checksum(const uint8_t *bytes, size_t length)
{
    uint32_t s[3];
    s[0] = s[1] = s[2] = 0xdeadbeefU + (uint32_t)length;
    for (size_t left = length; left > 0;) {
        const size_t part = left > 12 ? 12 : left;
        for (size_t k = 0; k < part; k++)
            s[k / 4] += (uint32_t)bytes[length - left + k] << 8 * (k % 4);
        left -= part;
        if (left > 0)
            stir(s);
        else
            finish(s);
    }
    return s[2];
}

// Makes the checksum behind so many bytes right.
static void repair(uint8_t *bytes, size_t length, size_t at, size_t covered)
{
    if (at > length || covered > length - at || length - at - covered < 4)
        return;
    const uint32_t sum = checksum(bytes + at, covered);
    for (size_t k = 0; k < 4; k++)
        bytes[at + covered + k] = (uint8_t)(sum >> 8 * k);
}

static uint64_t number(const uint8_t *bytes, size_t width)
{
    uint64_t value = 0;
    for (size_t k = width; k-- > 0;)
        value = value << 8 | bytes[k];
    return value;
}

// An object header and the blocks that continue it.
static void repair_header(uint8_t *bytes, size_t length, size_t at)
{
    if (length - at < 32)
        return;
    const uint8_t flags = bytes[at + 5];
    const size_t width = (size_t)1 << (flags & 3);
    size_t start = 6 + ((flags & 0x20) != 0 ? 16 : 0) + ((flags & 0x10) != 0 ? 4 : 0);
    if (length - at < start + width)
        return;
    const uint64_t messages = number(bytes + at + start, width);
    start += width;
    if (messages > length - at - start)
        return;
    const size_t head = 4 + ((flags & 4) != 0 ? 2 : 0), end = at + start + (size_t)messages;
    // a message of kind 16 says where the next block is
    for (size_t k = at + start; k + head + 16 <= end;) {
        const size_t size = (size_t)number(bytes + k + 1, 2);
        if (bytes[k] == 16) {
            const uint64_t block = number(bytes + k + head, 8);
            const uint64_t extent = number(bytes + k + head + 8, 8);
            if (block < length && extent >= 8 && extent <= length - block)
                repair(bytes, length, (size_t)block, (size_t)extent - 4);
        }
        k += head + size;
    }
    repair(bytes, length, at, start + (size_t)messages);
}

static void repair_all(uint8_t *bytes, size_t length)
{
    repair(bytes, length, 0, 44);
    for (size_t at = 0; at + 4 < length; at++) {
        if (memcmp(bytes + at, "OHDR", 4) == 0)
            repair_header(bytes, length, at);
        else if (memcmp(bytes + at, "FRHP", 4) == 0)
            repair(bytes, length, at, 142);
        else if (memcmp(bytes + at, "BTHD", 4) == 0)
            repair(bytes, length, at, 34);
    }
}

// ---- reading
// -------------------------------------------------------------------------------------

static unsigned sum(const void *bytes, size_t length)
{
    unsigned total = 0;
    for (size_t k = 0; k < length; k++)
        total += ((const uint8_t *)bytes)[k];
    return total;
}

// Touches all arrays, so that a sanitizer or the system sees what is not there.
static void touch(const imp_episode *episode, const imp_dataset_info *info)
{
    const size_t steps = (size_t)episode->steps;
    const size_t image = 3 * (size_t)info->width * (size_t)info->height;
    wanted(episode->steps >= 1 && episode->steps <= 1 << 24, "some steps");
    sum(episode->observations, (steps + 1) * image);
    sum(episode->actions, steps * 2 * sizeof(float));
    sum(episode->expert_actions, steps * 2 * sizeof(float));
    sum(episode->poses, (steps + 1) * 3 * sizeof(double));
    sum(episode->lane, (steps + 1) * 2 * sizeof(double));
    sum(episode->rewards, steps * sizeof(float));
    sum(episode->terminations, steps);
    sum(episode->truncations, steps);
    if (episode->drivers != NULL)
        sum(episode->drivers, steps);
    if (episode->commands != NULL)
        sum(episode->commands, steps);
}

// Returns how many episodes could be read.
static int read_shard(const char *path)
{
    imp_error err = {0};
    imp_dataset_shard shard;
    imp_hdf5_errors quiet;
    int read = 0;
    imp_hdf5_errors_silence(&quiet);
    imp_status status = imp_dataset_shard_open(&shard, path, &err);
    if (status == IMP_OK) {
        for (int k = 0; k < shard.count && k < 64 && status == IMP_OK; k++) {
            char group[32];
            uint64_t hash;
            imp_episode episode;
            snprintf(group, sizeof group, "episode_%d", shard.first + k);
            status = imp_dataset_shard_read(&shard, group, &episode, &hash, &err);
            if (status == IMP_OK)
                touch(&episode, &shard.info);
            read += status == IMP_OK;
        }
        imp_dataset_shard_close(&shard);
    }
    if (status != IMP_OK) {
        wanted(status == IMP_BAD_INPUT || status == IMP_NO_MEMORY, "bad input is the only failure");
        wanted(strchr(err.message, '\n') == NULL, "the message is one line");
    }
    (void)imp_hdf5_errors_restore(&quiet, IMP_OK, NULL);
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fuzz-hdf5-XXXXXX";
    uint8_t *bytes = malloc(size + 1);
    const int file = mkstemp(path);
    wanted(bytes != NULL && file >= 0, "a file");
    memcpy(bytes, data, size);
    repair_all(bytes, size);
    // what is right already stays as it is
    const bool whole = memcmp(bytes, data, size) == 0;
    wanted(write(file, bytes, size) == (ssize_t)size, "a written file");
    close(file);
    const int read = read_shard(path);
    if (getenv("FUZZ_HDF5_PRINT") != NULL)
        fprintf(stderr, "%d episodes, checksums %s\n", read, whole ? "right" : "repaired");
    unlink(path);
    free(bytes);
    return 0;
}
