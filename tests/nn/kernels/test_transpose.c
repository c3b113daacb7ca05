// Transposed matrices against their definition, and dropout's masks.
#include "testing.h"

#include "nn/kernels/dropout_mask.h"
#include "nn/kernels/transpose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void compare(size_t rows, size_t columns)
{
    // neither matrix is as narrow as its rows
    const size_t in_stride = columns + 3, out_stride = rows + 5;
    float *in = calloc(rows * in_stride, sizeof *in),
          *out = calloc(columns * out_stride, sizeof *out);
    if (in == NULL || out == NULL)
        abort();
    for (size_t i = 0; i < rows * in_stride; i++)
        in[i] = (float)(i + 1);
    imp_transpose(in, in_stride, out, out_stride, rows, columns);
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < out_stride; r++)
            assert_true(out[c * out_stride + r] == (r < rows ? in[r * in_stride + c] : 0.0F));
    free(in);
    free(out);
}

static void test_transpose(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 4, 5, 15, 16, 17, 33};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (int r = 0; r < COUNT; r++)
        for (int c = 0; c < COUNT; c++)
            compare(sizes[r], sizes[c]);
}

static void test_masks(void **state)
{
    (void)state;
    enum { VALUES = 20000 };
    float *mask = malloc(VALUES * sizeof *mask), *other = malloc(VALUES * sizeof *other);
    if (mask == NULL || other == NULL)
        abort();
    const imp_dropout_key draws = {7, 3, 12};
    imp_dropout_sample_mask(&draws, 5, 0.3, VALUES, mask);
    int dropped = 0;
    for (int i = 0; i < VALUES; i++) {
        assert_true(mask[i] == 0.0F || mask[i] == (float)(1.0 / 0.7));
        dropped += mask[i] == 0.0F;
    }
    // three standard deviations
    assert_close((double)dropped / VALUES, 0.3, 3.0 * sqrt(0.3 * 0.7 / VALUES));
    // any other seed, step, layer or sample draws something else; the same draws the same
    const imp_dropout_key others[] = {{8, 3, 12}, {7, 4, 12}, {7, 3, 13}, {7, 3, 12}};
    for (int i = 0; i < 4; i++) {
        imp_dropout_sample_mask(&others[i], i < 3 ? 5 : 6, 0.3, VALUES, other);
        assert_memory_not_equal(mask, other, VALUES * sizeof *mask);
    }
    imp_dropout_sample_mask(&draws, 5, 0.3, VALUES, other);
    assert_memory_equal(mask, other, VALUES * sizeof *mask);
    imp_dropout_sample_mask(&draws, 5, 0.0, VALUES, other);
    for (int i = 0; i < VALUES; i++)
        assert_true(other[i] == 1.0F);
    free(mask);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpose),
        cmocka_unit_test(test_masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
