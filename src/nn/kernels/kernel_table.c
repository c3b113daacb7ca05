// Selects the table of kernels. The build compiles nn/vector_kernels for these instruction sets.
#include "nn/kernels/kernel_table.h"

#include "base/threads/cpu_features.h"

extern const imp_kernels imp_kernel_table_plain;
#if defined(__x86_64__)
extern const imp_kernels imp_kernel_table_avx2, imp_kernel_table_avx512;
#endif

const imp_kernels *imp_kernels_select(void)
{
#if defined(__x86_64__)
    if (imp_cpu_has_avx512())
        return &imp_kernel_table_avx512;
    if (imp_cpu_has_avx2())
        return &imp_kernel_table_avx2;
#endif
    return &imp_kernel_table_plain;
}
