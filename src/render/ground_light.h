// render/ground_light.h: what light does to the ground beyond the colours of textures, and what is
// to be seen above the horizon.
#ifndef IMP_RENDER_GROUND_LIGHT_H
#define IMP_RENDER_GROUND_LIGHT_H

#include <math.h>

#include "render/ground_table.h"
#include "render/scene.h"

// So that each caller's vectors are used.
#define IMP_ALWAYS_INLINE static inline __attribute__((always_inline))

enum { IMP_SHADOWS_MAX = 64 };

// A soft ellipse on the ground, seen from the robot [m].
typedef struct imp_ground_shadow {
    float forward, right;           // its middle
    float along[2], across[2];      // from (forward, right) to shares of its half axes
    int left, top, width_end, rows; // pixels of the picture that it may touch
} imp_ground_shadow;

// A lamp and what is needed to mirror it, seen from the robot.
typedef struct imp_ground_glare {
    float forward, right, height;
    float strength, sharpness; // added at its middle, in bytes; 1 / sine squared of its half
} imp_ground_glare;

// What a picture's light has in common for all of its pixels.
typedef struct imp_ground_light {
    bool shines, sees; // whether there is anything to do on the ground, and above
    float slope, lamp_forward, lamp_right, lamp_height;
    float eye_forward, eye_height;
    float shadow;
    int glare_count, shadow_count;
    imp_ground_glare glares[IMP_GLARES_MAX];
    imp_ground_shadow shadows[IMP_SHADOWS_MAX];
    const imp_horizon *horizon;
    float turn; // of the robot, in columns of the horizon
} imp_ground_light;

// Where a pixel looks above the horizon: columns of a horizon to the left, and rows.
typedef struct imp_skyward {
    float column, row;
} imp_skyward;

void imp_skyward_row(const imp_camera_def *camera, const float *ray_x, const float *ray_y,
                     imp_skyward *out);

void imp_ground_light_of(imp_ground_light *light, const imp_scene *scene, const imp_view *view,
                         const imp_camera_def *camera, const imp_sight *sight);

// Lays the horizon over a row of the picture, whose sky is black.
void imp_ground_add_sky(const imp_ground_light *light, const imp_ground_group *groups,
                        const imp_skyward *skyward, int width, uint8_t *rgb);

// What happens to a group's pixels.
typedef struct imp_ground_change {
    float factor[IMP_LANES], added[IMP_LANES];
} imp_ground_change;

IMP_ALWAYS_INLINE void imp_add_glare(const imp_ground_light *light, const imp_ground_glare *glare,
                                     const imp_ground_step *at, imp_ground_change *out)
{
    for (int k = 0; k < IMP_LANES; k++) {
        // the way from the eye to the ground, mirrored, against the way on to the lamp
        const float f = at->forward[k] - light->eye_forward, r = at->right[k];
        const float lamp_f = glare->forward - at->forward[k], lamp_r = glare->right - at->right[k];
        const float h = light->eye_height, lamp_h = glare->height;
        const float dot = f * lamp_f + r * lamp_r + h * lamp_h;
        const float squares =
            (f * f + r * r + h * h) * (lamp_f * lamp_f + lamp_r * lamp_r + lamp_h * lamp_h);
        // the sine squared between them; 1 where the lamp is behind
        const float apart = dot > 0.0f ? 1.0f - dot * dot / squares : 1.0f;
        const float share = 1.0f - apart * glare->sharpness;
        const float bright = share > 0.0f ? share : 0.0f;
        out->added[k] += glare->strength * bright * bright;
    }
}

IMP_ALWAYS_INLINE void imp_add_shadow(const imp_ground_light *light,
                                      const imp_ground_shadow *shadow, const imp_ground_step *at,
                                      imp_ground_change *out)
{
    for (int k = 0; k < IMP_LANES; k++) {
        const float f = at->forward[k] - shadow->forward, r = at->right[k] - shadow->right;
        const float u = f * shadow->along[0] + r * shadow->along[1];
        const float v = f * shadow->across[0] + r * shadow->across[1];
        const float share = 1.0f - (u * u + v * v);
        const float deep = share > 0.0f ? share : 0.0f;
        out->factor[k] *= 1.0f - light->shadow * deep * (2.0f - deep);
    }
}

// What light does to the pixels of a group.
IMP_ALWAYS_INLINE void imp_ground_find_change(const imp_ground_light *light,
                                              const imp_ground_step *at, int row, int first,
                                              imp_ground_change *out)
{
    for (int k = 0; k < IMP_LANES; k++) {
        out->factor[k] = 1.0f;
        out->added[k] = 0.0f;
    }
    if (light->slope > 0.0f)
        for (int k = 0; k < IMP_LANES; k++) {
            const float f = at->forward[k] - light->lamp_forward;
            const float r = at->right[k] - light->lamp_right, h = light->lamp_height;
            const float facing = h / sqrtf(f * f + r * r + h * h);
            out->factor[k] = 1.0f - light->slope + light->slope * facing;
        }
    for (int n = 0; n < light->shadow_count; n++) {
        const imp_ground_shadow *shadow = &light->shadows[n];
        if (row >= shadow->top && row < shadow->rows && first + IMP_LANES > shadow->left &&
            first < shadow->width_end)
            imp_add_shadow(light, shadow, at, out);
    }
    for (int n = 0; n < light->glare_count; n++)
        imp_add_glare(light, &light->glares[n], at, out);
}

#endif
