// Builds triangle meshes from primitives. Each primitive adds vertices in the builder's frame;
// positions are transformed by the frame, normals by its inverse transpose. Finishing scales the
// model to a class's extents, so that images and collisions agree, and converts it to a struct of
// arrays. The coordinate system is that of gym-duckietown's meshes: x ahead, y up, z to the right.
#include "sim/render/meshes/mesh.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

// Starts an empty mesh in the object's frame.
void imp_mesh_builder_reset(imp_mesh_builder *builder, bool detailed)
{
    builder->detailed = detailed;
    builder->overflowed = false;
    builder->colour = IMP_RGB(255, 255, 255);
    builder->decal = IMP_DECAL_NONE;
    builder->vertex_count = builder->triangle_count = 0;
    imp_mesh_builder_set_origin(builder, 0.0f, 0.0f, 0.0f);
}

void imp_mesh_builder_set_origin(imp_mesh_builder *builder, float x, float y, float z)
{
    // the identity with a translation
    const float frame[3][4] = {{1, 0, 0, x}, {0, 1, 0, y}, {0, 0, 1, z}};
    memcpy(builder->frame, frame, sizeof frame);
}

void imp_mesh_builder_rotate(imp_mesh_builder *builder, int axis, float angle)
{
    // rotate the two other columns of the frame
    const int a = (axis + 1) % 3, b = (axis + 2) % 3;
    const float cosine = imp_cosf(angle), sine = imp_sinf(angle);
    for (int i = 0; i < 3; i++) {
        // the frame's columns are its axes
        const float from_a = builder->frame[i][a], from_b = builder->frame[i][b];
        builder->frame[i][a] = cosine * from_a + sine * from_b;
        builder->frame[i][b] = cosine * from_b - sine * from_a;
    }
}

void imp_mesh_builder_scale(imp_mesh_builder *builder, float x, float y, float z)
{
    for (int i = 0; i < 3; i++) {
        builder->frame[i][0] *= x;
        builder->frame[i][1] *= y;
        builder->frame[i][2] *= z;
    }
}

// Cross product of two vectors.
static void cross_product(const float a[3], const float b[3], float out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

// Scales a vector to length 1; leaves 0 unchanged.
static void normalise_vector(float v[3])
{
    const float length = sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (int i = 0; i < 3 && length > 0.0f; i++)
        v[i] /= length;
}

// Transforms a normal from the frame to the model: by the inverse transpose, whose rows are cross
// products of the frame's columns.
static void transform_normal(const imp_mesh_builder *builder, const float n[3], float out[3])
{
    float column[3][3], product[3][3];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            column[k][i] = builder->frame[i][k];
    for (int k = 0; k < 3; k++)
        cross_product(column[(k + 1) % 3], column[(k + 2) % 3], product[k]);
    for (int i = 0; i < 3; i++)
        out[i] = n[0] * product[0][i] + n[1] * product[1][i] + n[2] * product[2][i];
    normalise_vector(out);
}

// Adds a vertex in the frame and returns its index.
static int add_vertex(imp_mesh_builder *builder, const float at[3], const float normal[3], float u,
                      float v)
{
    if (builder->vertex_count == IMP_MESH_SIZE_MAX) {
        builder->overflowed = true;
        return 0;
    }
    // transform the position by the whole frame
    imp_mesh_vertex *vertex = &builder->vertices[builder->vertex_count];
    for (int i = 0; i < 3; i++)
        vertex->at[i] = builder->frame[i][0] * at[0] + builder->frame[i][1] * at[1] +
                        builder->frame[i][2] * at[2] + builder->frame[i][3];
    transform_normal(builder, normal, vertex->normal);
    vertex->uv[0] = u;
    vertex->uv[1] = v;
    vertex->colour = builder->colour;
    return builder->vertex_count++;
}

// Adds a triangle of three vertices.
static void add_triangle(imp_mesh_builder *builder, int a, int b, int c, int decal)
{
    if (builder->triangle_count == IMP_MESH_SIZE_MAX) {
        builder->overflowed = true;
        return;
    }
    builder->triangles[builder->triangle_count++] = (imp_mesh_triangle){
        {(uint16_t)a, (uint16_t)b, (uint16_t)c},
        (int16_t)decal,
    };
}

// Adds a flat quadrilateral: counter-clockwise from its bottom left corner, seen from outside.
static void add_quad(imp_mesh_builder *builder, const float corners[4][3], int decal)
{
    static const float UV[4][2] = {{0, 1}, {1, 1}, {1, 0}, {0, 0}};
    float along[3], up[3], normal[3];
    for (int i = 0; i < 3; i++) {
        along[i] = corners[1][i] - corners[0][i];
        up[i] = corners[3][i] - corners[0][i];
    }
    cross_product(along, up, normal);
    int number[4];
    for (int k = 0; k < 4; k++)
        number[k] = add_vertex(builder, corners[k], normal, UV[k][0], UV[k][1]);
    add_triangle(builder, number[0], number[1], number[2], decal);
    add_triangle(builder, number[0], number[2], number[3], decal);
}

void imp_mesh_add_box(imp_mesh_builder *builder, float x0, float y0, float z0, float x1, float y1,
                      float z1)
{
    // corners of each side from its bottom left, seen from outside; x is ahead, z to the right
    const float sides[6][4][3] = {
        {{x1, y0, z1}, {x1, y0, z0}, {x1, y1, z0}, {x1, y1, z1}}, // front
        {{x0, y0, z0}, {x0, y0, z1}, {x0, y1, z1}, {x0, y1, z0}}, // rear
        {{x0, y0, z1}, {x1, y0, z1}, {x1, y1, z1}, {x0, y1, z1}}, // right
        {{x1, y0, z0}, {x0, y0, z0}, {x0, y1, z0}, {x1, y1, z0}}, // left
        {{x0, y1, z1}, {x1, y1, z1}, {x1, y1, z0}, {x0, y1, z0}}, // top
        {{x0, y0, z0}, {x1, y0, z0}, {x1, y0, z1}, {x0, y0, z1}}, // bottom
    };
    for (int k = 0; k < 6; k++)
        add_quad(builder, sides[k], k < 4 ? builder->decal : IMP_DECAL_NONE);
}

void imp_mesh_add_panel(imp_mesh_builder *builder, const float corners[4][3])
{
    // panels are given clockwise from the top left
    float turned[4][3];
    for (int k = 0; k < 4; k++)
        memcpy(turned[k], corners[3 - k], sizeof turned[k]);
    add_quad(builder, (const float(*)[3])turned, builder->decal);
}

// Adds a ring of vertices at a profile point with an outward direction (out, up). Returns the index
// of the first.
static int add_ring(imp_mesh_builder *builder, const float point[2], const float outward[2],
                    int corners)
{
    int first = builder->vertex_count;
    for (int k = 0; k < corners; k++) {
        const float angle = (float)(2.0 * IMP_PI * k / corners);
        // rotate the profile point and its normal about the y axis
        const float c = imp_cosf(angle), s = imp_sinf(angle);
        const float at[3] = {point[0] * c, point[1], point[0] * s};
        const float normal[3] = {outward[0] * c, outward[1], outward[0] * s};
        add_vertex(builder, at, normal, 0.0f, 0.0f);
    }
    return first;
}

// Adds the triangles between two rings; degenerate ones at the axis are omitted.
static void add_triangles_between_rings(imp_mesh_builder *builder, int low, int high, int corners,
                                        bool low_open, bool high_open)
{
    for (int k = 0; k < corners; k++) {
        // two triangles per step around the axis
        const int next = (k + 1) % corners;
        if (low_open)
            add_triangle(builder, low + k, high + k, low + next, IMP_DECAL_NONE);
        if (high_open)
            add_triangle(builder, high + k, high + next, low + next, IMP_DECAL_NONE);
    }
}

// The outward direction of the band between profile points k and k + 1.
static void lathe_band_normal(const float profile[][2], int k, float out[2])
{
    const float dr = profile[k + 1][0] - profile[k][0], dy = profile[k + 1][1] - profile[k][1];
    const float length = sqrtf(dr * dr + dy * dy);
    out[0] = length > 0.0f ? dy / length : 0.0f;
    out[1] = length > 0.0f ? -dr / length : 0.0f;
}

void imp_mesh_add_lathe(imp_mesh_builder *builder, const float profile[][2], int points,
                        int corners, bool smooth)
{
    int low = 0;
    for (int k = 0; k < points; k++) {
        // normals of the bands below and above the point
        float before[2] = {0}, after[2] = {0}, mean[2];
        if (k > 0)
            lathe_band_normal(profile, k - 1, before);
        if (k + 1 < points)
            lathe_band_normal(profile, k, after);
        for (int i = 0; i < 2; i++)
            mean[i] = before[i] + after[i];
        // close the band below; flat shading needs a second ring for the band above
        if (k > 0) {
            int high = add_ring(builder, profile[k], smooth ? mean : before, corners);
            add_triangles_between_rings(builder, low, high, corners, profile[k - 1][0] > 0.0f,
                                        profile[k][0] > 0.0f);
            low = high;
        }
        if (k == 0 || (!smooth && k + 1 < points))
            low = add_ring(builder, profile[k], smooth ? mean : after, corners);
    }
}

void imp_mesh_add_ellipsoid(imp_mesh_builder *builder, float rx, float ry, float rz, int corners)
{
    enum { MOST = 12 };
    float profile[MOST + 1][2], kept[3][4];
    // a half circle as the profile, scaled to the radii
    const int bands = corners / 2 < MOST ? corners / 2 : MOST;
    for (int k = 0; k <= bands; k++) {
        const float angle = (float)(IMP_PI * k / bands);
        profile[k][0] = k == 0 || k == bands ? 0.0f : imp_sinf(angle);
        profile[k][1] = -imp_cosf(angle);
    }
    memcpy(kept, builder->frame, sizeof kept);
    imp_mesh_builder_scale(builder, rx, ry, rz);
    imp_mesh_add_lathe(builder, (const float(*)[2])profile, bands + 1, corners, true);
    memcpy(builder->frame, kept, sizeof kept);
}

// Adds one end of a prism, facing +z or -z, with the decal spread over its bounding box.
static void add_prism_cap(imp_mesh_builder *builder, const float outline[][2], int points, float z,
                          float look)
{
    // the decal covers the outline's bounding box
    float lo[2] = {FLT_MAX, FLT_MAX}, hi[2] = {-FLT_MAX, -FLT_MAX};
    for (int k = 0; k < points; k++)
        for (int i = 0; i < 2; i++) {
            lo[i] = fminf(lo[i], outline[k][i]);
            hi[i] = fmaxf(hi[i], outline[k][i]);
        }
    const float normal[3] = {0.0f, 0.0f, look};
    // vertices with one normal, since the end is flat
    const int first = builder->vertex_count;
    for (int k = 0; k < points; k++) {
        const float at[3] = {outline[k][0], outline[k][1], z};
        add_vertex(builder, at, normal, (at[0] - lo[0]) / (hi[0] - lo[0]),
                   (hi[1] - at[1]) / (hi[1] - lo[1]));
    }
    // a fan of triangles
    for (int k = 1; k + 1 < points; k++) {
        const int one = look > 0.0f ? k : k + 1, other = look > 0.0f ? k + 1 : k;
        add_triangle(builder, first, first + one, first + other, builder->decal);
    }
}

// Adds the sides of a prism.
static void add_prism_sides(imp_mesh_builder *builder, const float outline[][2], int points,
                            float z0, float z1, const int *decals)
{
    for (int k = 0; k < points; k++) {
        const float *a = outline[k], *b = outline[(k + 1) % points];
        // sides without an entry have no decal
        const int decal = decals != NULL ? decals[k] : IMP_DECAL_NONE;
        // order the corners so that the quadrilateral starts at its bottom left
        const bool up = b[1] >= a[1];
        const float *low = up ? a : b, *high = up ? b : a, left = up ? z1 : z0,
                    right = up ? z0 : z1;
        const float side[4][3] = {{low[0], low[1], left},
                                  {low[0], low[1], right},
                                  {high[0], high[1], right},
                                  {high[0], high[1], left}};
        if (decal != IMP_DECAL_OMIT_SIDE)
            add_quad(builder, side, decal);
    }
}

void imp_mesh_add_prism(imp_mesh_builder *builder, const float outline[][2], int points, float z0,
                        float z1, const int *decals)
{
    add_prism_cap(builder, outline, points, z1, 1.0f);
    add_prism_cap(builder, outline, points, z0, -1.0f);
    add_prism_sides(builder, outline, points, z0, z1, decals);
}

void imp_mesh_add_wheel(imp_mesh_builder *builder, float radius, float z0, float z1, uint32_t tread,
                        int corners)
{
    enum { MOST = 24 };
    float points[MOST][2];
    const float(*outline)[2] = (const float(*)[2])points;
    // a regular polygon; ends with the decal, sides in the tread's colour
    const int count = corners < MOST ? corners : MOST;
    for (int k = 0; k < count; k++) {
        const float angle = (float)(2.0 * IMP_PI * (k + 0.5) / count);
        points[k][0] = radius * imp_cosf(angle);
        points[k][1] = radius * imp_sinf(angle);
    }
    add_prism_cap(builder, outline, count, z1, 1.0f);
    add_prism_cap(builder, outline, count, z0, -1.0f);
    const uint32_t colour = builder->colour;
    builder->colour = tread;
    add_prism_sides(builder, outline, count, z0, z1, NULL);
    builder->colour = colour;
}

// Scaling of a model to a class's extents: scale * value + shift.
typedef struct extents_transform {
    float scale[3], shift[3];
} extents_transform;

// Finds the scaling that maps the model's bounding box to the extents.
static extents_transform compute_transform_to_extents(const imp_mesh_builder *builder,
                                                      const imp_object_class *extents)
{
    const double want[3][2] = {
        {extents->min_x, extents->max_x}, {0.0, extents->height}, {extents->min_z, extents->max_z}};
    extents_transform out;
    for (int i = 0; i < 3; i++) {
        // scale and shift of each axis separately
        float lo = FLT_MAX, hi = -FLT_MAX;
        for (int k = 0; k < builder->vertex_count; k++) {
            lo = fminf(lo, builder->vertices[k].at[i]);
            hi = fmaxf(hi, builder->vertices[k].at[i]);
        }
        out.scale[i] = (float)(want[i][1] - want[i][0]) / (hi - lo);
        out.shift[i] = (float)want[i][0] - out.scale[i] * lo;
    }
    return out;
}

// Stores a scaled vertex in the mesh; normals scale inversely.
static void store_vertex(imp_mesh *mesh, int k, const imp_mesh_vertex *from,
                         const extents_transform *by)
{
    // normals scale with the inverse of each axis
    float normal[3];
    for (int i = 0; i < 3; i++)
        normal[i] = from->normal[i] / by->scale[i];
    normalise_vector(normal);
    mesh->x[k] = by->scale[0] * from->at[0] + by->shift[0];
    mesh->y[k] = by->scale[1] * from->at[1] + by->shift[1];
    mesh->z[k] = by->scale[2] * from->at[2] + by->shift[2];
    mesh->normal_x[k] = normal[0];
    mesh->normal_y[k] = normal[1];
    mesh->normal_z[k] = normal[2];
    mesh->u[k] = from->uv[0];
    mesh->v[k] = from->uv[1];
    mesh->colour[k] = from->colour;
}

// Middle of the smallest and the largest value.
static float middle_of_range(const float *values, int count)
{
    float low = FLT_MAX, high = -FLT_MAX;
    for (int k = 0; k < count; k++) {
        low = fminf(low, values[k]);
        high = fmaxf(high, values[k]);
    }
    return 0.5f * (low + high);
}

// A sphere around the middle of the bounding box.
static void set_bounding_sphere(imp_mesh *mesh)
{
    mesh->centre[0] = middle_of_range(mesh->x, mesh->vertex_count);
    mesh->centre[1] = middle_of_range(mesh->y, mesh->vertex_count);
    mesh->centre[2] = middle_of_range(mesh->z, mesh->vertex_count);
    mesh->radius = 0.0f;
    for (int k = 0; k < mesh->vertex_count; k++) {
        // the farthest vertex gives the radius
        const float dx = mesh->x[k] - mesh->centre[0], dy = mesh->y[k] - mesh->centre[1],
                    dz = mesh->z[k] - mesh->centre[2];
        mesh->radius = fmaxf(mesh->radius, sqrtf(dx * dx + dy * dy + dz * dz));
    }
}

bool imp_mesh_allocate(imp_mesh *mesh, int vertices, int triangles)
{
    enum { ARRAYS = 8 };
    // one allocation for the eight arrays of floats
    const size_t count = (size_t)vertices;
    *mesh = (imp_mesh){.vertex_count = vertices, .triangle_count = triangles};
    mesh->x = calloc(count * ARRAYS, sizeof *mesh->x);
    mesh->colour = calloc(count, sizeof *mesh->colour);
    mesh->triangles = calloc((size_t)triangles, sizeof *mesh->triangles);
    if (mesh->x == NULL || mesh->colour == NULL || mesh->triangles == NULL) {
        imp_mesh_free(mesh);
        return false;
    }
    // distribute the arrays over the allocation
    float **const arrays[ARRAYS] = {&mesh->x,        &mesh->y,        &mesh->z, &mesh->normal_x,
                                    &mesh->normal_y, &mesh->normal_z, &mesh->u, &mesh->v};
    for (size_t k = 1; k < ARRAYS; k++)
        *arrays[k] = mesh->x + k * count;
    return true;
}

bool imp_mesh_builder_finish(const imp_mesh_builder *builder, const imp_object_class *extents,
                             imp_mesh *mesh)
{
    // scale every vertex, copy the triangles
    if (!imp_mesh_allocate(mesh, builder->vertex_count, builder->triangle_count))
        return false;
    const extents_transform by = extents != NULL ? compute_transform_to_extents(builder, extents)
                                                 : (extents_transform){{1, 1, 1}, {0, 0, 0}};
    for (int k = 0; k < builder->vertex_count; k++)
        store_vertex(mesh, k, &builder->vertices[k], &by);
    memcpy(mesh->triangles, builder->triangles,
           (size_t)builder->triangle_count * sizeof *mesh->triangles);
    set_bounding_sphere(mesh);
    return true;
}

void imp_mesh_free(imp_mesh *mesh)
{
    free(mesh->x);
    free(mesh->colour);
    free(mesh->triangles);
    *mesh = (imp_mesh){0};
}
