// Model files: round trip, and refusal of everything that is cut, forged or foreign.
#include "testing.h"

#include "base/io/file.h"
#include "nn/model_files/model_file.h"
#include "nn/model_files/safetensors.h"

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
    assert_int_equal(imp_network_info(again)->width, 24);
    assert_int_equal(imp_network_info(again)->height, 20);
    assert_true(imp_network_info(again)->batch_norm);
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
    assert_refused("leave bytes unused");
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
    {"{\"__metadata__\": {\"format\": \"pt\"}}", 0, "expected is \"imprint-model-1\""},
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
    imp_named_array arrays[64];
    const imp_graph *graph = &network->graph;
    json_t *metadata = json_pack("{s:s}", "format", "pt");
    for (int i = 0; i < graph->tensor_count; i++) {
        const imp_tensor *tensor = &graph->tensors[graph->tensor_count - 1 - i];
        arrays[i] =
            (imp_named_array){.rank = tensor->rank, .values = network->values + tensor->offset};
        memcpy(arrays[i].dims, tensor->dims, sizeof arrays[i].dims);
        snprintf(arrays[i].name, sizeof arrays[i].name, "%s",
                 strcmp(tensor->name, "conv1.bias") == 0 ? renamed : tensor->name);
        if (strcmp(tensor->name, "dense2.weight") == 0)
            arrays[i].dims[1] = columns;
    }
    arrays[graph->tensor_count] =
        (imp_named_array){.name = "norm1.num_batches_tracked", .values = network->values};
    assert_ok(imp_safetensors_write(path, metadata, arrays, graph->tensor_count + 1, &err), err);
    json_decref(metadata);
}

static void test_import(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *theirs = small_network(), *ours = small_network();
    const size_t bytes = (size_t)ours->graph.values * sizeof(float);
    imp_network_init_weights(theirs, 99);
    assert_memory_not_equal(ours->values, theirs->values, bytes);
    float *before = malloc(bytes);
    assert_non_null(before);
    memcpy(before, ours->values, bytes);

    write_foreign(theirs, "conv1.bias", 63);
    assert_int_equal(imp_network_import_weights(ours, path, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(
        err.message,
        "\"dense2.weight\" has another shape than the network's: [32, 63], expected is [32, 64]"));
    write_foreign(theirs, "conv1.offset", 64);
    assert_int_equal(imp_network_import_weights(ours, path, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no array \"conv1.bias\""));
    assert_non_null(strstr(err.message, "it has \""));
    theirs->values[7] = NAN;
    write_foreign(theirs, "conv1.bias", 64);
    assert_int_equal(imp_network_import_weights(ours, path, &err), IMP_BAD_INPUT);
    assert_memory_equal(ours->values, before, bytes);
    theirs->values[7] = 0.5F;
    write_foreign(theirs, "conv1.bias", 64);
    assert_ok(imp_network_import_weights(ours, path, &err), err);
    assert_memory_equal(ours->values, theirs->values, bytes);
    assert_refused("expected is \"imprint-model-1\"");
    free(before);
    imp_network_destroy(theirs);
    imp_network_destroy(ours);
}

// Values of other types than float, as little-endian bytes, and what they are as floats.
static void test_types_become_floats(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        int size;
        uint64_t bits;
        float value; // NAN: refused
    } cases[] = {
        {"F16", 2, 0x3C00, 1.0F},
        {"F16", 2, 0xC248, -3.140625F},
        {"F16", 2, 0x7BFF, 65504.0F},
        {"F16", 2, 0x0400, 0x1p-14F},
        {"F16", 2, 0x0001, 0x1p-24F},
        {"F16", 2, 0x83FF, -0x3FFp-24F},
        {"F16", 2, 0x8000, -0.0F},
        {"F16", 2, 0x7C00, NAN},
        {"F16", 2, 0x7E00, NAN},
        {"BF16", 2, 0x3F80, 1.0F},
        {"BF16", 2, 0xC049, -3.140625F},
        {"BF16", 2, 0x0001, 0x1p-133F},
        {"BF16", 2, 0xFF80, NAN},
        {"F64", 8, 0x3FF0000000000000, 1.0F},
        // to the nearest, of two that are as near the even one
        {"F64", 8, 0x3FF0000010000000, 1.0F},
        {"F64", 8, 0x3FF0000010000001, 0x1.000002p0F},
        {"F64", 8, 0x3FF0000030000000, 0x1.000004p0F},
        {"F64", 8, 0xBFB999999999999A, -0.1F},
        {"F64", 8, 0x0000000000000001, 0.0F},
        {"F64", 8, 0x47EFFFFFE0000000, 0x1.fffffep127F},
        {"F64", 8, 0x47F0000000000000, NAN},
        {"F64", 8, 0x7FF8000000000000, NAN},
        {"F32", 4, 0x3DCCCCCD, 0.1F},
        {"I32", 4, 0, NAN},
        {"U8", 1, 0, NAN},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char header[256];
        imp_error err = {0};
        imp_safetensors file;
        const int length =
            snprintf(header, sizeof header,
                     "{\"a\": {\"dtype\": \"%s\", \"shape\": [1, 1], \"data_offsets\": [0, %d]}}",
                     cases[k].type, cases[k].size);
        char *bytes = calloc(1, (size_t)(8 + length + 8));
        assert_non_null(bytes);
        bytes[0] = (char)length;
        memcpy(bytes + 8, header, (size_t)length);
        memcpy(bytes + 8 + length, &cases[k].bits, (size_t)cases[k].size);
        assert_ok(
            imp_safetensors_parse(&file, "t", bytes, (size_t)(8 + length + cases[k].size), &err),
            err);
        float value = 7.0F;
        const imp_status status =
            imp_safetensors_copy_array(&file, "a", 2, (const int64_t[]){1, 1}, &value, &err);
        if (isnan(cases[k].value)) {
            assert_int_equal(status, IMP_BAD_INPUT);
            assert_non_null(strstr(err.message, "array \"a\""));
        } else if (status != IMP_OK || memcmp(&value, &cases[k].value, sizeof value) != 0) {
            fail_msg("%s 0x%llx: %a, wanted is %a", cases[k].type,
                     (unsigned long long)cases[k].bits, (double)value, (double)cases[k].value);
        }
        imp_safetensors_clear(&file);
    }
}

// The weights of a network as they come from PyTorch: names get a prefix, or "module" before their
// last part; each value is a float, or cut off to bfloat16.
static void write_wrapped(const imp_network *network, const char *prefix, bool short_floats,
                          bool with_metadata, const char *extra)
{
    json_t *header = json_object();
    const imp_graph *graph = &network->graph;
    const size_t size = short_floats ? 2 : 4;
    size_t at = 0;
    if (with_metadata)
        json_object_set_new(header, "__metadata__",
                            imp_network_build_metadata(network, "imprint-model-1"));
    for (int i = 0; i < graph->tensor_count; i++) {
        char name[256], whole[64];
        const imp_tensor *tensor = &graph->tensors[i];
        snprintf(whole, sizeof whole, "%s", tensor->name);
        char *point = strrchr(whole, '.');
        assert_non_null(point);
        if (strcmp(prefix, "parts") == 0) {
            *point = '\0';
            snprintf(name, sizeof name, "%s.module.%s", whole, point + 1);
        } else {
            snprintf(name, sizeof name, "%s%s", prefix, whole);
        }
        json_t *shape = json_array();
        for (int k = 0; k < tensor->rank; k++)
            json_array_append_new(shape, json_integer(tensor->dims[k]));
        const size_t end = at + (size_t)tensor->count * size;
        json_object_set_new(header, name,
                            json_pack("{s:s, s:o, s:[I, I]}", "dtype",
                                      short_floats ? "BF16" : "F32", "shape", shape, "data_offsets",
                                      (json_int_t)at, (json_int_t)end));
        at = end;
    }
    if (extra != NULL) {
        json_object_set_new(header, extra,
                            json_pack("{s:s, s:[], s:[I, I]}", "dtype", "I64", "shape",
                                      "data_offsets", (json_int_t)at, (json_int_t)at + 8));
        at += 8;
    }
    char *text = json_dumps(header, JSON_COMPACT);
    const size_t length = strlen(text);
    char *bytes = calloc(1, 8 + length + at);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(length >> 8 * i & 255);
    memcpy(bytes + 8, text, length);
    char *data = bytes + 8 + length;
    for (int i = 0; i < graph->tensor_count; i++)
        for (int64_t k = 0; k < graph->tensors[i].count; k++, data += size)
            memcpy(data, (const char *)&network->values[graph->tensors[i].offset + k] + 4 - size,
                   size);
    put(bytes, 8 + length + at);
    free(bytes);
    free(text);
    json_decref(header);
}

static void test_wrapped_names(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"",
                                           "module.",
                                           "_orig_mod.",
                                           "model.",
                                           "policy.net.",
                                           "module._orig_mod.",
                                           "ema.module.",
                                           "parts",
                                           "_orig_mod.model."};
    imp_error err = {0};
    imp_network *theirs = small_network();
    const size_t bytes = (size_t)theirs->graph.values * sizeof(float);
    imp_network_init_weights(theirs, 99);
    for (int64_t k = 0; k < theirs->graph.values; k++) {
        uint32_t bits; // what bfloat16 has room for
        memcpy(&bits, &theirs->values[k], sizeof bits);
        bits &= 0xFFFF0000U;
        memcpy(&theirs->values[k], &bits, sizeof bits);
    }
    for (size_t k = 0; k < sizeof prefixes / sizeof prefixes[0]; k++)
        for (int variant = 0; variant < 4; variant++) {
            imp_network *ours = small_network(), *loaded = NULL;
            const char *extra = variant == 3 ? "module.norm1.num_batches_tracked" : NULL;
            write_wrapped(theirs, prefixes[k], variant % 2 == 1, variant >= 2, extra);
            assert_ok(imp_network_import_weights(ours, path, &err), err);
            assert_memory_equal(ours->values, theirs->values, bytes);
            // with our metadata it is a model already
            assert_int_equal(imp_network_load(&loaded, path, &err),
                             variant >= 2 ? IMP_OK : IMP_BAD_INPUT);
            if (loaded != NULL)
                assert_memory_equal(loaded->values, theirs->values, bytes);
            else
                assert_int_equal(err.hint, IMP_HINT_IMPORT_WEIGHTS);
            imp_network_destroy(loaded);
            imp_network_destroy(ours);
        }
    // an array too many is one, whatever its name
    imp_network *ours = small_network();
    write_wrapped(theirs, "module.", false, false, "module.head.bias");
    assert_int_equal(imp_network_import_weights(ours, path, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "\"head.bias\" that the network lacks"));
    // two that would have one name
    write_wrapped(theirs, "module.", false, false, "_orig_mod.conv1.bias");
    assert_int_equal(imp_network_import_weights(ours, path, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "conv1.bias"));
    // the first tensor behind two prefixes
    write_wrapped(theirs, "a.", false, false, "b.conv1.weight");
    assert_int_equal(imp_network_import_weights(ours, path, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "two networks"));
    imp_network_destroy(ours);
    imp_network_destroy(theirs);
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
    imp_architecture *description;
    imp_network_def def = imp_default_network_def();
    def.width = def.height = 4;
    assert_ok(imp_architecture_parse(&description, "/no/more/mine.yaml", text, strlen(text), &err),
              err);
    assert_ok(imp_network_from_architecture(&network, &def, description, &err), err);
    imp_architecture_destroy(description);
    assert_ok(imp_network_save(network, path, NULL, &err), err);
    assert_ok(imp_network_load(&again, path, &err), err);
    assert_string_equal(imp_network_info(again)->architecture, "mine");
    assert_string_equal(imp_network_metadata(again, "description"), text);
    assert_close(imp_network_node(again, 2)->parameter, 0.25, 0.0);
    imp_network_destroy(again);
    imp_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_hostile_headers),
        cmocka_unit_test(test_values_must_be_finite),
        cmocka_unit_test(test_import),
        cmocka_unit_test(test_description_in_the_file),
        cmocka_unit_test(test_types_become_floats),
        cmocka_unit_test(test_wrapped_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
