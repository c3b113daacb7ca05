// base/text/base64.h: bytes as text, in base64 (RFC 4648, with padding).
#ifndef IMP_BASE_TEXT_BASE64_H
#define IMP_BASE_TEXT_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Letters that so many bytes become, without a terminating 0.
size_t imp_base64_length(size_t bytes);

// Writes imp_base64_length(length) letters and a terminating 0.
void imp_base64_encode(char *out, const uint8_t *bytes, size_t length);

// Reads exactly `length` bytes. False if the text is of another length, has other letters, or bits
// that no byte owns; *out is then undefined.
bool imp_base64_decode(uint8_t *out, size_t length, const char *text, size_t letters);

#endif
