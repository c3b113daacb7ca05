// Descriptions of networks: what they say, and messages that name the line and the layer.
#include "testing.h"

#include "nn/network/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The message of a text, read and built for 80 x 60 pictures and two outputs; "" if it is fine.
static const char *complaint(const char *text)
{
    static imp_error err;
    imp_architecture *description = NULL;
    imp_network *network = NULL;
    const imp_network_def def = imp_default_network_def();
    err = (imp_error){0};
    if (imp_architecture_parse(&description, "nets/x.yaml", text, strlen(text), &err) == IMP_OK) {
        (void)imp_network_from_architecture(&network, &def, description, &err);
        imp_architecture_destroy(description);
        imp_network_destroy(network);
    }
    return err.message;
}

#define CONV "  - {name: c, kind: convolution, channels: 8, kernel: 3}\n"
#define END                                                                                        \
    "  - {name: flat, kind: flatten}\n"                                                            \
    "  - {name: action, kind: dense, channels: outputs}\n"

// Texts, and the beginning of what must be said about them.
static const struct {
    const char *text, *wanted;
} WRONG[] = {
    {"", "nets/x.yaml:1: a network needs 'layers:'"},
    {"[]", "nets/x.yaml:1: a network needs 'layers:'"},
    {"name: a\n", "nets/x.yaml:1: has no layers"},
    {"name: 'a b'\n", "nets/x.yaml:1: name: use letters, digits"},
    {"name: [a]\n", "nets/x.yaml:1: name must be a word"},
    {"layers: 3\n", "nets/x.yaml:1: layers must be a list"},
    {"layers: []\n", "nets/x.yaml:1: has no layers"},
    {"layers:\n  - relu\n", "nets/x.yaml:2: a layer must be {name: ..., kind: ...}"},
    {"layers: [\n", "nets/x.yaml:2: not YAML: "},
    {"colour: red\n", "nets/x.yaml:1: 'colour' is not possible here"},
    {"layers:\n" CONV "layers:\n" CONV, "nets/x.yaml:3: 'layers' is not possible here"},
    {"frames: 9\nlayers:\n" CONV, "nets/x.yaml:1: frames must lie in 1..8"},
    {"every: 2\nevery: 2\nlayers:\n" CONV, "nets/x.yaml:2: 'every' occurs twice"},
    {"head: sideways\nlayers:\n" CONV, "nets/x.yaml:1: head must be duty-cycles or velocities"},
    {"skip-top: 91\nlayers:\n" CONV, "nets/x.yaml:1: skip-top must lie in 0..90"},
    {"actions: many\nlayers:\n" CONV, "nets/x.yaml:1: actions must lie in 0..64"},
    {"command: left\nlayers:\n" CONV, "nets/x.yaml:1: command must be true or false"},
    {"command: true\nlayers:\n" CONV END,
     "nets/x.yaml:5: layer 'action': is the last layer, but no layer uses 'command'"},
    {"layers:\n  - {kind: relu}\n", "nets/x.yaml:2: a layer needs a name"},
    {"layers:\n  - {name: a b, kind: relu}\n", "nets/x.yaml:2: 'a b' is not a valid layer name"},
    {"layers:\n  - {name: \"a\\nb\", kind: relu}\n", "nets/x.yaml:2: name must have 1 to 39"},
    {"layers:\n  - {name: input, kind: relu}\n",
     "nets/x.yaml:2: 'input' is not a valid layer name"},
    {"layers:\n  - {name: a}\n", "nets/x.yaml:2: layer 'a': needs a kind"},
    {"layers:\n  - {name: a, kind: tanh}\n", "nets/x.yaml:2: layer 'a': unknown kind 'tanh'"},
    {"layers:\n  - {name: a, kind: input}\n", "nets/x.yaml:2: layer 'a': unknown kind 'input'"},
    {"layers:\n  - {name: a, kind: relu, kind: elu}\n", "nets/x.yaml:2: 'kind' occurs twice"},
    {"layers:\n  - {name: a, kind: relu, kernel: 3}\n",
     "nets/x.yaml:2: layer 'a': 'kernel' is not a key of layers of kind relu"},
    {"layers:\n  - {name: a, kind: [relu, elu]}\n", "nets/x.yaml:2: layer 'a': unknown kind"},
    {"layers:\n  - {name: a, kind: {b: c}}\n", "nets/x.yaml:2: kind must be a word"},
    {"layers:\n  - {name: a, kind: &x relu, input: *x}\n", "nets/x.yaml:2: input must be a word"},
    {"layers:\n  - {name: a, kind: concat, input: [b, c, d, e, f]}\n",
     "nets/x.yaml:2: input: a list of at most 4"},
    {"layers:\n  - {name: a, kind: convolution}\n", "nets/x.yaml:2: layer 'a': needs channels"},
    {"layers:\n  - {name: a, kind: dense, channels: -3}\n",
     "nets/x.yaml:2: layer 'a': channels must be a whole number, or outputs"},
    {"layers:\n  - {name: a, kind: max-pool, kernel: 3, stride: 1.5}\n",
     "nets/x.yaml:2: layer 'a': stride must be a whole number"},
    {"layers:\n  - {name: a, kind: max-pool, kernel: 3, padding: [1, 2]}\n",
     "nets/x.yaml:2: layer 'a': padding must be same, valid"},
    {"layers:\n  - {name: a, kind: batch-norm, epsilon: tiny}\n",
     "nets/x.yaml:2: layer 'a': epsilon must be a positive number"},
    {"layers:\n  - {name: a, kind: batch-norm, epsilon: 2}\n",
     "nets/x.yaml:2: layer 'a': epsilon must lie in"},
    {"layers:\n  - {name: a, kind: batch-norm, frozen: 1}\n",
     "nets/x.yaml:2: layer 'a': frozen must be true or false"},
    {"layers:\n  - {name: a, kind: elu, alpha: 0}\n",
     "nets/x.yaml:2: layer 'a': alpha must be a positive number"},
    {"layers:\n  - {name: a, kind: dropout, rate: 1}\n",
     "nets/x.yaml:2: layer 'a': rate must lie in 0..1"},
    // what the layers make of each other
    {"layers:\n" CONV "  - {name: d, kind: relu, input: x}\n",
     "nets/x.yaml:3: layer 'd': no earlier layer is called 'x'"},
    {"layers:\n  - {name: a, kind: relu, input: b}\n  - {name: b, kind: relu, input: a}\n",
     "nets/x.yaml:2: layer 'a': its input 'b' comes later"},
    {"layers:\n  - {name: a, kind: relu, input: a}\n",
     "nets/x.yaml:2: layer 'a': its input 'a' comes later"},
    {"layers:\n" CONV CONV, "nets/x.yaml:3: layer 'c': the name is taken"},
    {"layers:\n" CONV "  - {name: d, kind: add, input: [c]}\n",
     "nets/x.yaml:3: layer 'd': takes 2 inputs, not 1"},
    {"layers:\n" CONV "  - {name: d, kind: concat}\n",
     "nets/x.yaml:3: layer 'd': takes 2 to 4 inputs, not 1"},
    {"layers:\n" CONV "  - {name: d, kind: relu, input: [c, c]}\n",
     "nets/x.yaml:3: layer 'd': takes 1 input, not 2"},
    {"layers:\n" CONV "  - {name: d, kind: add, input: [c, input]}\n",
     "nets/x.yaml:3: layer 'd': cannot add 'c' (8x58x78) and 'input' (3x60x80)"},
    {"layers:\n" CONV "  - {name: d, kind: concat, input: [c, input]}\n",
     "nets/x.yaml:3: layer 'd': cannot join 'c' (78x58) and 'input' (80x60"},
    {"layers:\n  - {name: a, kind: max-pool, kernel: 61}\n",
     "nets/x.yaml:2: layer 'a': its 61x61 kernel does not fit"},
    {"layers:\n  - {name: a, kind: max-pool, kernel: 3, stride: 0}\n",
     "nets/x.yaml:2: layer 'a': kernel and stride must lie in"},
    {"layers:\n  - {name: a, kind: max-pool, kernel: 3, padding: 3}\n",
     "nets/x.yaml:2: layer 'a': a padding of 3 must lie in 0..2"},
    {"layers:\n  - {name: d, kind: dense, channels: 2}\n",
     "nets/x.yaml:2: layer 'd': needs a flatten layer"},
    {"layers:\n  - {name: f, kind: flatten}\n  - {name: n, kind: batch-norm}\n",
     "nets/x.yaml:3: layer 'n': its input 'f' is flat"},
    {"layers:\n  - {name: f, kind: flatten}\n" CONV, "nets/x.yaml:3: layer 'c': its input 'f' is"},
    {"layers:\n" CONV "  - {name: r, kind: relu, input: input}\n" END,
     "nets/x.yaml:2: layer 'c': nothing uses it"},
    {"layers:\n" CONV,
     "nets/x.yaml:2: layer 'c': is the last layer and gives 8x58x78, not 2 values"},
    {"layers:\n  - {name: c, kind: convolution, channels: 65537, kernel: 1}\n",
     "nets/x.yaml:2: layer 'c': channels must lie in 1..65536"},
    {"layers:\n  - {name: c, kind: convolution, channels: 65536, kernel: 1}\n",
     "nets/x.yaml:2: layer 'c': gives too many values"},
    {"layers:\n  - {name: c, kind: convolution, channels: 65000, kernel: 60}\n"
     "  - {name: d, kind: convolution, channels: 65000, kernel: 1}\n" END,
     "nets/x.yaml:2: layer 'c': has too many weights"},
};

static void test_wrong_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        const char *said = complaint(WRONG[i].text);
        if (strncmp(said, WRONG[i].wanted, strlen(WRONG[i].wanted)) != 0)
            fail_msg("\"%s\" does not begin with \"%s\"", said, WRONG[i].wanted);
    }
    assert_string_equal(complaint("layers:\n" CONV END), "");
}

static void test_too_much(void **state)
{
    (void)state;
    enum { LAYERS = IMP_MAX_LAYERS + 1, DEEP = 20000 };
    char *text = calloc(1, (size_t)LAYERS * 64 + DEEP);
    assert_non_null(text);
    strcpy(text, "layers:\n");
    for (int i = 0; i < LAYERS; i++)
        sprintf(text + strlen(text), "  - {name: r%d, kind: relu}\n", i);
    assert_non_null(strstr(complaint(text), "more than 96 layers"));
    memset(text, '[', DEEP);
    text[DEEP] = '\0';
    assert_non_null(strstr(complaint(text), "nested more than"));
    free(text);
    imp_error err = {0};
    imp_architecture *none = NULL;
    assert_int_equal(imp_architecture_parse(&none, "x", "a\0b", 3, &err), IMP_BAD_INPUT);
    assert_null(none);
}

// What is said is what the graph has, defaults included.
static void test_facts(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_architecture *description;
    imp_network *network;
    static const char text[] =
        "name: my.net\n"
        "layers:\n"
        "  - {name: c, kind: convolution, channels: 8, kernel: 3, stride: 2, padding: [0, 1, 2, "
        "1]}\n"
        "  - {name: e, kind: elu}\n"
        "  - {name: n, kind: batch-norm, frozen: true}\n"
        "  - {name: a, kind: average-pool, kernel: 2, stride: 2, padding: 1}\n"
        "  - {name: j, kind: concat, input: [a, a, a]}\n" END;
    imp_network_def def = imp_default_network_def();
    def.batch_norm = true;
    assert_ok(imp_architecture_parse(&description, "x.yaml", text, sizeof text - 1, &err), err);
    assert_ok(imp_network_from_architecture(&network, &def, description, &err), err);
    imp_architecture_destroy(description);
    assert_string_equal(imp_network_info(network)->architecture, "my.net");
    const imp_graph_node *c = imp_network_node(network, 1), *e = imp_network_node(network, 2),
                         *n = imp_network_node(network, 3), *a = imp_network_node(network, 4),
                         *j = imp_network_node(network, 5);
    // 60 + 0 + 1 rows, 80 + 2 + 1 columns
    assert_int_equal(c->height, 30);
    assert_int_equal(c->width, 41);
    assert_int_equal(c->flops, 8 * 30 * 41 * (2 * 27 + 1));
    assert_close(e->parameter, 1.0, 0.0);
    assert_close(n->parameter, 1e-3, 0.0);
    assert_false(n->batch_statistics);
    assert_int_equal(a->height, 16);
    assert_int_equal(a->width, 21);
    assert_int_equal(a->users, 3);
    assert_int_equal(j->channels, 24);
    assert_null(imp_network_node(network, 8));
    assert_null(imp_network_node(network, -1));
    const imp_tensor *weight = imp_network_tensor(network, 0);
    assert_string_equal(weight->name, "c.weight");
    assert_ptr_equal(imp_network_tensor_values(network, weight), network->values);
    assert_null(imp_network_tensor(network, network->graph.tensor_count));
    imp_network_destroy(network);
}

static void test_names_and_paths(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network = NULL;
    imp_network_def def = imp_default_network_def();
    char path[] = "/tmp/imprint-network-XXXXXX.yaml";
    const int descriptor = mkstemps(path, 5);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    assert_non_null(file);
    fputs("layers:\n" CONV END, file);
    fclose(file);
    strcpy(def.architecture, path);
    assert_ok(imp_network_create(&network, &def, 1, &err), err);
    // named after its file
    assert_memory_equal(imp_network_info(network)->architecture, "imprint-network-", 16);
    assert_null(strchr(imp_network_info(network)->architecture, '/'));
    assert_null(strstr(imp_network_info(network)->architecture, ".yaml"));
    imp_network_destroy(network);
    remove(path);
    network = NULL;
    assert_int_equal(imp_network_create(&network, &def, 1, &err), IMP_BAD_INPUT);
    strcpy(def.architecture, "resnet");
    assert_int_equal(imp_network_create(&network, &def, 1, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "dronet-like, one-residual"));
    assert_null(network);
    for (int i = 0; imp_network_builtin_name(i) != NULL; i++) {
        strcpy(def.architecture, imp_network_builtin_name(i));
        assert_ok(imp_network_create(&network, &def, 1, &err), err);
        assert_string_equal(imp_network_info(network)->architecture, imp_network_builtin_name(i));
        imp_network_destroy(network);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_texts),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_names_and_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
