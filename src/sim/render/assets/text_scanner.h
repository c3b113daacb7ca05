// sim/render/assets/text_scanner.h: lines, words and numbers of text that need not end with a 0.
#ifndef IMP_SIM_RENDER_ASSETS_TEXT_SCANNER_H
#define IMP_SIM_RENDER_ASSETS_TEXT_SCANNER_H

#include "imprint/base.h"

// A part of a text.
typedef struct imp_text_span {
    const char *at, *end;
} imp_text_span;

// A text that is read line by line.
typedef struct imp_line_reader {
    imp_text_span rest;
    int number; // number of the last line, from 1
} imp_line_reader;

// Takes the next line with words, without its comment (from # on); false after the last.
bool imp_line_reader_next(imp_line_reader *lines, imp_text_span *line);

// Takes the next word of a line; false if there is none.
bool imp_text_span_next_word(imp_text_span *line, imp_text_span *word);

// The span without white space at both ends.
imp_text_span imp_text_span_trim(imp_text_span line);

// The part after the last slash or backslash.
imp_text_span imp_text_span_file_name(imp_text_span path);

bool imp_text_span_equals(imp_text_span word, const char *text);

// Copies a span as a string, truncated to size - 1 bytes.
void imp_text_span_copy(imp_text_span span, char *out, size_t size);

// Parses a whole word as a number; false if it is none, or not within +-1e6.
bool imp_text_span_parse_float(imp_text_span word, float *out);

// Parses an optional sign and digits at the start of a word, up to 2^30; false without digits.
bool imp_text_span_parse_int(imp_text_span *word, int32_t *out);

#endif
