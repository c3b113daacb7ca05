// The palette, the layout of a segmenter's outputs, and segmenters from networks and files.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nn/segmentation/segmenter_layout.h"

static void test_paint(void **state)
{
    (void)state;
    enum { CELLS = 301 };
    static float shares[IMP_CLASS_COUNT * CELLS];
    static uint8_t rgb[CELLS * 3];
    for (int i = 0; i < CELLS; i++) {
        const int one = i % IMP_CLASS_COUNT, other = i / IMP_CLASS_COUNT % IMP_CLASS_COUNT;
        shares[one * CELLS + i] += 0.25F;
        shares[other * CELLS + i] += 0.75F;
    }
    imp_class_shares_to_rgb(shares, CELLS, rgb);
    for (int i = 0; i < CELLS; i++)
        for (int k = 0; k < 3; k++) {
            const int one = imp_class_colour(i % IMP_CLASS_COUNT)[k];
            const int other = imp_class_colour(i / IMP_CLASS_COUNT % IMP_CLASS_COUNT)[k];
            assert_close(rgb[3 * i + k], 0.25 * one + 0.75 * other, 0.5001);
        }
    assert_null(imp_class_name(IMP_CLASS_COUNT));
    assert_null(imp_class_colour(-1));
}

static void test_words(void **state)
{
    (void)state;
    imp_observation_kind found = IMP_OBSERVATION_SEGMENTATION;
    assert_true(imp_observation_kind_parse(&found, NULL));
    assert_int_equal(found, IMP_OBSERVATION_IMAGE);
    assert_true(imp_observation_kind_parse(&found, "segments"));
    assert_int_equal(found, IMP_OBSERVATION_SEGMENTATION);
    assert_false(imp_observation_kind_parse(&found, "smells"));
    assert_null(imp_observation_kind_name(2));
}

static imp_status make(imp_network **out, const char *architecture, int width, int height,
                       imp_error *err)
{
    imp_network_def def = imp_default_network_def();
    snprintf(def.architecture, sizeof def.architecture, "%s", architecture);
    def.width = width;
    def.height = height;
    def.outputs = strcmp(architecture, "segmenter") == 0 ? 0 : 2;
    return imp_network_create(out, &def, 1, err);
}

// Cells go to the network's order and come back; the first place's block is a square of cells.
static void test_layout(void **state)
{
    (void)state;
    const imp_segmenter_layout layout = {.rows = 3, .columns = 5, .block = 2};
    enum { WIDTH = 10, HEIGHT = 6, CELLS = WIDTH * HEIGHT, COUNT = IMP_CLASS_COUNT * CELLS };
    float plain[COUNT], outputs[COUNT], back[COUNT];
    for (int k = 0; k < COUNT; k++)
        plain[k] = (float)k;
    imp_segmenter_pixel_unshuffle(&layout, plain, outputs);
    imp_segmenter_pixel_shuffle(&layout, outputs, back);
    assert_memory_equal(plain, back, sizeof plain);
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        for (int part = 0; part < 4; part++)
            assert_close((double)outputs[(4 * c + part) * 15],
                         (double)plain[c * CELLS + part / 2 * WIDTH + part % 2], 0.0);
}

static void test_segmenter(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network;
    imp_segmenter *segmenter;
    enum { WIDTH = 80, HEIGHT = 60, CELLS = WIDTH * HEIGHT };
    static uint8_t image[CELLS * 3], rgb[CELLS * 3];
    static float outputs[IMP_CLASS_COUNT * CELLS], arranged[IMP_CLASS_COUNT * CELLS];
    for (size_t k = 0; k < sizeof image; k++)
        image[k] = (uint8_t)(k * k / 7);
    assert_ok(make(&network, "segmenter", WIDTH, HEIGHT, &err), err);
    assert_ok(imp_segmenter_create(&segmenter, network, &err), err);
    assert_int_equal(imp_segmenter_width(segmenter), WIDTH);
    assert_int_equal(imp_segmenter_height(segmenter), HEIGHT);
    const float *shares = imp_segmenter_run(segmenter, image);
    // the softmax of what the network gives
    imp_inference *inference;
    assert_ok(imp_inference_create(&inference, network, 1, &err), err);
    const uint8_t *const frame = image;
    imp_inference_run(inference, &frame, NULL, outputs);
    imp_segmenter_layout layout;
    assert_ok(imp_segmenter_layout_from_network(&layout, network, &err), err);
    imp_segmenter_pixel_shuffle(&layout, outputs, arranged);
    for (int i = 0; i < CELLS; i++) {
        double total = 0.0;
        for (int c = 0; c < IMP_CLASS_COUNT; c++)
            total += exp((double)arranged[c * CELLS + i]);
        for (int c = 0; c < IMP_CLASS_COUNT; c++)
            assert_close((double)shares[c * CELLS + i],
                         exp((double)arranged[c * CELLS + i]) / total, 1e-5);
    }
    imp_segmenter_run_to_rgb(segmenter, image, rgb);
    imp_inference_destroy(inference);
    imp_segmenter_destroy(segmenter);
    imp_network_destroy(network);
}

static void test_refusals(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network;
    imp_segmenter *segmenter;
    // drives
    assert_ok(make(&network, "small", 80, 60, &err), err);
    assert_int_equal(imp_segmenter_create(&segmenter, network, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "not a segmenter"));
    char path[] = "/tmp/imprint-segmenter-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    assert_ok(imp_network_save(network, path, NULL, &err), err);
    imp_network *loaded;
    assert_int_equal(imp_segmenter_load(&loaded, path, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "seg-train"));
    imp_network_destroy(network);
    // pictures that its cells do not cover evenly
    assert_ok(make(&network, "segmenter", 82, 60, &err), err);
    assert_int_equal(imp_segmenter_create(&segmenter, network, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "84 x 60"));
    imp_network_destroy(network);
    // other classes, then ours
    assert_ok(make(&network, "segmenter", 80, 60, &err), err);
    assert_ok(imp_network_save(network, path,
                               "{\"purpose\": \"segmenter\", \"classes\": \"sky,sea\"}", &err),
              err);
    assert_int_equal(imp_segmenter_load(&loaded, path, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "sky,sea"));
    char classes[256], metadata[320];
    imp_class_join_names(classes, sizeof classes);
    snprintf(metadata, sizeof metadata, "{\"purpose\": \"segmenter\", \"classes\": \"%s\"}",
             classes);
    assert_ok(imp_network_save(network, path, metadata, &err), err);
    assert_ok(imp_segmenter_load(&loaded, path, &err), err);
    imp_network_destroy(loaded);
    imp_network_destroy(network);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paint),    cmocka_unit_test(test_words),
        cmocka_unit_test(test_layout),   cmocka_unit_test(test_segmenter),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
