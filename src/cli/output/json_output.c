// Results as JSON. Their parts are put together by many functions, none of which could say that one
// is missing: a flag remembers it, and an incomplete result is never written.
#include "cli/output/json_output.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/file.h"
#include "cli/output/console.h"

// Whether a value was lost since the program began.
static bool incomplete;

void imp_json_set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        incomplete = true;
}

void imp_json_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        incomplete = true;
}

void imp_json_update(json_t *object, json_t *members)
{
    if (json_object_update_new(object, members) != 0)
        incomplete = true;
}

json_t *imp_json_real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *imp_estimate_json(imp_estimate estimate)
{
    return json_pack("{s:o, s:o, s:o}", "value", imp_json_real_or_null(estimate.value), "low",
                     imp_json_real_or_null(estimate.low), "high",
                     imp_json_real_or_null(estimate.high));
}

// The text of an object, which is released. `where` is for the message.
static imp_status dump_and_release(char **text, json_t *object, int digits, const char *where,
                                   imp_error *err)
{
    *text = object == NULL || incomplete
                ? NULL
                : json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION((size_t)digits));
    json_decref(object);
    if (*text != NULL)
        return IMP_OK;
    return imp_fail(err, IMP_IO,
                    "%s cannot be composed: a name is not UTF-8 text, or memory ran out", where);
}

imp_status imp_json_write_file(const char *path, json_t *object, int digits, imp_error *err)
{
    char *text;
    imp_status status = dump_and_release(&text, object, digits, path, err);
    if (status == IMP_OK)
        status = imp_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

// Ten digits are enough for figures, and hide the noise of the last bits.
imp_status imp_console_print_json(json_t *object, imp_error *err)
{
    char *text;
    const imp_status status = dump_and_release(&text, object, 10, "the JSON output", err);
    if (status == IMP_OK)
        puts(text);
    free(text);
    return status;
}

int imp_console_finish_with_json(json_t *object)
{
    imp_error err = {0};
    const imp_status status = imp_console_print_json(object, &err);
    return status == IMP_OK ? imp_console_flush() : imp_console_print_error(status, &err);
}
