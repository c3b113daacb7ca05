// Reads a drive from JSON. Whatever the text holds, nothing is allocated before its length is
// checked, no path in it is opened, and a message names what is wrong. Members that a later version
// may add are ignored; unknown settings are not, for the drive would not come out the same.
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/little_endian.h"
#include "base/text/base64.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "base/yaml/yaml_tree.h"
#include "sim/demonstration/demonstration_format.h"
#include "sim/demonstration/demonstration_settings.h"

// Limits of a file: a map of 16 MiB may take twice as much in JSON. And of the integration steps of
// a drive, so that a small file cannot keep the simulator busy for days.
enum { FILE_MAX = 48 << 20, MAP_MAX = 16 << 20, INTEGRATION_STEPS_MAX = 1 << 25 };

// What is being read.
typedef struct reader {
    const char *name; // of the file
    json_t *root;
    imp_demonstration *out;
    imp_error *err;
} reader;

#define FAIL(r, ...) imp_demonstration_fail((r)->err, (r)->name, __VA_ARGS__)

// Copies a text of the file: control characters become spaces, and what is too long is cut off.
static void copy_sanitized_text(char *out, size_t size, const json_t *text)
{
    const char *from = json_is_string(text) ? json_string_value(text) : "";
    snprintf(out, size, "%s", from);
    imp_yaml_sanitize_text(out);
}

// The value of a member that must be of a type.
static imp_status get_member(const reader *r, const json_t *object, const char *key, json_type type,
                             json_t **out)
{
    static const char *const names[] = {[JSON_OBJECT] = "an object",
                                        [JSON_ARRAY] = "a list",
                                        [JSON_STRING] = "a text",
                                        [JSON_INTEGER] = "a whole number"};
    json_t *value = json_object_get(object, key);
    if (value == NULL)
        return FAIL(r, "\"%s\" is missing: the file is not complete", key);
    if (json_typeof(value) != type)
        return FAIL(r, "\"%s\" is not %s", key, names[type]);
    *out = value;
    return IMP_OK;
}

// A whole number within a range.
static imp_status get_integer(const reader *r, const json_t *object, const char *key, int64_t low,
                              int64_t high, int64_t *out)
{
    json_t *value;
    IMP_TRY(get_member(r, object, key, JSON_INTEGER, &value));
    *out = json_integer_value(value);
    if (*out < low || *out > high)
        return FAIL(r, "\"%s\" is %" PRId64 ", not within %" PRId64 " to %" PRId64, key, *out, low,
                    high);
    return IMP_OK;
}

// Sixteen hexadecimal digits in lower case.
static bool parse_hash(const json_t *text, uint64_t *out)
{
    const char *digits = json_string_value(text);
    if (digits == NULL || strlen(digits) != IMP_DEMONSTRATION_HASH_DIGITS ||
        strspn(digits, "0123456789abcdef") != IMP_DEMONSTRATION_HASH_DIGITS)
        return false;
    *out = strtoull(digits, NULL, 16);
    return true;
}

static imp_status get_hash(const reader *r, const json_t *object, const char *key, uint64_t *out)
{
    json_t *value;
    IMP_TRY(get_member(r, object, key, JSON_STRING, &value));
    return parse_hash(value, out)
               ? IMP_OK
               : FAIL(r, "\"%s\" is not %d hexadecimal digits", key, IMP_DEMONSTRATION_HASH_DIGITS);
}

// Format and version decide what all else means.
static imp_status read_format(const reader *r)
{
    const json_t *format = json_object_get(r->root, "format");
    if (!json_is_string(format) || strcmp(json_string_value(format), IMP_DEMONSTRATION_FORMAT) != 0)
        return FAIL(r, "is not a demonstration: \"format\" is not " IMP_DEMONSTRATION_FORMAT);
    json_t *version;
    IMP_TRY(get_member(r, r->root, "version", JSON_INTEGER, &version));
    if (json_integer_value(version) != IMP_DEMONSTRATION_VERSION)
        return FAIL(r,
                    "has version %" JSON_INTEGER_FORMAT " of the format, this program reads %d: "
                    "use the program that wrote it, or a newer one",
                    json_integer_value(version), IMP_DEMONSTRATION_VERSION);
    copy_sanitized_text(r->out->program, sizeof r->out->program,
                        json_object_get(r->root, "program"));
    return IMP_OK;
}

// The map's name becomes part of file names elsewhere, so it is no path.
static imp_status read_map(const reader *r)
{
    imp_demonstration *out = r->out;
    json_t *map, *name;
    IMP_TRY(get_member(r, r->root, "map", JSON_OBJECT, &map));
    IMP_TRY(get_member(r, map, "name", JSON_STRING, &name));
    if (json_string_length(name) == 0 || json_string_length(name) >= sizeof out->map ||
        strpbrk(json_string_value(name), "/\\") != NULL)
        return FAIL(r, "the name of the map is empty, too long or a path");
    // the hash identifies the map; built-in maps come without their text
    copy_sanitized_text(out->map, sizeof out->map, name);
    IMP_TRY(get_hash(r, map, "hash", &out->map_hash));
    const json_t *text = json_object_get(map, "text");
    if (text == NULL || json_is_null(text))
        return IMP_OK;
    // a text must be the one that the hash was made of
    out->map_bytes = json_string_length(text);
    if (!json_is_string(text) || out->map_bytes < 1 || out->map_bytes > MAP_MAX)
        return FAIL(r, "the text of the map is empty, too long or no text");
    if (imp_hash_bytes(IMP_HASH_START, json_string_value(text), out->map_bytes) != out->map_hash)
        return FAIL(r, "the text of the map is another than that of its hash");
    out->map_text = malloc(out->map_bytes + 1);
    if (out->map_text == NULL)
        return imp_fail(r->err, IMP_NO_MEMORY, "%s: out of memory", r->name);
    memcpy(out->map_text, json_string_value(text), out->map_bytes + 1);
    return IMP_OK;
}

// The seed is a number, or a text where a number would not be exact.
static imp_status read_seed(const reader *r)
{
    const json_t *seed = json_object_get(r->root, "seed");
    const char *digits = json_string_value(seed);
    if (json_is_integer(seed) && json_integer_value(seed) >= 0) {
        r->out->env.seed = (uint64_t)json_integer_value(seed);
        return IMP_OK;
    }
    if (digits == NULL || digits[0] == '\0' || strlen(digits) > 20 ||
        digits[strspn(digits, "0123456789")] != '\0' ||
        (strlen(digits) == 20 && strcmp(digits, "18446744073709551615") > 0))
        return FAIL(r, "\"seed\" is not a whole number from 0 on");
    r->out->env.seed = strtoull(digits, NULL, 10);
    return IMP_OK;
}

// Settings, seed, episode and length; limits bound the work of driving it.
static imp_status read_settings_and_episode(const reader *r)
{
    json_t *settings;
    int64_t episode, steps;
    r->out->env = imp_default_env_def();
    IMP_TRY(get_member(r, r->root, "settings", JSON_OBJECT, &settings));
    IMP_TRY(imp_demonstration_read_settings(&r->out->env, settings, r->name, r->err));
    IMP_TRY(read_seed(r));
    IMP_TRY(get_integer(r, r->root, "episode", 0, UINT32_MAX, &episode));
    IMP_TRY(get_integer(r, r->root, "steps", 1, IMP_DEMONSTRATION_STEPS_MAX, &steps));
    r->out->episode = (uint32_t)episode;
    r->out->steps = r->out->capacity = (int)steps;
    r->out->env.max_steps = INT_MAX;
    const imp_env_def *env = &r->out->env;
    if ((double)steps * env->frame_skip * env->drive.substeps > INTEGRATION_STEPS_MAX)
        return FAIL(r, "its %s of %s in %s each are too many to drive", IMP_PLURAL(steps, "step"),
                    IMP_PLURAL(env->frame_skip, "frame"),
                    IMP_PLURAL(env->drive.substeps, "substep"));
    return IMP_OK;
}

// Duty cycles as base64 of little-endian float32.
static imp_status read_actions(const reader *r)
{
    imp_demonstration *out = r->out;
    json_t *text;
    const size_t count = 2 * (size_t)out->steps;
    IMP_TRY(get_member(r, r->root, "actions", JSON_STRING, &text));
    if (json_string_length(text) != imp_base64_length(4 * count))
        return FAIL(r, "\"actions\" is not the base64 of %s: it is cut off, or \"steps\" is wrong",
                    IMP_PLURAL(out->steps, "step"));
    out->actions = malloc(count * sizeof *out->actions);
    if (out->actions == NULL)
        return imp_fail(r->err, IMP_NO_MEMORY, "%s: out of memory", r->name);
    if (!imp_base64_decode((uint8_t *)out->actions, 4 * count, json_string_value(text),
                           json_string_length(text)))
        return FAIL(r, "\"actions\" is not base64");
    for (size_t k = 0; k < count; k++) {
        const float duty = imp_load_le_f32((const uint8_t *)&out->actions[k]);
        if (!(duty >= -1.0F && duty <= 1.0F))
            return FAIL(r, "the action of step %zu is no duty cycle from -1 to 1", k / 2);
        out->actions[k] = duty;
    }
    return IMP_OK;
}

// The number of a driver's word, or -1.
static int find_driver(const char *word)
{
    for (int k = 0; k < IMP_DRIVER_COUNT && word != NULL; k++)
        if (strcmp(word, imp_driver_name(k)) == 0)
            return k;
    return -1;
}

// Runs of steps. Their number is limited by that of the steps.
static imp_status read_drivers(const reader *r)
{
    imp_demonstration *out = r->out;
    json_t *runs;
    int64_t done = 0;
    IMP_TRY(get_member(r, r->root, "drivers", JSON_ARRAY, &runs));
    out->drivers = malloc((size_t)out->steps);
    if (out->drivers == NULL)
        return imp_fail(r->err, IMP_NO_MEMORY, "%s: out of memory", r->name);
    // an entry is a pair of a driver's name and a number of steps
    for (size_t k = 0; k < json_array_size(runs); k++) {
        const json_t *run = json_array_get(runs, k), *length = json_array_get(run, 1);
        const int driver = find_driver(json_string_value(json_array_get(run, 0)));
        const int64_t steps = json_is_integer(length) ? json_integer_value(length) : 0;
        if (driver < 0)
            return FAIL(r, "entry %zu of \"drivers\" names neither expert, policy nor person", k);
        if (steps < 1 || steps > out->steps - done)
            return FAIL(r, "entry %zu of \"drivers\" does not fit into %s", k,
                        IMP_PLURAL(out->steps, "step"));
        memset(out->drivers + done, driver, (size_t)steps);
        done += steps;
    }
    // the runs must cover all steps
    return done == out->steps ? IMP_OK
                              : FAIL(r, "\"drivers\" covers %" PRId64 " of %s", done,
                                     IMP_PLURAL(out->steps, "step"));
}

// Hashes of states: every so many steps, of the last one, and perhaps of the start.
static imp_status read_state_hashes(const reader *r)
{
    imp_demonstration *out = r->out;
    json_t *checks, *hashes;
    int64_t every;
    IMP_TRY(get_member(r, r->root, "checks", JSON_OBJECT, &checks));
    IMP_TRY(get_integer(r, checks, "every", 1, IMP_DEMONSTRATION_STEPS_MAX, &every));
    IMP_TRY(get_member(r, checks, "hashes", JSON_ARRAY, &hashes));
    IMP_TRY(get_hash(r, checks, "final", &out->final_check));
    out->check_every = (int)every;
    // one hash after every so many steps; the last state has its own
    const size_t count = (size_t)(out->steps / out->check_every);
    if (json_array_size(hashes) != count)
        return FAIL(r, "\"checks\" has %zu hashes, and %s with one every %d have %zu",
                    json_array_size(hashes), IMP_PLURAL(out->steps, "step"), out->check_every,
                    count);
    out->checks = calloc(count + 1, sizeof *out->checks);
    if (out->checks == NULL)
        return imp_fail(r->err, IMP_NO_MEMORY, "%s: out of memory", r->name);
    for (size_t k = 0; k < count; k++)
        if (!parse_hash(json_array_get(hashes, k), &out->checks[k]))
            return FAIL(r, "hash %zu of \"checks\" is not %d hexadecimal digits", k,
                        IMP_DEMONSTRATION_HASH_DIGITS);
    // the hash of the start is optional
    out->has_start_check = json_object_get(checks, "start") != NULL;
    return out->has_start_check ? get_hash(r, checks, "start", &out->start_check) : IMP_OK;
}

// What is for people only.
static void read_descriptions(const reader *r)
{
    imp_demonstration *out = r->out;
    const json_t *policy = json_object_get(r->root, "policy");
    const json_t *recorded = json_object_get(r->root, "recorded");
    copy_sanitized_text(out->policy, sizeof out->policy, json_object_get(policy, "name"));
    copy_sanitized_text(out->policy_hash, sizeof out->policy_hash, json_object_get(policy, "hash"));
    copy_sanitized_text(out->recorder, sizeof out->recorder, json_object_get(recorded, "name"));
    copy_sanitized_text(out->note, sizeof out->note, json_object_get(recorded, "note"));
}

// In the order in which they depend on each other.
static imp_status read_all_members(const reader *r)
{
    IMP_TRY(read_format(r));
    IMP_TRY(read_map(r));
    IMP_TRY(read_settings_and_episode(r));
    IMP_TRY(read_actions(r));
    IMP_TRY(read_drivers(r));
    IMP_TRY(read_state_hashes(r));
    read_descriptions(r);
    return IMP_OK;
}

imp_status imp_demonstration_parse(imp_demonstration *out, const char *text, size_t length,
                                   const char *name, imp_error *err)
{
    json_error_t error;
    errno = 0;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    imp_demonstration drive = {0};
    const reader r = {name, root, &drive, err};
    imp_status status;
    if (root == NULL && errno == ENOMEM)
        status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory for a demonstration", name);
    else if (root == NULL)
        status = FAIL(&r, "is not a demonstration: line %d: %s", error.line, error.text);
    else if (!json_is_object(root))
        status = FAIL(&r, "is not a demonstration: it is JSON, but not an object");
    else
        status = read_all_members(&r);
    json_decref(root);
    if (status == IMP_OK)
        *out = drive;
    else
        imp_demonstration_free(&drive);
    return status;
}

imp_status imp_demonstration_read(imp_demonstration *out, const char *path, imp_error *err)
{
    char *text;
    size_t length;
    IMP_TRY(imp_file_read(&text, &length, path, FILE_MAX, err));
    const imp_status status = imp_demonstration_parse(out, text, length, path, err);
    free(text);
    return status;
}
