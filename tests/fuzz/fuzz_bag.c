// Any bytes at all as a bag: what is read lies within them or within what was unpacked, memory is
// bounded, and reading twice gives the same. The first byte chooses a message's kind, so that
// messages need no bag around them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "logs/bag.h"
#include "logs/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

// Touches every byte, so that a sanitizer sees what is not there.
static unsigned sum(const uint8_t *bytes, size_t length)
{
    unsigned total = 0;
    for (size_t k = 0; k < length; k++)
        total += bytes[k];
    return total;
}

static void read_message(imp_message_kind kind, const uint8_t *data, size_t size)
{
    imp_ros_picture picture;
    imp_calibration calibration;
    int64_t stamp;
    double numbers[2];
    if (imp_read_compressed_image(&picture, data, size))
        wanted(sum(picture.data, picture.length) < UINT32_MAX && picture.pixels.encoding == NULL,
               "a picture");
    if (kind == IMP_MESSAGE_IMAGE && imp_read_image(&picture, data, size)) {
        const imp_pixels *pixels = &picture.pixels;
        const size_t bytes = 3 * (size_t)pixels->width * (size_t)pixels->height;
        wanted(pixels->width > 0 && pixels->height > 0, "a picture has a size");
        wanted(pixels->stride * ((size_t)pixels->height - 1) <= picture.length, "rows are there");
        sum(picture.data, picture.length);
        uint8_t *rgb = malloc(bytes);
        wanted(rgb != NULL, "memory");
        imp_pixels_to_rgb(rgb, pixels);
        sum(rgb, bytes);
        free(rgb);
    }
    if (imp_read_command(&stamp, numbers, data, size))
        wanted(isfinite(numbers[0]) && isfinite(numbers[1]), "commands are numbers");
    if (imp_read_camera_info(&calibration, data, size))
        wanted(calibration.lens.fx > 0 && calibration.lens.width >= 2, "a lens is one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_bag bag;
    size_t counts[2] = {0};
    unsigned sums[2] = {0};
    if (size > 0)
        read_message((imp_message_kind)(data[0] % 6), data + 1, size - 1);
    if (imp_bag_open(&bag, data, size, "fuzz.bag", NULL) != IMP_OK)
        return 0;
    for (int pass = 0; pass < 2; pass++) {
        imp_bag_message message;
        imp_bag_next next;
        while ((next = imp_bag_read(&bag, &message, NULL)) == IMP_BAG_MESSAGE ||
               next == IMP_BAG_RECORD) {
            wanted(imp_bag_position(&bag) <= size, "reading stays within");
            wanted(bag.unpacked.capacity <= 2 * bag.unpacked.length + (1 << 18) ||
                       bag.unpacked.length <= bag.unpacked.limit,
                   "memory grows with what comes out");
            if (next == IMP_BAG_RECORD)
                continue;
            wanted(message.connection < bag.connection_count, "somebody said it");
            read_message(imp_message_kind_of(bag.connections[message.connection].type),
                         message.data, message.length);
            counts[pass]++;
            sums[pass] += sum(message.data, message.length);
        }
        imp_bag_rewind(&bag);
    }
    wanted(counts[0] <= counts[1], "what was known stays known");
    imp_bag_close(&bag);
    return 0;
}
