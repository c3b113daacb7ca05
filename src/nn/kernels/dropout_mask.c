// Draws dropout masks from a counter-based random stream per (seed, layer, sample, step).
// The mask of a sample therefore does not depend on threads, shards or the other samples.
#include "nn/kernels/dropout_mask.h"

void imp_dropout_sample_mask(const imp_dropout_key *dropout, uint32_t sample, double rate,
                             size_t count, float *mask)
{
    // a value is dropped if its 32 random bits lie below rate * 2^32; the others are scaled to keep
    // the mean
    const uint32_t bound = (uint32_t)(rate * 4294967296.0);
    const float keep = (float)(1.0 / (1.0 - rate));
    const uint32_t place = (uint32_t)dropout->layer << 16 | sample;
    imp_random random = imp_random_stream(dropout->seed, place, dropout->step, IMP_PURPOSE_DROPOUT);
    for (size_t i = 0; i < count; i++)
        mask[i] = imp_random_u32(&random) < bound ? 0.0F : keep;
}
