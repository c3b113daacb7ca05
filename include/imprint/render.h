/// imprint/render.h: from a world, a camera and a pose to pixels, on the CPU. What is constant (the
/// scene) is shared; what changes (tables, scratch) sits in one renderer per thread.
#ifndef IMPRINT_RENDER_H
#define IMPRINT_RENDER_H

#include "imprint/robot.h"
#include "imprint/world.h"

/// Textures, layout and shapes of a world, constant after creation and shared by threads.
typedef struct imp_scene imp_scene;

/// Builds the scene of a world. The world must outlive it. Freed with imp_scene_destroy(). Fails
/// with IMP_BAD_INPUT if the map has more than 8192 tiles a side, and with IMP_NO_MEMORY.
imp_status imp_scene_create(imp_scene **out, const imp_world *world, imp_error *err);
void imp_scene_destroy(imp_scene *scene); ///< nullable

/// What changes from picture to picture. Obtain with imp_default_view(), then change fields.
typedef struct imp_view {
    imp_pose pose;   ///< of the robot that carries the camera
    float sky[3];    ///< 0..1 RGB; (0.45, 0.82, 1)
    float ground[3]; ///< beyond the tiles; 0.15 grey
    float light;     ///< factor on everything but the sky; 1
    /// Where the world's moving objects are (moving_count of them); NULL: as the map places them.
    const imp_object_state *moving;
    /// A bit for each object that is absent, from the lowest; NULL: none is.
    const uint64_t *hidden;
} imp_view;

imp_view imp_default_view(void);

/// Which of the equivalent code paths draws; all give the same picture within 1/255.
typedef enum imp_render_path {
    IMP_RENDER_AUTO,  ///< the fastest that this processor has
    IMP_RENDER_PLAIN, ///< portable C
} imp_render_path;

/// A camera's tables and the scratch memory to draw with. One per thread.
typedef struct imp_renderer imp_renderer;

/// Prepares to draw through a camera. Freed with imp_renderer_destroy(). Fails with IMP_USAGE where
/// imp_camera_init() does, and with IMP_NO_MEMORY. Pictures of more than 2^20 pixels are drawn
/// without tables, which is some hundred times slower.
imp_status imp_renderer_create(imp_renderer **out, const imp_camera_def *camera,
                               imp_render_path path, imp_error *err);
void imp_renderer_destroy(imp_renderer *renderer); ///< nullable
const imp_camera_def *imp_renderer_camera(const imp_renderer *renderer);

/// Draws one picture, ground and objects: rgb is (height x width x 3) bytes, rows top to bottom, red
/// first. Allocates nothing. Objects nearer than 0.04 m are cut there.
void imp_render(imp_renderer *renderer, const imp_scene *scene, const imp_view *view, uint8_t *rgb);

/// Draws the whole map from above, north up: rgb is (height x width x 3) bytes. The map is centred
/// and keeps its proportions. Objects are where the map places them.
void imp_render_top_down(const imp_scene *scene, int width, int height, uint8_t *rgb);

/// Draws every kind of object, colour and sign once, in a grid: rgb is (height x width x 3) bytes.
/// Fails with IMP_USAGE on pictures of a few pixels, and with IMP_NO_MEMORY.
imp_status imp_render_catalogue(int width, int height, uint8_t *rgb, imp_error *err);

/// Pixels per metre and the pixel of the world's origin in imp_render_top_down()'s picture.
void imp_top_down_frame(const imp_world *world, int width, int height, double *scale, double *left,
                        double *top);

#endif
