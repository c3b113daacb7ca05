// nn/vector_kernels/table.h: names of the kernels in the instruction set that a file is compiled
// for, which the build gives as IMP_INSTRUCTION_SET. For this folder only.
#ifndef IMP_NN_VECTOR_KERNELS_TABLE_H
#define IMP_NN_VECTOR_KERNELS_TABLE_H

#include "nn/vector_kernels/kernels.h"

#define IMP_JOIN_WORDS(a, b) a##_##b
#define IMP_JOIN(a, b) IMP_JOIN_WORDS(a, b)
// The kernel's name: imp_kernel_NAME_avx2, for example.
#define IMP_KERNEL(name) IMP_JOIN(imp_kernel_##name, IMP_INSTRUCTION_SET)

#define IMP_DECLARE_KERNEL(name, type) void IMP_KERNEL(name)(const type *description, size_t batch);
IMP_KERNEL_MAP(IMP_DECLARE_KERNEL)
#undef IMP_DECLARE_KERNEL

void IMP_KERNEL(channel_sums)(const imp_image_view *in, const imp_image_size *size, size_t batch,
                              float *sums);
void IMP_KERNEL(exponential)(float *values, size_t count);
void IMP_KERNEL(chain_multiply_adds_at_peak)(float *values, size_t steps);

// All of them.
extern const imp_kernels IMP_KERNEL(table);

#endif
