// Any bytes at all, read as a model file: a network, or one line that says why not.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/model_files/model_file.h"

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
    imp_safetensors file;
    imp_network *network = NULL;
    char *bytes = malloc(size + 1);
    wanted(bytes != NULL, "memory");
    memcpy(bytes, data, size);
    imp_status status = imp_safetensors_parse(&file, "fuzz.st", bytes, size, &err);
    if (status == IMP_OK) {
        status = imp_network_from_file(&network, &file, &err);
        imp_safetensors_clear(&file);
    }
    if (status != IMP_OK) {
        wanted(status == IMP_BAD_INPUT && err.status == status, "bad input is the only failure");
        wanted(strncmp(err.message, "fuzz.st: ", 9) == 0, "the message names the file");
        wanted(strchr(err.message, '\n') == NULL, "the message is one line");
        wanted(network == NULL, "no network after a failure");
        return 0;
    }
    wanted(imp_network_parameter_count(network) > 0, "a network has weights");
    imp_network_destroy(network);
    return 0;
}
