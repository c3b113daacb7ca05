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

enum { MAX_RUNS = 5 }; // whose sums are in registers at once

// A pool row of one channel.
typedef struct channel_row {
    const float *gradient;
    const int32_t *argmax;
    const size_t *places; // of each position in a window [floats from the window's first patch]
} channel_row;

// Rows of the input that one row of the pool sees.
static size_t patch_rows(const imp_pooled_conv_gradient *g)
{
    return (g->kernel - 1) * g->row_stride + g->runs.count;
}

// Copies what 16 floats of the runs see. in: the first of them at the pool row's first pixel.
static void copy_patches(const imp_pooled_conv_gradient *g, const float *in)
{
    const size_t rows = patch_rows(g);
    float *out = g->patches;
    for (size_t x = 0; x < g->columns; x++, in += g->in.pixel)
        for (size_t row = 0; row < rows; row++, out += IMP_CHANNEL_BLOCK)
            for (size_t v = 0; v < BLOCK_VECTORS; v++)
                vector_store(out + v * VECTOR_LANES,
                             vector_load(in + row * g->in_row + v * VECTOR_LANES));
}

// Adds the row's maxima to the sums of `runs` runs of one channel; `runs` is a constant. patches:
// those of the first run.
IMP_ALWAYS_INLINE void add_row(const imp_pooled_conv_gradient *g, const channel_row *row,
                               const float *patches, float *sums, size_t runs)
{
    const size_t channels = g->out_size.channels;
    const size_t step = g->stride * patch_rows(g) * IMP_CHANNEL_BLOCK;
    vector all[MAX_RUNS][BLOCK_VECTORS];
    for (size_t r = 0; r < runs; r++)
        for (size_t v = 0; v < BLOCK_VECTORS; v++)
            all[r][v] = vector_load(sums + r * IMP_CHANNEL_BLOCK + v * VECTOR_LANES);
    for (size_t x = 0; x < g->out_size.width; x++, patches += step) {
        const vector slope = vector_splat(row->gradient[x * g->gradient.pixel]);
        const float *at = patches + row->places[row->argmax[x * channels]];
        for (size_t r = 0; r < runs; r++)
            for (size_t v = 0; v < BLOCK_VECTORS; v++)
                all[r][v] = vector_multiply_add(
                    vector_load(at + r * IMP_CHANNEL_BLOCK + v * VECTOR_LANES), slope, all[r][v]);
    }
    for (size_t r = 0; r < runs; r++)
        for (size_t v = 0; v < BLOCK_VECTORS; v++)
            vector_store(sums + r * IMP_CHANNEL_BLOCK + v * VECTOR_LANES, all[r][v]);
}

// The same for any number of runs, five at a time.
static void add_row_runs(const imp_pooled_conv_gradient *g, const channel_row *row, float *sums)
{
    size_t r = 0;
    for (; r + 5 <= g->runs.count; r += 5)
        add_row(g, row, g->patches + r * IMP_CHANNEL_BLOCK, sums + r * IMP_CHANNEL_BLOCK, 5);
    for (; r + 3 <= g->runs.count; r += 3)
        add_row(g, row, g->patches + r * IMP_CHANNEL_BLOCK, sums + r * IMP_CHANNEL_BLOCK, 3);
    for (; r < g->runs.count; r++)
        add_row(g, row, g->patches + r * IMP_CHANNEL_BLOCK, sums + r * IMP_CHANNEL_BLOCK, 1);
}

// Adds one image, for the floats of all runs from 16 * part on.
static void add_image(const imp_pooled_conv_gradient *g, size_t image, size_t part,
                      const size_t *places)
{
    const size_t channels = g->out_size.channels, width = g->out_size.width;
    const size_t channel_size =
        imp_pooled_conv_gradient_vectors(g) * g->runs.count * IMP_CHANNEL_BLOCK;
    const float *in = g->in.data + image * g->in.image + part * IMP_CHANNEL_BLOCK;
    for (size_t y = 0; y < g->out_size.height; y++, in += g->stride * g->in.row) {
        copy_patches(g, in);
        const float *gradient = g->gradient.data + image * g->gradient.image + y * g->gradient.row;
        const int32_t *argmax = g->argmax + (image * g->out_size.height + y) * width * channels;
        for (size_t c = 0; c < channels; c++) {
            const channel_row row = {gradient + c, argmax + c, places};
            add_row_runs(g, &row,
                         g->sums + c * channel_size + part * g->runs.count * IMP_CHANNEL_BLOCK);
        }
    }
}

void IMP_KERNEL(pooled_conv_gradient)(const imp_pooled_conv_gradient *g, size_t batch)
{
    memset(g->sums, 0, imp_pooled_conv_gradient_sum_count(g) * sizeof *g->sums);
    size_t places[IMP_POOL_KERNEL_MAX * IMP_POOL_KERNEL_MAX];
    for (size_t k = 0; k < g->kernel * g->kernel; k++)
        places[k] =
            (k % g->kernel * patch_rows(g) + k / g->kernel * g->row_stride) * IMP_CHANNEL_BLOCK;
    for (size_t image = 0; image < batch; image++)
        for (size_t part = 0; part < imp_pooled_conv_gradient_vectors(g); part++)
            add_image(g, image, part, places);
}
