// Debian's static libraries are compiled for glibc, whose headers replace some calls by checked
// ones. Here they are for musl, without the checks, so that tests/scripts/musl_results.sh can link
// these libraries.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __snprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, ...);
int __vsnprintf_chk(char *out, size_t size, int flag, size_t room, const char *format,
                    va_list args);
void *__memcpy_chk(void *to, const void *from, size_t length, size_t room);
char *__strncpy_chk(char *to, const char *from, size_t length, size_t room);
void __longjmp_chk(void *buffer, int value);

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    (void)flag;
    va_list args;
    va_start(args, format);
    const int length = vfprintf(file, format, args);
    va_end(args);
    return length;
}

int __snprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = __vsnprintf_chk(out, size, flag, room, format, args);
    va_end(args);
    return length;
}

int __vsnprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, va_list args)
{
    (void)flag;
    (void)room;
    return vsnprintf(out, size, format, args);
}

void *__memcpy_chk(void *to, const void *from, size_t length, size_t room)
{
    (void)room;
    return memcpy(to, from, length);
}

char *__strncpy_chk(char *to, const char *from, size_t length, size_t room)
{
    (void)room;
    return strncpy(to, from, length);
}

// The C libraries' jump buffers differ; the tests read no damaged images.
void __longjmp_chk(void *buffer, int value)
{
    (void)buffer;
    (void)value;
    abort();
}
