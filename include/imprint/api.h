/// imprint/api.h: macros that enclose the declarations of each public header. Functions and
/// variables between them have C linkage, also for C++, and are visible in the shared library.
/// The library is compiled with hidden visibility, so nothing else is.
#ifndef IMPRINT_API_H
#define IMPRINT_API_H

#ifdef __cplusplus
#define IMP_API_BEGIN                                                                              \
    extern "C" {                                                                                   \
    _Pragma("GCC visibility push(default)")
#define IMP_API_END                                                                                \
    _Pragma("GCC visibility pop")                                                                  \
    }
#else
#define IMP_API_BEGIN _Pragma("GCC visibility push(default)")
#define IMP_API_END _Pragma("GCC visibility pop")
#endif

#endif
