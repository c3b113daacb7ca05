// Convolutions: forward, and the gradient by the input, which is a convolution, too.
//
// Plain version, for each output pixel and output channel c:
//     sum = bias[c]
//     for each run r, for each float k: sum += in[r][k] * weights[r][k][c]
//
// A tile of pixels and one or two blocks of channels is computed at a time: its sums stay in
// registers, one vector of weights is loaded for all pixels, and one float of the input, in all
// lanes, for all channels. With 16 registers of 8 floats a tile is 6 pixels x 16 channels: 12
// sums, 2 vectors of weights, one of the input. 12 chains also hide the 4 to 5 cycles that a
// multiply-add takes. With 32 registers of 16 floats it is 14 pixels x 32 channels.
#include "nn/vector_kernels/table.h"
#include "nn/vector_kernels/tile.h"

// Where the pixels of a tile lie.
typedef struct tile_pixels {
    const float *in[TILE_ROWS], *added[TILE_ROWS];
    float *out[TILE_ROWS];
} tile_pixels;

// One tile: `pixels` and `vectors` are constants at every call, so that all loops over them unroll
// and the sums stay in registers.
IMP_ALWAYS_INLINE void convolve_register_tile(const imp_conv *c, size_t block,
                                              const tile_pixels *tile, size_t pixels,
                                              size_t vectors)
{
    const size_t length = c->runs.length;
    const size_t block_size = c->runs.count * length * IMP_CHANNEL_BLOCK;
    const float *weights = c->weights + block * block_size;
    vector sums[TILE_ROWS][TILE_VECTORS];
    // begin with the bias
    IMP_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        const size_t channel = block * IMP_CHANNEL_BLOCK + v * VECTOR_LANES;
        const vector first = c->bias == NULL ? (vector){0.0F} : vector_load(c->bias + channel);
        IMP_UNROLL
        for (size_t p = 0; p < pixels; p++)
            sums[p][v] = first;
    }
    // each input value times the weights of all output channels of the block
    for (size_t r = 0; r < c->runs.count; r++) {
        // where each pixel's run of inputs begins
        const float *in[TILE_ROWS];
        for (size_t p = 0; p < pixels; p++)
            in[p] = tile->in[p] + c->runs.offsets[r];
        for (size_t k = 0; k < length; k++, weights += IMP_CHANNEL_BLOCK) {
            vector weight[TILE_VECTORS];
            for (size_t v = 0; v < vectors; v++)
                weight[v] = vector_load(weights + v / BLOCK_VECTORS * block_size +
                                        v % BLOCK_VECTORS * VECTOR_LANES);
            for (size_t p = 0; p < pixels; p++) {
                const vector value = vector_splat(in[p][k]);
                for (size_t v = 0; v < vectors; v++)
                    sums[p][v] = vector_multiply_add(value, weight[v], sums[p][v]);
            }
        }
    }
    // what is fused into the convolution: a residual branch and ReLU
    const size_t channel = block * IMP_CHANNEL_BLOCK;
    if (c->added.data != NULL)
        IMP_UNROLL
    for (size_t p = 0; p < pixels; p++)
        IMP_UNROLL
    for (size_t v = 0; v < vectors; v++)
        sums[p][v] += vector_load(tile->added[p] + channel + v * VECTOR_LANES);
    if (c->relu)
        IMP_UNROLL
    for (size_t p = 0; p < pixels; p++)
        IMP_UNROLL
    for (size_t v = 0; v < vectors; v++)
        sums[p][v] = vector_relu(sums[p][v]);
    IMP_UNROLL
    for (size_t p = 0; p < pixels; p++)
        IMP_UNROLL
    for (size_t v = 0; v < vectors; v++)
        vector_store(tile->out[p] + channel + v * VECTOR_LANES, sums[p][v]);
}

typedef void tile_function(const imp_conv *c, size_t block, const tile_pixels *tile);

// One function for each number of pixels, with as many vectors as fit, or those of one block.
#define TILE(pixels)                                                                               \
    static void tile_wide_##pixels(const imp_conv *c, size_t block, const tile_pixels *tile)       \
    {                                                                                              \
        convolve_register_tile(c, block, tile, pixels, TILE_VECTORS);                              \
    }                                                                                              \
    static void tile_##pixels(const imp_conv *c, size_t block, const tile_pixels *tile)            \
    {                                                                                              \
        convolve_register_tile(c, block, tile, pixels, BLOCK_VECTORS);                             \
    }
IMP_TILE_ROWS_MAP(TILE)
#undef TILE

// [wide][pixels - 1]
#define TILE(rows) tile_##rows,
#define TILE_WIDE(rows) tile_wide_##rows,
static tile_function *const tiles[2][TILE_ROWS] = {{IMP_TILE_ROWS_MAP(TILE)},
                                                   {IMP_TILE_ROWS_MAP(TILE_WIDE)}};
#undef TILE
#undef TILE_WIDE

// Computes all channels of the tile's pixels.
static void convolve_tile_blocks(const imp_conv *c, const tile_pixels *tile, size_t pixels)
{
    size_t block = 0;
    for (; block + TILE_BLOCKS <= c->blocks; block += TILE_BLOCKS)
        tiles[1][pixels - 1](c, block, tile);
    for (; block < c->blocks; block++)
        tiles[0][pixels - 1](c, block, tile);
}

// Asks for what the end of a tile adds and writes.
static void prefetch_results(const imp_conv *c, const tile_pixels *tile, size_t pixel)
{
    for (size_t block = 0; block < c->blocks; block++) {
        prefetch_to_write(tile->out[pixel] + block * IMP_CHANNEL_BLOCK);
        if (tile->added[pixel] != NULL)
            prefetch_to_read(tile->added[pixel] + block * IMP_CHANNEL_BLOCK);
    }
}

// Grid of one image, cut into tiles of about the same size: pixels are numbered row by row, and
// tiles go across the ends of rows.
static void convolve_image(const imp_conv *c, size_t image)
{
    const size_t total = c->rows * c->columns, count = (total + TILE_ROWS - 1) / TILE_ROWS;
    const float *added = c->added.data;
    tile_pixels tile;
    size_t row = 0, column = 0;
    for (size_t i = 0; i < count; i++) {
        // sizes of tiles differ by one at most
        const size_t pixels = total * (i + 1) / count - total * i / count;
        // addresses of the tile's pixels in input, output and residual branch
        for (size_t p = 0; p < pixels; p++) {
            tile.in[p] = c->in.data + image * c->in.image + row * c->in.row + column * c->in.pixel;
            tile.out[p] =
                c->out.data + image * c->out.image + row * c->out.row + column * c->out.pixel;
            tile.added[p] = added == NULL ? NULL
                                          : added + image * c->added.image + row * c->added.row +
                                                column * c->added.pixel;
            prefetch_results(c, &tile, p);
            if (++column == c->columns) {
                column = 0;
                row++;
            }
        }
        convolve_tile_blocks(c, &tile, pixels);
    }
}

void IMP_KERNEL(conv)(const imp_conv *c, size_t batch)
{
    for (size_t image = 0; image < batch; image++)
        convolve_image(c, image);
}

// Maximum of the pool window at `place` in the rows, and, if `argmax` is not NULL, its position in
// the window, row by row. The first of equal values wins.
IMP_ALWAYS_INLINE void max_of_rows(const imp_conv_pool *p, const float *const *rows, size_t kernel,
                                   size_t place, float *out, int32_t *argmax)
{
    vector best = vector_load(rows[0] + place);
    vector_int where = {0};
    for (size_t y = 0; y < kernel; y++)
        for (size_t x = y == 0 ? 1 : 0; x < kernel; x++) {
            const vector value = vector_load(rows[y] + place + x * p->out_size.channels);
            if (argmax != NULL)
                where = vector_select_int(value > best, vector_splat_int((int32_t)(y * kernel + x)),
                                          where);
            best = vector_max(value, best);
        }
    vector_store(out, best);
    if (argmax != NULL)
        memcpy(argmax, &where, sizeof where);
}

// One row of the pool. `kernel` and whether argmax is NULL are constants.
IMP_ALWAYS_INLINE void max_pool_row_of_ring_buffer(const imp_conv_pool *p, size_t kernel,
                                                   size_t first_row, float *out, int32_t *argmax)
{
    const size_t channels = p->out_size.channels;
    // row n of the convolution lies in slot n % kernel of the ring
    const float *rows[IMP_POOL_KERNEL_MAX];
    for (size_t y = 0; y < kernel; y++)
        rows[y] = p->ring + (first_row + y) % kernel * p->conv.columns * channels;
    for (size_t x = 0; x < p->out_size.width; x++)
        for (size_t c = 0; c < channels; c += VECTOR_LANES)
            max_of_rows(p, rows, kernel, x * p->stride * channels + c, out + x * p->out.pixel + c,
                        argmax == NULL ? NULL : argmax + x * channels + c);
}

// Constants let the compiler unroll the usual kernel of 3, with and without argmax.
static void pool_row(const imp_conv_pool *p, size_t first_row, float *out, int32_t *argmax)
{
    if (argmax == NULL && p->kernel == 3)
        max_pool_row_of_ring_buffer(p, 3, first_row, out, NULL);
    else if (argmax == NULL)
        max_pool_row_of_ring_buffer(p, p->kernel, first_row, out, NULL);
    else if (p->kernel == 3)
        max_pool_row_of_ring_buffer(p, 3, first_row, out, argmax);
    else
        max_pool_row_of_ring_buffer(p, p->kernel, first_row, out, argmax);
}

// One image: rows of the convolution are computed when the first window needs them.
static void convolve_and_pool_image(const imp_conv_pool *p, size_t image)
{
    const size_t channels = p->out_size.channels;
    const size_t row_size = p->conv.columns * channels;
    imp_conv row = p->conv;
    row.rows = 1;
    size_t done = 0;
    for (size_t y = 0; y < p->out_size.height; y++) {
        const size_t first = y * p->stride;
        // a pool with a stride above its kernel skips rows
        done = done < first ? first : done;
        for (; done < first + p->kernel; done++) {
            row.in.data = p->conv.in.data + image * p->conv.in.image + done * p->conv.in.row;
            row.out = (imp_image_view){p->ring + done % p->kernel * row_size, 0, 0, channels};
            convolve_image(&row, 0);
        }
        float *out = p->out.data + image * p->out.image + y * p->out.row;
        const size_t at = (image * p->out_size.height + y) * p->out_size.width * channels;
        pool_row(p, first, out, p->argmax == NULL ? NULL : p->argmax + at);
    }
}

void IMP_KERNEL(conv_pool)(const imp_conv_pool *p, size_t batch)
{
    for (size_t image = 0; image < batch; image++)
        convolve_and_pool_image(p, image);
}
