// Our own loops against what they stand for: convolutions of single pictures, batch norms with
// given statistics, products with panels.
#include "testing.h"

#include "nn/kernels/dense_layer.h"
#include "nn/kernels/direct_convolution.h"
#include "nn/kernels/layer_kernels.h"
#include "nn/kernels/packed_matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Some numbers between -1 and 1 on a cache line of their own.
static float *make(size_t count, uint32_t seed)
{
    float *values = aligned_alloc(64, (count * sizeof *values + 127) / 64 * 64);
    if (values == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525U + 1013904223U;
        values[i] = (float)(int32_t)seed / 2147483648.0F;
    }
    return values;
}

static float *make_zeros(size_t count)
{
    float *values = make(count, 0);
    for (size_t i = 0; i < count; i++)
        values[i] = 0.0F;
    return values;
}

static float pixel(const imp_direct_conv *d, size_t channel, size_t y, size_t x)
{
    const size_t plane = channel / d->block;
    return d->in[((plane * d->height + y) * d->width + x) * d->block + channel % d->block];
}

// One value of the convolution by its definition.
static double convolve(const imp_direct_conv *d, size_t c, size_t y, size_t x)
{
    const size_t inputs = d->planes * d->block, kernel = d->kernel;
    double sum = (double)d->bias[c];
    for (size_t i = 0; i < inputs; i++)
        for (size_t row = 0; row < kernel; row++)
            for (size_t column = 0; column < kernel; column++) {
                const size_t at_y = y * d->stride + row - d->top,
                             at_x = x * d->stride + column - d->left;
                // what lies before the picture wraps round to huge numbers
                if (at_y >= d->height || at_x >= d->width)
                    continue;
                sum +=
                    (double)
                        d->unpacked_weights[((c * inputs + i) * kernel + row) * kernel + column] *
                    (double)pixel(d, i, at_y, at_x);
            }
    return d->relu && sum < 0.0 ? 0.0 : sum;
}

static double pooled(const imp_direct_conv *d, size_t c, size_t y, size_t x)
{
    const size_t kernel = d->pool_kernel == 0 ? 1 : d->pool_kernel,
                 stride = d->pool_kernel == 0 ? 1 : d->pool_stride;
    double maximum = -INFINITY;
    for (size_t row = 0; row < kernel; row++)
        for (size_t column = 0; column < kernel; column++)
            maximum = fmax(maximum, convolve(d, c, y * stride + row, x * stride + column));
    return maximum;
}

// Puts pictures where they are looked for.
static void put_pictures(const imp_direct_conv *d)
{
    const size_t size = d->width * d->block;
    for (size_t i = 0; d->block == IMP_DIRECT_RGB_CHANNELS && i < d->batch * d->planes; i++)
        for (size_t y = 0; y < d->height; y++)
            memcpy(d->padded + i * imp_direct_conv_padded_plane(d) +
                       (d->top + y) * imp_direct_conv_padded_row(d) + d->left * d->block,
                   d->in + (i * d->height + y) * size, size * sizeof(float));
}

static void check_direct_conv(imp_direct_conv d)
{
    if (!imp_direct_conv_supported(d.stride))
        skip_because("no AVX-512");
    const size_t inputs = d.planes * d.block;
    const size_t kernel = d.pool_kernel == 0 ? 1 : d.pool_kernel,
                 stride = d.pool_kernel == 0 ? 1 : d.pool_stride;
    const size_t rows = (d.rows - kernel) / stride + 1, columns = (d.columns - kernel) / stride + 1;
    float *const unpacked_weights = make(d.channels * inputs * d.kernel * d.kernel, 1);
    float *const bias = make(d.channels, 2), *const in = make(inputs * d.height * d.width, 3);
    d.unpacked_weights = unpacked_weights;
    d.bias = bias;
    d.in = in;
    d.weights = make_zeros(imp_direct_conv_weight_count(&d));
    d.padded = make_zeros(imp_direct_conv_padded_count(&d));
    d.window = make_zeros(imp_direct_conv_window_count(&d) + 1);
    d.out = make_zeros(d.channels * rows * columns);
    imp_direct_conv_pack_weights(&d);
    put_pictures(&d);
    for (int round = 0; round < 2; round++)
        imp_direct_conv_forward(&d);
    for (size_t c = 0; c < d.channels; c++)
        for (size_t y = 0; y < rows; y++)
            for (size_t x = 0; x < columns; x++) {
                const size_t at =
                    ((c / IMP_DIRECT_BLOCK * rows + y) * columns + x) * IMP_DIRECT_BLOCK +
                    c % IMP_DIRECT_BLOCK;
                assert_float_equal(d.out[at], pooled(&d, c, y, x), 2e-5);
            }
    free(unpacked_weights);
    free(bias);
    free(in);
    free(d.weights);
    free(d.padded);
    free(d.window);
    free(d.out);
}

static imp_direct_conv shape(size_t planes, size_t block, size_t height, size_t width,
                             size_t kernel, size_t stride)
{
    return (imp_direct_conv){.batch = 1,
                             .planes = planes,
                             .block = block,
                             .height = height,
                             .width = width,
                             .channels = 32,
                             .rows = (height - kernel) / stride + 1,
                             .columns = (width - kernel) / stride + 1,
                             .kernel = kernel,
                             .stride = stride};
}

static void direct_conv_equals_convolution(void **state)
{
    (void)state;
    // every number of pixels that is computed at a time, alone and after others
    for (size_t width = 3; width < 32; width++)
        check_direct_conv(shape(1, 16, 5, width, 3, 1));
    check_direct_conv(shape(1, 3, 11, 27, 5, 2));
    check_direct_conv(shape(3, 3, 11, 27, 5, 1));
    check_direct_conv(shape(2, 16, 9, 11, 1, 2));
    imp_direct_conv padded = shape(2, 16, 9, 11, 3, 2);
    padded.top = padded.right = 1;
    padded.left = padded.bottom = 2;
    padded.rows++;
    padded.columns++;
    padded.relu = true;
    padded.channels = 64;
    check_direct_conv(padded);
}

static void direct_conv_equals_max_pool(void **state)
{
    (void)state;
    imp_direct_conv d = shape(1, 3, 20, 31, 3, 1);
    for (d.pool_kernel = 1; d.pool_kernel <= 4; d.pool_kernel++)
        for (d.pool_stride = 1; d.pool_stride <= 5; d.pool_stride++)
            check_direct_conv(d);
    d.pool_kernel = 3;
    d.pool_stride = 2;
    d.relu = true;
    d.channels = 64;
    check_direct_conv(d);
}

// Adds what one pooled value passes on to the gradients by their definition.
static void pass_back(const imp_direct_conv *d, size_t c, size_t y, size_t x, double slope,
                      double *weight, double *bias)
{
    const size_t kernel = d->kernel;
    size_t best_y = 0, best_x = 0;
    double maximum = -INFINITY;
    for (size_t k = 0; k < d->pool_kernel * d->pool_kernel; k++) {
        const size_t at_y = y * d->pool_stride + k / d->pool_kernel,
                     at_x = x * d->pool_stride + k % d->pool_kernel;
        const double value = convolve(d, c, at_y, at_x);
        if (value <= maximum)
            continue;
        maximum = value;
        best_y = at_y;
        best_x = at_x;
    }
    bias[c] += slope;
    const size_t weights = d->planes * d->block * kernel * kernel;
    for (size_t k = 0; k < weights; k++) {
        const size_t i = k / (kernel * kernel);
        const size_t in_y = best_y * d->stride + k / kernel % kernel - d->top,
                     in_x = best_x * d->stride + k % kernel - d->left;
        if (in_y < d->height && in_x < d->width)
            weight[c * weights + k] += slope * (double)pixel(d, i, in_y, in_x);
    }
}

static void check_gradient(imp_direct_conv d)
{
    if (!imp_direct_conv_grad_supported(&d))
        skip_because("no AVX-512");
    const size_t weights = d.channels * d.planes * d.block * d.kernel * d.kernel;
    const size_t size = d.planes * d.block * d.height * d.width;
    const size_t rows = imp_direct_conv_pooled_rows(&d),
                 columns = imp_direct_conv_pooled_columns(&d);
    const size_t outputs = d.channels * rows * columns;
    float *const unpacked_weights = make(weights, 1), *const in = make(d.batch * size, 3);
    float *const slopes = make(d.batch * outputs, 4), *const biases = make(d.channels, 2);
    double *const weight = calloc(weights, sizeof *weight);
    double *const bias = calloc(d.channels, sizeof *bias);
    d.argmax_indices = calloc(imp_direct_conv_argmax_count(&d), sizeof *d.argmax_indices);
    if (weight == NULL || bias == NULL || d.argmax_indices == NULL)
        abort();
    d.unpacked_weights = unpacked_weights;
    d.bias = biases;
    d.in = in;
    d.weights = make_zeros(imp_direct_conv_weight_count(&d));
    d.padded = make_zeros(imp_direct_conv_padded_count(&d));
    d.window = make_zeros(imp_direct_conv_window_count(&d));
    d.out = make_zeros(d.batch * outputs);
    // as behind a ReLU
    for (size_t i = 0; i < d.batch * outputs; i++)
        slopes[i] = slopes[i] < 0.0F ? 0.0F : slopes[i];
    imp_direct_conv_pack_weights(&d);
    put_pictures(&d);
    imp_direct_conv_forward(&d);
    imp_direct_conv_grad g = {.forward = d,
                              .gradient = slopes,
                              .patches = make_zeros(imp_direct_conv_patch_floats(&d)),
                              .sums = make_zeros(imp_direct_conv_sum_count(&d)),
                              .weight = make_zeros(weights),
                              .bias = make_zeros(d.channels)};
    for (int round = 0; round < 2; round++)
        imp_direct_conv_backward(&g);
    for (size_t k = 0; k < d.batch * outputs; k++) {
        const size_t image = k / outputs, c = k / (rows * columns) % d.channels,
                     place = k % (rows * columns);
        const size_t at = image * outputs +
                          (c / IMP_DIRECT_BLOCK * rows * columns + place) * IMP_DIRECT_BLOCK +
                          c % IMP_DIRECT_BLOCK;
        d.in = in + image * size;
        pass_back(&d, c, place / columns, place % columns, (double)slopes[at], weight, bias);
    }
    for (size_t k = 0; k < weights; k++)
        assert_float_equal(g.weight[k], weight[k], 3e-6 * (10.0 + fabs(weight[k])));
    for (size_t c = 0; c < d.channels; c++)
        assert_float_equal(g.bias[c], bias[c], 3e-6 * (10.0 + fabs(bias[c])));
    float *const all[] = {unpacked_weights, in,     slopes,   d.weights, d.padded, d.window, d.out,
                          g.patches,        g.sums, g.weight, g.bias,    biases};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    free(d.argmax_indices);
    free(weight);
    free(bias);
}

static void direct_conv_gradient_is_exact(void **state)
{
    (void)state;
    for (size_t kernel = 3; kernel <= 7; kernel += 2)
        for (size_t planes = 1; planes <= 3; planes += 2) {
            imp_direct_conv d = shape(planes, 3, 23, 29, kernel, 1 + kernel / 5);
            d.batch = 3;
            d.top = 1;
            d.left = 2;
            d.right = 1;
            d.rows = (d.height + d.top - kernel) / d.stride + 1;
            d.columns = (d.width + d.left + d.right - kernel) / d.stride + 1;
            for (d.pool_kernel = 2; d.pool_kernel <= 3; d.pool_kernel++)
                for (d.pool_stride = 1; d.pool_stride <= 3; d.pool_stride++)
                    check_gradient(d);
        }
}

enum { BATCH = 3, GROUPS = 2, PIXELS = 7, CHANNELS = 19, ALL = GROUPS * IMP_NORM_BLOCK };

static imp_frozen_norm make_norm(bool relu)
{
    const size_t size = (size_t)BATCH * ALL * PIXELS;
    imp_frozen_norm n = {.batch = BATCH,
                         .groups = GROUPS,
                         .pixels = PIXELS,
                         .channels = CHANNELS,
                         .epsilon = 1e-3,
                         .relu = relu,
                         .gain = make(CHANNELS, 1),
                         .bias = make(CHANNELS, 2),
                         .mean = make(CHANNELS, 3),
                         .in = make(size, 4),
                         .gradient = make(size, 5),
                         .out = make_zeros(size),
                         .gain_gradient = make_zeros(CHANNELS),
                         .bias_gradient = make_zeros(CHANNELS),
                         .scale = make_zeros(ALL),
                         .shift = make_zeros(ALL),
                         .centre = make_zeros(ALL),
                         .rate = make_zeros(ALL)};
    float *variance = make(CHANNELS, 6);
    for (int c = 0; c < CHANNELS; c++)
        variance[c] = variance[c] * variance[c] + 0.5F;
    n.variance = variance;
    imp_frozen_norm_fold(&n);
    return n;
}

static void free_norm(imp_frozen_norm *n)
{
    const float *const all[] = {
        n->gain,  n->bias,  n->mean,          n->variance,      n->in,     n->gradient, n->out,
        n->scale, n->shift, n->gain_gradient, n->bias_gradient, n->centre, n->rate};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        void *memory;
        memcpy(&memory, &all[i], sizeof memory);
        free(memory);
    }
}

static size_t place(size_t image, size_t c, size_t pixel)
{
    return ((image * GROUPS + c / IMP_NORM_BLOCK) * PIXELS + pixel) * IMP_NORM_BLOCK +
           c % IMP_NORM_BLOCK;
}

static void check_norm(bool relu, bool others)
{
    imp_frozen_norm n = make_norm(relu);
    float *const forward = n.out, *const back = make_zeros((size_t)BATCH * ALL * PIXELS);
    imp_frozen_norm_forward(&n);
    float *const given = make((size_t)BATCH * ALL * PIXELS, 7);
    n.others = others ? given : NULL;
    n.out = back;
    imp_frozen_norm_backward(&n);
    for (size_t c = 0; c < ALL; c++) {
        double gain = 0.0, bias = 0.0;
        for (size_t i = 0; i < (size_t)BATCH * PIXELS; i++) {
            const size_t at = place(i / PIXELS, c, i % PIXELS);
            if (c >= CHANNELS) {
                assert_true(forward[at] == 0.0F);
                assert_true(back[at] == (others ? given[at] : 0.0F));
                continue;
            }
            const double rate = 1.0 / sqrt((double)n.variance[c] + n.epsilon);
            const double normal = ((double)n.in[at] - (double)n.mean[c]) * rate;
            const double value = (double)n.gain[c] * normal + (double)n.bias[c];
            const double gradient = relu && value <= 0.0 ? 0.0 : (double)n.gradient[at];
            assert_float_equal(forward[at], relu && value < 0.0 ? 0.0 : value, 1e-6);
            assert_float_equal(
                back[at], gradient * (double)n.gain[c] * rate + (others ? (double)given[at] : 0.0),
                1e-6);
            gain += gradient * normal;
            bias += gradient;
        }
        if (c >= CHANNELS)
            continue;
        assert_float_equal(n.gain_gradient[c], gain, 1e-5);
        assert_float_equal(n.bias_gradient[c], bias, 1e-5);
    }
    n.out = forward;
    free_norm(&n);
    free(back);
    free(given);
}

static void norms_are_affine(void **state)
{
    (void)state;
    for (int others = 0; others < 2; others++) {
        check_norm(false, others == 1);
        check_norm(true, others == 1);
    }
}

static void check_matvec(size_t rows, size_t columns, size_t width, bool relu)
{
    const imp_packed_matrix panels = {(int64_t)rows, (int64_t)columns, (int64_t)width};
    enum { VECTORS = 11 };
    float *matrix = make(rows * columns, 1), *bias = make(rows, 2),
          *in = make(VECTORS * columns, 3);
    float *packed = make_zeros((rows + width - 1) / width * width * ((columns + 15) / 16 * 16));
    float *out = make_zeros(VECTORS * rows), *alone = make_zeros(rows);
    imp_packed_matrix_pack(&panels, matrix, packed);
    imp_matvec product = {VECTORS, rows, columns, width, packed, bias, in, out, relu};
    imp_matvec_run(&product);
    product.batch = 1;
    product.out = alone;
    for (size_t sample = 0; sample < VECTORS; sample++) {
        product.in = in + sample * columns;
        for (size_t r = 0; r < rows; r++) {
            double sum = (double)bias[r];
            for (size_t c = 0; c < columns; c++)
                sum += (double)matrix[r * columns + c] * (double)product.in[c];
            assert_float_equal(out[sample * rows + r], relu && sum < 0.0 ? 0.0 : sum, 1e-5);
        }
        imp_matvec_run(&product);
        assert_memory_equal(alone, out + sample * rows, rows * sizeof *out);
    }
    free(alone);
    free(matrix);
    free(bias);
    free(in);
    free(packed);
    free(out);
}

static void matvec_is_a_sum(void **state)
{
    (void)state;
    check_matvec(64, 100, 64, true);
    check_matvec(70, 33, 64, false);
    check_matvec(20, 1, 32, true);
    check_matvec(2, 31, 16, false);
    check_matvec(70, 201, 64, true); // more than one block of columns
}

static void check_dense(size_t batch, size_t inputs, size_t outputs, bool relu)
{
    float *const weight = make(inputs * outputs, 1), *const bias = make(outputs, 2),
                 *const in = make(batch * inputs, 3), *const gradient = make(batch * outputs, 4);
    const imp_dense d = {.batch = batch,
                         .inputs = inputs,
                         .outputs = outputs,
                         .relu = relu,
                         .weight = weight,
                         .bias = bias,
                         .in = in,
                         .gradient = gradient,
                         .out = make(batch * outputs, 5),
                         .in_gradient = make(batch * inputs, 5),
                         .weight_gradient = make(inputs * outputs, 5),
                         .bias_gradient = make(outputs, 5)};
    imp_dense_forward(&d);
    imp_dense_backward_data(&d);
    imp_dense_backward_weights(&d);
    for (size_t b = 0; b < batch; b++)
        for (size_t o = 0; o < outputs; o++) {
            double sum = (double)bias[o];
            for (size_t i = 0; i < inputs; i++)
                sum += (double)weight[o * inputs + i] * (double)in[b * inputs + i];
            assert_float_equal(d.out[b * outputs + o], relu ? fmax(sum, 0.0) : sum, 1e-5);
        }
    for (size_t i = 0; i < inputs; i++)
        for (size_t b = 0; b < batch; b++) {
            double sum = 0.0;
            for (size_t o = 0; o < outputs; o++)
                sum += (double)weight[o * inputs + i] * (double)gradient[b * outputs + o];
            assert_float_equal(d.in_gradient[b * inputs + i], sum, 1e-5);
        }
    for (size_t o = 0; o < outputs; o++) {
        double all = 0.0;
        for (size_t b = 0; b < batch; b++)
            all += (double)gradient[b * outputs + o];
        assert_float_equal(d.bias_gradient[o], all, 1e-5);
        for (size_t i = 0; i < inputs; i++) {
            double sum = 0.0;
            for (size_t b = 0; b < batch; b++)
                sum += (double)gradient[b * outputs + o] * (double)in[b * inputs + i];
            assert_float_equal(d.weight_gradient[o * inputs + i], sum, 1e-5);
        }
    }
    float *const all[] = {
        weight, bias, in, gradient, d.out, d.in_gradient, d.weight_gradient, d.bias_gradient};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static void dense_layers_are_sums(void **state)
{
    (void)state;
    if (!imp_dense_supported())
        skip_because("no AVX-512");
    // whole tiles, and what is left beside them
    for (size_t batch = 1; batch <= 17; batch += 4)
        for (size_t outputs = 1; outputs <= 19; outputs += 6)
            for (size_t inputs = 1; inputs <= 131; inputs += 13)
                check_dense(batch, inputs, outputs, batch % 8 == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(direct_conv_equals_convolution),
        cmocka_unit_test(direct_conv_equals_max_pool),
        cmocka_unit_test(direct_conv_gradient_is_exact),
        cmocka_unit_test(norms_are_affine),
        cmocka_unit_test(matvec_is_a_sum),
        cmocka_unit_test(dense_layers_are_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
