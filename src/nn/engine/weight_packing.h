// nn/engine/weight_packing.h: weights of convolutions in the layout of the kernels: 16 output
// channels side by side for every float that the kernel sees.
#ifndef IMP_NN_ENGINE_WEIGHT_PACKING_H
#define IMP_NN_ENGINE_WEIGHT_PACKING_H

#include <stddef.h>
#include <stdint.h>

typedef struct imp_weight_packing {
    size_t blocks, count;   // packed: (blocks x count x 16)
    size_t lanes;           // channels without padding
    size_t lane_stride;     // floats from one channel to the next in `plain`
    const int32_t *sources; // (count) index in `plain` of the first channel's value
    float *plain, *packed;
    size_t runs; // of imp_weights_unpack_pooled(): count / runs floats each
} imp_weight_packing;

size_t imp_weight_packing_floats(const imp_weight_packing *packing);
// Both leave the padding as it is: zeros.
void imp_weights_pack(const imp_weight_packing *packing);
void imp_weights_unpack(const imp_weight_packing *packing);
// The same from the layout of imp_pooled_conv_gradient.sums.
void imp_weights_unpack_pooled(const imp_weight_packing *packing);

#endif
