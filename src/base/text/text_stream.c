// Text in memory as a stdio stream (fopencookie), whose buffer grows by halves. The thread's
// numeric locale is "C" while the stream is open.
#include "base/text/text_stream.h"

#include <stdlib.h>
#include <string.h>

// Write callback of the stream: appends bytes and keeps the buffer terminated.
static ssize_t write_to_buffer(void *context, const char *bytes, size_t length)
{
    imp_text_stream *text = context;
    const size_t wanted = text->length + length + 1;
    // grow by half, with room for the terminating 0
    if (wanted > text->capacity) {
        const size_t capacity = wanted + wanted / 2;
        char *grown = realloc(text->bytes, capacity);
        if (grown == NULL) {
            // stdio takes a short count for an error; close() reports it
            text->failed = true;
            return 0;
        }
        text->bytes = grown;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return (ssize_t)length;
}

// Frees the text but keeps the stream's other members.
static void free_buffer(imp_text_stream *text)
{
    free(text->bytes);
    text->bytes = NULL;
}

// Creates the locale and the stream; undoes what succeeded if the rest fails.
imp_status imp_text_stream_open(imp_text_stream *text, const char *what, imp_error *err)
{
    *text = (imp_text_stream){0};
    text->c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    // Ensures that there is a text even if nothing is printed.
    const bool begun =
        text->c_locale != (locale_t)0 && write_to_buffer(text, "", 0) == 0 && !text->failed;
    if (begun)
        text->out = fopencookie(text, "w", (cookie_io_functions_t){.write = write_to_buffer});
    if (text->out != NULL) {
        text->saved_locale = uselocale(text->c_locale);
        return IMP_OK;
    }
    if (text->c_locale != (locale_t)0)
        freelocale(text->c_locale);
    free_buffer(text);
    return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", what);
}

// Restores the thread's locale in any case. fclose() flushes, so it can run out of memory too.
imp_status imp_text_stream_close(imp_text_stream *text, const char *what, imp_error *err)
{
    uselocale(text->saved_locale);
    freelocale(text->c_locale);
    if (fclose(text->out) == 0 && !text->failed)
        return IMP_OK;
    free_buffer(text);
    return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", what);
}

// Closes first: only then does the stream release the buffer.
void imp_text_stream_discard(imp_text_stream *text)
{
    if (imp_text_stream_close(text, "", NULL) == IMP_OK)
        free_buffer(text);
}
