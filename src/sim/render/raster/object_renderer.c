// Draws objects: culls them against the view, sorts them from near to far, transforms and lights
// their vertices, bounds each triangle in the image, and rasterises it. Vertices are processed in
// separate loops over struct-of-arrays buffers, so that compilers vectorise them.
//
// A triangle whose vertices all project safely gets its bounds from their pixels. Others are
// clipped to the projection's bounds first; the clipped polygon is only used for its bounds.
#include "sim/render/raster/object_renderer.h"

#include <float.h>
#include <math.h>

#include "base/common/math_functions.h"

// Near plane [m], as in gym-duckietown.
static const float NEAR_PLANE = 0.04f;

// Objects whose radius has fewer pixels than the first use the coarse mesh; below the second they
// are not drawn.
static const float DETAILED_PIXELS_MIN = 22.0f, VISIBLE_PIXELS_MIN = 0.1f;

// Unlike fminf(), these compile to one instruction.
static inline float min_float(float a, float b)
{
    return a < b ? a : b;
}

static inline float max_float(float a, float b)
{
    return a > b ? a : b;
}

// axes follow from heading and pitch; the mount rotates with the robot
imp_camera_frame imp_camera_frame_at(const imp_camera_def *camera, imp_pose pose)
{
    const imp_sine_cosine heading = imp_sincos(pose.heading), pitch = imp_sincos(camera->pitch);
    const double cosine = heading.cosine, sine = heading.sine;
    // pitch rotates about the camera's right axis
    const double level = pitch.cosine, fall = pitch.sine;
    return (imp_camera_frame){
        .at = {pose.x + cosine * camera->mount_forward + sine * camera->mount_right,
               camera->mount_height,
               pose.z - sine * camera->mount_forward + cosine * camera->mount_right},
        .axis = {{sine, 0.0, cosine},
                 {-cosine * fall, -level, sine * fall},
                 {cosine * level, -fall, -sine * level}},
        .nearest = NEAR_PLANE,
    };
}

imp_object_placement imp_object_placement_of(const imp_scene_objects *objects,
                                             const imp_world *world, const imp_view *view, int k)
{
    // static objects are where the map places them
    const imp_object *object = &world->objects[k];
    imp_object_placement out = {{object->position.x, 0.0, object->position.z}, objects->objects[k]};
    if (view->moving == NULL || object->moving < 0)
        return out;
    // moving ones, and traffic lights, have a state
    const imp_object_state *state = &view->moving[object->moving];
    out.at[0] = state->position.x;
    out.at[1] = state->y;
    out.at[2] = state->position.z;
    const imp_sine_cosine heading = imp_sincos(state->heading);
    out.instance.cosine = (float)heading.cosine;
    out.instance.sine = (float)heading.sine;
    out.instance.model = imp_scene_objects_model(objects, object, state);
    return out;
}

// Whether an object's bounding sphere may be visible, its distance [m], and its radius in pixels.
static bool measure_object_if_visible(const imp_projection *projection,
                                      const imp_scene_objects *objects,
                                      const imp_camera_frame *camera_frame,
                                      const imp_object_placement *at, imp_visible_object *out)
{
    // an asset model or our detailed mesh gives the bounding sphere
    const imp_asset_model *loaded = objects->loaded[at->instance.model];
    const imp_mesh *mesh = &objects->meshes[at->instance.model][1];
    const float *c = loaded != NULL ? loaded->centre : mesh->centre, scale = at->instance.scale;
    const double from[3] = {
        at->at[0] + scale * (c[0] * at->instance.cosine + c[2] * at->instance.sine) -
            camera_frame->at[0],
        at->at[1] + scale * c[1] - camera_frame->at[1],
        at->at[2] + scale * (c[2] * at->instance.cosine - c[0] * at->instance.sine) -
            camera_frame->at[2]};
    // the sphere's centre in camera coordinates
    float p[3];
    for (int i = 0; i < 3; i++)
        p[i] = (float)(camera_frame->axis[i][0] * from[0] + camera_frame->axis[i][1] * from[1] +
                       camera_frame->axis[i][2] * from[2]);
    const float radius = (loaded != NULL ? loaded->radius : mesh->radius) * scale;
    // NaN counts as invisible
    if (!(p[2] + radius > camera_frame->nearest) ||
        !imp_projection_sees_sphere(projection, p, radius))
        return false;
    out->distance = p[2];
    out->pixels = projection->focal[1] * projection->scale[1] * radius / max_float(p[2], radius);
    return out->pixels >= VISIBLE_PIXELS_MIN;
}

// Lists visible objects, nearest first (insertion sort), so that the depth test rejects hidden
// samples before they are shaded. Returns their number.
static int list_visible_objects(imp_object_pass *pass, const imp_scene_objects *objects,
                                const imp_world *world, const imp_camera_frame *camera_frame,
                                const imp_view *view)
{
    int count = 0;
    for (int k = 0; k < objects->count; k++) {
        imp_visible_object visible = {.object = k};
        if (view->hidden != NULL && view->hidden[k / 64] >> (k % 64) & 1)
            continue;
        const imp_object_placement at = imp_object_placement_of(objects, world, view, k);
        if (!measure_object_if_visible(&pass->projection, objects, camera_frame, &at, &visible))
            continue;
        // shift farther objects by one
        int place = count++;
        for (; place > 0 && pass->visible_objects[place - 1].distance > visible.distance; place--)
            pass->visible_objects[place] = pass->visible_objects[place - 1];
        pass->visible_objects[place] = visible;
    }
    return count;
}

imp_object_transform imp_object_transform_of(const imp_scene_objects *objects,
                                             const imp_camera_frame *camera_frame,
                                             const imp_view *view, const imp_object_placement *at,
                                             const float size[3])
{
    const double c = at->instance.cosine, s = at->instance.sine;
    imp_object_transform out = {
        .ambient = objects->ambient * view->ambient * view->light,
        .diffuse = objects->diffuse * view->diffuse * view->light,
        .full = view->light,
    };
    // compose rotation, scale and camera axes; direction to the lamp in the object's frame
    double towards[3], length = 0.0;
    for (int i = 0; i < 3; i++) {
        const double *axis = camera_frame->axis[i];
        double shift = 0.0;
        for (int k = 0; k < 3; k++)
            shift += axis[k] * (at->at[k] - camera_frame->at[k]);
        // scale each axis of the object
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

// Transforms, lights and projects all vertices of a mesh.
static void transform_vertices(imp_object_pass *pass, const imp_mesh *mesh,
                               const imp_object_transform *at, float nearest)
{
    const imp_projection projection = pass->projection;
    for (int k = 0; k < mesh->vertex_count; k++) {
        // three passes of simple loops: transform, light, project
        const float x = mesh->x[k], y = mesh->y[k], z = mesh->z[k];
        pass->x[k] = at->axis[0][0] * x + at->axis[0][1] * y + at->axis[0][2] * z + at->shift[0];
        pass->y[k] = at->axis[1][0] * x + at->axis[1][1] * y + at->axis[1][2] * z + at->shift[1];
        pass->z[k] = at->axis[2][0] * x + at->axis[2][1] * y + at->axis[2][2] * z + at->shift[2];
    }
    for (int k = 0; k < mesh->vertex_count; k++) {
        // Gouraud shading: ambient plus diffuse light, limited
        const float facing = mesh->normal_x[k] * at->light[0] + mesh->normal_y[k] * at->light[1] +
                             mesh->normal_z[k] * at->light[2];
        pass->shade[k] = min_float(at->ambient + at->diffuse * max_float(facing, 0.0f), at->full);
    }
    for (int k = 0; k < mesh->vertex_count; k++) {
        // whether a vertex projects safely: in front of the near plane, and within the bounds
        const float z = pass->z[k], x = pass->x[k] / z, y = pass->y[k] / z;
        pass->ray_x[k] = x;
        pass->ray_y[k] = y;
        imp_project_ray(&projection, x, y, &pass->pixel_x[k], &pass->pixel_y[k]);
        pass->inside[k] = (z > nearest) & (x > projection.low[0]) & (x < projection.high[0]) &
                          (y > projection.low[1]) & (y < projection.high[1]);
    }
}

// Bounds of a triangle in the image and of its rays.
typedef struct pixel_bounds {
    float low[2], high[2]; // [px]
    float ray_low[2], ray_high[2];
} pixel_bounds;

static const pixel_bounds EMPTY_BOUNDS = {
    {FLT_MAX, FLT_MAX}, {-FLT_MAX, -FLT_MAX}, {FLT_MAX, FLT_MAX}, {-FLT_MAX, -FLT_MAX}};

// Extends bounds by a vertex.
static inline void extend_bounds(pixel_bounds *box, float px, float py, float x, float y)
{
    const float pixel[2] = {px, py}, ray[2] = {x, y};
    for (int k = 0; k < 2; k++) {
        box->low[k] = min_float(box->low[k], pixel[k]);
        box->high[k] = max_float(box->high[k], pixel[k]);
        box->ray_low[k] = min_float(box->ray_low[k], ray[k]);
        box->ray_high[k] = max_float(box->ray_high[k], ray[k]);
    }
}

// Clips a polygon to plane . point >= bound (Sutherland and Hodgman, 1974); returns the number of
// corners left.
static int clip_polygon(float points[][3], int count, const float plane[3], float bound)
{
    enum { CORNERS_MAX = 10 };
    float kept[CORNERS_MAX][3];
    int left = 0;
    for (int k = 0; k < count && left + 2 <= CORNERS_MAX; k++) {
        const float *a = points[k], *b = points[(k + 1) % count];
        // signed distances of an edge's ends decide what to keep of it
        const float da = plane[0] * a[0] + plane[1] * a[1] + plane[2] * a[2] - bound;
        const float db = plane[0] * b[0] + plane[1] * b[1] + plane[2] * b[2] - bound;
        // keep the corner if it is inside
        if (da >= 0.0f) {
            for (int i = 0; i < 3; i++)
                kept[left][i] = a[i];
            left++;
        }
        // add the intersection if the edge crosses the plane
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

// Bounds of a triangle that reaches outside what can be projected.
static pixel_bounds bounds_of_clipped_triangle(const imp_projection *projection, const float a[3],
                                               const float b[3], const float c[3], float nearest)
{
    // each of the five planes adds at most one corner to the triangle
    float points[10][3];
    for (int i = 0; i < 3; i++) {
        points[0][i] = a[i];
        points[1][i] = b[i];
        points[2][i] = c[i];
    }
    // the near plane and four planes through the camera
    const float planes[5][3] = {{0.0f, 0.0f, 1.0f},
                                {1.0f, 0.0f, -projection->low[0]},
                                {-1.0f, 0.0f, projection->high[0]},
                                {0.0f, 1.0f, -projection->low[1]},
                                {0.0f, -1.0f, projection->high[1]}};
    int count = 3;
    for (int k = 0; k < 5; k++)
        count = clip_polygon(points, count, planes[k], k == 0 ? nearest : 0.0f);
    pixel_bounds box = EMPTY_BOUNDS;
    for (int k = 0; k < count; k++) {
        const float x = points[k][0] / points[k][2], y = points[k][1] / points[k][2];
        float px, py;
        imp_project_ray(projection, x, y, &px, &py);
        extend_bounds(&box, px, py, x, y);
    }
    return box;
}

// Converts bounds to pixels of the raster, widened for the lens's curvature; false if empty.
static bool set_triangle_pixel_bounds(const imp_object_pass *pass, const pixel_bounds *box,
                                      imp_raster_triangle *triangle)
{
    const imp_raster *raster = &pass->raster;
    // bounds of straight edges, plus what the lens's curvature may add
    const float dx = box->ray_high[0] - box->ray_low[0], dy = box->ray_high[1] - box->ray_low[1];
    const float margin =
        0.01f + min_float(pass->projection.curvature_margin * (dx * dx + dy * dy), 1e5f);
    const int size[2] = {raster->width, raster->rows}, start[2] = {raster->left, raster->top};
    int range[2][2];
    for (int k = 0; k < 2; k++) {
        const float low = box->low[k] - margin - (float)start[k];
        const float high = box->high[k] + margin - (float)start[k];
        // NaN leaves no pixels
        if (!(high > 0.0f && low < (float)size[k]))
            return false;
        range[k][0] = low > 0.0f ? (int)low : 0;
        range[k][1] = high < (float)size[k] - 1.0f ? (int)high + 1 : size[k];
    }
    triangle->left = range[0][0];
    triangle->right = range[0][1];
    triangle->top = range[1][0];
    triangle->bottom = range[1][1];
    return true;
}

// Sets the texture, colour and brightness range of a triangle.
static void set_triangle_texture_and_shade(const imp_mesh_texture *decals, uint32_t colour,
                                           const float tint[3], int decal,
                                           const imp_raster_corner corners[3],
                                           imp_raster_triangle *triangle)
{
    triangle->decal = decal == IMP_DECAL_NONE ? NULL : &decals[decal];
    for (int c = 0; c < 3; c++)
        triangle->colour[c] = (float)(colour >> (8 * c) & 255) * tint[c];
    triangle->shade[0] = min_float(corners[0].shade, min_float(corners[1].shade, corners[2].shade));
    triangle->shade[1] = max_float(corners[0].shade, max_float(corners[1].shade, corners[2].shade));
}

// Whether a triangle is seen from behind or edge-on, by the same volume test as
// imp_raster_triangle_set_up().
static inline bool is_back_facing(const imp_object_pass *pass, const imp_mesh_triangle *triangle)
{
    const int a = triangle->vertex[0], b = triangle->vertex[1], c = triangle->vertex[2];
    const float x = pass->y[b] * pass->z[c] - pass->z[b] * pass->y[c];
    const float y = pass->z[b] * pass->x[c] - pass->x[b] * pass->z[c];
    const float z = pass->x[b] * pass->y[c] - pass->y[b] * pass->x[c];
    return !(pass->x[a] * x + pass->y[a] * y + pass->z[a] * z < -1e-20f);
}

// Draws one triangle: culling, bounds, set-up, filling. Cheap tests come first.
static void draw_triangle(imp_object_pass *pass, const imp_scene_objects *objects,
                          const imp_mesh *mesh, const imp_mesh_triangle *from, float nearest)
{
    imp_raster_corner corners[3];
    imp_raster_triangle triangle;
    pixel_bounds box = EMPTY_BOUNDS;
    bool inside = true;
    if (!mesh->two_sided && is_back_facing(pass, from))
        return;
    for (int k = 0; k < 3; k++) {
        const int v = from->vertex[k];
        corners[k] = (imp_raster_corner){
            {pass->x[v], pass->y[v], pass->z[v]}, mesh->u[v], mesh->v[v], pass->shade[v]};
        inside = inside && pass->inside[v];
        extend_bounds(&box, pass->pixel_x[v], pass->pixel_y[v], pass->ray_x[v], pass->ray_y[v]);
    }
    // triangles that project safely are culled by their bounds before the set-up
    if (inside && !set_triangle_pixel_bounds(pass, &box, &triangle))
        return;
    if (!imp_raster_triangle_set_up(&triangle, corners)) {
        // two-sided meshes: swap two corners and try again
        const imp_raster_corner first = corners[0];
        corners[0] = corners[1];
        corners[1] = first;
        if (!mesh->two_sided || !imp_raster_triangle_set_up(&triangle, corners))
            return;
    }
    // the others need clipping to find their bounds
    if (!inside) {
        box = bounds_of_clipped_triangle(&pass->projection, corners[0].at, corners[1].at,
                                         corners[2].at, nearest);
        if (!set_triangle_pixel_bounds(pass, &box, &triangle))
            return;
    }
    // the near plane is applied per sample
    triangle.nearest = 1.0f / nearest;
    set_triangle_texture_and_shade(mesh->textures != NULL ? mesh->textures : objects->decals,
                                   mesh->colour[from->vertex[0]], pass->tint, from->decal, corners,
                                   &triangle);
    pass->fill_triangle(&pass->raster, &triangle);
}

void imp_objects_draw_mesh(imp_object_pass *pass, const imp_scene_objects *objects,
                           const imp_mesh *mesh, const imp_object_transform *at, float nearest)
{
    transform_vertices(pass, mesh, at, nearest);
    for (int k = 0; k < mesh->triangle_count; k++)
        draw_triangle(pass, objects, mesh, &mesh->triangles[k], nearest);
}

// Draws an object with its asset model or our mesh.
static void draw_object(imp_object_pass *pass, const imp_scene_objects *objects,
                        const imp_camera_frame *camera_frame, const imp_view *view,
                        const imp_visible_object *seen, const imp_object_placement *at)
{
    // coarse or detailed mesh by size in the image
    const float scale = at->instance.scale, size[3] = {scale, scale, scale};
    const imp_asset_model *loaded = objects->loaded[at->instance.model];
    imp_object_transform placed = imp_object_transform_of(objects, camera_frame, view, at, size);
    // gym-duckietown scales normals with the object, and so the diffuse light
    if (loaded != NULL)
        placed.diffuse /= scale;
    for (int c = 0; c < 3; c++)
        pass->tint[c] = view->object_colour != NULL ? view->object_colour[seen->object][c] : 1.0f;
    if (loaded == NULL)
        imp_objects_draw_mesh(
            pass, objects,
            &objects->meshes[at->instance.model][seen->pixels >= DETAILED_PIXELS_MIN], &placed,
            camera_frame->nearest);
    for (int k = 0; loaded != NULL && k < loaded->piece_count; k++)
        imp_objects_draw_mesh(pass, objects, &loaded->pieces[k], &placed, camera_frame->nearest);
}

void imp_objects_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                      const imp_world *world, const imp_camera_frame *camera_frame,
                      const imp_view *view, uint8_t *image, size_t stride)
{
    const int count = list_visible_objects(pass, objects, world, camera_frame, view);
    for (int n = 0; n < count; n++) {
        const imp_visible_object *seen = &pass->visible_objects[n];
        const imp_object *object = &world->objects[seen->object];
        const imp_object_placement at = imp_object_placement_of(objects, world, view, seen->object);
        draw_object(pass, objects, camera_frame, view, seen, &at);
        if (view->leds != NULL && object->kind == IMP_OBJECT_DUCKIEBOT)
            imp_leds_draw(pass, objects, object, camera_frame, view, &at, view->leds[seen->object]);
    }
    // blend all samples at once, after everything was drawn
    bool drawn = imp_clutter_draw(pass, objects, camera_frame, view) || count > 0;
    if (view->room != NULL)
        drawn = imp_room_draw(pass, objects, camera_frame, view, IMP_ROOM_ALL) || drawn;
    if (drawn)
        pass->resolve(&pass->raster, image, stride);
}
