// Which episodes are held out: a share by seed and dataset, and never one that is trained on too.
#include "data/dataset/dataset_fixture.h"

#include <math.h>

#include "data/dataset/validation_split.h"

enum { EPISODES = 40 };

// Draws for the datasets in turn; sides[k][e] tells of episode e of dataset k.
static int split_datasets(imp_dataset *const *datasets, int count, double validation,
                          bool sides[][EPISODES])
{
    imp_validation_split holdout = {.validation = validation, .seed = 1};
    imp_error err = {0};
    for (int k = 0; k < count; k++) {
        uint32_t order[EPISODES];
        bool apart[EPISODES];
        assert_ok(imp_validation_split_add_dataset(&holdout, datasets[k], order, apart, &err), err);
        for (int e = 0; e < imp_dataset_episode_count(datasets[k]); e++)
            sides[k][order[e]] = apart[e];
    }
    const int repeated = holdout.repeated;
    imp_validation_split_free(&holdout);
    return repeated;
}

static imp_dataset *write_and_open_dataset(const char *scratch, const char *name, int first,
                                           int end)
{
    char folder[PATH_MAX];
    imp_error err = {0};
    imp_dataset *dataset;
    imp_dataset_writer *writer;
    int written;
    const imp_dataset_info info = fixture_info(8, 6);
    in_folder(folder, scratch, name);
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    add_fixture_episodes(writer, &info, first, end);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    return dataset;
}

static int count_held_out(const bool *sides, int first, int end)
{
    int count = 0;
    for (int e = first; e < end; e++)
        count += sides[e];
    return count;
}

// Trainings must go on with the split that they began with: these were held out before repeated
// episodes were looked for.
static void the_split_does_not_change(void **state)
{
    static const int first[] = {36, 37, 19, 21}, second[] = {28, 22, 17, 9};
    imp_dataset *datasets[2] = {write_and_open_dataset(*state, "a", 0, EPISODES),
                                write_and_open_dataset(*state, "b", EPISODES, 2 * EPISODES)};
    bool sides[2][EPISODES], wanted[2][EPISODES] = {{false}};
    assert_int_equal(split_datasets(datasets, 2, 0.1, sides), 0);
    for (int k = 0; k < 4; k++)
        wanted[0][first[k]] = wanted[1][second[k]] = true;
    assert_memory_equal(sides, wanted, sizeof sides);
    imp_dataset_close(datasets[0]);
    imp_dataset_close(datasets[1]);
}

static void repeated_episodes_stay_on_their_side(void **state)
{
    // the same, a copy, a part of it, and one that holds it and more
    imp_dataset *first = write_and_open_dataset(*state, "a", 0, 30),
                *copy = write_and_open_dataset(*state, "copy", 0, 30);
    imp_dataset *part = write_and_open_dataset(*state, "part", 10, 20),
                *more = write_and_open_dataset(*state, "more", 0, EPISODES);
    imp_dataset *datasets[5] = {first, first, copy, part, more};
    bool sides[5][EPISODES] = {{false}};
    assert_int_equal(split_datasets(datasets, 5, 0.3, sides), 30 + 30 + 10 + 30);
    assert_int_equal(count_held_out(sides[0], 0, 30), 9);
    assert_memory_equal(sides[1], sides[0], 30);
    assert_memory_equal(sides[2], sides[0], 30);
    assert_memory_equal(sides[3], sides[0] + 10, 10);
    assert_memory_equal(sides[4], sides[0], 30);
    assert_int_equal(split_datasets(datasets, 5, 0.0, sides), 0);
    assert_int_equal(count_held_out(sides[4], 0, EPISODES), 0);
    imp_dataset_close(first);
    imp_dataset_close(copy);
    imp_dataset_close(part);
    imp_dataset_close(more);
}

static void the_public_split_is_the_same(void **state)
{
    imp_dataset *datasets[2] = {write_and_open_dataset(*state, "a", 0, EPISODES),
                                write_and_open_dataset(*state, "b", EPISODES, EPISODES + 10)};
    bool sides[2][EPISODES], held_out[EPISODES + 10];
    imp_error err = {0};
    split_datasets(datasets, 2, 0.2, sides);
    assert_ok(imp_dataset_split(held_out, (const imp_dataset *const *)datasets, 2, 0.2, 1, &err),
              err);
    assert_memory_equal(held_out, sides[0], EPISODES);
    assert_memory_equal(held_out + EPISODES, sides[1], 10);
    assert_int_equal(
        imp_dataset_split(held_out, (const imp_dataset *const *)datasets, 2, (double)NAN, 1, &err),
        IMP_USAGE);
    assert_int_equal(
        imp_dataset_split(held_out, (const imp_dataset *const *)datasets, 2, 1.0, 1, &err),
        IMP_USAGE);
    imp_dataset_close(datasets[0]);
    imp_dataset_close(datasets[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(the_split_does_not_change),
        SCRATCH_TEST(repeated_episodes_stay_on_their_side),
        SCRATCH_TEST(the_public_split_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
