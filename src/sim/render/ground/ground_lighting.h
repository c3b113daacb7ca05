// sim/render/ground/ground_lighting.h: light on the ground: slope of the lamp, soft shadows,
// reflections and the panorama.
#ifndef IMP_SIM_RENDER_GROUND_GROUND_LIGHTING_H
#define IMP_SIM_RENDER_GROUND_GROUND_LIGHTING_H

#include <math.h>

#include "sim/render/ground/ground_sample_table.h"
#include "sim/render/scene/scene.h"

enum { IMP_SHADOWS_MAX = 64 };

// A soft elliptic shadow in the robot's frame [m].
typedef struct imp_ground_shadow {
    float forward, right;           // its centre
    float along[2], across[2];      // maps (forward, right) to units of its half axes
    int left, top, width_end, rows; // bounding box in the image, ends exclusive
} imp_ground_shadow;

// A reflected lamp in the robot's frame.
typedef struct imp_ground_glare {
    float forward, right, height;
    float strength, sharpness; // bytes added at its centre; 1 / sin^2 of half its size
} imp_ground_glare;

// Light shared by all pixels of an image.
typedef struct imp_ground_lighting {
    bool lights_ground, has_horizon; // whether ground, or sky, need extra work
    float slope, lamp_forward, lamp_right, lamp_height;
    float camera_forward, camera_height;
    float shadow;
    int glare_count, shadow_count;
    imp_ground_glare glares[IMP_GLARES_MAX];
    imp_ground_shadow shadows[IMP_SHADOWS_MAX];
    const imp_horizon *horizon;
    int32_t turn; // heading of the robot, in 1/16 columns of the panorama
} imp_ground_lighting;

// Sets the light of an image from a view.
void imp_ground_lighting_set(imp_ground_lighting *light, const imp_scene *scene,
                             const imp_view *view, const imp_camera_def *camera,
                             const imp_projection *projection);

#endif
