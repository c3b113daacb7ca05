// Batch norm, forward and backward, with given statistics or with those of the batch, and the sums
// over images and pixels that it and the gradients of biases need.
//
// Plain version, forward: out = in * scale + shift, with scale = gain * rate and shift = bias -
// mean * scale, and perhaps a ReLU. Backward, with x = (in - mean) * rate and the gradient g by the
// output (zero where the ReLU was): gain_gradient = sum of g * x, bias_gradient = sum of g. The
// gradient by the input is g * scale with given statistics; with those of the batch it is
// scale * (g - mean of g - x * mean of g * x).
//
// Lanes are channels. Sums are floats over the pixels of one image, and doubles over images.
#include "nn/vector_kernels/table.h"
#include "nn/vector_kernels/vector.h"

enum { SUM_BLOCKS = 2 }; // blocks of channels that channel_sums adds at a time

// Row `y` of an image, from channel c on.
IMP_ALWAYS_INLINE float *row_at(const imp_image_view *view, size_t image, size_t y, size_t c)
{
    return view->data + image * view->image + y * view->row + c;
}

// Adds the lanes of a vector to doubles.
IMP_ALWAYS_INLINE void add_vector_to_sums(double *sums, vector values)
{
    for (int i = 0; i < VECTOR_LANES; i++)
        sums[i] += (double)values[i];
}

// Sums of `blocks` blocks of channels from channel c on; `blocks` is a constant.
IMP_ALWAYS_INLINE void sum_channel_blocks(const imp_image_view *in, const imp_image_size *size,
                                          size_t batch, size_t c, size_t blocks, float *sums)
{
    double total[SUM_BLOCKS * IMP_CHANNEL_BLOCK] = {0.0};
    for (size_t image = 0; image < batch; image++) {
        vector sum[SUM_BLOCKS * BLOCK_VECTORS] = {{0.0F}};
        for (size_t y = 0; y < size->height; y++) {
            const float *at = row_at(in, image, y, c);
            for (size_t x = 0; x < size->width; x++, at += in->pixel)
                for (size_t v = 0; v < blocks * BLOCK_VECTORS; v++)
                    sum[v] += vector_load(at + v * VECTOR_LANES);
        }
        for (size_t v = 0; v < blocks * BLOCK_VECTORS; v++)
            add_vector_to_sums(total + v * VECTOR_LANES, sum[v]);
    }
    for (size_t i = 0; i < blocks * IMP_CHANNEL_BLOCK; i++)
        sums[c + i] = (float)total[i];
}

void IMP_KERNEL(channel_sums)(const imp_image_view *in, const imp_image_size *size, size_t batch,
                              float *sums)
{
    size_t c = 0;
    for (; c + SUM_BLOCKS * IMP_CHANNEL_BLOCK <= size->channels;
         c += SUM_BLOCKS * IMP_CHANNEL_BLOCK)
        sum_channel_blocks(in, size, batch, c, SUM_BLOCKS, sums);
    for (; c < size->channels; c += IMP_CHANNEL_BLOCK)
        sum_channel_blocks(in, size, batch, c, 1, sums);
}

// Mean, then variance, of channels [c, c + lanes) over the batch.
static void compute_statistics(const imp_norm *n, size_t batch, size_t c)
{
    const double count = (double)(batch * n->size.height * n->size.width);
    const size_t left = n->channels - c, lanes = left < VECTOR_LANES ? left : VECTOR_LANES;
    vector mean = {0.0F};
    // two passes: the variance of differences from the mean loses no digits
    for (int pass = 0; pass < 2; pass++) {
        double total[VECTOR_LANES] = {0.0};
        // sums of one image in single precision, of the batch in double precision
        for (size_t image = 0; image < batch; image++) {
            vector sum = {0.0F};
            for (size_t y = 0; y < n->size.height; y++) {
                const float *at = row_at(&n->in, image, y, c);
                for (size_t x = 0; x < n->size.width; x++, at += n->in.pixel) {
                    const vector value = vector_load(at) - mean;
                    sum += pass == 0 ? value : value * value;
                }
            }
            add_vector_to_sums(total, sum);
        }
        for (size_t i = 0; i < lanes; i++) {
            const float result = (float)(total[i] / count);
            (pass == 0 ? n->mean : n->variance)[c + i] = result;
            if (pass == 0)
                mean[i] = result;
        }
    }
}

// Folds statistics, gain and bias. In double, because variance + epsilon may be tiny.
void IMP_KERNEL(fold_batch_norm)(const imp_norm *n, size_t batch)
{
    (void)batch;
    for (size_t c = 0; c < n->channels; c++) {
        const double rate = 1.0 / sqrt((double)n->variance[c] + n->epsilon);
        const double scale = (double)n->gain[c] * rate;
        n->rate[c] = (float)rate;
        n->scale[c] = (float)scale;
        n->shift[c] = (float)((double)n->bias[c] - (double)n->mean[c] * scale);
    }
}

void IMP_KERNEL(batch_norm)(const imp_norm *n, size_t batch)
{
    if (n->batch_statistics) {
        for (size_t c = 0; c < n->channels; c += VECTOR_LANES)
            compute_statistics(n, batch, c);
        IMP_KERNEL(fold_batch_norm)(n, batch);
    }
    const size_t channels = n->size.channels, count = n->size.width * channels;
    for (size_t row = 0; row < batch * n->size.height; row++) {
        const size_t image = row / n->size.height, y = row % n->size.height;
        const float *in = row_at(&n->in, image, y, 0);
        float *out = row_at(&n->out, image, y, 0);
        for (size_t i = 0, c = 0; i < count; i += VECTOR_LANES) {
            const vector value = vector_multiply_add(vector_load(in + i), vector_load(n->scale + c),
                                                     vector_load(n->shift + c));
            vector_store(out + i, n->relu ? vector_relu(value) : value);
            c = c + VECTOR_LANES == channels ? 0 : c + VECTOR_LANES;
        }
    }
}

// Work arrays of the backward pass, each as long as the padded channels.
typedef struct norm_work {
    double *products, *gradients;            // sums over all images of g * (in - mean), and of g
    float *image_products, *image_gradients; // the same of one image
    float *mean;
    float *slope, *offset; // gradient by the input = g * scale + (in - mean) * slope + offset
} norm_work;

// The arrays lie one after the other, those of doubles first; all but the means begin at zero.
static norm_work set_up_work_arrays(const imp_norm *n)
{
    const size_t channels = n->size.channels;
    float *work = n->work;
    memset(work, 0, IMP_NORM_WORK_ARRAYS * channels * sizeof *work);
    memcpy(work + 6 * channels, n->mean, n->channels * sizeof *work);
    return (norm_work){.products = (double *)(void *)work,
                       .gradients = (double *)(void *)(work + 2 * channels),
                       .image_products = work + 4 * channels,
                       .image_gradients = work + 5 * channels,
                       .mean = work + 6 * channels,
                       .slope = work + 7 * channels,
                       .offset = work + 8 * channels};
}

// One block of channels of a row of an image: sums, the gradient by the input, or both. What to do
// is constant.
IMP_ALWAYS_INLINE void norm_gradient_block(const imp_norm *n, const norm_work *w, size_t image,
                                           size_t y, size_t c, bool sum, bool write, bool batch)
{
    const float *in = row_at(&n->in, image, y, c), *gradient = row_at(&n->gradient, image, y, c);
    const float *added = n->added.data == NULL ? NULL : row_at(&n->added, image, y, c);
    float *out = row_at(&n->in_gradient, image, y, c);
    for (size_t v = 0; v < BLOCK_VECTORS; v++, c += VECTOR_LANES) {
        const size_t at = v * VECTOR_LANES;
        const vector scale = vector_load(n->scale + c), shift = vector_load(n->shift + c);
        const vector mean = vector_load(w->mean + c);
        const vector slope = vector_load(w->slope + c), offset = vector_load(w->offset + c);
        vector products = vector_load(w->image_products + c);
        vector gradients = vector_load(w->image_gradients + c);
        for (size_t x = 0; x < n->size.width; x++) {
            const vector value = vector_load(in + x * n->in.pixel + at);
            vector given = vector_load(gradient + x * n->gradient.pixel + at);
            // a ReLU passes the gradient only where its output was positive
            const vector result = vector_multiply_add(value, scale, shift);
            if (n->relu)
                given = (vector)((result > 0.0F) & (vector_int)given);
            if (sum) {
                products = vector_multiply_add(given, value - mean, products);
                gradients += given;
            }
            if (!write)
                continue;
            given *= scale;
            if (batch)
                given += vector_multiply_add(value - mean, slope, offset);
            if (added != NULL)
                given += vector_load(added + x * n->added.pixel + at);
            vector_store(out + x * n->in_gradient.pixel + at, given);
        }
        vector_store(w->image_products + c, products);
        vector_store(w->image_gradients + c, gradients);
    }
}

// All images of the batch, row by row: the blocks of a row lie side by side in memory.
IMP_ALWAYS_INLINE void norm_gradient_pass(const imp_norm *n, const norm_work *w, size_t count,
                                          bool sum, bool write, bool batch)
{
    for (size_t image = 0; image < count; image++) {
        for (size_t y = 0; y < n->size.height; y++)
            for (size_t c = 0; c < n->size.channels; c += IMP_CHANNEL_BLOCK)
                norm_gradient_block(n, w, image, y, c, sum, write, batch);
        for (size_t c = 0; c < n->size.channels && sum; c++) {
            w->products[c] += (double)w->image_products[c];
            w->gradients[c] += (double)w->image_gradients[c];
            w->image_products[c] = w->image_gradients[c] = 0.0F;
        }
    }
}

// Gradients by gain and bias, and what the gradient by the input owes to statistics that depend on
// it.
static void finish_gradient_sums(const imp_norm *n, const norm_work *w, double count)
{
    for (size_t c = 0; c < n->channels; c++) {
        const double rate = (double)n->rate[c], scale = (double)n->scale[c];
        n->gain_gradient[c] = (float)(w->products[c] * rate);
        n->bias_gradient[c] = (float)w->gradients[c];
        w->slope[c] = (float)(-scale * rate * rate * w->products[c] / count);
        w->offset[c] = (float)(-scale * w->gradients[c] / count);
    }
}

// With given statistics one pass is enough.
void IMP_KERNEL(batch_norm_gradient)(const imp_norm *n, size_t batch)
{
    const norm_work work = set_up_work_arrays(n);
    const double count = (double)(batch * n->size.height * n->size.width);
    if (!n->batch_statistics) {
        norm_gradient_pass(n, &work, batch, true, true, false);
        finish_gradient_sums(n, &work, count);
        return;
    }
    norm_gradient_pass(n, &work, batch, true, false, true);
    finish_gradient_sums(n, &work, count);
    norm_gradient_pass(n, &work, batch, false, true, true);
}
