// Settings as text give the same settings when they are read.
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/text/text_stream.h"
#include "imprint/sim.h"
#include "sim/simulator/sim_settings.h"

// The text of a definition, which the caller frees.
static char *text_of(const imp_sim_def *def)
{
    imp_text_stream stream;
    assert_int_equal(imp_text_stream_open(&stream, "a test", NULL), IMP_OK);
    imp_struct_write_text(stream.out, "", &imp_sim_members, def);
    assert_int_equal(imp_text_stream_close(&stream, "a test", NULL), IMP_OK);
    return stream.bytes;
}

static void text_gives_back_all_settings(void **state)
{
    (void)state;
    imp_sim_def def = imp_default_sim_def(), read = imp_default_sim_def();
    def.env.seed = UINT64_MAX;
    def.env.has_start_tile = true;
    def.env.start_tile[1] = -7;
    def.env.drive.trim = 0.1 + 0.2;
    def.env.action_dropout = 0.25; // has another name in the text
    def.env.start_pose.heading = -1e-300;
    def.observation = IMP_OBSERVATION_SEGMENTATION; // is written as a word
    def.scene.wear = 0.3F;
    def.camera.lens.k1 = -0.1234567890123456;
    def.randomization.strength[IMP_GROUP_TRIM] = 0.5;
    def.randomization.quantities[IMP_QUANTITY_COUNT - 1].high[1] = 3.25; // in an array of structs
    char *wanted = text_of(&def);
    imp_error err = {0};
    assert_int_equal(imp_struct_read_text(&imp_sim_members, wanted, &read, &err), IMP_OK);
    char *got = text_of(&read);
    assert_string_equal(got, wanted);
    free(got);
    free(wanted);
}

static void refuses(const char *text, const char *words)
{
    imp_sim_def def = imp_default_sim_def();
    imp_error err = {0};
    assert_int_equal(imp_struct_read_text(&imp_sim_members, text, &def, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, words));
}

static void wrong_lines_are_refused(void **state)
{
    (void)state;
    refuses("env.no_such: 1\n", "env.no_such");
    refuses("env.seed: x\n", "\"x\"");
    refuses("env.seed: 1 2\n", "\"1 2\"");
    refuses("env.start_tile: 1\n", "env.start_tile");
    refuses("env.has_start_tile: maybe\n", "maybe");
    refuses("observation: sounds\n", "sounds");
    refuses("randomization.quantities.9999.absent: 0\n", "9999");
    refuses("seed\n", "no value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_gives_back_all_settings),
        cmocka_unit_test(wrong_lines_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
