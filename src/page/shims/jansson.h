// page/shims/jansson.h: stands in for the JSON library where a module of the page is compiled. A
// network of the page has no metadata, and nothing else of it is needed there.
#ifndef IMP_PAGE_SHIMS_JANSSON_H
#define IMP_PAGE_SHIMS_JANSSON_H

#include <stddef.h>

typedef struct json_t json_t;

static inline void json_decref(json_t *json)
{
    (void)json;
}

static inline json_t *json_object_get(const json_t *json, const char *key)
{
    (void)json;
    (void)key;
    return NULL;
}

static inline const char *json_string_value(const json_t *json)
{
    (void)json;
    return NULL;
}

static inline char *json_dumps(const json_t *json, size_t flags)
{
    (void)json;
    (void)flags;
    return NULL;
}

#endif
