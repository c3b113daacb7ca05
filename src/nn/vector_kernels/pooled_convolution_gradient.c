// Gradient by the weights of a convolution under a max-pool.
//
// Below the pool only the maximum of each window has a gradient, so only these pixels are visited:
// about a fifth of the work. Plain version, for each pool window and channel c:
//     for each run r, float k: sums[c][r][k] += gradient[c] * in at the window's maximum [r][k]
//
// Here lanes are the floats k of a run, so that one channel's sums are a few registers. A row of
// the pool is handled at a time: what runs see at each pixel is copied to patches of 16 floats,
// aligned loads that stay in the first-level cache while all channels pass over them. Patches are
// (columns x rows of the input x 16), so that the runs of a pixel are neighbours.
#include "nn/vector_kernels/table.h"
#include "nn/vector_kernels/vector.h"

enum {
    MAX_RUNS = 5, // whose sums are in registers at once
    // of the pool: large, because each channel of a tile costs some 90 cycles beside its work
    TILE_COLUMNS = 10,
};

// A tile of one channel.
typedef struct pool_tile {
    size_t rows, columns; // of the pool
    const float *gradient;
    const int32_t *argmax;
    const size_t *places; // of each position in a window [floats from the window's first patch]
} pool_tile;

// Rows of the input that some rows of the pool see.
static size_t count_input_rows_of_pool_rows(const imp_pooled_conv_gradient *g, size_t rows)
{
    return ((rows - 1) * g->stride + g->kernel - 1) * g->row_stride + g->runs.count;
}

// Copies what 16 floats of the runs see. in: the first of them at the tile's first pixel.
static void copy_patches(const imp_pooled_conv_gradient *g, const pool_tile *tile, const float *in)
{
    const size_t rows = count_input_rows_of_pool_rows(g, tile->rows);
    const size_t columns = (tile->columns - 1) * g->stride + g->kernel;
    float *out = g->patches;
    for (size_t x = 0; x < columns; x++, in += g->in.pixel)
        for (size_t row = 0; row < rows; row++, out += IMP_CHANNEL_BLOCK)
            for (size_t v = 0; v < BLOCK_VECTORS; v++)
                vector_store(out + v * VECTOR_LANES,
                             vector_load(in + row * g->in_row + v * VECTOR_LANES));
}

// Adds the tile's maxima to the sums of `runs` runs of one channel; `runs` is a constant. patches:
// those of the first run.
IMP_ALWAYS_INLINE void add_weight_gradient_of_tile(const imp_pooled_conv_gradient *g,
                                                   const pool_tile *tile, const float *patches,
                                                   float *sums, size_t runs)
{
    const size_t channels = g->out_size.channels, width = g->out_size.width;
    const size_t step =
        g->stride * count_input_rows_of_pool_rows(g, tile->rows) * IMP_CHANNEL_BLOCK;
    vector all[MAX_RUNS][BLOCK_VECTORS];
    // continue the sums of earlier tiles
    for (size_t r = 0; r < runs; r++)
        for (size_t v = 0; v < BLOCK_VECTORS; v++)
            all[r][v] = vector_load(sums + r * IMP_CHANNEL_BLOCK + v * VECTOR_LANES);
    for (size_t y = 0; y < tile->rows; y++) {
        const float *window = patches + y * g->stride * g->row_stride * IMP_CHANNEL_BLOCK;
        const float *gradient = tile->gradient + y * g->gradient.row;
        const int32_t *argmax = tile->argmax + y * width * channels;
        for (size_t x = 0; x < tile->columns; x++, window += step) {
            // only the patch of the window's maximum takes part
            const vector slope = vector_splat(gradient[x * g->gradient.pixel]);
            const float *at = window + tile->places[argmax[x * channels]];
            for (size_t r = 0; r < runs; r++)
                for (size_t v = 0; v < BLOCK_VECTORS; v++)
                    all[r][v] = vector_multiply_add(
                        vector_load(at + r * IMP_CHANNEL_BLOCK + v * VECTOR_LANES), slope,
                        all[r][v]);
        }
    }
    for (size_t r = 0; r < runs; r++)
        for (size_t v = 0; v < BLOCK_VECTORS; v++)
            vector_store(sums + r * IMP_CHANNEL_BLOCK + v * VECTOR_LANES, all[r][v]);
}

// The same for any number of runs, five at a time.
static void add_weight_gradient_of_all_runs(const imp_pooled_conv_gradient *g,
                                            const pool_tile *tile, float *sums)
{
    size_t r = 0;
    for (; r + 5 <= g->runs.count; r += 5)
        add_weight_gradient_of_tile(g, tile, g->patches + r * IMP_CHANNEL_BLOCK,
                                    sums + r * IMP_CHANNEL_BLOCK, 5);
    for (; r + 3 <= g->runs.count; r += 3)
        add_weight_gradient_of_tile(g, tile, g->patches + r * IMP_CHANNEL_BLOCK,
                                    sums + r * IMP_CHANNEL_BLOCK, 3);
    for (; r < g->runs.count; r++)
        add_weight_gradient_of_tile(g, tile, g->patches + r * IMP_CHANNEL_BLOCK,
                                    sums + r * IMP_CHANNEL_BLOCK, 1);
}

// Asks for a column of what the tile to the right reads.
static void prefetch_column(const imp_pooled_conv_gradient *g, const pool_tile *tile, size_t column)
{
    const size_t channels = g->out_size.channels, x = tile->columns + column;
    for (size_t y = 0; y < tile->rows; y++)
        for (size_t c = 0; c < channels; c += IMP_CHANNEL_BLOCK) {
            prefetch_to_read(tile->gradient + y * g->gradient.row + x * g->gradient.pixel + c);
            prefetch_to_read(tile->argmax + (y * g->out_size.width + x) * channels + c);
        }
}

// Adds the tile from row y and column x of the pool on, for the floats of all runs from 16 * part
// on.
static void add_tile_channels(const imp_pooled_conv_gradient *g, size_t image, size_t part,
                              size_t y, size_t x, pool_tile tile)
{
    const size_t channel_size =
        imp_pooled_conv_gradient_vectors(g) * g->runs.count * IMP_CHANNEL_BLOCK;
    const size_t row = image * g->out_size.height + y;
    // the places of a window's pixels follow from the tile's number of rows
    size_t places[IMP_POOL_KERNEL_MAX * IMP_POOL_KERNEL_MAX];
    for (size_t k = 0; k < g->kernel * g->kernel; k++)
        places[k] = (k % g->kernel * count_input_rows_of_pool_rows(g, tile.rows) +
                     k / g->kernel * g->row_stride) *
                    IMP_CHANNEL_BLOCK;
    tile.places = places;
    tile.gradient =
        g->gradient.data + image * g->gradient.image + y * g->gradient.row + x * g->gradient.pixel;
    tile.argmax = g->argmax + (row * g->out_size.width + x) * g->out_size.channels;
    copy_patches(g, &tile,
                 g->in.data + image * g->in.image + y * g->stride * g->in.row +
                     x * g->stride * g->in.pixel + part * IMP_CHANNEL_BLOCK);
    float *sums = g->sums + part * g->runs.count * IMP_CHANNEL_BLOCK;
    const pool_tile first = tile;
    for (size_t c = 0; c < g->out_size.channels; c++, tile.gradient++, tile.argmax++) {
        if (c < tile.columns)
            prefetch_column(g, &first, c);
        add_weight_gradient_of_all_runs(g, &tile, sums + c * channel_size);
    }
}

void IMP_KERNEL(pooled_conv_gradient)(const imp_pooled_conv_gradient *g, size_t batch)
{
    const size_t height = g->out_size.height, width = g->out_size.width;
    const size_t parts = imp_pooled_conv_gradient_vectors(g);
    const size_t across = (width + TILE_COLUMNS - 1) / TILE_COLUMNS;
    memset(g->sums, 0, imp_pooled_conv_gradient_sum_count(g) * sizeof *g->sums);
    for (size_t i = 0; i < batch * parts; i++)
        for (size_t y = 0; y < height; y += IMP_POOL_TILE_ROWS)
            for (size_t k = 0; k < across; k++) {
                // tiles of about the same width
                const size_t x = width * k / across;
                const pool_tile tile = {
                    .rows = height - y < IMP_POOL_TILE_ROWS ? height - y : IMP_POOL_TILE_ROWS,
                    .columns = width * (k + 1) / across - x};
                add_tile_channels(g, i / parts, i % parts, y, x, tile);
            }
}
