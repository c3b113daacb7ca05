// Filters control characters from everything that the program prints. Names of files, texts in
// datasets and messages of agents come from strangers and could carry terminal escape sequences.
// Two streams of our own (fopencookie) replace stdout and stderr; their write function replaces
// each control character by a question mark. UTF-8 passes, except for the C1 controls U+0080 to
// U+009F, which are encoded as C2 followed by 80 to 9F.
#include "cli/output/output_sanitizer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// State of one filtered stream.
typedef struct output_stream {
    // file descriptor to which the filtered bytes go
    int descriptor;
    bool after_c2; // the last byte may begin a control character of two bytes (U+0080 to U+009F)
} output_stream;

// Writes all bytes, whatever the descriptor takes at a time. False: an error, in errno.
static bool write_all_bytes(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t count = write(descriptor, bytes, length);
        if (count < 0 && errno != EINTR)
            return false;
        bytes += count > 0 ? count : 0;
        length -= count > 0 ? (size_t)count : 0;
    }
    return true;
}

// Appends a byte, or a question mark in place of a control character.
static void sanitize_byte(output_stream *out, char byte, char *cleaned, size_t count)
{
    // bytes are compared as unsigned numbers
    const unsigned char code = (unsigned char)byte;
    const bool ends_control = out->after_c2 && code >= 0x80 && code < 0xa0;
    const bool is_control = (code < ' ' && byte != '\n' && byte != '\t') || code == 0x7f;
    // of a two-byte control, the first byte may already be in the buffer
    if (ends_control && count > 0)
        cleaned[count - 1] = '?';
    cleaned[count] = (char)(is_control || ends_control ? '?' : byte);
    out->after_c2 = code == 0xc2;
}

// Write function of the streams: filters in pieces of one buffer.
static ssize_t write_sanitized(void *context, const char *bytes, size_t length)
{
    output_stream *out = context;
    char cleaned[1024];
    // the buffer is filled and written repeatedly
    for (size_t done = 0; done < length;) {
        size_t count = 0;
        for (; count < sizeof cleaned && done + count < length; count++)
            sanitize_byte(out, bytes[done + count], cleaned, count);
        if (!write_all_bytes(out->descriptor, cleaned, count))
            return 0;
        done += count;
    }
    return (ssize_t)length;
}

// Standard output keeps its usual buffering: by lines on a terminal. Standard error is not
// buffered.
void imp_output_sanitizer_install(void)
{
    static output_stream output_streams[] = {{.descriptor = STDOUT_FILENO},
                                             {.descriptor = STDERR_FILENO}};
    const cookie_io_functions_t functions = {.write = write_sanitized};
    FILE *out = fopencookie(&output_streams[0], "w", functions);
    FILE *err = fopencookie(&output_streams[1], "w", functions);
    // without memory for them, everything is as before
    if (out != NULL) {
        setvbuf(out, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
        stdout = out;
    }
    if (err != NULL) {
        setvbuf(err, NULL, _IONBF, 0);
        stderr = err;
    }
}
