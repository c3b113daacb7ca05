// Reads what imp_struct_write_text() wrote. A line is "path: value value...". The path goes through
// nested structs by the keys of their tables, with an index where a struct is an array. Values are
// read with strtod() and its relatives, which give back the bits that were written.
#include "base/text/struct_text.h"

#include "base/common/try.h"

#include <stdlib.h>
#include <string.h>

// What is read at the moment, for messages.
typedef struct struct_line {
    const char *path, *value;
    imp_error *err;
} struct_line;

static imp_status fail_in_line(const struct_line *line)
{
    return imp_fail(line->err, IMP_BAD_INPUT, "setting \"%.80s\": \"%.40s\" is no value for it",
                    line->path, line->value);
}

// The value of an enumeration that is written by name.
static imp_status read_enum_value(const struct_line *line, const imp_struct_member *member,
                                  int *out)
{
    enum { WORDS_MAX = 64 };
    for (int k = 0; k < WORDS_MAX; k++) {
        const char *word = member->word(k);
        if (word != NULL && strcmp(word, line->value) == 0) {
            *out = k;
            return IMP_OK;
        }
    }
    return fail_in_line(line);
}

// Reads one value at *text and moves behind it.
static imp_status read_value(const struct_line *line, const imp_struct_member *member, char **text,
                             void *at)
{
    char *const from = *text;
    // strtol() and its like move *text, which shows below whether there was a number
    switch (member->kind) {
    case IMP_MEMBER_BOOL:
        *(bool *)at = strncmp(from, "true", 4) == 0;
        *text = from + strcspn(from, " ");
        return *(bool *)at || strncmp(from, "false", 5) == 0 ? IMP_OK : fail_in_line(line);
    case IMP_MEMBER_INT:
        *(int *)at = (int)strtol(from, text, 10);
        break;
    case IMP_MEMBER_UINT32:
        *(uint32_t *)at = (uint32_t)strtoul(from, text, 10);
        break;
    case IMP_MEMBER_UINT64:
        *(uint64_t *)at = strtoull(from, text, 10);
        break;
    case IMP_MEMBER_FLOAT:
        *(float *)at = strtof(from, text);
        break;
    case IMP_MEMBER_DOUBLE:
        *(double *)at = strtod(from, text);
        break;
    // texts and structs are read by the caller
    case IMP_MEMBER_TEXT:
    case IMP_MEMBER_STRUCT:
    case IMP_MEMBER_OTHER:
        break;
    }
    return *text != from ? IMP_OK : fail_in_line(line);
}

// Reads all elements of a member.
static imp_status read_member(const struct_line *line, const imp_struct_member *member, void *at)
{
    static const size_t sizes[] = {
        [IMP_MEMBER_BOOL] = sizeof(bool),
        [IMP_MEMBER_INT] = sizeof(int),
        [IMP_MEMBER_UINT32] = sizeof(uint32_t),
        [IMP_MEMBER_UINT64] = sizeof(uint64_t),
        [IMP_MEMBER_FLOAT] = sizeof(float),
        [IMP_MEMBER_DOUBLE] = sizeof(double),
        [IMP_MEMBER_TEXT] = sizeof(const char *),
        [IMP_MEMBER_STRUCT] = 1,
        [IMP_MEMBER_OTHER] = 1,
    };
    // texts are borrowed, and this text is not kept
    if (member->kind == IMP_MEMBER_TEXT)
        return IMP_OK;
    if (member->word != NULL)
        return read_enum_value(line, member, at);
    char copy[512];
    snprintf(copy, sizeof copy, "%s", line->value);
    char *text = copy;
    const size_t step = sizes[member->kind];
    for (size_t k = 0; k < member->size / step; k++) {
        IMP_TRY(read_value(line, member, &text, (char *)at + k * step));
        text += strspn(text, " ");
    }
    return *text == '\0' ? IMP_OK : fail_in_line(line);
}

// Finds the member of a path and reads its value.
static imp_status read_line(const struct_line *line, const imp_struct_table *members,
                            const char *path,
                            void *to) // NOLINT(misc-no-recursion): structs nest a few levels
{
    for (int k = 0; k < members->count; k++) {
        const imp_struct_member *member = &members->list[k];
        const char *key = member->key != NULL ? member->key : member->name;
        const size_t length = strlen(key);
        char *place = (char *)to + member->offset;
        if (member->reason != NULL && member->help == NULL)
            continue;
        if (strncmp(path, key, length) != 0)
            continue;
        if (path[length] == '\0' && member->of == NULL)
            return read_member(line, member, place);
        if (path[length] != '.' || member->of == NULL)
            continue;
        const char *rest = path + length + 1;
        // an array of structs has an index
        if (member->size > member->of->size) {
            char *end;
            const size_t index = strtoul(rest, &end, 10);
            if (end == rest || *end != '.' || index >= member->size / member->of->size)
                return fail_in_line(line);
            place += index * member->of->size;
            rest = end + 1;
        }
        return read_line(line, member->of, rest, place);
    }
    return imp_fail(line->err, IMP_BAD_INPUT, "unknown setting \"%.80s\"", line->path);
}

imp_status imp_struct_read_text(const imp_struct_table *members, const char *text, void *to,
                                imp_error *err)
{
    while (*text != '\0') {
        char copy[640];
        const size_t length = strcspn(text, "\n");
        if (length >= sizeof copy)
            return imp_fail(err, IMP_BAD_INPUT, "a setting of %zu bytes is too long", length);
        memcpy(copy, text, length);
        copy[length] = '\0';
        text += length + (text[length] == '\n');
        char *colon = strchr(copy, ':');
        if (colon == NULL)
            return imp_fail(err, IMP_BAD_INPUT, "setting \"%.80s\" has no value", copy);
        *colon = '\0';
        const struct_line line = {copy, colon + 1 + strspn(colon + 1, " "), err};
        IMP_TRY(read_line(&line, members, copy, to));
    }
    return IMP_OK;
}
