// base/text/number_format.h: numbers as the shortest text that loses nothing, and whole numbers
// read.
#ifndef IMP_BASE_TEXT_NUMBER_FORMAT_H
#define IMP_BASE_TEXT_NUMBER_FORMAT_H

#include <stdbool.h>

enum { IMP_NUMBER_TEXT_MAX = 40 };

// The shortest decimal that reads back as the same double: 60, 0.1, 1e-05. Returns out.
const char *imp_number_format(char out[IMP_NUMBER_TEXT_MAX], double value);

// Reads the digits at *at and moves past them; signs and blanks are no digits. A number that is too
// large becomes INT_MAX. False, and nothing changes, if there is no digit.
bool imp_number_parse_whole(int *out, const char **at);

// An angle in degrees. Of all numbers that convert back to the same radians, returns the one with
// the fewest digits.
double imp_radians_to_degrees(double radians);

#endif
