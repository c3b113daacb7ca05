// testing.h: what every test includes: cmocka in the order that it wants.
#ifndef IMP_TESTING_H
#define IMP_TESTING_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// |a - b| <= tolerance in double precision (cmocka's own assert_float_equal compares floats); NaN
// fails.
#define assert_close(a, b, tolerance)                                                              \
    do {                                                                                           \
        const double close_a = (a), close_b = (b);                                                 \
        if (!(fabs(close_a - close_b) <= (tolerance)))                                             \
            fail_msg("%s = %.17g, wanted %.17g, off by %g", #a, close_a, close_b,                  \
                     close_a - close_b);                                                           \
    } while (0)

// Fails with the library's own message.
#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        if ((call) != IMP_OK)                                                                      \
            fail_msg("%s: %s", #call, (err).message);                                              \
    } while (0)

#endif
