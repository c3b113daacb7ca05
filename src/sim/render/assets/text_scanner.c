// Scans text in place, without copying or terminating it. Numbers are parsed here, because strtod()
// depends on the locale. Every function works on spans [at, end), so a text may contain 0 bytes and
// need not end with one.
#include "sim/render/assets/text_scanner.h"

#include <string.h>

#include "base/common/math_functions.h"

// White space within a line; a 0 byte counts, too.
static bool is_white_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\0';
}

imp_text_span imp_text_span_trim(imp_text_span line)
{
    while (line.at < line.end && is_white_space(*line.at))
        line.at++;
    while (line.at < line.end && is_white_space(line.end[-1]))
        line.end--;
    return line;
}

bool imp_line_reader_next(imp_line_reader *lines, imp_text_span *line)
{
    imp_text_span *rest = &lines->rest;
    while (rest->at < rest->end) {
        // the line ends at the newline or at the end, its content at a comment
        const size_t left = (size_t)(rest->end - rest->at);
        const char *stop = memchr(rest->at, '\n', left);
        if (stop == NULL)
            stop = rest->end;
        const char *comment = memchr(rest->at, '#', (size_t)(stop - rest->at));
        *line = imp_text_span_trim((imp_text_span){rest->at, comment != NULL ? comment : stop});
        rest->at = stop < rest->end ? stop + 1 : stop;
        lines->number++;
        if (line->at < line->end)
            return true;
    }
    return false;
}

bool imp_text_span_next_word(imp_text_span *line, imp_text_span *word)
{
    *line = imp_text_span_trim(*line);
    // extend the word to the next white space
    *word = (imp_text_span){line->at, line->at};
    while (word->end < line->end && !is_white_space(*word->end))
        word->end++;
    line->at = word->end;
    return word->at < word->end;
}

imp_text_span imp_text_span_file_name(imp_text_span path)
{
    for (const char *at = path.at; at < path.end; at++)
        if (*at == '/' || *at == '\\')
            path.at = at + 1;
    return path;
}

bool imp_text_span_equals(imp_text_span word, const char *text)
{
    const size_t length = strlen(text);
    return (size_t)(word.end - word.at) == length && memcmp(word.at, text, length) == 0;
}

void imp_text_span_copy(imp_text_span span, char *out, size_t size)
{
    // leave room for the terminating 0
    size_t length = (size_t)(span.end - span.at);
    if (length > size - 1)
        length = size - 1;
    memcpy(out, span.at, length);
    out[length] = '\0';
}

// Reads an optional sign: 1 or -1.
static int parse_sign(imp_text_span *word)
{
    const bool minus = word->at < word->end && *word->at == '-';
    if (minus || (word->at < word->end && *word->at == '+'))
        word->at++;
    return minus ? -1 : 1;
}

// Appends digits to a number; returns how many there were.
static int parse_digits(imp_text_span *word, double *sum)
{
    int count = 0;
    for (; word->at < word->end && *word->at >= '0' && *word->at <= '9'; word->at++, count++)
        *sum = *sum * 10.0 + (*word->at - '0');
    return count;
}

bool imp_text_span_parse_int(imp_text_span *word, int32_t *out)
{
    // a double holds the sum exactly up to the limit
    const double most = 1 << 30;
    double sum = 0.0;
    const int sign = parse_sign(word);
    if (parse_digits(word, &sum) == 0 || sum > most)
        return false;
    *out = sign * (int32_t)sum;
    return true;
}

// A decimal number: digits, fraction, exponent. strtod() would follow the locale.
bool imp_text_span_parse_float(imp_text_span word, float *out)
{
    const double most = 1e6;
    double sum = 0.0;
    int32_t exponent = 0;
    // sum holds all digits, places counts those after the point
    const int sign = parse_sign(&word);
    int digits = parse_digits(&word, &sum), places = 0;
    // digits after the point count towards the exponent
    if (word.at < word.end && *word.at == '.') {
        word.at++;
        places = parse_digits(&word, &sum);
    }
    if (digits + places == 0)
        return false;
    if (word.at < word.end && (*word.at == 'e' || *word.at == 'E')) {
        word.at++;
        // an e must be followed by an exponent
        if (!imp_text_span_parse_int(&word, &exponent))
            return false;
    }
    // 0 with a huge exponent is still 0
    const double value = sum == 0.0 ? 0.0 : sum * imp_pow(10.0, exponent - places);
    // NaN fails the comparison
    if (word.at != word.end || !(value <= most))
        return false;
    *out = (float)(sign * value);
    return true;
}
