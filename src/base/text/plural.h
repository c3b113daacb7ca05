// base/text/plural.h: counted nouns in messages and tables.
#ifndef IMP_BASE_TEXT_PLURAL_H
#define IMP_BASE_TEXT_PLURAL_H

#include <stdint.h>

enum { IMP_PLURAL_MAX = 64 };

// Writes a number and its noun, which is given in the singular: "1 round", "2 rounds", "0 bodies".
// Returns out.
const char *imp_plural_format_count(char out[IMP_PLURAL_MAX], int64_t count, const char *noun);
// The noun alone, singular or plural by the count: "round", "rounds".
const char *imp_plural_noun(char out[IMP_PLURAL_MAX], int64_t count, const char *noun);

// The same in memory that lasts until the end of the block, for use as an argument of printf().
#define IMP_PLURAL(count, noun) imp_plural_format_count((char[IMP_PLURAL_MAX]){0}, count, noun)
#define IMP_PLURAL_NOUN(count, noun) imp_plural_noun((char[IMP_PLURAL_MAX]){0}, count, noun)

#endif
