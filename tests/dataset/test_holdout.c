// Which episodes are held out: a share by seed and dataset, and never one that is trained on too.
#include "dataset/fixture.h"

#include "dataset/holdout.h"

enum { EPISODES = 40 };

// Draws for the datasets in turn; sides[k][e] tells of episode e of dataset k.
static int draw(imp_dataset *const *datasets, int count, double validation, bool sides[][EPISODES])
{
    imp_holdout holdout = {.validation = validation, .seed = 1};
    imp_error err = {0};
    for (int k = 0; k < count; k++) {
        uint32_t order[EPISODES];
        bool apart[EPISODES];
        assert_ok(imp_holdout_draw(&holdout, datasets[k], order, apart, &err), err);
        for (int e = 0; e < imp_dataset_episode_count(datasets[k]); e++)
            sides[k][order[e]] = apart[e];
    }
    const int repeated = holdout.repeated;
    imp_holdout_free(&holdout);
    return repeated;
}

static imp_dataset *make(const char *scratch, const char *name, int first, int end)
{
    char folder[PATH_MAX];
    imp_error err = {0};
    imp_dataset *dataset;
    imp_dataset_writer *writer;
    int written;
    const imp_dataset_info info = fixture_info(8, 6);
    in_folder(folder, scratch, name);
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    add_drives(writer, &info, first, end);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    return dataset;
}

static int count_of(const bool *sides, int first, int end)
{
    int count = 0;
    for (int e = first; e < end; e++)
        count += sides[e];
    return count;
}

// Trainings must go on with the split that they began with: these were held out before repeated
// episodes were looked for.
static void the_split_is_what_it_was(void **state)
{
    static const int first[] = {36, 37, 19, 21}, second[] = {28, 22, 17, 9};
    imp_dataset *datasets[2] = {make(*state, "a", 0, EPISODES),
                                make(*state, "b", EPISODES, 2 * EPISODES)};
    bool sides[2][EPISODES], wanted[2][EPISODES] = {{false}};
    assert_int_equal(draw(datasets, 2, 0.1, sides), 0);
    for (int k = 0; k < 4; k++)
        wanted[0][first[k]] = wanted[1][second[k]] = true;
    assert_memory_equal(sides, wanted, sizeof sides);
    imp_dataset_close(datasets[0]);
    imp_dataset_close(datasets[1]);
}

static void repeated_episodes_stay_on_their_side(void **state)
{
    // the same, a copy, a part of it, and one that holds it and more
    imp_dataset *first = make(*state, "a", 0, 30), *copy = make(*state, "copy", 0, 30);
    imp_dataset *part = make(*state, "part", 10, 20), *more = make(*state, "more", 0, EPISODES);
    imp_dataset *datasets[5] = {first, first, copy, part, more};
    bool sides[5][EPISODES] = {{false}};
    assert_int_equal(draw(datasets, 5, 0.3, sides), 30 + 30 + 10 + 30);
    assert_int_equal(count_of(sides[0], 0, 30), 9);
    assert_memory_equal(sides[1], sides[0], 30);
    assert_memory_equal(sides[2], sides[0], 30);
    assert_memory_equal(sides[3], sides[0] + 10, 10);
    assert_memory_equal(sides[4], sides[0], 30);
    assert_int_equal(draw(datasets, 5, 0.0, sides), 0);
    assert_int_equal(count_of(sides[4], 0, EPISODES), 0);
    imp_dataset_close(first);
    imp_dataset_close(copy);
    imp_dataset_close(part);
    imp_dataset_close(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(the_split_is_what_it_was),
        SCRATCH_TEST(repeated_episodes_stay_on_their_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
