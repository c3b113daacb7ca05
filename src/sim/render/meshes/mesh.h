// sim/render/meshes/mesh.h: triangle meshes in an object's frame (x ahead, y up, z to the right),
// and primitives to build them: boxes, lathed shapes, prisms and panels.
#ifndef IMP_SIM_RENDER_MESHES_MESH_H
#define IMP_SIM_RENDER_MESHES_MESH_H

#include "imprint/world.h"
#include "sim/render/meshes/decals.h"

enum { IMP_MESH_SIZE_MAX = 1024 }; // largest number of vertices, and of triangles, of a mesh

// A triangle, counter-clockwise seen from outside.
typedef struct imp_mesh_triangle {
    uint16_t vertex[3];
    int16_t decal; // its texture, or IMP_DECAL_NONE
} imp_mesh_triangle;

// A mesh; constant after creation. Vertices are a struct of arrays, so that loops over them
// vectorise.
typedef struct imp_mesh {
    int vertex_count, triangle_count;
    float *x, *y, *z;
    float *normal_x, *normal_y, *normal_z; // unit vectors
    float *u, *v;                          // texture coordinates 0..1, v downwards
    uint32_t *colour;                      // red lowest
    imp_mesh_triangle *triangles;
    const imp_mesh_texture *textures; // textures that decals index; NULL: the scene's
    bool two_sided;                   // whether back faces are visible
    float centre[3], radius;          // bounding sphere
} imp_mesh;

// Allocates a mesh with zeroed contents. False without memory.
bool imp_mesh_allocate(imp_mesh *mesh, int vertices, int triangles);

void imp_mesh_free(imp_mesh *mesh);

// A vertex of a mesh under construction.
typedef struct imp_mesh_vertex {
    float at[3], normal[3], uv[2];
    uint32_t colour;
} imp_mesh_vertex;

// A mesh under construction. Primitives are added in the present frame with the present colour.
typedef struct imp_mesh_builder {
    float frame[3][4]; // frame of the next primitives
    uint32_t colour;   // colour of the next primitives
    int decal;         // decal of boxes' sides, prisms' ends, and panels
    bool detailed;     // whether round shapes get many corners
    bool overflowed;   // whether something did not fit
    int vertex_count, triangle_count;
    imp_mesh_vertex vertices[IMP_MESH_SIZE_MAX];
    imp_mesh_triangle triangles[IMP_MESH_SIZE_MAX];
} imp_mesh_builder;

#define IMP_RGB(r, g, b) ((uint32_t)(r) | (uint32_t)(g) << 8 | (uint32_t)(b) << 16 | 0xff000000u)

void imp_mesh_builder_reset(imp_mesh_builder *builder, bool detailed);

// Sets the frame to a position without rotation; then rotates it about its own axis 0..2 [rad], or
// scales it.
void imp_mesh_builder_set_origin(imp_mesh_builder *builder, float x, float y, float z);
void imp_mesh_builder_rotate(imp_mesh_builder *builder, int axis, float angle);
void imp_mesh_builder_scale(imp_mesh_builder *builder, float x, float y, float z);

// A box between two corners.
void imp_mesh_add_box(imp_mesh_builder *builder, float x0, float y0, float z0, float x1, float y1,
                      float z1);

// A profile of (radius, y) points from bottom to top, rotated about the y axis in `corners` steps.
// `smooth` interpolates normals along the profile, too.
void imp_mesh_add_lathe(imp_mesh_builder *builder, const float profile[][2], int points,
                        int corners, bool smooth);

// An ellipsoid about the frame's origin.
void imp_mesh_add_ellipsoid(imp_mesh_builder *builder, float rx, float ry, float rz, int corners);

// Extrudes an outline of (x, y) points from z0 to z1. The outline is counter-clockwise seen from
// +z, and all points are visible from the first. decals (nullable) gives the decal of each side;
// IMP_DECAL_OMIT_SIDE omits the side.
void imp_mesh_add_prism(imp_mesh_builder *builder, const float outline[][2], int points, float z0,
                        float z1, const int *decals);

// A wheel with its axis along z, and the colour of its tread.
void imp_mesh_add_wheel(imp_mesh_builder *builder, float radius, float z0, float z1, uint32_t tread,
                        int corners);

// A flat quadrilateral: top left, top right, bottom right and bottom left corner seen from the
// front.
void imp_mesh_add_panel(imp_mesh_builder *builder, const float corners[4][3]);

// Creates the mesh, scaled along each axis to a class's extents (nullable: unchanged). False
// without memory.
bool imp_mesh_builder_finish(const imp_mesh_builder *builder, const imp_object_class *extents,
                             imp_mesh *mesh);

#endif
