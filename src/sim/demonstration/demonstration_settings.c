// Reads the settings of an environment from an object whose keys are paths in the environment's
// table, such as "drive.trim". Types and ranges are those of the table.
#include "sim/demonstration/demonstration_settings.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/suggestion.h"
#include "base/yaml/yaml_tree.h"
#include "sim/demonstration/demonstration_format.h"

imp_status(imp_demonstration_fail)(imp_error *err, const char *name, const char *format, ...)
{
    char reason[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    imp_yaml_sanitize_text(reason);
    return imp_fail(err, IMP_BAD_INPUT, "%s: %s", name, reason);
}

bool imp_demonstration_is_member_stored(const char *path, const imp_struct_member *member)
{
    return strcmp(path, "seed") != 0 && strcmp(path, "max_steps") != 0 && member->cookie == 0 &&
           imp_demonstration_value_size(member->kind) > 0;
}

size_t imp_demonstration_value_size(imp_member_type kind)
{
    switch (kind) {
    case IMP_MEMBER_BOOL:
        return sizeof(bool);
    case IMP_MEMBER_INT:
        return sizeof(int);
    case IMP_MEMBER_UINT32:
        return sizeof(uint32_t);
    case IMP_MEMBER_DOUBLE:
        return sizeof(double);
    default:
        return 0;
    }
}

// Sets one value; false if it is of another type or does not fit.
static bool set_member_value(void *at, imp_member_type kind, const json_t *value)
{
    const json_int_t whole = json_integer_value(value); // 0 of other types
    const double number = json_number_value(value);
    switch (kind) {
    case IMP_MEMBER_BOOL:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value);
    case IMP_MEMBER_INT:
        *(int *)at = whole >= INT_MIN && whole <= INT_MAX ? (int)whole : 0;
        return json_is_integer(value) && whole >= INT_MIN && whole <= INT_MAX;
    case IMP_MEMBER_UINT32:
        *(uint32_t *)at = whole >= 0 && whole <= UINT32_MAX ? (uint32_t)whole : 0;
        return json_is_integer(value) && whole >= 0 && whole <= UINT32_MAX;
    case IMP_MEMBER_DOUBLE:
        *(double *)at = number;
        return json_is_number(value) && isfinite(number);
    default:
        return false;
    }
}

// Adds the paths of all settings to a suggestion for an unknown one.
static void add_settings_to_suggestion(imp_suggestion *suggestion, const imp_struct_table *members)
{
    for (int k = 0; k < members->count; k++)
        if (imp_demonstration_is_member_stored(members->list[k].name, &members->list[k]))
            imp_suggestion_add_candidate(suggestion, members->list[k].name);
}

static imp_status fail_unknown_setting(const char *key, const char *name, imp_error *err)
{
    char hint[IMP_SUGGESTION_TEXT_MAX], shown[IMP_DEMONSTRATION_SETTING_MAX];
    snprintf(shown, sizeof shown, "%s", key);
    imp_suggestion suggestion = imp_suggestion_begin(shown, strlen(shown));
    add_settings_to_suggestion(&suggestion, &imp_env_members);
    return imp_demonstration_fail(err, name, "the setting '%s' is unknown here%s", shown,
                                  imp_suggestion_format(&suggestion, hint));
}

// The path of a member by the key that stands for it in texts.
static const char *find_path_of_key(const char *key)
{
    for (int k = 0; k < imp_env_members.count; k++) {
        const imp_struct_member *member = &imp_env_members.list[k];
        if (member->key != NULL && strcmp(member->key, key) == 0)
            return member->name;
    }
    return key;
}

// Sets one member by its path. Arrays are lists of as many values.
static imp_status read_setting(imp_env_def *env, const char *key, const json_t *value,
                               const char *name, imp_error *err)
{
    void *at = NULL;
    const imp_struct_member *member =
        strlen(key) < IMP_DEMONSTRATION_SETTING_MAX
            ? imp_struct_find_member(&at, &imp_env_members, find_path_of_key(key), env)
            : NULL;
    if (member == NULL || !imp_demonstration_is_member_stored(key, member))
        return fail_unknown_setting(key, name, err);
    const size_t size = imp_demonstration_value_size(member->kind), count = member->size / size;
    bool good =
        count == 1 ? set_member_value(at, member->kind, value) : json_array_size(value) == count;
    for (size_t k = 0; k < count && count > 1 && good; k++)
        good = set_member_value((char *)at + k * size, member->kind, json_array_get(value, k));
    return good
               ? IMP_OK
               : imp_demonstration_fail(err, name, "the setting '%s' has an impossible value", key);
}

imp_status imp_demonstration_read_settings(imp_env_def *env, const json_t *settings,
                                           const char *name, imp_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)settings, key, value)
    {
        // how long a drive is, its actions say
        if (strcmp(key, "max_steps") != 0)
            IMP_TRY(read_setting(env, key, value, name, err));
    }
    imp_error wrong = {0};
    if (env->rules != IMP_RULES_SIMULATOR && env->rules != IMP_RULES_CHALLENGE)
        return imp_demonstration_fail(err, name, "the setting 'rules' has an impossible value");
    return imp_struct_check_ranges(&imp_env_members, env, &wrong) == IMP_OK
               ? IMP_OK
               : imp_demonstration_fail(err, name, "a setting is not possible: %s", wrong.message);
}
