// base/text/text_stream.h: text that is put together in memory.
#ifndef IMP_BASE_TEXT_TEXT_STREAM_H
#define IMP_BASE_TEXT_TEXT_STREAM_H

#include <locale.h>
#include <stdio.h>

#include "imprint/base.h"

// A text under construction. Unlike open_memstream(), it knows when something did not fit into
// memory. From imp_text_stream_open() to imp_text_stream_close(), numbers that the calling thread
// prints have decimal points, whatever its locale is.
typedef struct imp_text_stream {
    FILE *out; // to print to
    char *bytes;
    size_t length, capacity;
    bool failed;
    locale_t c_locale, saved_locale;
} imp_text_stream;

// IMP_NO_MEMORY, saying `what` the text is for ("a plot"); nothing is to be closed then. *text must
// stay where it is.
imp_status imp_text_stream_open(imp_text_stream *text, const char *what, imp_error *err);

// Ends the text: IMP_OK with text->bytes, terminated by a 0 that text->length does not count, and
// freed by the caller. Or IMP_NO_MEMORY, with text->bytes NULL.
imp_status imp_text_stream_close(imp_text_stream *text, const char *what, imp_error *err);

// Ends a text that is not wanted any more.
void imp_text_stream_discard(imp_text_stream *text);

#endif
