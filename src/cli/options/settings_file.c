// Settings as YAML files with one `name: value` per line: read into options, and written from them
// as YAML or JSON. A file may hold what describes the work, and in addition --out and --threads;
// the other transient options (--force, --resume) belong to one call and are refused. A run's
// folder holds its settings as such a file, with the command's name in its first line, so that
// --resume can check that the same command continues. Values pass through the same parser as on the
// command line, so files accept exactly the same texts.
#include "cli/options/settings_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/number_format.h"
#include "base/text/suggestion.h"
#include "base/text/text_stream.h"
#include "base/yaml/yaml_tree.h"
#include "cli/options/old_names.h"

// Settings files are small; a larger file is the wrong one.
enum { CONFIG_BYTES_MAX = 1 << 20 };

// Whether a settings file may hold this option.
static bool is_allowed_in_file(const imp_option *option)
{
    return option->kind != IMP_TRANSIENT || strcmp(option->name, "out") == 0 ||
           strcmp(option->name, "threads") == 0;
}

// Only options that a file may hold are suggested.
static imp_status unknown_setting_error(const imp_options *options, const imp_yaml *yaml, int key,
                                        const char *name)
{
    // the suggestion is the option with the most similar name
    char hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(name, strlen(name));
    for (int k = 0; k < options->count; k++)
        if (is_allowed_in_file(&options->table[k]))
            imp_suggestion_add_candidate(&suggestion, options->table[k].name);
    return imp_yaml_fail(yaml, key, "'%.60s' is no setting of imprint %s%s", name,
                         options->command->name, imp_suggestion_format(&suggestion, hint));
}

// Sets an option to one value of the file.
static imp_status set_option_from_yaml_value(imp_options *options, const imp_yaml *yaml, int key,
                                             const char *name, int value)
{
    // old names are accepted as well
    const int index = imp_option_find(options, name);
    if (index < 0)
        return unknown_setting_error(options, yaml, key, name);
    if (!is_allowed_in_file(&options->table[index]))
        return imp_yaml_fail(yaml, key, "'%s' can only be given on the command line", name);
    // lists and maps have no text
    const char *text = imp_yaml_scalar_text(yaml, value);
    if (text == NULL)
        return imp_yaml_fail(yaml, key, "%s wants a single value", name);
    // options borrow their texts, so they are kept as long as the options are
    char *copy = strdup(text);
    if (copy == NULL || options->owned_count == (int)(sizeof options->owned / sizeof(char *))) {
        free(copy);
        return imp_yaml_fail(yaml, key, "too many settings");
    }
    options->owned[options->owned_count++] = copy;
    // the parser's message, with file and line before it
    imp_error inner = {0};
    if (imp_option_set_value(options, index, copy, &inner) != IMP_OK)
        return imp_yaml_fail(yaml, key, "%s", inner.message);
    return IMP_OK;
}

// `name: value`, or `name: [value, value]`, which sets a list's values one after the other.
static imp_status set_option_from_yaml_pair(imp_options *options, const imp_yaml *yaml,
                                            imp_yaml_pair pair)
{
    // aliases of YAML are resolved before the values are read
    const int key = imp_yaml_resolve(yaml, pair.key), value = imp_yaml_resolve(yaml, pair.value);
    const char *name = imp_yaml_scalar_text(yaml, key);
    if (name == NULL)
        return imp_yaml_fail(yaml, key, "a setting must be `name: value`");
    if (imp_yaml_node_kind(yaml, value) != IMP_YAML_LIST)
        return set_option_from_yaml_value(options, yaml, key, name, value);
    for (int at = imp_yaml_first(yaml, value); at >= 0; at = imp_yaml_next(yaml, at))
        IMP_TRY(set_option_from_yaml_value(options, yaml, key, name, imp_yaml_resolve(yaml, at)));
    return IMP_OK;
}

// Applies all pairs in the order of the file.
static imp_status set_options_from_yaml_map(imp_options *options, const imp_yaml *yaml)
{
    if (yaml->root < 0)
        return IMP_OK; // an empty file sets nothing
    if (!imp_yaml_is_map(yaml, yaml->root))
        return imp_yaml_fail(yaml, yaml->root,
                             "a settings file must consist of lines `name: value`");
    for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, yaml->root); pair.key >= 0;
         pair = imp_yaml_next_pair(yaml, pair))
        IMP_TRY(set_option_from_yaml_pair(options, yaml, pair));
    return IMP_OK;
}

// Reads a settings file. A file of another kind (a PNG, a model) is recognised by its content.
imp_status imp_settings_file_read(imp_options *options, const char *path, imp_error *err)
{
    char *text;
    size_t length;
    IMP_TRY(imp_file_type_expect_text(path, "settings are a YAML file", err));
    IMP_TRY(imp_file_read(&text, &length, path, CONFIG_BYTES_MAX, err));
    // the parser reports errors with the name of the file and the line
    imp_yaml yaml = {.source = path, .err = err};
    imp_status status = imp_yaml_parse(&yaml, text, length);
    if (status == IMP_OK)
        status = set_options_from_yaml_map(options, &yaml);
    imp_yaml_free(&yaml);
    free(text);
    return status;
}

// Only the command that made a folder can continue it. A folder without settings passes.
imp_status imp_settings_file_check_command(const imp_options *options, const char *folder,
                                           imp_error *err)
{
    char path[IMP_PATH_MAX], maker[32], *text;
    size_t length;
    imp_status status = imp_path_join(path, folder, IMP_SETTINGS_FILE_NAME, err);
    if (status != IMP_OK || !imp_path_exists(path))
        return status;
    IMP_TRY(imp_file_read(&text, &length, path, CONFIG_BYTES_MAX, err));
    // the first line of a settings file names the command that wrote it
    if (sscanf(text, "# imprint %*s %31[a-z-]", maker) == 1 &&
        strcmp(maker, options->command->name) != 0)
        status = imp_fail(
            err, IMP_USAGE,
            "%s: was made by imprint %s, and only that command can continue it: choose another "
            "--out",
            folder, maker);
    free(text);
    return status;
}

// Reads the settings of the run in a folder. A moved folder keeps working: the path given on the
// command line replaces the stored --out.
imp_status imp_settings_file_read_saved(imp_options *options, const char *folder, imp_error *err)
{
    char path[IMP_PATH_MAX];
    // the option --out exists in every command that has --resume
    const int out = imp_option_find(options, "out");
    imp_status status = imp_path_join(path, folder, IMP_SETTINGS_FILE_NAME, err);
    if (status == IMP_OK)
        status = imp_settings_file_check_command(options, folder, err);
    if (status != IMP_OK || !imp_path_exists(path))
        return status;
    status = imp_settings_file_read(options, path, err);
    // a file does not say where it is
    *(const char **)options->table[out].value = folder;
    if (status == IMP_OK)
        return IMP_OK;
    const imp_error first = *err;
    return imp_fail(err, status, "%s; settings can also be given with --config", first.message);
}

// The inverse of imp_option_set_value(): a value as text, for help, YAML and JSON.
void imp_option_format_value(const imp_options *options, int index, char *out, size_t capacity)
{
    const imp_option *option = &options->table[index];
    const void *value = option->value;
    const int *pair = value;
    const double *pose = value;
    char number[IMP_NUMBER_TEXT_MAX];
    // a text that was not given has no value: ""
    out[0] = '\0';
    // texts in the form that the command line takes
    switch (option->type) {
    case IMP_OPTION_FLAG:
        snprintf(out, capacity, "%s", *(const bool *)value ? "true" : "false");
        break;
    case IMP_OPTION_INT:
        snprintf(out, capacity, "%d", *(const int *)value);
        break;
    case IMP_OPTION_SEED:
        snprintf(out, capacity, "%" PRIu64, *(const uint64_t *)value);
        break;
    case IMP_OPTION_REAL:
        snprintf(out, capacity, "%s", imp_number_format(number, *(const double *)value));
        break;
    case IMP_OPTION_TEXT:
        if (*(const char *const *)value != NULL)
            snprintf(out, capacity, "%s", *(const char *const *)value);
        break;
    case IMP_OPTION_LIST: {
        // the items of a list are separated by spaces; this form is only for the help
        const imp_text_list *list = value;
        for (int k = 0; k < list->count; k++) {
            size_t used = strlen(out);
            snprintf(out + used, capacity - used, "%s%s", k > 0 ? " " : "", list->items[k]);
        }
        break;
    }
    case IMP_OPTION_PAIR:
        snprintf(out, capacity, "%d,%d", pair[0], pair[1]);
        break;
    case IMP_OPTION_POSE:
        snprintf(out, capacity, "%.10g,%.10g,%.10g", pose[0], pose[1], pose[2]);
        break;
    case IMP_OPTION_CHOICE:
        snprintf(out, capacity, "%s", imp_option_choices(options, index)(*(const int *)value));
        break;
    case IMP_OPTION_MEMBER:
        break;
    }
}

// A text as JSON. For paths of inputs, `describe` may replace it by a description of the content.
static imp_status text_to_json(json_t **out, const imp_option *option, const char *value,
                               imp_describe_source *describe, imp_error *err)
{
    char other[IMP_SOURCE_TEXT_MAX];
    // texts that are not paths are stored as they are
    if (describe != NULL && option->kind == IMP_INPUT_PATH) {
        IMP_TRY(describe(other, value, err));
        value = other;
    }
    *out = json_string(value);
    return *out != NULL ? IMP_OK
                        : imp_fail(err, IMP_USAGE,
                                   "--%s %s: is not UTF-8 text, so it cannot be "
                                   "saved: rename the file or folder",
                                   option->name, value);
}

// The texts of a list as an array.
static imp_status list_to_json(json_t **out, const imp_option *option, const imp_text_list *list,
                               imp_describe_source *describe, imp_error *err)
{
    imp_status status = IMP_OK;
    json_t *array = json_array(), *item;
    for (int k = 0; k < list->count && status == IMP_OK; k++) {
        status = text_to_json(&item, option, list->items[k], describe, err);
        if (status == IMP_OK && json_array_append_new(array, item) != 0)
            status = imp_fail(err, IMP_NO_MEMORY, "out of memory for settings");
    }
    *out = array;
    return status;
}

// A value as JSON: numbers as numbers, sizes and poses as text.
static imp_status option_to_json(json_t **out, const imp_options *options, int index,
                                 imp_describe_source *describe, imp_error *err)
{
    const imp_option *option = &options->table[index];
    char text[128];
    // JSON has no pairs and poses of its own; they become text as on the command line
    switch (option->type) {
    case IMP_OPTION_FLAG:
        *out = json_boolean(*(const bool *)option->value);
        break;
    case IMP_OPTION_INT:
        *out = json_integer(*(const int *)option->value);
        break;
    case IMP_OPTION_SEED:
        *out = json_integer((json_int_t) * (const uint64_t *)option->value);
        break;
    case IMP_OPTION_REAL:
        *out = json_real(*(const double *)option->value);
        break;
    case IMP_OPTION_LIST:
        return list_to_json(out, option, option->value, describe, err);
    case IMP_OPTION_TEXT:
        return text_to_json(out, option, *(const char *const *)option->value, describe, err);
    default:
        imp_option_format_value(options, index, text, sizeof text);
        *out = json_string(imp_stored_word(option->name, option->kind, text));
    }
    return *out != NULL ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for settings");
}

// Whether an option is stored as a setting. A text, size or pose that was not given has no value.
static bool is_saved_setting(const imp_options *options, int k)
{
    const imp_option *option = &options->table[k];
    // transient options do not describe the result
    if (option->kind == IMP_TRANSIENT || (options->only_given[k] && !options->given[k]))
        return false;
    if (option->type == IMP_OPTION_TEXT)
        return *(const char *const *)option->value != NULL;
    if (option->type == IMP_OPTION_PAIR && *(const int *)option->value != 0)
        return true;
    return (option->type != IMP_OPTION_PAIR && option->type != IMP_OPTION_POSE) ||
           options->given[k];
}

// Results use the first name that an option ever had.
static const char *saved_option_name(const imp_options *options, int k)
{
    return options->old_names[k] != NULL ? options->old_names[k] : options->table[k].name;
}

imp_status imp_options_to_json_object(json_t **out, const imp_options *options, bool with_flexible,
                                      imp_describe_source *describe, imp_error *err)
{
    imp_status status = IMP_OK;
    json_t *object = json_object(), *value = NULL;
    // the order of the options is the order of the members
    for (int k = 0; k < options->count && status == IMP_OK; k++) {
        if (!is_saved_setting(options, k) ||
            (!with_flexible && options->table[k].kind == IMP_FLEXIBLE))
            continue;
        status = option_to_json(&value, options, k, describe, err);
        if (status != IMP_OK)
            json_decref(value); // a list that is not whole
        else if (json_object_set_new(object, saved_option_name(options, k), value) != 0)
            status = imp_fail(err, IMP_NO_MEMORY, "out of memory for settings");
        value = NULL;
    }
    *out = object;
    if (status == IMP_OK)
        return IMP_OK;
    json_decref(object);
    *out = NULL;
    return status;
}

// The value of an option as YAML: words as JSON, of which YAML is an extension, numbers as short as
// they can be, and sizes and poses as the command line takes them. False without memory.
static bool write_yaml_setting(FILE *out, const imp_options *options, int index)
{
    const imp_option *option = &options->table[index];
    char text[IMP_NUMBER_TEXT_MAX * 4];
    const int *pair = option->value;
    if (option->type == IMP_OPTION_LIST || option->type == IMP_OPTION_TEXT ||
        option->type == IMP_OPTION_CHOICE) {
        json_t *value = NULL;
        (void)option_to_json(&value, options, index, NULL, NULL); // NULL has no text below
        char *quoted = json_dumps(value, JSON_ENCODE_ANY);
        json_decref(value);
        const bool known = quoted != NULL;
        if (known)
            fprintf(out, "%s: %s\n", option->name, quoted);
        free(quoted);
        return known;
    }
    // flags, numbers and poses need no quotes in YAML
    imp_option_format_value(options, index, text, sizeof text);
    if (option->type == IMP_OPTION_PAIR && strcmp(option->placeholder, "WxH") == 0)
        snprintf(text, sizeof text, "%dx%d", pair[0], pair[1]);
    fprintf(out, "%s: %s\n", option->name, text);
    return true;
}

// The command's name stands in a first comment line.
imp_status imp_options_to_yaml(char **out, const imp_options *options, imp_error *err)
{
    static const char what[] = "settings";
    imp_text_stream text;
    json_t *object;
    bool whole = true;
    *out = NULL;
    // texts that are not UTF-8 are found out here
    IMP_TRY(imp_options_to_json_object(&object, options, true, NULL, err));
    json_decref(object);
    IMP_TRY(imp_text_stream_open(&text, what, err));
    fprintf(text.out, "# imprint %s %s: use with --config\n", imp_version(),
            options->command->name);
    for (int k = 0; k < options->count; k++)
        if (is_saved_setting(options, k))
            whole &= write_yaml_setting(text.out, options, k);
    if (!whole) {
        imp_text_stream_discard(&text);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for settings");
    }
    IMP_TRY(imp_text_stream_close(&text, what, err));
    *out = text.bytes;
    return IMP_OK;
}
