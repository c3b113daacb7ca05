// Model files: round trip, and refusal of everything that is cut, forged or foreign.
#include "testing.h"

#include "base/file.h"
#include "nn/network.h"
#include "nn/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/imprint-nn-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static imp_network *small_network(void)
{
    imp_error err = {0};
    imp_network *network = NULL;
    imp_network_def def = imp_default_network_def();
    def.width = 24;
    def.height = 20;
    def.batch_norm = true;
    assert_ok(imp_network_create(&network, &def, 5, &err), err);
    return network;
}

static void put(const char *bytes, size_t length)
{
    imp_error err = {0};
    assert_ok(imp_file_write(path, bytes, length, &err), err);
}

static void assert_refused(const char *word)
{
    imp_error err = {0};
    imp_network *network = NULL;
    assert_int_equal(imp_network_load(&network, path, &err), IMP_BAD_INPUT);
    assert_null(network);
    assert_non_null(strstr(err.message, path));
    if (strstr(err.message, word) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.message, word);
}

static void test_round_trip(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network = small_network(), *again = NULL;
    assert_ok(imp_network_save(network, path, "{\"trained_on\": \"loop_empty\"}", &err), err);
    assert_ok(imp_network_load(&again, path, &err), err);
    assert_int_equal(imp_network_facts(again)->width, 24);
    assert_int_equal(imp_network_facts(again)->height, 20);
    assert_true(imp_network_facts(again)->batch_norm);
    assert_string_equal(imp_network_metadata(again, "trained_on"), "loop_empty");
    assert_string_equal(imp_network_metadata(again, "channel_order"), "RGB");
    assert_null(imp_network_metadata(again, "no such key"));
    assert_null(imp_network_metadata(network, "trained_on"));
    assert_memory_equal(again->values, network->values,
                        (size_t)network->graph.values * sizeof(float));

    // what is saved from the loaded network is the same file but for the caller's strings
    assert_int_equal(imp_network_save(network, path, "{\"width\": \"9\"}", &err), IMP_USAGE);
    assert_int_equal(imp_network_save(network, path, "{\"x\": 9}", &err), IMP_USAGE);
    assert_int_equal(imp_network_save(network, path, "[", &err), IMP_USAGE);
    assert_int_equal(imp_network_save(network, "/no/such/folder/m", NULL, &err), IMP_IO);
    imp_network_destroy(again);
    imp_network_destroy(network);
}

static void test_every_truncation(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network = small_network(), *none = NULL;
    assert_ok(imp_network_save(network, path, NULL, &err), err);
    char *bytes;
    size_t length;
    assert_ok(imp_file_read(&bytes, &length, path, 1 << 24, &err), err);
    // every length of the header and a bit beyond, then some lengths of the data
    for (size_t cut = 0; cut < length; cut += cut < 5000 ? 1 : 4999) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, cut, file), cut);
        fclose(file);
        assert_int_equal(imp_network_load(&none, path, &err), IMP_BAD_INPUT);
        assert_null(none);
    }
    // and one byte too many
    put(bytes, length + 1);
    assert_refused("leave bytes over");
    free(bytes);
    imp_network_destroy(network);
}

// Writes a file with this header text and count zero bytes of data.
static void put_header(const char *header, size_t count)
{
    const size_t length = strlen(header);
    char *bytes = calloc(1, 8 + length + count);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(length >> (8 * i) & 0xff);
    for (size_t i = 0; i < length; i++)
        bytes[8 + i] = header[i];
    put(bytes, 8 + length + count);
    free(bytes);
}

// Headers that must be refused, how many bytes of data follow them, and a word of the message.
static const struct {
    const char *header;
    size_t data;
    const char *word;
} HOSTILE[] = {
    {"[]", 0, "not a JSON object"},
    {"{", 0, "not a JSON object"},
    {"{\"a\": 1, \"a\": 2}", 0, "duplicate"},
    {"{\"a\": 1}", 0, "must have just"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": 3, \"data_offsets\": [0, 4]}}", 4, "must have"},
    {"{\"a\": {\"dtype\": \"F17\", \"shape\": [2], \"data_offsets\": [0, 4]}}", 4, "dtype"},
    {"{\"a\": {\"dtype\": \"F64\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "shape"},
    {"{\"a\": {\"dtype\": 4, \"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "must have"},
    {"{\"a\": {\"dtype\": \"F16\", \"shape\": [2], \"data_offsets\": [0, 4]}}", 4, "format"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 8]}}", 8, "bytes"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 0]}}", 4, "outside"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [-4, 0]}}", 4, "outside"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [9], \"data_offsets\": [0, 36]}}", 4, "shape"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [4294967296, 4294967296, 4294967296], "
     "\"data_offsets\": [0, 4]}}",
     4, "shape"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [99999999999999999999], "
     "\"data_offsets\": [0, 4]}}",
     4, "integer"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1.0], \"data_offsets\": [0, 4]}}", 4, "shape"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1,1,1,1,1], \"data_offsets\": [0, 4]}}", 4,
     "dimensions"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}, "
     "\"b\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}",
     4, "overlap"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 8]}}", 8, "overlap"},
    {"{\"__metadata__\": {\"format\": 1}}", 0, "not a string"},
    {"{\"__metadata__\": 7}", 0, "not an object"},
    {"{\"__metadata__\": {}}", 0, "no metadata \"format\""},
    {"{\"__metadata__\": {\"format\": \"pt\"}}", 0, "wanted is \"imprint-model-1\""},
    {"{\"__metadata__\": {\"format\": \"imprint-model-1\", \"architecture\": \"x\", "
     "\"batch_norm\": \"true\", \"width\": \"80\", \"height\": \"60\", \"outputs\": \"2\"}}",
     0, "unknown network"},
    {"{\"__metadata__\": {\"format\": \"imprint-model-1\", \"architecture\": \"one-residual\", "
     "\"batch_norm\": \"true\", \"width\": \"80x\", \"height\": \"60\", \"outputs\": \"2\"}}",
     0, "width"},
    {"{\"__metadata__\": {\"format\": \"imprint-model-1\", \"architecture\": \"one-residual\", "
     "\"batch_norm\": \"true\", \"width\": \"8000\", \"height\": \"8000\", "
     "\"outputs\": \"2\"}}",
     0, ""},
    {"{\"__metadata__\": {\"format\": \"imprint-model-1\", \"architecture\": \"one-residual\", "
     "\"batch_norm\": \"true\", \"width\": \"2\", \"height\": \"2\", \"outputs\": \"2\"}}",
     0, "layer 'pool1'"},
    {"{\"__metadata__\": {\"format\": \"imprint-model-1\", \"architecture\": \"one-residual\", "
     "\"batch_norm\": \"true\", \"width\": \"80\", \"height\": \"60\", \"outputs\": \"2\"}}",
     0, "its arrays are not those"},
};

static void test_hostile_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof HOSTILE / sizeof HOSTILE[0]; i++) {
        put_header(HOSTILE[i].header, HOSTILE[i].data);
        assert_refused(HOSTILE[i].word);
    }

    // nested deeper than any parser should follow
    enum { DEPTH = 200000 };
    char *deep = malloc(DEPTH + 1);
    assert_non_null(deep);
    memset(deep, '[', DEPTH);
    deep[DEPTH] = '\0';
    put_header(deep, 0);
    assert_refused("depth");
    free(deep);

    // a header longer than the file, and than anything
    put("\377\377\377\377\377\377\377\377{}", 10);
    assert_refused("truncated");
}

static void test_values_must_be_finite(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network = small_network();
    network->values[3] = NAN;
    assert_ok(imp_network_save(network, path, NULL, &err), err);
    assert_refused("conv1.weight");
    network->values[3] = 0.0F;
    network->values[network->graph.values - 1] = -1.0F;
    assert_ok(imp_network_save(network, path, NULL, &err), err);
    assert_refused("negative variance");
    imp_network_destroy(network);
}

// A file as PyTorch writes it: other metadata, any order, a count of batches beside batch norms.
static void write_foreign(const imp_network *network, const char *renamed, int64_t columns)
{
    imp_error err = {0};
    imp_array arrays[64];
    const imp_graph *graph = &network->graph;
    json_t *metadata = json_pack("{s:s}", "format", "pt");
    for (int i = 0; i < graph->tensor_count; i++) {
        const imp_tensor *tensor = &graph->tensors[graph->tensor_count - 1 - i];
        arrays[i] = (imp_array){.rank = tensor->rank, .values = network->values + tensor->offset};
        memcpy(arrays[i].dims, tensor->dims, sizeof arrays[i].dims);
        snprintf(arrays[i].name, sizeof arrays[i].name, "%s",
                 strcmp(tensor->name, "conv1.bias") == 0 ? renamed : tensor->name);
        if (strcmp(tensor->name, "dense2.weight") == 0)
            arrays[i].dims[1] = columns;
    }
    arrays[graph->tensor_count] =
        (imp_array){.name = "norm1.num_batches_tracked", .values = network->values};
    assert_ok(imp_safetensors_write(path, metadata, arrays, graph->tensor_count + 1, &err), err);
    json_decref(metadata);
}

static void test_import(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *theirs = small_network(), *ours = small_network();
    const size_t bytes = (size_t)ours->graph.values * sizeof(float);
    imp_network_draw(theirs, 99);
    assert_memory_not_equal(ours->values, theirs->values, bytes);
    float *before = malloc(bytes);
    assert_non_null(before);
    memcpy(before, ours->values, bytes);

    write_foreign(theirs, "conv1.bias", 63);
    assert_int_equal(imp_network_import(ours, path, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "\"dense2.weight\" has another shape"));
    write_foreign(theirs, "conv1.offset", 64);
    assert_int_equal(imp_network_import(ours, path, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no array \"conv1.bias\""));
    theirs->values[7] = NAN;
    write_foreign(theirs, "conv1.bias", 64);
    assert_int_equal(imp_network_import(ours, path, &err), IMP_BAD_INPUT);
    assert_memory_equal(ours->values, before, bytes);
    theirs->values[7] = 0.5F;
    write_foreign(theirs, "conv1.bias", 64);
    assert_ok(imp_network_import(ours, path, &err), err);
    assert_memory_equal(ours->values, theirs->values, bytes);
    assert_refused("wanted is \"imprint-model-1\"");
    free(before);
    imp_network_destroy(theirs);
    imp_network_destroy(ours);
}

// A description travels with the model: the file needs no other.
static void test_description_in_the_file(void **state)
{
    (void)state;
    static const char text[] = "layers:\n"
                               "  - {name: flat, kind: flatten}\n"
                               "  - {name: elu, kind: elu, alpha: 0.25}\n"
                               "  - {name: action, kind: dense, channels: outputs}\n";
    imp_error err = {0};
    imp_network *network, *again = NULL;
    imp_description *description;
    imp_network_def def = imp_default_network_def();
    def.width = def.height = 4;
    assert_ok(imp_description_parse(&description, "/no/more/mine.yaml", text, strlen(text), &err),
              err);
    assert_ok(imp_network_from_description(&network, &def, description, &err), err);
    imp_description_destroy(description);
    assert_ok(imp_network_save(network, path, NULL, &err), err);
    assert_ok(imp_network_load(&again, path, &err), err);
    assert_string_equal(imp_network_facts(again)->architecture, "mine");
    assert_string_equal(imp_network_metadata(again, "description"), text);
    assert_close(imp_network_node(again, 2)->parameter, 0.25, 0.0);
    imp_network_destroy(again);
    imp_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_hostile_headers), cmocka_unit_test(test_values_must_be_finite),
        cmocka_unit_test(test_import),          cmocka_unit_test(test_description_in_the_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
