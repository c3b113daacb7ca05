// sim/render/assets/obj_parser.h: meshes and materials from Wavefront OBJ and MTL text.
#ifndef IMP_SIM_RENDER_ASSETS_OBJ_PARSER_H
#define IMP_SIM_RENDER_ASSETS_OBJ_PARSER_H

#include "imprint/base.h"

enum {
    IMP_OBJ_NAME_MAX = 128,
    IMP_OBJ_NAMES_MAX = 4096, // materials; the limit bounds the time to look them up
};

// Indices of a corner's position, texture coordinate and normal; -1 if not given.
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

// A mesh as in the file. All indices are valid and all numbers within +-1e6.
typedef struct imp_obj {
    int position_count, uv_count, normal_count, triangle_count, name_count;
    float (*positions)[3];
    float (*uvs)[2]; // v upwards
    float (*normals)[3];
    imp_obj_triangle *triangles;
    imp_obj_name *names;   // material names; the first is "", for faces without a material
    imp_obj_name material; // name of the first material library without folder, or ""
} imp_obj;

// Parses v, vt, vn, f (corners v, v/t, v//n or v/t/n; positive or negative indices), usemtl and
// mtllib; the rest is ignored. Polygons become triangle fans. Uses at most 64 times the text's
// length of memory. Fails with IMP_BAD_INPUT and "name:line: reason".
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

// Parses newmtl, Kd and map_Kd; the rest is ignored. Fails like imp_obj_parse().
imp_status imp_materials_parse(imp_materials *out, const char *text, size_t length,
                               const char *name, imp_error *err);
void imp_materials_free(imp_materials *materials);

#endif
