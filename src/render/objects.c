#include "render/objects.h"

#include <float.h>
#include <math.h>

// The light is fixed in the world, 3 m above its corner, as the reference's is meant to be. Its
// shares are the reference's, so that what faces the light shows its own colour.
static const double LIGHT[3] = {0.0, 3.0, 0.0};
static const float AMBIENT = 0.55f / 0.9f, DIFFUSE = 0.35f / 0.9f;

// Ahead of the camera [m], as the reference's.
static const float NEAREST = 0.04f;

// Shapes whose radius has fewer pixels than this get by with few corners, and none are drawn whose
// radius has fewer than that.
static const float FINE_PIXELS = 16.0f, LEAST_PIXELS = 0.1f;

imp_eye imp_eye_of(const imp_camera_def *camera, imp_pose pose)
{
    const double cosine = cos(pose.heading), sine = sin(pose.heading);
    const double level = cos(camera->pitch), fall = sin(camera->pitch);
    return (imp_eye){
        .at = {pose.x + cosine * camera->mount_forward, camera->mount_height,
               pose.z - sine * camera->mount_forward},
        .axis = {{sine, 0.0, cosine},
                 {-cosine * fall, -level, sine * fall},
                 {cosine * level, -fall, -sine * level}},
        .nearest = NEAREST,
    };
}

// An object on its way through the pass.
typedef struct placement {
    float axis[3][3], shift[3]; // from its own frame to the camera's
    float light[3];             // unit vector in its own frame
    float ambient, diffuse;     // with the picture's light
    const imp_mesh *meshes;     // coarse and fine
} placement;

static placement place(const imp_eye *eye, const imp_prop *prop, const double at[3],
                       const imp_mesh *meshes, float light)
{
    const double c = prop->cosine, s = prop->sine;
    placement out = {.ambient = AMBIENT * light, .diffuse = DIFFUSE * light, .meshes = meshes};
    double towards[3], length = 0.0;
    for (int i = 0; i < 3; i++) {
        const double *axis = eye->axis[i];
        double shift = 0.0;
        for (int k = 0; k < 3; k++)
            shift += axis[k] * (at[k] - eye->at[k]);
        out.shift[i] = (float)shift;
        out.axis[i][0] = (float)(prop->scale * (axis[0] * c - axis[2] * s));
        out.axis[i][1] = (float)(prop->scale * axis[1]);
        out.axis[i][2] = (float)(prop->scale * (axis[0] * s + axis[2] * c));
        towards[i] = LIGHT[i] - at[i];
        length += towards[i] * towards[i];
    }
    length = fmax(sqrt(length), 1e-6);
    out.light[0] = (float)((towards[0] * c - towards[2] * s) / length);
    out.light[1] = (float)(towards[1] / length);
    out.light[2] = (float)((towards[0] * s + towards[2] * c) / length);
    return out;
}

// The mesh to draw: NULL if none of it can be seen.
static const imp_mesh *choose_mesh(const imp_object_pass *pass, const placement *at, float scale,
                                   float nearest)
{
    const imp_sight *sight = &pass->sight;
    const float *c = at->meshes[1].centre;
    float p[3];
    for (int i = 0; i < 3; i++)
        p[i] = at->axis[i][0] * c[0] + at->axis[i][1] * c[1] + at->axis[i][2] * c[2] + at->shift[i];
    const float radius = at->meshes[1].radius * scale;
    // not seen, too, if any of it is not a number
    if (!(p[2] + radius > nearest))
        return NULL;
    for (int k = 0; k < 2; k++) {
        const float low = sight->low[k], high = sight->high[k];
        if (!(p[k] - high * p[2] < radius * sqrtf(1.0f + high * high)) ||
            !(low * p[2] - p[k] < radius * sqrtf(1.0f + low * low)))
            return NULL;
    }
    const float pixels = sight->focal[1] * sight->scale[1] * radius / fmaxf(p[2], radius);
    return pixels < LEAST_PIXELS ? NULL : &at->meshes[pixels >= FINE_PIXELS];
}

static void transform(imp_object_pass *pass, const imp_mesh *mesh, const placement *at,
                      float nearest)
{
    const imp_sight sight = pass->sight;
    for (int k = 0; k < mesh->vertex_count; k++) {
        const float x = mesh->x[k], y = mesh->y[k], z = mesh->z[k];
        pass->x[k] = at->axis[0][0] * x + at->axis[0][1] * y + at->axis[0][2] * z + at->shift[0];
        pass->y[k] = at->axis[1][0] * x + at->axis[1][1] * y + at->axis[1][2] * z + at->shift[1];
        pass->z[k] = at->axis[2][0] * x + at->axis[2][1] * y + at->axis[2][2] * z + at->shift[2];
    }
    for (int k = 0; k < mesh->vertex_count; k++) {
        const float facing = mesh->normal_x[k] * at->light[0] + mesh->normal_y[k] * at->light[1] +
                             mesh->normal_z[k] * at->light[2];
        pass->shade[k] = at->ambient + at->diffuse * (facing > 0.0f ? facing : 0.0f);
    }
    for (int k = 0; k < mesh->vertex_count; k++) {
        const float z = pass->z[k], x = pass->x[k] / z, y = pass->y[k] / z;
        pass->ray_x[k] = x;
        pass->ray_y[k] = y;
        imp_sight_project(&sight, x, y, &pass->pixel_x[k], &pass->pixel_y[k]);
        pass->inside[k] = (z > nearest) & (x > sight.low[0]) & (x < sight.high[0]) &
                          (y > sight.low[1]) & (y < sight.high[1]);
    }
}

// A rectangle of the picture and the rays that it was found from.
typedef struct extent {
    float low[2], high[2]; // [px]
    float ray_low[2], ray_high[2];
} extent;

static const extent NOTHING = {
    {FLT_MAX, FLT_MAX}, {-FLT_MAX, -FLT_MAX}, {FLT_MAX, FLT_MAX}, {-FLT_MAX, -FLT_MAX}};

static inline float least(float a, float b)
{
    return a < b ? a : b;
}

static inline float most(float a, float b)
{
    return a > b ? a : b;
}

static inline void widen(extent *box, float px, float py, float x, float y)
{
    const float pixel[2] = {px, py}, ray[2] = {x, y};
    for (int k = 0; k < 2; k++) {
        box->low[k] = least(box->low[k], pixel[k]);
        box->high[k] = most(box->high[k], pixel[k]);
        box->ray_low[k] = least(box->ray_low[k], ray[k]);
        box->ray_high[k] = most(box->ray_high[k], ray[k]);
    }
}

// Cuts away the part of a polygon where plane . point < 0 (Sutherland & Hodgman, 1974); returns
// how many corners are left.
static int cut(float points[][3], int count, const float plane[3], float bound)
{
    enum { MOST = 10 };
    float kept[MOST][3];
    int left = 0;
    for (int k = 0; k < count && left + 2 <= MOST; k++) {
        const float *a = points[k], *b = points[(k + 1) % count];
        const float da = plane[0] * a[0] + plane[1] * a[1] + plane[2] * a[2] - bound;
        const float db = plane[0] * b[0] + plane[1] * b[1] + plane[2] * b[2] - bound;
        if (da >= 0.0f) {
            for (int i = 0; i < 3; i++)
                kept[left][i] = a[i];
            left++;
        }
        if ((da >= 0.0f) != (db >= 0.0f)) {
            const float t = da / (da - db);
            for (int i = 0; i < 3; i++)
                kept[left][i] = a[i] + t * (b[i] - a[i]);
            left++;
        }
    }
    for (int k = 0; k < left; k++)
        for (int i = 0; i < 3; i++)
            points[k][i] = kept[k][i];
    return left;
}

// The extent of a triangle that reaches out of what can be projected.
static extent cut_extent(const imp_sight *sight, const float a[3], const float b[3],
                         const float c[3], float nearest)
{
    float points[10][3];
    for (int i = 0; i < 3; i++) {
        points[0][i] = a[i];
        points[1][i] = b[i];
        points[2][i] = c[i];
    }
    const float planes[5][3] = {{0.0f, 0.0f, 1.0f},
                                {1.0f, 0.0f, -sight->low[0]},
                                {-1.0f, 0.0f, sight->high[0]},
                                {0.0f, 1.0f, -sight->low[1]},
                                {0.0f, -1.0f, sight->high[1]}};
    int count = 3;
    for (int k = 0; k < 5; k++)
        count = cut(points, count, planes[k], k == 0 ? nearest : 0.0f);
    extent box = NOTHING;
    for (int k = 0; k < count; k++) {
        const float x = points[k][0] / points[k][2], y = points[k][1] / points[k][2];
        float px, py;
        imp_sight_project(sight, x, y, &px, &py);
        widen(&box, px, py, x, y);
    }
    return box;
}

// Sets which of the raster's pixels an extent may touch; false if none.
static bool set_pixels(const imp_object_pass *pass, const extent *box, imp_raster_facet *facet)
{
    const imp_raster *raster = &pass->raster;
    const float dx = box->ray_high[0] - box->ray_low[0], dy = box->ray_high[1] - box->ray_low[1];
    const float margin = 0.01f + fminf(pass->sight.bulge * (dx * dx + dy * dy), 1e5f);
    const int size[2] = {raster->width, raster->rows}, start[2] = {raster->left, raster->top};
    int range[2][2];
    for (int k = 0; k < 2; k++) {
        const float low = box->low[k] - margin - (float)start[k];
        const float high = box->high[k] + margin - (float)start[k];
        // in this order what is not a number leaves nothing
        if (!(high > 0.0f && low < (float)size[k]))
            return false;
        range[k][0] = low > 0.0f ? (int)low : 0;
        range[k][1] = high < (float)size[k] - 1.0f ? (int)high + 1 : size[k];
    }
    facet->left = range[0][0];
    facet->right = range[0][1];
    facet->top = range[1][0];
    facet->bottom = range[1][1];
    return true;
}

static void paint_facet(const imp_object_pass *pass, const imp_props *props, const imp_mesh *mesh,
                        const imp_facet *from, imp_raster_facet *facet)
{
    const uint32_t colour = mesh->colour[from->vertex[0]];
    facet->face = from->face == IMP_FACE_NONE ? NULL : &props->faces[from->face];
    for (int k = 0; k < 3; k++) {
        const int v = from->vertex[k];
        facet->shade[k] = pass->shade[v];
        facet->u[k] = mesh->u[v];
        facet->v[k] = mesh->v[v];
        facet->colour[k] = (float)(colour >> (8 * k) & 255);
    }
}

static void draw_facet(imp_object_pass *pass, const imp_props *props, const imp_mesh *mesh,
                       const imp_facet *from, float nearest)
{
    float corner[3][3];
    bool inside = true;
    for (int k = 0; k < 3; k++) {
        const int v = from->vertex[k];
        corner[k][0] = pass->x[v];
        corner[k][1] = pass->y[v];
        corner[k][2] = pass->z[v];
        inside = inside && pass->inside[v];
    }
    imp_raster_facet facet;
    if (!imp_raster_set_up(&facet, corner[0], corner[1], corner[2]))
        return;
    extent box = NOTHING;
    if (inside)
        for (int k = 0; k < 3; k++) {
            const int v = from->vertex[k];
            widen(&box, pass->pixel_x[v], pass->pixel_y[v], pass->ray_x[v], pass->ray_y[v]);
        }
    else
        box = cut_extent(&pass->sight, corner[0], corner[1], corner[2], nearest);
    if (!set_pixels(pass, &box, &facet))
        return;
    facet.nearest = 1.0f / nearest;
    paint_facet(pass, props, mesh, from, &facet);
    pass->fill(&pass->raster, &facet);
    for (int row = facet.top; row < facet.bottom; row++) {
        int *first = &pass->raster.first[row], *last = &pass->raster.last[row];
        *first = facet.left < *first ? facet.left : *first;
        *last = facet.right > *last ? facet.right : *last;
    }
}

static void draw_object(imp_object_pass *pass, const imp_props *props, const imp_eye *eye,
                        const imp_prop *prop, const double at[3], float light)
{
    const placement placed = place(eye, prop, at, props->meshes[prop->model], light);
    const imp_mesh *mesh = choose_mesh(pass, &placed, prop->scale, eye->nearest);
    if (mesh == NULL)
        return;
    transform(pass, mesh, &placed, eye->nearest);
    for (int k = 0; k < mesh->facet_count; k++)
        draw_facet(pass, props, mesh, &mesh->facets[k], eye->nearest);
}

void imp_objects_draw(imp_object_pass *pass, const imp_props *props, const imp_world *world,
                      const imp_eye *eye, const imp_view *view, uint8_t *picture, size_t stride)
{
    for (int k = 0; k < props->count; k++) {
        const imp_object *object = &world->objects[k];
        if (view->hidden != NULL && view->hidden[k / 64] >> (k % 64) & 1)
            continue;
        imp_prop prop = props->props[k];
        double at[3] = {object->position.x, 0.0, object->position.z};
        if (view->moving != NULL && object->moving >= 0) {
            const imp_object_state *state = &view->moving[object->moving];
            at[0] = state->position.x;
            at[1] = state->y;
            at[2] = state->position.z;
            prop.cosine = (float)cos(state->heading);
            prop.sine = (float)sin(state->heading);
            prop.model = imp_model_of(object, state);
        }
        draw_object(pass, props, eye, &prop, at, view->light);
    }
    imp_raster_resolve(&pass->raster, picture, stride);
}
