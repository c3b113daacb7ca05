// nn/kernels/aligned_floats.h: large float arrays on huge pages. Networks walk through megabytes,
// often with large strides; small pages cost a tenth of the time or more.
#ifndef IMP_NN_KERNELS_ALIGNED_FLOATS_H
#define IMP_NN_KERNELS_ALIGNED_FLOATS_H

#include <stddef.h>

// Zeroed memory, to be freed with free(). NULL if there is not enough memory.
float *imp_floats_alloc(size_t count);

#endif
