// Suggestions for misspelt words: the known words at the smallest edit distance (Damerau and
// Levenshtein's, restricted to one edit per letter), if that is small for words of such a length.
// The beginning of a known word counts as one edit.
#include "base/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 63, SHORTEST_PREFIX = 2, NAMED_MAX = 60 };

static char plain(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return (char)(letter - 'A' + 'a');
    return letter == '_' ? '-' : letter;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

int imp_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length > LONGEST || b_length > LONGEST)
        return LONGEST + 1;
    int rows[3][LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= a_length; i++) {
        int *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= b_length; j++) {
            const bool same = plain(a[i - 1]) == plain(b[j - 1]);
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && plain(a[i - 1]) == plain(b[j - 2]) &&
                plain(a[i - 2]) == plain(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

imp_guess imp_guess_of(const char *word, size_t length)
{
    return (imp_guess){.word = word, .length = length, .edits = LONGEST + 1};
}

static bool begins_so(const char *known, const char *word, size_t length)
{
    size_t k = 0;
    while (k < length && plain(known[k]) == plain(word[k]))
        k++;
    return k == length;
}

void imp_guess_offer(imp_guess *guess, const char *known)
{
    const size_t length = strlen(known);
    const size_t longer = length > guess->length ? length : guess->length;
    int edits = imp_edit_distance(guess->word, guess->length, known, length);
    if (edits > 1 && guess->length >= SHORTEST_PREFIX &&
        begins_so(known, guess->word, guess->length))
        edits = 1;
    // a third of the letters may be wrong; of the shortest words, none
    const bool close = edits <= (int)longer / 3;
    if (!close || edits > guess->edits)
        return;
    if (edits < guess->edits)
        guess->count = 0;
    guess->edits = edits;
    for (int k = 0; k < guess->count && k < IMP_GUESSES_MAX; k++)
        if (strcmp(guess->best[k], known) == 0)
            return;
    if (guess->count < IMP_GUESSES_MAX)
        guess->best[guess->count] = known;
    guess->count++;
}

const char *imp_guess_tell(const imp_guess *guess, char out[IMP_GUESS_TEXT])
{
    out[0] = '\0';
    if (guess->count == 0 || guess->count > IMP_GUESSES_MAX)
        return out;
    size_t used = (size_t)snprintf(out, IMP_GUESS_TEXT, "; did you mean ");
    for (int k = 0; k < guess->count; k++)
        used += (size_t)snprintf(out + used, IMP_GUESS_TEXT - used, "%s'%.*s'",
                                 k == 0                 ? ""
                                 : k + 1 < guess->count ? ", "
                                                        : " or ",
                                 NAMED_MAX, guess->best[k]);
    snprintf(out + used, IMP_GUESS_TEXT - used, "?");
    return out;
}

imp_status imp_word_find(int *out, const char *what, const char *word, size_t length,
                         imp_word_list known, imp_error *err)
{
    char names[256] = "", hint[IMP_GUESS_TEXT];
    imp_guess guess = imp_guess_of(word, length);
    for (int k = 0; known(k) != NULL; k++) {
        const size_t used = strlen(names);
        if (strlen(known(k)) == length && memcmp(known(k), word, length) == 0) {
            *out = k;
            return IMP_OK;
        }
        snprintf(names + used, sizeof names - used, "%s%s", k == 0 ? "" : ", ", known(k));
        imp_guess_offer(&guess, known(k));
    }
    return imp_fail(err, IMP_USAGE, "%s'%.*s' is none of %s%s", what,
                    length < NAMED_MAX ? (int)length : NAMED_MAX, word, names,
                    imp_guess_tell(&guess, hint));
}

imp_status imp_word_index(int *out, const char *what, const char *word, imp_word_list known,
                          imp_error *err)
{
    return imp_word_find(out, what, word, strlen(word), known, err);
}
