// Other programs read a dataset as it is. Each test skips where its program is not installed.
#include "data/dataset/dataset_fixture.h"

#include <sys/wait.h>

// Runs a shell command on a new dataset, whose folder is $1. Returns its exit status.
static int run_on_dataset(void **state, const char *command)
{
    const imp_dataset_info info = fixture_info(40, 36);
    char folder[PATH_MAX], line[3 * PATH_MAX];
    in_folder(folder, *state, "data");
    if (access(folder, F_OK) != 0)
        write_dataset(folder, &info, 20);
    assert_true(snprintf(line, sizeof line, "set -- '%s'; %s", folder, command) < (int)sizeof line);
    const int status = system(line);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void h5dump_follows_the_links(void **state)
{
    if (run_on_dataset(state, "command -v h5dump >/dev/null") != 0)
        skip_because("no h5dump");
    assert_int_equal(run_on_dataset(state, "h5dump -d /episode_19/infos/lane $1/main_data.hdf5 "
                                           "| grep -q '( 9, 2 ) / ( 9, 2 )'"),
                     0);
}

static void h5py_reads_it(void **state)
{
    if (run_on_dataset(state, "python3 -c 'import h5py' 2>/dev/null") != 0)
        skip_because("no python3 with h5py");
    assert_int_equal(
        run_on_dataset(state, "python3 - $1 <<'END'\n"
                              "import sys, h5py\n"
                              "data = h5py.File(sys.argv[1] + '/main_data.hdf5', 'r')\n"
                              "assert len(data) == 20 == data.attrs['total_episodes']\n"
                              "assert data.attrs['finished'] == 1\n"
                              "for name, episode in data.items():\n"
                              "    steps = episode.attrs['total_steps']\n"
                              "    assert name == 'episode_%d' % episode.attrs['id']\n"
                              "    assert episode['observations'].shape == (steps + 1, 36, 40, 3)\n"
                              "    assert episode['observations'].dtype == 'uint8'\n"
                              "    assert episode['observations'].chunks is None\n"
                              "    assert episode['actions'].shape == (steps, 2)\n"
                              "    assert episode['terminations'].dtype == bool\n"
                              "    assert episode['infos/poses'].attrs['units'] == b'm, m, rad'\n"
                              "END"),
        0);
}

static void minari_reads_it(void **state)
{
    if (run_on_dataset(state, "python3 -c 'from minari import MinariDataset' 2>/dev/null") != 0)
        skip_because("no python3 with minari");
    assert_int_equal(run_on_dataset(state, "python3 - $1 <<'END'\n"
                                           "import sys, minari\n"
                                           "data = minari.MinariDataset(sys.argv[1])\n"
                                           "assert data.total_episodes == 20\n"
                                           "steps = 0\n"
                                           "for episode in data.iterate_episodes():\n"
                                           "    steps += len(episode)\n"
                                           "    for image in episode.observations:\n"
                                           "        assert image in data.observation_space\n"
                                           "    for action in episode.actions:\n"
                                           "        assert action in data.action_space\n"
                                           "    assert 'lane' in episode.infos\n"
                                           "assert steps == data.total_steps\n"
                                           "END"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(h5dump_follows_the_links),
        SCRATCH_TEST(h5py_reads_it),
        SCRATCH_TEST(minari_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
