// Panels of dense weights against their definition, and dropout's masks.
#include "testing.h"

#include "nn/kernels/dropout_mask.h"
#include "nn/kernels/packed_matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void compare(int64_t rows, int64_t columns, int64_t width)
{
    const imp_packed_matrix panels = {rows, columns, width};
    const int64_t padded = (columns + 15) / 16 * 16;
    const size_t count = (size_t)(rows * columns);
    const size_t size = (size_t)((rows + width - 1) / width * width * padded);
    float *matrix = malloc(count * sizeof *matrix), *again = malloc(count * sizeof *again);
    float *packed = calloc(size, sizeof *packed);
    if (matrix == NULL || again == NULL || packed == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        matrix[i] = (float)(i + 1);
    imp_packed_matrix_pack(&panels, matrix, packed);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            const int64_t at = r / width * width * padded + c * width + r % width;
            assert_true(packed[at] == matrix[r * columns + c]);
            packed[at] = -packed[at];
        }
    // what is left is padding, and still zero
    for (size_t i = 0; i < size; i++)
        assert_true(packed[i] <= 0.0F);
    imp_packed_matrix_unpack(&panels, packed, again);
    for (size_t i = 0; i < count; i++)
        assert_true(again[i] == -matrix[i]);
    free(matrix);
    free(again);
    free(packed);
}

static void test_panels(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 15, 16, 17, 33, 64, 66, 130};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (int r = 0; r < COUNT; r++)
        for (int c = 0; c < COUNT; c++)
            for (int64_t width = 16; width <= 64; width *= 2)
                compare(sizes[r], sizes[c], width);
}

static void test_masks(void **state)
{
    (void)state;
    enum { VALUES = 20000 };
    float *mask = malloc(VALUES * sizeof *mask), *other = malloc(VALUES * sizeof *other);
    if (mask == NULL || other == NULL)
        abort();
    const imp_dropout_key draws = {7, 3, 12};
    imp_dropout_draw_mask(&draws, 5, 0.3, VALUES, mask);
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
        imp_dropout_draw_mask(&others[i], i < 3 ? 5 : 6, 0.3, VALUES, other);
        assert_memory_not_equal(mask, other, VALUES * sizeof *mask);
    }
    imp_dropout_draw_mask(&draws, 5, 0.3, VALUES, other);
    assert_memory_equal(mask, other, VALUES * sizeof *mask);
    imp_dropout_draw_mask(&draws, 5, 0.0, VALUES, other);
    for (int i = 0; i < VALUES; i++)
        assert_true(other[i] == 1.0F);
    free(mask);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_panels),
        cmocka_unit_test(test_masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
