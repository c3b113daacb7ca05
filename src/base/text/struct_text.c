// Definition structs by the tables of their members. As text they have one line per member, so that
// two texts can be compared and the first difference named. Members are found by their path in
// nested structs, and numbers are checked against the ranges of their tables.
#include "base/text/struct_text.h"

#include "base/common/try.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128, SHOWN_LENGTH_MAX = 40 };

// Bytes of one element of a member; an array has several.
static size_t member_element_size(const imp_struct_member *member)
{
    static const size_t sizes[] = {
        [IMP_MEMBER_BOOL] = sizeof(bool),         [IMP_MEMBER_INT] = sizeof(int),
        [IMP_MEMBER_UINT32] = sizeof(uint32_t),   [IMP_MEMBER_UINT64] = sizeof(uint64_t),
        [IMP_MEMBER_FLOAT] = sizeof(float),       [IMP_MEMBER_DOUBLE] = sizeof(double),
        [IMP_MEMBER_TEXT] = sizeof(const char *),
    };
    return member->kind == IMP_MEMBER_STRUCT ? member->of->size : sizes[member->kind];
}

// Writes the shortest decimal that reads back to the same bits: 15 to 17 digits.
static void write_number(FILE *out, double value)
{
    char text[40];
    int digits = 15;
    do
        snprintf(text, sizeof text, "%.*g", digits, value);
    while (digits++ < 17 && strtod(text, NULL) != value);
    fputs(text, out);
}

// Control characters become spaces, because a text must stay on its line.
static void write_text_without_control_chars(FILE *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
}

// Writes one value by its type, or by name if the member has a name function.
static void write_value(FILE *out, const imp_struct_member *member, const void *at)
{
    const char *word = member->word != NULL ? member->word(*(const int *)at) : NULL;
    if (word != NULL) {
        fputs(word, out);
        return;
    }
    switch (member->kind) {
    case IMP_MEMBER_BOOL:
        fputs(*(const bool *)at ? "true" : "false", out);
        break;
    case IMP_MEMBER_INT:
        fprintf(out, "%d", *(const int *)at);
        break;
    case IMP_MEMBER_UINT32:
        fprintf(out, "%" PRIu32, *(const uint32_t *)at);
        break;
    case IMP_MEMBER_UINT64:
        fprintf(out, "%" PRIu64, *(const uint64_t *)at);
        break;
    case IMP_MEMBER_FLOAT:
        write_number(out, (double)*(const float *)at);
        break;
    case IMP_MEMBER_DOUBLE:
        write_number(out, *(const double *)at);
        break;
    case IMP_MEMBER_TEXT:
        write_text_without_control_chars(out, *(const char *const *)at);
        break;
    // members of structs are written as lines of their own
    case IMP_MEMBER_STRUCT:
    case IMP_MEMBER_OTHER:
        break;
    }
}

// One line "prefix.key: value value..." per member. Nested structs extend the prefix, with an index
// if there are several.
void imp_struct_write_text(FILE *out, const char *prefix, const imp_struct_table *members,
                           const void *from) // NOLINT(misc-no-recursion): structs nest a few levels
{
    for (int k = 0; k < members->count; k++) {
        const imp_struct_member *member = &members->list[k];
        const char *at = (const char *)from + member->offset;
        char name[NAME_MAX_BYTES];
        if (member->reason != NULL)
            continue;
        const char *key = member->key != NULL ? member->key : member->name;
        const size_t step = member_element_size(member), count = member->size / step;
        // start the line of a plain member; nested structs write lines of their own
        const char *dot = prefix[0] != '\0' ? "." : "";
        if (member->kind != IMP_MEMBER_STRUCT)
            fprintf(out, "%s%s%s:", prefix, dot, key);
        // all elements of an array stand on one line
        for (size_t e = 0; e < count; e++) {
            if (member->kind != IMP_MEMBER_STRUCT) {
                fputc(' ', out);
                write_value(out, member, at + e * step);
            } else {
                snprintf(name, sizeof name, count > 1 ? "%s%s%s.%zu" : "%s%s%s", prefix, dot, key,
                         e);
                imp_struct_write_text(out, name, member->of, at + e * step);
            }
        }
        if (member->kind != IMP_MEMBER_STRUCT)
            fputc('\n', out);
    }
}

// Names of members may hold dots ("sim.env"), so that whole names come before parts of the path.
const imp_struct_member *
imp_struct_find_member(void **at, const imp_struct_table *members, const char *path,
                       void *in) // NOLINT(misc-no-recursion): structs nest a few levels
{
    for (int k = 0; k < members->count; k++) {
        const imp_struct_member *member = &members->list[k];
        const size_t length = strlen(member->name);
        char *place = (char *)in + member->offset;
        if (strncmp(path, member->name, length) != 0)
            continue;
        *at = place;
        if (path[length] == '\0')
            return member;
        if (path[length] == '.' && member->of != NULL)
            return imp_struct_find_member(at, member->of, path + length + 1, place);
    }
    return NULL;
}

// A range without extent allows everything.
bool imp_range_contains(const imp_range *range, double value)
{
    if (range->low == range->high)
        return true;
    return (range->without_low ? value > range->low : value >= range->low) &&
           (range->without_high ? value < range->high : value <= range->high);
}

const char *imp_range_format(const imp_range *range, char out[IMP_RANGE_TEXT_MAX])
{
    const bool both = range->without_low && range->without_high;
    if (range->high == (double)INFINITY)
        snprintf(out, IMP_RANGE_TEXT_MAX, "%s %g", range->without_low ? "above" : "at least",
                 range->low);
    else if (range->without_low || range->without_high)
        snprintf(out, IMP_RANGE_TEXT_MAX,
                 both ? "between %g and %g" : "within %g to %g, without %g", range->low,
                 range->high, range->without_low ? range->low : range->high);
    else
        snprintf(out, IMP_RANGE_TEXT_MAX, "within %g to %g", range->low, range->high);
    return out;
}

// The value of a member that is one number, for the check of its range.
static double member_as_double(const imp_struct_member *member, const void *at)
{
    return member->kind == IMP_MEMBER_DOUBLE ? *(const double *)at : *(const int *)at;
}

// Only settings of the types int and double have ranges.
imp_status
imp_struct_check_ranges(const imp_struct_table *members, const void *def,
                        imp_error *err) // NOLINT(misc-no-recursion): structs nest a few levels
{
    char wanted[IMP_RANGE_TEXT_MAX];
    for (int k = 0; k < members->count; k++) {
        const imp_struct_member *member = &members->list[k];
        const void *at = (const char *)def + member->offset;
        // the name of the function that makes the defaults follows from that of the struct
        if (member->cookie != 0 && *(const int *)at != member->cookie)
            return imp_fail(err, IMP_USAGE, "%s was not made with imp_default_%s()", members->type,
                            members->type + strlen("imp_"));
        if (member->range.low != member->range.high &&
            !imp_range_contains(&member->range, member_as_double(member, at)))
            return imp_fail(err, IMP_USAGE, "%s.%s %g: must be %s", members->type, member->name,
                            member_as_double(member, at), imp_range_format(&member->range, wanted));
        // nested structs that are arrays have neither ranges nor cookies
        if (member->of != NULL && member->size == member->of->size)
            IMP_TRY(imp_struct_check_ranges(member->of, at, err));
    }
    return IMP_OK;
}

// Whether two lines have the same key.
static bool lines_have_same_key(const char *a, const char *b)
{
    const size_t length = strcspn(a, ":\n");
    return length == strcspn(b, ":\n") && strncmp(a, b, length) == 0;
}

// Values in messages are cut to a readable length.
static int truncated_line_length(const char *text)
{
    const size_t length = strcspn(text, "\n");
    return (int)(length < SHOWN_LENGTH_MAX ? length : SHOWN_LENGTH_MAX);
}

// Skips equal lines. Reports a changed value if the keys agree, else that other members were
// compared.
void imp_struct_text_difference(char out[IMP_STRUCT_DIFFERENCE_MAX], const char *before,
                                const char *now)
{
    // skip the common lines
    out[0] = '\0';
    while (*before != '\0' || *now != '\0') {
        const size_t a = strcspn(before, "\n"), b = strcspn(now, "\n");
        if (a != b || strncmp(before, now, a) != 0)
            break;
        before += a + (before[a] == '\n');
        now += b + (now[b] == '\n');
    }
    // both texts differ here; one of them may have ended
    if (*before == '\0' && *now == '\0')
        return;
    // the key, for which the text that has not ended is asked
    const int name = (int)strcspn(*now != '\0' ? now : before, ":\n");
    if (*before != '\0' && *now != '\0' && lines_have_same_key(before, now) && before[name] == ':')
        snprintf(out, IMP_STRUCT_DIFFERENCE_MAX, "%.*s:%.*s, now%.*s", name, now,
                 truncated_line_length(before + name + 1), before + name + 1,
                 truncated_line_length(now + name + 1), now + name + 1);
    else
        snprintf(out, IMP_STRUCT_DIFFERENCE_MAX,
                 "another version of imprint, which compared other "
                 "settings: %.*s",
                 truncated_line_length(*now != '\0' ? now : before), *now != '\0' ? now : before);
}
