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

// Row `y` of an image, from channel c on.
IMP_ALWAYS_INLINE float *row_at(const imp_image_view *view, size_t image, size_t y, size_t c)
{
    return view->data + image * view->image + y * view->row + c;
}

// Adds the lanes of a vector to doubles.
IMP_ALWAYS_INLINE void add_lanes(double *sums, vector values)
{
    for (int i = 0; i < VECTOR_LANES; i++)
        sums[i] += (double)values[i];
}

void IMP_KERNEL(channel_sums)(const imp_image_view *in, const imp_image_size *size, size_t batch,
                              float *sums)
{
    for (size_t c = 0; c < size->channels; c += VECTOR_LANES) {
        double total[VECTOR_LANES] = {0.0};
        for (size_t image = 0; image < batch; image++) {
            vector sum = {0.0F};
            for (size_t y = 0; y < size->height; y++) {
                const float *at = row_at(in, image, y, c);
                for (size_t x = 0; x < size->width; x++, at += in->pixel)
                    sum += vector_load(at);
            }
            add_lanes(total, sum);
        }
        for (int i = 0; i < VECTOR_LANES; i++)
            sums[c + (size_t)i] = (float)total[i];
    }
}

// Mean, then variance, of channels [c, c + lanes) over the batch.
static void compute_statistics(const imp_norm *n, size_t batch, size_t c)
{
    const double count = (double)(batch * n->size.height * n->size.width);
    const size_t left = n->channels - c, lanes = left < VECTOR_LANES ? left : VECTOR_LANES;
    vector mean = {0.0F};
    for (int pass = 0; pass < 2; pass++) {
        double total[VECTOR_LANES] = {0.0};
        for (size_t image = 0; image < batch; image++) {
            vector sum = {0.0F};
            for (size_t y = 0; y < n->size.height; y++) {
                const float *at = row_at(&n->in, image, y, c);
                for (size_t x = 0; x < n->size.width; x++, at += n->in.pixel) {
                    const vector value = vector_load(at) - mean;
                    sum += pass == 0 ? value : value * value;
                }
            }
            add_lanes(total, sum);
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
void IMP_KERNEL(norm_fold)(const imp_norm *n, size_t batch)
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

void IMP_KERNEL(norm)(const imp_norm *n, size_t batch)
{
    if (n->batch_statistics) {
        for (size_t c = 0; c < n->channels; c += VECTOR_LANES)
            compute_statistics(n, batch, c);
        IMP_KERNEL(norm_fold)(n, batch);
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

// What the backward pass needs of one block of channels, and its sums.
typedef struct norm_block {
    vector scale[BLOCK_VECTORS], shift[BLOCK_VECTORS], mean[BLOCK_VECTORS];
    // gradient by the input = g * scale + (in - mean) * slope + offset
    vector slope[BLOCK_VECTORS], offset[BLOCK_VECTORS];
    double products[IMP_CHANNEL_BLOCK];  // sum of g * (in - mean)
    double gradients[IMP_CHANNEL_BLOCK]; // sum of g
} norm_block;

// One row of an image: sums, the gradient by the input, or both. What to do is constant.
IMP_ALWAYS_INLINE void norm_gradient_row(const imp_norm *n, const norm_block *b, size_t image,
                                         size_t y, size_t c, bool sum, bool write, bool batch,
                                         vector products[BLOCK_VECTORS],
                                         vector gradients[BLOCK_VECTORS])
{
    const float *in = row_at(&n->in, image, y, c), *gradient = row_at(&n->gradient, image, y, c);
    const float *added = n->added.data == NULL ? NULL : row_at(&n->added, image, y, c);
    float *out = row_at(&n->in_gradient, image, y, c);
    for (size_t x = 0; x < n->size.width; x++)
        for (size_t v = 0; v < BLOCK_VECTORS; v++) {
            const size_t at = v * VECTOR_LANES;
            const vector value = vector_load(in + x * n->in.pixel + at);
            vector given = vector_load(gradient + x * n->gradient.pixel + at);
            // a ReLU passes the gradient only where its output was positive
            const vector result = vector_multiply_add(value, b->scale[v], b->shift[v]);
            if (n->relu)
                given = (vector)((result > 0.0F) & (vector_int)given);
            if (sum) {
                products[v] = vector_multiply_add(given, value - b->mean[v], products[v]);
                gradients[v] += given;
            }
            if (!write)
                continue;
            given *= b->scale[v];
            if (batch)
                given += vector_multiply_add(value - b->mean[v], b->slope[v], b->offset[v]);
            if (added != NULL)
                given += vector_load(added + x * n->added.pixel + at);
            vector_store(out + x * n->in_gradient.pixel + at, given);
        }
}

// All images of the batch, for one block of channels.
IMP_ALWAYS_INLINE void norm_gradient_pass(const imp_norm *n, norm_block *b, size_t count, size_t c,
                                          bool sum, bool write, bool batch)
{
    for (size_t image = 0; image < count; image++) {
        vector products[BLOCK_VECTORS] = {{0.0F}}, gradients[BLOCK_VECTORS] = {{0.0F}};
        for (size_t y = 0; y < n->size.height; y++)
            norm_gradient_row(n, b, image, y, c, sum, write, batch, products, gradients);
        for (size_t v = 0; v < BLOCK_VECTORS && sum; v++) {
            add_lanes(b->products + v * VECTOR_LANES, products[v]);
            add_lanes(b->gradients + v * VECTOR_LANES, gradients[v]);
        }
    }
}

// Gradients by gain and bias of the block, and what the gradient by the input owes to statistics
// that depend on it.
static void finish_sums(const imp_norm *n, norm_block *b, size_t c, double count)
{
    float slope[IMP_CHANNEL_BLOCK] = {0.0F}, offset[IMP_CHANNEL_BLOCK] = {0.0F};
    for (size_t i = 0; i < IMP_CHANNEL_BLOCK && c + i < n->channels; i++) {
        const double rate = (double)n->rate[c + i], scale = (double)n->scale[c + i];
        n->gain_gradient[c + i] = (float)(b->products[i] * rate);
        n->bias_gradient[c + i] = (float)b->gradients[i];
        slope[i] = (float)(-scale * rate * rate * b->products[i] / count);
        offset[i] = (float)(-scale * b->gradients[i] / count);
    }
    memcpy(b->slope, slope, sizeof slope);
    memcpy(b->offset, offset, sizeof offset);
}

// With given statistics one pass is enough.
void IMP_KERNEL(norm_gradient)(const imp_norm *n, size_t batch)
{
    const double count = (double)(batch * n->size.height * n->size.width);
    for (size_t c = 0; c < n->channels; c += IMP_CHANNEL_BLOCK) {
        const size_t left = n->channels - c;
        norm_block b = {0};
        memcpy(b.scale, n->scale + c, sizeof b.scale);
        memcpy(b.shift, n->shift + c, sizeof b.shift);
        memcpy(b.mean, n->mean + c,
               (left < IMP_CHANNEL_BLOCK ? left : IMP_CHANNEL_BLOCK) * sizeof *n->mean);
        if (!n->batch_statistics) {
            norm_gradient_pass(n, &b, batch, c, true, true, false);
            finish_sums(n, &b, c, count);
            continue;
        }
        norm_gradient_pass(n, &b, batch, c, true, false, true);
        finish_sums(n, &b, c, count);
        norm_gradient_pass(n, &b, batch, c, false, true, true);
    }
}
