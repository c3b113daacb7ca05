// What each pixel shows: its segment and its distance. One ray through each pixel's middle meets
// the ground by geometry and the objects by the facets that the renderer makes of them, of which a
// fill of our own keeps nothing but the nearest.
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "render/scene.h"

// What clutter counts as while it is drawn.
enum { CLUTTER = IMP_OBJECT_KIND_COUNT };

struct imp_surveyor {
    imp_camera camera;
    float *nearness;  // (height x width) of objects [1/m], 0 where there is none
    uint8_t *objects; // (height x width) kind + 1 of the nearest, 0 where there is none
    int kind;         // of the object that is being drawn
    uint64_t hidden[IMP_OBJECTS_MAX / 64]; // all objects but that
    imp_object_pass pass;
};

static const struct {
    const char *name;
    uint8_t rgb[3];
} PALETTE[IMP_SEGMENT_COUNT] = {
#define ENTRY(name, word, red, green, blue) [name] = {word, {red, green, blue}},
    IMP_SEGMENT_MAP(ENTRY)
#undef ENTRY
#define OBJECT(kind, red, green, blue) [IMP_SEGMENT_OBJECT + (kind)] = {NULL, {red, green, blue}}
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

static int limited(int segment)
{
    return segment < 0 || segment >= IMP_SEGMENT_COUNT ? IMP_SEGMENT_NOTHING : segment;
}

const char *imp_segment_name(int segment)
{
    const int k = limited(segment);
    return k < IMP_SEGMENT_OBJECT
               ? PALETTE[k].name
               : imp_object_class_of((imp_object_kind)(k - IMP_SEGMENT_OBJECT))->name;
}

const uint8_t *imp_segment_colour(int segment)
{
    return PALETTE[limited(segment)].rgb;
}

// Keeps where a facet is the nearest. The raster is the one of a surveyor's pass.
static void fill(const imp_raster *raster, const imp_raster_facet *facet)
{
    const size_t place = offsetof(struct imp_surveyor, pass) + offsetof(imp_object_pass, raster);
    const imp_surveyor *s = (const imp_surveyor *)(const void *)((const char *)raster - place);
    for (int row = facet->top; row < facet->bottom; row++)
        for (int column = facet->left; column < facet->right; column++) {
            const size_t k = (size_t)row * (size_t)raster->width + (size_t)column;
            const float x = raster->rays.x[k], y = raster->rays.y[k];
            float at[4];
            for (int i = 0; i < 4; i++)
                at[i] = facet->plane[0][i] * x + facet->plane[1][i] * y + facet->plane[2][i];
            // in this order what is not a number is left out
            if (at[0] >= 0.0f && at[1] >= 0.0f && at[2] >= 0.0f && at[3] > s->nearness[k] &&
                at[3] <= facet->nearest) {
                s->nearness[k] = at[3];
                s->objects[k] = (uint8_t)(s->kind + 1);
            }
        }
}

static void find_rays(imp_surveyor *s)
{
    const imp_camera_def *def = &s->camera.def;
    const imp_raster *raster = &s->pass.raster;
    for (int k = 0; k < def->width * def->height; k++) {
        double x, y;
        const bool seen =
            imp_camera_ray(&s->camera, k % def->width + 0.5, k / def->width + 0.5, &x, &y);
        raster->rays.x[k] = seen ? (float)x : NAN;
        raster->rays.y[k] = seen ? (float)y : NAN;
    }
}

static bool allocate(imp_surveyor *s)
{
    const imp_camera_def *def = &s->camera.def;
    const size_t count = (size_t)def->width * (size_t)def->height;
    imp_raster *raster = &s->pass.raster;
    *raster = (imp_raster){.width = def->width, .rows = def->height};
    s->nearness = calloc(count, sizeof *s->nearness);
    s->objects = calloc(count, 1);
    raster->rays.x = calloc(count, sizeof *raster->rays.x);
    raster->rays.y = calloc(count, sizeof *raster->rays.y);
    raster->marks = calloc(imp_raster_mark_count(raster), 1);
    s->pass.fill = fill;
    s->pass.sight = imp_sight_of(&s->camera);
    return s->nearness != NULL && s->objects != NULL && raster->rays.x != NULL &&
           raster->rays.y != NULL && raster->marks != NULL;
}

imp_status imp_surveyor_create(imp_surveyor **out, const imp_camera_def *camera, imp_error *err)
{
    imp_surveyor *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for a surveyor");
    imp_status status = imp_camera_init(&s->camera, camera, err);
    if (status == IMP_OK && !allocate(s))
        status = imp_fail(err, IMP_NO_MEMORY, "no memory to survey %d x %d pixels", camera->width,
                          camera->height);
    if (status != IMP_OK) {
        imp_surveyor_destroy(s);
        return status;
    }
    find_rays(s);
    *out = s;
    return IMP_OK;
}

imp_status imp_surveyor_set_camera(imp_surveyor *surveyor, const imp_camera_def *camera,
                                   imp_error *err)
{
    const imp_camera_def *def = &surveyor->camera.def;
    imp_camera after;
    const imp_status status = imp_camera_init(&after, camera, err);
    if (status != IMP_OK)
        return status;
    if (camera->width != def->width || camera->height != def->height)
        return imp_fail(err, IMP_USAGE, "a surveyor of %d x %d pixels cannot survey %d x %d",
                        def->width, def->height, camera->width, camera->height);
    surveyor->camera = after;
    surveyor->pass.sight = imp_sight_of(&after);
    find_rays(surveyor);
    return IMP_OK;
}

void imp_surveyor_destroy(imp_surveyor *surveyor)
{
    if (surveyor == NULL)
        return;
    free(surveyor->nearness);
    free(surveyor->objects);
    free(surveyor->pass.raster.rays.x);
    free(surveyor->pass.raster.rays.y);
    free(surveyor->pass.raster.marks);
    free(surveyor);
}

// Draws the objects one at a time, so that the fill knows what it draws.
static void survey_objects(imp_surveyor *s, const imp_scene *scene, const imp_eye *eye,
                           const imp_view *view)
{
    const imp_world *world = scene->world;
    imp_view only = *view;
    only.hidden = s->hidden;
    only.clutter_count = 0;
    memset(s->hidden, 0xff, sizeof s->hidden);
    for (int k = 0; k < world->object_count; k++) {
        const uint64_t bit = (uint64_t)1 << k % 64;
        if (view->hidden != NULL && (view->hidden[k / 64] & bit) != 0)
            continue;
        s->hidden[k / 64] &= ~bit;
        s->kind = (int)world->objects[k].kind;
        // nothing is marked, so that no picture is touched
        imp_objects_draw(&s->pass, &scene->objects, world, eye, &only, NULL, 0);
        s->hidden[k / 64] |= bit;
    }
    only.clutter_count = view->clutter_count;
    s->kind = CLUTTER;
    imp_objects_draw(&s->pass, &scene->objects, world, eye, &only, NULL, 0);
}

static imp_segment ground_at(const imp_scene *scene, const imp_view *view, double x, double z)
{
    const imp_world *world = scene->world;
    const imp_tile *tile = imp_world_tile_at(world, x, z);
    if (tile == NULL)
        return IMP_SEGMENT_GROUND;
    const double u = x / world->tile_size, v = z / world->tile_size;
    const int number = (int)(tile - world->tiles);
    const imp_road_style *style =
        imp_scene_style(scene, view, number % world->columns + 1, number / world->columns + 1);
    return imp_road_segment(style, tile->kind, tile->orientation, (float)(u - floor(u) - 0.5),
                            (float)(v - floor(v) - 0.5));
}

// What a ray meets where there is no object.
static imp_segment survey_ground(const imp_scene *scene, const imp_view *view, const imp_eye *eye,
                                 double x, double y, float *depth)
{
    *depth = INFINITY;
    if (isnan(x))
        return IMP_SEGMENT_NOTHING;
    double way[3];
    for (int i = 0; i < 3; i++)
        way[i] = x * eye->axis[0][i] + y * eye->axis[1][i] + eye->axis[2][i];
    const double far = eye->at[1] / -way[1];
    // the renderer's ground ends there too
    if (!(-way[1] > 1e-4))
        return IMP_SEGMENT_SKY;
    *depth = (float)far;
    return ground_at(scene, view, eye->at[0] + far * way[0], eye->at[2] + far * way[2]);
}

void imp_survey(imp_surveyor *surveyor, const imp_scene *scene, const imp_view *view,
                uint8_t *segments, float *depths)
{
    imp_surveyor *s = surveyor;
    const imp_camera_def *def = &s->camera.def;
    const size_t count = (size_t)def->width * (size_t)def->height;
    const imp_eye eye = imp_eye_of(def, view->pose);
    memset(s->nearness, 0, count * sizeof *s->nearness);
    memset(s->objects, 0, count);
    survey_objects(s, scene, &eye, view);
    for (size_t k = 0; k < count; k++) {
        float depth;
        int segment = survey_ground(scene, view, &eye, s->pass.raster.rays.x[k],
                                    s->pass.raster.rays.y[k], &depth);
        if (s->objects[k] > 0) {
            const int kind = s->objects[k] - 1;
            segment = kind == CLUTTER ? IMP_SEGMENT_GROUND : IMP_SEGMENT_OBJECT + kind;
            depth = 1.0f / s->nearness[k];
        }
        if (segments != NULL)
            segments[k] = (uint8_t)segment;
        if (depths != NULL)
            depths[k] = depth;
    }
}
