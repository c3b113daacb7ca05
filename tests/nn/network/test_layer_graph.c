// Layer tables: shapes of the baseline's network, and messages that name the layer.
#include "testing.h"

#include "nn/kernels/image_standardisation.h"
#include "nn/network/architecture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_shapes_of_the_baseline(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_network_def def = imp_default_network_def();
    imp_graph *graph = malloc(sizeof *graph);
    imp_architecture *description;
    assert_ok(imp_architecture_load_builtin(&description, "one-residual", &err), err);
    assert_ok(imp_graph_build(graph, &description->table, &def, &err), err);
    imp_architecture_destroy(description);
    static const struct {
        const char *name;
        int channels, height, width, before, after;
    } wanted[] = {
        {"conv1", 32, 30, 40, 1, 2},   {"pool1", 32, 14, 19, 0, 0},   {"conv2", 32, 7, 10, 0, 1},
        {"conv3", 32, 7, 10, 1, 1},    {"shortcut", 32, 7, 10, 0, 0}, {"add", 32, 7, 10, 0, 0},
        {"flatten", 2240, 1, 1, 0, 0}, {"dense1", 64, 1, 1, 0, 0},    {"action", 2, 1, 1, 0, 0},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        for (int k = 0; k < graph->count; k++) {
            const imp_graph_node *node = &graph->nodes[k];
            if (strcmp(node->name, wanted[i].name) != 0)
                continue;
            assert_int_equal(node->channels, wanted[i].channels);
            assert_int_equal(node->height, wanted[i].height);
            assert_int_equal(node->width, wanted[i].width);
            // rows; the odd pixel goes to the bottom
            assert_int_equal(node->before[0], wanted[i].before);
            assert_int_equal(node->after[0], wanted[i].after);
        }
    // by hand: convolutions 2432 + 2 * 9248 + 1056, batch norms 128, dense 143424 + 2080 + 66
    assert_int_equal(graph->trained, 2432 + 2 * 9248 + 1056 + 128 + 143424 + 2080 + 66);
    assert_int_equal(graph->values, graph->trained + 128);
    free(graph);
}

static void assert_message(const imp_layer *layers, int count, const char *word)
{
    imp_error err = {0};
    const imp_network_def def = imp_default_network_def();
    const imp_layer_table table = {.name = "test", .layers = layers, .count = count};
    imp_graph *graph = malloc(sizeof *graph);
    assert_int_equal(imp_graph_build(graph, &table, &def, &err), IMP_BAD_INPUT);
    if (strstr(err.message, word) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.message, word);
    free(graph);
}

static void test_wrong_tables(void **state)
{
    (void)state;
    const imp_layer flat = {.name = "f", .kind = IMP_LAYER_FLATTEN, .inputs = {"input"}};
    const imp_layer none[] = {{.name = "a", .kind = IMP_LAYER_INPUT, .inputs = {"input"}}};
    assert_message(none, 1, "layer 'a': unknown kind");
    assert_message(&flat, 0, "has 0 layers");
}

static void test_standardisation(void **state)
{
    (void)state;
    enum { WIDTH = 7, HEIGHT = 5, COUNT = 3 * WIDTH * HEIGHT, MARGIN = 6 };
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_TEST);
    uint8_t rgb[COUNT];
    float out[COUNT];
    const imp_float_image packed = {out, 3 * WIDTH, 3};
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < COUNT; i++) {
        rgb[i] = (uint8_t)imp_random_uniform_int(&random, 256);
        sum += rgb[i];
    }
    const double mean = sum / COUNT;
    for (int i = 0; i < COUNT; i++)
        squares += (rgb[i] - mean) * (rgb[i] - mean);
    const double deviation = sqrt(squares / COUNT);
    imp_standardise_image(rgb, WIDTH, HEIGHT, &packed);
    for (int i = 0; i < COUNT; i++)
        assert_float_equal(out[i], (rgb[i] - mean) / deviation, 1e-6);

    // rows with a margin, and pixels with other channels between them
    for (size_t pixel = 3; pixel <= 8; pixel += 5) {
        enum { ROW = 8 * WIDTH + MARGIN };
        float wide[HEIGHT * ROW];
        for (int i = 0; i < HEIGHT * ROW; i++)
            wide[i] = 7.0F;
        const imp_float_image pixels = {wide, ROW, pixel};
        imp_standardise_image(rgb, WIDTH, HEIGHT, &pixels);
        for (size_t y = 0; y < HEIGHT; y++)
            for (size_t k = 0; k < ROW; k++) {
                const bool inside = k / pixel < WIDTH && k % pixel < 3;
                const float expected = inside ? out[3 * (y * WIDTH + k / pixel) + k % pixel] : 7.0F;
                assert_true(wide[y * ROW + k] == expected);
            }
    }

    // one colour everywhere: nothing is divided by zero
    memset(rgb, 200, sizeof rgb);
    imp_standardise_image(rgb, WIDTH, HEIGHT, &packed);
    for (int i = 0; i < COUNT; i++)
        assert_true(out[i] == 0.0F);
}

// So many bright pixels that their squares fill 32 bits many times over.
static void test_large_picture(void **state)
{
    (void)state;
    enum { WIDTH = 1001, HEIGHT = 799, COUNT = 3 * WIDTH * HEIGHT };
    imp_random random = imp_random_stream(2, 0, 0, IMP_PURPOSE_TEST);
    uint8_t *rgb = malloc(COUNT);
    float *out = malloc(COUNT * sizeof *out);
    if (rgb == NULL || out == NULL)
        abort();
    double ones = 0.0;
    for (int i = 0; i < COUNT; i++) {
        const uint32_t one = imp_random_uniform_int(&random, 2);
        rgb[i] = (uint8_t)(254 + one);
        ones += one;
    }
    const double share = ones / COUNT, deviation = sqrt(share * (1.0 - share));
    const imp_float_image pixels = {out, 3 * (size_t)WIDTH, 3};
    imp_standardise_image(rgb, WIDTH, HEIGHT, &pixels);
    for (int i = 0; i < COUNT; i++)
        assert_float_equal(out[i], (rgb[i] - 254 - share) / deviation, 1e-4);
    free(rgb);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes_of_the_baseline),
        cmocka_unit_test(test_wrong_tables),
        cmocka_unit_test(test_standardisation),
        cmocka_unit_test(test_large_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
