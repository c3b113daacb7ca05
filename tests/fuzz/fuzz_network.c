// Any bytes at all, read as the description of a network: a graph whose shapes hold together, or
// one line that says why not.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/network/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static void check_failure(imp_status status, const imp_error *err)
{
    wanted(status == IMP_BAD_INPUT && err->status == status, "bad input is the only failure");
    wanted(strncmp(err->message, "fuzz.yaml:", 10) == 0, "the message names the file");
    wanted(strchr(err->message, '\n') == NULL, "the message is one line");
}

static void check_graph(const imp_graph *graph)
{
    int64_t offset = 0;
    for (int i = graph->first; i < graph->count; i++) {
        const imp_graph_node *node = &graph->nodes[i];
        wanted(node->channels > 0 && node->height > 0 && node->width > 0, "shapes are positive");
        wanted(imp_node_input_count(node) > 0, "every layer has an input");
        for (int k = 0; k < imp_node_input_count(node); k++)
            wanted(node->inputs[k] < i, "inputs come before");
        wanted(node->flops >= 0, "work is not negative");
    }
    for (int moving = 0; moving < 2; moving++)
        for (int i = 0; i < graph->tensor_count; i++)
            if ((graph->tensors[i].role >= IMP_TENSOR_MEAN) == (moving == 1)) {
                wanted(graph->tensors[i].offset == offset, "tensors lie one after the other");
                offset += graph->tensors[i].count;
            }
    wanted(graph->values == offset && graph->trained <= offset, "tensors fill the values");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_error err = {0};
    imp_architecture *description = NULL;
    const imp_network_def def = imp_default_network_def();
    imp_status status =
        imp_architecture_parse(&description, "fuzz.yaml", (const char *)data, size, &err);
    if (status != IMP_OK) {
        check_failure(status, &err);
        wanted(description == NULL, "no description after a failure");
        return 0;
    }
    imp_graph *graph = malloc(sizeof *graph);
    wanted(graph != NULL, "memory");
    status = imp_graph_build(graph, &description->table, &def, &err);
    if (status == IMP_OK)
        check_graph(graph);
    else
        check_failure(status, &err);
    free(graph);
    imp_architecture_destroy(description);
    return 0;
}
