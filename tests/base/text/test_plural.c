// Counted nouns (base/text/plural.h).
#include "testing.h"

#include "base/text/plural.h"

static void one_is_singular_and_all_else_plural(void **state)
{
    (void)state;
    assert_string_equal(IMP_PLURAL(1, "round"), "1 round");
    assert_string_equal(IMP_PLURAL(2, "round"), "2 rounds");
    assert_string_equal(IMP_PLURAL(0, "round"), "0 rounds");
    assert_string_equal(IMP_PLURAL(-1, "car"), "-1 cars");
    assert_string_equal(IMP_PLURAL(INT64_MIN, "step"), "-9223372036854775808 steps");
    assert_string_equal(IMP_PLURAL(3, "held-out picture"), "3 held-out pictures");
}

static void plurals_follow_from_the_ending(void **state)
{
    (void)state;
    assert_string_equal(IMP_PLURAL(2, "entry"), "2 entries");
    assert_string_equal(IMP_PLURAL(2, "play"), "2 plays");
    assert_string_equal(IMP_PLURAL(2, "bus"), "2 buses");
    assert_string_equal(IMP_PLURAL(2, "box"), "2 boxes");
    assert_string_equal(IMP_PLURAL(2, "batch"), "2 batches");
    assert_string_equal(IMP_PLURAL(2, "epoch"), "2 epochs");
    assert_string_equal(IMP_PLURAL(2, "duckie"), "2 duckies");
    assert_string_equal(IMP_PLURAL_NOUN(1, "tile"), "tile");
    assert_string_equal(IMP_PLURAL_NOUN(9, "tile"), "tiles");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_singular_and_all_else_plural),
        cmocka_unit_test(plurals_follow_from_the_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
