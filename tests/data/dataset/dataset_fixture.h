// data/dataset/dataset_fixture.h: made-up episodes and throw-away folders for the tests of
// datasets.
#ifndef IMP_TESTS_DATA_DATASET_DATASET_FIXTURE_H
#define IMP_TESTS_DATA_DATASET_DATASET_FIXTURE_H

#include "testing.h"

#include "imprint/dataset.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_STEPS 24

// An episode together with its arrays.
typedef struct fixture_episode {
    imp_episode episode;
    uint8_t *observations;
    float actions[MAX_STEPS][2], expert_actions[MAX_STEPS][2], rewards[MAX_STEPS];
    double poses[MAX_STEPS + 1][3], lane[MAX_STEPS + 1][2];
    uint8_t terminations[MAX_STEPS], truncations[MAX_STEPS];
} fixture_episode;

static inline imp_dataset_info fixture_info(int width, int height)
{
    return (imp_dataset_info){.width = width,
                              .height = height,
                              .time_step = 1.0 / 30,
                              .map = "loop_empty",
                              .lens = "duckiebot",
                              .policy = "expert",
                              .settings = "{\"seed\": 123, \"who\": \"Zoë\"}"};
}

// Episode `id` of a made-up dataset: 5 to 12 steps, every number a function of id and place. Freed
// with fixture_episode_destroy().
static inline fixture_episode *fixture_episode_create(const imp_dataset_info *info, int id)
{
    fixture_episode *made = calloc(1, sizeof *made);
    assert_non_null(made);
    const int steps = 5 + id % 8;
    const size_t size = (size_t)info->width * (size_t)info->height * 3;
    made->observations = malloc(size * (size_t)(steps + 1));
    assert_non_null(made->observations);
    imp_random random = imp_random_stream(7, 0, (uint32_t)id, IMP_PURPOSE_TEST);
    for (size_t i = 0; i < size * (size_t)(steps + 1); i++)
        made->observations[i] = (uint8_t)imp_random_u32(&random);
    for (int i = 0; i < steps; i++) {
        for (int wheel = 0; wheel < 2; wheel++) {
            made->actions[i][wheel] = (float)imp_random_uniform(&random, -1, 1);
            made->expert_actions[i][wheel] = (float)imp_random_uniform(&random, -1, 1);
        }
        made->rewards[i] = (float)imp_random_normal(&random);
    }
    for (int i = 0; i <= steps; i++) {
        for (int axis = 0; axis < 3; axis++)
            made->poses[i][axis] = imp_random_uniform(&random, 0, 3);
        const int off = i == steps && id % 3 == 0;
        made->lane[i][0] = off ? NAN : imp_random_uniform(&random, -0.1, 0.1);
        made->lane[i][1] = off ? NAN : imp_random_uniform(&random, -1, 1);
    }
    made->terminations[steps - 1] = id % 3 == 0;
    made->truncations[steps - 1] = id % 3 == 1;
    made->episode = (imp_episode){.steps = steps,
                                  .observations = made->observations,
                                  .actions = made->actions[0],
                                  .expert_actions = made->expert_actions[0],
                                  .poses = made->poses[0],
                                  .lane = made->lane[0],
                                  .rewards = made->rewards,
                                  .terminations = made->terminations,
                                  .truncations = made->truncations,
                                  .seed = UINT64_MAX - (uint64_t)id,
                                  .number = UINT32_MAX - (uint32_t)id,
                                  .map = "loop_empty"};
    return made;
}

static inline void fixture_episode_destroy(fixture_episode *made)
{
    free(made->observations);
    free(made);
}

static inline void assert_same_episode(const imp_dataset_info *info, const imp_episode *a,
                                       const imp_episode *b)
{
    const size_t steps = (size_t)a->steps, size = (size_t)info->width * (size_t)info->height * 3;
    assert_int_equal(a->steps, b->steps);
    assert_memory_equal(a->observations, b->observations, size * (steps + 1));
    assert_memory_equal(a->actions, b->actions, steps * 2 * sizeof(float));
    assert_memory_equal(a->expert_actions, b->expert_actions, steps * 2 * sizeof(float));
    assert_memory_equal(a->poses, b->poses, (steps + 1) * 3 * sizeof(double));
    assert_memory_equal(a->lane, b->lane, (steps + 1) * 2 * sizeof(double));
    assert_memory_equal(a->rewards, b->rewards, steps * sizeof(float));
    assert_memory_equal(a->terminations, b->terminations, steps);
    assert_memory_equal(a->truncations, b->truncations, steps);
    assert_true(a->seed == b->seed);
    assert_true(a->number == b->number);
    assert_string_equal(a->map, b->map);
}

// Adds the made-up episodes first..end-1.
static inline void add_fixture_episodes(imp_dataset_writer *writer, const imp_dataset_info *info,
                                        int first, int end)
{
    imp_error err = {0};
    for (int id = first; id < end; id++) {
        fixture_episode *made = fixture_episode_create(info, id);
        assert_ok(imp_dataset_writer_add(writer, &made->episode, &err), err);
        fixture_episode_destroy(made);
    }
}

// Writes a whole made-up dataset.
static inline void write_dataset(const char *folder, const imp_dataset_info *info, int episodes)
{
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written = -1;
    assert_ok(imp_dataset_writer_create(&writer, folder, info, false, &written, &err), err);
    assert_int_equal(written, 0);
    add_fixture_episodes(writer, info, 0, episodes);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
}

// Opens a dataset and holds it against the made-up one; finished or not.
static inline void assert_dataset(const char *folder, const imp_dataset_info *info, int episodes)
{
    imp_error err = {0};
    imp_dataset *dataset;
    int64_t findings = -1;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    assert_int_equal(imp_dataset_episode_count(dataset), episodes);
    for (int id = 0; id < episodes; id++) {
        fixture_episode *made = fixture_episode_create(info, id);
        assert_same_episode(info, imp_dataset_episode(dataset, id), &made->episode);
        fixture_episode_destroy(made);
    }
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    assert_int_equal(findings, 0);
    imp_dataset_close(dataset);
}

static inline void in_folder(char out[PATH_MAX], const char *folder, const char *name)
{
    assert_true(snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX);
}

// Deletes a folder of files.
static inline void remove_folder(const char *folder)
{
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        char path[PATH_MAX];
        in_folder(path, folder, entry->d_name);
        if (unlink(path) != 0 && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0)
            remove_folder(path);
    }
    closedir(stream);
    rmdir(folder);
}

static inline int count_files(const char *folder, const char *ending)
{
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        const size_t length = strlen(entry->d_name), tail = strlen(ending);
        count += length > tail && strcmp(entry->d_name + length - tail, ending) == 0;
    }
    closedir(stream);
    return count;
}

// The bytes of a file, freed by the caller.
static inline char *read_whole_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s is missing", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

static inline void write_whole_file(const char *path, const void *bytes, size_t length)
{
    unlink(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static inline void assert_same_file(const char *a, const char *b, const char *name)
{
    char path[PATH_MAX];
    size_t size_a, size_b;
    in_folder(path, a, name);
    char *bytes_a = read_whole_file(path, &size_a);
    in_folder(path, b, name);
    char *bytes_b = read_whole_file(path, &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(bytes_a, bytes_b, size_a);
    free(bytes_a);
    free(bytes_b);
}

// Every test gets an empty folder of its own in *state.
static inline int create_scratch_folder(void **state)
{
    char name[] = "/tmp/imprint-dataset-XXXXXX";
    *state = mkdtemp(name) == NULL ? NULL : strdup(name);
    return *state == NULL;
}

static inline int remove_scratch_folder(void **state)
{
    remove_folder(*state);
    free(*state);
    return 0;
}

#define SCRATCH_TEST(test)                                                                         \
    cmocka_unit_test_setup_teardown(test, create_scratch_folder, remove_scratch_folder)

#endif
