// sim/render/meshes/mesh.h: triangles in an object's own frame (x ahead, y up, z to the right), and
// the building blocks that make them: boxes, turned shapes, prisms and panels.
#ifndef IMP_SIM_RENDER_MESHES_MESH_H
#define IMP_SIM_RENDER_MESHES_MESH_H

#include "imprint/world.h"
#include "sim/render/meshes/decals.h"

enum { IMP_MESH_SIZE_MAX = 1024 }; // vertices, and triangles, of a mesh

// A triangle, counter-clockwise seen from outside.
typedef struct imp_mesh_triangle {
    uint16_t vertex[3];
    int16_t decal; // image that is painted on it, or IMP_DECAL_NONE
} imp_mesh_triangle;

// Constant once made. Arrays of vertices are apart, so that loops over them run in vectors.
typedef struct imp_mesh {
    int vertex_count, triangle_count;
    float *x, *y, *z;
    float *normal_x, *normal_y, *normal_z; // unit vectors
    float *u, *v;                          // 0..1 on the face's image, v downwards
    uint32_t *colour;                      // red lowest
    imp_mesh_triangle *triangles;
    const imp_mesh_texture *textures; // that the facets' faces are numbers of; NULL: the scene's
    bool two_sided;                   // whether facets are seen from behind, too
    float centre[3], radius;          // of a sphere that holds all vertices
} imp_mesh;

// Makes room for a mesh and leaves the rest zero. False without memory.
bool imp_mesh_allocate(imp_mesh *mesh, int vertices, int triangles);

void imp_mesh_free(imp_mesh *mesh);

// A mesh in the making.
typedef struct imp_mesh_vertex {
    float at[3], normal[3], uv[2];
    uint32_t colour;
} imp_mesh_vertex;

typedef struct imp_mesh_builder {
    float frame[3][4]; // what is added next lies in this frame
    uint32_t colour;   // and has this colour
    int decal;         // and this painted on sides of boxes, ends of prisms, and panels
    bool detailed;     // whether round things need many corners
    bool overflowed;   // did not fit
    int vertex_count, triangle_count;
    imp_mesh_vertex vertices[IMP_MESH_SIZE_MAX];
    imp_mesh_triangle triangles[IMP_MESH_SIZE_MAX];
} imp_mesh_builder;

#define IMP_RGB(r, g, b) ((uint32_t)(r) | (uint32_t)(g) << 8 | (uint32_t)(b) << 16 | 0xff000000u)

void imp_mesh_builder_reset(imp_mesh_builder *builder, bool detailed);

// Sets the frame: at a place, unturned. Then turns it about its own axis 0..2 [rad], or stretches
// it.
void imp_mesh_builder_set_origin(imp_mesh_builder *builder, float x, float y, float z);
void imp_mesh_builder_rotate(imp_mesh_builder *builder, int axis, float angle);
void imp_mesh_builder_scale(imp_mesh_builder *builder, float x, float y, float z);

// A box between two corners.
void imp_mesh_add_box(imp_mesh_builder *builder, float x0, float y0, float z0, float x1, float y1,
                      float z1);

// A profile of (radius, y) points from low to high, turned about the y axis with so many corners.
// Smooth ones have rounded shading along the profile too.
void imp_mesh_add_lathe(imp_mesh_builder *builder, const float profile[][2], int points,
                        int corners, bool smooth);

// An ellipsoid about the frame's origin.
void imp_mesh_add_ellipsoid(imp_mesh_builder *builder, float rx, float ry, float rz, int corners);

// An outline of (x, y) points, counter-clockwise seen from +z and with every point in sight of the
// first, extruded from z0 to z1. faces (nullable) says what is painted on the side from each point
// to the next; IMP_DECAL_OMIT_SIDE leaves it out.
void imp_mesh_add_prism(imp_mesh_builder *builder, const float outline[][2], int points, float z0,
                        float z1, const int *decals);

// A round disc or wheel with the axis along z, and the colour of its tread.
void imp_mesh_add_wheel(imp_mesh_builder *builder, float radius, float z0, float z1, uint32_t tread,
                        int corners);

// A flat four-sided panel: its top left, top right, bottom right and bottom left corner seen from
// the front.
void imp_mesh_add_panel(imp_mesh_builder *builder, const float corners[4][3]);

// Makes a mesh of the model, stretched along each axis to fill a class's extents (nullable: it
// stays as it is). False without memory.
bool imp_mesh_builder_finish(const imp_mesh_builder *builder, const imp_object_class *extents,
                             imp_mesh *mesh);

#endif
