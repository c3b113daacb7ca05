// base/yaml/yaml_tree.h: a YAML text as a tree of small nodes. All YAML files are read through it:
// maps, calibrations of cameras, architectures of networks, settings, descriptions of submissions.
//
// libyaml's own documents take some hundred bytes per node and may contain themselves. Here a node
// takes 20, anchors are resolved, and no node is its own ancestor.
#ifndef IMP_BASE_YAML_YAML_TREE_H
#define IMP_BASE_YAML_YAML_TREE_H

#include "imprint/base.h"

typedef enum imp_yaml_kind {
    IMP_YAML_SCALAR,
    IMP_YAML_LIST,
    IMP_YAML_MAP,
    IMP_YAML_ALIAS, // refers to a node elsewhere in the tree
} imp_yaml_kind;

typedef struct imp_yaml_node {
    imp_yaml_kind kind;
    int line;  // from 1
    int next;  // the following node of the same list or map, or -1
    int first; // first child or -1; scalar: offset of its text; alias: the node meant
    int count; // items of a list, pairs of a map
} imp_yaml_node;

// The first document of a text. Nodes are identified by their index.
typedef struct imp_yaml {
    const char *source; // name of the source, for messages
    imp_error *err;     // receives messages; nullable
    imp_yaml_node *nodes;
    int node_count, node_capacity;
    char *text; // of all scalars, each terminated
    int text_length, text_capacity;
    int root; // or -1
} imp_yaml;

// Reads a text. What it got is freed with imp_yaml_free(), after a failure too. IMP_BAD_INPUT if it
// is not YAML, if a word holds a zero byte, and beyond limits that keep a small hostile file from
// keeping libyaml busy for hours: nesting 32 deep, 8 directives, 256 anchors.
imp_status imp_yaml_parse(imp_yaml *yaml, const char *text, size_t length);
void imp_yaml_free(imp_yaml *yaml);

// Fails with "source:line: message", with the node's line.
imp_status imp_yaml_fail(const imp_yaml *yaml, int node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define imp_yaml_fail(...) IMP_FAILURE((imp_yaml_fail)(__VA_ARGS__))

static inline int imp_yaml_line(const imp_yaml *yaml, int node)
{
    return yaml->nodes[node].line;
}

static inline imp_yaml_kind imp_yaml_node_kind(const imp_yaml *yaml, int node)
{
    return yaml->nodes[node].kind;
}

static inline int imp_yaml_count(const imp_yaml *yaml, int node)
{
    return yaml->nodes[node].count;
}

static inline bool imp_yaml_is_map(const imp_yaml *yaml, int node)
{
    return node >= 0 && yaml->nodes[node].kind == IMP_YAML_MAP;
}

// Iterate over the children of a list, or over key, value, key, value... of a map. A child may be
// an alias: imp_yaml_resolve() gives the node it refers to.
static inline int imp_yaml_first(const imp_yaml *yaml, int node)
{
    return yaml->nodes[node].first;
}

static inline int imp_yaml_next(const imp_yaml *yaml, int place)
{
    return yaml->nodes[place].next;
}

static inline int imp_yaml_resolve(const imp_yaml *yaml, int place)
{
    const imp_yaml_node *node = &yaml->nodes[place];
    return node->kind == IMP_YAML_ALIAS ? node->first : place;
}

// A key of a map and its value, as places. for (imp_yaml_pair pair = imp_yaml_first_pair(yaml,
// map); pair.key >= 0; pair = imp_yaml_next_pair(yaml, pair)) visits all, in the order of the text.
typedef struct imp_yaml_pair {
    int key, value;
} imp_yaml_pair;

static inline imp_yaml_pair imp_yaml_pair_at(const imp_yaml *yaml, int place)
{
    return (imp_yaml_pair){place, place < 0 ? -1 : imp_yaml_next(yaml, place)};
}

static inline imp_yaml_pair imp_yaml_first_pair(const imp_yaml *yaml, int map)
{
    return imp_yaml_pair_at(yaml, imp_yaml_first(yaml, map));
}

static inline imp_yaml_pair imp_yaml_next_pair(const imp_yaml *yaml, imp_yaml_pair pair)
{
    return imp_yaml_pair_at(yaml, imp_yaml_next(yaml, pair.value));
}

// Makes a text one line of valid UTF-8, in place. It may contain scalars that were cut off.
void imp_yaml_sanitize_text(char *text);

// The text of a scalar, or NULL; whether it is this word.
const char *imp_yaml_scalar_text(const imp_yaml *yaml, int node);
bool imp_yaml_scalar_equals(const imp_yaml *yaml, int node, const char *word);

// The value of a key of a map, or -1, also if the node is no map. The last one counts, as in the
// reference; where there is none the map's merge key ("<<") is asked.
int imp_yaml_get(const imp_yaml *yaml, int map, const char *key);

// Describes a node for messages: "'some text'", "a list of 2", "a map" or "nothing". Returns out.
enum { IMP_YAML_DESCRIBE_MAX = 64 };
const char *imp_yaml_describe_node(const imp_yaml *yaml, int node, char out[IMP_YAML_DESCRIBE_MAX]);

// What a value is called, an example for messages, and the largest absolute value of its numbers.
typedef struct imp_yaml_expected {
    const char *what, *example;
    double limit;
} imp_yaml_expected;

// The following functions read a node or fail with a message that says what was expected and found.

// A finite number.
imp_status imp_yaml_read_number(const imp_yaml *yaml, int node, imp_yaml_expected want,
                                double *out);
// A list of exactly `count` finite numbers.
imp_status imp_yaml_read_numbers(const imp_yaml *yaml, int node, imp_yaml_expected want, int count,
                                 double *out);
// The boolean words of YAML 1.1, and 0 and 1.
imp_status imp_yaml_read_bool(const imp_yaml *yaml, int node, const char *what, bool *out);
// A non-empty scalar; *out is borrowed from the tree.
imp_status imp_yaml_read_string(const imp_yaml *yaml, int node, imp_yaml_expected want,
                                const char **out);

#endif
