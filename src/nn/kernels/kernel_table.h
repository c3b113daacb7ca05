// nn/kernels/kernel_table.h: the kernels of the instruction set that this process uses.
#ifndef IMP_NN_KERNELS_KERNEL_TABLE_H
#define IMP_NN_KERNELS_KERNEL_TABLE_H

#include "nn/vector_kernels/kernels.h"

const imp_kernels *imp_kernels_select(void);

#endif
