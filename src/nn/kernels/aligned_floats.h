// nn/kernels/aligned_floats.h: large arrays on huge pages: networks walk through megabytes, often
// in wide strides, and small pages cost a tenth of the time and more.
#ifndef IMP_NN_KERNELS_ALIGNED_FLOATS_H
#define IMP_NN_KERNELS_ALIGNED_FLOATS_H

#include <stddef.h>

// Zeros, freed with free(); NULL without memory.
float *imp_floats_alloc(size_t count);

#endif
