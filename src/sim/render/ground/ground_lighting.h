// sim/render/ground/ground_lighting.h: what light does to the ground beyond the colours of
// textures.
#ifndef IMP_SIM_RENDER_GROUND_GROUND_LIGHTING_H
#define IMP_SIM_RENDER_GROUND_GROUND_LIGHTING_H

#include <math.h>

#include "sim/render/ground/ground_sample_table.h"
#include "sim/render/scene/scene.h"

enum { IMP_SHADOWS_MAX = 64 };

// A soft ellipse on the ground, seen from the robot [m].
typedef struct imp_ground_shadow {
    float forward, right;           // its middle
    float along[2], across[2];      // from (forward, right) to shares of its half axes
    int left, top, width_end, rows; // pixels of the image that it may touch
} imp_ground_shadow;

// A lamp and what is needed to mirror it, seen from the robot.
typedef struct imp_ground_glare {
    float forward, right, height;
    float strength, sharpness; // added at its middle, in bytes; 1 / sine squared of its half
} imp_ground_glare;

// What an image's light has in common for all of its pixels.
typedef struct imp_ground_lighting {
    bool lights_ground, has_horizon; // whether there is anything to do on the ground, and above
    float slope, lamp_forward, lamp_right, lamp_height;
    float camera_forward, camera_height;
    float shadow;
    int glare_count, shadow_count;
    imp_ground_glare glares[IMP_GLARES_MAX];
    imp_ground_shadow shadows[IMP_SHADOWS_MAX];
    const imp_horizon *horizon;
    int32_t turn; // of the robot, in 1/16 columns of the horizon
} imp_ground_lighting;

void imp_ground_lighting_set(imp_ground_lighting *light, const imp_scene *scene,
                             const imp_view *view, const imp_camera_def *camera,
                             const imp_projection *projection);

#endif
