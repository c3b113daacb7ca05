// What is read of a Dockerfile, and what is refused with its line.
#include "deploy/submission/dockerfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "temporary_folder.h"

#define COPY "FROM debian:13-slim\nRUN apt-get update && \\\n  # why\n  true\nCOPY one two /a/\n"

static const struct {
    const char *text, *command; // of the command, what stands after "exec"
} GOOD[] = {
    {COPY "CMD [\"/a/one\", \"--model\", \"/a/two\", \"/b/two\"]\n",
     " './one' '--model' './two' '/b/two'"},
    {COPY "entrypoint [\"sh\", \"-c\", \"it's $HOME\"]", " 'sh' '-c' 'it'\\''s $HOME'"},
    {"CMD [\"/a/one\"]\n", " '/a/one'"},
    // the lines of an instruction that is not followed are none of their own
    {"RUN x \\\nCMD y\nCMD [\"z\"]\n", " 'z'"},
};

static const struct {
    const char *text, *message;
} BAD[] = {
    {"", "Dockerfile: neither CMD nor ENTRYPOINT"},
    {COPY "CMD one\n", "Dockerfile:6: 'one' is not a JSON array"},
    {"CMD []\n", "Dockerfile:1: '[]' is not a JSON array"},
    {"CMD [\"a\"]\nENTRYPOINT [\"b\"]\n", "Dockerfile:2: only one CMD or ENTRYPOINT"},
    {"CMD \\\n [\"a\"]\n", "Dockerfile:1: CMD must be on one line"},
    {"WORKDIR /a\n", "Dockerfile:1: WORKDIR is not supported"},
    {"COPY three /a/\n", "Dockerfile:1: copies three, which does not exist"},
    {"COPY one a/\n", "Dockerfile:1: only `COPY NAME... /FOLDER/`"},
    {"COPY one /a\n", "Dockerfile:1: only `COPY NAME... /FOLDER/`"},
    {"COPY one\n", "Dockerfile:1: only `COPY NAME... /FOLDER/`"},
    {"COPY --from=x one /a/\n", "Dockerfile:1: only files of the folder can be copied"},
    {"COPY . /a/\n", "Dockerfile:1: only files of the folder can be copied"},
};

static void test_commands(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof GOOD / sizeof GOOD[0]; k++) {
        char command[512], expected[512];
        imp_error err = {0};
        assert_ok(imp_dockerfile_command(command, sizeof command, GOOD[k].text, folder, &err), err);
        snprintf(expected, sizeof expected, "cd '%s' && exec%s", folder, GOOD[k].command);
        assert_string_equal(command, expected);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof BAD / sizeof BAD[0]; k++) {
        char command[512];
        imp_error err = {0};
        assert_int_equal(imp_dockerfile_command(command, sizeof command, BAD[k].text, folder, &err),
                         IMP_CHECK_FAILED);
        if (strstr(err.message, BAD[k].message) == NULL)
            fail_msg("'%s' is refused with '%s'", BAD[k].text, err.message);
    }
}

// A command of any length fits, or is refused: never cut off.
static void test_long_commands(void **state)
{
    (void)state;
    char command[256], text[512];
    for (int length = 1; length < 300; length++) {
        imp_error err = {0};
        snprintf(text, sizeof text, "CMD [\"%.*s\"]\n", length,
                 "''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        const imp_status status =
            imp_dockerfile_command(command, sizeof command, text, folder, &err);
        assert_true(status == IMP_CHECK_FAILED || command[strlen(command) - 1] == '\'');
        assert_true(length > 30 || status == IMP_OK);
        assert_true(length < 70 || status == IMP_CHECK_FAILED);
    }
}

static int write_files(void **state)
{
    if (make_folder(state) != 0 || chdir(folder) != 0)
        return -1;
    FILE *one = fopen("one", "w"), *two = fopen("two", "w");
    return one == NULL || two == NULL || fclose(one) != 0 || fclose(two) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_long_commands),
    };
    return cmocka_run_group_tests(tests, write_files, remove_folder);
}
