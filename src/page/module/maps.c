// The maps of a page take the place of the built-in ones, and are found by their names as those
// are.
#include "page/module/module.h"

// The declarations of sim/world/builtin.h promise constants, which these are for all but
// imp_page_add_map(). So that header is not included here.
struct page_map {
    const char *name;
    const unsigned char *text; // JSON, which is YAML
    size_t length;
} imp_builtin_maps[PAGE_MAPS_MAX];
int imp_builtin_maps_count;

int imp_page_add_map(const char *name, const char *text, size_t length)
{
    if (imp_builtin_maps_count == PAGE_MAPS_MAX)
        return imp_fail(&imp_page_error, IMP_USAGE, "more than %d maps", PAGE_MAPS_MAX);
    imp_builtin_maps[imp_builtin_maps_count++] =
        (struct page_map){name, (const unsigned char *)text, length};
    return IMP_OK;
}
