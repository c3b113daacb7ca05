// testing.h: what every test includes: cmocka in the order that it wants.
#ifndef IMP_TESTING_H
#define IMP_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// Fails with the library's own message.
#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        if ((call) != IMP_OK)                                                                      \
            fail_msg("%s: %s", #call, (err).message);                                              \
    } while (0)

#endif
