// Several maps: how they are found, and episodes that take place on all of them.
#include "learn/learn_fixture.h"

#include <sys/stat.h>

static void write_map(const char *town, const char *name, const char *tiles)
{
    char path[PATH_MAX];
    join(path, town, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "tile_size: 0.6\ntiles: %s\n", tiles);
    assert_int_equal(fclose(file), 0);
}

// A folder with three maps, written in another order than that of their names, and other files.
static char *write_three_maps(void)
{
    char *town = path_of("maps");
    assert_int_equal(mkdir(town, 0777), 0);
    write_map(town, "c.yaml", "[[straight/E, straight/E, straight/E, straight/E]]");
    write_map(town, "a.yaml", "[[straight/E, straight/E, straight/E]]");
    write_map(town, "b.yaml", "[[straight/E, straight/E]]");
    write_map(town, "notes.txt", "no map");
    write_map(town, ".hidden.yaml", "no map");
    return town;
}

static void folders_are_read_in_the_order_of_names(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_map_set set;
    char *town = write_three_maps();
    const char *const names[] = {"small_loop", town, "4way"};
    assert_ok(imp_map_set_load(&set, names, 3, NULL, &err), err);
    static const char *const wanted[] = {"small_loop", "a", "b", "c", "4way"};
    assert_int_equal(set.count, 5);
    for (int k = 0; k < 5; k++)
        assert_string_equal(set.worlds[k]->name, wanted[k]);
    assert_string_equal(imp_map_set_common_name(&set), "several");
    imp_map_set_free(&set);
    assert_ok(imp_map_set_load(&set, names, 1, NULL, &err), err);
    assert_string_equal(imp_map_set_common_name(&set), "small_loop");
    imp_map_set_free(&set);
    free(town);
}

static void invalid_map_is_named_in_error(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_map_set set = {0};
    char *town = path_of("maps");
    assert_int_equal(mkdir(town, 0777), 0);
    const char *names[] = {"small_loop", town};
    assert_int_equal(imp_map_set_load(&set, names, 2, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no map"));
    write_map(town, "bad.yaml", "[[straight/E], []]");
    assert_int_equal(imp_map_set_load(&set, names, 2, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "bad.yaml:"));
    names[1] = "no_such_map";
    assert_int_equal(imp_map_set_load(&set, names, 2, NULL, &err), IMP_BAD_INPUT);
    assert_int_equal(imp_map_set_load(&set, names, 0, NULL, &err), IMP_USAGE);
    assert_int_equal(set.count, 0);
    free(town);
}

static void episodes_record_their_map(void **state)
{
    (void)state;
    imp_error err = {0};
    char *town = write_three_maps(), *data = path_of("data"), *again = path_of("again");
    const char *maps[] = {town, "small_loop"};
    imp_collect_def def = small_collect(24, 6);
    def.sim.maps = maps;
    def.sim.map_count = 2;
    collect(data, &def);
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, data, &err), err);
    assert_string_equal(imp_dataset_get_info(dataset)->map, "several");
    imp_map_set set;
    assert_ok(imp_map_set_load(&set, maps, 2, NULL, &err), err);
    int visits[4] = {0};
    for (int e = 0; e < 24; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        int found = -1;
        for (int k = 0; k < set.count; k++)
            if (strcmp(set.worlds[k]->name, episode->map) == 0)
                found = k;
        assert_in_range(found, 0, 3);
        visits[found]++;
        assert_true(
            imp_world_is_drivable_at(set.worlds[found], episode->poses[0], episode->poses[1]));
    }
    for (int k = 0; k < 4; k++)
        assert_true(visits[k] > 0);
    imp_map_set_free(&set);
    imp_dataset_close(dataset);

    def.sim.threads = 1;
    collect(again, &def);
    assert_same_folders(data, again);
    free(again);
    free(data);
    free(town);
}

static void evaluation_reports_each_map(void **state)
{
    (void)state;
    imp_error err = {0};
    const char *maps[] = {"small_loop", "udem1_empty", "zigzag_dists"};
    imp_eval_def def = imp_default_eval_def();
    def.sim.maps = maps;
    def.sim.map_count = 3;
    def.steps = 3;
    def.episodes = 20;
    def.sim.camera.width = SMALL_WIDTH;
    def.sim.camera.height = SMALL_HEIGHT;
    imp_expert_def expert = imp_default_expert_def();
    imp_policy_factory *driver;
    imp_evaluation evaluation;
    assert_ok(imp_policy_factory_open(&driver, "reference", &expert, &err), err);
    assert_ok(imp_evaluate(&evaluation, driver, &def, NULL, &err), err);
    int visits[3] = {0};
    for (int e = 0; e < 20; e++) {
        const imp_episode_result *result = &evaluation.results[e];
        assert_in_range(result->map_index, 0, 2);
        assert_string_equal(result->map, maps[result->map_index]);
        visits[result->map_index]++;
    }
    assert_true(visits[0] > 0 && visits[1] > 0 && visits[2] > 0);
    imp_evaluation_free(&evaluation);
    imp_policy_factory_close(driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(folders_are_read_in_the_order_of_names),
        FOLDER_TEST(invalid_map_is_named_in_error),
        FOLDER_TEST(episodes_record_their_map),
        FOLDER_TEST(evaluation_reports_each_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
