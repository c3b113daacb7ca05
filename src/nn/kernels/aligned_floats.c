// Allocates zeroed float arrays. Large ones are aligned to 2 MiB and marked for transparent huge
// pages, because strided walks through megabytes otherwise spend much time on address translation.
// Small ones are aligned to a cache line.
#include "nn/kernels/aligned_floats.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Returns NULL without memory. aligned_alloc() requires a size that is a multiple of the alignment.
float *imp_floats_alloc(size_t count)
{
    static const size_t HUGE_PAGE = (size_t)2 << 20, LINE = 64;
    const size_t bytes = count * sizeof(float);
    // An array that fills only a fraction of a huge page does not justify one.
    const size_t unit = bytes > HUGE_PAGE / 8 ? HUGE_PAGE : LINE;
    const size_t rounded = bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
    float *floats = aligned_alloc(unit, rounded);
    if (floats == NULL)
        return NULL;
    // A hint: failure is harmless.
    if (unit == HUGE_PAGE)
        madvise(floats, rounded, MADV_HUGEPAGE);
    memset(floats, 0, rounded);
    return floats;
}
