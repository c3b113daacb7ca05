// Reads gym-duckietown's JSON files of distributions. jansson parses; this file checks types, sizes
// and ranges of every entry. Errors name the line of the quantity, which is searched in the text,
// because jansson does not keep it. Files of gym-duckietown itself can be used unchanged.
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/plural.h"
#include "sim/randomization/quantities.h"

enum { FILE_MAX = 1 << 20, NAME_SHOWN_MAX = 60 };

// The file and the quantity that is read.
typedef struct json_location {
    const char *file, *text;
    size_t length;
    const char *name; // name of the quantity
    imp_error *err;
} json_location;

// The line where the quantity's name stands; 1 if it is not found.
static int find_line_of_quantity(const json_location *at)
{
    const size_t wanted = strlen(at->name);
    int line = 1;
    // find the name between quotes
    for (size_t k = 0; k + wanted + 1 < at->length; k++) {
        if (at->text[k] == '\n')
            line++;
        if (at->text[k] == '"' && at->text[k + wanted + 1] == '"' &&
            memcmp(at->text + k + 1, at->name, wanted) == 0)
            return line;
    }
    return 1;
}

// Fails with file, line and quantity.
__attribute__((format(printf, 2, 3))) static imp_status fail_at(const json_location *at,
                                                                const char *format, ...)
{
    char what[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return imp_fail(at->err, IMP_BAD_INPUT, "%s:%d: %.*s: %s", at->file, find_line_of_quantity(at),
                    NAME_SHOWN_MAX, at->name, what);
}

// Reads one number, used for all elements, or one per element; each within min to max.
static imp_status read_values(const json_location *at, const json_t *definition, const char *key,
                              const imp_quantity_row *row, double min, double max, double *out)
{
    // a single number stands for all elements
    const json_t *value = json_object_get(definition, key);
    if (value == NULL)
        return fail_at(at, "'%s' is missing", key);
    if (json_is_array(value) && (int)json_array_size(value) != row->size)
        return fail_at(at, "'%s' has %s, not %d", key,
                       IMP_PLURAL((int64_t)json_array_size(value), "number"), row->size);
    for (int k = 0; k < row->size; k++) {
        const json_t *number = json_is_array(value) ? json_array_get(value, (size_t)k) : value;
        if (!json_is_number(number))
            return fail_at(at, "'%s' is neither a number nor %d of them", key, row->size);
        out[k] = json_number_value(number);
        // the negation also rejects NaN
        if (!(out[k] >= min && out[k] <= max))
            return fail_at(at, "'%s' must be within %g to %g, not %g", key, min, max, out[k]);
    }
    return IMP_OK;
}

// Reads low and high; low must not exceed high.
static imp_status read_range(const json_location *at, const json_t *definition,
                             const imp_quantity_row *row, imp_distribution *out)
{
    // for integers, high itself is excluded
    const double above = out->kind == IMP_DISTRIBUTION_INT ? 1.0 : 0.0;
    IMP_TRY(read_values(at, definition, "low", row, row->min, row->max, out->low));
    IMP_TRY(read_values(at, definition, "high", row, row->min, row->max + above, out->high));
    for (int k = 0; k < row->size; k++)
        if (!(out->low[k] + above <= out->high[k]))
            return fail_at(at, "'low' is %g and 'high' %g", out->low[k], out->high[k]);
    return IMP_OK;
}

// Reads the distribution of a quantity.
static imp_status read_distribution(const json_location *at, const json_t *definition,
                                    const imp_quantity_row *row, imp_distribution *out)
{
    if (!json_is_object(definition))
        return fail_at(at, "is not of the form {\"type\": ..., ...}");
    // optional keys
    const json_t *absent = json_object_get(definition, "absent");
    out->absent = json_number_value(absent);
    if (absent != NULL && !(json_is_number(absent) && out->absent >= 0.0 && out->absent <= 1.0))
        return fail_at(at, "'absent' is not within 0 to 1");
    const json_t *size = json_object_get(definition, "size");
    if (size != NULL && (!json_is_integer(size) || json_integer_value(size) != row->size))
        return fail_at(at, "'size' must be %d", row->size);
    // a fixed value, or one of three types
    const json_t *kind = json_object_get(definition, "type");
    const char *word = json_string_value(kind);
    // a constant, as gym-duckietown's files allow
    if (kind == NULL && json_object_get(definition, "default") != NULL) {
        out->kind = IMP_DISTRIBUTION_FIXED;
        return read_values(at, definition, "default", row, row->min, row->max, out->low);
    }
    if (word == NULL)
        return fail_at(at, "has no \"type\"");
    // mean and standard deviation are kept in low and high
    if (strcmp(word, "normal") == 0) {
        out->kind = IMP_DISTRIBUTION_NORMAL;
        imp_status status = read_values(at, definition, "loc", row, row->min, row->max, out->low);
        return status != IMP_OK ? status
                                : read_values(at, definition, "scale", row, 0.0, 1e3, out->high);
    }
    if (strcmp(word, "int") != 0 && strcmp(word, "uniform") != 0)
        return fail_at(at, "type '%.40s' is none of int, uniform, normal", word);
    out->kind = word[0] == 'i' ? IMP_DISTRIBUTION_INT : IMP_DISTRIBUTION_UNIFORM;
    return read_range(at, definition, row, out);
}

// Index of the quantity with a name, or -1.
static int find_quantity(const char *name)
{
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++)
        if (strcmp(imp_quantity_table[q].name, name) == 0)
            return q;
    return -1;
}

static imp_distribution constant_default_distribution(imp_quantity quantity)
{
    imp_distribution out = {.kind = IMP_DISTRIBUTION_FIXED};
    for (int k = 0; k < imp_quantity_table[quantity].size; k++)
        out.low[k] = imp_quantity_default_value(quantity, k);
    return out;
}

// Appends an unknown name to the warning, as far as it fits.
static void append_unknown_name(const json_location *at, char *warning)
{
    // the warning is optional
    if (warning == NULL)
        return;
    size_t used = strlen(warning);
    if (used == 0)
        snprintf(warning, IMP_RANDOMIZATION_WARNING_MAX,
                 "%.100s: unknown names are ignored:", at->file);
    used = strlen(warning);
    snprintf(warning + used, IMP_RANDOMIZATION_WARNING_MAX - used, " '%.40s'", at->name);
    // names may contain control characters
    for (char *c = warning; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
}

// Reads all entries of the root object.
static imp_status read_quantities(imp_randomization *spec, json_location *at, json_t *root,
                                  char *warning)
{
    const char *name;
    json_t *definition;
    // gym-duckietown's own quantities are fixed unless the file names them
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++)
        if (imp_quantity_is_in_gym_files(q))
            spec->quantities[q] = constant_default_distribution(q);
    json_object_foreach(root, name, definition)
    {
        // names of newer or other simulators are no error
        const int q = find_quantity(name);
        at->name = name;
        if (q < 0) {
            append_unknown_name(at, warning);
            continue;
        }
        imp_distribution *to = &spec->quantities[q];
        IMP_TRY(read_distribution(at, definition, &imp_quantity_table[q], to));
        // a randomised quantity switches its group on
        double *strength = &spec->strength[imp_quantity_table[q].group];
        if (to->kind != IMP_DISTRIBUTION_FIXED && *strength == 0.0)
            *strength = 1.0;
    }
    return IMP_OK;
}

imp_status imp_randomization_parse_json(imp_randomization *spec, const char *name, const char *text,
                                        size_t length, char warning[IMP_RANDOMIZATION_WARNING_MAX],
                                        imp_error *err)
{
    // work on a copy, so that *spec stays as it is after a failure
    json_error_t where;
    imp_randomization made = *spec;
    if (warning != NULL)
        warning[0] = '\0';
    errno = 0;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL && errno == ENOMEM)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", name);
    if (root == NULL)
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: %s", name, where.line > 0 ? where.line : 1,
                        where.text);
    json_location at = {.file = name, .text = text, .length = length, .err = err};
    imp_status status = IMP_OK;
    // the root must be an object from names to definitions
    if (!json_is_object(root))
        status = imp_fail(err, IMP_BAD_INPUT,
                          "%s:1: is not an object of the form {\"camera_height\": {\"type\": "
                          "\"uniform\", \"low\": 0.92, \"high\": 1.08}, ...}",
                          name);
    else
        status = read_quantities(&made, &at, root, warning);
    json_decref(root);
    if (status == IMP_OK)
        *spec = made;
    return status;
}

imp_status imp_randomization_read_file(imp_randomization *spec, const char *path,
                                       char warning[IMP_RANDOMIZATION_WARNING_MAX], imp_error *err)
{
    char *text = NULL;
    size_t length = 0;
    imp_status status = imp_file_type_expect_text(path, "distributions are a JSON file", err);
    if (status == IMP_OK)
        status = imp_file_read(&text, &length, path, FILE_MAX, err);
    if (status == IMP_OK)
        status = imp_randomization_parse_json(spec, path, text, length, warning, err);
    free(text);
    return status;
}
