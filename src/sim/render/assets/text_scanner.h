// sim/render/assets/text_scanner.h: lines, words and numbers of text files that need no end mark.
#ifndef IMP_SIM_RENDER_ASSETS_TEXT_SCANNER_H
#define IMP_SIM_RENDER_ASSETS_TEXT_SCANNER_H

#include "imprint/base.h"

// A stretch of text.
typedef struct imp_text_span {
    const char *at, *end;
} imp_text_span;

// Text that is read line by line.
typedef struct imp_line_reader {
    imp_text_span rest;
    int number; // of the line read last, from 1
} imp_line_reader;

// Takes the next line that holds words, without its comment (from # on); false after the last.
bool imp_line_reader_next(imp_line_reader *lines, imp_text_span *line);

// Takes the next word of a line; false if there is none.
bool imp_text_span_next_word(imp_text_span *line, imp_text_span *word);

// What is left of a line, without blanks around it.
imp_text_span imp_text_span_trim(imp_text_span line);

// What follows the last slash or backslash.
imp_text_span imp_text_span_file_name(imp_text_span path);

bool imp_text_span_equals(imp_text_span word, const char *text);

// Copies a span, cut to size - 1 bytes, and ends it with a 0.
void imp_text_span_copy(imp_text_span span, char *out, size_t size);

// Reads a whole word as a number; false if it is none, or not within +-1e6.
bool imp_text_span_parse_float(imp_text_span word, float *out);

// Reads digits with a sign from the start of a word, up to 2^30; false if there are none.
bool imp_text_span_parse_int(imp_text_span *word, int32_t *out);

#endif
