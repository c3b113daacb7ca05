// What the module leaves out of networks and cameras, because pages neither train nor compress as
// JPEG: stand-ins that are never called, and a table without the kernels of gradients, so that the
// linker drops them.
#include "nn/engine/program.h"
#include "nn/vector_kernels/table.h"
#include "sim/render/camera_effects/effect_steps.h"

const imp_kernels IMP_KERNEL(table) = {
    .conv = IMP_KERNEL(conv),
    .conv_pool = IMP_KERNEL(conv_pool),
    .pool = IMP_KERNEL(pool),
    .fold_batch_norm = IMP_KERNEL(fold_batch_norm),
    .batch_norm = IMP_KERNEL(batch_norm),
    .dense = IMP_KERNEL(dense),
    .elementwise = IMP_KERNEL(elementwise),
    .channel_sums = IMP_KERNEL(channel_sums),
    .exponential = IMP_KERNEL(exponential),
    .chain_multiply_adds_at_peak = IMP_KERNEL(chain_multiply_adds_at_peak),
};

void imp_build_backward(imp_executor *e)
{
    (void)e;
}

imp_jpeg_quantisation imp_jpeg_quantisation_create(int quality)
{
    (void)quality;
    return (imp_jpeg_quantisation){0};
}

size_t imp_jpeg_scratch_size(int width, int height)
{
    (void)width;
    (void)height;
    return 1;
}

void imp_jpeg_add_artifacts(const imp_jpeg_quantisation *steps, int width, int height,
                            float *values, uint8_t *rgb)
{
    (void)steps;
    (void)width;
    (void)height;
    (void)values;
    (void)rgb;
}
