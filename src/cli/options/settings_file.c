#include "cli/options/settings_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/number_format.h"
#include "base/text/suggestion.h"
#include "base/yaml/yaml_limits.h"

enum { CONFIG_BYTES_MAX = 1 << 20 };

// Whether a file may say this.
static bool is_allowed_in_file(const imp_option *option)
{
    return option->kind != IMP_TRANSIENT || strcmp(option->name, "out") == 0 ||
           strcmp(option->name, "threads") == 0;
}

static imp_status unknown_setting_error(const imp_options *options, const char *path, int line,
                                        const char *name, imp_error *err)
{
    char hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(name, strlen(name));
    for (int k = 0; k < options->count; k++)
        if (is_allowed_in_file(&options->table[k]))
            imp_suggestion_consider(&suggestion, options->table[k].name);
    return imp_fail(err, IMP_BAD_INPUT, "%s:%d: '%.60s' is no setting of imprint %s%s", path, line,
                    name, options->command->name, imp_suggestion_format(&suggestion, hint));
}

static imp_status set_from_node(imp_options *options, const char *path, const yaml_node_t *key,
                                const yaml_node_t *value, imp_error *err)
{
    const char *name = (const char *)key->data.scalar.value;
    int line = (int)key->start_mark.line + 1;
    int index = imp_option_find(options, name);
    if (index < 0)
        return unknown_setting_error(options, path, line, name, err);
    if (!is_allowed_in_file(&options->table[index]))
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: '%s' can only be given on the command line",
                        path, line, name);
    if (value->type != YAML_SCALAR_NODE)
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: %s wants a single value", path, line, name);
    char *text = strdup((const char *)value->data.scalar.value);
    if (text == NULL || options->owned_count == (int)(sizeof options->owned / sizeof(char *))) {
        free(text);
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: too many settings", path, line);
    }
    options->owned[options->owned_count++] = text;
    imp_error inner = {0};
    if (imp_option_set_value(options, index, text, &inner) != IMP_OK)
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: %s", path, line, inner.message);
    return IMP_OK;
}

static imp_status set_from_node_pair(imp_options *options, const char *path,
                                     yaml_document_t *document, const yaml_node_pair_t *pair,
                                     imp_error *err)
{
    const yaml_node_t *key = yaml_document_get_node(document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(document, pair->value);
    if (key->type != YAML_SCALAR_NODE)
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: a setting must be `name: value`", path,
                        (int)key->start_mark.line + 1);
    if (value->type != YAML_SEQUENCE_NODE)
        return set_from_node(options, path, key, value, err);
    imp_status status = IMP_OK;
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top && status == IMP_OK; item++)
        status = set_from_node(options, path, key, yaml_document_get_node(document, *item), err);
    return status;
}

static imp_status apply_document(imp_options *options, const char *path, yaml_document_t *document,
                                 imp_error *err)
{
    const yaml_node_t *root = yaml_document_get_root_node(document);
    if (root == NULL)
        return IMP_OK; // an empty file sets nothing
    if (root->type != YAML_MAPPING_NODE)
        return imp_fail(err, IMP_BAD_INPUT, "%s: wants lines of `name: value`", path);
    imp_status status = IMP_OK;
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top && status == IMP_OK; pair++)
        status = set_from_node_pair(options, path, document, pair, err);
    return status;
}

imp_status imp_settings_file_read(imp_options *options, const char *path, imp_error *err)
{
    char *text;
    size_t length;
    imp_status status = imp_file_type_expect_text(path, "settings are a YAML file", err);
    if (status == IMP_OK)
        status = imp_file_read(&text, &length, path, CONFIG_BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    yaml_parser_t parser;
    yaml_document_t document;
    status = imp_yaml_check_limits(text, length, path, err);
    if (status == IMP_OK && !yaml_parser_initialize(&parser))
        status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    if (status != IMP_OK) {
        free(text);
        return status;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    if (yaml_parser_load(&parser, &document)) {
        status = apply_document(options, path, &document, err);
        yaml_document_delete(&document);
    } else {
        status = imp_fail(err, IMP_BAD_INPUT, "%s:%d: not YAML: %s", path,
                          (int)parser.problem_mark.line + 1,
                          parser.problem != NULL ? parser.problem : "unreadable");
    }
    yaml_parser_delete(&parser);
    free(text);
    return status;
}

imp_status imp_settings_file_check_command(const imp_options *options, const char *folder,
                                           imp_error *err)
{
    char path[IMP_PATH_MAX], maker[32], *text;
    size_t length;
    imp_status status = imp_path_join(path, folder, IMP_SETTINGS_FILE_NAME, err);
    if (status != IMP_OK || !imp_path_exists(path))
        return status;
    status = imp_file_read(&text, &length, path, CONFIG_BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    if (sscanf(text, "# imprint %*s %31[a-z-]", maker) == 1 &&
        strcmp(maker, options->command->name) != 0)
        status = imp_fail(err, IMP_USAGE,
                          "%s: was made by imprint %s, which alone can continue it: choose another "
                          "--out",
                          folder, maker);
    free(text);
    return status;
}

imp_status imp_settings_file_read_saved(imp_options *options, const char *folder, imp_error *err)
{
    char path[IMP_PATH_MAX];
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

void imp_option_format_value(const imp_option *option, char *out, size_t capacity)
{
    const void *value = option->value;
    const int *pair = value;
    const double *pose = value;
    char number[IMP_NUMBER_TEXT_MAX];
    out[0] = '\0';
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
    }
}

// A text, or what stands for it in results.
static json_t *text_to_json(const imp_option *option, const char *value,
                            imp_describe_source *describe)
{
    char other[IMP_SOURCE_TEXT_MAX];
    if (describe == NULL || option->kind != IMP_INPUT_PATH)
        return json_string(value);
    describe(value, other);
    return json_string(other);
}

static json_t *option_to_json(const imp_option *option, imp_describe_source *describe)
{
    char text[128];
    switch (option->type) {
    case IMP_OPTION_FLAG:
        return json_boolean(*(const bool *)option->value);
    case IMP_OPTION_INT:
        return json_integer(*(const int *)option->value);
    case IMP_OPTION_SEED:
        return json_integer((json_int_t) * (const uint64_t *)option->value);
    case IMP_OPTION_REAL:
        return json_real(*(const double *)option->value);
    case IMP_OPTION_LIST: {
        const imp_text_list *list = option->value;
        json_t *array = json_array();
        int failed = 0;
        for (int k = 0; k < list->count; k++)
            failed |= json_array_append_new(array, text_to_json(option, list->items[k], describe));
        if (failed == 0)
            return array;
        json_decref(array);
        return NULL;
    }
    case IMP_OPTION_TEXT:
        return text_to_json(option, *(const char *const *)option->value, describe);
    default:
        imp_option_format_value(option, text, sizeof text);
        return json_string(text);
    }
}

// Options without a value of their own (a text or pose that was not given) are no settings.
static bool is_saved_setting(const imp_options *options, int k)
{
    const imp_option *option = &options->table[k];
    if (option->kind == IMP_TRANSIENT)
        return false;
    if (option->type == IMP_OPTION_TEXT)
        return *(const char *const *)option->value != NULL;
    if (option->type == IMP_OPTION_PAIR && *(const int *)option->value != 0)
        return true;
    return (option->type != IMP_OPTION_PAIR && option->type != IMP_OPTION_POSE) ||
           options->given[k];
}

json_t *imp_options_to_json_object(const imp_options *options, bool with_flexible,
                                   imp_describe_source *describe)
{
    json_t *object = json_object();
    int failed = 0;
    for (int k = 0; k < options->count; k++)
        if (is_saved_setting(options, k) &&
            (with_flexible || options->table[k].kind != IMP_FLEXIBLE))
            failed |= json_object_set_new(object, options->table[k].name,
                                          option_to_json(&options->table[k], describe));
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

// The value of an option as YAML: words as JSON, of which YAML is an extension, numbers as short as
// they can be, and sizes and poses as the command line takes them.
static void write_yaml_setting(FILE *out, const imp_option *option)
{
    char text[IMP_NUMBER_TEXT_MAX * 4];
    const int *pair = option->value;
    if (option->type == IMP_OPTION_LIST || option->type == IMP_OPTION_TEXT) {
        json_t *value = option_to_json(option, NULL);
        char *quoted = json_dumps(value, JSON_ENCODE_ANY);
        json_decref(value);
        fprintf(out, "%s: %s\n", option->name, quoted != NULL ? quoted : "");
        free(quoted);
        return;
    }
    imp_option_format_value(option, text, sizeof text);
    if (option->type == IMP_OPTION_PAIR && strcmp(option->placeholder, "WxH") == 0)
        snprintf(text, sizeof text, "%dx%d", pair[0], pair[1]);
    fprintf(out, "%s: %s\n", option->name, text);
}

char *imp_options_to_yaml(const imp_options *options)
{
    char *text = NULL;
    size_t length;
    // texts that are not UTF-8 are found out here
    json_t *object = imp_options_to_json_object(options, true, NULL);
    FILE *out = object == NULL ? NULL : open_memstream(&text, &length);
    if (out == NULL) {
        json_decref(object);
        return NULL;
    }
    fprintf(out, "# imprint %s %s: use with --config\n", imp_version(), options->command->name);
    for (int k = 0; k < options->count; k++)
        if (is_saved_setting(options, k))
            write_yaml_setting(out, &options->table[k]);
    json_decref(object);
    fclose(out);
    return text;
}
