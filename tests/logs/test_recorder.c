// Long recordings are kept in pieces of which nothing is missing.
#include "logs/fixture.h"

#include "logs/import.h"

enum { WIDE = 1024, HIGH = 682 }; // eight make a piece

static void record_pieces(const char *scratch, int frames, int repeat)
{
    imp_dataset_info info = fixture_info(WIDE, HIGH);
    imp_recorder *recorder;
    imp_error err = {0};
    bool lonely;
    const size_t size = (size_t)WIDE * HIGH * 3;
    char folder[PATH_MAX], name[32];
    snprintf(name, sizeof name, "data-%d-%d", frames, repeat);
    in_folder(folder, scratch, name);
    assert_ok(imp_recorder_create(&recorder, folder, &info, &err), err);
    for (int k = 0; k < frames; k++) {
        imp_moment moment = imp_unknown_moment();
        moment.action[0] = (float)k / 100;
        memset(imp_recorder_picture(recorder), k + 1, size);
        assert_ok(imp_recorder_add(recorder, &moment, &err), err);
    }
    assert_ok(imp_recorder_end(recorder, IMP_ENDING_TRUNCATED, repeat == 1, &lonely, &err), err);
    assert_false(lonely);
    assert_ok(imp_recorder_finish(recorder, "{}", &err), err);
    assert_int_equal(imp_recorder_steps(recorder), frames - 1 + repeat);
    assert_true(imp_recorder_episodes(recorder) > 1);
    imp_recorder_destroy(recorder);

    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    int frame = 0;
    for (int e = 0; e < imp_dataset_episode_count(dataset); e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        for (int k = 0; k < episode->steps; k++, frame++) {
            assert_int_equal(episode->observations[(size_t)k * size], frame + 1);
            assert_close(episode->actions[2 * k], (float)frame / 100, 0);
        }
        // the picture that closes a piece begins the next
        const bool last = e + 1 == imp_dataset_episode_count(dataset);
        assert_int_equal(episode->observations[((size_t)episode->steps + 1) * size - 1],
                         last && repeat ? frames : frame + 1);
        assert_int_equal(episode->truncations[episode->steps - 1], last);
    }
    imp_dataset_close(dataset);
}

static void pieces_fit_together(void **state)
{
    // to the border of a piece, and one more
    for (int frames = 15; frames <= 17; frames++)
        for (int repeat = 0; repeat < 2; repeat++)
            record_pieces(*state, frames, repeat);
}

static void a_single_picture_is_no_episode(void **state)
{
    imp_dataset_info info = fixture_info(8, 6);
    imp_recorder *recorder;
    imp_error err = {0};
    char folder[PATH_MAX];
    bool lonely;
    in_folder(folder, *state, "data");
    assert_ok(imp_recorder_create(&recorder, folder, &info, &err), err);
    const imp_moment moment = imp_unknown_moment();
    for (int repeat = 0; repeat < 2; repeat++) {
        memset(imp_recorder_picture(recorder), 5, 8 * 6 * 3);
        assert_ok(imp_recorder_add(recorder, &moment, &err), err);
        assert_ok(imp_recorder_end(recorder, IMP_ENDING_OPEN, repeat == 1, &lonely, &err), err);
        assert_int_equal(lonely, repeat == 0);
        assert_int_equal(imp_recorder_episodes(recorder), repeat);
    }
    // nothing was there to end
    assert_ok(imp_recorder_end(recorder, IMP_ENDING_OPEN, true, &lonely, &err), err);
    assert_false(lonely);
    // two cannot record into the same folder
    imp_recorder *other;
    assert_int_equal(imp_recorder_create(&other, folder, &info, &err), IMP_IO);
    imp_recorder_destroy(recorder);
    assert_nothing(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(pieces_fit_together),
        SCRATCH_TEST(a_single_picture_is_no_episode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
