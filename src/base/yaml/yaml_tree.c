// Reads trees: values by their keys, and numbers, words and lists with messages that say what was
// expected and found.
#include "base/yaml/yaml_tree.h"

#include "base/common/try.h"
#include "base/text/plural.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A chain of merge keys may be so long.
enum { MERGES_MAX = 32 };

// Invalid UTF-8 bytes become '?', control characters become spaces, in place.
void imp_yaml_sanitize_text(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0';) {
        // length of the character by its first byte; 0 for a stray continuation byte
        const int length = *at < 0x80 ? 1 : *at < 0xc0 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
        int whole = 1;
        while (whole < length && (at[whole] & 0xc0) == 0x80)
            whole++;
        if (whole == length && *at >= ' ' && *at != 0x7f)
            at += length;
        else
            *at++ = length == 1 ? ' ' : '?';
    }
}

// Formats the message, cleans it of the file's odd characters, and puts source and line before it.
imp_status(imp_yaml_fail)(const imp_yaml *yaml, int node, const char *format, ...)
{
    char message[sizeof yaml->err->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    imp_yaml_sanitize_text(message);
    return imp_fail(yaml->err, IMP_BAD_INPUT, "%s:%d: %s", yaml->source, imp_yaml_line(yaml, node),
                    message);
}

// Leaves source and err, so that messages can still be made.
void imp_yaml_free(imp_yaml *yaml)
{
    free(yaml->nodes);
    free(yaml->text);
    yaml->nodes = NULL;
    yaml->text = NULL;
}

// NULL for lists and maps; also for an alias, which the caller resolves first.
const char *imp_yaml_scalar_text(const imp_yaml *yaml, int node)
{
    const imp_yaml_node *n = &yaml->nodes[node];
    return n->kind == IMP_YAML_SCALAR ? yaml->text + n->first : NULL;
}

bool imp_yaml_scalar_equals(const imp_yaml *yaml, int node, const char *word)
{
    const char *text = imp_yaml_scalar_text(yaml, node);
    return text != NULL && strcmp(text, word) == 0;
}

// Looks through a map's pairs. The last match wins; if there is none, continues in the map under
// "<<".
int imp_yaml_get(const imp_yaml *yaml, int map, const char *key)
{
    for (int merges = 0; merges < MERGES_MAX && imp_yaml_is_map(yaml, map); merges++) {
        int found = -1, merged = -1;
        for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, map); pair.key >= 0;
             pair = imp_yaml_next_pair(yaml, pair)) {
            const int name = imp_yaml_resolve(yaml, pair.key);
            if (imp_yaml_scalar_equals(yaml, name, key))
                found = imp_yaml_resolve(yaml, pair.value);
            else if (imp_yaml_scalar_equals(yaml, name, "<<"))
                merged = imp_yaml_resolve(yaml, pair.value);
        }
        if (found >= 0)
            return found;
        map = merged;
    }
    return -1;
}

// Describes the node's kind, or quotes the beginning of its text.
const char *imp_yaml_describe_node(const imp_yaml *yaml, int node, char out[IMP_YAML_DESCRIBE_MAX])
{
    const imp_yaml_kind kind = imp_yaml_node_kind(yaml, node);
    const char *text = imp_yaml_scalar_text(yaml, node);
    if (kind == IMP_YAML_LIST)
        snprintf(out, IMP_YAML_DESCRIBE_MAX, "a list of %d", imp_yaml_count(yaml, node));
    else if (text == NULL)
        snprintf(out, IMP_YAML_DESCRIBE_MAX, "a map");
    else if (*text == '\0')
        snprintf(out, IMP_YAML_DESCRIBE_MAX, "nothing");
    else
        snprintf(out, IMP_YAML_DESCRIBE_MAX, "'%.40s'", text);
    return out;
}

// The whole text must be one finite number.
static bool parse_number(const imp_yaml *yaml, int node, double *out)
{
    const char *text = imp_yaml_scalar_text(yaml, node);
    if (text == NULL)
        return false;
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out);
}

// Limits keep later arithmetic on numbers of a file within range.
static imp_status check_number_range(const imp_yaml *yaml, int node, imp_yaml_expected want,
                                     double value)
{
    if (fabs(value) > want.limit)
        return imp_yaml_fail(yaml, node, "%s: %g is out of range (-%g to %g)", want.what, value,
                             want.limit, want.limit);
    return IMP_OK;
}

// The message names what is expected, an example, and what was found.
imp_status imp_yaml_read_number(const imp_yaml *yaml, int node, imp_yaml_expected want, double *out)
{
    char found[IMP_YAML_DESCRIBE_MAX];
    if (!parse_number(yaml, node, out))
        return imp_yaml_fail(yaml, node, "%s must be a number such as %s, not %s", want.what,
                             want.example, imp_yaml_describe_node(yaml, node, found));
    return check_number_range(yaml, node, want, *out);
}

// Checks the length of the list, then each item and its limit.
imp_status imp_yaml_read_numbers(const imp_yaml *yaml, int node, imp_yaml_expected want, int count,
                                 double *out)
{
    char found[IMP_YAML_DESCRIBE_MAX];
    if (imp_yaml_node_kind(yaml, node) != IMP_YAML_LIST || imp_yaml_count(yaml, node) != count)
        return imp_yaml_fail(yaml, node, "%s must be a list of %s such as %s, not %s", want.what,
                             IMP_PLURAL(count, "number"), want.example,
                             imp_yaml_describe_node(yaml, node, found));
    // children are visited in document order; each may be an alias
    int at = imp_yaml_first(yaml, node);
    for (int k = 0; k < count; k++, at = imp_yaml_next(yaml, at)) {
        const int item = imp_yaml_resolve(yaml, at);
        if (!parse_number(yaml, item, &out[k]))
            return imp_yaml_fail(yaml, item,
                                 "%s must be a list of %s such as %s: %s is not a number",
                                 want.what, IMP_PLURAL(count, "number"), want.example,
                                 imp_yaml_describe_node(yaml, item, found));
        IMP_TRY(check_number_range(yaml, item, want, out[k]));
    }
    return IMP_OK;
}

imp_status imp_yaml_read_bool(const imp_yaml *yaml, int node, const char *what, bool *out)
{
    // the truth words of YAML 1.1
    static const char *const words[][2] = {
        {"false", "true"}, {"False", "True"}, {"FALSE", "TRUE"}, {"no", "yes"}, {"No", "Yes"},
        {"NO", "YES"},     {"off", "on"},     {"Off", "On"},     {"OFF", "ON"}, {"0", "1"},
    };
    const char *text = imp_yaml_scalar_text(yaml, node);
    // the text must match one of the words exactly
    for (size_t k = 0; text != NULL && k < sizeof words / sizeof words[0]; k++)
        for (int truth = 0; truth < 2; truth++)
            if (strcmp(text, words[k][truth]) == 0) {
                *out = truth == 1;
                return IMP_OK;
            }
    char found[IMP_YAML_DESCRIBE_MAX];
    return imp_yaml_fail(yaml, node, "%s must be true or false, not %s", what,
                         imp_yaml_describe_node(yaml, node, found));
}

imp_status imp_yaml_read_string(const imp_yaml *yaml, int node, imp_yaml_expected want,
                                const char **out)
{
    const char *text = imp_yaml_scalar_text(yaml, node);
    char found[IMP_YAML_DESCRIBE_MAX];
    if (text == NULL || *text == '\0')
        return imp_yaml_fail(yaml, node, "%s must be a word such as %s, not %s", want.what,
                             want.example, imp_yaml_describe_node(yaml, node, found));
    *out = text;
    return IMP_OK;
}
