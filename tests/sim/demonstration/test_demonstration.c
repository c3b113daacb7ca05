// Demonstrations: what is recorded is read back and drives the same; what is damaged is refused in
// words.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/base64.h"
#include "imprint/demonstration.h"

enum { STEPS = 75 };

// Drives some steps with settings that are not the defaults, and records them.
static imp_demonstration record(imp_world **world, const char *map_text)
{
    imp_error err = {0};
    imp_demonstration drive;
    imp_env_def def = imp_default_env_def();
    imp_env env;
    def.seed = UINT64_MAX - 7;
    def.index = 3;
    def.accept_start_angle = 0.3;
    def.randomize_objects = true;
    def.command_noise = 0.05;
    def.action_dropout = 0.125;
    def.drive.trim = 0.1 / 3.0;
    assert_ok(map_text != NULL
                  ? imp_world_parse(world, map_text, strlen(map_text), "own.yaml", &err)
                  : imp_world_load(world, "loop_pedestrians", &err),
              err);
    assert_ok(imp_env_init(&env, *world, &def, &err), err);
    assert_ok(imp_env_reset(&env, 5, &err), err);
    assert_ok(imp_demonstration_begin(&drive, &env, &err), err);
    snprintf(drive.policy, sizeof drive.policy, "small");
    snprintf(drive.policy_hash, sizeof drive.policy_hash, "0123456789abcdef");
    snprintf(drive.note, sizeof drive.note, "\"quoted\"");
    for (int k = 0; k < STEPS; k++) {
        const imp_action action =
            imp_demonstration_round_action((imp_action){0.1, 0.1 + 0.001 * k});
        imp_env_step(&env, action);
        assert_ok(imp_demonstration_add(&drive, action,
                                        k < 40 ? IMP_DRIVER_POLICY : IMP_DRIVER_PERSON, &env, &err),
                  err);
    }
    return drive;
}

// Drives a demonstration again; the first error, or IMP_OK.
static imp_status drive_again(const imp_demonstration *drive, imp_error *err)
{
    imp_world *world;
    imp_env env;
    assert_ok(imp_demonstration_load_world(&world, drive, err), *err);
    imp_status status = imp_env_init(&env, world, &drive->env, err);
    if (status == IMP_OK)
        status = imp_env_reset(&env, drive->episode, err);
    for (int k = 0; k <= drive->steps && status == IMP_OK; k++) {
        status = imp_demonstration_check_state(drive, k, &env, err);
        if (k < drive->steps)
            imp_env_step(&env, (imp_action){(double)drive->actions[2 * k],
                                            (double)drive->actions[2 * k + 1]});
    }
    imp_world_destroy(world);
    return status;
}

static void actions_are_rounded_to_float(void **state)
{
    (void)state;
    // neighbours, which gcc 12 would leave as they are
    const imp_action action = imp_demonstration_round_action((imp_action){0.1, 2.0 / 3.0});
    assert_true(action.left == (double)0.1F && action.right == (double)(2.0F / 3.0F));
    assert_true(imp_demonstration_round_action((imp_action){5.0, NAN}).left == 1.0);
    assert_true(imp_demonstration_round_action((imp_action){5.0, NAN}).right == 0.0);
}

static void a_drive_is_read_back_and_drives_the_same(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    char *text, *again;
    imp_demonstration drive = record(&world, NULL), read;
    assert_ok(imp_demonstration_to_json(&text, &drive, &err), err);
    assert_ok(imp_demonstration_parse(&read, text, strlen(text), "a.drive.json", &err), err);
    assert_int_equal(read.steps, STEPS);
    assert_true(read.env.seed == UINT64_MAX - 7 && read.env.index == 3 && read.episode == 5);
    // the key of the settings' text, which pages use, too
    assert_non_null(strstr(text, "\"dropped\":0.125"));
    assert_true(read.env.action_dropout == 0.125);
    assert_true(read.env.drive.trim == 0.1 / 3.0 && read.env.randomize_objects);
    assert_memory_equal(read.actions, drive.actions, 2 * STEPS * sizeof *read.actions);
    assert_memory_equal(read.drivers, drive.drivers, STEPS);
    assert_string_equal(read.policy, "small");
    assert_string_equal(read.note, "\"quoted\"");
    assert_ok(drive_again(&read, &err), err);
    assert_ok(imp_demonstration_to_json(&again, &read, &err), err);
    assert_string_equal(again, text);
    free(again);
    free(text);
    imp_demonstration_free(&read);
    imp_demonstration_free(&drive);
    imp_world_destroy(world);
}

static void another_drive_is_noticed_at_its_step(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    imp_demonstration drive = record(&world, NULL);
    drive.actions[2 * 50] = nextafterf(drive.actions[2 * 50], 1.0F);
    assert_int_equal(drive_again(&drive, &err), IMP_CHECK_FAILED);
    assert_non_null(strstr(err.message, "the state after step 60 is another"));
    drive.actions[2 * 50] = nextafterf(drive.actions[2 * 50], -1.0F);
    assert_ok(drive_again(&drive, &err), err);
    drive.final_check ^= 1;
    assert_int_equal(drive_again(&drive, &err), IMP_CHECK_FAILED);
    assert_non_null(strstr(err.message, "after step 75"));
    drive.final_check ^= 1;
    drive.episode++;
    assert_int_equal(drive_again(&drive, &err), IMP_CHECK_FAILED);
    assert_non_null(strstr(err.message, "begins elsewhere"));
    imp_demonstration_free(&drive);
    imp_world_destroy(world);
}

static void a_map_of_its_own_travels_with_the_drive(void **state)
{
    (void)state;
    static const char map[] = "# \"own\"\ntiles:\n"
                              "- [curve_left/W, straight/W, curve_left/N]\n"
                              "- [straight/S, floor, straight/N]\n"
                              "- [curve_left/S, straight/E, curve_left/E]\n"
                              "tile_size: 0.585\n";
    imp_error err = {0};
    imp_world *world;
    char *text;
    imp_demonstration drive = record(&world, map), read;
    assert_string_equal(drive.map, "own");
    assert_ok(imp_demonstration_to_json(&text, &drive, &err), err);
    assert_ok(imp_demonstration_parse(&read, text, strlen(text), "a", &err), err);
    assert_string_equal(read.map_text, map);
    assert_ok(drive_again(&read, &err), err);
    free(text);
    imp_demonstration_free(&read);
    imp_demonstration_free(&drive);
    imp_world_destroy(world);
}

// Replaces a piece of a text; the caller frees the result.
static char *replace(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    char *out = malloc(strlen(text) + strlen(to) + 1);
    assert_non_null(out);
    sprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static const struct damage {
    const char *from, *to, *message;
} DAMAGES[] = {
    {"imprint-demonstration", "other", "is not a demonstration"},
    {"\"version\":1", "\"version\":2", "has version 2 of the format, this program reads 1"},
    {"\"steps\":75", "\"steps\":76", "\"actions\" is not the base64 of 76 steps"},
    {"\"steps\":75", "\"steps\":999999999", "not within 1 to 216000"},
    {"\"steps\":75", "\"steps\":0", "not within 1"},
    {"\"actions\":\"z", "\"actions\":\"!", "is not base64"},
    {"\"actions\":\"zczMPc3MzD", "\"actions\":\"AADAfwAAwH", "step 0 is no duty cycle"},
    {"[\"policy\",40]", "[\"robot\",40]", "names neither expert, policy nor person"},
    {"[\"policy\",40]", "[\"policy\",-1]", "does not fit into 75 steps"},
    {"[\"policy\",40]", "[\"policy\",41]", "does not fit into 75 steps"},
    {"[\"policy\",40]", "[\"policy\",39]", "covers 74 of 75 steps"},
    {"\"every\":30", "\"every\":0", "not within 1"},
    {"\"every\":30", "\"every\":10", "has 2 hashes, and 75 steps with one every 10 have 7"},
    {"\"drive.trim\"", "\"drive.trimm\"", "the setting 'drive.trimm' is unknown"},
    {"\"randomize_objects\"", "\"randomise_objects\"", "did you mean 'randomize_objects'"},
    {"\"index\":3", "\"index\":-3", "the setting 'index' has an impossible value"},
    {"\"index\":3", "\"cookie\":3", "the setting 'cookie' is unknown"},
    {"\"index\":3", "\"drive.substeps\":0", "a setting is not possible"},
    {"\"index\":3", "\"rules\":7", "'rules' has an impossible value"},
    {"\"index\":3", "\"frame_skip\":1000,\"drive.substeps\":1000", "many to drive"},
    {"\"index\":3", "\"start_tile\":[1]", "'start_tile' has an impossible value"},
    {"\"seed\":\"1", "\"seed\":\"9", "\"seed\" is not a whole number"},
    {"loop_pedestrians", "../secret", "the name of the map is empty, too long or a path"},
    {"\"name\":\"loop_pedestrians\"", "\"nam\":1", "\"name\" is missing"},
    {"\"text\":null", "\"text\":\"tiles:\"", "the text of the map is another"},
    {"{\"format\"", "{\"format\":1,\"format\"", "duplicate"},
    {"{\"format\"", "[{\"format\"", "line 1"},
};

static void what_is_damaged_is_refused_in_words(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    char *text;
    imp_demonstration drive = record(&world, NULL), read;
    assert_ok(imp_demonstration_to_json(&text, &drive, &err), err);
    for (size_t k = 0; k < sizeof DAMAGES / sizeof DAMAGES[0]; k++) {
        char *bad = replace(text, DAMAGES[k].from, DAMAGES[k].to);
        if (imp_demonstration_parse(&read, bad, strlen(bad), "bad.json", &err) != IMP_BAD_INPUT)
            fail_msg("%s was taken", DAMAGES[k].to);
        if (strstr(err.message, DAMAGES[k].message) == NULL ||
            strncmp(err.message, "bad.json: ", 10) != 0)
            fail_msg("%s: %s", DAMAGES[k].to, err.message);
        free(bad);
    }
    // cut off anywhere, it is never taken
    for (size_t length = 0; length < strlen(text); length += 7)
        assert_int_equal(imp_demonstration_parse(&read, text, length, "cut", &err), IMP_BAD_INPUT);
    free(text);
    imp_demonstration_free(&drive);
    imp_world_destroy(world);
}

static void a_name_is_never_a_path(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world, *loaded;
    imp_demonstration drive = record(&world, NULL);
    snprintf(drive.map, sizeof drive.map, "%s/maps/x.yaml", IMP_TEST_DATA);
    assert_int_equal(imp_demonstration_load_world(&loaded, &drive, &err), IMP_BAD_INPUT);
    snprintf(drive.map, sizeof drive.map, "loop_empty");
    assert_int_equal(imp_demonstration_load_world(&loaded, &drive, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "is another here"));
    imp_demonstration_free(&drive);
    imp_world_destroy(world);
}

static void base64_has_one_text_for_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } cases[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    uint8_t bytes[8];
    char text[16];
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const size_t length = strlen(cases[k].bytes);
        imp_base64_encode(text, (const uint8_t *)cases[k].bytes, length);
        assert_string_equal(text, cases[k].text);
        assert_true(imp_base64_decode(bytes, length, text, strlen(text)));
        assert_memory_equal(bytes, cases[k].bytes, length);
    }
    assert_false(imp_base64_decode(bytes, 1, "Zh==", 4)); // bits behind the byte
    assert_false(imp_base64_decode(bytes, 1, "Zg=a", 4));
    assert_false(imp_base64_decode(bytes, 2, "Zg==", 4));
    assert_false(imp_base64_decode(bytes, 3, "Zm9", 3));
    assert_false(imp_base64_decode(bytes, 3, "Zm9-", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_are_rounded_to_float),
        cmocka_unit_test(a_drive_is_read_back_and_drives_the_same),
        cmocka_unit_test(another_drive_is_noticed_at_its_step),
        cmocka_unit_test(a_map_of_its_own_travels_with_the_drive),
        cmocka_unit_test(what_is_damaged_is_refused_in_words),
        cmocka_unit_test(a_name_is_never_a_path),
        cmocka_unit_test(base64_has_one_text_for_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
