// Max-pools and average-pools, forward and backward. Padding never wins a maximum and does not
// count in an average.
//
// Plain version, forward: out = maximum or mean of the window's pixels inside the image. Backward:
// the gradient of each output goes to its maximum, or in equal parts to all pixels of the window.
// Lanes are channels. Backward adds to the input's gradient window by window, in the order of the
// outputs, so that overlapping windows are added up in one order.
#include "nn/vector_kernels/table.h"
#include "nn/vector_kernels/vector.h"

// The part of a window that lies inside the image.
typedef struct pool_window {
    size_t top, bottom, left, right; // rows and columns of the input, ends excluded
    size_t first;                    // position in the window of the pixel (top, left)
} pool_window;

// The part of a window that lies in the image, and the index of its first pixel in the kernel.
static pool_window window_of_output(const imp_pool *p, size_t y, size_t x)
{
    const size_t row = y * p->stride, column = x * p->stride; // in the padded image
    pool_window w;
    w.top = row < p->top ? 0 : row - p->top;
    w.left = column < p->left ? 0 : column - p->left;
    w.bottom = row + p->kernel - p->top;
    w.right = column + p->kernel - p->left;
    w.bottom = w.bottom < p->in_size.height ? w.bottom : p->in_size.height;
    w.right = w.right < p->in_size.width ? w.right : p->in_size.width;
    w.first = (w.top + p->top - row) * p->kernel + (w.left + p->left - column);
    return w;
}

// Maximum, and its position in the window: the first of equal values.
static void max_of_window(const imp_pool *p, const pool_window *w, const float *in, float *out,
                          int32_t *argmax)
{
    for (size_t c = 0; c < p->out_size.channels; c += VECTOR_LANES) {
        vector best = vector_load(in + w->top * p->in.row + w->left * p->in.pixel + c);
        vector_int where = {0};
        where += (int32_t)w->first;
        for (size_t y = w->top; y < w->bottom; y++)
            for (size_t x = w->left; x < w->right; x++) {
                const vector value = vector_load(in + y * p->in.row + x * p->in.pixel + c);
                const vector_int better = value > best;
                const size_t at = w->first + (y - w->top) * p->kernel + (x - w->left);
                best = vector_select(better, value, best);
                where = (better & (int32_t)at) | (~better & where);
            }
        vector_store(out + c, best);
        if (argmax != NULL)
            memcpy(argmax + c, &where, sizeof where);
    }
}

static float pixel_weight_in_mean(const pool_window *w)
{
    return 1.0F / (float)((w->bottom - w->top) * (w->right - w->left));
}

// Sums row by row, then one multiplication.
static void mean_of_window(const imp_pool *p, const pool_window *w, const float *in, float *out)
{
    const vector share = vector_splat(pixel_weight_in_mean(w));
    for (size_t c = 0; c < p->out_size.channels; c += VECTOR_LANES) {
        vector sum = {0.0F};
        for (size_t y = w->top; y < w->bottom; y++)
            for (size_t x = w->left; x < w->right; x++)
                sum += vector_load(in + y * p->in.row + x * p->in.pixel + c);
        vector_store(out + c, sum * share);
    }
}

void IMP_KERNEL(pool)(const imp_pool *p, size_t batch)
{
    const size_t pixels = p->out_size.height * p->out_size.width;
    for (size_t i = 0; i < batch * pixels; i++) {
        const size_t image = i / pixels, y = i % pixels / p->out_size.width,
                     x = i % p->out_size.width;
        const pool_window window = window_of_output(p, y, x);
        const float *in = p->in.data + image * p->in.image;
        float *out = p->out.data + image * p->out.image + y * p->out.row + x * p->out.pixel;
        if (p->average)
            mean_of_window(p, &window, in, out);
        else
            max_of_window(p, &window, in, out,
                          p->argmax == NULL ? NULL : p->argmax + i * p->out_size.channels);
    }
}

// Adds the gradient of one output to the pixels of its window.
static void add_window_gradient(const imp_pool *p, const pool_window *w, const float *gradient,
                                const int32_t *argmax, float *in_gradient)
{
    const vector share = vector_splat(pixel_weight_in_mean(w));
    for (size_t c = 0; c < p->out_size.channels; c += VECTOR_LANES) {
        const vector given = vector_load(gradient + c);
        vector_int where = {0};
        if (!p->average)
            memcpy(&where, argmax + c, sizeof where);
        for (size_t y = w->top; y < w->bottom; y++)
            for (size_t x = w->left; x < w->right; x++) {
                float *to = in_gradient + y * p->in_gradient.row + x * p->in_gradient.pixel + c;
                const int32_t at = (int32_t)(w->first + (y - w->top) * p->kernel + (x - w->left));
                const vector part =
                    p->average ? given * share : (vector)((where == at) & (vector_int)given);
                vector_store(to, vector_load(to) + part);
            }
    }
}

// Sets the input's gradient of one image to what is added to it, or to zero. Both may be the same
// image.
static void init_input_gradient(const imp_pool *p, size_t image)
{
    const size_t size = p->in_size.width * p->in_gradient.pixel;
    for (size_t y = 0; y < p->in_size.height; y++) {
        float *to = p->in_gradient.data + image * p->in_gradient.image + y * p->in_gradient.row;
        if (p->added.data == NULL)
            memset(to, 0, size * sizeof *to);
        else if (p->added.data != p->in_gradient.data)
            memcpy(to, p->added.data + image * p->added.image + y * p->added.row,
                   size * sizeof *to);
    }
}

void IMP_KERNEL(pool_gradient)(const imp_pool *p, size_t batch)
{
    const size_t width = p->out_size.width, pixels = p->out_size.height * width;
    for (size_t image = 0; image < batch; image++) {
        init_input_gradient(p, image);
        for (size_t i = 0; i < pixels; i++) {
            const pool_window window = window_of_output(p, i / width, i % width);
            const float *gradient = p->gradient.data + image * p->gradient.image +
                                    i / width * p->gradient.row + i % width * p->gradient.pixel;
            add_window_gradient(
                p, &window, gradient,
                p->average ? NULL : p->argmax + (image * pixels + i) * p->out_size.channels,
                p->in_gradient.data + image * p->in_gradient.image);
        }
    }
}
