// Dense layers on row-major weights, as networks store them: to pack them for every step takes
// longer than to multiply.
//
// Plain versions:
//     forward:  out[n][o] = bias[o] + sum over inputs i of in[n][i] * weight[o][i]
//     data:     in_gradient[n][i] = sum over outputs o of gradient[n][o] * weight[o][i]
//     weights:  weight_gradient[o][i] = sum over samples n of gradient[n][o] * in[n][i]
//
// Lanes are inputs, which lie side by side. Forward keeps 16 partial sums, lane by lane, whatever
// the register's width, and adds them in a tree at the end. A tile of samples and outputs shares
// what it loads. Backward, a tile is a column of rows that lie kilobytes apart, so each asks for
// the lines of a tile further right. The last inputs are loaded in part, with zeros after them.
#include "nn/vector_kernels/table.h"
#include "nn/vector_kernels/vector.h"

enum {
    TILE_SAMPLES = VECTOR_LANES == 16 ? 4 : 3, // forward, in batches
    TILE_OUTPUTS = VECTOR_LANES == 16 ? 4 : 2,
    SINGLE_OUTPUTS = 4,                       // forward, one sample
    ROWS = 6,                                 // samples or outputs of a tile backward
    PREFETCH_COLUMNS = 2 * IMP_CHANNEL_BLOCK, // ahead of a tile backward
};

// The sum of 16 lanes: halves are added until one is left.
IMP_ALWAYS_INLINE float sum_of_block(const vector *values)
{
    float lanes[IMP_CHANNEL_BLOCK];
    for (size_t v = 0; v < BLOCK_VECTORS; v++)
        vector_store(lanes + v * VECTOR_LANES, values[v]);
    for (size_t half = IMP_CHANNEL_BLOCK / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            lanes[i] += lanes[i + half];
    return lanes[0];
}

// Loads 16 values, or the first `count` of them and zeros.
IMP_ALWAYS_INLINE void load_block(vector *values, const float *from, size_t count)
{
    float lanes[IMP_CHANNEL_BLOCK] = {0.0F};
    if (count < IMP_CHANNEL_BLOCK) {
        memcpy(lanes, from, count * sizeof *from);
        from = lanes;
    }
    for (size_t v = 0; v < BLOCK_VECTORS; v++)
        values[v] = vector_load(from + v * VECTOR_LANES);
}

// Adds 16 inputs, or the last `count`, to the sums of a tile.
IMP_ALWAYS_INLINE void multiply_add_inputs(const imp_dense *d, const float *in, const float *weight,
                                           size_t count, size_t samples, size_t outputs,
                                           vector sums[TILE_SAMPLES][TILE_OUTPUTS][BLOCK_VECTORS])
{
    vector values[TILE_SAMPLES][BLOCK_VECTORS], weights[BLOCK_VECTORS];
    for (size_t s = 0; s < samples; s++)
        load_block(values[s], in + s * d->in_stride, count);
    for (size_t o = 0; o < outputs; o++) {
        load_block(weights, weight + o * d->inputs, count);
        for (size_t s = 0; s < samples; s++)
            for (size_t v = 0; v < BLOCK_VECTORS; v++)
                sums[s][o][v] = vector_multiply_add(values[s][v], weights[v], sums[s][o][v]);
    }
}

// A tile of the output; `samples` and `outputs` are constants.
IMP_ALWAYS_INLINE void compute_output_tile(const imp_dense *d, size_t sample, size_t output,
                                           size_t samples, size_t outputs)
{
    vector sums[TILE_SAMPLES][TILE_OUTPUTS][BLOCK_VECTORS];
    for (size_t s = 0; s < samples; s++)
        for (size_t o = 0; o < outputs; o++)
            for (size_t v = 0; v < BLOCK_VECTORS; v++)
                sums[s][o][v] = (vector){0.0F};
    const float *in = d->in + sample * d->in_stride, *weight = d->weight + output * d->inputs;
    size_t i = 0;
    for (; i + IMP_CHANNEL_BLOCK <= d->inputs; i += IMP_CHANNEL_BLOCK)
        multiply_add_inputs(d, in + i, weight + i, IMP_CHANNEL_BLOCK, samples, outputs, sums);
    if (i < d->inputs)
        multiply_add_inputs(d, in + i, weight + i, d->inputs - i, samples, outputs, sums);
    for (size_t s = 0; s < samples; s++)
        for (size_t o = 0; o < outputs; o++) {
            const float sum = d->bias[output + o] + sum_of_block(sums[s][o]);
            d->out[(sample + s) * d->out_stride + output + o] =
                d->relu && !(sum > 0.0F) ? 0.0F : sum;
        }
}

// All outputs of some samples.
IMP_ALWAYS_INLINE void forward_samples(const imp_dense *d, size_t sample, size_t samples)
{
    size_t o = 0;
    for (; o + TILE_OUTPUTS <= d->outputs; o += TILE_OUTPUTS)
        compute_output_tile(d, sample, o, samples, TILE_OUTPUTS);
    for (; o < d->outputs; o++)
        compute_output_tile(d, sample, o, samples, 1);
}

void IMP_KERNEL(dense)(const imp_dense *d, size_t batch)
{
    size_t sample = 0;
    for (; sample + TILE_SAMPLES <= batch; sample += TILE_SAMPLES)
        forward_samples(d, sample, TILE_SAMPLES);
    for (; sample < batch; sample++)
        forward_samples(d, sample, 1);
}

// out[row][i] = sum over terms t of factors[row][t] * rows[t][i], plus added[row][i]: both
// gradients are this.
typedef struct row_product {
    size_t rows, terms, columns;
    const float *factors;
    size_t factor_row, factor_term; // floats from one row, or term, to the next
    const float *in;
    size_t in_stride;
    const float *added; // nullable, stride of out
    float *out;
    size_t out_stride;
} row_product;

// 16 columns, or the last `count`, of `rows` rows; `rows` is a constant.
IMP_ALWAYS_INLINE void multiply_matrix_tile(const row_product *p, size_t row, size_t column,
                                            size_t count, size_t rows)
{
    vector sums[ROWS][BLOCK_VECTORS];
    // the sums stay in registers over all terms
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < BLOCK_VECTORS; v++)
            sums[r][v] = (vector){0.0F};
    const float *factors = p->factors + row * p->factor_row, *in = p->in + column;
    for (size_t r = 0; r < rows; r++)
        prefetch_to_write(p->out + (row + r) * p->out_stride + column + PREFETCH_COLUMNS);
    // one term: a row of values times one factor for each row of the result
    for (size_t t = 0; t < p->terms; t++, in += p->in_stride, factors += p->factor_term) {
        vector values[BLOCK_VECTORS];
        load_block(values, in, count);
        prefetch_to_read(in + PREFETCH_COLUMNS);
        for (size_t r = 0; r < rows; r++) {
            const vector factor = vector_splat(factors[r * p->factor_row]);
            for (size_t v = 0; v < BLOCK_VECTORS; v++)
                sums[r][v] = vector_multiply_add(factor, values[v], sums[r][v]);
        }
    }
    for (size_t r = 0; r < rows; r++) {
        // through memory, since the last columns may be fewer than a block
        float lanes[IMP_CHANNEL_BLOCK], *out = p->out + (row + r) * p->out_stride + column;
        for (size_t v = 0; v < BLOCK_VECTORS; v++)
            vector_store(lanes + v * VECTOR_LANES, sums[r][v]);
        if (p->added != NULL)
            for (size_t i = 0; i < count; i++)
                lanes[i] += p->added[(row + r) * p->out_stride + column + i];
        memcpy(out, lanes, count * sizeof *out);
    }
}

// Tiles of rows by one block of columns; what is left over takes smaller tiles.
static void multiply_rows(const row_product *p)
{
    for (size_t column = 0; column < p->columns; column += IMP_CHANNEL_BLOCK) {
        const size_t left = p->columns - column;
        const bool whole = left >= IMP_CHANNEL_BLOCK;
        size_t row = 0;
        for (; row + ROWS <= p->rows && whole; row += ROWS)
            multiply_matrix_tile(p, row, column, IMP_CHANNEL_BLOCK, ROWS);
        for (; row + 2 <= p->rows && whole; row += 2)
            multiply_matrix_tile(p, row, column, IMP_CHANNEL_BLOCK, 2);
        for (; row < p->rows; row++)
            multiply_matrix_tile(p, row, column, whole ? IMP_CHANNEL_BLOCK : left, 1);
    }
}

void IMP_KERNEL(dense_data_gradient)(const imp_dense *d, size_t batch)
{
    multiply_rows(&(row_product){.rows = batch,
                                 .terms = d->outputs,
                                 .columns = d->inputs,
                                 .factors = d->gradient,
                                 .factor_row = d->out_stride,
                                 .factor_term = 1,
                                 .in = d->weight,
                                 .in_stride = d->inputs,
                                 .added = d->added,
                                 .out = d->in_gradient,
                                 .out_stride = d->in_stride});
}

void IMP_KERNEL(dense_weight_gradient)(const imp_dense *d, size_t batch)
{
    multiply_rows(&(row_product){.rows = d->outputs,
                                 .terms = batch,
                                 .columns = d->inputs,
                                 .factors = d->gradient,
                                 .factor_row = 1,
                                 .factor_term = d->out_stride,
                                 .in = d->in,
                                 .in_stride = d->in_stride,
                                 .out = d->weight_gradient,
                                 .out_stride = d->inputs});
    for (size_t o = 0; o < d->outputs; o++) {
        float sum = 0.0F;
        for (size_t n = 0; n < batch; n++)
            sum += d->gradient[n * d->out_stride + o];
        d->bias_gradient[o] = sum;
    }
}
