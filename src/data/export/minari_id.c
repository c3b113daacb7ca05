// Derives the id that Minari requires for a dataset from its folder: compares the absolute paths of
// the folder and of Minari's root. Links are resolved in the part of a path that exists.
#include "data/export/minari_id.h"

#include "base/common/try.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DATA_FOLDER[] = "/data"; // subfolder of a dataset that holds its files

// Letters, digits, '_' and '-'.
static bool is_valid_name(const char *text, size_t length)
{
    // ASCII letters and digits, in any locale of the program
    for (size_t k = 0; k < length; k++)
        if (!isalnum((unsigned char)text[k]) && text[k] != '_' && text[k] != '-')
            return false;
    return length > 0;
}

// Whether a name has the form NAME-vNUMBER.
static bool is_versioned_name(const char *text, size_t length)
{
    // digits at the end, before them "-v"
    size_t digits = 0;
    while (digits < length && isdigit((unsigned char)text[length - 1 - digits]))
        digits++;
    return digits > 0 && digits < 10 && length > digits + 2 && text[length - digits - 1] == 'v' &&
           text[length - digits - 2] == '-' && is_valid_name(text, length);
}

// Namespaces, separated by slashes, then the versioned name.
bool imp_minari_id_is_valid(const char *id)
{
    const char *at = id;
    // limited, so that callers' buffers suffice
    if (strlen(id) >= IMP_MINARI_ID_MAX)
        return false;
    for (const char *slash; (slash = strchr(at, '/')) != NULL; at = slash + 1)
        if (!is_valid_name(at, (size_t)(slash - at)))
            return false;
    // Minari requires namespaces of at least two characters.
    return is_versioned_name(at, strlen(at)) && (at == id || at - id > 2);
}

// The variable wins over the home folder, as in Minari.
imp_status imp_minari_datasets_folder(char out[IMP_PATH_MAX], imp_error *err)
{
    // as Minari does: variable first
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

// Makes a path absolute, without links, "." and trailing slashes, as far as it exists.
static imp_status resolve_path(char out[IMP_PATH_MAX], const char *path, imp_error *err)
{
    char there[IMP_PATH_MAX], found[PATH_MAX], *slash;
    char rest[IMP_PATH_MAX] = "", longer[IMP_PATH_MAX];
    // relative paths start at the current folder
    if (snprintf(there, sizeof there, "%s%s", path[0] == '/' ? "" : "./", path) >= IMP_PATH_MAX)
        return imp_fail(err, IMP_USAGE, "%.100s...: path too long", path);
    // shorten the path until it exists, collecting the rest
    while (realpath(there, found) == NULL) {
        if ((slash = strrchr(there, '/')) == NULL)
            return imp_fail(err, IMP_USAGE, "%s: %s", path, strerror(errno));
        // Empty names (from double or trailing slashes) and "." are skipped.
        const char *name = slash + 1;
        if (name[0] != '\0' && strcmp(name, ".") != 0) {
            if (snprintf(longer, sizeof longer, "/%s%s", name, rest) >= IMP_PATH_MAX)
                return imp_fail(err, IMP_USAGE, "%.100s...: path too long", path);
            strcpy(rest, longer);
        }
        // The root folder's own slash stays.
        slash[slash == there] = '\0';
    }
    // put the existing part and the rest together
    if (snprintf(out, IMP_PATH_MAX, "%s%s", strcmp(found, "/") == 0 ? "" : found, rest) >=
        IMP_PATH_MAX)
        return imp_fail(err, IMP_USAGE, "%.100s...: path too long", path);
    return IMP_OK;
}

// The last two names before /data if they form an id; else "".
static void id_from_data_path(char out[IMP_MINARI_ID_MAX], char *path)
{
    out[0] = '\0';
    // only folders called data can be found by Minari
    if (!imp_path_has_suffix(path, DATA_FOLDER))
        return;
    // the name, then one component more for the namespace
    path[strlen(path) - strlen(DATA_FOLDER)] = '\0';
    char *at = strrchr(path, '/');
    while (at != NULL && at > path && at[-1] != '/')
        at--;
    if (at != NULL && imp_minari_id_is_valid(at))
        snprintf(out, IMP_MINARI_ID_MAX, "%s", at);
}

// Within Minari's root the rest of the path is the id; elsewhere it is guessed from the last names.
imp_status imp_minari_id_from_path(char out[IMP_MINARI_ID_MAX], bool *is_in_root, const char *path,
                                   const char *root, imp_error *err)
{
    char whole[IMP_PATH_MAX], base[IMP_PATH_MAX];
    IMP_TRY(resolve_path(whole, path, err));
    if (root[0] != '\0')
        IMP_TRY(resolve_path(base, root, err));
    const size_t length = root[0] != '\0' ? strlen(base) : 0;
    // root must be followed by a slash
    *is_in_root = length > 0 && strncmp(whole, base, length) == 0 && whole[length] == '/';
    if (!*is_in_root) {
        // outside of the root any name is allowed
        id_from_data_path(out, whole);
        return IMP_OK;
    }
    char *id = whole + length + 1;
    const bool has_data = imp_path_has_suffix(id, DATA_FOLDER);
    if (has_data)
        id[strlen(id) - strlen(DATA_FOLDER)] = '\0';
    // inside it, Minari would not list such a folder
    if (!has_data || !imp_minari_id_is_valid(id))
        return imp_fail(err, IMP_USAGE,
                        "%s is in Minari's folder of datasets, which finds only "
                        "%s/NAMESPACE/NAME-vNUMBER/data (letters, digits, _ and -, a namespace of "
                        "two at least): choose such a path",
                        path, base);
    snprintf(out, IMP_MINARI_ID_MAX, "%s", id);
    return IMP_OK;
}
