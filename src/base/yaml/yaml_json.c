// Writes trees as JSON. Every scalar becomes a string, because YAML's own rules for numbers and
// truth words are applied where values are read. Aliases are written out, so a limit bounds the
// length: a small file of aliases to aliases could fill any memory.
#include "base/yaml/yaml_json.h"

#include "base/common/try.h"

#include <string.h>

// A tree that is being written.
typedef struct json_writer {
    FILE *out;
    const imp_yaml *yaml;
    size_t written, limit; // nodes and letters, about
} json_writer;

// The character at *text, and moves behind it; U+FFFD for bytes that are no UTF-8.
static unsigned next_character(const unsigned char **text)
{
    static const unsigned LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char first = *(*text)++;
    if (first < 0x80)
        return first;
    const int length = first < 0xc2   ? 0
                       : first < 0xe0 ? 2
                       : first < 0xf0 ? 3
                       : first < 0xf5 ? 4
                                      : 0;
    unsigned code = length > 0 ? first & (0x7fU >> length) : 0xfffd;
    for (int k = 1; k < length; k++) {
        if (((*text)[0] & 0xc0) != 0x80)
            return 0xfffd;
        code = code << 6 | (*(*text)++ & 0x3fU);
    }
    const bool valid = length == 0 || (code >= LEAST[length] && code < 0x110000 &&
                                       !(code >= 0xd800 && code < 0xe000));
    return valid ? code : 0xfffd;
}

void imp_json_write_string(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    fputc('"', out);
    while (*at != '\0') {
        const unsigned code = next_character(&at);
        if (code >= 0x10000)
            fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 | (code & 0x3ff));
        else if (code < ' ' || code > '~' || code == '"' || code == '\\' || code == '<' ||
                 code == '>' || code == '&')
            fprintf(out, "\\u%04x", code);
        else
            fputc((int)code, out);
    }
    fputc('"', out);
}

// Writes a node with all that is in it.
static imp_status write_node(json_writer *w, int place) // NOLINT(misc-no-recursion): 32 levels
{
    const imp_yaml *yaml = w->yaml;
    const int node = imp_yaml_resolve(yaml, place);
    const char *text = imp_yaml_scalar_text(yaml, node);
    // aliases can repeat a node, so the limit is on what is written
    w->written += text != NULL ? strlen(text) + 3 : 3;
    if (w->written > w->limit)
        return imp_yaml_fail(yaml, node, "written out, it is longer than %zu bytes", w->limit);
    if (text != NULL) {
        imp_json_write_string(w->out, text);
        return IMP_OK;
    }
    // children of a map are keys and values in turn
    const bool is_map = imp_yaml_is_map(yaml, node);
    fputc(is_map ? '{' : '[', w->out);
    int index = 0;
    for (int child = imp_yaml_first(yaml, node); child >= 0; child = imp_yaml_next(yaml, child)) {
        const bool is_key = is_map && index % 2 == 0;
        if (is_key && imp_yaml_scalar_text(yaml, imp_yaml_resolve(yaml, child)) == NULL)
            return imp_yaml_fail(yaml, child, "a list or a map as a key cannot be written");
        if (index > 0)
            fputc(is_map && !is_key ? ':' : ',', w->out);
        IMP_TRY(write_node(w, child));
        index++;
    }
    fputc(is_map ? '}' : ']', w->out);
    return IMP_OK;
}

imp_status imp_yaml_write_json(FILE *out, const imp_yaml *yaml, size_t limit)
{
    json_writer w = {.out = out, .yaml = yaml, .limit = limit};
    if (yaml->root >= 0)
        return write_node(&w, yaml->root);
    fputs("{}", out);
    return IMP_OK;
}
