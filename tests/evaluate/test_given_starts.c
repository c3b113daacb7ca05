// Starts from a table: the same episodes again, and what is wrong with a table.
#include "learn/learn_fixture.h"

static const char *write_file(const char *name, const char *text)
{
    const char *path = in_folder(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static imp_evaluation evaluate(const imp_eval_def *def)
{
    imp_error err = {0};
    imp_policy_factory *driver;
    imp_evaluation evaluation;
    assert_ok(imp_policy_factory_open(&driver, "expert", &def->sim.expert, &err), err);
    assert_ok(imp_evaluate(&evaluation, driver, def, NULL, &err), err);
    imp_policy_factory_close(driver);
    return evaluation;
}

static void columns_are_found_by_their_names(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_start_list starts;
    const char *path = write_file("a.csv", "\xef\xbb\xbfremark,heading,\"z\",x,map\r\n"
                                           "\"a, \"\"b\"\"\",0.5,2,1.25,\"loop_empty\"\r\n"
                                           "\r\n"
                                           ",-3e-1 , 4,-0.5,4way\n");
    assert_ok(imp_start_list_read(&starts, path, &err), err);
    assert_int_equal(starts.count, 2);
    assert_true(starts.items[0].pose.x == 1.25 && starts.items[0].pose.z == 2.0 &&
                starts.items[0].pose.heading == 0.5);
    assert_true(starts.items[1].pose.x == -0.5 && starts.items[1].pose.heading == -0.3);
    assert_string_equal(starts.items[0].map, "loop_empty");
    assert_string_equal(starts.items[1].map, "4way");
    assert_int_equal(starts.items[0].line, 2);
    assert_int_equal(starts.items[1].line, 4);
    imp_start_list_free(&starts);
    // of several policies the first one's rows count
    path = write_file("c.csv", " x , z,\theading , map \n 1, 2 ,3,  4way \n");
    assert_ok(imp_start_list_read(&starts, path, &err), err);
    assert_true(starts.items[0].pose.z == 2.0);
    assert_string_equal(starts.items[0].map, "4way");
    imp_start_list_free(&starts);
    path = write_file("b.csv", "policy,start_x_m,start_z_m,start_heading_rad\na,1,2,3\na,4,5,6\n"
                               "b,1,2,3\nb,4,5,6\n");
    assert_ok(imp_start_list_read(&starts, path, &err), err);
    assert_int_equal(starts.count, 2);
    assert_true(starts.items[1].pose.x == 4.0);
    assert_string_equal(starts.items[1].map, "");
    imp_start_list_free(&starts);
}

static void errors_name_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line, *what;
    } cases[] = {
        {"", "x.csv:", "holds no starts"},
        {"x,z,heading\n", "x.csv:", "no start below its header"},
        {"x,z\n1,2\n", "x.csv:1:", "no column 'heading'"},
        {"x,y,heading\n1,2,3\n", "x.csv:1:", "no column 'z'"},
        {"x,z,heading\n1,2,3\n1,two,3\n", "x.csv:3:", "column 'z': 'two' is not a number"},
        {"x,z,heading\n1,2,nan\n", "x.csv:2:", "column 'heading': 'nan'"},
        {"x,z,heading\n1,2\n", "x.csv:2:", "column 'heading' is empty"},
        {"x,z,heading,map\n1,2,3,\n", "x.csv:2:", "column 'map' is empty"},
        {"1,2,3\n", "x.csv:1:", "no column 'x'"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_error err = {0};
        imp_start_list starts;
        assert_int_equal(imp_start_list_read(&starts, write_file("x.csv", cases[k].text), &err),
                         IMP_BAD_INPUT);
        if (strstr(err.message, cases[k].line) == NULL ||
            strstr(err.message, cases[k].what) == NULL)
            fail_msg("'%s' gave '%s'", cases[k].text, err.message);
    }
}

// Episodes that start where others were drawn to start go the same way, traffic included.
static void given_starts_repeat_drawn_starts(void **state)
{
    (void)state;
    static const char *const maps[] = {"loop_pedestrians", "udem1"};
    enum { EPISODES = 8 };
    imp_eval_def def = imp_default_eval_def();
    def.sim.maps = maps;
    def.sim.map_count = 2;
    def.episodes = EPISODES;
    def.steps = 200;
    def.sim.threads = 2;
    def.sim.env.randomize_objects = true;
    imp_evaluation drawn = evaluate(&def);
    imp_episode_start starts[EPISODES] = {0};
    for (int e = 0; e < EPISODES; e++) {
        starts[e].pose = drawn.results[e].start;
        snprintf(starts[e].map, sizeof starts[e].map, "%s", drawn.results[e].map);
    }
    def.starts = starts;
    def.start_count = EPISODES;
    // what is drawn for a map and a pose must not come in
    def.sim.env.accept_start_angle = 0.5;
    imp_evaluation given = evaluate(&def);
    for (int e = 0; e < EPISODES; e++) {
        const imp_episode_result *a = &drawn.results[e], *b = &given.results[e];
        assert_string_equal(a->map, b->map);
        assert_int_equal(a->steps, b->steps);
        assert_memory_equal(a->poses, b->poses, ((size_t)a->steps + 1) * sizeof *a->poses);
        assert_true(a->expert_net_distance == b->expert_net_distance);
    }
    imp_evaluation_free(&drawn);
    imp_evaluation_free(&given);
    // a replay starts there, too
    imp_error err = {0};
    imp_policy_factory *driver;
    imp_replay replay;
    starts[5] = starts[2];
    assert_ok(imp_policy_factory_open(&driver, "expert", &def.sim.expert, &err), err);
    assert_ok(
        imp_replay_episodes(&replay, &(imp_replay_def){5, 0, 1, 1}, 1, driver, &def, NULL, &err),
        err);
    assert_memory_equal(&replay.result.poses[0], &starts[2].pose, sizeof(imp_pose));
    imp_replay_free(&replay);
    imp_policy_factory_close(driver);
}

static void assert_refused(const imp_eval_def *def, imp_status wanted, const char *what)
{
    imp_error err = {0};
    imp_policy_factory *driver;
    imp_evaluation evaluation;
    assert_ok(imp_policy_factory_open(&driver, "expert", &def->sim.expert, &err), err);
    assert_int_equal(imp_evaluate(&evaluation, driver, def, NULL, &err), wanted);
    if (strstr(err.message, what) == NULL)
        fail_msg("wanted '%s': %s", what, err.message);
    imp_policy_factory_close(driver);
}

static void invalid_starts_are_refused(void **state)
{
    (void)state;
    static const char *const maps[] = {"loop_obstacles", "udem1"};
    imp_episode_start starts[] = {{{0.9, 2.0, 1.57}, "", 2}, {{0.9, 2.0, 1.57}, "", 7}};
    imp_eval_def def = imp_default_eval_def();
    def.episodes = 2;
    def.steps = 5;
    def.starts = starts;
    def.start_count = 2;
    def.starts_name = "list.csv";
    imp_evaluation evaluation = evaluate(&def);
    imp_evaluation_free(&evaluation);
    def.episodes = 3;
    assert_refused(&def, IMP_USAGE, "list.csv holds 2 starts");
    def.episodes = 2;
    starts[1].pose.x = 0.1;
    assert_refused(&def, IMP_BAD_INPUT, "list.csv:7: a robot at x 0.1 m");
    starts[1] = starts[0];
    starts[1].line = 7;
    def.sim.maps = maps;
    def.sim.map_count = 2;
    assert_refused(&def, IMP_BAD_INPUT, "list.csv:2: does not say which of the 2 maps");
    strcpy(starts[0].map, "udem1");
    strcpy(starts[1].map, "small_loop");
    assert_refused(&def, IMP_BAD_INPUT, "list.csv:7: the map 'small_loop' is not among");
    // in an object
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, "loop_obstacles", &err), err);
    imp_pose pose = {0};
    const imp_object *object = NULL;
    for (int k = 0; k < world->object_count && object == NULL; k++) {
        const imp_object *o = &world->objects[k];
        pose = (imp_pose){o->position.x, o->position.z, 0.0};
        if (o->solid && imp_env_is_on_road(world, pose, 1.0))
            object = o;
    }
    assert_non_null(object);
    starts[0] = starts[1] = (imp_episode_start){pose, "loop_obstacles", 9};
    assert_refused(&def, IMP_BAD_INPUT, "would stand in");
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(columns_are_found_by_their_names),
        FOLDER_TEST(errors_name_file_and_line),
        cmocka_unit_test(given_starts_repeat_drawn_starts),
        cmocka_unit_test(invalid_starts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
