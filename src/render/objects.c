#include "render/objects.h"

#include <float.h>
#include <math.h>

// Ahead of the camera [m], as the reference's.
static const float NEAREST = 0.04f;

// Shapes whose radius has fewer pixels than this get by with few corners, and none are drawn whose
// radius has fewer than that.
static const float FINE_PIXELS = 22.0f, LEAST_PIXELS = 0.1f;

static inline float least(float a, float b)
{
    return a < b ? a : b;
}

static inline float most(float a, float b)
{
    return a > b ? a : b;
}

imp_eye imp_eye_of(const imp_camera_def *camera, imp_pose pose)
{
    const double cosine = cos(pose.heading), sine = sin(pose.heading);
    const double level = cos(camera->pitch), fall = sin(camera->pitch);
    return (imp_eye){
        .at = {pose.x + cosine * camera->mount_forward + sine * camera->mount_right,
               camera->mount_height,
               pose.z - sine * camera->mount_forward + cosine * camera->mount_right},
        .axis = {{sine, 0.0, cosine},
                 {-cosine * fall, -level, sine * fall},
                 {cosine * level, -fall, -sine * level}},
        .nearest = NEAREST,
    };
}

imp_stance imp_objects_stand(const imp_props *props, const imp_world *world, const imp_view *view,
                             int k)
{
    const imp_object *object = &world->objects[k];
    imp_stance out = {{object->position.x, 0.0, object->position.z}, props->props[k]};
    if (view->moving == NULL || object->moving < 0)
        return out;
    const imp_object_state *state = &view->moving[object->moving];
    out.at[0] = state->position.x;
    out.at[1] = state->y;
    out.at[2] = state->position.z;
    out.prop.cosine = (float)cos(state->heading);
    out.prop.sine = (float)sin(state->heading);
    out.prop.model = imp_props_model(props, object, state);
    return out;
}

// Whether any of an object can be seen, how far ahead its middle is [m], and how many pixels its
// radius has.
static bool sight_object(const imp_sight *sight, const imp_props *props, const imp_eye *eye,
                         const imp_stance *at, imp_sighting *out)
{
    const imp_asset_model *loaded = props->loaded[at->prop.model];
    const imp_mesh *mesh = &props->meshes[at->prop.model][1];
    const float *c = loaded != NULL ? loaded->centre : mesh->centre, scale = at->prop.scale;
    const double from[3] = {
        at->at[0] + scale * (c[0] * at->prop.cosine + c[2] * at->prop.sine) - eye->at[0],
        at->at[1] + scale * c[1] - eye->at[1],
        at->at[2] + scale * (c[2] * at->prop.cosine - c[0] * at->prop.sine) - eye->at[2]};
    float p[3];
    for (int i = 0; i < 3; i++)
        p[i] = (float)(eye->axis[i][0] * from[0] + eye->axis[i][1] * from[1] +
                       eye->axis[i][2] * from[2]);
    const float radius = (loaded != NULL ? loaded->radius : mesh->radius) * scale;
    // in this order what is not a number is not seen
    if (!(p[2] + radius > eye->nearest))
        return false;
    for (int k = 0; k < 2; k++) {
        const float low = sight->low[k], high = sight->high[k];
        if (!(p[k] - high * p[2] < radius * sqrtf(1.0f + high * high)) ||
            !(low * p[2] - p[k] < radius * sqrtf(1.0f + low * low)))
            return false;
    }
    out->distance = p[2];
    out->pixels = sight->focal[1] * sight->scale[1] * radius / most(p[2], radius);
    return out->pixels >= LEAST_PIXELS;
}

// Lists what can be seen, nearest first: what is behind then costs little. Returns how many.
static int list_sightings(imp_object_pass *pass, const imp_props *props, const imp_world *world,
                          const imp_eye *eye, const imp_view *view)
{
    int count = 0;
    for (int k = 0; k < props->count; k++) {
        imp_sighting sighting = {.object = k};
        if (view->hidden != NULL && view->hidden[k / 64] >> (k % 64) & 1)
            continue;
        const imp_stance at = imp_objects_stand(props, world, view, k);
        if (!sight_object(&pass->sight, props, eye, &at, &sighting))
            continue;
        int place = count++;
        for (; place > 0 && pass->sightings[place - 1].distance > sighting.distance; place--)
            pass->sightings[place] = pass->sightings[place - 1];
        pass->sightings[place] = sighting;
    }
    return count;
}

imp_placement imp_objects_place(const imp_props *props, const imp_eye *eye, const imp_view *view,
                                const imp_stance *at, const float size[3])
{
    const double c = at->prop.cosine, s = at->prop.sine;
    imp_placement out = {
        .ambient = props->ambient * view->ambient * view->light,
        .diffuse = props->diffuse * view->diffuse * view->light,
        .full = view->light,
    };
    double towards[3], length = 0.0;
    for (int i = 0; i < 3; i++) {
        const double *axis = eye->axis[i];
        double shift = 0.0;
        for (int k = 0; k < 3; k++)
            shift += axis[k] * (at->at[k] - eye->at[k]);
        out.shift[i] = (float)shift;
        out.axis[i][0] = (float)((double)size[0] * (axis[0] * c - axis[2] * s));
        out.axis[i][1] = (float)((double)size[1] * axis[1]);
        out.axis[i][2] = (float)((double)size[2] * (axis[0] * s + axis[2] * c));
        towards[i] = view->lamp[i] - at->at[i];
        length += towards[i] * towards[i];
    }
    length = fmax(sqrt(length), 1e-6);
    out.light[0] = (float)((towards[0] * c - towards[2] * s) / length);
    out.light[1] = (float)(towards[1] / length);
    out.light[2] = (float)((towards[0] * s + towards[2] * c) / length);
    return out;
}

static void transform(imp_object_pass *pass, const imp_mesh *mesh, const imp_placement *at,
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
        pass->shade[k] = least(at->ambient + at->diffuse * most(facing, 0.0f), at->full);
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
    const float margin = 0.01f + least(pass->sight.bulge * (dx * dx + dy * dy), 1e5f);
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

static void paint_facet(const imp_face_picture *faces, uint32_t colour, const float tint[3],
                        int face, const imp_raster_corner corners[3], imp_raster_facet *facet)
{
    facet->face = face == IMP_FACE_NONE ? NULL : &faces[face];
    for (int c = 0; c < 3; c++)
        facet->colour[c] = (float)(colour >> (8 * c) & 255) * tint[c];
    facet->shade[0] = least(corners[0].shade, least(corners[1].shade, corners[2].shade));
    facet->shade[1] = most(corners[0].shade, most(corners[1].shade, corners[2].shade));
}

// Whether a triangle is seen from behind or from its edge, as imp_raster_set_up() finds it.
static inline bool is_turned_away(const imp_object_pass *pass, const imp_facet *facet)
{
    const int a = facet->vertex[0], b = facet->vertex[1], c = facet->vertex[2];
    const float x = pass->y[b] * pass->z[c] - pass->z[b] * pass->y[c];
    const float y = pass->z[b] * pass->x[c] - pass->x[b] * pass->z[c];
    const float z = pass->x[b] * pass->y[c] - pass->y[b] * pass->x[c];
    return !(pass->x[a] * x + pass->y[a] * y + pass->z[a] * z < -1e-20f);
}

static void draw_facet(imp_object_pass *pass, const imp_props *props, const imp_mesh *mesh,
                       const imp_facet *from, float nearest)
{
    imp_raster_corner corners[3];
    imp_raster_facet facet;
    extent box = NOTHING;
    bool inside = true;
    if (!mesh->two_sided && is_turned_away(pass, from))
        return;
    for (int k = 0; k < 3; k++) {
        const int v = from->vertex[k];
        corners[k] = (imp_raster_corner){
            {pass->x[v], pass->y[v], pass->z[v]}, mesh->u[v], mesh->v[v], pass->shade[v]};
        inside = inside && pass->inside[v];
        widen(&box, pass->pixel_x[v], pass->pixel_y[v], pass->ray_x[v], pass->ray_y[v]);
    }
    if (inside && !set_pixels(pass, &box, &facet))
        return;
    if (!imp_raster_set_up(&facet, corners)) {
        const imp_raster_corner first = corners[0];
        corners[0] = corners[1];
        corners[1] = first;
        if (!mesh->two_sided || !imp_raster_set_up(&facet, corners))
            return;
    }
    if (!inside) {
        box = cut_extent(&pass->sight, corners[0].at, corners[1].at, corners[2].at, nearest);
        if (!set_pixels(pass, &box, &facet))
            return;
    }
    facet.nearest = 1.0f / nearest;
    paint_facet(mesh->pictures != NULL ? mesh->pictures : props->faces,
                mesh->colour[from->vertex[0]], pass->tint, from->face, corners, &facet);
    pass->fill(&pass->raster, &facet);
}

void imp_objects_draw_mesh(imp_object_pass *pass, const imp_props *props, const imp_mesh *mesh,
                           const imp_placement *at, float nearest)
{
    transform(pass, mesh, at, nearest);
    for (int k = 0; k < mesh->facet_count; k++)
        draw_facet(pass, props, mesh, &mesh->facets[k], nearest);
}

static void draw_object(imp_object_pass *pass, const imp_props *props, const imp_eye *eye,
                        const imp_view *view, const imp_sighting *seen, const imp_stance *at)
{
    const float scale = at->prop.scale, size[3] = {scale, scale, scale};
    const imp_asset_model *loaded = props->loaded[at->prop.model];
    imp_placement placed = imp_objects_place(props, eye, view, at, size);
    // the reference scales normals with the object, and so the light that they catch
    if (loaded != NULL)
        placed.diffuse /= scale;
    for (int c = 0; c < 3; c++)
        pass->tint[c] = view->object_colour != NULL ? view->object_colour[seen->object][c] : 1.0f;
    if (loaded == NULL)
        imp_objects_draw_mesh(pass, props,
                              &props->meshes[at->prop.model][seen->pixels >= FINE_PIXELS], &placed,
                              eye->nearest);
    for (int k = 0; loaded != NULL && k < loaded->piece_count; k++)
        imp_objects_draw_mesh(pass, props, &loaded->pieces[k], &placed, eye->nearest);
}

void imp_objects_draw(imp_object_pass *pass, const imp_props *props, const imp_world *world,
                      const imp_eye *eye, const imp_view *view, uint8_t *picture, size_t stride)
{
    const int count = list_sightings(pass, props, world, eye, view);
    for (int n = 0; n < count; n++) {
        const imp_sighting *seen = &pass->sightings[n];
        const imp_object *object = &world->objects[seen->object];
        const imp_stance at = imp_objects_stand(props, world, view, seen->object);
        draw_object(pass, props, eye, view, seen, &at);
        if (view->leds != NULL && object->kind == IMP_OBJECT_DUCKIEBOT)
            imp_leds_draw(pass, props, object, eye, view, &at, view->leds[seen->object]);
    }
    if (imp_clutter_draw(pass, props, eye, view) || count > 0)
        imp_raster_resolve(&pass->raster, picture, stride);
}
