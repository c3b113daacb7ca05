// Loads the models of an asset folder: which file, and which overrides, belong to which model.
// Names of files and materials are gym-duckietown's. Missing models keep our own meshes and are
// listed in one warning. Meshes are loaded once per variant, because overrides change the colours
// of vertices and the textures of triangles.
#include <stdio.h>
#include <string.h>

#include "base/text/plural.h"
#include "sim/render/assets/assets.h"

static const imp_material_override NO_OVERRIDE = {NULL, NULL, NULL};

// Loads a mesh if the folder has its file.
static imp_status load_model(imp_assets *assets, int model, const char *name,
                             const imp_material_override *override, imp_error *err)
{
    const char *path = imp_asset_files_find_name(&assets->files, name, NULL);
    if (path == NULL)
        return IMP_OK;
    return imp_asset_model_load(assets, &assets->models[model], path, override,
                                imp_object_class_get(imp_object_model_kind(model)), err);
}

// One mesh in four colours.
static imp_status load_duckiebots(imp_assets *assets, imp_error *err)
{
    // colours of gym-duckietown's chassis
    static const float COLOURS[4][3] = {
        [IMP_COLOR_RED] = {0.5f, 0.0f, 0.0f},
        [IMP_COLOR_GREEN] = {0.0f, 0.5f, 0.0f},
        [IMP_COLOR_BLUE] = {0.0f, 0.0f, 0.5f},
        [IMP_COLOR_GREY] = {0.3f, 0.3f, 0.3f},
    };
    imp_status status = IMP_OK;
    for (int k = 0; status == IMP_OK && k < 4; k++) {
        // the material of the chassis is replaced, all others stay
        const imp_material_override override = {"gkmodel0_chassis_geom0_mat_001-material",
                                                COLOURS[k], NULL};
        status =
            load_model(assets, IMP_OBJECT_MODEL_FIRST_COLOUR + k, "duckiebot.obj", &override, err);
    }
    return status;
}

// One mesh with a card per pattern.
static imp_status load_traffic_lights(imp_assets *assets, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int pattern = 0; status == IMP_OK && pattern < 2; pattern++) {
        // the card is an image of its own, which replaces the cardboard's texture
        char name[64];
        snprintf(name, sizeof name, "trafficlight_card%d.jpg", pattern);
        const char *card = imp_asset_files_find_name(&assets->files, name, NULL);
        const imp_material_override override = {"Cardboard", NULL, card};
        status = load_model(assets, IMP_OBJECT_MODEL_FIRST_LIGHT + pattern, "trafficlight.obj",
                            &override, err);
    }
    return status;
}

// Loads a sign: the common mesh with the sign's image, or a mesh of its own.
static imp_status load_sign_model(imp_assets *assets, imp_sign sign, imp_error *err)
{
    char mesh[64], face[64];
    const int model = IMP_OBJECT_MODEL_FIRST_SIGN + (int)sign;
    snprintf(mesh, sizeof mesh, "%s.obj", imp_sign_name(sign));
    snprintf(face, sizeof face, "%s.png", imp_sign_name(sign));
    // a mesh for all signs: its tag is replaced by the sign's image
    const char *texture = imp_asset_files_find_name(&assets->files, face, NULL);
    if (texture != NULL &&
        imp_asset_files_find_name(&assets->files, "sign_generic.obj", NULL) != NULL) {
        const imp_material_override override = {"April_Tag", NULL, texture};
        return load_model(assets, model, "sign_generic.obj", &override, err);
    }
    return load_model(assets, model, mesh, &NO_OVERRIDE, err);
}

// Appends a name to a list separated by commas.
static void append_name(char *list, size_t size, const char *name)
{
    const size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

// Warns about all missing models in one line; signs are summarised if all are missing.
static void warn_missing_models(imp_assets *assets, const char *folder)
{
    char missing[640] = "";
    for (int kind = 0; kind < IMP_OBJECT_SIGN; kind++) {
        // the first variant stands for its kind
        const int model = kind == IMP_OBJECT_DUCKIEBOT       ? IMP_OBJECT_MODEL_FIRST_COLOUR
                          : kind == IMP_OBJECT_TRAFFIC_LIGHT ? IMP_OBJECT_MODEL_FIRST_LIGHT
                                                             : kind;
        if (assets->models[model].piece_count == 0)
            append_name(missing, sizeof missing, imp_object_class_get((imp_object_kind)kind)->name);
    }
    // list single signs only if some of them are there
    int signs = 0;
    for (int sign = 0; sign < IMP_SIGN_COUNT; sign++)
        signs += assets->models[IMP_OBJECT_MODEL_FIRST_SIGN + sign].piece_count == 0;
    if (signs == IMP_SIGN_COUNT)
        append_name(missing, sizeof missing, "any sign");
    for (int sign = 0; sign < IMP_SIGN_COUNT && signs < IMP_SIGN_COUNT; sign++)
        if (assets->models[IMP_OBJECT_MODEL_FIRST_SIGN + sign].piece_count == 0)
            append_name(missing, sizeof missing, imp_sign_name((imp_sign)sign));
    if (missing[0] != '\0')
        imp_assets_add_warning(assets, "%s: no mesh for %s; ours are drawn", folder, missing);
}

imp_status imp_assets_load_models(imp_assets *assets, const char *folder, imp_error *err)
{
    // kinds with variants first, then one file per kind
    imp_status status = load_duckiebots(assets, err);
    if (status == IMP_OK)
        status = load_traffic_lights(assets, err);
    for (int sign = 0; status == IMP_OK && sign < IMP_SIGN_COUNT; sign++)
        status = load_sign_model(assets, (imp_sign)sign, err);
    for (int kind = 0; status == IMP_OK && kind < IMP_OBJECT_SIGN; kind++) {
        char name[64];
        if (kind == IMP_OBJECT_DUCKIEBOT || kind == IMP_OBJECT_TRAFFIC_LIGHT)
            continue;
        snprintf(name, sizeof name, "%s.obj", imp_object_class_get((imp_object_kind)kind)->name);
        status = load_model(assets, kind, name, &NO_OVERRIDE, err);
    }
    if (status == IMP_OK)
        warn_missing_models(assets, folder);
    return status;
}
