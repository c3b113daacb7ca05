// The instruction set of a process. It is settled once per process, so every case runs in a child.
#include "base/threads/cpu_features.h"

#include "imprint/base.h"
#include "testing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SETS = 3 };

static const char *const NAMES[SETS] = {"plain", "avx2", "avx512"};

// The place in NAMES of what a child that has this value (NULL: none) uses; SETS if the value is
// refused, -1 if answers contradict each other.
static int instruction_set_with(const char *value)
{
    if (value == NULL)
        unsetenv("IMPRINT_INSTRUCTION_SET");
    else
        setenv("IMPRINT_INSTRUCTION_SET", value, 1);
    imp_error err = {0};
    const imp_status status = imp_instruction_set_check(&err);
    if (status != IMP_OK)
        return status == IMP_USAGE && strstr(err.message, "IMPRINT_INSTRUCTION_SET") ? SETS : -1;
    int set = 0;
    while (strcmp(imp_instruction_set(), NAMES[set]) != 0)
        set++;
    const bool agree = imp_cpu_has_avx2() == (set >= 1) && imp_cpu_has_avx512() == (set == 2);
    // whatever the environment says later
    setenv("IMPRINT_INSTRUCTION_SET", "plain", 1);
    return agree && strcmp(imp_instruction_set(), NAMES[set]) == 0 ? set : -1;
}

static int instruction_set_in_child(const char *value)
{
    const pid_t child = fork();
    if (child == 0)
        _exit(instruction_set_with(value) & 0xff);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_environment_limits_the_set(void **state)
{
    (void)state;
    const int best = instruction_set_in_child(NULL);
    assert_in_range(best, 0, SETS - 1);
    for (int set = 0; set < SETS; set++)
        assert_int_equal(instruction_set_in_child(NAMES[set]), set <= best ? set : SETS);
}

static void other_values_are_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {"", "AVX2", "avx", "avx2 ", "sse41", "1", "native"};
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        assert_int_equal(instruction_set_in_child(wrong[k]), SETS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_limits_the_set),
        cmocka_unit_test(other_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
