// Packs weights by a table of indices, and back. Blocks of channels are the outer loop, so that a
// packed block is written in order.
#include "nn/engine/weight_packing.h"

enum { BLOCK = 16 };

size_t imp_weight_packing_floats(const imp_weight_packing *p)
{
    return p->blocks * p->count * BLOCK;
}

static size_t count_vector_lanes_of_block(const imp_weight_packing *p, size_t block)
{
    const size_t left = p->lanes - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

void imp_weights_pack(const imp_weight_packing *p)
{
    for (size_t block = 0; block < p->blocks; block++) {
        const float *plain = p->plain + block * BLOCK * p->lane_stride;
        float *packed = p->packed + block * p->count * BLOCK;
        const size_t lanes = count_vector_lanes_of_block(p, block);
        for (size_t i = 0; i < p->count; i++, packed += BLOCK) {
            const float *from = plain + p->sources[i];
            for (size_t lane = 0; lane < lanes; lane++)
                packed[lane] = from[lane * p->lane_stride];
        }
    }
}

void imp_weights_unpack(const imp_weight_packing *p)
{
    for (size_t block = 0; block < p->blocks; block++) {
        float *plain = p->plain + block * BLOCK * p->lane_stride;
        const float *packed = p->packed + block * p->count * BLOCK;
        const size_t lanes = count_vector_lanes_of_block(p, block);
        for (size_t i = 0; i < p->count; i++, packed += BLOCK)
            for (size_t lane = 0; lane < lanes; lane++)
                plain[p->sources[i] + (int32_t)(lane * p->lane_stride)] = packed[lane];
    }
}

void imp_weights_unpack_pooled(const imp_weight_packing *p)
{
    const size_t length = p->count / p->runs, parts = (length + BLOCK - 1) / BLOCK;
    const float *sums = p->packed;
    for (size_t channel = 0; channel < p->lanes; channel++) {
        float *plain = p->plain + channel * p->lane_stride;
        for (size_t part = 0; part < parts; part++)
            for (size_t run = 0; run < p->runs; run++, sums += BLOCK)
                for (size_t k = 0; k < BLOCK && part * BLOCK + k < length; k++)
                    plain[p->sources[run * length + part * BLOCK + k]] = sums[k];
    }
}
