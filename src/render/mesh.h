// render/mesh.h: triangles in an object's own frame (x ahead, y up, z to the right), and the
// building blocks that make them: boxes, turned shapes, prisms and panels.
#ifndef IMP_RENDER_MESH_H
#define IMP_RENDER_MESH_H

#include "imprint/world.h"
#include "render/faces.h"

enum { IMP_MESH_MOST = 1024 }; // vertices, and triangles, of a mesh

// A triangle, counter-clockwise seen from outside.
typedef struct imp_facet {
    uint16_t vertex[3];
    int16_t face; // picture that is painted on it, or IMP_FACE_NONE
} imp_facet;

// Constant once made. Arrays of vertices are apart, so that loops over them run in vectors.
typedef struct imp_mesh {
    int vertex_count, facet_count;
    float *x, *y, *z;
    float *normal_x, *normal_y, *normal_z; // unit vectors
    float *u, *v;                          // 0..1 on the face's picture, v downwards
    uint32_t *colour;                      // red lowest
    imp_facet *facets;
    const imp_face_picture *pictures; // that the facets' faces are numbers of; NULL: the scene's
    bool two_sided;                   // whether facets are seen from behind, too
    float centre[3], radius;          // of a sphere that holds all vertices
} imp_mesh;

// Makes room for a mesh and leaves the rest zero. False without memory.
bool imp_mesh_reserve(imp_mesh *mesh, int vertices, int facets);

void imp_mesh_free(imp_mesh *mesh);

// A mesh in the making.
typedef struct imp_model_vertex {
    float at[3], normal[3], uv[2];
    uint32_t colour;
} imp_model_vertex;

typedef struct imp_modeller {
    float frame[3][4]; // what is added next lies in this frame
    uint32_t colour;   // and has this colour
    int face;          // and this painted on sides of boxes, ends of prisms, and panels
    bool fine;         // whether round things need many corners
    bool full;         // did not fit
    int vertex_count, facet_count;
    imp_model_vertex vertices[IMP_MESH_MOST];
    imp_facet facets[IMP_MESH_MOST];
} imp_modeller;

#define IMP_RGB(r, g, b) ((uint32_t)(r) | (uint32_t)(g) << 8 | (uint32_t)(b) << 16 | 0xff000000u)

void imp_model_begin(imp_modeller *model, bool fine);

// Sets the frame: at a place, unturned. Then turns it about its own axis 0..2 [rad], or stretches
// it.
void imp_model_place(imp_modeller *model, float x, float y, float z);
void imp_model_turn(imp_modeller *model, int axis, float angle);
void imp_model_stretch(imp_modeller *model, float x, float y, float z);

// A box between two corners.
void imp_model_box(imp_modeller *model, float x0, float y0, float z0, float x1, float y1, float z1);

// A profile of (radius, y) points from low to high, turned about the y axis with so many corners.
// Smooth ones have rounded shading along the profile too.
void imp_model_lathe(imp_modeller *model, const float profile[][2], int points, int corners,
                     bool smooth);

// An ellipsoid about the frame's origin.
void imp_model_ellipsoid(imp_modeller *model, float rx, float ry, float rz, int corners);

// An outline of (x, y) points, counter-clockwise seen from +z and with every point in sight of the
// first, extruded from z0 to z1. faces (nullable) says what is painted on the side from each point
// to the next; IMP_FACE_OPEN leaves it out.
void imp_model_prism(imp_modeller *model, const float outline[][2], int points, float z0, float z1,
                     const int *faces);

// A round disc or wheel with the axis along z, and the colour of its tread.
void imp_model_wheel(imp_modeller *model, float radius, float z0, float z1, uint32_t tread,
                     int corners);

// A flat four-sided panel: its top left, top right, bottom right and bottom left corner seen from
// the front.
void imp_model_panel(imp_modeller *model, const float corners[4][3]);

// Makes a mesh of the model, stretched along each axis to fill a class's extents (nullable: it
// stays as it is). False without memory.
bool imp_model_finish(const imp_modeller *model, const imp_object_class *extents, imp_mesh *mesh);

#endif
