// Suggestions for misspelt words: the known words at the smallest edit distance, if that is small
// for words of such a length. The distance is the restricted Damerau-Levenshtein distance (optimal
// string alignment). A prefix of a known word counts as one edit.
#include "base/text/suggestion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_MAX = 63, PREFIX_MIN = 2, SHOWN_LENGTH_MAX = 60 };

// Case is ignored, and '_' equals '-'.
static char normalize_letter(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return (char)(letter - 'A' + 'a');
    return letter == '_' ? '-' : letter;
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

// Dynamic programming over prefixes. Three rows suffice, because a swap looks back two rows.
int imp_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length > LENGTH_MAX || b_length > LENGTH_MAX)
        return LENGTH_MAX + 1;
    // rows[i % 3][j]: distance between the first i letters of a and the first j letters of b
    int rows[3][LENGTH_MAX + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= a_length; i++) {
        int *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= b_length; j++) {
            // insert, delete or replace a letter
            const bool same = normalize_letter(a[i - 1]) == normalize_letter(b[j - 1]);
            row[j] = min_int(min_int(last[j], row[j - 1]) + 1, last[j - 1] + (same ? 0 : 1));
            // swap two neighbouring letters
            if (i > 1 && j > 1 && normalize_letter(a[i - 1]) == normalize_letter(b[j - 2]) &&
                normalize_letter(a[i - 2]) == normalize_letter(b[j - 1]))
                row[j] = min_int(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

imp_suggestion imp_suggestion_begin(const char *word, size_t length)
{
    return (imp_suggestion){.word = word, .length = length, .edits = LENGTH_MAX + 1};
}

// Whether a known word begins with the given one, after normalisation.
static bool has_prefix(const char *known, const char *word, size_t length)
{
    size_t k = 0;
    while (k < length && normalize_letter(known[k]) == normalize_letter(word[k]))
        k++;
    return k == length;
}

// Keeps the closest words. A closer word discards the earlier ones.
void imp_suggestion_add_candidate(imp_suggestion *suggestion, const char *known)
{
    // an abbreviation counts as one edit, however long the rest is
    const size_t length = strlen(known);
    const size_t longer = length > suggestion->length ? length : suggestion->length;
    int edits = imp_edit_distance(suggestion->word, suggestion->length, known, length);
    if (edits > 1 && suggestion->length >= PREFIX_MIN &&
        has_prefix(known, suggestion->word, suggestion->length))
        edits = 1;
    // A third of the letters may be wrong; in words of one or two letters, none.
    const bool close = edits <= (int)longer / 3;
    if (!close || edits > suggestion->edits)
        return;
    if (edits < suggestion->edits)
        suggestion->count = 0;
    suggestion->edits = edits;
    // the same word may be offered twice
    for (int k = 0; k < suggestion->count && k < IMP_SUGGESTIONS_MAX; k++)
        if (strcmp(suggestion->best[k], known) == 0)
            return;
    if (suggestion->count < IMP_SUGGESTIONS_MAX)
        suggestion->best[suggestion->count] = known;
    suggestion->count++;
}

// Joins the suggestions with commas and a final "or".
const char *imp_suggestion_format(const imp_suggestion *suggestion,
                                  char out[IMP_SUGGESTION_TEXT_MAX])
{
    out[0] = '\0';
    if (suggestion->count == 0 || suggestion->count > IMP_SUGGESTIONS_MAX)
        return out;
    size_t used = (size_t)snprintf(out, IMP_SUGGESTION_TEXT_MAX, "; did you mean ");
    for (int k = 0; k < suggestion->count; k++)
        used += (size_t)snprintf(out + used, IMP_SUGGESTION_TEXT_MAX - used, "%s'%.*s'",
                                 k == 0                      ? ""
                                 : k + 1 < suggestion->count ? ", "
                                                             : " or ",
                                 SHOWN_LENGTH_MAX, suggestion->best[k]);
    snprintf(out + used, IMP_SUGGESTION_TEXT_MAX - used, "?");
    return out;
}

// Returns the index of an exact match; otherwise lists all names and suggests the closest.
imp_status imp_name_lookup_with_length(int *out, const char *what, const char *word, size_t length,
                                       imp_name_list known, imp_error *err)
{
    char names[256] = "", hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(word, length);
    // collect all names for the message while searching
    for (int k = 0; known(k) != NULL; k++) {
        const size_t used = strlen(names);
        if (strlen(known(k)) == length && memcmp(known(k), word, length) == 0) {
            *out = k;
            return IMP_OK;
        }
        snprintf(names + used, sizeof names - used, "%s%s", k == 0 ? "" : ", ", known(k));
        imp_suggestion_add_candidate(&suggestion, known(k));
    }
    return imp_fail(err, IMP_USAGE, "%s'%.*s' is none of %s%s", what,
                    length < SHOWN_LENGTH_MAX ? (int)length : SHOWN_LENGTH_MAX, word, names,
                    imp_suggestion_format(&suggestion, hint));
}

imp_status imp_name_lookup(int *out, const char *what, const char *word, imp_name_list known,
                           imp_error *err)
{
    return imp_name_lookup_with_length(out, what, word, strlen(word), known, err);
}
