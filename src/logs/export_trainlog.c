// Writes what the baselines' _loggers.Reader reads: per episode one pickle, a list of entries.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "logs/export.h"

// Bytes of a text without its end.
#define PUT(file, text) fwrite(text, 1, sizeof(text) - 1, file)

static void put_u32(FILE *file, uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 24)};
    fwrite(bytes, 1, sizeof bytes, file);
}

static void put_text(FILE *file, const char *text)
{
    fputc('X', file);
    put_u32(file, (uint32_t)strlen(text));
    fputs(text, file);
}

static void put_integer(FILE *file, uint32_t number)
{
    fputc('J', file);
    put_u32(file, number);
}

// Protocol 2 and later: most significant byte first.
static void put_float(FILE *file, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    fputc('G', file);
    for (int k = 7; k >= 0; k--)
        fputc((int)(bits >> 8 * k & 255), file);
}

static void put_floats(FILE *file, const double *numbers, int count)
{
    fputs("](", file);
    for (int k = 0; k < count; k++)
        put_float(file, numbers[k]);
    fputc('e', file);
}

// numpy's array: _reconstruct(ndarray, (0,), b"b"), then its state (1, shape, type, False, data).
// Old and new releases of numpy find it under this name.
static void put_array(FILE *file, const char *type, const uint32_t *shape, int dimensions,
                      const void *data, uint32_t size)
{
    PUT(file, "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
              "C\1b\x87R(K\1(");
    for (int k = 0; k < dimensions; k++)
        put_integer(file, shape[k]);
    PUT(file, "tcnumpy\ndtype\n");
    put_text(file, type);
    // the type's own state: version 3, byte order, and nothing special
    PUT(file, "\x89\x88\x87R(K\3");
    put_text(file, strcmp(type, "u1") == 0 ? "|" : "<");
    PUT(file, "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
              "B");
    put_u32(file, size);
    fwrite(data, 1, size, file);
    PUT(file, "tb");
}

static void put_duty_cycles(FILE *file, const float *numbers)
{
    const uint32_t shape[1] = {2};
    put_array(file, "f4", shape, 1, numbers, 2 * sizeof *numbers);
}

// What the simulator tells of a step, as far as we know it, and who wrote this.
static void put_info(FILE *file, const imp_dataset_info *info, const imp_episode *episode, size_t k)
{
    const double degree = 57.29577951308232;
    const double executed[2] = {(double)episode->actions[2 * k],
                                (double)episode->actions[2 * k + 1]};
    const double distance = episode->lane[2 * k], angle = episode->lane[2 * k + 1];
    fputs("}(", file);
    put_text(file, "Simulator");
    fputs("}(", file);
    put_text(file, "action");
    put_floats(file, executed, 2);
    if (isfinite(distance)) {
        put_text(file, "lane_position");
        fputs("}(", file);
        put_text(file, "dist");
        put_float(file, distance);
        put_text(file, "dot_dir");
        put_float(file, cos(angle));
        put_text(file, "angle_deg");
        put_float(file, angle * degree);
        put_text(file, "angle_rad");
        put_float(file, angle);
        fputc('u', file);
    }
    fputc('u', file);
    put_text(file, "imprint");
    fputs("}(", file);
    put_text(file, "map");
    put_text(file, episode->map);
    put_text(file, "terminated");
    fputc(episode->terminations[k] ? 0x88 : 0x89, file);
    put_text(file, "lens");
    put_text(file, info->lens);
    put_text(file, "observation");
    put_text(file, info->observation);
    put_text(file, "time_step");
    put_float(file, episode->time_step > 0.0 ? episode->time_step : info->time_step);
    fputs("uu", file);
}

static void put_entry(FILE *file, const imp_dataset_info *info, const imp_episode *episode,
                      size_t k)
{
    const uint32_t shape[3] = {(uint32_t)info->height, (uint32_t)info->width, 3};
    const size_t picture = (size_t)info->height * (size_t)info->width * 3;
    const double *pose = episode->poses + 3 * k;
    const double places[4] = {pose[0], 0.0, pose[1], pose[2]};
    fputs("}(", file);
    put_text(file, "step");
    fputs("](", file);
    put_array(file, "u1", shape, 3, episode->observations + k * picture, (uint32_t)picture);
    put_duty_cycles(file, episode->expert_actions + 2 * k);
    fputc('e', file);
    put_text(file, "metadata");
    fputs("]((", file);
    for (int i = 0; i < 4; i++)
        put_float(file, places[i]);
    fputc('t', file);
    put_float(file, (double)episode->rewards[k]);
    fputc(episode->terminations[k] || episode->truncations[k] ? 0x88 : 0x89, file);
    put_info(file, info, episode, k);
    fputs("eu", file);
}

static void put_episode(FILE *file, const imp_dataset_info *info, const imp_episode *episode)
{
    PUT(file, "\x80\3]");
    for (size_t k = 0; k < (size_t)episode->steps; k++) {
        put_entry(file, info, episode, k);
        fputc('a', file);
    }
    fputc('.', file);
}

imp_status imp_export_trainlog(const imp_dataset *dataset, FILE *file, const imp_monitor *monitor,
                               imp_error *err)
{
    imp_status status = IMP_OK;
    const int count = imp_dataset_episode_count(dataset);
    for (int k = 0; k < count && status == IMP_OK && !ferror(file); k++) {
        status = imp_export_watch(dataset, k, monitor, err);
        if (status == IMP_OK)
            put_episode(file, imp_dataset_facts(dataset), imp_dataset_episode(dataset, k));
    }
    return status;
}
