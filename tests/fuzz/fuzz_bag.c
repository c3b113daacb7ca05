// Any bytes at all as a bag: what is read lies within them or within what was decompressed, memory
// is bounded, and reading twice gives the same. The first byte chooses a message's kind, so that
// messages need no bag around them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/rosbag/ros_message.h"
#include "data/rosbag/rosbag_reader.h"

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

static void read_message(imp_ros_message_kind kind, const uint8_t *data, size_t size)
{
    imp_ros_image image;
    imp_calibration calibration;
    int64_t stamp;
    double numbers[2];
    if (imp_ros_parse_compressed_image(&image, data, size))
        wanted(sum(image.data, image.length) < UINT32_MAX && image.pixels.encoding == NULL,
               "a picture");
    if (kind == IMP_ROS_IMAGE && imp_ros_parse_image(&image, data, size)) {
        const imp_ros_pixels *pixels = &image.pixels;
        const size_t bytes = 3 * (size_t)pixels->width * (size_t)pixels->height;
        wanted(pixels->width > 0 && pixels->height > 0, "a picture has a size");
        wanted(pixels->stride * ((size_t)pixels->height - 1) <= image.length, "rows are there");
        sum(image.data, image.length);
        uint8_t *rgb = malloc(bytes);
        wanted(rgb != NULL, "memory");
        imp_ros_pixels_to_rgb(rgb, pixels);
        sum(rgb, bytes);
        free(rgb);
    }
    if (imp_ros_parse_command(&stamp, numbers, data, size))
        wanted(isfinite(numbers[0]) && isfinite(numbers[1]), "commands are numbers");
    double pose[3];
    if (imp_ros_parse_odometry(&stamp, pose, data, size))
        wanted(isfinite(pose[0] + pose[1] + pose[2]), "poses are numbers");
    if (imp_ros_parse_encoder(&stamp, numbers, data, size))
        wanted(numbers[1] >= 1.0 && numbers[0] >= -2147483648.0, "ticks are ticks");
    if (imp_ros_parse_camera_info(&calibration, data, size))
        wanted(calibration.lens.fx > 0 && calibration.lens.width >= 2, "a lens is one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_rosbag bag;
    size_t counts[2] = {0};
    unsigned sums[2] = {0};
    if (size > 0)
        read_message((imp_ros_message_kind)(data[0] % 6), data + 1, size - 1);
    if (imp_rosbag_open(&bag, data, size, "fuzz.bag", NULL) != IMP_OK)
        return 0;
    for (int pass = 0; pass < 2; pass++) {
        imp_rosbag_message message;
        imp_rosbag_read_result next;
        while ((next = imp_rosbag_read_record(&bag, &message, NULL)) == IMP_ROSBAG_MESSAGE ||
               next == IMP_ROSBAG_OTHER_RECORD) {
            wanted(imp_rosbag_position(&bag) <= bag.length, "reading stays within");
            wanted(bag.decompressed.capacity <= 2 * bag.decompressed.length + (1 << 18) ||
                       bag.decompressed.length <= bag.decompressed.limit,
                   "memory grows with what comes out");
            if (next == IMP_ROSBAG_OTHER_RECORD)
                continue;
            wanted(message.connection < bag.connection_count, "somebody said it");
            read_message(imp_ros_message_kind_of(bag.connections[message.connection].type),
                         message.data, message.length);
            counts[pass]++;
            sums[pass] += sum(message.data, message.length);
        }
        imp_rosbag_rewind(&bag);
    }
    wanted(counts[0] <= counts[1], "what was known stays known");
    imp_rosbag_close(&bag);
    return 0;
}
