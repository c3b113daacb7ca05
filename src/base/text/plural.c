// Counted nouns: the plural is derived from the noun's ending, so that no message says "1 rounds".
// Nouns with irregular plurals are not used.
#include "base/text/plural.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Whether a noun ends so.
static bool noun_ends_with(const char *noun, const char *ending)
{
    const size_t length = strlen(noun), wanted = strlen(ending);
    return length >= wanted && strcmp(noun + length - wanted, ending) == 0;
}

// y after a consonant becomes ies; s, x, sh and tch add es; everything else adds s.
const char *imp_plural_noun(char out[IMP_PLURAL_MAX], int64_t count, const char *noun)
{
    const size_t length = strlen(noun);
    const bool vowel = length > 1 && strchr("aeiou", noun[length - 2]) != NULL;
    if (count == 1)
        snprintf(out, IMP_PLURAL_MAX, "%s", noun);
    else if (noun_ends_with(noun, "y") && !vowel)
        snprintf(out, IMP_PLURAL_MAX, "%.*sies", (int)length - 1, noun);
    else // "ch" adds "es" only in "tch": batches, but epochs
        snprintf(out, IMP_PLURAL_MAX, "%s%s", noun,
                 noun_ends_with(noun, "s") || noun_ends_with(noun, "x") ||
                         noun_ends_with(noun, "sh") || noun_ends_with(noun, "tch")
                     ? "es"
                     : "s");
    return out;
}

// Limits the noun to 40 bytes, so that number and noun always fit.
const char *imp_plural_format_count(char out[IMP_PLURAL_MAX], int64_t count, const char *noun)
{
    char word[IMP_PLURAL_MAX];
    snprintf(out, IMP_PLURAL_MAX, "%" PRId64 " %.40s", count, imp_plural_noun(word, count, noun));
    return out;
}
