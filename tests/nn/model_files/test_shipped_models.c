// Models that come with the library: where they are found, and what comes before them.
#include "temporary_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imprint/nn.h"
#include "nn/model_files/shipped_models.h"

// A small network under this path.
static void write_model(const char *path)
{
    imp_error err = {0};
    imp_network *network;
    imp_network_def def = imp_default_network_def();
    strcpy(def.architecture, "small");
    assert_ok(imp_network_create(&network, &def, 1, &err), err);
    assert_ok(imp_network_save(network, path, NULL, &err), err);
    imp_network_destroy(network);
}

static void names_are_listed(void **state)
{
    (void)state;
    assert_string_equal(imp_shipped_model_name(0), "robot");
    for (int k = 0; imp_shipped_model_name(k) != NULL; k++) {
        assert_true(imp_model_is_shipped(imp_shipped_model_name(k)));
        assert_int_not_equal(strlen(imp_shipped_model_summary(k)), 0);
    }
    assert_null(imp_shipped_model_name(-1));
    assert_null(imp_shipped_model_summary(-1));
    assert_null(imp_shipped_model_summary(100));
    assert_false(imp_model_is_shipped("expert"));
}

// Each is in the folder of the build, and drives.
static void all_can_be_loaded(void **state)
{
    (void)state;
    imp_error err = {0};
    unsetenv("IMPRINT_MODELS");
    for (int k = 0; imp_shipped_model_name(k) != NULL; k++) {
        imp_network *network;
        assert_ok(imp_network_load(&network, imp_shipped_model_name(k), &err), err);
        assert_int_equal(imp_network_info(network)->outputs, 2);
        imp_network_destroy(network);
    }
}

static void variable_names_another_folder(void **state)
{
    (void)state;
    imp_error err = {0};
    char path[IMP_PATH_MAX];
    imp_network *network;
    setenv("IMPRINT_MODELS", in_folder("."), 1);
    assert_ok(imp_model_resolve_path(path, "robot", &err), err);
    assert_string_equal(path, in_folder("./robot.safetensors"));
    // it is not there, and no other place is looked at
    assert_int_equal(imp_network_load(&network, "robot", &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "robot.safetensors"));
    write_model(path);
    assert_ok(imp_network_load(&network, "robot", &err), err);
    assert_string_equal(imp_network_info(network)->architecture, "small");
    imp_network_destroy(network);
    unsetenv("IMPRINT_MODELS");
}

static void paths_come_first(void **state)
{
    (void)state;
    imp_error err = {0};
    char path[IMP_PATH_MAX], start[IMP_PATH_MAX];
    imp_network *network;
    assert_non_null(getcwd(start, sizeof start));
    assert_int_equal(chdir(in_folder(".")), 0);
    write_model("robot");
    assert_ok(imp_model_resolve_path(path, "robot", &err), err);
    assert_string_equal(path, "robot");
    assert_ok(imp_network_load(&network, "robot", &err), err);
    assert_string_equal(imp_network_info(network)->architecture, "small");
    imp_network_destroy(network);
    // what is no name of a model stays a path, there or not
    assert_ok(imp_model_resolve_path(path, "nothing", &err), err);
    assert_string_equal(path, "nothing");
    assert_int_equal(chdir(start), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_listed),
        cmocka_unit_test(all_can_be_loaded),
        cmocka_unit_test_setup_teardown(variable_names_another_folder, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(paths_come_first, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
