// base/words.h: words that stand for something, and what a misspelt one was meant to be.
#ifndef IMP_BASE_WORDS_H
#define IMP_BASE_WORDS_H

#include "imprint/base.h"

enum { IMP_GUESSES_MAX = 3, IMP_GUESS_TEXT = 320 };

// Which known words are closest to one that is not known. Case, and '_' for '-', do not count.
typedef struct imp_guess {
    const char *word; // what was given
    size_t length;    // of it; the text may go on
    const char *best[IMP_GUESSES_MAX];
    int count; // of the closest so far; more than IMP_GUESSES_MAX: too many to name
    int edits; // that lead to them
} imp_guess;

imp_guess imp_guess_of(const char *word, size_t length);

// Offers a known word, which is borrowed until the guess has been told.
void imp_guess_offer(imp_guess *guess, const char *known);

// "; did you mean 'x'?", "; did you mean 'x' or 'y'?", or "" if no offer was close. Returns out.
const char *imp_guess_tell(const imp_guess *guess, char out[IMP_GUESS_TEXT]);

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
int imp_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);

// The k-th known word, counted from 0, or NULL behind the last.
typedef const char *(*imp_word_list)(int k);

// Finds a word in a list. Fails with IMP_USAGE and, `what` being "--split: " or "", a message like
// "--split: 'tets' is none of all, train, test; did you mean 'test'?".
imp_status imp_word_find(int *out, const char *what, const char *word, size_t length,
                         imp_word_list known, imp_error *err);

// The same for all of a text.
imp_status imp_word_index(int *out, const char *what, const char *word, imp_word_list known,
                          imp_error *err);

#endif
