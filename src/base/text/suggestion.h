// base/text/suggestion.h: words that stand for something, and what a misspelt one was meant to be.
#ifndef IMP_BASE_TEXT_SUGGESTION_H
#define IMP_BASE_TEXT_SUGGESTION_H

#include "imprint/base.h"

enum { IMP_SUGGESTIONS_MAX = 3, IMP_SUGGESTION_TEXT_MAX = 320 };

// Which known words are closest to one that is not known. Case, and '_' for '-', do not count.
typedef struct imp_suggestion {
    const char *word; // what was given
    size_t length;    // of it; the text may go on
    const char *best[IMP_SUGGESTIONS_MAX];
    int count; // of the closest so far; more than IMP_SUGGESTIONS_MAX: too many to name
    int edits; // that lead to them
} imp_suggestion;

imp_suggestion imp_suggestion_begin(const char *word, size_t length);

// Offers a known word, which is borrowed until the guess has been told.
void imp_suggestion_consider(imp_suggestion *suggestion, const char *known);

// "; did you mean 'x'?", "; did you mean 'x' or 'y'?", or "" if no offer was close. Returns out.
const char *imp_suggestion_format(const imp_suggestion *suggestion,
                                  char out[IMP_SUGGESTION_TEXT_MAX]);

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
int imp_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);

// The k-th known word, counted from 0, or NULL behind the last.
typedef const char *(*imp_name_list)(int k);

// Finds a word in a list. Fails with IMP_USAGE and, `what` being "split: " or "", a message like
// "split: 'tets' is none of all, train, test; did you mean 'test'?".
imp_status imp_name_lookup_n(int *out, const char *what, const char *word, size_t length,
                             imp_name_list known, imp_error *err);

// The same for all of a text.
imp_status imp_name_lookup(int *out, const char *what, const char *word, imp_name_list known,
                           imp_error *err);

#endif
