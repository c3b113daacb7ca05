// base/common/clock.h: measures durations.
#ifndef IMP_BASE_COMMON_CLOCK_H
#define IMP_BASE_COMMON_CLOCK_H

// Seconds on a clock that never goes back.
double imp_monotonic_seconds(void);

#endif
