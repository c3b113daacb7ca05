// The reader of trees in a module of the page. Maps and architectures come as JSON whose scalars
// are all strings (base/yaml/yaml_json.h), so a few rules take the place of a YAML parser. The text
// was written by the program, but it is checked as if it was not.
#include "base/yaml/yaml_tree.h"

#include "base/common/try.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

// The text that is left, and the collections that are open.
typedef struct json_reader {
    imp_yaml *yaml;
    const char *at, *end;
    int open[DEPTH_MAX], last_child[DEPTH_MAX];
    int depth;
} json_reader;

static imp_status fail_malformed(const json_reader *r)
{
    return imp_fail(r->yaml->err, IMP_BAD_INPUT, "%s: malformed text in the page", r->yaml->source);
}

static char skip_blanks_and_peek(json_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n'))
        r->at++;
    return r->at < r->end ? *r->at : '\0';
}

// Appends a node to the innermost open collection, or as the root. There is room: no text has more
// nodes than bytes.
static int append_node(json_reader *r, imp_yaml_kind kind, int first)
{
    imp_yaml *yaml = r->yaml;
    const int index = yaml->node_count++;
    yaml->nodes[index] = (imp_yaml_node){.kind = kind, .line = 1, .next = -1, .first = first};
    if (r->depth == 0) {
        yaml->root = index;
        return index;
    }
    const int parent = r->open[r->depth - 1], before = r->last_child[r->depth - 1];
    if (before < 0)
        yaml->nodes[parent].first = index;
    else
        yaml->nodes[before].next = index;
    yaml->nodes[parent].count++;
    r->last_child[r->depth - 1] = index;
    return index;
}

static void append_byte(imp_yaml *yaml, unsigned byte)
{
    yaml->text[yaml->text_length++] = (char)byte;
}

// Appends a character of the basic plane as UTF-8. Pairs of surrogates become two characters of
// three bytes, which only names can hold.
static void append_character(imp_yaml *yaml, unsigned code)
{
    if (code < 0x80) {
        append_byte(yaml, code);
    } else if (code < 0x800) {
        append_byte(yaml, 0xc0 | code >> 6);
        append_byte(yaml, 0x80 | (code & 0x3f));
    } else {
        append_byte(yaml, 0xe0 | code >> 12);
        append_byte(yaml, 0x80 | (code >> 6 & 0x3f));
        append_byte(yaml, 0x80 | (code & 0x3f));
    }
}

// Reads an escape sequence behind its backslash.
static imp_status read_escape(json_reader *r)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char letter = r->at < r->end ? *r->at++ : '\0';
    const char *known = letter != '\0' ? strchr(letters, letter) : NULL;
    if (known != NULL) {
        append_byte(r->yaml, (unsigned char)meanings[known - letters]);
        return IMP_OK;
    }
    char digits[5] = "", *end;
    if (letter != 'u' || r->end - r->at < 4)
        return fail_malformed(r);
    memcpy(digits, r->at, 4);
    const unsigned long code = strtoul(digits, &end, 16);
    if (end != digits + 4 || code == 0)
        return fail_malformed(r);
    r->at += 4;
    append_character(r->yaml, (unsigned)code);
    return IMP_OK;
}

// Copies the text up to the closing quote, escapes resolved.
static imp_status read_string(json_reader *r)
{
    append_node(r, IMP_YAML_SCALAR, r->yaml->text_length);
    for (r->at++; r->at < r->end && *r->at != '"';) {
        const char byte = *r->at++;
        if (byte == '\\')
            IMP_TRY(read_escape(r));
        else
            append_byte(r->yaml, (unsigned char)byte);
    }
    if (r->at == r->end)
        return fail_malformed(r);
    r->at++;
    append_byte(r->yaml, 0);
    return IMP_OK;
}

static imp_status open_collection(json_reader *r, imp_yaml_kind kind)
{
    if (r->depth == DEPTH_MAX)
        return fail_malformed(r);
    const int node = append_node(r, kind, -1);
    r->open[r->depth] = node;
    r->last_child[r->depth++] = -1;
    r->at++;
    return IMP_OK;
}

// Ends the innermost object or array, whose bracket must fit.
static imp_status close_collection(json_reader *r, char bracket)
{
    if (r->depth == 0)
        return fail_malformed(r);
    imp_yaml_node *node = &r->yaml->nodes[r->open[--r->depth]];
    if ((bracket == '}') != (node->kind == IMP_YAML_MAP))
        return fail_malformed(r);
    if (node->kind == IMP_YAML_MAP)
        node->count /= 2; // children to pairs
    r->at++;
    return IMP_OK;
}

// Reads tokens until the root is complete. Commas and colons carry nothing: nodes are counted.
static imp_status read_tokens(json_reader *r)
{
    do {
        switch (skip_blanks_and_peek(r)) {
        case '"':
            IMP_TRY(read_string(r));
            break;
        case '[':
            IMP_TRY(open_collection(r, IMP_YAML_LIST));
            break;
        case '{':
            IMP_TRY(open_collection(r, IMP_YAML_MAP));
            break;
        case ']':
        case '}':
            IMP_TRY(close_collection(r, *r->at));
            break;
        // separators
        case ',':
        case ':':
            r->at++;
            break;
        default:
            return fail_malformed(r);
        }
    } while (r->depth > 0);
    return IMP_OK;
}

imp_status imp_yaml_parse(imp_yaml *yaml, const char *text, size_t length)
{
    yaml->root = -1;
    yaml->nodes = malloc((length + 1) * sizeof *yaml->nodes);
    yaml->text = malloc(2 * length + 1);
    if (yaml->nodes == NULL || yaml->text == NULL)
        return imp_fail(yaml->err, IMP_NO_MEMORY, "%s: out of memory", yaml->source);
    json_reader r = {.yaml = yaml, .at = text, .end = text + length};
    return read_tokens(&r);
}
