// What is drawn from what: the words of --randomize, and the reference's files.
#include <string.h>

#include "imprint/randomization.h"
#include "testing.h"

static imp_randomization parse_spec(const char *list)
{
    imp_error err = {0};
    imp_randomization spec = imp_randomization_none();
    assert_ok(imp_randomization_parse_list(&spec, list, &err), err);
    return spec;
}

static void test_list(void **state)
{
    (void)state;
    imp_randomization spec = parse_spec("all");
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        assert_true(spec.strength[g] == (g < IMP_GROUP_ROOM || g > IMP_GROUP_TAPE ? 1.0 : 0.0));
    spec = parse_spec("indoors");
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        assert_true(spec.strength[g] == (g != IMP_GROUP_WALLS && g != IMP_GROUP_TAPE ? 1.0 : 0.0));
    assert_false(imp_randomization_is_on(&(imp_randomization){0}));
    spec = parse_spec("looks");
    assert_true(spec.strength[IMP_GROUP_JPEG] == 1.0 && spec.strength[IMP_GROUP_GAIN] == 0.0);
    spec = parse_spec("dynamics=0.5,no-delay,blur");
    assert_true(spec.strength[IMP_GROUP_GAIN] == 0.5 && spec.strength[IMP_GROUP_DELAY] == 0.0);
    assert_true(spec.strength[IMP_GROUP_BLUR] == 1.0 && spec.strength[IMP_GROUP_NOISE] == 0.0);
    spec = parse_spec("all,none");
    assert_false(imp_randomization_is_on(&spec));
    spec = parse_spec("dynamics_rand,camera_rand");
    assert_int_equal(spec.quantities[IMP_QUANTITY_TRIM].kind, IMP_DISTRIBUTION_NORMAL);
    assert_true(spec.strength[IMP_GROUP_LENS] == 1.0 && spec.strength[IMP_GROUP_LIGHT] == 0.0);
    spec = parse_spec("reference,trim");
    assert_int_equal(spec.quantities[IMP_QUANTITY_TRIM].kind, IMP_DISTRIBUTION_UNIFORM);
}

static void test_unknown_names(void **state)
{
    (void)state;
    static const char *const lists[] = {"al",        "all,,x", "all=2",      "all=", "blur=nan",
                                        "blur=0.5x", "no-",    "no-nothing", "=1",   "blur =1"};
    for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
        imp_error err = {0};
        imp_randomization spec = imp_randomization_none();
        const imp_randomization before = spec;
        if (imp_randomization_parse_list(&spec, lists[k], &err) != IMP_USAGE)
            fail_msg("'%s' was taken", lists[k]);
        assert_memory_equal(&spec, &before, sizeof spec);
        assert_true(strlen(err.message) > 10);
    }
}

static const char REFERENCE_FILE[] =
    "{\n\"horz_mode\": {\"type\": \"int\", \"low\": 0, \"high\": 4},\n"
    "\"light_pos\": {\"type\": \"uniform\", \"low\": [-150, 170, -150],\n"
    "               \"high\": [150, 220, 150], \"size\": 3},\n"
    "\"camera_noise\": {\"type\": \"uniform\", \"low\": -0.005, \"high\": 0.005, \"size\": 3},\n"
    "\"trim\": {\"type\": \"normal\", \"loc\": 0, \"scale\": 0.02},\n"
    "\"camera_height\": {\"type\": \"uniform\", \"low\": 0.92, \"high\": 1.08},\n"
    "\"camera_angle\": {\"type\": \"uniform\", \"low\": 0.8, \"high\": 1.2},\n"
    "\"camera_fov_y\": {\"type\": \"uniform\", \"low\": 0.8, \"high\": 1.2}\n}\n";

static imp_status parse(imp_randomization *spec, const char *text, char *warning, imp_error *err)
{
    return imp_randomization_parse_json(spec, "my.json", text, strlen(text), warning, err);
}

// The reference's own file draws what is built in.
static void test_default_file(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_randomization spec = parse_spec("reference"), built_in = spec;
    char warning[IMP_RANDOMIZATION_WARNING_MAX];
    assert_ok(parse(&spec, REFERENCE_FILE, warning, &err), err);
    assert_string_equal(warning, "");
    for (uint32_t e = 0; e < 50; e++) {
        const imp_randomization_sample a = imp_randomization_draw_sample(&spec, 3, 0, e);
        const imp_randomization_sample b = imp_randomization_draw_sample(&built_in, 3, 0, e);
        assert_memory_equal(a.values, b.values, sizeof a.values);
    }
}

static void test_file(void **state)
{
    (void)state;
    imp_error err = {0};
    char warning[IMP_RANDOMIZATION_WARNING_MAX];
    imp_randomization spec = imp_randomization_none();
    assert_ok(parse(&spec,
                    "{\"camera_height\": {\"type\": \"uniform\", \"low\": 2, \"high\": 2.5},"
                    " \"trim\": {\"default\": 0.25}, \"delay\": {\"type\": \"normal\","
                    " \"loc\": 0.1, \"scale\": 0.001}, \"wind\": {}, \"ra\\nin\": 3}",
                    warning, &err),
              err);
    assert_string_equal(warning, "my.json: unknown names are ignored: 'wind' 'ra?in'");
    const imp_randomization_sample draw = imp_randomization_draw_sample(&spec, 1, 0, 0);
    const double height = draw.values[IMP_QUANTITY_CAMERA_HEIGHT][0];
    assert_true(height >= 2.0 && height < 2.5);
    assert_close(draw.values[IMP_QUANTITY_DELAY][0], 0.1, 0.01);
    // of the reference's own names, those that a file lacks stay as they are
    assert_true(draw.values[IMP_QUANTITY_CAMERA_ANGLE][0] == 1.0);
    // what is fixed alone switches no group on
    assert_true(spec.strength[IMP_GROUP_TRIM] == 0.0);
}

static void test_broken_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "my.json:1: "},
        {"{\n\"trim\": ", "my.json:2: "},
        {"[]", "my.json:1: is not an object"},
        {"{\"a\": 1, \"a\": 2}", "my.json:1: duplicate"},
        {"{\n\n\"trim\": 3}", "my.json:3: trim: is not of the form"},
        {"{\n\"trim\": {}}", "my.json:2: trim: has no \"type\""},
        {"{\"trim\": {\"type\": \"beta\"}}", "my.json:1: trim: type 'beta' is none of"},
        {"{\"trim\": {\"type\": \"normal\", \"loc\": 0}}", "my.json:1: trim: 'scale' is missing"},
        {"{\"trim\": {\"type\": \"normal\", \"loc\": 0, \"scale\": -1}}",
         "my.json:1: trim: 'scale' must be within 0 to 1000"},
        {"{\"trim\": {\"type\": \"uniform\", \"low\": 0.1, \"high\": 0}}",
         "my.json:1: trim: 'low' is 0.1 and 'high' 0"},
        {"{\"trim\": {\"type\": \"uniform\", \"low\": \"0\", \"high\": 0}}",
         "my.json:1: trim: 'low' is neither a number"},
        {"{\"trim\": {\"type\": \"uniform\", \"low\": -1e300, \"high\": 0}}",
         "my.json:1: trim: 'low' must be within -0.5 to 0.5"},
        {"{\"camera_noise\": {\"type\": \"uniform\", \"low\": [0, 0], \"high\": 0}}",
         "my.json:1: camera_noise: 'low' has 2 numbers, not 3"},
        {"{\"camera_noise\": {\"type\": \"uniform\", \"low\": 0, \"high\": 0, \"size\": 4}}",
         "my.json:1: camera_noise: 'size' must be 3"},
        {"{\"horz_mode\": {\"type\": \"int\", \"low\": 4, \"high\": 4}}",
         "my.json:1: horz_mode: 'low' must be within 0 to 3"},
        {"{\"horz_mode\": {\"type\": \"int\", \"low\": 0, \"high\": 5}}",
         "my.json:1: horz_mode: 'high' must be within 0 to 4"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_error err = {0};
        imp_randomization spec = imp_randomization_none();
        const imp_randomization before = spec;
        assert_int_equal(parse(&spec, cases[k].text, NULL, &err), IMP_BAD_INPUT);
        if (strncmp(err.message, cases[k].message, strlen(cases[k].message)) != 0)
            fail_msg("'%s', wanted '%s'", err.message, cases[k].message);
        assert_memory_equal(&spec, &before, sizeof spec);
    }
    imp_error err = {0};
    imp_randomization spec = imp_randomization_none();
    assert_int_equal(imp_randomization_read_file(&spec, "/nowhere/at/all.json", NULL, &err),
                     IMP_BAD_INPUT);
}

// Brackets without end, which a careless reader would follow down its stack.
static void test_deep_file(void **state)
{
    (void)state;
    static char text[1 << 19];
    memset(text, '[', sizeof text);
    imp_error err = {0};
    imp_randomization spec = imp_randomization_none();
    assert_int_equal(imp_randomization_parse_json(&spec, "my.json", text, sizeof text, NULL, &err),
                     IMP_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),         cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_default_file), cmocka_unit_test(test_file),
        cmocka_unit_test(test_broken_files), cmocka_unit_test(test_deep_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
