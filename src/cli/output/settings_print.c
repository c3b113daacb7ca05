// Prints stored settings for people. Files store numbers with 17 digits, so that runs can be
// compared as text. People should read 0.1 instead of 0.10000000000000001, and 60 degrees instead
// of 59.999999999999993. So each number is printed with the fewest digits that give the same value,
// and angles are rounded in radians first. Files keep the first names of settings, and people read
// the present ones.
#include "cli/output/settings_print.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/text/number_format.h"
#include "cli/options/old_names.h"

static void print_json_value(FILE *out, const char *key, const json_t *value);

// The suffix -deg of a key marks an angle.
static void print_json_real(FILE *out, const char *key, double value)
{
    char text[IMP_NUMBER_TEXT_MAX];
    // angles came from radians, and lost a digit on the way
    if (imp_path_has_suffix(key, "-deg"))
        value = imp_radians_to_degrees(value * IMP_PI / 180.0);
    fputs(imp_number_format(text, value), out);
}

// Everything that is no number. A size is printed as on the command line, 80x60.
static void print_compact_json(FILE *out, const char *key, const json_t *value)
{
    // the array [80,60] becomes 80x60
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    char *comma = text != NULL && strcmp(key, "size") == 0 ? strchr(text, ',') : NULL;
    if (comma != NULL)
        *comma = 'x';
    fputs(text != NULL ? text : "", out);
    free(text);
}

// The present word for a setting's value: settings and paths have tables of their own.
static const char *present_word(const char *key, const char *value)
{
    return imp_present_word(key, IMP_SETTING, imp_present_word(key, IMP_INPUT_PATH, value));
}

// Braces and commas without spaces, as in a compact dump.
static void print_json_object(FILE *out, const json_t *object)
{
    // the first member follows the brace, the others a comma
    const char *key, *before = "{";
    json_t *value;
    // jansson's loop takes an object that it could change, but does not
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const char *present = imp_present_option_name(key);
        json_t *name = json_string(present);
        fputs(before, out);
        print_compact_json(out, "", name);
        putc(':', out);
        print_json_value(out, present, value);
        json_decref(name);
        before = ",";
    }
    fputs(before[0] == '{' ? "{}" : "}", out);
}

// Prints any JSON value in compact form.
static void print_json_value(FILE *out, const char *key, const json_t *value)
{
    if (json_is_real(value)) {
        print_json_real(out, key, json_real_value(value));
    } else if (json_is_object(value)) {
        print_json_object(out, value);
    } else if (json_is_array(value)) {
        putc('[', out);
        // the elements have no key of their own
        for (size_t k = 0; k < json_array_size(value); k++) {
            fputs(k > 0 ? "," : "", out);
            print_json_value(out, key, json_array_get(value, k));
        }
        putc(']', out);
    } else if (json_is_string(value)) {
        json_t *word = json_string(present_word(key, json_string_value(value)));
        print_compact_json(out, key, word != NULL ? word : value);
        json_decref(word);
    } else {
        print_compact_json(out, key, value);
    }
}

// Text that is no JSON, of other programs, is printed as it is.
void imp_settings_print(FILE *out, const char *json)
{
    json_t *root = json_loads(json, 0, NULL);
    if (root != NULL)
        print_json_value(out, "", root);
    else
        fputs(json, out);
    json_decref(root);
}
