// render/ground_light.h: what light does to the ground beyond the colours of textures.
#ifndef IMP_RENDER_GROUND_LIGHT_H
#define IMP_RENDER_GROUND_LIGHT_H

#include <math.h>

#include "render/ground_table.h"
#include "render/scene.h"

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
    int32_t turn; // of the robot, in 1/16 columns of the horizon
} imp_ground_light;

void imp_ground_light_of(imp_ground_light *light, const imp_scene *scene, const imp_view *view,
                         const imp_camera_def *camera, const imp_sight *sight);

#endif
