// sim/render/raster/object_renderer.h: the objects of a scene, laid over an image of the ground.
#ifndef IMP_SIM_RENDER_RASTER_OBJECT_RENDERER_H
#define IMP_SIM_RENDER_RASTER_OBJECT_RENDERER_H

#include "imprint/render.h"
#include "sim/render/assets/assets.h"
#include "sim/render/meshes/object_models.h"
#include "sim/render/raster/rasterizer.h"

// An object where the map places it, ready to be drawn.
typedef struct imp_object_instance {
    int model;
    float cosine, sine; // of the heading
    float scale;
} imp_object_instance;

// All that is drawn, constant and shared.
typedef struct imp_scene_objects {
    int count;
    imp_object_instance *objects; // as many as the world's objects
    imp_mesh meshes[IMP_OBJECT_MODEL_COUNT]
                   [2]; // with few corners and with many; empty where not used
    imp_mesh box, ball; // of clutter and LEDs: a unit box on the ground, and a unit ball
    imp_mesh_texture decals[IMP_DECAL_COUNT];
    const imp_asset_model *loaded[IMP_OBJECT_MODEL_COUNT]; // drawn instead; NULL: ours
    // brightness of what is turned away from the lamp, and what is added for what faces it
    float ambient, diffuse;
} imp_scene_objects;

imp_status imp_scene_objects_create(imp_scene_objects *objects, const imp_world *world,
                                    const imp_assets *assets, imp_error *err);
void imp_scene_objects_free(imp_scene_objects *objects);

// The model that an object is drawn with in a state (nullable: as the map places it).
int imp_scene_objects_model(const imp_scene_objects *objects, const imp_object *object,
                            const imp_object_state *state);

// Where a camera is and how its axes (right, down, ahead) lie in the world (x, y, z).
typedef struct imp_camera_frame {
    double at[3];
    double axis[3][3];
    float nearest; // of anything drawn, ahead of it [m]
} imp_camera_frame;

imp_camera_frame imp_camera_frame_at(const imp_camera_def *camera, imp_pose pose);

// An object that may be in sight.
typedef struct imp_visible_object {
    float distance; // ahead [m]
    float pixels;   // of its radius
    int object;
} imp_visible_object;

// From an object's own frame to the camera's, and its light.
typedef struct imp_object_transform {
    float axis[3][3], shift[3];
    float light[3];               // unit vector towards it, in the object's frame
    float ambient, diffuse, full; // brightness, with the image's light
} imp_object_transform;

// What it takes to draw; one per thread.
typedef struct imp_object_pass {
    imp_projection projection;
    imp_raster raster;
    imp_raster_fill *fill_triangle;
    // vertices of the mesh under way, in camera coordinates, as rays and in the image
    float x[IMP_MESH_SIZE_MAX], y[IMP_MESH_SIZE_MAX], z[IMP_MESH_SIZE_MAX];
    float ray_x[IMP_MESH_SIZE_MAX], ray_y[IMP_MESH_SIZE_MAX];
    float pixel_x[IMP_MESH_SIZE_MAX], pixel_y[IMP_MESH_SIZE_MAX];
    float shade[IMP_MESH_SIZE_MAX];
    int32_t inside[IMP_MESH_SIZE_MAX]; // whether the ray can be projected
    float tint[3];                     // what the mesh's colours are multiplied by
    imp_visible_object visible_objects[IMP_OBJECTS_MAX];
} imp_object_pass;

// Draws a mesh into the pass's samples.
void imp_objects_draw_mesh(imp_object_pass *pass, const imp_scene_objects *objects,
                           const imp_mesh *mesh, const imp_object_transform *at, float nearest);

// Where an object stands in a view (x, y, z), and how.
typedef struct imp_object_placement {
    double at[3];
    imp_object_instance instance;
} imp_object_placement;

imp_object_placement imp_object_placement_of(const imp_scene_objects *objects,
                                             const imp_world *world, const imp_view *view,
                                             int object);

// Places something of a size along each of its axes.
imp_object_transform imp_object_transform_of(const imp_scene_objects *objects,
                                             const imp_camera_frame *camera_frame,
                                             const imp_view *view, const imp_object_placement *at,
                                             const float size[3]);

// Draws a view's clutter, and the LEDs of an object that is in sight (extras.c). Whether anything
// was.
bool imp_clutter_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                      const imp_camera_frame *camera_frame, const imp_view *view);
void imp_leds_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                   const imp_object *object, const imp_camera_frame *camera_frame,
                   const imp_view *view, const imp_object_placement *at,
                   const float colours[IMP_LED_COUNT][3]);
bool imp_leds_clutter_create(imp_scene_objects *objects);

// Draws what of the objects lies in the pass's raster over an image (rows `stride` bytes apart).
void imp_objects_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                      const imp_world *world, const imp_camera_frame *camera_frame,
                      const imp_view *view, uint8_t *image, size_t stride);

#endif
