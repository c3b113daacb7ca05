// Long recordings are kept in pieces of which nothing is missing.
#include "data/import/import_fixture.h"

#include "data/import/import_common.h"

enum { WIDE = 1024, HIGH = 682 }; // eight make a piece

static void build_long_episode(const char *scratch, int frames, int repeat)
{
    imp_dataset_info info = fixture_info(WIDE, HIGH);
    imp_dataset_builder *builder;
    imp_error err = {0};
    bool is_single_image;
    const size_t size = (size_t)WIDE * HIGH * 3;
    char folder[PATH_MAX], name[32];
    snprintf(name, sizeof name, "data-%d-%d", frames, repeat);
    in_folder(folder, scratch, name);
    assert_ok(imp_dataset_builder_create(&builder, folder, &info, &err), err);
    for (int k = 0; k < frames; k++) {
        imp_import_step step = imp_import_unknown_step();
        step.action[0] = (float)k / 100;
        memset(imp_dataset_builder_reserve_image(builder), k + 1, size);
        assert_ok(imp_dataset_builder_add_step(builder, &step, &err), err);
    }
    assert_ok(imp_dataset_builder_end(builder, IMP_EPISODE_TRUNCATED, repeat == 1, &is_single_image,
                                      &err),
              err);
    assert_false(is_single_image);
    assert_ok(imp_dataset_builder_finish(builder, "{}", &err), err);
    assert_int_equal(imp_dataset_builder_steps(builder), frames - 1 + repeat);
    assert_true(imp_dataset_builder_episodes(builder) > 1);
    imp_dataset_builder_destroy(builder);

    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    int frame = 0;
    for (int e = 0; e < imp_dataset_episode_count(dataset); e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        for (int k = 0; k < episode->steps; k++, frame++) {
            assert_int_equal(episode->observations[(size_t)k * size], frame + 1);
            assert_close(episode->actions[2 * k], (float)frame / 100, 0);
        }
        // the image that closes a piece begins the next
        const bool last = e + 1 == imp_dataset_episode_count(dataset);
        assert_int_equal(episode->observations[((size_t)episode->steps + 1) * size - 1],
                         last && repeat ? frames : frame + 1);
        assert_int_equal(episode->truncations[episode->steps - 1], last);
    }
    imp_dataset_close(dataset);
}

static void long_episodes_are_split_seamlessly(void **state)
{
    // to the border of a piece, and one more
    for (int frames = 15; frames <= 17; frames++)
        for (int repeat = 0; repeat < 2; repeat++)
            build_long_episode(*state, frames, repeat);
}

static void single_image_is_no_episode(void **state)
{
    imp_dataset_info info = fixture_info(8, 6);
    imp_dataset_builder *builder;
    imp_error err = {0};
    char folder[PATH_MAX];
    bool is_single_image;
    in_folder(folder, *state, "data");
    assert_ok(imp_dataset_builder_create(&builder, folder, &info, &err), err);
    const imp_import_step step = imp_import_unknown_step();
    for (int repeat = 0; repeat < 2; repeat++) {
        memset(imp_dataset_builder_reserve_image(builder), 5, 8 * 6 * 3);
        assert_ok(imp_dataset_builder_add_step(builder, &step, &err), err);
        assert_ok(imp_dataset_builder_end(builder, IMP_EPISODE_UNFINISHED, repeat == 1,
                                          &is_single_image, &err),
                  err);
        assert_int_equal(is_single_image, repeat == 0);
        assert_int_equal(imp_dataset_builder_episodes(builder), repeat);
    }
    // nothing was there to end
    assert_ok(
        imp_dataset_builder_end(builder, IMP_EPISODE_UNFINISHED, true, &is_single_image, &err),
        err);
    assert_false(is_single_image);
    // two cannot record into the same folder
    imp_dataset_builder *other;
    assert_int_equal(imp_dataset_builder_create(&other, folder, &info, &err), IMP_IO);
    imp_dataset_builder_destroy(builder);
    assert_no_dataset_left(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(long_episodes_are_split_seamlessly),
        SCRATCH_TEST(single_image_is_no_episode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
