// base/yaml/yaml_limits.h: keeps hostile YAML from the parser.
#ifndef IMP_BASE_YAML_YAML_LIMITS_H
#define IMP_BASE_YAML_YAML_LIMITS_H

#include "imprint/base.h"

// Refuses text with more than 64 open brackets, or more than 8 directives, as IMP_BAD_INPUT:
// libyaml's time grows with the square of both, so that a small file could keep it busy for hours.
// path is for the message. Every reader of a whole document calls this before it parses.
imp_status imp_yaml_check_limits(const char *text, size_t length, const char *path, imp_error *err);

#endif
