// base/text/suggestion.h: looks up names in lists and suggests known names for misspelt ones.
#ifndef IMP_BASE_TEXT_SUGGESTION_H
#define IMP_BASE_TEXT_SUGGESTION_H

#include "imprint/base.h"

enum { IMP_SUGGESTIONS_MAX = 4, IMP_SUGGESTION_TEXT_MAX = 320 };

// The known words closest to an unknown one. Case is ignored, and '_' equals '-'.
typedef struct imp_suggestion {
    const char *word; // the unknown word
    size_t length;    // of the word; it need not be terminated
    const char *best[IMP_SUGGESTIONS_MAX];
    int count; // of closest words so far; above IMP_SUGGESTIONS_MAX none is suggested
    int edits; // edit distance of the closest words
} imp_suggestion;

imp_suggestion imp_suggestion_begin(const char *word, size_t length);

// Considers a known word. It is borrowed until imp_suggestion_format() has been called.
void imp_suggestion_add_candidate(imp_suggestion *suggestion, const char *known);

// "; did you mean 'x'?", "; did you mean 'x' or 'y'?", or "" if no known word was close. Returns
// out.
const char *imp_suggestion_format(const imp_suggestion *suggestion,
                                  char out[IMP_SUGGESTION_TEXT_MAX]);

// Number of insertions, deletions, replacements and swaps of neighbouring letters between two
// words.
int imp_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);

// Returns the k-th known word, counted from 0, or NULL after the last.
typedef const char *(*imp_name_list)(int k);

// Looks up a word and writes its index to *out. Fails with IMP_USAGE and a message such as
// "split: 'tets' is none of all, train, test; did you mean 'test'?", where `what` is "split: ".
imp_status imp_name_lookup_with_length(int *out, const char *what, const char *word, size_t length,
                                       imp_name_list known, imp_error *err);

// The same for a terminated word.
imp_status imp_name_lookup(int *out, const char *what, const char *word, imp_name_list known,
                           imp_error *err);

#endif
