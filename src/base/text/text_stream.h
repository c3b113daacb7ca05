// base/text/text_stream.h: text that is printed into memory.
#ifndef IMP_BASE_TEXT_TEXT_STREAM_H
#define IMP_BASE_TEXT_TEXT_STREAM_H

#include <locale.h>
#include <stdio.h>

#include "imprint/base.h"

// A text under construction. Unlike open_memstream(), it reports when something did not fit into
// memory. From open to close, the calling thread prints numbers with decimal points, whatever its
// locale is.
typedef struct imp_text_stream {
    FILE *out; // print here
    char *bytes;
    size_t length, capacity;
    bool failed;
    locale_t c_locale, saved_locale;
} imp_text_stream;

// Fails with IMP_NO_MEMORY; `what` names the text in the message ("a plot"), and nothing needs
// closing. *text must not move while it is open.
imp_status imp_text_stream_open(imp_text_stream *text, const char *what, imp_error *err);

// Ends the text. On IMP_OK text->bytes is terminated by a 0 that text->length does not count, and
// the caller frees it. On IMP_NO_MEMORY text->bytes is NULL.
imp_status imp_text_stream_close(imp_text_stream *text, const char *what, imp_error *err);

// Ends a text and frees it.
void imp_text_stream_discard(imp_text_stream *text);

#endif
