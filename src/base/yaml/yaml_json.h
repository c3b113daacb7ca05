// base/yaml/yaml_json.h: YAML files as JSON text, for readers that know JSON only.
#ifndef IMP_BASE_YAML_YAML_JSON_H
#define IMP_BASE_YAML_YAML_JSON_H

#include "base/yaml/yaml_tree.h"
#include <stdio.h>

// Writes a tree as JSON text in which every scalar is a string; aliases are written out. Read as
// YAML, the text gives the same tree, apart from line numbers, aliases, and characters beyond the
// basic plane, which are pairs. It is pure ASCII without "<", so that it may stand in HTML.
// IMP_BAD_INPUT if it is longer than `limit` bytes, as aliases of aliases can make it, or if a key
// is not a scalar.
imp_status imp_yaml_write_json(FILE *out, const imp_yaml *yaml, size_t limit);

// Writes a text as a JSON string, in the same way. Bytes that are not UTF-8 become U+FFFD.
void imp_json_write_string(FILE *out, const char *text);

#endif
