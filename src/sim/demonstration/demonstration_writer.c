// Writes a drive as JSON without spaces, its members in a fixed order. Settings are those members
// of the environment's table that differ from their defaults.
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/little_endian.h"
#include "base/text/base64.h"
#include "sim/demonstration/demonstration_format.h"

// A number as 16 hexadecimal digits.
static json_t *hash_json(uint64_t hash)
{
    char digits[IMP_DEMONSTRATION_HASH_DIGITS + 1];
    snprintf(digits, sizeof digits, "%016" PRIx64, hash);
    return json_string(digits);
}

// One value of a member.
static json_t *member_value_json(imp_member_type kind, const void *at)
{
    switch (kind) {
    case IMP_MEMBER_BOOL:
        return json_boolean(*(const bool *)at);
    case IMP_MEMBER_INT:
        return json_integer(*(const int *)at);
    case IMP_MEMBER_UINT32:
        return json_integer(*(const uint32_t *)at);
    case IMP_MEMBER_DOUBLE:
        return json_real(*(const double *)at);
    default:
        return NULL; // an environment has no other members
    }
}

// Adds a value to a list or, under a key, to an object; NULL for one that could not be completed.
static json_t *add_json_or_release_parent(json_t *to, const char *key, json_t *value)
{
    const int failed =
        key != NULL ? json_object_set_new(to, key, value) : json_array_append_new(to, value);
    if (failed == 0)
        return to;
    json_decref(to);
    return NULL;
}

// Adds the members in which a struct differs from its defaults, under their paths. NULL without
// memory.
static json_t *add_changed_settings(json_t *out, const char *prefix,
                                    const imp_struct_table *members, const void *from,
                                    const void *plain) // NOLINT(misc-no-recursion)
{
    for (int k = 0; k < members->count; k++) {
        const imp_struct_member *member = &members->list[k];
        const char *at = (const char *)from + member->offset;
        const char *usual = (const char *)plain + member->offset;
        char path[IMP_DEMONSTRATION_SETTING_MAX];
        snprintf(path, sizeof path, "%s%s", prefix,
                 member->key != NULL ? member->key : member->name);
        // a struct adds its own members under its path
        if (member->kind == IMP_MEMBER_STRUCT) {
            strncat(path, ".", sizeof path - strlen(path) - 1);
            out = add_changed_settings(out, path, member->of, at, usual);
        } else if (imp_demonstration_is_member_stored(path, member) &&
                   memcmp(at, usual, member->size) != 0) {
            const size_t size = imp_demonstration_value_size(member->kind);
            // one value, or else a list of values
            if (member->size == size) {
                out = add_json_or_release_parent(out, path, member_value_json(member->kind, at));
                continue;
            }
            json_t *list = json_array();
            for (size_t e = 0; e < member->size; e += size)
                list =
                    add_json_or_release_parent(list, NULL, member_value_json(member->kind, at + e));
            out = add_json_or_release_parent(out, path, list);
        }
    }
    return out;
}

static json_t *settings_json(const imp_demonstration *drive)
{
    const imp_env_def plain = imp_default_env_def();
    return add_changed_settings(json_object(), "", &imp_env_members, &drive->env, &plain);
}

// float32 in little-endian bytes, as base64.
static json_t *actions_json(const imp_demonstration *drive)
{
    const size_t count = 2 * (size_t)drive->steps, length = 4 * count;
    uint8_t *bytes = malloc(length);
    char *text = malloc(imp_base64_length(length) + 1);
    json_t *out = NULL;
    if (bytes != NULL && text != NULL) {
        for (size_t k = 0; k < count; k++) {
            uint32_t bits;
            memcpy(&bits, &drive->actions[k], sizeof bits);
            imp_store_le_u32(bytes + 4 * k, bits);
        }
        imp_base64_encode(text, bytes, length);
        out = json_string(text);
    }
    free(bytes);
    free(text);
    return out;
}

// Runs of steps with one driver.
static json_t *drivers_json(const imp_demonstration *drive)
{
    json_t *runs = json_array();
    for (int first = 0, k = 1; k <= drive->steps; k++)
        if (k == drive->steps || drive->drivers[k] != drive->drivers[first]) {
            runs = add_json_or_release_parent(
                runs, NULL, json_pack("[s, i]", imp_driver_name(drive->drivers[first]), k - first));
            first = k;
        }
    return runs;
}

static json_t *checks_json(const imp_demonstration *drive)
{
    json_t *hashes = json_array();
    for (int k = 0; k < drive->steps / drive->check_every; k++)
        hashes = add_json_or_release_parent(hashes, NULL, hash_json(drive->checks[k]));
    json_t *checks = json_pack("{s:i, s:o, s:o}", "every", drive->check_every, "hashes", hashes,
                               "final", hash_json(drive->final_check));
    return drive->has_start_check
               ? add_json_or_release_parent(checks, "start", hash_json(drive->start_check))
               : checks;
}

// JavaScript's numbers are exact to 2^53.
static json_t *seed_json(uint64_t seed)
{
    char digits[24];
    if (seed <= IMP_DEMONSTRATION_EXACT_MAX)
        return json_integer((json_int_t)seed);
    snprintf(digits, sizeof digits, "%" PRIu64, seed);
    return json_string(digits);
}

// The whole file; docs/formats.md describes its members.
static json_t *demonstration_json(const imp_demonstration *drive)
{
    json_t *text =
        drive->map_text != NULL ? json_stringn(drive->map_text, drive->map_bytes) : json_null();
    json_t *policy = drive->policy[0] != '\0' ? json_pack("{s:s, s:s}", "name", drive->policy,
                                                          "hash", drive->policy_hash)
                                              : json_null();
    return json_pack("{s:s, s:i, s:s, s:{s:s, s:o, s:o}, s:o, s:o, s:I, s:i, s:o, s:o, s:o, s:o, "
                     "s:{s:s, s:s}}",
                     "format", IMP_DEMONSTRATION_FORMAT, "version", IMP_DEMONSTRATION_VERSION,
                     "program", drive->program, "map", "name", drive->map, "text", text, "hash",
                     hash_json(drive->map_hash), "settings", settings_json(drive), "seed",
                     seed_json(drive->env.seed), "episode", (json_int_t)drive->episode, "steps",
                     drive->steps, "actions", actions_json(drive), "drivers", drivers_json(drive),
                     "policy", policy, "checks", checks_json(drive), "recorded", "name",
                     drive->recorder, "note", drive->note);
}

imp_status imp_demonstration_to_json(char **out, const imp_demonstration *demonstration,
                                     imp_error *err)
{
    if (demonstration->steps < 1)
        return imp_fail(err, IMP_USAGE, "a demonstration without a step cannot be written");
    // NULL without memory, and if a text is not UTF-8
    errno = 0;
    json_t *json = demonstration_json(demonstration);
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(json);
    if (text == NULL && errno == ENOMEM)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a demonstration");
    if (text == NULL)
        return imp_fail(err, IMP_USAGE, "a demonstration's texts must be UTF-8");
    *out = text;
    return IMP_OK;
}

imp_status imp_demonstration_write(const imp_demonstration *demonstration, const char *path,
                                   imp_error *err)
{
    char *text = NULL;
    IMP_TRY(imp_demonstration_to_json(&text, demonstration, err));
    const imp_status status = imp_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}
