// Transposes matrices in squares of 4 x 4, which fit into registers; rows and columns that are left
// are copied one value at a time.
#include "nn/kernels/transpose.h"

#include <string.h>

enum { SIDE = 4 };

typedef float quad __attribute__((vector_size(16)));

// memcpy() makes unaligned loads and stores of vector types legal.
static quad load_quad(const float *at)
{
    quad q;
    memcpy(&q, at, sizeof q);
    return q;
}

static void store_quad(float *at, quad q)
{
    memcpy(at, &q, sizeof q);
}

// Transposes a square of four: out[c * out_stride + r] = in[r * in_stride + c].
static void transpose_4x4(const float *in, size_t in_stride, float *out, size_t out_stride)
{
    // interleave pairs of rows, then combine halves
    const quad a = load_quad(in), b = load_quad(in + in_stride), c = load_quad(in + 2 * in_stride),
               d = load_quad(in + 3 * in_stride);
    const quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
               cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
               ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7),
               cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    store_quad(out, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
    store_quad(out + out_stride, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
    store_quad(out + 2 * out_stride, __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5));
    store_quad(out + 3 * out_stride, __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7));
}

// Squares of four first, then what is left.
void imp_transpose(const float *in, size_t in_stride, float *out, size_t out_stride, size_t rows,
                   size_t columns)
{
    const size_t whole_rows = rows / SIDE * SIDE, whole_columns = columns / SIDE * SIDE;
    for (size_t r = 0; r < whole_rows; r += SIDE)
        for (size_t c = 0; c < whole_columns; c += SIDE)
            transpose_4x4(in + r * in_stride + c, in_stride, out + c * out_stride + r, out_stride);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = r < whole_rows ? whole_columns : 0; c < columns; c++)
            out[c * out_stride + r] = in[r * in_stride + c];
}
