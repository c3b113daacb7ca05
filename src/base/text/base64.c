// Base64: three bytes are four letters of 6 bits each, and "=" fills the last group. The reader is
// strict, so that a text has one meaning and bytes have one text.
#include "base/text/base64.h"

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t imp_base64_length(size_t bytes)
{
    return (bytes + 2) / 3 * 4;
}

void imp_base64_encode(char *out, const uint8_t *bytes, size_t length)
{
    // missing bytes of the last group count as 0
    for (size_t k = 0; k < length; k += 3) {
        const size_t left = length - k;
        const unsigned three = (unsigned)bytes[k] << 16 |
                               (left > 1 ? (unsigned)bytes[k + 1] << 8 : 0) |
                               (left > 2 ? (unsigned)bytes[k + 2] : 0);
        *out++ = LETTERS[three >> 18 & 63];
        *out++ = LETTERS[three >> 12 & 63];
        *out++ = left > 1 ? LETTERS[three >> 6 & 63] : '=';
        *out++ = left > 2 ? LETTERS[three & 63] : '=';
    }
    *out = '\0';
}

// The 6 bits of a letter, or -1.
static int bits_of_letter(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

bool imp_base64_decode(uint8_t *out, size_t length, const char *text, size_t letters)
{
    if (letters != imp_base64_length(length))
        return false;
    for (size_t k = 0; k < length; k += 3, text += 4) {
        const size_t left = length - k < 3 ? length - k : 3;
        unsigned group = 0;
        for (size_t n = 0; n < 4; n++) {
            const int bits = n <= left ? bits_of_letter(text[n]) : text[n] == '=' ? 0 : -1;
            if (bits < 0)
                return false;
            group = group << 6 | (unsigned)bits;
        }
        // bits behind the last byte
        if ((group & (0xFFFFFFU >> 8 * left)) != 0)
            return false;
        for (size_t n = 0; n < left; n++)
            out[k + n] = (uint8_t)(group >> (16 - 8 * n));
    }
    return true;
}
