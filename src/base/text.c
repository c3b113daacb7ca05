// Text in memory as a stream of stdio (fopencookie), whose buffer grows by halves.
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static ssize_t put(void *context, const char *bytes, size_t length)
{
    imp_text *text = context;
    const size_t wanted = text->length + length + 1;
    if (wanted > text->capacity) {
        const size_t capacity = wanted + wanted / 2;
        char *grown = realloc(text->bytes, capacity);
        if (grown == NULL) {
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

static void drop(imp_text *text)
{
    free(text->bytes);
    text->bytes = NULL;
}

imp_status imp_text_open(imp_text *text, const char *what, imp_error *err)
{
    *text = (imp_text){0};
    text->plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    // so that there is a text if nothing is ever printed
    const bool begun = text->plain != (locale_t)0 && put(text, "", 0) == 0 && !text->failed;
    if (begun)
        text->out = fopencookie(text, "w", (cookie_io_functions_t){.write = put});
    if (text->out != NULL) {
        text->kept = uselocale(text->plain);
        return IMP_OK;
    }
    if (text->plain != (locale_t)0)
        freelocale(text->plain);
    drop(text);
    return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", what);
}

imp_status imp_text_close(imp_text *text, const char *what, imp_error *err)
{
    uselocale(text->kept);
    freelocale(text->plain);
    if (fclose(text->out) == 0 && !text->failed)
        return IMP_OK;
    drop(text);
    return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", what);
}

void imp_text_discard(imp_text *text)
{
    if (imp_text_close(text, "", NULL) == IMP_OK)
        drop(text);
}
