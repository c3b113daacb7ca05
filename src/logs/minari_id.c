// Finds the id that Minari wants a dataset to have by comparing the absolute paths of its folder
// and of Minari's root, of whose existing parts links are resolved.
#include "logs/minari_id.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DATA[] = "/data"; // the folder of a dataset that its files are in

static bool is_word(const char *text, size_t length)
{
    for (size_t k = 0; k < length; k++)
        if (!isalnum((unsigned char)text[k]) && text[k] != '_' && text[k] != '-')
            return false;
    return length > 0;
}

// NAME-vNUMBER
static bool is_versioned(const char *text, size_t length)
{
    size_t digits = 0;
    while (digits < length && isdigit((unsigned char)text[length - 1 - digits]))
        digits++;
    return digits > 0 && digits < 10 && length > digits + 2 && text[length - digits - 1] == 'v' &&
           text[length - digits - 2] == '-' && is_word(text, length);
}

bool imp_minari_id_is_sound(const char *id)
{
    const char *at = id;
    if (strlen(id) >= IMP_MINARI_ID_MAX)
        return false;
    for (const char *slash; (slash = strchr(at, '/')) != NULL; at = slash + 1)
        if (!is_word(at, (size_t)(slash - at)))
            return false;
    // Minari wants namespaces of two characters and more
    return is_versioned(at, strlen(at)) && (at == id || at - id > 2);
}

imp_status imp_minari_root(char out[IMP_PATH_MAX], imp_error *err)
{
    const char *named = getenv("MINARI_DATASETS_PATH"), *home = getenv("HOME");
    out[0] = '\0';
    if (named != NULL && named[0] != '\0') {
        if (snprintf(out, IMP_PATH_MAX, "%s", named) >= IMP_PATH_MAX)
            return imp_fail(err, IMP_USAGE, "MINARI_DATASETS_PATH is too long a path");
        return IMP_OK;
    }
    return home == NULL || home[0] == '\0' ? IMP_OK
                                           : imp_path_join(out, home, ".minari/datasets", err);
}

// Absolute, without links, dots and slashes at its end, as far as it exists.
static imp_status resolve(char out[IMP_PATH_MAX], const char *path, imp_error *err)
{
    char there[IMP_PATH_MAX], found[PATH_MAX], *slash;
    char rest[IMP_PATH_MAX] = "", longer[IMP_PATH_MAX];
    if (snprintf(there, sizeof there, "%s%s", path[0] == '/' ? "" : "./", path) >= IMP_PATH_MAX)
        return imp_fail(err, IMP_USAGE, "%.100s...: path too long", path);
    while (realpath(there, found) == NULL) {
        if ((slash = strrchr(there, '/')) == NULL)
            return imp_fail(err, IMP_USAGE, "%s: %s", path, strerror(errno));
        // an empty name, from two slashes or one at the end, is none
        const char *name = slash + 1;
        if (name[0] != '\0' && strcmp(name, ".") != 0) {
            if (snprintf(longer, sizeof longer, "/%s%s", name, rest) >= IMP_PATH_MAX)
                return imp_fail(err, IMP_USAGE, "%.100s...: path too long", path);
            strcpy(rest, longer);
        }
        // of the root folder itself the slash stays
        slash[slash == there] = '\0';
    }
    if (snprintf(out, IMP_PATH_MAX, "%s%s", strcmp(found, "/") == 0 ? "" : found, rest) >=
        IMP_PATH_MAX)
        return imp_fail(err, IMP_USAGE, "%.100s...: path too long", path);
    return IMP_OK;
}

// The last two names before /data, where they are those of an id; else "".
static void guess_id(char out[IMP_MINARI_ID_MAX], char *path)
{
    out[0] = '\0';
    if (!imp_path_ends(path, DATA))
        return;
    path[strlen(path) - strlen(DATA)] = '\0';
    char *at = strrchr(path, '/');
    while (at != NULL && at > path && at[-1] != '/')
        at--;
    if (at != NULL && imp_minari_id_is_sound(at))
        snprintf(out, IMP_MINARI_ID_MAX, "%s", at);
}

imp_status imp_minari_id_of(char out[IMP_MINARI_ID_MAX], bool *listed, const char *path,
                            const char *root, imp_error *err)
{
    char whole[IMP_PATH_MAX], base[IMP_PATH_MAX];
    imp_status status = resolve(whole, path, err);
    if (status == IMP_OK && root[0] != '\0')
        status = resolve(base, root, err);
    if (status != IMP_OK)
        return status;
    const size_t length = root[0] != '\0' ? strlen(base) : 0;
    *listed = length > 0 && strncmp(whole, base, length) == 0 && whole[length] == '/';
    if (!*listed) {
        guess_id(out, whole);
        return IMP_OK;
    }
    char *id = whole + length + 1;
    const bool has_data = imp_path_ends(id, DATA);
    if (has_data)
        id[strlen(id) - strlen(DATA)] = '\0';
    if (!has_data || !imp_minari_id_is_sound(id))
        return imp_fail(err, IMP_USAGE,
                        "%s is in Minari's folder of datasets, which finds only "
                        "%s/NAMESPACE/NAME-vNUMBER/data (letters, digits, _ and -, a namespace of "
                        "two at least): choose such an --out",
                        path, base);
    snprintf(out, IMP_MINARI_ID_MAX, "%s", id);
    return IMP_OK;
}
