#include "base/text/number_format.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/common/vector2.h"
#include "testing.h"

static void assert_text(double value, const char *expected)
{
    char text[IMP_NUMBER_TEXT_MAX];
    assert_string_equal(imp_number_format(text, value), expected);
    assert_true(strtod(text, NULL) == value);
}

static void test_numbers_are_short_and_come_back(void **state)
{
    (void)state;
    assert_text(0.0, "0");
    assert_text(10.0, "10");
    assert_text(60.0, "60");
    assert_text(-4.5, "-4.5");
    assert_text(0.1, "0.1");
    assert_text(0.6, "0.6");
    assert_text(0.1 + 0.2, "0.30000000000000004");
    assert_text(1e-5, "0.00001");
    assert_text(1e-6, "1e-06");
    assert_text(1e15, "1000000000000000");
    assert_text(1e16, "1e+16");
    assert_text(123456.789, "123456.789");
    assert_text(100.5, "100.5");
    assert_text(DBL_MAX, "1.7976931348623157e+308");
    assert_text(DBL_TRUE_MIN, "5e-324");
}

static void test_degrees_lose_what_the_conversion_added(void **state)
{
    (void)state;
    assert_true(imp_radians_to_degrees(60.0 * IMP_PI / 180.0) == 60.0);
    assert_true(imp_radians_to_degrees(IMP_PI / 3.0) == 60.0);
    assert_true(imp_radians_to_degrees(0.0) == 0.0);
    for (int tenths = -3600; tenths <= 3600; tenths++) {
        const double degrees = tenths / 10.0;
        assert_true(imp_radians_to_degrees(degrees * IMP_PI / 180.0) == degrees);
    }
    // what is no round angle stays what it was
    assert_true(fabs(imp_radians_to_degrees(1.0) * IMP_PI / 180.0 - 1.0) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_short_and_come_back),
        cmocka_unit_test(test_degrees_lose_what_the_conversion_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
