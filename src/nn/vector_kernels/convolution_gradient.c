// Gradient by the weights of a convolution.
//
// Plain version, for each run r, float k and output channel c:
//     sums[r][k][c] = sum over images and output pixels of in[r][k] * gradient[c]
//
// A tile of some k and one or two blocks of channels stays in registers while it walks over the
// pixels of a few images; then it is added to the sums in memory. A few images, because then tile
// and pixels stay in the first-level cache, and because sums of some hundred terms round less than
// sums of many thousands.
#include "nn/vector_kernels/table.h"
#include "nn/vector_kernels/tile.h"

enum { GROUP_PIXELS = 128 }; // a group of images has at least so many pixels

// Images [first, end) that are summed together.
typedef struct image_group {
    size_t first, end;
} image_group;

// Adds the group's sums of one tile to the memory at `sums`. `floats` and `vectors` are constants.
IMP_ALWAYS_INLINE void add_weight_gradient_of_tile(const imp_conv_gradient *g, image_group group,
                                                   const float *in, size_t block, float *sums,
                                                   size_t floats, size_t vectors)
{
    const size_t block_size = g->runs.count * g->runs.length * IMP_CHANNEL_BLOCK;
    vector all[TILE_ROWS][TILE_VECTORS];
    // the sums stay in registers over all pixels of the group
    for (size_t k = 0; k < floats; k++)
        for (size_t v = 0; v < vectors; v++)
            all[k][v] = (vector){0.0F};
    for (size_t image = group.first; image < group.end; image++)
        for (size_t row = 0; row < g->rows; row++) {
            const float *at = in + image * g->in.image + row * g->in.row;
            const float *gradient = g->gradient.data + image * g->gradient.image +
                                    row * g->gradient.row + block * IMP_CHANNEL_BLOCK;
            for (size_t x = 0; x < g->columns;
                 x++, at += g->in.pixel, gradient += g->gradient.pixel) {
                prefetch_to_read(at + g->in.row);
                // outer product of the run's inputs and the output's gradient
                vector slope[TILE_VECTORS];
                for (size_t v = 0; v < vectors; v++)
                    slope[v] = vector_load(gradient + v * VECTOR_LANES);
                for (size_t k = 0; k < floats; k++) {
                    const vector value = vector_splat(at[k]);
                    for (size_t v = 0; v < vectors; v++)
                        all[k][v] = vector_multiply_add(value, slope[v], all[k][v]);
                }
            }
        }
    for (size_t k = 0; k < floats; k++)
        for (size_t v = 0; v < vectors; v++) {
            // blocks lie block_size apart, floats of a run one block of channels
            float *to = sums + v / BLOCK_VECTORS * block_size + k * IMP_CHANNEL_BLOCK +
                        v % BLOCK_VECTORS * VECTOR_LANES;
            vector_store(to, vector_load(to) + all[k][v]);
        }
}

typedef void add_tile_function(const imp_conv_gradient *g, image_group group, const float *in,
                               size_t block, float *sums);

#define TILE(floats)                                                                               \
    static void add_tile_wide_##floats(const imp_conv_gradient *g, image_group group,              \
                                       const float *in, size_t block, float *sums)                 \
    {                                                                                              \
        add_weight_gradient_of_tile(g, group, in, block, sums, floats, TILE_VECTORS);              \
    }                                                                                              \
    static void add_tile_##floats(const imp_conv_gradient *g, image_group group, const float *in,  \
                                  size_t block, float *sums)                                       \
    {                                                                                              \
        add_weight_gradient_of_tile(g, group, in, block, sums, floats, BLOCK_VECTORS);             \
    }
IMP_TILE_ROWS_MAP(TILE)
#undef TILE

// [wide][floats - 1]
#define TILE(rows) add_tile_##rows,
#define TILE_WIDE(rows) add_tile_wide_##rows,
static add_tile_function *const tiles[2][TILE_ROWS] = {{IMP_TILE_ROWS_MAP(TILE)},
                                                       {IMP_TILE_ROWS_MAP(TILE_WIDE)}};
#undef TILE
#undef TILE_WIDE

// All tiles of the blocks from `block` on, for one group of images.
static void add_tile_sums_of_blocks(const imp_conv_gradient *g, image_group group, size_t block,
                                    bool wide)
{
    const size_t length = g->runs.length, count = (length + TILE_ROWS - 1) / TILE_ROWS;
    float *sums = g->sums + block * g->runs.count * length * IMP_CHANNEL_BLOCK;
    for (size_t r = 0; r < g->runs.count; r++)
        for (size_t i = 0; i < count; i++) {
            // tiles of about the same size
            const size_t from = length * i / count, end = length * (i + 1) / count;
            tiles[wide][end - from - 1](g, group, g->in.data + g->runs.offsets[r] + from, block,
                                        sums + (r * length + from) * IMP_CHANNEL_BLOCK);
        }
}

void IMP_KERNEL(conv_gradient)(const imp_conv_gradient *g, size_t batch)
{
    const size_t pixels = g->rows * g->columns;
    const size_t together = pixels < GROUP_PIXELS ? (GROUP_PIXELS + pixels - 1) / pixels : 1;
    memset(g->sums, 0,
           g->blocks * g->runs.count * g->runs.length * IMP_CHANNEL_BLOCK * sizeof *g->sums);
    for (size_t first = 0; first < batch; first += together) {
        const image_group group = {first, first + together < batch ? first + together : batch};
        size_t block = 0;
        for (; block + TILE_BLOCKS <= g->blocks; block += TILE_BLOCKS)
            add_tile_sums_of_blocks(g, group, block, true);
        for (; block < g->blocks; block++)
            add_tile_sums_of_blocks(g, group, block, false);
    }
}
