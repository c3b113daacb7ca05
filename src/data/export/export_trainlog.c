// Exports datasets as train.log, the format of Duckietown's behaviour cloning baseline: per episode
// one pickle (protocol 3) with a list of entries. Opcodes are written directly; letters in the
// literals are opcodes of Python's pickletools.
// Nothing is memoized, so every episode can be written while it is read.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "data/export/export_formats.h"

// Writes the bytes of a literal without its terminating 0.
#define WRITE_LITERAL(file, text) fwrite(text, 1, sizeof(text) - 1, file)

// Little-endian.
static void write_u32(FILE *file, uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 24)};
    fwrite(bytes, 1, sizeof bytes, file);
}

// BINUNICODE.
static void write_text(FILE *file, const char *text)
{
    fputc('X', file);
    write_u32(file, (uint32_t)strlen(text));
    fputs(text, file);
}

// BININT.
static void write_integer(FILE *file, uint32_t number)
{
    fputc('J', file);
    write_u32(file, number);
}

// BINFLOAT: big-endian from protocol 2 on.
static void write_float(FILE *file, double number)
{
    uint64_t bits;
    // from the highest byte to the lowest
    memcpy(&bits, &number, sizeof bits);
    fputc('G', file);
    for (int k = 7; k >= 0; k--)
        fputc((int)(bits >> 8 * k & 255), file);
}

// EMPTY_LIST, MARK, items, APPENDS.
static void write_float_list(FILE *file, const double *numbers, int count)
{
    fputs("](", file);
    for (int k = 0; k < count; k++)
        write_float(file, numbers[k]);
    fputc('e', file);
}

// A numpy array: _reconstruct(ndarray, (0,), b"b"), then its state (1, shape, type, False, data).
// Old and new releases of numpy accept these names.
static void write_numpy_array(FILE *file, const char *type, const uint32_t *shape, int dimensions,
                              const void *data, uint32_t size)
{
    // the empty array, then its state
    WRITE_LITERAL(file, "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
                        "C\1b\x87R(K\1(");
    for (int k = 0; k < dimensions; k++)
        write_integer(file, shape[k]);
    WRITE_LITERAL(file, "tcnumpy\ndtype\n");
    write_text(file, type);
    // The type's state: version 3, byte order, no fields, default sizes.
    WRITE_LITERAL(file, "\x89\x88\x87R(K\3");
    write_text(file, strcmp(type, "u1") == 0 ? "|" : "<");
    // fields of the type that are not used, then the data
    WRITE_LITERAL(file, "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
                        "B");
    write_u32(file, size);
    fwrite(data, 1, size, file);
    WRITE_LITERAL(file, "tb");
}

// A float32 array of two values.
static void write_duty_cycles(FILE *file, const float *numbers)
{
    const uint32_t shape[1] = {2};
    write_numpy_array(file, "f4", shape, 1, numbers, 2 * sizeof *numbers);
}

// The simulator's info of a step as far as it is known, and our own additions that imports use.
static void write_step_info(FILE *file, const imp_dataset_info *info, const imp_episode *episode,
                            size_t k)
{
    // from radians
    const double degree = 57.29577951308232;
    const double executed[2] = {(double)episode->actions[2 * k],
                                (double)episode->actions[2 * k + 1]};
    const double distance = episode->lane[2 * k], angle = episode->lane[2 * k + 1];
    // info["Simulator"]: executed action, lane position
    fputs("}(", file);
    write_text(file, "Simulator");
    fputs("}(", file);
    write_text(file, "action");
    write_float_list(file, executed, 2);
    if (isfinite(distance)) {
        // off lanes and for real robots there is no lane position
        write_text(file, "lane_position");
        fputs("}(", file);
        write_text(file, "dist");
        write_float(file, distance);
        write_text(file, "dot_dir");
        write_float(file, imp_cos(angle));
        write_text(file, "angle_deg");
        write_float(file, angle * degree);
        write_text(file, "angle_rad");
        write_float(file, angle);
        fputc('u', file);
    }
    fputc('u', file);
    // info["imprint"]: what an import needs to restore the dataset
    write_text(file, "imprint");
    fputs("}(", file);
    // fields that an import of this program reads
    write_text(file, "map");
    write_text(file, episode->map);
    write_text(file, "terminated");
    fputc(episode->terminations[k] ? 0x88 : 0x89, file);
    write_text(file, "lens");
    write_text(file, info->lens);
    write_text(file, "observation");
    write_text(file, info->observation);
    write_text(file, "time_step");
    write_float(file, episode->time_step > 0.0 ? episode->time_step : info->time_step);
    fputs("uu", file);
}

// One entry: {"step": [image, action], "metadata": [pose, reward, done, info]}.
static void write_entry(FILE *file, const imp_dataset_info *info, const imp_episode *episode,
                        size_t k)
{
    const uint32_t shape[3] = {(uint32_t)info->height, (uint32_t)info->width, 3};
    const size_t image = (size_t)info->height * (size_t)info->width * 3;
    // the pose before the step
    const double *pose = episode->poses + 3 * k;
    // gym-duckietown's pose: x, y (up), z, angle
    const double places[4] = {pose[0], 0.0, pose[1], pose[2]};
    // image and label
    fputs("}(", file);
    write_text(file, "step");
    fputs("](", file);
    write_numpy_array(file, "u1", shape, 3, episode->observations + k * image, (uint32_t)image);
    write_duty_cycles(file, episode->expert_actions + 2 * k);
    fputc('e', file);
    // pose, reward, done and info
    write_text(file, "metadata");
    fputs("]((", file);
    for (int i = 0; i < 4; i++)
        write_float(file, places[i]);
    fputc('t', file);
    write_float(file, (double)episode->rewards[k]);
    fputc(episode->terminations[k] || episode->truncations[k] ? 0x88 : 0x89, file);
    write_step_info(file, info, episode, k);
    fputs("eu", file);
}

// PROTO 3, EMPTY_LIST, entries with APPEND, STOP.
static void write_episode(FILE *file, const imp_dataset_info *info, const imp_episode *episode)
{
    WRITE_LITERAL(file, "\x80\3]");
    for (size_t k = 0; k < (size_t)episode->steps; k++) {
        write_entry(file, info, episode, k);
        fputc('a', file);
    }
    fputc('.', file);
}

// Stream errors end the loop; the commit reports them.
imp_status imp_export_trainlog(const imp_dataset *dataset, FILE *file, const imp_monitor *monitor,
                               imp_error *err)
{
    imp_status status = IMP_OK;
    const int count = imp_dataset_episode_count(dataset);
    for (int k = 0; k < count && status == IMP_OK && !ferror(file); k++) {
        status = imp_export_report_or_stop(dataset, k, monitor, err);
        if (status == IMP_OK)
            write_episode(file, imp_dataset_get_info(dataset), imp_dataset_episode(dataset, k));
    }
    return status;
}
