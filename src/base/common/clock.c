// Time measurement with the system's monotonic clock, which changes of the date do not affect. Its
// origin is arbitrary, so only differences are meaningful.
#include "base/common/clock.h"

#include <time.h>

double imp_monotonic_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
