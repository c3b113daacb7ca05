// base/number.h: numbers as text, as short as can be without losing anything.
#ifndef IMP_BASE_NUMBER_H
#define IMP_BASE_NUMBER_H

enum { IMP_NUMBER_TEXT = 40 };

// The shortest decimal that reads back as the same double: 60, 0.1, 1e-05. Returns out.
const char *imp_number_text(char out[IMP_NUMBER_TEXT], double value);

// An angle in degrees: of the numbers that give the same radians again, the one with the fewest
// digits.
double imp_degrees(double radians);

#endif
