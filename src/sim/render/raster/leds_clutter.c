// What a view adds to a world's objects: boxes of clutter, and the LEDs of duckiebots. Both are one
// shared unit mesh, scaled and tinted per instance; LEDs emit light, so lighting is switched off
// for them. Clutter is not solid: it is only seen.
#include <math.h>
#include <stdlib.h>

#include "base/common/math_functions.h"
#include "sim/render/raster/object_renderer.h"

bool imp_leds_clutter_create(imp_scene_objects *objects)
{
    imp_mesh_builder *builder = malloc(sizeof *builder);
    if (builder == NULL)
        return false;
    // white meshes, so that the tint gives the colour
    imp_mesh_builder_reset(builder, false);
    builder->colour = IMP_RGB(255, 255, 255);
    imp_mesh_add_box(builder, -0.5f, 0.0f, -0.5f, 0.5f, 1.0f, 0.5f);
    bool made = imp_mesh_builder_finish(builder, NULL, &objects->box);
    imp_mesh_builder_reset(builder, false);
    builder->colour = IMP_RGB(255, 255, 255);
    imp_mesh_add_ellipsoid(builder, 1.0f, 1.0f, 1.0f, 8);
    made = imp_mesh_builder_finish(builder, NULL, &objects->ball) && made;
    free(builder);
    return made;
}

bool imp_sphere_is_visible(const imp_projection *projection, const imp_camera_frame *camera_frame,
                           const double at[3], float radius)
{
    float p[3];
    for (int i = 0; i < 3; i++) {
        // the centre in camera coordinates
        double sum = 0.0;
        for (int k = 0; k < 3; k++)
            sum += camera_frame->axis[i][k] * (at[k] - camera_frame->at[k]);
        p[i] = (float)sum;
    }
    if (!(p[2] + radius > camera_frame->nearest && radius < 1e3f))
        return false;
    return imp_projection_sees_sphere(projection, p, radius);
}

bool imp_clutter_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                      const imp_camera_frame *camera_frame, const imp_view *view)
{
    bool drawn = false;
    for (int n = 0; view->clutter != NULL && n < view->clutter_count && n < IMP_CLUTTER_MAX; n++) {
        const imp_clutter *box = &view->clutter[n];
        // the box as a placement, with a bounding sphere for culling
        const imp_sine_cosine heading = imp_sincos(box->heading);
        const imp_object_placement at = {
            {box->position.x, 0.0, box->position.z},
            {.cosine = (float)heading.cosine, .sine = (float)heading.sine, .scale = 1.0f}};
        const double middle[3] = {at.at[0], 0.5 * (double)box->size[1], at.at[2]};
        // the bounding sphere has half the box's diagonal
        const float *size = box->size;
        const float radius =
            0.5f * sqrtf(size[0] * size[0] + size[1] * size[1] + size[2] * size[2]);
        if (!imp_sphere_is_visible(&pass->projection, camera_frame, middle, radius))
            continue;
        for (int c = 0; c < 3; c++)
            pass->tint[c] = box->colour[c];
        // all boxes share one unit mesh; size and tint differ
        const imp_object_transform placed =
            imp_object_transform_of(objects, camera_frame, view, &at, size);
        imp_objects_draw_mesh(pass, objects, &objects->box, &placed, camera_frame->nearest);
        drawn = true;
    }
    return drawn;
}

void imp_leds_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                   const imp_object *object, const imp_camera_frame *camera_frame,
                   const imp_view *view, const imp_object_placement *at,
                   const float colours[IMP_LED_COUNT][3])
{
    // positions in shares of a duckiebot's extents, just outside its bumpers
    static const float PLACES[IMP_LED_COUNT][2] = {
        {1.0f, -0.68f}, {1.0f, 0.68f}, {1.0f, 0.0f}, {-1.0f, -0.68f}, {-1.0f, 0.68f}};
    const float high = 0.05f, radius = 0.007f;
    const imp_object_class *extents = imp_object_class_get(object->kind);
    const double scale = at->instance.scale, cosine = at->instance.cosine, sine = at->instance.sine;
    for (int k = 0; k < IMP_LED_COUNT; k++) {
        const float *colour = colours[k];
        // NaN counts as off
        if (!(colour[0] + colour[1] + colour[2] > 0.0f))
            continue;
        // position in the world
        const double ahead = scale * (double)PLACES[k][0] * extents->max_x;
        const double right = scale * (double)PLACES[k][1] * extents->max_z;
        imp_object_placement led = *at;
        led.at[0] += ahead * cosine + right * sine;
        led.at[1] += scale * (double)high;
        led.at[2] += right * cosine - ahead * sine;
        // a small sphere, scaled like the robot
        const float wide = (float)(scale * (double)radius), size[3] = {wide, wide, wide};
        imp_object_transform placed =
            imp_object_transform_of(objects, camera_frame, view, &led, size);
        // emissive: no ambient or diffuse light
        placed.ambient = placed.full = 1.0f;
        placed.diffuse = 0.0f;
        for (int c = 0; c < 3; c++)
            pass->tint[c] = colour[c];
        imp_objects_draw_mesh(pass, objects, &objects->ball, &placed, camera_frame->nearest);
    }
}
