// base/common/share.h: parts of a number of things, as equal as they can be.
#ifndef IMP_BASE_COMMON_SHARE_H
#define IMP_BASE_COMMON_SHARE_H

#include <stdint.h>

// The first thing of part `share` of `shares`, which are numbered from 1; of share + 1: the first
// one behind the part. There is at least one share.
static inline int imp_share_begin(int things, int share, int shares)
{
    return (int)((int64_t)things * (share - 1) / shares);
}

#endif
