// Counts brackets and directives of YAML text without parsing it. Brackets in quoted text and in
// comments count as well, which only a file that is made for it can notice.
#include "base/yaml/yaml_limits.h"

enum { OPEN_MAX = 64, DIRECTIVES_MAX = 8 };

imp_status imp_yaml_check_limits(const char *text, size_t length, const char *path, imp_error *err)
{
    int open = 0, directives = 0, line = 1;
    for (size_t k = 0; k < length; k++) {
        const char c = text[k];
        line += c == '\n';
        if (c == '[' || c == '{')
            open++;
        else if ((c == ']' || c == '}') && open > 0)
            open--;
        else if (c == '%' && (k == 0 || text[k - 1] == '\n'))
            directives++;
        if (open > OPEN_MAX)
            return imp_fail(err, IMP_BAD_INPUT, "%s:%d: brackets are nested more than %d deep",
                            path, line, OPEN_MAX);
        if (directives > DIRECTIVES_MAX)
            return imp_fail(err, IMP_BAD_INPUT, "%s:%d: more than %d directives (lines with %%)",
                            path, line, DIRECTIVES_MAX);
    }
    return IMP_OK;
}
