// Builds a compact tree from libyaml's events, with limits against hostile input.
// Nodes are stored in one array in document order and refer to each other by index: each has its
// first child and its next sibling. Scalars are copied, terminated, into one text buffer.
// An alias is a node of its own that refers to its anchor's node. Aliases to an open ancestor are
// rejected, so the tree has no cycles.
#include "base/yaml/yaml_tree.h"

#include "base/common/try.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

// libyaml's time grows with the square of the depth of nesting and of the number of directives, so
// that a small file could keep it busy for hours. None of our files comes near these limits.
enum { DEPTH_MAX = 32, ANCHORS_MAX = 256, DIRECTIVES_MAX = 8 };

// The tree under construction: the collections that are still open, outermost first, and the last
// child of each.
typedef struct yaml_builder {
    imp_yaml *yaml;
    int open[DEPTH_MAX], last_child[DEPTH_MAX];
    int depth;
    struct {
        int node, name; // offset of its name in the text buffer
    } anchors[ANCHORS_MAX];
    int anchor_count;
} yaml_builder;

// Messages of memory failures have no line.
static imp_status fail_out_of_memory(const imp_yaml *yaml)
{
    return imp_fail(yaml->err, IMP_NO_MEMORY, "%s: out of memory", yaml->source);
}

// Appends a terminated copy of a text to the text buffer; *out is its offset.
static imp_status append_text_copy(imp_yaml *yaml, const unsigned char *text, size_t length,
                                   int *out)
{
    // grow by half
    const size_t wanted = (size_t)yaml->text_length + length + 1;
    if (wanted > (size_t)yaml->text_capacity) {
        const size_t capacity = wanted + wanted / 2;
        char *grown = realloc(yaml->text, capacity);
        if (grown == NULL)
            return fail_out_of_memory(yaml);
        yaml->text = grown;
        yaml->text_capacity = (int)capacity;
    }
    *out = yaml->text_length;
    memcpy(yaml->text + yaml->text_length, text, length);
    yaml->text[wanted - 1] = '\0';
    yaml->text_length = (int)wanted;
    return IMP_OK;
}

// Appends a node as the last child of the innermost open collection, or as the root.
static imp_status append_node(yaml_builder *b, imp_yaml_kind kind, int line, int *out)
{
    imp_yaml *yaml = b->yaml;
    // grow the array by half
    if (yaml->node_count == yaml->node_capacity) {
        const int capacity = yaml->node_capacity + yaml->node_capacity / 2 + 64;
        imp_yaml_node *grown = realloc(yaml->nodes, (size_t)capacity * sizeof *grown);
        if (grown == NULL)
            return fail_out_of_memory(yaml);
        yaml->nodes = grown;
        yaml->node_capacity = capacity;
    }
    const int index = yaml->node_count++;
    yaml->nodes[index] =
        (imp_yaml_node){.kind = kind, .line = line, .next = -1, .first = -1, .count = 0};
    // link the node: the root, the first child of its parent, or the sibling of the last child
    if (b->depth == 0) {
        yaml->root = index;
    } else {
        const int parent = b->open[b->depth - 1], before = b->last_child[b->depth - 1];
        if (before < 0)
            yaml->nodes[parent].first = index;
        else
            yaml->nodes[before].next = index;
        yaml->nodes[parent].count++;
        b->last_child[b->depth - 1] = index;
    }
    *out = index;
    return IMP_OK;
}

// Remembers a node's anchor, if it has one, for aliases that follow.
static imp_status record_anchor_if_given(yaml_builder *b, const unsigned char *anchor, int node)
{
    if (anchor == NULL)
        return IMP_OK;
    if (b->anchor_count == ANCHORS_MAX)
        return imp_yaml_fail(b->yaml, node, "more than %d anchors", ANCHORS_MAX);
    int name = 0;
    IMP_TRY(append_text_copy(b->yaml, anchor, strlen((const char *)anchor), &name));
    b->anchors[b->anchor_count].node = node;
    b->anchors[b->anchor_count++].name = name;
    return IMP_OK;
}

// Appends an alias node that refers to its anchor's node.
static imp_status append_alias(yaml_builder *b, const unsigned char *anchor, int line)
{
    imp_yaml *yaml = b->yaml;
    int node = 0;
    IMP_TRY(append_node(b, IMP_YAML_ALIAS, line, &node));
    // The latest anchor of that name counts; it must not be an ancestor of the alias.
    for (int k = b->anchor_count - 1; k >= 0; k--)
        if (strcmp(yaml->text + b->anchors[k].name, (const char *)anchor) == 0) {
            yaml->nodes[node].first = b->anchors[k].node;
            for (int level = 0; level < b->depth; level++)
                if (b->open[level] == b->anchors[k].node)
                    return imp_yaml_fail(yaml, node, "*%.40s contains itself",
                                         (const char *)anchor);
            return IMP_OK;
        }
    return imp_yaml_fail(yaml, node, "alias *%.40s has no anchor", (const char *)anchor);
}

// A scalar's text is copied before its anchor is recorded, because an anchor's name is stored after
// it.
static imp_status append_scalar(yaml_builder *b, const yaml_event_t *event, int line)
{
    int node = 0, begin = 0;
    // first: the offset of the scalar's text
    IMP_TRY(append_node(b, IMP_YAML_SCALAR, line, &node));
    if (memchr(event->data.scalar.value, '\0', event->data.scalar.length) != NULL)
        return imp_yaml_fail(b->yaml, node, "a word holds a zero byte");
    IMP_TRY(append_text_copy(b->yaml, event->data.scalar.value, event->data.scalar.length, &begin));
    b->yaml->nodes[node].first = begin;
    return record_anchor_if_given(b, event->data.scalar.anchor, node);
}

// Appends a list or map and makes it the innermost open one.
static imp_status open_collection(yaml_builder *b, imp_yaml_kind kind, const unsigned char *anchor,
                                  int line)
{
    // the depth limit bounds the builder's arrays and all later recursion
    if (b->depth == DEPTH_MAX)
        return imp_fail(b->yaml->err, IMP_BAD_INPUT, "%s:%d: nested more than %d deep",
                        b->yaml->source, line, DEPTH_MAX);
    int node = 0;
    IMP_TRY(append_node(b, kind, line, &node));
    // its children follow, until the end event
    b->open[b->depth] = node;
    b->last_child[b->depth++] = -1;
    return record_anchor_if_given(b, anchor, node);
}

// Dispatches one event of libyaml. Events of documents and streams carry nothing.
static imp_status add_yaml_event_to_tree(yaml_builder *b, const yaml_event_t *event)
{
    const int line = (int)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return append_scalar(b, event, line);
    case YAML_ALIAS_EVENT:
        return append_alias(b, event->data.alias.anchor, line);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(b, IMP_YAML_LIST, event->data.sequence_start.anchor, line);
    case YAML_MAPPING_START_EVENT:
        return open_collection(b, IMP_YAML_MAP, event->data.mapping_start.anchor, line);
    case YAML_MAPPING_END_EVENT:
        b->yaml->nodes[b->open[b->depth - 1]].count /= 2; // children to pairs
        b->depth--;
        return IMP_OK;
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return IMP_OK;
    default:
        return IMP_OK;
    }
}

// Whether the first character of a line that is no space is a tab. Lines count from 0.
static bool line_begins_with_tab(const char *text, size_t length, size_t line)
{
    const char *at = text, *end = text + length;
    for (size_t k = 0; k < line && at != NULL; k++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at != NULL ? at + 1 : NULL;
    }
    while (at != NULL && at < end && *at == ' ')
        at++;
    return at != NULL && at < end && *at == '\t';
}

// Fails with the message of libyaml, or a clearer one for tabs, which editors show as spaces.
static imp_status fail_not_yaml(const imp_yaml *yaml, const yaml_parser_t *parser, const char *text,
                                size_t length)
{
    const size_t line = parser->problem_mark.line;
    const char *problem = line_begins_with_tab(text, length, line)
                              ? "the line begins with a tab; write spaces instead"
                          : parser->problem != NULL ? parser->problem
                                                    : "unreadable";
    return imp_fail(yaml->err, IMP_BAD_INPUT, "%s:%d: not YAML: %s", yaml->source, (int)line + 1,
                    problem);
}

// Feeds events to the builder until the first document ends.
static imp_status build_tree(yaml_builder *b, yaml_parser_t *parser, const char *text,
                             size_t length)
{
    imp_status status = IMP_OK;
    for (bool more = true; more && status == IMP_OK;) {
        yaml_event_t event;
        // libyaml's problem text and line become the message
        if (!yaml_parser_parse(parser, &event))
            return fail_not_yaml(b->yaml, parser, text, length);
        status = add_yaml_event_to_tree(b, &event);
        more = event.type != YAML_DOCUMENT_END_EVENT && event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return status;
}

// Counts lines that begin with '%', stopping past the limit.
static int count_directives(const char *text, size_t length)
{
    int count = 0;
    const char *end = text + length;
    for (const char *line = text; line != NULL && line < end && count <= DIRECTIVES_MAX;) {
        count += *line == '%';
        line = memchr(line, '\n', (size_t)(end - line));
        line = line == NULL ? NULL : line + 1;
    }
    return count;
}

// Directives are counted before libyaml sees the text, because it handles many of them slowly.
imp_status imp_yaml_parse(imp_yaml *yaml, const char *text, size_t length)
{
    yaml->root = -1;
    if (count_directives(text, length) > DIRECTIVES_MAX)
        return imp_fail(yaml->err, IMP_BAD_INPUT,
                        "%s:1: not YAML: more than %d lines begin with '%%'", yaml->source,
                        DIRECTIVES_MAX);
    yaml_parser_t parser;
    // libyaml reads from memory and sends one event at a time
    if (!yaml_parser_initialize(&parser))
        return fail_out_of_memory(yaml);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    yaml_builder b = {.yaml = yaml};
    imp_status status = build_tree(&b, &parser, text, length);
    yaml_parser_delete(&parser);
    return status;
}
