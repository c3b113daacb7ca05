// sim/render/assets/obj_parser.h: meshes and materials from Wavefront OBJ and MTL text.
#ifndef IMP_SIM_RENDER_ASSETS_OBJ_PARSER_H
#define IMP_SIM_RENDER_ASSETS_OBJ_PARSER_H

#include "imprint/base.h"

enum {
    IMP_OBJ_NAME_MAX = 128,
    IMP_OBJ_NAMES_MAX = 4096, // materials; looking for them shall take no long time
};

// Indices of what a corner of a triangle has; -1 for a texture coordinate or normal that is not
// given.
typedef struct imp_obj_corner {
    int32_t position, uv, normal;
} imp_obj_corner;

typedef struct imp_obj_triangle {
    imp_obj_corner corners[3];
    int32_t material; // index into names
} imp_obj_triangle;

typedef struct imp_obj_name {
    char text[IMP_OBJ_NAME_MAX];
} imp_obj_name;

// A mesh as the file has it. All indices lie within their arrays, and all numbers within +-1e6.
typedef struct imp_obj {
    int position_count, uv_count, normal_count, triangle_count, name_count;
    float (*positions)[3];
    float (*uvs)[2]; // v upwards
    float (*normals)[3];
    imp_obj_triangle *triangles;
    imp_obj_name *names;   // of materials; the first, "", is that of facets that name none
    imp_obj_name material; // the file of materials that is named first, without folder; or ""
} imp_obj;

// Reads a mesh: v, vt, vn, f with corners v, v/t, v//n or v/t/n and indices from either end, usemtl
// and mtllib; all else is ignored. Polygons become fans of triangles. Memory stays within 64 times
// the text's length. Fails with IMP_BAD_INPUT and "name:line: what is wrong".
imp_status imp_obj_parse(imp_obj *out, const char *text, size_t length, const char *name,
                         imp_error *err);
void imp_obj_free(imp_obj *obj);

typedef struct imp_material {
    imp_obj_name name;
    float colour[3];      // 0..1; white if there is none
    imp_obj_name texture; // file name without folder, or ""
} imp_material;

typedef struct imp_materials {
    int count;
    imp_material *items;
} imp_materials;

// Reads materials: newmtl, Kd and map_Kd; all else is ignored. Fails like imp_obj_parse().
imp_status imp_materials_parse(imp_materials *out, const char *text, size_t length,
                               const char *name, imp_error *err);
void imp_materials_free(imp_materials *materials);

#endif
