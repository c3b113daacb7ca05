// told_network.h: networks whose outputs are numbers that they are told beside the image: weight 1,
// or another, on one number, and 0 on all else.
#ifndef IMP_TESTS_TOLD_NETWORK_H
#define IMP_TESTS_TOLD_NETWORK_H

#include <string.h>

#include "imprint/nn.h"
#include "temporary_folder.h"

// What an output is: a number of the table of conditions as networks get it, times a weight.
typedef struct told_output {
    imp_condition number;
    float weight;
} told_output;

// The architecture: it takes the inputs of these numbers.
static inline void write_told_architecture(const char *path, const told_output outputs[2],
                                           bool takes[IMP_INPUT_COUNT])
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int k = 0; k < 2; k++)
        takes[imp_condition_get_info((int)outputs[k].number)->input] = true;
    for (int k = 0; k < IMP_INPUT_COUNT; k++)
        if (takes[k])
            fprintf(file, "%s: true\n", imp_input_name(k));
    fputs("layers:\n"
          "  - {name: flat, kind: flatten}\n"
          "  - {name: grey, kind: dense, channels: 1}\n"
          "  - {name: all, kind: concat, input: [grey",
          file);
    for (int k = 0; k < IMP_INPUT_COUNT; k++)
        if (takes[k])
            fprintf(file, ", %s", imp_input_name(k));
    fputs("]}\n  - {name: action, kind: dense, channels: outputs}\n", file);
    assert_int_equal(fclose(file), 0);
}

// Free it with imp_network_destroy().
static inline imp_network *make_told_network(int width, int height, const told_output outputs[2])
{
    bool takes[IMP_INPUT_COUNT] = {false};
    imp_error err = {0};
    imp_network *network;
    imp_network_def def = imp_default_network_def();
    strcpy(def.architecture, in_folder("told.yaml"));
    write_told_architecture(def.architecture, outputs, takes);
    def.width = width;
    def.height = height;
    assert_ok(imp_network_create(&network, &def, 3, &err), err);
    const imp_tensor *tensor;
    for (int i = 0; (tensor = imp_network_tensor(network, i)) != NULL; i++) {
        // the values are ours: nobody else holds the network
        union {
            const float *in;
            float *out;
        } values = {imp_network_tensor_values(network, tensor)};
        memset(values.out, 0, (size_t)tensor->count * sizeof(float));
        for (int k = 0; k < 2 && strcmp(tensor->name, "action.weight") == 0; k++) {
            int64_t place = k * tensor->dims[1] + 1; // behind what the image gives
            for (int n = 0; n < (int)outputs[k].number; n++)
                place += takes[imp_condition_get_info(n)->input];
            values.out[place] = outputs[k].weight;
        }
    }
    return network;
}

#endif
