// Any bytes at all, read as a mesh and as its materials: pieces whose invariants hold, or one line
// that says why not.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/render/assets/assets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static void check_message(imp_status status, const imp_error *err)
{
    wanted(status == IMP_BAD_INPUT && err->status == status, "bad input is the only failure");
    wanted(strncmp(err->message, "fuzz.obj:", 9) == 0, "the message names the file");
    wanted(strchr(err->message, '\n') == NULL, "the message is one line");
}

static void check_piece(const imp_mesh *piece)
{
    wanted(piece->vertex_count >= 1 && piece->vertex_count <= IMP_MESH_SIZE_MAX, "vertices fit");
    wanted(piece->triangle_count >= 1 && piece->triangle_count <= IMP_MESH_SIZE_MAX, "facets fit");
    for (int k = 0; k < piece->triangle_count; k++) {
        for (int c = 0; c < 3; c++)
            wanted(piece->triangles[k].vertex[c] < piece->vertex_count, "corners are vertices");
        wanted(piece->triangles[k].decal == IMP_DECAL_NONE, "no picture without files");
    }
    for (int k = 0; k < piece->vertex_count; k++) {
        wanted(isfinite(piece->x[k] + piece->y[k] + piece->z[k] + piece->u[k] + piece->v[k]),
               "places are numbers");
        const double length =
            hypot(hypot(piece->normal_x[k], piece->normal_y[k]), piece->normal_z[k]);
        wanted(fabs(length - 1.0) < 1e-3, "normals are unit vectors");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static imp_assets assets;
    const imp_material_override change = {"a", (float[3]){0.5f, 0.0f, 0.0f}, NULL};
    const char *text = (const char *)data;
    imp_error err = {0};
    imp_materials materials = {0};
    imp_status status = imp_materials_parse(&materials, text, size, "fuzz.obj", &err);
    if (status != IMP_OK)
        check_message(status, &err);
    imp_materials_free(&materials);

    imp_asset_model model = {0};
    status = imp_asset_model_parse(&assets, &model, text, size, "fuzz.obj", &change,
                                   imp_object_class_get(IMP_OBJECT_DUCKIE), &err);
    if (status != IMP_OK) {
        check_message(status, &err);
        wanted(model.pieces == NULL, "no model after a failure");
    }
    for (int k = 0; k < model.piece_count; k++)
        check_piece(&model.pieces[k]);
    imp_asset_model_free(&model);
    return 0;
}
