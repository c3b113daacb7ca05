// Converts matrices between row-major order and panels: `width` rows side by side, stored column by
// column.
// Plain version: panel value (column, row % width) = matrix[row][column].
// It is a transposition, done in squares of 4 x 4 within blocks of 16 columns (one cache line), so
// that every cache line is read and written once. Upcoming lines are prefetched.
#include "nn/kernels/packed_matrix.h"

#include <string.h>

enum { SIDE = 4, COLUMN_BLOCK = 16 };

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
static void transpose_4x4(const float *in, int64_t in_stride, float *out, int64_t out_stride)
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

// The same for any rectangle: squares of four first, then the rows and columns that are left.
static void transpose_rectangle(const float *in, int64_t in_stride, float *out, int64_t out_stride,
                                int64_t rows, int64_t columns)
{
    const int64_t whole_rows = rows / SIDE * SIDE, whole_columns = columns / SIDE * SIDE;
    for (int64_t r = 0; r < whole_rows; r += SIDE)
        for (int64_t c = 0; c < whole_columns; c += SIDE)
            transpose_4x4(in + r * in_stride + c, in_stride, out + c * out_stride + r, out_stride);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = r < whole_rows ? whole_columns : 0; c < columns; c++)
            out[c * out_stride + r] = in[r * in_stride + c];
}

// The column count of the panel layout: a multiple of 16.
static int64_t padded_columns(const imp_packed_matrix *panels)
{
    return (panels->columns + COLUMN_BLOCK - 1) / COLUMN_BLOCK * COLUMN_BLOCK;
}

// Prefetches two blocks ahead: one cache line of each row. Hardware prefetchers do not follow so
// many rows.
static void prefetch_column_block_ahead(const float *matrix, int64_t columns, int64_t column,
                                        int64_t rows)
{
    const int64_t at = column + 2 * COLUMN_BLOCK;
    for (int64_t r = 0; r < rows && at < columns; r++)
        __builtin_prefetch(matrix + r * columns + at, 1);
}

// Works in blocks of COLUMN_BLOCK columns, so that a cache line of every row is used completely
// while it is in the cache.
void imp_packed_matrix_pack(const imp_packed_matrix *panels, const float *matrix, float *out)
{
    const int64_t width = panels->width, columns = panels->columns;
    for (int64_t row = 0; row < panels->rows; row += width) {
        const int64_t rows = panels->rows - row < width ? panels->rows - row : width;
        float *panel = out + row * padded_columns(panels);
        for (int64_t c = 0; c < columns; c += COLUMN_BLOCK) {
            prefetch_column_block_ahead(matrix + row * columns, columns, c, rows);
            transpose_rectangle(matrix + row * columns + c, columns, panel + c * width, width, rows,
                                columns - c < COLUMN_BLOCK ? columns - c : COLUMN_BLOCK);
        }
    }
}

// The inverse: transposes each block of columns back into rows.
void imp_packed_matrix_unpack(const imp_packed_matrix *panels, const float *in, float *matrix)
{
    const int64_t width = panels->width, columns = panels->columns;
    for (int64_t row = 0; row < panels->rows; row += width) {
        const int64_t rows = panels->rows - row < width ? panels->rows - row : width;
        const float *panel = in + row * padded_columns(panels);
        for (int64_t c = 0; c < columns; c += COLUMN_BLOCK) {
            prefetch_column_block_ahead(matrix + row * columns, columns, c, rows);
            transpose_rectangle(panel + c * width, width, matrix + row * columns + c, columns,
                                columns - c < COLUMN_BLOCK ? columns - c : COLUMN_BLOCK, rows);
        }
    }
}
