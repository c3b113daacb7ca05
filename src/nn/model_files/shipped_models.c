// Models that come with the library. They are files, not a part of the library, so that an agent
// stays small. They are found from where the library itself is, because an installation may be
// moved: share/imprint/models stands beside its folder or above it. That holds for programs in
// bin, libraries in lib and lib/MACHINE, the Python package, and folders of builds.
#include "nn/model_files/shipped_models.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "imprint/nn.h"

static const struct {
    const char *name, *summary;
} MODELS[] = {
    {"robot", "drives a Duckiebot, real or simulated, with any look of the world"},
    {"town", "drives through towns that it has never seen, and turns where commands say"},
};
enum { MODEL_COUNT = sizeof MODELS / sizeof MODELS[0] };

const char *imp_shipped_model_name(int index)
{
    return index >= 0 && index < MODEL_COUNT ? MODELS[index].name : NULL;
}

const char *imp_shipped_model_summary(int index)
{
    return index >= 0 && index < MODEL_COUNT ? MODELS[index].summary : NULL;
}

bool imp_model_is_shipped(const char *name)
{
    for (int k = 0; k < MODEL_COUNT; k++)
        if (strcmp(MODELS[k].name, name) == 0)
            return true;
    return false;
}

// Looks for a model below a folder, and below those above it. Cuts components off `folder`.
static bool find_above_folder(char out[IMP_PATH_MAX], char folder[IMP_PATH_MAX], const char *name)
{
    enum { LEVELS = 5 }; // PREFIX/lib/python3/site-packages/imprint/_native.abi3.so
    for (int k = 0; k < LEVELS; k++) {
        const int length =
            snprintf(out, IMP_PATH_MAX, "%s/share/imprint/models/%s.safetensors", folder, name);
        if (length < IMP_PATH_MAX && imp_path_exists(out))
            return true;
        char *slash = strrchr(folder, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
    }
    return false;
}

// The folder of a file, without links on the way. False if there is none.
static bool get_real_folder(char out[IMP_PATH_MAX], const char *path)
{
    char *real = realpath(path, NULL);
    char *slash = real != NULL ? strrchr(real, '/') : NULL;
    const bool found = slash != NULL && strlen(real) < IMP_PATH_MAX;
    if (found) {
        *slash = '\0';
        strcpy(out, real);
    }
    free(real);
    return found;
}

// Looks near the shared object that holds this function, then near the program. Of a program, the
// first is the name that it was started by, which need not be a path.
static bool find_near_library(char out[IMP_PATH_MAX], const char *name)
{
    static const char anchor = 0;
    char folder[IMP_PATH_MAX];
    Dl_info info;
    return (dladdr(&anchor, &info) != 0 && info.dli_fname != NULL &&
            get_real_folder(folder, info.dli_fname) && find_above_folder(out, folder, name)) ||
           (get_real_folder(folder, "/proc/self/exe") && find_above_folder(out, folder, name));
}

imp_status imp_model_resolve_path(char out[IMP_PATH_MAX], const char *name_or_path, imp_error *err)
{
    if (imp_path_exists(name_or_path) || !imp_model_is_shipped(name_or_path))
        return imp_path_resolve_file(out, name_or_path, "model.safetensors", err);
    const char *given = getenv("IMPRINT_MODELS");
    if (given != NULL && given[0] != '\0') {
        char file[64];
        snprintf(file, sizeof file, "%s.safetensors", name_or_path);
        return imp_path_join(out, given, file, err);
    }
    return find_near_library(out, name_or_path)
               ? IMP_OK
               : imp_fail(err, IMP_BAD_INPUT,
                          "%s: this model comes with imprint, but share/imprint/models is not "
                          "where the library is: name its folder in IMPRINT_MODELS",
                          name_or_path);
}
