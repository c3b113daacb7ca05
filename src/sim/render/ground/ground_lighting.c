// Prepares light on the ground per image. Shadows are soft ellipses: the object's footprint,
// enlarged and shifted away from the lamp. Each gets a bounding box in the image, so that rows and
// groups outside skip it. Lamps are transformed to the robot's frame for reflections. Kernels
// evaluate the prepared numbers per group of pixels (ground_shading.h).
#include "sim/render/ground/ground_lighting.h"

#include <math.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

// Shadows farther ahead or aside are omitted [m].
static const double SHADOW_DISTANCE_MAX = 4.0;

// Transforms a point of the world to the robot's frame.
static void world_to_robot(const imp_pose *pose, double x, double z, float *forward, float *right)
{
    const double dx = x - pose->x, dz = z - pose->z;
    const imp_sine_cosine at = imp_sincos(pose->heading);
    *forward = (float)(dx * at.cosine - dz * at.sine);
    *right = (float)(dx * at.sine + dz * at.cosine);
}

// Finds the bounding box in the image of a circle on the ground; false if it is not visible.
static bool find_shadow_bounding_box(imp_ground_shadow *shadow, float radius,
                                     const imp_camera_def *camera, const imp_projection *projection)
{
    enum { POINTS = 8 };
    // corners of an octagon around the unit circle
    static const float CORNERS[POINTS][2] = {
        {1.083f, 0.0f},  {0.766f, 0.766f},   {0.0f, 1.083f},  {-0.766f, 0.766f},
        {-1.083f, 0.0f}, {-0.766f, -0.766f}, {0.0f, -1.083f}, {0.766f, -0.766f}};
    const imp_sine_cosine pitch = imp_sincos(camera->pitch);
    const float level = (float)pitch.cosine, fall = (float)pitch.sine;
    const float height = (float)camera->mount_height;
    float low[2] = {1e9f, 1e9f}, high[2] = {-1e9f, -1e9f};
    bool ahead = false;
    for (int k = 0; k < POINTS; k++) {
        // project each corner; points behind the camera are moved in front of it
        const float f = shadow->forward + radius * CORNERS[k][0] - (float)camera->mount_forward;
        const float r = shadow->right + radius * CORNERS[k][1];
        const float far = fmaxf(f * level + height * fall, 0.02f);
        ahead = ahead || f * level + height * fall > 0.02f;
        const float ray[2] = {r / far, (height * level - f * fall) / far};
        float pixel[2];
        imp_project_ray(projection, fmaxf(projection->low[0], fminf(ray[0], projection->high[0])),
                        fmaxf(projection->low[1], fminf(ray[1], projection->high[1])), &pixel[0],
                        &pixel[1]);
        for (int c = 0; c < 2; c++) {
            low[c] = fminf(low[c], pixel[c]);
            high[c] = fmaxf(high[c], pixel[c]);
        }
    }
    // margin for the lens's distortion between the corners
    const float margin = 2.0f + 0.02f * (float)camera->width;
    if (!ahead || !(high[0] > -margin && high[1] > -margin) ||
        !(low[0] < (float)camera->width + margin && low[1] < (float)camera->height + margin))
        return false;
    // clip the box to the image
    shadow->left = (int)fmaxf(0.0f, low[0] - margin);
    shadow->top = (int)fmaxf(0.0f, low[1] - margin);
    shadow->width_end = (int)fminf((float)camera->width, high[0] + margin);
    shadow->rows = (int)fminf((float)camera->height, high[1] + margin);
    return true;
}

// Computes the shadow of an object: its footprint, enlarged by half, shifted away from the lamp.
static bool cast_shadow(imp_ground_shadow *out, const imp_view *view, const imp_object *object,
                        const imp_object_placement *at, const imp_camera_def *camera,
                        const imp_projection *projection)
{
    const imp_object_class *c = imp_object_class_get(object->kind);
    const double scale = at->instance.scale, cosine = at->instance.cosine, sine = at->instance.sine;
    const double middle_x = 0.5 * scale * (c->min_x + c->max_x);
    const double middle_z = 0.5 * scale * (c->min_z + c->max_z);
    // half axes of the ellipse: 1.5 times those of the footprint, and 1 cm for the blur
    const double half[2] = {0.75 * scale * (c->max_x - c->min_x) + 0.01,
                            0.75 * scale * (c->max_z - c->min_z) + 0.01};
    double x = at->at[0] + middle_x * cosine + middle_z * sine;
    double z = at->at[2] + middle_z * cosine - middle_x * sine;
    // shift by half the object's height along the slope of the light
    const double away_x = x - view->lamp[0], away_z = z - view->lamp[2];
    if (view->lamp[1] > 0.0) {
        const double length = 0.5 * scale * c->height;
        const double slant = length / fmax(view->lamp[1], imp_hypot(away_x, away_z));
        x += slant * away_x;
        z += slant * away_z;
    }
    world_to_robot(&view->pose, x, z, &out->forward, &out->right);
    if (!(fabs((double)out->forward) < SHADOW_DISTANCE_MAX &&
          fabs((double)out->right) < SHADOW_DISTANCE_MAX))
        return false;
    const imp_sine_cosine turn = imp_sincos(imp_atan2(sine, cosine) - view->pose.heading);
    // the object's axes in the robot's frame, scaled to half axes
    out->along[0] = (float)(turn.cosine / half[0]);
    out->along[1] = (float)(-turn.sine / half[0]);
    out->across[0] = (float)(turn.sine / half[1]);
    out->across[1] = (float)(turn.cosine / half[1]);
    return find_shadow_bounding_box(out, (float)fmax(half[0], half[1]), camera, projection);
}

// Computes the shadows of all objects that are present.
static void cast_shadows(imp_ground_lighting *light, const imp_scene *scene, const imp_view *view,
                         const imp_camera_def *camera, const imp_projection *projection)
{
    light->shadow_count = 0;
    // hidden objects cast no shadow
    light->shadow = fminf(view->shadow, 1.0f);
    for (int k = 0; k < scene->objects.count && light->shadow_count < IMP_SHADOWS_MAX; k++) {
        if (view->hidden != NULL && view->hidden[k / 64] >> (k % 64) & 1)
            continue;
        const imp_object_placement at =
            imp_object_placement_of(&scene->objects, scene->world, view, k);
        light->shadow_count += cast_shadow(&light->shadows[light->shadow_count], view,
                                           &scene->world->objects[k], &at, camera, projection);
    }
}

void imp_ground_lighting_set(imp_ground_lighting *light, const imp_scene *scene,
                             const imp_view *view, const imp_camera_def *camera,
                             const imp_projection *projection)
{
    light->camera_forward = (float)camera->mount_forward;
    light->camera_height = (float)camera->mount_height;
    // a lamp below the ground lights nothing
    light->slope = view->lamp[1] > 0.0 ? fmaxf(0.0f, fminf(view->slope, 1.0f)) : 0.0f;
    world_to_robot(&view->pose, view->lamp[0], view->lamp[2], &light->lamp_forward,
                   &light->lamp_right);
    light->lamp_height = (float)view->lamp[1];
    // reflections: an angular size becomes a sharpness
    light->glare_count = light->shadow_count = 0;
    for (int k = 0; k < view->glare_count && k < IMP_GLARES_MAX; k++) {
        const imp_glare *from = &view->glares[k];
        imp_ground_glare *glare = &light->glares[light->glare_count++];
        const float sine = imp_sinf(fmaxf(0.01f, fminf(from->size, 1.0f)));
        world_to_robot(&view->pose, from->at[0], from->at[2], &glare->forward, &glare->right);
        glare->height = (float)from->at[1];
        glare->strength = 255.0f * from->strength;
        glare->sharpness = 1.0f / (sine * sine);
    }
    if (view->shadow > 0.0f)
        cast_shadows(light, scene, view, camera, projection);
    light->lights_ground = light->slope > 0.0f || light->glare_count > 0 || light->shadow_count > 0;
    light->horizon = view->horizon;
    light->has_horizon = view->horizon != NULL;
    // 16 units per column, so that the panorama turns smoothly
    light->turn =
        (int32_t)lrint(8.0 * IMP_HORIZON_WIDTH / IMP_PI * imp_wrap_angle(view->pose.heading));
}
