// render/obj_text.h: lines, words and numbers of text files that need no end mark.
#ifndef IMP_RENDER_OBJ_TEXT_H
#define IMP_RENDER_OBJ_TEXT_H

#include "imprint/base.h"

// A stretch of text.
typedef struct imp_span {
    const char *at, *end;
} imp_span;

// Text that is read line by line.
typedef struct imp_lines {
    imp_span rest;
    int number; // of the line read last, from 1
} imp_lines;

// Takes the next line that holds words, without its comment (from # on); false after the last.
bool imp_lines_next(imp_lines *lines, imp_span *line);

// Takes the next word of a line; false if there is none.
bool imp_span_word(imp_span *line, imp_span *word);

// What is left of a line, without blanks around it.
imp_span imp_span_trim(imp_span line);

// What follows the last slash or backslash.
imp_span imp_span_file(imp_span path);

bool imp_span_is(imp_span word, const char *text);

// Copies a span, cut to size - 1 bytes, and ends it with a 0.
void imp_span_copy(imp_span span, char *out, size_t size);

// Reads a whole word as a number; false if it is none, or not within +-1e6.
bool imp_span_real(imp_span word, float *out);

// Reads digits with a sign from the start of a word, up to 2^30; false if there are none.
bool imp_span_integer(imp_span *word, int32_t *out);

#endif
