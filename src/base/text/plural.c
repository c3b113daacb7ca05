// Counted nouns: the plural follows from the noun's ending, so that no message says "1 rounds".
#include "base/text/plural.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool has_suffix(const char *noun, const char *ending)
{
    const size_t length = strlen(noun), wanted = strlen(ending);
    return length >= wanted && strcmp(noun + length - wanted, ending) == 0;
}

const char *imp_plural_noun(char out[IMP_PLURAL_MAX], int64_t count, const char *noun)
{
    const size_t length = strlen(noun);
    const bool vowel = length > 1 && strchr("aeiou", noun[length - 2]) != NULL;
    if (count == 1)
        snprintf(out, IMP_PLURAL_MAX, "%s", noun);
    else if (has_suffix(noun, "y") && !vowel)
        snprintf(out, IMP_PLURAL_MAX, "%.*sies", (int)length - 1, noun);
    else // "tch": a batch has a plural that is spoken, an epoch has not
        snprintf(out, IMP_PLURAL_MAX, "%s%s", noun,
                 has_suffix(noun, "s") || has_suffix(noun, "x") || has_suffix(noun, "sh") ||
                         has_suffix(noun, "tch")
                     ? "es"
                     : "s");
    return out;
}

const char *imp_plural_count(char out[IMP_PLURAL_MAX], int64_t count, const char *noun)
{
    char word[IMP_PLURAL_MAX];
    snprintf(out, IMP_PLURAL_MAX, "%" PRId64 " %.40s", count, imp_plural_noun(word, count, noun));
    return out;
}
