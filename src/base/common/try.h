// base/common/try.h: passes errors on to the caller.
#ifndef IMP_BASE_COMMON_TRY_H
#define IMP_BASE_COMMON_TRY_H

#include "imprint/base.h"

// Calls a function that returns an imp_status, and returns that from the present function unless it
// is IMP_OK. Only where nothing has to be freed or undone.
#define IMP_TRY(...)                                                                               \
    do {                                                                                           \
        const imp_status imp_try_status = (__VA_ARGS__);                                           \
        if (imp_try_status != IMP_OK)                                                              \
            return imp_try_status;                                                                 \
    } while (0)

#endif
