// Classifies pixels and measures their depth: one ray through each pixel's centre. The ground is
// intersected analytically. Objects reuse the renderer's triangles with a fill function of our own,
// which keeps class and depth of the nearest. Objects are drawn one at a time, so that the fill
// function knows the class. No texture is sampled: markings come from the functions that paint
// them.
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sim/render/scene/scene.h"

// Pseudo kinds for clutter and rooms while they are drawn.
enum { CLUTTER = IMP_OBJECT_KIND_COUNT, ROOM };

struct imp_segmentation_pass {
    imp_camera camera;
    float *inverse_depth; // (height x width): 1 / depth of objects [1/m]; 0 without
    uint8_t *objects;     // (height x width): kind + 1 of the nearest object; 0 without
    int kind;             // kind of the object being drawn
    uint64_t hidden[IMP_OBJECTS_MAX / 64]; // bits of all objects but that one
    imp_object_pass pass;
};

// Names and colours of the classes; objects take the name of their kind.
static const struct {
    const char *name;
    uint8_t rgb[3];
} PALETTE[IMP_SEMANTIC_COUNT] = {
#define ENTRY(name, word, red, green, blue) [name] = {word, {red, green, blue}},
    IMP_SEMANTIC_CLASS_LIST(ENTRY)
#undef ENTRY
#define OBJECT(kind, red, green, blue) [IMP_SEMANTIC_OBJECT + (kind)] = {NULL, {red, green, blue}}
        OBJECT(IMP_OBJECT_DUCKIE, 255, 165, 90),
    OBJECT(IMP_OBJECT_DUCKIEBOT, 0, 90, 255),
    OBJECT(IMP_OBJECT_CONE, 255, 95, 0),
    OBJECT(IMP_OBJECT_BARRIER, 160, 0, 100),
    OBJECT(IMP_OBJECT_BUILDING, 130, 100, 165),
    OBJECT(IMP_OBJECT_HOUSE, 150, 60, 40),
    OBJECT(IMP_OBJECT_BUS, 0, 165, 165),
    OBJECT(IMP_OBJECT_TRUCK, 100, 215, 170),
    OBJECT(IMP_OBJECT_TREE, 0, 85, 40),
    OBJECT(IMP_OBJECT_TRAFFIC_LIGHT, 255, 0, 255),
    OBJECT(IMP_OBJECT_CHECKERBOARD, 170, 255, 0),
    OBJECT(IMP_OBJECT_SIGN, 0, 0, 140),
#undef OBJECT
};

// Maps invalid classes to NOTHING.
static int clamp_semantic_class(int class_id)
{
    return class_id < 0 || class_id >= IMP_SEMANTIC_COUNT ? IMP_SEMANTIC_NOTHING : class_id;
}

const char *imp_semantic_class_name(int class_id)
{
    const int k = clamp_semantic_class(class_id);
    return k < IMP_SEMANTIC_OBJECT
               ? PALETTE[k].name
               : imp_object_class_get((imp_object_kind)(k - IMP_SEMANTIC_OBJECT))->name;
}

const uint8_t *imp_semantic_class_colour(int class_id)
{
    return PALETTE[clamp_semantic_class(class_id)].rgb;
}

// Fill function: keeps the nearest triangle per pixel. The raster is embedded in the pass, so the
// pass is found from the raster's address.
static void fill_class_triangle(const imp_raster *raster, const imp_raster_triangle *triangle)
{
    // offset of the raster within the pass
    const size_t place =
        offsetof(struct imp_segmentation_pass, pass) + offsetof(imp_object_pass, raster);
    const imp_segmentation_pass *s =
        (const imp_segmentation_pass *)(const void *)((const char *)raster - place);
    for (int row = triangle->top; row < triangle->bottom; row++)
        for (int column = triangle->left; column < triangle->right; column++) {
            // evaluate the planes at the pixel's ray
            const size_t k = (size_t)row * (size_t)raster->width + (size_t)column;
            const float x = raster->rays.x[k], y = raster->rays.y[k];
            float at[4];
            for (int i = 0; i < 4; i++)
                at[i] =
                    triangle->plane[0][i] * x + triangle->plane[1][i] * y + triangle->plane[2][i];
            // NaN fails the comparisons
            if (at[0] >= 0.0f && at[1] >= 0.0f && at[2] >= 0.0f && at[3] > s->inverse_depth[k] &&
                at[3] <= triangle->nearest) {
                s->inverse_depth[k] = at[3];
                s->objects[k] = (uint8_t)(s->kind + 1);
            }
        }
}

// There are no samples to blend.
static void skip_resolving_samples(imp_raster *raster, uint8_t *image, size_t stride)
{
    (void)raster;
    (void)image;
    (void)stride;
}

// Computes the rays through pixel centres; NaN outside the lens.
static void compute_pixel_rays(imp_segmentation_pass *s)
{
    const imp_camera_def *def = &s->camera.def;
    const imp_raster *raster = &s->pass.raster;
    for (int k = 0; k < def->width * def->height; k++) {
        double x, y;
        // the centre of pixel (i, j) is (i + 0.5, j + 0.5)
        const bool seen =
            imp_camera_pixel_to_ray(&s->camera, k % def->width + 0.5, k / def->width + 0.5, &x, &y);
        raster->rays.x[k] = seen ? (float)x : NAN;
        raster->rays.y[k] = seen ? (float)y : NAN;
    }
}

// Allocates buffers; the raster needs only the parts that this fill function uses.
static bool allocate_buffers(imp_segmentation_pass *s)
{
    const imp_camera_def *def = &s->camera.def;
    const size_t count = (size_t)def->width * (size_t)def->height;
    imp_raster *raster = &s->pass.raster;
    // rays are needed without derivatives, samples and colours not at all
    *raster = (imp_raster){.width = def->width, .rows = def->height};
    s->inverse_depth = calloc(count, sizeof *s->inverse_depth);
    s->objects = calloc(count, 1);
    raster->rays.x = calloc(count, sizeof *raster->rays.x);
    raster->rays.y = calloc(count, sizeof *raster->rays.y);
    s->pass.fill_triangle = fill_class_triangle;
    s->pass.resolve = skip_resolving_samples;
    s->pass.projection = imp_projection_from_camera(&s->camera);
    return s->inverse_depth != NULL && s->objects != NULL && raster->rays.x != NULL &&
           raster->rays.y != NULL;
}

imp_status imp_segmentation_pass_create(imp_segmentation_pass **out, const imp_camera_def *camera,
                                        imp_error *err)
{
    imp_segmentation_pass *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for a segmentation pass");
    imp_status status = imp_camera_init(&s->camera, camera, err);
    if (status == IMP_OK && !allocate_buffers(s))
        status = imp_fail(err, IMP_NO_MEMORY, "no memory to segment %d x %d pixels", camera->width,
                          camera->height);
    if (status != IMP_OK) {
        imp_segmentation_pass_destroy(s);
        return status;
    }
    compute_pixel_rays(s);
    *out = s;
    return IMP_OK;
}

imp_status imp_segmentation_pass_set_camera(imp_segmentation_pass *segmentation,
                                            const imp_camera_def *camera, imp_error *err)
{
    const imp_camera_def *def = &segmentation->camera.def;
    // check the new camera before anything changes
    imp_camera after;
    const imp_status status = imp_camera_init(&after, camera, err);
    if (status != IMP_OK)
        return status;
    if (camera->width != def->width || camera->height != def->height)
        return imp_fail(err, IMP_USAGE, "a segmentation pass of %d x %d pixels cannot draw %d x %d",
                        def->width, def->height, camera->width, camera->height);
    segmentation->camera = after;
    segmentation->pass.projection = imp_projection_from_camera(&after);
    compute_pixel_rays(segmentation);
    return IMP_OK;
}

void imp_segmentation_pass_destroy(imp_segmentation_pass *segmentation)
{
    if (segmentation == NULL)
        return;
    free(segmentation->inverse_depth);
    free(segmentation->objects);
    free(segmentation->pass.raster.rays.x);
    free(segmentation->pass.raster.rays.y);
    free(segmentation);
}

// Draws objects one at a time, then all clutter, then the room.
static void render_object_kinds(imp_segmentation_pass *s, const imp_scene *scene,
                                const imp_camera_frame *camera_frame, const imp_view *view)
{
    const imp_world *world = scene->world;
    imp_view only = *view;
    only.hidden = s->hidden;
    // the view is copied, so that the caller's stays unchanged
    only.clutter_count = 0;
    only.room = NULL;
    memset(s->hidden, 0xff, sizeof s->hidden);
    for (int k = 0; k < world->object_count; k++) {
        const uint64_t bit = (uint64_t)1 << k % 64;
        if (view->hidden != NULL && (view->hidden[k / 64] & bit) != 0)
            continue;
        // show this object only
        s->hidden[k / 64] &= ~bit;
        s->kind = (int)world->objects[k].kind;
        // no block is marked dirty, so resolving touches no image
        imp_objects_draw(&s->pass, &scene->objects, world, camera_frame, &only, NULL, 0);
        s->hidden[k / 64] |= bit;
    }
    only.clutter_count = view->clutter_count;
    s->kind = CLUTTER;
    imp_objects_draw(&s->pass, &scene->objects, world, camera_frame, &only, NULL, 0);
    if (view->room == NULL)
        return;
    s->kind = IMP_OBJECT_DUCKIE;
    imp_room_draw(&s->pass, &scene->objects, camera_frame, view, IMP_ROOM_DUCKIES);
    s->kind = ROOM;
    imp_room_draw(&s->pass, &scene->objects, camera_frame, view, IMP_ROOM_BACKGROUND);
}

// The class at a point of the ground.
static imp_semantic_class semantic_class_at(const imp_scene *scene, const imp_view *view, double x,
                                            double z)
{
    const imp_world *world = scene->world;
    const imp_tile *tile = imp_world_tile_at(world, x, z);
    if (tile == NULL)
        return IMP_SEMANTIC_GROUND;
    // the point within the tile, and the tile's style
    const double u = x / world->tile_size, v = z / world->tile_size;
    const int number = (int)(tile - world->tiles);
    const imp_tile_style *style =
        imp_scene_tile_style(scene, view, number % world->columns + 1, number / world->columns + 1);
    return imp_tile_semantic_class(style, tile->kind, tile->orientation,
                                   (float)(u - floor(u) - 0.5), (float)(v - floor(v) - 0.5));
}

// Class and depth along a ray without objects.
static imp_semantic_class semantic_class_along_ray(const imp_scene *scene, const imp_view *view,
                                                   const imp_camera_frame *camera_frame, double x,
                                                   double y, float *depth)
{
    *depth = INFINITY;
    // outside the lens
    if (isnan(x))
        return IMP_SEMANTIC_NOTHING;
    // rotate the ray into the world and intersect it with the ground
    double direction[3];
    for (int i = 0; i < 3; i++)
        direction[i] =
            x * camera_frame->axis[0][i] + y * camera_frame->axis[1][i] + camera_frame->axis[2][i];
    const double far = camera_frame->at[1] / -direction[1];
    // the renderer's horizon, too
    if (!(-direction[1] > 1e-4))
        return IMP_SEMANTIC_SKY;
    *depth = (float)far;
    return semantic_class_at(scene, view, camera_frame->at[0] + far * direction[0],
                             camera_frame->at[2] + far * direction[2]);
}

void imp_segmentation_pass_run(imp_segmentation_pass *segmentation, const imp_scene *scene,
                               const imp_view *view, uint8_t *mask, float *depths)
{
    imp_segmentation_pass *s = segmentation;
    const imp_camera_def *def = &s->camera.def;
    const size_t count = (size_t)def->width * (size_t)def->height;
    const imp_view shown = imp_scene_add_room_to_view(scene, view);
    view = &shown;
    const imp_camera_frame camera_frame = imp_camera_frame_at(def, view->pose);
    // objects first, then the ground where there is none
    memset(s->inverse_depth, 0, count * sizeof *s->inverse_depth);
    memset(s->objects, 0, count);
    render_object_kinds(s, scene, &camera_frame, view);
    for (size_t k = 0; k < count; k++) {
        // objects are always in front of the ground that they hide
        float depth;
        int class_id = semantic_class_along_ray(
            scene, view, &camera_frame, s->pass.raster.rays.x[k], s->pass.raster.rays.y[k], &depth);
        // an object, or clutter, which counts as ground; rooms are ground below the horizon
        if (s->objects[k] > 0) {
            const int kind = s->objects[k] - 1;
            if (kind == CLUTTER || (kind == ROOM && class_id != IMP_SEMANTIC_SKY))
                class_id = IMP_SEMANTIC_GROUND;
            else if (kind != ROOM)
                class_id = IMP_SEMANTIC_OBJECT + kind;
            depth = 1.0f / s->inverse_depth[k];
        }
        if (mask != NULL)
            mask[k] = (uint8_t)class_id;
        if (depths != NULL)
            depths[k] = depth;
    }
}
