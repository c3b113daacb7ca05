// The table of kernels of the instruction set that this file is compiled for.
#include "nn/vector_kernels/table.h"

#define IMP_KERNEL_ENTRY(name, type) .name = IMP_KERNEL(name),
const imp_kernels IMP_KERNEL(table) = {
    IMP_KERNEL_MAP(IMP_KERNEL_ENTRY).channel_sums = IMP_KERNEL(channel_sums),
    .exponential = IMP_KERNEL(exponential),
    .chain_multiply_adds_at_peak = IMP_KERNEL(chain_multiply_adds_at_peak),
};
