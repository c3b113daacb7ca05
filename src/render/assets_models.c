// Which files are which models.
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "render/assets.h"

static const imp_asset_change NO_CHANGE = {NULL, NULL, NULL};

// Loads a mesh if the folder has it.
static imp_status load(imp_assets *assets, int model, const char *name,
                       const imp_asset_change *change, imp_error *err)
{
    const char *path = imp_asset_file_named(&assets->files, name, NULL);
    if (path == NULL)
        return IMP_OK;
    return imp_asset_model_load(assets, &assets->models[model], path, change,
                                imp_object_class_of(imp_model_kind(model)), err);
}

static imp_status load_duckiebots(imp_assets *assets, imp_error *err)
{
    // of the reference's chassis
    static const float COLOURS[4][3] = {
        [IMP_COLOR_RED] = {0.5f, 0.0f, 0.0f},
        [IMP_COLOR_GREEN] = {0.0f, 0.5f, 0.0f},
        [IMP_COLOR_BLUE] = {0.0f, 0.0f, 0.5f},
        [IMP_COLOR_GREY] = {0.3f, 0.3f, 0.3f},
    };
    imp_status status = IMP_OK;
    for (int k = 0; status == IMP_OK && k < 4; k++) {
        const imp_asset_change change = {"gkmodel0_chassis_geom0_mat_001-material", COLOURS[k],
                                         NULL};
        status = load(assets, IMP_MODEL_FIRST_COLOUR + k, "duckiebot.obj", &change, err);
    }
    return status;
}

static imp_status load_traffic_lights(imp_assets *assets, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int pattern = 0; status == IMP_OK && pattern < 2; pattern++) {
        char name[64];
        snprintf(name, sizeof name, "trafficlight_card%d.jpg", pattern);
        const char *card = imp_asset_file_named(&assets->files, name, NULL);
        const imp_asset_change change = {"Cardboard", NULL, card};
        status = load(assets, IMP_MODEL_FIRST_LIGHT + pattern, "trafficlight.obj", &change, err);
    }
    return status;
}

// A sign is a mesh for all of them with a picture of its own, or a mesh of its own.
static imp_status load_sign(imp_assets *assets, imp_sign sign, imp_error *err)
{
    char mesh[64], face[64];
    const int model = IMP_MODEL_FIRST_SIGN + (int)sign;
    snprintf(mesh, sizeof mesh, "%s.obj", imp_sign_name(sign));
    snprintf(face, sizeof face, "%s.png", imp_sign_name(sign));
    const char *picture = imp_asset_file_named(&assets->files, face, NULL);
    if (picture != NULL && imp_asset_file_named(&assets->files, "sign_generic.obj", NULL) != NULL) {
        const imp_asset_change change = {"April_Tag", NULL, picture};
        return load(assets, model, "sign_generic.obj", &change, err);
    }
    return load(assets, model, mesh, &NO_CHANGE, err);
}

// Adds a name to a list.
static void add_name(char *list, size_t size, const char *name)
{
    const size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

static void note_missing(imp_assets *assets, const char *folder)
{
    char missing[640] = "";
    for (int kind = 0; kind < IMP_OBJECT_SIGN; kind++) {
        const int model = kind == IMP_OBJECT_DUCKIEBOT       ? IMP_MODEL_FIRST_COLOUR
                          : kind == IMP_OBJECT_TRAFFIC_LIGHT ? IMP_MODEL_FIRST_LIGHT
                                                             : kind;
        if (assets->models[model].piece_count == 0)
            add_name(missing, sizeof missing, imp_object_class_of((imp_object_kind)kind)->name);
    }
    int signs = 0;
    for (int sign = 0; sign < IMP_SIGN_COUNT; sign++)
        signs += assets->models[IMP_MODEL_FIRST_SIGN + sign].piece_count == 0;
    if (signs == IMP_SIGN_COUNT)
        add_name(missing, sizeof missing, "any sign");
    for (int sign = 0; sign < IMP_SIGN_COUNT && signs < IMP_SIGN_COUNT; sign++)
        if (assets->models[IMP_MODEL_FIRST_SIGN + sign].piece_count == 0)
            add_name(missing, sizeof missing, imp_sign_name((imp_sign)sign));
    if (missing[0] != '\0')
        imp_assets_note(assets, "%s: no mesh for %s; ours are drawn", folder, missing);
}

imp_status imp_assets_load_models(imp_assets *assets, const char *folder, imp_error *err)
{
    imp_status status = load_duckiebots(assets, err);
    if (status == IMP_OK)
        status = load_traffic_lights(assets, err);
    for (int sign = 0; status == IMP_OK && sign < IMP_SIGN_COUNT; sign++)
        status = load_sign(assets, (imp_sign)sign, err);
    for (int kind = 0; status == IMP_OK && kind < IMP_OBJECT_SIGN; kind++) {
        char name[64];
        if (kind == IMP_OBJECT_DUCKIEBOT || kind == IMP_OBJECT_TRAFFIC_LIGHT)
            continue;
        snprintf(name, sizeof name, "%s.obj", imp_object_class_of((imp_object_kind)kind)->name);
        status = load(assets, kind, name, &NO_CHANGE, err);
    }
    if (status == IMP_OK)
        note_missing(assets, folder);
    return status;
}
