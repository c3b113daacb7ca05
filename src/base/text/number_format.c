// Shortest decimals: prints with more and more digits until the text reads back as the same number.
// A double never needs more than 17 digits.
#include "base/text/number_format.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/vector2.h"

enum {
    DIGITS_MAX = 17,
    SMALL = -5,
    LARGE = 16
}; // range of powers of ten written without an exponent

// Finds the fewest digits in exponent form, then rewrites it without an exponent if the power is
// small enough.
const char *imp_number_format(char out[IMP_NUMBER_TEXT_MAX], double value)
{
    int digits = 1, power = 0;
    if (!isfinite(value)) {
        snprintf(out, IMP_NUMBER_TEXT_MAX, "%g", value);
        return out;
    }
    // add digits until the text reads back as the same double; 17 always suffice
    while (snprintf(out, IMP_NUMBER_TEXT_MAX, "%.*e", digits - 1, value) > 0 &&
           digits < DIGITS_MAX && strtod(out, NULL) != value)
        digits++;
    // the power of ten follows the letter e
    for (const char *at = out; *at != '\0'; at++)
        if (*at == 'e')
            power = (int)strtol(at + 1, NULL, 10);
    // rewrite without exponent, with as many decimals as the digits need
    if (power >= SMALL && power < LARGE)
        snprintf(out, IMP_NUMBER_TEXT_MAX, "%.*f", digits - 1 > power ? digits - 1 - power : 0,
                 value);
    return out;
}

// Tries the decimals with fewer digits first and takes the first one that converts back exactly.
double imp_radians_to_degrees(double radians)
{
    const double degrees = radians * 180.0 / IMP_PI;
    for (int digits = 1; digits < DIGITS_MAX; digits++) {
        char text[IMP_NUMBER_TEXT_MAX];
        snprintf(text, sizeof text, "%.*e", digits - 1, degrees);
        const double rounded = strtod(text, NULL);
        if (rounded * IMP_PI / 180.0 == radians)
            return rounded;
    }
    return degrees;
}

bool imp_number_parse_whole(int *out, const char **at)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    const long long value = strtoll(*at, &end, 10);
    *out = value < INT_MAX ? (int)value : INT_MAX;
    *at = end;
    return true;
}
