#include "nn/kernels/aligned_floats.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

float *imp_floats_alloc(size_t count)
{
    static const size_t HUGE_PAGE = (size_t)2 << 20, LINE = 64;
    const size_t bytes = count * sizeof(float);
    // a fraction of a page is not worth a whole one
    const size_t unit = bytes > HUGE_PAGE / 8 ? HUGE_PAGE : LINE;
    const size_t rounded = bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
    float *floats = aligned_alloc(unit, rounded);
    if (floats == NULL)
        return NULL;
    // a wish, not a need
    if (unit == HUGE_PAGE)
        madvise(floats, rounded, MADV_HUGEPAGE);
    memset(floats, 0, rounded);
    return floats;
}
