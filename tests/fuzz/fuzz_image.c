// Any bytes at all, read as a picture: pixels, or one line that says why not.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_error err = {0};
    uint8_t *rgb = NULL;
    int width = 0, height = 0;
    const imp_status status = imp_image_decode(&rgb, &width, &height, data, size, "fuzz.png", &err);
    if (status != IMP_OK) {
        wanted(status == IMP_BAD_INPUT && err.status == status, "bad input is the only failure");
        wanted(strncmp(err.message, "fuzz.png: ", 10) == 0, "the message names the file");
        wanted(strchr(err.message, '\n') == NULL, "the message is one line");
        wanted(rgb == NULL, "no picture after a failure");
        return 0;
    }
    wanted(width > 0 && height > 0, "a picture has pixels");
    // a sanitizer knows whether all of them are there
    unsigned sum = rgb[0];
    sum += rgb[(size_t)width * (size_t)height * 3 - 1];
    wanted(sum <= 510, "bytes are bytes");
    free(rgb);
    return 0;
}
