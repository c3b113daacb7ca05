// Loads OBJ files as models: parses the text, resolves materials to colours and textures, places
// the mesh as gym-duckietown does, and splits it into pieces of limited size. Vertices with the
// same position, texture coordinate, normal and appearance are shared within a piece, by a hash
// table. The limit on pieces lets the rasteriser keep transformed vertices in fixed buffers.
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/file.h"
#include "sim/render/assets/assets.h"

enum {
    OBJ_BYTES_MAX = 32 << 20,
    MTL_BYTES_MAX = 1 << 20,
    VERTEX_SLOTS = 4 * IMP_MESH_SIZE_MAX, // slots of the vertex hash table
};

// Appearance of a triangle.
typedef struct appearance {
    uint32_t colour;
    int texture; // index of the assets' textures, or IMP_DECAL_NONE
} appearance;

// Identity of a vertex within a piece.
typedef struct vertex_key {
    imp_obj_corner corner;
    int32_t triangle; // the only triangle that uses it, or -1
    appearance appearance;
} vertex_key;

// State of loading a model.
typedef struct model_loader {
    imp_assets *assets;
    const char *path;
    imp_obj obj;
    appearance *appearances; // per material name
    float shift[3], scale;
    imp_mesh_builder piece; // the present piece
    vertex_key keys[IMP_MESH_SIZE_MAX];
    int16_t slots[VERTEX_SLOTS]; // vertex index by hash of its key, or -1
    imp_asset_model model;
} model_loader;

// Packs a colour (0..1), red lowest.
static uint32_t pack_colour(const float colour[3])
{
    uint32_t out = 0xff000000u;
    for (int c = 0; c < 3; c++)
        out |= (uint32_t)(colour[c] * 255.0f + 0.5f) << (8 * c);
    return out;
}

// The path's file name with another extension.
static void file_name_with_extension(char out[IMP_PATH_MAX], const char *path,
                                     const char *extension)
{
    const char *name = imp_path_base_name(path);
    const char *dot = strrchr(name, '.');
    const int length = dot != NULL ? (int)(dot - name) : (int)strlen(name);
    snprintf(out, IMP_PATH_MAX, "%.*s.%s", length, name, extension);
}

// Finds a file with the mesh's name and another extension.
static const char *find_sibling_file(const model_loader *b, const char *extension)
{
    char name[IMP_PATH_MAX];
    file_name_with_extension(name, b->path, extension);
    return imp_asset_files_find_name(&b->assets->files, name, b->path);
}

// Reads the materials: a file with the mesh's name, else the one that the mesh names. *path is NULL
// without such a file.
static imp_status read_materials(const model_loader *b, imp_materials *out, const char **path,
                                 imp_error *err)
{
    // a file with the mesh's own name takes precedence
    *path = find_sibling_file(b, "mtl");
    if (*path == NULL && b->obj.material.text[0] != '\0')
        *path = imp_asset_files_find_name(&b->assets->files, b->obj.material.text, b->path);
    if (*path == NULL)
        return IMP_OK;
    char *text;
    size_t length;
    imp_status status = imp_file_read(&text, &length, *path, MTL_BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    status = imp_materials_parse(out, text, length, *path, err);
    free(text);
    return status;
}

// Finds a texture by its file name; a missing one is only a warning.
static imp_status find_named_texture(model_loader *b, const char *name, appearance *out,
                                     imp_error *err)
{
    const char *path = imp_asset_files_find_name(&b->assets->files, name, b->path);
    if (path != NULL)
        return imp_asset_load_texture(b->assets, &out->texture, path, err);
    imp_assets_add_warning(b->assets, "%s: no image '%s' in the folder; it is left plain", b->path,
                           name);
    return IMP_OK;
}

// Default appearance of triangles without a known material: the image with the mesh's name.
static imp_status find_default_appearance(model_loader *b, bool wanted, appearance *out,
                                          imp_error *err)
{
    const char *path = find_sibling_file(b, "png");
    // png takes precedence over jpg
    if (path == NULL)
        path = find_sibling_file(b, "jpg");
    if (path != NULL)
        return imp_asset_load_texture(b->assets, &out->texture, path, err);
    if (wanted)
        imp_assets_add_warning(b->assets,
                               "%s: neither its materials nor an image of its name are in "
                               "the folder; it is left white",
                               b->path);
    return IMP_OK;
}

// Resolves one material name: overrides first, then the material's colour and texture.
static imp_status resolve_material(model_loader *b, const imp_materials *materials,
                                   const char *name, const imp_material_override *override,
                                   appearance *out, imp_error *err)
{
    // of several materials with one name the last counts
    const imp_material *material = NULL;
    for (int k = 0; k < materials->count; k++)
        if (strcmp(materials->items[k].name.text, name) == 0)
            material = &materials->items[k];
    // an override applies to names with its prefix
    const bool changed = override->material != NULL && name[0] != '\0' &&
                         strncmp(name, override->material, strlen(override->material)) == 0;
    if (material != NULL)
        out->colour = pack_colour(material->colour);
    if (changed && override->colour != NULL)
        out->colour = pack_colour(override->colour);
    if (changed && override->texture != NULL)
        return imp_asset_load_texture(b->assets, &out->texture, override->texture, err);
    if (material == NULL)
        return IMP_OK;
    out->texture = IMP_DECAL_NONE;
    return material->texture.text[0] != '\0'
               ? find_named_texture(b, material->texture.text, out, err)
               : IMP_OK;
}

// Resolves all material names of the mesh.
static imp_status resolve_materials(model_loader *b, const imp_material_override *override,
                                    imp_error *err)
{
    imp_materials materials = {0};
    const char *path;
    // white unless the folder has an image with the mesh's name
    appearance plain = {0xffffffffu, IMP_DECAL_NONE};
    b->appearances = malloc((size_t)b->obj.name_count * sizeof *b->appearances);
    if (b->appearances == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the mesh %s", b->path);
    imp_status status = read_materials(b, &materials, &path, err);
    if (status == IMP_OK)
        status = find_default_appearance(b, path == NULL, &plain, err);
    for (int k = 0; status == IMP_OK && k < b->obj.name_count; k++) {
        b->appearances[k] = plain;
        status = resolve_material(b, &materials, b->obj.names[k].text, override, &b->appearances[k],
                                  err);
    }
    imp_materials_free(&materials);
    return status;
}

// Computes the placement that gym-duckietown uses: on the ground, and centred between the smallest
// coordinate and the smallest of the largest coordinates of first, second and third corners. A mesh
// whose height differs from its class is scaled.
static void compute_gym_mesh_placement(model_loader *b, const imp_object_class *extents)
{
    // extents over all corners; the largest coordinate separately for each corner number
    float low[3] = {FLT_MAX, FLT_MAX, FLT_MAX}, high[3][3]; // of each corner
    for (int k = 0; k < 9; k++)
        high[k / 3][k % 3] = -FLT_MAX;
    for (int n = 0; n < b->obj.triangle_count; n++)
        for (int k = 0; k < 3; k++) {
            const float *at = b->obj.positions[b->obj.triangles[n].corners[k].position];
            for (int i = 0; i < 3; i++) {
                low[i] = fminf(low[i], at[i]);
                high[k][i] = fmaxf(high[k][i], at[i]);
            }
        }
    for (int i = 0; i < 3; i++)
        b->shift[i] = -0.5f * (low[i] + fminf(high[0][i], fminf(high[1][i], high[2][i])));
    // the mesh stands on the ground
    b->shift[1] = -low[1];
    const float height = fmaxf(high[0][1], fmaxf(high[1][1], high[2][1])) - low[1];
    const float ratio = height > 0.0f ? (float)extents->height / height : 1.0f;
    // tiny differences are rounding of the recorded extents
    b->scale = fabsf(ratio - 1.0f) > 1e-4f ? ratio : 1.0f;
}

// Starts an empty piece.
static void start_piece(model_loader *b)
{
    imp_mesh_builder_reset(&b->piece, true);
    memset(b->slots, 0xff, sizeof b->slots);
}

// Converts the present piece to a mesh and starts the next.
static imp_status finish_mesh_piece_and_start_next(model_loader *b, imp_error *err)
{
    imp_asset_model *model = &b->model;
    // pieces are appended one by one; there are few
    imp_mesh *wider =
        realloc(model->pieces, ((size_t)model->piece_count + 1) * sizeof *model->pieces);
    if (wider != NULL)
        model->pieces = wider;
    if (wider == NULL || !imp_mesh_builder_finish(&b->piece, NULL, &wider[model->piece_count]))
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the mesh %s", b->path);
    imp_mesh *mesh = &wider[model->piece_count++];
    mesh->textures = b->assets->textures;
    // triangles of loaded meshes may be oriented either way
    mesh->two_sided = true;
    start_piece(b);
    return IMP_OK;
}

// Length of a vector.
static float vector_length(const float v[3])
{
    return sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

// Normal of a triangle, not normalised.
static void triangle_normal(const imp_obj *obj, const imp_obj_triangle *triangle, float out[3])
{
    const float *a = obj->positions[triangle->corners[0].position];
    const float *b = obj->positions[triangle->corners[1].position];
    const float *c = obj->positions[triangle->corners[2].position];
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        out[i] = (b[j] - a[j]) * (c[k] - a[k]) - (b[k] - a[k]) * (c[j] - a[j]);
    }
}

// Computes a vertex: given normal, or that of its triangle; placement; v downwards.
static void make_vertex(const model_loader *b, const vertex_key *key,
                        const imp_obj_triangle *triangle, imp_mesh_vertex *out)
{
    const imp_obj *obj = &b->obj;
    float normal[3] = {0};
    if (key->triangle < 0)
        memcpy(normal, obj->normals[key->corner.normal], sizeof normal);
    else
        triangle_normal(obj, triangle, normal);
    const float length = vector_length(normal);
    *out = (imp_mesh_vertex){.normal = {0.0f, 1.0f, 0.0f}, .colour = key->appearance.colour};
    for (int i = 0; i < 3; i++) {
        out->at[i] = (obj->positions[key->corner.position][i] + b->shift[i]) * b->scale;
        if (length > 0.0f)
            out->normal[i] = normal[i] / length;
    }
    // OBJ counts v upwards
    if (key->corner.uv >= 0) {
        out->uv[0] = obj->uvs[key->corner.uv][0];
        out->uv[1] = 1.0f - obj->uvs[key->corner.uv][1];
    }
}

// Compares all parts of two keys.
static bool same_vertex_key(const vertex_key *a, const vertex_key *b)
{
    return a->corner.position == b->corner.position && a->corner.uv == b->corner.uv &&
           a->corner.normal == b->corner.normal && a->triangle == b->triangle &&
           a->appearance.colour == b->appearance.colour &&
           a->appearance.texture == b->appearance.texture;
}

// Index of a vertex in the piece; a new one is added. Linear probing; the table is four times as
// large as needed.
static uint16_t find_or_add_vertex(model_loader *b, int facet_index, int corner)
{
    const imp_obj_triangle *triangle = &b->obj.triangles[facet_index];
    vertex_key key = {triangle->corners[corner], -1, b->appearances[triangle->material]};
    // vertices without a valid normal are not shared, since they get the triangle's
    if (key.corner.normal < 0 || !(vector_length(b->obj.normals[key.corner.normal]) > 0.0f))
        key.triangle = facet_index;
    uint32_t slot = (uint32_t)key.corner.position * 2654435761u ^ (uint32_t)key.corner.uv * 40503u ^
                    (uint32_t)key.corner.normal * 69621u;
    for (slot %= VERTEX_SLOTS; b->slots[slot] >= 0; slot = (slot + 1) % VERTEX_SLOTS)
        if (same_vertex_key(&b->keys[b->slots[slot]], &key))
            return (uint16_t)b->slots[slot];
    // a new vertex: register its key, then compute it
    const int number = b->piece.vertex_count++;
    b->slots[slot] = (int16_t)number;
    b->keys[number] = key;
    make_vertex(b, &key, triangle, &b->piece.vertices[number]);
    return (uint16_t)number;
}

// Adds triangles to pieces until each is full.
static imp_status split_into_pieces(model_loader *b, imp_error *err)
{
    imp_status status = IMP_OK;
    start_piece(b);
    for (int n = 0; status == IMP_OK && n < b->obj.triangle_count; n++) {
        // a triangle needs up to three new vertices
        if (b->piece.vertex_count + 3 > IMP_MESH_SIZE_MAX ||
            b->piece.triangle_count == IMP_MESH_SIZE_MAX)
            status = finish_mesh_piece_and_start_next(b, err);
        imp_mesh_triangle *triangle = &b->piece.triangles[b->piece.triangle_count++];
        for (int k = 0; k < 3; k++)
            triangle->vertex[k] = find_or_add_vertex(b, n, k);
        triangle->decal = (int16_t)b->appearances[b->obj.triangles[n].material].texture;
    }
    return status == IMP_OK ? finish_mesh_piece_and_start_next(b, err) : status;
}

// Computes bounding box and sphere of all pieces.
static void compute_bounds(imp_asset_model *model)
{
    for (int i = 0; i < 3; i++) {
        model->low[i] = FLT_MAX;
        model->high[i] = -FLT_MAX;
    }
    for (int n = 0; n < model->piece_count; n++) {
        const imp_mesh *mesh = &model->pieces[n];
        const float *at[3] = {mesh->x, mesh->y, mesh->z};
        for (int k = 0; k < mesh->vertex_count; k++)
            for (int i = 0; i < 3; i++) {
                model->low[i] = fminf(model->low[i], at[i][k]);
                model->high[i] = fmaxf(model->high[i], at[i][k]);
            }
    }
    // the sphere around the bounding box
    float half[3];
    for (int i = 0; i < 3; i++) {
        model->centre[i] = 0.5f * (model->low[i] + model->high[i]);
        half[i] = 0.5f * (model->high[i] - model->low[i]);
    }
    model->radius = vector_length(half);
}

imp_status imp_asset_model_parse(imp_assets *assets, imp_asset_model *out, const char *text,
                                 size_t length, const char *path,
                                 const imp_material_override *override,
                                 const imp_object_class *extents, imp_error *err)
{
    // the loader is large, since it contains a piece and its hash table
    model_loader *b = calloc(1, sizeof *b);
    if (b == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the mesh %s", path);
    b->assets = assets;
    b->path = path;
    // parse, resolve, place, split
    imp_status status = imp_obj_parse(&b->obj, text, length, path, err);
    if (status == IMP_OK)
        status = resolve_materials(b, override, err);
    if (status == IMP_OK) {
        compute_gym_mesh_placement(b, extents);
        status = split_into_pieces(b, err);
    }
    if (status == IMP_OK) {
        compute_bounds(&b->model);
        *out = b->model;
    } else {
        imp_asset_model_free(&b->model);
    }
    imp_obj_free(&b->obj);
    free(b->appearances);
    free(b);
    return status;
}

imp_status imp_asset_model_load(imp_assets *assets, imp_asset_model *out, const char *path,
                                const imp_material_override *override,
                                const imp_object_class *extents, imp_error *err)
{
    char *text;
    size_t length;
    imp_status status = imp_file_read(&text, &length, path, OBJ_BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    status = imp_asset_model_parse(assets, out, text, length, path, override, extents, err);
    free(text);
    return status;
}

void imp_asset_model_free(imp_asset_model *model)
{
    for (int k = 0; k < model->piece_count; k++)
        imp_mesh_free(&model->pieces[k]);
    free(model->pieces);
    *model = (imp_asset_model){0};
}
