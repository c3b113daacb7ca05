#include "render/obj_text.h"

#include <math.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\0';
}

imp_span imp_span_trim(imp_span line)
{
    while (line.at < line.end && is_blank(*line.at))
        line.at++;
    while (line.at < line.end && is_blank(line.end[-1]))
        line.end--;
    return line;
}

bool imp_lines_next(imp_lines *lines, imp_span *line)
{
    imp_span *rest = &lines->rest;
    while (rest->at < rest->end) {
        const size_t left = (size_t)(rest->end - rest->at);
        const char *stop = memchr(rest->at, '\n', left);
        if (stop == NULL)
            stop = rest->end;
        const char *comment = memchr(rest->at, '#', (size_t)(stop - rest->at));
        *line = imp_span_trim((imp_span){rest->at, comment != NULL ? comment : stop});
        rest->at = stop < rest->end ? stop + 1 : stop;
        lines->number++;
        if (line->at < line->end)
            return true;
    }
    return false;
}

bool imp_span_word(imp_span *line, imp_span *word)
{
    *line = imp_span_trim(*line);
    *word = (imp_span){line->at, line->at};
    while (word->end < line->end && !is_blank(*word->end))
        word->end++;
    line->at = word->end;
    return word->at < word->end;
}

imp_span imp_span_file(imp_span path)
{
    for (const char *at = path.at; at < path.end; at++)
        if (*at == '/' || *at == '\\')
            path.at = at + 1;
    return path;
}

bool imp_span_is(imp_span word, const char *text)
{
    const size_t length = strlen(text);
    return (size_t)(word.end - word.at) == length && memcmp(word.at, text, length) == 0;
}

void imp_span_copy(imp_span span, char *out, size_t size)
{
    size_t length = (size_t)(span.end - span.at);
    if (length > size - 1)
        length = size - 1;
    memcpy(out, span.at, length);
    out[length] = '\0';
}

static int sign_of(imp_span *word)
{
    const bool minus = word->at < word->end && *word->at == '-';
    if (minus || (word->at < word->end && *word->at == '+'))
        word->at++;
    return minus ? -1 : 1;
}

// Reads digits into a sum; returns how many there were.
static int read_digits(imp_span *word, double *sum)
{
    int count = 0;
    for (; word->at < word->end && *word->at >= '0' && *word->at <= '9'; word->at++, count++)
        *sum = *sum * 10.0 + (*word->at - '0');
    return count;
}

bool imp_span_integer(imp_span *word, int32_t *out)
{
    const double most = 1 << 30;
    double sum = 0.0;
    const int sign = sign_of(word);
    if (read_digits(word, &sum) == 0 || sum > most)
        return false;
    *out = sign * (int32_t)sum;
    return true;
}

// strtod() would read as the user's locale writes.
bool imp_span_real(imp_span word, float *out)
{
    const double most = 1e6;
    double sum = 0.0;
    int32_t exponent = 0;
    const int sign = sign_of(&word);
    int digits = read_digits(&word, &sum), places = 0;
    if (word.at < word.end && *word.at == '.') {
        word.at++;
        places = read_digits(&word, &sum);
    }
    if (digits + places == 0)
        return false;
    if (word.at < word.end && (*word.at == 'e' || *word.at == 'E')) {
        word.at++;
        if (!imp_span_integer(&word, &exponent))
            return false;
    }
    const double value = sum == 0.0 ? 0.0 : sum * pow(10.0, exponent - places);
    // in this order what is not a number fails
    if (word.at != word.end || !(value <= most))
        return false;
    *out = (float)(sign * value);
    return true;
}
